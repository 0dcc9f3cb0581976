"""Normalisation over a layer, groups of channels, or neighbouring channels."""

from __future__ import annotations

import numbers

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class _AcrossChannels(Module):
    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class LocalResponseNorm(_AcrossChannels):
    """Divide by ``(k + alpha * mean of squares) ** beta`` over neighbouring channels.

    Krizhevsky et al. 2012, section 3.3, with the mean in place of the sum.

    Args:
        size: the number of channels of a neighbourhood.
        alpha: a factor. Default: 1e-4.
        beta: an exponent. Default: 0.75.
        k: a summand. Default: 1.

    Shape:
        Input ``(N, C, *)``, output the same.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LocalResponseNorm(1, alpha=1.0, beta=0.5)
        >>> layer(rushlight.tensor([[[0.0, 1.0]]]))
        tensor([[[0.0000, 0.7071]]])
    """

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)


class CrossMapLRN2d(_AcrossChannels):
    """:class:`LocalResponseNorm` of images, as Torch 7 has it.

    It differs in that the windows of all channels reach back to the first channel once
    more: that one is added to every sum. The gradient is that of this formula, which
    PyTorch's is not.

    Args:
        size: the number of channels of a neighbourhood, an odd number.
        alpha: a factor. Default: 1e-4.
        beta: an exponent. Default: 0.75.
        k: a summand. Default: 1.

    Shape:
        Input ``(N, C, H, W)``, output the same.

    Raises:
        ValueError: the input is not 4-d.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.CrossMapLRN2d(1, alpha=1.0, beta=1.0)
        >>> layer(rushlight.ones(1, 3, 1, 1)).flatten()
        tensor([0.5000, 0.3333, 0.3333])
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1) -> None:
        super().__init__(size, alpha, beta, k)

    def forward(self, input):
        if input.dim() != 4:
            raise ValueError(
                f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead."
            )
        reach = int((self.size - 1) / 2 + 1)
        column = rushlight.arange(input.size(1), device=input.device)
        row = column.unsqueeze(1)
        taken = (column < row + reach) & ((column > row - reach) | (column == 0))
        squares = (input * input).flatten(2)
        sums = rushlight.matmul(taken.to(input.dtype), squares).reshape(input.shape)
        return input * (sums * (self.alpha / self.size) + self.k) ** -self.beta


def _sizes(normalized_shape):
    if isinstance(normalized_shape, numbers.Integral):
        return (normalized_shape,)
    return tuple(normalized_shape)


class _AffineNorm(Module):
    """A norm with a weight of ones and, if wanted, a bias of zeros."""

    def _add_parameters(self, shape, affine, bias, device, dtype):
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            param = None
            if wanted:
                param = Parameter(rushlight.empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, param)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0 again."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(_AffineNorm):
    """Move the last dims of every sample to mean 0 and variance 1 (Ba et al. 2016).

    Args:
        normalized_shape: the sizes of the last dims, or the size of the last one.
        eps: added to the variance. Default: 1e-5.
        elementwise_affine: learn factors, and summands, of that shape.
            Default: ``True``.
        bias: learn the summands. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(*, *normalized_shape)``, output the same.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LayerNorm(2)(rushlight.tensor([1.0, 3.0])).detach()
        tensor([-1.0000,  1.0000])
    """

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._add_parameters(
            self.normalized_shape, elementwise_affine, bias, device, dtype
        )

    def forward(self, input):
        return F.layer_norm(
            input, self.normalized_shape, self.weight, self.bias, self.eps
        )

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine="
            f"{self.elementwise_affine}, bias={self.bias is not None}"
        )


class GroupNorm(_AffineNorm):
    """Move groups of channels of every sample to mean 0 and variance 1.

    Wu and He 2018. With one group it is a norm over the layer, with ``num_channels``
    groups one over every channel.

    Args:
        num_groups: a divisor of ``num_channels``.
        num_channels: the number of channels, ``C``.
        eps: added to the variance. Default: 1e-5.
        affine: learn a factor for each channel, and a summand. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.
        bias: learn the summand. Default: ``True``.

    Shape:
        Input ``(N, C, *)``, output the same.

    Raises:
        ValueError: ``num_channels`` is no multiple of ``num_groups``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.GroupNorm(1, 2)(rushlight.tensor([[1.0, 3.0]])).detach()
        tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self,
        num_groups,
        num_channels,
        eps=1e-5,
        affine=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups "
                f"({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._add_parameters((num_channels,), affine, bias, device, dtype)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, "
            f"affine={self.affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide the last dims of every sample by their root mean square.

    Zhang and Sennrich 2019.

    Args:
        normalized_shape: the sizes of the last dims, or the size of the last one.
        eps: added to the mean square. Default: the distance from 1 to the next number
            of the dtype.
        elementwise_affine: learn factors of that shape. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(*, *normalized_shape)``, output the same.

    Example:
        >>> import rushlight
        >>> rushlight.nn.RMSNorm(2)(rushlight.tensor([1.0, 7.0])).detach()
        tensor([0.2000, 1.4000])
    """

    def __init__(
        self,
        normalized_shape,
        eps=None,
        elementwise_affine=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = None
        if elementwise_affine:
            weight = Parameter(
                rushlight.empty(self.normalized_shape, device=device, dtype=dtype)
            )
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1 again."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x):
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )
