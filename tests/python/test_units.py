"""GELU, SiLU and leaky ReLU as compiled ops: dtypes, strides, derivatives, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight
from rushlight import _ops
from rushlight.nn import functional as F

DTYPES = {"float64": 1e-13, "float32": 1e-6, "float16": 1e-3, "bfloat16": 8e-3}


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


UNITS = {
    "gelu": (
        lambda x: F.gelu(x),
        lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    ),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), gelu_tanh),
    "silu": (lambda x: F.silu(x), lambda x: x / (1 + np.exp(-x))),
    "leaky_relu": (
        lambda x: F.leaky_relu(x, 0.2),
        lambda x: np.where(x > 0, x, 0.2 * x),
    ),
}


def random(*shape):
    return np.random.default_rng(len(shape)).standard_normal(shape) * 3


def tensor(array, dtype="float64"):
    made = rushlight.from_numpy(np.ascontiguousarray(array))
    return made.to(getattr(rushlight, dtype))


def exact(x):
    return x.detach().to(rushlight.float64).numpy()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (67,), (3, 5), (2, 0, 3)])
@pytest.mark.parametrize("name", UNITS)
def test_values(name, shape, dtype):
    compute, formula = UNITS[name]
    x = tensor(random(*shape), dtype)
    got = compute(x)
    assert got.dtype is x.dtype
    assert got.shape == x.shape
    if x.numel():
        tol = DTYPES[dtype]
        np.testing.assert_allclose(exact(got), formula(exact(x)), rtol=tol, atol=tol)


VIEWS = {
    "transposed": lambda x: x.t(),
    "sliced": lambda x: x[1:, ::2],
    "expanded": lambda x: x[:1].expand(5, -1),
    "offset": lambda x: x.flatten()[3:],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", UNITS)
def test_views_and_their_gradients(name, view):
    compute, formula = UNITS[name]
    x = tensor(random(6, 9)).requires_grad_()
    seen = VIEWS[view](x)
    got = compute(seen)
    np.testing.assert_allclose(exact(got), formula(exact(seen)), rtol=1e-12)
    if view == "transposed":
        assert got.stride() == seen.stride()
    assert rushlight.autograd.gradcheck(lambda x: compute(VIEWS[view](x)), [x])


@pytest.mark.parametrize("name", UNITS)
def test_second_derivatives(name):
    compute, _ = UNITS[name]
    x = tensor(random(9)).requires_grad_()
    assert rushlight.autograd.gradcheck(compute, [x])
    assert rushlight.autograd.gradgradcheck(compute, [x])


@pytest.mark.parametrize("name", UNITS)
def test_gradients_in_another_memory_order(name):
    compute, _ = UNITS[name]
    x, g = tensor(random(4, 6)), tensor(random(6, 4)).t()
    grads = []
    for weight in (g, g.contiguous()):
        y = x.clone().requires_grad_()
        compute(y).backward(weight)
        grads.append(exact(y.grad))
    np.testing.assert_array_equal(*grads)


@pytest.mark.parametrize("name", UNITS)
def test_extremes(name):
    compute, _ = UNITS[name]
    x = tensor([1e30, 50.0, 0.0, -0.0, -50.0, math.nan], "float32")
    got = compute(x).tolist()
    assert got[:3] == [pytest.approx(1e30), 50.0, 0.0]
    assert got[3] == 0.0
    assert math.copysign(1, got[3]) == -1
    assert got[4] == (
        pytest.approx(-10.0) if name == "leaky_relu" else pytest.approx(0)
    )
    assert math.isnan(got[5])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: _ops.gelu(x.long()),
        lambda x: _ops.silu(x.bool()),
        lambda x: _ops.gelu_backward(x[:1], x),
        lambda x: _ops.leaky_relu_backward(x.long(), x.long()),
        lambda x: F.gelu(x, approximate="erf"),
    ],
)
def test_errors(call):
    with pytest.raises(RuntimeError, match=r"gelu|silu|leaky_relu"):
        call(rushlight.ones(3))
