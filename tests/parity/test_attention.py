"""scaled_dot_product_attention against PyTorch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from common import assert_same  # noqa: E402

SHAPES = {
    "small": ((2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 3)),
    "blocks": ((1, 2, 150, 16), (1, 2, 300, 16), (1, 2, 300, 16)),
    "three": ((3, 5, 4), (3, 7, 4), (3, 7, 4)),
    "two": ((5, 4), (7, 4), (7, 4)),
    "five": ((2, 1, 2, 5, 4), (2, 1, 2, 7, 4), (2, 1, 2, 7, 4)),
    "broadcast": ((2, 2, 5, 4), (1, 2, 7, 4), (1, 2, 7, 4)),
}
OPTIONS = {
    "plain": lambda m, n: {},
    "causal": lambda m, n: {"is_causal": True},
    "scale": lambda m, n: {"scale": 0.3},
    "bool": lambda m, n: {"attn_mask": m.ones(*n, dtype=m.bool).tril(1)},
    "row": lambda m, n: {"attn_mask": (m.arange(n[1]) < 3)[None]},
    "added": lambda m, n: {"attn_mask": m.linspace(-2, 2, n[0] * n[1]).reshape(n)},
}


def results(m, shapes, dtype, options):
    rng = np.random.default_rng(3)
    inputs = [
        m.from_numpy(rng.standard_normal(s)).to(getattr(m, dtype)).requires_grad_()
        for s in shapes
    ]
    how = options(m, (shapes[0][-2], shapes[1][-2]))
    if "attn_mask" in how and how["attn_mask"].is_floating_point():
        how["attn_mask"] = how["attn_mask"].to(inputs[0].dtype)
    out = m.nn.functional.scaled_dot_product_attention(*inputs, **how)
    weights = m.from_numpy(rng.standard_normal(tuple(out.shape))).to(out.dtype)
    (out * weights).sum().backward()
    found = [out.detach(), *(x.grad for x in inputs)]
    return [x.to(m.float64).numpy() for x in found], str(out.dtype).rpartition(".")[2]


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", SHAPES)
def test_values_and_gradients(name, options, dtype):
    got, expected = (
        results(m, SHAPES[name], dtype, OPTIONS[options]) for m in (rushlight, torch)
    )
    assert got[1] == expected[1]
    tol = {"float32": 3e-5, "float64": 1e-11, "bfloat16": 5e-2}[dtype]
    for mine, other in zip(got[0], expected[0], strict=True):
        np.testing.assert_allclose(mine, other, rtol=tol, atol=tol)


def test_shared_keys():
    shapes = ((2, 6, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4))
    got, expected = (
        results(m, shapes, "float32", lambda *_: {"enable_gqa": True})[0]
        for m in (rushlight, torch)
    )
    for mine, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ((2, 3, 4), {}),
        ((2, 7, 5), {}),
        ((4,), {}),
        ((2, 5, 4), {"is_causal": True, "attn_mask": True}),
        ((2, 5, 4), {"dropout_p": 1.5}),
    ],
)
def test_errors(key, options):
    def call(m):
        how = dict(options)
        if "attn_mask" in how:
            how["attn_mask"] = m.ones(5, 5, dtype=m.bool)
        value = m.ones(2, 5, 4)
        return m.nn.functional.scaled_dot_product_attention(
            m.ones(2, 5, 4), m.ones(*key), value, **how
        )

    assert_same(call)
