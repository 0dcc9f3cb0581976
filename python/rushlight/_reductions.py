"""Reductions whose Python signature is richer than the compiled op's."""

from __future__ import annotations

import math
import warnings

from rushlight import _ops
from rushlight._core import Tensor


def _moments_arguments(dim, unbiased, correction):
    """PyTorch's two spellings: ``var(dim, unbiased)`` and ``var(dim, correction=)``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise TypeError("var() and std() take unbiased or correction, not both")
        correction = 1 if unbiased else 0
    return dim, 1.0 if correction is None else float(correction)


def _warn_degrees(op, input, result, correction):
    if input.numel() <= correction * result.numel():
        warnings.warn(
            f"{op}(): degrees of freedom is <= 0. Correction should be strictly less "
            "than the reduction factor (input numel divided by output numel).",
            stacklevel=3,
        )


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None):
    """The variance over dims: squared deviations over ``max(0, count - correction)``.

    Computed in two passes in the input's precision (float for half), merged in double.

    Args:
        input (Tensor): floating or complex, of any shape.
        dim (int or tuple of int, optional): the dims to reduce; all by default.
        unbiased (bool, optional): False is ``correction=0``.
        keepdim (bool): keep the reduced dims with size 1.
        correction (number, optional): default 1, the sample variance. A warning says so
            where it leaves no degree of freedom; the result is NaN or infinite then.

    Returns:
        Tensor: of the input's real dtype.

    Raises:
        RuntimeError: for integers and bool.

    Example::

        >>> rushlight.var(rushlight.tensor([1., 2., 3., 4.]), correction=0)
        tensor(1.2500)
    """
    dim, correction = _moments_arguments(dim, unbiased, correction)
    result = _ops.var(input, dim, correction, keepdim, out=out)
    _warn_degrees("var", input, result, correction)
    return result


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None):
    """The square root of :func:`var`, with its arguments.

    Shape:
        Input of any shape, output without the reduced dims, or with 1 in their place.

    Example::

        >>> rushlight.std(rushlight.tensor([1., 3., 5.]))
        tensor(2.)
    """
    dim, correction = _moments_arguments(dim, unbiased, correction)
    result = _ops.std(input, dim, correction, keepdim, out=out)
    _warn_degrees("std", input, result, correction)
    return result


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair (:func:`var`, mean), in one walk over the input.

    Shape:
        Input of any shape, both results without the reduced dims, or with 1 in their
        place.
    """
    dim, correction = _moments_arguments(dim, unbiased, correction)
    result = _ops.var_mean(input, dim, correction, keepdim)
    _warn_degrees("var_mean", input, result[0], correction)
    return result


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The pair (:func:`std`, mean), in one walk over the input.

    Shape:
        Input of any shape, both results without the reduced dims, or with 1 in their
        place.
    """
    dim, correction = _moments_arguments(dim, unbiased, correction)
    result = _ops.std_mean(input, dim, correction, keepdim)
    _warn_degrees("std_mean", input, result[0], correction)
    return result


def _extreme(largest, whole, along, pairwise, input, dim, keepdim, other, out):
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return pairwise(input, other, out=out)
    if dim is None:
        return whole(input, out=out)
    result = along(input, dim, keepdim)
    if out is None:
        return result
    from rushlight._results import give

    return give("max" if largest else "min", result, out)


def max(
    input,
    dim=None,
    keepdim=False,
    *,
    other=None,
    out=None,
    axis=None,
    keepdims=False,
):
    """The largest element: of all, along a dim, or of two tensors elementwise.

    NaN wins. Along a dim, of equal elements the first one's index is given.

    Args:
        input (Tensor): bool, integers or floats.
        dim (int, optional): reduce this dim alone. A tensor here is ``other``.
        keepdim (bool): keep the reduced dim with size 1.
        other (Tensor, optional): the second operand of the elementwise form.

    Returns:
        Tensor, or with ``dim`` a named tuple ``(values, indices)``.

    Raises:
        RuntimeError: when there is no element to choose.
        IndexError: when ``dim`` is out of range or has size 0.

    Example::

        >>> rushlight.max(rushlight.tensor([3, 9, 4]))
        tensor(9)
        >>> rushlight.max(rushlight.tensor([[3, 9, 4]]), 1).indices
        tensor([1])
    """
    if axis is not None:
        dim, keepdim = axis, keepdim or keepdims
    return _extreme(
        True, _ops.max_all, _ops.max, _ops.maximum, input, dim, keepdim, other, out
    )


def min(
    input,
    dim=None,
    keepdim=False,
    *,
    other=None,
    out=None,
    axis=None,
    keepdims=False,
):
    """The smallest element: of all, along a dim, or of two tensors elementwise.

    As :func:`max`.

    Example::

        >>> rushlight.min(rushlight.tensor([3, 9, 4]))
        tensor(3)
    """
    if axis is not None:
        dim, keepdim = axis, keepdim or keepdims
    return _extreme(
        False, _ops.min_all, _ops.min, _ops.minimum, input, dim, keepdim, other, out
    )


def norm(input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    """The vector norm ``(sum |x|^p)^(1/p)`` over dims, or the nuclear norm of matrices.

    Args:
        input (Tensor): floating or complex.
        p (number, 'fro' or 'nuc'): ``inf`` and ``-inf`` give the largest and smallest
            modulus, 0 the count of nonzeros, 'fro' is 2; 'nuc' sums singular values.
        dim (int or tuple of int, optional): all by default.
        keepdim (bool): keep the reduced dims with size 1.
        dtype (dtype, optional): convert the input first.

    Returns:
        Tensor: of the real dtype.

    Raises:
        RuntimeError: for integers and bool, and for other orders.

    Example::

        >>> rushlight.norm(rushlight.tensor([3., 4.]))
        tensor(5.)
    """
    if isinstance(p, str) and (p != "fro" or isinstance(dim, (list, tuple))):
        from rushlight import _norms, _results

        return _results.give("norm", _norms.norm(input, p, dim, keepdim, dtype), out)
    p = 2 if p is None or p == "fro" else p
    return _ops.linalg_vector_norm(input, float(p), dim, keepdim, dtype=dtype, out=out)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """``linalg.vector_norm``: :func:`norm` with the array API's names."""
    if isinstance(ord, str):
        ord = {"inf": math.inf, "-inf": -math.inf}.get(ord, ord)
    return _ops.linalg_vector_norm(x, float(ord), dim, keepdim, dtype=dtype, out=out)


FUNCTIONS = {
    "var": var,
    "std": std,
    "var_mean": var_mean,
    "std_mean": std_mean,
    "max": max,
    "min": min,
    "norm": norm,
}
METHODS = {name: FUNCTIONS[name] for name in ("var", "std", "max", "min", "norm")}
