"""Running one case in both libraries: results, exceptions, warnings as plain data."""

from __future__ import annotations

import math
import re
import warnings


def outcome(case, lib):
    """What ``case(lib)`` returns or raises, with its texts, and what it warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = "value", case(lib)
        except Exception as error:
            result = type(error).__name__, str(error)
    texts = [(w.category.__name__, str(w.message)) for w in caught]
    return plain((result, texts))


def plain(value):
    """Nested lists of numbers and texts, the library's name in texts replaced."""
    if isinstance(value, dict):
        return [plain(pair) for pair in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        # The one line of load_state_dict's message that PyTorch does not have.
        value = re.sub(r"\n\tNearest names: .*", "", value)
        return (
            value.replace("rushlight.", "torch.")
            .replace("rushlight_", "torch_")
            .replace("torch._core.", "torch.")
        )
    assert value is None or isinstance(value, (bool, int, float)), type(value)
    return value


def assert_same(ours, theirs, where=""):
    """Compare two outcomes: texts exactly, numbers up to float32's rounding."""
    if isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs), (where, ours)
        for at, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(a, b, f"{where}[{at}]")
    elif isinstance(theirs, float):
        same = math.isclose(ours, theirs, rel_tol=2e-5, abs_tol=2e-6)
        assert same or (math.isnan(ours) and math.isnan(theirs)), (where, ours, theirs)
    else:
        assert ours == theirs, (where, ours, theirs)
