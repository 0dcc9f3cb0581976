"""Which loader worker the code runs in."""

from __future__ import annotations


def get_worker_info():
    """Return ``None``: samples are read in the main process.

    Example:
        >>> from rushlight.utils.data import get_worker_info
        >>> get_worker_info() is None
        True
    """
    return None
