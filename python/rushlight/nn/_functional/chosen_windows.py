"""Maxima over windows that do not slide evenly: adaptive, fractional; unpooling."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.nn._functional._sizes import spread
from rushlight.nn._functional.averaging import check_adaptive, nothing, with_defaults
from rushlight.nn._functional.pooling import max_over_windows


def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool1d` that returns (maxima, their positions) always.

    Shape:
        Input (C, L) or (N, C, L), both outputs the same with ``output_size`` as L.
    """
    return _adaptive(1, input, output_size)


def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool2d` that returns (maxima, their positions) always.

    Shape:
        Input (C, H, W) or (N, C, H, W), both outputs the same with ``output_size`` as H
        and W.
    """
    return _adaptive(2, input, with_defaults(output_size, input.shape))


def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool3d` that returns (maxima, their positions) always.

    Shape:
        Input (C, D, H, W) or (N, C, D, H, W), both outputs the same with
        ``output_size`` as D, H and W.
    """
    return _adaptive(3, input, with_defaults(output_size, input.shape))


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """Take the maximum over windows chosen so that the output has a given length.

    Window i goes from ``floor(i L / L_out)`` to ``ceil((i + 1) L / L_out)``.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        output_size: ``L_out``, an int.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_max_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    found = adaptive_max_pool1d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """Take the maximum over windows chosen so that the output has a given size.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        output_size: an int or two, ``None`` for the input's size.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions in the flattened
        ``(H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_max_pool2d(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 1)
        tensor([[[4.]]])
    """
    found = adaptive_max_pool2d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """Take the maximum over windows chosen so that the output has a given size.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        output_size: an int or three, ``None`` for the input's size.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions in the flattened
        ``(D, H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_max_pool3d(rushlight.arange(8.0).view(1, 2, 2, 2), 1)
        tensor([[[[7.]]]])
    """
    found = adaptive_max_pool3d_with_indices(input, output_size)
    return found if return_indices else found[0]


def _adaptive(spatial, input, output_size):
    op = f"adaptive_max_pool{spatial}d"
    size = spread(output_size, spatial, op, "output_size")
    check_adaptive(op, input, size)
    if not input.is_floating_point():
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")
    if 0 in size or input.shape[0] == 0:
        result = nothing(input, size)
        return result, rushlight.zeros_like(result, dtype=rushlight.int64)
    if input.is_cpu and spatial == 2:
        return _ops.adaptive_max_pool2d(input, size)
    if input.is_cpu and spatial == 1:
        rows = _ops.adaptive_max_pool2d(input.unsqueeze(-2), [1, *size])
        return tuple(found.squeeze(-2) for found in rows)
    # Tells at once that a size is too large.
    input.new_empty([*input.shape[:-spatial], *size])
    kernel, chosen = [], []
    for n, count in zip(input.shape[-spatial:], size, strict=True):
        if n % count == 0:
            kernel.append(n // count)
            chosen.append(None)
            continue
        starts = [i * n // count for i in range(count)]
        ends = [-((-(i + 1) * n) // count) for i in range(count)]
        k = max(b - a for a, b in zip(starts, ends, strict=True))
        # A shorter window repeats its last element.
        where = [
            min(a + j, b - 1)
            for a, b in zip(starts, ends, strict=True)
            for j in range(k)
        ]
        kernel.append(k)
        chosen.append(rushlight.tensor(where, device=input.device))
    if all(where is None for where in chosen):
        return max_over_windows(input, kernel, kernel)
    places = _place_by_place(input.detach(), kernel, chosen)
    return _at(input, places, spatial), places


def _place_by_place(x, kernel, chosen):
    """Where the maxima are, found one dim after the other, the last one first."""
    spatial, size, origin = len(kernel), x.shape[-len(kernel) :], None
    for i in reversed(range(spatial)):
        where = chosen[i]
        if where is not None:
            x = x.index_select(i - spatial, where)
            if origin is not None:
                origin = origin.index_select(i - spatial, where)
        elif kernel[i] == 1:
            continue
        window = [1] * spatial
        window[i] = kernel[i]
        laid_out = x.shape[-spatial:]
        x, places = max_over_windows(x, window, window)
        if origin is None:
            rows = [where if dim == i else None for dim in range(spatial)]
            origin = _original(places, laid_out, size, rows)
        else:
            origin = _at(origin, places, spatial)
    return origin


def _at(input, places, spatial):
    """The elements at positions in the flattened spatial dims."""
    found = input.flatten(-spatial).gather(-1, places.flatten(-spatial))
    return found.view(places.shape)


def _original(places, laid_out, size, chosen):
    """Positions in a copy whose rows were chosen as positions in what they are of."""
    result, step = 0, 1
    for n, original, where in zip(
        reversed(laid_out), reversed(size), reversed(chosen), strict=True
    ):
        at = places.remainder(n)
        places = places.floor_divide(n)
        result = result + step * (at if where is None else where.take(at))
        step *= original
    return result


def fractional_max_pool2d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """:func:`fractional_max_pool2d` that returns (maxima, their positions) always.

    Shape:
        Input (C, H, W) or (N, C, H, W), both outputs the same with the output's size as
        H and W.
    """
    return _fractional(
        2, input, kernel_size, output_size, output_ratio, _random_samples
    )


def fractional_max_pool3d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """:func:`fractional_max_pool3d` that returns (maxima, their positions) always.

    Shape:
        Input (C, D, H, W) or (N, C, D, H, W), both outputs the same with the output's
        size as D, H and W.
    """
    return _fractional(
        3, input, kernel_size, output_size, output_ratio, _random_samples
    )


def fractional_max_pool2d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """Take the maximum over windows of images whose distances are drawn at random.

    The windows cover the input in pseudorandom steps that differ by at most one (B.
    Graham, Fractional Max-Pooling, 2014).

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the window, an int or ``(kH, kW)``.
        output_size: an int or two.
        output_ratio: the output size as a part of the input's, in (0, 1), instead.
        return_indices: also return where the maxima were. Default: ``False``.
        _random_samples: the draws, of shape ``(N, C, 2)``, from [0, 1).

    Returns:
        The maxima, and with ``return_indices`` their int64 positions in the flattened
        ``(H, W)``.

    Raises:
        ValueError: neither a size nor a ratio is given.
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.fractional_max_pool2d(rushlight.arange(9.0).view(1, 3, 3), 2, 2)
        tensor([[[4., 5.],
                 [7., 8.]]])
    """
    found = fractional_max_pool2d_with_indices(
        input, kernel_size, output_size, output_ratio, False, _random_samples
    )
    return found if return_indices else found[0]


def fractional_max_pool3d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """Take the maximum over windows of volumes whose distances are drawn at random.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        kernel_size: the window, an int or three.
        output_size: an int or three.
        output_ratio: the output size as a part of the input's, in (0, 1), instead.
        return_indices: also return where the maxima were. Default: ``False``.
        _random_samples: the draws, of shape ``(N, C, 3)``, from [0, 1).

    Returns:
        As :func:`fractional_max_pool2d`.

    Raises:
        ValueError: neither a size nor a ratio is given.
        RuntimeError: the arguments do not fit the shape.
    """
    found = fractional_max_pool3d_with_indices(
        input, kernel_size, output_size, output_ratio, False, _random_samples
    )
    return found if return_indices else found[0]


def _fractional(spatial, input, kernel_size, output_size, output_ratio, samples):
    op = f"fractional_max_pool{spatial}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(
                f"{op} requires specifying either an output_size or an output_ratio"
            )
        ratio = output_ratio
        if not isinstance(ratio, (tuple, list)):
            ratio = (ratio,) * spatial
        if len(ratio) != spatial:
            raise ValueError(
                f"{op} requires output_ratio to be a single number or {spatial} "
                f"numbers, got {output_ratio}"
            )
        sizes = input.shape[-spatial:]
        output_size = [int(n * r) for n, r in zip(sizes, ratio, strict=True)]
    kernel = spread(kernel_size, spatial, op, "kernel_size")
    size = spread(output_size, spatial, op, "output_size")
    batched = input.dim() == spatial + 2
    if (not batched and input.dim() != spatial + 1) or 0 in input.shape[
        1 if batched else 0 :
    ]:
        raise RuntimeError(
            f"{op}(): Expected {spatial + 1}D or {spatial + 2}D tensor with non-zero "
            f"dimensions other than the batch, but got: {list(input.shape)}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")
    x = input if batched else input.unsqueeze(0)
    if samples is None:
        samples = rushlight.rand(
            x.shape[0], x.shape[1], spatial, dtype=x.dtype, device=x.device
        )
    _check_samples(op, x, samples, kernel, size)
    if x.shape[0] == 0 or 0 in size:
        values = nothing(x, size)
        places = rushlight.zeros_like(values, dtype=rushlight.int64)
    else:
        values, places = _pool_planes(x, samples, kernel, size)
    return (values, places) if batched else (values.squeeze(0), places.squeeze(0))


def _check_samples(op, x, samples, kernel, size):
    spatial = len(kernel)
    if min(kernel) < 1 or min(size) < 0:
        raise RuntimeError(
            f"{op}(): kernel_size must be positive and output_size not negative, got "
            f"{kernel} and {size}"
        )
    for n, k, m in zip(x.shape[2:], kernel, size, strict=True):
        # The check of volumes is the stricter one, as PyTorch's.
        if m + k - 1 > n - (spatial == 3):
            raise RuntimeError(
                f"{op}(): pool size {k} too large relative to input size {n} for "
                f"{m} outputs"
            )
    if samples.dtype is not x.dtype:
        raise RuntimeError(
            f"{op}(): Expect _random_samples to have the same dtype as input, got "
            f"{samples.dtype} and {x.dtype}"
        )
    if (
        samples.dim() != 3
        or samples.shape[0] < x.shape[0]
        or samples.shape[1] < x.shape[1]
        or samples.shape[2] != spatial
    ):
        raise RuntimeError(
            f"{op}(): Expect _random_samples of shape "
            f"{(x.shape[0], x.shape[1], spatial)}, got {tuple(samples.shape)}"
        )


def _pool_planes(x, samples, kernel, size):
    spatial = len(kernel)
    n, c = x.shape[:2]
    samples = samples.detach()[:n, :c]
    at = None
    laid_out = [m * k for m, k in zip(size, kernel, strict=True)]
    for i in range(spatial):
        length = x.shape[2 + i]
        # Of images the width's draw comes first, of volumes the depth's.
        draw = samples[:, :, 1 - i if spatial == 2 else i]
        starts = _starts(draw, length, size[i], kernel[i])
        steps = rushlight.arange(kernel[i], device=x.device)
        where = (starts.unsqueeze(-1) + steps).flatten(-2)
        where = where.view(n, c, *[1] * i, laid_out[i], *[1] * (spatial - 1 - i))
        at = where if at is None else at * length + where
    at = at.expand(n, c, *laid_out).flatten(2)
    chosen = x.detach().flatten(2).gather(2, at).view(n, c, *laid_out)
    _, places = max_over_windows(chosen, kernel, kernel)
    places = at.gather(2, places.flatten(2)).view(places.shape)
    return _at(x, places, spatial), places


def _starts(draw, length, count, kernel):
    """Where the windows of each plane begin, (N, C) draws to (N, C, count)."""
    last = length - kernel
    if count == 1:
        result = rushlight.full((*draw.shape, 1), last, dtype=rushlight.int64)
        return result.to(draw.device)
    wide = draw.dtype
    alpha = rushlight.tensor(last, dtype=wide) / rushlight.tensor(count - 1, dtype=wide)
    steps = rushlight.arange(count - 1, device=draw.device).to(wide)
    draw = draw.unsqueeze(-1)
    first = (draw * alpha).to(rushlight.int64)
    starts = ((steps + draw) * alpha).to(rushlight.int64) - first
    end = rushlight.full_like(first, last)
    return rushlight.cat((starts, end), -1)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put maxima of :func:`max_pool1d` back where they were, among zeros.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        indices: the int64 positions that the pool returned, of the same shape.
        kernel_size: of the pool.
        stride: of the pool. Default: ``kernel_size``.
        padding: of the pool. Default: 0.
        output_size: the size of the pool's input, where several give this output.

    Returns:
        A tensor of the size of the pool's input.

    Raises:
        ValueError: an ``output_size`` that the pool does not bring to this one.
        RuntimeError: the shapes do not fit, or an index is out of range.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.max_unpool1d(rushlight.tensor([[3.0]]), rushlight.tensor([[1]]), 2)
        tensor([[0., 3.]])
    """
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put maxima of :func:`max_pool2d` back where they were: see :func:`max_unpool1d`.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        indices: int64 positions in the flattened plane, of the same shape.
        kernel_size: of the pool, an int or two.
        stride: of the pool. Default: ``kernel_size``.
        padding: of the pool. Default: 0.
        output_size: the size of the pool's input, with or without ``(N, C)``.

    Returns:
        A tensor of the size of the pool's input.
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put maxima of :func:`max_pool3d` back where they were: see :func:`max_unpool1d`.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        indices: int64 positions in the flattened volume, of the same shape.
        kernel_size: of the pool, an int or three.
        stride: of the pool. Default: ``kernel_size``.
        padding: of the pool. Default: 0.
        output_size: the size of the pool's input, with or without ``(N, C)``.

    Returns:
        A tensor of the size of the pool's input.
    """
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _unpool(spatial, input, indices, kernel_size, stride, padding, output_size):
    op = f"max_unpool{spatial}d"
    kernel = spread(kernel_size, spatial, op, "kernel_size")
    step = kernel if stride is None else spread(stride, spatial, op, "stride")
    padding = spread(padding, spatial, op, "padding")
    size = _unpooled_size(op, input, kernel, step, padding, output_size)
    if indices.dtype is not rushlight.int64:
        raise RuntimeError(
            f"{op}(): elements in indices should be type int64 but got: {indices.dtype}"
        )
    if spatial == 3 and min(step) <= 0:
        raise RuntimeError(
            f"{op}(): stride should be greater than zero, but got {tuple(step)}"
        )
    if input.dim() not in (spatial + 1, spatial + 2):
        raise RuntimeError(
            f"{op}(): Input to {op} should be a {spatial + 1}d or {spatial + 2}d "
            f"Tensor, but got {input.dim()} dims"
        )
    if input.shape != indices.shape:
        raise RuntimeError(
            f"{op}(): Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: "
            f"{list(indices.shape)}"
        )
    if 0 in input.shape[1 if input.dim() == spatial + 2 else 0 :]:
        raise RuntimeError(
            f"{op}(): Expected input to have non-zero size for non-batch dimensions, "
            f"but got {list(input.shape)}"
        )
    lead, places = input.shape[:-spatial], math.prod(size)
    where = indices.flatten(-spatial)
    if where.numel():
        low, high = int(where.min()), int(where.max())
        if low < 0 or high >= places:
            raise RuntimeError(
                f"{op}(): Found an invalid max index: {low if low < 0 else high} "
                f"(output volumes are of size {tuple(size)})"
            )
    flat = rushlight.zeros((*lead, places), dtype=input.dtype, device=input.device)
    return flat.scatter(-1, where, input.flatten(-spatial)).view(*lead, *size)


def _unpooled_size(op, input, kernel, stride, padding, output_size):
    spatial = len(kernel)
    sizes = input.shape[-spatial:]
    default = [
        (n - 1) * s + k - 2 * p
        for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True)
    ]
    size = default
    if output_size is not None:
        size = list(output_size)
        if len(size) == spatial + 2:
            size = size[2:]
        if len(size) != spatial:
            raise ValueError(
                f"{op}(): output_size should be a sequence containing {spatial} or "
                f"{spatial + 2} elements, but it has a length of '{len(size)}'"
            )
        for i, (n, around, s) in enumerate(zip(size, default, stride, strict=True)):
            if not around - s < n < around + s:
                raise ValueError(
                    f'{op}(): invalid output_size "{size}" (dim {i} must be between '
                    f"{around - s} and {around + s})"
                )
    if min(size) < 0:
        raise ValueError(
            f"{op}(): output_size must contain non-negative spatial dimensions, but "
            f"got {size}"
        )
    return size
