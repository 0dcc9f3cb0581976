# The tape: what each op saved and where its gradients go.

# Note [Rules]
# python/rushlight/autograd/_derivatives.py holds, per op, one function for each differentiable
# argument. The names of its parameters after the first (the gradient) say what is saved when the op
# is recorded: an argument, "<argument>_shape", "<argument>_dtype", "result" or "result<i>". Each distinct one is
# a slot; a slot is filled only when a gradient that uses it will be wanted.
# A row may instead be a tuple of the arguments' names and one function for all their gradients:
# fn(g, wanted, *saved), with a truth value for each name, returns a sequence of gradients or None.

cdef enum:
    SLOT_ARG = 0
    SLOT_SHAPE = 1
    SLOT_DTYPE = 2
    SLOT_RESULT = 3
    MAX_SLOTS = 16

cdef list _ops = []
cdef dict _op_by_name = {}
cdef long long _sequence = 0
cdef bint anomaly = False      # see Note [Anomaly mode]
cdef bint anomaly_nan = False
# Whether anomaly mode, or hooks on saved tensors, ask for more than recording: one flag to test.
cdef bint watched = False
cdef long long _runs = 0


cdef class OpInfo:
    cdef int id
    cdef readonly str name
    cdef readonly tuple arg_names
    cdef readonly str node_name
    cdef str inplace_name
    cdef bint loaded
    cdef int n_rules
    cdef tuple rule_fns        # a function, or None where the argument has no gradient
    cdef object joint          # the one function for all gradients, or None
    cdef tuple rule_slots      # for each rule the slots it reads, a tuple of ints
    cdef int rule_arg[8]       # the argument that rule i differentiates
    cdef int n_slots
    cdef int slot_kind[MAX_SLOTS]
    cdef int slot_arg[MAX_SLOTS]
    cdef unsigned slot_users[MAX_SLOTS]  # bit i: rule i reads it
    cdef unsigned slot_is_operand        # bit s: slot s is an operand, a tensor or a number


# Log1P and AvgPool2D, as PyTorch spells them.
cdef str capitalized(str part):
    out = ""
    for c in part:
        out += c.upper() if not out or out[len(out) - 1].isdigit() else c
    return out


cdef OpInfo get_op(str name, tuple arg_names):
    cdef OpInfo op = _op_by_name.get(name)
    if op is not None:
        if op.arg_names != arg_names:
            raise RuntimeError(f"op {name} is registered twice, with arguments "
                               f"{op.arg_names} and {arg_names}")
        return op
    op = OpInfo.__new__(OpInfo)
    op.id = len(_ops)
    op.name = name
    op.arg_names = arg_names
    op.inplace_name = name if name.endswith("_") else name + "_"
    op.node_name = "".join([capitalized(p) for p in name.strip("_").split("_")]) + "Backward0"
    op.loaded = False
    _ops.append(op)
    _op_by_name[name] = op
    return op


cdef dict _rules = None


cdef int load_rules(OpInfo op) except -1:
    global _rules
    if _rules is None:
        from rushlight.autograd._derivatives import RULES
        _rules = RULES
    row = _rules.get(op.name)
    if row is None:
        raise NotImplementedError(
            f"derivative for '{op.name}' is not implemented: detach() its inputs or wrap the call "
            "in no_grad()")
    fns = []
    slots = []
    keys = []
    op.n_rules = 0
    op.joint = None
    fixed = 1
    if type(row) is tuple:
        op.joint = row[1]
        fixed = 2
        row = dict.fromkeys(row[0], row[1])
    for arg_name, fn in row.items():
        if arg_name not in op.arg_names:
            raise RuntimeError(f"derivative of {op.name}: no argument named {arg_name}, "
                               f"only {op.arg_names}")
        rule_keys = []
        if fn is not None:
            code = fn.__code__
            for parameter in code.co_varnames[fixed:code.co_argcount]:
                if parameter not in keys:
                    keys.append(parameter)
                rule_keys.append(keys.index(parameter))
        op.rule_arg[op.n_rules] = op.arg_names.index(arg_name)
        fns.append(fn)
        slots.append(tuple(rule_keys))
        op.n_rules += 1
    if len(keys) > MAX_SLOTS:
        raise RuntimeError(f"derivative of {op.name} saves too much")
    op.n_slots = len(keys)
    op.slot_is_operand = 0
    for s, key in enumerate(keys):
        op.slot_users[s] = 0
        for i in range(op.n_rules):
            if s in slots[i]:
                op.slot_users[s] |= 1u << <int>i
        if key in op.arg_names:
            if key in ("input", "other"):
                op.slot_is_operand |= 1u << <int>s
            op.slot_kind[s] = SLOT_ARG
            op.slot_arg[s] = op.arg_names.index(key)
        elif key.endswith("_shape") and key[:len(key) - 6] in op.arg_names:
            op.slot_kind[s] = SLOT_SHAPE
            op.slot_arg[s] = op.arg_names.index(key[:len(key) - 6])
        elif key.endswith("_dtype") and key[:len(key) - 6] in op.arg_names:
            op.slot_kind[s] = SLOT_DTYPE
            op.slot_arg[s] = op.arg_names.index(key[:len(key) - 6])
        elif key.startswith("result"):
            op.slot_kind[s] = SLOT_RESULT
            op.slot_arg[s] = int(key[6:]) if len(key) > 6 else 0
        else:
            raise RuntimeError(f"derivative of {op.name}: cannot save {key!r}; arguments are "
                               f"{op.arg_names}")
    op.rule_fns = tuple(fns)
    op.rule_slots = tuple(slots)
    op.loaded = True
    return 0


@cython.freelist(512)
@cython.trashcan(True)
cdef class Node:
    """One recorded op: the edges to its inputs' history and what its derivative needs."""
    cdef OpInfo op
    cdef object function       # the context of a user's Function, else None
    # Per rule: None, a Node (its output 0), a leaf Tensor, (Node, output), or a list of these.
    cdef tuple edges
    cdef tuple saved           # per slot; None as a whole once freed
    cdef uint32_t versions[MAX_SLOTS]
    cdef long long seq
    cdef CDims shape           # of output 0
    cdef int dtype
    cdef int outputs
    cdef list metas            # (shape, dtype code) per output when there are several
    cdef object buffer         # engine: the gradient gathered so far, a list when outputs > 1
    cdef int waiting           # engine: consumers that have not run yet
    cdef long long run         # engine: the run the two above belong to
    cdef object hooks          # id -> callable(grad_inputs, grad_outputs), an OrderedDict
    cdef object pre_hooks
    cdef dict tensor_hooks     # output -> {id: callable(grad)}
    cdef dict retained         # output -> weak reference to a Tensor that keeps its grad
    cdef dict metadata_
    cdef object place          # the code that recorded it, None where it saved nothing
    cdef int instruction
    cdef object __weakref__

    def name(self):
        """The op's name, such as ``MulBackward0``."""
        return name_of(self)

    def __repr__(self):
        return f"<{self.name()} object at {hex(id(self))}>"

    def __call__(self, *gradients):
        """The gradients of the inputs for these of the outputs, with nothing accumulated."""
        return call_node(self, gradients)

    def __getattr__(self, name):
        return node_attribute(self, name)

    def __dir__(self):
        return sorted([*object.__dir__(self), *attributes_of(self)])

    @property
    def next_functions(self):
        result = []
        for i, edge in enumerate(self.edges):
            if self.function is not None and not self.function._takes_tensor(i):
                continue
            for e in (edge if type(edge) is list else [edge]):
                if e is None:
                    result.append((None, 0))
                elif type(e) is tuple:
                    result.append((named(<Node>e[0]), e[1]))
                elif isinstance(e, Node):
                    result.append((named(<Node>e), 0))
                else:
                    result.append((accumulator_of(e), 0))
        return tuple(result)

    @property
    def metadata(self):
        if self.metadata_ is None:
            self.metadata_ = {}
        return self.metadata_

    def _sequence_nr(self):
        return self.seq

    def register_hook(self, hook):
        """Calls ``hook(grad_inputs, grad_outputs)`` after this node ran; returns a handle."""
        if self.hooks is None:
            self.hooks = new_hooks()
        return add_hook(self.hooks, hook)

    def register_prehook(self, hook):
        """Calls ``hook(grad_outputs)`` before this node runs; returns a handle."""
        if self.pre_hooks is None:
            self.pre_hooks = new_hooks()
        return add_hook(self.pre_hooks, hook)


cdef dict _renamed = None


# As PyTorch has it; see python/rushlight/autograd/_node_names.py.
cdef object name_of(Node node):
    global _renamed
    cdef OpInfo op = node.op
    cdef int s
    if node.function is not None:
        return type(node.function).__name__
    if _renamed is None:
        from rushlight.autograd._node_names import NAMES
        _renamed = NAMES
    row = _renamed.get(op.name)
    if row is None:
        return op.node_name
    if type(row) is str:
        return row
    saved = {}
    if node.saved is not None:
        for s in range(op.n_slots):
            if op.slot_kind[s] == SLOT_ARG and node.saved[s] is not None:
                saved[op.arg_names[op.slot_arg[s]]] = node.saved[s]
    inputs = {op.arg_names[op.rule_arg[i]] for i in range(op.n_rules) if node.edges[i] is not None}
    return row(node.shape.size(), saved, inputs)


# Note [Types of nodes]
# Scripts tell nodes apart by type(node).__name__. A node that Python asks for gets a subclass of
# Node of its op's name then; the tape itself makes plain Nodes, which are faster.
cdef dict _node_types = {}


cdef Node named(Node node):
    if node is None or type(node) is not Node:
        return node
    name = node.name()
    kind = _node_types.get(name)
    if kind is None:
        kind = _type_of_types(name, (Node,), {"__slots__": (), "__module__": None})
        _node_types[name] = kind
        forbid_new(<PyTypeObject*>kind)
    Py_INCREF(kind)  # the type of a live object; its deallocation gives this back
    set_type(node, <PyTypeObject*>kind)
    return node


cdef extern from "Python.h":
    void set_type "Py_SET_TYPE" (object, PyTypeObject*)


# A node without an op would crash: only the tape makes them.
cdef extern from *:
    """
    static inline void rl_forbid_new(PyTypeObject* type) {
      type->tp_new = NULL;
      type->tp_vectorcall = NULL;
      if (PyDict_DelItemString(type->tp_dict, "__new__") < 0) PyErr_Clear();
      PyType_Modified(type);
    }
    """
    void forbid_new "rl_forbid_new" (PyTypeObject*)


forbid_new(<PyTypeObject*>Node)


class AccumulateGrad:
    """What ``next_functions`` shows for a leaf: the sum into ``variable.grad``."""

    def __init__(self, variable):
        self.variable = variable
        self.metadata = {}
        self._hooks = self._pre_hooks = None

    def name(self):
        return "AccumulateGrad"

    @property
    def next_functions(self):
        return ()

    def _sequence_nr(self):
        return (1 << 64) - 1

    def register_hook(self, hook):
        """Calls ``hook((), grad_outputs)`` after the gradient was accumulated."""
        if self._hooks is None:
            self._hooks = new_hooks()
        return add_hook(self._hooks, hook)

    def register_prehook(self, hook):
        """Calls ``hook(grad_outputs)`` before; a returned tuple replaces the gradient."""
        if self._pre_hooks is None:
            self._pre_hooks = new_hooks()
        return add_hook(self._pre_hooks, hook)

    def __call__(self, gradient):
        """Adds ``gradient`` to ``variable.grad``."""
        run_backward([self.variable], [gradient], False, False, None, True, True)

    def __repr__(self):
        return f"<AccumulateGrad object at {hex(id(self))}>"


cdef accumulator_of(Tensor leaf):
    cdef Extra extra = extra_of(leaf)
    if extra.accumulator is None:
        extra.accumulator = AccumulateGrad(leaf)
    return extra.accumulator


cdef object new_hooks():
    from collections import OrderedDict
    return OrderedDict()


cdef add_hook(hooks, hook):
    from rushlight.utils.hooks import RemovableHandle
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


cdef inline bint requires(Tensor t):
    return t._requires_grad or t._grad_fn is not None or (
        t._base is not None and t._history != (<Tensor>t._base)._history
        and (<Tensor>t._base)._grad_fn is not None)


cdef inline object edge_of(Tensor t):
    if t._base is not None and t._history != (<Tensor>t._base)._history:
        refresh_view(t)
    if t._grad_fn is None:
        return t
    if t._output_nr == 0:
        return t._grad_fn
    return (t._grad_fn, t._output_nr)


cdef bint any_requires(tuple args):
    cdef object a, b
    for a in args:
        if isinstance(a, Tensor):
            if requires(<Tensor>a):
                return True
        elif type(a) is list or type(a) is tuple:
            for b in a:
                if isinstance(b, Tensor) and requires(<Tensor>b):
                    return True
    return False


cdef inline bint differentiable(Tensor t):
    return <int>t.c.dtype() >= 9


cdef int set_history(Tensor t, Node node, int nr) except -1:
    refers_to_more(<PyObject*>t)
    t._grad_fn = node
    t._output_nr = nr
    return 0


# Of a tuple that nobody has seen yet.
cdef inline void fill_item(tuple items, int i, object value):
    Py_INCREF(value)
    PyTuple_SET_ITEM(items, i, value)


# Of all tensors in a saved list: a write into any of them changes it.
cdef uint32_t versions_of(object items) except? 0:
    cdef uint32_t total = 0
    for x in items:
        if isinstance(x, Tensor):
            total += (<Tensor>x).c.storage().version()
    return total


# The caller has checked that gradients are recorded and some argument requires one.
cdef int record(OpInfo op, tuple args, object result) except -1:
    global _sequence
    # Integers and truth values have no history, nor need their ops a derivative.
    if isinstance(result, Tensor) and not differentiable(<Tensor>result):
        return 0
    if not op.loaded:
        load_rules(op)
    cdef Node node = Node.__new__(Node)
    cdef int i, s
    cdef unsigned wanted = 0
    cdef bint saves = False
    cdef object arg, e, value
    cdef Tensor t
    cdef tuple edges = PyTuple_New(op.n_rules)
    for i in range(op.n_rules):
        arg = args[op.rule_arg[i]]
        e = None
        if isinstance(arg, Tensor):
            if requires(<Tensor>arg):
                e = edge_of(<Tensor>arg)
                if op.rule_fns[i] is not None:
                    wanted |= 1u << i
        elif type(arg) is list or type(arg) is tuple:
            e = [edge_of(<Tensor>x) if isinstance(x, Tensor) and requires(<Tensor>x) else None
                 for x in arg]
            wanted |= 1u << i
        fill_item(edges, i, e)
    node.op = op
    node.edges = edges
    node.seq = _sequence
    _sequence += 1
    cdef tuple saved = PyTuple_New(op.n_slots)
    for s in range(op.n_slots):
        if not (op.slot_users[s] & wanted):
            value = None
        elif op.slot_kind[s] == SLOT_RESULT:
            value = result if isinstance(result, Tensor) else result[op.slot_arg[s]]
            # Shares the value, not the object: node -> result -> node would be a cycle.
            t = wrap_copy((<Tensor>value).c)
            node.versions[s] = t.c.storage().version()
            value = t
            saves = True
        else:
            value = args[op.slot_arg[s]]
            if op.slot_kind[s] == SLOT_ARG:
                saves = True
                if isinstance(value, Tensor):
                    node.versions[s] = (<Tensor>value).c.storage().version()
                    if is_inference_version(node.versions[s]):
                        raise RuntimeError(
                            f"{op.name}(): Inference tensors cannot be saved for backward; "
                            "clone() the tensor outside of inference mode first")
                elif type(value) is list or type(value) is tuple:
                    if type(value) is list:
                        value = list(value)
                    node.versions[s] = versions_of(value)
            elif op.slot_kind[s] == SLOT_SHAPE:
                if isinstance(value, Tensor):
                    value = dims_tuple((<Tensor>value).c.shape())
                elif value is None or not isinstance(value, (list, tuple)):
                    value = None
                else:
                    value = [dims_tuple((<Tensor>x).c.shape()) for x in value]
            else:
                value = (_DTYPES[<int>(<Tensor>value).c.dtype()] if isinstance(value, Tensor)
                         else [_DTYPES[<int>(<Tensor>x).c.dtype()] for x in value])
        fill_item(saved, s, value)
    node.saved = saved
    if saves:
        note_place(node)
    if watched:
        watch_record(node)
    if isinstance(result, Tensor):
        t = <Tensor>result
        node.outputs = 1
        node.shape = t.c.shape()
        node.dtype = <int>t.c.dtype()
        if differentiable(t):
            set_history(t, node, 0)
        return 0
    node.outputs = len(result)
    node.metas = []
    for i in range(node.outputs):
        t = <Tensor>result[i]
        node.metas.append((dims_tuple(t.c.shape()), <int>t.c.dtype()))
        # The engine handles a tuple of one like a single result.
        node.shape = t.c.shape()
        node.dtype = <int>t.c.dtype()
        if differentiable(t):
            set_history(t, node, i)
    return 0


# Note [Views written in place]
# A view knows its base. Writing into the view makes the base's new history
# as_strided_scatter(old base, new view) and counts it in base._history; every view whose own count
# is behind takes its history from the base again, as as_strided(base).
cdef OpInfo _op_as_strided = get_op("as_strided", ("self", "size", "stride", "storage_offset",
                                                   "self_stride", "self_offset"))
cdef OpInfo _op_scatter_view = get_op(
    "as_strided_scatter", ("self", "src", "size", "stride", "storage_offset", "self_stride",
                           "self_offset"))


cdef tuple view_geometry(Tensor view, Tensor base):
    return (dims_tuple(view.c.shape()), dims_tuple(view.c.strides()), view.c.offset(),
            dims_tuple(base.c.strides()), base.c.offset())


cdef int refresh_view(Tensor t) except -1:
    cdef Tensor base = <Tensor>t._base
    t._history = base._history
    if base._grad_fn is None and not base._requires_grad:
        return 0
    if not differentiable(t) or t.c.dtype() != base.c.dtype():
        return 0
    t._grad_fn = None
    record(_op_as_strided, (base,) + view_geometry(t, base), t)
    return 0


cdef int rebase(Tensor view) except -1:
    cdef Tensor base = <Tensor>view._base
    if view.c.dtype() != base.c.dtype():
        raise RuntimeError("in-place write into a view of another dtype is not supported by autograd")
    record(_op_scatter_view, (base, view) + view_geometry(view, base), base)
    base._history += 1
    refresh_view(view)
    return 0


cdef object prepare_inplace(OpInfo op, tuple args):
    cdef Tensor self = <Tensor>args[0]
    cdef int s
    if is_inference_version(self.c.storage().version()) and not inference_enabled():
        raise RuntimeError(f"{op.name}_(): Inplace update to inference tensor outside "
                           "InferenceMode is not allowed; clone() it first")
    if write_watcher is not None:
        write_watcher(self)
    if not grad_enabled():
        return None
    check_write(op.name + "_", self)
    if not any_requires(args):
        return None
    if not differentiable(self):
        raise RuntimeError(f"{op.name}_(): cannot write a value that requires grad into a tensor of "
                           f"dtype {_DTYPES[<int>self.c.dtype()]}")
    if not op.loaded:
        load_rules(op)
    for s in range(op.n_slots):
        if op.slot_kind[s] == SLOT_ARG and op.slot_arg[s] == 0:
            return keep_original(self)
    return None


cdef int check_write(str name, Tensor self) except -1:
    if self._requires_grad and self._grad_fn is None:
        raise RuntimeError(f"{name}(): a leaf Variable that requires grad is being used in an "
                           "in-place operation.")
    if self._base is not None:
        if (<Tensor>self._base)._requires_grad and (<Tensor>self._base)._grad_fn is None:
            raise RuntimeError(f"{name}(): a view of a leaf Variable that requires grad is being "
                               "used in an in-place operation.")
        check_view_write(name, self)
    return 0


# Note [Views that cannot be written]
# Of a view made without recording, and of one of several views that one op made, the new history of
# the base cannot be told (the first) or is refused as PyTorch does (the second).
cdef int check_view_write(str name, Tensor view) except -1:
    cdef Tensor base = <Tensor>view._base
    cdef Node node
    edge_of(view)
    node = view._grad_fn
    if node is None:
        if requires(base) and differentiable(base):
            raise RuntimeError(
                f"{name}(): A view was created in no_grad mode and is being modified inplace with "
                "grad mode enabled. Make the view with gradients enabled, or write inside no_grad() "
                "too; detach() the view where the write needs no gradient.")
    while node is not base._grad_fn and node is not None:
        if node.function is not None:
            raise RuntimeError(
                f"{name}(): Output {view._output_nr} of {view._grad_fn.name()} is a view and is "
                "being modified inplace. This view was created inside a custom Function (or "
                "because an input was returned as-is), whose backward the write would override. "
                "clone() the output of the custom Function first.")
        if node.op.name in _several_views:
            raise RuntimeError(
                f"{name}(): Output {view._output_nr} of {view._grad_fn.name()} is a view and is being "
                "modified inplace. This view is the output of a function that returns multiple views. "
                "Such functions do not allow the output views to be modified inplace: index or "
                "narrow() the base instead, or clone() the output.")
        if node.op.name not in _views or node.edges[0] is None:
            break
        edge = node.edges[0]
        edge = edge[0] if type(edge) is tuple else edge
        node = <Node>edge if isinstance(edge, Node) else None
    return 0


cdef object write_watcher = None  # called with each tensor before it is written, or None


def _set_write_watcher(watcher):
    """Sets what is called before every in-place write; returns the one before."""
    global write_watcher
    if watcher is not None and not callable(watcher):
        raise TypeError("_set_write_watcher(): expected a callable or None")
    before = write_watcher
    write_watcher = watcher
    return before


cdef frozenset _several_views = frozenset(("split_int", "split_sizes", "chunk", "unbind"))
cdef frozenset _views = _several_views | frozenset((
    "view", "permute", "transpose", "t", "unsqueeze", "expand", "select", "slice", "as_strided", "squeeze",
    "flatten", "unflatten", "movedim", "narrow", "unfold", "diagonal", "view_as_real",
    "view_as_complex"))


cdef Tensor keep_original(Tensor self):
    edge_of(self)
    cdef Tensor copy = wrap_move(c_clone(self.c))
    copy._grad_fn = self._grad_fn
    copy._output_nr = self._output_nr
    return copy


cdef int finish_inplace(OpInfo op, tuple args, object original) except -1:
    cdef Tensor self = <Tensor>args[0]
    count_write(self.c.storage(), op.inplace_name)
    if not grad_enabled() or not any_requires(args):
        return 0
    if original is not None:
        args = (original,) + args[1:]
    cdef Node before = self._grad_fn
    record(op, args, self)
    if before is not None and before.retained is not None:
        move_retained(before, self)
    if self._base is not None:
        rebase(self)
    else:
        self._history += 1
    return 0


# retain_grad() is about the tensor, not about the value it had then.
cdef int move_retained(Node before, Tensor t) except -1:
    for nr, ref in list(before.retained.items()):
        if ref() is t and t._grad_fn is not before:
            del before.retained[nr]
            if t._grad_fn.retained is None:
                t._grad_fn.retained = {}
            t._grad_fn.retained[t._output_nr] = ref
    return 0
