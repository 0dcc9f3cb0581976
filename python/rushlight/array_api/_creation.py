"""Creation functions of the array API."""

from __future__ import annotations

import rushlight
from rushlight import _dlpack
from rushlight._core import Tensor
from rushlight.array_api._operands import check_array, scalar_array


def _shape(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    """The values ``start, start + step, ...`` before ``stop``.

    Args:
        start (Number): the first value, or the end where ``stop`` is not given.
        stop (Number, optional): not included.
        step (Number): not 0.
        dtype (dtype, optional): default int64 for ints, else the default dtype.
        device (device, optional): of the result.

    Returns:
        Tensor: 1-d; empty where ``step`` leads away from ``stop``.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.arange(5, 0, -2)
        tensor([5, 3, 1])
    """
    if stop is None:
        start, stop = 0, start
    if step and (stop - start) * step <= 0:
        whole = all(isinstance(v, int) for v in (start, stop, step))
        kind = rushlight.int64 if whole else rushlight.get_default_dtype()
        return rushlight.empty(0, dtype=dtype or kind, device=device)
    return rushlight.arange(start, stop, step, dtype=dtype, device=device)


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    """``obj`` as an array, sharing memory where possible.

    Args:
        obj: an array, a number, nested sequences of numbers, or an object with DLPack
            or the buffer protocol.
        dtype (dtype, optional): of the result; default that of ``obj``.
        device (device, optional): of the result; default that of ``obj``.
        copy (bool, optional): True always copies; False raises where it would.

    Raises:
        ValueError: with ``copy=False`` where a copy is needed.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.asarray([[1, 2], [3, 4]], dtype=xp.float64)
        tensor([[1., 2.],
                [3., 4.]], dtype=rushlight.float64)
    """
    if dtype is rushlight.uint64 and isinstance(obj, int):
        if copy is False:
            raise ValueError("asarray(): copy=False, but a number needs a copy")
        return scalar_array(obj, dtype, device)
    if not isinstance(obj, (Tensor, bytes)) and _dlpack._has_buffer(obj):
        # The buffer's format says the dtype, where rushlight.asarray takes bytes alone.
        obj = rushlight.as_tensor(_numpy_view(obj))
    result = _dlpack.asarray(obj, dtype=dtype, device=device, copy=copy)
    if isinstance(obj, Tensor) and obj.requires_grad and not result.requires_grad:
        return obj.to(dtype or obj.dtype, copy=bool(copy))
    return result


def _numpy_view(obj):
    import numpy

    return numpy.asarray(obj)


def empty(shape, *, dtype=None, device=None):
    """An uninitialised array.

    Args:
        shape (int or tuple of int): of the result.
        dtype (dtype, optional): default the default dtype.
        device (device, optional): of the result.
    """
    return rushlight.empty(_shape(shape), dtype=dtype, device=device)


def empty_like(x, /, *, dtype=None, device=None):
    """An uninitialised array of the shape of ``x``, and its dtype unless given."""
    return rushlight.empty_like(
        check_array("empty_like", x), dtype=dtype, device=device
    )


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    """A matrix with ones on one diagonal and zeros elsewhere.

    Args:
        n_rows (int): number of rows.
        n_cols (int, optional): number of columns; default ``n_rows``.
        k (int): which diagonal; above the main one where positive.
        dtype (dtype, optional): default the default dtype.
        device (device, optional): of the result.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.eye(2, 3, k=1, dtype=xp.int64)
        tensor([[0, 1, 0],
                [0, 0, 1]])
    """
    n_cols = n_rows if n_cols is None else n_cols
    result = zeros((n_rows, n_cols), dtype=dtype, device=device)
    if -n_rows < k < n_cols:
        result.diagonal(k).fill_(1)
    return result


def from_dlpack(x, /, *, device=None, copy=None):
    """An array sharing the memory of another library's.

    Args:
        x: an object with ``__dlpack__``.
        device (device, optional): of the result; default that of ``x``.
        copy (bool, optional): True for memory of its own; False never copies.

    Raises:
        BufferError: for a dtype or device that cannot be imported.
    """
    return rushlight.from_dlpack(x, device=device, copy=copy)


def full(shape, fill_value, *, dtype=None, device=None):
    """An array of one value.

    Args:
        shape (int or tuple of int): of the result.
        fill_value (Number): the value.
        dtype (dtype, optional): default that of the value.
        device (device, optional): of the result.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.full(2, 7)
        tensor([7, 7])
    """
    value = scalar_array(fill_value, dtype, device)
    return value.expand(_shape(shape)).clone()


def full_like(x, /, fill_value, *, dtype=None, device=None):
    """``fill_value`` in the shape of ``x``, and its dtype unless given."""
    check_array("full_like", x)
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=device or x.device)


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    """``num`` values of equal distance from ``start`` to ``stop``.

    Args:
        start (Number): the first value.
        stop (Number): the last one; not included without ``endpoint``.
        num (int): how many.
        dtype (dtype, optional): default the default one, complex for complex bounds.
        device (device, optional): of the result.
        endpoint (bool): whether ``stop`` is one of them.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.linspace(0, 1, 4, endpoint=False)
        tensor([0.0000, 0.2500, 0.5000, 0.7500])
    """
    from rushlight.array_api._dtypes import default_complex

    if dtype is None and (isinstance(start, complex) or isinstance(stop, complex)):
        dtype = default_complex()
    count = num if endpoint else num + 1
    result = rushlight.linspace(start, stop, count, dtype=dtype, device=device)
    return result if endpoint else result[:num]


def meshgrid(*arrays, indexing="xy"):
    """Grids of the coordinates along each axis.

    Args:
        arrays (Tensor): 1-d, of one dtype.
        indexing (str): ``"xy"``, with the first two axes exchanged, or ``"ij"``.

    Returns:
        tuple of Tensor: one for each array, all of one shape.
    """
    return tuple(rushlight.meshgrid(*arrays, indexing=indexing)) if arrays else ()


def ones(shape, *, dtype=None, device=None):
    """An array of ones; arguments as :func:`empty`."""
    return rushlight.ones(_shape(shape), dtype=dtype, device=device)


def ones_like(x, /, *, dtype=None, device=None):
    """Ones in the shape of ``x``, and its dtype unless given."""
    return rushlight.ones_like(check_array("ones_like", x), dtype=dtype, device=device)


def tril(x, /, *, k=0):
    """The lower triangles of matrices, zeros above the ``k``-th diagonal."""
    return rushlight.tril(check_array("tril", x), k)


def triu(x, /, *, k=0):
    """The upper triangles of matrices, zeros below the ``k``-th diagonal."""
    return rushlight.triu(check_array("triu", x), k)


def zeros(shape, *, dtype=None, device=None):
    """An array of zeros; arguments as :func:`empty`."""
    return rushlight.zeros(_shape(shape), dtype=dtype, device=device)


def zeros_like(x, /, *, dtype=None, device=None):
    """Zeros in the shape of ``x``, and its dtype unless given."""
    return rushlight.zeros_like(
        check_array("zeros_like", x), dtype=dtype, device=device
    )
