"""Dropout and rrelu as functions of rushlight, with PyTorch's random numbers."""

from __future__ import annotations

import math

import rushlight
from rushlight import _core
from rushlight._functions import _tensor

# The value of dropped elements in alpha dropout: minus SELU's negative limit.
_ALPHA = 1.7580993408473766


def _drop(op, input, p, train, feature=False, alpha=False, inplace=False):
    _tensor(op, input)
    if not 0 <= p <= 1:
        raise RuntimeError(
            f"{op}(): dropout probability has to be between 0 and 1, but got {p}"
        )
    if p == 0 or not train or input.numel() == 0:
        return input
    if p == 1:
        zero = _core.zeros((), dtype=input.dtype)
        return input.mul_(zero) if inplace else input * zero
    if feature:
        if input.dim() < 2:
            raise RuntimeError(
                f"{op}(): Feature dropout requires at least 2 dimensions in the input, "
                f"got shape {tuple(input.shape)}"
            )
        shape = (*input.shape[:2], *(1 for _ in input.shape[2:]))
        noise = _core.empty(shape, dtype=input.dtype, device=input.device)
    else:
        noise = rushlight.empty_like(input)
    noise.bernoulli_(1 - p)
    if not (input.is_floating_point() or input.is_complex()):
        raise RuntimeError(
            f"{op}(): result type Float can't be cast to the desired output type "
            f"{input.dtype}"
        )
    if not alpha:
        noise.div_(1 - p)
        return input.mul_(noise) if inplace else input * noise
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = noise.add(-1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    noise.mul_(a)
    if inplace:
        return input.mul_(noise).add_(shift)
    return input * noise + shift


def dropout(input, p, train):
    """Zeros with probability ``p``, the rest over ``1 - p``; itself unless ``train``.

    Args:
        input (Tensor): floating or complex, of any shape.
        p (float): in [0, 1].
        train (bool): whether to drop anything.

    Example::

        >>> rushlight.dropout(rushlight.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return _drop("dropout", input, p, train)


def dropout_(input, p, train):
    """In-place :func:`dropout`."""
    return _drop("dropout_", input, p, train, inplace=True)


def feature_dropout(input, p, train):
    """:func:`dropout` of whole channels of (N, C, *).

    Shape:
        Input (N, C, *), output the same.
    """
    return _drop("feature_dropout", input, p, train, feature=True)


def feature_dropout_(input, p, train):
    """In-place :func:`feature_dropout`."""
    return _drop("feature_dropout_", input, p, train, feature=True, inplace=True)


def alpha_dropout(input, p, train):
    """Dropout to SELU's negative limit that keeps mean 0 and variance 1.

    Shape:
        Input of any shape, output the same.
    """
    return _drop("alpha_dropout", input, p, train, alpha=True)


def alpha_dropout_(input, p, train):
    """In-place :func:`alpha_dropout`."""
    return _drop("alpha_dropout_", input, p, train, alpha=True, inplace=True)


def feature_alpha_dropout(input, p, train):
    """:func:`alpha_dropout` of whole channels of (N, C, *).

    Shape:
        Input (N, C, *), output the same.
    """
    return _drop("feature_alpha_dropout", input, p, train, True, True)


def feature_alpha_dropout_(input, p, train):
    """In-place :func:`feature_alpha_dropout`."""
    return _drop("feature_alpha_dropout_", input, p, train, True, True, True)
