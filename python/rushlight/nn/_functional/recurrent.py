"""Recurrent layers and their cells: tanh, ReLU, LSTM (with projections) and GRU.

A direction of a layer is one compiled call for float32 and float64 on the CPU. For the
other dtypes, and where a gradient is differentiated, it runs over steps, a list of
(n, features) tensors whose n does not grow, so that padded and packed sequences are one
case: a sequence that has ended leaves the state.
"""

from __future__ import annotations

import itertools
import math
import sys

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight.nn._functional._support import check_tensors
from rushlight.nn._functional.dropout import dropout
from rushlight.nn._functional.linear import linear

# A step's function takes the input's part of the gates, the state (a tuple) and a
# function for the state's part; it returns the next state, its output first.


def _tanh_step(gates, state, hidden):
    return ((gates + hidden(state[0])).tanh(),)


def _relu_step(gates, state, hidden):
    return (rushlight.relu(gates + hidden(state[0])),)


def _lstm_step(gates, state, hidden):
    # Hochreiter and Schmidhuber 1997, with Gers et al. 2000's forget gate.
    i, f, g, o = (gates + hidden(state[0])).chunk(4, -1)
    cell = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def _gru_step(gates, state, hidden):
    # Cho et al. 2014, the reset gate applied behind the product.
    (last,) = state
    reset_x, update_x, new_x = gates.chunk(3, -1)
    reset_h, update_h, new_h = hidden(last).chunk(3, -1)
    new = (new_x + (reset_x + reset_h).sigmoid() * new_h).tanh()
    return ((last - new) * (update_x + update_h).sigmoid() + new,)


_STEPS = {
    "rnn_tanh": (_tanh_step, 1),
    "rnn_relu": (_relu_step, 1),
    "lstm": (_lstm_step, 4),
    "gru": (_gru_step, 3),
}
_MODES = {"rnn_tanh": 0, "rnn_relu": 1, "gru": 2, "lstm": 3}
_COMPILED = (rushlight.float32, rushlight.float64)


def is_casting():
    """Whether autocast may give the parts of a layer other dtypes in this thread."""
    autocast = sys.modules.get("rushlight._autocast")
    return autocast is not None and any(autocast._state.enabled.values())


def _hidden(w_hh, b_hh):
    return lambda h: linear(h, w_hh, b_hh)


def _projecting(step, w_hr):
    if w_hr is None:
        return step

    def run(gates, state, hidden):
        output, *rest = step(gates, state, hidden)
        return (linear(output, w_hr), *rest)

    return run


def _forward(step, gates, state, hidden):
    outputs, ended = [], []
    for g in gates:
        n = g.shape[0]
        if n < state[0].shape[0]:
            ended.append([s[n:] for s in state])
            state = tuple(s[:n] for s in state)
        state = step(g, state, hidden)
        outputs.append(state[0])
    if ended:
        parts = zip(state, *reversed(ended))
        state = tuple(rushlight.cat(list(part)) for part in parts)
    return outputs, state


def _backward(step, gates, first, hidden):
    outputs, state = [], tuple(s[: gates[-1].shape[0]] for s in first)
    for g in reversed(gates):
        n, present = g.shape[0], state[0].shape[0]
        if n > present:
            state = tuple(
                rushlight.cat([s, f[present:n]]) for s, f in zip(state, first)
            )
        state = step(g, state, hidden)
        outputs.append(state[0])
    return outputs[::-1], state


def walk(op, data, batch_sizes, states, weights, reverse):
    """One direction of one layer, of differentiable operations.

    Args:
        data: ``(T, N, features)``, or packed and then with batch sizes.
        states: ``(N, hidden)`` or ``(1, N, hidden)``, two for an LSTM.
        weights: ``w_ih, w_hh, b_ih, b_hh, w_hr``; the last three may be None.

    Returns:
        tuple: the output and the last states, shaped like data and states.
    """
    step, _ = _STEPS[op]
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if batch_sizes is not None:
        sizes = batch_sizes.tolist()
    else:
        sizes = [data.shape[1]] * data.shape[0] if data.dim() == 3 else [data.shape[0]]
    rows, shapes = data.reshape(sum(sizes), data.shape[-1]), [s.shape for s in states]
    states = tuple(s.reshape(s.shape[-2:]) for s in states)
    gates = linear(rows, w_ih, b_ih).split(sizes)
    go = _backward if reverse else _forward
    outputs, states = go(_projecting(step, w_hr), gates, states, _hidden(w_hh, b_hh))
    output = rushlight.cat(outputs)
    output = output.reshape(*data.shape[:-1], output.shape[-1])
    return output, *(s.reshape(shape) for s, shape in zip(states, shapes))


def _compiled(data):
    """Whether the compiled layer takes the input."""
    return data.dtype in _COMPILED and data.device.type == "cpu" and not is_casting()


def _direction(op, data, batch_sizes, states, weights, reverse):
    if not _compiled(data):
        return walk(op, data, batch_sizes, states, weights, reverse)
    cx = states[1] if len(states) > 1 else None
    output, h, c, _ = _ops._recurrent(
        data, states[0], cx, *weights, batch_sizes, _MODES[op], reverse
    )
    return (output, h) if cx is None else (output, h, c)


def run(op, data, batch_sizes, hx, params, biases, layers, drop, train, both):
    """The output of the last layer and the states of all, stacked.

    Args:
        data: ``(T, N, features)``, or packed and then with batch sizes.
        hx: one or two tensors ``(layers * directions, N, hidden)``.
    """
    if len(data) == 0:
        raise RuntimeError(f"{op}(): Expected sequence length to be larger than 0")
    directions = 2 if both else 1
    projected = op == "lstm" and hx[0].shape[2] != hx[1].shape[2]
    parts = 2 + 2 * bool(biases) + projected
    if len(params) != layers * directions * parts:
        raise RuntimeError(
            f"{op}(): expected {parts} parameters for each of {layers} layers and "
            f"{directions} directions, got {len(params)}"
        )
    single = layers * directions == 1
    first = [hx] if single else list(zip(*(h.unbind(0) for h in hx)))
    last = []
    for layer in range(layers):
        outputs = []
        for way in range(directions):
            at = layer * directions + way
            own = params[at * parts : (at + 1) * parts]
            weights = (
                *own[:2],
                *(own[2:4] if biases else (None, None)),
                own[-1] if projected else None,
            )
            output, *states = _direction(
                op, data, batch_sizes, first[at], weights, bool(way)
            )
            outputs.append(output)
            last.append(states)
        data = outputs[0] if directions == 1 else rushlight.cat(outputs, -1)
        if drop and train and layer < layers - 1:
            data = dropout(data, drop)
    if single:
        return data, *last[0]
    return data, *(rushlight.stack(list(part)) for part in zip(*last))


def _check_states(op, hx, params, layers, directions, rows):
    check_tensors(op, *hx, *params)
    for x in hx:
        if x.dim() != 3 or x.shape[0] != layers * directions or x.shape[1] != rows:
            raise RuntimeError(
                f"{op}(): expected hidden states of shape ({layers * directions}, "
                f"{rows}, hidden), got {tuple(x.shape)}"
            )


def _check_options(op, layers, drop):
    if layers < 1:
        raise RuntimeError(f"{op}(): expected at least one layer, got {layers}")
    if not 0.0 <= drop <= 1.0:
        raise RuntimeError(
            f"{op}(): dropout probability has to be between 0 and 1, but got {drop}"
        )


def _padded(op, input, hx, params, biases, layers, drop, train, both, batch_first):
    check_tensors(op, input)
    _check_options(op, layers, drop)
    if input.dim() != 3:
        raise RuntimeError(f"{op}(): expected a 3-d input, got {tuple(input.shape)}")
    if batch_first:
        input = input.transpose(0, 1)
    _check_states(op, hx, params, layers, 1 + bool(both), input.shape[1])
    output, *states = run(
        op, input, None, hx, params, biases, layers, drop, train, both
    )
    return output.transpose(0, 1) if batch_first else output, *states


def _packed(op, data, batch_sizes, hx, params, biases, layers, drop, train, both):
    check_tensors(op, data, batch_sizes)
    _check_options(op, layers, drop)
    sizes = batch_sizes.tolist()
    decreasing = all(a >= b > 0 for a, b in itertools.pairwise(sizes))
    if not sizes or data.dim() != 2 or sum(sizes) != data.shape[0] or not decreasing:
        raise RuntimeError(
            f"{op}(): expected batch sizes that do not grow and sum to the rows of a "
            f"2-d data tensor, got {sizes} and {tuple(data.shape)}"
        )
    _check_states(op, hx, params, layers, 1 + bool(both), sizes[0])
    return run(op, data, batch_sizes, hx, params, biases, layers, drop, train, both)


def _sequence(op, args, kwargs, states):
    """Either overload: a padded ``input``, or packed ``data`` and ``batch_sizes``."""
    names = ("has_biases", "num_layers", "dropout", "train", "bidirectional")
    packed = (len(args) > 1 and isinstance(args[1], Tensor)) or "batch_sizes" in kwargs
    if op != "lstm":
        # hx is a tensor too, and what follows it a sequence of parameters.
        packed = "batch_sizes" in kwargs or (
            len(args) > 2 and isinstance(args[2], Tensor)
        )
    order = (
        ("data", "batch_sizes", "hx", "params", *names)
        if packed
        else ("input", "hx", "params", *names, "batch_first")
    )
    if len(args) > len(order):
        raise TypeError(f"{op}() takes {len(order)} arguments, got {len(args)}")
    given = dict(zip(order, args))
    for name, value in kwargs.items():
        if name not in order or name in given:
            raise TypeError(f"{op}() got an unexpected argument {name!r}")
        given[name] = value
    missing = [name for name in order if name not in given]
    if missing:
        raise TypeError(f"{op}() missing arguments: {', '.join(missing)}")
    hx = given["hx"]
    hx = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    if len(hx) != states:
        wanted = "two hidden states" if states == 2 else "one hidden state"
        raise RuntimeError(f"{op} expects {wanted}, got {len(hx)}")
    given["hx"], given["params"] = hx, tuple(given["params"])
    run = _packed if packed else _padded
    return run(op, *(given[name] for name in order))


def lstm(*args, **kwargs):
    """Long short-term memory, over padded or packed sequences.

    ``lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first)`` or ``lstm(data, batch_sizes, hx, params, has_biases, num_layers,
    dropout, train, bidirectional)``.

    Args:
        input (Tensor): shape ``(T, N, I)``, or ``(N, T, I)`` with batch_first.
        data (Tensor): packed steps, ``(sum(batch_sizes), I)``.
        batch_sizes (Tensor): int64, the sequences present at each step.
        hx (sequence of two Tensor): hidden and cell states,
            ``(num_layers * directions, N, H)``; a projection gives the first another H.
        params (sequence of Tensor): for each layer and direction ``w_ih`` ``(4H, I)``,
            ``w_hh`` ``(4H, H)``, and where there are any ``b_ih``, ``b_hh`` ``(4H,)``
            and the projection ``w_hr``; the gates are input, forget, cell, output.
        has_biases (bool): whether params hold biases.
        num_layers (int): layers upon each other.
        dropout (float): dropped between layers in training.
        train (bool): apply dropout.
        bidirectional (bool): also run from the end.
        batch_first (bool): the layout of input and output.

    Returns:
        tuple: the output, ``(T, N, directions * H)`` or packed, the last hidden states
        and the last cell states.

    Raises:
        RuntimeError: when shapes do not fit.

    Example::

        >>> h = rushlight.zeros(1, 1, 1)
        >>> w = rushlight.ones(4, 1)
        >>> x = rushlight.ones(2, 1, 1)
        >>> rushlight.lstm(x, (h, h), (w, w), False, 1, 0.0, False, False, False)[1]
        tensor([[[0.6505]]])
    """
    return _sequence("lstm", args, kwargs, 2)


def gru(*args, **kwargs):
    """Gated recurrent units; the arguments of :func:`lstm`, but for one state.

    ``hx`` is one tensor, and the three gates of the parameters are reset, update, new.

    Returns:
        tuple: the output and the last hidden states.

    Shape:
        Input (L, N, I) or with batch_first (N, L, I), hx (layers * directions, N, H);
        output the same with directions * H as I, the last state as hx.
    """
    return _sequence("gru", args, kwargs, 1)


def rnn_tanh(*args, **kwargs):
    """A recurrent layer with tanh; the arguments of :func:`gru`, with a single gate.

    Shape:
        Those of :func:`gru`.
    """
    return _sequence("rnn_tanh", args, kwargs, 1)


def rnn_relu(*args, **kwargs):
    """A recurrent layer with ReLU; the arguments of :func:`gru`, with a single gate.

    Shape:
        Those of :func:`gru`.
    """
    return _sequence("rnn_relu", args, kwargs, 1)


def _cell(op, input, hx, w_ih, w_hh, b_ih, b_hh):
    kind, (_, count) = op, _STEPS[op]
    op += "_cell"
    check_tensors(op, input, *hx, w_ih, w_hh, b_ih, b_hh)
    if (b_ih is None) != (b_hh is None):
        raise RuntimeError(f"{op}(): b_ih and b_hh must both be given or both be None")
    if min(x.dim() for x in (input, *hx)) < 2:
        raise IndexError(
            f"{op}(): Dimension out of range: expected an input and states of shape "
            f"(N, features), got {tuple(input.shape)} and {tuple(hx[0].shape)}"
        )
    hidden = hx[0].shape[-1]
    fits = (
        tuple(w_ih.shape) == (count * hidden, input.shape[-1])
        and tuple(w_hh.shape) == (count * hidden, hidden)
        and all(x.shape[:-1] == input.shape[:-1] for x in hx)
    )
    if not fits:
        raise RuntimeError(
            f"{op}(): input {tuple(input.shape)} and state {tuple(hx[0].shape)} do not "
            f"fit weights of shapes {tuple(w_ih.shape)} and {tuple(w_hh.shape)}"
        )
    weights = (w_ih, w_hh, b_ih, b_hh, None)
    if input.dim() == 2:
        return _direction(kind, input, None, hx, weights, False)[1:]
    rows = math.prod(input.shape[:-1])
    flat = input.reshape(rows, input.shape[-1])
    states = tuple(x.reshape(rows, hidden) for x in hx)
    result = _direction(kind, flat, None, states, weights, False)[1:]
    return tuple(x.reshape(hx[0].shape) for x in result)


def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of :func:`lstm`.

    Args:
        input (Tensor): shape ``(N, I)``.
        hx (sequence of two Tensor): hidden and cell state, ``(N, H)``.
        w_ih (Tensor): shape ``(4H, I)``.
        w_hh (Tensor): shape ``(4H, H)``.
        b_ih (Tensor, optional): shape ``(4H,)``.
        b_hh (Tensor, optional): shape ``(4H,)``.

    Returns:
        tuple: the next hidden and cell state.

    Raises:
        RuntimeError: when shapes do not fit.
    """
    if len(hx) != 2:
        raise RuntimeError(f"lstm_cell expects two hidden states, got {len(hx)}")
    return _cell("lstm", input, tuple(hx), w_ih, w_hh, b_ih, b_hh)


def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of :func:`gru`: the arguments of :func:`lstm_cell`, with one state.

    Shape:
        Input (N, I), hx (N, H), output (N, H); the N may be left out of all.
    """
    return _cell("gru", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of :func:`rnn_tanh`.

    Shape:
        Those of :func:`gru_cell`.
    """
    return _cell("rnn_tanh", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of :func:`rnn_relu`.

    Shape:
        Those of :func:`gru_cell`.
    """
    return _cell("rnn_relu", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
