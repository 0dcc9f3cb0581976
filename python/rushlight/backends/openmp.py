"""Threads."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """Whether ops use several threads: yes, :func:`rushlight.set_num_threads` many."""
    return True
