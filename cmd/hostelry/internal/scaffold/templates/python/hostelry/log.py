"""The standard library's logging as hclog's JSON lines on stderr [log-stderr]."""

import json
import logging
import time

LEVELS = (logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"), (logging.NOTSET, "debug")


def handler():
    """Return the handler of a plugin's log. Fields are what a record was given as extra."""
    lines = logging.StreamHandler()
    lines.setFormatter(Lines())
    return lines


class Lines(logging.Formatter):
    own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record):
        line = {key: value for key, value in vars(record).items() if key not in self.own}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line["@timestamp"] = f"{at}.{int(record.msecs):03}Z"
        line["@level"] = next(level for floor, level in LEVELS if record.levelno >= floor)
        line["@message"] = record.getMessage()
        return json.dumps(line, default=str)
