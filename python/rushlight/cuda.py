"""The CUDA backend: whether it can be used, and why not."""

from __future__ import annotations

from rushlight import _ops


def is_available():
    """Whether a CUDA device can be used; :func:`why_not` gives the reason if not."""
    return _ops.cuda_status()[0]


def why_not():
    """Why CUDA cannot be used, in one line; empty when it can.

    Example::

        >>> rushlight.cuda.is_available() or bool(rushlight.cuda.why_not())
        True
    """
    available, reason = _ops.cuda_status()
    return "" if available else reason


def device_count():
    """The number of usable CUDA devices."""
    return int(is_available())
