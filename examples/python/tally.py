"""Count the values of a column, as awk, sort and uniq would."""

import collections
import dataclasses
import logging
import os
import re

import hostelry

LINES_A_LOOK = 10_000  # after which the task reports, and looks whether it shall stop
CHECKPOINT = 64 << 20  # bytes after which what was counted is kept
PAUSE = 0.1  # seconds between two looks at a file that is followed

FIELD = re.compile(rb"[^ \t\n]+")  # awk's, by default

log = logging.getLogger("tally")


@dataclasses.dataclass(frozen=True)
class Config:
    """Which column of which file to count: what the schema in hostelry-tally says."""

    file: str
    column: int = 1
    top: int = 10
    follow: bool = False

    def __post_init__(self):
        if not self.file:
            raise ValueError("file is empty: name a text file, such as access.log")
        if self.column < 1:
            raise ValueError(f"column is {self.column}: columns count from 1")
        if not 1 <= self.top <= 1000:
            raise ValueError(f"top is {self.top}: use 1 to 1000")


class Tally:
    """What was counted up to a place in the file. Values are bytes: a file may hold any."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.offset = 0  # in bytes, of the next line
        self.lines = 0
        self.counts = collections.Counter()

    def add(self, line, column):
        self.offset += len(line)
        self.lines += 1
        fields = FIELD.findall(line)
        if len(fields) >= column:
            self.counts[fields[column - 1]] += 1

    def result(self, top):
        order = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return {
            "lines": self.lines,
            "values": len(order),
            "top": [{"value": value.decode(errors="replace"), "count": count} for value, count in order[:top]],
        }

    def save(self):
        counts = {value.decode("latin-1"): count for value, count in self.counts.items()}  # loses no byte
        return {"offset": self.offset, "lines": self.lines, "counts": counts}

    def load(self, saved):
        try:
            counts = {value.encode("latin-1"): int(count) for value, count in saved["counts"].items()}
            self.offset, self.lines, self.counts = int(saved["offset"]), int(saved["lines"]), collections.Counter(counts)
        except (AttributeError, KeyError, TypeError, ValueError) as reason:
            raise hostelry.Failure(f"the checkpoint is none of tally's: {reason!r}", permanent=True) from reason


def run(config, host):
    """Count to the end of the file, and on as it grows if it is followed, until stopped."""
    tally = Tally()
    if host.restored:
        tally.load(host.restored)
    try:
        file = open(config.file, "rb")
    except OSError as reason:
        raise hostelry.Failure(f"{reason}: set file to a text file, absolute or relative to {os.getcwd()}",
                               permanent=True) from reason
    with file:
        log.info("counting", extra={"file": config.file, "column": config.column, "from_byte": tally.offset})
        host.ready()
        try:
            count(file, tally, config, host)
            while config.follow:
                host.sleep(PAUSE)
                count(file, tally, config, host)
        except hostelry.Stopped:
            if not config.follow:
                raise
        return tally.result(config.top)


def count(file, tally, config, host):
    """Count what is there, and have the host keep what was new."""
    size = os.fstat(file.fileno()).st_size
    if size < tally.offset:
        log.warning("the file was cut: counting anew", extra={"file": config.file, "bytes": size})
        tally.clear()
    elif size == tally.offset and tally.lines:
        return
    file.seek(tally.offset)
    before, kept = tally.lines, tally.offset
    for line in iter(file.readline, b""):
        if config.follow and not line.endswith(b"\n"):
            break  # its end is yet to come
        tally.add(line, config.column)
        if tally.lines % LINES_A_LOOK == 0:
            host.check()
            host.progress(tally.offset, size, f"{tally.lines} lines")
            if tally.offset - kept >= CHECKPOINT:
                kept = tally.offset
                keep(tally, host)
    if tally.lines > before:
        host.progress(tally.offset, size, f"{tally.lines} lines")
        keep(tally, host)


def keep(tally, host):
    host.checkpoint(tally.save())
    log.debug("the host has a checkpoint", extra={"at_byte": tally.offset})
