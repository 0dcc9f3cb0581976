"""Recurrent layers, their cells and attention of several heads against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from nn_cases import F, assert_near, compare, inputs_of  # noqa: E402

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _recurrent(name, width, hidden, layers, both, biases, projected=0):
    rng = np.random.default_rng(2)
    params, out = [], projected or hidden
    for layer in range(layers):
        entry = width if layer == 0 else out * (1 + both)
        for _ in range(1 + both):
            rows = GATES[name] * hidden
            params += [(rows, entry), (rows, out)] + [(rows,), (rows,)] * biases
            params += [(projected, hidden)] * bool(projected)
    states = [(layers * (1 + both), 3, out)]
    if name == "lstm":
        states.append((layers * (1 + both), 3, hidden))
    return [rng.standard_normal(s) * 0.5 for s in (*states, *params)], len(states)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("layers, both, biases", [(1, 0, 1), (2, 1, 1), (2, 0, 0)])
@pytest.mark.parametrize("form", ["padded", "batch_first", "packed", "projected"])
def test_recurrent_layers(name, layers, both, biases, form):
    projected = 2 if form == "projected" else 0
    if projected and name != "lstm":
        pytest.skip("only LSTMs have projections")
    arrays, count = _recurrent(name, 4, 3, layers, both, biases, projected)
    x = np.random.default_rng(0).standard_normal(
        (7, 4) if form == "packed" else (5, 3, 4)
    )
    if form == "batch_first":
        x = x.transpose(1, 0, 2)
    options = (bool(biases), layers, 0.0, True, bool(both))

    def call(lib, x, *rest):
        hx, params = list(rest[:count]), list(rest[count:])
        hx = hx if name == "lstm" else hx[0]
        function = getattr(lib, name)
        if form == "packed":
            sizes = lib.tensor([3, 2, 1, 1])
            return function(x, sizes, hx, params, *options)
        return function(x, hx, params, *options, form == "batch_first")

    ours = [rl.tensor(a.copy(), requires_grad=True) for a in (x, *arrays)]
    theirs = [torch.tensor(a.copy(), requires_grad=True) for a in (x, *arrays)]
    compare(call, ours, theirs)


def test_recurrent_dropoutdraws_the_same_numbers():
    arrays, _ = _recurrent("gru", 4, 3, 3, 0, 1)
    x = np.random.default_rng(0).standard_normal((5, 3, 4))

    def run(lib):
        lib.manual_seed(1)
        h, *params = (lib.tensor(a) for a in arrays)
        return lib.gru(lib.tensor(x), h, params, True, 3, 0.5, True, False, False)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("biases", [0, 1])
def test_cells(name, biases):
    n = GATES[name] * 3
    specs = [(2, 4), *[(2, 3)] * (2 if name == "lstm" else 1)]
    specs += [(n, 4), (n, 3)] + [(n,), (n,)] * biases

    def call(lib, x, *rest):
        function = getattr(lib, name + "_cell")
        if name == "lstm":
            return function(x, list(rest[:2]), *rest[2:])
        return function(x, *rest)

    compare(call, *inputs_of(specs, 0, ()))


HEADS = [
    {},
    {"need_weights": False},
    {"average_attn_weights": False},
    {"attn_mask": "bool"},
    {"attn_mask": "float", "key_padding_mask": "float", "need_weights": False},
    {"attn_mask": "bool", "key_padding_mask": "bool"},
    {"attn_mask": "3d", "add_zero_attn": True},
    {"bias": True, "key_padding_mask": "bool"},
    {"bias": True, "add_zero_attn": True, "attn_mask": "float", "need_weights": False},
    {"separate": True},
    {"attn_mask": "causal", "is_causal": True, "need_weights": False},
]


@pytest.mark.parametrize("options", HEADS, ids=str)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("same", [True, False])
def test_multi_head_attention(options, batched, same):
    if options.get("separate") and same:
        pytest.skip("separate projections are for other widths")
    options = dict(options)
    rows = (2,) if batched else ()
    separate, bias = options.pop("separate", False), options.pop("bias", False)
    width = 5 if separate else 4
    keys = 3 if same or options.get("is_causal") else 6
    specs = [(3, *rows, 4), (keys, *rows, width), (keys, *rows, width)]
    specs += [(4, 4), (4, 5), (4, 5)] if separate else [(12, 4)]
    specs += [(12,), (4, 4), (4,)] + [(1, 1, 4)] * 2 * bias
    rng = np.random.default_rng(4)
    masks = {
        "bool": rng.random((3, keys)) < 0.3,
        "float": rng.standard_normal((3, keys)),
        "3d": rng.standard_normal((4 if batched else 2, 3, keys)),
        "causal": np.triu(np.ones((3, keys)), 1) > 0,
    }
    padding = rng.random((*rows, keys)) < 0.3
    # A query that may see no key is NaN in both.
    masks["bool"][:, 0] = padding[..., 0] = False

    def call(lib, q, k, v, *rest):
        if same:
            k = v = q
        given = dict(options)
        if "attn_mask" in given:
            given["attn_mask"] = lib.tensor(masks[given["attn_mask"]])
        if "key_padding_mask" in given:
            mask = lib.tensor(padding)
            if given["key_padding_mask"] == "float":
                mask = mask.to(lib.float64) * -2.5
            given["key_padding_mask"] = mask
        if separate:
            names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
            given.update(zip(names, rest[:3]), use_separate_proj_weight=True)
            weight, rest = None, rest[3:]
        else:
            weight, *rest = rest
        in_bias, out, out_bias, *further = rest
        zero = given.pop("add_zero_attn", False)
        result, weights = F(lib).multi_head_attention_forward(
            q,
            k,
            v,
            4,
            2,
            weight,
            in_bias,
            *(further or (None, None)),
            zero,
            0.0,
            out,
            out_bias,
            **given,
        )
        return result if weights is None else (result, weights)

    compare(call, *inputs_of(specs, 0, ()))
