"""Signatures and attributes whose types depend on the call, for make_stubs.py.

The keys of OVERLOADS are names of ``rushlight`` and methods of Tensor alike (the first
parameter is a method's self), or ``Tensor.<name>`` and ``<module>.<name>`` for one.
"""

from __future__ import annotations

import re


def _extreme(name):
    return [
        (
            "(input: Tensor, dim: None = None, keepdim: bool = False, *, "
            "other: None = None, out: Tensor | None = None) -> Tensor"
        ),
        (
            f"(input: Tensor, dim: int, keepdim: bool = False, *, "
            f"out: Sequence[Tensor] | None = None) -> return_types.{name}"
        ),
        (
            "(input: Tensor, *, axis: int | None = None, keepdims: bool = False, "
            f"out: Sequence[Tensor] | None = None) -> return_types.{name}"
        ),
        "(input: Tensor, dim: Tensor, *, out: Tensor | None = None) -> Tensor",
        "(input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor",
    ]


def _median(name):
    return [
        (
            "(input: Tensor, dim: None = None, keepdim: bool = False, *, "
            "out: Tensor | None = None) -> Tensor"
        ),
        (
            f"(input: Tensor, dim: int, keepdim: bool = False, *, "
            f"out: Sequence[Tensor] | None = None) -> return_types.{name}"
        ),
    ]


def _moments(result, out=", out: Tensor | None = None"):
    tail = f"correction: Number | None = None{out}) -> {result}"
    return [
        (
            "(input: Tensor, dim: Dims | None = None, unbiased: bool | None = None, "
            f"keepdim: bool = False, *, {tail}"
        ),
    ]


def _unique(first):
    """return_inverse and return_counts add their tensors."""
    triple = "tuple[Tensor, Tensor, Tensor]"
    no, yes = "Literal[False]", "Literal[True]"
    rows = [
        (f"return_inverse: {no} = ...", f"return_counts: {no} = ...", "Tensor"),
        (
            f"return_inverse: {yes}",
            f"return_counts: {no} = ...",
            "tuple[Tensor, Tensor]",
        ),
        (
            f"return_inverse: {no} = ...",
            f"*, return_counts: {yes}",
            "tuple[Tensor, Tensor]",
        ),
        (f"return_inverse: {yes}", f"return_counts: {yes}", triple),
    ]
    signatures = []
    for inverse, counts, result in rows:
        star = "*, " if first and not inverse.endswith("...") else ""
        signatures.append(
            f"(input: Tensor, {first}{star}{inverse}, {counts}, "
            f"dim: int | None = None) -> {result}"
        )
    signatures.append(
        f"(input: Tensor, {first}return_inverse: bool = ..., "
        "return_counts: bool = ..., dim: int | None = None) "
        f"-> Tensor | tuple[Tensor, Tensor] | {triple}"
    )
    return signatures


_FACTORY = (
    "dtype: dtype | None = None, device: Device | None = None, "
    "requires_grad: bool = False, layout: layout | None = None, "
    "pin_memory: bool = False"
)


def _factory(more=""):
    return [
        (
            f"(*args: int, size: None = None, {_FACTORY}{more}, "
            "out: Tensor | None = None) -> Tensor"
        ),
        (
            f"(shape: Size | Sequence[int], /, *, {_FACTORY}{more}, "
            "out: Tensor | None = None) "
            "-> Tensor"
        ),
        (
            f"(*, size: Size | Sequence[int], {_FACTORY}{more}, "
            "out: Tensor | None = None) -> Tensor"
        ),
    ]


def _sizes(parameter, result="Tensor"):
    return [
        f"(self, *{parameter}: int) -> {result}",
        f"(self, {parameter}: Size | Sequence[int], /) -> {result}",
    ]


OVERLOADS = {
    "Size.__getitem__": [
        "(self, index: SupportsIndex) -> int",
        "(self, index: slice) -> Size",
    ],
    "_Mode.__call__": ["(self, function: _F) -> _F"],
    "enable_grad.__new__": [
        "(cls, function: Callable[..., Any] | None = None) -> Self"
    ],
    "no_grad.__new__": ["(cls, function: Callable[..., Any] | None = None) -> Self"],
    "safe_globals.__exit__": [
        (
            "(self, kind: type[BaseException] | None, error: BaseException | None, "
            "trace: Any) -> None"
        )
    ],
    "set_grad_enabled.__call__": ["(self, function: _F) -> _F"],
    "Tensor.as_subclass": ["(self, cls: type[Any]) -> Any"],
    "Tensor.bernoulli_": [
        (
            "(self, p: float | Tensor = 0.5, *, generator: Generator | None = None)"
            " -> Tensor"
        )
    ],
    "Tensor.copy_": [
        "(self, src: Tensor | Number, non_blocking: bool = False) -> Tensor"
    ],
    "Tensor.expand": _sizes("sizes"),
    "Tensor.flip": [
        "(self, *args: int, dims: Dims | None = ...) -> Tensor",
        "(self, args: Sequence[int], /) -> Tensor",
    ],
    "Tensor.random_": [
        (
            "(self, *args: int, generator: Generator | None = None, **kwargs: int)"
            " -> Tensor"
        )
    ],
    "Tensor.repeat": _sizes("repeats"),
    "Tensor.reshape": _sizes("shape"),
    "Tensor.size": [
        "(self, dim: None = None) -> Size",
        "(self, dim: int) -> int",
    ],
    "Tensor.stride": [
        "(self, dim: None = None) -> tuple[int, ...]",
        "(self, dim: int) -> int",
    ],
    "Tensor.tile": _sizes("dims"),
    "Tensor.to": [
        (
            "(self, dtype: dtype, /, non_blocking: bool = ..., copy: bool = ..., *, "
            "memory_format: memory_format | None = ...) -> Tensor"
        ),
        (
            "(self, device: Device | None = ..., dtype: dtype | None = ..., "
            "non_blocking: bool = ..., copy: bool = ..., *, "
            "memory_format: memory_format | None = ...) -> Tensor"
        ),
        (
            "(self, other: Tensor, non_blocking: bool = ..., copy: bool = ..., *, "
            "memory_format: memory_format | None = ...) -> Tensor"
        ),
    ],
    "Tensor.type": [
        "(self, dtype: None = None, non_blocking: bool = False) -> str",
        "(self, dtype: dtype | type[Any] | str, non_blocking: bool = False) -> Tensor",
    ],
    "Tensor.view": [
        "(self, *shape: int) -> Tensor",
        "(self, shape: Size | Sequence[int] | dtype, /) -> Tensor",
    ],
    "Tensor.permute": _sizes("dims"),
    "Tensor.where": ["(self, condition: Tensor, other: Tensor | Number) -> Tensor"],
    "argmax": [
        (
            "(input: Tensor, dim: int | None = None, keepdim: bool = False, *, "
            "out: Tensor | None = None) -> Tensor"
        )
    ],
    "bernoulli": [
        (
            "(input: Tensor, p: float | None = None, *, "
            "generator: Generator | None = None, out: Tensor | None = None) -> Tensor"
        )
    ],
    "einsum": ["(*args: Any) -> Tensor"],
    "empty": _factory(", memory_format: memory_format | None = None"),
    "full": [
        (
            "(size: Size | Sequence[int], fill_value: Number | Tensor, *, "
            f"{_FACTORY}, out: Tensor | None = None) -> Tensor"
        )
    ],
    "max": _extreme("max"),
    "median": _median("median"),
    "min": _extreme("min"),
    "nanmedian": _median("nanmedian"),
    "nonzero": [
        (
            "(input: Tensor, *, out: Tensor | None = None, "
            "as_tuple: Literal[False] = ...) -> Tensor"
        ),
        (
            "(input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[True]) "
            "-> tuple[Tensor, ...]"
        ),
    ],
    "ones": _factory(),
    "std": _moments("Tensor"),
    "std_mean": _moments("tuple[Tensor, Tensor]", ""),
    "svd": [
        (
            "(input: Tensor, some: bool = True, compute_uv: bool = True, *, "
            "out: Sequence[Tensor] | None = None) -> return_types.svd"
        )
    ],
    "unique": _unique("sorted: bool = True, "),
    "unique_consecutive": _unique(""),
    "var": _moments("Tensor"),
    "var_mean": _moments("tuple[Tensor, Tensor]", ""),
    "where": [
        (
            "(condition: Tensor, input: None = None, other: None = None, *, "
            "out: Tensor | None = ...) -> tuple[Tensor, ...]"
        ),
        (
            "(condition: Tensor, input: Tensor | Number, other: Tensor | Number, *, "
            "out: Tensor | None = None) -> Tensor"
        ),
    ],
    "zeros": _factory(),
}

_BINARY = "add sub mul truediv floordiv mod and or xor lshift rshift".split()
_OPERATORS = [
    *(f"__{n}__(self, other: Tensor | Number, /) -> Tensor" for n in _BINARY),
    *(f"__r{n}__(self, other: Number, /) -> Tensor" for n in _BINARY),
    *(f"__i{n}__(self, other: Tensor | Number, /) -> Self" for n in _BINARY),
    "__pow__(self, other: Tensor | Number, mod: None = None, /) -> Tensor",
    "__rpow__(self, other: Number, mod: None = None, /) -> Tensor",
    "__ipow__(self, other: Tensor | Number, /) -> Self",
    "__matmul__(self, other: Tensor, /) -> Tensor",
    "__rmatmul__(self, other: Tensor, /) -> Tensor",
    *(
        f"__{n}__(self, other: Tensor | Number, /) -> Tensor"
        for n in ("lt", "le", "gt", "ge")
    ),
    *(f"__{n}__(self, other: object, /) -> Tensor" for n in ("eq", "ne")),
    *(f"__{n}__(self) -> Tensor" for n in ("neg", "pos", "abs", "invert")),
    "__bool__(self) -> bool",
    "__complex__(self) -> complex",
    "__float__(self) -> float",
    "__index__(self) -> int",
    "__int__(self) -> int",
    "__len__(self) -> int",
    "__hash__(self) -> int",
    "__iter__(self) -> Iterator[Tensor]",
    "__contains__(self, element: object, /) -> bool",
    "__getitem__(self, index: Any, /) -> Tensor",
    "__setitem__(self, index: Any, value: Any, /) -> None",
    "__delitem__(self, index: Any, /) -> NoReturn",
]

# Methods of compiled classes that have no signature.
CLASS_TEXT = {
    "Tensor": ["__init__(self, *args: Any, **kwargs: Any) -> None", *_OPERATORS],
    "device": [
        "__init__(self, type: Device = 'cpu', index: int | None = None) -> None",
        "__eq__(self, other: object, /) -> bool",
        "__hash__(self) -> int",
    ],
    "cuda.device": ["__init__(self, device: Device | None) -> None"],
    "FunctionSaves": ["__init__(self, *args: Any, **kwargs: Any) -> None"],
    "Node": ["__call__(self, *gradients: Tensor | None) -> Any"],
    "Size": [
        "__new__(cls, iterable: Iterable[int] = ()) -> Self",
        "__add__(self, other: tuple[int, ...]) -> Size",
        "__radd__(self, other: tuple[int, ...]) -> Size",
        "__mul__(self, n: SupportsIndex) -> Size",
        "__rmul__(self, n: SupportsIndex) -> Size",
        "numel(self) -> int",
    ],
    "Generator": [
        "__init__(self, device: Device = 'cpu') -> None",
        "manual_seed(self, seed: int) -> Generator",
        "seed(self) -> int",
        "initial_seed(self) -> int",
        "get_state(self) -> Tensor",
        "set_state(self, new_state: Tensor) -> Generator",
        "clone_state(self) -> Generator",
    ],
}
# Names of a class that CLASS_TEXT has written.
WRITTEN = {
    name: {text.partition("(")[0] for text in texts}
    for name, texts in CLASS_TEXT.items()
}


# A class's base where the live one says less.
_OLD = "BFloat16 Bool Byte Char Double Float Half Int Long Short".split()
BASES = {"Size": "tuple[int, ...]", **{f"{name}Tensor": "Tensor" for name in _OLD}}


def _ignore_override(line):
    if re.search(r" def __(eq|ne)__", line):
        return line + "  # type: ignore[override]"
    if " def __ipow__" in line:
        return line + "  # type: ignore[misc]"
    return line


def _ignore_sum(line):
    if " def __add__" in line:
        return line + "  # type: ignore[override]"
    return line


# Lines of a class on which mypy is right and PyTorch's interface is as it is.
IGNORES = {"Tensor": _ignore_override, "Size": _ignore_sum}

# Attributes and properties.
ATTRIBUTES = {
    "Tensor.H": "Tensor",
    "Tensor.T": "Tensor",
    "Tensor.__array_priority__": "int",
    "Tensor._base": "Tensor | None",
    "Tensor._version": "int",
    "Tensor.data": "Tensor",
    "Tensor.device": "device",
    "Tensor.dtype": "dtype",
    "Tensor.grad": "Tensor | None",
    "Tensor.grad_dtype": "dtype",
    "Tensor.grad_fn": "Node | None",
    "Tensor.imag": "Tensor",
    "Tensor.is_cpu": "bool",
    "Tensor.is_cuda": "bool",
    "Tensor.is_leaf": "bool",
    "Tensor.is_meta": "bool",
    "Tensor.is_quantized": "bool",
    "Tensor.is_sparse": "bool",
    "Tensor.itemsize": "int",
    "Tensor.layout": "layout",
    "Tensor.mH": "Tensor",
    "Tensor.mT": "Tensor",
    "Tensor.name": "str | None",
    "Tensor.nbytes": "int",
    "Tensor.ndim": "int",
    "Tensor.output_nr": "int",
    "Tensor.real": "Tensor",
    "Tensor.requires_grad": "bool",
    "Tensor.retains_grad": "bool",
    "Tensor.shape": "Size",
    "AccumulateGrad.next_functions": "tuple[Any, ...]",
    "FunctionCtx.saved_tensors": "tuple[Tensor, ...]",
    "Generator.device": "device",
    "Node.name": "str",
    "Node.metadata": "dict[Any, Any]",
    "Node.next_functions": "tuple[Any, ...]",
    "TypedStorage.device": "device",
    "TypedStorage.is_cuda": "bool",
    "UntypedStorage.device": "device",
    "UntypedStorage.is_cuda": "bool",
    "device.index": "int | None",
    "device.type": "str",
    "dtype.code": "int",
    "dtype.is_complex": "bool",
    "dtype.is_floating_point": "bool",
    "dtype.is_signed": "bool",
    "dtype.itemsize": "int",
    "dtype.name": "str",
    "finfo.bits": "int",
    "finfo.dtype": "str",
    "finfo.eps": "float",
    "finfo.max": "float",
    "finfo.min": "float",
    "finfo.resolution": "float",
    "finfo.smallest_normal": "float",
    "finfo.tiny": "float",
    "fork_rng.enabled": "bool",
    "iinfo.bits": "int",
    "iinfo.dtype": "str",
    "iinfo.max": "int",
    "iinfo.min": "int",
    "layout.name": "str",
    "memory_format.name": "str",
    "set_grad_enabled.mode": "bool",
    "return_types.histogramdd.bin_edges": "tuple[Tensor, ...]",
}
# Those that can be assigned, of a compiled class.
SETTABLE = frozenset(["Tensor.data", "Tensor.grad", "Tensor.requires_grad"])
