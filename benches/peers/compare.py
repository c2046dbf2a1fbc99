"""Measures all programs in one run and writes the results: `run.sh` calls it."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import tomllib

import measure
from programs import HERE, file_tools, programs

ROUNDS = {
    "full": {"small": 15, "large": 7, "stream": 3, "stream_size": measure.GIB},
    "quick": {"small": 3, "large": 1, "stream": 1, "stream_size": measure.GIB // 16},
}


def main():
    """Measures, and writes the results."""
    tools = arguments()
    with tempfile.TemporaryDirectory() as folder:
        tools.work, tools.key = pathlib.Path(folder), f"{folder}/key"
        pathlib.Path(tools.key).write_bytes(os.urandom(32))
        results = about(tools)
        results["times"], results["memory"] = all_rows(tools, ROUNDS[tools.rounds])
    tools.results.parent.mkdir(parents=True, exist_ok=True)
    tools.results.write_text(json.dumps(results, indent=1) + "\n")


def arguments():
    """Where the programs are, and how many rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder of the workers in Rust")
    parser.add_argument("--node", type=pathlib.Path, required=True, help="the folder of the JavaScript SDK")
    parser.add_argument("--rage", type=pathlib.Path, required=True)
    parser.add_argument("--command", type=pathlib.Path, required=True, help="the command waxseal")
    parser.add_argument("--rounds", choices=ROUNDS, default="full")
    parser.add_argument("results", type=pathlib.Path)
    tools = parser.parse_args()
    tools.python = pathlib.Path(sys.executable)
    return tools


def all_rows(tools, rounds):
    """Every row of times, and every row of memory."""
    compared, for_files, size = programs(tools), file_tools(tools), rounds["stream_size"]
    times = [
        *told(measure.one_shot(compared, tools.work, rounds)),
        *told(measure.streams(compared, tools.work, rounds, size)),
        *told(measure.files(for_files, tools.work, rounds, size)),
    ]
    memory = [
        *told(measure.memory(compared, tools.work, "whole", measure.FRAME, measure.LARGE)),
        *told(measure.memory(compared, tools.work, "stream", 64 * measure.KIB, size)),
        *told(measure.files_memory(for_files, tools.work, size)),
    ]
    return times, memory


def told(rows):
    """The same rows, told as they come."""
    for row in rows:
        print(f"{row['shape']} {row['direction']} {row['suite']} {row['size']} in {row['frame']}", file=sys.stderr)
        yield row


def about(tools):
    """When, on what machine, of which versions."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "rounds": ROUNDS[tools.rounds] | {"milliseconds": measure.MILLISECONDS},
        "versions": versions(tools),
    }


def machine():
    """Processor, cores, memory, system, and how busy it was before."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        "load": os.getloadavg()[0],
    }


def versions(tools):
    """Of all that took part."""
    node_package = tools.node / "node_modules" / "@aws-crypto" / "client-node" / "package.json"
    locked = tomllib.loads((HERE / "Cargo.lock").read_text())["package"]
    crates = {package["name"]: package["version"] for package in locked}
    return {
        "waxseal": crates["waxseal"],
        "aws-esdk": crates["aws-esdk"],
        "Python SDK": importlib.metadata.version("aws-encryption-sdk"),
        "JavaScript SDK": json.loads(node_package.read_text())["version"],
        "age": printed("age", "--version"),
        "rage": printed(tools.rage, "--version").removeprefix("rage "),
        "Rust": printed("rustc", "--version").split()[1],
        "Python": platform.python_version(),
        "Node": printed("node", "--version").removeprefix("v"),
    }


def printed(*command):
    """What a command prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    main()
