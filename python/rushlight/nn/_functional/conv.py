"""Convolutions over one, two and three spatial dims."""

from __future__ import annotations

from rushlight import _ops
from rushlight.nn._functional._sizes import check_rank, spread
from rushlight.nn._functional.padding import pad
from rushlight.nn._functional.sliding import Windows, gather


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve signals with filters.

    Args:
        input: shape ``(N, C_in, L)`` or ``(C_in, L)``.
        weight: shape ``(C_out, C_in / groups, k)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: an int. Default: 1.
        padding: an int, ``"valid"`` (none) or ``"same"`` (the output is as long as the
            input). Default: 0.
        dilation: an int. Default: 1.
        groups: the number of groups the channels are split into. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, L_out)``, without ``N`` if ``input`` has none.

    Raises:
        RuntimeError: the shapes do not fit, or ``"same"`` with a stride.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv1d(rushlight.ones(1, 3), rushlight.ones(1, 1, 2))
        tensor([[2., 2.]])
    """
    if isinstance(padding, str):
        input, padding = _pad_by_name(
            "conv1d", input, weight, stride, padding, dilation, 1
        )
    return _ops.conv1d(input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve images with filters (a cross-correlation, as everywhere in the field).

    Args:
        input: shape ``(N, C_in, H, W)`` or ``(C_in, H, W)``.
        weight: shape ``(C_out, C_in / groups, kH, kW)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: an int or ``(sH, sW)``. Default: 1.
        padding: an int, ``(pH, pW)``, ``"valid"`` (none) or ``"same"`` (the output is
            as large as the input). Default: 0.
        dilation: an int or ``(dH, dW)``. Default: 1.
        groups: the number of groups the channels are split into. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, H_out, W_out)``, without ``N`` if ``input`` has
        none.

    Raises:
        RuntimeError: the shapes do not fit, or ``"same"`` with a stride.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv2d(rushlight.ones(1, 2, 2), rushlight.ones(1, 1, 2, 2))
        tensor([[[4.]]])
    """
    if isinstance(padding, str):
        input, padding = _pad_by_name(
            "conv2d", input, weight, stride, padding, dilation, 2
        )
    return _ops.conv2d(input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve volumes with filters.

    The planes of each window in depth become channels of a two-dimensional convolution.

    Args:
        input: shape ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``.
        weight: shape ``(C_out, C_in / groups, kD, kH, kW)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: an int or ``(sD, sH, sW)``. Default: 1.
        padding: an int, ``(pD, pH, pW)``, ``"valid"`` or ``"same"``. Default: 0.
        dilation: an int or ``(dD, dH, dW)``. Default: 1.
        groups: the number of groups the channels are split into. Default: 1.

    Returns:
        A tensor of shape ``(N, C_out, D_out, H_out, W_out)``, without ``N`` if ``input``
        has none.

    Raises:
        RuntimeError: the shapes do not fit, or ``"same"`` with a stride.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.conv3d(rushlight.ones(1, 2, 2, 2), rushlight.ones(1, 1, 2, 2, 2))
        tensor([[[[8.]]]])
    """
    op = "conv3d"
    check_rank(op, input, 3)
    stride = spread(stride, 3, op, "stride")
    dilation = spread(dilation, 3, op, "dilation")
    if isinstance(padding, str):
        input, padding = _pad_by_name(op, input, weight, stride, padding, dilation, 3)
    padding = spread(padding, 3, op, "padding")
    _check_volume(op, input, weight, bias, stride, padding, dilation, groups)
    batched = input.dim() == 5
    x = input if batched else input.unsqueeze(0)
    n, channels, depth = x.shape[:3]
    out_channels, of_group, k = weight.shape[:3]
    planes = (depth + 2 * padding[0] - dilation[0] * (k - 1) - 1) // stride[0] + 1
    windows = Windows(
        shape=tuple(x.shape),
        dims=(2,),
        count=(planes,),
        kernel=(k,),
        stride=(stride[0],),
        padding=(padding[0],),
        dilation=(dilation[0],),
        order=(0, 2, 1, 5, 3, 4),
    )
    stacked = gather(x, windows).view(n * planes, channels * k, *x.shape[3:])
    filters = weight.reshape(out_channels, of_group * k, *weight.shape[3:])
    y = _ops.conv2d(
        stacked, filters, bias, stride[1:], padding[1:], dilation[1:], groups
    )
    size = y.shape[2:]
    y = y.view(n, planes, out_channels, *size).transpose(1, 2).contiguous()
    # A view, for strides of dims of one element are the transposed ones until now.
    shape = (n, out_channels, planes, *size)
    return y.view(shape if batched else shape[1:])


def conv_tbc(input, weight, bias, pad=0):
    """Convolve sequences laid out as (time, batch, channels).

    Args:
        input: shape ``(T, N, C_in)``.
        weight: shape ``(k, C_in, C_out)``.
        bias: shape ``(C_out,)``.
        pad: zeros put on both ends. Default: 0.

    Returns:
        A tensor of shape ``(T + 2 pad - k + 1, N, C_out)``.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> import rushlight
        >>> x, w = rushlight.ones(3, 1, 1), rushlight.ones(2, 1, 1)
        >>> rushlight.conv_tbc(x, w, rushlight.zeros(1)).flatten()
        tensor([2., 2.])
    """
    for name, x, dims in (
        ("input", input, "time, batch, in channels"),
        ("weight", weight, "kernel width, input channels, output channels"),
    ):
        if x.dim() != 3:
            raise RuntimeError(
                f"conv_tbc(): {name} must have 3 dims: {dims}, got {list(x.shape)}"
            )
    if bias.dim() != 1:
        raise RuntimeError(f"conv_tbc(): bias must be 1-D, got {list(bias.shape)}")
    if input.shape[2] != weight.shape[1] or bias.shape[0] != weight.shape[2]:
        raise RuntimeError(
            f"conv_tbc(): channels of input {list(input.shape)}, weight "
            f"{list(weight.shape)} and bias {list(bias.shape)} differ"
        )
    y = _ops.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, 1, pad)
    return y.permute(2, 0, 1).contiguous()


def convolution(
    input,
    weight,
    bias,
    stride,
    padding,
    dilation,
    transposed,
    output_padding,
    groups,
):
    """Convolve over one, two or three spatial dims, forward or transposed.

    Args:
        input: shape ``(N, C_in, ...)`` with as many spatial dims as ``weight``.
        weight: shape ``(C_out, C_in / groups, ...)``; transposed
            ``(C_in, C_out / groups, ...)``.
        bias: shape ``(C_out,)``, or ``None``.
        stride: a sequence of ints, one for each spatial dim.
        padding: the same.
        dilation: the same.
        transposed: whether to compute :func:`conv_transpose2d` and its relatives.
        output_padding: the same as ``padding``; only for a transposed convolution.
        groups: the number of groups the channels are split into.

    Returns:
        What the convolution of that many dims gives.

    Raises:
        RuntimeError: the shapes do not fit.
    """
    spatial = weight.dim() - 2
    if spatial not in (1, 2, 3) or input.dim() != weight.dim():
        raise RuntimeError(
            "convolution(): expected input and weight of the same 3, 4 or 5 dimensions, "
            f"got input of size {list(input.shape)} and weight of size "
            f"{list(weight.shape)}"
        )
    if not transposed:
        call = (conv1d, conv2d, conv3d)[spatial - 1]
        return call(input, weight, bias, stride, padding, dilation, groups)
    from rushlight.nn._functional.conv_transpose import transpose_nd

    return transpose_nd(
        "convolution",
        spatial,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def _pad_by_name(op, input, weight, stride, padding, dilation, spatial):
    if padding == "valid":
        return input, [0] * spatial
    if padding != "same":
        raise RuntimeError(
            f"{op}(): Invalid padding string: expected 'valid' or 'same', got "
            f"'{padding}'"
        )
    if weight.dim() != spatial + 2:
        raise RuntimeError(
            f"{op}(): expected a {spatial + 2}-dimensional weight, got "
            f"{list(weight.shape)}"
        )
    stride = spread(stride, spatial, op, "stride")
    dilation = spread(dilation, spatial, op, "dilation")
    if any(step != 1 for step in stride):
        raise RuntimeError(
            f"{op}(): padding='same' is not supported for strided convolutions, got "
            f"stride={tuple(stride)}"
        )
    totals = [
        d * (k - 1) for d, k in zip(dilation, weight.shape[-spatial:], strict=True)
    ]
    if any(total % 2 for total in totals):
        # An odd total puts the extra row or column after the image.
        widths = []
        for total in reversed(totals):
            widths += [0, total % 2]
        input = pad(input, widths)
    return input, [total // 2 for total in totals]


def check_common(op, input, weight, bias, stride, padding, dilation, groups, spatial):
    """Raises what convolutions of any kind have in common."""
    if weight.dim() != spatial + 2:
        raise RuntimeError(
            f"{op}(): expected a {spatial + 2}-dimensional weight, got "
            f"{list(weight.shape)}"
        )
    for name, values, least in (
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        if min(values) < least:
            kind = "negative" if least == 0 else "non-positive"
            raise RuntimeError(
                f"{op}(): {kind} {name} is not supported, got {name}={tuple(values)}"
            )
    if groups < 1:
        raise RuntimeError(
            f"{op}(): non-positive groups is not supported, got groups={groups}"
        )
    if 0 in weight.shape[2:]:
        raise RuntimeError(
            f"{op}(): kernel size should be greater than zero, but got weight of size "
            f"{list(weight.shape)}"
        )
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.dtype is not input.dtype:
            raise RuntimeError(
                f"{op}(): Input type ({input.dtype}) and {name} type ({other.dtype}) "
                "should be the same"
            )


def _check_volume(op, input, weight, bias, stride, padding, dilation, groups):
    check_common(op, input, weight, bias, stride, padding, dilation, groups, 3)
    out_channels, of_group = weight.shape[:2]
    if out_channels < groups or out_channels % groups:
        raise RuntimeError(
            f"{op}(): Given groups={groups}, expected weight to be divisible by {groups} "
            f"at dimension 0, but got weight of size {list(weight.shape)} instead"
        )
    if input.shape[-4] != of_group * groups:
        raise RuntimeError(
            f"{op}(): Given groups={groups}, weight of size {list(weight.shape)}, "
            f"expected input{list(input.shape)} to have {of_group * groups} channels, "
            f"but got {input.shape[-4]} channels instead"
        )
    if bias is not None and (bias.dim() != 1 or bias.shape[0] != out_channels):
        raise RuntimeError(
            f"{op}(): Given weight of size {list(weight.shape)}, expected bias to be "
            f"1-dimensional with {out_channels} elements, but got bias of size "
            f"{list(bias.shape)} instead"
        )
    padded = [n + 2 * p for n, p in zip(input.shape[-3:], padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    if any(n < r for n, r in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"{op}(): Calculated padded input size per channel: {tuple(padded)}. Kernel "
            f"size: {tuple(reach)}. Kernel size can't be greater than actual input size"
        )
    if 0 in input.shape[-3:]:
        raise RuntimeError(
            f"{op}(): expected an input with non-empty spatial dims, got "
            f"{list(input.shape)}"
        )
