"""Activations and pairwise losses with kernels: values, gradients, layouts, edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F
from rushlight.nn._functional import binary_losses, piecewise_units, smooth_units
from rushlight.nn._functional import regression_losses as losses

TOLERANCE = {"float64": 1e-13, "float32": 2e-6, "float16": 1e-3, "bfloat16": 8e-3}

erf = np.vectorize(math.erf)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(-abs(x))) + np.maximum(x, 0)


def elu(x, a=1.0, b=1.0, c=1.0):
    return np.where(x > 0, b * x, a * np.expm1(c * np.minimum(x, 0)))


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def inside(x, low, high):
    """x between the limits, where alone it has a slope."""
    return rl.where((x > low) & (x < high), x, x.detach().clamp(low, high))


# name -> (function, the same in NumPy, the formula that serves other devices)
UNITS = {
    "celu": (
        lambda x: F.celu(x, 1.5),
        lambda x: elu(x, 1.5, 1, 1 / 1.5),
        lambda x: smooth_units._elu_formula(x, 1.5, 1, 1 / 1.5),
    ),
    "elu": (
        lambda x: F.elu(x, 0.5),
        lambda x: elu(x, 0.5),
        lambda x: smooth_units._elu_formula(x, 0.5, 1, 1),
    ),
    "gelu": (
        F.gelu,
        lambda x: x / 2 * (1 + erf(x / math.sqrt(2))),
        smooth_units._gelu_formula,
    ),
    "gelu tanh": (
        lambda x: F.gelu(x, approximate="tanh"),
        gelu_tanh,
        smooth_units._gelu_tanh_formula,
    ),
    "hardsigmoid": (
        F.hardsigmoid,
        lambda x: np.clip(x / 6 + 0.5, 0, 1),
        piecewise_units._hardsigmoid_formula,
    ),
    "hardswish": (
        F.hardswish,
        lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        piecewise_units._hardswish_formula,
    ),
    "hardtanh": (
        lambda x: F.hardtanh(x, -0.75, 1.5),
        lambda x: np.clip(x, -0.75, 1.5),
        lambda x: inside(x, -0.75, 1.5),
    ),
    "leaky_relu": (
        lambda x: F.leaky_relu(x, 0.25),
        lambda x: np.where(x > 0, x, x * 0.25),
        lambda x: piecewise_units._leaky_relu_formula(x, 0.25),
    ),
    "logsigmoid": (
        F.logsigmoid,
        lambda x: -softplus(-x),
        smooth_units._logsigmoid_formula,
    ),
    "mish": (F.mish, lambda x: x * np.tanh(softplus(x)), smooth_units._mish_formula),
    "relu6": (F.relu6, lambda x: np.clip(x, 0, 6), lambda x: inside(x, 0, 6)),
    "selu": (
        F.selu,
        lambda x: elu(x, 1.6732632423543772 * 1.0507009873554805, 1.0507009873554805),
        lambda x: smooth_units._elu_formula(
            x, 1.6732632423543772, 1.0507009873554805, 1
        ),
    ),
    "silu": (F.silu, lambda x: x * sigmoid(x), smooth_units._silu_formula),
    "softplus": (
        lambda x: F.softplus(x, 2, 15),
        lambda x: np.where(2 * x > 15, x, softplus(2 * x) / 2),
        lambda x: smooth_units._softplus_formula(x, 2, 15),
    ),
}


def draw(*shape, seed=0, low=-8.0, high=8.0):
    return np.random.default_rng(seed).uniform(low, high, shape)


def near(ours, expected, dtype="float64", scale=1.0):
    tolerance = TOLERANCE[dtype] * scale
    np.testing.assert_allclose(
        ours.detach().double().numpy(), expected, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", UNITS)
def test_values(name, dtype):
    function, expected, _ = UNITS[name]
    for shape in [(1,), (7,), (64,), (3, 5, 7), (40_000,)]:
        x = rl.tensor(draw(*shape)).to(getattr(rl, dtype))
        y = function(x)
        assert y.dtype == x.dtype and y.shape == x.shape
        near(y, expected(x.double().numpy()), dtype, 4)


@pytest.mark.parametrize("name", UNITS)
def test_layouts(name):
    function, expected, _ = UNITS[name]
    base = rl.tensor(draw(4, 6, 5))
    for x in (base.t() if base.dim() == 2 else base.transpose(0, 2), base[1:, ::2, 1:]):
        near(function(x), expected(x.numpy()))
    y = function(base.transpose(0, 2))
    assert y.stride() == base.transpose(0, 2).stride()
    assert function(base[0, 0, 0]).shape == ()
    assert function(base[:0]).shape == (0, 6, 5)
    near(function(base[:1].expand(3, 6, 5)), expected(base[:1].expand(3, 6, 5).numpy()))


@pytest.mark.parametrize("name", UNITS)
def test_gradients(name):
    function, _, formula = UNITS[name]
    x = rl.tensor(draw(5, 7)).requires_grad_()
    assert gradcheck(function, [x])
    assert gradgradcheck(function, [x])
    # Of every layout of the gradient: as it comes, expanded from a number, transposed.
    for g in (
        rl.tensor(draw(5, 7, seed=1)),
        rl.tensor(1.5, dtype=rl.float64).expand(5, 7),
        rl.tensor(draw(7, 5, seed=2)).t(),
    ):
        (ours,) = rl.autograd.grad(function(x), x, g)
        (exact,) = rl.autograd.grad(formula(x), x, g)
        near(ours, exact.numpy(), scale=100)
    z = rl.tensor(draw(7, 5)).t().requires_grad_()
    g = rl.tensor(draw(5, 7, seed=1))
    (ours,) = rl.autograd.grad(function(z), z, g)
    (exact,) = rl.autograd.grad(formula(z), z, g)
    near(ours, exact.numpy(), scale=100)


IN_PLACE = {
    "celu": lambda x, i: F.celu(x, 1.5, i),
    "elu": lambda x, i: F.elu(x, 0.5, i),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "hardtanh": lambda x, i: F.hardtanh(x, -0.75, 1.5, i),
    "leaky_relu": lambda x, i: F.leaky_relu(x, 0.25, i),
    "mish": F.mish,
    "relu6": F.relu6,
    "selu": F.selu,
    "silu": F.silu,
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    function = IN_PLACE[name]
    for x in (
        rl.tensor(draw(5, 7)),
        rl.tensor(draw(7, 5)).t(),
        rl.tensor(draw(9, 8))[::2],
    ):
        expected = function(x, False)
        version = x._version
        assert function(x, True) is x
        assert rl.equal(x, expected) and x._version > version
    leaf = rl.tensor(draw(5, 7)).requires_grad_()
    with pytest.raises(RuntimeError, match="leaf"):
        function(leaf, True)
    assert gradcheck(lambda x: function(x * 1, True), [leaf])
    assert gradgradcheck(lambda x: function(x * 1, True), [leaf])
    with pytest.raises(RuntimeError):
        function(rl.ones(1).expand(3), True)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", UNITS)
def test_gradients_in_other_dtypes(name, dtype):
    function, _, formula = UNITS[name]
    x = rl.tensor(draw(2000)).to(getattr(rl, dtype)).requires_grad_()
    g = rl.tensor(draw(2000, seed=1)).to(x.dtype)
    (ours,) = rl.autograd.grad(function(x), x, g)
    assert ours.dtype == x.dtype
    exact = x.detach().double().requires_grad_()
    (expected,) = rl.autograd.grad(formula(exact), exact, g.double())
    near(ours, expected.numpy(), dtype, 16)


@pytest.mark.parametrize("name", UNITS)
def test_edges(name):
    function = UNITS[name][0]
    x = rl.tensor([math.nan, 1.0], requires_grad=True)
    y = function(x)
    assert math.isnan(y[0].item()) and not math.isnan(y[1].item())
    far = function(rl.tensor([1e4, -1e4, 3e38, -3e38], dtype=rl.float32))
    assert not far.isnan().any()
    for dtype in (rl.int64, rl.bool):
        if name in ("hardtanh", "relu6"):
            continue
        with pytest.raises((RuntimeError, NotImplementedError)):
            function(rl.ones(3, dtype=dtype))
    with pytest.raises(TypeError):
        function([1.0])


def test_slopes_at_the_corners():
    corners = rl.tensor([-3.0, 3.0], dtype=rl.float64, requires_grad=True)
    for function, slopes in (
        (F.hardswish, [0, 1]),
        (F.hardsigmoid, [0, 0]),
        (lambda x: F.hardtanh(x, -3, 3), [0, 0]),
    ):
        (g,) = rl.autograd.grad(function(corners).sum(), corners)
        assert g.tolist() == slopes
    zero = rl.zeros(1, requires_grad=True)
    for function, slope in ((lambda x: F.leaky_relu(x, 0.5), 0.5), (F.elu, 1.0)):
        (g,) = rl.autograd.grad(function(zero).sum(), zero)
        assert g.item() == slope
    # A slope of 0 stops infinite gradients.
    x = rl.tensor([9.0], requires_grad=True)
    F.relu6(x).backward(rl.tensor([math.inf]))
    assert x.grad.tolist() == [0]


def test_unknown_names():
    x = rl.ones(2)
    with pytest.raises(ValueError, match="no unit"):
        _ops.unit_backward(x, x, "relu7")
    with pytest.raises(ValueError, match="no loss"):
        _ops.pair_loss(x, x, "cube")
    with pytest.raises(RuntimeError, match="approximate"):
        F.gelu(x, approximate="erf")


# name -> (function of x, t, reduction; NumPy; the formula)
LOSSES = {
    "mse": (
        F.mse_loss,
        lambda x, t: (x - t) ** 2,
        losses._mse_formula,
    ),
    "l1": (F.l1_loss, lambda x, t: abs(x - t), losses._l1_formula),
    "smooth_l1": (
        lambda x, t, reduction: F.smooth_l1_loss(x, t, reduction=reduction, beta=0.5),
        lambda x, t: np.where(abs(x - t) < 0.5, (x - t) ** 2, abs(x - t) - 0.25),
        lambda x, t, code: losses._smooth_l1_formula(x, t, code, 0.5),
    ),
    "huber": (
        lambda x, t, reduction: F.huber_loss(x, t, reduction, 0.5),
        lambda x, t: np.where(
            abs(x - t) < 0.5, (x - t) ** 2 / 2, 0.5 * (abs(x - t) - 0.25)
        ),
        lambda x, t, code: losses._huber_formula(x, t, code, 0.5),
    ),
    "logits": (
        lambda x, t, reduction: F.binary_cross_entropy_with_logits(
            x * 5, t, reduction=reduction
        ),
        lambda x, t: softplus(5 * x) - 5 * x * t,
        lambda x, t, code: binary_losses._with_logits_formula(
            x * 5, t, None, None, code
        ),
    ),
    "probabilities": (
        lambda x, t, reduction: F.binary_cross_entropy(x, t, reduction=reduction),
        lambda x, t: -t * np.log(x) - (1 - t) * np.log1p(-x),
        lambda x, t, code: binary_losses._binary_cross_entropy(x, t, None, code),
    ),
}
REDUCE = {"none": lambda a: a, "mean": np.mean, "sum": np.sum}


def pair(*shape):
    return draw(*shape, low=0.01, high=0.99), draw(*shape, seed=1, low=0.0, high=1.0)


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, reduction):
    function, expected = LOSSES[name][:2]
    for dtype in TOLERANCE:
        for shape in [(3,), (5, 40), (50_000,)]:
            x, t = (rl.tensor(a).to(getattr(rl, dtype)) for a in pair(*shape))
            y = function(x, t, reduction=reduction)
            assert y.dtype == x.dtype
            exact = REDUCE[reduction](expected(x.double().numpy(), t.double().numpy()))
            if np.all(abs(exact) < 6e4):
                near(y, exact, dtype, 8)
    x, t = (rl.tensor(a) for a in pair(6, 8))
    y = function(x.t(), t.t()[:8], reduction=reduction)
    near(y, REDUCE[reduction](expected(x.numpy().T, t.numpy().T)), scale=8)


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_losses(name, reduction):
    function, _, formula = LOSSES[name]
    x, t = (rl.tensor(a) for a in pair(4, 5))
    x.requires_grad_()

    def call(x, t):
        return function(x, t, reduction=reduction)

    assert gradcheck(call, [x, t])
    assert gradgradcheck(call, [x, t])
    both = t.clone().requires_grad_()
    assert gradcheck(call, [x, both])
    assert gradgradcheck(call, [x, both])
    if name not in ("logits", "probabilities"):
        (alone,) = rl.autograd.grad(call(x.detach(), both).sum(), both)
        (other,) = rl.autograd.grad(call(x, t).sum(), x)
        near(alone, -other.numpy())
    code = ("none", "mean", "sum").index(reduction)
    (ours,) = rl.autograd.grad(call(x, t).sum() * 3, x)
    (exact,) = rl.autograd.grad(formula(x, t, code).sum() * 3, x)
    near(ours, exact.numpy(), scale=100)
    assert call(x, t).grad_fn.name() == "PairLossBackward0"


def test_losses_of_nothing():
    none = rl.zeros(0, 3)
    for name, (function, *_) in LOSSES.items():
        assert function(none, none, reduction="none").shape == (0, 3), name
        assert function(none, none, reduction="sum").item() == 0, name
        assert math.isnan(function(none, none, reduction="mean").item()), name


def test_losses_at_the_edges():
    x, t = rl.tensor([0.0, 1.0, 1.0, 0.0]), rl.tensor([0.0, 1.0, 0.0, 1.0])
    y = F.binary_cross_entropy(x, t, reduction="none")
    assert y.tolist() == [0, 0, 100, 100]
    for bad in (-0.5, 1.5, math.nan):
        for n in (1, 40_000):
            values = np.full(n, 0.5)
            values[n // 2] = bad
            with pytest.raises(RuntimeError, match="between 0 and 1"):
                F.binary_cross_entropy(rl.tensor(values), rl.zeros(n, dtype=rl.float64))
    far = rl.tensor([1e4, -1e4])
    assert F.binary_cross_entropy_with_logits(
        far, rl.ones(2), reduction="none"
    ).tolist() == [0, 1e4]
    with pytest.warns(UserWarning, match="target size"):
        assert F.mse_loss(rl.ones(2, 3), rl.zeros(3)).item() == 1
    assert F.mse_loss(rl.ones(2), rl.zeros(2).double()).dtype == rl.float64


def test_targets_of_probabilities_have_no_rule_of_differences():
    x, t = rl.ones(2) * 0.5, rl.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="targets"):
        _ops.pair_loss(x, t, "binary_cross_entropy").backward()
