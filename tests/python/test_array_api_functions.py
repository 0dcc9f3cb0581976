"""rushlight.array_api: functions of whole arrays against NumPy 2."""

from __future__ import annotations

import array
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import random_arrays as ra
import rushlight
from rushlight import array_api as xp

pytestmark = [
    pytest.mark.skipif(
        np.lib.NumpyVersion(np.__version__) < "2.1.0",
        reason="NumPy before 2.1 does not have the standard's functions",
    ),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


@st.composite
def axes_for(draw, ndim, several=True):
    """None, an axis, or a tuple of different axes, from the front or the end."""
    choices = [st.none()]
    if ndim:
        one = st.integers(-ndim, ndim - 1)
        choices.append(one)
        if several:
            some = st.lists(st.integers(0, ndim - 1), unique=True, max_size=ndim)
            signs = st.lists(st.booleans(), min_size=ndim, max_size=ndim)
            choices.append(
                st.builds(
                    lambda axes, back: tuple(
                        a - ndim if b else a for a, b in zip(axes, back)
                    ),
                    some,
                    signs,
                )
            )
    return draw(st.one_of(*choices))


layouts = st.sampled_from(ra.LAYOUTS)

# -- statistics ------------------------------------------------------------------------

REDUCTIONS = {
    "sum": ra.NUMERIC,
    "prod": ra.NUMERIC,
    "mean": ra.FLOAT,
    "var": ra.REAL,
    "std": ra.REAL,
    "max": ra.ORDERED,
    "min": ra.ORDERED,
    "all": ra.ALL,
    "any": ra.ALL,
    "count_nonzero": ra.ALL,
}


@pytest.mark.parametrize("name", REDUCTIONS)
@ra.PROFILE
@given(data=st.data(), keepdims=st.booleans(), layout=layouts)
def test_reductions(name, data, keepdims, layout):
    special = name in ("max", "min", "all", "any", "count_nonzero")
    x = data.draw(ra.arrays(REDUCTIONS[name], special=special, low=-4, high=4))
    axis = data.draw(axes_for(x.ndim))
    if name in ("max", "min"):
        taken = range(x.ndim) if axis is None else np.atleast_1d(axis).astype(int)
        assume(all(x.shape[a] for a in taken))
    t = ra.tensor_of(x, layout)
    result = getattr(xp, name)(t, axis=axis, keepdims=keepdims)
    expected = np.asarray(getattr(np, name)(x, axis=axis, keepdims=keepdims))
    # NumPy counts in its own default integer, Rushlight in the standard's.
    ra.check(result, expected, rtol=1e-4 if x.dtype.itemsize < 8 else None)


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("correction", [0.0, 1.0, 0.5, 3])
def test_correction(name, correction):
    x = np.array([[1.0, 2.0, 4.0], [0.5, 7.0, 9.0]])
    result = getattr(xp, name)(ra.tensor_of(x), axis=1, correction=correction)
    ra.check(
        result,
        getattr(np, name)(x, axis=1, ddof=correction) * (math.nan, 1)[correction < 3],
    )


def test_statistics_of_nothing_and_of_nan():
    nothing = xp.zeros((0,))
    assert xp.sum(nothing).item() == 0
    assert xp.prod(nothing).item() == 1
    for name in ("mean", "var", "std"):
        assert math.isnan(getattr(xp, name)(nothing).item())
    for name in ("max", "min"):
        assert math.isnan(getattr(xp, name)(xp.asarray([1.0, math.nan, 2.0])).item())
        with pytest.raises((RuntimeError, IndexError)):
            getattr(xp, name)(nothing)
    assert xp.all(nothing).item() is True
    assert xp.any(nothing).item() is False


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod"])
@pytest.mark.parametrize("dtype", ra.NUMERIC)
def test_dtypes_of_sums(name, dtype):
    x = np.array([200, 100, 3] if dtype == "uint8" else [100, 100, 3], dtype)
    run, reference = getattr(xp, name), getattr(np, name)
    ra.check(run(ra.tensor_of(x)), reference(x))
    for other in ("int64", "uint16", "float64"):
        if dtype in ra.COMPLEX:
            with pytest.raises(TypeError, match="cannot accumulate"):
                run(ra.tensor_of(x), dtype=getattr(xp, other))
        elif not (dtype in ra.REAL and other != "float64"):
            expected = reference(x.astype(other), dtype=other)
            ra.check(run(ra.tensor_of(x), dtype=getattr(xp, other)), expected)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@ra.PROFILE
@given(data=st.data(), include_initial=st.booleans(), layout=layouts)
def test_cumulative(name, data, include_initial, layout):
    x = data.draw(ra.arrays(ra.NUMERIC, special=False, low=-4, high=4, min_dims=1))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    result = getattr(xp, name)(
        ra.tensor_of(x, layout), axis=axis, include_initial=include_initial
    )
    expected = getattr(np, name)(x, axis=axis, include_initial=include_initial)
    ra.check(result, expected, rtol=1e-4)


def test_cumulative_error():
    with pytest.raises(ValueError, match=r"cumulative_sum\(\): axis is needed"):
        xp.cumulative_sum(xp.ones((2, 2)))


@ra.PROFILE
@given(data=st.data(), n=st.integers(0, 3))
def test_diff(data, n):
    x = data.draw(ra.arrays(ra.NUMERIC + ra.BOOL, special=False, min_dims=1))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    extra = {}
    for side in data.draw(st.sets(st.sampled_from(["prepend", "append"]))):
        extra[side] = data.draw(ra.arrays([x.dtype], x.shape, special=False))
    ours = {k: ra.tensor_of(v) for k, v in extra.items()}
    ra.check(
        xp.diff(ra.tensor_of(x), axis=axis, n=n, **ours),
        np.diff(x, axis=axis, n=n, **extra),
    )


# -- searching, sorting, sets ----------------------------------------------------------


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@ra.PROFILE
@given(data=st.data(), keepdims=st.booleans(), layout=layouts)
def test_arg_extremes(name, data, keepdims, layout):
    x = data.draw(ra.arrays(ra.ORDERED, min_side=1))
    axis = data.draw(axes_for(x.ndim, several=False))
    result = getattr(xp, name)(ra.tensor_of(x, layout), axis=axis, keepdims=keepdims)
    ra.check(result, getattr(np, name)(x, axis=axis, keepdims=keepdims))


@ra.PROFILE
@given(data=st.data(), layout=layouts)
def test_nonzero_and_where(data, layout):
    x = data.draw(ra.arrays(ra.ALL, min_dims=1))
    for result, expected in zip(
        xp.nonzero(ra.tensor_of(x, layout)), np.nonzero(x), strict=True
    ):
        ra.check(result, expected)
    condition = data.draw(ra.arrays(ra.BOOL, x.shape))
    y = data.draw(ra.arrays([x.dtype], x.shape))
    result = xp.where(ra.tensor_of(condition), ra.tensor_of(x, layout), ra.tensor_of(y))
    ra.check(result, np.where(condition, x, y))
    with pytest.raises(ValueError, match="0-d"):
        xp.nonzero(xp.ones(()))


def test_where_takes_numbers():
    condition = xp.asarray([True, False])
    assert xp.where(condition, 1, 2).tolist() == [1, 2]
    assert xp.where(condition, xp.asarray([1.5, 2.5]), 0).dtype is xp.float32
    small = xp.asarray([1, 2], dtype=xp.uint16)
    ra.check(xp.where(condition, small, 7), np.array([1, 7], "uint16"))


@pytest.mark.parametrize("descending", [False, True])
@ra.PROFILE
@given(data=st.data(), layout=layouts)
def test_sort(descending, data, layout):
    x = data.draw(ra.arrays(ra.ORDERED, min_dims=1))
    if descending:  # where NaN goes is open then, and NumPy has no such order
        assume(not np.isnan(x).any())
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    t = ra.tensor_of(x, layout)
    if descending:
        # A stable order of the reversed array, reversed, keeps equal elements in order.
        order = np.flip(
            np.argsort(np.flip(x, axis=axis), axis=axis, stable=True), axis=axis
        )
        order = x.shape[axis] - 1 - order
    else:
        order = np.argsort(x, axis=axis, stable=True)
    ra.check(xp.argsort(t, axis=axis, descending=descending), order)
    expected = np.take_along_axis(x, order, axis=axis)
    ra.check(xp.sort(t, axis=axis, descending=descending), expected)


@ra.PROFILE
@given(data=st.data(), side=st.sampled_from(["left", "right"]), sorter=st.booleans())
def test_searchsorted(data, side, sorter):
    dtype = data.draw(st.sampled_from(ra.ORDERED))
    # Where NaN is found is open.
    special = dtype in ra.WHOLE
    x1 = data.draw(ra.arrays([dtype], min_dims=1, max_dims=1, special=special))
    x2 = data.draw(ra.arrays([dtype], special=special))
    order = np.argsort(x1)
    args = {"sorter": ra.tensor_of(order)} if sorter else {}
    x1 = x1 if sorter else x1[order]
    result = xp.searchsorted(ra.tensor_of(x1), ra.tensor_of(x2), side=side, **args)
    expected = np.searchsorted(x1, x2, side=side, sorter=order if sorter else None)
    ra.check(result, expected)


def test_searchsorted_takes_a_number():
    result = xp.searchsorted(xp.asarray([1, 3, 5]), 3, side="right")
    ra.check(result, np.int64(2))
    with pytest.raises(ValueError, match="side"):
        xp.searchsorted(xp.asarray([1]), xp.asarray([1]), side="middle")


@ra.PROFILE
@given(data=st.data(), layout=layouts)
def test_unique(data, layout):
    dtype = data.draw(st.sampled_from(ra.ALL))
    x = data.draw(ra.arrays([dtype], special=dtype not in ra.COMPLEX, low=-2, high=2))
    t = ra.tensor_of(x, layout)
    result, expected = xp.unique_all(t), np.unique_all(x)
    assert result._fields == ("values", "indices", "inverse_indices", "counts")
    for got, want in zip(result, expected):
        ra.check(got, want)
    assert xp.unique_values(t).shape == result.values.shape
    ra.check(xp.unique_counts(t).counts, expected.counts)
    ra.check(xp.unique_inverse(t).inverse_indices, expected.inverse_indices)


@ra.PROFILE
@given(data=st.data(), invert=st.booleans())
def test_isin(data, invert):
    dtype = data.draw(st.sampled_from(ra.ALL))
    x1 = data.draw(ra.arrays([dtype], low=-3, high=3))
    x2 = data.draw(ra.arrays([dtype], low=-3, high=3))
    result = xp.isin(ra.tensor_of(x1), ra.tensor_of(x2), invert=invert)
    ra.check(result, np.isin(x1, x2, invert=invert))


def test_isin_takes_numbers():
    x = xp.asarray([1, 2, 1])
    assert xp.isin(x, 1).tolist() == [True, False, True]
    assert xp.isin(2, x).item() is True


@ra.PROFILE
@given(data=st.data(), layout=layouts)
def test_take(data, layout):
    x = data.draw(ra.arrays(ra.ALL, min_dims=1, min_side=1))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    kind = data.draw(st.sampled_from(ra.WHOLE))
    size = x.shape[axis]
    low = -size if kind in ra.SIGNED else 0
    places = {"special": False, "low": low, "high": size - 1}
    indices = data.draw(ra.arrays([kind], min_dims=1, max_dims=1, **places))
    t = ra.tensor_of(x, layout)
    result = xp.take(t, ra.tensor_of(indices), axis=axis)
    ra.check(result, np.take(x, indices.astype(np.int64), axis=axis))
    shape = list(x.shape)
    shape[axis] = data.draw(st.integers(0, 5))
    indices = data.draw(ra.arrays([kind], tuple(shape), **places))
    result = xp.take_along_axis(t, ra.tensor_of(indices), axis=axis)
    ra.check(result, np.take_along_axis(x, indices.astype(np.int64), axis=axis))


def test_take_errors():
    with pytest.raises(ValueError, match=r"take\(\): axis is needed"):
        xp.take(xp.ones((2, 2)), xp.asarray([0]))
    with pytest.raises(IndexError):
        xp.take(xp.ones(2), xp.asarray([2]))


# -- manipulation ----------------------------------------------------------------------


@ra.PROFILE
@given(data=st.data(), layout=layouts)
def test_manipulation_of_one_array(data, layout):
    x = data.draw(ra.arrays(ra.ALL))
    t = ra.tensor_of(x, layout)
    axis = data.draw(axes_for(x.ndim))
    ra.check(xp.flip(t, axis=axis), np.flip(x, axis=axis))
    shift = data.draw(st.integers(-5, 5))
    ra.check(xp.roll(t, shift, axis=axis), np.roll(x, shift, axis=axis))
    if isinstance(axis, tuple):
        shifts = tuple(data.draw(st.integers(-5, 5)) for _ in axis)
        ra.check(xp.roll(t, shifts, axis=axis), np.roll(x, shifts, axis=axis))
    order = tuple(data.draw(st.permutations(range(x.ndim))))
    ra.check(xp.permute_dims(t, order), np.permute_dims(x, order))
    back = tuple(a - x.ndim for a in order)
    ra.check(xp.permute_dims(t, back), np.permute_dims(x, order))
    repetitions = tuple(data.draw(st.lists(st.integers(0, 3), max_size=4)))
    ra.check(xp.tile(t, repetitions), np.tile(x, repetitions))
    if x.ndim:
        one, other = (data.draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
        ra.check(xp.moveaxis(t, one, other), np.moveaxis(x, one, other))
        for got, want in zip(
            xp.unstack(t, axis=one), np.unstack(x, axis=one), strict=True
        ):
            ra.check(got, want)
    ra.check(xp.moveaxis(t, order, tuple(range(x.ndim))), np.permute_dims(x, order))
    if x.ndim >= 2:
        ra.check(xp.matrix_transpose(t), np.matrix_transpose(x))
    ra.check(xp.broadcast_to(t, (2, *x.shape)), np.broadcast_to(x, (2, *x.shape)))


@ra.PROFILE
@given(data=st.data())
def test_expand_dims_and_squeeze(data):
    x = data.draw(ra.arrays(ra.ALL))
    t = ra.tensor_of(x)
    one = data.draw(st.integers(-x.ndim - 1, x.ndim))
    ra.check(xp.expand_dims(t, one), np.expand_dims(x, one))
    count = data.draw(st.integers(1, 3))
    ndim = x.ndim + count
    places = data.draw(
        st.lists(st.integers(0, ndim - 1), unique=True, min_size=count, max_size=count)
    )
    places = tuple(p - ndim if data.draw(st.booleans()) else p for p in places)
    wide = xp.expand_dims(t, places)
    ra.check(wide, np.expand_dims(x, places))
    ra.check(xp.squeeze(wide, places), x)


def test_manipulation_errors():
    x = xp.ones((2, 3))
    with pytest.raises(IndexError, match=r"expand_dims\(\): axis 3 is out of bounds"):
        xp.expand_dims(x, 3)
    with pytest.raises(ValueError, match="given twice"):
        xp.expand_dims(x, (0, 0))
    with pytest.raises(ValueError, match="not of size 1"):
        xp.squeeze(x, 0)
    with pytest.raises(ValueError, match="copy=False"):
        xp.reshape(x.T, (6,), copy=False)
    with pytest.raises(ValueError, match="dimensions do not join"):
        xp.concat([x, xp.ones(0)])
    with pytest.raises(ValueError, match="at least one array"):
        xp.stack([])
    with pytest.raises(ValueError, match="broadcast"):
        xp.broadcast_arrays(xp.ones(2), xp.ones(3))
    assert xp.broadcast_shapes() == ()
    assert xp.broadcast_shapes((2, 1), (3,)) == (2, 3)


@ra.PROFILE
@given(data=st.data())
def test_joins(data):
    kind = data.draw(
        st.sampled_from([ra.BOOL, ra.SIGNED, ra.UNSIGNED, ra.REAL, ra.FLOAT])
    )
    shape = data.draw(ra.shapes(min_dims=1))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for _ in range(data.draw(st.integers(1, 3))):
        size = list(shape)
        size[axis] = data.draw(st.integers(0, 3))
        parts.append(data.draw(ra.arrays(kind, tuple(size))))
    ours = [ra.tensor_of(p, data.draw(layouts)) for p in parts]
    ra.check(xp.concat(ours, axis=axis), np.concat(parts, axis=axis))
    ra.check(xp.concat(ours, axis=None), np.concat(parts, axis=None))
    equal = [data.draw(ra.arrays(kind, shape)) for _ in range(2)]
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    result = xp.stack([ra.tensor_of(p) for p in equal], axis=place)
    ra.check(result, np.stack(equal, axis=place))
    first = equal[0]
    grown = xp.broadcast_arrays(ra.tensor_of(first), xp.ones((2, *[1] * len(shape))))
    assert type(grown) is tuple
    ra.check(grown[0], np.broadcast_to(first, (2, *shape)))


@ra.PROFILE
@given(data=st.data(), layout=layouts, copy=st.sampled_from([None, True]))
def test_repeat_and_reshape(data, layout, copy):
    x = data.draw(ra.arrays(ra.ALL, min_dims=1))
    t = ra.tensor_of(x, layout)
    axis = data.draw(axes_for(x.ndim, several=False))
    size = x.size if axis is None else x.shape[axis]
    times = data.draw(st.integers(0, 3))
    ra.check(xp.repeat(t, times, axis=axis), np.repeat(x, times, axis=axis))
    each = data.draw(
        ra.arrays(ra.SIGNED + ("uint64",), (size,), special=False, low=0, high=3)
    )
    expected = np.repeat(x, each.astype(np.int64), axis=axis)
    ra.check(xp.repeat(t, ra.tensor_of(each), axis=axis), expected)
    result = xp.reshape(t, (x.size,), copy=copy)
    ra.check(result, np.reshape(x, (x.size,)))
    if copy and x.size:
        assert result.untyped_storage().data_ptr() != t.untyped_storage().data_ptr()
    if x.size:
        ra.check(xp.reshape(t, (-1, x.shape[-1])), np.reshape(x, (-1, x.shape[-1])))


# -- creation --------------------------------------------------------------------------


@ra.PROFILE
@given(
    ends=st.tuples(*[st.integers(-20, 20)] * 2),
    step=st.integers(-5, 5).filter(bool) | st.floats(0.25, 3),
    dtype=st.sampled_from(ra.SIGNED + ra.REAL),
)
def test_arange(ends, step, dtype):
    if isinstance(step, float):
        step, dtype = round(step * 4) / 4, "float64"
    result = xp.arange(*ends, step, dtype=getattr(xp, dtype))
    ra.check(result, np.arange(*ends, step, dtype=dtype))
    if isinstance(step, int):
        assert xp.arange(*ends, step).dtype is xp.int64
        assert xp.arange(abs(ends[0])).tolist() == list(range(abs(ends[0])))
    else:
        assert xp.arange(*ends, step).dtype is xp.float32


@ra.PROFILE
@given(
    bounds=st.tuples(*[st.floats(-100, 100)] * 2),
    num=st.integers(0, 12),
    endpoint=st.booleans(),
    dtype=st.sampled_from(ra.REAL),
)
def test_linspace(bounds, num, endpoint, dtype):
    result = xp.linspace(*bounds, num, endpoint=endpoint, dtype=getattr(xp, dtype))
    expected = np.linspace(*bounds, num, endpoint=endpoint, dtype=dtype)
    ra.check(result, expected, rtol=1e-4 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("dtype", ra.ALL)
def test_filled_arrays(dtype):
    kind = getattr(xp, dtype)
    for shape in ((), (0,), 3, (2, 3)):
        for name in ("zeros", "ones"):
            ra.check(
                getattr(xp, name)(shape, dtype=kind), getattr(np, name)(shape, dtype)
            )
        assert xp.empty(shape, dtype=kind).dtype is kind
        value = True if dtype == "bool" else 2
        ra.check(xp.full(shape, value, dtype=kind), np.full(shape, value, dtype))
    x = xp.ones((2, 3), dtype=kind)
    ra.check(xp.full_like(x, 1), np.ones((2, 3), dtype))
    for name in ("zeros_like", "ones_like"):
        ra.check(getattr(xp, name)(x), getattr(np, name)(x.numpy()))
        assert getattr(xp, name)(x, dtype=xp.int8).dtype is xp.int8
    for k in (-3, -1, 0, 1, 4):
        ra.check(xp.eye(2, 3, k=k, dtype=kind), np.eye(2, 3, k=k, dtype=dtype))
        y = np.arange(12).reshape(2, 2, 3).astype(dtype)
        ra.check(xp.tril(ra.tensor_of(y), k=k), np.tril(y, k=k))
        ra.check(xp.triu(ra.tensor_of(y), k=k), np.triu(y, k=k))


def test_values_of_full_width():
    for value in (2**63, 2**64 - 1):
        assert xp.full(2, value, dtype=xp.uint64).tolist() == [value] * 2
        assert xp.asarray(value, dtype=xp.uint64).item() == value


def test_default_dtypes():
    values = [(True, xp.bool), (1, xp.int64), (1.5, xp.float32), (1j, xp.complex64)]
    for value, dtype in values:
        assert xp.full(1, value).dtype is dtype
        assert xp.asarray([value]).dtype is dtype
    assert xp.linspace(0, 1j, 3).dtype is xp.complex64
    assert xp.eye(2).dtype is xp.float32


def test_asarray():
    x = xp.asarray([1, 2])
    assert xp.asarray(x) is x
    assert xp.asarray(x, copy=True).data_ptr() != x.data_ptr()
    with pytest.raises(ValueError, match="copy=False"):
        xp.asarray(x, dtype=xp.float64, copy=False)
    with pytest.raises(ValueError, match="copy=False"):
        xp.asarray([1, 2], copy=False)
    # A buffer's elements, not its bytes.
    memory = array.array("d", [1.0, 2.0])
    shared = xp.asarray(memory)
    ra.check(shared, np.array([1.0, 2.0]))
    shared[0] = 5
    assert memory[0] == 5.0
    a = np.arange(3, dtype=np.uint16)
    ra.check(xp.asarray(a), a)
    ra.check(xp.from_dlpack(a), a)


@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_meshgrid(indexing):
    for count in range(4):
        parts = [np.arange(i + 2) for i in range(count)]
        result = xp.meshgrid(*map(ra.tensor_of, parts), indexing=indexing)
        for got, want in zip(
            result, np.meshgrid(*parts, indexing=indexing), strict=True
        ):
            ra.check(got, want)


# -- linear algebra --------------------------------------------------------------------


def _matrices(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if dtype in ra.COMPLEX:
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def _hermitian(n, dtype, batch=()):
    x = _matrices((*batch, n, n), dtype)
    return x @ x.mT.conj() + n * np.eye(n, dtype=dtype)


@pytest.mark.parametrize("dtype", ra.FLOAT)
@pytest.mark.parametrize("batch", [(), (2,), (0,), (2, 3)])
def test_linalg_of_square_matrices(dtype, batch):
    x = _hermitian(3, dtype, batch)
    t = ra.tensor_of(x)
    tol = 1e-3 if dtype in ("float32", "complex64") else 1e-9
    for name in (
        "det inv eigvalsh svdvals matrix_rank pinv matrix_norm matrix_transpose".split()
    ):
        result = getattr(xp.linalg, name)(t)
        ra.check(result, getattr(np.linalg, name)(x), rtol=tol)
    for got, want in zip(xp.linalg.slogdet(t), np.linalg.slogdet(x), strict=True):
        ra.check(got, want, rtol=tol)
    for upper in (False, True):
        expected = np.linalg.cholesky(x, upper=upper)
        ra.check(xp.linalg.cholesky(t, upper=upper), expected, rtol=tol)
    for n in (-2, 0, 3):
        ra.check(xp.linalg.matrix_power(t, n), np.linalg.matrix_power(x, n), rtol=tol)
    values, vectors = xp.linalg.eigh(t)
    ra.check(
        vectors * values.unsqueeze(-2).to(t.dtype) @ vectors.mT.conj(), x, rtol=tol
    )
    values, vectors = xp.linalg.eig(t)
    assert values.dtype is vectors.dtype
    assert values.is_complex()
    ra.check(xp.matmul(t, vectors), (vectors * values.unsqueeze(-2)).numpy(), rtol=tol)
    for ord in ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2):
        expected = np.linalg.matrix_norm(x, ord=ord, keepdims=True)
        ra.check(xp.linalg.matrix_norm(t, ord=ord, keepdims=True), expected, rtol=tol)


@pytest.mark.parametrize("dtype", ra.FLOAT)
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 3, 4), (3, 0)])
def test_linalg_decompositions(dtype, shape):
    x = _matrices(shape, dtype)
    t = ra.tensor_of(x)
    tol = 1e-4 if dtype in ("float32", "complex64") else 1e-10
    for mode in ("reduced", "complete"):
        q, r = xp.linalg.qr(t, mode=mode)
        assert q.shape == np.linalg.qr(x, mode=mode).Q.shape
        ra.check(q @ r, x, rtol=tol)
    for full in (False, True):
        found = xp.linalg.svd(t, full_matrices=full)
        assert found._fields == ("U", "S", "Vh")
        for got, want in zip(found, np.linalg.svd(x, full_matrices=full)):
            assert got.shape == want.shape
        u, s, v = xp.linalg.svd(t, full_matrices=False)
        ra.check(u * s.unsqueeze(-2).to(t.dtype) @ v, x, rtol=tol)
    ra.check(xp.linalg.matrix_rank(t), np.linalg.matrix_rank(x))
    for rtol in (0.3, xp.asarray(0.3)):
        ra.check(
            xp.linalg.matrix_rank(t, rtol=rtol), np.linalg.matrix_rank(x, rtol=0.3)
        )


@pytest.mark.parametrize("dtype", ra.FLOAT)
def test_solve(dtype):
    tol = 1e-3 if dtype in ("float32", "complex64") else 1e-9
    for first, second in (
        [(3, 3), (3,)],
        [(2, 3, 3), (3,)],
        [(2, 3, 3), (3, 4)],
        [(3, 3), (2, 3, 4)],
        # Not a batch of vectors, as rushlight.linalg.solve would have it.
        [(3, 3, 3), (3, 3)],
    ):
        a, b = _hermitian(3, dtype, first[:-2]), _matrices(second, dtype, 1)
        result = xp.linalg.solve(ra.tensor_of(a), ra.tensor_of(b))
        ra.check(result, np.linalg.solve(a, b), rtol=tol)


@ra.PROFILE
@given(data=st.data())
def test_products(data):
    dtype = data.draw(st.sampled_from(ra.NUMERIC))
    small = {"special": False, "low": -4, "high": 4}
    n, k, m = (data.draw(st.integers(0, 3)) for _ in range(3))
    batch = data.draw(st.sampled_from([(), (2,), (1, 2)]))
    for left, right in (
        [(*batch, n, k), (k, m)],
        [(n, k), (*batch, k, m)],
        [(k,), (*batch, k, m)],
        [(*batch, n, k), (k,)],
        [(k,), (k,)],
    ):
        a, b = (data.draw(ra.arrays([dtype], s, **small)) for s in (left, right))
        ra.check(
            xp.matmul(ra.tensor_of(a), ra.tensor_of(b)), np.matmul(a, b), rtol=1e-4
        )
    a = data.draw(ra.arrays([dtype], (*batch, k), **small))
    b = data.draw(ra.arrays([dtype], (k,), **small))
    result = xp.vecdot(ra.tensor_of(a), ra.tensor_of(b))
    ra.check(result, np.vecdot(a, b), rtol=1e-4)
    result = xp.linalg.outer(ra.tensor_of(b), ra.tensor_of(b))
    ra.check(result, np.linalg.outer(b, b), rtol=1e-4)
    a = data.draw(ra.arrays([dtype], (n, k, m), **small))
    b = data.draw(ra.arrays([dtype], (k, m, 2), **small))
    for axes in (2, ((1, -1), (0, 1)), ((2,), (1,))):
        result = xp.tensordot(ra.tensor_of(a), ra.tensor_of(b), axes=axes)
        ra.check(result, np.tensordot(a, b, axes=axes), rtol=1e-4)
    for offset in (-1, 0, 1):
        t = ra.tensor_of(a)
        ra.check(
            xp.linalg.diagonal(t, offset=offset), np.linalg.diagonal(a, offset=offset)
        )
        result = xp.linalg.trace(t, offset=offset)
        ra.check(result, np.linalg.trace(a, offset=offset), rtol=1e-4)
    a = data.draw(ra.arrays([dtype], (*batch, 3), **small))
    b = data.draw(ra.arrays([dtype], (3,), **small))
    ra.check(
        xp.linalg.cross(ra.tensor_of(a), ra.tensor_of(b)),
        np.linalg.cross(a, b),
        rtol=1e-4,
    )


@ra.PROFILE
@given(
    data=st.data(),
    keepdims=st.booleans(),
    ord=st.sampled_from([0, 1, 2, 3.5, math.inf, -math.inf]),
)
def test_vector_norm(data, keepdims, ord):
    x = data.draw(ra.arrays(ra.FLOAT, special=False, min_side=1))
    axis = data.draw(axes_for(x.ndim))
    assume(axis != ())  # NumPy has no norm over no axis
    result = xp.linalg.vector_norm(
        ra.tensor_of(x), axis=axis, keepdims=keepdims, ord=ord
    )
    expected = np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    ra.check(result, expected, rtol=1e-4, dtype=False)
    assert not result.is_complex()
    assert result.element_size() * (2 if x.dtype.kind == "c" else 1) == x.dtype.itemsize


def test_vector_norm_over_no_axis_is_the_size_of_each_element():
    x = xp.asarray([-3.0, 4.0])
    assert xp.linalg.vector_norm(x, axis=()).tolist() == [3.0, 4.0]


def test_linalg_errors():
    with pytest.raises(ValueError, match="1-d"):
        xp.linalg.outer(xp.ones((2, 2)), xp.ones(2))
    with pytest.raises(ValueError, match="size 3"):
        xp.linalg.cross(xp.ones(2), xp.ones(2))
    with pytest.raises(ValueError, match="differ"):
        xp.vecdot(xp.ones(2), xp.ones(1))
    with pytest.raises(IndexError, match="count it from the end"):
        xp.vecdot(xp.ones((2, 2)), xp.ones(2), axis=0)
    with pytest.raises(ValueError, match="mode"):
        xp.linalg.qr(xp.ones((2, 2)), mode="raw")


# -- Fourier transforms ----------------------------------------------------------------


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_fft_along_a_line(name, norm):
    real = name in ("rfft", "ihfft")
    for shape, axis, n in [((8,), -1, None), ((3, 5), 0, 4), ((2, 4, 3), 1, 7)]:
        for dtype in ra.REAL if real else ra.COMPLEX:
            x = _matrices(shape, dtype)
            result = getattr(xp.fft, name)(ra.tensor_of(x), n=n, axis=axis, norm=norm)
            expected = getattr(np.fft, name)(x, n=n, axis=axis, norm=norm)
            ra.check(result, expected, rtol=1e-4)


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_fft_over_a_grid(name, norm):
    for axes, s in [(None, None), ((0, 2), None), ((-1, 0), (6, 4))]:
        x = _matrices((3, 4, 5), "float64" if name == "rfftn" else "complex128")
        result = getattr(xp.fft, name)(ra.tensor_of(x), axes=axes, s=s, norm=norm)
        ra.check(result, getattr(np.fft, name)(x, axes=axes, s=s, norm=norm))


def test_fft_helpers():
    for n in (1, 4, 7):
        for name in ("fftfreq", "rfftfreq"):
            result = getattr(xp.fft, name)(n, d=0.5, dtype=xp.float64)
            ra.check(result, getattr(np.fft, name)(n, d=0.5))
            assert getattr(xp.fft, name)(n).dtype is xp.float32
    x = _matrices((3, 4), "float64")
    for axes in (None, 0, (0, 1)):
        for name in ("fftshift", "ifftshift"):
            result = getattr(xp.fft, name)(ra.tensor_of(x), axes=axes)
            ra.check(result, getattr(np.fft, name)(x, axes=axes))


def test_results_are_plain_tensors_with_a_history():
    x = xp.asarray([[2.0, 1.0], [1.0, 3.0]], dtype=xp.float64).requires_grad_()
    total = xp.sum(xp.linalg.trace(xp.linalg.inv(x))) + xp.sum(
        xp.cumulative_sum(x, axis=0)
    )
    total.backward()
    assert type(total) is rushlight.Tensor
    inverse = np.linalg.inv(x.detach().numpy())
    expected = -(inverse @ inverse).T + np.array([[2.0, 2.0], [1.0, 1.0]])
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-10)
