# Made by tools/make_stubs.py.
from rushlight.vision import models as models
from rushlight.vision import ops as ops
from rushlight.vision import transforms as transforms
from rushlight.vision import tv_tensors as tv_tensors
from rushlight.vision import utils as utils

__all__ = [
    "models",
    "ops",
    "transforms",
    "tv_tensors",
    "utils",
]

def __dir__() -> list[str]: ...
