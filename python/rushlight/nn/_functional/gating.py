"""Softmax-like functions and gates: glu, softmin, Gumbel softmax."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.nn._functional._support import (
    check_floats,
    check_tensors,
    has_kernels,
    in_single,
)
from rushlight.nn._functional.activation import _implicit_dim


@in_single
def _glu_formula(input, dim):
    half = input.shape[dim] // 2
    return input.narrow(dim, 0, half) * input.narrow(dim, half, half).sigmoid()


def glu(input, dim=-1):
    """One half of a tensor times the sigmoid of the other (Dauphin et al. 2017).

    Args:
        input (Tensor): floating point, of an even size along ``dim``.
        dim (int): the dim that is halved.

    Returns:
        Tensor: of input's dtype, half as long along ``dim``.

    Raises:
        RuntimeError: when the input is 0-d or its size odd.
        IndexError: when there is no such dim.

    Example::

        >>> rushlight.nn.functional.glu(rushlight.tensor([4., 0.]))
        tensor([2.])
    """
    check_tensors("glu", input)
    if input.dim() == 0:
        raise RuntimeError(
            "glu(): does not support scalars because halving size must be even"
        )
    check_floats("glu", input)
    if not -input.dim() <= dim < input.dim():
        raise IndexError(
            f"glu(): Dimension out of range (expected to be in range of "
            f"[{-input.dim()}, {input.dim() - 1}], but got {dim})"
        )
    if input.shape[dim] % 2:
        raise RuntimeError(
            f"glu(): Halving dimension must be even, but dimension {dim} is size "
            f"{input.shape[dim]}"
        )
    if has_kernels(input):
        return _ops.glu(input, dim)
    return _glu_formula(input, dim)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """``softmax(-input, dim)``.

    Args:
        input (Tensor): a floating point tensor.
        dim (int): the dim that sums to one; see :func:`softmax`.
        dtype (dtype, optional): cast to it first.

    Returns:
        Tensor: of input's shape.

    Example::

        >>> rushlight.nn.functional.softmin(rushlight.zeros(2), dim=0)
        tensor([0.5000, 0.5000])
    """
    check_tensors("softmin", input)
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return _ops.softmax(-input, dim, dtype=dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of a relaxed one-hot variable (Jang et al. 2017, Maddison et al. 2017).

    Args:
        logits (Tensor): unnormalised log probabilities, of any shape.
        tau (float): the temperature; towards 0 samples become one-hot.
        hard (bool): return exact one-hot vectors, with the gradient of the soft ones.
        eps (float): deprecated, without effect.
        dim (int): the dim of the classes.

    Returns:
        Tensor: of logits' shape; sums to one along ``dim``.

    Example::

        >>> x = rushlight.nn.functional.gumbel_softmax(rushlight.zeros(1, 3), hard=True)
        >>> x.sum()
        tensor(1.)
    """
    check_tensors("gumbel_softmax", logits)
    if eps != 1e-10:
        import warnings

        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = rushlight.empty(*logits.shape, dtype=logits.dtype, device=logits.device)
    noise = -noise.exponential_().log()
    soft = _ops.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    index = soft.detach().max(dim, keepdim=True)[1]
    one_hot = rushlight.zeros_like(soft, requires_grad=False).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
