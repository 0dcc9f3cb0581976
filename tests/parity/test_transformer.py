"""Attention and Transformer layers against PyTorch."""

from __future__ import annotations

import inspect
import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from common import outcome, same_error  # noqa: E402
from rushlight import nn  # noqa: E402

NAMES = [
    "MultiheadAttention",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]
E, HEADS, L, S, N = 8, 2, 5, 7, 3

LAYERS = {
    "attention": lambda n: n.MultiheadAttention(E, HEADS),
    "attention_first": lambda n: n.MultiheadAttention(E, HEADS, batch_first=True),
    "attention_dropout": lambda n: n.MultiheadAttention(E, HEADS, dropout=0.4),
    "attention_plain": lambda n: n.MultiheadAttention(E, HEADS, bias=False),
    "attention_bias_kv": lambda n: n.MultiheadAttention(
        E, HEADS, add_bias_kv=True, add_zero_attn=True
    ),
    "attention_sizes": lambda n: n.MultiheadAttention(E, HEADS, kdim=4, vdim=6),
    "encoder_layer": lambda n: n.TransformerEncoderLayer(E, HEADS, 16),
    "encoder_layer_first": lambda n: n.TransformerEncoderLayer(
        E, HEADS, 16, 0.3, "gelu", 1e-3, batch_first=True, norm_first=True
    ),
    "encoder_layer_plain": lambda n: n.TransformerEncoderLayer(
        E, HEADS, 16, activation=n.SiLU(), bias=False
    ),
    "decoder_layer": lambda n: n.TransformerDecoderLayer(E, HEADS, 16),
    "decoder_layer_first": lambda n: n.TransformerDecoderLayer(
        E, HEADS, 16, 0.3, n.GELU(), batch_first=True, norm_first=True, bias=False
    ),
    "encoder": lambda n: n.TransformerEncoder(
        n.TransformerEncoderLayer(E, HEADS, 16, batch_first=True), 2, n.LayerNorm(E)
    ),
    "decoder": lambda n: n.TransformerDecoder(
        n.TransformerDecoderLayer(E, HEADS, 16, dropout=0.0), 2
    ),
    "transformer": lambda n: n.Transformer(E, HEADS, 2, 1, 16),
    "transformer_first": lambda n: n.Transformer(
        E, HEADS, 1, 2, 16, 0.2, "gelu", batch_first=True, norm_first=True
    ),
    "transformer_own": lambda n: n.Transformer(
        E, HEADS, 1, 1, 16, custom_encoder=n.Identity(), custom_decoder=n.Tanh()
    ),
}


def quiet(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


def build(name, training=True):
    layers = []
    for library in (rushlight, torch):
        library.manual_seed(3)
        layers.append(quiet(lambda library=library: LAYERS[name](library.nn)))
        layers[-1].train(training)
    return layers


def numpy(tensor):
    return tensor.detach().numpy()


def pair(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape).astype("f")
    return (
        rushlight.from_numpy(values.copy()).requires_grad_(),
        torch.from_numpy(values.copy()).requires_grad_(),
    )


def close(got, expected, tol=2e-5):
    if expected is None:
        assert got is None
        return
    assert tuple(got.shape) == tuple(expected.shape)
    np.testing.assert_allclose(numpy(got), numpy(expected), rtol=tol, atol=tol)


@pytest.mark.parametrize("name", LAYERS)
def test_same_repr_weights_and_attributes(name):
    ours, theirs = build(name)
    assert repr(ours) == repr(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert state._metadata == expected._metadata
    for key, value in expected.items():
        np.testing.assert_array_equal(numpy(state[key]), value.numpy())
    for mine, other in zip(ours.modules(), theirs.modules(), strict=True):
        plain = (bool, int, float, str, type(None))
        attributes = {k: v for k, v in vars(other).items() if isinstance(v, plain)}
        assert {k: vars(mine).get(k, "missing") for k in attributes} == attributes


@pytest.mark.parametrize("name", NAMES)
def test_same_signatures(name):
    for method in ("__init__", "forward"):
        found, expected = (
            inspect.signature(getattr(getattr(n, name), method)).parameters.values()
            for n in (nn, torch.nn)
        )
        # A default that is a function is each library's own.
        assert [
            (p.name, getattr(p.default, "__name__", p.default), p.kind) for p in found
        ] == [
            (p.name, getattr(p.default, "__name__", p.default), p.kind)
            for p in expected
        ]


def run_both(name, inputs, training=True, **options):
    """Outputs and gradients of both; ``options`` maps names to a pair or a value."""
    layers = build(name, training)
    results = []
    for i, (library, layer) in enumerate(zip((rushlight, torch), layers, strict=True)):
        chosen = {k: v[i] if isinstance(v, tuple) else v for k, v in options.items()}
        library.manual_seed(8)
        results.append(quiet(lambda: layer(*(x[i] for x in inputs), **chosen)))  # noqa: B023
    got, expected = results
    if not isinstance(expected, tuple):
        got, expected = (got,), (expected,)
    for mine, other in zip(got, expected, strict=True):
        close(mine, other)
    (got[0] ** 2).sum().backward()
    (expected[0] ** 2).sum().backward()
    ours = [*(x[0] for x in inputs), *layers[0].parameters()]
    theirs = [*(x[1] for x in inputs), *layers[1].parameters()]
    for mine, other in zip(ours, theirs, strict=True):
        if other.grad is None:
            assert mine.grad is None
        else:
            close(mine.grad, other.grad, 2e-4)


def bools(*shape, seed=1, share=0.3):
    values = np.random.default_rng(seed).random(shape) < share
    values[..., 0] = False
    return rushlight.from_numpy(values), torch.from_numpy(values)


ATTENTION = {
    "plain": {},
    "no_weights": {"need_weights": False},
    "by_head": {"average_attn_weights": False},
    "padding": {"key_padding_mask": bools(N, S)},
    "padding_no_weights": {"key_padding_mask": bools(N, S), "need_weights": False},
    "mask": {"attn_mask": bools(L, S)},
    "mask_no_weights": {"attn_mask": bools(L, S), "need_weights": False},
    "mask_by_head": {"attn_mask": bools(N * HEADS, L, S), "need_weights": False},
    "mask_float": {"attn_mask": tuple(x.detach() for x in pair(L, S, seed=5))},
    "both": {
        "attn_mask": tuple(x.detach() for x in pair(L, S, seed=5)),
        "key_padding_mask": tuple(x.detach() for x in pair(N, S, seed=6)),
        "need_weights": False,
    },
    "both_kinds": {
        "attn_mask": tuple(x.detach() for x in pair(L, S, seed=5)),
        "key_padding_mask": bools(N, S),
    },
}


@pytest.mark.parametrize("options", ATTENTION)
@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith("attention")])
@pytest.mark.parametrize("training", [True, False])
def test_attention(name, options, training):
    first = name == "attention_first"
    widths = (E, 4, 6) if name == "attention_sizes" else (E, E, E)
    inputs = [
        pair(*((N, length) if first else (length, N)), width, seed=seed)
        for seed, (length, width) in enumerate(zip((L, S, S), widths))
    ]
    run_both(name, inputs, training, **ATTENTION[options])


@pytest.mark.parametrize("name", ["attention", "attention_first"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_attention_to_itself(name, need_weights):
    x = pair(N, L, E) if name == "attention_first" else pair(L, N, E)
    mask = tuple(
        m.nn.Transformer.generate_square_subsequent_mask(L) for m in (rushlight, torch)
    )
    for causal in (False, True):
        run_both(
            name,
            [x, x, x],
            attn_mask=mask,
            is_causal=causal,
            need_weights=need_weights,
        )


@pytest.mark.parametrize("name", ["attention", "attention_first"])
def test_attention_without_batch(name):
    run_both(name, [pair(L, E), pair(S, E, seed=1), pair(S, E, seed=2)])
    run_both(name, [pair(L, E)] * 3, key_padding_mask=bools(L), need_weights=False)


def causal(length, dtype="float32"):
    return tuple(
        m.nn.Transformer.generate_square_subsequent_mask(
            length, dtype=getattr(m, dtype)
        )
        for m in (rushlight, torch)
    )


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith("encoder")])
def test_encoders(name, training):
    first = name in ("encoder", "encoder_layer_first")
    x = pair(N, L, E) if first else pair(L, N, E)
    mask = "mask" if name == "encoder" else "src_mask"
    run_both(name, [x], training)
    run_both(name, [x], training, src_key_padding_mask=bools(N, L))
    run_both(name, [x], training, **{mask: causal(L)}, is_causal=True)
    run_both(name, [x], training, **{mask: bools(L, L)})
    run_both(name, [pair(L, E)], training)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith("decoder")])
def test_decoders(name, training):
    if name == "decoder_layer_first":
        inputs = [pair(N, L, E), pair(N, S, E, seed=1)]
    else:
        inputs = [pair(L, N, E), pair(S, N, E, seed=1)]
    run_both(name, inputs, training)
    run_both(
        name,
        inputs,
        training,
        tgt_mask=causal(L),
        tgt_is_causal=True,
        memory_mask=bools(L, S),
        memory_key_padding_mask=bools(N, S, seed=4),
    )


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["transformer", "transformer_first"])
def test_transformer(name, training):
    if name == "transformer_first":
        inputs = [pair(N, S, E), pair(N, L, E, seed=1)]
    else:
        inputs = [pair(S, N, E), pair(L, N, E, seed=1)]
    run_both(name, inputs, training)
    run_both(
        name,
        inputs,
        training,
        src_mask=bools(S, S),
        tgt_mask=causal(L),
        src_key_padding_mask=bools(N, S, seed=2),
        memory_key_padding_mask=bools(N, S, seed=2),
        tgt_key_padding_mask=bools(N, L, seed=3, share=0.1),
    )


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_padding_of_evaluated_encoder(aligned, nested):
    """PyTorch gives 0 there where it runs over nested tensors."""
    padding = np.zeros((N, L), bool)
    padding[0, 3:] = True
    padding[1, 2 if not aligned else 4] = True
    x = np.random.default_rng(0).standard_normal((N, L, E)).astype("f")
    found = []
    for m in (rushlight, torch):
        m.manual_seed(0)
        layer = m.nn.TransformerEncoderLayer(E, HEADS, 16, batch_first=True)
        encoder = m.nn.TransformerEncoder(layer, 2, enable_nested_tensor=nested).eval()
        with m.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(
                encoder(m.from_numpy(x), src_key_padding_mask=m.from_numpy(padding))
            )
    close(*found)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_causal_mask(dtype):
    ours, theirs = causal(4, dtype)
    assert ours.tolist() == theirs.tolist()
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]


WRONG = {
    "heads": lambda m: m.nn.MultiheadAttention(8, 3),
    "no_heads": lambda m: m.nn.MultiheadAttention(8, 0),
    "activation": lambda m: m.nn.TransformerEncoderLayer(8, 2, activation="tanh"),
    "width": lambda m: m.nn.MultiheadAttention(8, 2)(*[m.ones(2, 3, 6)] * 3),
    "dims": lambda m: m.nn.MultiheadAttention(8, 2)(*[m.ones(2, 3, 1, 8)] * 3),
    "mask_shape": lambda m: m.nn.MultiheadAttention(8, 2)(
        *[m.ones(2, 3, 8)] * 3, attn_mask=m.ones(3, 3)
    ),
    "mask_kind": lambda m: m.nn.MultiheadAttention(8, 2)(
        *[m.ones(2, 3, 8)] * 3, attn_mask=m.ones(2, 2, dtype=m.int64)
    ),
    "padding_shape": lambda m: m.nn.MultiheadAttention(8, 2)(
        *[m.ones(2, 3, 8)] * 3, key_padding_mask=m.ones(2, 3)
    ),
    "causal_alone": lambda m: m.nn.MultiheadAttention(8, 2)(
        *[m.ones(2, 3, 8)] * 3, is_causal=True
    ),
    "batch": lambda m: m.nn.Transformer(8, 2, 1, 1, 16)(
        m.ones(2, 3, 8), m.ones(2, 4, 8)
    ),
    "batch_first": lambda m: m.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)(
        m.ones(2, 3, 8), m.ones(1, 3, 8)
    ),
    "features": lambda m: m.nn.Transformer(8, 2, 1, 1, 16)(
        m.ones(2, 3, 8), m.ones(2, 3, 6)
    ),
    "source_mask_kind": lambda m: m.nn.TransformerEncoderLayer(8, 2, 16)(
        m.ones(2, 3, 8), src_mask=m.ones(2, 2, dtype=m.int32)
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_same_error(name):
    theirs = outcome(lambda: WRONG[name](torch))
    assert theirs[0] == "error"
    assert same_error(outcome(lambda: WRONG[name](rushlight)), theirs)


WARNED = {
    "norm_first": {"batch_first": True, "norm_first": True},
    "batch_second": {},
    "odd_heads": {"batch_first": True, "nhead": 1},
    "bias": {"batch_first": True, "bias": False},
    "activation": {"batch_first": True, "activation": abs},
}


@pytest.mark.parametrize("name", WARNED)
def test_warns_that_nested_tensors_are_not_used(name):
    options = {"d_model": 8, "nhead": 2, "dim_feedforward": 8, **WARNED[name]}
    found = []
    for n in (nn, torch.nn):
        layer = n.TransformerEncoderLayer(**options)
        with pytest.warns(UserWarning, match="enable_nested_tensor is True") as caught:
            encoder = n.TransformerEncoder(layer, 1)
        reason = str(caught[0].message).partition("(")[0]
        found.append((reason, encoder.use_nested_tensor, encoder.enable_nested_tensor))
    assert found[0] == found[1]


def test_masks_of_different_dtypes_warn():
    for m in (rushlight, torch):
        x = m.zeros(L, N, E)
        layer = m.nn.TransformerEncoderLayer(E, HEADS, 16)
        padding = m.zeros(N, L, dtype=m.bool)
        with pytest.warns(UserWarning, match="mismatched src_key_padding_mask"):
            layer(x, src_mask=m.zeros(L, L), src_key_padding_mask=padding)


def test_merged_masks():
    x = pair(N, L, E)
    for mask in (None, bools(L, L), bools(N * HEADS, L, L)):
        for padding in (None, bools(N, L)):
            found = []
            for i, layer in enumerate(build("attention_first")):
                masks = [None if p is None else p[i].float() for p in (mask, padding)]
                found.append(layer.merge_masks(*masks, x[i]))
            assert found[0][1] == found[1][1]
            close(found[0][0], found[1][0])
