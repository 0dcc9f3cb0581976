"""Indexing against NumPy; bad indices; gradients; equal bits for any threads."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rushlight
from rushlight import _indexing, _rearrange
from rushlight.autograd import gradcheck, gradgradcheck

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def array(shape, dtype="float32", seed=0):
    values = np.random.default_rng(seed).integers(
        0, 2 if dtype == "bool" else 100, shape
    )
    return values.astype(dtype)


def layouts(a):
    """Tensors of the same values in other memory orders."""
    yield rushlight.tensor(a)
    if a.ndim > 1:
        yield rushlight.tensor(np.ascontiguousarray(a.swapaxes(0, -1))).transpose(0, -1)
    wide = rushlight.zeros([2 * n + 1 for n in a.shape]).to(rushlight.tensor(a).dtype)
    view = wide[tuple(slice(1, None, 2) for _ in a.shape)]
    view.copy_(rushlight.tensor(a))
    yield view


def same(ours, theirs):
    assert tuple(ours.shape) == theirs.shape
    assert ours.dtype.name == theirs.dtype.name
    assert np.array_equal(ours.numpy(), theirs)


@st.composite
def array_indices(draw):
    """A shape and an index that NumPy and PyTorch both take."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    spread = draw(st.sampled_from([(), (1,), (2,), (3, 2), (3, 1), (0,)]))
    items, dim, ellipsis = [], 0, False
    while dim < len(shape):
        kind = draw(
            st.sampled_from(["int", "slice", "none", "array", "array", "mask", "stop"])
        )
        n = shape[dim]
        if kind == "stop":
            break
        if kind == "none":
            if len(items) > 6:
                break
            items.append(None)
            continue
        if kind == "int":
            items.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            bound = st.one_of(st.none(), st.integers(-n - 1, n + 1))
            items.append(
                slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, 3])))
            )
        elif kind == "mask":
            width = draw(st.integers(1, len(shape) - dim))
            part = shape[dim : dim + width]
            if any(isinstance(i, np.ndarray) for i in items) or width > 2:
                items.append(slice(None))
            else:
                bits = draw(st.lists(st.booleans(), min_size=9 * 9, max_size=9 * 9))
                items.append(np.resize(np.array(bits), part))
                dim += width - 1
                spread = None
        elif spread is not None:
            count = int(np.prod(spread))
            flat = draw(
                st.lists(st.integers(-n, n - 1), min_size=count, max_size=count)
            )
            items.append(np.array(flat, dtype=np.int64).reshape(spread))
        else:
            items.append(slice(None))
        dim += 1
    if not ellipsis and draw(st.booleans()):
        items.append(Ellipsis)
    return shape, tuple(items)


def ours_of(index):
    return tuple(rushlight.tensor(i) if isinstance(i, np.ndarray) else i for i in index)


@settings(max_examples=300, deadline=None)
@given(array_indices(), st.integers(0, 2))
def test_reads_like_numpy(case, layout):
    shape, index = case
    a = np.arange(int(np.prod(shape))).reshape(shape)
    x = list(layouts(a))[layout % len(list(layouts(a)))]
    if _int_breaks_adjacency(index):
        return
    same(x[ours_of(index)], np.asarray(a[index]))


@settings(max_examples=300, deadline=None)
@given(array_indices(), st.integers(0, 2), st.booleans())
def test_writes_like_numpy(case, layout, whole):
    shape, index = case
    if _int_breaks_adjacency(index):
        return
    a = np.arange(int(np.prod(shape))).reshape(shape)
    x = list(layouts(a))[layout % len(list(layouts(a)))]
    # Different values, so that the last of several for one element is seen to stay.
    value = np.arange(100, 100 + a[index].size).reshape(a[index].shape) if whole else -1
    x[ours_of(index)] = rushlight.tensor(value)
    a[index] = value
    same(x, a)


def _int_breaks_adjacency(index):
    # NumPy counts ints among the arrays when it places the dims; PyTorch does not.
    has_array = any(isinstance(i, np.ndarray) for i in index)
    return has_array and any(isinstance(i, int) for i in index)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_layout(dtype):
    a = array((5, 6, 4), dtype)
    rng = np.random.default_rng(1)
    for x in layouts(a):
        for dim in (0, 1, -1):
            n = a.shape[dim]
            index = rng.integers(
                0, n, [n if d != dim % 3 else 7 for d, n in enumerate(a.shape)]
            )
            want = np.take_along_axis(a, index, dim)
            same(x.gather(dim, rushlight.tensor(index)), want)
            same(rushlight.take_along_dim(x, rushlight.tensor(index - n), dim), want)
            flat = rng.integers(0, n, 9)
            same(x.index_select(dim, rushlight.tensor(flat)), a.take(flat, dim))
            same(x.index_select(dim, rushlight.tensor(flat).int()), a.take(flat, dim))
        spots = rng.integers(-120, 120, (3, 5))
        same(x.take(rushlight.tensor(spots)), a.take(spots))
        mask = rng.random(a.shape) < 0.4
        same(x[rushlight.tensor(mask)], a[mask])
        same(x[rushlight.tensor(mask[:, 0, 0])], a[mask[:, 0, 0]])
        same(x[:, rushlight.tensor(mask[0])], a[:, mask[0]])
        same(rushlight.nonzero(x), np.argwhere(a))
        same(rushlight.where(x != 0)[1], np.nonzero(a)[1])
        y = x.clone()
        y.masked_fill_(rushlight.tensor(mask), 1)
        same(y, np.where(mask, np.ones((), dtype), a))
        y = x.clone().masked_scatter_(
            rushlight.tensor(mask), rushlight.tensor(array(120, dtype, 3))
        )
        b = a.copy()
        b[mask] = array(120, dtype, 3)[: mask.sum()]
        same(y, b)


def test_result_dims_stand_where_the_indices_stood():
    x = rushlight.zeros(2, 3, 4, 5)
    i = rushlight.tensor([[0, 1, 1]])
    assert x[i].shape == (1, 3, 3, 4, 5)
    assert x[:, i].shape == (2, 1, 3, 4, 5)
    assert x[:, i, i].shape == (2, 1, 3, 5)
    assert x[:, i, :, i].shape == (1, 3, 2, 4)
    assert x[i, None, i].shape == (1, 3, 1, 4, 5)
    assert x[0, :, i].shape == (3, 1, 3, 5)
    assert x[..., i].shape == (2, 3, 4, 1, 3)
    assert x[True].shape == (1, 2, 3, 4, 5)
    assert x[False].shape == (0, 2, 3, 4, 5)
    assert x[:, [0, 2]].shape == x[:, range(0, 3, 2)].shape == (2, 2, 4, 5)
    assert x[[]].shape == (0, 3, 4, 5)
    assert x[rushlight.tensor(True)].shape == (1, 2, 3, 4, 5)


def test_views_stay_views():
    x = rushlight.arange(12).reshape(3, 4)
    view = x[np.int64(1), rushlight.tensor(2) : 4]
    view.zero_()
    assert x.tolist()[1] == [4, 5, 0, 0]
    column = x[:, rushlight.tensor(1)]
    column += 100
    assert x[0, 1] == 101


BAD_READS = [
    (
        IndexError,
        lambda x: x[rushlight.tensor([3])],
        r"index\(\): index 3 .*dimension 0 with size 3",
    ),
    (IndexError, lambda x: x[:, rushlight.tensor([0, -5])], "index -5 .* with size 4"),
    (IndexError, lambda x: x[[0], [0], [0]], "too many indices"),
    (IndexError, lambda x: x[rushlight.tensor([1.0])], "float32"),
    (IndexError, lambda x: x[0.5], "float"),
    (IndexError, lambda x: x[rushlight.ones(2).bool()], r"mask \[2\].*\[3, 4\]"),
    (IndexError, lambda x: x[[0, 1], [0, 1, 2]], r"\[2\], \[3\]"),
    (IndexError, lambda x: x[[0], ..., ...], "ellipsis"),
    (RuntimeError, lambda x: x.gather(0, rushlight.tensor([[3]])), "gather.*index 3"),
    (RuntimeError, lambda x: x.gather(0, rushlight.tensor([[-1]])), "gather.*index -1"),
    (RuntimeError, lambda x: x.gather(0, rushlight.tensor([0])), r"\[1\] and \[3, 4\]"),
    (
        IndexError,
        lambda x: x.index_select(1, rushlight.tensor([4])),
        "index 4 .* dimension 1",
    ),
    (IndexError, lambda x: x.take(rushlight.tensor([12])), "take.*index 12"),
    (
        RuntimeError,
        lambda x: x.masked_select(rushlight.ones(3).bool()),
        r"\[3, 4\] and \[3\]",
    ),
    (
        IndexError,
        lambda x: rushlight.take_along_dim(x, rushlight.tensor([[9]]), 1),
        "index 9",
    ),
]


@pytest.mark.parametrize("error, read, text", BAD_READS)
def test_bad_reads(error, read, text):
    with pytest.raises(error, match=text):
        read(rushlight.arange(12.0).reshape(3, 4))


BAD_WRITES = [
    (IndexError, lambda x: x.__setitem__(rushlight.tensor([0, 3]), 5.0)),
    (IndexError, lambda x: x.__setitem__((slice(None), [0, 4]), 5.0)),
    (RuntimeError, lambda x: x.__setitem__([0, 1], rushlight.ones(3))),
    (RuntimeError, lambda x: x.__setitem__([0, 1], rushlight.ones(4).double())),
    (RuntimeError, lambda x: x.__setitem__([0, 1], 1j)),
    (RuntimeError, lambda x: x.masked_fill_(rushlight.ones(4), 1)),
    (RuntimeError, lambda x: x.masked_fill_(rushlight.ones(2, 3, 4).bool(), 1)),
    (
        RuntimeError,
        lambda x: x.masked_scatter_(rushlight.ones(4).bool(), rushlight.ones(11)),
    ),
    (
        RuntimeError,
        lambda x: x[0].expand(2, 4).masked_fill_(rushlight.ones(4).bool(), 1),
    ),
    (RuntimeError, lambda x: x[0].expand(2, 4).__setitem__([0], rushlight.ones(4))),
]


@pytest.mark.parametrize("error, write", BAD_WRITES)
def test_bad_writes_leave_all_as_it_was(error, write):
    x = rushlight.arange(12.0).reshape(3, 4)
    with pytest.raises(error):
        write(x)
    assert x.flatten().tolist() == list(range(12))


def test_a_source_inside_the_target_is_read_first():
    x = rushlight.arange(6)
    x[rushlight.tensor([1, 2, 3, 4, 5])] = x[:5]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    x = rushlight.arange(4)
    x.index_put_((x,), rushlight.tensor([3, 2, 1, 0]))
    assert x.tolist() == [3, 2, 1, 0]
    x = rushlight.arange(4.0)
    x.masked_scatter_(rushlight.tensor([False, True, True, True]), x)
    assert x.tolist() == [0, 0, 1, 2]


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    x = rushlight.tensor(rng.standard_normal((3000, 70)).astype(np.float32))
    i = rushlight.tensor(rng.integers(-300, 300, 3000))
    mask = rushlight.tensor(rng.random((3000, 70)) < 0.3)
    flat = rushlight.tensor(rng.integers(0, 50, 400_000))
    values = rushlight.tensor(rng.standard_normal(400_000).astype(np.float32))

    def results():
        yield x[i]
        yield x[mask]
        yield rushlight.nonzero(mask)
        yield rushlight.zeros(300, 70).index_put((i,), x, True)
        yield rushlight.zeros(300, 70).index_put((i,), x)
        yield rushlight.zeros(50).index_put((flat,), values, True)
        yield rushlight.zeros(50).index_put((flat,), values)
        yield x.masked_fill(mask, 2.0)
        yield x.masked_scatter(mask, x)
        yield x.t().contiguous()

    before = rushlight.get_num_threads()
    try:
        runs = []
        for threads in (1, 2, 7):
            rushlight.set_num_threads(threads)
            runs.append([r.numpy().tobytes() for r in results()])
    finally:
        rushlight.set_num_threads(before)
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize(
    "dtype", ["uint8", "float16", "float32", "float64", "complex128"]
)
@pytest.mark.parametrize(
    "shape", [(1, 9), (4, 4), (5, 70), (64, 64), (67, 131), (3, 40, 33)]
)
def test_transposing_copies(dtype, shape):
    a = array(shape, dtype)
    x = rushlight.tensor(a)
    same(x.transpose(0, -1).contiguous(), np.ascontiguousarray(a.swapaxes(0, -1)))
    same(x.flip(-1), np.flip(a, -1).copy())
    y = rushlight.zeros(shape).to(x.dtype)
    y.transpose(-1, -2).copy_(x.transpose(-1, -2)[:, :])
    same(y, a)
    z = rushlight.zeros(shape[-1], *shape[1:-1], shape[0] * 2).to(x.dtype)
    z[..., ::2].copy_(x.transpose(0, -1))
    same(z[..., ::2].contiguous(), np.ascontiguousarray(a.swapaxes(0, -1)))


def grads():
    mask = [[True, False, True, True], [False] * 4, [True, True, False, False]]
    yield lambda x, y: x[[0, 0, 2], [1, 1, 3]]
    yield lambda x, y: x[:, [1, 1, 0]]
    yield lambda x, y: x[rushlight.tensor(mask)]
    yield lambda x, y: x[rushlight.tensor([True, False, True])]
    yield lambda x, y: x.gather(0, rushlight.tensor([[0, 2], [0, 1]]))
    yield lambda x, y: x.index_select(1, rushlight.tensor([3, 3, 0]))
    yield lambda x, y: x.take(rushlight.tensor([[0, -1], [5, 5]]))
    yield lambda x, y: rushlight.take_along_dim(
        x, rushlight.tensor([[0], [-1], [0]]), 1
    )
    yield lambda x, y: rushlight.take_along_dim(y, rushlight.tensor([[0, -1, 1, 1]]), 0)
    yield lambda x, y: x.masked_fill(rushlight.tensor(mask), y.sum())
    yield lambda x, y: (x * 2).masked_fill_(rushlight.tensor(mask), 3.0)
    yield lambda x, y: x.masked_scatter(rushlight.tensor(mask), x * y[0])
    yield lambda x, y: x.index_put((rushlight.tensor([0, 2]),), y)
    yield lambda x, y: x.index_put((rushlight.tensor([0, 0]),), y, True)
    yield lambda x, y: _set(x * 1, [2, 0], y)
    yield lambda x, y: _set(x * 1, (slice(1), [2, 0]), y[:1, :2])
    yield lambda x, y: _set(x * 1, rushlight.tensor(mask), y[0, :1])


def _set(x, index, value):
    x[index] = value
    return x * x


@pytest.mark.parametrize("f", list(grads()))
def test_gradients(f):
    rng = np.random.default_rng(3)
    x = rushlight.tensor(rng.standard_normal((3, 4)), requires_grad=True)
    y = rushlight.tensor(rng.standard_normal((2, 4)), requires_grad=True)
    assert gradcheck(f, (x, y))
    assert gradgradcheck(f, (x, y))


def test_writing_a_leaf_that_requires_grad_is_an_error():
    x = rushlight.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        x[[0, 1]] = 1.0
    with pytest.raises(RuntimeError, match="leaf"):
        x.masked_fill_(rushlight.ones(3).bool(), 1.0)


@pytest.mark.parametrize("module", [_indexing, _rearrange])
def test_examples(module):
    result = doctest.testmod(module, extraglobs={"rushlight": rushlight})
    assert result.attempted > 0
    assert result.failed == 0
