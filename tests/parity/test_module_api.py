"""nn.Module and the containers against PyTorch: results, exceptions and their texts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")


import container_cases  # noqa: E402
import hook_cases  # noqa: E402
import module_cases  # noqa: E402
import rushlight  # noqa: E402
from outcomes import outcome  # noqa: E402

ALL = {**module_cases.CASES, **hook_cases.CASES, **container_cases.CASES}


@pytest.mark.parametrize("name", ALL)
def test_same_as_pytorch(name):
    assert outcome(ALL[name], rushlight) == outcome(ALL[name], torch)
