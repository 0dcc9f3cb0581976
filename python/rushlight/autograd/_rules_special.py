"""Derivatives of the special functions and samplers; see _derivatives.py."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops

_ROOT_HALF = math.sqrt(0.5)
_ROOT_PI = math.sqrt(math.pi)


def _tensor(x, like):
    return x if isinstance(x, rushlight.Tensor) else rushlight.full_like(like, x)


def _i1_slope(input):
    # i1(x) / x is 1/2 at zero.
    zero = input == 0
    safe = rushlight.where(zero, rushlight.ones_like(input), input)
    slope = _ops.i0(safe) - _ops.i1(safe) / safe
    return rushlight.where(zero, rushlight.full_like(slope, 0.5), slope)


def _i1e_slope(input):
    zero = input == 0
    safe = rushlight.where(zero, rushlight.ones_like(input), input)
    slope = _ops.i0e(safe) - _ops.i1e(safe) * (safe.sign() + 1 / safe)
    return rushlight.where(zero, rushlight.full_like(slope, 0.5), slope)


def _xlog1py_input(g, input, other):
    other = _tensor(other, g)
    nothing = (input == 0) & (other <= -1)
    slope = g * other.log1p()
    return rushlight.where(nothing, rushlight.zeros_like(slope), slope)


def _gamma_density(input, other):
    return ((input - 1) * other.log() - other - _ops.lgamma(input)).exp()


def _missing(name, argument):
    def rule(g):
        raise NotImplementedError(
            f"the derivative for '{name}: {argument}' is not implemented."
        )

    return rule


RULES = {
    "lgamma": dict(input=lambda g, input: g * _ops.digamma(input)),
    "digamma": dict(input=lambda g, input: g * _ops.polygamma(1, input)),
    "polygamma": dict(
        input=_missing("polygamma", "n"),
        other=lambda g, input, other: g * _ops.polygamma(input + 1, other),
    ),
    "erfinv": dict(
        input=lambda g, result: g * (_ROOT_PI / 2) * (result * result).exp()
    ),
    "i0": dict(input=lambda g, input: g * _ops.i1(input)),
    "i0e": dict(
        input=lambda g, input, result: g * (_ops.i1e(input) - input.sign() * result)
    ),
    "i1": dict(input=lambda g, input: g * _i1_slope(input)),
    "i1e": dict(input=lambda g, input: g * _i1e_slope(input)),
    "entr": dict(input=lambda g, input: g * (-input.log() - 1)),
    "ndtri": dict(
        input=lambda g, result: g * math.sqrt(2 * math.pi) * (result * result / 2).exp()
    ),
    "log_ndtr": dict(
        input=lambda g, input: (
            g / _ops.erfcx(input * -_ROOT_HALF) * math.sqrt(2 / math.pi)
        )
    ),
    "erfcx": dict(
        input=lambda g, input, result: g * (2 * input * result - 2 / _ROOT_PI)
    ),
    "xlog1py": dict(
        input=_xlog1py_input, other=lambda g, input, other: g * input / (other + 1)
    ),
    "igamma": dict(
        input=_missing("igamma", "input"),
        other=lambda g, input, other: g * _gamma_density(input, other),
    ),
    "igammac": dict(
        input=_missing("igammac", "input"),
        other=lambda g, input, other: -g * _gamma_density(input, other),
    ),
    "zeta": dict(
        input=_missing("zeta", "self"),
        other=lambda g, input, other: g * -input * _ops.zeta(input + 1, other),
    ),
    "poisson": dict(input=lambda g: rushlight.zeros_like(g)),
}
