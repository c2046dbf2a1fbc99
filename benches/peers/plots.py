"""The plots, as SVG that is legible on light and on dark pages and grows with its viewBox."""

import io
import re

import matplotlib
from matplotlib import pyplot

from results import DIRECTIONS, FILE_TOOLS, KIB, OURS, SDKS, SUITES, VARIANTS, digits, size_name

matplotlib.use("svg")
PAPER, INK, GRID = "#ffffff", "#1f2328", "#d1d9e0"
# What each colour is on a dark page.
DARK = {PAPER: "#0d1117", INK: "#e6edf3", GRID: "#3d444d"}
COLORS = {
    OURS: "#2f81f7",
    VARIANTS[0]: "#1a9e5c",
    VARIANTS[1]: "#17a2b8",
    SDKS[0]: "#e5534b",
    SDKS[1]: "#c98a10",
    SDKS[2]: "#a371f7",
    FILE_TOOLS[0]: "#54aeff",
    FILE_TOOLS[1]: "#8b949e",
    FILE_TOOLS[2]: "#b5651d",
}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "waxseal",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.facecolor": PAPER,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "figure.facecolor": PAPER,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
IDS = {"unsigned": "0x0478", "signed": "0x0578"}


def write(results, folder):
    """All of them."""
    with matplotlib.rc_context(STYLE):
        save(throughput(results), folder / "throughput.svg")
        save(latency(results), folder / "latency.svg")
        save(memory(results), folder / "memory.svg")


def throughput(results):
    """MB/s of one-shot calls over the plaintext's size, both suites and directions."""
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 7), sharex=True, sharey="row", layout="constrained")
    for row, suite in zip(axes, SUITES):
        for axis, direction in zip(row, DIRECTIONS):
            draw_lines(axis, results, suite, direction)
        row[0].set_ylabel("MB/s")
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def draw_lines(axis, results, suite, direction):
    """One line for each program."""
    sizes = results.sizes()
    for name in (OURS, *VARIANTS, *SDKS):
        rates = [size / results.whole(direction, suite, size)[name] / 1e6 for size in sizes]
        axis.plot(sizes, rates, marker="o", markersize=4, color=COLORS[name], label=name)
    axis.set(xscale="log", yscale="log", title=f"{direction}, {suite} ({IDS[suite]})")
    axis.set_xticks(sizes, [size_name(size) for size in sizes])
    axis.minorticks_off()
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.grid(axis="y")


def latency(results):
    """Microseconds of a call with 1 KiB."""
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
    names = (OURS, VARIANTS[0], *SDKS)
    for axis, suite in zip(axes, SUITES):
        taken = {way: {name: s * 1e6 for name, s in results.whole(way, suite, KIB).items()} for way in DIRECTIONS}
        draw_bars(axis, names, taken)
        axis.set(xscale="log", title=f"1 KiB, {suite} ({IDS[suite]})")
        axis.set_xlabel("microseconds; above: encrypt, below: decrypt")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_xlim(1, 5 * max(max(of_way.values()) for of_way in taken.values()))
    return figure


def memory(results):
    """MB by which a process grows."""
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
    one_shot = {way: megabytes(results.growth("whole", way)) for way in DIRECTIONS}
    streams = {way: megabytes(results.growth("stream", way) | results.growth("file", way)) for way in DIRECTIONS}
    titles = "100 MiB one-shot", f"{size_name(results.stream_size())} stream\n(command, age, rage: the whole process)"
    for axis, taken, title in zip(axes, (one_shot, streams), titles):
        draw_bars(axis, [name for name in COLORS if name in taken["encrypt"]], taken)
        axis.set(title=title, xlabel="MB; above: encrypt, below: decrypt")
        axis.set_xlim(0, 1.2 * max(max(of_way.values()) for of_way in taken.values()))
    return figure


def megabytes(taken):
    """Of each program."""
    return {name: grown / 1e6 for name, grown in taken.items()}


def draw_bars(axis, names, taken):
    """Two bars for each program, the first on top, each with its figure."""
    for offset, direction in zip((-0.2, 0.2), DIRECTIONS):
        places = [place + offset for place in range(len(names))]
        values = [taken[direction][name] for name in names]
        bars = axis.barh(places, values, height=0.36, color=[COLORS[name] for name in names])
        axis.bar_label(bars, [digits(value) for value in values], padding=3, fontsize=9)
    axis.set_yticks(range(len(names)), names)
    if not axis.yaxis_inverted():
        axis.invert_yaxis()


def save(figure, path):
    """The figure, in colours that follow the page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    # Its size is its viewBox alone.
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text.getvalue(), count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1)
    path.write_text(drawing.replace("</defs>", f"{dark_style()}</defs>", 1))


def dark_style():
    """Other colours where the reader's system is dark."""
    rules = "".join(
        f'[style*="{part}: {light}"] {{ {part}: {dark} !important }}\n'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    return f'<style type="text/css">@media (prefers-color-scheme: dark) {{\n{rules}}}</style>\n'
