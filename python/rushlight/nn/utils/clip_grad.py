"""Clipping gradients in place."""

from __future__ import annotations

import types
import warnings

import rushlight

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]


def _as_list(tensors):
    return [tensors] if isinstance(tensors, rushlight.Tensor) else list(tensors)


def get_total_norm(
    tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None
) -> rushlight.Tensor:
    """Return the norm of several tensors taken as one vector.

    Args:
        tensors: an iterable of tensors, or one tensor.
        norm_type: the order of the norm, ``"inf"`` for the maximum. Default: 2.
        error_if_nonfinite: raise if the norm is NaN or infinite. Default: ``False``.
        foreach: accepted for PyTorch's sake; the result is the same.

    Returns:
        A 0-d tensor.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set.

    Example:
        >>> import rushlight
        >>> rushlight.nn.utils.get_total_norm([rushlight.tensor([3.0, 4.0])])
        tensor(5.)
    """
    tensors = _as_list(tensors)
    order = float(norm_type)
    if not tensors:
        return rushlight.tensor(0.0)
    with rushlight.no_grad():
        device = tensors[0].device
        norms = [tensor.norm(order).to(device) for tensor in tensors]
        total = rushlight.stack(norms).norm(order)
    if error_if_nonfinite and not bool(total.isfinite()):
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the "
            "gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None) -> None:
    """Scale gradients by ``min(max_norm / (total_norm + 1e-6), 1)`` in place.

    Args:
        parameters: an iterable of tensors, or one tensor, whose ``grad`` is scaled.
        max_norm: the greatest norm left.
        total_norm: the norm of all gradients, a 0-d tensor.
        foreach: accepted for PyTorch's sake; the result is the same.
    """
    grads = [p.grad for p in _as_list(parameters) if p.grad is not None]
    if not grads:
        return
    with rushlight.no_grad():
        # Multiplying by a scale of 1 is cheaper than asking a device for its value.
        scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in grads:
            grad.mul_(scale.to(grad.device))


def clip_grad_norm_(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
) -> rushlight.Tensor:
    """Scale gradients in place to a norm, as one vector, of at most ``max_norm``.

    Args:
        parameters: an iterable of tensors, or one tensor, whose ``grad`` is scaled.
        max_norm: the greatest norm left.
        norm_type: the order of the norm, ``"inf"`` for the maximum. Default: 2.
        error_if_nonfinite: raise if the norm is NaN or infinite. Default: ``False``.
        foreach: accepted for PyTorch's sake; the result is the same.

    Returns:
        The norm before clipping, a 0-d tensor.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(2))
        >>> weight.grad = rushlight.tensor([3.0, 4.0])
        >>> rushlight.nn.utils.clip_grad_norm_([weight], max_norm=1.0)
        tensor(5.)
        >>> weight.grad
        tensor([0.6000, 0.8000])
    """
    spent = isinstance(parameters, types.GeneratorType)
    parameters = _as_list(parameters)
    if spent and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.",
            stacklevel=2,
        )
    grads = [p.grad for p in parameters if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
) -> rushlight.Tensor:
    """Deprecated name of :func:`clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters, clip_value, foreach=None) -> None:
    """Clamp every gradient in place to ``[-clip_value, clip_value]``.

    Args:
        parameters: an iterable of tensors, or one tensor, whose ``grad`` is clamped.
        clip_value: the greatest absolute value left.
        foreach: accepted for PyTorch's sake; the result is the same.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(2))
        >>> weight.grad = rushlight.tensor([3.0, -4.0])
        >>> rushlight.nn.utils.clip_grad_value_([weight], 1.0)
        >>> weight.grad
        tensor([ 1., -1.])
    """
    limit = float(clip_value)
    with rushlight.no_grad():
        for param in _as_list(parameters):
            if param.grad is not None:
                param.grad.clamp_(-limit, limit)
