"""Timing of statements: :class:`Timer`, what it measures, and tables of that."""

from __future__ import annotations

from rushlight.utils.benchmark._compare import Colorize, Compare
from rushlight.utils.benchmark._measurement import (
    Measurement,
    TaskSpec,
    select_unit,
    trim_sigfig,
    unit_to_english,
)
from rushlight.utils.benchmark._timer import Language, Timer, timer

__all__ = [
    "Colorize",
    "Compare",
    "Language",
    "Measurement",
    "TaskSpec",
    "Timer",
    "select_unit",
    "timer",
    "trim_sigfig",
    "unit_to_english",
]
