# Made by tools/make_stubs.py.
from contextlib import AbstractContextManager
from typing import Any

from rushlight._core import Tensor
from rushlight._ops import Generator

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

def _calculate_correct_fan(tensor: Tensor, mode: str) -> int: ...
def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]: ...
def _suspended() -> AbstractContextManager[Any]: ...
def calculate_gain(nonlinearity: str, param: float | None = None) -> float: ...
def constant(*args: Any, **kwargs: Any) -> Tensor: ...
def constant_(tensor: Tensor, val: float) -> Tensor: ...
def dirac(*args: Any, **kwargs: Any) -> Tensor: ...
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor: ...
def eye(*args: Any, **kwargs: Any) -> Tensor: ...
def eye_(tensor: Tensor) -> Tensor: ...
def kaiming_normal(*args: Any, **kwargs: Any) -> Tensor: ...
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor: ...
def kaiming_uniform(*args: Any, **kwargs: Any) -> Tensor: ...
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor: ...
def normal(*args: Any, **kwargs: Any) -> Tensor: ...
def normal_(
    tensor: Tensor,
    mean: float | Tensor = 0.0,
    std: float | Tensor = 1.0,
    generator: Generator | None = None,
) -> Tensor: ...
def ones_(tensor: Tensor) -> Tensor: ...
def orthogonal(*args: Any, **kwargs: Any) -> Tensor: ...
def orthogonal_(
    tensor: Tensor, gain: float = 1, generator: Generator | None = None
) -> Tensor: ...
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor: ...
def uniform(*args: Any, **kwargs: Any) -> Tensor: ...
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor: ...
def xavier_normal(*args: Any, **kwargs: Any) -> Tensor: ...
def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor: ...
def xavier_uniform(*args: Any, **kwargs: Any) -> Tensor: ...
def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor: ...
def zeros_(tensor: Tensor) -> Tensor: ...
