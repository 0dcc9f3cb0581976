# Made by tools/make_stubs.py.
from rushlight._core import Tensor, dtype, layout
from rushlight._typing import Device

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]

def bartlett(
    M: Tensor,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def cosine(
    M: Tensor,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def general_cosine(
    M: int,
    *,
    a: Tensor,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: layout = ...,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor: ...
