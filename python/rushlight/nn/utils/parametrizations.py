"""Ready-made parametrizations: orthogonal, weight-normalized, spectrally normalized."""

from __future__ import annotations

import enum

import rushlight
from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module
from rushlight.nn.utils import parametrize
from rushlight.nn.utils._power_iteration import output_dim, rows_first
from rushlight.nn.utils._typing import M
from rushlight.nn.utils.weight_norm import scaled_direction

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _OrthMaps(enum.Enum):
    matrix_exp = 1
    cayley = 2
    householder = 3


def _is_orthogonal(matrix) -> bool:
    rows, columns = matrix.shape[-2:]
    identity = rushlight.eye(columns, dtype=matrix.dtype, device=matrix.device)
    tolerance = 10.0 * rows * rushlight.finfo(matrix.dtype).eps
    return rushlight.allclose(matrix.mH @ matrix, identity, atol=tolerance)


def _orthogonal_factor(matrix):
    """Return Q of a tall matrix's QR factors with R's diagonal real and positive."""
    reflectors, tau = rushlight.geqrf(matrix)
    q = rushlight.linalg.householder_product(reflectors, tau)
    return q * _diagonal(reflectors).sgn().unsqueeze(-2)


def _diagonal(matrix):
    return matrix.diagonal(dim1=-2, dim2=-1)


class _Orthogonal(Module):
    """A map from any matrix to one with orthonormal columns, or rows if it is wide."""

    def __init__(self, weight, orthogonal_map, *, use_trivialization=True) -> None:
        super().__init__()
        # A complex reflector has a free phase: its entries do not determine its tau.
        if weight.is_complex() and orthogonal_map == _OrthMaps.householder:
            raise ValueError(
                "The householder parametrization does not support complex tensors."
            )
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X):
        wide = X.shape[-2] < X.shape[-1]
        if wide:
            X = X.mT
        if self.orthogonal_map == _OrthMaps.householder:
            q = _householder_matrix(X)
        else:
            q = self._map_skew_matrix(X)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if wide else q

    def _map_skew_matrix(self, tall):
        rows, columns = tall.shape[-2:]
        lower = tall.tril()
        if rows != columns:
            padding = lower.new_zeros(*lower.shape[:-1], rows - columns)
            lower = rushlight.cat([lower, padding], dim=-1)
        skew = lower - lower.mH
        if self.orthogonal_map == _OrthMaps.matrix_exp:
            q = rushlight.linalg.matrix_exp(skew)
        else:
            identity = rushlight.eye(rows, dtype=skew.dtype, device=skew.device)
            half = 0.5 * skew
            q = rushlight.linalg.solve(identity - half, identity + half)
        return q[..., :columns]

    @rushlight.no_grad()
    def right_inverse(self, Q):
        if Q.shape != self.shape:
            raise ValueError(
                "Expected a matrix or batch of matrices of shape "
                f"{self.shape}. Got a tensor of shape {Q.shape}."
            )
        wide = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if wide else Q
        if not hasattr(self, "base"):
            reflectors = self._reflectors_of(tall)
            return reflectors.mT if wide else reflectors
        self.base = _complete_basis(tall)
        # The negative identity is where all three maps give the identity: its lower
        # triangle is zero, and Householder's takes its signs from the diagonal.
        start = rushlight.zeros_like(Q)
        _diagonal(start).fill_(-1.0)
        return start

    def _reflectors_of(self, tall):
        if self.orthogonal_map != _OrthMaps.householder:
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        reflectors, tau = rushlight.geqrf(tall)
        signs = _diagonal(reflectors).sign()
        # LAPACK writes tau = 0 for a reflector that it skips: no sign flip there.
        signs = rushlight.where(tau == 0, -signs, signs)
        _diagonal(reflectors).copy_(signs)
        return reflectors


def _householder_matrix(tall):
    below = tall.tril(diagonal=-1)
    tau = 2.0 / (1.0 + (below * below).sum(dim=-2))
    q = rushlight.linalg.householder_product(below, tau)
    # The diagonal holds signs; as integers they take no part in the gradient.
    return q * _diagonal(tall).int().unsqueeze(-2)


def _complete_basis(tall):
    rows, columns = tall.shape[-2:]
    if rows == columns:
        return tall.clone() if _is_orthogonal(tall) else _orthogonal_factor(tall)
    others = rushlight.randn(
        *tall.shape[:-2], rows, rows - columns, dtype=tall.dtype, device=tall.device
    )
    return _orthogonal_factor(rushlight.cat([tall, others], dim=-1))


def orthogonal(
    module: M,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> M:
    """Keep a matrix of a module orthogonal (unitary if it is complex).

    A tall matrix has orthonormal columns, a wide one orthonormal rows; further dims are
    batches. The three maps from the free tensor are the exponential of a skew matrix
    A, Cayley's ``(I - A/2)^-1 (I + A/2)``, and a product of Householder reflections.

    Args:
        module: the module to change.
        name: its parameter or buffer of at least two dims. Default: ``"weight"``.
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``. Default:
            the first for square and complex matrices, else the last.
        use_trivialization: multiply by a fixed orthogonal matrix, the value assigned
            last, so that the map is used near its centre (Lezcano-Casado 2019,
            "Trivializations for gradient-based optimization on manifolds").
            Default: ``True``.

    Returns:
        ``module``.

    Raises:
        ValueError: no such tensor, fewer than two dims, an unknown map, or Householder
            for a complex tensor.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(3, 4))
        >>> product = layer.weight.T @ layer.weight
        >>> rushlight.allclose(product, rushlight.eye(3), atol=1e-5)
        True
    """
    weight = _tensor_named(module, name)
    if weight.ndim < 2:
        raise ValueError(
            "Expected a matrix or batch of matrices. Got a tensor of "
            f"{weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = (
            "matrix_exp" if square or weight.is_complex() else "householder"
        )
    if orthogonal_map not in _OrthMaps.__members__:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    parametrization = _Orthogonal(
        weight, _OrthMaps[orthogonal_map], use_trivialization=use_trivialization
    )
    return parametrize.register_parametrization(
        module, name, parametrization, unsafe=True
    )


class _WeightNorm(Module):
    def __init__(self, dim=0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return scaled_direction(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return rushlight.norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into its length and its direction (Salimans and Kingma 2016).

    ``weight = g * v / ||v||``, with ``g`` in ``parametrizations.weight.original0`` and
    ``v`` in ``original1``. A state_dict of the older
    :func:`rushlight.nn.utils.weight_norm` can be loaded.

    Args:
        module: the module to change.
        name: the name of its weight. Default: ``"weight"``.
        dim: the dim with one length an index; ``None`` for one length in all.
            Default: 0.

    Returns:
        ``module``.

    Example:
        >>> from rushlight import nn
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> tuple(layer.parametrizations.weight.original0.shape)
        (40, 1)
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename_older_entries(state_dict, prefix, *unused):
        older = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in older):
            for at, key in enumerate(older):
                new = f"{prefix}parametrizations.{name}.original{at}"
                state_dict[new] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename_older_entries)
    return module


class _SpectralNorm(Module):
    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                "Dimension out of range (expected to be in range of "
                f"[-{ndim}, {ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim == 1:
            # The norm of a vector is exact: nothing to iterate.
            return
        self.n_power_iterations = n_power_iterations
        matrix = rows_first(weight, self.dim)
        for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
            start = matrix.new_empty(size).normal_(0, 1)
            self.register_buffer(name, F.normalize(start, dim=0, eps=eps))
        self._power_method(matrix, 15)

    @rushlight.no_grad()
    def _power_method(self, matrix, n_power_iterations) -> None:
        for _ in range(n_power_iterations):
            self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(matrix.H.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight):
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = rows_first(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies: the next forward writes into the buffers before this one's backward.
        u, v = self._u.clone(), self._v.clone()
        return weight / rushlight.vdot(u, matrix.mv(v))

    def right_inverse(self, value):
        return value


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a weight by its largest singular value (Miyato et al. 2018).

    The value is approximated by power iteration, whose vectors are kept: every read of
    the weight in training mode refines them. A vector is divided by its norm.

    Args:
        module: the module to change.
        name: the name of its weight. Default: ``"weight"``.
        n_power_iterations: iterations for every read. Default: 1.
        eps: the least norm divided by. Default: 1e-12.
        dim: the dim of the outputs, the matrix's rows. Default: 1 for transposed
            convolutions, else 0.

    Returns:
        ``module``.

    Raises:
        ValueError: no such tensor, or ``n_power_iterations`` not positive.
        IndexError: ``dim`` is out of range.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> layer = nn.Linear(2, 2)
        >>> nn.init.eye_(layer.weight).data.mul_(5.0)
        tensor([[5., 0.],
                [0., 5.]])
        >>> layer = nn.utils.parametrizations.spectral_norm(layer)
        >>> rushlight.allclose(layer.weight, rushlight.eye(2), atol=1e-4)
        True
    """
    weight = _tensor_named(module, name)
    dim = output_dim(module) if dim is None else dim
    return parametrize.register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )


def _tensor_named(module, name):
    tensor = getattr(module, name, None)
    if not isinstance(tensor, rushlight.Tensor):
        raise ValueError(
            f"Module '{module}' has no parameter or buffer with name '{name}'"
        )
    return tensor
