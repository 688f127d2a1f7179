"""The task: replace it by your own."""

import dataclasses
import logging

log = logging.getLogger("task")


@dataclasses.dataclass(frozen=True)
class Config:
    """The config: what the schema beside it in the plugin's file says."""

    whom: str = "world"
    times: int = 5
    pause: float = 0.2  # seconds

    def __post_init__(self):
        if not self.whom:
            raise ValueError("whom is empty: name somebody")
        if self.times < 1:
            raise ValueError(f"times is {self.times}: use 1 or more")
        if self.pause < 0:
            raise ValueError(f"pause is {self.pause}: use 0 or more seconds")


def run(config, host):
    """Greet, and go on after a restart where the attempt before was."""
    done = host.restored or 0
    host.ready()
    while done < config.times:
        log.info("hello %s", config.whom, extra={"greeting": done + 1})
        done += 1
        host.progress(done, config.times)
        host.checkpoint(done)
        if done < config.times:
            host.sleep(config.pause)  # raises Stopped when the task shall stop
    return {"greetings": done}
