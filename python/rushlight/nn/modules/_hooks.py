"""Forward and backward hooks of modules: registration and the hooked call."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import rushlight
from rushlight.utils.hooks import RemovableHandle

# Hooks of every module. `Module.__call__` looks only at whether `any_call_hook` is
# empty: it holds one key for each registered global forward or backward hook.
any_call_hook: OrderedDict = OrderedDict()
global_forward_pre_hooks: OrderedDict = OrderedDict()
global_forward_hooks: OrderedDict = OrderedDict()
global_forward_hooks_with_kwargs: OrderedDict = OrderedDict()
global_forward_hooks_always_called: OrderedDict = OrderedDict()
global_backward_pre_hooks: OrderedDict = OrderedDict()
global_backward_hooks: OrderedDict = OrderedDict()
global_buffer_hooks: OrderedDict = OrderedDict()
global_module_hooks: OrderedDict = OrderedDict()
global_parameter_hooks: OrderedDict = OrderedDict()


def _register_global(table, hook, flags=()):
    handle = RemovableHandle(table, extra_dict=[any_call_hook, *flags])
    table[handle.id] = hook
    any_call_hook[handle.id] = True
    for flag in flags:
        flag[handle.id] = True
    return handle


def register_module_forward_pre_hook(hook):
    """Register ``hook(module, args) -> None or new args`` for every module.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_global(global_forward_pre_hooks, hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Register ``hook(module, args, output) -> None or new output`` for every module.

    Args:
        hook: the function; it runs before the module's own forward hooks.
        with_kwargs: call ``hook(module, args, kwargs, output)``. Default: ``False``.
        always_call: run the hook also when forward raises. Default: ``False``.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    flags = []
    if with_kwargs:
        flags.append(global_forward_hooks_with_kwargs)
    if always_call:
        flags.append(global_forward_hooks_always_called)
    return _register_global(global_forward_hooks, hook, flags)


def register_module_full_backward_pre_hook(hook):
    """Register ``hook(module, grad_output) -> None or new grad_output`` globally.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_global(global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook):
    """Register ``hook(module, grad_input, grad_output) -> None or grad_input``.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_global(global_backward_hooks, hook)


def _register_structure_hook(table, hook):
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def register_module_buffer_registration_hook(hook):
    """Register ``hook(module, name, buffer) -> None or new buffer``.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_structure_hook(global_buffer_hooks, hook)


def register_module_module_registration_hook(hook):
    """Register ``hook(module, name, submodule) -> None or new submodule``.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_structure_hook(global_module_hooks, hook)


def register_module_parameter_registration_hook(hook):
    """Register ``hook(module, name, param) -> None or new parameter``.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _register_structure_hook(global_parameter_hooks, hook)


def apply_registration_hooks(table, module, name, value):
    """Return ``value`` as the registration hooks in ``table`` leave it."""
    for hook in table.values():
        changed = hook(module, name, value)
        if changed is not None:
            value = changed
    return value


class HookMixin:
    """Registration of one module's hooks, and the call that runs them."""

    _forward_pre_hooks: OrderedDict
    _forward_pre_hooks_with_kwargs: OrderedDict
    _forward_hooks: OrderedDict
    _forward_hooks_with_kwargs: OrderedDict
    _forward_hooks_always_called: OrderedDict
    _backward_pre_hooks: OrderedDict
    _backward_hooks: OrderedDict
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
    ) -> RemovableHandle:
        """Register a hook that runs before :meth:`forward`.

        Args:
            hook: ``hook(module, args) -> None or new args``; a single value is put in
                a tuple. With ``with_kwargs``: ``hook(module, args, kwargs) -> None or
                (args, kwargs)``.
            prepend: run it before the hooks registered so far. Default: ``False``.
            with_kwargs: pass the keyword arguments too. Default: ``False``.

        Returns:
            A handle whose ``remove()`` takes the hook out.

        Example:
            >>> import rushlight
            >>> relu = rushlight.nn.ReLU()
            >>> handle = relu.register_forward_pre_hook(lambda m, args: -args[0])
            >>> relu(rushlight.tensor([-2.0]))
            tensor([2.])
        """
        flags = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        extras = [self._forward_pre_hooks_with_kwargs]
        return _register(self._forward_pre_hooks, hook, prepend, flags, extras)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Register a hook that runs after :meth:`forward`.

        Args:
            hook: ``hook(module, args, output) -> None or new output``. With
                ``with_kwargs``: ``hook(module, args, kwargs, output)``.
            prepend: run it before the hooks registered so far. Default: ``False``.
            with_kwargs: pass the keyword arguments too. Default: ``False``.
            always_call: run the hook also when forward raises. Default: ``False``.

        Returns:
            A handle whose ``remove()`` takes the hook out.

        Example:
            >>> import rushlight
            >>> relu = rushlight.nn.ReLU()
            >>> handle = relu.register_forward_hook(lambda m, args, out: out + 1)
            >>> relu(rushlight.tensor([2.0]))
            tensor([3.])
        """
        extras = [self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        flags = [
            table
            for table, wanted in zip(extras, (with_kwargs, always_call), strict=True)
            if wanted
        ]
        return _register(self._forward_hooks, hook, prepend, flags, extras)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register a hook that runs before the module's gradients are computed.

        Args:
            hook: ``hook(module, grad_output) -> None or new grad_output``, tuples with
                ``None`` for outputs that are no tensors.
            prepend: run it before the hooks registered so far. Default: ``False``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _register(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register a hook that runs once the gradients of the inputs are computed.

        If no input needs a gradient it runs when those of the outputs are.

        Args:
            hook: ``hook(module, grad_input, grad_output) -> None or new grad_input``,
                tuples with ``None`` for values that are no tensors.
            prepend: run it before the hooks registered so far. Default: ``False``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(_MIXED_HOOKS)
        self._is_full_backward_hook = True
        return _register(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Register a hook on the last operation of :meth:`forward`.

        PyTorch deprecates it in favour of :meth:`register_full_backward_hook`.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED_HOOKS)
        self._is_full_backward_hook = False
        return _register(self._backward_hooks, hook, False)

    def _call_with_hooks(self, args, kwargs):
        called: set[int] = set()
        output = None
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            boundary = self._backward_boundary()
            if boundary is not None:
                args = boundary.enter(args)
            output = self.forward(*args, **kwargs)
            for key, hook, with_kwargs, always in self._forward_hook_list():
                if always:
                    called.add(key)
                extra = (kwargs,) if with_kwargs else ()
                changed = hook(self, args, *extra, output)
                if changed is not None:
                    output = changed
            if boundary is not None:
                output = boundary.leave(output)
            if self._is_full_backward_hook is False and self._backward_hooks:
                self._hook_last_node(output)
            return output
        except Exception:
            self._run_hooks_after_failure(args, kwargs, output, called)
            raise

    def _forward_hook_list(self):
        tables = (
            (
                global_forward_hooks,
                global_forward_hooks_with_kwargs,
                global_forward_hooks_always_called,
            ),
            (
                self._forward_hooks,
                self._forward_hooks_with_kwargs,
                self._forward_hooks_always_called,
            ),
        )
        return [
            (key, hook, key in with_kwargs, key in always)
            for hooks, with_kwargs, always in tables
            for key, hook in hooks.items()
        ]

    def _run_forward_pre_hooks(self, args, kwargs):
        hooks = [*global_forward_pre_hooks.items(), *self._forward_pre_hooks.items()]
        for key, hook in hooks:
            if key in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is None:
                    continue
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of "
                        f"(new_args, new_kwargs), but got {changed}."
                    )
                args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _run_hooks_after_failure(self, args, kwargs, output, called):
        for key, hook, with_kwargs, always in self._forward_hook_list():
            if not always or key in called:
                continue
            extra = (kwargs,) if with_kwargs else ()
            try:
                changed = hook(self, args, *extra, output)
            except Exception as error:
                scope = "global module" if key in global_forward_hooks else "module"
                warnings.warn(
                    f"{scope} forward hook with ``always_call=True`` raised an "
                    "exception that was silenced as another error was raised in "
                    f"forward: {error}",
                    stacklevel=4,
                )
                continue
            if changed is not None:
                output = changed

    def _backward_boundary(self):
        pre_hooks = [
            *global_backward_pre_hooks.values(),
            *self._backward_pre_hooks.values(),
        ]
        hooks = [*global_backward_hooks.values()]
        if self._is_full_backward_hook is not False:
            hooks += self._backward_hooks.values()
        if not pre_hooks and not hooks:
            return None
        from rushlight.nn.modules._backward_hooks import BackwardBoundary

        return BackwardBoundary(self, hooks, pre_hooks)

    def _hook_last_node(self, output):
        node_of = _first_tensor(output).grad_fn
        if node_of is None:
            return
        for hook in self._backward_hooks.values():
            node_of.register_hook(_bind_module(hook, self))


def _bind_module(hook, module):
    def call(grad_input, grad_output):
        return hook(module, grad_input, grad_output)

    return call


def _first_tensor(value):
    while not isinstance(value, rushlight.Tensor):
        if isinstance(value, dict):
            value = next(v for v in value.values() if isinstance(v, rushlight.Tensor))
        else:
            value = value[0]
    return value


def _register(table, hook, prepend, flags=(), extras=()):
    handle = RemovableHandle(table, extra_dict=list(extras))
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    for flag in flags:
        flag[handle.id] = True
    return handle


_MIXED_HOOKS = (
    "Cannot use both regular backward hooks and full backward hooks on a "
    "single Module. Please use only one of them."
)
