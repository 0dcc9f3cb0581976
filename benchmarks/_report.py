"""Results as a table, a CSV file and a chart."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from _rows import NAME_WIDTH, Row, Target

OURS = "rushlight"
RIVALS = ("numpy", "torch")
LIBRARIES = (OURS, *RIVALS)
# Two medians closer than this are not told apart on a shared machine.
NOISE = 1.05


@dataclass
class Result:
    """What was measured for one row."""

    family: str
    title: str
    row: Row
    samples: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    best: bool = False

    def ns(self, library: str) -> float | None:
        """Nanoseconds a call, or None where the library has no result.

        The median of the rounds, or their least where `best` is set.
        """
        samples = self.samples.get(library)
        if not samples:
            return None
        return min(samples) if self.best else statistics.median(samples)

    def against(self, library: str) -> float | None:
        """Our time over the library's."""
        ours, theirs = self.ns(OURS), self.ns(library)
        return ours / theirs if ours and theirs else None

    def rival(self) -> str | None:
        """The faster rival."""
        timed = [name for name in RIVALS if self.ns(name)]
        return min(timed, key=self.ns) if timed else None

    def ratio(self) -> float | None:
        """Our time over the faster rival's."""
        rival = self.rival()
        return self.against(rival) if rival else None

    def of_copy(self, library: str) -> float | None:
        """The share of the machine's copy bandwidth that the library reaches."""
        copy, theirs = self.ns("copy"), self.ns(library)
        return copy / theirs if copy and theirs else None

    def misses(self) -> list[str]:
        """Promises not kept, as text."""
        bounds = {
            Target.SMALL: {"numpy": 0.5, "torch": 0.2},
            Target.GRAD: {"torch": 0.2},
            Target.STEP: {"torch": 0.25},
            Target.IMPORT: {"numpy": 1.3},
        }.get(self.row.target, {})
        found = []
        for name, bound in bounds.items():
            ratio = self.against(name)
            if ratio is not None and ratio > bound:
                found.append(f"{ratio:.2f} of {name}, not {bound}")
        share = self.of_copy(OURS)
        if share is not None and share < 0.7:
            found.append(f"{share:.0%} of a copy, not 70%")
        return found

    def verdict(self) -> str:
        """`lost`, `even`, `missed`, `won`, `failed`, or `alone` without a rival."""
        ratio = self.ratio()
        if self.ns(OURS) is None:
            return "failed"
        # Start-up is promised to be near NumPy's, not below it.
        allowed = 1.3 if self.row.target is Target.IMPORT else NOISE
        if ratio is not None and ratio > allowed:
            return "lost"
        if self.misses():
            return "missed"
        if ratio is None:
            return "alone"
        return "even" if ratio > 1 / NOISE else "won"


def human_time(ns: float | None) -> str:
    """Three digits and a unit."""
    if ns is None:
        return ""
    for unit, size in (("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)):
        value = ns / size
        if value < 999.5 or unit == "s":
            break
    digits = 0 if value >= 99.5 or unit == "ns" else 1 if value >= 9.95 else 2
    return f"{value:.{digits}f} {unit:2}"


def _cell(result: Result, library: str) -> str:
    if library in result.errors:
        return "n/a   "
    return human_time(result.ns(library))


def _mark(result: Result) -> str:
    verdict = result.verdict()
    text = {"lost": "LOSES", "missed": "MISSES", "even": "even", "failed": "N/A"}
    notes = [text.get(verdict, "")]
    if verdict == "missed":
        notes.append("; ".join(result.misses()))
    share = result.of_copy(OURS)
    if share is not None:
        speed = result.row.moved_bytes / result.ns(OURS)
        notes.append(f"{share:.0%} of a copy, {speed:.1f} GB/s")
    notes += [f"{name}: {error}" for name, error in result.errors.items()]
    return "  ".join(note for note in notes if note)


def table_lines(results: Iterable[Result]) -> Iterable[str]:
    """The table, a line at a time, so that it can be shown while it grows."""
    for title, group in groupby(results, key=lambda result: result.title):
        yield ""
        heads = "".join(f"{name:>11}" for name in LIBRARIES)
        yield f"{title:{NAME_WIDTH + 2}}{heads}   vs faster"
        for result in group:
            ratio = result.ratio()
            cells = "".join(f"{_cell(result, name):>11}" for name in LIBRARIES)
            versus = (
                f"{ratio:.{2 if ratio < 99.5 else 0}f}x" if ratio is not None else ""
            )
            line = (
                f"  {result.row.name:{NAME_WIDTH}}{cells}{versus:>9}   {_mark(result)}"
            )
            yield line.rstrip()


def summary_lines(results: list[Result]) -> Iterable[str]:
    """Counts, the geometric mean of each family, and every row that is not won."""
    verdicts = [result.verdict() for result in results]
    counts = {name: verdicts.count(name) for name in dict.fromkeys(verdicts)}
    yield ""
    yield f"{len(results)} rows: " + ", ".join(
        f"{n} {name}" for name, n in counts.items()
    )
    for title, group in groupby(results, key=lambda result: result.title):
        ratios = [result.ratio() for result in group]
        known = [ratio for ratio in ratios if ratio]
        if known:
            mean = statistics.geometric_mean(known)
            yield f"  {title:40} {mean:5.2f}x the faster rival (geometric mean)"
    for verdict, head in (
        ("lost", "slower than the faster rival"),
        ("missed", "faster than the rivals, but short of the promise"),
        ("failed", "no result"),
    ):
        worst = [result for result in results if result.verdict() == verdict]
        if worst:
            yield f"{head}:"
        for result in sorted(worst, key=lambda result: -(result.ratio() or 0)):
            ratio = f"{result.ratio():.2f}x {result.rival()}" if result.ratio() else ""
            notes = [ratio, *result.misses(), result.errors.get(OURS, "")]
            text = "; ".join(note for note in notes if note)
            yield f"  {result.title}: {result.row.name}: {text}"


LEGEND = """\
Time of one call. 'vs faster' is Rushlight's time over the faster rival's: below
1 is a win. LOSES: more than 5% slower than it (start-up: 30%); even: less than that.
MISSES: wins, but short of what is promised (small ops: half of NumPy's time and a fifth
of PyTorch's; recorded: a fifth of PyTorch's; bandwidth: 70% of a copy).
Blank: NumPy has no such function. n/a: the call raised; the reason follows."""


def write_csv(results: list[Result], path: Path) -> None:
    libraries = (*LIBRARIES, "copy")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["family", "row", "statement"]
            + [f"{name}_ns" for name in libraries]
            + [f"{name}_min_ns" for name in libraries]
            + ["ratio_to_faster_rival", "verdict", "target", "errors"]
        )
        for result in results:
            medians = [result.ns(name) for name in libraries]
            minima = [
                min(result.samples.get(name) or [0]) or None for name in libraries
            ]
            ratio = result.ratio()
            writer.writerow(
                [result.family, result.row.name, result.row.run]
                + ["" if ns is None else f"{ns:.1f}" for ns in medians + minima]
                + ["" if ratio is None else f"{ratio:.4f}", result.verdict()]
                + [result.row.target.name.lower()]
                + ["; ".join(f"{k}: {v}" for k, v in result.errors.items())]
            )


def as_json(results: list[Result], machine: dict) -> dict:
    return {
        "machine": machine,
        "rows": [
            {
                "family": result.family,
                "row": result.row.name,
                "statement": result.row.run,
                "target": result.row.target.name.lower(),
                "samples_ns": result.samples,
                "errors": result.errors,
                "ratio": result.ratio(),
                "verdict": result.verdict(),
            }
            for result in results
        ],
    }
