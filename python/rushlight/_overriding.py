"""Who is asked when a call is taken over: see Note [Overrides] in overrides.h."""

from __future__ import annotations

from _thread import _local

import rushlight
from rushlight import _core, _ops, _public
from rushlight._core import DisableTorchFunctionSubclass, Tensor

_INNER = {"max_all": "max", "min_all": "min"}
_DISABLED = _core._disabled_torch_function_impl


class NoOverride(TypeError):
    """All who were asked returned NotImplemented; a binary operator passes that on."""


class _Modes(_local):
    def __init__(self):
        self.stack = []


modes = _Modes()


def overloaded(values):
    """The arguments to ask, one of each class, a subclass before its bases."""
    found = []
    classes = set()
    for value in values:
        items = value if type(value) in (tuple, list) else (value,)
        for item in items:
            kind = type(item)
            if kind in classes or kind is Tensor:
                continue
            method = getattr(kind, "__torch_function__", _DISABLED)
            if method is _DISABLED:
                continue
            classes.add(kind)
            place = len(found)
            for i, other in enumerate(found):
                if issubclass(kind, type(other)):
                    place = i
                    break
            found.insert(place, item)
    return found


def ask_overrides(function, args, kwargs):
    """The result that a mode, or else an argument's ``__torch_function__`` gives.

    Raises:
        TypeError: when all of them return NotImplemented.
    """
    if type(function) is type(_ops.exp):
        # The op in a thin function (see _public.THIN) is known by that one's name.
        name = _INNER.get(function.__name__, function.__name__)
        function = vars(rushlight).get(name, function)
        if name in _public.THIN:
            kwargs = {k: v for k, v in kwargs.items() if v is not None}
    return ask(function, overloaded([*args, *kwargs.values()]), args, kwargs)


def ask(function, relevant, args, kwargs):
    """:func:`ask_overrides` of these arguments."""
    types = tuple(type(a) for a in relevant)
    if modes.stack:
        mode = modes.stack.pop()
        _core._count_override_modes(-1)
        try:
            result = mode.__torch_function__(function, types, args, kwargs)
        finally:
            modes.stack.append(mode)
            _core._count_override_modes(1)
        if result is not NotImplemented:
            return result
    for argument in relevant:
        result = argument.__torch_function__(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    from rushlight.overrides import resolve_name

    name = resolve_name(function) or getattr(function, "__qualname__", repr(function))
    message = (
        f"no implementation found for '{name}' on types that implement "
        f"__torch_function__: {list(types)}"
    )
    if modes.stack:
        message += f" nor in the mode {modes.stack[-1]}"
    raise NoOverride(message)


def convert(result, cls):
    """Tensors of a result, also in tuples and lists, as objects of a subclass."""
    if cls is Tensor:
        return result
    if isinstance(result, Tensor):
        return result if isinstance(result, cls) else result.as_subclass(cls)
    if isinstance(result, (tuple, list)) and not isinstance(result, _core.Size):
        items = [convert(item, cls) for item in result]
        make = getattr(type(result), "_make", type(result))
        return make(items)
    return result


def torch_function(cls, func, types, args=(), kwargs=None):
    """What a subclass of Tensor does with a call it is an argument of.

    By default it makes the call and gives its results the subclass; a subclass may
    define its own, mostly one that calls ``super().__torch_function__``.

    Args:
        func (callable): the public function or method.
        types (tuple of type): the classes that define ``__torch_function__``.
        args (tuple): of the call.
        kwargs (dict, optional): of the call.

    Returns:
        what ``func`` returns, or NotImplemented where one of ``types`` is not a base.
    """
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        return result if func in UNWRAPPED else convert(result, cls)


# What these give keeps the class that it has.
UNWRAPPED = frozenset(
    {
        Tensor.grad.__get__,  # type: ignore[union-attr]
        Tensor._base.__get__,  # type: ignore[union-attr]
    }
)


class Attribute:
    """An attribute of Tensor in a class that takes it over.

    ``__torch_function__`` is called with ``Tensor.shape.__get__`` (or ``__set__``) as
    the function. Tensor's own attributes are left alone, so that nobody else pays for
    it.
    """

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def __get__(self, tensor, owner=None):
        if tensor is None:
            return self.descriptor
        return self._ask(self.descriptor.__get__, tensor)

    def __set__(self, tensor, value):
        self._ask(self.descriptor.__set__, tensor, value)

    def __delete__(self, tensor):
        self._ask(self.descriptor.__delete__, tensor)

    def _ask(self, function, *args):
        if not _core._overrides_enabled():
            return function(*args)
        return ask(function, overloaded(args), args, {})


def attributes():
    """Tensor's public attributes that are no methods: a dict of descriptors by name."""
    kinds = (property, type(Tensor.shape))
    found = {name: vars(Tensor)[name] for name in vars(Tensor) if name[0] != "_"}
    return {name: value for name, value in found.items() if isinstance(value, kinds)}


def init_subclass(cls, **kwargs):
    """Calls look for overrides from the first subclass on that may have one."""
    super(Tensor, cls).__init_subclass__(**kwargs)
    method = cls.__torch_function__
    if method is _DISABLED:
        return
    _core._activate_overrides()
    # The default gives attributes as they are.
    if getattr(method, "__func__", None) is not Tensor.__torch_function__.__func__:
        for name, descriptor in attributes().items():
            owner = next(base for base in cls.__mro__ if name in vars(base))
            if owner is Tensor:
                setattr(cls, name, Attribute(descriptor))
