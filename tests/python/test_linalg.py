"""rushlight.linalg: values against NumPy, gradients against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.autograd._rules_linalg import RULES

la = rl.linalg
TOLERANCE = {"float32": 2e-4, "float64": 1e-11, "complex64": 2e-4, "complex128": 1e-11}
DTYPES = list(TOLERANCE)


def draw(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def adjoint(a):
    return np.swapaxes(a, -1, -2).conj()


def close(found, expected, dtype):
    limit = TOLERANCE[dtype]
    np.testing.assert_allclose(found.numpy(), expected, rtol=limit, atol=limit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (3, 5, 5), (2, 3, 1, 1)])
def test_square(shape, dtype):
    a = draw(shape, dtype) + 2 * np.eye(shape[-1], dtype=dtype)
    b = draw((*shape[:-1], 2), dtype, 1)
    x, y = rl.tensor(a), rl.tensor(b)
    h = a @ adjoint(a)
    close(la.inv(x), np.linalg.inv(a), dtype)
    close(la.solve(x, y), np.linalg.solve(a, b), dtype)
    close(la.det(x), np.linalg.det(a), dtype)
    for found, expected in zip(la.slogdet(x), np.linalg.slogdet(a), strict=True):
        close(found, expected, dtype)
    close(la.cholesky(rl.tensor(h)), np.linalg.cholesky(h), dtype)
    close(la.eigvalsh(rl.tensor(h)), np.linalg.eigvalsh(h), dtype)
    values, vectors = la.eigh(rl.tensor(h))
    close(vectors * values.unsqueeze(-2) @ vectors.mH, h, dtype)
    values, vectors = la.eig(x)
    close(vectors * values.unsqueeze(-2), (x.to(values.dtype) @ vectors).numpy(), dtype)
    close(la.matrix_power(x, 3), np.linalg.matrix_power(a, 3), dtype)
    P, L, U = la.lu(x)
    close(P @ L @ U, a, dtype)
    close(la.lu_solve(*la.lu_factor(x), y), np.linalg.solve(a, b), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 4), (2, 0, 3), (3, 0)])
def test_rectangular(shape, dtype):
    a = draw(shape, dtype)
    x = rl.tensor(a)
    m, n = shape[-2:]
    Q, R = la.qr(x)
    close(Q @ R, a, dtype)
    for full in (False, True):
        U, S, Vh = la.svd(x, full)
        k = min(m, n)
        assert U.shape[-1] == (m if full else k) and Vh.shape[-2] == (n if full else k)
        close(
            U.mH @ U,
            np.broadcast_to(np.eye(U.shape[-1]), (*U.shape[:-2],) + (U.shape[-1],) * 2),
            dtype,
        )
        close(U[..., :k] * S.unsqueeze(-2) @ Vh[..., :k, :], a, dtype)
        close(S, np.linalg.svd(a, compute_uv=False), dtype)
    if a.size:
        close(la.pinv(x), np.linalg.pinv(a), dtype)
        assert (la.matrix_rank(x).numpy() == np.linalg.matrix_rank(a)).all()
        for p in ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2):
            expected = np.linalg.norm(a, p, (-2, -1))
            close(la.matrix_norm(x, p), expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelsd", "gelss"])
def test_lstsq(driver, dtype):
    a, b = draw((6, 3), dtype), draw((6, 2), dtype, 1)
    expected, squares, rank, s = np.linalg.lstsq(a, b, rcond=None)
    found = la.lstsq(rl.tensor(a), rl.tensor(b), driver=driver)
    close(found.solution, expected, dtype)
    if driver != "gelsy":
        close(found.residuals, squares, dtype)
    if driver != "gels":
        assert found.rank.item() == rank
    if driver in ("gelsd", "gelss"):
        close(found.singular_values, s, dtype)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.3, 3.0, 40.0])
def test_matrix_exp(scale):
    """A rotation: its exponential is known."""
    turn = rl.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=rl.float64) * scale
    c, s = math.cos(scale), math.sin(scale)
    np.testing.assert_allclose(
        la.matrix_exp(turn).numpy(), [[c, -s], [s, c]], atol=1e-13
    )


def test_layouts_agree():
    a = draw((2, 6, 6))
    for view in (
        rl.tensor(a),
        rl.tensor(adjoint(a).copy()).mT,
        rl.tensor(np.repeat(a, 2, -1))[..., ::2],
        rl.tensor(a[:1]).expand(2, 6, 6),
    ):
        dense = view.contiguous()
        np.testing.assert_array_equal(la.inv(view).numpy(), la.inv(dense).numpy())
        b = rl.tensor(draw((6, 2), seed=1))
        for upper in (True, False):
            np.testing.assert_allclose(
                la.solve_triangular(view, b, upper=upper).numpy(),
                la.solve_triangular(dense, b, upper=upper).numpy(),
                rtol=1e-12,
            )


def test_threads_do_not_change_bits():
    a = rl.tensor(draw((64, 20, 20)))
    before = rl.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            rl.set_num_threads(threads)
            found.append(
                [la.inv(a).numpy(), la.svd(a).S.numpy(), la.eigvals(a).numpy()]
            )
    finally:
        rl.set_num_threads(before)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: la.inv(rl.ones(2, 2)), la.LinAlgError, "singular"),
        (lambda: la.inv(rl.ones(2, 3)), RuntimeError, "2 by 3"),
        (lambda: la.inv(rl.ones(2, 2).long()), RuntimeError, "floating point"),
        (lambda: la.inv(rl.ones(2, 2).half()), RuntimeError, "Low precision"),
        (lambda: la.cholesky(-rl.eye(2)), la.LinAlgError, "order 1"),
        (lambda: la.solve(rl.eye(2), rl.ones(3, 1)), RuntimeError, "2x2 and 3x1"),
        (lambda: la.svd(rl.full((2, 2), math.nan)), la.LinAlgError, "non-finite"),
        (lambda: la.eig(rl.full((2, 2), math.inf)), RuntimeError, "infs or NaNs"),
        (
            lambda: la.lu_solve(rl.eye(2), rl.tensor([1, 7]).int(), rl.ones(2, 1)),
            RuntimeError,
            "got 7",
        ),
        (
            lambda: la.ldl_solve(rl.eye(2), rl.tensor([1, 9]).int(), rl.ones(2, 1)),
            RuntimeError,
            "pivot 9",
        ),
        (lambda: rl.einsum("ij,jk", rl.ones(2, 3), rl.ones(2, 3)), RuntimeError, "j"),
        (lambda: rl.cdist(rl.ones(2, 3), rl.ones(2, 4)), RuntimeError, "3 X2: 4"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


EQUATIONS = [
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("ij->ji", [(2, 3)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("...ij,...jk->...ik", [(2, 3, 4), (4, 5)]),
    ("i,j->ij", [(3,), (4,)]),
    ("ij,kl->", [(2, 3), (4, 5)]),
    ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 5), (5, 6)]),
    ("iij,jk->ik", [(3, 3, 2), (2, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ij->", [(0, 3)]),
]


@pytest.mark.parametrize(("equation", "shapes"), EQUATIONS)
def test_einsum(equation, shapes):
    arrays = [draw(s, seed=i) for i, s in enumerate(shapes)]
    expected = np.einsum(equation, *arrays)
    found = rl.einsum(equation, *map(rl.tensor, arrays))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_products():
    a, b = draw((2, 3, 4)), draw((4, 3, 5), seed=1)
    x, y = rl.tensor(a), rl.tensor(b)
    dims = ([1, 2], [1, 0])
    np.testing.assert_allclose(
        rl.tensordot(x, y, dims).numpy(), np.tensordot(a, b, dims), rtol=1e-12
    )
    np.testing.assert_allclose(rl.kron(x[0], y[0]).numpy(), np.kron(a[0], b[0]))
    np.testing.assert_allclose(rl.inner(x, x[0]).numpy(), np.inner(a, a[0]), rtol=1e-12)
    c, d = draw((5, 3)), draw((5, 3), seed=1)
    np.testing.assert_allclose(
        la.cross(rl.tensor(c), rl.tensor(d)).numpy(), np.cross(c, d), rtol=1e-12
    )
    p, q = draw((30, 3)), draw((7, 3), seed=1)
    gaps = p[:, None] - q
    for order in (1, 2, 3, math.inf):
        np.testing.assert_allclose(
            rl.cdist(rl.tensor(p), rl.tensor(q), order).numpy(),
            np.linalg.norm(gaps, order, -1),
            rtol=1e-9,
        )


# -- gradients: one case or more for every row of the table ----------------------------


def square(dtype, batch=(2,)):
    a = draw((*batch, 3, 3), dtype) + 3 * np.eye(3, dtype=dtype)
    return rl.tensor(a)


def tall(dtype):
    return rl.tensor(draw((5, 3), dtype, 5))


def wide(dtype):
    return rl.tensor(draw((3, 5), dtype, 6))


def right(dtype):
    return rl.tensor(draw((3, 2), dtype, 7))


def hermitian(x):
    return x @ x.mH + rl.eye(x.shape[-1], dtype=x.dtype)


def svd_parts(x):
    U, S, Vh = la.svd(x, False)
    return U * S.unsqueeze(-2) @ Vh, S, U.abs(), Vh.abs()


def eig_parts(x):
    values, vectors = la.eig(x)
    return values, vectors.abs()


def eigh_parts(x):
    values, vectors = la.eigh(x + x.mH)
    return values, vectors.abs()


GRADIENTS = {
    "linalg_cholesky_ex": [
        (lambda x: la.cholesky(hermitian(x)), [square]),
        (lambda x: la.cholesky(hermitian(x), upper=True), [square]),
        (lambda b, x: rl.cholesky_solve(b, la.cholesky(hermitian(x))), [right, square]),
    ],
    "linalg_lu_factor_ex": [
        (lambda x: la.lu_factor(x)[0], [square]),
        (lambda x: la.lu(x)[1:], [tall]),
        (lambda x: la.lu(x)[1:], [wide]),
    ],
    "linalg_lu_solve": [
        (lambda a, b: la.lu_solve(*la.lu_factor(a), b), [square, right]),
        (
            lambda a, b: la.lu_solve(*la.lu_factor(a), b.mT, left=False, adjoint=True),
            [square, right],
        ),
    ],
    "linalg_solve_ex": [
        (la.solve, [square, right]),
        (lambda a, b: la.solve(a, b.mT[None], left=False), [square, right]),
    ],
    "linalg_inv_ex": [(la.inv, [square])],
    "linalg_solve_triangular": [
        (
            lambda a, b, u=u, le=le, un=un: la.solve_triangular(
                a, b if le else b.mT, upper=u, left=le, unitriangular=un
            ),
            [square, right],
        )
        for u, le, un in (
            (True, True, False),
            (False, False, True),
            (True, False, False),
        )
    ],
    "linalg_lstsq": [
        (
            lambda a, b: la.lstsq(a, b, driver="gelsd")[:2],
            [tall, lambda d: rl.tensor(draw((5, 2), d, 8))],
        ),
        (lambda a, b: la.lstsq(a, b)[0], [wide, right]),
    ],
    "linalg_det": [(la.det, [square])],
    "linalg_slogdet": [(lambda x: la.slogdet(x)[1], [square])],
    "linalg_qr": [(la.qr, [square]), (la.qr, [tall]), (la.qr, [wide])],
    "linalg_eigh": [
        (eigh_parts, [square]),
        (lambda x: la.eigvalsh(x + x.mH), [square]),
    ],
    "linalg_eig": [
        (eig_parts, [lambda d: square(d, ())]),
        (la.eigvals, [lambda d: square(d, ())]),
    ],
    "linalg_svd": [
        (svd_parts, [square]),
        (svd_parts, [tall]),
        (svd_parts, [wide]),
        (la.svdvals, [tall]),
    ],
    "composite": [
        (la.pinv, [tall]),
        (la.pinv, [wide]),
        (la.matrix_exp, [square]),
        (la.householder_product, [tall, lambda d: rl.geqrf(tall(d))[1]]),
        (la.cond, [square]),
        (lambda x: la.matrix_norm(x, "nuc"), [tall]),
        (lambda a, b: rl.einsum("bij,jk->bk", a, b), [square, right]),
    ],
}


def test_every_row_has_a_gradient_case():
    assert set(RULES) <= set(GRADIENTS)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name, dtype):
    for call, makers in GRADIENTS[name]:
        xs = [make(dtype).detach().requires_grad_() for make in makers]
        assert gradcheck(call, xs)
        assert gradgradcheck(call, xs, fast_mode=True)


def test_determinant_of_singular_matrix():
    """The adjugate's transpose: 2 x 2 ones by hand."""
    x = rl.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=rl.float64, requires_grad=True)
    (g,) = rl.autograd.grad(la.det(x), x)
    np.testing.assert_allclose(g.numpy(), [[4, -2], [-2, 1]], atol=1e-12)


def test_distance_of_equal_rows_has_gradient_zero():
    x = rl.ones(30, 3, dtype=rl.float64, requires_grad=True)
    rl.cdist(x, x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((30, 3)))


def test_einsum_of_narrow_integers_that_are_summed_first():
    # PyTorch raises here, for the sum has made int64 of one side alone.
    a, b = rl.ones(2, 2, dtype=rl.int32), rl.ones(2, 3, dtype=rl.int32)
    assert rl.einsum("ij,jk->i", a, b).tolist() == [6, 6]
