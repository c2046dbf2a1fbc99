"""Results to tables and plots: `report.py DOCS [README]`.

Reads DOCS/peers/results.json; writes DOCS/peers.md, the plots in DOCS/peers/, and what stands between the
README's marks.
"""

import pathlib
import sys

import plots
from results import (
    DIRECTIONS, FILE_TOOLS, KIB, MIB, OUR_COMMAND, OURS, SDKS, SUITES, VARIANTS, Results, digits, size_name,
)

# How many times as fast as aws-esdk, each way.
TARGETS = ((100 * MIB, "unsigned", 8), (100 * MIB, "signed", 4), (KIB, "unsigned", 15), (KIB, "signed", 2.5))
BEGIN, END = "<!-- benches/peers/run.sh begins -->", "<!-- benches/peers/run.sh ends -->"
PLOTS = (
    ("throughput", "Throughput of one-shot calls by size"),
    ("latency", "Latency at 1 KiB"),
    ("memory", "Memory"),
)


def main():
    """Writes all, and tells the targets."""
    docs, *readme = (pathlib.Path(argument) for argument in sys.argv[1:])
    results = Results(docs / "peers" / "results.json")
    (docs / "peers.md").write_text(page(results))
    plots.write(results, docs / "peers")
    for path in readme:
        path.write_text(between_marks(path.read_text(), short(results)))
    tell_targets(results)


def between_marks(text, part):
    """The text with this part between its marks."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def tell_targets(results):
    """A line for each."""
    for size, suite, direction, target, ratio in targets(results):
        verdict = "met" if ratio >= target else "NOT MET"
        name = f"{size_name(size)} {suite}, {direction}"
        print(f"{name}: {digits(ratio)} times as fast as aws-esdk, target {target:g}: {verdict}")


def targets(results):
    """Each target with what was measured."""
    for size, suite, target in TARGETS:
        for direction in DIRECTIONS:
            yield size, suite, direction, target, results.ratio("aws-esdk", direction, suite, size)


def page(results):
    """The whole page."""
    return "\n\n".join((
        "# waxseal and others at the same work",
        f"Written by `benches/peers/run.sh`, which measures all in one run. {machine(results)}",
        versions(results),
        "## Targets\n\nHow many times as fast as aws-esdk:\n\n" + target_table(results),
        "## One-shot calls\n\nHow many times as fast as others waxseal is, to encrypt / to decrypt, and its own other"
        " ways over its plain one:\n\n" + ratio_table(results),
        picture(0, "peers/"),
        "The times themselves, to encrypt / to decrypt. Microseconds:\n\n" + time_table(results),
        picture(1, "peers/"),
        "## Streams\n\n" + stream_text(results),
        "## Memory\n\n" + memory_text(results),
        picture(2, "peers/"),
        "## How it is measured\n\n" + method(results),
    )) + "\n"


def short(results):
    """What the README shows."""
    rows = [
        (f"{size_name(size)}, {suite}", *ratios_over_sdks(results, suite, size))
        for size, suite, _ in TARGETS
    ]
    return "\n\n".join((
        "How many times as fast as AWS's SDKs waxseal is, to encrypt / to decrypt, one-shot with a raw AES key:",
        table(("", *SDKS), rows),
        *(picture(index, "docs/peers/") for index in range(len(PLOTS))),
        f"{machine(results)} [docs/peers.md](docs/peers.md) has all figures, streams beside age and rage too.",
    ))


def picture(index, folder):
    """A plot's link."""
    name, title = PLOTS[index]
    return f"![{title}]({folder}{name}.svg)"


def machine(results):
    """Where, when, how busy."""
    found = results.about["machine"]
    return (
        f"{results.about['date']}, {found['processor']}, {found['cores']} cores, {found['memory'] / 2**30:.0f} GiB,"
        f" {found['system']}; load before the run {found['load']:.1f}."
    )


def versions(results):
    """Of all that took part."""
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in results.about["versions"].items()) + "."


def target_table(results):
    """Each target."""
    rows = [
        (f"{size_name(size)} {suite}, {direction}", digits(ratio), f"{target:g}", "yes" if ratio >= target else "no")
        for size, suite, direction, target, ratio in targets(results)
    ]
    return table(("", "measured", "target", "met"), rows)


def ratio_table(results):
    """Over each other SDK, and of our own ways."""
    rows = [
        (f"{size_name(size)} {suite}", *ratios_over_sdks(results, suite, size), *own_ratios(results, suite, size))
        for suite in SUITES
        for size in results.sizes()
    ]
    return table(("", *SDKS, "reused buffer", "two threads"), rows)


def ratios_over_sdks(results, suite, size):
    """To encrypt / to decrypt, over each."""
    return [both(lambda way: results.ratio(sdk, way, suite, size)) for sdk in SDKS]


def own_ratios(results, suite, size):
    """To encrypt / to decrypt, of each of our own ways over the plain one."""
    return [both(lambda way: 1 / results.ratio(variant, way, suite, size)) for variant in VARIANTS]


def time_table(results):
    """Microseconds of a call."""
    names = (OURS, *VARIANTS, *SDKS)
    rows = [
        (f"{size_name(size)} {suite}", *microseconds(results, suite, size, names))
        for suite in SUITES
        for size in results.sizes()
    ]
    return table(("", *names), rows)


def microseconds(results, suite, size, names):
    """To encrypt / to decrypt, of each."""
    return [both(lambda way: results.whole(way, suite, size)[name] * 1e6) for name in names]


def stream_text(results):
    """Ratios, then rates."""
    size = size_name(results.stream_size())
    file_ratios = [both(lambda way: file_ratio(results, way, name)) for name in FILE_TOOLS[1:]]
    file_rates = [both(lambda way: rate(results, results.file(way)[name])) for name in FILE_TOOLS]
    return "\n\n".join((
        f"{size} from a file in the page cache to a sink that counts. How many times as fast as others waxseal is, to"
        " encrypt / to decrypt; aws-esdk has no streams:",
        stream_table(results, SDKS[1:], lambda seconds, name: seconds[name] / seconds[OURS]),
        "MB/s (1 MB is 1,000,000 bytes):",
        stream_table(results, (OURS, VARIANTS[1], *SDKS[1:]), lambda seconds, name: rate(results, seconds[name])),
        "The command, and file encryptors of another format: each figure is a whole process, its start included, that"
        " reads the same file and writes to `/dev/null`, with as many threads as it takes by itself. How many times as"
        " fast as others waxseal is:",
        table(("", *FILE_TOOLS[1:]), [("a file, unsigned", *file_ratios)]),
        "MB/s:",
        table(("", *FILE_TOOLS), [("a file, unsigned", *file_rates)]),
    ))


def file_ratio(results, way, name):
    """Over a file tool."""
    seconds = results.file(way)
    return seconds[name] / seconds[OUR_COMMAND]


def stream_table(results, names, figure):
    """A figure of each program's streams."""
    rows = [
        (f"{size_name(frame)} frames, {suite}", *stream_cells(results, suite, frame, names, figure))
        for suite in SUITES
        for frame in (4 * KIB, 64 * KIB)
    ]
    return table(("", *names), rows)


def stream_cells(results, suite, frame, names, figure):
    """To encrypt / to decrypt, of each."""
    return [both(lambda way: figure(results.stream(way, suite, frame), name)) for name in names]


def rate(results, seconds):
    """MB/s of a stream."""
    return results.stream_size() / seconds / 1e6


def memory_text(results):
    """What a call and a stream take."""
    names = (OURS, *VARIANTS, *SDKS, *FILE_TOOLS)
    head = "", "100 MiB one-shot", f"{size_name(results.stream_size())} stream, 64 KiB frames"
    rows = [(name, *(memory_cell(results, shape, name) for shape in ("whole", "stream"))) for name in names]
    return (
        "Unsigned. By how many MB the first such call or stream makes a fresh process grow that has its input already,"
        " to encrypt / to decrypt; for the command, age and rage all that the process holds:\n\n" + table(head, rows)
    )


def memory_cell(results, shape, name):
    """MB both ways, or nothing where a program has no such way."""
    shape = "file" if shape == "stream" and name in FILE_TOOLS else shape
    if name not in results.growth(shape, "encrypt"):
        return ""
    return both(lambda way: results.growth(shape, way)[name] / 1e6)


def method(results):
    """How."""
    rounds = results.about["rounds"]
    return f"""\
- One wrapping key, raw AES-256, the same for all; no encryption context; suites 0x0478 (unsigned) and 0x0578 (signed);
  4 KiB frames but where another length is said. The Python SDK has a raw master key provider, the others raw AES
  keyrings.
- Each program is a process of its own that is set up once. They take turns, round by round, so that a drifting machine
  drifts for all; figures are medians of {rounds['small']} rounds of {rounds['milliseconds']} ms each,
  of {rounds['large']} of one call at 100 MiB, and of {rounds['stream']} of streams.
- Only the call is timed: what is freed, and the copy of the input that aws-esdk wants for itself, is outside, and that
  copy counts in no memory.
- `reused buffer` is `encrypt_into` and `decrypt_into`; the others make a fresh output each time. `two threads` is
  `.threads(2)` with a fresh output; below 1 MiB it starts none.
- Before anything is timed, waxseal opens each program's message of each workload, and each program opens waxseal's;
  the command opens its own, age and rage open each other's. All decrypt the same message, waxseal's. Each timed output of an SDK has its length
  checked.
- A stream's check is shorter, 4 MiB and a rest.
- [peers/results.json](peers/results.json) has each round of each program."""


def table(head, rows):
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def both(figure):
    """Of both directions."""
    return " / ".join(digits(figure(way)) for way in DIRECTIONS)


if __name__ == "__main__":
    main()
