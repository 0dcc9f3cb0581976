"""einsum and tensordot against PyTorch: equations, dtypes, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

EQUATIONS = [
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("ij->ji", [(2, 3)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,jk->ki", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
    ("i,j->ij", [(3,), (4,)]),
    ("...ij,...jk", [(2, 3, 4), (4, 5)]),
    ("bij,bij->b", [(2, 3, 4), (2, 3, 4)]),
    ("ij,kl->", [(2, 3), (4, 5)]),
    ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 5), (5, 6)]),
    ("aij,ij,ji->a", [(2, 3, 3), (3, 3), (3, 3)]),
    ("iij,jk->ik", [(3, 3, 2), (2, 4)]),
    ("i...,i->...", [(3, 2, 4), (3,)]),
    ("a...b,b...->...a", [(2, 3, 4), (4, 3)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    ("ij,ij->ij", [(2, 1), (2, 3)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    ("ba", [(2, 3)]),
    ("aB,Bc", [(2, 3), (3, 4)]),
    ("...", [(2, 3)]),
    ("...,...->...", [(2, 3), (3,)]),
    (",->", [(), ()]),
    ("i,->i", [(3,), ()]),
    ("ij->", [(0, 3)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ij", [(2, 3, 4)]),
    ("ij->ijk", [(2, 3)]),
    ("ij->ii", [(2, 2)]),
    ("i.j", [(2, 2)]),
    ("ij,jk", [(2, 3), (4, 5)]),
    ("ij,", [(2, 2)]),
    ("i$", [(2, 2)]),
    ("ii", [(2, 3)]),
    ("i->i->i", [(2,)]),
    ("i-", [(2,)]),
    ("...i,...i->...", [(2, 3, 4), (3, 4)]),
    ("......", [(2,)]),
    ("abc,bd,cd,ae->de", [(2, 3, 4), (3, 5), (4, 5), (2, 6)]),
    ("...i,...i,...i->...", [(2, 3), (1, 3), (3,)]),
]


def draw(shape, dtype, seed):
    rng = np.random.default_rng([seed, *shape])
    if "int" in dtype:
        return rng.integers(-3, 4, shape).astype(dtype)
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def both(call, arrays, gradient):
    """Results, or the errors' types, and the gradients of a sum of squares."""
    found = []
    for L in (rl, torch):
        xs = [L.tensor(np.copy(x)) for x in arrays]
        if gradient:
            xs = [x.requires_grad_() for x in xs]

        def run(L=L, xs=xs):
            y = call(L, *xs)
            if not gradient:
                return y
            return (
                y,
                *L.autograd.grad(
                    (y * y.conj()).real.sum() if y.is_complex() else (y * y).sum(), xs
                ),
            )

        found.append(outcome(run))
    ours, theirs = found
    if theirs[0] == "error":
        assert same_error(ours, theirs), (ours, theirs)
        return
    assert ours[0] == "value", ours
    check(ours[1], theirs[1])


def check(a, b):
    if isinstance(b, list) or (isinstance(b, tuple) and b and b[0] != "tensor"):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            check(x, y)
        return
    assert a[:3] == b[:3]
    wide = lambda v: np.asarray(v, dtype=np.float64)  # noqa: E731
    np.testing.assert_allclose(wide(a[3]), wide(b[3]), rtol=3e-5, atol=3e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int64"])
@pytest.mark.parametrize(("equation", "shapes"), EQUATIONS, ids=str)
def test_equation(equation, shapes, dtype):
    arrays = [draw(s, dtype, i) for i, s in enumerate(shapes)]
    both(lambda L, *xs: L.einsum(equation, *xs), arrays, "int" not in dtype)


@pytest.mark.parametrize(
    "dims", [0, 1, 2, ([0], [1]), ([1, 0], [0, 1]), ([-1], [-2]), -1, 3, ([0], [0, 1])]
)
@pytest.mark.parametrize("dtype", ["float64", "complex128", "int64"])
def test_tensordot(dims, dtype):
    arrays = [draw((3, 3), dtype, 0), draw((3, 3), dtype, 1)]
    both(lambda L, a, b: L.tensordot(a, b, dims), arrays, "int" not in dtype)


CALLS = """
L.tensordot(L.ones(2,3),L.ones(4,2))
L.tensordot(L.ones(2,3),L.ones(3,2),dims=-1)
L.tensordot(L.ones(2,3),L.ones(3,2),dims=3)
L.tensordot(L.ones(2,3),L.ones(3,2),dims=([0],[0,1]))
L.tensordot(L.ones(2,3),L.ones(3,2),dims=([5],[0]))
L.tensordot(L.ones(2,3),L.ones(3,2),dims=([0,0],[1,1]))
L.tensordot(L.ones(2,3),L.ones(1,2),dims=([1],[0]))
L.tensordot(L.ones(2,3),L.ones(3,2),dims=L.tensor([[1],[0]]))
L.tensordot(L.ones(2,3),L.ones(3,2),dims=L.tensor(1))
L.tensordot(L.tensor(2.),L.tensor(3.),dims=0)
L.tensordot(L.ones(2,3),L.ones(3,2,dtype=L.float64),dims=1)
L.tensordot(L.ones(2,3,dtype=L.int64),L.ones(3,2,dtype=L.int64),dims=1)
L.einsum('ij,jk',L.ones(2,2),L.ones(2,2,dtype=L.float64))
L.einsum('ij->i',L.ones(2,2,dtype=L.int32))
L.einsum('ij,jk->ik',L.ones(2,2,dtype=L.int32),L.ones(2,2,dtype=L.int32))
L.einsum('ij,ij->ij',L.ones(2,2,dtype=L.int32),L.ones(2,2))
L.einsum('ij,jk->ik',L.ones(2,2,dtype=L.bool),L.ones(2,2,dtype=L.bool))
L.einsum('ij,jk->ik',L.ones(2,2,dtype=L.float16),L.ones(2,2,dtype=L.float16))
L.einsum('ij')
L.einsum()
L.einsum(3,L.ones(2))
L.einsum('i',3)
L.einsum(L.ones(2),[60])
L.einsum(L.ones(2,2),[0,1],[1,0])
L.einsum(L.ones(2,2),[0,1])
L.einsum(L.ones(2,2),[1,0])
L.einsum('i->j',L.ones(2))
L.einsum('i->ii',L.ones(2))
L.einsum('i,i',L.ones(2))
L.einsum('i',L.ones(2),L.ones(2))
L.einsum('ij->...',L.ones(2,2))
L.einsum('ij->...i',L.ones(2,2))
L.einsum('...ij->ij',L.ones(3,2,2))
L.einsum('i...->...',L.ones(3,2,2))
"""


@pytest.mark.parametrize("text", CALLS.strip().split("\n"))
def test_call(text):
    """Sublists, dtypes and errors, one call a line."""
    theirs, ours = (outcome(lambda L=L: eval(text, {"L": L})) for L in (torch, rl))
    if theirs[0] == "error":
        assert same_error(ours, theirs), (ours, theirs)
    else:
        check(ours[1], theirs[1])
