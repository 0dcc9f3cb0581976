"""The results as one picture: each rival's time relative to Rushlight's."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from _report import OURS, RIVALS, Result, human_time

STYLE = {
    "numpy": ("o", "#4477aa", "NumPy"),
    "torch": ("D", "#ee7733", "PyTorch"),
}
WIN, LOSS = "#228833", "#cc3311"
LIMITS = (0.1, 100.0)
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
# All in inches; a column is labels, plot, and Rushlight's own times.
ROW, HEAD, FOOT, TOP = 0.165, 0.32, 0.28, 0.75
LABELS, PLOT, TIMES = 3.1, 3.6, 0.75


def _columns(groups: list[tuple[str, list[Result]]]) -> list[list]:
    """The families in two columns of about the same height; one when they are few."""
    heights = [HEAD + FOOT + ROW * len(group) for _, group in groups]
    if sum(heights) < 7 or len(groups) < 2:
        return [groups]
    best = min(
        range(1, len(groups)),
        key=lambda cut: max(sum(heights[:cut]), sum(heights[cut:])),
    )
    return [groups[:best], groups[best:]]


def _draw_row(axes: Any, y: int, result: Result) -> None:
    low, high = LIMITS
    ratio = result.ratio()
    if ratio:
        color = LOSS if result.verdict() == "lost" else WIN
        end = min(max(1 / ratio, low), high)
        axes.plot([1, end], [y, y], color=color, lw=3, alpha=0.45)
    for name in RIVALS:
        against = result.against(name)
        if against:
            marker, shade, _ = STYLE[name]
            where = min(max(1 / against, low), high)
            outside = where != 1 / against
            shape = ("<" if where == low else ">") if outside else marker
            axes.plot(
                where, y, shape, color=shade, ms=6 if outside else 4.5, clip_on=False
            )
    axes.text(
        1.03,
        y,
        human_time(result.ns(OURS)).strip() or "n/a",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=7.5,
    )


def _draw_family(axes: Any, title: str, group: list[Result]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    axes.axvspan(LIMITS[0], 1, color=LOSS, alpha=0.06, lw=0)
    axes.axvline(1, color="black", lw=0.9)
    for y, result in enumerate(group):
        _draw_row(axes, y, result)
    axes.set(xlim=LIMITS, ylim=(len(group) - 0.4, -0.6))
    axes.set_yticks(range(len(group)), [r.row.name for r in group], fontsize=7.5)
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold", pad=4)
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}x"))
    axes.tick_params(axis="x", labelsize=7)
    axes.tick_params(axis="y", length=0, pad=7)
    axes.grid(axis="x", alpha=0.25)
    axes.set_axisbelow(True)


def write_png(results: list[Result], machine: dict, path: Path) -> None:
    """A log scale; a family a panel; a marker at the edge lies beyond it."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    groups = [
        (title, list(group))
        for title, group in groupby(results, key=lambda result: result.title)
    ]
    columns = _columns(groups)
    tallest = max(sum(HEAD + FOOT + ROW * len(g) for _, g in c) for c in columns)
    each = LABELS + PLOT + TIMES
    width, height = max(each * len(columns), 9.0), tallest + TOP
    figure = Figure(figsize=(width, height))
    for number, column in enumerate(columns):
        y = height - TOP
        for title, group in column:
            tall = ROW * len(group)
            y -= HEAD + tall
            left = (number * each + LABELS) / width
            axes = figure.add_axes((left, y / height, PLOT / width, tall / height))
            _draw_family(axes, title, group)
            y -= FOOT

    figure.text(0.1 / width, 1 - 0.1 / height, machine["title"], va="top", fontsize=9)
    figure.text(
        0.1 / width,
        1 - 0.5 / height,
        "Time of one call as a multiple of Rushlight's: right of 1x Rushlight is "
        "faster. On the right, Rushlight's own time.",
        va="top",
        fontsize=9,
        fontweight="bold",
    )
    handles = [
        Line2D([], [], marker=marker, color=shade, ls="", label=label)
        for marker, shade, label in STYLE.values()
    ]
    handles += [
        Line2D([], [], color=WIN, lw=3, alpha=0.45, label="faster or even"),
        Line2D([], [], color=LOSS, lw=3, alpha=0.45, label="slower than a rival"),
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1, 1 - 0.02 / height),
        ncols=2 if len(columns) == 1 else 4,
        fontsize=8,
        frameon=False,
    )
    figure.savefig(path, dpi=110)
