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


def test_conversions_take_a_format():
    x = rl.arange(120).reshape(2, 3, 4, 5)
    y = x.float(memory_format=rl.channels_last)
    assert y.stride() == (60, 1, 15, 3) and y.dtype is rl.float32
    assert y.tolist() == x.float().tolist()
    assert y.float(memory_format=rl.channels_last) is y
    assert y.float(memory_format=rl.preserve_format) is y
    back = y.float(memory_format=rl.contiguous_format)
    assert back is not y and back.is_contiguous()
    assert y.double(memory_format=rl.preserve_format).stride() == y.stride()
    assert x.to(memory_format=rl.channels_last).stride() == y.stride()
    assert x.to(rl.int64, memory_format=rl.contiguous_format) is x
    copy = x.to(rl.int64, memory_format=rl.contiguous_format, copy=True)
    assert copy is not x and copy.data_ptr() != x.data_ptr()
    # Strides that are no format count as row-major ones.
    t = rl.zeros(2, 3).t()
    assert t.float(memory_format=rl.contiguous_format) is t
    with pytest.raises(RuntimeError, match="rank 4"):
        t.half(memory_format=rl.channels_last)
    with pytest.raises(TypeError):
        t.half(memory_format="channels_last")


def test_conversions_to_a_format_are_differentiable():
    x = rl.ones(1, 2, 2, 2, requires_grad=True)
    y = x.double(memory_format=rl.channels_last)
    (y * y).sum().backward()
    assert x.grad.dtype is rl.float32 and x.grad.unique().tolist() == [2.0]


def test_empty_permuted():
    x = rl.empty_permuted((2, 3, 5), (0, 2, 1), dtype=rl.int32)
    assert x.shape == (2, 3, 5) and x.stride() == (15, 1, 3) and x.dtype is rl.int32
    for size, order in (((2,), (0, 1)), ((2,), (3,)), ((2, 3), (0, 0))):
        with pytest.raises(RuntimeError, match="empty_permuted"):
            rl.empty_permuted(size, order)
