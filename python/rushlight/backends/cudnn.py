"""cuDNN, which Rushlight does not use: it is never available, its switches are kept."""

from __future__ import annotations

import contextlib
import sys

from rushlight.backends._switches import make_switches

__all__ = ["flags", "is_acceptable", "is_available", "set_flags", "version"]

SWITCHES = {
    "allow_tf32": bool,
    "benchmark": bool,
    "deterministic": bool,
    "enabled": bool,
}
allow_tf32 = True
benchmark = False
benchmark_limit = None
deterministic = False
enabled = True


def is_available() -> bool:
    """Whether cuDNN is used: no.

    Example::

        >>> rushlight.backends.cudnn.is_available()
        False
    """
    return False


def version() -> int | None:
    """The version of cuDNN: None, as there is none."""
    return None


def is_acceptable(tensor) -> bool:
    """Whether cuDNN would compute with a tensor: no."""
    return False


def set_flags(
    _enabled: bool | None = None,
    _benchmark: bool | None = None,
    _benchmark_limit: int | None = None,
    _deterministic: bool | None = None,
    _allow_tf32: bool | None = None,
) -> tuple:
    """Sets the switches that are not None; returns what they all were."""
    module = sys.modules[__name__]
    given = {
        "enabled": _enabled,
        "benchmark": _benchmark,
        "benchmark_limit": _benchmark_limit,
        "deterministic": _deterministic,
        "allow_tf32": _allow_tf32,
    }
    before = tuple(getattr(module, name) for name in given)
    for name, value in given.items():
        if value is not None:
            setattr(module, name, value)
    return before


@contextlib.contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int | None = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
):
    """A block with switches set, which are as before after it."""
    before = set_flags(enabled, benchmark, benchmark_limit, deterministic, allow_tf32)
    try:
        yield
    finally:
        set_flags(*before)
        globals()["benchmark_limit"] = before[2]  # None is a value of it


make_switches(__name__)
