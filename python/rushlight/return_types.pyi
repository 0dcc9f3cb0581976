# Made by tools/make_stubs.py.
from typing import final

from rushlight._core import Tensor

def __dir__() -> list[str]: ...

class _lu_with_info(tuple[Tensor, Tensor, Tensor]):
    @property
    def LU(self) -> Tensor: ...
    @property
    def pivots(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

@final
class aminmax(tuple[Tensor, Tensor]):
    __match_args__ = ("min", "max")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def min(self) -> Tensor: ...
    @property
    def max(self) -> Tensor: ...

@final
class cummax(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class cummin(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

class frexp(tuple[Tensor, Tensor]):
    @property
    def mantissa(self) -> Tensor: ...
    @property
    def exponent(self) -> Tensor: ...

@final
class geqrf(tuple[Tensor, Tensor]):
    __match_args__ = ("a", "tau")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def a(self) -> Tensor: ...
    @property
    def tau(self) -> Tensor: ...

@final
class histogram(tuple[Tensor, Tensor]):
    __match_args__ = ("hist", "bin_edges")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def hist(self) -> Tensor: ...
    @property
    def bin_edges(self) -> Tensor: ...

@final
class histogramdd(tuple[Tensor, tuple[Tensor, ...]]):
    __match_args__ = ("hist", "bin_edges")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def hist(self) -> Tensor: ...
    @property
    def bin_edges(self) -> tuple[Tensor, ...]: ...

@final
class kthvalue(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class linalg_cholesky_ex(tuple[Tensor, Tensor]):
    __match_args__ = ("L", "info")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def L(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

class linalg_eig(tuple[Tensor, Tensor]):
    @property
    def eigenvalues(self) -> Tensor: ...
    @property
    def eigenvectors(self) -> Tensor: ...

class linalg_eigh(tuple[Tensor, Tensor]):
    @property
    def eigenvalues(self) -> Tensor: ...
    @property
    def eigenvectors(self) -> Tensor: ...

@final
class linalg_inv_ex(tuple[Tensor, Tensor]):
    __match_args__ = ("inverse", "info")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def inverse(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

class linalg_ldl_factor(tuple[Tensor, Tensor]):
    @property
    def LD(self) -> Tensor: ...
    @property
    def pivots(self) -> Tensor: ...

@final
class linalg_ldl_factor_ex(tuple[Tensor, Tensor, Tensor]):
    __match_args__ = ("LD", "pivots", "info")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def LD(self) -> Tensor: ...
    @property
    def pivots(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

class linalg_lstsq(tuple[Tensor, Tensor, Tensor, Tensor]):
    @property
    def solution(self) -> Tensor: ...
    @property
    def residuals(self) -> Tensor: ...
    @property
    def rank(self) -> Tensor: ...
    @property
    def singular_values(self) -> Tensor: ...

class linalg_lu(tuple[Tensor, Tensor, Tensor]):
    @property
    def P(self) -> Tensor: ...
    @property
    def L(self) -> Tensor: ...
    @property
    def U(self) -> Tensor: ...

class linalg_lu_factor(tuple[Tensor, Tensor]):
    @property
    def LU(self) -> Tensor: ...
    @property
    def pivots(self) -> Tensor: ...

@final
class linalg_lu_factor_ex(tuple[Tensor, Tensor, Tensor]):
    __match_args__ = ("LU", "pivots", "info")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def LU(self) -> Tensor: ...
    @property
    def pivots(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

@final
class linalg_qr(tuple[Tensor, Tensor]):
    __match_args__ = ("Q", "R")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def Q(self) -> Tensor: ...
    @property
    def R(self) -> Tensor: ...

class linalg_slogdet(tuple[Tensor, Tensor]):
    @property
    def sign(self) -> Tensor: ...
    @property
    def logabsdet(self) -> Tensor: ...

class linalg_solve_ex(tuple[Tensor, Tensor]):
    @property
    def result(self) -> Tensor: ...
    @property
    def info(self) -> Tensor: ...

class linalg_svd(tuple[Tensor, Tensor, Tensor]):
    @property
    def U(self) -> Tensor: ...
    @property
    def S(self) -> Tensor: ...
    @property
    def Vh(self) -> Tensor: ...

class lu_unpack(tuple[Tensor, Tensor, Tensor]):
    @property
    def P(self) -> Tensor: ...
    @property
    def L(self) -> Tensor: ...
    @property
    def U(self) -> Tensor: ...

@final
class max(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class median(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class min(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class mode(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

@final
class nanmedian(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

class qr(tuple[Tensor, Tensor]):
    @property
    def Q(self) -> Tensor: ...
    @property
    def R(self) -> Tensor: ...

@final
class sort(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

class svd(tuple[Tensor, Tensor, Tensor]):
    @property
    def U(self) -> Tensor: ...
    @property
    def S(self) -> Tensor: ...
    @property
    def V(self) -> Tensor: ...

@final
class topk(tuple[Tensor, Tensor]):
    __match_args__ = ("values", "indices")
    n_fields: int
    n_sequence_fields: int
    n_unnamed_fields: int
    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...

class triangular_solve(tuple[Tensor, Tensor]):
    @property
    def solution(self) -> Tensor: ...
    @property
    def cloned_coefficient(self) -> Tensor: ...
