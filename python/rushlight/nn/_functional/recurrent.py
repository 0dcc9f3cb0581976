"""Recurrent layers and their cells: tanh, ReLU, LSTM (with projections) and GRU.

A layer runs over steps, a list of (n, features) tensors whose n does not grow, so that
padded and packed sequences are one case: a sequence that has ended leaves the state.
"""

from __future__ import annotations

import itertools

import rushlight
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


def _run(op, data, sizes, hx, params, biases, layers, drop, train, both):
    """The outputs of the last layer, packed, and the states of all, stacked.

    Args:
        data: (sum(sizes), features), step by step.
        sizes: the number of sequences at each step.
        hx: tensors (layers * directions, N, hidden).
    """
    step, _ = _STEPS[op]
    directions = 2 if both else 1
    parts = 2 + 2 * bool(biases)
    projected = op == "lstm" and hx[0].shape[2] != hx[1].shape[2]
    parts += projected
    if len(params) != layers * directions * parts:
        raise RuntimeError(
            f"{op}(): expected {parts} parameters for each of {layers} layers and "
            f"{directions} directions, got {len(params)}"
        )
    last = []
    for layer in range(layers):
        outputs = []
        for way in range(directions):
            at = layer * directions + way
            own = params[at * parts : (at + 1) * parts]
            b_ih, b_hh = own[2:4] if biases else (None, None)
            run = _projecting(step, own[-1] if projected else None)
            hidden = _hidden(own[1], b_hh)
            gates = linear(data, own[0], b_ih).split(sizes)
            walk = _backward if way else _forward
            steps, state = walk(run, gates, tuple(h[at] for h in hx), hidden)
            outputs.append(rushlight.cat(steps))
            last.append(state)
        data = outputs[0] if directions == 1 else rushlight.cat(outputs, -1)
        if drop and train and layer < layers - 1:
            data = dropout(data, drop)
    return data, tuple(rushlight.stack(list(part)) for part in zip(*last))


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
    steps, rows, width = input.shape
    if steps == 0:
        raise RuntimeError(f"{op}(): Expected sequence length to be larger than 0")
    _check_states(op, hx, params, layers, 1 + bool(both), rows)
    flat = input.reshape(steps * rows, width)
    sizes = [rows] * steps
    data, states = _run(op, flat, sizes, hx, params, biases, layers, drop, train, both)
    output = data.reshape(steps, rows, data.shape[-1])
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
    result, states = _run(
        op, data, sizes, hx, params, biases, layers, drop, train, both
    )
    return result, *states


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
    step, count = _STEPS[op]
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
    return step(linear(input, w_ih, b_ih), hx, _hidden(w_hh, b_hh))


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
