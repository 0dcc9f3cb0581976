"""Ints, slices, None and Ellipsis as index: reads, writes and errors as in PyTorch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

SHAPES = [(), (5,), (2, 3), (2, 3, 4), (0, 3), (1, 1)]
INDICES = """
x[0]
x[-1]
x[4]
x[5]
x[-6]
x[1:]
x[:-1]
x[::2]
x[1:4:3]
x[3:1]
x[-2:]
x[100:]
x[:100]
x[::100]
x[::-1]
x[::0]
x[1:2:-1]
x[None]
x[...]
x[()]
x[0, 0]
x[0, 1]
x[0, :]
x[:, 0]
x[:, -1]
x[:, 1:]
x[:, ::2]
x[..., 0]
x[..., None]
x[None, ...]
x[None, :, None]
x[0, ..., 0]
x[:, None, 1]
x[0, 0, 0]
x[0, 0, 0, 0]
x[:, :, 1]
x[:, :, :, :]
x[1, :, 2:]
x[..., 1:, ::2]
x[0, 9]
x[9, 0]
x[0, None, 0]
x[0:1.5]
x["a":]
x[t.tensor(0):]
""".strip().splitlines()
VALUES = """
5
2.5
True
t.tensor(7.0)
t.tensor([7.0])
t.ones(3)
t.arange(3.0)
t.arange(4.0)
t.ones(2, 3)
t.ones(1, 1, 3)
t.ones(2, 2)
t.ones(1, 4)
t.ones(3, dtype=t.int64)
t.ones(2, 1)
t.zeros(0)
""".strip().splitlines()


def same(run):
    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"


def base(t, shape):
    n = 1
    for s in shape:
        n *= s
    return t.arange(float(n)).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("code", INDICES)
def test_read(code, shape):
    compiled = compile(code, "case", "eval")

    def run(t):
        y = eval(compiled, {"x": base(t, shape), "t": t})
        strides = y.stride() if y.numel() else None
        return [y, strides, y.storage_offset()]

    same(run)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_write(value, shape):
    for index in [i for i in INDICES if "x[0:1.5]" not in i]:
        compiled = compile(f"{index} = {value}", "case", "exec")

        def run(t):
            x = base(t, shape).clone()
            exec(compiled, {"x": x, "t": t})  # noqa: B023
            return [x, x._version]

        try:
            same(run)
        except AssertionError as error:
            raise AssertionError(f"{index} = {value}: {error}") from None


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16", "complex64"])
def test_write_dtypes(dtype):
    for value in (0, 1, 300, -1, 2.5, 1e30 if dtype != "float16" else 1e3, 1j, True):

        def run(t):
            x = t.ones(3, dtype=getattr(t, dtype))
            x[1] = value  # noqa: B023
            return x

        same(run)


def test_delete():
    with pytest.raises((TypeError, NotImplementedError)):
        del rl.ones(3)[0]


def test_overlapping_write():
    """PyTorch refuses these; here the source is read before the first write."""
    x = rl.arange(6.0)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    y = rl.arange(6.0)
    y[:-1] = y[1:]
    assert y.tolist() == [1, 2, 3, 4, 5, 5]
    z = rl.arange(9.0).view(3, 3)
    z[:] = z.t()
    assert z.tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_write_sequence():
    x = rl.zeros(2, 3)
    x[0] = [1.0, 2.0, 3.0]
    assert x.tolist() == [[1, 2, 3], [0, 0, 0]]
    for bad in ("a", None, object()):
        with pytest.raises((TypeError, RuntimeError)):
            x[0] = bad
    assert x.tolist() == [[1, 2, 3], [0, 0, 0]]


def test_expanded_write():
    def run(t):
        x = t.zeros(1, 3).expand(2, 3)
        x[0] = 5
        return x

    same(run)

    def whole(t):
        x = t.zeros(1, 3).expand(2, 3)
        x[:] = t.ones(2, 3)
        return x

    same(whole)


part = st.one_of(
    st.integers(-4, 4),
    st.slices(4),
    st.builds(
        slice,
        st.none() | st.integers(-6, 6),
        st.none() | st.integers(-6, 6),
        st.none() | st.integers(1, 4),
    ),
    st.none(),
    st.just(...),
).filter(lambda x: not isinstance(x, bool))


@settings(max_examples=300, deadline=None)
@given(st.lists(part, max_size=5).filter(lambda x: x.count(...) < 2).map(tuple))
def test_any_index(index):
    def run(t):
        y = base(t, (2, 3, 4))[index]
        return [y, y.stride() if y.numel() else None, y.storage_offset()]

    same(run)

    def write(t):
        x = base(t, (2, 3, 4)).clone()
        x[index] = -1
        return x

    same(write)
