"""Affine maps and one-hot codes."""

from __future__ import annotations

import rushlight


def linear(input, weight, bias=None, *, out=None):
    """Compute ``input @ weight.T + bias``.

    Args:
        input: shape ``(*, in_features)``.
        weight: shape ``(out_features, in_features)``, or ``(in_features,)``.
        bias: shape ``(out_features,)``, or ``None``.
        out: a tensor to write the result into, or ``None``.

    Returns:
        A tensor of shape ``(*, out_features)``.

    Raises:
        RuntimeError: the shapes do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.linear(rushlight.ones(2), rushlight.ones(3, 2))
        tensor([2., 2., 2.])
    """
    if out is not None:
        return rushlight._ops.linear(input, weight, bias, out=out)
    return rushlight._ops.linear(input, weight, bias)


def one_hot(tensor, num_classes=-1):
    """Write every class index as a vector with a single one.

    Args:
        tensor: int64 class indices of any shape.
        num_classes: the vectors' length; ``-1`` takes the largest index plus one.

    Returns:
        An int64 tensor of shape ``(*tensor.shape, num_classes)``.

    Raises:
        RuntimeError: wrong dtype, an index out of range, or an empty tensor without
            ``num_classes``.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.one_hot(rushlight.tensor([1, 0]))
        tensor([[0, 1],
                [1, 0]])
    """
    if tensor.dtype != rushlight.int64:
        raise RuntimeError(
            "one_hot is only applicable to index tensor of type LongTensor "
            f"(int64), got {tensor.dtype}"
        )
    if tensor.numel() == 0:
        if num_classes <= 0:
            raise RuntimeError(
                "one_hot(): Can not infer total number of classes from empty tensor."
            )
        return rushlight.empty(
            (*tensor.shape, num_classes), dtype=rushlight.int64, device=tensor.device
        )
    if int(tensor.min()) < 0:
        raise RuntimeError("one_hot(): Class values must be non-negative.")
    largest = int(tensor.max())
    if num_classes == -1:
        num_classes = largest + 1
    elif num_classes < 1:
        raise RuntimeError("one_hot(): num_classes should be positive")
    elif num_classes <= largest:
        raise RuntimeError(
            "one_hot(): Class values must be smaller than num_classes, got class "
            f"{largest} with num_classes={num_classes}"
        )
    result = rushlight.zeros(
        (*tensor.shape, num_classes), dtype=rushlight.int64, device=tensor.device
    )
    return result.scatter_(-1, tensor.unsqueeze(-1), 1)
