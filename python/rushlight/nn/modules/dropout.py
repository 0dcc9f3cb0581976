"""Dropout layers."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["Dropout"]


class _DropoutNd(Module):
    def __init__(self, p=0.5, inplace=False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(
                f"dropout probability has to be between 0 and 1, but got {p}"
            )
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zero elements at random while training, and scale the rest by ``1 / (1 - p)``.

    Args:
        p: the probability of zeroing an element. Default: 0.5.
        inplace: write into the input. Default: ``False``.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Dropout(0.5).eval()(rushlight.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input):
        return F.dropout(input, self.p, self.training, self.inplace)
