"""Counting, histograms, covariance, and reductions made of others."""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._functions import _tensor
from rushlight._results import give

_MinMax = _ops.make_result_type("aminmax", ["min", "max"])
_Histogram = _ops.make_result_type("histogram", ["hist", "bin_edges"])
_HistogramDD = _ops.make_result_type("histogramdd", ["hist", "bin_edges"])


def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... comes.

    Args:
        input (Tensor): (n,), integers >= 0.
        weights (Tensor, optional): (n,); they are summed instead of counted.
        minlength (int): at least this many bins.

    Returns:
        Tensor: (max + 1,), int64; with weights float32 for float32, else float64.

    Raises:
        RuntimeError: for negative or non-integer input and other shapes.

    Example::

        >>> rushlight.bincount(rushlight.tensor([0, 1, 1, 3]))
        tensor([1, 2, 0, 1])
    """
    if weights is not None:
        weights = weights.detach()
    return _ops.bincount(input, weights, minlength)


def histc(input, bins=100, min=0, max=0, *, out=None):
    """Counts of the elements in equal bins between ``min`` and ``max``.

    Args:
        input (Tensor): floating; elements outside of the range and NaN are left out.
        bins (int): how many bins.
        min (Number): the lower end; when it equals ``max``, the data's extremes.
        max (Number): the upper end, which belongs to the last bin.

    Returns:
        Tensor: (bins,), of input's dtype.

    Raises:
        RuntimeError: when the range is not finite or runs backwards.

    Example::

        >>> rushlight.histc(rushlight.tensor([1., 2., 1.]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
    if not input.is_floating_point():
        raise NotImplementedError(f"histc(): not implemented for '{input.dtype}'")
    x = input.reshape(-1)
    low, high = _range("histc", x, bins, float(min), float(max), 1)
    if x.dtype in (rushlight.float16, rushlight.bfloat16):
        result = _count_half(x.detach(), bins, low, high)
    else:
        result = _ops.histogram_counts(x, bins, low, high)
    return give("histc", result, out)


def _count_half(x, bins, low, high):
    # Bins are found in the input's precision, as PyTorch does.
    low, high = (
        rushlight.tensor(v, dtype=x.dtype, device=x.device) for v in (low, high)
    )
    x = x[(x >= low) & (x <= high)]
    place = ((x - low) * bins / (high - low)).long().clamp(max=bins - 1)
    return _ops.bincount(place, None, bins).to(x.dtype)


def _range(op, x, bins, low, high, widen):
    if bins <= 0:
        raise RuntimeError(f"{op}(): bins must be > 0, but got {bins}")
    if low > high:
        raise RuntimeError(
            f"{op}(): max must be larger than min, but got min {low} max {high}"
        )
    if low == high and x.numel():
        flat = x.detach()
        low, high = _ops.min_all(flat).item(), _ops.max_all(flat).item()
    return _widen(op, low, high, widen)


def _widen(op, low, high, widen):
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{op}(): range of [{low}, {high}] is not finite")
    return (low - widen, high + widen) if low == high else (low, high)


def histogram(input, bins=100, *, range=None, weight=None, density=False, out=None):
    """A histogram of all elements.

    Args:
        input (Tensor): float32 or float64.
        bins (int or Tensor): how many equal bins, or their (n + 1,) ascending edges.
        range (tuple of float, optional): the ends of the equal bins; by default the
            data's extremes. The upper end belongs to the last bin.
        weight (Tensor, optional): of input's shape; summed instead of counted.
        density (bool): divide by the total and the widths.

    Returns:
        A named tuple ``(hist, bin_edges)``.

    Raises:
        RuntimeError: when shapes or dtypes do not fit or the range is not finite.

    Example::

        >>> rushlight.histogram(rushlight.tensor([1., 2., 1.]), 2, range=(0., 2.)).hist
        tensor([0., 3.])
    """
    _check_weight("histogram", input, weight)
    x = input.reshape(-1)
    if isinstance(bins, Tensor):
        if range is not None:
            raise TypeError("histogram(): range is not allowed with bins as a tensor")
        edges, uniform = _check_edges("histogram", input, bins).clone(), False
    else:
        low, high = _data_range("histogram", x, bins, range)
        edges, uniform = _edges(low, high, bins, x.dtype), True
    flat = None if weight is None else weight.reshape(-1)
    hist = _ops.histogram_counts(
        x, edges.numel() - 1, 0.0, 0.0, edges.detach(), uniform, flat
    )
    if density:
        hist = hist / (hist.sum() * _width(edges))
    return give("histogram", _Histogram((hist, edges)), out)


def _check_weight(op, input, weight):
    if input.dtype not in (rushlight.float32, rushlight.float64):
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")
    if weight is None:
        return
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            f"{op}(): if weight tensor is provided, input tensor and weight tensor "
            f"should have the same dtype, but got {input.dtype} and {weight.dtype}"
        )


def _check_edges(op, input, edges):
    if edges.dim() != 1 or edges.numel() < 2:
        raise RuntimeError(
            f"{op}(): bins tensor should have one dimension and at least 2 elements, "
            f"but got shape {tuple(edges.shape)}"
        )
    if edges.dtype is not input.dtype:
        raise RuntimeError(
            f"{op}(): input tensor and bins tensors should have the same dtype, but "
            f"got input with dtype {input.dtype} and bins with dtype {edges.dtype}"
        )
    return edges


def _data_range(op, x, bins, given):
    if bins <= 0:
        raise RuntimeError(f"{op}(): bins must be > 0, but got {bins}")
    if given is not None:
        low, high = (float(v) for v in given)
        if low > high:
            raise RuntimeError(
                f"{op}(): min should not exceed max, but got min {low} max {high}"
            )
    elif x.numel():
        flat = x.detach()
        low, high = _ops.min_all(flat).item(), _ops.max_all(flat).item()
    else:
        low, high = 0.0, 1.0
    return _widen(op, low, high, 0.5)


def _edges(low, high, bins, dtype):
    return rushlight.linspace(low, high, bins + 1, dtype=dtype)


def _width(edges):
    return edges[1:] - edges[:-1]


def histogramdd(input, bins, range=None, weight=None, density=False):
    """A histogram of points in several dims.

    Args:
        input (Tensor): (..., d), float32 or float64: points of d coordinates.
        bins (int, list of int or list of Tensor): the number of equal bins of every
            dim, of each dim, or the edges of each.
        range (list of float, optional): low and high of each dim, one after the other.
        weight (Tensor, optional): (...), one for each point.
        density (bool): divide by the total and the volumes.

    Returns:
        A named tuple ``(hist, bin_edges)``: a d-dim tensor and a tuple of d tensors.

    Raises:
        RuntimeError: when shapes or dtypes do not fit or the range is not finite.

    Example::

        >>> points = rushlight.tensor([[0., 1.], [1., 0.], [1., 1.]])
        >>> rushlight.histogramdd(points, bins=[2, 2]).hist
        tensor([[0., 1.],
                [1., 1.]])
    """
    op = "histogramdd"
    if input.dim() < 2:
        raise RuntimeError(
            f"{op}(): input tensor should have at least 2 dimensions, got shape "
            f"{tuple(input.shape)}"
        )
    _check_weight(op, input, weight)
    if weight is not None and tuple(weight.shape) != tuple(input.shape[:-1]):
        raise RuntimeError(
            f"{op}(): if weight tensor is provided it should have the same shape as "
            f"the input tensor excluding its innermost dimension, but got "
            f"{tuple(input.shape)} and {tuple(weight.shape)}"
        )
    d = input.shape[-1]
    points = input.detach().reshape(-1, d)
    if isinstance(bins, int):
        bins = [bins] * d
    if len(bins) != d:
        raise RuntimeError(
            f"{op}(): expected bins to have as many elements as the innermost "
            f"dimension of input, but got {len(bins)} and {d}"
        )
    if range is not None and len(range) != 2 * d:
        raise RuntimeError(
            f"{op}(): range should have {2 * d} elements, got {len(range)}"
        )
    edges = []
    for k, b in enumerate(bins):
        if isinstance(b, Tensor):
            edges.append(_check_edges(op, input, b))
        else:
            ends = None if range is None else range[2 * k : 2 * k + 2]
            low, high = _data_range(op, points[:, k], b, ends)
            edges.append(_edges(low, high, b, input.dtype))
    inside = rushlight.ones(points.shape[0], dtype=rushlight.bool)
    place = rushlight.zeros(points.shape[0], dtype=rushlight.int64)
    for k, e in enumerate(edges):
        x = points[:, k].contiguous()
        inside = inside & (x >= e[0]) & (x <= e[-1])
        at = _ops.searchsorted(e.detach(), x, False, True, None) - 1
        place = place * (e.numel() - 1) + at.clamp(max=e.numel() - 2)
    shape = [e.numel() - 1 for e in edges]
    flat = None if weight is None else weight.detach().reshape(-1)[inside].double()
    hist = _ops.bincount(place[inside], flat, math.prod(shape))
    hist = hist.to(input.dtype).reshape(shape)
    if density:
        hist = hist / hist.sum()
        for k, e in enumerate(edges):
            hist = hist / _width(e).reshape(
                [-1 if j == k else 1 for j, _ in enumerate(edges)]
            )
    return _HistogramDD((hist, tuple(edges)))


def aminmax(input, *, dim=None, keepdim=False, out=None):
    """The smallest and the largest element, of all or along a dim; NaN wins.

    Returns:
        A named tuple ``(min, max)``.

    Raises:
        RuntimeError: when there is no element.

    Example::

        >>> rushlight.aminmax(rushlight.tensor([3, 1, 2])).max
        tensor(3)
    """
    if dim is None and input.numel() == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the "
            "operation has no identity."
        )
    dims = list(range(input.dim())) if dim is None else dim
    pair = _ops.amin(input, dims, keepdim), _ops.amax(input, dims, keepdim)
    return give("aminmax", _MinMax(pair), out)


def nansum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """:func:`sum` with NaN counted as zero.

    Shape:
        Input of any shape, output without the reduced dims, or with 1 in their place.

    Example::

        >>> rushlight.nansum(rushlight.tensor([1., float("nan"), 2.]))
        tensor(3.)
    """
    _tensor("nansum", input)
    if input.is_complex():
        raise RuntimeError("nansum(): nansum on CPU does not support complex inputs")
    if input.is_floating_point():
        if dtype is None and isinstance(out, Tensor) and not out.is_floating_point():
            raise NotImplementedError(f'"nansum" not implemented for {out.dtype}')
        input = _ops.masked_fill(input, input.isnan(), 0)
    return give("nansum", _ops.sum(input, dim, keepdim, dtype=dtype), out)


def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The mean of the elements that are not NaN.

    Example::

        >>> rushlight.nanmean(rushlight.tensor([1., float("nan"), 2.]))
        tensor(1.5000)
    """
    _tensor("nanmean", input)
    if not (input.is_floating_point() or input.is_complex()):
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype}"
        )
    if dtype is not None and not dtype.is_floating_point:
        raise RuntimeError(
            "nanmean(): could not infer output dtype. Optional dtype must be either a "
            f"floating point or complex dtype. Got: {dtype}"
        )
    if dtype is None and isinstance(out, Tensor) and not out.is_floating_point():
        raise NotImplementedError(f'"nansum" not implemented for {out.dtype}')
    total = nansum(input, dim, keepdim, dtype=dtype)
    count = _ops.sum(~input.isnan(), dim, keepdim)
    return give("nanmean", total / count, out)


def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariance matrix of variables (rows) over observations (columns).

    Args:
        input (Tensor): (variables, observations), or (observations,) of one variable.
        correction (int): subtracted from the number of observations.
        fweights (Tensor, optional): (observations,), integers: how often each counts.
        aweights (Tensor, optional): (observations,), floating: weights >= 0.

    Returns:
        Tensor: (variables, variables), or 0-d for one variable.

    Raises:
        RuntimeError: for more than two dims, bool input, and weights that do not fit.

    Example::

        >>> rushlight.cov(rushlight.tensor([[0., 2.], [2., 0.]]))
        tensor([[ 2., -2.],
                [-2.,  2.]])
    """
    if input.dim() > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input "
            "with "
            f"{input.dim()} dimensions"
        )
    if input.dtype is rushlight.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input.reshape(1, -1) if input.dim() < 2 else input
    n = x.shape[1]
    weights = None
    if fweights is not None:
        _check_cov_weights("fweights", fweights, n)
        if fweights.is_floating_point() or fweights.dtype is rushlight.bool:
            raise RuntimeError(
                "cov(): expected fweights to have integral dtype but got fweights with "
                f"{fweights.dtype} dtype"
            )
        weights = fweights
    if aweights is not None:
        _check_cov_weights("aweights", aweights, n)
        if not aweights.is_floating_point():
            raise RuntimeError(
                "cov(): expected aweights to have floating point dtype but got "
                "aweights "
                f"with {aweights.dtype} dtype"
            )
        weights = aweights if weights is None else weights * aweights
    if weights is None:
        total, average = n, x.mean(1, True) if _inexact(x) else x.float().mean(1, True)
    else:
        total = weights.sum()
        if n and total.item() == 0:
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
        average = (x * weights).sum(1, True) / total
    if weights is None or aweights is None:
        norm = total - correction
    else:
        norm = total - correction * (weights * aweights).sum() / total
    if (norm.item() if isinstance(norm, Tensor) else norm) <= 0:
        warnings.warn("cov(): degrees of freedom is <= 0", stacklevel=2)
    if isinstance(norm, Tensor):
        norm = norm.clamp(min=0)
    else:
        norm = max(norm, 0)
    centred = x - average
    other = centred if weights is None else centred * weights
    product = _ops.matmul(centred, rushlight.conj(other).t())
    product = product / (
        norm if isinstance(norm, Tensor) else float(norm) or _zero(product)
    )
    return product.reshape(()) if product.numel() == 1 else product


def _zero(like):
    return rushlight.zeros((), dtype=like.dtype, device=like.device)


def _inexact(x):
    return x.is_floating_point() or x.is_complex()


def _check_cov_weights(name, weights, n):
    if weights.dim() > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} "
            f"with {weights.dim()} dimensions"
        )
    if weights.numel() != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations "
            f"in the input but got {weights.numel()} != {n}"
        )
    if n and _ops.min_all(weights.detach()).item() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


def corrcoef(input):
    """The correlation coefficients of variables (rows): :func:`cov` of diagonal 1.

    Shape:
        Input (variables, observations) or (observations,), output (variables,
        variables) or 0-d.

    Example::

        >>> rushlight.corrcoef(rushlight.tensor([[0., 2.], [2., 0.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    if input.dim() > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an "
            "input "
            f"with {input.dim()} dimensions"
        )
    c = cov(input)
    if c.dim() == 0:
        return c / c
    root = c.diagonal().sqrt()
    if root.is_complex():
        root = rushlight.real(root)
    c = c / root.unsqueeze(1) / root.unsqueeze(0)
    if c.is_complex():
        return rushlight.complex(
            rushlight.real(c).clamp(-1, 1), rushlight.imag(c).clamp(-1, 1)
        )
    return c.clamp(-1, 1)


METHODS = {
    "aminmax": aminmax,
    "bincount": bincount,
    "corrcoef": corrcoef,
    "cov": cov,
    "histc": histc,
    "histogram": histogram,
    "nanmean": nanmean,
    "nansum": nansum,
}
