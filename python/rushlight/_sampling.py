"""Samples of discrete distributions, with PyTorch's random numbers."""

from __future__ import annotations

import math

import rushlight
from rushlight import _core, _ops
from rushlight._core import Tensor
from rushlight._functions import _tensor
from rushlight._results import give


def poisson(input, generator=None):
    """Poisson numbers of the given rates.

    Args:
        input (Tensor): rates, floating and not negative.
        generator (Generator, optional): default the global one.

    Returns:
        Tensor: of input's shape and dtype; its gradient is zero.

    Raises:
        RuntimeError: for a negative rate.

    Example::

        >>> rushlight.poisson(rushlight.zeros(2))
        tensor([0., 0.])
    """
    return _ops.poisson(_tensor("poisson", input), generator)


def binomial(count, prob, generator=None):
    """Successes in ``count`` trials of probability ``prob``.

    Args:
        count (Tensor): float32 or float64.
        prob (Tensor): of count's dtype; the two broadcast.
        generator (Generator, optional): default the global one.

    Returns:
        Tensor: of count's dtype.

    Shape:
        Count and prob of shapes that broadcast, output of the broadcast shape.

    Raises:
        ValueError: when one of them is not floating.
        RuntimeError: when the dtypes differ or are half precision.

    Example::

        >>> rushlight.binomial(rushlight.tensor([3.]), rushlight.tensor([1.]))
        tensor([3.])
    """
    return _ops.binomial(count.detach(), prob.detach(), generator)


def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Indices drawn with the probabilities that rows of weights stand for.

    Args:
        input (Tensor): (n,) or (m, n), floating, not negative.
        num_samples (int): indices a row.
        replacement (bool): an index may be drawn again.
        generator (Generator, optional): default the global one.

    Returns:
        Tensor: (num_samples,) or (m, num_samples), int64.

    Raises:
        RuntimeError: for weights that are no distribution, or too few of them.

    Example::

        >>> rushlight.multinomial(rushlight.tensor([0., 1., 0.]), 1)
        tensor([1])
    """
    weights = _tensor("multinomial", input).detach()
    if isinstance(out, Tensor) and out.dtype != rushlight.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out.dtype}")
    if weights.dim() not in (1, 2):
        raise RuntimeError(
            "multinomial(): prob_dist must be 1 or 2 dim, got shape "
            f"{tuple(weights.shape)}"
        )
    if not weights.is_floating_point():
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{weights.dtype}"
        )
    if num_samples <= 0:
        raise RuntimeError(
            f"multinomial(): cannot sample n_sample <= 0 samples, got {num_samples}"
        )
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            "multinomial(): cannot sample n_sample > prob_dist.size(-1) samples "
            "without "
            f"replacement, got {num_samples} of shape {tuple(weights.shape)}"
        )
    rows = weights.unsqueeze(0) if weights.dim() == 1 else weights
    if not rows.numel() and rows.shape[0] == 0:
        result = _core.empty(0, num_samples, dtype=rushlight.int64)
    elif replacement and num_samples > 1:
        result = _ops.multinomial_rows(rows, num_samples, generator)
    else:
        result = _without_replacement(rows, weights, num_samples, generator)
    if weights.dim() == 1:
        result = result.squeeze(0)
    if isinstance(out, Tensor):
        # Resized without a warning, as in PyTorch.
        out.resize_(result.shape)
    return give("multinomial", result, out)


def _without_replacement(rows, weights, num_samples, generator):
    # The largest quotients of weights and exponential numbers.
    if rows.numel():
        low, high = float(rows.min()), float(rows.max())
        if not (low >= 0 and high < math.inf):
            raise RuntimeError(
                "multinomial(): probability tensor contains either `inf`, `nan` or "
                "element < 0"
            )
    if bool((rows.sum(1) == 0).any()):
        raise RuntimeError(
            "multinomial(): invalid multinomial distribution (sum of probabilities <= "
            "0)"
        )
    noise = rushlight.empty_like(weights).exponential_(1, generator=generator)
    quotients = (weights / noise).view(rows.shape)
    if num_samples == 1:
        return quotients.argmax(1, keepdim=True)
    return rushlight.topk(quotients, num_samples, 1)[1]


METHODS = {"multinomial": multinomial}
