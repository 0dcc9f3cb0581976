# Made by tools/make_stubs.py.
from collections.abc import Sequence

from rushlight._core import Tensor, dtype
from rushlight._typing import Device, Dims

__all__ = [
    "fft",
    "ifft",
    "fftn",
    "ifftn",
    "rfft",
    "irfft",
    "rfftn",
    "irfftn",
    "hfft",
    "ihfft",
    "fftfreq",
    "rfftfreq",
    "fftshift",
    "ifftshift",
]

def fft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def fftfreq(
    n: int,
    /,
    *,
    d: float = 1.0,
    dtype: dtype | None = None,
    device: Device | None = None,
) -> Tensor: ...
def fftn(
    x: Tensor,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor: ...
def fftshift(x: Tensor, /, *, axes: Dims | None = None) -> Tensor: ...
def hfft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def ifft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def ifftn(
    x: Tensor,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor: ...
def ifftshift(x: Tensor, /, *, axes: Dims | None = None) -> Tensor: ...
def ihfft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def irfft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def irfftn(
    x: Tensor,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor: ...
def rfft(
    x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
) -> Tensor: ...
def rfftfreq(
    n: int,
    /,
    *,
    d: float = 1.0,
    dtype: dtype | None = None,
    device: Device | None = None,
) -> Tensor: ...
def rfftn(
    x: Tensor,
    /,
    *,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str = "backward",
) -> Tensor: ...
