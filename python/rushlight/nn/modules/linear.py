"""Affine layers."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn import init
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = ["Identity", "Linear"]

_linear = rushlight._ops.linear


class Identity(Module):
    """Return the input; any arguments are accepted and ignored.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Identity(54)(rushlight.ones(1))
        tensor([1.])
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__()

    def forward(self, input):
        return input


class Linear(Module):
    """Compute ``x @ weight.T + bias``.

    Weight and bias start uniform on ``±1/sqrt(in_features)``.

    Args:
        in_features: size of each input sample.
        out_features: size of each output sample.
        bias: learn an offset. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(*, in_features)``, output ``(*, out_features)``.

    Example:
        >>> import rushlight
        >>> tuple(rushlight.nn.Linear(20, 30)(rushlight.zeros(8, 20)).shape)
        (8, 30)
    """

    def __init__(
        self, in_features, out_features, bias=True, device=None, dtype=None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(
            rushlight.empty((out_features, in_features), device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_features, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again."""
        # With a = sqrt(5), He's rule is the uniform range +-1/sqrt(in_features).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        params = self._parameters
        try:
            weight, bias = params["weight"], params["bias"]
        except KeyError:
            # Computed from other tensors, as weight normalisation does.
            weight, bias = self.weight, self.bias
        return _linear(input, weight, bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
