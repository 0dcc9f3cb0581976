# What the Tensor's operators and hottest methods run, and how it is recorded.

cdef OpInfo op_view = get_op("view", ("self",))
cdef OpInfo op_permute = get_op("permute", ("self", "dims"))
cdef OpInfo op_transpose = get_op("transpose", ("self", "dim0", "dim1"))
cdef OpInfo op_t = get_op("t", ("self",))
cdef OpInfo op_unsqueeze = get_op("unsqueeze", ("self", "dim"))
cdef OpInfo op_expand = get_op("expand", ("self", "size"))
cdef OpInfo op_select = get_op("select", ("self", "dim", "index"))
cdef OpInfo op_slice = get_op("slice", ("self", "dim", "start", "end", "step"))
cdef OpInfo op_clone = get_op("clone", ("self",))
cdef OpInfo op_copy = get_op("copy", ("self", "src"))
cdef OpInfo op_to = get_op("to", ("self", "dtype"))
cdef OpInfo op_matmul = get_op("matmul", ("input", "other"))
cdef list _binary_ops = []
cdef list _unary_ops = []


cdef register_uniform():
    cdef int i
    for i in range(kNumBinaryOps):
        _binary_ops.append(get_op(binary_op_name(<CBinaryOp>i).decode(), ("input", "other")))
    for i in range(kNumUnaryOps):
        _unary_ops.append(get_op(unary_op_name(<CUnaryOp>i).decode(), ("input",)))


register_uniform()


# The arguments become a tuple only where they are kept.
cdef inline Tensor result_of(OpInfo op, Tensor source, Tensor result):
    if recorded(source):
        record(op, (source,), result)
    return result


# A view keeps its base, and its place in the base's history.
cdef inline Tensor view_result(Tensor source, CTensor& out):
    cdef Tensor r = wrap_move(out)
    cdef Tensor base = source if source._base is None else <Tensor>source._base
    r._base = base
    r._history = base._history
    return r


# Whether a view of source is to be recorded.
cdef inline bint recorded(Tensor source):
    return grad_enabled() and requires(source)


# a <op> b, of which either has an override.
cdef object override_operator(str name, str reflected, object a, object b):
    # A plain Tensor may be on the left of another class; a number has no methods to tell.
    try:
        if isinstance(a, Tensor):
            return override_method(name, (a, b))
        return override_method(reflected, (b, a))
    except _late("NoOverride"):
        return NotImplemented


# What PyTorch tells an override, where that is not the method of the op's name.
cdef dict _told = {"eq": "__eq__", "floor_divide": "__floordiv__", "bitwise_and": "__and__",
                   "bitwise_or": "__or__", "bitwise_xor": "__xor__",
                   "bitwise_left_shift": "__lshift__", "bitwise_right_shift": "__rshift__"}
cdef dict _told_reflected = {"mul": "mul", "add": "add", "sub": "__rsub__", "div": "__rtruediv__",
                             "floor_divide": "__rfloordiv__", "remainder": "__rmod__",
                             "pow": "__rpow__", "bitwise_and": "bitwise_and",
                             "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
                             "bitwise_left_shift": "__rlshift__",
                             "bitwise_right_shift": "__rrshift__"}
cdef dict _told_inplace = {"bitwise_and": "__iand__", "bitwise_or": "__ior__",
                           "bitwise_xor": "__ixor__", "bitwise_left_shift": "__ilshift__",
                           "bitwise_right_shift": "__irshift__"}


# What is left of an operator whose operand is neither tensor nor number.
cdef object foreign_operator(CBinaryOp op, object a, object b):
    cdef PyObject* both[2]
    both[0] = <PyObject*>a
    both[1] = <PyObject*>b
    if not g_overrides.active and t_overrides_off == 0 and some_override(both, 2):
        g_overrides.active = 1
        return binary_operator(op, a, b)
    return NotImplemented


# Apart, so that the way without overrides stays as short as it was.
cdef object watched_operator(CBinaryOp op, object a, object b):
    name = (<OpInfo>_binary_ops[<int>op]).name
    return override_operator(_told.get(name, name), _told_reflected.get(name, ""), a, b)


cdef object binary_operator(CBinaryOp op, object a, object b):
    cdef CTensor out
    cdef ScalarBox s
    cdef int kind
    cdef Tensor x, y
    if g_overrides.active and pair_wanted(a, b):
        return watched_operator(op, a, b)
    if isinstance(a, Tensor):
        x = <Tensor>a
        if isinstance(b, Tensor):
            y = <Tensor>b
            if x.c.numel() > LARGE or y.c.numel() > LARGE:
                with nogil:
                    out = c_binary(op, x.c, y.c)
            else:
                out = c_binary(op, x.c, y.c)
        else:
            kind = as_scalar(b, &s)
            if kind == 0:
                if hasattr(b, "__array_interface__"):
                    return binary_operator(op, a, _late("from_array")(b))
                return foreign_operator(op, a, b)
            if x.c.numel() > LARGE:
                with nogil:
                    out = c_binary_ts(op, x.c, s.value)
            else:
                out = c_binary_ts(op, x.c, s.value)
    else:
        y = <Tensor>b
        kind = as_scalar(a, &s)
        if kind == 0:
            if hasattr(a, "__array_interface__"):
                return binary_operator(op, _late("from_array")(a), b)
            return foreign_operator(op, a, b)
        if y.c.numel() > LARGE:
            with nogil:
                out = c_binary_st(op, s.value, y.c)
        else:
            out = c_binary_st(op, s.value, y.c)
    cdef Tensor r = wrap_move(out)
    if grad_enabled() and ((isinstance(a, Tensor) and requires(<Tensor>a))
                           or (isinstance(b, Tensor) and requires(<Tensor>b))):
        if differentiable(r):
            record(<OpInfo>_binary_ops[<int>op], (a, b), r)
    return r


# Python's and NumPy's numbers; 0 for anything else.
cdef inline int as_scalar(object b, ScalarBox* s) except -1:
    cdef int kind = to_scalar(<PyObject*>b, s)
    if kind != 0:
        return kind
    if getattr(b, "ndim", None) == 0 and hasattr(b, "item"):
        b = b.item()
        return to_scalar(<PyObject*>b, s)
    return 0


cdef object binary_inplace(CBinaryOp op, object left, object b):
    cdef ScalarBox s
    cdef int kind
    cdef Tensor self = <Tensor>left
    cdef OpInfo info = <OpInfo>_binary_ops[<int>op]
    cdef object original = None
    if g_overrides.active and pair_wanted(left, b):
        return override_method(_told_inplace.get(info.name, info.name + "_"), (self, b))
    if isinstance(b, Tensor) and is_plain_write(self, <Tensor>b) and self.c.numel() <= LARGE:
        c_binary_out(op, self.c, (<Tensor>b).c, self.c)
        count_write(self.c.storage(), info.inplace_name)
        return self
    cdef tuple args = (self, b)
    if not isinstance(b, Tensor):
        kind = as_scalar(b, &s)
        if kind == 0:
            if hasattr(b, "__array_interface__"):
                return binary_inplace(op, left, _late("from_array")(b))
            return NotImplemented
    if grad_enabled() or write_watcher is not None:
        original = prepare_inplace(info, args)
    if isinstance(b, Tensor):
        with nogil:
            c_binary_out(op, self.c, (<Tensor>b).c, self.c)
    elif self.c.numel() > LARGE:
        with nogil:
            c_binary_out_ts(op, self.c, s.value, self.c)
    else:
        c_binary_out_ts(op, self.c, s.value, self.c)
    finish_inplace(info, args, original)
    return self


cdef object unary_operator(CUnaryOp op, Tensor x):
    cdef CTensor out
    if override_wanted_by(<PyObject*>x):
        return override_method((<OpInfo>_unary_ops[<int>op]).name, (x,))
    if x.c.numel() > LARGE:
        with nogil:
            out = c_unary(op, x.c)
    else:
        out = c_unary(op, x.c)
    return result_of(<OpInfo>_unary_ops[<int>op], x, wrap_move(out))


# Whether a write is a matter of memory alone, with nothing to check or record.
cdef inline bint is_plain_write(Tensor self, Tensor source):
    return (is_plain(<PyObject*>self) and not requires(source) and write_watcher is None
            and not is_inference_version(self.c.storage().version()))


cdef int copy_into(Tensor self, Tensor source, bint non_blocking=False) except -1:
    if self.c.numel() <= LARGE and is_plain_write(self, source):
        c_copy_across(self.c, source.c, non_blocking)
        count_write(self.c.storage(), op_copy.inplace_name)
        return 0
    cdef tuple args = (self, source)
    prepare_inplace(op_copy, args)
    if self.c.numel() > LARGE:
        with nogil:
            c_copy_across(self.c, source.c, non_blocking)
    else:
        c_copy_across(self.c, source.c, non_blocking)
    finish_inplace(op_copy, args, None)
    return 0


# See Function::redirect in bindings/function.h; this is the operator's.
cdef object _matmul_handler = None


def _redirect_matmul(handler):
    global _matmul_handler
    _matmul_handler = handler


cdef object matmul(Tensor a, Tensor b):
    cdef CTensor out
    if _matmul_handler is not None:
        a, b = _matmul_handler((a, b))
    if a.c.numel() > 1024 or b.c.numel() > 1024:
        with nogil:
            out = c_matmul(a.c, b.c)
    else:
        out = c_matmul(a.c, b.c)
    cdef Tensor r = wrap_move(out)
    if grad_enabled() and (requires(a) or requires(b)):
        record(op_matmul, (a, b), r)
    return r


cdef dict _late_bound = {}


# Functions of the modules above this one, looked up at first use.
cdef object _late(str name):
    fn = _late_bound.get(name)
    if fn is None:
        raise RuntimeError(f"rushlight is not fully imported: {name} is missing")
    return fn


def _bind_late(name, fn):
    _late_bound[name] = fn
