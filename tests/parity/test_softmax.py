"""softmax, log_softmax, logsumexp and nll_loss against PyTorch."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402
from rushlight import _ops  # noqa: E402

TOLERANCE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 3e-6, "float64": 1e-14}
SHAPES = [
    (4, 10),
    (3, 300),
    (2, 5, 7),
    (5, 1030),
    (2, 3, 4, 5),
    (1500, 3),
    (3, 1),
    (9,),
]


def pair(array, dtype):
    ours, theirs = rushlight.tensor(array.astype(np.float64)), torch.tensor(array)
    return ours.to(getattr(rushlight, dtype)), theirs.to(getattr(torch, dtype))


def check(ours, theirs, tolerance):
    assert str(ours.dtype).split(".")[-1] == str(theirs.dtype).split(".")[-1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    a, b = ours.detach().double().numpy(), theirs.detach().double().numpy()
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_values(name, dtype):
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        ours, theirs = pair(rng.normal(size=shape) * 4, dtype)
        for dim in range(-len(shape), len(shape)):
            a, b = (
                getattr(rushlight, name)(ours, dim),
                getattr(torch, name)(theirs, dim),
            )
            check(a, b, TOLERANCE[dtype])
            x, y = ours.transpose(0, -1), theirs.transpose(0, -1)
            check(getattr(x, name)(dim), getattr(y, name)(dim), TOLERANCE[dtype])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_special_values(name):
    array = np.zeros((8, 40), np.float32)
    array[0, 3], array[1, 3], array[2, 3] = math.inf, -math.inf, math.nan
    array[3] = -math.inf
    array[4] = 1e30
    array[5, 39], array[6, 0] = math.inf, -1e38
    array[7, 5] = array[7, 9] = math.inf
    ours, theirs = pair(array, "float32")
    for dim in (0, 1):
        check(
            getattr(rushlight, name)(ours, dim), getattr(torch, name)(theirs, dim), 1e-6
        )
        x, y = ours.t().contiguous(), theirs.t().contiguous()
        check(getattr(rushlight, name)(x, dim), getattr(torch, name)(y, dim), 1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_empty_and_scalar(name):
    for shape in [(0,), (0, 3), (3, 0), ()]:
        ours, theirs = pair(np.ones(shape), "float32")
        for dim in range(-max(len(shape), 1), max(len(shape), 1)):
            check(
                getattr(rushlight, name)(ours, dim),
                getattr(torch, name)(theirs, dim),
                1e-6,
            )


def test_logsumexp_dims():
    ours, theirs = pair(np.random.default_rng(1).normal(size=(3, 4, 5, 6)), "float64")
    for n in (1, 2, 3, 4):
        for dim in itertools.combinations(range(4), n):
            for keepdim in (False, True):
                a = rushlight.logsumexp(ours, dim, keepdim)
                check(a, torch.logsumexp(theirs, dim, keepdim), 1e-14)


def test_dtype_argument():
    ours, theirs = rushlight.arange(6).reshape(2, 3), torch.arange(6).reshape(2, 3)
    check(ours.softmax(1, rushlight.float64), theirs.softmax(1, torch.float64), 1e-14)
    check(rushlight.logsumexp(ours, 0), torch.logsumexp(theirs, 0), 1e-6)


ERRORS = [
    lambda lib: lib.ones(2, 3).softmax(2),
    lambda lib: lib.ones(2, 3).log_softmax(-3),
    lambda lib: lib.ones(2, 3, dtype=lib.int64).softmax(0),
    lambda lib: lib.ones(2, 3, dtype=lib.complex64).softmax(0),
    lambda lib: lib.ones(2, 3).logsumexp(2),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](torch)
    with pytest.raises(theirs.type):
        ERRORS[case](rushlight)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_gradients(name, dtype):
    rng = np.random.default_rng(2)
    for shape in SHAPES:
        array, weight = rng.normal(size=shape), rng.normal(size=shape)
        for dim in range(len(shape)):
            grads = []
            for lib, (x, w) in zip(
                (rushlight, torch),
                zip(pair(array, dtype), pair(weight, dtype), strict=True),
                strict=True,
            ):
                x.requires_grad_()
                (getattr(lib, name)(x, dim) * w).sum().backward()
                grads.append(x.grad)
            # PyTorch's own half kernels round the saved result.
            check(*grads, 4 * TOLERANCE[dtype])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_second_derivative(name):
    array = np.random.default_rng(3).normal(size=(3, 4))
    grads = []
    for lib in (rushlight, torch):
        x = lib.tensor(array, requires_grad=True)
        y = (getattr(lib, name)(x, 1) ** 2).sum()
        (g,) = lib.autograd.grad(y, x, create_graph=True)
        (g * g * g).sum().backward()
        grads.append(x.grad)
    check(*grads, 1e-12)


REDUCTIONS = ["none", "mean", "sum"]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "shape", [(7,), (5, 7), (3, 7, 4), (2, 7, 3, 2), (9000, 3)], ids=str
)
def test_nll_loss(shape, dtype):
    rng = np.random.default_rng(4)
    array = rng.normal(size=shape)
    classes = shape[0] if len(shape) == 1 else shape[1]
    target_shape = () if len(shape) == 1 else shape[:1] + shape[2:]
    target = rng.integers(0, classes, target_shape)
    weight = rng.random(classes) + 0.5
    for reduction, weighted, ignored in itertools.product(
        REDUCTIONS, [False, True], [-100, 1]
    ):
        grads, losses = [], []
        for lib, x in zip((rushlight, torch), pair(array, dtype), strict=True):
            x.requires_grad_()
            w = lib.tensor(weight).to(x.dtype) if weighted else None
            t = lib.tensor(target)
            if lib is torch:
                loss = torch.nn.functional.nll_loss(
                    x, t, w, reduction=reduction, ignore_index=ignored
                )
            else:
                loss = _ops.nll_loss(x, t, w, REDUCTIONS.index(reduction), ignored)
            losses.append(loss)
            (loss * 2).sum().backward()
            grads.append(x.grad)
        # PyTorch adds up the loss itself in half precision.
        check(
            *losses,
            TOLERANCE[dtype] * (1 if len(target_shape) and dtype[-2:] != "16" else 20),
        )
        check(*grads, 4 * TOLERANCE[dtype])


def test_nll_loss_second_derivative():
    array, target = np.random.default_rng(5).normal(size=(4, 3)), [0, 2, 1, 1]
    grads = []
    for lib in (rushlight, torch):
        x = lib.tensor(array, requires_grad=True)
        y = lib.log_softmax(x, 1)
        if lib is torch:
            loss = torch.nn.functional.nll_loss(y, torch.tensor(target))
        else:
            loss = _ops.nll_loss(y, rushlight.tensor(target))
        (g,) = lib.autograd.grad(loss, x, create_graph=True)
        (g * g).sum().backward()
        grads.append(x.grad)
    check(*grads, 1e-13)


NLL_ERRORS = [
    ((3, 4), [1, 5, 0], {}),
    ((3, 4), [1, -1, 0], {}),
    ((3, 4), [1, 0], {}),
    ((3, 4), [1.0, 0.0, 2.0], {}),
    ((3, 4), [1, 0, 2], {"weight": [1.0, 2.0]}),
    ((3, 4, 2), [[0, 1], [2, 3]], {}),
    ((3, 4, 2), [[0], [2], [1]], {}),
    ((), 0, {}),
]


@pytest.mark.parametrize("case", NLL_ERRORS, ids=str)
def test_nll_loss_errors(case):
    shape, target, kwargs = case
    with pytest.raises(Exception) as theirs:
        torch.nn.functional.nll_loss(
            torch.zeros(shape),
            torch.tensor(target),
            **{k: torch.tensor(v) for k, v in kwargs.items()},
        )
    with pytest.raises(theirs.type):
        _ops.nll_loss(
            rushlight.zeros(shape),
            rushlight.tensor(target),
            **{k: rushlight.tensor(v) for k, v in kwargs.items()},
        )
