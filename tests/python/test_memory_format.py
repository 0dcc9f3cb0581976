"""Memory formats: where the channels lie."""

from __future__ import annotations

import pytest

import rushlight as rl


def test_channels_last():
    x = rl.arange(24.0).reshape(1, 2, 3, 4)
    last = x.contiguous(memory_format=rl.channels_last)
    assert last.stride() == (24, 1, 8, 2)
    assert last.is_contiguous(memory_format=rl.channels_last)
    assert not last.is_contiguous() and (last == x).all()
    assert x.is_contiguous(memory_format=rl.contiguous_format)
    assert x.clone(memory_format=rl.channels_last).stride() == last.stride()
    fresh = rl.empty(1, 2, 3, 4, memory_format=rl.channels_last)
    assert fresh.stride() == last.stride()


def test_layout_and_errors():
    assert rl.zeros(2, layout=rl.strided).tolist() == [0, 0]
    assert rl.ones(2).layout == rl.strided
    with pytest.raises(RuntimeError):
        rl.ones(2, 3).contiguous(memory_format=rl.channels_last)
