"""Tensor methods written in Python; attached to the compiled Tensor by _setup.py."""

from __future__ import annotations

import functools

import rushlight
from rushlight import _compare, _core, _functions, _ops, _type_info, random
from rushlight._core import Tensor, dtype


def tensor_str(self):
    """The text of ``repr(self)``."""
    from rushlight import _printing

    return _printing.tensor_str(self)


def __format__(self, spec):
    if self.dim() == 0 and type(self) is Tensor:
        return format(self.item(), spec)
    return object.__format__(self, spec)


def __reduce_ex__(self, protocol):
    from rushlight._pickling import reduce_tensor

    return reduce_tensor(self, protocol)


def __deepcopy__(self, memo):
    from rushlight.storage import deepcopy_storage

    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the "
            "deepcopy protocol at the moment; use detach().clone()"
        )
    if id(self) in memo:
        return memo[id(self)]
    with rushlight.no_grad():
        if self.is_cuda:
            copy = self.detach().clone()
        else:
            # Views of one storage share their copy too.
            storage = deepcopy_storage(self, memo)
            copy = _ops._storage_view(
                storage._tensor,
                self.dtype,
                tuple(self.shape),
                self.stride(),
                self.storage_offset(),
            )
        if type(self) is not Tensor:
            copy = Tensor._make_subclass(type(self), copy, self.requires_grad)
        elif self.requires_grad:
            copy.requires_grad_()
        if self.grad is not None:
            copy.grad = self.grad.__deepcopy__(memo)
        if state := getattr(self, "__dict__", None):
            from copy import deepcopy

            for name, value in state.items():
                setattr(copy, name, deepcopy(value, memo))
    memo[id(self)] = copy
    return copy


def to(self, *args, **kwargs):
    """Converts dtype or device: ``to(dtype)``, ``to(device)``, ``to(other)``.

    Behind these come ``non_blocking`` and ``copy``, and by keyword ``memory_format``.
    With ``non_blocking``, a copy between a CUDA device and page-locked memory may still
    be on its way when the call returns; to the CPU, it goes to page-locked memory.

    Returns:
        Tensor: itself when nothing changes (unless ``copy=True``).

    Shape:
        That of the tensor.
    """
    if len(args) == 1 and not kwargs and type(args[0]) is dtype:
        return self._to_dtype(args[0], False)
    want_dtype = kwargs.pop("dtype", None)
    want_device = kwargs.pop("device", None)
    copy = kwargs.pop("copy", False)
    non_blocking = kwargs.pop("non_blocking", False)
    memory_format = kwargs.pop("memory_format", None)
    flags = [arg for arg in args if isinstance(arg, bool)]
    if flags:
        non_blocking = flags[0]
    if len(flags) > 1:
        copy = flags[1]
    other = kwargs.pop("other", None)
    if kwargs:
        raise TypeError(
            f"to() got an unexpected keyword argument {next(iter(kwargs))!r}"
        )
    for arg in args:
        if isinstance(arg, dtype):
            want_dtype = arg
        elif isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, (str, _core.device)) or type(arg) is int:
            want_device = arg
        elif isinstance(arg, bool) or arg is None:
            continue
        elif arg in (float, int, bool, complex):
            want_dtype = arg
        else:
            raise TypeError(
                "to() received an invalid combination of arguments - got "
                f"({type(arg).__name__})"
            )
    if other is not None:
        want_dtype, want_device = other.dtype, other.device
    result = self
    if memory_format is not None:
        result = _memory_format().to_in(
            self, want_dtype or self.dtype, memory_format, copy
        )
    elif want_dtype is not None:
        result = result._to_dtype(want_dtype, copy)
    if want_device is not None:
        device = _core.device(want_device)
        here = self.device
        if device.type != here.type or device.index not in (None, here.index):
            if result.requires_grad and _core.is_grad_enabled():
                result = _move().apply(result, device, non_blocking)
            else:
                result = _ops.to_device(result, str(device), bool(non_blocking))
    if copy and result is self:
        result = self.clone()
    return result


@functools.cache
def _move():
    from rushlight.autograd.function import Function

    class ToCopy(Function):
        """A copy on another device, whose gradient goes back to the first."""

        @staticmethod
        def forward(ctx, input, device, non_blocking):
            ctx.device = input.device
            return _ops.to_device(input, str(device), bool(non_blocking))

        @staticmethod
        def backward(ctx, g):
            return g.to(device=ctx.device), None, None

    return ToCopy


def cpu(self, memory_format=None):
    """This tensor in host memory."""
    if memory_format is None:
        return self.to(device="cpu")
    return self.to(device="cpu", memory_format=memory_format)


def cuda(self, device=None, non_blocking=False):
    """This tensor on a CUDA device, by default the current one."""
    device = "cuda" if device is None else device
    return self.to(device=device, non_blocking=non_blocking)


def _converter(name):
    def convert(self, memory_format=None):
        dtype = getattr(rushlight, name)
        if memory_format is None:
            return self._to_dtype(dtype)
        return _memory_format().to_in(self, dtype, memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"""This tensor as {name}; itself when it is already.

    Args:
        memory_format (memory_format, optional): of the result; kept by default.
    """
    return convert


def _memory_format():
    from rushlight import _memory_format

    return _memory_format


def type_(self, dtype=None, non_blocking=False):
    """The name of the type, or this tensor converted to a dtype or type name.

    Args:
        dtype (dtype, type or str, optional): such as ``rushlight.float64``,
            ``rushlight.DoubleTensor``, ``"rushlight.DoubleTensor"`` or
            ``"torch.DoubleTensor"``.

    Raises:
        ValueError: for another name.
    """
    if dtype is None:
        return f"rushlight.{_TYPE_NAMES[self.dtype.name]}"
    if isinstance(dtype, type) and isinstance(
        getattr(dtype, "dtype", None), _core.dtype
    ):
        dtype = dtype.dtype
    elif isinstance(dtype, type) and dtype not in (bool, int, float, complex):
        raise ValueError(f"invalid type: '{dtype.__module__}.{dtype.__name__}'")
    if isinstance(dtype, str):
        package, _, short = dtype.rpartition(".")
        for key, value in _TYPE_NAMES.items():
            if value == short and package in ("rushlight", "torch"):
                return self._to_dtype(getattr(rushlight, key))
        if short == "Tensor" and package in ("rushlight", "torch"):
            return self._to_dtype(rushlight.get_default_dtype())
        raise ValueError(f"invalid type: '{dtype}'")
    return self._to_dtype(dtype)


_TYPE_NAMES = {
    "bool": "BoolTensor",
    "uint8": "ByteTensor",
    "int8": "CharTensor",
    "int16": "ShortTensor",
    "int32": "IntTensor",
    "int64": "LongTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "float32": "FloatTensor",
    "float64": "DoubleTensor",
    "complex64": "ComplexFloatTensor",
    "complex128": "ComplexDoubleTensor",
}


def tolist(self):
    """The elements as nested lists of Python numbers; a number for 0-d."""
    if self.dim() == 0:
        return self.item()
    if self.dim() == 1:
        return _ops.to_list(self.detach().cpu().contiguous())
    return [x.tolist() for x in self.detach().unbind(0)]


def numpy(self, *, force=False):
    """A NumPy array sharing this tensor's memory.

    Shape:
        The array has the tensor's shape and strides.

    Raises:
        RuntimeError: when the tensor requires grad (unless ``force``).
        TypeError: for bfloat16, which NumPy lacks.
    """
    import numpy

    if force:
        self = self.detach().cpu()
    return numpy.asarray(memoryview(self))


def __array__(self, dtype=None, copy=None):
    import numpy

    array = self.numpy()
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError(
                "Unable to avoid copy while creating an array as requested."
            )
        return array.astype(dtype)
    return numpy.array(array, copy=True) if copy else array


def __array_wrap__(self, array, context=None, return_scalar=False):
    return rushlight.from_numpy(array) if array.ndim else rushlight.tensor(array)


def _like(self, dtype, device):
    return {
        "dtype": self.dtype if dtype is None else dtype,
        "device": self.device if device is None else device,
    }


def new_zeros(self, *size, dtype=None, device=None, **options):
    """Zeros of another shape, with this tensor's dtype and device unless given."""
    return _core.zeros(*size, **_like(self, dtype, device), **options)


def new_ones(self, *size, dtype=None, device=None, **options):
    """Ones of another shape, with this tensor's dtype and device unless given."""
    return _core.ones(*size, **_like(self, dtype, device), **options)


def new_empty(self, *size, dtype=None, device=None, **options):
    """Uninitialised, of another shape; this tensor's dtype and device unless given."""
    return _core.empty(*size, **_like(self, dtype, device), **options)


def new_full(self, size, fill_value, *, dtype=None, device=None, **options):
    """One value in another shape, with this tensor's dtype and device unless given."""
    return _core.full(size, fill_value, **_like(self, dtype, device), **options)


def new_tensor(
    self,
    data,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """A copy of ``data``, with this tensor's dtype and device unless given."""
    _core.check_layout("new_tensor", layout, pin_memory)
    return _core.tensor(
        data,
        **_like(self, dtype, device),
        requires_grad=requires_grad,
        pin_memory=pin_memory,
    )


def new(self, *args, **kwargs):
    """The legacy constructor: of sizes, a sequence, a tensor or a storage."""
    kwargs.setdefault("device", self.device)
    return _type_info.legacy_new(args, kwargs, self.dtype, "new")


def __rdiv__(self, other):
    """``other / self``, under Python 2's name."""
    return self.reciprocal() * other


def expand_as(self, other):
    """This tensor expanded to ``other``'s shape."""
    return self.expand(other.shape)


def view_as(self, other):
    """The same elements in ``other``'s shape."""
    return self.view(other.shape)


def reshape_as(self, other):
    """Another shape: that of ``other``."""
    return self.reshape(other.shape)


def type_as(self, other):
    """This tensor in ``other``'s dtype."""
    return self._to_dtype(other.dtype)


def new_empty_strided(
    self,
    size,
    stride,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """Uninitialised, of given strides; this tensor's dtype and device unless given.

    Shape:
        The given size.
    """
    return _functions.empty_strided(
        size,
        stride,
        **_like(self, dtype, device),
        layout=layout,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
    )


def _check_cast(op, result, target):
    if not _type_info.can_cast(result.dtype, target.dtype):
        raise RuntimeError(
            f"{op}(): result type {result.dtype} can't be cast to the desired output "
            f"type {target.dtype}"
        )
    return result


def clamp_(self, min=None, max=None):
    """In-place clamp."""
    result = _functions.clamp(_kept(self), min, max)
    return self.copy_(_check_cast("clamp_", result, self))


def _kept(x):
    """A copy of what a derivative will ask for, of a tensor about to be overwritten."""
    return x.clone() if x.requires_grad and _core.is_grad_enabled() else x


def clamp_min_(self, min):
    """In-place :func:`clamp_min`."""
    return clamp_(self, min)


def clamp_max_(self, max):
    """In-place :func:`clamp_max`."""
    return clamp_(self, None, max)


def sgn_(self):
    """In-place :func:`sgn`."""
    return self.copy_(_functions.sgn(_kept(self)))


def round_(self, *, decimals=0):
    """In-place :func:`round`."""
    if decimals == 0:
        return _ops.round_(self)
    return self.copy_(_functions.round(_kept(self), decimals=decimals))


def fill_(self, value):
    """Sets every element to a number or to the value of a 0-d tensor."""
    if isinstance(value, Tensor):
        if value.dim() != 0:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.dim()} dimensions."
            )
        if value.requires_grad:
            return self.copy_(value)
        value = value.item()
    return _ops.fill_(self, value)


def resize_(self, *sizes, memory_format=None):
    """Another shape in place; the storage grows where it is too small.

    Raises:
        RuntimeError: for a tensor that requires grad, or whose memory is shared with
            NumPy or another library and would have to move.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    size = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    return _ops.resize_(self, tuple(size))


def resize_as_(self, other, memory_format=None):
    """:func:`resize_` to another tensor's shape."""
    return resize_(self, other.shape)


def set_(self, source=None, storage_offset=None, size=None, stride=None):
    """Makes this tensor look into the storage of ``source``, or into an empty one.

    Args:
        source (Tensor or storage, optional): the memory; a tensor also gives the place.
        storage_offset (int, optional): elements to the first one; goes with ``size``.
        size (sequence of int, optional): the shape.
        stride (sequence of int, optional): in elements; row-major unless given.

    Raises:
        RuntimeError: when dtypes differ, for negative numbers, or when the view reaches
            outside a storage that cannot grow.
    """
    from rushlight.storage import check_dtype, is_storage, tensor_over

    if self.requires_grad and rushlight.is_grad_enabled():
        raise RuntimeError("set_(): not possible for a tensor that requires grad")
    if (storage_offset is None) != (size is None) or (
        size is None and stride is not None
    ):
        raise TypeError(
            "set_() received an invalid combination of arguments: storage_offset goes "
            "with size"
        )
    if source is None:
        source = _core.empty(0, dtype=self.dtype)
    elif is_storage(source):
        check_dtype(source, self.dtype)
        if size is None:
            source = tensor_over(source, self.dtype, "set_")
        else:
            source = source.untyped()._tensor
    elif not isinstance(source, Tensor):
        raise TypeError(
            "set_(): argument 'source' must be Tensor or Storage, not "
            f"{type(source).__name__}"
        )
    elif source.dtype != self.dtype:
        raise RuntimeError(
            f"set_(): Could not set tensor of type {source.dtype} to a tensor of type "
            f"{self.dtype}"
        )
    if size is None:
        storage_offset, size, stride = (
            source.storage_offset(),
            source.shape,
            source.stride(),
        )
    own = self.detach()
    stride = None if stride is None else tuple(stride)
    _ops._set(own, source, storage_offset, tuple(size), stride)
    self.data = own
    return self


def squeeze_(self, dim=None):
    """In-place squeeze."""
    return self._become(_ops.squeeze(self) if dim is None else _ops.squeeze(self, dim))


def unsqueeze_(self, dim):
    """In-place unsqueeze."""
    return self._become(self.unsqueeze(dim))


def t_(self):
    """In-place :func:`t`."""
    return self._become(self.t())


def transpose_(self, dim0, dim1):
    """In-place transpose."""
    return self._become(self.transpose(dim0, dim1))


def as_strided_(self, size, stride, storage_offset=None):
    """In-place as_strided."""
    return self._become(_functions.as_strided(self, size, stride, storage_offset))


def _view_dtype(self, dtype):
    return _ops._view_dtype(self.detach(), dtype)


def get_device(self):
    """The index of the CUDA device; -1 on the CPU."""
    return -1 if self.device.type == "cpu" else self.device.index or 0


def is_same_size(self, other):
    """Whether the shapes are equal."""
    return self.shape == other.shape


def is_set_to(self, tensor):
    """Whether both are the same view of the same storage."""
    return (
        _ops._storage_id(self) == _ops._storage_id(tensor)
        and self.storage_offset() == tensor.storage_offset()
        and self.shape == tensor.shape
        and self.stride() == tensor.stride()
    )


def _grad_dtype(self):
    return self.dtype


def _set_grad_dtype(self, dtype):
    if dtype != self.dtype:
        raise NotImplementedError(
            f"grad_dtype: gradients always have the tensor's dtype, {self.dtype}, got "
            f"{dtype}"
        )


def _none(self):
    return None


def _false(self):
    return False


def _is_cpu(self):
    return self.device.type == "cpu"


def _H(self):
    if self.dim() != 2 and self.dim() != 0:
        raise RuntimeError(
            "tensor.H is only supported on matrices (2-D tensors). Got "
            f"{self.dim()}-D tensor."
        )
    return self.t().conj()


def _mH(self):
    if self.dim() < 2 and self.dim() != 0:
        raise RuntimeError(
            "tensor.mH is only supported on matrices or batches of matrices. Got "
            f"{self.dim()}-D tensor."
        )
    return self.conj() if self.dim() == 0 else self.transpose(-2, -1).conj()


METHODS = {
    "bernoulli_": random._bernoulli_,
    "bernoulli": random.bernoulli,
    "random_": random._random_,
    "__format__": __format__,
    "__reduce_ex__": __reduce_ex__,
    "__deepcopy__": __deepcopy__,
    "__array__": __array__,
    "__array_priority__": 1000,
    "__array_wrap__": __array_wrap__,
    "to": to,
    "cpu": cpu,
    "cuda": cuda,
    "type": type_,
    "tolist": tolist,
    "numpy": numpy,
    "new": new,
    "new_zeros": new_zeros,
    "new_ones": new_ones,
    "new_empty": new_empty,
    "new_full": new_full,
    "new_tensor": new_tensor,
    "expand_as": expand_as,
    "view_as": view_as,
    "reshape_as": reshape_as,
    "type_as": type_as,
    "clamp_": clamp_,
    "clip_": clamp_,
    "clamp_min": _functions.clamp_min,
    "clamp_max": _functions.clamp_max,
    "clamp_min_": clamp_min_,
    "clamp_max_": clamp_max_,
    "fill_": fill_,
    "sgn_": sgn_,
    "resize_": resize_,
    "resize_as_": resize_as_,
    "set_": set_,
    "squeeze_": squeeze_,
    "unsqueeze_": unsqueeze_,
    "t_": t_,
    "transpose_": transpose_,
    "swapaxes_": transpose_,
    "swapdims_": transpose_,
    "as_strided_": as_strided_,
    "_view_dtype": _view_dtype,
    "get_device": get_device,
    "is_same_size": is_same_size,
    "is_set_to": is_set_to,
    "new_empty_strided": new_empty_strided,
    "equal": _compare.equal,
    "isclose": _compare.isclose,
    "allclose": _compare.allclose,
    "is_nonzero": _functions.is_nonzero,
    "angle": _functions.angle,
    "broadcast_to": _functions.broadcast_to,
    "as_strided": _functions.as_strided,
    "movedim": _functions.movedim,
    "moveaxis": _functions.movedim,
    "swapaxes": _functions.swapaxes,
    "swapdims": _functions.swapaxes,
    "grad_dtype": property(_grad_dtype, _set_grad_dtype),
    "__rdiv__": __rdiv__,
    "name": property(_none),
    "is_cpu": property(_is_cpu),
    "is_meta": property(_false),
    "is_sparse": property(_false),
    "is_quantized": property(_false),
    "H": property(_H),
    "mH": property(_mH),
    "bool": _converter("bool"),
    "byte": _converter("uint8"),
    "char": _converter("int8"),
    "short": _converter("int16"),
    "int": _converter("int32"),
    "long": _converter("int64"),
    "half": _converter("float16"),
    "bfloat16": _converter("bfloat16"),
    "float": _converter("float32"),
    "double": _converter("float64"),
    "cfloat": _converter("complex64"),
    "cdouble": _converter("complex128"),
    "add_": _functions._add_,
    "sub_": _functions._sub_,
    "subtract_": _functions._sub_,
    "div_": _functions._div_,
    "divide_": _functions._div_,
    "true_divide_": _functions._div_,
    "add": _functions.add,
    "sub": _functions.sub,
    "subtract": _functions.sub,
    "div": _functions.div,
    "divide": _functions.div,
    "true_divide": _functions.div,
    "clamp": _functions.clamp,
    "clip": _functions.clamp,
    "round": _functions.round,
    "round_": round_,
    "sgn": _functions.sgn,
    "conj": _functions.conj,
    "split": _functions.split,
    "chunk": _functions.chunk,
    "unbind": _functions.unbind,
    "select": _functions.select,
    "real": property(_functions.real),
    "imag": property(_functions.imag),
}
