"""Tensors that a module owns: parameters and buffers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import rushlight

__all__ = ["Buffer", "Parameter"]


def _as_tensor_data(data, name):
    if data is None:
        return rushlight.empty(0)
    if not isinstance(data, rushlight.Tensor):
        raise TypeError(
            f"{name}(): expected a Tensor as data, got {type(data).__name__}; "
            "convert it with rushlight.tensor(data) first"
        )
    return data


class Parameter(rushlight.Tensor):
    """A tensor that a module registers as its parameter when it is assigned to it.

    Args:
        data: the values, shared with the parameter. Default: an empty tensor.
        requires_grad: whether gradients are computed for it, also when it is made
            under ``no_grad``. Default: ``True``.

    Raises:
        TypeError: ``data`` is not a tensor.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(2))
        >>> weight.requires_grad
        True
    """

    # What is computed from it is a plain Tensor.
    __torch_function__: Any = rushlight._core._disabled_torch_function_impl

    def __new__(cls, data=None, requires_grad=True):
        data = _as_tensor_data(data, cls.__name__)
        return rushlight.Tensor._make_subclass(cls, data, requires_grad)

    def __deepcopy__(self, memo):
        known = memo.get(id(self))
        if known is not None:
            return known
        result = type(self)(self.data.clone(), self.requires_grad)
        result.__dict__.update(self.__dict__)
        memo[id(self)] = result
        return result

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol):
        from rushlight._utils import _rebuild_parameter, _rebuild_parameter_with_state

        args = (self.data, self.requires_grad, OrderedDict())
        if self.__dict__:
            return _rebuild_parameter_with_state, (*args, dict(self.__dict__))
        return _rebuild_parameter, args


class Buffer(rushlight.Tensor):
    """A tensor that a module registers as its buffer when it is assigned to it.

    Args:
        data: the values, shared with the buffer. Default: an empty tensor.
        persistent: whether the buffer is part of the module's ``state_dict``.
            Default: ``True``.

    Raises:
        TypeError: ``data`` is not a tensor.

    Example:
        >>> import rushlight
        >>> module = rushlight.nn.Module()
        >>> module.mean = rushlight.nn.Buffer(rushlight.zeros(2))
        >>> list(module.state_dict())
        ['mean']
    """

    __torch_function__: Any = rushlight._core._disabled_torch_function_impl

    def __new__(cls, data=None, *, persistent=True):
        data = _as_tensor_data(data, cls.__name__)
        buffer = rushlight.Tensor._make_subclass(cls, data, data.requires_grad)
        buffer.persistent = persistent
        return buffer

    def __deepcopy__(self, memo):
        known = memo.get(id(self))
        if known is not None:
            return known
        result = type(self)(self.data.clone(), persistent=self.persistent)
        memo[id(self)] = result
        return result

    def __reduce_ex__(self, protocol):
        return _rebuild_buffer, (self.data, self.persistent)


def _rebuild_buffer(data, persistent):
    return Buffer(data, persistent=persistent)
