"""The class of all tensors that say what they are."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight._core import DisableTorchFunctionSubclass, Tensor

__all__ = ["TVTensor", "set_return_type", "wrap"]

# What keeps the kind of tensor whatever the return type is.
_KEEPING = frozenset(
    {Tensor.clone, Tensor.to, Tensor.detach, Tensor.requires_grad_, Tensor.pin_memory}
)
_RETURN_TYPES = {"tensor": False, "tvtensor": True}
_keeps_all = False


class set_return_type:
    """Whether what is computed from a TVTensor is one too.

    Takes effect at once; as a context manager, until its end.

    Args:
        return_type: ``"Tensor"``, as it is at first, or ``"TVTensor"``.

    Raises:
        ValueError: something else.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> image = tv_tensors.Image(rushlight.zeros(3, 4, 5))
        >>> with tv_tensors.set_return_type("TVTensor"):
        ...     type(image + 1).__name__
        'Image'
    """

    def __init__(self, return_type) -> None:
        global _keeps_all
        if return_type.lower() not in _RETURN_TYPES:
            raise ValueError(
                f"return_type must be 'TVTensor' or 'Tensor', got {return_type}"
            )
        self._before = _keeps_all
        _keeps_all = _RETURN_TYPES[return_type.lower()]

    def __enter__(self):
        return self

    def __exit__(self, *args) -> None:
        global _keeps_all
        _keeps_all = self._before


def _first(kind, values):
    """The first tensor of a kind among arguments, however deep."""
    for value in values:
        if isinstance(value, kind):
            return value
        if isinstance(value, (list, tuple)):
            found = _first(kind, value)
            if found is not None:
                return found
    return None


class TVTensor(rushlight.Tensor):
    """A tensor that says what it is; base class of the others and of one's own.

    Args:
        data: a tensor, or what :func:`rushlight.as_tensor` takes.
        dtype: the dtype. Default: that of ``data``.
        device: the device. Default: that of ``data``.
        requires_grad: whether autograd records. Default: as of ``data``.
    """

    def __new__(cls, data, *, dtype=None, device=None, requires_grad=None):
        return cls._to_tensor(data, dtype, device, requires_grad).as_subclass(cls)

    @staticmethod
    def _to_tensor(data, dtype=None, device=None, requires_grad=None):
        if requires_grad is None:
            requires_grad = isinstance(data, Tensor) and data.requires_grad
        tensor = rushlight.as_tensor(data, dtype=dtype, device=device)
        if type(tensor) is not Tensor:
            tensor = tensor.as_subclass(Tensor)
        return tensor.requires_grad_(requires_grad)

    @classmethod
    def wrap(cls, tensor, like, **kwargs):
        """A plain tensor as one of this kind, with what ``like`` knows."""
        return tensor.as_subclass(cls)

    @classmethod
    def _wrap_result(cls, result, like):
        if isinstance(result, (tuple, list)):
            return type(result)(cls._wrap_result(part, like) for part in result)
        if isinstance(result, Tensor) and not isinstance(result, cls):
            return cls._rewrap(result, like)
        return result

    @classmethod
    def _rewrap(cls, tensor, like):
        return tensor.as_subclass(cls)

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """Calls as of plain tensors; :func:`set_return_type` says what comes back."""
        if not all(issubclass(cls, kind) for kind in types):
            return NotImplemented
        with DisableTorchFunctionSubclass():
            result = func(*args, **(kwargs or {}))
        if _keeps_all or (func in _KEEPING and isinstance(args[0], cls)):
            like = _first(cls, (*args, *(kwargs or {}).values()))
            return cls._wrap_result(result, like)
        if isinstance(result, cls):
            return result.as_subclass(Tensor)
        return result

    def _described(self, **facts) -> str:
        with DisableTorchFunctionSubclass():
            text = super().__repr__()
        named = ", ".join(f"{name}={value}" for name, value in facts.items())
        return f"{text[:-1]}, {named})"

    # Asked often: without the way through __torch_function__.
    @property
    def shape(self) -> Any:
        """Its :class:`~rushlight.Size`."""
        with DisableTorchFunctionSubclass():
            return super().shape

    @property
    def ndim(self) -> Any:
        """The number of dims."""
        with DisableTorchFunctionSubclass():
            return super().ndim

    @property
    def device(self) -> Any:
        """Where its values are."""
        with DisableTorchFunctionSubclass():
            return super().device

    @property
    def dtype(self) -> Any:
        """The type of its values."""
        with DisableTorchFunctionSubclass():
            return super().dtype

    def __deepcopy__(self, memo):
        return self.detach().clone().requires_grad_(self.requires_grad)


def wrap(wrappee, *, like, **kwargs):
    """A plain tensor as a TVTensor of the kind of another.

    Args:
        wrappee: a tensor.
        like: a TVTensor.
        **kwargs: what shall differ from ``like``: ``format``, ``canvas_size`` or
            ``clamping_mode`` of boxes, ``canvas_size`` of points.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> image = tv_tensors.Image(rushlight.zeros(3, 4, 5))
        >>> type(tv_tensors.wrap(image + 1, like=image)).__name__
        'Image'
    """
    method = getattr(type(like), "wrap", None)
    if method is not None:
        return method(wrappee, like, **kwargs)
    return wrappee.as_subclass(type(like))
