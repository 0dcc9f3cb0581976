"""Convolutions."""

from __future__ import annotations

import rushlight
from rushlight.nn._functional._sizes import spread
from rushlight.nn._functional.padding import pad


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
    stride = spread(stride, 2, "conv2d", "stride")
    dilation = spread(dilation, 2, "conv2d", "dilation")
    if isinstance(padding, str):
        input, padding = _pad_by_name(input, weight, stride, padding, dilation)
    else:
        padding = spread(padding, 2, "conv2d", "padding")
    return rushlight._ops.conv2d(input, weight, bias, stride, padding, dilation, groups)


def _pad_by_name(input, weight, stride, padding, dilation):
    if padding == "valid":
        return input, [0, 0]
    if padding != "same":
        raise RuntimeError(
            "conv2d(): Invalid padding string: expected 'valid' or 'same', got "
            f"'{padding}'"
        )
    if any(step != 1 for step in stride):
        raise RuntimeError(
            "conv2d(): padding='same' is not supported for strided convolutions, got "
            f"stride={tuple(stride)}"
        )
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[-2:], strict=True)]
    if any(total % 2 for total in totals):
        # An odd total puts the extra row or column after the image.
        input = pad(input, [0, totals[1] % 2, 0, totals[0] % 2])
    return input, [total // 2 for total in totals]
