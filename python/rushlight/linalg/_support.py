"""What the linear algebra functions share: errors, named results, out=."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import give


class LinAlgError(RuntimeError):
    """A factorization failed, or an iteration did not converge."""

    __module__ = "rushlight.linalg"


def check_failure(info, text, op, error=LinAlgError):
    """Raises where a matrix's LAPACK code is not 0.

    ``text(code)`` says what the code means.
    """
    failure = _ops._linalg_failure(info)
    if failure is None:
        return
    place, code = failure
    where = f"(Batch element {place}): " if info.dim() else ""
    raise error(f"{op}: {where}{text(code)}")


def singular(code):
    """The text for a zero pivot."""
    return (
        f"The diagonal element {code} is zero, the solve could not be completed "
        "because "
        "the input matrix is singular."
    )


# Functions whose out= may have another dtype of the same or a higher category.
_CASTING = frozenset(
    "linalg_cond linalg_matrix_power_copy linalg_pinv linalg_tensorinv "
    "linalg_tensorsolve linalg_matrix_rank kron "
    "linalg_householder_product addr cholesky cholesky_solve cholesky_inverse geqrf "
    "linalg_eig linalg_eigvals linalg_lstsq".split()
)

# Functions whose out=, where it has to be resized, gets LAPACK's order of elements.
_COLUMN_MAJOR = frozenset(
    "linalg_cholesky linalg_cholesky_ex linalg_inv linalg_inv_ex linalg_qr "
    "linalg_lu_factor "
    "linalg_lu_factor_ex linalg_lu_solve linalg_solve_triangular linalg_ldl_factor "
    "linalg_ldl_factor_ex linalg_ldl_solve linalg_householder_product cholesky_inverse "
    "geqrf ormqr lu_solve triangular_solve qr linalg_lstsq".split()
)
# And of these one that was empty alone.
_ONLY_EMPTY = frozenset(
    "geqrf ormqr linalg_householder_product cholesky_inverse linalg_lstsq".split()
)


def put(op, result, out, matrix=True):
    """``result``, or ``out`` after it took its values; tuples item by item."""
    if out is None:
        return result
    if isinstance(result, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(
                f"{op}(): argument 'out' must be tuple of {len(result)} Tensors, not "
                f"{type(out).__name__}"
            )
        most = max(value.dim() for value in result)
        for value, target in zip(result, out):
            put(op, value, target, value.dim() == most)
        return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
    if op not in _CASTING and isinstance(out, Tensor) and out.dtype != result.dtype:
        raise RuntimeError(
            f"{op}(): Expected out tensor to have dtype {result.dtype}, but got "
            f"{out.dtype} instead"
        )
    resized = isinstance(out, Tensor) and (
        out.numel() == 0 if op in _ONLY_EMPTY else out.shape != result.shape
    )
    give(op, result, out)
    if resized and matrix and op in _COLUMN_MAJOR:
        order = result.mT.contiguous().mT if result.dim() > 1 else result
        out.as_strided_(order.shape, order.stride()).copy_(order)
    return out


def check_tensor(op, value, name="A", position=1):
    """The argument, a Tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{op}(): argument '{name}' (position {position}) must be Tensor, not "
            f"{type(value).__name__}"
        )
    return value


def check_float(op, A):
    """Raises unless the dtype is floating or complex of at least 32 bits a part."""
    if not (A.is_floating_point() or A.is_complex()):
        raise RuntimeError(
            f"{op}: Expected a floating point or complex tensor as input. Got {A.dtype}"
        )
    if A.dtype.itemsize == 2:
        raise RuntimeError(f"{op}: Low precision dtypes not supported. Got {A.dtype}")


def check_square(op, A):
    """Raises unless the last two dims are a square matrix."""
    check_matrix(op, A)
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{op}: A must be batches of square matrices, but they are "
            f"{A.shape[-2]} by {A.shape[-1]} matrices"
        )


def check_matrix(op, A, name="A"):
    """Raises unless there are two dims."""
    check_tensor(op, A, name)
    if A.dim() < 2:
        raise RuntimeError(
            f"{op}: The input tensor {name} must have at least 2 dimensions."
        )


def adjoint(A):
    """The conjugate transpose of the last two dims."""
    return A.mT.conj() if A.is_complex() else A.mT


def real_dtype(dtype):
    """The dtype of a modulus."""
    if dtype == rushlight.complex64:
        return rushlight.float32
    if dtype == rushlight.complex128:
        return rushlight.float64
    return dtype
