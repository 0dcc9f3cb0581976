"""Activation layers."""

from __future__ import annotations

import warnings

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init as _init
from rushlight.nn.modules.attention import MultiheadAttention
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "MultiheadAttention",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


def _with_inplace(text, inplace) -> str:
    return f"{text}, inplace=True" if inplace else text


class _Switched(Module):
    """A layer whose one argument is ``inplace``."""

    def __init__(self, inplace=False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class _Shrink(Module):
    def __init__(self, lambd=0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class _ExponentialUnit(Module):
    def __init__(self, alpha=1.0, inplace=False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def extra_repr(self) -> str:
        return _with_inplace(f"alpha={self.alpha}", self.inplace)


class ReLU(_Switched):
    """Compute ``max(x, 0)``.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.ReLU()(rushlight.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input):
        return input.relu_() if self.inplace else rushlight._ops.relu(input)


class RReLU(Module):
    """Leaky ReLU whose slope is drawn for every element while training.

    The slope is uniform on ``[lower, upper]``, and in evaluation its mean
    (Xu et al. 2015).

    Args:
        lower: the smallest slope. Default: 1/8.
        upper: the largest slope. Default: 1/3.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.RReLU(0.1, 0.3).eval()(rushlight.tensor([-10.0, 2.0]))
        tensor([-2.,  2.])
    """

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return _with_inplace(f"lower={self.lower}, upper={self.upper}", self.inplace)


class Hardtanh(Module):
    """Limit the elements to ``[min_val, max_val]``.

    Args:
        min_val: the lower limit. Default: -1.
        max_val: the upper limit. Default: 1.
        inplace: write into the input. Default: ``False``.
        min_value: the old name of ``min_val``, deprecated.
        max_value: the old name of ``max_val``, deprecated.

    Raises:
        AssertionError: ``max_val`` is not above ``min_val``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Hardtanh()(rushlight.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """

    def __init__(
        self,
        min_val=-1.0,
        max_val=1.0,
        inplace=False,
        min_value=None,
        max_value=None,
    ) -> None:
        super().__init__()
        for old, value in (("min_val", min_value), ("max_val", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{old}ue` is deprecated and renamed to `{old}`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(
                f"max_val ({self.max_val}) must be greater than min_val "
                f"({self.min_val})"
            )

    def forward(self, input):
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        limits = f"min_val={self.min_val}, max_val={self.max_val}"
        return _with_inplace(limits, self.inplace)


class ReLU6(Hardtanh):
    """Compute ``min(max(x, 0), 6)``.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.ReLU6()(rushlight.tensor([-1.0, 8.0]))
        tensor([0., 6.])
    """

    def __init__(self, inplace=False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """Compute ``1 / (1 + exp(-x))``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Sigmoid()(rushlight.zeros(1))
        tensor([0.5000])
    """

    def forward(self, input):
        return input.sigmoid()


class Hardsigmoid(Module):
    """Compute ``relu6(x + 3) / 6``, a sigmoid of straight lines.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Hardsigmoid()(rushlight.tensor([-4.0, 0.0]))
        tensor([0.0000, 0.5000])
    """

    def __init__(self, inplace=False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return F.hardsigmoid(input, self.inplace)


class Tanh(Module):
    """Compute the hyperbolic tangent.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Tanh()(rushlight.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return input.tanh()


class SiLU(_Switched):
    """Compute ``x * sigmoid(x)`` (Elfwing et al. 2017), also called swish.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.SiLU()(rushlight.tensor([0.0, 2.0]))
        tensor([0.0000, 1.7616])
    """

    def forward(self, input):
        return F.silu(input, self.inplace)


class Mish(_Switched):
    """Compute ``x * tanh(softplus(x))`` (Misra 2019).

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Mish()(rushlight.tensor([0.0, 2.0]))
        tensor([0.0000, 1.9440])
    """

    def forward(self, input):
        return F.mish(input, self.inplace)


class Hardswish(Module):
    """Compute ``x * relu6(x + 3) / 6`` (Howard et al. 2019).

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Hardswish()(rushlight.tensor([1.5, 3.0]))
        tensor([1.1250, 3.0000])
    """

    def __init__(self, inplace=False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return F.hardswish(input, self.inplace)


class ELU(_ExponentialUnit):
    """Keep positive elements, and map the others to ``alpha * (exp(x) - 1)``.

    Clevert et al. 2015.

    Args:
        alpha: minus the limit at -inf. Default: 1.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.ELU()(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def forward(self, input):
        return F.elu(input, self.alpha, self.inplace)


class CELU(_ExponentialUnit):
    """Keep positive elements, and map the others to ``alpha * (exp(x/alpha) - 1)``.

    Barron 2017.

    Args:
        alpha: minus the limit at -inf. Default: 1.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.CELU(2.0)(rushlight.tensor([-2.0, 2.0]))
        tensor([-1.2642,  2.0000])
    """

    def forward(self, input):
        return F.celu(input, self.alpha, self.inplace)


class SELU(_Switched):
    """A scaled ELU that pulls mean and variance towards 0 and 1.

    Klambauer et al. 2017.

    Args:
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.SELU()(rushlight.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    def forward(self, input):
        return F.selu(input, self.inplace)


class GLU(Module):
    """Multiply the first half along a dim by the sigmoid of the second.

    Dauphin et al. 2016.

    Args:
        dim: the dim that is halved. Default: -1.

    Shape:
        Input ``(*, 2N, *)``, output ``(*, N, *)``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.GLU()(rushlight.tensor([4.0, 0.0]))
        tensor([2.])
    """

    def __init__(self, dim=-1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class GELU(Module):
    """Multiply by the standard normal distribution's probability below ``x``.

    Hendrycks and Gimpel 2016.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for the paper's formula with tanh.
            Default: ``"none"``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.GELU()(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate="none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Hardshrink(_Shrink):
    """Set elements within ``[-lambd, lambd]`` to 0.

    Args:
        lambd: half the interval. Default: 0.5.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Hardshrink()(rushlight.tensor([-0.3, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input):
        return F.hardshrink(input, self.lambd)


class LeakyReLU(Module):
    """Keep positive elements, and multiply the others by a small slope.

    Args:
        negative_slope: that slope. Default: 0.01.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LeakyReLU(0.1)(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope=0.01, inplace=False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input):
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return _with_inplace(f"negative_slope={self.negative_slope}", self.inplace)


class LogSigmoid(Module):
    """Compute ``log(sigmoid(x))`` without underflow.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LogSigmoid()(rushlight.zeros(1))
        tensor([-0.6931])
    """

    def forward(self, input):
        return F.logsigmoid(input)


class Softplus(Module):
    """Compute ``log(1 + exp(beta * x)) / beta``, a smooth ReLU.

    Args:
        beta: how sharp the bend is. Default: 1.
        threshold: where ``beta * x`` is above it, the result is x. Default: 20.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softplus()(rushlight.zeros(1))
        tensor([0.6931])
    """

    def __init__(self, beta=1.0, threshold=20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input):
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softshrink(_Shrink):
    """Move the elements towards 0 by ``lambd``, and those nearer to 0.

    Args:
        lambd: how far. Default: 0.5.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softshrink()(rushlight.tensor([-1.0, 2.0]))
        tensor([-0.5000,  1.5000])
    """

    def forward(self, input):
        return F.softshrink(input, self.lambd)


class PReLU(Module):
    """Leaky ReLU with a slope that is learned, one or one a channel.

    He et al. 2015.

    Args:
        num_parameters: 1, or the size of the input's dim 1. Default: 1.
        init: the slope to start from. Default: 0.25.
        device: where the parameter lives. Default: the default device.
        dtype: the parameter's dtype. Default: the default dtype.

    Example:
        >>> import rushlight
        >>> rushlight.nn.PReLU()(rushlight.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(
            rushlight.empty(num_parameters, device=device, dtype=dtype)
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every slope to ``init`` again."""
        _init.constant_(self.weight, self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Softsign(Module):
    """Compute ``x / (1 + abs(x))``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softsign()(rushlight.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input):
        return F.softsign(input)


class Tanhshrink(Module):
    """Compute ``x - tanh(x)``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Tanhshrink()(rushlight.tensor([0.0, 1.0]))
        tensor([0.0000, 0.2384])
    """

    def forward(self, input):
        return F.tanhshrink(input)


class Threshold(Module):
    """Keep elements above a threshold, and replace the others.

    Args:
        threshold: what an element must exceed.
        value: what takes the place of one that does not.
        inplace: write into the input. Default: ``False``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Threshold(1.0, 7.0)(rushlight.tensor([1.0, 3.0]))
        tensor([7., 3.])
    """

    def __init__(self, threshold, value, inplace=False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input):
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        text = f"threshold={self.threshold}, value={self.value}"
        return _with_inplace(text, self.inplace)


class _AlongDim(Module):
    def __init__(self, dim=None) -> None:
        super().__init__()
        self.dim = dim

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(_AlongDim):
    """Compute :class:`Softmax` of ``-x``.

    Args:
        dim: the dim that sums to one.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softmin(dim=0)(rushlight.tensor([0.0, 1.0]))
        tensor([0.7311, 0.2689])
    """

    def forward(self, input):
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax(_AlongDim):
    """Exponentiate and scale so that slices along ``dim`` sum to one.

    Args:
        dim: the dim that sums to one.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softmax(dim=0)(rushlight.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        return F.softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """Softmax over the channels at every pixel.

    Shape:
        Input and output ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises:
        ValueError: the input has another number of dims.

    Example:
        >>> import rushlight
        >>> rushlight.nn.Softmax2d()(rushlight.zeros(2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return rushlight._ops.softmax(input, -3)


class LogSoftmax(_AlongDim):
    """Compute ``log(softmax(x))`` without underflow.

    Args:
        dim: the dim whose probabilities sum to one.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LogSoftmax(dim=0)(rushlight.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.log_softmax(input, self.dim, _stacklevel=5)
