"""Layers whose sizes are taken from their first input."""

from __future__ import annotations

import itertools
from typing import Any

import rushlight
from rushlight.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """For modules with parameters whose shapes the first input decides.

    It comes before :class:`Module` among the bases. Its ``__init__`` assigns
    :class:`UninitializedParameter` and :class:`UninitializedBuffer`, and its
    ``initialize_parameters`` is called with the arguments of the first forward pass and
    materializes all of them. If ``cls_to_become`` is set, the module then becomes one
    of that class.

    Run a first batch before the parameters go to an optimizer.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> from rushlight.nn.modules.lazy import LazyModuleMixin
        >>> class Scale(LazyModuleMixin, nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.UninitializedParameter()
        ...     def initialize_parameters(self, input):
        ...         self.factor.materialize(input.shape[-1:])
        ...         nn.init.ones_(self.factor)
        ...     def forward(self, input):
        ...         return input * self.factor
        >>> scale = Scale()
        >>> scale.factor
        <UninitializedParameter>
        >>> tuple(scale(rushlight.zeros(2, 3)).shape), tuple(scale.factor.shape)
        ((2, 3), (3,))
    """

    cls_to_become: type | None = None

    # The module's.
    _get_name: Any
    _non_persistent_buffers_set: set[str]
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _register_load_state_dict_pre_hook: Any
    register_forward_pre_hook: Any

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(
            self._infer_parameters, with_kwargs=True
        )

    def _members(self):
        return itertools.chain(self._parameters.items(), self._buffers.items())

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        # What is uninitialized stays so in a file, instead of becoming an empty tensor.
        for name, member in self._members():
            if member is None or name in self._non_persistent_buffers_set:
                continue
            if not (keep_vars or is_lazy(member)):
                member = member.detach()
            destination[prefix + name] = member

    def _lazy_load_hook(
        self,
        state_dict,
        prefix,
        local_metadata,
        strict,
        missing_keys,
        unexpected_keys,
        error_msgs,
    ) -> None:
        """Give parameters the shapes of those that are about to be loaded."""
        for name, member in self._members():
            loaded = state_dict.get(prefix + name)
            if loaded is None or member is None:
                continue
            if is_lazy(member) and not is_lazy(loaded):
                with rushlight.no_grad():
                    member.materialize(loaded.shape)

    def initialize_parameters(self, *args, **kwargs) -> None:
        """Materialize all parameters, by the arguments of the first forward pass."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module is still without a shape."""
        return any(is_lazy(member) for _, member in self._members())

    def _infer_parameters(self, module, args, kwargs=None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(
                f"module {self._get_name()} has not been fully initialized"
            )
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook
        del module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
