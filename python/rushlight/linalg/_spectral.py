"""Singular values and eigenvalues."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._results import named
from rushlight.linalg._support import check_failure, check_tensor, put

_SVD = named("linalg_svd", "U S Vh")
_Eigh = named("linalg_eigh", "eigenvalues eigenvectors")
_Eig = named("linalg_eig", "eigenvalues eigenvectors")


def _check_svd(info):
    failure = _ops._linalg_failure(info)
    if failure is not None:
        check_failure(info, _svd_text, "linalg.svd")


def _svd_text(code):
    if code < 0:
        return (
            "The algorithm failed to converge because the input matrix contained "
            "non-finite values."
        )
    return (
        "The algorithm failed to converge because the input matrix is ill-conditioned "
        "or "
        f"has too many repeated singular values (error code: {code})."
    )


def _eigh_text(code):
    return (
        "The algorithm failed to converge because the input matrix is ill-conditioned, "
        f"has too many repeated eigenvalues or non-finite values (error code: {code})."
    )


def _check_driver(driver):
    if driver is not None:
        raise RuntimeError(
            "linalg.svd: keyword argument `driver=` is only supported on CUDA inputs "
            "with "
            "cuSOLVER backend."
        )


def svd(A, full_matrices=True, *, driver=None, out=None):
    """``A = U diag(S) Vh`` with orthonormal columns of ``U`` and rows of ``Vh``.

    Args:
        A (Tensor): matrices (*, m, n); k = min(m, n).
        full_matrices (bool): square ``U`` (*, m, m) and ``Vh`` (*, n, n) instead of
            (*, m, k) and (*, k, n).
        driver: for CUDA alone; None here.

    Returns:
        A named tuple ``(U, S, Vh)``; ``S`` is real and descending.

    Raises:
        LinAlgError: for NaN or infinite entries, or where the iteration does not
        converge.

    Example::

        >>> U, S, Vh = rushlight.linalg.svd(rushlight.tensor([[0., 2.], [1., 0.]]))
        >>> S
        tensor([2., 1.])
    """
    check_tensor("linalg.svd", A)
    _check_driver(driver)
    U, S, Vh, info = _ops.linalg_svd(A, full_matrices, True)
    _check_svd(info)
    return put("linalg_svd", _SVD(U, S, Vh), out)


def _records(A):
    return A.requires_grad and rushlight.is_grad_enabled()


def svdvals(A, *, driver=None, out=None):
    """The singular values of matrices (*, m, n), descending: (*, min(m, n))."""
    check_tensor("linalg.svdvals", A)
    _check_driver(driver)
    # Their derivative needs the vectors.
    _, S, _, info = _ops.linalg_svd(A, False, _records(A))
    _check_svd(info)
    return put("linalg_svdvals", S, out)


def _is_upper(op, UPLO):
    if not isinstance(UPLO, str) or UPLO.upper() not in ("U", "L"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper() == "U"


def eigh(A, UPLO="L", *, out=None):
    """Eigenvalues and eigenvectors of symmetric or Hermitian matrices.

    Args:
        A (Tensor): (*, n, n).
        UPLO (str): the triangle to read, 'L' or 'U'.

    Returns:
        A named tuple ``(eigenvalues, eigenvectors)``: real and ascending (*, n), and
        orthonormal columns (*, n, n).

    Raises:
        LinAlgError: where the iteration does not converge, or for non-finite entries.

    Example::

        >>> rushlight.linalg.eigh(rushlight.tensor([[3., 0.], [0., 1.]])).eigenvalues
        tensor([1., 3.])
    """
    check_tensor("linalg.eigh", A)
    values, vectors, info = _ops.linalg_eigh(A, _is_upper("linalg.eigh", UPLO), True)
    check_failure(info, _eigh_text, "linalg.eigh")
    return put("linalg_eigh", _Eigh(values, vectors), out)


def eigvalsh(A, UPLO="L", *, out=None):
    """The ascending eigenvalues of symmetric or Hermitian matrices: (*, n)."""
    check_tensor("linalg.eigvalsh", A)
    upper = _is_upper("linalg.eigvalsh", UPLO)
    values, _, info = _ops.linalg_eigh(A, upper, _records(A))
    check_failure(info, _eigh_text, "linalg.eigh")
    return put("linalg_eigvalsh", values, out)


def _check_eig(info):
    failure = _ops._linalg_failure(info)
    if failure is None:
        return
    if failure[1] < 0:
        raise RuntimeError(
            "torch.linalg.eig: input tensor should not contain infs or NaNs."
        )
    check_failure(info, _eig_text, "linalg.eig")


def _eig_text(code):
    return (
        "The algorithm failed to converge because the input matrix is ill-conditioned "
        "or "
        f"has too many repeated eigenvalues (error code: {code})."
    )


def eig(A, *, out=None):
    """Eigenvalues and eigenvectors of square matrices, always complex.

    Args:
        A (Tensor): (*, n, n).

    Returns:
        A named tuple ``(eigenvalues, eigenvectors)``, (*, n) and columns of norm 1.

    Raises:
        RuntimeError: for NaN or infinite entries.
        LinAlgError: where the iteration does not converge.
    """
    check_tensor("linalg.eig", A)
    values, vectors, info = _ops.linalg_eig(A, True)
    _check_eig(info)
    return put("linalg_eig", _Eig(values, vectors), out)


def eigvals(A, *, out=None):
    """The eigenvalues of square matrices (*, n, n), complex: (*, n)."""
    check_tensor("linalg.eigvals", A)
    values, _, info = _ops.linalg_eig(A, _records(A))
    _check_eig(info)
    return put("linalg_eigvals", values, out)
