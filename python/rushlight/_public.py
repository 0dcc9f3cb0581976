"""Public functions written in Python: made overridable, and given NumPy's keywords."""

from __future__ import annotations

import sys
import types

from rushlight import _core

# The rows of kSpellings in overrides.h.
_SPELLINGS = (
    ("axis", "dim"),
    ("keepdims", "keepdim"),
    ("x", "input"),
    ("x1", "input"),
    ("x2", "other"),
)
# Functions that are asked about anything, or that no tensor is given to.
IGNORED = frozenset(
    "as_tensor asarray broadcast_shapes can_cast from_dlpack from_numpy frombuffer "
    "get_cmake_dir get_include get_printoptions get_rng_state initial_seed is_storage "
    "is_tensor load manual_seed printoptions promote_types result_type save "
    "scalar_tensor "
    "seed set_printoptions set_rng_state summary".split()
)

# Thin functions that are called as they are: a call through an object costs some 50 ns.
# What they call is taken over under their name, and max and min know axis and keepdims.
THIN = frozenset(
    "add add_ sub sub_ subtract div div_ divide true_divide max min where".split()
)


def spellings(function):
    """Which of NumPy's keywords a Python function can be given: a bit for each."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return sum(
        1 << i
        for i, (numpy, ours) in enumerate(_SPELLINGS)
        if ours in names and numpy not in names
    )


def public(name, value):
    """A public value of a module, a Python function as an overridable one."""
    if (
        type(value) is not types.FunctionType
        or name in IGNORED | THIN
        or name[0] == "_"
    ):
        return value
    home = vars(sys.modules[value.__module__])
    made = _core._function(value, spellings(value))
    # Pickled by name, so it stands in its own module too.
    if home.get(value.__name__) is value:
        home[value.__name__] = made
    return made


def publish(namespace, names=None):
    """:func:`public` for the functions of a module, or those it names."""
    prefix = "rushlight"
    for name in list(namespace) if names is None else names:
        value = namespace[name]
        if getattr(value, "__module__", None) and value.__module__.startswith(prefix):
            namespace[name] = public(name, value)
