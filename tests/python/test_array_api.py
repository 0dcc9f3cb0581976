"""rushlight.array_api: signatures, and elementwise functions against NumPy 2."""

from __future__ import annotations

import inspect
import itertools
import math
import subprocess
import sys

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

import random_arrays as ra
import rushlight
from rushlight import array_api as xp

pytestmark = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.1.0",
    reason="NumPy before 2.1 does not have the standard's functions",
)

# Names and kinds of the parameters in version 2025.12. "x /" stands for (x, /).
SIGNATURES = {
    "(x, /)": (
        "abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp "
        "expm1 floor imag isfinite isinf isnan log log10 log1p log2 logical_not "
        "negative positive real reciprocal round sign signbit sin sinh sqrt square tan "
        "tanh trunc matrix_transpose nonzero unique_all unique_counts unique_inverse "
        "unique_values linalg.det linalg.eig linalg.eigh linalg.eigvals "
        "linalg.eigvalsh linalg.inv linalg.matrix_transpose linalg.slogdet "
        "linalg.svdvals"
    ),
    "(x1, x2, /)": (
        "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift "
        "bitwise_xor copysign divide equal floor_divide greater greater_equal hypot "
        "less less_equal logaddexp logical_and logical_or logical_xor maximum minimum "
        "multiply nextafter not_equal pow remainder subtract matmul linalg.matmul "
        "linalg.outer linalg.solve"
    ),
    "(x, /, min=None, max=None)": "clip",
    "(x, /, *, axis=None, keepdims=False)": (
        "all any argmax argmin count_nonzero max mean min"
    ),
    "(x, /, *, axis=None, dtype=None, keepdims=False)": "sum prod",
    "(x, /, *, axis=None, correction=0.0, keepdims=False)": "std var",
    "(x, /, *, axis=None, dtype=None, include_initial=False)": (
        "cumulative_sum cumulative_prod"
    ),
    "(x, /, *, axis=-1, n=1, prepend=None, append=None)": "diff",
    "(x, /, *, axis=-1, descending=False, stable=True)": "sort argsort",
    "(x1, x2, /, *, side='left', sorter=None)": "searchsorted",
    "(condition, x1, x2, /)": "where",
    "(x1, x2, /, *, invert=False)": "isin",
    "(x, indices, /, *, axis=None)": "take",
    "(x, indices, /, *, axis=-1)": "take_along_axis",
    "(*arrays)": "broadcast_arrays",
    "(*shapes)": "broadcast_shapes",
    "(x, /, shape)": "broadcast_to",
    "(arrays, /, *, axis=0)": "concat stack",
    "(x, /, axis)": "expand_dims squeeze",
    "(x, /, *, axis=None)": "flip",
    "(x, source, destination, /)": "moveaxis",
    "(x, /, axes)": "permute_dims",
    "(x, repeats, /, *, axis=None)": "repeat",
    "(x, /, shape, *, copy=None)": "reshape",
    "(x, /, shift, *, axis=None)": "roll",
    "(x, repetitions, /)": "tile",
    "(x, /, *, axis=0)": "unstack",
    "(obj, /, *, dtype=None, device=None, copy=None)": "asarray",
    "(start, /, stop=None, step=1, *, dtype=None, device=None)": "arange",
    "(shape, *, dtype=None, device=None)": "empty ones zeros",
    "(x, /, *, dtype=None, device=None)": "empty_like ones_like zeros_like",
    "(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None)": "eye",
    "(x, /, *, device=None, copy=None)": "from_dlpack",
    "(shape, fill_value, *, dtype=None, device=None)": "full",
    "(x, /, fill_value, *, dtype=None, device=None)": "full_like",
    "(start, stop, /, num, *, dtype=None, device=None, endpoint=True)": "linspace",
    "(*arrays, indexing='xy')": "meshgrid",
    "(x, /, *, k=0)": "tril triu",
    "(x, dtype, /, *, copy=True, device=None)": "astype",
    "(from_, to, /)": "can_cast",
    "(type, /)": "finfo iinfo",
    "(dtype, kind)": "isdtype",
    "(*arrays_and_dtypes)": "result_type",
    "()": "__array_namespace_info__",
    "(x1, x2, /, *, axes=2)": "tensordot linalg.tensordot",
    "(x1, x2, /, *, axis=-1)": "vecdot linalg.vecdot linalg.cross",
    "(x, /, *, upper=False)": "linalg.cholesky",
    "(x, /, *, offset=0)": "linalg.diagonal",
    "(x, /, *, keepdims=False, ord='fro')": "linalg.matrix_norm",
    "(x, n, /)": "linalg.matrix_power",
    "(x, /, *, rtol=None)": "linalg.matrix_rank linalg.pinv",
    "(x, /, *, mode='reduced')": "linalg.qr",
    "(x, /, *, full_matrices=True)": "linalg.svd",
    "(x, /, *, offset=0, dtype=None)": "linalg.trace",
    "(x, /, *, axis=None, keepdims=False, ord=2)": "linalg.vector_norm",
    "(x, /, *, n=None, axis=-1, norm='backward')": (
        "fft.fft fft.ifft fft.rfft fft.irfft fft.hfft fft.ihfft"
    ),
    "(x, /, *, s=None, axes=None, norm='backward')": (
        "fft.fftn fft.ifftn fft.rfftn fft.irfftn"
    ),
    "(n, /, *, d=1.0, dtype=None, device=None)": "fft.fftfreq fft.rfftfreq",
    "(x, /, *, axes=None)": "fft.fftshift fft.ifftshift",
}


def _find(name):
    module, _, last = name.rpartition(".")
    return getattr(getattr(xp, module) if module else xp, last)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures_are_the_standards(signature):
    for name in SIGNATURES[signature].split():
        assert str(inspect.signature(_find(name))) == signature, name
        assert _find(name).__doc__
        assert _find(name).__name__ == name.rpartition(".")[2]


def test_constants_and_dtypes():
    assert (xp.e, xp.inf, xp.pi, xp.newaxis) == (math.e, math.inf, math.pi, None)
    assert math.isnan(xp.nan)
    for name in ra.ALL:
        assert getattr(xp, name) is getattr(rushlight, name)
    assert xp.__array_api_version__ == "2025.12"


# -- element-wise functions ------------------------------------------------------------

UNARY = {
    "abs": ra.NUMERIC,
    **dict.fromkeys(
        "acos acosh asin asinh atan atanh cos cosh exp log log10 log1p log2 sin sinh "
        "sqrt tan tanh".split(),
        ra.REAL,
    ),
    "expm1": ra.REAL,
    "bitwise_invert": ra.BOOL + ra.WHOLE,
    **dict.fromkeys("ceil floor trunc".split(), ra.ORDERED),
    "round": ra.NUMERIC,
    "conj": ra.NUMERIC,
    **dict.fromkeys(["imag", "real"], ra.COMPLEX),
    **dict.fromkeys("isfinite isinf isnan".split(), ra.NUMERIC),
    "logical_not": ra.ALL,
    **dict.fromkeys("negative positive square".split(), ra.NUMERIC),
    "reciprocal": ra.REAL,
    "sign": ra.ORDERED,
    "signbit": ra.REAL,
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", UNARY)
@ra.PROFILE
@given(data=st.data(), layout=st.sampled_from(ra.LAYOUTS))
def test_unary(name, data, layout):
    x = data.draw(ra.arrays(UNARY[name]))
    ra.check(getattr(xp, name)(ra.tensor_of(x, layout)), getattr(np, name)(x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name",
    "acos acosh asin asinh atan atanh cos cosh exp expm1 log log10 log1p log2 "
    "reciprocal "
    "sign sin sinh sqrt tan tanh".split(),
)
@ra.PROFILE
@given(data=st.data(), layout=st.sampled_from(ra.LAYOUTS))
def test_unary_of_complex(name, data, layout):
    # Finite and away from the cancellation in NumPy's own log1p and expm1.
    x = data.draw(ra.arrays(ra.COMPLEX, special=False, low=0.25, high=4))
    ra.check(getattr(xp, name)(ra.tensor_of(x, layout)), getattr(np, name)(x))


_LOGICAL = "logical_and logical_or logical_xor".split()
BINARY = {
    **dict.fromkeys("add multiply subtract".split(), ra.NUMERIC),
    **dict.fromkeys("equal not_equal".split(), ra.ALL),
    **dict.fromkeys(
        "greater greater_equal less less_equal maximum minimum".split(), ra.ORDERED
    ),
    **dict.fromkeys("atan2 copysign hypot logaddexp nextafter".split(), ra.REAL),
    "divide": ra.REAL,
    **dict.fromkeys("bitwise_and bitwise_or bitwise_xor".split(), ra.BOOL + ra.WHOLE),
    **dict.fromkeys(_LOGICAL, ra.BOOL),
}


@st.composite
def pairs(draw, dtypes, second=None, **kwargs):
    """Two arrays of broadcastable shapes and dtypes that the standard promotes."""
    first = draw(st.sampled_from(dtypes))
    kind = next(k for k in (ra.BOOL, ra.WHOLE, ra.FLOAT) if first in k)
    other = draw(st.sampled_from([d for d in dtypes if d in kind]))
    signed = {np.dtype(d).kind for d in (first, other)}
    assume(not ("uint64" in (first, other) and "i" in signed))
    found = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4)
    )
    a, b = found.input_shapes
    x = draw(ra.arrays([first], a, **kwargs))
    return x, draw(ra.arrays([other], b, **{**kwargs, **(second or {})}))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", BINARY)
@ra.PROFILE
@given(data=st.data(), layouts=st.tuples(*[st.sampled_from(ra.LAYOUTS)] * 2))
def test_binary(name, data, layouts):
    x1, x2 = data.draw(pairs(BINARY[name]))
    result = getattr(xp, name)(*map(ra.tensor_of, (x1, x2), layouts))
    ra.check(result, getattr(np, name)(x1, x2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
@ra.PROFILE
@given(data=st.data())
def test_division_with_remainder(name, data):
    x1, x2 = data.draw(pairs(ra.ORDERED))
    assume(x2.dtype.kind == "f" or np.all(x2 != 0))
    finite = np.isfinite(x1) | (x2 == 0) if x1.dtype.kind == "f" else True
    assume(np.all(finite))
    result = getattr(xp, name)(ra.tensor_of(x1), ra.tensor_of(x2))
    ra.check(result, getattr(np, name)(x1, x2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["bitwise_left_shift", "bitwise_right_shift"])
@ra.PROFILE
@given(data=st.data())
def test_shifts(name, data):
    dtype = data.draw(st.sampled_from(ra.WHOLE))
    bits = np.iinfo(dtype).bits
    x1 = data.draw(ra.arrays([dtype]))
    x2 = data.draw(ra.arrays([dtype], x1.shape, special=False, low=0, high=bits - 1))
    result = getattr(xp, name)(ra.tensor_of(x1), ra.tensor_of(x2))
    ra.check(result, getattr(np, name)(x1, x2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@ra.PROFILE
@given(data=st.data())
def test_pow(data):
    x1, x2 = data.draw(pairs(ra.NUMERIC, {"special": False, "low": 0, "high": 5}))
    if x1.dtype.kind == "c" or x2.dtype.kind == "c":
        assume(np.all(np.isfinite(x1)) and np.all(np.abs(x1) > 0.1))
    ra.check(xp.pow(ra.tensor_of(x1), ra.tensor_of(x2)), np.pow(x1, x2), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
@ra.PROFILE
@given(data=st.data())
def test_wide_unsigned_integers_wrap(dtype, data):
    top = 2 ** np.iinfo(dtype).bits
    number = (
        st.integers(0, 40) | st.integers(0, top - 1) | st.integers(top // 2, top - 1)
    )
    a, b = data.draw(number), data.draw(number)
    x, y = (xp.full(1, v, dtype=getattr(xp, dtype)) for v in (a, b))

    def value(array):
        assert array.dtype is getattr(xp, dtype)
        return array[0].item()

    assert (value(x), value(y)) == (a, b)
    assert value(xp.add(x, y)) == (a + b) % top
    assert value(xp.subtract(x, y)) == (a - b) % top
    assert value(xp.multiply(x, y)) == a * b % top
    assert value(xp.pow(x, y)) == pow(a, b, top)
    assert value(xp.maximum(x, y)) == max(a, b)
    assert value(xp.minimum(x, y)) == min(a, b)
    assert bool(xp.less(x, y)) == (a < b)
    if b:
        assert value(xp.floor_divide(x, y)) == a // b
        assert value(xp.remainder(x, y)) == a % b
    shift = xp.full(1, b % np.iinfo(dtype).bits, dtype=getattr(xp, dtype))
    assert value(xp.bitwise_right_shift(x, shift)) == a >> shift[0].item()
    assert value(xp.bitwise_left_shift(x, shift)) == (a << shift[0].item()) % top


_GRID = [
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    1e-40,
]


def _same_sign(result, expected):
    zero = (result == 0) & (expected == 0)
    return not zero.any() or bool(
        (np.signbit(result[zero]) == np.signbit(expected[zero])).all()
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ra.REAL)
def test_special_values_of_one_argument(dtype):
    x = np.array(_GRID, dtype)
    for name in [n for n in UNARY if set(ra.REAL) <= set(UNARY[n])]:
        result = getattr(xp, name)(ra.tensor_of(x))
        expected = getattr(np, name)(x)
        ra.check(result, expected)
        if expected.dtype.kind == "f":
            assert _same_sign(result.numpy(), expected), name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ra.REAL)
def test_special_values_of_two_arguments(dtype):
    x1, x2 = (g.ravel() for g in np.meshgrid(*[np.array(_GRID, dtype)] * 2))
    names = "add atan2 copysign divide floor_divide hypot logaddexp maximum minimum "
    names += "multiply nextafter pow remainder subtract"
    for name in names.split():
        result = getattr(xp, name)(ra.tensor_of(x1), ra.tensor_of(x2))
        expected = getattr(np, name)(x1, x2)
        ra.check(result, expected)
        if name not in ("maximum", "minimum"):  # their zeros' order is open
            assert _same_sign(result.numpy(), expected), name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values_of_complex_arguments():
    values = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -2.0)
    x = np.array([complex(a, b) for a, b in itertools.product(values, repeat=2)])
    names = (
        "abs acos acosh asin asinh atan atanh cos cosh exp log sin sinh sqrt tan tanh"
    )
    for name in names.split():
        result = getattr(xp, name)(ra.tensor_of(x)).numpy()
        expected = getattr(np, name)(x)
        np.testing.assert_allclose(result.real, expected.real, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(result.imag, expected.imag, rtol=1e-12, err_msg=name)
    # Where NumPy 2 itself is not as the standard says: expm1(inf + 0j) is inf + 0j.
    for zero in (0.0, -0.0):
        result = xp.expm1(xp.asarray(complex(math.inf, zero))).item()
        assert result.real == math.inf
        assert math.copysign(1, result.imag) == math.copysign(1, zero)


@ra.PROFILE
@given(data=st.data())
def test_clip(data):
    x = data.draw(ra.arrays(ra.ORDERED))
    bounds = []
    for _ in range(2):
        kind = data.draw(st.sampled_from(["none", "number", "array"]))
        if kind == "number":
            number = data.draw(ra.elements(str(x.dtype), special=False))
            bounds.append(number)
        else:
            bounds.append(
                None if kind == "none" else data.draw(ra.arrays([x.dtype], x.shape))
            )
    ours = [ra.tensor_of(b) if isinstance(b, np.ndarray) else b for b in bounds]
    expected = np.clip(x, *bounds) if any(b is not None for b in bounds) else x
    ra.check(xp.clip(ra.tensor_of(x), *ours), expected)


@pytest.mark.parametrize("dtype", ra.NUMERIC)
def test_python_numbers_keep_the_dtype(dtype):
    x = ra.tensor_of(np.array([1, 2], dtype))
    for name in "add multiply subtract pow equal".split():
        for args in ((x, 2), (2, x)):
            result = getattr(xp, name)(*args)
            numbers = [
                a.numpy() if isinstance(a, rushlight.Tensor) else a for a in args
            ]
            ra.check(result, getattr(np, name)(*numbers))
    if dtype in ra.FLOAT:
        assert xp.multiply(x, 0.5).dtype is x.dtype
    if dtype in ra.REAL:
        assert xp.multiply(x, 1j).dtype.name == {"float32": "complex64"}.get(
            dtype, "complex128"
        )
    with pytest.raises(TypeError, match=r"add\(\): expected at least one array"):
        xp.add(1, 2)


@pytest.mark.parametrize("pair", list(itertools.product(ra.ALL, repeat=2)))
def test_result_type_is_the_standards_table(pair):
    a, b = (getattr(xp, name) for name in pair)
    kinds = [np.dtype(name).kind for name in pair]
    if sorted(kinds) == ["i", "u"] and "uint64" in pair:
        with pytest.raises(TypeError, match="do not promote"):
            xp.result_type(a, b)
        assert not xp.can_cast(a, b)
        return
    if kinds[0] == kinds[1] or set(kinds) in ({"i", "u"}, {"f", "c"}):
        expected = np.result_type(*pair).name
        assert xp.result_type(a, b).name == expected
        assert xp.can_cast(a, b) == (expected == pair[1])
    # 0-d arrays count as others do, which is not so in PyTorch.
    zero = xp.zeros((), dtype=a)
    one = xp.zeros(1, dtype=b)
    assert xp.result_type(zero, one) is xp.result_type(a, b)


def test_astype_and_kinds():
    x = xp.asarray([0.0, 2.0, math.nan])
    assert xp.astype(x, xp.bool).tolist() == [False, True, True]
    assert xp.astype(x, xp.float32, copy=False) is x
    assert xp.astype(x, xp.float32).data_ptr() != x.data_ptr()
    with pytest.raises(TypeError, match="imaginary part"):
        xp.astype(xp.asarray([1j]), xp.float32)
    kinds = {
        "bool": ra.BOOL,
        "signed integer": ra.SIGNED,
        "unsigned integer": ra.UNSIGNED,
        "integral": ra.WHOLE,
        "real floating": ra.REAL,
        "complex floating": ra.COMPLEX,
        "numeric": ra.NUMERIC,
    }
    for name, (kind, members) in itertools.product(ra.ALL, kinds.items()):
        assert xp.isdtype(getattr(xp, name), kind) == (name in members)
    assert xp.isdtype(xp.int8, (xp.int16, "signed integer"))
    assert not xp.isdtype(xp.int8, ())
    with pytest.raises(ValueError, match="unknown kind 'float'"):
        xp.isdtype(xp.int8, "float")


@pytest.mark.parametrize("dtype", ra.NUMERIC)
def test_finfo_and_iinfo(dtype):
    kind = getattr(xp, dtype)
    if dtype in ra.WHOLE:
        info, expected = xp.iinfo(kind), np.iinfo(dtype)
        assert (info.bits, info.min, info.max) == (
            expected.bits,
            expected.min,
            expected.max,
        )
        assert info.dtype is kind
        return
    info, expected = xp.finfo(xp.zeros(1, dtype=kind)), np.finfo(dtype)
    assert info.bits == expected.bits
    assert (info.eps, info.max, info.min) == (expected.eps, expected.max, expected.min)
    assert info.smallest_normal == expected.smallest_normal
    assert info.dtype is getattr(xp, expected.dtype.name)
    assert all(type(v) is float for v in (info.eps, info.max, info.smallest_normal))


def test_namespace_info():
    info = xp.__array_namespace_info__()
    assert set(info.dtypes()) == set(ra.ALL)
    assert set(info.dtypes(kind=("bool", "real floating"))) == {"bool", *ra.REAL}
    assert info.default_dtypes() == {
        "real floating": xp.float32,
        "complex floating": xp.complex64,
        "integral": xp.int64,
        "indexing": xp.int64,
    }
    assert info.capabilities()["data-dependent shapes"] is True
    assert info.default_device() in info.devices()
    with pytest.raises(ValueError, match="unknown kind"):
        info.dtypes(kind="float")


# -- the array object ------------------------------------------------------------------


def test_array_namespace_of_a_tensor():
    x = xp.ones((2, 3))
    assert x.__array_namespace__() is xp
    assert x.__array_namespace__(api_version="2022.12") is xp
    with pytest.raises(ValueError, match="2020"):
        x.__array_namespace__(api_version="2020.01")
    assert x.to_device("cpu") is x
    with pytest.raises(ValueError, match="stream"):
        x.to_device("cpu", stream=1)
    assert (x.ndim, tuple(x.shape), tuple(x.T.shape), tuple(x.mT.shape)) == (
        2,
        (2, 3),
        (3, 2),
        (3, 2),
    )
    assert x.device == xp.__array_namespace_info__().default_device()
    assert np.from_dlpack(x).tolist() == x.tolist()


def test_import_does_not_import_the_namespace():
    code = (
        "import sys, rushlight; assert 'rushlight.array_api' not in sys.modules; "
        "rushlight.array_api.sum; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "square", "sign", "round"])
def test_gradients_flow(name):
    x = xp.asarray([0.5, 1.5], dtype=xp.float64).requires_grad_()
    y = xp.asarray([2.0, 3.0], dtype=xp.float64).requires_grad_()
    xp.sum(getattr(xp, name)(x)).backward()
    expected = rushlight.autograd.grad(getattr(rushlight, name)(x).sum(), x)[0]
    assert x.grad.tolist() == expected.tolist()
    xp.sum(xp.remainder(y, xp.multiply(x, 4))).backward()
    assert y.grad.tolist() == [1.0, 1.0]
