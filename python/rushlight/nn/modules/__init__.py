"""Layers, one family a file."""

from __future__ import annotations

from rushlight.nn.modules.activation import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from rushlight.nn.modules.container import (
    ModuleDict,
    ModuleList,
    ParameterList,
    Sequential,
)
from rushlight.nn.modules.conv import Conv2d
from rushlight.nn.modules.dropout import Dropout
from rushlight.nn.modules.flatten import Flatten, Unflatten
from rushlight.nn.modules.linear import Identity, Linear
from rushlight.nn.modules.loss import CrossEntropyLoss, MSELoss, NLLLoss
from rushlight.nn.modules.module import Module
from rushlight.nn.modules.pooling import MaxPool2d

__all__ = [
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Identity",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "ParameterList",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Unflatten",
]
