"""nn.utils against PyTorch: results, gradients, exceptions, warnings, texts."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402
import utils_cases  # noqa: E402
from test_module_api import outcome  # noqa: E402


def assert_same(ours, theirs, where=""):
    if isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs), (where, ours)
        for at, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(a, b, f"{where}[{at}]")
    elif isinstance(theirs, float):
        same = math.isclose(ours, theirs, rel_tol=2e-5, abs_tol=2e-6)
        assert same or (math.isnan(ours) and math.isnan(theirs)), (where, ours, theirs)
    else:
        assert ours == theirs, (where, ours, theirs)


@pytest.mark.parametrize("name", utils_cases.CASES)
def test_same_as_pytorch(name):
    case = utils_cases.CASES[name]
    assert_same(outcome(case, rushlight), outcome(case, torch))
