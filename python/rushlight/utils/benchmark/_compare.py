"""Tables of measurements."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable

from rushlight.utils.benchmark._measurement import (
    Measurement,
    select_unit,
    trim_sigfig,
    unit_to_english,
)

_GREEN, _BOLD_GREEN, _RED, _END = "\033[32m", "\033[92m\033[1m", "\033[31m", "\033[0m"


class Colorize(enum.Enum):
    """Which times of a :class:`Compare` are compared by colour."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """A table of measurements: columns by description, rows by sub-label and threads.

    Args:
        results (list of Measurement): of any tasks; those of one task are merged, and
            each label has a table.

    Example::

        >>> from rushlight.utils.benchmark import Compare, Measurement, TaskSpec
        >>> def took(name, column, seconds):
        ...     spec = TaskSpec("f", "pass", "", "Sums", name, column)
        ...     return Measurement(1, [seconds], spec)
        >>> print(Compare([took("a", "old", 2e-6), took("a", "new", 1e-6)]))
        [--------- Sums --------]
                   |  old  |  new
        1 threads: --------------
              a    |  2.0  |  1.0
        <BLANKLINE>
        Times are in microseconds (us).
        <BLANKLINE>
    """

    def __init__(self, results: list[Measurement]):
        self._results: list[Measurement] = []
        self._trim = False
        self._colorize = Colorize.NONE
        self._warnings = False
        self.extend_results(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Adds measurements.

        Raises:
            ValueError: when one is something else.
        """
        for result in results:
            if not isinstance(result, Measurement):
                raise ValueError(
                    f"Compare: expected Measurements, got {type(result).__name__}"
                )
            self._results.append(result)

    def trim_significant_figures(self) -> None:
        """Shows no more figures than can be trusted."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Marks fast and slow times by colour, within columns or within rows."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Marks the times that spread much with their spread."""
        self._warnings = True

    def print(self) -> None:
        """Prints the table."""
        print(self)

    def __str__(self):
        merged = Measurement.merge(self._results)
        groups: dict[str, list[Measurement]] = {}
        for m in merged:
            groups.setdefault(m.label or m.stmt, []).append(m)
        return "\n".join(self._table(label, group) for label, group in groups.items())

    def _table(self, label, group):
        unit, scale = select_unit(min(m.median for m in group))
        columns = list(dict.fromkeys(m.description for m in group))
        several = len({m.task_spec.env for m in group}) > 1
        rows: dict[tuple, dict] = {}
        for m in sorted(group, key=lambda m: m.num_threads):
            name = (f"{m.env}: " if several else "") + m.as_row_name
            rows.setdefault((m.num_threads, name), {})[m.description] = m
        heads = ["" if c is None else c for c in columns]
        places = 3 if unit == "ns" else 1
        cells = {
            key: [self._text(row.get(c), scale, places) for c in columns]
            for key, row in rows.items()
        }
        widths = [max(map(len, column)) for column in zip(heads, *cells.values())]
        margin = max(len(name) for _, name in rows) + 6
        margin = max(margin, *(len(f"{n} threads") for n, _ in rows))
        head = " " * margin + self._line(heads, widths)
        lines = [f"[{f' {label} '.center(max(len(head) - 2, len(label) + 2), '-')}]"]
        lines.append(head)
        for threads, keys in itertools.groupby(rows, key=lambda key: key[0]):
            start = f"{threads} threads: "
            lines.append(start + "-" * max(len(head) - len(start), 1))
            for key in keys:
                texts = self._line(cells[key], widths, self._colors(rows, key, columns))
                lines.append("      " + key[1].ljust(margin - 6) + texts)
        lines += ["", f"Times are in {unit_to_english(unit)}s ({unit}).", ""]
        if self._warnings and any(m.has_warnings for m in group):
            lines.insert(-1, "(! XX%) Measurement has high variance, where XX is the")
            lines.insert(-1, "IQR / median * 100.")
        return "\n".join(line.rstrip() for line in lines)

    def _text(self, m, scale, places):
        if m is None:
            return ""
        value = m.median / scale
        if self._trim:
            value = trim_sigfig(value, m.significant_figures)
            places = 0 if value >= 10 ** (m.significant_figures - 1) else 1
        text = f"{value:.{places}f}"
        if self._warnings and m.has_warnings:
            text = f"(! {m.iqr / m.median * 100:.0f}%) {text}"
        return text

    def _colors(self, rows, key, columns):
        """A colour for each cell: green up to 1.2 times the best, red from 2."""
        if self._colorize is Colorize.NONE:
            return None
        colors = []
        for column in columns:
            m = rows[key].get(column)
            if self._colorize is Colorize.ROWWISE:
                rivals = list(rows[key].values())
            else:
                rivals = [row[column] for row in rows.values() if column in row]
            if m is None or len(rivals) < 2:
                colors.append("")
                continue
            ratio = m.median / min(r.median for r in rivals)
            colors.append(
                _BOLD_GREEN
                if ratio <= 1
                else _GREEN
                if ratio < 1.2
                else _RED
                if ratio >= 2
                else ""
            )
        return colors

    @staticmethod
    def _line(texts, widths, colors=None):
        found = ""
        for i, (text, width) in enumerate(zip(texts, widths)):
            color = colors[i] if colors else ""
            text = text.rjust(width)
            found += f"  |  {color}{text}{_END if color else ''}"
        return found
