# Made by tools/make_stubs.py.
from rushlight.utils import benchmark as benchmark
from rushlight.utils import checkpoint as checkpoint
from rushlight.utils import data as data
from rushlight.utils import hooks as hooks
from rushlight.utils import tensorboard as tensorboard

__all__ = [
    "benchmark",
    "checkpoint",
    "data",
    "hooks",
    "tensorboard",
]
