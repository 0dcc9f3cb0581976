"""Transposed convolutions: the gradient of a convolution by its input, as an op."""

from __future__ import annotations

from rushlight import _ops
from rushlight.nn._functional._sizes import check_rank, spread
from rushlight.nn._functional.conv import check_common
from rushlight.nn._functional.padding import pad
from rushlight.nn._functional.sliding import Windows, scatter


def conv_transpose1d(
    input,
    weight,
    bias=None,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
):
    """Spread each element of signals over the output by a filter.

    Args:
        input: shape ``(N, C_in, L)`` or ``(C_in, L)``.
        weight: shape ``(C_in, C_out / groups, k)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: the distance in the output of neighbours in the input. Default: 1.
        padding: what is cut off both ends of the output. Default: 0.
        output_padding: what is added to one end again, less than the stride or the
            dilation. Default: 0.
        groups: the number of groups the channels are split into. Default: 1.
        dilation: the distance between a filter's elements. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, L_out)`` with
        ``L_out = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1``,
        without ``N`` if ``input`` has none.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv_transpose1d(rushlight.ones(1, 2), rushlight.ones(1, 1, 2))
        tensor([[1., 2., 1.]])
    """
    return transpose_nd(
        "conv_transpose1d",
        1,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d(
    input,
    weight,
    bias=None,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
):
    """Spread each pixel of images over the output by a filter.

    Args:
        input: shape ``(N, C_in, H, W)`` or ``(C_in, H, W)``.
        weight: shape ``(C_in, C_out / groups, kH, kW)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: an int or ``(sH, sW)``. Default: 1.
        padding: what is cut off both sides of the output. Default: 0.
        output_padding: what is added to one side again, less than the stride or the
            dilation. Default: 0.
        groups: the number of groups the channels are split into. Default: 1.
        dilation: an int or ``(dH, dW)``. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, H_out, W_out)`` with
        ``H_out = (H - 1) sH - 2 pH + dH (kH - 1) + output_padding + 1``, without ``N`` if
        ``input`` has none.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv_transpose2d(rushlight.ones(1, 1, 2), rushlight.ones(1, 1, 1, 2))
        tensor([[[1., 2., 1.]]])
    """
    return transpose_nd(
        "conv_transpose2d",
        2,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose3d(
    input,
    weight,
    bias=None,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
):
    """Spread each voxel of volumes over the output by a filter.

    Args:
        input: shape ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``.
        weight: shape ``(C_in, C_out / groups, kD, kH, kW)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: an int or three. Default: 1.
        padding: what is cut off both sides of the output. Default: 0.
        output_padding: what is added to one side again, less than the stride or the
            dilation. Default: 0.
        groups: the number of groups the channels are split into. Default: 1.
        dilation: an int or three. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, D_out, H_out, W_out)``, sizes as in
        :func:`conv_transpose2d`, without ``N`` if ``input`` has none.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv_transpose3d(
        ...     rushlight.ones(1, 1, 1, 2), rushlight.ones(1, 1, 1, 1, 2))
        tensor([[[[1., 2., 1.]]]])
    """
    return transpose_nd(
        "conv_transpose3d",
        3,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def transpose_nd(
    op,
    spatial,
    input,
    weight,
    bias,
    stride,
    padding,
    output_padding,
    groups,
    dilation,
):
    """A transposed convolution over ``spatial`` dims."""
    check_rank(op, input, spatial)
    stride = spread(stride, spatial, op, "stride")
    padding = spread(padding, spatial, op, "padding")
    extra = spread(output_padding, spatial, op, "output_padding")
    dilation = spread(dilation, spatial, op, "dilation")
    check_common(op, input, weight, bias, stride, padding, dilation, groups, spatial)
    size = _output_size(op, input, weight, bias, stride, padding, extra, groups, dilation)
    batched = input.dim() == spatial + 2
    x = input if batched else input.unsqueeze(0)
    y = _OF_DIMS[spatial](x, weight, size, stride, padding, dilation, groups)
    if bias is not None:
        y = y + bias.view(-1, *[1] * spatial)
    return y if batched else y.squeeze(0)


def _images(x, weight, size, stride, padding, dilation, groups):
    # Where the output reaches beyond the last window, as with an output_padding that is
    # not below the stride, the input goes on with zeros.
    widths = []
    for i in (1, 0):
        span = dilation[i] * (weight.shape[2 + i] - 1) + 1
        windows = (size[i] + 2 * padding[i] - span) // stride[i] + 1
        widths += [0, windows - x.shape[2 + i]]
    if any(widths):
        x = pad(x, widths)
    shape = (x.shape[0], weight.shape[1] * groups, *size)
    return _ops.conv2d_backward_input(
        x, weight, shape, stride, padding, dilation, groups
    )


def _signals(x, weight, size, stride, padding, dilation, groups):
    return _images(
        x.unsqueeze(-2),
        weight.unsqueeze(-2),
        [1, *size],
        [1, *stride],
        [0, *padding],
        [1, *dilation],
        groups,
    ).squeeze(-2)


def _volumes(x, weight, size, stride, padding, dilation, groups):
    n, channels, depth = x.shape[:3]
    of_group, k = weight.shape[1:3]
    planes = x.transpose(1, 2).reshape(n * depth, channels, *x.shape[3:])
    filters = weight.reshape(channels, of_group * k, *weight.shape[3:])
    y = _images(
        planes, filters, size[1:], stride[1:], padding[1:], dilation[1:], groups
    )
    windows = Windows(
        shape=(n, of_group * groups, *size),
        dims=(2,),
        count=(depth,),
        kernel=(k,),
        stride=(stride[0],),
        padding=(padding[0],),
        dilation=(dilation[0],),
        order=(0, 2, 1, 5, 3, 4),
    )
    return scatter(y.view(n, depth, of_group * groups, k, *size[1:]), windows)


_OF_DIMS = {1: _signals, 2: _images, 3: _volumes}


def _output_size(op, input, weight, bias, stride, padding, extra, groups, dilation):
    spatial = len(stride)
    channels, of_group = weight.shape[:2]
    if min(extra) < 0:
        raise RuntimeError(
            f"{op}(): negative output_padding is not supported, got {tuple(extra)}"
        )
    if channels % groups:
        raise RuntimeError(
            f"{op}(): Given groups={groups}, expected weight to be divisible by {groups} "
            f"at dimension 0, but got weight of size {list(weight.shape)} instead"
        )
    if input.shape[-spatial - 1] != channels:
        raise RuntimeError(
            f"{op}(): Given transposed=1, weight of size {list(weight.shape)}, expected "
            f"input{list(input.shape)} to have {channels} channels, but got "
            f"{input.shape[-spatial - 1]} channels instead"
        )
    out_channels = of_group * groups
    if bias is not None and (bias.dim() != 1 or bias.shape[0] != out_channels):
        raise RuntimeError(
            f"{op}(): Given transposed=1, weight of size {list(weight.shape)}, expected "
            f"bias to be 1-dimensional with {out_channels} elements, but got bias of "
            f"size {list(bias.shape)} instead"
        )
    for more, step, d in zip(extra, stride, dilation, strict=True):
        if more >= step and more >= d:
            raise RuntimeError(
                f"{op}(): output padding must be smaller than either stride or "
                f"dilation, but got output_padding={tuple(extra)}, "
                f"stride={tuple(stride)}, dilation={tuple(dilation)}"
            )
    sizes = input.shape[-spatial:]
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + more + 1
        for n, k, s, p, d, more in zip(
            sizes, weight.shape[2:], stride, padding, dilation, extra, strict=True
        )
    ]
    if 0 in sizes or min(size) < 1:
        raise RuntimeError(
            f"{op}(): Given input size per channel: {tuple(sizes)}. Calculated output "
            f"size per channel: {tuple(size)}. Output size is too small"
        )
    return size
