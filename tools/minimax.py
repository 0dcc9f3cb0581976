"""Compute the polynomials of cpp/include/rushlight/functors/math.

Each row of ``POLYNOMIALS`` names a function, an interval, the powers and a precision.
The coefficients are minimax in relative error (Remez' exchange on a Chebyshev grid,
80 digits). On intervals without 0 the leading ones are rounded one at a time, lowest
order first, and the others fitted again after each rounding. Run
``python tools/minimax.py [name ...]`` (needs mpmath) to print them with their errors.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 80
GRID = 600


def to_precision(value: mp.mpf, bits: int) -> mp.mpf:
    with mp.workprec(bits):
        return +mp.mpf(value)


def solve(basis, target, weight, size):
    """Weighted minimax of target - sum c_i basis_i over grid points."""
    points = len(target)
    reference = [i * (points - 1) // size for i in range(size + 1)]
    best = None
    for _ in range(60):
        matrix = mp.matrix(size + 1, size + 1)
        right = mp.matrix(size + 1, 1)
        for row, k in enumerate(reference):
            for col in range(size):
                matrix[row, col] = basis[col][k]
            matrix[row, size] = (-1) ** row / weight[k]
            right[row] = target[k]
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[i] for i in range(size)]
        error = [
            (target[k] - sum(c * column[k] for c, column in zip(coefficients, basis)))
            * weight[k]
            for k in range(points)
        ]
        extrema: list[int] = []
        for k in range(points):
            if extrema and (error[k] > 0) == (error[extrema[-1]] > 0):
                if abs(error[k]) > abs(error[extrema[-1]]):
                    extrema[-1] = k
            else:
                extrema.append(k)
        while len(extrema) > size + 1:
            if abs(error[extrema[0]]) < abs(error[extrema[-1]]):
                extrema.pop(0)
            else:
                extrema.pop()
        bound = max(abs(e) for e in error)
        if best is None or bound < best[1]:
            best = (coefficients, bound)
        if len(extrema) < size + 1 or extrema == reference:
            break
        reference = extrema
    return best


def grid(low, high):
    low, high = mp.mpf(low), mp.mpf(high)
    return [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * GRID))
        for k in range(GRID)
    ]


def polynomial(
    f: Callable,
    low,
    high,
    powers: list[int],
    bits: int,
    fixed: dict[int, object] | None = None,
    relative_to: Callable | None = None,
):
    """f ~ sum of c x^p and fixed terms; the error is relative to relative_to or f."""
    xs = grid(low, high)
    fixed = {p: to_precision(mp.mpf(c), bits) for p, c in (fixed or {}).items()}
    scale = relative_to or f
    weight = [1 / abs(scale(x)) for x in xs]
    target = [f(x) - sum(c * x**p for p, c in fixed.items()) for x in xs]
    done = dict(fixed)
    # Divided by the lowest power the basis is a Chebyshev system even around 0. Fitting
    # again after each rounding would put a pole there: only for intervals without 0.
    free = list(powers)
    while free:
        first = free[0]
        columns = [[x ** (p - first) for x in xs] for p in free]
        quotient = [t / x**first for t, x in zip(target, xs)]
        scaled = [w * abs(x) ** first for w, x in zip(weight, xs)]
        coefficients, _ = solve(columns, quotient, scaled, len(free))
        count = 1 if mp.mpf(low) > 0 and free[0] <= powers[0] + 6 else len(free)
        for power, c in zip(free[:count], coefficients):
            done[power] = to_precision(c, bits)
            target = [t - done[power] * x**power for t, x in zip(target, xs)]
        free = free[count:]
    error = max(
        abs(f(x) - sum(c * x**p for p, c in done.items())) * w
        for x, w in zip(xs, weight)
    )
    return done, error


def odd(first: int, count: int) -> list[int]:
    return list(range(first, first + 2 * count, 2))


def consecutive(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


EXP_END = mp.log(2) / 2 * mp.mpf("1.01")
TINY = mp.mpf("1e-2")
HALF_PI = mp.pi / 2 * mp.mpf("1.01")
LOG_LOW, LOG_HIGH = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(2) - 1


def log_rest(s):
    """log((1 + s) / (1 - s)) / s - 2."""
    return mp.log((1 + s) / (1 - s)) / s - 2


def erfc_t(x):
    return (mp.mpf(x) - 3) / (mp.mpf(x) + 3)


def scaled_erfc(t):
    """(1 + 2 x) exp(x^2) erfc(x) at x = 3 (1 + t) / (1 - t)."""
    x = 3 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


ERF_CUT = mp.mpf("0.9")

POLYNOMIALS = {
    "exp_f32": (mp.exp, -EXP_END, EXP_END, consecutive(2, 6), 24, {0: 1, 1: 1}),
    "exp_f64": (mp.exp, -EXP_END, EXP_END, consecutive(2, 11), 53, {0: 1, 1: 1}),
    "pow_f32": (mp.exp, -EXP_END, EXP_END, consecutive(2, 7), 53, {0: 1, 1: 1}),
    "expm1_f32": (mp.expm1, -EXP_END, EXP_END, consecutive(2, 7), 24, {1: 1}),
    "expm1_f64": (mp.expm1, -EXP_END, EXP_END, consecutive(2, 12), 53, {1: 1}),
    "sinh_f32": (mp.sinh, TINY, 1, odd(3, 4), 24, {1: 1}),
    "sinh_f64": (mp.sinh, TINY, 1, odd(3, 8), 53, {1: 1}),
    "log_f32": (mp.log1p, LOG_LOW, LOG_HIGH, consecutive(3, 10), 24, {1: 1, 2: -0.5}),
    "log_f64": (log_rest, TINY, "0.1725", [2 * k for k in range(1, 8)], 53, {}),
    "sin_f32": (mp.sin, TINY, HALF_PI / 2, odd(3, 3), 24, {1: 1}),
    "cos_f32": (mp.cos, TINY, HALF_PI / 2, [4, 6, 8], 24, {0: 1, 2: -0.5}),
    "tanh_f32": (mp.tanh, TINY, "0.6", odd(3, 5), 24, {1: 1}),
    "sin_f64": (mp.sin, TINY, HALF_PI, odd(3, 9), 53, {1: 1}),
    "tan_f32": (mp.tan, TINY, HALF_PI / 2, odd(3, 7), 53, {1: 1}),
    "tan_f64": (mp.tan, TINY, HALF_PI / 2, odd(3, 14), 53, {1: 1}),
    "asin_f32": (mp.asin, TINY, "0.5", odd(3, 5), 53, {1: 1}),
    "asin_f64": (mp.asin, TINY, "0.5", odd(3, 13), 53, {1: 1}),
    "atan_f32": (mp.atan, TINY, 1, odd(3, 9), 24, {1: 1}),
    "atan_f64": (mp.atan, TINY, 1, odd(3, 20), 53, {1: 1}),
    "erf_f32": (lambda x: mp.erf(x) - x, TINY, ERF_CUT, odd(1, 7), 24, {}, mp.erf),
    "erf_f64": (lambda x: mp.erf(x) - x, TINY, 1, odd(1, 12), 53, {}, mp.erf),
    # Relative to 1 / erfc: what remains of the error after exp.
    "erf_tail_f32": (
        lambda x: -mp.log(mp.erfc(x)),
        ERF_CUT,
        "3.95",
        consecutive(1, 7),
        24,
        {},
        lambda x: 1 / mp.erfc(x),
    ),
    "erfc_f32": (scaled_erfc, -1, erfc_t("10.1"), consecutive(0, 12), 53, {}),
    "erfc_f64": (scaled_erfc, -1, erfc_t("27.3"), consecutive(0, 23), 53, {}),
}


def show(coefficients, bits: int) -> str:
    suffix = "f" if bits == 24 else ""
    digits = 9 if bits == 24 else 17
    return ", ".join(
        mp.nstr(c, digits, strip_zeros=False, min_fixed=0, max_fixed=0) + suffix
        for c in coefficients
    )


def main() -> None:
    names = sys.argv[1:]
    for name, row in POLYNOMIALS.items():
        if not names or name in names:
            done, error = polynomial(*row)
            powers = sorted(set(done) - set(row[5]))
            bound = float(mp.log(error, 2))
            print(f"{name}: relative error 2^{bound:.1f}, from x^{powers[0]}")
            print("  ", show([done[p] for p in powers], row[4]))


if __name__ == "__main__":
    main()
