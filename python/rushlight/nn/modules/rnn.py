"""Recurrent layers over whole sequences, and their single steps."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import TYPE_CHECKING

import rushlight
from rushlight._typing import Device
from rushlight.nn import init
from rushlight.nn._functional import recurrent
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils.rnn import PackedSequence

__all__ = [
    "RNNBase",
    "RNN",
    "LSTM",
    "GRU",
    "RNNCellBase",
    "RNNCell",
    "LSTMCell",
    "GRUCell",
]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def apply_permutation(tensor, permutation, dim=1):
    """Deprecated: ``tensor.index_select(dim, permutation)``."""
    warnings.warn(
        "`apply_permutation` is deprecated, please use "
        "`tensor.index_select(dim, permutation)` instead",
        FutureWarning,
        stacklevel=2,
    )
    return tensor.index_select(dim, permutation)


def _check_type(name, value, kind):
    if not isinstance(value, kind):
        raise TypeError(
            f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
        )


class RNNBase(Module):
    """What the recurrent layers share: parameters, checks and the call.

    Args:
        mode: ``"RNN_TANH"``, ``"RNN_RELU"``, ``"LSTM"`` or ``"GRU"``.
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers upon each other. Default: 1.
        bias: learn offsets. Default: ``True``.
        batch_first: input and output are ``(N, T, *)``. Default: ``False``.
        dropout: dropped from all outputs but the last layer's in training. Default: 0.
        bidirectional: also run from the end. Default: ``False``.
        proj_size: the size that an LSTM's output is projected to; 0 for none.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Raises:
        TypeError: a size or flag of another type.
        ValueError: a size, mode or probability out of range.
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout: float = 0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        if (
            not isinstance(dropout, numbers.Number)
            or isinstance(dropout, bool)
            or not 0 <= dropout <= 1
        ):
            raise ValueError(
                "dropout should be a number in range [0, 1], the probability that an "
                f"element is zeroed, got {dropout!r}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so "
                "non-zero dropout expects num_layers greater than 1, but got "
                f"dropout={dropout} and num_layers={num_layers}",
                stacklevel=2,
            )
        _check_type("bias", bias, bool)
        _check_type("batch_first", batch_first, bool)
        _check_type("input_size", input_size, int)
        if input_size <= 0:
            raise ValueError("input_size must be greater than zero")
        _check_type("hidden_size", hidden_size, int)
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self._name_weights()
        for names in self._all_weights:
            for name, shape in zip(names, self._shapes(names)):
                weight = rushlight.empty(shape, device=device, dtype=dtype)
                setattr(self, name, Parameter(weight))
        self.reset_parameters()

    def _name_weights(self):
        kinds = ["weight_ih", "weight_hh"]
        if self.bias:
            kinds += ["bias_ih", "bias_hh"]
        if self.proj_size > 0:
            kinds += ["weight_hr"]
        ways = ("", "_reverse") if self.bidirectional else ("",)
        self._all_weights = [
            [f"{kind}_l{layer}{way}" for kind in kinds]
            for layer in range(self.num_layers)
            for way in ways
        ]
        self._flat_weights_names = [name for row in self._all_weights for name in row]

    def _shapes(self, names):
        rows = _GATES[self.mode] * self.hidden_size
        state = self.proj_size or self.hidden_size
        first = names[0].removesuffix("_reverse") == "weight_ih_l0"
        width = self.input_size if first else state * (1 + self.bidirectional)
        shapes = {
            "weight_ih": (rows, width),
            "weight_hh": (rows, state),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
            "weight_hr": (self.proj_size, self.hidden_size),
        }
        return [shapes[name[: name.index("_l")]] for name in names]

    @property
    def _flat_weights(self):
        # Read at each use: a weight may have been replaced by a tensor computed from
        # others.
        params = self._parameters
        try:
            return [params[name] for name in self._flat_weights_names]
        except KeyError:
            return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in row] for row in self._all_weights]

    def flatten_parameters(self) -> None:
        """Do nothing: cuDNN alone wants the weights in one piece of memory."""

    def reset_parameters(self) -> None:
        """Draw the initial weights again, uniform on ``±1/sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def __setstate__(self, state):
        # PyTorch's own pickles list the weights once more.
        state = dict(state)
        state.pop("_flat_weights", None)
        super().__setstate__(state)
        self.__dict__.setdefault("proj_size", 0)
        self._name_weights()

    def check_input(self, input, batch_sizes) -> None:
        """Raise unless the input's dtype, dims and features fit."""
        weight = self._flat_weights[0]
        if input.dtype != weight.dtype and not recurrent.is_casting():
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype "
                f"({weight.dtype}). Convert input: input.to({weight.dtype}), or "
                f"convert model: model.to({input.dtype})"
            )
        dims = 3 if batch_sizes is None else 2
        if input.dim() != dims:
            raise RuntimeError(
                f"input must have {dims} dimensions, got {input.dim()}: shape "
                f"{tuple(input.shape)}"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.size(-1)}"
            )

    def _state_shape(self, input, batch_sizes, width):
        if batch_sizes is not None:
            rows = int(batch_sizes[0])
        else:
            rows = input.size(0 if self.batch_first else 1)
        return (self.num_layers * (1 + self.bidirectional), rows, width)

    def get_expected_hidden_size(self, input, batch_sizes) -> tuple[int, int, int]:
        """The shape of the hidden states that go with an input."""
        width = self.proj_size if self.proj_size > 0 else self.hidden_size
        return self._state_shape(input, batch_sizes, width)

    def check_hidden_size(
        self, hx, expected_hidden_size, msg="Expected hidden size {}, got {}"
    ) -> None:
        """Raise unless a state has the expected shape."""
        if hx.shape != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input, hidden, batch_sizes) -> None:
        """Raise unless input and state fit the layer and each other."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(
            hidden, self.get_expected_hidden_size(input, batch_sizes)
        )

    def permute_hidden(self, hx, permutation):
        """The state with its batch in another order; None keeps it."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def extra_repr(self) -> str:
        parts = [str(self.input_size), str(self.hidden_size)]
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            value = getattr(self, name)
            if value != default:
                parts.append(f"{name}={value}")
        return ", ".join(parts)

    # What an LSTM's pair of states needs otherwise.

    def _zeros(self, input, batch_sizes):
        shape = self.get_expected_hidden_size(input, batch_sizes)
        return rushlight.zeros(shape, dtype=input.dtype, device=input.device)

    def _check_dims(self, hx, dims):
        if hx.dim() != dims:
            kind = "batched 3-D" if dims == 3 else "unbatched 2-D"
            raise RuntimeError(
                f"For {kind} input, hx should also be {dims}-D but got {hx.dim()}-D "
                "tensor"
            )

    @staticmethod
    def _each(function, hx):
        return function(hx)

    def _forward(self, input, hx):
        packed = input if isinstance(input, PackedSequence) else None
        batched = True
        if packed is not None:
            input, batch_sizes, order, back = packed
            if hx is not None:
                hx = self.permute_hidden(hx, order)
        else:
            batch_sizes = None
            if input.dim() not in (2, 3):
                raise ValueError(
                    f"{self._get_name()}: Expected input to be 2D or 3D, got "
                    f"{input.dim()}D instead"
                )
            batched = input.dim() == 3
            if hx is not None:
                self._check_dims(hx, input.dim())
            if not batched:
                input = input.unsqueeze(0 if self.batch_first else 1)
                if hx is not None:
                    hx = self._each(lambda h: h.unsqueeze(1), hx)
        if hx is None:
            hx = self._zeros(input, batch_sizes)
        self.check_forward_args(input, hx, batch_sizes)
        first = self.batch_first and packed is None
        output, *states = recurrent.run(
            self.mode.lower(),
            input.transpose(0, 1) if first else input,
            batch_sizes,
            hx if self.mode == "LSTM" else (hx,),
            self._flat_weights,
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
        )
        hidden = tuple(states) if len(states) > 1 else states[0]
        if packed is not None:
            output = PackedSequence(output, batch_sizes, order, back)
            return output, self.permute_hidden(hidden, back)
        if first:
            output = output.transpose(0, 1)
        if not batched:
            output = output.squeeze(0 if self.batch_first else 1)
            hidden = self._each(lambda h: h.squeeze(1), hidden)
        return output, hidden


def _refuse_projection(kwargs):
    if "proj_size" in kwargs:
        raise ValueError(
            "proj_size argument is only supported for LSTM, not RNN or GRU"
        )


class RNN(RNNBase):
    """Compute ``h' = tanh(x @ W_ih.T + b_ih + h @ W_hh.T + b_hh)`` step by step.

    Elman, "Finding structure in time", Cognitive Science 14, 1990. All weights start
    uniform on ``±1/sqrt(hidden_size)``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers upon each other. Default: 1.
        nonlinearity: ``"tanh"`` or ``"relu"``. Default: ``"tanh"``.
        bias: learn offsets. Default: ``True``.
        batch_first: input and output are ``(N, T, *)``. Default: ``False``.
        dropout: dropped from all outputs but the last layer's in training. Default: 0.
        bidirectional: also run from the end. Default: ``False``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(T, N, input_size)``, ``(T, input_size)`` or a :class:`PackedSequence`;
        state ``(num_layers * directions, N, hidden_size)``, without N for an input
        without it. The output is ``(T, N, directions * hidden_size)``, packed where the
        input is, and comes with the last state.

    Raises:
        ValueError: an unknown nonlinearity, an input of other dims or dtype.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> output, last = rushlight.nn.RNN(10, 20, 2)(rushlight.zeros(5, 3, 10))
        >>> tuple(output.shape), tuple(last.shape)
        ((5, 3, 20), (2, 3, 20))
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            input_size: int,
            hidden_size: int,
            num_layers: int = 1,
            nonlinearity: str = "tanh",
            bias: bool = True,
            batch_first: bool = False,
            dropout: float = 0.0,
            bidirectional: bool = False,
            device: Device | None = None,
            dtype: rushlight.dtype | None = None,
        ) -> None: ...

    else:

        def __init__(self, *args, **kwargs) -> None:
            _refuse_projection(kwargs)
            if len(args) > 3:
                nonlinearity = args[3]
                args = (*args[:3], *args[4:])
            else:
                nonlinearity = kwargs.pop("nonlinearity", "tanh")
            if nonlinearity not in ("tanh", "relu"):
                raise ValueError(
                    f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or "
                    "'relu'."
                )
            super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
            self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        return self._forward(input, hx)


class LSTM(RNNBase):
    """Run long short-term memory over sequences.

    At each step, with ``i, f, g, o`` the four parts of ``x @ W_ih.T + b_ih + h @ W_hh.T
    + b_hh``: ``c' = sigmoid(f) * c + sigmoid(i) * tanh(g)`` and ``h' = sigmoid(o) *
    tanh(c')``, which a projection multiplies by ``W_hr.T``.

    Hochreiter and Schmidhuber, Neural Computation 9(8), 1997; the forget gate Gers et
    al., 2000; the projection Sak et al., Interspeech 2014. All weights start uniform on
    ``±1/sqrt(hidden_size)``.

    Args:
        input_size: features of the input.
        hidden_size: features of the cell state.
        num_layers: layers upon each other. Default: 1.
        bias: learn offsets. Default: ``True``.
        batch_first: input and output are ``(N, T, *)``. Default: ``False``.
        dropout: dropped from all outputs but the last layer's in training. Default: 0.
        bidirectional: also run from the end. Default: ``False``.
        proj_size: features of a projected hidden state, 0 for none. Default: 0.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(T, N, input_size)``, ``(T, input_size)`` or a :class:`PackedSequence`;
        states ``(h, c)`` of shape ``(num_layers * directions, N, *)`` with
        ``proj_size or hidden_size`` and ``hidden_size`` features, without N for an
        input without it. The output has shape ``(T, N, directions * features)``, packed
        where the input is, and comes with the last states.

    Raises:
        ValueError: an input of other dims or dtype.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> output, (h, c) = rushlight.nn.LSTM(10, 20, 2)(rushlight.zeros(5, 3, 10))
        >>> tuple(output.shape), tuple(c.shape)
        ((5, 3, 20), (2, 3, 20))
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            input_size: int,
            hidden_size: int,
            num_layers: int = 1,
            bias: bool = True,
            batch_first: bool = False,
            dropout: float = 0.0,
            bidirectional: bool = False,
            proj_size: int = 0,
            device: Device | None = None,
            dtype: rushlight.dtype | None = None,
        ) -> None: ...

    else:

        def __init__(self, *args, **kwargs) -> None:
            super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes) -> tuple[int, int, int]:
        """The shape of the cell states that go with an input."""
        return self._state_shape(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input, hidden, batch_sizes) -> None:
        """Raise unless input and states fit the layer and each other."""
        self.check_input(input, batch_sizes)
        expected = (
            self.get_expected_hidden_size(input, batch_sizes),
            self.get_expected_cell_size(input, batch_sizes),
        )
        for i in range(2):
            text = f"Expected hidden[{i}] size {{}}, got {{}}"
            self.check_hidden_size(hidden[i], expected[i], text)

    def permute_hidden(self, hx, permutation):
        """The states with their batch in another order; None keeps them."""
        if permutation is None:
            return hx
        return tuple(h.index_select(1, permutation) for h in (hx[0], hx[1]))

    def _zeros(self, input, batch_sizes):
        options = {"dtype": input.dtype, "device": input.device}
        return (
            rushlight.zeros(
                self.get_expected_hidden_size(input, batch_sizes), **options
            ),
            rushlight.zeros(self.get_expected_cell_size(input, batch_sizes), **options),
        )

    def _check_dims(self, hx, dims):
        if hx[0].dim() != dims or hx[1].dim() != dims:
            kind = "batched 3-D" if dims == 3 else "unbatched 2-D"
            raise RuntimeError(
                f"For {kind} input, hx and cx should also be {dims}-D but got "
                f"({hx[0].dim()}-D, {hx[1].dim()}-D) tensors"
            )

    @staticmethod
    def _each(function, hx):
        return function(hx[0]), function(hx[1])

    def forward(self, input, hx=None):
        return self._forward(input, hx)


class GRU(RNNBase):
    """Run gated recurrent units over sequences.

    At each step, with ``x_r, x_z, x_n`` the three parts of ``x @ W_ih.T + b_ih`` and
    ``h_r, h_z, h_n`` those of ``h @ W_hh.T + b_hh``: ``r = sigmoid(x_r + h_r)``,
    ``z = sigmoid(x_z + h_z)``, ``n = tanh(x_n + r * h_n)`` and
    ``h' = (1 - z) * n + z * h``.

    Cho et al., EMNLP 2014, with the reset gate behind the product. All weights start
    uniform on ``±1/sqrt(hidden_size)``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers upon each other. Default: 1.
        bias: learn offsets. Default: ``True``.
        batch_first: input and output are ``(N, T, *)``. Default: ``False``.
        dropout: dropped from all outputs but the last layer's in training. Default: 0.
        bidirectional: also run from the end. Default: ``False``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(T, N, input_size)``, ``(T, input_size)`` or a :class:`PackedSequence`;
        state ``(num_layers * directions, N, hidden_size)``, without N for an input
        without it. The output is ``(T, N, directions * hidden_size)``, packed where the
        input is, and comes with the last state.

    Raises:
        ValueError: an input of other dims or dtype.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> output, last = rushlight.nn.GRU(10, 20, 2)(rushlight.zeros(5, 3, 10))
        >>> tuple(output.shape), tuple(last.shape)
        ((5, 3, 20), (2, 3, 20))
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            input_size: int,
            hidden_size: int,
            num_layers: int = 1,
            bias: bool = True,
            batch_first: bool = False,
            dropout: float = 0.0,
            bidirectional: bool = False,
            device: Device | None = None,
            dtype: rushlight.dtype | None = None,
        ) -> None: ...

    else:

        def __init__(self, *args, **kwargs) -> None:
            _refuse_projection(kwargs)
            super().__init__("GRU", *args, **kwargs)

    def forward(self, input, hx=None):
        return self._forward(input, hx)


class RNNCellBase(Module):
    """What the recurrent cells share: the parameters and their initial values.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: learn offsets.
        num_chunks: how many gates the parameters hold.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.
    """

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(
        self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        shapes = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
            "bias_ih": (rows,) if bias else None,
            "bias_hh": (rows,) if bias else None,
        }
        for name, shape in shapes.items():
            weight = None
            if shape is not None:
                weight = Parameter(rushlight.empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, weight)
        self.reset_parameters()

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.__dict__.get("bias", True) is not True:
            text += f", bias={self.bias}"
        if self.__dict__.get("nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def reset_parameters(self) -> None:
        """Draw the initial weights again, uniform on ``±1/sqrt(hidden_size)``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _check_dims(self, what, x):
        if x.dim() not in (1, 2):
            raise ValueError(
                f"{self._get_name()}: Expected {what} to be 1D or 2D, got {x.dim()}D "
                "instead"
            )

    def _zeros(self, input):
        return rushlight.zeros(
            input.size(0), self.hidden_size, dtype=input.dtype, device=input.device
        )

    def _step(self, cell, input, hx):
        """A step of a cell with one state."""
        self._check_dims("input", input)
        if hx is not None:
            self._check_dims("hidden", hx)
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
        if hx is None:
            hx = self._zeros(input)
        elif not batched:
            hx = hx.unsqueeze(0)
        result = cell(
            input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return result if batched else result.squeeze(0)


class RNNCell(RNNCellBase):
    """Compute one step of :class:`RNN`.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: learn offsets. Default: ``True``.
        nonlinearity: ``"tanh"`` or ``"relu"``. Default: ``"tanh"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, input_size)`` or ``(input_size,)``, state and output
        ``(N, hidden_size)`` or ``(hidden_size,)``.

    Raises:
        ValueError: an input or state of other dims.
        RuntimeError: sizes that do not fit, or an unknown nonlinearity.

    Example:
        >>> import rushlight
        >>> tuple(rushlight.nn.RNNCell(10, 20)(rushlight.zeros(3, 10)).shape)
        (3, 20)
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size,
        hidden_size,
        bias=True,
        nonlinearity="tanh",
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity == "tanh":
            return self._step(recurrent.rnn_tanh_cell, input, hx)
        if self.nonlinearity == "relu":
            return self._step(recurrent.rnn_relu_cell, input, hx)
        raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")


class LSTMCell(RNNCellBase):
    """Compute one step of :class:`LSTM`.

    Args:
        input_size: features of the input.
        hidden_size: features of the states.
        bias: learn offsets. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, input_size)`` or ``(input_size,)``; the states, a pair of hidden and
        cell state, ``(N, hidden_size)`` or ``(hidden_size,)``, and so the result.

    Raises:
        ValueError: an input or state of other dims.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> h, c = rushlight.nn.LSTMCell(10, 20)(rushlight.zeros(3, 10))
        >>> tuple(c.shape)
        (3, 20)
    """

    def __init__(
        self, input_size, hidden_size, bias=True, device=None, dtype=None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        self._check_dims("input", input)
        if hx is not None:
            for i, x in enumerate(hx):
                self._check_dims(f"hx[{i}]", x)
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
        if hx is None:
            zeros = self._zeros(input)
            hx = (zeros, zeros)
        elif not batched:
            hx = (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        h, c = recurrent.lstm_cell(
            input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """Compute one step of :class:`GRU`.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: learn offsets. Default: ``True``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, input_size)`` or ``(input_size,)``, state and output
        ``(N, hidden_size)`` or ``(hidden_size,)``.

    Raises:
        ValueError: an input or state of other dims.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> tuple(rushlight.nn.GRUCell(10, 20)(rushlight.zeros(3, 10)).shape)
        (3, 20)
    """

    def __init__(
        self, input_size, hidden_size, bias=True, device=None, dtype=None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        return self._step(recurrent.gru_cell, input, hx)
