"""Activations."""

from __future__ import annotations

import rushlight


def relu(input, inplace=False):
    """Compute ``max(input, 0)``; with ``inplace`` write it into ``input``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.relu(rushlight.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    if inplace:
        return input.relu_()
    return rushlight._ops.relu(input)


def threshold(input, threshold, value, inplace=False):
    """Keep elements above ``threshold`` and set the others to ``value``.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.threshold(rushlight.tensor([1.0, 3.0]), 2, 0)
        tensor([0., 3.])
    """
    below = input <= threshold
    return (
        input.masked_fill_(below, value) if inplace else input.masked_fill(below, value)
    )


def sigmoid(input):
    """Compute ``1 / (1 + exp(-input))``."""
    return input.sigmoid()


def tanh(input):
    """Compute the hyperbolic tangent."""
    return input.tanh()


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Exponentiate and scale so that slices along ``dim`` sum to one.

    Args:
        input: a floating point tensor.
        dim: the dim that sums to one. Without it PyTorch's old choice is taken (0 for
            0, 1 and 3 dims, else 1) and a warning given.
        dtype: cast ``input`` to it first. Default: no cast.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.softmax(rushlight.zeros(2), dim=0)
        tensor([0.5000, 0.5000])
    """
    if dim is None:
        dim = _implicit_dim("softmax", input.ndim, _stacklevel)
    if dtype is not None:
        input = input.to(dtype)
    return rushlight._ops.softmax(input, dim)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Compute ``log(softmax(input, dim))`` without underflow.

    Args:
        input: a floating point tensor.
        dim: the dim whose probabilities sum to one; see :func:`softmax`.
        dtype: cast ``input`` to it first. Default: no cast.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.log_softmax(rushlight.zeros(1), dim=0)
        tensor([0.])
    """
    if dim is None:
        dim = _implicit_dim("log_softmax", input.ndim, _stacklevel)
    if dtype is not None:
        input = input.to(dtype)
    return rushlight._ops.log_softmax(input, dim)


def _implicit_dim(name, ndim, stacklevel):
    import warnings

    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. "
        "Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1
