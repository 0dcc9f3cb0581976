"""Stochastic depth: residual branches left out at random."""

from __future__ import annotations

import rushlight
from rushlight import nn

__all__ = ["StochasticDepth", "stochastic_depth"]


def stochastic_depth(input, p, mode, training=True) -> rushlight.Tensor:
    """Zero the whole input, or whole rows, at random; scale the rest by 1 / (1 - p).

    Huang et al., "Deep Networks with Stochastic Depth" (2016), section 3.

    Args:
        input: of at least one dimension.
        p: the probability of zeroing, 0 to 1.
        mode: ``"batch"``: all or nothing; ``"row"``: each row by itself.
        training: without, the input comes back. Default: ``True``.

    Raises:
        ValueError: ``p`` is out of range, or the mode neither of the two.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"stochastic_depth: p has to be between 0 and 1, got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(
            f"stochastic_depth: mode has to be either 'batch' or 'row', got {mode!r}"
        )
    if not training or p == 0.0:
        return input
    rows = input.shape[0] if mode == "row" else 1
    survival = 1.0 - p
    noise = rushlight.empty(
        [rows] + [1] * (input.dim() - 1), dtype=input.dtype, device=input.device
    )
    noise = noise.bernoulli_(survival)
    if survival > 0.0:
        noise.div_(survival)
    return input * noise


class StochasticDepth(nn.Module):
    """:func:`stochastic_depth` as a layer."""

    def __init__(self, p, mode) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input):
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"
