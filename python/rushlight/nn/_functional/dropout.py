"""Dropout of elements and of channels."""

from __future__ import annotations

from rushlight._dropout import _drop


def _check_probability(p):
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


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
    _check_probability(p)
    return _drop("dropout", input, p, training, inplace=inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps mean 0 and variance 1, for networks of ``selu``.

    Dropped elements take SELU's lower limit (Klambauer et al. 2017, section 2).

    Args:
        input: a floating point tensor.
        p: the probability of dropping an element. Default: 0.5.
        training: drop only if true. Default: ``False``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> rushlight.nn.functional.alpha_dropout(rushlight.ones(2))
        tensor([1., 1.])
    """
    _check_probability(p)
    return _drop("alpha_dropout", input, p, training, alpha=True, inplace=inplace)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """:func:`alpha_dropout` of whole channels.

    Args:
        input: shape ``(N, C, *)``.
        p: the probability of dropping a channel. Default: 0.5.
        training: drop only if true. Default: ``False``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.
        RuntimeError: ``input`` has fewer than two dims.

    Example:
        >>> import rushlight
        >>> x = rushlight.ones(1, 2, 1)
        >>> rushlight.nn.functional.feature_alpha_dropout(x).flatten()
        tensor([1., 1.])
    """
    _check_probability(p)
    op = "feature_alpha_dropout"
    return _drop(op, input, p, training, feature=True, alpha=True, inplace=inplace)


def _drop_channels(op, input, p, training, inplace, batched_dim):
    """Feature dropout; an input of fewer dims than ``batched_dim`` is one example."""
    if input.dim() == batched_dim:
        return _drop(op, input, p, training, feature=True, inplace=inplace)
    one = _drop(op, input.unsqueeze(0), p, training, feature=True, inplace=inplace)
    return input if inplace else one.squeeze(0)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
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
        >>> x = rushlight.ones(2, 2)
        >>> rushlight.nn.functional.dropout1d(x, training=False).shape
        rushlight.Size([2, 2])
    """
    _check_probability(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            "dropout1d: expected an input of shape (N, C, L) or (C, L), got "
            f"{tuple(input.shape)}"
        )
    return _drop_channels("dropout1d", input, p, training, inplace, 3)


def _warn_of_shape(op, shape, wanted, instead):
    import warnings

    warnings.warn(
        f"{op}: an input of shape {tuple(shape)} is deprecated; it should be {wanted}. "
        f"Please use {instead} instead.",
        stacklevel=3,
    )


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Args:
        input: shape ``(N, C, H, W)``; or with a warning ``(N, C, L)`` or another of at
            least two dims, the first of which are the batch and the channels.
        p: the probability of zeroing a channel. Default: 0.5.
        training: drop only if true. Default: ``True``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.
        RuntimeError: ``input`` has fewer than two dims.

    Example:
        >>> import rushlight
        >>> x = rushlight.ones(1, 2, 2, 2)
        >>> rushlight.nn.functional.dropout2d(x, training=False).shape
        rushlight.Size([1, 2, 2, 2])
    """
    _check_probability(p)
    if input.dim() != 4:
        instead = "dropout1d" if input.dim() == 3 else "dropout"
        _warn_of_shape("dropout2d", input.shape, "(N, C, H, W)", instead)
    return _drop("dropout2d", input, p, training, feature=True, inplace=inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels with probability ``p`` and scale the rest by ``1 / (1 - p)``.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``; with a warning another.
        p: the probability of zeroing a channel. Default: 0.5.
        training: drop only if true. Default: ``True``.
        inplace: write into ``input``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import rushlight
        >>> x = rushlight.ones(2, 1, 1, 2)
        >>> rushlight.nn.functional.dropout3d(x, training=False).shape
        rushlight.Size([2, 1, 1, 2])
    """
    _check_probability(p)
    if input.dim() not in (4, 5):
        wanted = "(N, C, D, H, W) or (C, D, H, W)"
        _warn_of_shape("dropout3d", input.shape, wanted, "dropout")
    return _drop_channels("dropout3d", input, p, training, inplace, 5)
