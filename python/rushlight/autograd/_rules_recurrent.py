"""Derivatives of recurrent layers: a part of the table in _derivatives.py."""

from __future__ import annotations

import rushlight
from rushlight import _ops

_NAMES = ("rnn_tanh", "rnn_relu", "gru", "lstm")
_ARGUMENTS = ("input", "hx", "cx", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr")


def _recurrent(
    g,
    wanted,
    input,
    hx,
    cx,
    w_ih,
    w_hh,
    b_ih,
    b_hh,
    w_hr,
    batch_sizes,
    mode,
    reverse,
    result0,
    result3,
):
    if rushlight.is_grad_enabled():
        tensors = (input, hx, cx, w_ih, w_hh, b_ih, b_hh, w_hr)
        return _differentiable(g, wanted, tensors, batch_sizes, mode, reverse)
    bits = sum(1 << i for i, want in enumerate(wanted) if want)
    found = iter(
        _ops._recurrent_backward(
            *g[:3],
            input,
            hx,
            cx,
            w_ih,
            w_hh,
            w_hr,
            batch_sizes,
            mode,
            reverse,
            result0,
            result3,
            bits,
        )
    )
    return [next(found) if want else None for want in wanted]


def _differentiable(g, wanted, tensors, batch_sizes, mode, reverse):
    # The compiled gradient has no derivative of its own. This one is recorded: the
    # layer runs again, step by step, from aliases of its inputs; the search stops
    # there.
    from rushlight.nn._functional.recurrent import walk

    tensors = [
        x.view_as(x) if want else x for x, want in zip(tensors, wanted, strict=True)
    ]
    input, hx, cx, *weights = tensors
    states = (hx,) if cx is None else (hx, cx)
    results = walk(_NAMES[mode], input, batch_sizes, states, weights, reverse)
    pairs = [(x, grad) for x, grad in zip(results, g) if grad is not None]
    found = iter(
        rushlight.autograd.grad(
            [x for x, _ in pairs],
            [x for x, want in zip(tensors, wanted) if want],
            [grad for _, grad in pairs],
            create_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if want else None for want in wanted]


RULES = {"_recurrent": (_ARGUMENTS, _recurrent)}
