"""The results of a run, as medians that can be asked for."""

import json
import statistics

KIB, MIB = 1 << 10, 1 << 20
DIRECTIONS = ("encrypt", "decrypt")
SUITES = ("unsigned", "signed")
OURS = "waxseal"
VARIANTS = ("waxseal, reused buffer", "waxseal, two threads")
SDKS = ("aws-esdk", "Python SDK", "JavaScript SDK")
OUR_COMMAND = "waxseal command"
FILE_TOOLS = (OUR_COMMAND, "age", "rage")


class Results:
    """What `compare.py` wrote."""

    def __init__(self, path):
        written = json.loads(path.read_text())
        self.about = written
        self.times = {key(row): row["times"] for row in written["times"]}
        self.memory = {key(row): row["bytes"] for row in written["memory"]}

    def sizes(self):
        """Of one-shot calls."""
        return sorted({size for shape, _, _, _, size in self.times if shape == "whole"})

    def stream_size(self):
        """Of every stream."""
        return self.about["rounds"]["stream_size"]

    def whole(self, direction, suite, size):
        """Median seconds of each program's call."""
        return medians(self.times["whole", direction, suite, 4 * KIB, size])

    def stream(self, direction, suite, frame):
        """Median seconds of each program's stream."""
        return medians(self.times["stream", direction, suite, frame, self.stream_size()])

    def file(self, direction):
        """Median seconds of each file tool."""
        return medians(self.times["file", direction, "unsigned", 64 * KIB, self.stream_size()])

    def growth(self, shape, direction):
        """Bytes of memory that each program took."""
        found = (taken for (kind, way, *_), taken in self.memory.items() if (kind, way) == (shape, direction))
        return next(found)

    def ratio(self, other, direction, suite, size):
        """How many times as fast as the other we are."""
        seconds = self.whole(direction, suite, size)
        return seconds[other] / seconds[OURS]


def key(row):
    """What a row is about."""
    return row["shape"], row["direction"], row["suite"], row["frame"], row["size"]


def medians(times):
    """Of each program's rounds."""
    return {name: statistics.median(rounds) for name, rounds in times.items()}


def size_name(size):
    """1 KiB, 4 MiB."""
    for unit, name in ((1 << 30, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def digits(value):
    """Three digits that count, or all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
