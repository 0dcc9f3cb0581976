"""What a timer has measured, and how times are shown."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Iterable
from typing import Any

_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_WORDS = {
    "ns": "nanosecond",
    "us": "microsecond",
    "ms": "millisecond",
    "s": "second",
}
# Runs whose middle half spreads more than this part of the median are doubted.
_DOUBT, _STRONG_DOUBT = 0.1, 0.25
_CONFIDENCE = 1.645  # of a normal distribution's 90% interval, in standard deviations


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which a time reads best, and its seconds.

    Example::

        >>> rushlight.utils.benchmark.select_unit(2.5e-5)
        ('us', 1e-06)
    """
    power = math.floor(math.log10(t) / 3) if t > 0 else 0
    name = {-1: "ms", -2: "us", -3: "ns"}.get(max(power, -3), "s")
    return name, _UNITS[name]


def unit_to_english(u: str) -> str:
    """``"us"`` as ``"microsecond"``, and so on."""
    return _WORDS[u]


def trim_sigfig(x: float, n: int) -> float:
    """A number rounded to some significant figures.

    Example::

        >>> rushlight.utils.benchmark.trim_sigfig(1234.5, 2)
        1200.0
    """
    if x == 0:
        return 0.0
    digits = n - 1 - math.floor(math.log10(abs(x)))
    return float(round(x, digits))


@dataclasses.dataclass(init=True, repr=False, eq=True, frozen=True)
class TaskSpec:
    """What is measured: the statement, its set-up and its labels."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label or, where none is given, the statement."""
        if self.label is not None:
            return self.label + (f": {self.sub_label}" if self.sub_label else "")
        if "\n" not in self.stmt:
            return self.stmt + (f": {self.sub_label}" if self.sub_label else "")
        end = f"\n{self.sub_label}" if self.sub_label else ""
        return f"stmt:{end}\n{textwrap.indent(self.stmt, '  ')}"

    def setup_str(self) -> str:
        """The set-up as it is shown."""
        if not self.setup or self.setup == "pass":
            return ""
        if "\n" not in self.setup:
            return f"setup: {self.setup}"
        return f"setup:\n{textwrap.indent(self.setup, '  ')}"


def _quantile(ordered, q):
    """Between neighbours in proportion, as numpy.quantile."""
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class Measurement:
    """The times that a :class:`Timer` has taken.

    Args:
        number_per_run (int): how often the statement ran for each time.
        raw_times (list of float): seconds for so many runs.
        task_spec (TaskSpec): what ran.
        metadata (dict, optional): whatever belongs with it.

    Attributes:
        times (list of float): seconds of one run.
        median, mean, iqr (float): of these; ``iqr`` is the width of the middle half.
        significant_figures (int): how many of the median's can be trusted.
        has_warnings (bool): whether the times spread much.

    Example::

        >>> from rushlight.utils.benchmark import Measurement, TaskSpec
        >>> Measurement(10, [2e-5, 3e-5, 4e-5], TaskSpec("x + y", "pass")).median
        3e-06
    """

    def __init__(
        self,
        number_per_run: int,
        raw_times: list[float],
        task_spec: TaskSpec,
        metadata: dict[Any, Any] | None = None,
    ):
        self.number_per_run = number_per_run
        self.raw_times = raw_times
        self.task_spec = task_spec
        self.metadata = metadata

    def __getattr__(self, name):
        # Those of the task: label, stmt, num_threads and so on.
        if name[0] == "_" or name == "task_spec":
            raise AttributeError(name)
        return getattr(self.task_spec, name)

    def _ordered(self):
        if not self.raw_times:
            raise ValueError("Measurement: no times were taken")
        return sorted(self.times)

    @property
    def times(self) -> list[float]:
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        return _quantile(self._ordered(), 0.5)

    @property
    def mean(self) -> float:
        times = self._ordered()
        return math.fsum(times) / len(times)

    @property
    def iqr(self) -> float:
        times = self._ordered()
        return _quantile(times, 0.75) - _quantile(times, 0.25)

    @property
    def significant_figures(self) -> int:
        # The median's standard error, from the middle half of the times: a normal
        # distribution's is 1.349 standard deviations wide.
        times = self._ordered()
        error = self.iqr / 1.349 / math.sqrt(len(times)) * _CONFIDENCE
        spread = max(error, _resolution(self.median))
        return max(1, min(3, math.floor(math.log10(self.median / spread))))

    @property
    def has_warnings(self) -> bool:
        return bool(self._warning())

    @property
    def title(self) -> str:
        return self.task_spec.title

    @property
    def env(self) -> str:
        return self.task_spec.env or "Unspecified env"

    @property
    def as_row_name(self) -> str:
        spec = self.task_spec
        return spec.sub_label or spec.stmt or "[Unknown]"

    def meets_confidence(self, threshold: float = 0.1) -> bool:
        """Whether the middle half is narrower than a part of the median."""
        return self.iqr / self.median < threshold

    def _warning(self):
        part = self.iqr / self.median
        if len(self.raw_times) < 2 or part < _DOUBT:
            return ""
        what = (
            "could indicate system fluctuation."
            if part < _STRONG_DOUBT
            else "suggests significant environmental influence."
        )
        return (
            f"  WARNING: Interquartile range is {part * 100:.1f}% of the median "
            f"measurement.\n           This {what}"
        )

    def __str__(self):
        return repr(self)

    def __repr__(self):
        unit, scale = select_unit(self.median)
        count = len(self.raw_times)
        lines = [f"{object.__repr__(self)}", self.title]
        if self.task_spec.description:
            lines.append(self.task_spec.description)
        setup = self.task_spec.setup_str()
        if setup:
            lines.append(setup)
        threads = self.task_spec.num_threads
        threads = f"{threads} thread{'s' if threads > 1 else ''}"
        if count == 1:
            runs = f"{self.number_per_run} runs" if self.number_per_run > 1 else "1 run"
            lines.append(f"  {self.median / scale:.2f} {unit}")
            lines.append(f"  1 measurement, {runs} , {threads}")
        else:
            ordered = self._ordered()
            low, high = (_quantile(ordered, q) / scale for q in (0.25, 0.75))
            lines.append(f"  Median: {self.median / scale:.2f} {unit}")
            lines.append(
                f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})"
            )
            runs = f"{self.number_per_run} run{'s' if self.number_per_run > 1 else ''}"
            lines.append(f"  {count} measurements, {runs} per measurement, {threads}")
            if self._warning():
                lines.append(self._warning())
        return "\n".join(lines)

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """One for each task, with the times of all measurements of it.

        They are brought to one run each, as they may have run differently often.
        """
        found: dict[TaskSpec, list[Measurement]] = {}
        for measurement in measurements:
            found.setdefault(measurement.task_spec, []).append(measurement)
        return [
            Measurement(1, [t for m in group for t in m.times], spec, None)
            for spec, group in found.items()
        ]


def _resolution(t: float) -> float:
    """The least difference of times that a clock's reading of ``t`` shows."""
    return t * 1e-3
