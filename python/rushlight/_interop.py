"""Sharing memory with NumPy and the buffer protocol, without NumPy's C API."""

from __future__ import annotations

from rushlight import _core, _ops


def from_array(array):
    """A tensor over the memory of an array-like; a copy where it cannot be shared."""
    import numpy

    array = numpy.asarray(array)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(s < 0 for s in array.strides):
        array = array.copy()
    return _ops.from_buffer_object(array)


# The dtypes of NumPy seen so far, of native byte order: their names take microseconds.
_dtypes: dict = {}


def dtype_from_numpy(numpy_dtype):
    """The rushlight dtype of a NumPy dtype.

    Raises:
        TypeError: when there is none.
    """
    found = _dtypes.get(numpy_dtype)
    if found is not None:
        return found
    name = str(numpy_dtype)
    for d in _core._dtypes:
        if d.name == name:
            if numpy_dtype.isnative:
                _dtypes[numpy_dtype] = d
            return d
    raise TypeError(f"can't convert an array of type {name} to a tensor")


def from_numpy(array):
    """A tensor sharing ``array``'s memory: writing one changes the other.

    Args:
        array (numpy.ndarray): of a supported dtype, with non-negative strides.

    Returns:
        Tensor: of the array's shape and dtype.

    Raises:
        TypeError: for another type, dtype or byte order.
        ValueError: for negative strides.

    Example::

        >>> import numpy
        >>> a = numpy.zeros(2)
        >>> rushlight.from_numpy(a)[0] = 1
        >>> float(a[0])
        1.0
    """
    import numpy

    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if array.dtype not in _dtypes and not array.dtype.isnative:
        raise ValueError(
            "from_numpy(): given numpy array has byte order different from the native "
            "byte order; convert it with array.astype(array.dtype.newbyteorder('='))"
        )
    dtype_from_numpy(array.dtype)
    if not array.flags.writeable:
        import warnings

        warnings.warn(
            "The given NumPy array is not writable: writing to the tensor would change "
            "memory that its owner calls constant. Copy the array, or only read.",
            stacklevel=2,
        )
    return _ops.from_buffer_object(array)


def as_tensor(data, dtype=None, device=None):
    """``data`` as a tensor, sharing memory where possible.

    Shape:
        Of nested lists, their lengths from the outer to the inner ones; an array's or
        tensor's own otherwise.

    Example::

        >>> rushlight.as_tensor([1, 2])
        tensor([1, 2])
    """
    import sys

    if isinstance(data, _core.Tensor):
        result = data
    elif "numpy" in sys.modules and isinstance(data, sys.modules["numpy"].ndarray):
        result = from_array(data)
    else:
        result = _core.tensor(data, dtype=dtype)
    if dtype is not None:
        result = result.to(dtype)
    return result if device is None else result.to(device)


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A 1-d tensor over ``count`` elements of a buffer's memory.

    Args:
        buffer: an object with the buffer protocol.
        dtype (dtype): of the elements.
        count (int): number of elements; -1 for all.
        offset (int): bytes to skip.

    Raises:
        ValueError: when the buffer is too short.
    """
    try:
        length = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError(
            f"frombuffer(): object of type {type(buffer).__name__} does not implement "
            "the buffer protocol"
        ) from None
    if length == 0 or count == 0:
        raise ValueError(
            f"frombuffer(): both buffer length ({length}) and count ({count}) must not "
            "be 0"
        )
    if not 0 <= offset < length:
        raise ValueError(
            f"frombuffer(): offset ({offset} bytes) must be non-negative and less than "
            f"the buffer length ({length} bytes)"
        )
    result = _ops.frombuffer(buffer, dtype=dtype, count=count, offset=offset)
    return result.requires_grad_() if requires_grad else result
