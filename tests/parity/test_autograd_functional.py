"""jacobian, hessian and the products: values, nesting and errors as PyTorch's."""

from __future__ import annotations

import itertools
import warnings

import pytest

pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl
from autograd_cases import assert_near

FUNCTIONS = {
    "cubes": lambda t, x: x**3,
    "sum of cubes": lambda t, x: (x**3).sum(),
    "two": lambda t, x, y: (x * y.sum(), y.exp()),
    "one of two": lambda t, x, y: (x * y[:2]).sum(),
    "tuple of one": lambda t, x: (x * x,),
    "unused": lambda t, x, y: x.sin(),
    "unused scalar": lambda t, x, y: x.sin().sum(),
    "linear": lambda t, x: (x * 2).sum(),
    "square": lambda t, x: (x * x).sum(),
    "constant": lambda t, x: t.ones(2, dtype=t.float64),
    "constant scalar": lambda t, x: t.ones((), dtype=t.float64),
    "detached": lambda t, x: (x.detach() * 2 + 0 * x).sum(),
    "number": lambda t, x: 3,
    "list": lambda t, x: [x],
    "matrix": lambda t, x: x.outer(x),
    "no elements": lambda t, x: x[:0],
    "complex": lambda t, x: (x * (1 + 2j)).abs().sum(),
}
TWO = {"two", "one of two", "unused", "unused scalar"}
SINGLE = (
    "sum of cubes",
    "one of two",
    "unused scalar",
    "linear",
    "square",
    "constant scalar",
    "detached",
    "cubes",
    "tuple of one",
    "two",
    "number",
)


def inputs_for(t, name):
    x = t.tensor([0.5, 1.5], dtype=t.float64)
    y = t.tensor([1.0, -0.5, 2.0], dtype=t.float64)
    return (x, y) if name in TWO else x


def described(value):
    # Nesting and whether a result is recorded, beside the values.
    if isinstance(value, (tuple, list)):
        return [type(value) is tuple, *(described(v) for v in value)]
    return [value, value.requires_grad]


@pytest.mark.parametrize(
    ("strict", "create"), list(itertools.product([False, True], repeat=2))
)
@pytest.mark.parametrize("name", [f for f in FUNCTIONS if f != "no elements"])
def test_jacobian(name, strict, create):
    def run(t):
        inputs = inputs_for(t, name)
        if create:
            for x in inputs if isinstance(inputs, tuple) else (inputs,):
                x.requires_grad_()
        f = t.autograd.functional.jacobian
        return described(f(lambda *a: FUNCTIONS[name](t, *a), inputs, create, strict))

    assert_near(run)


@pytest.mark.parametrize(
    "more",
    [
        {"vectorize": True},
        {"vectorize": True, "strict": True},
        {"vectorize": True, "strategy": "forward-mode"},
        {"strategy": "forward-mode"},
        {"strategy": "forward-mode", "create_graph": True},
        {"strategy": "forward-mode", "strict": True},
        {"strategy": "sideways"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["cubes", "two", "unused", "matrix", "sum of cubes"])
def test_jacobian_strategies(name, more):
    def run(t):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return t.autograd.functional.jacobian(
                lambda *a: FUNCTIONS[name](t, *a), inputs_for(t, name), **more
            )

    assert_near(run)


@pytest.mark.parametrize(
    ("strict", "create"), list(itertools.product([False, True], repeat=2))
)
@pytest.mark.parametrize("name", SINGLE)
def test_hessian(name, strict, create):
    def run(t):
        f = t.autograd.functional.hessian
        return described(
            f(lambda *a: FUNCTIONS[name](t, *a), inputs_for(t, name), create, strict)
        )

    assert_near(run)


@pytest.mark.parametrize(
    "more",
    [
        {"vectorize": True},
        {"vectorize": True, "outer_jacobian_strategy": "forward-mode"},
        {"outer_jacobian_strategy": "forward-mode"},
        {"outer_jacobian_strategy": "sideways"},
    ],
    ids=str,
)
def test_hessian_strategies(more):
    assert_near(
        lambda t: t.autograd.functional.hessian(
            lambda *a: FUNCTIONS["one of two"](t, *a),
            inputs_for(t, "one of two"),
            **more,
        )
    )


@pytest.mark.parametrize(
    ("strict", "create"), list(itertools.product([False, True], repeat=2))
)
@pytest.mark.parametrize("v", ["ones", None, "short", "more", "number"])
@pytest.mark.parametrize("which", ["vjp", "jvp", "vhp", "hvp"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_products(name, which, v, strict, create):
    def run(t):
        inputs = inputs_for(t, name)

        def function(*a):
            return FUNCTIONS[name](t, *a)

        like = inputs
        if which == "vjp":
            values = inputs if isinstance(inputs, tuple) else (inputs,)
            like = function(*values)
        vector = None
        if v == "number":
            vector = 3
        elif v is not None:
            parts = like if isinstance(like, tuple) else (like,)
            made = tuple(t.ones_like(p) * (i + 1) for i, p in enumerate(parts))
            if v == "short":
                made = tuple(m.reshape(-1)[:1].expand(5) for m in made)
            elif v == "more":
                made = (*made, made[0])
            vector = made if isinstance(like, tuple) or v == "more" else made[0]
        f = getattr(t.autograd.functional, which)
        return described(f(function, inputs, vector, create, strict))

    assert_near(run)


@pytest.mark.parametrize("which", ["vjp", "jvp", "jacobian", "hessian", "vhp", "hvp"])
@pytest.mark.parametrize("inputs", [3, [1], (1, 2)], ids=str)
def test_inputs_that_are_no_tensors(which, inputs):
    assert_near(lambda t: getattr(t.autograd.functional, which)(lambda x: x, inputs))


def test_jacobian_without_elements():
    """PyTorch has no rows to stack here and raises; the Jacobian is empty."""
    found = rl.autograd.functional.jacobian(lambda x: x[:0], rl.ones(2))
    assert found.shape == (0, 2)


def test_third_derivatives():
    def run(t):
        f = t.autograd.functional
        x = t.tensor([0.5, 1.5], dtype=t.float64, requires_grad=True)
        h = f.hessian(lambda x: (x**4).sum(), x, create_graph=True)
        (g,) = t.autograd.grad(h.sum(), x)
        j = f.jacobian(lambda x: f.jacobian(lambda x: x.sin(), x, create_graph=True), x)
        return g, j

    assert_near(run)
