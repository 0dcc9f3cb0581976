"""Calls that classes take over with ``__torch_function__``, PyTorch's protocol.

A subclass of :class:`Tensor` keeps its type through every operation. To do more, it (or
any other class) defines::

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        ...

which is then called in place of every public function and Tensor method that one of its
objects is given to, alone or in a list. ``func`` is that function (``rushlight.add``)
or method (``rushlight.Tensor.add``, for an operator too), or an attribute's access
(``rushlight.Tensor.shape.__get__``) where a class that overrides calls is a subclass of
Tensor. Functions of ``nn.functional`` are not taken over themselves, only what they
call.

It costs a plain call nothing measurable: nobody looks for overrides until a class that
could have one has been seen.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import rushlight
from rushlight import _core, _overriding, _public
from rushlight._core import DisableTorchFunctionSubclass, Tensor

__all__ = [
    "BaseTorchFunctionMode",
    "DisableTorchFunctionSubclass",
    "TorchFunctionMode",
    "get_default_nowrap_functions",
    "get_ignored_functions",
    "get_overridable_functions",
    "get_testing_overrides",
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "resolve_name",
    "wrap_torch_function",
]


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether one of some arguments overrides calls, or a mode does.

    Args:
        relevant_args (iterable): arguments of a call.

    Example::

        >>> rushlight.overrides.has_torch_function((rushlight.ones(2), 3))
        False
    """
    if not _core._overrides_enabled():
        return False
    return bool(_overriding.modes.stack or _overriding.overloaded(relevant_args))


def has_torch_function_unary(tensor: Any) -> bool:
    """:func:`has_torch_function` of one argument."""
    return has_torch_function((tensor,))


def has_torch_function_variadic(*args: Any) -> bool:
    """:func:`has_torch_function` of the arguments themselves."""
    return has_torch_function(args)


def handle_torch_function(
    public_api: Callable, relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """The result of a call that is taken over.

    Args:
        public_api (callable): the function, as its users know it.
        relevant_args (iterable): those of its arguments that may override it.
        args, kwargs: all of its arguments.

    Raises:
        TypeError: when all overrides return NotImplemented.

    Example::

        def mine(a, b):
            if has_torch_function((a, b)):
                return handle_torch_function(mine, (a, b), a, b)
            return a + b
    """
    relevant = _overriding.overloaded(relevant_args)
    return _overriding.ask(public_api, relevant, args, kwargs)


def wrap_torch_function(dispatcher: Callable) -> Callable:
    """Makes a function overridable.

    Args:
        dispatcher (callable): of the same arguments; returns those that may override
            it.

    Example::

        >>> @rushlight.overrides.wrap_torch_function(lambda a, b: (a, b))
        ... def mine(a, b):
        ...     return a + b
        >>> mine(rushlight.ones(1), 2)
        tensor([3.])
    """

    def decorate(function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            relevant = dispatcher(*args, **kwargs)
            if has_torch_function(relevant):
                return handle_torch_function(wrapped, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return wrapped

    return decorate


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a Tensor, or of a class with ``__torch_function__``."""
    return isinstance(inp, Tensor) or hasattr(type(inp), "__torch_function__")


def get_default_nowrap_functions() -> set[Callable]:
    """What the default override does not convert: ``grad`` has a class of its own.

    Example::

        >>> kept = rushlight.overrides.get_default_nowrap_functions()
        >>> rushlight.Tensor.grad.__get__ in kept
        True
    """
    return set(_overriding.UNWRAPPED)


_FUNCTION = type(rushlight.std)
_COMPILED = type(rushlight.exp)
_OVERRIDABLE = (type(Tensor.exp), type(Tensor.view))
_MODULES = ("linalg", "fft", "special")


@functools.cache
def _overridable():
    found = {rushlight: [], Tensor: []}
    for name in dir(rushlight):
        if name.startswith("_") or name in _public.IGNORED:
            continue
        value = getattr(rushlight, name)
        if type(value) in (_FUNCTION, _COMPILED) or name in _public.THIN:
            found[rushlight].append(value)
    for name in dir(Tensor):
        value = getattr(Tensor, name)
        given = type(value) in _OVERRIDABLE or name in _public.THIN
        if not name.startswith("_") and given:
            found[Tensor].append(value)
    found[Tensor] += [value.__get__ for value in _overriding.attributes().values()]
    for name in _MODULES:
        module = getattr(rushlight, name)
        values = [getattr(module, n) for n in module.__all__]
        found[module] = [v for v in values if type(v) is _FUNCTION]
    return found


def get_overridable_functions() -> dict[Any, list[Callable]]:
    """The functions that can be taken over: a dict of lists by module or class.

    Those of Tensor have its attributes' ``__get__`` among them.

    Example::

        >>> found = rushlight.overrides.get_overridable_functions()
        >>> rushlight.Tensor.shape.__get__ in found[rushlight.Tensor]
        True
    """
    return {owner: list(functions) for owner, functions in _overridable().items()}


def get_ignored_functions() -> set[Callable]:
    """The public functions that are never taken over.

    They are asked about any object, are given no tensor, or set the library up.

    Returns:
        set of callables: every public function of the modules and every public method
        of Tensor that :func:`get_overridable_functions` does not name.

    Example::

        >>> rushlight.is_tensor in rushlight.overrides.get_ignored_functions()
        True
    """
    known = _overridable()
    taken = {id(f) for functions in known.values() for f in functions}
    return {
        value
        for owner in known
        for name in getattr(owner, "__all__", None) or dir(owner)
        if name[0] != "_"
        and callable(value := getattr(owner, name))
        and not isinstance(value, type)
        and id(value) not in taken
    }


def get_testing_overrides() -> dict[Callable, Callable]:
    """For each overridable function one of the same signature that returns -1.

    A class that overrides everything is tested with them: its ``__torch_function__``
    calls them in place of the functions.

    Returns:
        dict: by function. Those that have no signature take any arguments.

    Example::

        >>> overrides = rushlight.overrides.get_testing_overrides()
        >>> overrides[rushlight.matmul](rushlight.ones(2), None)
        -1
    """
    functions = (f for found in _overridable().values() for f in found)
    return {function: _stand_in(function) for function in functions}


def _stand_in(function):
    if function.__name__ == "__get__":
        return lambda self: -1
    try:
        signature = inspect.signature(function)
    except ValueError:
        return lambda *args, **kwargs: -1

    def stand_in(*args, **kwargs):
        signature.bind(*args, **kwargs)
        return -1

    stand_in.__signature__ = signature
    return stand_in


def is_tensor_method_or_property(func: Callable) -> bool:
    """Whether a function is one of Tensor's methods, or accesses an attribute."""
    if getattr(func, "__name__", None) in ("__get__", "__set__", "__delete__"):
        return True
    return any(func is method for method in _overridable()[Tensor])


def resolve_name(f: Callable) -> str | None:
    """The public name of an overridable function, such as ``"rushlight.Tensor.add"``.

    Returns:
        str, or None for another object.

    Example::

        >>> rushlight.overrides.resolve_name(rushlight.Tensor.shape.__get__)
        'rushlight.Tensor.shape.__get__'
    """
    for name, descriptor in _overriding.attributes().items():
        for access in ("__get__", "__set__", "__delete__"):
            if f == getattr(descriptor, access):
                return f"rushlight.Tensor.{name}.{access}"
    for owner, functions in _overridable().items():
        if any(f is function for function in functions):
            prefix = "rushlight.Tensor" if owner is Tensor else owner.__name__
            return f"{prefix}.{f.__name__}"
    return None


class TorchFunctionMode:
    """A block in which every call is taken over, whatever its arguments.

    A subclass defines ``__torch_function__(self, func, types, args=(), kwargs=None)``.
    It runs outside of the mode, so that ``func(*args, **kwargs)`` in it makes the call.
    Of nested modes the innermost is asked.

    Example::

        >>> class Names(rushlight.overrides.TorchFunctionMode):
        ...     def __torch_function__(self, func, types, args=(), kwargs=None):
        ...         print(func.__name__)
        ...         return func(*args, **(kwargs or {}))
        >>> one = rushlight.ones(1)
        >>> with Names():
        ...     x = rushlight.exp(one)
        exp
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        raise NotImplementedError(
            f"{type(self).__name__} defines no __torch_function__"
        )

    def __enter__(self):
        _core._activate_overrides()
        _overriding.modes.stack.append(self)
        _core._count_override_modes(1)
        return self

    def __exit__(self, *exc):
        _overriding.modes.stack.pop()
        _core._count_override_modes(-1)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that makes every call as it is."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))
