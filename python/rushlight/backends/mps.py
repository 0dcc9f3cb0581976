"""Apple's GPUs, which Rushlight does not compute on."""

from __future__ import annotations

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """Whether an Apple GPU can be used: no.

    Example::

        >>> rushlight.backends.mps.is_available()
        False
    """
    return False


def is_built() -> bool:
    """Whether there is code for Apple's GPUs: no."""
    return False
