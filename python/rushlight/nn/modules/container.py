"""Modules that hold other modules or parameters."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, KeysView, Mapping, ValuesView
from typing import Any, Self

import rushlight
from rushlight.nn.modules.module import Module, _typename
from rushlight.nn.parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _NumberedModules(Module):
    """A list of modules stored under the names "0", "1", ..."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]

    def _key_at(self, index) -> str:
        return list(self._modules)[_wrap_index(index, len(self))]

    def __setitem__(self, index, module) -> None:
        setattr(self, self._key_at(index), module)

    def __delitem__(self, index) -> None:
        if isinstance(index, slice):
            keys = list(self._modules)[index]
        else:
            keys = [self._key_at(index)]
        for key in keys:
            delattr(self, key)
        self._renumber(list(self._modules.values()))

    def _renumber(self, modules) -> None:
        self._modules = {str(i): module for i, module in enumerate(modules)}

    def append(self, module: Module) -> Self:
        """Add a module at the end and return the container."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key) -> Module:
        """Remove the module at index ``key`` and return it."""
        module = self[key]  # type: ignore[index]
        del self[key]
        return module


class Sequential(_NumberedModules):
    """Call modules one after the other, each on the output of the one before.

    Args:
        *args: the modules, or one ``OrderedDict`` from names to modules.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> tuple(net(rushlight.zeros(4, 2)).shape)
        (4, 3)
    """

    def __init__(self, *args) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for at, module in enumerate(args):
                self.add_module(str(at), module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._key_at(index)]

    def __add__(self, other):
        _check_sequential(other)
        return Sequential(*self, *other)

    def __iadd__(self, other):
        _check_sequential(other)
        return self.extend(list(other))

    def __mul__(self, other):
        _check_repeats(self, other)
        return Sequential(*(list(self) * other))

    __rmul__ = __mul__

    def __imul__(self, other):
        _check_repeats(self, other)
        return self.extend(list(self) * (other - 1))

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at ``index`` and return the container."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        count = len(self)
        if not -count <= index <= count:
            raise IndexError(f"Index out of range: {index}")
        modules = list(self)
        modules.insert(index + count if index < 0 else index, module)
        self._renumber(modules)
        return self

    def extend(self, sequential: Iterable[Module]) -> Self:
        """Add modules from an iterable at the end and return the container."""
        for module in sequential:
            self.append(module)
        return self


class ModuleList(_NumberedModules):
    """A list of modules whose parameters count as its own.

    Args:
        modules: modules to start with. Default: none.

    Example:
        >>> from rushlight import nn
        >>> layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
        >>> len(layers), len(list(layers.parameters()))
        (3, 6)
    """

    def __init__(self, modules=None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._modules[self._key_at(index)]

    def __iadd__(self, modules):
        return self.extend(modules)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at ``index``."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules from an iterable at the end and return the list.

        Raises:
            TypeError: ``modules`` is not iterable.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleList.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        """Show runs of equal modules as one line, ``(0-2): 3 x Linear(...)``."""
        runs: list[list] = []
        for at, module in enumerate(self):
            text = repr(module).replace("\n", "\n  ")
            if runs and runs[-1][2] == text:
                runs[-1][1] = at
            else:
                runs.append([at, at, text])
        if not runs:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {text}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of modules whose parameters count as its own.

    Args:
        modules: a mapping, or an iterable of pairs, to start with. Default: empty.

    Example:
        >>> from rushlight import nn
        >>> heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Identity()})
        >>> list(heads)
        ['a', 'b']
    """

    def __init__(self, modules=None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Remove the module under ``key`` and return it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """Return the pairs of name and module."""
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """Return the modules."""
        return self._modules.values()

    def update(self, modules) -> None:
        """Add the modules of a mapping or an iterable of pairs.

        Raises:
            TypeError: ``modules`` is not iterable, or one of its elements is not.
            ValueError: an element is no pair.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value "
                f"pairs, but got {type(modules).__name__}"
            )
        if isinstance(modules, (Mapping, ModuleDict)):
            modules = modules.items()
        for at, pair in enumerate(modules):
            key, module = _checked_pair("ModuleDict", at, pair)
            self[key] = module


class ParameterList(Module):
    """A list of parameters (other values may be mixed in).

    Args:
        values: values to start with; tensors become parameters. Default: none.

    Example:
        >>> import rushlight
        >>> weights = rushlight.nn.ParameterList([rushlight.zeros(2)])
        >>> weights[0].requires_grad
        True
    """

    def __init__(self, values=None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self):
        return iter([self[at] for at in range(self._size)])

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)([self[at] for at in range(self._size)[index]])
        return getattr(self, str(_wrap_index(index, self._size)))

    def __setitem__(self, index, value) -> None:
        if isinstance(value, rushlight.Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, str(_wrap_index(index, self._size)), value)

    def __iadd__(self, values):
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end and return the list."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add values from an iterable at the end and return the list.

        Raises:
            TypeError: ``values`` is not iterable, or is a tensor.
        """
        if not isinstance(values, Iterable) or isinstance(values, rushlight.Tensor):
            raise TypeError(
                "ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(
            _describe_entry(at, value, getattr(value, "dtype", None))
            for at, value in enumerate(self)
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """A dict of parameters (other values may be mixed in), in order of insertion.

    Args:
        parameters: a mapping, or an iterable of pairs, to start with; tensors become
            parameters. Default: empty.

    Example:
        >>> import rushlight
        >>> weights = rushlight.nn.ParameterDict({"left": rushlight.zeros(2)})
        >>> weights["left"].requires_grad
        True
    """

    def __init__(self, parameters=None) -> None:
        super().__init__()
        # A dict for its order.
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _key_to_attr(self, key) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a "
                f"string (type is '{type(key).__name__}'): use str(key)"
            )
        return key

    def __getitem__(self, key):
        return getattr(self, self._key_to_attr(key))

    def __setitem__(self, key, value) -> None:
        name = self._key_to_attr(key)
        if isinstance(value, rushlight.Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, name, value)
        self._keys[name] = None

    def __delitem__(self, key) -> None:
        del self._keys[key]
        delattr(self, self._key_to_attr(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key) -> bool:
        return key in self._keys

    def __or__(self, other):
        result = self.copy()
        result.update(other)
        return result

    def __ror__(self, other):
        result = other.copy()
        result.update(self)
        return result

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Return another dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value under ``key``, after putting ``default`` there if absent."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all entries."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove the entry under ``key`` and return its value."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last entry and return it, a pair of key and value."""
        if not self._keys:
            raise KeyError("popitem(): ParameterDict is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under ``key``, or ``default``."""
        return self[key] if key in self._keys else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a new ``ParameterDict`` with one value under several keys."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Iterable[str]:
        """Return the keys."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Yield the pairs of key and value."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """Yield the values."""
        return (self[key] for key in self._keys)

    def update(self, parameters) -> None:
        """Add the entries of a mapping or an iterable of pairs.

        The order is theirs for an ``OrderedDict``, a ``ParameterDict`` and pairs; the
        keys of any other mapping are sorted.

        Raises:
            TypeError: ``parameters`` is not iterable, one of its elements is not, or a
                key is no string.
            ValueError: an element is no pair.
        """
        if not isinstance(parameters, Iterable):
            raise TypeError(
                "ParametersDict.update should be called with an iterable of key/value "
                f"pairs, but got {type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            parameters = parameters.items()
        elif isinstance(parameters, Mapping):
            parameters = sorted(parameters.items())
        for at, pair in enumerate(parameters):
            key, value = _checked_pair("ParameterDict", at, pair)
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(
            _describe_entry(key, value, _typename(value)) for key, value in self.items()
        )

    def __call__(self, input):
        raise RuntimeError("ParameterDict should not be called.")


def _describe_entry(key, value, kind) -> str:
    """Return the line of a parameter container's repr for one entry."""
    if not isinstance(value, rushlight.Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    name = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(str(n) for n in value.shape)
    where = f" ({value.device})" if value.device.type == "cuda" else ""
    return f"  ({key}): {name} containing: [{kind} of size {size}{where}]"


def _checked_pair(container, at, pair):
    """Return element ``at`` of what a dict is updated with, a key and a value."""
    if not isinstance(pair, Iterable):
        raise TypeError(
            f"{container} update sequence element #{at} should be Iterable; is "
            f"{type(pair).__name__}"
        )
    pair = tuple(pair)
    if len(pair) != 2:
        raise ValueError(
            f"{container} update sequence element #{at} has length {len(pair)}; 2 is "
            "required"
        )
    return pair


def _wrap_index(index, size) -> int:
    index = operator.index(index)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range")
    return index % size


def _check_sequential(other) -> None:
    if not isinstance(other, Sequential):
        raise ValueError(
            "add operator supports only objects of Sequential class, but "
            f"{type(other)} is given."
        )


def _check_repeats(container, count) -> None:
    if not isinstance(count, int):
        raise TypeError(
            f"unsupported operand type(s) for *: {type(container)} and {type(count)}"
        )
    if count <= 0:
        raise ValueError(
            f"Non-positive multiplication factor {count} for {type(container)}"
        )
