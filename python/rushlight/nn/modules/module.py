"""The base class of every layer and model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Self

import rushlight
from rushlight._core import Tensor
from rushlight._typing import Device
from rushlight.nn.modules import _hooks
from rushlight.nn.modules._error_path import LAYER_ERRORS, note_module
from rushlight.nn.modules._hooks import (
    HookMixin,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from rushlight.nn.modules._state_dict import StateDictMixin, _IncompatibleKeys
from rushlight.nn.parameter import Buffer, Parameter

__all__ = [
    "Module",
    "_IncompatibleKeys",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

_any_global_hook = _hooks.any_call_hook
_HOOK_TABLES = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class Module(HookMixin, StateDictMixin):
    """Base class of layers and models.

    A subclass calls ``super().__init__()``, assigns parameters, buffers and other
    modules to attributes, and defines :meth:`forward`.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 3)
        ...     def forward(self, x):
        ...         return self.hidden(x).relu()
        >>> tuple(Net()(rushlight.zeros(2, 4)).shape)
        (2, 3)
    """

    dump_patches = False
    # Written to a state_dict's metadata; a class that renames its entries raises it
    # and translates older ones in `_load_from_state_dict`.
    _version = 1
    training: bool
    # A class that takes part in multiple inheritance sets it to pass arguments on.
    call_super_init = False

    def __init__(self, *args, **kwargs) -> None:
        if not self.call_super_init:
            name = type(self).__name__
            if kwargs:
                raise TypeError(
                    f"{name}.__init__() got an unexpected keyword argument "
                    f"'{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{name}.__init__() takes 1 positional argument but "
                    f"{len(args) + 1} were given"
                )
        # Straight into the instance dict: __setattr__ looks at these very tables.
        fields = self.__dict__
        fields["training"] = True
        fields["_modules"] = {}
        fields["_buffers"] = {}
        fields["_parameters"] = {}
        fields["_non_persistent_buffers_set"] = set()
        fields["_is_full_backward_hook"] = None
        for table in _HOOK_TABLES:
            fields[table] = OrderedDict()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args, **kwargs):
        """Compute the module's output; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # The dict itself: looking an attribute up in a class with __getattr__ is slow.
        state = self.__dict__
        try:
            hooked = (
                state["_forward_hooks"]
                or state["_forward_pre_hooks"]
                or state["_backward_hooks"]
                or state["_backward_pre_hooks"]
                or _any_global_hook
            )
        except KeyError as error:
            raise AttributeError(
                f"{type(self).__name__} was called before Module.__init__() ran"
            ) from error
        try:
            if hooked:
                return self._call_with_hooks(args, kwargs)
            # Passing an empty dict on costs as much as looking for hooks does.
            return self.forward(*args, **kwargs) if kwargs else self.forward(*args)
        except LAYER_ERRORS as error:
            note_module(error, self)
            raise

    def register_buffer(self, name, tensor, persistent=True) -> None:
        """Add a tensor that is part of the module's state but not trained.

        Args:
            name: the attribute the buffer is read from.
            tensor: the buffer, or ``None`` to reserve the name.
            persistent: whether it is part of ``state_dict``. Default: ``True``.

        Raises:
            TypeError: ``name`` is not a string, or ``tensor`` not a tensor.
            KeyError: the name is taken, empty, or contains a dot.

        Example:
            >>> import rushlight
            >>> module = rushlight.nn.Module()
            >>> module.register_buffer("mean", rushlight.zeros(2))
            >>> module.mean
            tensor([0., 0.])
        """
        buffers = self.__dict__.get("_buffers")
        if buffers is None:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, buffers)
        if tensor is not None and not isinstance(tensor, rushlight.Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        buffers[name] = _hooks.apply_registration_hooks(
            _hooks.global_buffer_hooks, self, name, tensor
        )
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name, param) -> None:
        """Add a parameter.

        Args:
            name: the attribute the parameter is read from.
            param: the parameter, or ``None`` to reserve the name.

        Raises:
            TypeError: ``name`` is not a string, or ``param`` not a ``Parameter``.
            KeyError: the name is taken, empty, or contains a dot.
            ValueError: ``param`` is the result of an operation autograd recorded.
        """
        params = self.__dict__.get("_parameters")
        if params is None:
            raise AttributeError(
                "cannot assign parameter before Module.__init__() call"
            )
        self._check_name("parameter", name, params)
        if param is None:
            params[name] = None
            return
        if not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model "
                f"parameters must be created explicitly. To express '{name}' "
                "as a function of another Tensor, compute the value in "
                "the forward() method."
            )
        params[name] = _hooks.apply_registration_hooks(
            _hooks.global_parameter_hooks, self, name, param
        )

    def add_module(self, name, module) -> None:
        """Add a child module.

        Args:
            name: the attribute the child is read from.
            module: the child, or ``None`` to reserve the name.

        Raises:
            TypeError: ``module`` is not a ``Module``, or ``name`` not a string.
            KeyError: the name is taken, empty, or contains a dot.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = _hooks.apply_registration_hooks(
            _hooks.global_module_hooks, self, name, module
        )

    def register_module(self, name, module) -> None:
        """Alias of :meth:`add_module`."""
        self.add_module(name, module)

    def _check_name(self, kind, name, table) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if name not in table and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def get_submodule(self, target: str) -> Module:
        """Return the module at a dotted path below this one.

        Args:
            target: for example ``"layer2.0.conv"``; ``""`` is the module itself.

        Raises:
            AttributeError: the path leads nowhere, or to no module.
        """
        module = self
        if target == "":
            return module
        for step in target.split("."):
            if not hasattr(module, step):
                raise AttributeError(f"{module._get_name()} has no attribute `{step}`")
            module = getattr(module, step)
            if not isinstance(module, Module):
                raise AttributeError(f"`{step}` is not an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False) -> None:
        """Put a module at a dotted path below this one.

        Args:
            target: the path; its parent must exist.
            module: the module to put there.
            strict: only replace a module that exists. Default: ``False``.

        Raises:
            ValueError: ``target`` is empty, or ``module`` is no module.
            AttributeError: the path leads nowhere, or to no module.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        parent_path, _, name = target.rpartition(".")
        parent = self.get_submodule(parent_path)
        if hasattr(parent, name):
            if not isinstance(getattr(parent, name), Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        elif strict:
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a dotted path.

        Raises:
            AttributeError: the path leads nowhere, or to no parameter.
        """
        _, name, found = self._get_member(target)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a dotted path.

        Raises:
            AttributeError: the path leads nowhere, or to no buffer.
        """
        module, name, found = self._get_member(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found

    def _get_member(self, target):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name, getattr(module, name)

    def _apply(self, fn, recurse=True):
        if recurse:
            for module in self.children():
                module._apply(fn)
        with rushlight.no_grad():
            for param in self._parameters.values():
                if param is None:
                    continue
                # Through .data, so that an optimizer keeps the same objects.
                grad = param.grad
                applied = fn(param)
                if applied is not param:
                    param.data = applied
                if grad is not None:
                    applied = fn(grad)
                    if applied is not grad:
                        grad.data = applied
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` on every descendant, children first, then on self.

        Example:
            >>> from rushlight import nn
            >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
            >>> net = net.apply(lambda m: print(type(m).__name__))
            Linear
            ReLU
            Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Device | None = None) -> Self:
        """Move all parameters and buffers to a GPU."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def type(self, dst_type: Any) -> Self:
        """Cast all parameters and buffers to ``dst_type``."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def float(self) -> Self:
        """Cast all floating point parameters and buffers to float32."""
        return self._apply(_cast_floating(rushlight.float32))

    def double(self) -> Self:
        """Cast all floating point parameters and buffers to float64."""
        return self._apply(_cast_floating(rushlight.float64))

    def half(self) -> Self:
        """Cast all floating point parameters and buffers to float16."""
        return self._apply(_cast_floating(rushlight.float16))

    def bfloat16(self) -> Self:
        """Cast all floating point parameters and buffers to bfloat16."""
        return self._apply(_cast_floating(rushlight.bfloat16))

    def to_empty(self, *, device: Device | None, recurse: bool = True) -> Self:
        """Move to ``device`` without copying values: they are uninitialised there."""
        return self._apply(
            lambda tensor: rushlight.empty_like(tensor, device=device), recurse
        )

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move and cast the parameters and buffers in place.

        Called as ``to(device=None, dtype=None, non_blocking=False)``, ``to(dtype)``,
        ``to(tensor)`` for that tensor's device and dtype, or
        ``to(memory_format=rushlight.channels_last)`` for the order of 4-d and 5-d ones
        in memory. Integer parameters and buffers are moved, not cast.

        Returns:
            The module itself.

        Raises:
            TypeError: the dtype is neither floating point nor complex.

        Example:
            >>> import rushlight
            >>> rushlight.nn.Linear(2, 2).to(rushlight.float64).weight.dtype
            rushlight.float64
        """
        device, dtype, non_blocking, memory_format = _parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got "
                f"desired dtype={dtype}"
            )

        def convert(tensor):
            wanted = dtype
            if not (tensor.is_floating_point() or tensor.is_complex()):
                wanted = None
            layout = memory_format if tensor.ndim in (4, 5) else None
            if wanted is None and device is None and layout is None:
                return tensor
            return tensor.to(
                device=tensor.device if device is None else device,
                dtype=tensor.dtype if wanted is None else wanted,
                non_blocking=non_blocking,
                **({} if layout is None else {"memory_format": layout}),
            )

        return self._apply(convert)

    def share_memory(self) -> Self:
        """Move all parameters and buffers to memory that forked processes share."""
        return self._apply(lambda tensor: tensor.share_memory_())

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Check the arguments as :func:`rushlight.compile` does; change nothing."""
        rushlight.compile(self, *args, **kwargs)

    def __setstate__(self, state):
        fields = self.__dict__
        fields.update(state)
        # Modules pickled by an older version lack the newer tables.
        for table in _HOOK_TABLES:
            fields.setdefault(table, OrderedDict())
        fields.setdefault("_non_persistent_buffers_set", set())
        fields.setdefault("_is_full_backward_hook", None)

    def __getattr__(self, name):
        # Written out: a loop over the tables costs a third more, on every read.
        fields = self.__dict__
        if "_parameters" in fields:
            entries = fields["_parameters"]
            if name in entries:
                return entries[name]
            entries = fields["_modules"]
            if name in entries:
                return entries[name]
            entries = fields["_buffers"]
            if name in entries:
                return entries[name]
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'"
        )

    def __setattr__(self, name, value):
        fields = self.__dict__
        params = fields.get("_parameters")
        if isinstance(value, Parameter):
            if params is None:
                raise AttributeError(
                    "cannot assign parameters before Module.__init__() call"
                )
            _forget(name, fields, self._buffers, self._modules)
            self._non_persistent_buffers_set.discard(name)
            self.register_parameter(name, value)
        elif params is not None and name in params:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in fields:
                raise AttributeError(
                    "cannot assign module before Module.__init__() call"
                )
            _forget(name, fields, self._parameters, self._buffers)
            self._non_persistent_buffers_set.discard(name)
            self._modules[name] = _hooks.apply_registration_hooks(
                _hooks.global_module_hooks, self, name, value
            )
        elif name in fields.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            self._modules[name] = _hooks.apply_registration_hooks(
                _hooks.global_module_hooks, self, name, value
            )
        elif isinstance(value, Buffer) or name in fields.get("_buffers", ()):
            if value is not None and not isinstance(value, rushlight.Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                persistent = value.persistent
            else:
                persistent = name not in self._non_persistent_buffers_set
            self.register_buffer(name, value, persistent)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name):
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            super().__delattr__(name)

    def _named_members(
        self, get_members_fn, prefix="", recurse=True, remove_duplicate=True
    ):
        seen = set()
        if recurse:
            modules = self.named_modules(
                prefix=prefix, remove_duplicate=remove_duplicate
            )
        else:
            modules = [(prefix, self)]
        for path, module in modules:
            for name, member in get_members_fn(module):
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield every parameter once; with ``recurse=False`` only this module's own."""
        for _, param in self.named_parameters(recurse=recurse):
            yield param

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield ``(full name, parameter)``, each parameter once.

        Example:
            >>> from rushlight import nn
            >>> [name for name, _ in nn.Sequential(nn.Linear(1, 1)).named_parameters()]
            ['0.weight', '0.bias']
        """
        return self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield every buffer once; with ``recurse=False`` only this module's own."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield ``(full name, buffer)``, each buffer once."""
        return self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def children(self) -> Iterator[Module]:
        """Yield the direct child modules, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield ``(name, module)`` of the direct children, each module once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Yield this module and all below it, each once."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_modules(
        self,
        memo: set[Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Module]]:
        """Yield ``(full name, module)`` of this module and all below it."""
        if memo is None:
            memo = set()
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def train(self, mode: bool = True) -> Self:
        """Set training mode (dropout drops) or, with ``False``, evaluation mode.

        Raises:
            ValueError: ``mode`` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Turn gradients of all parameters on or off."""
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients: to ``None``, or to zeros with ``set_to_none=False``."""
        for param in self.parameters():
            grad = param.grad
            if grad is None:
                continue
            if set_to_none:
                param.grad = None
                continue
            if grad.grad_fn is not None:
                grad.detach_()
            else:
                grad.requires_grad_(False)
            grad.zero_()

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self) -> str:
        """Return the arguments to show in the module's repr, on one line or more."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        single_line = len(lines) == 1 and not self._modules
        for name, module in self._modules.items():
            indented = repr(module).replace("\n", "\n  ")
            lines.append(f"({name}): {indented}")
        if single_line:
            body = lines[0]
        elif lines:
            body = "\n  " + "\n  ".join(lines) + "\n"
        else:
            body = ""
        return f"{self._get_name()}({body})"

    def __dir__(self):
        names = {*dir(type(self)), *self.__dict__}
        names.update(self._parameters, self._modules, self._buffers)
        return sorted(name for name in names if not name[0].isdigit())


def _forget(name, *tables) -> None:
    for table in tables:
        table.pop(name, None)


def _typename(value) -> str:
    if isinstance(value, rushlight.Tensor):
        return value.type()
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _cast_floating(dtype):
    def cast(tensor):
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    return cast


def _parse_to(*args, **kwargs):
    """Split the arguments of ``Module.to``.

    Returns:
        Device, dtype, non_blocking and memory format.
    """
    device = kwargs.pop("device", None)
    dtype = kwargs.pop("dtype", None)
    non_blocking = kwargs.pop("non_blocking", False)
    memory_format = kwargs.pop("memory_format", None)
    other = kwargs.pop("tensor", None)
    if kwargs:
        raise TypeError(
            f"to() got an unexpected keyword argument '{next(iter(kwargs))}'"
        )
    rest = list(args)
    if rest and isinstance(rest[0], rushlight.Tensor):
        other = rest.pop(0)
    elif rest and isinstance(rest[0], rushlight.dtype):
        dtype = rest.pop(0)
    elif rest:
        device = rest.pop(0)
        if rest and (rest[0] is None or isinstance(rest[0], rushlight.dtype)):
            dtype = rest.pop(0)
    if rest:
        non_blocking = rest.pop(0)
    if rest and isinstance(rest[0], bool):
        rest.pop(0)
    if rest:
        raise TypeError(
            f"to() received too many arguments: {len(args)}; it takes a device, a "
            "dtype or a tensor, and non_blocking"
        )
    if other is not None:
        device, dtype = other.device, other.dtype
    if device is not None:
        device = rushlight.device(device)
    return device, dtype, non_blocking, memory_format
