"""What a benchmark row is, and the few differences between the libraries it runs on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

FAMILIES = (
    "bench_small",
    "bench_autograd",
    "bench_elementwise",
    "bench_reduce",
    "bench_index",
    "bench_sort",
    "bench_linalg",
    "bench_nn",
    "bench_recurrent",
    "bench_optim",
    "bench_layers",
    "bench_resampling",
    "bench_startup",
)
SAME = "same"
NAME_WIDTH = 44


class Target(Enum):
    """How fast Rushlight has to be, beside never losing to the faster rival."""

    FASTEST = "not slower than the faster of NumPy and PyTorch"
    SMALL = "half of NumPy's time, a fifth of PyTorch's"
    GRAD = "a fifth of PyTorch's time"
    STEP = "a quarter of PyTorch's time"
    IMPORT = "1.3 times NumPy's time"
    BANDWIDTH = "70% of the machine's copy bandwidth"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: what is timed, unique within its family.
        setup: called once in a library's worker; returns the names `run` uses.
        run: the timed statement, written once for every library; beside `setup`'s
            names it sees `xp` (the library), `nn` and `F`. It is source text because a
            Python function around it would cost as much as the small ops themselves.
        numpy: NumPy's statement, where PyTorch's API and NumPy's differ; None where
            NumPy has no such thing.
        target: what Rushlight promises for this row.
        moved_bytes: bytes that one call reads and writes; a copy that moves as many is
            timed beside it.
        measure: takes (library, number of calls) and returns seconds, instead of a loop
            around `run`.
    """

    name: str
    setup: Callable[[Library], dict[str, Any]]
    run: str
    numpy: str | None = SAME
    target: Target = Target.FASTEST
    moved_bytes: int = 0
    measure: Callable[[Library, int], float] | None = None

    def statement(self, library: str) -> str | None:
        """The source to time for `library`, or None where it has no such thing."""
        if library == "numpy" and self.numpy != SAME:
            return self.numpy
        return self.run


class Library:
    """One library: its modules and the same input data in its own arrays."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads
        self.xp = importlib.import_module(name)
        self.nn = self.functional = self.optim = None
        if name != "numpy":
            self.nn = importlib.import_module(f"{name}.nn")
            self.functional = importlib.import_module(f"{name}.nn.functional")
            self.optim = importlib.import_module(f"{name}.optim")
            self.xp.set_num_threads(threads)

    @property
    def version(self) -> str:
        return str(getattr(self.xp, "__version__", "unknown"))

    def wrap(self, array: Any, grad: bool = False) -> Any:
        """A NumPy array as this library's own; `grad` is ignored by NumPy."""
        if self.name == "numpy":
            return array
        tensor = self.xp.from_numpy(array)
        return tensor.requires_grad_() if grad else tensor

    def _random(self, seed: int) -> Any:
        return importlib.import_module("numpy").random.default_rng(seed)

    def floats(
        self, *shape: int, dtype: str = "float32", seed: int = 0, grad: bool = False
    ) -> Any:
        """Normal numbers, the same ones in every library."""
        rng = self._random(seed)
        if dtype == "float64":
            return self.wrap(rng.standard_normal(shape), grad)
        return self.wrap(rng.standard_normal(shape, "float32").astype(dtype), grad)

    def ints(self, high: int, *shape: int, dtype: str = "int64", seed: int = 0) -> Any:
        """Whole numbers in [0, high)."""
        return self.wrap(self._random(seed).integers(0, high, shape).astype(dtype))

    def bools(self, *shape: int, seed: int = 0) -> Any:
        """True and False, half of each."""
        return self.wrap(self._random(seed).integers(0, 2, shape).astype("bool"))


def load_families() -> dict[str, tuple[str, list[Row]]]:
    """Module name -> (title, rows), in the order of the table."""
    families = {}
    for name in FAMILIES:
        module = importlib.import_module(name)
        names = [row.name for row in module.ROWS]
        long = [name for name in names if len(name) > NAME_WIDTH]
        if long:
            raise ValueError(f"{name}: {long[0]!r} does not fit the table")
        if len(names) != len(set(names)):
            raise ValueError(f"{name}: two rows have the same name")
        families[name] = (module.TITLE, module.ROWS)
    return families
