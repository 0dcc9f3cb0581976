"""Samplers give PyTorch's numbers and leave the generator in PyTorch's state."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import DTYPES, FLOATS, assert_same  # noqa: E402

SIZES = [*range(1, 40), 100, 1000, 10001]


def same(code, **names):
    """The code gives the same values and the same generator state in both libraries."""
    compiled = compile(code, "case", "eval")

    def run(t):
        t.manual_seed(7)
        result = eval(compiled, {"t": t, **names})
        return result, t.get_rng_state().sum(), t.rand(3), t.randn(3, dtype=t.float64)

    assert_same(run)


RATES = [0.0, 0.3, 3.0, 9.9, 10.0, 55.5, 1e4, 1e9]


@pytest.mark.parametrize("dtype", DTYPES)
def test_poisson(dtype):
    same(f"t.poisson(t.tensor({RATES}[:6]).to(t.{dtype}))")
    same(f"t.poisson(t.tensor({RATES}).repeat(50).to(t.{dtype}))")
    same(f"t.poisson((t.arange(24.) % 13).view(4, 6).t().to(t.{dtype}))")
    same(f"t.poisson(t.zeros(0, 3, dtype=t.{dtype}))")


def test_poisson_errors_and_gradient():
    same("t.poisson(t.tensor([-1.]))")
    same("t.poisson(t.tensor([float('nan')]))")
    same("t.poisson(t.tensor([4.]), generator=t.Generator().manual_seed(3))")

    def run(t):
        x = t.full((3,), 4.0, requires_grad=True)
        t.poisson(x).sum().backward()
        return x.grad

    assert_same(run)


@pytest.mark.parametrize("dtype", DTYPES)
def test_binomial(dtype):
    for prob in (0.0, 0.1, 0.5, 0.55, 0.99, 1.0, 1.5, -1.0):
        same(
            f"t.binomial(t.tensor([0., 1., 7., 40., 1000.] * 40).to(t.{dtype}), "
            f"t.full((200,), {prob}).to(t.{dtype}))"
        )


@pytest.mark.parametrize("code", [
    "t.binomial(t.tensor([3., 9.]), t.tensor(.5))",
    "t.binomial(t.tensor(30.), t.tensor([.5, .2]))",
    "t.binomial(t.full((4, 3), 30.).t(), t.rand(3, 4))",
    "t.binomial(t.tensor([3.]), t.tensor([.5], dtype=t.float64))",
    "t.binomial(t.tensor([3.] * 2), t.tensor([.5] * 3))",
    ("t.binomial(t.tensor([9.]), t.tensor([.5]), "
     "generator=t.Generator().manual_seed(1))"),
])  # fmt: skip
def test_binomial_forms(code):
    same(code)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial(dtype, replacement):
    for n in (1, 2, 5, 30):
        same(f"t.multinomial(t.arange(7).to(t.{dtype}), {n}, {replacement})")
        rows = f"t.tensor([[1, 3, 2], [2, 2, 2]]).to(t.{dtype})"
        same(f"t.multinomial({rows}, {n}, {replacement})")
    same(f"t.multinomial(t.rand(5, 40).to(t.{dtype}), 3, {replacement})")
    same(f"t.multinomial(t.rand(40, 5).t().to(t.{dtype}), 3, {replacement})")
    same(f"t.multinomial(t.rand(40, 5)[::2, 1:].to(t.{dtype}), 1, {replacement})")


@pytest.mark.parametrize("weights", [
    "t.ones(3)", "t.zeros(3)", "t.tensor([1., -1.])", "t.tensor([1., float('nan')])",
    "t.tensor([1., float('inf')])", "t.ones(1, 1, 3)", "t.tensor(1.)", "t.ones(0)",
    "t.ones(0, 3)", "t.tensor([[1., 1.], [0., 0.]])",
])  # fmt: skip
@pytest.mark.parametrize("n", [-1, 0, 1, 2, 4])
@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial_errors(weights, n, replacement):
    same(f"t.multinomial({weights}, {n}, {replacement})")


def test_multinomial_forms():
    same("t.ones(9).multinomial(3)")
    same("t.multinomial(t.ones(9), 3, out=t.empty(0, dtype=t.int64))")
    same("t.multinomial(t.ones(9), 3, out=t.empty(0))")
    same("t.multinomial(t.ones(9), 3, generator=t.Generator().manual_seed(3))")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_rand_and_randn(name, dtype):
    for n in SIZES:
        same(f"t.{name}({n}, dtype=t.{dtype})")
    same(f"t.{name}(3, 5, dtype=t.{dtype})")
    same(f"t.{name}((3, 5), dtype=t.{dtype})")
    same(f"t.{name}(size=(3, 5), dtype=t.{dtype})")
    same(f"t.{name}((2, 3), out=t.empty(0, dtype=t.{dtype}))")
    same(f"t.{name}_like(t.zeros(5, 7, dtype=t.{dtype}).t())")
    same(f"t.{name}_like(t.zeros(2, 3), dtype=t.{dtype})")
    same(f"t.{name}(2, layout=t.strided, pin_memory=False, dtype=t.{dtype})")


@pytest.mark.parametrize("dtype", DTYPES)
def test_randint_and_randperm(dtype):
    for n in (1, 7, 100, 1001):
        same(f"t.randint(100, ({n},), dtype=t.{dtype})")
        same(f"t.randint(-3, 5, ({n},), dtype=t.{dtype})")
        same(f"t.randperm({n}, dtype=t.{dtype})")
    same(f"t.randint(3, size=(4,), dtype=t.{dtype})")
    same(f"t.randint(low=1, high=3, size=(4,), dtype=t.{dtype})")
    same(f"t.randint(9, (5,), out=t.empty(0, dtype=t.{dtype}))")
    same(f"t.randint_like(t.zeros(3, 4, dtype=t.{dtype}).t(), 9)")
    same(f"t.randint_like(t.zeros(3, 4, dtype=t.{dtype}), 2, 9)")
    same(f"t.randperm(9, out=t.empty(0, dtype=t.{dtype}))")


IN_PLACE = {
    "uniform_": "(-1, 3)",
    "normal_": "(1, 2)",
    "exponential_": "(1.5)",
    "cauchy_": "(1, 2)",
    "geometric_": "(0.3)",
    "log_normal_": "(0.5, 0.3)",
    "random_": "(3, 50)",
    "bernoulli_": "(0.3)",
}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_place(name, dtype):
    call = name + IN_PLACE[name]
    for n in (1, 2, 15, 16, 17, 31, 100, 1001):
        same(f"t.zeros({n}, dtype=t.{dtype}).{call}")
    same(f"t.zeros(5, 7, dtype=t.{dtype}).t().{call}")
    same(f"t.zeros(6, 9, 2, dtype=t.{dtype})[::2, 1:].{call}")
    same(f"t.zeros(0, dtype=t.{dtype}).{call}")
    same(f"t.zeros((), dtype=t.{dtype}).{name}()") if name != "geometric_" else None


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_forms(dtype):
    for n in (1, 15, 16, 17, 40):
        same(f"t.normal(t.arange({n}.).to(t.{dtype}), 2.0)")
        same(f"t.normal(2.0, t.arange({n}.).to(t.{dtype}))")
        same(f"t.normal(t.ones({n}, dtype=t.{dtype}), t.arange({n}.).to(t.{dtype}))")
    same(f"t.normal(t.zeros(3, 1, dtype=t.{dtype}), t.ones(4, dtype=t.{dtype}))")
    same(f"t.normal(t.zeros(5, 7, dtype=t.{dtype}).t(), 1.0)")
    same(f"t.normal(0.0, t.ones(5, 7, dtype=t.{dtype}).t())")
    same(f"t.normal(1.0, 2.0, (3, 4), dtype=t.{dtype})")
    same(f"t.normal(1.0, 2.0, (3, 4), out=t.empty(0, dtype=t.{dtype}))")
    same(f"t.normal(t.ones(3, dtype=t.{dtype}), t.ones(3))")


@pytest.mark.parametrize("code", [
    "t.normal(t.ones(2), -t.ones(2))", "t.normal(t.ones(2), -1.)",
    "t.normal(t.ones(2, dtype=t.int64), 1.)", "t.normal(t.ones(3), t.ones(2))",
    "t.normal(0., t.ones(2, dtype=t.complex64))", "t.normal(1., 2.)",
    "t.normal(t.ones(2, dtype=t.complex64), t.ones(2))",
    "t.bernoulli(t.tensor([1]))", "t.bernoulli(t.tensor([1.5]))",
    "t.bernoulli(t.ones(2), 1.5)", "t.bernoulli(t.ones(9, dtype=t.int64), .5)",
    "t.bernoulli(t.rand(9), out=t.empty(0, dtype=t.int64))",
    "t.bernoulli(t.rand(5, 7).t())",
    "t.rand(9).bernoulli()", "t.rand(9).bernoulli(0.3)",
    "t.zeros(9).bernoulli_(t.rand(9))",
    "t.zeros(5, 7).t().bernoulli_(t.rand(7, 5))", "t.zeros(3, 4).bernoulli_(t.rand(4))",
    "t.zeros(9, dtype=t.int32).random_()", "t.zeros(9).random_(5)", "t.randint(3)",
    "t.zeros(9, dtype=t.uint8).random_(300)", "t.randint(3, 3, (2,))", "t.randperm(-1)",
    "t.rand(-1)", "t.rand(2, generator=t.Generator().manual_seed(9))",
    "t.randn(20, generator=t.Generator().manual_seed(9))",
])  # fmt: skip
def test_forms_and_errors(code):
    same(code)


DROPOUTS = "dropout alpha_dropout feature_dropout feature_alpha_dropout".split()


@pytest.mark.parametrize("name", [n + e for n in DROPOUTS for e in ("", "_")])
@pytest.mark.parametrize("dtype", FLOATS)
def test_dropouts(name, dtype):
    for shape, p in (("6, 5", 0.3), ("2, 3, 4", 0.5), ("5, 3", 1.0), ("2, 2", 0.0)):
        same(f"t.{name}(t.ones({shape}, dtype=t.{dtype}), {p}, True)")
        same(f"t.{name}(t.ones({shape}, dtype=t.{dtype}), {p}, False)")
    same(f"t.{name}(t.ones(3, dtype=t.{dtype}), 0.5, True)")
    same(f"t.{name}(t.ones(3), 1.5, True)")
    same(f"t.{name}(t.ones(7, 5, dtype=t.{dtype}).t(), 0.4, True)")


@pytest.mark.parametrize("dtype", DTYPES)
def test_rrelu(dtype):
    x = f"t.linspace(-3, 2, 60).to(t.{dtype})"
    same(f"t.rrelu({x})")
    same(f"t.rrelu({x}, 0.1, 0.4, True)")
    same(f"t.rrelu({x}.view(10, 6).t(), 0.1, 0.4, True)")
    same(f"t.rrelu_({x}, 0.1, 0.4, True)")
    same(f"t.rrelu({x}, 0.5, 0.1)")


def test_generator_methods():
    def run(t):
        g = t.Generator()
        g.manual_seed(5)
        copy = g.clone_state()
        a = t.rand(5, generator=g)
        b = t.rand(5, generator=copy)
        state = g.get_state()
        c = t.rand(5, generator=g)
        g.set_state(state)
        d = t.rand(5, generator=g)
        return a, b, c, d, g.initial_seed(), copy.initial_seed(), str(g.device), state

    assert_same(run)
    for call in ("graphsafe_get_state()", "get_offset()", "set_offset(3)"):
        assert_same(lambda t: eval(f"t.Generator().{call}", {"t": t}))  # noqa: B023

    def forked(t):
        t.manual_seed(3)
        with t.random.fork_rng():
            a = t.rand(3)
        return a, t.rand(3)

    assert_same(forked)


def test_seed_changes_the_stream():
    g = rl.Generator()
    assert g.seed() == g.initial_seed()
    assert g.seed() != g.seed()
