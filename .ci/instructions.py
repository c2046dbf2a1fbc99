#!/usr/bin/env python3
"""Counts what one message costs, under callgrind, and compares with benches/instructions.json.

Counted for each path of the bin `hot_paths`: the instructions of waxseal's own functions, and how
often Rust code calls the allocator, and waxseal's own the C library to copy or fill. Cryptography and the C
library's own instructions are left out, since which code they take, and how often aws-lc allocates
for its numbers, depends on the processor. Each path runs COUNTS times (a signed one SIGNED_COUNTS),
and the difference of the two runs is divided, so that nothing of the set-up counts.

    .ci/instructions.py            fails if a path costs more than the tolerance allows
    .ci/instructions.py --write    writes what it finds as the new baseline
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "hot_paths"

# Another compiler lays functions out in another way; a real loss is a loop, a copy, an allocation.
TOLERANCE = 0.10
# Calls may vary by less than one for each message: a signature may come out shorter, and a buffer
# then does without its growth.
SLACK = 0.5
COUNTS = (2, 12)
# What a signature costs depends on its numbers: many have a mean that stays.
SIGNED_COUNTS = (10, 410)

NAMED = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^[+\-*\d]\S* (\d+)")
CALLS = {
    "allocations": re.compile(r"^(malloc|calloc|realloc|posix_memalign)$"),
    "copies": re.compile(r"^(__)?mem(cpy|move|set)"),
}
AWS_LC = re.compile(r"^aws_lc_\d")


def is_ours(function):
    return "waxseal" in function and "waxseal_benches" not in function and "hot_paths" not in function


def counts_of(profile):
    """What a callgrind profile has of instructions and calls."""
    names, function, called = {}, "", ""
    counts = {"instructions": 0, **dict.fromkeys(CALLS, 0)}
    lines = iter(profile.splitlines())
    for line in lines:
        if match := NAMED.match(line):
            kind, number, name = match.groups()
            names.setdefault(number, name or "")
            if kind == "fn":
                function = names[number]
            else:
                called = names[number]
        elif line.startswith("calls="):
            for kind, name in CALLS.items():
                # ring copies by the processor too.
                counted = is_ours(function) if kind == "copies" else not AWS_LC.match(function)
                if name.match(called) and counted:
                    counts[kind] += int(line[len("calls="):].split()[0])
            next(lines)  # The cost of what was called.
        elif is_ours(function) and (match := COST.match(line)):
            counts["instructions"] += int(match.group(1))
    return counts


def run(path, count):
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", BINARY, path, str(count)]
        subprocess.run(command, check=True, capture_output=True)
        return counts_of(pathlib.Path(out.name).read_text())


def measure(path):
    few, many = SIGNED_COUNTS if "signed" in path else COUNTS
    counts, counts_many = run(path, few), run(path, many)
    return {kind: round((counts_many[kind] - counts[kind]) / (many - few), 3) for kind in counts}


def faults(found, allowed):
    """What costs more than it may, a line for each."""
    lines = []
    for path, cost in found.items():
        limit = allowed[path]["instructions"] * (1 + TOLERANCE)
        if cost["instructions"] > limit:
            lines.append(f"{path}: {cost['instructions']} instructions, over {limit:.0f}")
        for kind in CALLS:
            limit = allowed[path][kind] * (1 + TOLERANCE if kind == "copies" else 1) + SLACK
            if cost[kind] > limit:
                lines.append(f"{path}: {cost[kind]} {kind}, over {limit}")
    return lines


def expect_faults(found):
    """The comparison is one that fails: of a fourth more instructions or copies, of one allocation more."""
    less = {
        "instructions": lambda cost: cost * 0.8,
        "allocations": lambda cost: cost - 1,
        "copies": lambda cost: cost * 0.8 - 1,
    }
    for key, slower in less.items():
        faster = {path: {**cost, key: slower(cost[key])} for path, cost in found.items()}
        if len(faults(found, faster)) != len(found):
            sys.exit(f"a loss of {key} would not be seen")


def main():
    paths = subprocess.run([BINARY], check=True, capture_output=True, text=True).stdout.split()
    found = {path: measure(path) for path in paths}
    for path, cost in found.items():
        print(f"{path:<20}", *(f"{count:>10.1f} {kind}" for kind, count in cost.items()))
    if sys.argv[1:] == ["--write"]:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return
    expect_faults(found)
    if lines := faults(found, json.loads(BASELINE.read_text())):
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()
