"""nn.utils against PyTorch: results, gradients, exceptions, warnings, texts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402
import utils_cases  # noqa: E402
from outcomes import assert_same, outcome  # noqa: E402


@pytest.mark.parametrize("name", utils_cases.CASES)
def test_same_as_pytorch(name):
    case = utils_cases.CASES[name]
    assert_same(outcome(case, rushlight), outcome(case, torch))
