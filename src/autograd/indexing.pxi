# Basic indexing: ints, slices, None, Ellipsis. Everything else goes to rushlight._indexing.
from cpython.slice cimport PySlice_Unpack
from cpython.long cimport PyLong_CheckExact


cdef inline object select_one(Tensor self, int dim, int64_t index):
    if self.c.ndim() == 0:
        raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert "
                         "a 0-dim tensor to a number")
    if index >= self.c.size(dim) or index < -self.c.size(dim):
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size "
                         f"{self.c.size(dim)}")
    cdef CTensor out = c_select(self.c, dim, index)
    cdef Tensor r = view_result(self, out)
    if recorded(self):
        record(op_select, (self, dim, index), r)
    return r


cdef inline object slice_one(Tensor self, int dim, object s):
    cdef Py_ssize_t start, stop, step
    PySlice_Unpack(s, &start, &stop, &step)
    if step <= 0:
        raise ValueError("step must be greater than zero")
    if self.c.ndim() == 0:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    cdef CTensor out = c_slice(self.c, dim, start, stop, step)
    cdef Tensor r = view_result(self, out)
    if recorded(self):
        record(op_slice, (self, dim, start, stop, step), r)
    return r


cdef bint is_basic(object index):
    return (index is None or index is Ellipsis or type(index) is slice
            or (isinstance(index, int) and not isinstance(index, bool)))


cdef object getitem(Tensor self, object index):
    if PyLong_CheckExact(index):
        return select_one(self, 0, index)
    if type(index) is slice:
        return slice_one(self, 0, index)
    if type(index) is tuple:
        for i in index:
            if not is_basic(i):
                return _late("getitem")(self, index)
        return getitem_tuple(self, <tuple>index)
    if index is None:
        return self.unsqueeze(0)
    if index is Ellipsis:
        return self.expand(self.shape)
    if isinstance(index, Tensor):
        return index_one(self, <Tensor>index)
    return _late("getitem")(self, index)


cdef OpInfo op_index = get_op("index", ("input", "indices"))


# A tensor of positions, or a mask, as the whole index.
cdef object index_one(Tensor self, Tensor index):
    cdef CTensor out
    if index.c.ndim() == 0 and <int>index.c.dtype() != 0:
        return _late("getitem")(self, index)
    if self.c.numel() > LARGE or index.c.numel() > LARGE:
        with nogil:
            out = c_index(self.c, index.c)
    else:
        out = c_index(self.c, index.c)
    cdef Tensor r = wrap_move(out)
    if recorded(self):
        record(op_index, (self, (index,)), r)
    return r


cdef object getitem_tuple(Tensor self, tuple index):
    cdef int dim = 0, used = 0, n = self.c.ndim()
    cdef bint ellipsis = False
    cdef Tensor r = self
    for i in index:
        if i is Ellipsis:
            if ellipsis:
                raise IndexError("an index can only have a single ellipsis ('...')")
            ellipsis = True
        elif i is not None:
            used += 1
    if used > n:
        raise IndexError(f"too many indices for tensor of dimension {n}")
    for i in index:
        if i is None:
            r = r.unsqueeze(dim)
            dim += 1
        elif i is Ellipsis:
            dim += n - used
        elif type(i) is slice:
            if not (i.start is None and i.stop is None and i.step is None):
                r = slice_one(r, dim, i)
            dim += 1
        else:
            r = select_one(r, dim, i)
    return self.expand(self.shape) if r is self else r


cdef int setitem(Tensor self, object index, object value) except -1:
    cdef bint basic = is_basic(index)
    cdef Tensor target, source
    cdef ScalarBox s
    if not basic and type(index) is tuple:
        basic = True
        for i in index:
            if not is_basic(i):
                basic = False
                break
    if not basic:
        _late("setitem")(self, index, value)
        return 0
    if self._requires_grad and self._grad_fn is None and grad_enabled():
        prepare_inplace(op_copy, (self, self))
    target = getitem(self, index)
    if isinstance(value, Tensor):
        source = <Tensor>value
        # Leading dims of size 1 are dropped, as PyTorch does.
        while source.c.ndim() > target.c.ndim() and source.c.size(0) == 1:
            source = source[0]
        copy_into(target, source)
        return 0
    if as_scalar(value, &s) == 0:
        source = _late("tensor")(value, dtype=self.dtype)
        while source.c.ndim() > target.c.ndim() and source.c.size(0) == 1:
            source = source[0]
        copy_into(target, source)
        return 0
    fill_value(target, s, value)
    return 0


cdef OpInfo op_fill = get_op("fill", ("self", "value"))


cdef int fill_value(Tensor target, ScalarBox& s, object value) except -1:
    if target.c.numel() <= LARGE and is_plain_write(target, target):
        c_fill(target.c, s.value)
        count_write(target.c.storage(), op_fill.inplace_name)
        return 0
    cdef tuple args = (target, value)
    prepare_inplace(op_fill, args)
    if target.c.numel() > LARGE:
        with nogil:
            c_fill(target.c, s.value)
    else:
        c_fill(target.c, s.value)
    finish_inplace(op_fill, args, None)
    return 0
