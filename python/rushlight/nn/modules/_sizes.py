"""Layer arguments that are one number or one a dim."""

from __future__ import annotations

from collections.abc import Iterable


def ntuple(value, count):
    """Return ``value`` as a tuple: a single number ``count`` times."""
    if isinstance(value, Iterable):
        return tuple(value)
    return (value,) * count
