"""All parameters of a model as one vector, and back."""

from __future__ import annotations

import rushlight
from rushlight.nn.modules.module import _typename

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters) -> rushlight.Tensor:
    """Join parameters to one vector.

    Args:
        parameters: an iterable of tensors on one device.

    Returns:
        A 1-d tensor; gradients flow through it.

    Raises:
        TypeError: the tensors are on different devices.

    Example:
        >>> import rushlight
        >>> from rushlight.nn.utils import parameters_to_vector
        >>> parameters_to_vector([rushlight.zeros(2), rushlight.ones(1, 1)])
        tensor([0., 0., 1.])
    """
    parameters = list(parameters)
    _check_one_device(parameters)
    return rushlight.cat([param.view(-1) for param in parameters])


def vector_to_parameters(vec, parameters) -> None:
    """Make parameters views of the parts of a vector, in order.

    Args:
        vec: a 1-d tensor.
        parameters: an iterable of tensors on one device.

    Raises:
        TypeError: ``vec`` is not a tensor, or the parameters are on different devices.

    Example:
        >>> import rushlight
        >>> weight = rushlight.nn.Parameter(rushlight.zeros(2))
        >>> vec = rushlight.tensor([1.0, 2.0])
        >>> rushlight.nn.utils.vector_to_parameters(vec, [weight])
        >>> weight.tolist()
        [1.0, 2.0]
    """
    if not isinstance(vec, rushlight.Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {_typename(vec)}")
    parameters = list(parameters)
    _check_one_device(parameters)
    start = 0
    for param in parameters:
        stop = start + param.numel()
        param.data = vec[start:stop].view(param.shape).data
        start = stop


def _check_one_device(parameters) -> None:
    if len({str(param.device) for param in parameters}) > 1:
        raise TypeError(
            "Found two parameters on different devices, this is currently not "
            "supported."
        )
