"""What is measured: each function gives rows for the results."""

import os
import pathlib

from check import check_stream, check_tools, check_whole, run_to_file, whole
from programs import Worker, close, status

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = (KIB, 16 * KIB, 256 * KIB, 4 * MIB, 100 * MIB)
LARGE = 100 * MIB
FRAME = 4 * KIB
STREAM_FRAMES = (4 * KIB, 64 * KIB)
SUITES = ("unsigned", "signed")
DIRECTIONS = ("encrypt", "decrypt")
# What a round of small calls takes, for each program.
MILLISECONDS = 40
# By so many bytes messages of one plaintext differ: signatures vary in length, and some end with an empty frame.
SLACK = 256


def one_shot(programs, work, rounds):
    """Calls over bytes in memory, of each size."""
    workers = [Worker(program) for program in programs if program.whole]
    for suite in SUITES:
        for size in SIZES:
            files = plaintext_file(work / "plaintext", size), work / "message"
            check_whole(workers, suite, FRAME, *files)
            # What is large was warmed up by its check.
            warm_up, count = (0, rounds["large"]) if size == LARGE else (1, rounds["small"])
            for direction, source, target in ways(*files):
                times = time_whole(workers, direction, suite, source, target, warm_up + count)
                yield row("whole", direction, suite, FRAME, size) | {"times": without(times, warm_up)}
    close(workers)


def ways(plaintext, message):
    """Both directions: what is read, and what comes of it."""
    return ("encrypt", plaintext, message), ("decrypt", message, plaintext)


def without(times, warm_up):
    """The times of the rounds that count."""
    return {name: seconds[warm_up:] for name, seconds in times.items()}


def time_whole(workers, direction, suite, source, target, rounds):
    """Seconds of a call, round by round."""
    for worker in workers:
        worker.load(source)

    def call(worker):
        return worker.whole(direction, suite, FRAME, MILLISECONDS)

    return interleave(workers, call, direction, target, rounds)


def streams(programs, work, rounds, size):
    """One stream from a file in the page cache to a counting sink."""
    workers = [Worker(program) for program in programs if program.streams]
    files = plaintext_file(work / "plaintext", size), work / "message"
    for suite in SUITES:
        for frame in STREAM_FRAMES:
            check_stream(workers, suite, frame, plaintext_file(work / "short", 4 * MIB + 5))
            workers[0].stream("encrypt", suite, frame, *files)
            os.sync()
            for direction, source, target in ways(*files):
                times = time_stream(workers, direction, suite, frame, source, target, rounds["stream"])
                yield row("stream", direction, suite, frame, size) | {"times": times}
    close(workers)


def time_stream(workers, direction, suite, frame, source, target, rounds):
    """Seconds of a stream, round by round."""

    def call(worker):
        return worker.stream(direction, suite, frame, source)

    return interleave(workers, call, direction, target, rounds)


def interleave(workers, call, direction, target, rounds):
    """Seconds of each program, all of them in each round. Every output is as long as it must be."""
    expected, slack = target.stat().st_size, SLACK if direction == "encrypt" else 0
    times = {worker.program.name: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            seconds, length = call(worker)
            if abs(length - expected) > slack:
                raise RuntimeError(f"{worker.program.name} gave {length} bytes, not {expected}")
            times[worker.program.name].append(seconds)
    return times


def files(tools, work, rounds, size):
    """The file tools: a process that reads a file and writes to nowhere, in the tool's own format."""
    check_tools(tools, plaintext_file(work / "short", 4 * MIB + 5))
    sources = tool_sources(tools, work, size)
    os.sync()
    for direction in DIRECTIONS:
        times = {tool.name: [] for tool in tools}
        for _ in range(rounds["stream"]):
            for tool in tools:
                with open(os.devnull, "wb") as sink:
                    times[tool.name].append(tool.run(direction, sources(tool, direction), sink))
        yield row("file", direction, "unsigned", 64 * KIB, size) | {"times": times}


def tool_sources(tools, work, size):
    """Where each tool reads: the plaintext, or a message of its format."""
    plaintext, messages = plaintext_file(work / "plaintext", size), {}
    for tool in tools:
        if tool.format not in messages:
            messages[tool.format] = work / f"message-{tool.format}"
            run_to_file(tool, "encrypt", plaintext, messages[tool.format])
    return lambda tool, direction: plaintext if direction == "encrypt" else messages[tool.format]


def memory(programs, work, shape, frame, size):
    """How much the first large call or stream makes a fresh process grow."""
    files = plaintext_file(work / "plaintext", size), work / "message"
    writer = Worker(programs[0])
    writer.stream("encrypt", "unsigned", frame, *files)
    close([writer])
    measure, able = (growth_whole, "whole") if shape == "whole" else (growth_stream, "streams")
    for direction, source, _ in ways(*files):
        grown = {p.name: measure(p, direction, frame, source, work) for p in programs if getattr(p, able)}
        yield row(shape, direction, "unsigned", frame, size) | {"bytes": grown}


def growth_whole(program, direction, frame, source, work):
    """Bytes that one call grows a fresh worker by, after a short one. A copy that the worker makes is not counted."""
    worker = Worker(program)
    whole(worker, "encrypt", "unsigned", frame, plaintext_file(work / "short", KIB), work / "made")
    whole(worker, "decrypt", "unsigned", frame, work / "made", work / "opened")
    worker.load(source)
    copied = source.stat().st_size if program.copies_input else 0
    return growth(worker, lambda: worker.whole(direction, "unsigned", frame)) - copied


def growth_stream(program, direction, frame, source, work):
    """Bytes that one stream grows a fresh worker by, after a short one."""
    worker = Worker(program)
    worker.stream("encrypt", "unsigned", frame, plaintext_file(work / "short", KIB), work / "made")
    worker.stream("decrypt", "unsigned", frame, work / "made", work / "opened")
    return growth(worker, lambda: worker.stream(direction, "unsigned", frame, source))


def growth(worker, call):
    """By how many bytes the most that the process held meanwhile exceeds what it held before the call."""
    pid = worker.process.pid
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = status(pid, "VmRSS")
    call()
    grown = status(pid, "VmHWM") - before
    close([worker])
    return grown


def files_memory(tools, work, size):
    """All the memory that a file tool's process held."""
    sources = tool_sources(tools, work, size)
    for direction in DIRECTIONS:
        held = {tool.name: tool.peak(direction, sources(tool, direction)) for tool in tools}
        yield row("file", direction, "unsigned", 64 * KIB, size) | {"bytes": held}


def row(shape, direction, suite, frame, size):
    """What a row is about."""
    return {"shape": shape, "direction": direction, "suite": suite, "frame": frame, "size": size}


def plaintext_file(path, size):
    """A file of this size, whose bytes are not all alike."""
    piece = bytes(range(251)) * 4096
    with open(path, "wb") as file:
        while size > 0:
            size -= file.write(piece[:size])
    return path
