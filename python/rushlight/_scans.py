"""Running extremes, differences and integrals along a dim."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import give


def cummax(input, dim, *, out=None):
    """The largest element so far along a dim, and where it came last; NaN stays.

    Returns:
        A named tuple ``(values, indices)`` of input's shape.

    Example::

        >>> rushlight.cummax(rushlight.tensor([1, 3, 2]), 0).values
        tensor([1, 3, 3])
    """
    return give("cummax", _ops.cummax(input, dim), out)


def cummin(input, dim, *, out=None):
    """The smallest element so far along a dim, and where it came last; NaN stays."""
    return give("cummin", _ops.cummin(input, dim), out)


def _run_in_place(op, name):
    def run(self, dim, *, dtype=None):
        if dtype is not None and dtype is not self.dtype:
            raise RuntimeError(
                f"{name}(): Bad in-place call: input tensor dtype {self.dtype} and "
                f"output tensor dtype {dtype} should match"
            )
        # The derivative wants the values as they were.
        source = (
            self.clone() if rushlight.is_grad_enabled() and self.requires_grad else self
        )
        return self.copy_(op(source, dim, dtype=self.dtype))

    run.__name__ = name
    run.__doc__ = f"In-place :func:`rushlight.{name[:-1]}`."
    return run


def diff(input, n=1, dim=-1, prepend=None, append=None, *, out=None):
    """The ``n``-th differences of neighbours along a dim; of bools whether they differ.

    Args:
        input (Tensor): at least 1-d.
        n (int): how many times.
        dim (int): the dim to walk along.
        prepend (Tensor, optional): put in front first.
        append (Tensor, optional): put behind first.

    Returns:
        Tensor: as input, but shorter by ``n`` along ``dim``.

    Raises:
        RuntimeError: for a 0-d input, negative ``n``, and shapes that do not fit.

    Example::

        >>> rushlight.diff(rushlight.tensor([1, 3, 2]))
        tensor([ 2, -1])
    """
    if input.dim() == 0:
        raise RuntimeError("diff(): diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"diff(): order must be non-negative but got {n}")
    for extra in (prepend, append):
        if extra is not None and extra.dim() != input.dim():
            raise RuntimeError(
                "diff(): diff expects prepend or append to be the same dimension as "
                "input, "
                f"got {extra.dim()} and {input.dim()} dims"
            )
    if n == 0:
        return give("diff", rushlight.zeros_like(input).copy_(input), out)
    parts = [x for x in (prepend, input, append) if x is not None]
    result = rushlight.cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, result.shape[dim])):
        after, before = _sides(result, dim)
        is_bool = result.dtype is rushlight.bool
        result = after != before if is_bool else after - before
    return give("diff", result, out)


def _sides(x, dim):
    """All but the first, and all but the last along a dim."""
    n = max(x.shape[dim] - 1, 0)
    return x.narrow(dim, x.shape[dim] - n, n), x.narrow(dim, 0, n)


def _intervals(op, y, x, dx, dim):
    """What the sides of each interval are multiplied with, or a number for all."""
    if y.dim() == 0 or (x is not None and x.dim() == 0):
        raise IndexError(
            f"{op}(): Dimension specified as {dim} but tensor has no dimensions"
        )
    if any(t is not None and t.dtype is rushlight.bool for t in (y, x)):
        raise RuntimeError(
            f"{op}(): received a bool input for `x` or `y`, but bool is not supported"
        )
    if x is None:
        return 1 if dx is None else dx
    if dx is not None:
        raise TypeError(f"{op}(): takes x or dx, not both")
    if x.dim() == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(
                f"{op}(): There must be one `x` value for each sample point, got "
                f"shapes {tuple(x.shape)} and {tuple(y.shape)}"
            )
        sizes = [1] * y.dim()
        sizes[dim] = x.shape[0]
        x = x.reshape(sizes)
    elif x.dim() < y.dim():
        x = x.reshape([1] * (y.dim() - x.dim()) + list(x.shape))
    after, before = _sides(x, dim)
    return after - before


def trapezoid(y, x=None, *, dx=None, dim=-1):
    """The integral along a dim by the trapezoidal rule.

    Args:
        y (Tensor): the values.
        x (Tensor, optional): where they are: 1-d, or broadcast with ``y``.
        dx (Number, optional): their distance without ``x``; default 1.
        dim (int): the dim to integrate along.

    Returns:
        Tensor: without ``dim``.

    Example::

        >>> rushlight.trapezoid(rushlight.tensor([1., 3., 2.]))
        tensor(4.5000)
    """
    step = _intervals("trapezoid", y, x, dx, dim)
    if y.shape[dim] == 0:
        return _ops.sum(y, dim, dtype=y.dtype)
    if x is None:
        total = _ops.sum(y, dim) * 2 - y.select(dim, 0) - y.select(dim, -1)
        return total * (step / 2)
    after, before = _sides(y, dim)
    return _ops.sum((after + before) * step, dim) / 2


def trapz(y, x=None, *, dx=None, dim=-1):
    """Another name of :func:`trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The running integral along a dim by the trapezoidal rule; see :func:`trapezoid`.

    Returns:
        Tensor: as ``y``, but shorter by one along ``dim``.

    Example::

        >>> rushlight.cumulative_trapezoid(rushlight.tensor([1., 3., 2.]))
        tensor([2.0000, 4.5000])
    """
    step = _intervals("cumulative_trapezoid", y, x, dx, dim)
    after, before = _sides(y, dim)
    if x is None:
        return _ops.cumsum((after + before) * (step / 2), dim)
    return _ops.cumsum((after + before) * step, dim) / 2


def gradient(input, *, spacing=None, dim=None, edge_order=1):
    """Estimates of the slopes along dims: central differences, one-sided at the edges.

    Args:
        input (Tensor): floating, complex or integer.
        spacing (Number, list of Number or list of Tensor, optional): the distance of
            neighbours in all dims or in each, or the 1-d coordinates of each.
        dim (int or tuple of int, optional): all by default.
        edge_order (int): 1 or 2, the order of the estimates at the edges.

    Returns:
        tuple of Tensor: of input's shape, one for each dim.

    Raises:
        RuntimeError: when spacing and dim do not fit, or a dim is too short.

    Example::

        >>> rushlight.gradient(rushlight.tensor([1., 4., 9., 16.]))
        (tensor([3., 4., 6., 7.]),)
    """
    op = "gradient"
    if edge_order not in (1, 2):
        raise RuntimeError(
            f"{op}(): torch.gradient only supports edge_order=1 and edge_order=2, got "
            f"{edge_order}"
        )
    if input.dtype in (rushlight.uint8, rushlight.bool):
        raise RuntimeError(
            f"{op}(): torch.gradient does not support {input.dtype} input."
        )
    if dim is None:
        dims = list(range(input.dim()))
    else:
        dims = [dim] if isinstance(dim, int) else list(dim)
    n = input.dim()
    for d in dims:
        if not -max(n, 1) <= d < max(n, 1):
            raise IndexError(
                f"{op}(): Dimension out of range (expected to be in range of [{-n}, "
                f"{n - 1}], but got {d})"
            )
    dims = [d % n for d in dims] if n else []
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(
                f"{op}(): dim {d} appears multiple times in the list of dims"
            )
        if input.shape[d] < edge_order + 1:
            raise RuntimeError(
                f"{op}(): torch.gradient expected each dimension size to be at least "
                f"edge_order+1, got shape {tuple(input.shape)}"
            )
    if spacing is None:
        spacing = 1
    if not isinstance(spacing, (list, tuple)):
        spacing = [spacing] * len(dims)
    elif len(spacing) != len(dims):
        raise RuntimeError(
            f"{op}(): torch.gradient expected spacing to be unspecified, a scalar or "
            "it's spacing and dim arguments to have the same length, but got a spacing "
            "argument "
            f"of length {len(spacing)} and a dim argument of length {len(dims)}."
        )
    return tuple(
        _slopes(input, d, step, edge_order)
        for d, step in zip(dims, spacing, strict=True)
    )


def _slopes(y, dim, step, edge_order):
    n = y.shape[dim]
    if isinstance(step, Tensor) and step.dim() > 0:
        if step.dim() != 1 or step.shape[0] != n:
            raise RuntimeError(
                "gradient(): torch.gradient expected each element of spacing to have "
                "one "
                f"value for each of the {n} elements of dim {dim}, got shape "
                f"{tuple(step.shape)}"
            )
        sizes = [1] * y.dim()
        sizes[dim] = n - 1
        h = (step[1:] - step[:-1]).reshape(sizes)
    else:
        h = None

    def at(i, length=1):
        return y.narrow(dim, i if i >= 0 else n + i, length)

    def gap(i):
        return step if h is None else h.narrow(dim, i if i >= 0 else n - 1 + i, 1)

    parts = []
    if edge_order == 1:
        first = (at(1) - at(0)) / gap(0)
        last = (at(-1) - at(-2)) / gap(-1)
    elif h is None:
        first = (at(1) * 4 - at(0) * 3 - at(2)) / (step * 2)
        last = (at(-1) * 3 - at(-2) * 4 + at(-3)) / (step * 2)
    else:
        a, b = gap(0), gap(1)
        first = _three_points(at(0), at(1), at(2), a, b, 0)
        a, b = gap(-2), gap(-1)
        last = _three_points(at(-3), at(-2), at(-1), a, b, 2)
    parts.append(first)
    if n > 2:
        if h is None:
            parts.append((at(2, n - 2) - at(0, n - 2)) / (step * 2))
        else:
            a, b = h.narrow(dim, 0, n - 2), h.narrow(dim, 1, n - 2)
            parts.append(
                _three_points(at(0, n - 2), at(1, n - 2), at(2, n - 2), a, b, 1)
            )
    parts.append(last)
    return rushlight.cat(parts, dim)


def _three_points(x, y, z, a, b, where):
    """The slope of the parabola through values at distances a and b, at one of them."""
    left, right, both = (y - x) / a, (z - y) / b, a + b
    if where == 0:
        return left + (left - right) * (a / both)
    if where == 1:
        return (left * b + right * a) / both
    return right + (right - left) * (b / both)


METHODS = {
    "cumsum_": _run_in_place(_ops.cumsum, "cumsum_"),
    "cumprod_": _run_in_place(_ops.cumprod, "cumprod_"),
    "cummax": cummax,
    "cummin": cummin,
    "diff": diff,
}
