"""Derivatives of factorizations, solvers and spectra.

``g`` is the gradient of the real loss with respect to the conjugate of a result, so the
adjoint of a linear map appears where real numbers would have its transpose. Sources:

- Giles, "An extended collection of matrix derivative results" (2008): solve, inverse,
determinant; - Murray, "Differentiation of the Cholesky decomposition" (2016);
- Walter and Lehmann, "Algorithmic differentiation of linear algebra functions" (2010):
QR; - Boeddeker et al., "On the computation of complex-valued gradients" (2017):
eigenvectors; - Townsend, "Differentiating the singular value decomposition" (2016).
"""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.autograd._rules_reductions import _products_of_others


def _h(x):
    return x.mT.conj() if x.is_complex() else x.mT


def _diagonal(x):
    return _ops.diagonal(x, 0, -2, -1)


def _diagonal_matrix(d):
    """(*, n) to (*, n, n)."""
    return rushlight.eye(d.shape[-1], dtype=d.dtype, device=d.device) * d.unsqueeze(-2)


def _imaginary(x):
    """i times a real tensor."""
    return rushlight.complex(rushlight.zeros_like(x), x)


# -- Cholesky --------------------------------------------------------------------------


def _cholesky(g, upper, result0):
    L, gL = (_h(result0), _h(g[0])) if upper else (result0, g[0])
    product = _h(L) @ gL
    # The adjoint of dL = L half(L^-1 dA L^-H); what a complex loss makes of the real
    # diagonal's imaginary part is kept, as in PyTorch.
    middle = (_ops.tril(product) + _h(_ops.tril(product, -1))) / 2
    inner = _ops.linalg_solve_triangular(_h(L), middle, True, True, False)
    return _ops.linalg_solve_triangular(L, inner, False, False, False)


# -- LU --------------------------------------------------------------------------------


def _lu_factor(g, result0, result1):
    g, LU = g[0], result0
    m, n = LU.shape[-2:]
    k = min(m, n)
    eye = rushlight.eye(k, dtype=LU.dtype, device=LU.device)
    order = _ops.linalg_lu_permutation(result1, m)
    P = rushlight.zeros(*order.shape[:-1], m, m, dtype=LU.dtype, device=LU.device)
    P = P.scatter(-2, order.unsqueeze(-2), 1.0)
    # The square blocks; the rest of L (tall) or of U (wide) hangs on them.
    L1 = _ops.tril(LU[..., :k, :k], -1) + eye
    U1 = _ops.triu(LU[..., :k, :k])
    low = _h(L1) @ g[..., :k, :k].tril(-1)
    high = g[..., :k, :k].triu() @ _h(U1)
    if m > n:
        high = high - _h(LU[..., k:, :]) @ g[..., k:, :]
    elif n > m:
        low = low - g[..., k:] @ _h(LU[..., k:])
    middle = _ops.tril(low, -1) + _ops.triu(high)
    inner = _ops.linalg_solve_triangular(_h(L1), middle, True, True, True)
    if m > n:
        whole = rushlight.cat([inner, g[..., k:, :]], -2)
        return P @ _ops.linalg_solve_triangular(_h(U1), whole, False, False, False)
    first = _ops.linalg_solve_triangular(_h(U1), inner, False, False, False)
    if n > m:
        rest = _ops.linalg_solve_triangular(_h(L1), g[..., k:], True, True, True)
        first = rushlight.cat([first, rest], -1)
    return P @ first


# -- solvers ---------------------------------------------------------------------------


def _adjoint_solve(g, A, LU, pivots, left):
    # A second derivative goes through A, not through the factors.
    if rushlight.is_grad_enabled():
        return _ops.linalg_solve_ex(_h(A), g, left)[0]
    return _ops.linalg_lu_solve(LU, pivots, g, left, True)


def _solve_other(g, input, left, result1, result2):
    return _adjoint_solve(g[0], input, result1, result2, left)


def _solve_input(g, input, left, result0, result1, result2):
    inner = _adjoint_solve(g[0], input, result1, result2, left)
    return -(inner @ _h(result0) if left else _h(result0) @ inner)


def _triangular_other(g, input, upper, left, unitriangular):
    return _ops.linalg_solve_triangular(_h(input), g, not upper, left, unitriangular)


def _triangular_input(g, input, upper, left, unitriangular, result):
    inner = _triangular_other(g, input, upper, left, unitriangular)
    whole = -(inner @ _h(result) if left else _h(result) @ inner)
    away = 1 if unitriangular else 0
    return _ops.triu(whole, away) if upper else _ops.tril(whole, -away)


def _inverse(g, result0):
    return -(_h(result0) @ g[0] @ _h(result0))


def _lstsq_parts(g, input, other, result0):
    from rushlight.linalg import pinv

    solution, residuals = g[0], g[1]
    P = pinv(input)
    back = None if solution is None else _h(P) @ solution
    # |A X - B|^2 at the minimum: X itself does not move it.
    error = None
    if residuals is not None and residuals.numel():
        error = 2 * (input @ result0 - other) * residuals.unsqueeze(-2)
    return P, back, error


def _lstsq_input(g, input, other, result0):
    from rushlight.linalg._norms import pinv_gradient

    P, back, error = _lstsq_parts(g, input, other, result0)
    total = None
    if back is not None:
        total = pinv_gradient(g[0] @ _h(other), input, P)
    if error is not None:
        part = error @ _h(result0)
        total = part if total is None else total + part
    return total


def _lstsq_other(g, input, other, result0):
    _, back, error = _lstsq_parts(g, input, other, result0)
    if back is None:
        return None if error is None else -error
    return back if error is None else back - error


# -- determinants ----------------------------------------------------------------------


def _adjugate(A, scale):
    # Higham, "What is the adjugate of a matrix?" (2020): U adj(S) V^H up to det(U)
    # det(V^H).
    U, S, Vh, _ = _ops.linalg_svd(A, False, True)
    unit = _ops.linalg_det(U)[0] * _ops.linalg_det(Vh)[0]
    unit = unit.conj() if unit.is_complex() else unit
    others = _products_of_others(S) * (scale * unit).unsqueeze(-1)
    return (U * others.unsqueeze(-2)) @ Vh


def _det(g, input, result0, result1, result2):
    g = g[0]
    n = input.shape[-1]
    if n == 0:
        return rushlight.zeros_like(input)
    singular = (result0 == 0).reshape(-1)
    if not _ops.any(singular).item():
        value = g * (result0.conj() if result0.is_complex() else result0)
        scaled = _diagonal_matrix(value.unsqueeze(-1).expand(*value.shape, n))
        return _adjoint_solve(scaled, input, result1, result2, True)
    flat, scale = input.reshape(-1, n, n), g.reshape(-1)
    # Both kinds, each computed only where it is right.
    bad, good = singular.nonzero().squeeze(-1), (~singular).nonzero().squeeze(-1)
    parts = [_adjugate(flat[bad], scale[bad])]
    if good.numel():
        value = scale[good]
        value = value * (
            result0.reshape(-1)[good].conj()
            if value.is_complex()
            else result0.reshape(-1)[good]
        )
        scaled = _diagonal_matrix(value.unsqueeze(-1).expand(*value.shape, n))
        parts.append(_ops.linalg_solve_ex(_h(flat[good]), scaled, True)[0])
    place = rushlight.cat([bad, good])
    whole = rushlight.zeros_like(flat).index_copy(0, place, rushlight.cat(parts))
    return whole.reshape(input.shape)


def _slogdet(g, input, result0, result2, result3):
    g_sign, g_log = g[0], g[1]
    n = input.shape[-1]
    if not input.is_complex():
        if g_log is None:
            return rushlight.zeros_like(input)
        value = g_log
    else:
        value = None if g_log is None else g_log.to(input.dtype)
        if g_sign is not None:
            turn = _imaginary((g_sign.conj() * result0).imag)
            value = -turn if value is None else value - turn
    scaled = _diagonal_matrix(value.unsqueeze(-1).expand(*value.shape, n))
    return _adjoint_solve(scaled, input, result2, result3, True)


# -- QR --------------------------------------------------------------------------------


def _qr_tall(gQ, gR, Q, R):
    middle = None
    if gR is not None:
        middle = gR @ _h(R)
    if gQ is not None:
        overlap = _h(Q) @ gQ
        middle = -overlap if middle is None else middle - overlap
    upper = _ops.triu(middle)
    diagonal = _diagonal(upper)
    diagonal = diagonal.real.to(upper.dtype) if upper.is_complex() else diagonal
    whole = Q @ (upper + _h(upper) - _diagonal_matrix(diagonal))
    if gQ is not None:
        whole = whole + gQ
    return _ops.linalg_solve_triangular(_h(R), whole, False, False, False)


def _qr(g, input, mode, result0, result1):
    gQ, gR, Q, R = g[0], g[1], result0, result1
    m, n = input.shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when "
            "mode='r'. "
            "Please use linalg.qr(A, mode='reduced') if you are going to use backward."
        )
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and "
            "nrows > "
            "ncols."
        )
    if gQ is None and gR is None:
        return None
    if m >= n:
        return _qr_tall(gQ, gR, Q, R)
    # A = [X Y] = Q [U V]: Q and U come from X alone, and V = Q^H Y.
    if gR is None:
        first = _qr_tall(gQ, None, Q, R[..., :m])
        return rushlight.cat([first, rushlight.zeros_like(input[..., m:])], -1)
    gV = gR[..., m:]
    through = input[..., m:] @ _h(gV)
    gQ = through if gQ is None else gQ + through
    first = _qr_tall(gQ, gR[..., :m].triu(), Q, R[..., :m])
    return rushlight.cat([first, Q @ gV], -1)


# -- spectra ---------------------------------------------------------------------------


def _check_phase(op, overlap, of):
    """Complex vectors are known up to a phase; a loss that sees it has no gradient."""
    turn = _diagonal(overlap.detach()).imag
    if turn.numel() and _ops.amax(turn.abs()).item() > 1e-2:
        raise RuntimeError(
            f"{op}_backward: The {of} in the complex case are specified up to "
            "multiplication "
            "by e^{i phi}. The specified loss function depends on this quantity, so "
            "it is "
            "ill-defined."
        )


def _differences(x):
    """x_j - x_i, with ones on the diagonal."""
    eye = rushlight.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return x.unsqueeze(-2) - x.unsqueeze(-1) + eye


def _without_diagonal(x):
    return x * (1 - rushlight.eye(x.shape[-1], dtype=x.dtype, device=x.device))


def _eigh(g, vectors, result0, result1):
    gL, gV, L, V = g[0], g[1], result0, result1
    if not vectors:
        raise RuntimeError("linalg.eigvalsh: its gradient needs the eigenvectors")
    if gV is None:
        return None if gL is None else (V * gL.unsqueeze(-2)) @ _h(V)
    overlap = _h(V) @ gV
    if V.is_complex():
        _check_phase("linalg_eigh", overlap, "eigenvectors")
    middle = _without_diagonal(overlap / _differences(L))
    # V moves within the unitary matrices alone.
    middle = (middle + _h(middle)) / 2
    if gL is not None:
        middle = middle + _diagonal_matrix(gL)
    return V @ middle @ _h(V)


def _eig(g, input_dtype, vectors, result0, result1):
    gL, gV, L, V = g[0], g[1], result0, result1
    if not vectors:
        raise RuntimeError("linalg.eigvals: its gradient needs the eigenvectors")
    if gV is None and gL is None:
        return None
    if gV is None:
        middle = gL.unsqueeze(-1) * _h(V)
    else:
        overlap = _h(V) @ gV
        _check_phase("linalg_eig", overlap, "eigenvectors")
        kept = _diagonal(overlap).real.to(overlap.dtype)
        inner = overlap - (_h(V) @ V) * kept.unsqueeze(-2)
        inner = _without_diagonal(inner / _differences(L).conj())
        if gL is not None:
            inner = inner + _diagonal_matrix(gL)
        middle = inner @ _h(V)
    whole = _ops.linalg_solve_ex(_h(V), middle, True)[0]
    return whole if input_dtype.is_complex else whole.real


def _skew(x):
    return x - _h(x)


def _svd(g, input_shape, vectors, result0, result1, result2):
    gU, gS, gVh = g[0], g[1], g[2]
    U, S, Vh = result0, result1, result2
    if not vectors:
        raise RuntimeError("linalg.svdvals: its gradient needs the singular vectors")
    if gU is None and gS is None and gVh is None:
        return None
    m, n = input_shape[-2:]
    k = min(m, n)
    # The rest of full matrices is any basis: no gradient comes from there.
    U, Vh = U[..., :k], Vh[..., :k, :]
    gU = None if gU is None else gU[..., :k]
    gVh = None if gVh is None else gVh[..., :k, :]
    if gU is None and gVh is None:
        if m >= n:
            return U @ (gS.unsqueeze(-1) * Vh)
        return (U * gS.unsqueeze(-2)) @ Vh
    left = None if gU is None else _h(U) @ gU
    right = None if gVh is None else Vh @ _h(gVh)
    if U.is_complex():
        total = left if right is None else right if left is None else left + right
        _check_phase("svd", total, "singular vectors")
    squares = _differences(S * S)
    middle = 0
    if left is not None:
        middle = middle + _skew(left) * S.unsqueeze(-2)
    if right is not None:
        middle = middle + _skew(right) * S.unsqueeze(-1)
    middle = _without_diagonal(middle / squares)
    if gS is not None:
        middle = middle + _diagonal_matrix(gS)
    if U.is_complex() and left is not None and right is not None:
        middle = middle + _diagonal_matrix(_diagonal(_skew(left)) / (2 * S))
    result = U @ middle
    if m > k and gU is not None:
        result = result + (gU - U @ left) / S.unsqueeze(-2)
    result = result @ Vh
    if n > k and gVh is not None:
        result = result + U @ ((gVh - _h(right) @ Vh) / S.unsqueeze(-1))
    return result


RULES = {
    "linalg_cholesky_ex": dict(input=_cholesky),
    "linalg_lu_factor_ex": dict(input=_lu_factor),
    "linalg_lu_solve": dict(
        other=lambda g, input, pivots, left, adjoint: _ops.linalg_lu_solve(
            input, pivots, g, left, not adjoint
        )
    ),
    "linalg_solve_ex": dict(input=_solve_input, other=_solve_other),
    "linalg_inv_ex": dict(input=_inverse),
    "linalg_solve_triangular": dict(input=_triangular_input, other=_triangular_other),
    "linalg_lstsq": dict(input=_lstsq_input, other=_lstsq_other),
    "linalg_det": dict(input=_det),
    "linalg_slogdet": dict(input=_slogdet),
    "linalg_qr": dict(input=_qr),
    "linalg_eigh": dict(input=_eigh),
    "linalg_eig": dict(input=_eig),
    "linalg_svd": dict(input=_svd),
}
