# Made by tools/make_stubs.py.
from rushlight.vision import datasets as datasets
from rushlight.vision import io as io
from rushlight.vision import models as models
from rushlight.vision import ops as ops
from rushlight.vision import transforms as transforms
from rushlight.vision import tv_tensors as tv_tensors
from rushlight.vision import utils as utils
from rushlight.vision._backend import (
    disable_beta_transforms_warning as disable_beta_transforms_warning,
)
from rushlight.vision._backend import get_image_backend as get_image_backend
from rushlight.vision._backend import set_image_backend as set_image_backend

__all__ = [
    "datasets",
    "disable_beta_transforms_warning",
    "get_image_backend",
    "io",
    "models",
    "ops",
    "set_image_backend",
    "transforms",
    "tv_tensors",
    "utils",
]

def __dir__() -> list[str]: ...
