# Made by tools/make_stubs.py.
from collections.abc import Sequence
from typing import Any

from rushlight._core import Tensor
from rushlight._ops import Generator as Generator
from rushlight._ops import default_generator as default_generator
from rushlight._typing import Number

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]

class fork_rng:
    enabled: bool
    def __enter__(self) -> None: ...
    def __exit__(self, *exc: object) -> None: ...
    def __init__(
        self,
        devices: Sequence[Any] | None = None,
        enabled: bool = True,
        device_type: str = "cuda",
    ) -> None: ...

def _bernoulli_(
    self: Tensor, p: Number = 0.5, *, generator: Generator | None = None
) -> Tensor: ...
def _random_(
    self: Tensor, *args: Any, generator: Generator | None = None, **kwargs: Any
) -> Tensor: ...
def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor: ...
def get_rng_state() -> Tensor: ...
def initial_seed() -> int: ...
def manual_seed(seed: int) -> Generator: ...
def normal(
    mean: float | Tensor = 0.0,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    **options: Any,
) -> Tensor: ...
def rand(
    *size: int | Sequence[int], generator: Generator | None = None, **options: Any
) -> Tensor: ...
def rand_like(
    input: Tensor, *, generator: Generator | None = None, **options: Any
) -> Tensor: ...
def randint(
    low: int = 0,
    high: int | None = None,
    size: Sequence[Any] | None = None,
    *,
    generator: Generator | None = None,
    **options: Any,
) -> Tensor: ...
def randint_like(
    input: Tensor,
    low: int = 0,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    **options: Any,
) -> Tensor: ...
def randn(
    *size: int | Sequence[int], generator: Generator | None = None, **options: Any
) -> Tensor: ...
def randn_like(
    input: Tensor, *, generator: Generator | None = None, **options: Any
) -> Tensor: ...
def randperm(
    n: int, *, generator: Generator | None = None, **options: Any
) -> Tensor: ...
def seed() -> int: ...
def set_rng_state(new_state: Tensor) -> None: ...
