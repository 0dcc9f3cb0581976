"""nn.Module and the containers against PyTorch: results, exceptions and their texts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import re  # noqa: E402
import warnings  # noqa: E402

import container_cases  # noqa: E402
import hook_cases  # noqa: E402
import module_cases  # noqa: E402
import rushlight  # noqa: E402

ALL = {**module_cases.CASES, **hook_cases.CASES, **container_cases.CASES}


def outcome(case, lib):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = "value", case(lib)
        except Exception as error:
            result = type(error).__name__, str(error)
    texts = [(w.category.__name__, str(w.message)) for w in caught]
    return plain((result, texts))


def plain(value):
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


@pytest.mark.parametrize("name", ALL)
def test_same_as_pytorch(name):
    assert outcome(ALL[name], rushlight) == outcome(ALL[name], torch)
