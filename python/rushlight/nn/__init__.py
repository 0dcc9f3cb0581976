"""Layers, losses, initial values and helpers for neural networks."""

from __future__ import annotations

from rushlight.nn import functional, init, modules, parameter, utils
from rushlight.nn.modules import *
from rushlight.nn.modules import __all__ as _layers
from rushlight.nn.parameter import (
    Buffer,
    Parameter,
    UninitializedBuffer,
    UninitializedParameter,
)

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    *_layers,
    "functional",
    "init",
    "modules",
    "parameter",
    "utils",
]
