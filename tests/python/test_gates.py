"""glu and prelu: values, gradients, layouts, errors."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F
from rushlight.nn._functional import gating, piecewise_units

TOLERANCE = {"float64": 1e-13, "float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) * 3


def near(ours, expected, dtype="float64", scale=1.0):
    bound = TOLERANCE[dtype] * scale
    np.testing.assert_allclose(
        ours.detach().double().numpy(), expected, rtol=bound, atol=bound
    )


def glu(x, dim):
    a, b = np.split(x, 2, dim)
    return a / (1 + np.exp(-b))


def prelu(x, w):
    if w.size > 1:
        w = w.reshape(-1, *[1] * (x.ndim - 2))
    return np.where(x > 0, x, x * w)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_glu_values(dtype):
    for shape, dim in [((8,), 0), ((5, 6), 1), ((4, 7, 3), 0), ((2, 40_000), -1)]:
        x = rl.tensor(draw(*shape)).to(getattr(rl, dtype))
        near(F.glu(x, dim), glu(x.double().numpy(), dim), dtype)
    x = rl.tensor(draw(6, 4, 5))
    for y in (x.transpose(0, 2), x[::2, :, 1:], x[:, :2]):
        near(F.glu(y, 1), glu(y.numpy(), 1))
    assert F.glu(rl.zeros(0, 4), 1).shape == (0, 2)


SLOPES = [((7,), 1), ((5, 6), 6), ((5, 6), 1), ((3, 4, 5), 4), ((2, 3, 130, 130), 3)]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_prelu_values(dtype):
    for shape, slopes in SLOPES:
        x = rl.tensor(draw(*shape)).to(getattr(rl, dtype))
        w = rl.tensor(draw(slopes, seed=1)).to(getattr(rl, dtype))
        near(F.prelu(x, w), prelu(x.double().numpy(), w.double().numpy()), dtype)
    x = rl.tensor(draw(6, 4, 5))
    for y in (x.transpose(0, 2), x[::2, :, 1:], x.permute(1, 2, 0)):
        for slopes in (1, y.shape[1]):
            w = rl.tensor(draw(slopes, seed=1))
            near(F.prelu(y, w), prelu(y.numpy(), w.numpy()))
    assert F.prelu(rl.zeros(0, 4), rl.ones(4)).shape == (0, 4)


def test_gradients():
    for shape, dim in [((4, 6), 1), ((4, 3), 0), ((2, 4, 3), 1)]:
        x = rl.tensor(draw(*shape)).requires_grad_()
        assert gradcheck(lambda x, d=dim: F.glu(x, d), [x])
        assert gradgradcheck(lambda x, d=dim: F.glu(x, d), [x])
    for shape, slopes in SLOPES[:4]:
        x = rl.tensor(draw(*shape)).requires_grad_()
        w = rl.tensor(draw(slopes, seed=1)).requires_grad_()
        for pair in ((x, w), (x, w.detach()), (x.detach(), w)):
            assert gradcheck(F.prelu, pair)
            assert gradgradcheck(F.prelu, pair)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_gradients_agree_with_formulas(dtype):
    for shape, slopes in SLOPES:
        single = [
            rl.tensor(a).to(getattr(rl, dtype)) for a in (draw(*shape), draw(slopes))
        ]
        g = rl.tensor(draw(*shape, seed=3)).to(getattr(rl, dtype))
        found, exact = [], []
        for results, function, kind in (
            (found, F.prelu, getattr(rl, dtype)),
            (exact, piecewise_units._prelu_formula, rl.float64),
        ):
            leaves = [x.to(kind).detach().requires_grad_() for x in single]
            function(*leaves).backward(g.to(kind))
            results += [x.grad for x in leaves]
        for a, b in zip(found, exact):
            near(a, b.numpy(), dtype, max(1, abs(b.numpy()).max()))
    x = rl.tensor(draw(3, 60_000)).to(getattr(rl, dtype))
    g = rl.tensor(draw(3, 30_000, seed=3)).to(x.dtype)
    ours, wide = x.requires_grad_(), x.detach().double().requires_grad_()
    F.glu(ours).backward(g)
    gating._glu_formula(wide, 1).backward(g.double())
    near(ours.grad, wide.grad.numpy(), dtype, 8)


def test_empty_prelu_has_a_gradient():
    w = rl.ones(4, requires_grad=True)
    F.prelu(rl.zeros(0, 4), w).sum().backward()
    assert w.grad.tolist() == [0, 0, 0, 0]


def test_errors():
    for error, call in (
        (RuntimeError, lambda: F.glu(rl.ones(3))),
        (RuntimeError, lambda: _ops.glu(rl.ones(3), 0)),
        (RuntimeError, lambda: _ops.glu(rl.ones(()), 0)),
        (IndexError, lambda: _ops.glu(rl.ones(4), 1)),
        (NotImplementedError, lambda: _ops.glu(rl.ones(4).long(), 0)),
        (RuntimeError, lambda: F.prelu(rl.ones(2, 3), rl.ones(2))),
        (RuntimeError, lambda: _ops.prelu(rl.ones(2, 3), rl.ones(2))),
        (RuntimeError, lambda: _ops.prelu(rl.ones(2, 3), rl.ones(3).double())),
        (RuntimeError, lambda: _ops.glu_backward(rl.ones(3), rl.ones(4), 0)),
    ):
        with pytest.raises(error):
            call()
