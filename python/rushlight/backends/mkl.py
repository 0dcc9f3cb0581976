"""Intel's MKL, which Rushlight does not use: products are OpenBLAS's and its own."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """Whether MKL is used: no."""
    return False
