"""Special functions: known values, identities, derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight import special
from rushlight.autograd import gradcheck, gradgradcheck


def close(tensor, expected, rtol=1e-13):
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=rtol, atol=1e-15)


def double(*values):
    return rl.tensor(values, dtype=rl.float64)


def test_known_values():
    close(rl.lgamma(double(0.5, 5)), [math.log(math.pi) / 2, math.log(24)])
    close(rl.digamma(double(1)), [-0.5772156649015329])
    close(rl.polygamma(1, double(1)), [math.pi**2 / 6])
    close(special.zeta(double(2, 4), 1), [math.pi**2 / 6, math.pi**4 / 90])
    close(rl.igamma(double(1), double(2)), [1 - math.exp(-2)])
    close(rl.igammac(double(1), double(2)), [math.exp(-2)])
    close(rl.i0(double(0, 1)), [1, 1.2660658777520084])
    close(special.i1(double(-1)), [-0.5651591039924850])
    close(special.ndtri(double(0.5, 0.975)), [0, 1.959963984540054])
    close(special.airy_ai(double(0, 1)), [0.3550280538878172, 0.13529241631288142])
    close(special.bessel_j0(double(1, 30)), [0.7651976865579666, -0.08636798358104250])
    close(special.bessel_y0(double(1)), [0.08825696421567697])
    close(special.bessel_y1(double(1)), [-0.7812128213002887])
    close(special.modified_bessel_k0(double(1)), [0.42102443824070834])
    close(special.modified_bessel_k1(double(0.5)), [1.6564411200033009])


def test_inverses():
    x = rl.linspace(-0.999, 0.999, 101, dtype=rl.float64)
    close(rl.erf(rl.erfinv(x)), x.numpy())
    p = rl.tensor([1e-300, 1e-20, 0.1, 0.3, 0.9], dtype=rl.float64)
    close(special.log_ndtr(special.ndtri(p)), np.log(p.numpy()), 1e-12)


@pytest.mark.parametrize("x", [0.05, 0.9, 3.0, 12.0, 24.9, 25.1, 200.0])
def test_wronskian(x):
    t = double(x)
    j0, j1 = special.bessel_j0(t), special.bessel_j1(t)
    y0, y1 = special.bessel_y0(t), special.bessel_y1(t)
    close(j1 * y0 - j0 * y1, [2 / (math.pi * x)], 1e-12)
    i0, i1 = special.i0e(t), special.i1e(t)
    k0 = special.scaled_modified_bessel_k0(t)
    k1 = special.scaled_modified_bessel_k1(t)
    close(i0 * k1 + i1 * k0, [1 / x], 1e-12)


def test_legendre_against_numpy():
    x = np.linspace(-1.5, 1.5, 31)
    for n in range(6):
        basis = np.polynomial.legendre.Legendre.basis(n)
        np.testing.assert_allclose(
            special.legendre_polynomial_p(rl.tensor(x), n).numpy(), basis(x), atol=1e-12
        )


def test_threads_give_the_same_bits():
    x = rl.linspace(0.1, 50, 20000, dtype=rl.float64)
    before = rl.get_num_threads()
    try:
        results = []
        for n in (1, 2):
            rl.set_num_threads(n)
            results.append(rl.digamma(x).numpy().copy())
    finally:
        rl.set_num_threads(before)
    assert (results[0] == results[1]).all()


@pytest.mark.parametrize(
    "name", "lgamma digamma erfinv i0 i0e i1 i1e entr ndtri log_ndtr erfcx ndtr".split()
)
def test_derivatives(name):
    x = rl.tensor([0.2, 0.6, 0.85], dtype=rl.float64, requires_grad=True)
    assert gradcheck(getattr(special, name, None) or getattr(rl, name), (x,))
    assert gradgradcheck(getattr(special, name, None) or getattr(rl, name), (x,))


def test_no_derivative():
    x = rl.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="igamma: input"):
        rl.igamma(x, rl.ones(2)).sum().backward()
    assert not special.bessel_j0(x).requires_grad
    with pytest.raises(NotImplementedError, match="complex64"):
        rl.lgamma(rl.ones(2, dtype=rl.complex64))
    with pytest.raises(TypeError, match="input"):
        rl.lgamma(1.0)


@pytest.mark.parametrize("name", ["laguerre_polynomial_l", "legendre_polynomial_p"])
@pytest.mark.parametrize("dtype", [rl.float32, rl.float64])
def test_degrees_are_bounded(name, dtype):
    function = getattr(special, name)
    x = rl.tensor([0.25, 0.5], dtype=dtype)
    assert function(x, 2**20).isfinite().all()
    for n in (2**20 + 2, 2.0**62, rl.tensor([3, 2**60]), float("inf")):
        with pytest.raises(RuntimeError, match=f"{name}.*at most 1048576"):
            function(x, n)
    assert function(rl.ones(0, dtype=dtype), 2**60).shape == (0,)
    assert function(x, float("nan")).tolist() == [0, 0]


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("n", [2**20 + 3, 2**20 + 4])
def test_chebyshev_of_large_degree(side, n):
    # Just outside of [-1, 1]: the closed form instead of a step a degree.
    x = rl.tensor([side * (1 + 1e-10)], dtype=rl.float64)
    angle = math.acosh(abs(x.item()))
    first, second = math.cosh(n * angle), math.sinh((n + 1) * angle) / math.sinh(angle)
    third = math.cosh((n + 0.5) * angle) / math.cosh(angle / 2)
    fourth = math.sinh((n + 0.5) * angle) / math.sinh(angle / 2)
    sign = side if n % 2 else 1
    if side < 0:
        third, fourth = fourth, third
    for kind, expected in zip("tuvw", (first, second, third, fourth)):
        function = getattr(special, f"chebyshev_polynomial_{kind}")
        close(function(x, n), [sign * expected], 1e-9)
        # The recurrence agrees where it still runs.
        edge = 2**20
        below = function(x, edge).item()
        assert abs(function(x, edge + 2).item() / below - 1) < 1e-3
        # A million million steps would not end; what overflows is NaN.
        assert function(rl.tensor([side * 1.5]), 10**12).isnan().all()


def test_where_an_inner_value_overflows():
    # exp(x ** 2) is infinite a little before 2 exp(x ** 2) is taken for it.
    x = rl.tensor([-26.6, -26.65, -26.7, -27.0])
    assert special.erfcx(x).tolist() == [math.inf] * 4
    close(special.erfcx(double(-26.65, -26.0)), [math.inf, 2 * math.exp(676)], 1e-12)


def test_digits_where_the_plain_formula_loses_them():
    # sinc vanishes at the integers, and by its sine's slope beside them.
    x = np.array([1.0, 7.0, -3.0, 100.0, 1000.25], np.float32)
    expected = [0.0, 0.0, 0.0, 0.0, math.sqrt(0.5) / (math.pi * 1000.25)]
    np.testing.assert_allclose(rl.sinc(rl.from_numpy(x)).numpy(), expected, 5e-7)
    # logit near 1/2 is 4 (x - 1/2).
    x = np.float32(0.5) + np.float32(2.0**-20)
    near = rl.logit(rl.tensor([float(x)]))
    np.testing.assert_allclose(near.numpy(), [4 * 2.0**-20], 5e-7)
    tail = special.ndtr(rl.tensor([-12.75])).item()
    np.testing.assert_allclose(tail, math.erfc(12.75 * math.sqrt(0.5)) / 2, 1e-6)


def test_logit_gradient_at_the_ends():
    x = double(0.0, 0.25, 0.5, 1.0).requires_grad_()
    (slope,) = rl.autograd.grad(rl.logit(x).sum(), x)
    close(slope, [math.inf, 16 / 3, 4.0, math.inf])


# By mpmath with 500 bits: x, J0, J1, Y0, Y1.
FAR = """
1e4                    -0.0070961603533888015  0.0036474507555295803
                        0.0036478055589866059  0.0070963427525364951
1e8                     3.2060295340412078e-5  7.3063911815518549e-5
                        7.3063911655217071e-5 -3.206029497509252e-5
1267650600228229401496703205376 -1.9192416754440523e-16 -6.8218000837306261e-16
                       -6.8218000837306261e-16  1.9192416754440523e-16
"""


def test_bessel_functions_of_large_arguments():
    rows = np.array(FAR.split(), np.float64).reshape(-1, 5).T
    x = rl.from_numpy(rows[0].copy())
    functions = (special.bessel_j0, special.bessel_j1)
    functions += (special.bessel_y0, special.bessel_y1)
    for function, expected in zip(functions, rows[1:]):
        close(function(x)[:2], expected[:2], 1e-12)
        np.testing.assert_allclose(function(x)[2].item(), expected[2], 1e-12)
    ai = special.airy_ai(double(-50.0, -1000.0))
    close(ai, [-0.16188142361232092, 0.055971895773019919], 1e-11)
