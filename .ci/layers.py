#!/usr/bin/env python3
"""Fails unless every crate of the workspace uses only crates below it.

Reads `cargo metadata`. The order is the one of ARCHITECTURE.md, from the bottom up; a crate
may use those of lower layers, never one of its own layer. Dependencies of tests alone are
free, except that no library's tests may reach the command.
"""
import json
import subprocess
import sys

LAYERS = [
    ["waxseal-format"],
    ["waxseal-crypto"],
    ["waxseal-native", "waxseal-rustcrypto"],
    ["waxseal-materials"],
    ["waxseal-message"],
    ["waxseal"],
    ["waxseal-kms"],
    ["waxseal-local-kms", "waxseal-object-store"],
    ["waxseal-sign"],
    ["waxseal-cli"],
    ["waxseal-vectors", "waxseal-benches", "waxseal-examples", "waxseal-models", "waxseal-fuzz-bodies"],
]
# The core takes its cryptography by value, from whoever calls it.
FORBIDDEN = {
    ("waxseal-materials", "waxseal-native"),
    ("waxseal-materials", "waxseal-rustcrypto"),
    ("waxseal-message", "waxseal-native"),
    ("waxseal-message", "waxseal-rustcrypto"),
}
LAYER_OF = {name: level for level, names in enumerate(LAYERS) for name in names}


def main() -> int:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    packages = json.loads(subprocess.check_output(command))["packages"]
    faults = [fault for package in packages for fault in faults_of(package)]
    for fault in faults:
        print(fault, file=sys.stderr)
    edges = sum(1 for package in packages for _ in inner_dependencies(package))
    print(f"layers: {len(packages)} crates, {edges} arrows, {len(faults)} faults")
    return 1 if faults or not packages else 0


def inner_dependencies(package):
    return (d for d in package["dependencies"] if d["name"] in LAYER_OF)


def faults_of(package):
    name = package["name"]
    if name not in LAYER_OF:
        yield f"{name}: has no layer; give it one in .ci/layers.py and ARCHITECTURE.md"
        return
    for dependency in inner_dependencies(package):
        below = dependency["name"]
        if dependency["kind"] == "dev":
            if below == "waxseal-cli":
                yield f"{name}: its tests use the command"
        elif (name, below) in FORBIDDEN:
            yield f"{name}: must not know {below}"
        elif LAYER_OF[below] >= LAYER_OF[name]:
            yield f"{name}: uses {below}, which is not below it"


if __name__ == "__main__":
    sys.exit(main())
