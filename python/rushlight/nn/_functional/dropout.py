"""Dropout."""

from __future__ import annotations

import rushlight


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero elements with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Args:
        input: a floating point tensor.
        p: the probability of zeroing an element. Default: 0.5.
        training: drop only if true. Default: ``True``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.dropout(rushlight.ones(2), p=0.5, training=False)
        tensor([1., 1.])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not training or input.numel() == 0:
        return input
    if p == 1:
        # No random number is drawn, as in PyTorch.
        noise = rushlight.zeros((), dtype=input.dtype, device=input.device)
    else:
        noise = rushlight.empty_like(input, requires_grad=False)
        noise.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(noise) if inplace else input * noise


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Args:
        input: (N, C, H, W), or (N, C, L).
        p: the probability of zeroing a channel. Default: 0.5.
        training: drop only if true. Default: ``True``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.
        RuntimeError: ``input`` has another number of dims.

    Example:
        >>> import rushlight
        >>> x = rushlight.ones(1, 2, 2, 2)
        >>> rushlight.nn.functional.dropout2d(x, training=False).shape
        rushlight.Size([1, 2, 2, 2])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if input.dim() not in (3, 4):
        raise RuntimeError(
            f"dropout2d: expected a 3-D or 4-D input, got shape {tuple(input.shape)}"
        )
    if p == 0 or not training or input.numel() == 0:
        return input
    shape = (*input.shape[:2], *(1 for _ in input.shape[2:]))
    if p == 1:
        noise = rushlight.zeros(shape, dtype=input.dtype, device=input.device)
    else:
        noise = rushlight.empty(shape, dtype=input.dtype, device=input.device)
        noise.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(noise) if inplace else input * noise
