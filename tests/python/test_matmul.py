"""Matrix products: NumPy's values, layouts, dtypes, gradients, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rushlight as rl
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F

DTYPES = ["uint8", "int8", "int16", "int32", "int64", "float32", "float64"]
DTYPES += ["float16", "complex64", "complex128"]
TOLERANCE = {"float16": 4e-3, "float32": 2e-6, "complex64": 4e-6}
SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((2, 1, 4, 3), (5, 3, 6)),
    ((2, 5, 4, 3), (2, 1, 3, 6)),
    ((6, 1, 2, 3), (1, 7, 3, 2)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
    ((0, 3), (3, 4)),
    ((0, 2, 3), (0, 3, 4)),
    ((2, 0, 3), (3, 4)),
    ((3, 2, 0), (0,)),
]


def draw(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    if dtype.startswith(("int", "uint")):
        return rng.integers(0, 7, shape).astype(dtype)
    x = rng.normal(size=shape)
    if dtype.startswith("complex"):
        x = x + 1j * rng.normal(size=shape)
    return x.astype(dtype)


def exact(dtype):
    kinds = {"u": "int64", "i": "int64", "f": "float64", "c": "complex128"}
    return kinds[np.dtype(dtype).kind]


def check(found, expected, dtype):
    assert found.dtype == getattr(rl, dtype)
    assert tuple(found.shape) == np.shape(expected)
    tolerance = TOLERANCE.get(dtype, 1e-13)
    expected = np.asarray(expected).astype(dtype)
    np.testing.assert_allclose(
        found.numpy(), expected, rtol=tolerance, atol=4 * tolerance
    )


def transposed(x):
    return x.mT.contiguous().mT if x.dim() > 1 else x


def sliced(x):
    wide = rl.zeros(*(2 * n + 1 for n in x.shape), dtype=x.dtype)
    view = wide[(slice(1, None, 2),) * x.dim()]
    view.copy_(x)
    return view


def reversed_dims(x):
    order = list(range(x.dim()))[::-1]
    return x.permute(order).contiguous().permute(order)


LAYOUTS = [lambda x: x, transposed, sliced, reversed_dims]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_matmul(shapes, dtype):
    a, b = draw(shapes[0], dtype), draw(shapes[1], dtype, 1)
    expected = np.matmul(a.astype(exact(dtype)), b.astype(exact(dtype)))
    for x, y in itertools.product(LAYOUTS, LAYOUTS):
        check(x(rl.tensor(a)) @ y(rl.tensor(b)), expected, dtype)


def test_matmul_of_expanded():
    a, b = draw((4, 1, 3), "float64"), draw((3, 5), "float64")
    found = rl.tensor(a).expand(4, 2, 3) @ rl.tensor(b)
    check(found, np.broadcast_to(a, (4, 2, 3)) @ b, "float64")
    row = rl.tensor(b[:1]).expand(3, 5)
    check(rl.tensor(a) @ row, a @ np.broadcast_to(b[:1], (3, 5)), "float64")
    one = rl.tensor([2.0]).expand(3)
    assert (one @ one).item() == 12


@pytest.mark.parametrize("n", [0, 1, 10, 15, 16, 17, 63, 64, 65, 1000, 16385, 300001])
def test_dot_lengths(n):
    a, b = draw(n, "float32"), draw(n, "float32", 1)
    found = rl.dot(rl.tensor(a), rl.tensor(b)).item()
    size = float(np.abs(a.astype("float64") * b).sum())
    assert abs(found - float(a.astype("float64") @ b)) <= 2e-7 * size
    strided = rl.tensor(np.repeat(a, 2))[::2] @ rl.tensor(b)
    assert abs(strided.item() - found) <= 1e-6 * size


@pytest.mark.parametrize("n", [10, 100_000, 500_000])
def test_same_bits_for_any_thread_count(n):
    a, b = rl.tensor(draw(n, "float32")), rl.tensor(draw(n, "float32", 1))
    m = rl.tensor(draw((300, 310), "float32"))
    before = rl.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            rl.set_num_threads(threads)
            found.append(((a @ b).item(), (m @ m.t()).numpy().tobytes()))
    finally:
        rl.set_num_threads(before)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "complex128"])
@pytest.mark.parametrize("size", [(4,), (2, 4), (), (2, 1)], ids=str)
def test_addmm(size, dtype):
    x, a, b = draw(size, dtype), draw((2, 3), dtype, 1), draw((3, 4), dtype, 2)
    tensors = [rl.tensor(v) for v in (x, a, b)]
    for beta, alpha in ((1, 1), (2, 3), (0, 2)):
        expected = beta * x + alpha * (a @ b)
        check(rl.addmm(*tensors, beta=beta, alpha=alpha), expected, dtype)


def test_addmv_and_baddbmm():
    x, a, v = draw(2, "float64"), draw((2, 3), "float64", 1), draw(3, "float64", 2)
    found = rl.addmv(rl.tensor(x), rl.tensor(a), rl.tensor(v), beta=2, alpha=0.5)
    check(found, 2 * x + 0.5 * (a @ v), "float64")
    y, p, q = (
        draw((4,), "float64"),
        draw((5, 2, 3), "float64"),
        draw((5, 3, 4), "float64", 3),
    )
    found = rl.baddbmm(rl.tensor(y), rl.tensor(p), rl.tensor(q), beta=2, alpha=0.5)
    check(found, 2 * y + 0.5 * (p @ q), "float64")


def test_zero_beta_ignores_nan():
    nan = rl.full((2, 2), float("nan"))
    assert rl.addmm(nan, rl.ones(2, 2), rl.ones(2, 2), beta=0).tolist() == [
        [2, 2],
        [2, 2],
    ]
    assert rl.addmm(nan, rl.ones(2, 0), rl.ones(0, 2), beta=0).tolist() == [
        [0, 0],
        [0, 0],
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_place(layout):
    x, a, b = (draw((3, 3), "float64", seed) for seed in range(3))
    target = layout(rl.tensor(x))
    assert target.addmm_(rl.tensor(a), rl.tensor(b), beta=2) is target
    check(target, 2 * x + a @ b, "float64")
    itself = layout(rl.tensor(x))
    itself.addmm_(itself, rl.tensor(b))
    check(itself, x + x @ b, "float64")


def test_in_place_keeps_target_on_error():
    target = rl.zeros(2, 2)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        target.addmm_(rl.ones(2, 3), rl.ones(2, 2))
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        target.addmm_(rl.ones(3, 3), rl.ones(3, 3))
    assert target.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("bias", [None, (4,), (1,), (), (2, 4)], ids=str)
@pytest.mark.parametrize(
    "shape", [(3,), (2, 3), (5, 2, 3), (2, 5, 2, 3), (0, 3)], ids=str
)
def test_linear(shape, bias):
    if bias == (2, 4) and (len(shape) < 2 or shape[-2] != 2):
        pytest.skip("does not broadcast")
    x, w = draw(shape, "float64"), draw((4, 3), "float64", 1)
    b = None if bias is None else draw(bias, "float64", 2)
    expected = x @ w.T + (0 if b is None else b)
    for layout in LAYOUTS:
        found = F.linear(
            layout(rl.tensor(x)), rl.tensor(w), None if b is None else rl.tensor(b)
        )
        check(found, expected, "float64")
    weight = transposed(rl.tensor(w))
    check(
        F.linear(rl.tensor(x), weight, None if b is None else rl.tensor(b)),
        expected,
        "float64",
    )


def test_linear_with_vector_weight():
    x, w = draw((2, 5, 3), "float64"), draw(3, "float64", 1)
    check(F.linear(rl.tensor(x), rl.tensor(w)), x @ w, "float64")


GRADIENTS = [
    (rl.matmul, (3,), (3,)),
    (rl.matmul, (2, 3), (3,)),
    (rl.matmul, (3,), (3, 2)),
    (rl.matmul, (2, 3), (3, 2)),
    (rl.matmul, (2, 2, 3), (3,)),
    (rl.matmul, (2, 2, 3), (3, 2)),
    (rl.matmul, (3,), (2, 3, 2)),
    (rl.matmul, (2, 1, 2, 3), (3, 3, 2)),
    (rl.dot, (3,), (3,)),
    (rl.mv, (2, 3), (3,)),
    (rl.mm, (2, 3), (3, 2)),
    (rl.bmm, (2, 2, 3), (2, 3, 2)),
    (rl.outer, (3,), (2,)),
    (F.linear, (2, 3), (2, 3)),
    (F.linear, (3,), (2, 3)),
    (F.linear, (2, 2, 3), (2, 3), (2,)),
    (F.linear, (2, 3), (3,)),
    (lambda x, a, b: rl.addmm(x, a, b, beta=2, alpha=0.5), (2,), (3, 2), (2, 2)),
    (lambda x, a, b: rl.addmv(x, a, b, beta=2, alpha=0.5), (), (3, 2), (2,)),
    (
        lambda x, a, b: rl.baddbmm(x, a, b, beta=2, alpha=0.5),
        (2,),
        (2, 3, 2),
        (2, 2, 2),
    ),
]


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda c: str(c[1:]))
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradients(case, dtype):
    function, *shapes = case
    inputs = [
        rl.tensor(draw(shape, dtype, seed)).requires_grad_()
        for seed, shape in enumerate(shapes)
    ]
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs)


ERRORS = [
    (
        lambda: rl.mm(rl.ones(2, 3), rl.ones(4, 5)),
        r"cannot be multiplied \(2x3 and 4x5\)",
    ),
    (lambda: rl.ones(2, 3) @ rl.ones(4, 5), r"cannot be multiplied \(2x3 and 4x5\)"),
    (
        lambda: rl.ones(5, 2, 3) @ rl.ones(4, 2),
        r"cannot be multiplied \(10x3 and 4x2\)",
    ),
    (
        lambda: rl.ones(5, 2, 3) @ rl.ones(4, 3, 2),
        r"\(5\) must match the size of tensor b \(4\)",
    ),
    (lambda: rl.mm(rl.ones(3), rl.ones(3, 2)), "must be a matrix"),
    (
        lambda: rl.mm(rl.ones(2, 3), rl.ones(3, 2).double()),
        "same dtype.*float32 != .*float64",
    ),
    (
        lambda: rl.mv(rl.ones(2, 3), rl.ones(4)),
        r"size mismatch, got input \(2\), mat \(2x3\)",
    ),
    (
        lambda: rl.dot(rl.ones(3), rl.ones(4)),
        "inconsistent tensor size.* 3 and 4 elements",
    ),
    (
        lambda: rl.dot(rl.ones(3, 1), rl.ones(3)),
        "1D tensors expected, but got 2D and 1D",
    ),
    (
        lambda: rl.ones(()) @ rl.ones(3),
        "need to be at least 1D, but they are 0D and 1D",
    ),
    (lambda: rl.bmm(rl.ones(2, 3), rl.ones(2, 3, 4)), "batch1 must be a 3D tensor"),
    (lambda: rl.bmm(rl.ones(2, 3, 4), rl.ones(2, 5, 6)), r"\[2, 4\] but got: \[2, 5\]"),
    (
        lambda: rl.addmm(rl.ones(2), rl.ones(2, 3), rl.ones(3, 4)),
        "must match the existing size",
    ),
    (lambda: rl.outer(rl.ones(2, 1), rl.ones(2)), "Expected 1-D argument"),
    (
        lambda: F.linear(rl.ones(2, 3), rl.ones(4, 5)),
        r"\(2x3 and 5x4\).*input \[2, 3\] has 3",
    ),
    (lambda: F.linear(rl.ones(()), rl.ones(4, 5)), "at least 1D"),
    (
        lambda: F.linear(rl.ones(2, 3), rl.ones(3), rl.ones(1)),
        "must be a matrix where there is",
    ),
]


@pytest.mark.parametrize(
    ("call", "match"), ERRORS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_errors(call, match):
    with pytest.raises(RuntimeError, match=match):
        call()


@pytest.mark.parametrize("name", ["mm", "bmm", "dot", "mv"])
def test_bool_has_no_product(name):
    shapes = {"mm": ((2, 2),) * 2, "bmm": ((1, 2, 2),) * 2, "dot": ((2,),) * 2}
    a, b = shapes.get(name, ((2, 2), (2,)))
    with pytest.raises(
        NotImplementedError, match=f"{name}.*not implemented for 'bool'"
    ):
        getattr(rl, name)(rl.zeros(a, dtype=rl.bool), rl.zeros(b, dtype=rl.bool))


def test_matmul_with_a_number():
    with pytest.raises(TypeError):
        rl.ones(3) @ 2
