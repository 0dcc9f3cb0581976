"""Intel's oneDNN, which Rushlight does not use."""

from __future__ import annotations

from rushlight.backends._switches import make_switches

__all__ = ["is_available"]

SWITCHES = {"enabled": bool}
enabled = True


def is_available() -> bool:
    """Whether oneDNN is used: no."""
    return False


make_switches(__name__)
