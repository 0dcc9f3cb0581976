"""Special functions against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

SMOOTH = (
    "lgamma digamma erfinv i0 i0e i1 i1e entr ndtri log_ndtr erfcx gammaln psi expit "
    "exp2 expm1 log1p erf erfc ndtr sinc"
).split()
MODIFIED = (
    "modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 "
    "scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0"
).split()
# PyTorch's own float64 values of these are good to 1e-5 only.
COARSE = "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1".split()
BINARY = "gammainc gammaincc zeta xlog1py xlogy".split()
POLYNOMIALS = [
    shift + f"chebyshev_polynomial_{kind}"
    for shift in ("", "shifted_")
    for kind in "tuvw"
] + "hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l".split()
POLYNOMIALS.append("legendre_polynomial_p")
EDGES = [
    0.0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2,
    -2,
    25,
    -25,
    np.inf,
    -np.inf,
    np.nan,
    1e-8,
]


def function(lib, name):
    space = lib.special
    return getattr(space if hasattr(space, name) else lib, name)


def arguments():
    rng = np.random.default_rng(0)
    return np.concatenate(
        [
            EDGES,
            rng.uniform(-1, 1, 60),
            rng.uniform(-12, 12, 60),
            rng.uniform(0, 40, 60),
        ]
    )


def agree(ours, theirs, rtol, atol):
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
    assert tuple(ours.shape) == tuple(theirs.shape)
    a, b = ours.detach().double().numpy(), theirs.detach().double().numpy()
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def both(name, arrays, dtype, rtol, atol):
    ours = function(rl, name)(*(rl.tensor(a, dtype=getattr(rl, dtype)) for a in arrays))
    theirs = function(torch, name)(
        *(torch.tensor(a, dtype=getattr(torch, dtype)) for a in arrays)
    )
    agree(ours, theirs, rtol, atol)


@pytest.mark.parametrize("name", SMOOTH + MODIFIED)
def test_unary(name):
    x = arguments()
    both(name, [x], "float64", 1e-9, 1e-14)
    both(name, [x], "float32", 5e-5, 1e-6)
    both(name, [np.array([True, False])], "bool", 2e-5, 1e-6)
    both(name, [np.array([[1, 2, 0], [3, 0, 5]])], "int32", 2e-5, 1e-6)
    both(name, [np.zeros((0, 3))], "float64", 0, 0)
    both(name, [0.25], "float64", 1e-9, 0)


@pytest.mark.parametrize("name", COARSE)
def test_unary_that_torch_rounds(name):
    x = arguments()
    both(name, [x], "float64", 1e-4, 1e-5)
    both(name, [x], "float32", 1e-4, 1e-5)


@pytest.mark.parametrize("name", SMOOTH + MODIFIED + COARSE + BINARY + POLYNOMIALS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64"])
def test_other_dtypes(name, dtype):
    if dtype == "complex64" and name in "expit exp2 expm1 log1p sinc xlogy".split():
        return
    count = 2 if name in BINARY + POLYNOMIALS else 1

    def call(lib):
        x = lib.tensor([0.25, 0.5, 0.75], dtype=getattr(lib, dtype))
        return function(lib, name)(*[x] * count)

    ours, theirs = outcome(lambda: call(rl)), outcome(lambda: call(torch))
    assert ours[0] == theirs[0], (ours, theirs)
    if ours[0] == "error":
        assert same_error(ours, theirs), (ours, theirs)
    else:
        agree(call(rl), call(torch), 2e-2, 1e-3)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    rng = np.random.default_rng(1)
    a, b = (v.ravel() for v in np.meshgrid(EDGES, EDGES))
    both(name, [a, b], "float64", 1e-8, 1e-14)
    a = 10 ** rng.uniform(-2, 3, 300)
    b = a * 10 ** rng.normal(0, 0.3, 300)
    both(name, [a, b], "float64", 1e-8, 1e-14)
    both(name, [a[:6].reshape(2, 3), b[:3]], "float64", 1e-8, 1e-14)
    both(name, [a[:50], b[:50]], "float32", 1e-3, 1e-5)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    x = np.repeat([0, 1, -1, 0.3, 2, -2, -0.9, np.nan], 9)
    n = np.tile([-1, 0, 1, 2, 5, 6, 7, 9, 20.0], 8)
    both(name, [x, n], "float64", 1e-9, 1e-12)
    both(name, [x, n], "float32", 2e-4, 2e-4)
    for lib in (rl, torch):
        function(lib, name)(lib.ones(2, requires_grad=True), 3)
    agree(
        function(rl, name)(rl.tensor([0.5, 2.0]), 3),
        function(torch, name)(torch.tensor([0.5, 2.0]), 3),
        1e-5,
        0,
    )
    agree(
        function(rl, name)(0.5, rl.tensor([2, 3])),
        function(torch, name)(0.5, torch.tensor([2, 3])),
        1e-5,
        0,
    )
    assert not function(rl, name)(rl.ones(2, requires_grad=True), 3).requires_grad


@pytest.mark.parametrize("n", [0, 1, 2, 3, 8])
def test_polygamma(n):
    # At a negative pole PyTorch's trigamma is a large number instead of inf.
    pole = 1.0 if n == 1 else -1.0
    x = np.concatenate([[0.0, pole, 1e-3, np.nan], np.linspace(-4.3, 30, 80)])
    for dtype, rtol in (("float64", 1e-8), ("float32", 2e-3)):
        ours = rl.polygamma(n, rl.tensor(x, dtype=getattr(rl, dtype)))
        theirs = torch.polygamma(n, torch.tensor(x, dtype=getattr(torch, dtype)))
        agree(ours, theirs, rtol, 1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("p", [1, 2, 5])
def test_mvlgamma(p):
    x = np.linspace(2.5, 9, 12).reshape(3, 4).T
    agree(
        rl.mvlgamma(rl.tensor(x), p), torch.mvlgamma(torch.tensor(x), p), 1e-10, 1e-13
    )
    agree(
        rl.special.multigammaln(rl.tensor([5, 6]), p),
        torch.special.multigammaln(torch.tensor([5, 6]), p),
        2e-6,
        0,
    )


def test_strided_and_out():
    x = np.random.default_rng(2).uniform(0.1, 5, (6, 8))
    for lib in (rl, torch):
        view = lib.tensor(x).t()[::2, 1:]
        result = lib.empty(0, dtype=lib.float64)
        assert lib.lgamma(view, out=result) is result
        if lib is rl:
            ours = result
    agree(ours, result, 1e-12, 1e-13)
    y = rl.tensor(x)
    z = torch.tensor(x)
    for name, args in [
        ("lgamma_", ()),
        ("i0_", ()),
        ("erfinv_", ()),
        ("digamma_", ()),
        ("polygamma_", (2,)),
        ("mvlgamma_", (1,)),
    ]:
        a, b = y.clone() + 0.01, z.clone() + 0.01
        assert getattr(a, name)(*args) is a
        agree(a, getattr(b, name)(*args), 1e-8, 1e-12)
    for name in ("igamma_", "igammac_"):
        agree(getattr(y.clone(), name)(y), getattr(z.clone(), name)(z), 1e-8, 1e-12)


ERRORS = [
    lambda lib: lib.polygamma(-1, lib.ones(2)),
    lambda lib: lib.mvlgamma(lib.ones(2), 0),
    lambda lib: lib.lgamma(3.0),
    lambda lib: lib.igamma(lib.ones(2), 2.0),
    lambda lib: lib.igamma(lib.ones(2, dtype=lib.int32), lib.ones(2, dtype=lib.int32)),
    lambda lib: lib.igamma(lib.ones(2), lib.ones(3)),
    lambda lib: lib.special.zeta(2, 3),
    lambda lib: lib.special.legendre_polynomial_p(0.5, 3),
    lambda lib: lib.ones(2, dtype=lib.int32).lgamma_(),
    lambda lib: lib.lgamma(lib.ones(2), out=lib.ones(2, dtype=lib.int32)),
    lambda lib: (
        lib.igamma(lib.ones(2, requires_grad=True), lib.ones(2)).sum().backward()
    ),
    lambda lib: (
        lib.special.zeta(lib.full((2,), 2.0).requires_grad_(), 1.0).sum().backward()
    ),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    ours, theirs = outcome(lambda: call(rl)), outcome(lambda: call(torch))
    assert theirs[0] == "error"
    assert same_error(ours, theirs), (ours, theirs)


DIFFERENTIABLE = (
    "lgamma digamma erfinv i0 i0e i1 i1e entr ndtri log_ndtr erfcx ndtr".split()
)
GRADIENTS = {
    name: lambda lib, x, name=name: function(lib, name)(x) for name in DIFFERENTIABLE
} | {
    "polygamma": lambda lib, x: lib.polygamma(2, x),
    "mvlgamma": lambda lib, x: lib.mvlgamma(x + 1, 2),
    "igamma": lambda lib, x: lib.igamma(lib.full_like(x, 1.5).detach(), x),
    "igammac": lambda lib, x: lib.igammac(lib.full_like(x, 1.5).detach(), x),
    "zeta": lambda lib, x: lib.special.zeta(2.5, x),
    "xlog1py": lambda lib, x: lib.special.xlog1py(x, x * 2),
    "lgamma_": lambda lib, x: (x * 2).lgamma_(),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    results = []
    for lib in (rl, torch):
        x = lib.tensor([0.2, 0.45, 0.7, 0.9], dtype=lib.float64, requires_grad=True)
        y = GRADIENTS[name](lib, x)
        (first,) = lib.autograd.grad(y.square().sum(), x, create_graph=True)
        (second,) = lib.autograd.grad(first.square().sum(), x)
        results.append((first, second))
    for ours, theirs in zip(*results):
        agree(ours, theirs, 1e-7, 1e-10)


@pytest.mark.parametrize("name", ["i1", "i1e", "i0e"])
def test_slope_at_zero(name):
    slopes = []
    for lib in (rl, torch):
        x = lib.zeros(1, requires_grad=True)
        function(lib, name)(x).sum().backward()
        slopes.append(x.grad)
    agree(*slopes, 1e-6, 0)


def test_namespace():
    for call in (
        lambda lib, x: lib.special.softmax(x, 0),
        lambda lib, x: lib.special.log_softmax(x, 1, dtype=lib.float64),
        lambda lib, x: lib.special.logsumexp(x, 1, keepdim=True),
        lambda lib, x: lib.special.round(x, decimals=1),
        lambda lib, x: lib.special.logit(x, eps=0.1),
    ):
        x = [[0.12, 0.5, 0.77], [0.31, 0.99, 0.05]]
        agree(call(rl, rl.tensor(x)), call(torch, torch.tensor(x)), 1e-5, 1e-6)
    missing = [
        n for n in dir(torch.special) if n[0] != "_" and not hasattr(rl.special, n)
    ]
    assert set(missing) <= {"Tensor", "torch", "common_args", "multi_dim_common"}, (
        missing
    )
