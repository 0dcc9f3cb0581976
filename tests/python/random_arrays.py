"""Random arrays for tests against NumPy: hypothesis strategies, and Tensors of every
layout."""

from __future__ import annotations

import os

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

import rushlight

# The same examples in every run, so that a failure is one for everybody; without a
# database, which would be shared between runs. RUSHLIGHT_EXAMPLES=1000 looks further.
PROFILE = hypothesis.settings(
    derandomize=True,
    max_examples=int(os.environ.get("RUSHLIGHT_EXAMPLES", 20)),
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
WHOLE = SIGNED + UNSIGNED
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
FLOAT = REAL + COMPLEX
NUMERIC = WHOLE + FLOAT
ORDERED = WHOLE + REAL
ALL = BOOL + NUMERIC

_SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, float("inf"), float("-inf"), float("nan"))


def elements(dtype, special=True, low=None, high=None):
    """Values of a dtype that keep results comparable: not large, some of them
    special."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return st.booleans()
    if kind in "iu":
        info = np.iinfo(dtype)
        low = max(info.min, -1000 if low is None else low)
        high = min(info.max, 1000 if high is None else high)
        some = st.integers(low, high)
        return some | st.sampled_from([info.min, info.max]) if special else some
    width = 32 if dtype in ("float32", "complex64") else 64
    if kind == "c":
        part = elements("float32" if width == 32 else "float64", special, low, high)
        return st.builds(complex, part, part)
    low, high = -8.0 if low is None else low, 8.0 if high is None else high
    some = st.floats(low, high, width=width, allow_subnormal=False)
    return some | st.sampled_from(_SPECIAL) if special else some


def shapes(min_dims=0, max_dims=3, min_side=0, max_side=4):
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


@st.composite
def arrays(draw, dtypes, shape=None, special=True, low=None, high=None, **sizes):
    """A NumPy array of one of the dtypes."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(shapes(**sizes)) if shape is None else shape
    return draw(hnp.arrays(dtype, shape, elements=elements(dtype, special, low, high)))


LAYOUTS = ("dense", "transposed", "every second", "with offset")


def tensor_of(array, layout="dense"):
    """A tensor of an array's values, in memory of its own that lies as ``layout``
    says."""
    array = np.asarray(array)
    if layout == "transposed":
        flipped = rushlight.from_numpy(
            np.ascontiguousarray(array.T).reshape(array.T.shape)
        )
        return flipped.permute(tuple(reversed(range(array.ndim))))
    if layout in ("every second", "with offset") and array.ndim:
        step = 2 if layout == "every second" else 1
        wide = np.zeros((*array.shape[:-1], step * array.shape[-1] + 1), array.dtype)
        wide[..., 1::step] = array
        return rushlight.from_numpy(wide)[..., 1::step]
    return rushlight.from_numpy(array.copy())


def tolerance(dtype):
    return (
        2e-5
        if np.dtype(dtype).itemsize <= (4, 8)[np.dtype(dtype).kind == "c"]
        else 1e-11
    )


def check(result, expected, *, rtol=None, dtype=True):
    """A Tensor has NumPy's shape, dtype and values; NaN and infinities at the same
    places."""
    expected = np.asarray(expected)
    assert isinstance(result, rushlight.Tensor), type(result)
    assert tuple(result.shape) == expected.shape
    if dtype:
        assert result.dtype.name == expected.dtype.name
    got = result.detach().numpy()
    if expected.dtype.kind in "fc":
        rtol = tolerance(got.dtype) if rtol is None else rtol
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol, equal_nan=True)
    else:
        np.testing.assert_array_equal(got, expected)
