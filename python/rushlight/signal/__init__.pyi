# Made by tools/make_stubs.py.
from rushlight.signal import windows as windows

__all__ = [
    "windows",
]
