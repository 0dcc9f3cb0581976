"""The normalisations: NumPy's values, formulas for gradients, layouts, errors."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F
from rushlight.nn._functional import norm_formulas

TOLERANCE = {"float64": 1e-12, "float32": 5e-6, "float16": 2e-3, "bfloat16": 2e-2}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) * 2 + 3


def standard(x, axes, eps, centred=True):
    if centred:
        x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + eps)


def along(v, ndim):
    return v.reshape(1, -1, *[1] * (ndim - 2))


def grouped(x, groups, eps):
    return standard(x.reshape(len(x), groups, -1), -1, eps).reshape(x.shape)


def others(x):
    return tuple(d for d in range(x.ndim) if d != 1)


def near(ours, expected, dtype="float64", scale=1.0):
    np.testing.assert_allclose(
        ours.detach().double().numpy(),
        expected,
        rtol=TOLERANCE[dtype] * scale,
        atol=TOLERANCE[dtype] * scale,
    )


# name -> (function of x, w, b; the same in NumPy; the shape of w and b, given x's)
CASES = {
    "layer": (
        lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b, 1e-3),
        lambda x, w, b: standard(x, -1, 1e-3) * w + b,
        lambda shape: shape[-1:],
    ),
    "layer of all": (
        lambda x, w, b: F.layer_norm(x, x.shape, w, b, 1e-3),
        lambda x, w, b: standard(x, None, 1e-3) * w + b,
        lambda shape: shape,
    ),
    "rms": (
        lambda x, w, b: F.rms_norm(x, x.shape[-1:], w, 1e-3) + b * 0,
        lambda x, w, b: standard(x, -1, 1e-3, False) * w,
        lambda shape: shape[-1:],
    ),
    **{
        f"group {n}": (
            lambda x, w, b, n=n: rl.group_norm(x, n, w, b, 1e-3),
            lambda x, w, b, n=n: (
                grouped(x, n, 1e-3) * along(w, x.ndim) + along(b, x.ndim)
            ),
            lambda shape: shape[1:2],
        )
        for n in (1, 2, 6)
    },
    "batch": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=1e-3),
        lambda x, w, b: (
            standard(x, others(x), 1e-3) * along(w, x.ndim) + along(b, x.ndim)
        ),
        lambda shape: shape[1:2],
    ),
    "evaluation": (
        lambda x, w, b: F.batch_norm(
            x, (w * 0 + 2).detach(), (w * 0 + 4).detach(), w, b, eps=0.5
        ),
        lambda x, w, b: (x - 2) / np.sqrt(4.5) * along(w, x.ndim) + along(b, x.ndim),
        lambda shape: shape[1:2],
    ),
}
# Short and long rows, one channel's neighbours or none, over and under a register.
SHAPES = [(4, 6), (70, 6), (3, 6, 5), (2, 6, 3, 4), (300, 6, 40), (2, 6, 20000)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_values(name, dtype):
    ours, expected, parameters = CASES[name]
    for shape in SHAPES:
        of = parameters(shape)
        made = [rl.tensor(draw(*s, seed=i)) for i, s in enumerate((shape, of, of))]
        made = [x.to(getattr(rl, dtype)) for x in made]
        result = ours(*made)
        assert result.dtype == made[0].dtype
        arrays = [x.double().numpy() for x in made]
        near(result, expected(*arrays), dtype, 3)


@pytest.mark.parametrize("name", CASES)
def test_layouts(name):
    ours, expected, parameters = CASES[name]
    base = rl.tensor(draw(4, 12, 10, 8))
    for x in (
        base[:, :6],
        base[:, ::2, 1:, ::3],
        base.permute(2, 1, 3, 0)[:, 6:],
        base[:, :6].contiguous(memory_format=rl.channels_last),
        base[:, :6, :1, :1],
        base[:1, :6, 0],
        base[:, :1].expand(-1, 6, -1, -1),
    ):
        w, b = (rl.tensor(draw(*parameters(tuple(x.shape)), seed=i)) for i in (1, 2))
        near(ours(x, w, b), expected(x.numpy(), w.numpy(), b.numpy()))
        strided = rl.stack([w, w], -1)[..., 0]
        assert rl.equal(ours(x, strided, b), ours(x, w, b))


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    function, _, parameters = CASES[name]
    for shape in [(3, 6), (2, 6, 3)]:
        arrays = [
            draw(*s, seed=i) for i, s in enumerate((shape, *[parameters(shape)] * 2))
        ]
        leaves = [rl.tensor(a).requires_grad_() for a in arrays]
        assert gradcheck(function, leaves)
        assert gradgradcheck(function, leaves)
        for chosen in range(3):
            # Of one argument only.
            some = [x.detach() for x in leaves]
            some[chosen].requires_grad_()
            assert gradcheck(function, some)
            assert gradgradcheck(function, some)


@pytest.mark.parametrize("name", ["layer", "rms", "group 2", "batch", "evaluation"])
def test_gradients_without_parameters(name):
    ones = rl.ones(6, dtype=rl.float64)
    plain = {
        "layer": lambda x: F.layer_norm(x, x.shape[-1:]),
        "rms": lambda x: F.rms_norm(x, x.shape[-1:]),
        "group 2": lambda x: F.group_norm(x, 2),
        "batch": lambda x: F.batch_norm(x, None, None, training=True),
        "evaluation": lambda x: F.batch_norm(x, ones * 1.5, ones * 2),
    }[name]
    x = rl.tensor(draw(2, 6, 4)).requires_grad_()
    assert gradcheck(plain, [x])
    assert gradgradcheck(plain, [x])


FORMULAS = {
    "batch": (
        lambda m, x, w, b: m.batch_norm(x, w, b, None, None, True, 0.1, 1e-5),
        lambda x, w, b: _ops.native_batch_norm(x, w, b, None, None, True, 0.1, 1e-5)[0],
    ),
    "group": (
        lambda m, x, w, b: m.group_norm(x, 4, w, b, 1e-5),
        lambda x, w, b: _ops.native_group_norm(x, 4, w, b, 1e-5)[0],
    ),
    "layer": (
        lambda m, x, w, b: m.layer_norm(x, x.shape[-1:], w, b, 1e-5),
        lambda x, w, b: _ops.native_layer_norm(x, x.shape[-1:], w, b, 1e-5)[0],
    ),
    "rms": (
        lambda m, x, w, b: m.rms_norm(x, x.shape[-1:], w, None) + b * 0,
        lambda x, w, b: _ops.fused_rms_norm(x, x.shape[-1:], w)[0] + b * 0,
    ),
}


@pytest.mark.parametrize("shape", [(700, 64), (9, 64, 64), (3, 64, 5, 64)], ids=str)
@pytest.mark.parametrize("name", FORMULAS)
def test_kernels_agree_with_formulas(name, shape):
    formula, kernel = FORMULAS[name]
    for dtype in ("float64", "float32"):
        results = []
        for function in (lambda *a: formula(norm_formulas, *a), kernel):
            # The formula always in float64, of the same numbers.
            inner = rl.float64 if function is not kernel else getattr(rl, dtype)
            given = [
                rl.tensor(draw(*s, seed=i), dtype=getattr(rl, dtype)).to(inner)
                for i, s in enumerate((shape, (64,), (64,), shape))
            ]
            leaves = [x.requires_grad_() for x in given[:3]]
            y = function(*leaves)
            y.backward(given[3])
            results.append([y, *(x.grad for x in leaves)])
        for exact, found in zip(*results):
            exact = exact.detach().numpy()
            bound = 2 * TOLERANCE[dtype] * max(1, abs(exact).max())
            np.testing.assert_allclose(found.detach().numpy(), exact, 0, bound)


def test_large_means_cost_no_digits():
    x = rl.tensor(np.random.default_rng(0).normal(size=(4, 50000)) + 1e6)
    y = F.layer_norm(x, (50000,), eps=0.0)
    np.testing.assert_allclose(y.numpy(), standard(x.numpy(), -1, 0), atol=1e-8)
    # 2 ** 12 + k / 8: float32 holds these numbers, so their spread is exact.
    steps = np.random.default_rng(1).integers(-40, 40, (3, 2000)) / 8
    y = F.layer_norm(rl.tensor(4096 + steps, dtype=rl.float32), (2000,), eps=0.0)
    np.testing.assert_allclose(y.numpy(), standard(steps, -1, 0), atol=2e-4)


def test_running_statistics():
    x = draw(5, 3, 4)
    mean, var = rl.zeros(3), rl.ones(3)
    F.batch_norm(
        rl.tensor(x, dtype=rl.float32), mean, var, training=True, momentum=0.25
    )
    near(mean, 0.25 * x.mean((0, 2)), "float32")
    near(var, 0.75 + 0.25 * x.var((0, 2), ddof=1), "float32")
    strided = rl.zeros(3, 2, dtype=rl.float64)
    F.batch_norm(
        rl.tensor(x), strided[:, 0], strided[:, 1], training=True, momentum=1.0
    )
    near(strided[:, 0], x.mean((0, 2)))
    near(strided[:, 1], x.var((0, 2), ddof=1))
    half = rl.zeros(3, dtype=rl.float16), rl.zeros(3, dtype=rl.float16)
    F.batch_norm(rl.tensor(x).half(), *half, training=True, momentum=1.0)
    near(half[0], x.mean((0, 2)), "float16")
    mean, var = rl.zeros(3, dtype=rl.float64), rl.ones(3, dtype=rl.float64)
    F.instance_norm(rl.tensor(x), mean, var, momentum=0.25)
    near(mean, 0.25 * x.mean(2).mean(0))
    near(var, 0.75 + 0.25 * x.var(2, ddof=1).mean(0))
    y = F.instance_norm(rl.tensor(x), mean, var, use_input_stats=False, eps=0.0)
    near(y, (x - along(mean.numpy(), 3)) / np.sqrt(along(var.numpy(), 3)))


def test_running_statistics_count_as_written():
    mean, var = rl.zeros(3), rl.ones(3)
    x = rl.ones(3, requires_grad=True)
    y = x * mean
    F.batch_norm(rl.randn(4, 3), mean, var, training=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_channels_last_is_kept():
    x = rl.randn(2, 4, 3, 5).contiguous(memory_format=rl.channels_last).requires_grad_()
    for function in (
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.group_norm(x, 2),
    ):
        y = function(x)
        assert y.is_contiguous(memory_format=rl.channels_last)
        (grad,) = rl.autograd.grad(y.square().sum(), x)
        (same,) = rl.autograd.grad(function(x.contiguous()).square().sum(), x)
        near(grad, same.double().numpy(), "float32", 20)


def test_half_input_with_single_parameters():
    for dtype in (rl.float16, rl.bfloat16):
        x = rl.tensor(draw(4, 6)).to(dtype).requires_grad_()
        w, b = (rl.tensor(draw(6, seed=i), dtype=rl.float32) for i in (1, 2))
        w.requires_grad_()
        expected = standard(x.detach().double().numpy(), -1, 1e-5) * w.detach().numpy()
        y = F.layer_norm(x, (6,), w, b)
        near(y, expected + b.numpy(), str(dtype).split(".")[-1])
        y.sum().backward()
        assert x.grad.dtype == dtype and w.grad.dtype == rl.float32
        name = "float16" if dtype == rl.float16 else "bfloat16"
        near(w.grad, (standard(x.detach().double().numpy(), -1, 1e-5)).sum(0), name, 5)


def test_empty():
    x = rl.zeros(0, 4, requires_grad=True)
    w = rl.ones(4, requires_grad=True)
    for y in (F.layer_norm(x, (4,), w), F.rms_norm(x, (4,), w), rl.group_norm(x, 2, w)):
        assert y.shape == (0, 4)
        w.grad = None
        y.sum().backward()
        assert w.grad.tolist() == [0, 0, 0, 0]
    none = rl.zeros(3, 0)
    assert F.layer_norm(none, (0,)).shape == (3, 0)
    assert F.rms_norm(none, (0,)).shape == (3, 0)


def test_graph_is_kept_and_freed():
    x = rl.randn(4, 6, requires_grad=True)
    y = F.layer_norm(x, (6,)).square().sum()
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    near(x.grad, 2 * first.double().numpy(), "float32")
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    y = F.batch_norm(x * 1, None, None, training=True)
    z = x * 2
    y = F.batch_norm(z, None, None, training=True)
    with rl.no_grad():
        z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_hooks_see_every_gradient():
    x, w = rl.randn(4, 6, requires_grad=True), rl.ones(6, requires_grad=True)
    y = F.layer_norm(x, (6,), w)
    seen = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs))
    y.sum().backward()
    (inputs,) = seen
    assert [None if g is None else tuple(g.shape) for g in inputs] == [
        (4, 6),
        (6,),
        None,
    ]
    assert rl.equal(inputs[1], w.grad)


def test_statistics_have_no_derivative():
    x = rl.randn(4, 6, requires_grad=True)
    with pytest.raises(NotImplementedError, match="no derivative"):
        _ops.native_layer_norm(x, (6,))[1].sum().backward()


ERRORS = {
    "layer shape": (RuntimeError, lambda: F.layer_norm(rl.ones(2, 3), (2,))),
    "layer no shape": (RuntimeError, lambda: F.layer_norm(rl.ones(2, 3), ())),
    "layer int shape": (TypeError, lambda: F.layer_norm(rl.ones(2, 3), 3)),
    "layer weight": (
        RuntimeError,
        lambda: F.layer_norm(rl.ones(2, 3), (3,), rl.ones(2)),
    ),
    "layer dtypes": (
        RuntimeError,
        lambda: F.layer_norm(rl.ones(2, 3), (3,), rl.ones(3).double()),
    ),
    "layer ints": (
        NotImplementedError,
        lambda: F.layer_norm(rl.ones(2, 3).long(), (3,)),
    ),
    "rms shape": (RuntimeError, lambda: F.rms_norm(rl.ones(2, 3), (4,))),
    "group divisor": (RuntimeError, lambda: F.group_norm(rl.ones(2, 4), 3)),
    "group weight": (
        RuntimeError,
        lambda: F.group_norm(rl.ones(2, 4), 2, rl.ones(2)),
    ),
    "batch one value": (
        ValueError,
        lambda: F.batch_norm(rl.ones(1, 3), None, None, training=True),
    ),
    "batch evaluation": (RuntimeError, lambda: F.batch_norm(rl.ones(2, 3), None, None)),
    "batch weight": (
        RuntimeError,
        lambda: F.batch_norm(rl.ones(2, 3), None, None, rl.ones(2), training=True),
    ),
    "instance one value": (ValueError, lambda: F.instance_norm(rl.ones(2, 3, 1))),
    "gradient shape": (
        RuntimeError,
        lambda: _ops.layer_norm_backward(
            rl.ones(2), rl.ones(2, 3), (3,), rl.ones(2), rl.ones(2), None, *[True] * 3
        ),
    ),
    "statistics": (
        RuntimeError,
        lambda: _ops.layer_norm_backward(
            rl.ones(2, 3),
            rl.ones(2, 3),
            (3,),
            rl.ones(5),
            rl.ones(2),
            None,
            *[True] * 3,
        ),
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    error, call = ERRORS[name]
    with pytest.raises(error):
        call()


def test_failure_leaves_running_statistics():
    mean, var = rl.zeros(3), rl.ones(3)
    with pytest.raises(RuntimeError, match="should contain 3 elements"):
        F.batch_norm(rl.randn(4, 3), mean, var, rl.ones(2), training=True)
    assert mean.tolist() == [0, 0, 0] and var.tolist() == [1, 1, 1]
