"""Scaled dot product attention and the layers on it, against NumPy and differences."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import rushlight
from rushlight import _ops, nn
from rushlight.nn import functional as F

DTYPES = {"float64": 1e-12, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def expected(q, k, v, mask=None, causal=False, scale=None):
    """Straight from the formula, in float64."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    if k.shape[-3] != q.shape[-3]:
        k, v = (x.repeat(q.shape[-3] // x.shape[-3], -3) for x in (k, v))
    scores = q @ k.swapaxes(-1, -2) * scale
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    if mask is not None and mask.dtype == bool:
        scores = np.where(mask, scores, -np.inf)
    elif mask is not None:
        scores = scores + mask
    top = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = weights.sum(-1, keepdims=True)
    return (weights / np.where(total == 0, 1, total)) @ v


def make(values, dtype="float64", grad=False):
    made = rushlight.from_numpy(np.ascontiguousarray(values))
    return made.to(getattr(rushlight, dtype)).requires_grad_(grad)


def exact(tensor):
    return tensor.detach().to(rushlight.float64).numpy()


def three(q=(2, 4, 70, 9), k=(2, 4, 140, 9), v=(2, 4, 140, 11)):
    return [random(*shape, seed=i) for i, shape in enumerate((q, k, v))]


MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "bool": {"attn_mask": random(70, 140, seed=8) > 0},
    "bool_by_row": {"attn_mask": random(2, 1, 1, 140, seed=8) > 0},
    "bool_by_query": {"attn_mask": random(2, 4, 70, 1, seed=8) > -1},
    "added": {"attn_mask": random(4, 70, 140, seed=9)},
    "scale": {"scale": -0.7},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mask", MASKS)
def test_values(mask, dtype):
    options = dict(MASKS[mask])
    inputs = [make(x, dtype) for x in three()]
    if "attn_mask" in options:
        options["attn_mask"] = rushlight.from_numpy(options["attn_mask"])
        if options["attn_mask"].is_floating_point():
            options["attn_mask"] = options["attn_mask"].to(inputs[0].dtype)
    got = F.scaled_dot_product_attention(*inputs, **options)
    assert got.dtype is inputs[0].dtype
    want = expected(
        *(exact(x) for x in inputs),
        mask=None
        if "attn_mask" not in options
        else options["attn_mask"].numpy()
        if options["attn_mask"].dtype is rushlight.bool
        else exact(options["attn_mask"]),
        causal="is_causal" in options,
        scale=options.get("scale"),
    )
    np.testing.assert_allclose(exact(got), want, rtol=DTYPES[dtype], atol=DTYPES[dtype])


@pytest.mark.parametrize("length", [1, 63, 64, 65, 128, 129, 300])
@pytest.mark.parametrize("keys", [1, 127, 128, 129, 257])
@pytest.mark.parametrize("causal", [False, True])
def test_lengths_around_blocks(length, keys, causal):
    q, k, v = three((1, 2, length, 5), (1, 2, keys, 5), (1, 2, keys, 3))
    got = F.scaled_dot_product_attention(make(q), make(k), make(v), is_causal=causal)
    np.testing.assert_allclose(
        exact(got), expected(q, k, v, causal=causal), 1e-10, 1e-14
    )


@pytest.mark.parametrize("shape", [(5, 3), (4, 5, 3), (2, 1, 5, 3), (2, 3, 2, 5, 3)])
@pytest.mark.parametrize("width", [1, 3])
def test_dims(shape, width):
    q, k = random(*shape), random(*shape[:-2], 7, 3, seed=1)
    v = random(*shape[:-2], 7, width, seed=2)
    got = F.scaled_dot_product_attention(make(q), make(k), make(v))
    if len(shape) == 2:
        q, k, v = q[None], k[None], v[None]
    np.testing.assert_allclose(exact(got), expected(q, k, v).reshape(got.shape), 1e-12)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_heads_of_queries_share_keys(groups):
    q, k, v = three(k=(2, groups, 140, 9), v=(2, groups, 140, 11))
    got = F.scaled_dot_product_attention(make(q), make(k), make(v), enable_gqa=True)
    np.testing.assert_allclose(exact(got), expected(q, k, v), rtol=1e-11)


def test_strided_inputs():
    q, k, v = three((3, 2, 66, 8), (3, 2, 130, 8), (3, 2, 130, 8))
    want = expected(q, k, v)
    for order in ((0, 2, 1, 3), (2, 0, 1, 3), (3, 1, 2, 0)):
        back = np.argsort(order)
        made = [make(x.transpose(order)).permute(*back) for x in (q, k, v)]
        got = F.scaled_dot_product_attention(*made)
        np.testing.assert_allclose(exact(got), want, rtol=1e-11)
    wide = [make(np.repeat(x, 2, -1))[..., ::2] for x in (q, k, v)]
    np.testing.assert_allclose(
        exact(F.scaled_dot_product_attention(*wide)), want, 1e-11
    )
    one = make(k[:1]).expand(3, -1, -1, -1)
    got = F.scaled_dot_product_attention(make(q), one, make(v))
    np.testing.assert_allclose(exact(got), expected(q, k[:1].repeat(3, 0), v), 1e-11)


def test_result_lies_as_the_query():
    x = make(random(2, 5, 3, 8)).transpose(1, 2)
    out = F.scaled_dot_product_attention(x, x, x)
    assert out.transpose(1, 2).is_contiguous()


@pytest.mark.parametrize("grad", [False, True])
def test_rows_that_see_nothing_are_0(grad):
    mask = rushlight.ones(5, 7, dtype=rushlight.bool)
    mask[2] = False
    inputs = [make(random(1, 1, n, 4, seed=n), grad=grad) for n in (5, 7, 7)]
    inputs[2] = inputs[1] * 2
    out = F.scaled_dot_product_attention(*inputs, attn_mask=mask)
    assert exact(out)[0, 0, 2].tolist() == [0.0] * 4
    if grad:
        out.sum().backward()
        assert np.isfinite(exact(inputs[1].grad)).all()
        assert exact(inputs[0].grad)[0, 0, 2].tolist() == [0.0] * 4


@pytest.mark.parametrize("shape", [(0, 2, 3, 4), (2, 2, 0, 4), (2, 2, 3, 0)])
def test_empty_queries(shape):
    q = rushlight.zeros(*shape)
    k = rushlight.ones(shape[0], 2, 3, shape[3])
    v = rushlight.ones(shape[0], 2, 3, 2)
    out = F.scaled_dot_product_attention(q, k, v)
    assert tuple(out.shape) == (*shape[:3], 2)
    assert (out == 1).all()


def test_no_keys():
    q, k = rushlight.ones(1, 1, 2, 3, requires_grad=True), rushlight.ones(1, 1, 0, 3)
    out = F.scaled_dot_product_attention(q, k, k)
    assert out.tolist() == [[[[0.0] * 3] * 2]]
    out.sum().backward()
    assert q.grad.tolist() == [[[[0.0] * 3] * 2]]


GRADIENTS = {
    "plain": ((1, 2, 5, 3), (1, 2, 4, 3), (1, 2, 4, 2), {}),
    "causal": ((1, 1, 6, 3), (1, 1, 6, 3), (1, 1, 6, 3), {"is_causal": True}),
    "causal_wide": ((1, 1, 3, 2), (1, 1, 6, 2), (1, 1, 6, 2), {"is_causal": True}),
    "shared": ((1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2), {"enable_gqa": True}),
    "mask": (
        (1, 1, 3, 2),
        (1, 1, 4, 2),
        (1, 1, 4, 2),
        {"attn_mask": random(3, 4, seed=5) > -0.5},
    ),
    "flat": ((3, 2), (4, 2), (4, 2), {"attn_mask": random(3, 4, seed=5)}),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    *shapes, options = GRADIENTS[name]
    options = {
        k: rushlight.from_numpy(x) if isinstance(x, np.ndarray) else x
        for k, x in options.items()
    }
    inputs = [make(random(*s, seed=i), grad=True) for i, s in enumerate(shapes)]

    def call(*inputs):
        return F.scaled_dot_product_attention(*inputs, **options)

    assert rushlight.autograd.gradcheck(call, inputs)
    assert rushlight.autograd.gradgradcheck(call, inputs)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("causal", [False, True])
def test_gradients_over_many_blocks(causal, dtype):
    """Against the formula in Tensor operations, in float64."""
    arrays = three((2, 4, 150, 9), (2, 2, 300, 9), (2, 2, 300, 6))
    weights = make(random(2, 4, 150, 6, seed=7))
    seen = rushlight.ones(150, 300, dtype=rushlight.bool)
    seen = seen.tril() if causal else seen

    def formula(q, k, v):
        k, v = (x.repeat_interleave(2, 1) for x in (k, v))
        scores = (q @ k.mT / 3).masked_fill(~seen, float("-inf"))
        return scores.softmax(-1) @ v

    def op(q, k, v):
        return F.scaled_dot_product_attention(
            q, k, v, is_causal=causal, enable_gqa=True
        )

    found = []
    for kind, compute in ((dtype, op), ("float64", formula)):
        inputs = [make(exact(make(x, dtype)), kind, True) for x in arrays]
        out = compute(*inputs)
        (out * weights.to(out.dtype)).sum().backward()
        found.append([exact(out), *(exact(x.grad) for x in inputs)])
    for got, want in zip(*found, strict=True):
        tol = {"float64": 1e-10, "float32": 1e-4, "float16": 2e-2}[dtype]
        np.testing.assert_allclose(got, want, rtol=tol, atol=tol)


def test_gradient_of_one_input_alone():
    arrays = three((1, 1, 3, 2), (1, 1, 4, 2), (1, 1, 4, 2))
    full = [make(x, grad=True) for x in arrays]
    F.scaled_dot_product_attention(*full).sum().backward()
    for i in range(3):
        some = [make(x, grad=i == j) for j, x in enumerate(arrays)]
        F.scaled_dot_product_attention(*some).sum().backward()
        np.testing.assert_allclose(exact(some[i].grad), exact(full[i].grad), 1e-12)
        assert all(x.grad is None for j, x in enumerate(some) if j != i)


@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 1, 4), (1, 1, 3, 1)])
def test_a_mask_can_have_a_gradient(shape):
    arrays = three((1, 2, 3, 2), (1, 2, 4, 2), (1, 2, 4, 2))
    inputs = [make(x, grad=True) for x in (*arrays, random(*shape, seed=5))]
    call = F.scaled_dot_product_attention
    assert rushlight.autograd.gradcheck(call, inputs)
    assert rushlight.autograd.gradgradcheck(call, inputs)


def test_the_sum_of_exponentials_has_a_gradient():
    inputs = [
        make(x, grad=True) for x in three((1, 2, 3, 2), (1, 1, 4, 2), (1, 1, 4, 2))
    ]

    def call(q, k, v):
        out, logsum = _ops.attention(q, k, v, None, True)
        return out, logsum

    assert rushlight.autograd.gradcheck(call, inputs)
    assert rushlight.autograd.gradcheck(lambda *x: call(*x)[1], inputs)
    scores = (inputs[0] @ inputs[1].mT).detach()
    seen = rushlight.ones(3, 4, dtype=rushlight.bool).tril()
    want = scores.masked_fill(~seen, float("-inf")).logsumexp(-1)
    np.testing.assert_allclose(exact(call(*inputs)[1]), want.numpy(), rtol=1e-12)


def test_a_value_written_since_is_noticed():
    x = make(random(1, 1, 3, 2), grad=True)
    q = x * 1
    out = F.scaled_dot_product_attention(q, q, q)
    q.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 700, 16), (3, 4, 130, 16)])
def test_same_bits_for_any_threads(shape, causal):
    arrays = [random(*shape, seed=i) for i in range(3)]
    threads = rushlight.get_num_threads()
    found = []
    try:
        for n in (1, 2, 3):
            rushlight.set_num_threads(n)
            inputs = [make(x, "float32", True) for x in arrays]
            out = F.scaled_dot_product_attention(*inputs, is_causal=causal)
            (out * out).sum().backward()
            found.append(
                b"".join(
                    x.numpy().tobytes()
                    for x in (out.detach(), *(x.grad for x in inputs))
                )
            )
    finally:
        rushlight.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_memory_is_in_proportion_to_the_length():
    """Twelve thousand by twelve thousand scores would be 576 MB."""
    code = """
import resource
import rushlight
from rushlight.nn import functional as F
x = rushlight.ones(1, 1, 12000, 4, requires_grad=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
F.scaled_dot_product_attention(x, x, x, is_causal=True).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(out.stdout) < 60_000  # kB


def test_dropout_keeps_the_mean():
    rushlight.manual_seed(0)
    x = rushlight.ones(1, 1, 50, 400)
    out = F.scaled_dot_product_attention(x, x, x, dropout_p=0.5)
    assert abs(out.mean().item() - 1) < 0.1
    assert out.std().item() > 0.05


ERRORS = {
    "dims": lambda x: _ops.attention(x[0], x, x),
    "keys": lambda x: _ops.attention(x, x, x[:, :, :2]),
    "width": lambda x: _ops.attention(x, x[..., :2], x),
    "heads": lambda x: _ops.attention(x, x.repeat(1, 2, 1, 1), x.repeat(1, 2, 1, 1)),
    "dtype": lambda x: _ops.attention(x, x.double(), x),
    "mask": lambda x: _ops.attention(x, x, x, rushlight.ones(9, 9)),
    "mask_dtype": lambda x: _ops.attention(x, x, x, rushlight.ones(3, 3).long()),
    "int": lambda x: _ops.attention(x.int(), x.int(), x.int()),
    "grad": lambda x: _ops.attention_backward(x[:, :, :2], x, x, x, x, x[..., 0]),
    "logsum": lambda x: _ops.attention_backward(x, x, x, x, x, x),
    "logsum_dtype": lambda x: _ops.attention_backward(
        x, x, x, x, x, x[..., 0].double()
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    with pytest.raises(RuntimeError, match="attention"):
        ERRORS[name](rushlight.ones(2, 3, 3, 4))


def test_layer_is_the_formula():
    layer = nn.MultiheadAttention(8, 2, batch_first=True).double()
    x = random(3, 5, 8)
    weight, bias = exact(layer.in_proj_weight), exact(layer.in_proj_bias)
    parts = np.split(x @ weight.T + bias, 3, -1)
    heads = [p.reshape(3, 5, 2, 4).swapaxes(1, 2) for p in parts]
    joined = expected(*heads).swapaxes(1, 2).reshape(3, 5, 8)
    want = joined @ exact(layer.out_proj.weight).T + exact(layer.out_proj.bias)
    for need_weights in (False, True):
        out, weights = layer(*[make(x)] * 3, need_weights=need_weights)
        np.testing.assert_allclose(exact(out), want, rtol=1e-10)
    np.testing.assert_allclose(exact(weights).sum(-1), 1.0)
    assert weights.shape == (3, 5, 5)


def test_encoder_copies_its_layer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 3)
    states = [x.state_dict() for x in encoder.layers]
    for name, value in layer.state_dict().items():
        for state in states:
            assert (state[name] == value).all()
            assert state[name].data_ptr() != value.data_ptr()


def test_causal_transformer_does_not_look_ahead():
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    x = make(random(1, 5, 8), "float32")
    changed = x.clone()
    changed[0, 3:] += 1
    before, after = (layer(y, src_mask=mask, is_causal=True) for y in (x, changed))
    np.testing.assert_array_equal(exact(before)[0, :3], exact(after)[0, :3])
    assert not np.array_equal(exact(before)[0, 3:], exact(after)[0, 3:])
