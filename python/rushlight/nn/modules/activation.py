"""Activation layers."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    """Compute ``max(x, 0)``.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.ReLU()(rushlight.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace=False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return input.relu_() if self.inplace else rushlight._ops.relu(input)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """Compute ``1 / (1 + exp(-x))``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Sigmoid()(rushlight.zeros(1))
        tensor([0.5000])
    """

    def forward(self, input):
        return input.sigmoid()


class Tanh(Module):
    """Compute the hyperbolic tangent.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Tanh()(rushlight.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return input.tanh()


class _SoftmaxBase(Module):
    def __init__(self, dim=None) -> None:
        super().__init__()
        self.dim = dim

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_SoftmaxBase):
    """Exponentiate and scale so that slices along ``dim`` sum to one.

    Args:
        dim: the dim that sums to one.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softmax(dim=0)(rushlight.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_SoftmaxBase):
    """Compute ``log(softmax(x))`` without underflow.

    Args:
        dim: the dim whose probabilities sum to one.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LogSoftmax(dim=0)(rushlight.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.log_softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
