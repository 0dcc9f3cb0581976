"""Affine layers."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules.lazy import LazyModuleMixin
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter, UninitializedParameter

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear"]

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


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` that takes ``in_features`` from its first input.

    Args:
        out_features: size of each output sample.
        bias: learn an offset. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyLinear(30)
        >>> _ = layer(rushlight.zeros(8, 20))
        >>> layer
        Linear(in_features=20, out_features=30, bias=True)
    """

    cls_to_become = Linear
    weight: UninitializedParameter
    bias: UninitializedParameter

    def __init__(self, out_features, bias=True, device=None, dtype=None) -> None:
        # Without a bias: there is nothing to draw yet.
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again, once their shapes are known."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input) -> None:
        """Give weight and bias their shapes and values, by the shape of ``input``."""
        features = input.shape[-1]
        if self.has_uninitialized_params():
            self.in_features = features
            self.weight.materialize((self.out_features, features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        if self.in_features == 0:
            # The weight has been loaded.
            if features != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {features} is not equal to "
                    f"in_features from self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = features


class NonDynamicallyQuantizableLinear(Linear):
    """:class:`Linear` under the name that attention's output projection has.

    PyTorch's tools for quantisation tell it from other layers by its class.
    """


class Bilinear(Module):
    """Compute ``x1 @ weight[k] @ x2 + bias[k]`` for every output k.

    Weight and bias start uniform on ``±1/sqrt(in1_features)``.

    Args:
        in1_features: size of each sample of the first input.
        in2_features: size of each sample of the second input.
        out_features: size of each output sample.
        bias: learn an offset. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Inputs ``(*, in1_features)`` and ``(*, in2_features)``, output
        ``(*, out_features)``.

    Raises:
        ValueError: ``in1_features`` is not positive.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Bilinear(2, 3, 4)
        >>> tuple(layer(rushlight.zeros(5, 2), rushlight.zeros(5, 3)).shape)
        (5, 4)
    """

    def __init__(
        self,
        in1_features,
        in2_features,
        out_features,
        bias=True,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(rushlight.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_features, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again."""
        if self.in1_features <= 0:
            raise ValueError(
                f"in1_features must be > 0, but got (in1_features={self.in1_features})"
            )
        bound = 1 / math.sqrt(self.weight.shape[1])
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1, input2):
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
