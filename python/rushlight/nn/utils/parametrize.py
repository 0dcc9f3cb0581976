"""Parameters computed from other tensors each time they are read.

A parametrized module gets a class of its own, in which ``weight`` is a property. The
tensors the weight is computed from live in ``module.parametrizations.weight``.
"""

from __future__ import annotations

import contextlib
import copy
import copyreg
from collections.abc import Iterator, Sequence

import rushlight
from rushlight.nn.modules.container import ModuleDict, ModuleList
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils._typing import M

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

# Depth of nested `cached()` blocks, and what was computed since the outermost began.
_cache_depth = 0
_cache: dict[tuple[int, str], rushlight.Tensor] = {}


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Compute every parametrized tensor at most once inside the ``with`` block.

    The values are dropped when the outermost block ends; assigning to a parametrized
    tensor drops its own.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> from rushlight.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(nn.Linear(2, 2))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
        >>> layer.weight is layer.weight
        False
    """
    global _cache_depth
    _cache_depth += 1
    try:
        yield
    finally:
        _cache_depth -= 1
        if _cache_depth == 0:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The chain of parametrizations of one tensor, and the tensors it starts from.

    :func:`register_parametrization` makes it; calling it computes the tensor. It holds
    ``original``, or ``original0``, ``original1``, ... when the first parametrization's
    ``right_inverse`` returns a sequence.

    Args:
        modules: the parametrizations, the first applied first.
        original: the parameter or buffer that becomes computed.
        unsafe: allow a change of shape or dtype, unchecked. Default: ``False``.

    Raises:
        ValueError: no modules; or a parametrization that returns no tensor, or one of
            another dtype or shape.
    """

    def __init__(self, modules, original, unsafe=False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with rushlight.no_grad():
            start = original
            for module in reversed(self):
                # Without a right_inverse the tensor itself is the starting point.
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        start = module.right_inverse(start)
        self.is_tensor = isinstance(start, rushlight.Tensor)
        if self.is_tensor:
            self.ntensors = 1
            self._keep_one(original, start)
        elif isinstance(start, Sequence):
            self.ntensors = len(start)
            self._keep_several(original, start)
        else:
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                f"tuple...). Got {type(start).__name__}"
            )
        if not unsafe:
            self._check_result(shape, dtype)

    def _keep_one(self, original, start) -> None:
        for what in ("dtype", "device"):
            old, new = getattr(original, what), getattr(start, what)
            if old != new:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the "
                    f"{what}.\noriginal.{what}: {old}\n"
                    f"right_inverse(original).{what}: {new}"
                )
        # The object stays, so that an optimizer that knows it goes on working.
        with rushlight.no_grad():
            original.set_(start)
        _register(self, "original", original)

    def _keep_several(self, original, start) -> None:
        for at, tensor in enumerate(start):
            if not isinstance(tensor, rushlight.Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors "
                    f"(list, tuple...). Got element {at} of the sequence with type "
                    f"{type(tensor).__name__}."
                )
            if isinstance(original, Parameter):
                tensor = Parameter(tensor, original.requires_grad)
            tensor.requires_grad_(original.requires_grad)
            _register(self, f"original{at}", tensor)

    def _check_result(self, shape, dtype) -> None:
        result = self()
        if not isinstance(result, rushlight.Tensor):
            raise ValueError(
                f"A parametrization must return a tensor. Got {type(result).__name__}."
            )
        for what, old in (("dtype", dtype), ("shape", shape)):
            new = getattr(result, what)
            if new != old:
                raise ValueError(
                    f"Registering a parametrization may not change the {what} of the "
                    "tensor, unless `unsafe` flag is enabled.\n"
                    f"unparametrized {what}: {old}\nparametrized {what}: {new}"
                )

    def right_inverse(self, value) -> None:
        """Change the starting tensors so that the chain gives ``value``.

        Args:
            value: the wanted tensor, sent backwards through every ``right_inverse``.

        Raises:
            RuntimeError: a parametrization has no ``right_inverse``.
            ValueError: one returned another number of tensors, or other dtypes.
        """
        with rushlight.no_grad():
            for module in reversed(self):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement "
                        "right_inverse."
                    )
                value = module.right_inverse(value)
            if self.is_tensor:
                self._replace_one(value)
            else:
                self._replace_several(value)

    def _replace_one(self, value) -> None:
        if not isinstance(value, rushlight.Tensor):
            raise ValueError(
                f"`right_inverse` should return a tensor. Got {type(value).__name__}"
            )
        if value.dtype != self.original.dtype:
            raise ValueError(
                f"The tensor returned by `right_inverse` has dtype {value.dtype} while "
                f"`original` has dtype {self.original.dtype}"
            )
        self.original.set_(value)

    def _replace_several(self, value) -> None:
        if not isinstance(value, Sequence):
            raise ValueError(
                "'right_inverse' must return a sequence of tensors. Got "
                f"{type(value).__name__}."
            )
        if len(value) != self.ntensors:
            raise ValueError(
                "'right_inverse' must return a sequence of tensors of length "
                f"{self.ntensors}. Got a sequence of length {len(value)}."
            )
        for at, tensor in enumerate(value):
            original = getattr(self, f"original{at}")
            if not isinstance(tensor, rushlight.Tensor):
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors. Got element "
                    f"{at} of type {type(tensor).__name__}"
                )
            if original.dtype != tensor.dtype:
                raise ValueError(
                    f"Tensor {at} returned by `right_inverse` has dtype {tensor.dtype} "
                    f"while `original{at}` has dtype {original.dtype}"
                )
        for at, tensor in enumerate(value):
            getattr(self, f"original{at}").set_(tensor)

    def forward(self):
        """Compute the tensor."""
        first, *others = self
        if self.is_tensor:
            value = first(self.original)
        else:
            names = (f"original{at}" for at in range(self.ntensors))
            value = first(*(getattr(self, name) for name in names))
        for module in others:
            value = module(value)
        return value


def _register(module, name, tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _deepcopy_parametrized(self, memo):
    known = memo.get(id(self))
    if known is not None:
        return known
    kind = type(self)
    replica = kind.__new__(kind)
    memo[id(self)] = replica
    replica.__dict__ = copy.deepcopy(self.__dict__, memo)
    for slot in copyreg._slotnames(kind):  # type: ignore[attr-defined]
        if hasattr(self, slot):
            setattr(replica, slot, copy.deepcopy(getattr(self, slot), memo))
    return replica


def _refuse_pickling(self):
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): "
        f"save {type(self).__name__}.state_dict() and load it into a module with the "
        "same parametrizations"
    )


def _give_own_class(module) -> None:
    """Replace the module's class by a subclass that properties can be put on."""
    kind = type(module)
    members: dict[str, object] = {"__getstate__": _refuse_pickling}
    if not hasattr(kind, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy_parametrized
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), members)


def _put_property(module, name) -> None:
    def read(self):
        chain = self.parametrizations[name]
        if not _cache_depth:
            return chain()
        # A copy of the module shares this property, so the key is the copy's own.
        key = (id(self), name)
        value = _cache.get(key)
        if value is None:
            value = _cache[key] = chain()
        return value

    def write(self, value):
        self.parametrizations[name].right_inverse(value)
        _cache.pop((id(self), name), None)

    setattr(type(module), name, property(read, write))


def register_parametrization(
    module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> M:
    """Compute a parameter or buffer of a module by another module.

    Afterwards ``module.<tensor_name>`` is ``parametrization(original)``, computed on
    every read (see :func:`cached`). Registering again adds to the end of the chain.
    Assigning to the tensor goes through ``parametrization.right_inverse``, which may
    return several tensors to start from.

    Args:
        module: the module to change.
        tensor_name: the name of its parameter or buffer.
        parametrization: a module from the original tensor, or tensors, to the new one.
        unsafe: allow a change of shape or dtype, unchecked. Default: ``False``.

    Returns:
        ``module``, whose class is now a subclass of what it was.

    Raises:
        ValueError: the module has no such tensor, or ``parametrization`` changes its
            dtype or shape.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> from rushlight.nn.utils import parametrize
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).T
        >>> layer = nn.Linear(3, 3)
        >>> layer = parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all())
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_added(module, tensor_name, parametrization)
        chain = module.parametrizations[tensor_name]
        chain.append(parametrization)
        chain.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        chain = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _put_property(module, tensor_name)
        module.parametrizations[tensor_name] = chain
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a "
            f"parametrized element with name '{tensor_name}'"
        )
    return module


def _check_added(module, name, parametrization) -> None:
    before = getattr(module, name)
    after = parametrization(before)
    if not isinstance(after, rushlight.Tensor):
        raise ValueError(
            f"A parametrization must return a tensor. Got {type(after).__name__}."
        )
    for what in ("dtype", "shape"):
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the "
                "tensor, unless the `unsafe` flag is enabled.\n"
                f"module.{name}.{what}: {old}\n"
                f"parametrization(module.{name}).{what}: {new}"
            )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, rushlight.Tensor):
        raise ValueError(
            "parametrization.right_inverse must return a tensor. Got: "
            f"{type(back).__name__}"
        )
    for what in ("dtype", "shape"):
        old, new = getattr(before, what), getattr(back, what)
        if old != new:
            raise ValueError(
                "The tensor returned by parametrization.right_inverse must have the "
                f"same {what} as module.{name}, unless the `unsafe` flag is enabled.\n"
                f"module.{name}.{what}: {old}\nreturned {what}: {new}"
            )


def is_parametrized(module, tensor_name=None) -> bool:
    """Return whether a tensor of a module, or any of them, is parametrized.

    Args:
        module: the module to look at.
        tensor_name: the name of one tensor. Default: any.

    Example:
        >>> from rushlight import nn
        >>> nn.utils.parametrize.is_parametrized(nn.Linear(2, 2))
        False
    """
    chains = getattr(module, "parametrizations", None)
    if not isinstance(chains, ModuleDict):
        return False
    return len(chains) > 0 if tensor_name is None else tensor_name in chains


def remove_parametrizations(
    module: M, tensor_name: str, leave_parametrized: bool = True
) -> M:
    """Make a parametrized tensor an ordinary parameter or buffer again.

    Args:
        module: the module.
        tensor_name: the name of its parametrized tensor.
        leave_parametrized: keep the computed value, else the original one.
            Default: ``True``.

    Returns:
        ``module``, with its old class when nothing else in it is parametrized.

    Raises:
        ValueError: the tensor is not parametrized, or ``leave_parametrized=False`` and
            it was computed from several tensors.

    Example:
        >>> from rushlight import nn
        >>> from rushlight.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(nn.Linear(2, 2))
        >>> parametrize.remove_parametrizations(layer, "weight")
        Linear(in_features=2, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(
            f"Module {module} does not have a parametrization on {tensor_name}"
        )
    chain = module.parametrizations[tensor_name]
    if chain.is_tensor:
        original = chain.original
        if leave_parametrized:
            with rushlight.no_grad():
                original.set_(getattr(module, tensor_name))
    elif leave_parametrized:
        # Not under no_grad: whether it needs a gradient tells parameter from buffer.
        original = getattr(module, tensor_name)
        if original.requires_grad:
            original = Parameter(original)
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module) -> type:
    """Return the class that a module had before anything in it was parametrized.

    Example:
        >>> from rushlight import nn
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
        >>> nn.utils.parametrize.type_before_parametrizations(layer).__name__
        'Linear'
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: M, tensor_name: str | None = None
) -> M:
    """Give a module the parametrizations of another one, and their tensors.

    The two share them afterwards. A tensor that ``to_module`` lacks is made.

    Args:
        from_module: the module to take from; nothing happens if none of its tensors is
            parametrized.
        to_module: the module to change.
        tensor_name: the only tensor to transfer. Default: all parametrized ones.

    Returns:
        ``to_module``.

    Example:
        >>> from rushlight import nn
        >>> from rushlight.nn.utils import parametrizations, parametrize
        >>> source = parametrizations.weight_norm(nn.Linear(2, 3))
        >>> target = nn.Linear(2, 3)
        >>> target = parametrize.transfer_parametrizations_and_params(source, target)
        >>> bool((source.weight == target.weight).all())
        True
    """
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target = to_module.parametrizations[name]
        if source.is_tensor:
            target.original = source.original
        else:
            for at in range(source.ntensors):
                setattr(target, f"original{at}", getattr(source, f"original{at}"))
    return to_module
