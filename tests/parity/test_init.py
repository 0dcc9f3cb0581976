"""nn.init against PyTorch: the same numbers from the same seed, errors and warnings."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import init_cases  # noqa: E402
import rushlight  # noqa: E402
from outcomes import assert_same, outcome  # noqa: E402


@pytest.mark.parametrize("name", init_cases.CASES)
def test_same_as_pytorch(name):
    case = init_cases.CASES[name]
    assert_same(outcome(case, rushlight), outcome(case, torch))


def test_every_function_is_covered():
    covered = {*init_cases.FILLS, "calculate_gain"}
    covered |= {name.split()[1] for name in init_cases.CASES if "deprecated" in name}
    assert covered == set(rushlight.nn.init.__all__)
