"""Every op record: NumPy's values, finite differences, layouts, errors."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from op_records import ERRORS, RECORDS
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.autograd._derivatives import RULES

ELEMENTWISE = [r for r in RECORDS if r.elementwise]
BY_GRAD = [r for r in RECORDS if r.grad]


def tensors(record, dtype="float64", requires_grad=False, layout="dense"):
    found = []
    for array in record.arrays(dtype):
        x = LAYOUTS[layout](rl.tensor(array)).detach()
        if requires_grad and (x.is_floating_point() or x.is_complex()):
            x.requires_grad_()
        found.append(x)
    return found


def _transposed(x):
    return x.t().contiguous().t() if x.dim() == 2 else x


def _sliced(x):
    if x.dim() == 0:
        return x
    wide = rl.zeros(*(2 * n + 1 for n in x.shape), dtype=x.dtype)
    view = wide[(slice(1, None, 2),) * x.dim()]
    view.copy_(x)
    return view


LAYOUTS = {"dense": lambda x: x, "transposed": _transposed, "sliced": _sliced}


def flat(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def assert_equal(a, b):
    for x, y in zip(flat(a), flat(b), strict=True):
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x.detach().numpy(), y.detach().numpy())


@pytest.mark.parametrize("record", [r for r in RECORDS if r.reference], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward(record, dtype):
    arrays = record.arrays(dtype)
    found = record.call(rl, *map(rl.tensor, arrays)).numpy()
    expected = record.reference(*arrays)
    assert found.shape == expected.shape
    tolerance = 2e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("layout", ["transposed", "sliced"])
@pytest.mark.parametrize("record", ELEMENTWISE, ids=str)
def test_strided(record, layout):
    expected = record.call(rl, *tensors(record))
    assert_equal(record.call(rl, *tensors(record, layout=layout)), expected)


@pytest.mark.parametrize("record", ELEMENTWISE, ids=str)
def test_small_shapes(record):
    for shape in ((), (0,), (2, 0, 3), (1,)):
        xs = [x.reshape(-1)[:1].reshape(1) for x in tensors(record)]
        xs = [x.expand(shape) if shape else x[0] for x in xs]
        assert record.call(rl, *xs).shape == shape


@pytest.mark.parametrize("record", [r for r in RECORDS if r.inplace], ids=str)
def test_inplace(record):
    xs = tensors(record)
    expected = record.call(rl, *xs)
    if expected.dtype != xs[0].dtype and not hasattr(xs[0], record.inplace):
        pytest.skip("no in-place form")
    got = getattr(xs[0], record.inplace)(*xs[1:])
    assert got is xs[0]
    np.testing.assert_array_equal(got.numpy(), expected.to(got.dtype).numpy())
    sliced = tensors(record, layout="sliced")
    getattr(sliced[0], record.inplace)(*sliced[1:])
    assert_equal(sliced[0], got)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.out], ids=str)
def test_out(record):
    xs = tensors(record)
    function = getattr(rl, record.name)
    expected = function(*xs)
    for out in (
        rl.empty(0, dtype=expected.dtype),
        rl.empty(expected.shape, dtype=expected.dtype),
        _sliced(expected * 0 if expected.dtype != rl.bool else expected),
    ):
        assert function(*xs, out=out) is out
        assert_equal(out, expected)


@pytest.mark.parametrize("record", BY_GRAD, ids=str)
def test_gradient(record):
    xs = tensors(record, requires_grad=True)
    assert gradcheck(lambda *a: record.call(rl, *a), xs)


@pytest.mark.parametrize("record", [r for r in BY_GRAD if r.gradgrad], ids=str)
def test_second_gradient(record):
    xs = tensors(record, requires_grad=True)
    outputs = flat(record.call(rl, *xs))
    if not any(o.requires_grad for o in outputs):
        pytest.skip("no gradient")
    assert gradgradcheck(lambda *a: record.call(rl, *a), xs)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.complex_grad], ids=str)
def test_complex_gradient(record):
    xs = tensors(record, "complex128", requires_grad=True)
    assert gradcheck(lambda *a: record.call(rl, *a), xs)
    assert gradgradcheck(lambda *a: record.call(rl, *a), xs, fast_mode=True)


@pytest.mark.parametrize("layout", ["transposed", "sliced"])
@pytest.mark.parametrize("record", BY_GRAD, ids=str)
def test_gradient_of_strided(record, layout):
    dense = tensors(record, requires_grad=True)
    strided = tensors(record, requires_grad=True, layout=layout)
    if record.name.startswith(("view", "as_strided")):
        pytest.skip("depends on the layout")
    for xs in (dense, strided):
        outputs = [o for o in flat(record.call(rl, *xs)) if o.requires_grad]
        total = sum((o * 1.5).abs().square().sum() for o in outputs)
        total.backward()
    for a, b in zip(dense, strided, strict=False):
        if a.requires_grad:
            np.testing.assert_allclose(
                (b.grad if b.grad is not None else rl.zeros_like(b)).numpy(),
                (a.grad if a.grad is not None else rl.zeros_like(a)).numpy(),
                rtol=1e-12,
            )


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=str)
def test_errors(error, code):
    with pytest.raises(error):
        eval(code, {"rl": rl})


def test_uniform_rows_have_a_record():
    """The pointwise, view and copy ops; other families have tests of their own."""
    covered = {row for r in RECORDS for row in r.covers()}
    first = list(RULES)
    mine = first[: first.index("view_as_complex") + 1]
    assert [row for row in mine if row not in covered] == []


def test_isin_and_frexp_of_special_values():
    nan, inf = float("nan"), float("inf")
    x = rl.tensor([nan, 2.0, inf, -0.0])
    found = rl.isin(x, rl.tensor([nan, inf, 0.0, 2.0]))
    assert found.tolist() == [False, True, True, True]
    assert rl.isin(x, x[:0], invert=True).tolist() == [True] * 4
    large = rl.tensor([2**53 + 1, 2**53])
    assert rl.isin(large, 2**53 + 1).tolist() == [True, False]
    values = [0.0, -0.0, 1.0, -12.0, 5e-324, -(2.0**-1023), 1.7e308, inf, -inf, nan]
    mantissa, exponent = rl.frexp(rl.tensor(values, dtype=rl.float64))
    expected = np.frexp(values)
    np.testing.assert_array_equal(mantissa.numpy(), expected[0])
    finite = np.isfinite(values)
    np.testing.assert_array_equal(exponent.numpy()[finite], expected[1][finite])
    assert exponent.dtype is rl.int32
