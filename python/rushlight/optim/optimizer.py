"""The base class of optimizers."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import rushlight
from rushlight.nn.modules.module import _typename
from rushlight.utils.hooks import RemovableHandle

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

_global_pre_hooks: OrderedDict = OrderedDict()
_global_post_hooks: OrderedDict = OrderedDict()
_HOOK_TABLES = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)


class _RequiredParameter:
    """Marks an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()


def register_optimizer_step_pre_hook(hook) -> RemovableHandle:
    """Register ``hook(optimizer, args, kwargs)`` to run before every optimizer's step.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _add_hook(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook) -> RemovableHandle:
    """Register ``hook(optimizer, args, kwargs)`` to run after every optimizer's step.

    Returns:
        A handle whose ``remove()`` takes the hook out.
    """
    return _add_hook(_global_post_hooks, hook)


def _add_hook(table, hook, prepend=False):
    handle = RemovableHandle(table)
    table[handle.id] = hook
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def _with_hooks(step):
    """Return ``step`` with the step hooks around it."""

    @functools.wraps(step)
    def hooked_step(self, *args, **kwargs):
        if not (
            self._optimizer_step_pre_hooks
            or self._optimizer_step_post_hooks
            or _global_pre_hooks
            or _global_post_hooks
        ):
            return step(self, *args, **kwargs)
        # Hooks see the optimizer as the first argument, as in PyTorch.
        args = (self, *args)
        for hook in (
            *_global_pre_hooks.values(),
            *self._optimizer_step_pre_hooks.values(),
        ):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(
                    f"{step} must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {changed}."
                )
            args, kwargs = changed
        result = step(*args, **kwargs)
        for hook in (
            *self._optimizer_step_post_hooks.values(),
            *_global_post_hooks.values(),
        ):
            hook(self, args, kwargs)
        return result

    hooked_step.hooked = True
    return hooked_step


class Optimizer:
    """Base class of optimizers.

    A subclass defines ``step`` and passes its options' defaults.

    Args:
        params: an iterable of tensors, of ``(name, tensor)`` pairs, or of dicts with
            ``"params"`` and options of their own.
        defaults: the options of groups that do not name them.

    Raises:
        TypeError: ``params`` is a tensor or holds something else than tensors.
        ValueError: there is no parameter, one is no leaf, or one is in two groups.
    """

    # Filled by `_HOOK_TABLES`.
    _optimizer_step_pre_hooks: OrderedDict
    _optimizer_step_post_hooks: OrderedDict
    _optimizer_state_dict_pre_hooks: OrderedDict
    _optimizer_state_dict_post_hooks: OrderedDict
    _optimizer_load_state_dict_pre_hooks: OrderedDict
    _optimizer_load_state_dict_post_hooks: OrderedDict

    def __init__(self, params, defaults) -> None:
        self.defaults = defaults
        for table in _HOOK_TABLES:
            setattr(self, table, OrderedDict())
        self._patch_step_function()
        if isinstance(params, rushlight.Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of "
                f"Tensors or dicts, but got {_typename(params)}"
            )
        self.state: defaultdict = defaultdict(dict)
        self.param_groups: list[dict] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _patch_step_function(self):
        kind = type(self)
        if not getattr(kind.step, "hooked", False):
            kind.step = _with_hooks(kind.step)

    def __getstate__(self):
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        for table in _HOOK_TABLES:
            self.__dict__.setdefault(table, OrderedDict())
        self._patch_step_function()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for at, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {at}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters; every optimizer defines it.

        Args:
            closure: recomputes the loss and its gradients, and returns the loss.

        Returns:
            What ``closure`` returned, or ``None``.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def _closure_loss(self, closure):
        if closure is None:
            return None
        with rushlight.enable_grad():
            return closure()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients: to ``None``, or to zeros with ``set_to_none=False``."""
        for group in self.param_groups:
            if set_to_none:
                for param in group["params"]:
                    param.grad = None
                continue
            for param in group["params"]:
                grad = param.grad
                if grad is None:
                    continue
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Args:
            param_group: a dict with ``"params"`` and any options; the defaults fill
                in the others.

        Raises:
            TypeError: it is no dict, or ``"params"`` is a set or holds no tensors.
            ValueError: a parameter is no leaf or in another group already, an option
                without a default is missing, or only some parameters have names.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, rushlight.Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but "
                "the ordering of tensors in sets will change between runs. Please use "
                "a list instead."
            )
        else:
            params = list(params)
        names = [item[0] for item in params if isinstance(item, tuple)]
        params = [item[1] if isinstance(item, tuple) else item for item in params]
        param_group["params"] = params
        if names:
            if len(names) != len(params):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param "
                    "names are missing"
                )
            param_group["param_names"] = names
        for param in params:
            self._check_param(param)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization "
                    f"parameter {name}"
                )
            param_group.setdefault(name, default)
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        known = set()
        for group in self.param_groups:
            known.update(group["params"])
            if ("param_names" in param_group) != ("param_names" in group):
                kind = "with" if "param_names" in param_group else "without"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot "
                    f"add param group {kind} names to the optimizer"
                )
        if not known.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def _check_param(self, param) -> None:
        if not isinstance(param, rushlight.Tensor):
            raise TypeError(
                "optimizer can only optimize Tensors, but one of the params is "
                f"{_typename(param)}"
            )
        if not (
            self.defaults.get("differentiable") or param.is_leaf or param.retains_grad
        ):
            raise ValueError("can't optimize a non-leaf Tensor")

    def state_dict(self) -> dict[str, Any]:
        """Return the optimizer's state and options, parameters replaced by numbers.

        Returns:
            ``{"state": {number: {name: value}}, "param_groups": [...]}``, where a
            group's ``"params"`` lists its parameters' numbers.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {
            numbers[id(key)] if isinstance(key, rushlight.Tensor) else key: value
            for key, value in self.state.items()
        }
        state_dict = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        return state_dict

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the state and options of a :meth:`state_dict`.

        State tensors are cast to their parameter's dtype and device.

        Args:
            state_dict: what :meth:`state_dict` returned.

        Raises:
            ValueError: the groups do not match in number or size.
        """
        import copy

        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups = self.param_groups
        saved_groups = copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups"
            )
        params: dict[Any, Any] = {}
        for group, saved in zip(groups, saved_groups, strict=True):
            if len(group["params"]) != len(saved["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match "
                    "the size of optimizer's group"
                )
            params.update(zip(saved["params"], group["params"], strict=True))
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        number_groups = {
            number: group
            for group in state_dict["param_groups"]
            for number in group["params"]
        }
        state: defaultdict = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                group = number_groups[key]
                state[params[key]] = _cast_state(params[key], value, group, None)
            else:
                state[key] = value
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Register ``hook(optimizer, args, kwargs) -> None or (args, kwargs)``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Register ``hook(optimizer, args, kwargs) -> None``, run after the step.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register ``hook(optimizer) -> None``, run before :meth:`state_dict`.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register ``hook(optimizer, state_dict) -> None or new state_dict``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register ``hook(optimizer, state_dict) -> None or new state_dict``.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Register ``hook(optimizer) -> None``, run after :meth:`load_state_dict`.

        Returns:
            A handle whose ``remove()`` takes the hook out.
        """
        return _add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _cast_state(param, value, group, key):
    """Return a state entry with its tensors cast as ``param``; a step count stays."""
    if isinstance(value, rushlight.Tensor):
        if key == "step":
            if group.get("capturable") or group.get("fused"):
                return value.to(dtype=rushlight.float32, device=param.device)
            return value
        if param.is_floating_point():
            return value.to(dtype=param.dtype, device=param.device)
        return value.to(device=param.device)
    if isinstance(value, dict):
        return {k: _cast_state(param, v, group, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_cast_state(param, v, group, None) for v in value)
    return value


def params_with_grads(group):
    """Return the group's parameters that have a gradient, and those gradients."""
    params = group["params"]
    grads = [param.grad for param in params]
    for grad in grads:
        if grad is None:
            kept = [at for at, grad in enumerate(grads) if grad is not None]
            return [params[at] for at in kept], [grads[at] for at in kept]
    return params, grads


def check_number(name, value, valid) -> None:
    """Raise ``ValueError`` unless an option's value is valid."""
    if not valid:
        raise ValueError(f"Invalid {name}: {value}")


def check_lr(lr) -> None:
    """Raise ``ValueError`` unless it is one number that is not negative."""
    if isinstance(lr, rushlight.Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check_number("learning rate", lr, lr >= 0.0)


def check_betas(betas) -> None:
    """Raise ``ValueError`` unless both are in [0, 1)."""
    for at in range(2):
        beta = betas[at]
        check_number(f"beta parameter at index {at}", beta, 0.0 <= beta < 1.0)


def check_modes(foreach, differentiable, fused) -> None:
    """Check the options that choose an implementation.

    A step is one fused call over all parameters, or tensor operations where
    ``differentiable`` asks for them, so ``foreach`` and ``fused`` only have to make
    sense.
    """
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_group(group, params) -> None:
    """Raise what PyTorch raises for options that these parameters do not support."""
    if group.get("capturable") and any(param.device.type == "cpu" for param in params):
        raise AssertionError(
            "capturable=True: the parameters and their states must be on an "
            "accelerator, but one is on cpu; leave capturable=False there"
        )
    if group.get("fused"):
        for param in params:
            if not param.is_floating_point():
                raise RuntimeError(
                    "`fused=True` requires all the params to be floating point Tensors,"
                    f" but one is {param.dtype} on {param.device.type}"
                )


def scalar_of(value):
    """Return an option as a number or a 0-d tensor."""
    if isinstance(value, rushlight.Tensor) and value.dim() != 0:
        return value.squeeze()
    return value


def new_count(value, fused=False) -> rushlight.Tensor:
    """Return a step count, or another number of a parameter's state, as a tensor.

    It is float32 unless the default dtype is float64, as in PyTorch; with ``fused`` it
    is always float32.
    """
    wide = rushlight.get_default_dtype() == rushlight.float64 and not fused
    dtype = rushlight.float64 if wide else rushlight.float32
    return rushlight.tensor(float(value), dtype=dtype)


def counts_to_tensors(optimizer, names=("step",)) -> None:
    """Make counts tensors on the CPU, where a step reads them.

    Older files hold them as numbers, PyTorch's may hold them on an accelerator.
    """
    for group in optimizer.param_groups:
        for param in group["params"]:
            entry = optimizer.state.get(param)
            if not entry:
                continue
            for name in names:
                count = entry[name]
                if isinstance(count, rushlight.Tensor):
                    entry[name] = count.to("cpu")
                else:
                    entry[name] = new_count(count, group.get("fused"))
