#!/usr/bin/env python3
"""Counts what one message costs, under callgrind, and compares with benches/instructions.json.

Counted for each path of the bin `hot_paths`: the instructions of waxseal's own functions, and the
calls of the allocator by Rust code. Cryptography and the C library are left out, since which code
they take, and how often aws-lc allocates for its numbers, depends on the processor. Each path runs COUNTS times (a signed one SIGNED_COUNTS), and the difference of the two runs is
divided, so that nothing of the set-up counts.

    .ci/instructions.py            fails if a path costs more than the tolerance allows
    .ci/instructions.py --write    writes what it finds as the new baseline
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
BINARY = ROOT / "target" / "release" / "hot_paths"

# Another compiler lays functions out in another way; a real loss is a copy, a loop, an allocation.
TOLERANCE = 0.10
COUNTS = (2, 12)
# What a signature costs depends on its numbers: many have a mean that stays.
SIGNED_COUNTS = (10, 410)

NAMED = re.compile(r"^(c?fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^[+\-*\d]\S* (\d+)")
ALLOCATIONS = ("malloc", "calloc", "realloc", "posix_memalign")
AWS_LC = re.compile(r"^aws_lc_\d")


def is_ours(function):
    return "waxseal" in function and "waxseal_benches" not in function and "hot_paths" not in function


def counts_of(profile):
    """Own instructions and allocations in a callgrind profile."""
    names, function, called, own, allocations = {}, "", "", 0, 0
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
            if called in ALLOCATIONS and not AWS_LC.match(function):
                allocations += int(line[len("calls="):].split()[0])
            next(lines)  # The cost of what was called.
        elif is_ours(function) and (match := COST.match(line)):
            own += int(match.group(1))
    return own, allocations


def run(path, count):
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", BINARY, path, str(count)]
        subprocess.run(command, check=True, capture_output=True)
        return counts_of(pathlib.Path(out.name).read_text())


def measure(path):
    few, many = SIGNED_COUNTS if "signed" in path else COUNTS
    (own, allocations), (own_many, allocations_many) = run(path, few), run(path, many)
    times = many - few
    return {"instructions": (own_many - own) // times, "allocations": (allocations_many - allocations) / times}


def faults(found, allowed):
    """What costs more than it may, a line for each."""
    lines = []
    for path, cost in found.items():
        limit = allowed[path]["instructions"] * (1 + TOLERANCE)
        if cost["instructions"] > limit:
            lines.append(f"{path}: {cost['instructions']} instructions, over {limit:.0f}")
        # A signature may come out shorter, and a buffer then does without its growth.
        if cost["allocations"] > allowed[path]["allocations"] + 0.5:
            lines.append(f"{path}: {cost['allocations']} allocations, over {allowed[path]['allocations']}")
    return lines


def expect_faults(found):
    """The check is one that fails: a path that got slower by a fifth is seen, and an allocation more."""
    for key, slower in (("instructions", lambda cost: cost * 0.8), ("allocations", lambda cost: cost - 1)):
        faster = {path: {**cost, key: slower(cost[key])} for path, cost in found.items()}
        if len(faults(found, faster)) != len(found):
            sys.exit(f"a loss of {key} would not be seen")


def main():
    paths = subprocess.run([BINARY], check=True, capture_output=True, text=True).stdout.split()
    found = {path: measure(path) for path in paths}
    for path, cost in found.items():
        print(f"{path:<20} {cost['instructions']:>9} instructions {cost['allocations']:>6.1f} allocations")
    if sys.argv[1:] == ["--write"]:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return
    expect_faults(found)
    if lines := faults(found, json.loads(BASELINE.read_text())):
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()
