# Made by tools/make_stubs.py.
from rushlight.utils import checkpoint as checkpoint
from rushlight.utils import data as data
from rushlight.utils import hooks as hooks

__all__ = [
    "checkpoint",
    "data",
    "hooks",
]
