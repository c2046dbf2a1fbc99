"""The programs that are compared, and how each is asked to work."""

import dataclasses
import os
import pathlib
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Program:
    """A program with a worker: a process that answers the lines of `src/lib.rs`."""

    name: str
    command: tuple
    whole: bool = True
    streams: bool = True
    # The program takes its input for good, so its worker hands out a copy.
    copies_input: bool = False


def programs(tools):
    """All that have a worker. The first one's messages are what all of them open."""
    ours, esdk = str(tools.bin / "waxseal_worker"), str(tools.bin / "esdk_worker")
    python = (str(tools.python), str(HERE / "workers" / "python_sdk.py"))
    node = ("node", str(tools.node / "node_sdk.mjs"))
    return [
        Program("waxseal", (ours, tools.key)),
        Program("waxseal, reused buffer", (ours, tools.key, "reused"), streams=False),
        Program("waxseal, two threads", (ours, tools.key, "threads")),
        Program("aws-esdk", (esdk, tools.key), streams=False, copies_input=True),
        Program("Python SDK", (*python, tools.key)),
        Program("JavaScript SDK", (*node, tools.key)),
    ]


class Worker:
    """A running worker."""

    def __init__(self, program):
        self.program = program
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            program.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def load(self, file):
        """Reads the input of calls to come."""
        self.ask("ready", "load", file)

    def whole(self, direction, suite, frame, milliseconds=0, file="-"):
        """Calls for so long; returns seconds of a call, and the output's length."""
        return self.done("whole", direction, suite, frame, milliseconds, file)

    def stream(self, direction, suite, frame, source, file="-"):
        """One stream; returns its seconds, and the output's length."""
        return self.done("stream", direction, suite, frame, source, file)

    def done(self, *words):
        """What a timed request gave."""
        nanoseconds, calls, length = self.ask("done", *words)
        return nanoseconds / calls / 1e9, length

    def ask(self, expected, *words):
        """The numbers of one answer."""
        print(*words, file=self.process.stdin, flush=True)
        kind, *numbers = self.process.stdout.readline().split() or ["nothing"]
        if kind != expected:
            raise RuntimeError(f"{self.program.name} answered {kind} to {words}")
        return [int(number) for number in numbers]


def close(workers):
    """Ends them."""
    for worker in workers:
        worker.process.stdin.close()
        worker.process.wait()


@dataclasses.dataclass(frozen=True)
class FileTool:
    """A program that runs once a file. What it writes goes to where Python says."""

    name: str
    # Tools of one format open each other's files.
    format: str
    encrypt: tuple
    decrypt: tuple

    def run(self, direction, source, sink):
        """One run, and its seconds, the start of the process included."""
        start = time.perf_counter()
        self.wait(self.start(direction, source, sink))
        return time.perf_counter() - start

    def peak(self, direction, source):
        """The most memory that the process held while it ran, in bytes."""
        with open(os.devnull, "wb") as sink:
            process, peak = self.start(direction, source, sink), 0
            while process.poll() is None:
                peak = max(peak, status(process.pid, "VmHWM"))
                time.sleep(0.002)
        self.wait(process)
        return peak

    def start(self, direction, source, sink):
        """The process at work."""
        return subprocess.Popen((*getattr(self, direction), str(source)), stdout=sink)

    def wait(self, process):
        """Its end, which must be a good one."""
        if process.wait() != 0:
            raise RuntimeError(f"{self.name} failed")


def file_tools(tools):
    """Our command, with a raw AES key, and those of another format, with one key pair."""
    return [our_command(tools), *age_tools(tools)]


def our_command(tools):
    """Unsigned messages, as age's are; with as many threads as the command takes by itself."""
    command, key = (str(tools.command), "-q"), tools.work / "raw-aes"
    subprocess.run((*command, "keygen", "raw-aes", str(key)), check=True)
    options = ("--key", f"raw-aes:{key}", "-o", "-")
    encrypt = (*command, "encrypt", *options, "--algorithm", "0x0478")
    return FileTool("waxseal command", "waxseal", encrypt, (*command, "decrypt", *options))


def age_tools(tools):
    """With one key pair."""
    identity = tools.work / "identity"
    subprocess.run(("age-keygen", "-o", str(identity)), check=True, stderr=subprocess.DEVNULL)
    recipient = subprocess.run(
        ("age-keygen", "-y", str(identity)), check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    encrypt, decrypt = ("-e", "-r", recipient), ("-d", "-i", str(identity))
    return [
        FileTool(name, "age", (command, *encrypt), (command, *decrypt))
        for name, command in (("age", "age"), ("rage", str(tools.rage)))
    ]


def status(pid, field):
    """A field of a process's status in bytes; 0 where it is gone."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
