"""The name that tensors had before they were differentiable themselves."""

from __future__ import annotations

from rushlight._core import Tensor

__all__ = ["Variable", "VariableMeta"]


class VariableMeta(type):
    """Makes every Tensor an instance of Variable."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)


class Variable(metaclass=VariableMeta):
    """``Variable(data, requires_grad=False)`` is a tensor; kept for old scripts.

    Args:
        data (Tensor, optional): the values, which are shared; an empty tensor if left
            out.
        requires_grad (bool): whether the result is a leaf that requires grad.
        volatile: no longer does anything; use ``rushlight.no_grad()``.

    Returns:
        Tensor: a new leaf.

    Example::

        >>> rushlight.autograd.Variable(rushlight.ones(1), requires_grad=True)
        tensor([1.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=False, volatile=None):
        import rushlight

        if data is None:
            data = rushlight.empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Variable data has to be a tensor, but got {type(data).__name__}"
            )
        result = data.detach()
        return result.requires_grad_() if requires_grad else result
