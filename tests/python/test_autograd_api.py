"""functional, graph, checkpoint and what is beside Function, against formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.autograd import NestedIOFunction, Variable, forward_ad, functional, graph
from rushlight.utils.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    set_checkpoint_early_stop,
)

A = np.array([[2.0, 1.0, 0.5], [0.0, 3.0, -1.0], [1.0, 1.0, 4.0]])
POINT = np.array([0.5, -1.0, 2.0])
V = np.array([1.0, 2.0, -1.0])


def double(values):
    return rl.tensor(np.asarray(values), dtype=rl.float64)


def leaf(*values):
    return double(list(values)).requires_grad_()


def quadratic(x):
    """x' A x: gradient (A + A') x, Hessian A + A'."""
    return x @ (double(A) @ x)


def close(found, expected):
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_quadratic_form():
    x, v = double(POINT), double(V)
    symmetric = A + A.T
    close(functional.hessian(quadratic, x), symmetric)
    close(functional.jacobian(quadratic, x), symmetric @ POINT)
    for name in ("vhp", "hvp"):
        value, product = getattr(functional, name)(quadratic, x, v)
        close(value, POINT @ A @ POINT)
        close(product, symmetric @ V)


def test_linear_map():
    def f(x):
        return double(A) @ x

    x, v = double(POINT), double(V)
    close(functional.jacobian(f, x), A)
    close(functional.jacobian(f, x, vectorize=True), A)
    close(functional.jacobian(f, x, vectorize=True, strategy="forward-mode"), A)
    close(functional.vjp(f, x, v)[1], V @ A)
    close(functional.jvp(f, x, v)[1], A @ V)


def test_strict():
    x, y = double(POINT), double(V)
    with pytest.raises(RuntimeError, match="independent of input 1"):
        functional.vjp(lambda x, y: x.sum(), (x, y), strict=True)
    with pytest.raises(RuntimeError, match="does not require gradients"):
        functional.jacobian(lambda x: x.detach(), x, strict=True)
    with pytest.raises(RuntimeError, match=r"jacobian .* independent"):
        functional.hessian(lambda x: x.sum(), x, strict=True)
    close(functional.vjp(lambda x, y: x.sum(), (x, y))[1][1], np.zeros(3))


def test_create_graph():
    x = leaf(0.5, 1.5)
    j = functional.jacobian(lambda x: x**3, x, create_graph=True)
    j.sum().backward()
    close(x.grad, [6 * 0.5, 6 * 1.5])
    assert not functional.jacobian(lambda x: x**3, x).requires_grad


def test_batched_gradients_are_a_jacobian():
    x = leaf(*POINT)
    y = double(A) @ x
    (found,) = rl.autograd.grad(y, x, rl.eye(3).double(), is_grads_batched=True)
    close(found, A)
    with pytest.raises(ValueError, match="first dim"):
        rl.autograd.grad(y.sum(), x, is_grads_batched=True)


def test_nested_function():
    class Swap(NestedIOFunction):
        @staticmethod
        def forward_extended(ctx, pair, more):
            ctx.save_for_backward(pair[0])
            return {"a": pair[1] * 2, "b": [pair[0] ** 2, more["k"]]}

        @staticmethod
        def backward_extended(ctx, grads):
            (x,) = ctx.saved_tensors
            return grads["b"][0] * 2 * x, grads["a"] * 2

    x, y = leaf(3.0), leaf(5.0)
    out = Swap.apply((x, y), {"k": 7})
    assert out["b"][1] == 7
    (out["a"] + out["b"][0]).sum().backward()
    assert (x.grad.item(), y.grad.item()) == (6, 2)
    with pytest.raises(ValueError, match="NestedIOFunction"):
        Swap.apply(object())
    with pytest.raises(NotImplementedError, match="forward_extended"):
        NestedIOFunction.apply(x)


def test_variable():
    x = rl.ones(2)
    v = Variable(x, requires_grad=True)
    assert isinstance(x, Variable)
    assert v.requires_grad
    assert v.data_ptr() == x.data_ptr()
    assert not isinstance(3, Variable)
    with pytest.raises(TypeError):
        Variable(3)


@pytest.mark.parametrize("name", forward_ad.__all__)
def test_forward_mode_says_what_to_use(name):
    arguments = {"make_dual": (1, 2), "unpack_dual": (1,)}.get(name, ())
    with pytest.raises(NotImplementedError, match=r"functional.jvp"):
        getattr(forward_ad, name)(*arguments)


def test_reading_grad_of_a_result_warns():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="not a leaf"):
        assert y.grad is None
    y.retain_grad()
    assert y.grad is None


# -- graph -----------------------------------------------------------------------------


def test_hooks_see_what_is_saved():
    seen = []

    def pack(t):
        seen.append(t.tolist())
        return t.numpy().copy()

    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with graph.saved_tensors_hooks(pack, double):
        y = (x * w).exp()
    assert sorted(seen) == sorted([[1, 2], [3, 4], (x * w).exp().tolist()])
    y.sum().backward()
    close(x.grad, [3 * math.exp(3), 4 * math.exp(8)])


def test_packed_value_is_dropped_after_backward():
    import weakref

    class Packed:
        def __init__(self, tensor):
            self.tensor = tensor.detach()

    alive = weakref.WeakSet()

    def pack(t):
        packed = Packed(t)
        alive.add(packed)
        return packed

    with graph.saved_tensors_hooks(pack, lambda p: p.tensor):
        y = leaf(1.0).exp().sin()
    assert len(alive) == 2
    y.sum().backward()
    assert len(alive) == 0


def test_edges():
    x = leaf(2.0)
    y = x * x
    edge = graph.get_gradient_edge(y)
    z = y * 3
    del y
    assert rl.autograd.grad(z.sum(), edge)[0].item() == 3
    assert graph.get_gradient_edge(x).node.variable is x


def test_mutations():
    x = leaf(1.0, 2.0)
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        out = (y.exp() * y).sum()
        y.zero_()
        y[0] = 5
        with pytest.raises(RuntimeError, match="nested"):
            with graph.allow_mutation_on_saved_tensors():
                pass
        out.backward()
    close(x.grad, [2 * math.e, 3 * math.e**2])
    with graph.allow_mutation_on_saved_tensors():
        y = x * 1
        out = (y * y).sum()
        with rl.no_grad():
            rl.add(y, 1, out=y)
        with pytest.raises(RuntimeError, match="out="):
            out.backward()


# -- checkpoint ------------------------------------------------------------------------


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpoint_runs_again(use_reentrant):
    runs = []

    def f(x):
        runs.append(rl.is_grad_enabled())
        return rl.nn.functional.dropout(x, 0.5).exp()

    x = leaf(*[1.0] * 20)
    y = checkpoint(f, x, use_reentrant=use_reentrant)
    state = rl.get_rng_state()
    y.sum().backward()
    assert len(runs) == 2
    # The second run drew the same mask, and left the generator alone.
    kept = (y > 1).double()
    close(x.grad, (kept * 2 * y.detach()).numpy())
    assert rl.equal(state, rl.get_rng_state())


def test_checkpoint_stops_early():
    ends = []

    def f(x):
        y = x.exp()
        ends.append(1)
        return y + 1

    checkpoint(f, leaf(1.0), use_reentrant=False).sum().backward()
    assert len(ends) == 1
    with set_checkpoint_early_stop(False):
        checkpoint(f, leaf(1.0), use_reentrant=False).sum().backward()
    assert len(ends) == 3


def test_checkpoint_notices_another_run():
    sizes = iter([3, 2])
    x = leaf(1.0, 2.0, 3.0)
    y = checkpoint(lambda x: x[: next(sizes)].exp(), x, use_reentrant=False)
    with pytest.raises(CheckpointError, match=r"\(3,\)(.|\n)*\(2,\)"):
        y.sum().backward()


def test_checkpoint_sequential():
    steps = [lambda x, k=k: (x * k).tanh() for k in range(1, 6)]
    x = leaf(0.3)
    checkpoint_sequential(steps, 2, x, use_reentrant=False).sum().backward()
    got = x.grad.item()
    x.grad = None
    y = x
    for step in steps:
        y = step(y)
    y.sum().backward()
    assert got == x.grad.item()
