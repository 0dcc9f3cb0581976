"""Sliding windows as tensors, and their adjoint, from which convolutions in three dims
and ``unfold`` and ``fold`` are made."""

from __future__ import annotations

import dataclasses
import itertools

import rushlight
from rushlight.autograd import Function
from rushlight.nn._functional._sizes import spread


@dataclasses.dataclass(frozen=True)
class Windows:
    """Windows of ``kernel`` elements over some dims of a tensor.

    ``count`` windows a dim; elements outside of the tensor are zeros. The windows as a
    tensor have the dims of the tensor, with ``count`` in the place of sizes, and behind
    them one for each dim of the kernel, permuted by ``order``.
    """

    shape: tuple
    dims: tuple
    count: tuple
    kernel: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    order: tuple

    def taps(self):
        """Yields (place in a window, where in the windows, where in the tensor)."""
        ranges = [self._ranges(i) for i in range(len(self.dims))]
        for parts in itertools.product(*ranges):
            windows = [slice(None)] * len(self.shape)
            whole = list(windows)
            for dim, (_, outer, inner) in zip(self.dims, parts, strict=True):
                windows[dim], whole[dim] = outer, inner
            place = tuple(k for k, _, _ in parts)
            yield (*windows, *place), tuple(whole)

    def _ranges(self, i):
        """(k, windows, elements): where place k of a window lies in the tensor."""
        size, step = self.shape[self.dims[i]], self.stride[i]
        found = []
        for k in range(self.kernel[i]):
            first = k * self.dilation[i] - self.padding[i]
            low = max(0, -(first // step))
            high = min(self.count[i], (size - 1 - first) // step + 1)
            if low < high:
                start = first + low * step
                stop = first + (high - 1) * step + 1
                found.append((k, slice(low, high), slice(start, stop, step)))
        return found

    def sizes(self):
        """The sizes of the windows before they are permuted."""
        sizes = list(self.shape)
        for dim, n in zip(self.dims, self.count, strict=True):
            sizes[dim] = n
        return [*sizes, *self.kernel]

    def inverse(self):
        back = [0] * len(self.order)
        for i, dim in enumerate(self.order):
            back[dim] = i
        return back


class _Gather(Function):
    @staticmethod
    def forward(ctx, x, windows):
        ctx.windows = windows
        sizes = windows.sizes()
        result = rushlight.zeros(
            [sizes[dim] for dim in windows.order], dtype=x.dtype, device=x.device
        )
        places = result.permute(windows.inverse())
        for outer, inner in windows.taps():
            places[outer].copy_(x[inner])
        return result

    @staticmethod
    def backward(ctx, g):
        return _Scatter.apply(g, ctx.windows), None


class _Scatter(Function):
    @staticmethod
    def forward(ctx, x, windows):
        ctx.windows = windows
        result = rushlight.zeros(windows.shape, dtype=x.dtype, device=x.device)
        places = x.permute(windows.inverse())
        for outer, inner in windows.taps():
            result[inner].add_(places[outer])
        return result

    @staticmethod
    def backward(ctx, g):
        return _Gather.apply(g, ctx.windows), None


def gather(x, windows):
    """Copies the windows of ``x``, of shape ``windows.shape``. Differentiable."""
    return _Gather.apply(x, windows)


def scatter(x, windows):
    """Adds windows up where they came from: the adjoint of :func:`gather`."""
    return _Scatter.apply(x, windows)


def _image_windows(op, size, shape, kernel, dilation, padding, stride):
    for name, values in (
        ("kernel_size", kernel),
        ("dilation", dilation),
        ("stride", stride),
    ):
        if min(values) <= 0:
            raise RuntimeError(
                f"{op}(): {name} should be greater than zero, but got {tuple(values)}"
            )
    if min(padding) < 0:
        raise RuntimeError(
            f"{op}(): padding should be non-negative, but got {tuple(padding)}"
        )
    count = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    if min(count) < 1:
        raise RuntimeError(
            f"{op}(): Given spatial size {tuple(size)}, kernel_size={tuple(kernel)}, "
            f"dilation={tuple(dilation)}, padding={tuple(padding)}, "
            f"stride={tuple(stride)}, the array of sliding blocks has shape {count}, "
            "but its components must be at least one"
        )
    return Windows(
        shape=(*shape, *size),
        dims=(2, 3),
        count=count,
        kernel=tuple(kernel),
        stride=tuple(stride),
        padding=tuple(padding),
        dilation=tuple(dilation),
        order=(0, 1, 4, 5, 2, 3),
    )


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Copy the sliding blocks of images into columns.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the size of a block, an int or ``(kH, kW)``.
        dilation: the distance between a block's elements. Default: 1.
        padding: zeros put on both sides. Default: 0.
        stride: the distance between blocks. Default: 1.

    Returns:
        A tensor of shape ``(N, C * kH * kW, L)`` for L blocks, without ``N`` if ``input``
        has none.

    Raises:
        RuntimeError: the shape has no such blocks.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.unfold(rushlight.arange(4.0).view(1, 1, 2, 2), (1, 2))
        tensor([[[0., 2.],
                 [1., 3.]]])
    """
    kernel = spread(kernel_size, 2, "unfold", "kernel_size")
    dilation = spread(dilation, 2, "unfold", "dilation")
    padding = spread(padding, 2, "unfold", "padding")
    stride = spread(stride, 2, "unfold", "stride")
    batched = input.dim() == 4
    if input.dim() not in (3, 4) or 0 in input.shape[1 if batched else 0 :]:
        raise RuntimeError(
            "unfold(): Expected 3D or 4D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {list(input.shape)}"
        )
    x = input if batched else input.unsqueeze(0)
    windows = _image_windows(
        "unfold", x.shape[2:], x.shape[:2], kernel, dilation, padding, stride
    )
    columns = gather(x, windows)
    n, c = x.shape[:2]
    columns = columns.view(
        n, c * kernel[0] * kernel[1], windows.count[0] * windows.count[1]
    )
    return columns if batched else columns.squeeze(0)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add up columns of sliding blocks into images: the adjoint of :func:`unfold`.

    Args:
        input: shape ``(N, C * kH * kW, L)`` or ``(C * kH * kW, L)``.
        output_size: an int or ``(H, W)``, the size of the images.
        kernel_size: the size of a block, an int or ``(kH, kW)``.
        dilation: the distance between a block's elements. Default: 1.
        padding: what :func:`unfold` put on both sides. Default: 0.
        stride: the distance between blocks. Default: 1.

    Returns:
        A tensor of shape ``(N, C, H, W)``, without ``N`` if ``input`` has none.

    Raises:
        RuntimeError: the sizes do not fit each other.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.fold(rushlight.ones(1, 2, 2), (1, 3), (1, 2))
        tensor([[[[1., 2., 1.]]]])
    """
    size = spread(output_size, 2, "fold", "output_size")
    kernel = spread(kernel_size, 2, "fold", "kernel_size")
    dilation = spread(dilation, 2, "fold", "dilation")
    padding = spread(padding, 2, "fold", "padding")
    stride = spread(stride, 2, "fold", "stride")
    batched = input.dim() == 3
    if input.dim() not in (2, 3) or 0 in input.shape[1 if batched else 0 :]:
        raise RuntimeError(
            "fold(): Expected 2D or 3D (batch mode) tensor for input with possibly 0 "
            f"batch size and non-zero dimensions for input, but got: {list(input.shape)}"
        )
    if min(size) < 1:
        raise RuntimeError(
            f"fold(): expected output spatial size to be positive, but got {size}"
        )
    x = input if batched else input.unsqueeze(0)
    n, rows, columns = x.shape
    block = kernel[0] * kernel[1]
    if block > 0 and rows % block:
        raise RuntimeError(
            "fold(): Expected size of input's dimension 1 to be divisible by the product "
            f"of kernel_size, but got input.size(1)={rows} and kernel_size={kernel}"
        )
    windows = _image_windows(
        "fold", size, (n, rows // max(block, 1)), kernel, dilation, padding, stride
    )
    expected = windows.count[0] * windows.count[1]
    if columns != expected:
        raise RuntimeError(
            f"fold(): Given output_size={size}, kernel_size={kernel}, "
            f"dilation={dilation}, padding={padding}, stride={stride}, expected size of "
            f"input's dimension 2 to match the calculated number of sliding blocks "
            f"{windows.count[0]} * {windows.count[1]} = {expected}, but got {columns}"
        )
    blocks = x.reshape(n, rows // block, *kernel, *windows.count)
    images = scatter(blocks, windows)
    return images if batched else images.squeeze(0)
