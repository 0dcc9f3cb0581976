"""rushlight.linalg against PyTorch: values, dtypes, shapes, layouts, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
DTYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(3, 3), (2, 3, 3), (2, 5, 3), (4, 1, 3, 5), (0, 0), (2, 0, 0), (0, 3, 3)]
SHAPES += [(3, 0), (2, 0, 3)]


def draw(shape, dtype, seed):
    rng = np.random.default_rng([seed, *shape])
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def layouts(array):
    """The same values row-major, column-major, and as every other row and column."""
    yield array
    if array.ndim >= 2 and array.size:
        yield np.swapaxes(np.ascontiguousarray(np.swapaxes(array, -1, -2)), -1, -2)
        wide = np.repeat(np.repeat(array, 2, -1), 2, -2)
        yield wide[..., ::2, ::2]


def flat(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def compare(call, *arrays, tolerance=None):
    """``call(library, *tensors)`` in both; every layout of the first operand."""
    theirs = outcome(lambda: call(torch, *map(torch.tensor, map(np.copy, arrays))))
    for first in layouts(arrays[0]):
        xs = [rl.from_numpy(np.asarray(x)) for x in (first, *arrays[1:])]
        if theirs[0] == "error":
            with pytest.raises(RuntimeError if "LinAlg" in theirs[1] else Exception):
                call(rl, *xs)
            continue
        found = flat(call(rl, *xs))
        expected = flat(call(torch, *map(torch.tensor, map(np.copy, arrays))))
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert str(a.dtype).rpartition(".")[2] == str(b.dtype).rpartition(".")[2]
            assert tuple(a.shape) == tuple(b.shape)
            single = str(b.dtype) in ("torch.float32", "torch.complex64")
            limit = tolerance or (2e-3 if single else 1e-9)
            np.testing.assert_allclose(
                a.detach().numpy(),
                b.detach().resolve_conj().numpy(),
                rtol=limit,
                atol=limit,
            )


def sizes(result):
    """What a factorization fixes: vectors are known up to a sign or a phase."""
    return [x.abs() for x in result]


def rebuilt_svd(L, a, full):
    U, S, Vh = L.linalg.svd(a, full)
    k = S.shape[-1]
    return (
        (U[..., :k] * S.unsqueeze(-2).to(U.dtype)) @ Vh[..., :k, :],
        S,
        U.abs()[..., :k],
    )


def rebuilt_eig(L, a):
    values, vectors = L.linalg.eig(a)
    return vectors @ (values.unsqueeze(-1) * L.linalg.inv(vectors))


def hermitian(L, a):
    return a @ a.mT.conj() + L.eye(a.shape[-1], dtype=a.dtype)


ANY = {
    "lu": lambda L, a: L.linalg.lu(a),
    "lu_factor_ex": lambda L, a: L.linalg.lu_factor_ex(a),
    "lu_unpack": lambda L, a: L.lu_unpack(*L.linalg.lu_factor_ex(a)[:2]),
    "qr": lambda L, a: L.linalg.qr(a),
    "qr_complete": lambda L, a: L.linalg.qr(a, "complete"),
    "qr_r": lambda L, a: L.linalg.qr(a, "r"),
    "geqrf": lambda L, a: L.geqrf(a),
    "svd": lambda L, a: rebuilt_svd(L, a, False),
    "svd_full": lambda L, a: rebuilt_svd(L, a, True),
    "svdvals": lambda L, a: L.linalg.svdvals(a),
    "torch_svd": lambda L, a: sizes(L.svd(a)),
    "svd_without": lambda L, a: L.svd(a, compute_uv=False),
    "pinv": lambda L, a: L.linalg.pinv(a),
    "rank": lambda L, a: L.linalg.matrix_rank(a),
    "cond": lambda L, a: L.linalg.cond(a),
}
SQUARE = {
    "cholesky": lambda L, a: L.linalg.cholesky(hermitian(L, a)),
    "cholesky_upper": lambda L, a: L.linalg.cholesky(hermitian(L, a), upper=True),
    "cholesky_ex": lambda L, a: L.linalg.cholesky_ex(a),
    "cholesky_inverse": lambda L, a: L.cholesky_inverse(
        L.linalg.cholesky(hermitian(L, a))
    ),
    "inv": lambda L, a: L.linalg.inv(a),
    "inv_ex": lambda L, a: L.linalg.inv_ex(a),
    "det": lambda L, a: L.linalg.det(a),
    "slogdet": lambda L, a: L.linalg.slogdet(a),
    "logdet": lambda L, a: L.logdet(a),
    "eigh": lambda L, a: sizes(L.linalg.eigh(a)),
    "eigh_upper": lambda L, a: sizes(L.linalg.eigh(a, "U")),
    "eigvalsh": lambda L, a: L.linalg.eigvalsh(a, "U"),
    "eig": rebuilt_eig,
    "eigvals": lambda L, a: L.linalg.eigvals(a).sum(-1),
    "ldl": lambda L, a: L.linalg.ldl_factor(hermitian(L, a), hermitian=True),
    "ldl_symmetric": lambda L, a: L.linalg.ldl_factor_ex(a + a.mT),
    "matrix_exp": lambda L, a: L.linalg.matrix_exp(a),
    "matrix_exp_large": lambda L, a: L.linalg.matrix_exp(a * 4),
    "power_0": lambda L, a: L.linalg.matrix_power(a, 0),
    "power_5": lambda L, a: L.linalg.matrix_power(a, 5),
    "power_-2": lambda L, a: L.linalg.matrix_power(a, -2),
    "pinv_hermitian": lambda L, a: L.linalg.pinv(a + a.mT.conj(), hermitian=True),
}
for _p in ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2):
    ANY[f"norm_{_p}"] = lambda L, a, p=_p: L.linalg.matrix_norm(a, p)
    ANY[f"norm_{_p}_dims"] = lambda L, a, p=_p: L.linalg.matrix_norm(
        a, p, (0, -1), True
    )
    SQUARE[f"cond_{_p}"] = lambda L, a, p=_p: L.linalg.cond(a, p)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ANY)
def test_any_shape(name, dtype):
    for seed, shape in enumerate(SHAPES):
        compare(ANY[name], draw(shape, dtype, seed))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SQUARE)
def test_square(name, dtype):
    for seed, shape in enumerate(s for s in SHAPES if s[-1] == s[-2]):
        compare(SQUARE[name], draw(shape, dtype, seed))


def _solver(text):
    return eval(f"lambda L, a, b: {text}")


SOLVERS = [
    "L.linalg.solve(a, b)",
    "L.linalg.solve(a, b.mT, left=False)",
    "L.linalg.solve(a, b[..., 0])",
    "L.linalg.solve(a, b[0, :, 0])",
    "L.linalg.solve(a, b[:1])",
    "L.linalg.solve_ex(a[:1], b)",
    "L.linalg.ldl_solve(*L.linalg.ldl_factor(a + a.mT), b)",
    "L.cholesky_solve(b, L.linalg.cholesky(hermitian(L, a)))",
    "L.cholesky_solve(b, L.linalg.cholesky(hermitian(L, a), upper=True), True)",
    "L.triangular_solve(b, a)",
    "L.triangular_solve(b, a, False, True)",
    "L.lu_solve(b, *L.linalg.lu_factor(a))",
    "L.linalg.lu_solve(*L.linalg.lu_factor(a[0]), b)",
    "L.linalg.tensorinv(a[0], ind=1)",
    "L.linalg.tensorsolve(a[0], b[0, :, 0])",
]
SOLVERS += [
    "L.linalg.lu_solve(*L.linalg.lu_factor(a), "
    f"b{'' if left else '.mT'}, left={left}, adjoint={adjoint})"
    for left in (True, False)
    for adjoint in (True, False)
]
SOLVERS += [
    f"L.linalg.solve_triangular({a}, b{'' if left else '.mT'}, "
    f"upper={upper}, left={left}, unitriangular={unit})"
    for a in ("a", "a.mT", "a[0]")
    for upper in (True, False)
    for left in (True, False)
    for unit in (True, False)
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", SOLVERS)
def test_solver(text, dtype):
    compare(_solver(text), draw((2, 4, 4), dtype, 0), draw((2, 4, 3), dtype, 1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
def test_lstsq(driver, dtype):
    def call(L, a, b):
        return L.linalg.lstsq(a, b, driver=driver)

    for m, n in ((5, 3), (3, 5), (4, 4), (3, 0), (0, 3)):
        compare(call, draw((2, m, n), dtype, 0), draw((2, m, 2), dtype, 1))
        compare(call, draw((2, m, n), dtype, 2), draw((2, m), dtype, 3))


@pytest.mark.parametrize("dtype", DTYPES)
def test_reflectors(dtype):
    for left in (True, False):
        for transpose in (True, False):
            compare(
                lambda L, a, b, left=left, transpose=transpose: L.ormqr(
                    *L.geqrf(a), b if left else b.mT, left, transpose
                ),
                draw((2, 5, 3), dtype, 0),
                draw((2, 5, 2), dtype, 1),
            )
    compare(lambda L, a: L.orgqr(*L.geqrf(a)), draw((2, 5, 3), dtype, 0))


@pytest.mark.parametrize("name", ["svd_lowrank", "pca_lowrank"])
def test_low_rank(name):
    """The same random numbers, so the same values."""
    a = draw((7, 5), "float64", 0) @ draw((5, 6), "float64", 1)

    def call(L, a):
        L.manual_seed(3)
        return sizes(getattr(L, name)(a, q=4))

    compare(call, a, tolerance=1e-7)
    compare(call, a.T.copy(), tolerance=1e-7)


CALLS = """
L.norm(L.ones(2,2),'nuc')
L.norm(L.ones(3,2,2),'nuc',dim=(1,2),keepdim=True)
L.norm(L.ones(2,2),'bad')
L.ones(2,2).norm('nuc')
L.linalg.inv(L.ones(2,3))
L.linalg.inv(L.ones(3))
L.linalg.inv(L.ones(2,2))
L.linalg.inv(L.ones(2,2,dtype=L.int64))
L.linalg.inv(L.ones(2,2,dtype=L.float16))
L.linalg.inv(3)
L.inverse(L.ones(2,2))
L.linalg.solve(L.ones(2,2),L.ones(2))
L.linalg.solve(L.eye(2),L.ones(3))
L.linalg.solve(L.eye(2),L.ones(2,dtype=L.float64))
L.linalg.solve(L.eye(2),L.ones(2),left=False)
L.linalg.solve(L.eye(2).expand(3,2,2),L.ones(2,2,2))
L.linalg.solve_ex(L.ones(2,2),L.ones(2),check_errors=True)
L.linalg.solve_ex(L.ones(2,2),L.ones(2,1)).info
L.linalg.cholesky(-L.eye(2))
L.linalg.cholesky(-L.eye(2).expand(2,2,2))
L.linalg.cholesky_ex(-L.eye(2)).info
L.linalg.cholesky_ex(-L.eye(2),check_errors=True)
L.cholesky(L.ones(2,3))
L.linalg.lu_factor(L.zeros(2,2))
L.linalg.lu_factor_ex(L.zeros(2,2))
L.linalg.lu_factor_ex(L.zeros(2,2),check_errors=True)
L.linalg.lu(L.eye(2),pivot=False)
L.linalg.lu_factor(L.eye(2),pivot=False)
L.lu(L.zeros(2,2))
L.lu(L.zeros(2,2),get_infos=True)
L.linalg.svd(L.full((2,2),nan))
L.linalg.svd(L.eye(2),driver='gesvd')
L.linalg.eigh(L.eye(2),'X')
L.linalg.eigh(L.eye(2),'u')
L.linalg.eig(L.full((2,2),nan))
L.linalg.qr(L.eye(2),'bad')
L.linalg.qr(L.ones(2))
L.linalg.det(L.ones(2,3))
L.linalg.det(L.ones(2,2,dtype=L.int32))
L.linalg.slogdet(L.zeros(2,2))
L.logdet(-L.eye(3))
L.logdet(L.zeros(2,2))
L.logdet(L.ones(2,3))
L.linalg.matrix_power(L.ones(2,3),2)
L.linalg.matrix_power(L.ones(2,2,dtype=L.int64),3)
L.linalg.matrix_power(L.ones(2,2,dtype=L.int64),-1)
L.linalg.matrix_power(L.ones(2,2),1.5)
L.linalg.matrix_exp(L.ones(2,2,dtype=L.int64))
L.linalg.matrix_exp(L.ones(2,3))
L.linalg.matrix_norm(L.ones(3))
L.linalg.matrix_norm(L.ones(2,2),3)
L.linalg.matrix_norm(L.ones(2,2),'x')
L.linalg.matrix_norm(L.ones(2,2),dim=(0,0))
L.linalg.matrix_norm(L.ones(2,2),dim=(0,5))
L.linalg.matrix_norm(L.ones(2,2),dim=0)
L.linalg.matrix_norm(L.ones(2,2,dtype=L.int64))
L.linalg.matrix_norm(L.ones(2,2,dtype=L.float16))
L.linalg.matrix_norm(L.ones(2,2,dtype=L.float16),2)
L.linalg.matrix_norm(L.ones(2,2),dtype=L.float64)
L.linalg.matrix_norm(L.ones(2,2),1,dtype=L.float64)
L.linalg.matrix_norm(L.ones(2,2),dtype=L.complex64)
L.linalg.matrix_norm(L.zeros(0,0),-1)
L.linalg.matrix_norm(L.zeros(2,0),1)
L.linalg.matrix_norm(L.zeros(2,0),inf)
L.linalg.matrix_norm(L.zeros(2,0),-1)
L.linalg.matrix_norm(L.zeros(2,0),-inf)
L.linalg.matrix_norm(L.zeros(2,0),-2)
L.linalg.norm(L.ones(2,2,2),1)
L.linalg.norm(L.ones(2,2),'fro',dim=0)
L.linalg.norm(L.ones(2,2,2),2,dim=(0,1,2))
L.linalg.norm(L.ones(3),'fro')
L.linalg.norm(L.ones(2,2),keepdim=True)
L.linalg.norm(L.ones(3,3),3)
L.linalg.norm(L.ones(3),3)
L.linalg.norm(L.ones(3,dtype=L.int64))
L.linalg.norm(L.ones(3,3),2,dim=1)
L.linalg.norm(L.ones(3,3),2,dim=(1,))
L.linalg.vector_norm(L.ones(3),'fro')
L.linalg.vector_norm(L.ones(2,3),2,(0,1),True)
L.linalg.cond(L.zeros(2,2))
L.linalg.cond(L.zeros(2,2),1)
L.linalg.cond(L.ones(2,3),1)
L.linalg.cond(L.ones(2,3),'bad')
L.linalg.cond(L.eye(2),3)
L.linalg.cond(L.ones(2,2),'fro')
L.linalg.matrix_rank(L.ones(3,3))
L.linalg.matrix_rank(L.ones(3,3),hermitian=True)
L.linalg.matrix_rank(L.ones(3,3),tol=10.)
L.linalg.matrix_rank(L.ones(3,3),atol=1.,rtol=0.5)
L.linalg.matrix_rank(L.ones(2,3,3),atol=L.tensor([1.,4.]))
L.linalg.matrix_rank(L.ones(3))
L.linalg.matrix_rank(L.ones(3,3,dtype=L.int64))
L.linalg.matrix_rank(L.ones(2,3),hermitian=True)
L.linalg.pinv(L.ones(2,3),rtol=0.1)
L.linalg.pinv(L.ones(2,3),0.1)
L.linalg.pinv(L.ones(2,2),hermitian=True)
L.linalg.pinv(L.ones(2,3),rcond=L.tensor(0.5))
L.linalg.pinv(L.ones(2,3),rcond=0.5,atol=1.)
L.linalg.lstsq(L.ones(3,2),L.ones(4,1))
L.linalg.lstsq(L.eye(2),L.ones(2,1),driver='bad')
L.linalg.lstsq(L.eye(2),L.ones(2))
L.linalg.lstsq(L.ones(3,2),L.ones(3,1),driver='gelsd')
L.linalg.lstsq(L.ones(3,2),L.ones(3,1),rcond=1.5)
L.linalg.lstsq(L.ones(2),L.ones(2))
L.linalg.lstsq(L.ones(2,2),L.ones(2,2,dtype=L.float64))
L.linalg.lstsq(L.ones(2,3,2),L.ones(3,1))
L.linalg.lstsq(L.ones(2,3,2)+L.eye(3,2),L.ones(1,3,1)).solution
L.linalg.tensorinv(L.ones(2,2),ind=0)
L.linalg.tensorinv(L.ones(2,3),ind=1)
L.linalg.tensorinv(L.ones(2,2),ind=1)
L.linalg.tensorsolve(L.ones(2,3),L.ones(2))
L.linalg.solve_triangular(L.eye(2),L.ones(3,1),upper=True)
L.linalg.solve_triangular(L.eye(2),L.ones(2),upper=True)
L.linalg.solve_triangular(L.zeros(2,2),L.ones(2,1),upper=True)
L.linalg.solve_triangular(L.eye(2),L.ones(2,1))
L.linalg.lu_solve(L.eye(2),L.tensor([1,2],dtype=L.int32),L.ones(2,1))
L.linalg.lu_solve(L.eye(2),L.tensor([1,2]),L.ones(2,1))
L.linalg.lu_solve(L.eye(2),L.tensor([1,5],dtype=L.int32),L.ones(2,1))
L.linalg.lu_solve(L.eye(2),L.tensor([0,2],dtype=L.int32),L.ones(2,1))
L.linalg.lu_solve(L.eye(2),L.tensor([1],dtype=L.int32),L.ones(2,1))
L.lu_solve(L.ones(2,1),L.eye(2),L.tensor([1,2],dtype=L.int32))
L.lu_unpack(L.eye(2),L.tensor([1,2],dtype=L.int32))
L.lu_unpack(L.eye(2),L.tensor([1,2]))
L.lu_unpack(L.eye(2),L.tensor([1,2],dtype=L.int32),unpack_data=False)
L.lu_unpack(L.eye(2),L.tensor([1,2],dtype=L.int32),unpack_pivots=False)
L.linalg.ldl_solve(L.eye(2),L.tensor([1,2],dtype=L.int32),L.ones(2,1))
L.linalg.ldl_factor_ex(L.zeros(2,2))
L.linalg.householder_product(L.ones(2,3),L.ones(2))
L.linalg.householder_product(L.ones(3,2),L.ones(3))
L.linalg.householder_product(L.ones(3,2),L.ones(2,dtype=L.float64))
L.linalg.householder_product(L.ones(3,2),L.ones(1))
L.linalg.cross(L.ones(2),L.ones(2))
L.linalg.cross(L.ones(3),L.ones(2,3))
L.linalg.cross(L.ones(1,3),L.ones(2,3))
L.linalg.cross(L.ones(3,dtype=L.int64),L.ones(3))
L.linalg.cross(L.ones(3,2),L.ones(3,2),dim=0)
L.linalg.cross(L.ones(3,2),L.ones(3,2),dim=5)
L.cross(L.ones(2,3,3),L.ones(2,3,3))
L.cross(L.ones(2,2),L.ones(2,2))
L.linalg.vecdot(L.ones(3),L.ones(2,3))
L.linalg.vecdot(L.ones(3),L.ones(4))
L.linalg.vecdot(L.ones(3,dtype=L.int64),L.ones(3,dtype=L.int64))
L.linalg.vecdot(L.ones(3),L.ones(3,dtype=L.float64))
L.linalg.vecdot(L.ones(2,3),L.ones(2,3),dim=0)
L.linalg.vecdot(L.ones(3,dtype=L.bool),L.ones(3,dtype=L.bool))
L.linalg.vander(L.tensor([1,2],dtype=L.int32))
L.linalg.vander(L.tensor([1.,2]),N=1)
L.linalg.vander(L.tensor([True,False]),N=3)
L.linalg.vander(L.tensor(1.), N=2)
L.linalg.multi_dot([L.ones(2,2)])
L.linalg.multi_dot([L.ones(2,2),L.ones(3,2)])
L.linalg.multi_dot([L.ones(2,2),L.ones(2)])
L.linalg.multi_dot([L.ones(2,2),L.ones(2),L.ones(2,2)])
L.linalg.multi_dot([L.ones(2),L.ones(2)])
L.linalg.multi_dot([L.ones(2,2),L.ones(2,2,dtype=L.float64)])
L.linalg.multi_dot((L.ones(2,2,dtype=L.int64),)*3)
L.chain_matmul(L.ones(2,2))
L.chain_matmul()
L.chain_matmul(L.ones(2),L.ones(2,2))
L.linalg.diagonal(L.ones(2,3,3))
L.linalg.matmul(L.ones(2,3),L.ones(3))
L.trace(L.ones(2,3,dtype=L.int32))
L.trace(L.ones(2,2,dtype=L.bool))
L.trace(L.ones(2))
L.trace(L.ones(2,2,2))
L.kron(L.tensor([1,2]),L.tensor([[1.],[2]]))
L.kron(L.tensor(2),L.tensor([1,2]))
L.inner(L.tensor(2.),L.ones(3))
L.inner(L.ones(3),L.ones(4))
L.inner(L.ones(3,dtype=L.int64),L.ones(3,dtype=L.int64))
L.inner(L.ones(3,dtype=L.int64),L.ones(3))
L.inner(L.ones(2,3),L.ones(2,3,dtype=L.float64))
L.vdot(L.ones(3),L.ones(3))
L.vdot(L.ones(3),L.ones(4))
L.vdot(L.ones(3,1),L.ones(3))
L.vdot(L.ones(3),L.ones(3,dtype=L.float64))
L.ger(L.ones(2),L.ones(3))
L.ger(L.ones(2,1),L.ones(3))
L.addr(L.ones(2,3),L.ones(2),L.ones(3))
L.addr(L.ones(3),L.ones(2),L.ones(3),beta=0.5,alpha=2)
L.addr(L.ones(2,3,dtype=L.int64),L.ones(2,dtype=L.int64),L.ones(3,dtype=L.int64),beta=0.5)
L.addr(L.ones(2,3,dtype=L.int64),L.ones(2,dtype=L.int64),L.ones(3,dtype=L.int64),beta=2)
L.addr(L.ones(2,3,dtype=L.bool),L.ones(2,dtype=L.bool),L.ones(3,dtype=L.bool))
L.addr(L.ones(2,3,dtype=L.bool),L.ones(2,dtype=L.bool),L.ones(3,dtype=L.bool),beta=2)
L.addr(L.ones(2,3,dtype=L.bool),L.ones(2,dtype=L.bool),L.ones(3,dtype=L.bool),alpha=False)
L.addr(L.ones(2,3),L.ones(2,dtype=L.int64),L.ones(3,dtype=L.int64))
L.addr(L.ones(2,4),L.ones(2),L.ones(3))
L.addr(L.full((2,3),nan),L.ones(2),L.ones(3),beta=0)
L.addr(L.ones(2,3),L.ones(2,2),L.ones(3))
L.addr(L.ones(2,3,dtype=L.float16),L.ones(2,dtype=L.float16),L.ones(3,dtype=L.float16),beta=0.5)
L.ones(2,3).addr_(L.ones(2),L.ones(3))
L.ones(3).addr_(L.ones(2),L.ones(3))
L.ones(2,3,dtype=L.int64).addr_(L.ones(2),L.ones(3))
L.addbmm(L.ones(2,2),L.ones(3,2,4),L.ones(3,4,2))
L.addbmm(L.ones(2),L.ones(3,2,4),L.ones(3,4,2))
L.addbmm(L.ones(2,2),L.ones(3,2,4),L.ones(2,4,2))
L.addbmm(L.ones(2,2),L.ones(2,4),L.ones(2,4,2))
L.addbmm(L.ones(2,2),L.ones(3,2,4,dtype=L.float64),L.ones(3,4,2))
L.addbmm(L.full((2,2),nan),L.ones(3,2,4),L.ones(3,4,2),beta=0)
L.addbmm(L.ones(2,2),L.ones(0,2,4),L.ones(0,4,2))
L.addbmm(L.ones(2,2,dtype=L.int64),L.ones(3,2,4,dtype=L.int64),L.ones(3,4,2,dtype=L.int64))
L.ones(2,2).addbmm_(L.ones(3,2,4),L.ones(3,4,2))
L.cdist(L.ones(2,3),L.ones(2,4))
L.cdist(L.ones(2),L.ones(2,2))
L.cdist(L.ones(2,2),L.ones(2,2),p=-1)
L.cdist(L.ones(2,2,dtype=L.int64),L.ones(2,2))
L.cdist(L.ones(2,2,dtype=L.float16),L.ones(2,2,dtype=L.float16))
L.cdist(L.ones(2,2),L.ones(2,2,dtype=L.float64))
L.cdist(L.ones(2,2),L.ones(2,2),compute_mode='x')
L.cdist(L.ones(2,2),L.ones(2,2),compute_mode=2)
L.cdist(L.ones(2,2,dtype=L.complex64),L.ones(2,2,dtype=L.complex64))
L.pdist(L.ones(2))
L.pdist(L.ones(3,2))
L.pdist(L.ones(1,2))
L.pdist(L.ones(3,0))
L.pdist(L.ones(3,2),p=-1)
L.cholesky_solve(L.ones(2,1),L.ones(3,3))
L.cholesky_solve(L.ones(2),L.eye(2))
L.cholesky_solve(L.ones(3,2,1),L.eye(2))
L.cholesky_inverse(L.eye(2))
L.cholesky_inverse(L.ones(2,3))
L.cholesky_inverse(L.ones(2))
L.triangular_solve(L.ones(2),L.eye(2))
L.triangular_solve(L.ones(2,1),L.eye(3))
L.triangular_solve(L.ones(3,2,1),L.eye(2))
L.triangular_solve(L.ones(2,1),L.ones(2,2),unitriangular=True)
L.qr(L.ones(3,2),some=False).Q.shape
L.svd(L.ones(3,2)).V.shape
L.svd(L.ones(3,2),some=False).U.shape
L.svd(L.ones(2))
L.geqrf(L.ones(2))
L.orgqr(L.ones(3,2),L.zeros(2))
L.ormqr(L.ones(3,2),L.zeros(2),L.ones(2,2))
L.ormqr(L.ones(3,2),L.zeros(2),L.ones(3,2))
L.ormqr(L.ones(3,2),L.zeros(3),L.ones(3,2))
L.matrix_rank(L.eye(2))
L.solve(L.eye(2),L.eye(2))
L.eye(2).eig()
L.frobenius_norm(L.ones(2,2),dim=())
L.frobenius_norm(L.ones(2,2),dim=1)
L.frobenius_norm(L.ones(2,2,dtype=L.complex64),dim=(0,1))
L.nuclear_norm(L.ones(2,2))
L.nuclear_norm(L.ones(2,2),True)
L.nuclear_norm(L.ones(2,2,2),dim=(0,1))
L.nuclear_norm(L.ones(2,2,2))
L.det(L.eye(2)).item()
L.eye(3).slogdet()
L.eye(3).logdet()
L.eye(3).inverse()
L.eye(3).matrix_exp()
L.matrix_exp(L.eye(2)*100)
L.linalg.inv(L.eye(2),out=L.empty(2,2))
L.linalg.inv(L.eye(2),out=L.empty(2,2,dtype=L.float64))
L.linalg.inv(L.eye(2),out=L.empty(2,2,dtype=L.int64))
L.linalg.svd(L.eye(2),out=(L.empty(0),L.empty(0),L.empty(0)))
L.linalg.eigh(L.eye(2),out=(L.empty(0),L.empty(0)))
L.linalg.eig(L.eye(2),out=(L.empty(0),L.empty(0)))
L.linalg.inv(L.eye(2,requires_grad=True),out=L.empty(2,2))
L.linalg.det(L.eye(2),out=L.empty(()))
L.pca_lowrank(L.ones(5,4),q=10)
L.pca_lowrank(L.ones(5,4),niter=-1)
L.pca_lowrank(L.ones(5,4,dtype=L.int64))
L.linalg.cond(L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.pinv(L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.norm(L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.norm(L.eye(2),1,out=L.empty(0,dtype=L.float64))
L.kron(L.eye(2),L.eye(2),out=L.empty(0,dtype=L.float64))
L.inner(L.eye(2),L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.vecdot(L.eye(2),L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.cross(L.ones(3),L.ones(3),out=L.empty(0,dtype=L.float64))
L.cholesky(L.eye(2),out=L.empty(0,dtype=L.float64))
L.linalg.svd(L.eye(2),out=3)
L.linalg.svd(L.eye(2),out=(L.empty(0),))
"""


def _close(a, b):
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= 1e-4 * max(1, abs(a))
    return a == b


@pytest.mark.parametrize("text", CALLS.strip().split("\n"))
def test_call(text):
    """Special values, defaults and errors, one call a line."""
    names = {"nan": math.nan, "inf": math.inf}
    theirs = outcome(lambda: eval(text, {"L": torch, **names}))
    ours = outcome(lambda: eval(text, {"L": rl, **names}))
    if theirs[0] == "error":
        expected = (theirs[0], theirs[1].removeprefix("_"), theirs[2])
        assert same_error(ours, expected), (ours, theirs)
    else:
        assert _close(ours, theirs), (ours, theirs)
