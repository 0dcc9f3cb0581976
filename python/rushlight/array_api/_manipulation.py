"""Manipulation functions of the array API."""

from __future__ import annotations

import rushlight
from rushlight._core import Tensor
from rushlight.array_api._dtypes import result_type
from rushlight.array_api._operands import axes_of, bits_of, check_array, is_wide


def broadcast_shapes(*shapes):
    """The shape that arrays of these shapes broadcast to.

    Raises:
        ValueError: where they do not.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.broadcast_shapes((2, 1), (3,))
        (2, 3)
    """
    try:
        return tuple(rushlight.broadcast_shapes(*shapes))
    except RuntimeError as error:
        raise ValueError(f"broadcast_shapes(): {error}") from None


def broadcast_arrays(*arrays):
    """The arrays expanded to their common shape; a tuple of views.

    Raises:
        ValueError: where their shapes do not broadcast.
    """
    shape = broadcast_shapes(*[x.shape for x in arrays])
    return tuple(x.expand(shape) for x in arrays)


def broadcast_to(x, /, shape):
    """``x`` expanded to ``shape``; a view."""
    return check_array("broadcast_to", x).expand(tuple(shape))


def concat(arrays, /, *, axis=0):
    """Arrays joined along an axis they have.

    Args:
        arrays (sequence of Tensor): of one shape but for ``axis``; of promotable
            dtypes.
        axis (int, optional): None joins the flattened arrays.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.concat([xp.ones((1, 2)), xp.zeros((1, 2))], axis=None)
        tensor([1., 1., 0., 0.])
    """
    arrays = _common("concat", arrays)
    if axis is None:
        return rushlight.cat([x.reshape(-1) for x in arrays])
    first = arrays[0]
    (axis,) = axes_of("concat", axis, first.ndim)
    for x in arrays:
        # rushlight.cat passes over empty 1-d tensors, whatever the others' shapes.
        if x.ndim != first.ndim:
            raise ValueError(
                f"concat(): arrays of {first.ndim} and {x.ndim} dimensions do not join"
            )
    return rushlight.cat(arrays, axis)


def _common(op, arrays):
    if not arrays:
        raise ValueError(f"{op}(): expected at least one array")
    dtype = result_type(*arrays)
    return [check_array(op, x).to(dtype) for x in arrays]


def expand_dims(x, /, axis):
    """``x`` with new axes of size 1; a view.

    Args:
        x (Tensor): of any shape.
        axis (int or tuple of int): where, in the result.

    Raises:
        IndexError: for a position out of range.
        ValueError: for one that is given twice.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.expand_dims(xp.ones((2, 3)), (0, -1)).shape
        rushlight.Size([1, 2, 3, 1])
    """
    count = len(axis) if isinstance(axis, tuple) else 1
    places = axes_of("expand_dims", axis, check_array("expand_dims", x).ndim + count)
    for place in sorted(places):
        x = x.unsqueeze(place)
    return x


def flip(x, /, *, axis=None):
    """The elements in reverse order along ``axis``: an int, some, or None for all."""
    return rushlight.flip(x, axes_of("flip", axis, check_array("flip", x).ndim))


def matrix_transpose(x, /):
    """The last two axes exchanged; a view."""
    if check_array("matrix_transpose", x).ndim < 2:
        raise ValueError(
            f"matrix_transpose(): expected at least 2 dimensions, got shape "
            f"{tuple(x.shape)}"
        )
    return x.transpose(-2, -1)


def moveaxis(x, source, destination, /):
    """Axes moved to other places, the rest in order; a view."""
    check_array("moveaxis", x)
    source = axes_of("moveaxis", source, x.ndim)
    return rushlight.movedim(x, source, axes_of("moveaxis", destination, x.ndim))


def permute_dims(x, /, axes):
    """The axes in another order; a view."""
    check_array("permute_dims", x)
    if len(axes) != x.ndim:
        raise ValueError(
            f"permute_dims(): {len(axes)} axes for an array of {x.ndim} dimensions"
        )
    return x.permute(axes_of("permute_dims", tuple(axes), x.ndim))


def repeat(x, repeats, /, *, axis=None):
    """Every element repeated.

    Args:
        x (Tensor): of any shape.
        repeats (int or Tensor): how often; integers of shape (1,) or (n,), n the size
            of ``axis``.
        axis (int, optional): None repeats the elements of the flattened array.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.repeat(xp.asarray([1, 2]), xp.asarray([2, 1]))
        tensor([1, 1, 2])
    """
    if axis is None:
        x, axis = check_array("repeat", x).reshape(-1), 0
    (axis,) = axes_of("repeat", axis, x.ndim)
    if isinstance(repeats, Tensor):
        repeats = bits_of(repeats) if is_wide(repeats.dtype) else repeats.long()
        repeats = repeats.reshape(-1).expand(x.shape[axis])
    return rushlight.repeat_interleave(x, repeats, axis)


def reshape(x, /, shape, *, copy=None):
    """Another shape.

    Args:
        x (Tensor): of any shape.
        shape (tuple of int): one size may be -1.
        copy (bool, optional): True always copies; False raises where it would.

    Raises:
        ValueError: with ``copy=False`` where a copy is needed.
    """
    check_array("reshape", x)
    if copy is False:
        try:
            return x.view(tuple(shape))
        except RuntimeError as error:
            raise ValueError(f"reshape(): copy=False, but {error}") from None
    return (x.clone() if copy else x).reshape(tuple(shape))


def roll(x, /, shift, *, axis=None):
    """Elements moved along axes, those pushed out coming back at the other end.

    Args:
        x (Tensor): of any shape.
        shift (int or tuple of int): by how much; to higher places where positive.
        axis (int or tuple of int, optional): None rolls the flattened array.
    """
    check_array("roll", x)
    if axis is None:
        return rushlight.roll(x.reshape(-1), shift).reshape(x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    return rushlight.roll(x, shifts, axes) if axes else x.clone()


def squeeze(x, /, axis):
    """``x`` without axes of size 1; a view.

    Raises:
        ValueError: for an axis of another size.
    """
    axes = axes_of("squeeze", axis, check_array("squeeze", x).ndim)
    for a in axes:
        if x.shape[a] != 1:
            raise ValueError(
                f"squeeze(): axis {a} of an array of shape {tuple(x.shape)} is not of "
                "size 1"
            )
    return rushlight.squeeze(x, axes)


def stack(arrays, /, *, axis=0):
    """Arrays of one shape joined along a new axis."""
    arrays = _common("stack", arrays)
    (axis,) = axes_of("stack", axis, arrays[0].ndim + 1)
    return rushlight.stack(arrays, axis)


def tile(x, repetitions, /):
    """The whole array repeated along each axis, the last ones where there are fewer."""
    return rushlight.tile(check_array("tile", x), tuple(repetitions))


def unstack(x, /, *, axis=0):
    """The slices along an axis, without it: a tuple of views."""
    (axis,) = axes_of("unstack", axis, check_array("unstack", x).ndim)
    return tuple(rushlight.unbind(x, axis))
