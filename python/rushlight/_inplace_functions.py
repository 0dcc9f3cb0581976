"""In-place methods as functions: ``rushlight.abs_(x)`` is ``x.abs_()``."""

from __future__ import annotations

from rushlight._core import Tensor

NAMES = (
    "abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ "
    "as_strided_ asin_ asinh_ atan_ atanh_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ "
    "conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ erfinv_ exp2_ exp_ expm1_ "
    "fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ "
    "logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ resize_as_ round_ rsqrt_ "
    "sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_"
)


def _function(name):
    def function(input, *args, **kwargs):
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        return getattr(input, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``input.{name}(...)``."
    function.__wrapped__ = getattr(Tensor, name)  # whose signature it has
    return function


for _name in NAMES.split():
    globals()[_name] = _function(_name)
del _name


def fill(input, value):
    """A tensor like ``input`` with every element ``value``.

    Example::

        >>> rushlight.fill(rushlight.zeros(2), 3)
        tensor([3., 3.])
    """
    return input.clone().fill_(value)
