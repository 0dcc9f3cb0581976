"""The functions that ``ulp_sweep.py`` measures, and their float64 references."""

from __future__ import annotations

import math

import numpy as np

# Promised within 2 ULP over all floats; swept whole by --full.
ELEMENTARY = (
    "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh "
    "asinh acosh atanh sqrt rsqrt erf erfc sigmoid"
).split()
# Of two operands: random pairs.
BINARY = "pow atan2 hypot".split()
# Strided: a whole sweep of these takes hours, most of it in the reference.
SPECIAL = (
    "logit sinc lgamma digamma erfinv i0 special.i0e special.i1 special.i1e "
    "special.ndtr special.ndtri special.log_ndtr special.erfcx special.entr "
    "special.bessel_j0 special.bessel_j1 special.bessel_y0 special.bessel_y1 "
    "special.modified_bessel_k0 special.modified_bessel_k1 "
    "special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1 "
    "special.spherical_bessel_j0 special.airy_ai"
).split()

# Where the reference has enough digits; SciPy's lose them by and by.
WITHIN = {f"special.bessel_{kind}": 1000.0 for kind in ("j0", "j1", "y0", "y1")}
WITHIN["special.airy_ai"] = 100.0

_NUMPY = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "pow": "power",
    "atan2": "arctan2",
}
_SCIPY = {
    "lgamma": "gammaln",
    "digamma": "psi",
    "bessel_j0": "j0",
    "bessel_j1": "j1",
    "bessel_y0": "y0",
    "bessel_y1": "y1",
    "modified_bessel_k0": "k0",
    "modified_bessel_k1": "k1",
    "scaled_modified_bessel_k0": "k0e",
    "scaled_modified_bessel_k1": "k1e",
}


def find_op(library, name):
    """The function ``name``, with dots, of ``rushlight`` or ``torch``."""
    for part in name.split("."):
        library = getattr(library, part)
    return library


def _sinc(x):
    # The reduction is exact, so that the zeros at the integers are.
    whole = np.rint(x)
    near = np.sin(np.pi * (x - whole)) * np.where(np.fmod(whole, 2) == 0, 1.0, -1.0)
    return np.where(x == 0, 1.0, near / (np.pi * np.where(x == 0, 1.0, x)))


def _logit(x):
    middle = np.clip(x, 0.25, 0.75)
    return np.where(x == middle, 2 * np.arctanh(2 * middle - 1), np.log(x / (1 - x)))


def reference(name):
    """A function of float64 arrays, accurate to far below a float32."""
    if name == "rsqrt":
        return lambda x: 1 / np.sqrt(x)
    if name == "sigmoid":
        return lambda x: 1 / (1 + np.exp(-x))
    if name == "sinc":
        return _sinc
    if name == "logit":
        return _logit
    if name not in SPECIAL and hasattr(np, _NUMPY.get(name, name)):
        return getattr(np, _NUMPY.get(name, name))
    try:
        import scipy.special
    except ImportError:
        if not hasattr(math, name):
            raise
        return np.vectorize(getattr(math, name), otypes=[np.float64])
    short = name.removeprefix("special.")
    if short == "spherical_bessel_j0":
        return lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x))
    if short == "airy_ai":
        return lambda x: scipy.special.airy(x)[0]
    return getattr(scipy.special, _SCIPY.get(short, short))
