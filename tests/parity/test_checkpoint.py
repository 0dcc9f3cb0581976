"""utils.checkpoint: values, gradients, calls and errors as PyTorch's."""

from __future__ import annotations

import contextlib
import importlib
import warnings

import pytest

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl
from autograd_cases import assert_near

CASES = []


def case(function):
    """Collects ``function(t, c, x)``: ``c`` is the module, ``x`` a leaf of three."""
    CASES.append(function)
    return function


def body(t):
    return lambda x, *rest: (x * 2).tanh().exp() * x.sin()


@case
def plain(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=False)
    y.sum().backward()
    return y, x.grad


@case
def reentrant(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=True)
    y.sum().backward()
    return y, x.grad


@case
def second_derivative(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=False)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


@case
def twice_over_one_graph(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@case
def backward_again(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=False).sum()
    y.backward()
    y.backward()


@case
def grad_through_reentrant(t, c, x):
    y = c.checkpoint(body(t), x, use_reentrant=True)
    return t.autograd.grad(y.sum(), x)


@case
def how_often_it_runs(t, c, x):
    counts = []

    def f(x):
        counts.append("start")
        y = x.exp().sin()
        counts.append("middle")
        y = y * 2 + 1
        counts.append("end")
        return y

    for early in (True, False):
        with c.set_checkpoint_early_stop(early):
            c.checkpoint(f, x, use_reentrant=False).sum().backward()
        counts.append("---")
    c.checkpoint(f, x, use_reentrant=False, early_stop=False).sum().backward()
    return counts


@case
def dropout_is_the_same(t, c, x):
    def f(x):
        return t.nn.functional.dropout(x.exp(), 0.5) * x

    results = []
    for preserve in (True, False):
        for reentrant in (True, False):
            t.manual_seed(3)
            x.grad = None
            y = c.checkpoint(f, x, use_reentrant=reentrant, preserve_rng_state=preserve)
            after = t.rand(1)
            y.sum().backward()
            results.append([y, x.grad, after, t.rand(1)])
    return results


@case
def keyword_arguments(t, c, x):
    y = c.checkpoint(lambda x, *, k: (x * k).exp(), x, k=x * 2, use_reentrant=False)
    y.sum().backward()
    return x.grad


@case
def keyword_arguments_reentrant(t, c, x):
    c.checkpoint(lambda x, k: x * k, x, k=2, use_reentrant=True)


@case
def context_reentrant(t, c, x):
    context = lambda: (contextlib.nullcontext(), contextlib.nullcontext())  # noqa: E731
    c.checkpoint(body(t), x, use_reentrant=True, context_fn=context)


@case
def contexts_are_entered(t, c, x):
    seen = []

    @contextlib.contextmanager
    def note(name):
        seen.append(name)
        try:
            yield
        finally:
            seen.append(f"/{name}")

    y = c.checkpoint(
        body(t), x, use_reentrant=False, context_fn=lambda: (note("a"), note("b"))
    )
    seen.append("backward")
    y.sum().backward()
    return seen


@case
def unknown_check(t, c, x):
    c.checkpoint(body(t), x, use_reentrant=False, determinism_check="some")


def changing(t, first, then):
    calls = []

    def f(x):
        calls.append(1)
        return (first if len(calls) == 1 else then)(x)

    return f


@case
def another_number_of_tensors(t, c, x):
    f = changing(t, lambda x: x.exp().sin(), lambda x: x.exp())
    c.checkpoint(f, x, use_reentrant=False).sum().backward()


@case
def another_shape(t, c, x):
    f = changing(t, lambda x: x.exp(), lambda x: x[:2].exp())
    c.checkpoint(f, x, use_reentrant=False).sum().backward()


@case
def another_shape_unchecked(t, c, x):
    f = changing(t, lambda x: x.exp(), lambda x: (x * 2).exp())
    y = c.checkpoint(f, x, use_reentrant=False, determinism_check="none")
    y.sum().backward()
    return x.grad


@case
def nested(t, c, x):
    def inner(x):
        return c.checkpoint(body(t), x.exp(), use_reentrant=False).sin()

    y = c.checkpoint(inner, x, use_reentrant=False)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    return y, g, x.grad


@case
def nested_reentrant(t, c, x):
    def inner(x):
        return c.checkpoint(body(t), x.exp(), use_reentrant=True).sin()

    y = c.checkpoint(inner, x, use_reentrant=True)
    y.sum().backward()
    return y, x.grad


@case
def several_outputs(t, c, x):
    results = []
    for reentrant in (True, False):
        x.grad = None
        a, n, b = c.checkpoint(
            lambda x: (x.exp(), 3, x.sin()), x, use_reentrant=reentrant
        )
        (a * b).sum().backward()
        results.append([n, x.grad])
    return results


@case
def nothing_requires_grad(t, c, x):
    return [
        c.checkpoint(body(t), x.detach(), use_reentrant=r).requires_grad
        for r in (True, False)
    ]


@case
def closure_requires_grad(t, c, x):
    y = c.checkpoint(lambda z: (z * x).exp(), x.detach(), use_reentrant=False)
    y.sum().backward()
    return x.grad


@case
def without_grad(t, c, x):
    with t.no_grad():
        return c.checkpoint(body(t), x, use_reentrant=False)


@case
def detached_inside_reentrant(t, c, x):
    y = c.checkpoint(lambda x: x.exp().detach(), x, use_reentrant=True)
    y.sum().backward()


@case
def function_raises(t, c, x):
    c.checkpoint(lambda x: {}[1], x, use_reentrant=False)


@case
def autocast_again(t, c, x):
    w = t.ones(3, 3, requires_grad=True)
    with t.autocast("cpu", dtype=t.bfloat16):
        y = c.checkpoint(lambda w: (w @ w).float().exp(), w, use_reentrant=False)
    y.sum().backward()
    return w.grad


@case
def sequential(t, c, x):
    steps = [lambda x, k=k: (x * k).sin() for k in range(1, 8)]
    results = []
    for reentrant in (True, False):
        x.grad = None
        y = c.checkpoint_sequential(steps, 3, x, use_reentrant=reentrant)
        y.sum().backward()
        results.append([y, x.grad])
    return results


@case
def sequential_module(t, c, x):
    model = t.nn.Sequential(*[t.nn.Tanh() for _ in range(5)])
    y = c.checkpoint_sequential(model, 2, x, use_reentrant=False)
    y.sum().backward()
    return y, x.grad


@case
def sequential_keywords(t, c, x):
    c.checkpoint_sequential([t.exp], 1, x, use_reentrant=False, other=3)


@case
def saved_value_looked_at(t, c, x):
    y = c.checkpoint(t.exp, x, use_reentrant=False)
    return y.grad_fn._saved_result


@case
def default_variant_warns(t, c, x):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        y = c.checkpoint(body(t), x)
        c.checkpoint(body(t), x.detach(), use_reentrant=True)
    return [w.category.__name__ for w in found], type(y.grad_fn).__name__


@case
def detach_variables(t, c, x):
    a, b, n = c.detach_variable((x, x.detach(), 3))
    return a.requires_grad, b.requires_grad, n, a.is_leaf


@case
def detach_a_list(t, c, x):
    c.detach_variable([x])


@pytest.mark.parametrize("case", CASES, ids=lambda f: f.__name__)
def test_checkpoint(case):
    def run(t):
        module = importlib.import_module(f"{t.__name__}.utils.checkpoint")
        x = t.tensor([0.5, 1.0, 1.5], requires_grad=True)
        return case(t, module, x.double().detach().requires_grad_())

    assert_near(run)


def test_debug_lists_the_calls():
    from rushlight.utils.checkpoint import CheckpointError, checkpoint

    f = changing(rl, lambda x: x.exp().sin(), lambda x: x.exp())
    x = rl.ones(2, requires_grad=True)
    y = checkpoint(f, x, use_reentrant=False, debug=True)
    with pytest.raises(CheckpointError, match=r"sin\(.*\n.*recomputation") as caught:
        y.sum().backward()
    assert "exp((2,))" in str(caught.value)
