"""gradcheck and gradgradcheck find, and miss, what PyTorch's do."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from autograd_cases import function  # noqa: E402
from common import outcome, same_error  # noqa: E402


def wrong(t):
    return function(t, lambda ctx, x: x * 2, lambda ctx, g: g * 2.1).apply


def needs_every_gradient(t):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    return function(t, forward, lambda ctx, g, h: g * 2 + h * 3).apply


def one_from_nothing(t):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2

    def backward(ctx, g):
        return x_like if g is None else g * 2

    x_like = t.ones(2, dtype=t.float64)
    return function(t, forward, backward).apply


def of_another_dtype(t):
    def backward(ctx, g):
        return g.float() * 2

    return function(t, lambda ctx, x: x * 2, backward).apply


def wrong_second(t):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0].detach()

    return function(t, forward, backward).apply


def not_repeatable(t):
    calls = []

    def backward(ctx, g):
        calls.append(1)
        return g * 2 * (1 + 1e-7 * len(calls))

    return function(t, lambda ctx, x: x * 2, backward).apply


FUNCTIONS = {
    "sin": lambda t: t.sin,
    "two outputs": lambda t: lambda x: (x.sin(), x * x),
    "integer output too": lambda t: lambda x: (x.sin(), x.long()),
    "constant": lambda t: lambda x: x.detach() * 2,
    "detached part": lambda t: lambda x: x * x.detach(),
    "complex": lambda t: lambda x: x * (1 + 2j),
    "no elements": lambda t: lambda x: x[:0],
    "wrong": wrong,
    "needs every gradient": needs_every_gradient,
    "one from nothing": one_from_nothing,
    "of another dtype": of_another_dtype,
    "wrong second": wrong_second,
    "not repeatable": not_repeatable,
}
OPTIONS = [
    {},
    {"fast_mode": True},
    {"raise_exception": False},
    {"check_undefined_grad": False},
    {"check_grad_dtypes": True},
    {"check_batched_grad": True, "check_undefined_grad": False},
    {"nondet_tol": 1e-3},
    {"eps": 1e-4, "atol": 1e-3, "rtol": 1e-2},
    {"check_backward_ad": False},
    {"masked": True},
]
# PyTorch's check of the batch wants a rule for vmap in every Function.
NEEDS_VMAP = "check_batched_grad"


def check(run):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradcheck(name, options):
    if NEEDS_VMAP in options and name in list(FUNCTIONS)[7:]:
        pytest.skip("a Function without a rule for vmap")

    def run(t):
        x = t.tensor([0.5, 1.5], dtype=t.float64, requires_grad=True)
        return t.autograd.gradcheck(FUNCTIONS[name](t), (x,), **options)

    check(run)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fast_mode": True},
        {"raise_exception": False},
        {"gen_non_contig_grad_outputs": True},
        {"check_grad_dtypes": True},
        {"check_rev_over_rev": False},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "name", ["sin", "two outputs", "detached part", "wrong second", "wrong"]
)
def test_gradgradcheck(name, options):
    def run(t):
        x = t.tensor([0.5, 1.5], dtype=t.float64, requires_grad=True)
        return t.autograd.gradgradcheck(FUNCTIONS[name](t), (x,), **options)

    check(run)


@pytest.mark.parametrize("dtype", ["float32", "complex128", "int64"])
def test_inputs(dtype):
    def run(t):
        x = t.tensor([0.5, 1.5]).to(getattr(t, dtype))
        if dtype != "int64":
            x.requires_grad_()
        return t.autograd.gradcheck(lambda x: x * 2, x, eps=1e-3, atol=1e-2)

    check(run)
    check(lambda t: t.autograd.gradcheck(lambda x: x * 2, t.ones(2)))


def test_result_that_is_no_tensor():
    x = rl.ones(2, dtype=rl.float64, requires_grad=True)
    with pytest.raises(TypeError, match="got int"):
        rl.autograd.gradcheck(lambda x: 3, x)
