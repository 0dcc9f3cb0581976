"""Functions behind the layers, under PyTorch's names."""

from __future__ import annotations

from rushlight import _lazy
from rushlight.nn._functional.activation import (
    log_softmax,
    relu,
    sigmoid,
    softmax,
    tanh,
    threshold,
)
from rushlight.nn._functional.conv import conv2d
from rushlight.nn._functional.dropout import dropout, dropout2d
from rushlight.nn._functional.linear import linear, one_hot
from rushlight.nn._functional.loss import cross_entropy, mse_loss, nll_loss
from rushlight.nn._functional.padding import pad
from rushlight.nn._functional.pooling import max_pool2d

__all__ = [
    "conv2d",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
    "threshold",
    *(name for names in _lazy.NN_FUNCTIONS.values() for name in names.split()),
]

__getattr__, __dir__ = _lazy.module_getattr(globals(), _lazy.NN_FUNCTIONS, ())
