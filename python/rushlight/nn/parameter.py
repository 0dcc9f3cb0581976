"""Tensors that a module owns: parameters and buffers."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import rushlight

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


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


_UNKNOWN_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. It has none until "
    "the first forward pass of its module; load_state_dict raises this when the file "
    "has an uninitialized parameter where the module has one of known shape."
)


class UninitializedTensorMixin:
    """What parameters and buffers without a shape have in common."""

    cls_to_become: type
    device: Any
    dtype: Any
    requires_grad: bool

    def materialize(self, shape, device=None, dtype=None) -> None:
        """Give it a shape, uninitialized values, and the class of its kind.

        Args:
            shape: the shape.
            device: Default: the one it was made for.
            dtype: Default: the one it was made for.

        Example:
            >>> import rushlight
            >>> weight = rushlight.nn.UninitializedParameter()
            >>> weight.materialize((2, 3))
            >>> type(weight).__name__, tuple(weight.shape)
            ('Parameter', (2, 3))
        """
        self.data = rushlight.empty(
            shape,
            device=self.device if device is None else device,
            dtype=self.dtype if dtype is None else dtype,
        )
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        """Raises RuntimeError: there is none yet."""
        raise RuntimeError(_UNKNOWN_SHAPE)

    def numel(self):
        """Raises ValueError: there is no shape yet."""
        raise ValueError(_refusal(type(self), "numel"))

    nelement = numel

    def share_memory_(self):
        """Raises RuntimeError: there is no memory yet."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Run a first "
            "batch through the module before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def _arguments(self):
        return self.requires_grad, str(self.device), self.dtype

    def __deepcopy__(self, memo):
        known = memo.get(id(self))
        if known is None:
            known = memo[id(self)] = type(self)(*self._arguments())
        return known

    def __reduce_ex__(self, protocol):
        return type(self), self._arguments()


def _refusal(cls, func) -> str:
    return (
        f"Attempted to use an uninitialized parameter in {func}. {cls.__name__} "
        "objects have no values before the first forward pass of their module: run a "
        "batch through it first"
    )


def _refuse_most(cls, func, types, args=(), kwargs=None):
    """``__torch_function__`` of what has no shape: it can be moved and cast."""
    if getattr(func, "__name__", None) not in _ALLOWED:
        raise ValueError(_refusal(cls, func))
    with rushlight._core.DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
    if issubclass(cls, UninitializedBuffer) and type(result) is rushlight.Tensor:
        # A module replaces a buffer that is cast; a parameter's data alone.
        persistent = args[0].persistent
        result = rushlight.Tensor._make_subclass(cls, result, result.requires_grad)
        result.persistent = persistent
    return result


_ALLOWED = frozenset(
    "__hash__ size copy_ is_complex is_floating_point half float double bfloat16 char "
    "short int long cuda cpu to type get_device".split()
)


def _watch_calls() -> None:
    """Let calls be refused from the first uninitialized tensor on.

    Before it every call is spared the search for overrides: see overrides.h.
    """
    if "__torch_function__" not in vars(UninitializedTensorMixin):
        refuse: Any = classmethod(_refuse_most)
        UninitializedTensorMixin.__torch_function__ = refuse  # type: ignore[attr-defined]
        rushlight._core._activate_overrides()


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet.

    It can be moved and cast; anything else raises ``ValueError``.

    Args:
        requires_grad: whether gradients will be computed for it. Default: ``True``.
        device: where it will live. Default: the default device.
        dtype: its dtype. Default: the default dtype.

    Example:
        >>> import rushlight
        >>> rushlight.nn.UninitializedParameter()
        <UninitializedParameter>
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        _watch_calls()
        data = rushlight.empty(0, device=device, dtype=dtype)
        return rushlight.Tensor._make_subclass(cls, data, requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape is not known yet.

    It can be moved and cast; anything else raises ``ValueError``.

    Args:
        requires_grad: whether gradients will be computed for it. Default: ``False``.
        device: where it will live. Default: the default device.
        dtype: its dtype. Default: the default dtype.
        persistent: whether the buffer is part of the module's ``state_dict``.
            Default: ``True``.

    Example:
        >>> import rushlight
        >>> mean = rushlight.nn.UninitializedBuffer()
        >>> mean.materialize(3)
        >>> type(mean).__name__, tuple(mean.shape)
        ('Buffer', (3,))
    """

    cls_to_become = Buffer

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        _watch_calls()
        data = rushlight.empty(0, device=device, dtype=dtype)
        buffer = rushlight.Tensor._make_subclass(cls, data, requires_grad)
        buffer.persistent = persistent
        return buffer

    def _arguments(self):
        return (*super()._arguments(), self.persistent)


def is_lazy(param) -> bool:
    """Whether a tensor is a parameter or buffer without a shape.

    Example:
        >>> import rushlight
        >>> rushlight.nn.parameter.is_lazy(rushlight.ones(1))
        False
    """
    return isinstance(param, UninitializedTensorMixin)
