# The backward pass: an iterative walk of the tape, latest op first.
from _thread import get_ident

cdef class Run:
    """One backward pass."""
    cdef long long id
    cdef ReadyQueue ready
    cdef bint keep, create, accumulate
    cdef dict wanted           # key of a wanted input -> its positions in results
    cdef list results
    cdef list touched          # nodes to clear when the pass ends early
    cdef list borrowed         # (node, run, waiting, buffer) of nodes an outer pass was using
    cdef object thread


cdef inline object key_of(object edge):
    if type(edge) is tuple:
        return (id(edge[0]), edge[1])
    if isinstance(edge, Node):
        return (id(edge), 0)
    return id(edge)


# A gradient of the wanted shape and dtype: broadcast dims summed, promotion undone.
cdef object fit(object g, CDims* shape, int code, const char* what):
    if not isinstance(g, Tensor):  # from a Function or a hook of the user's
        raise TypeError(f"{what.decode()}: expected a Tensor or None as gradient, got "
                        f"{type(g).__name__}")
    cdef Tensor t = <Tensor>g
    cdef int i, skip
    if t.c.shape() != shape[0]:
        skip = t.c.ndim() - shape.size()
        if skip < 0:
            raise RuntimeError(f"{what.decode()}: a gradient of shape {tuple(t.shape)} cannot belong "
                               f"to a value of shape {dims_tuple(shape[0])}")
        dims = list(range(skip))
        for i in range(shape.size()):
            if shape[0][i] == 1 and t.c.size(skip + i) != 1:
                dims.append(skip + i)
            elif shape[0][i] != t.c.size(skip + i):
                raise RuntimeError(f"{what.decode()}: a gradient of shape {tuple(t.shape)} cannot "
                                   f"belong to a value of shape {dims_tuple(shape[0])}")
        if dims:
            t = t.sum(dims, True)
        if skip:
            t = t.reshape(dims_tuple(shape[0]))
    if <int>t.c.dtype() != code:
        if <int>t.c.dtype() >= 13 and code < 13:
            t = t.real
        t = t._to_dtype(_DTYPES[code])
    return t


# Note [Owned gradients]
# A gradient may be written in place, or become a leaf's .grad as it is, only when nothing else holds
# it: a rule may hand the same object to several inputs. `owned` says so: it is computed from the
# reference count where the gradient was made.
cdef object add_gradients(Run run, Tensor a, Tensor b, bint owned):
    if (owned and not run.create and a.c.storage().use_count() == 1
            and a.c.dtype() == b.c.dtype() and a.c.shape() == b.c.shape()
            and a.c.is_contiguous()):
        with nogil:
            c_binary_out(OP_ADD, a.c, b.c, a.c)
        return a
    return a + b


cdef int send(Run run, object edge, object g, bint owned) except -1:
    cdef Node node
    cdef int nr = 0
    cdef Tensor leaf
    cdef CDims dims
    cdef PyObject* given = <PyObject*>g
    if type(edge) is tuple:
        node = <Node>edge[0]
        nr = edge[1]
    elif isinstance(edge, Node):
        node = <Node>edge
    else:
        leaf = <Tensor>edge
        if g is not None:
            dims = leaf.c.shape()
            g = fit(g, &dims, <int>leaf.c.dtype(), b"backward")
            reach_leaf(run, leaf, g, owned or <PyObject*>g != given)
        return 0
    if node.run != run.id:
        return 0
    if g is not None:
        if node.outputs == 1:
            g = fit(g, &node.shape, node.dtype, b"backward")
            if node.buffer is None:
                node.buffer = g
            else:
                old = node.buffer
                node.buffer = None
                owned = refcount(old) == 1
                node.buffer = add_gradients(run, <Tensor>old, <Tensor>g, owned)
                old = None
        else:
            meta = node.metas[nr]
            dims = parse_dims((meta[0],), b"backward")
            g = fit(g, &dims, meta[1], b"backward")
            if node.buffer is None:
                node.buffer = [None] * node.outputs
            node.buffer[nr] = g if node.buffer[nr] is None else node.buffer[nr] + g
    node.waiting -= 1
    if node.waiting == 0:
        run.ready.emplace(node.seq, <PyObject*>node)
    return 0


cdef extern from "Python.h":
    Py_ssize_t refcount "Py_REFCNT" (object)


cdef object call_hooks(dict hooks, object g):
    for hook in list(hooks.values()):
        replaced = hook(g)
        if replaced is not None:
            if not isinstance(replaced, Tensor):
                raise TypeError("expected a Tensor or None from a gradient hook, got "
                                f"{type(replaced).__name__}")
            g = replaced
    return g


cdef int reach_leaf(Run run, Tensor leaf, object gradient, bint owned) except -1:
    cdef Tensor g = <Tensor>gradient
    cdef Tensor old
    if leaf._extra is not None and leaf._extra.hooks:
        g = call_hooks(leaf._extra.hooks, g)
        owned = False
    if run.wanted is not None:
        for at in run.wanted.get(id(leaf), ()):
            run.results[at] = g if run.results[at] is None else run.results[at] + g
        return 0
    if grad_of(leaf) is None:
        owned = owned and g.c.storage().use_count() == 1 and g._base is None
        if run.create:
            extra_of(leaf).grad = g if owned else g.clone()
        elif owned and g.c.is_contiguous():
            extra_of(leaf).grad = wrap_copy(g.c)
        else:
            extra_of(leaf).grad = wrap_move(c_clone(g.c))
    else:
        old = <Tensor>leaf._extra.grad
        if run.create:
            leaf._extra.grad = old + g
        else:
            # With the lock held: another thread may be adding to the same leaf.
            c_binary_out(OP_ADD, old.c, g.c, old.c)
            old.c.storage().bump_version()
    if leaf._extra.post_hooks:
        for hook in list(leaf._extra.post_hooks.values()):
            hook(leaf)
    return 0


# Note [Anomaly mode]
# While it is on, every recorded op and every in-place write notes the line of the user's code. Off,
# it costs one test of a C flag per record.
cdef dict _writes = {}         # address of a storage -> (version after the write, op, place)


def _set_anomaly(bint on, bint check_nan):
    global anomaly, anomaly_nan
    if on and not anomaly:
        _writes.clear()
    anomaly = on
    anomaly_nan = on and check_nan


def _anomaly_state():
    return bool(anomaly), bool(anomaly_nan)


cdef object place_of_save(Node node):
    return None if node.metadata_ is None else node.metadata_.get("traceback_")


cdef object overwritten_text(str name, Tensor t, long long expected, object saved_at):
    version = t.c.storage().version()
    text = ("one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: [{t.dtype} {list(t.shape)}], saved by {name}")
    if saved_at is not None:
        text += f" at {saved_at}"
    text += f", is at version {version}; expected version {expected} instead."
    write = _writes.get(<size_t>&t.c.storage())
    if write is not None and write[0] == version:
        text += f" It was overwritten by {write[1]} at {write[2]}."
    if saved_at is None:
        text += (" Hint: clone() the tensor before the in-place write; with "
                 "rushlight.autograd.set_detect_anomaly(True) this error names the lines of both.")
    return text


def _overwritten_text(name, Tensor tensor, expected, saved_at):
    return overwritten_text(name, tensor, expected, saved_at)


cdef int note_write(OpInfo op, Tensor t) except -1:
    if len(_writes) > 100000:
        _writes.clear()
    _writes[<size_t>&t.c.storage()] = (t.c.storage().version(), op.name + "_", _late("user_line")())
    return 0


cdef int check_nan(Node node, int i, object gradient) except -1:
    for g in (gradient if isinstance(gradient, (list, tuple)) else (gradient,)):
        if isinstance(g, Tensor) and differentiable(<Tensor>g) and (g != g).any():
            place = place_of_save(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output."
                               + ("" if place is None else f" It was recorded at {place}."))
    return 0


cdef object unpack(Node node, int s, bint create):
    cdef object value = node.saved[s]
    cdef Tensor t
    if not isinstance(value, Tensor):
        return value
    t = <Tensor>value
    if t.c.storage().version() != node.versions[s]:
        raise RuntimeError(overwritten_text(node.name(), t, node.versions[s],
                                            place_of_save(node)))
    if create and node.op.slot_kind[s] == SLOT_RESULT:
        t = wrap_copy(t.c)
        set_history(t, node, node.op.slot_arg[s])
    return t


# Whether a gradient sent along this edge is of use to the pass.
cdef bint leads_somewhere(Run run, object edge):
    if edge is None:
        return False
    if run.wanted is None:
        return True
    if type(edge) is list:
        for e in edge:
            if leads_somewhere(run, e):
                return True
        return False
    if type(edge) is tuple:
        edge = edge[0]
    if isinstance(edge, Node):
        return (<Node>edge).run == run.id
    return id(edge) in run.wanted


# Whether the node saved more than shapes and dims: only then does a pass use it up.
cdef inline bint holds_values(Node node):
    cdef int s
    cdef OpInfo op = node.op
    for s in range(op.n_slots):
        value = node.saved[s]
        if value is not None and (isinstance(value, Tensor) or type(value) is list
                                  or op.slot_is_operand & (1u << s)):
            return True
    return False


# The gradients of the arguments of the joint rule that begins at rule i: see Note [Joint rules].
cdef list joint_gradients(Run run, Node node, int i, object g):
    cdef OpInfo op = node.op
    cdef int n = op.rule_group[i], k
    cdef bint some = False
    cdef bint one
    wanted = []
    for k in range(n):
        edge = node.edges[i + k]
        one = edge is not None and (run.wanted is None or leads_somewhere(run, edge))
        some = some or one
        wanted.append(one)
    if g is None or not some:
        return [None] * n
    return list(op.rule_fns[i](g, tuple(wanted),
                               *[unpack(node, s, run.create) for s in op.rule_slots[i]]))


cdef int run_node(Run run, Node node) except -1:
    cdef object g = node.buffer
    cdef object edge, result
    cdef int i, s, first = 0
    cdef OpInfo op = node.op
    cdef list inputs = None
    cdef list results
    cdef bint chosen = run.wanted is not None
    cdef bint useful = False
    node.buffer = None
    node.run = 0
    if node.tensor_hooks is not None or node.retained is not None:
        g = observe(node, g)
    if node.pre_hooks:
        for hook in list(node.pre_hooks.values()):
            replaced = hook(tuple(g) if type(g) is list else (g,))
            if replaced is not None:
                if not isinstance(replaced, tuple) or len(replaced) != node.outputs:
                    raise TypeError(f"expected a tuple of {node.outputs} gradients from a pre-hook of "
                                    f"{op.name}")
                g = list(replaced) if type(g) is list else replaced[0]
    if chosen:
        for i in range(node.outputs):
            for at in run.wanted.get((id(node), i), ()):
                run.results[at] = g if node.outputs == 1 else (None if g is None else g[i])
        for edge in node.edges:
            useful = useful or leads_somewhere(run, edge)
        if not useful:
            return 0
    if node.saved is None:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors "
            f"after they have already been freed): the values {op.name} saved were freed by the "
            "first backward(). Specify retain_graph=True there if you need to backward through the "
            "graph a second time.")
    if node.hooks:
        inputs = []
    if node.function is not None:
        results = list(node.function._run_backward(g if type(g) is list else [g], node.metas))
        for i in range(len(node.edges)):
            result = results[i]
            results[i] = None
            if anomaly_nan and result is not None:
                check_nan(node, i, result)
            if inputs is not None:
                inputs.append(result)
            elif node.edges[i] is not None:
                send(run, node.edges[i], result, refcount(result) == 1)
            result = None
    else:
        for i in range(op.n_rules):
            edge = node.edges[i]
            if op.rule_group[i] != 1:
                if op.rule_group[i] > 1:
                    first = i
                    results = joint_gradients(run, node, i, g)
                result = results[i - first]
                results[i - first] = None
            elif edge is None or g is None or (chosen and not leads_somewhere(run, edge)):
                if inputs is not None:
                    inputs.append(None)
                elif edge is not None:
                    send_all(run, edge, None, False)
                continue
            elif op.rule_fns[i] is None:
                result = None
            else:
                fn = op.rule_fns[i]
                slots = op.rule_slots[i]
                if len(slots) == 0:
                    result = fn(g)
                elif len(slots) == 1:
                    result = fn(g, unpack(node, slots[0], run.create))
                else:
                    result = fn(g, *[unpack(node, s, run.create) for s in slots])
            if anomaly_nan and result is not None:
                check_nan(node, i, result)
            if inputs is not None:
                inputs.append(result)
            elif edge is not None:
                send_all(run, edge, result, refcount(result) == 1)
            result = None
    if inputs is not None:
        for hook in list(node.hooks.values()):
            replaced = hook(tuple(inputs), tuple(g) if type(g) is list else (g,))
            if replaced is not None:
                inputs = list(replaced) if isinstance(replaced, tuple) else [replaced]
                if len(inputs) != len(node.edges):
                    raise RuntimeError(f"expected {len(node.edges)} gradients from a hook of "
                                       f"{op.name}, got {len(inputs)}")
        for i in range(len(node.edges)):
            if node.edges[i] is not None:
                send_all(run, node.edges[i], inputs[i], False)
    if not run.keep and (node.function is not None or holds_values(node)):
        node.saved = None
        if node.function is not None:
            node.function._free()
    return 0


cdef int send_all(Run run, object edge, object result, bint owned) except -1:
    if type(edge) is list:
        for k in range(len(edge)):
            if edge[k] is not None:
                send(run, edge[k], None if result is None else result[k], False)
        return 0
    return send(run, edge, result, owned)


# Hooks and retained gradients of the node's outputs.
cdef object observe(Node node, object g):
    for nr in range(node.outputs):
        x = g if node.outputs == 1 else (None if g is None else g[nr])
        if x is None:
            continue
        if node.tensor_hooks is not None and nr in node.tensor_hooks:
            x = call_hooks(node.tensor_hooks[nr], x)
        if node.retained is not None and nr in node.retained:
            t = node.retained[nr]()
            if t is not None:
                old = grad_of(<Tensor>t)
                extra_of(<Tensor>t).grad = x if old is None else old + x
        if node.outputs == 1:
            g = x
        else:
            g[nr] = x
    return g


# Note [Passes that share nodes]
# A node holds the state of one pass. A pass started inside another one's hook may need nodes that
# the outer pass is using: it puts their state aside and gives it back when it ends. A pass of
# another thread waits until the first one has ended.
cdef dict _active_runs = {}    # id -> Run
cdef object _runs_changed = None


cdef inline int claim(Run run, Node node) except -1:
    cdef Run other
    if node.run != 0:
        other = <Run>_active_runs.get(node.run)
        if other is not None:
            if other.thread != run.thread:
                return 0
            if run.borrowed is None:
                run.borrowed = []
            run.borrowed.append((node, node.run, node.waiting, node.buffer))
    node.run = run.id
    node.waiting = 0
    node.buffer = None
    run.touched.append(node)
    return 1


# Counts, for every node the pass can reach, how many gradients it will be sent. False, with nothing
# changed, where another thread's pass is at work.
cdef bint count_consumers(Run run, list roots) except -1:
    cdef list stack = []
    cdef Node node, target
    for node in roots:
        if node.run != run.id:
            if not claim(run, node):
                release(run)
                return False
            stack.append(node)
    while stack:
        node = <Node>stack.pop()
        for edge in node.edges:
            for e in (edge if type(edge) is list else (edge,)):
                if type(e) is tuple:
                    e = e[0]
                if not isinstance(e, Node):
                    continue
                target = <Node>e
                if target.run != run.id:
                    if not claim(run, target):
                        release(run)
                        return False
                    stack.append(target)
                target.waiting += 1
    return True


cdef int release(Run run) except -1:
    cdef Node node
    for x in run.touched:
        node = <Node>x
        if node.run == run.id:
            node.run = 0
        node.buffer = None
    run.touched = []
    if run.borrowed is not None:
        for x, owner, waiting, buffer in run.borrowed:
            node = <Node>x
            node.run = owner
            node.waiting = waiting
            node.buffer = buffer
        run.borrowed = None
    return 0


# For a pass with given inputs: leaves out the nodes from which none of them is reached.
cdef int prune(Run run) except -1:
    cdef Node node
    cdef bint needed
    for x in sorted(run.touched, key=sequence_of):
        node = <Node>x
        needed = False
        for edge in node.edges:
            if leads_somewhere(run, edge):
                needed = True
                break
        if not needed:
            for nr in range(node.outputs):
                needed = needed or (id(node), nr) in run.wanted
        if not needed:
            node.run = 0
    return 0


def sequence_of(Node node):
    return node.seq


cdef int wait_for_other_threads() except -1:
    global _runs_changed
    if _runs_changed is None:
        import threading
        _runs_changed = threading.Condition()
    with _runs_changed:
        _runs_changed.wait(0.01)
    return 0


cdef object run_backward(list tensors, list gradients, bint keep, bint create, object inputs,
                         bint accumulate, bint allow_unused):
    global _runs
    cdef Run run = Run.__new__(Run)
    cdef Tensor t
    cdef Node node
    cdef list start = []
    cdef list roots = []
    cdef PyObject* top
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    _runs += 1
    run.id = _runs
    run.keep = keep
    run.create = create
    run.touched = []
    run.wanted = None
    cdef list single_inputs = None
    if inputs is not None:
        if isinstance(inputs, Tensor):
            inputs = (inputs,)
        single_inputs = list(inputs)
        if not single_inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        run.wanted = {}
        run.results = [None] * len(single_inputs)
        for k, x in enumerate(single_inputs):
            if not isinstance(x, Tensor) or not requires(<Tensor>x):
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            run.wanted.setdefault(key_of(edge_of(<Tensor>x)), []).append(k)
    for k in range(len(tensors)):
        if not isinstance(tensors[k], Tensor):
            raise TypeError(f"backward(): element {k} of tensors must be a Tensor, not "
                            f"{type(tensors[k]).__name__}")
        t = <Tensor>tensors[k]
        if not requires(t):
            raise RuntimeError(f"element {k} of tensors does not require grad and does not have a "
                               "grad_fn")
        g = gradients[k]
        if g is None:
            if t.c.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs, got a "
                                   f"tensor of shape {tuple(t.shape)}")
            if <int>t.c.dtype() >= 13:
                raise RuntimeError("grad can be implicitly created only for real scalar outputs but "
                                   f"got {t.dtype}")
            g = wrap_move(c_full(t.c.shape(), CScalar(<int64_t>1), t.c.dtype(), t.c.device()))
        elif not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        elif (<Tensor>g).c.shape() != t.c.shape():
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{k}] has a shape of {g.shape} and output[{k}] has a "
                f"shape of {t.shape}.")
        start.append((edge_of(t), g))
    for edge, g in start:
        e = edge[0] if type(edge) is tuple else edge
        if isinstance(e, Node):
            roots.append(e)
    run.thread = get_ident()
    cdef bint was_enabled = grad_enabled()
    _active_runs[run.id] = run
    try:
        while not count_consumers(run, roots):
            del _active_runs[run.id]
            wait_for_other_threads()
            _active_runs[run.id] = run
        set_grad_enabled_c(create)
        if run.wanted is not None:
            prune(run)
        # Each start counts as one consumer of its node.
        for edge, g in start:
            e = edge[0] if type(edge) is tuple else edge
            if isinstance(e, Node):
                (<Node>e).waiting += 1
        for edge, g in start:
            send(run, edge, g, False)
        start = roots = None
        edge = g = e = None
        while not run.ready.empty():
            top = run.ready.top().second
            node = <Node>top
            run.ready.pop()
            run_node(run, node)
    finally:
        set_grad_enabled_c(was_enabled)
        _active_runs.pop(run.id, None)
        release(run)
        if _runs_changed is not None:
            with _runs_changed:
                _runs_changed.notify_all()
    if run.wanted is None:
        return None
    if accumulate:
        for k, x in enumerate(single_inputs):
            if run.results[k] is not None:
                t = <Tensor>x
                old = grad_of(t)
                extra_of(t).grad = run.results[k] if old is None else old + run.results[k]
        return None
    for k in range(len(single_inputs)):
        if run.results[k] is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior.")
    return tuple(run.results)


def _run_backward(tensors, gradients, keep_graph, create_graph, inputs, accumulate, allow_unused):
    return run_backward(list(tensors), list(gradients), keep_graph, create_graph, inputs, accumulate,
                        allow_unused)


# -- recording, for Python -----------------------------------------------------------------------

def is_grad_enabled():
    """Whether operations are being recorded on this thread."""
    return bool(grad_enabled())


def _set_grad_enabled(bint on):
    set_grad_enabled_c(on)


def is_inference_mode_enabled():
    """Whether inference mode is on."""
    return bool(inference_enabled())


def _set_inference(bint on):
    set_inference(on)


_type_of_types = type


def _set_out_of_memory_error(type):
    if not (isinstance(type, _type_of_types) and issubclass(type, MemoryError)):
        raise TypeError("_set_out_of_memory_error(): expected a subclass of MemoryError")
    set_out_of_memory_error(type)


cdef OpInfo _op_function = get_op("_function", ())


def _record_function(function, inputs, outputs):
    """Makes ``outputs`` (list of Tensors) the results of a user's Function."""
    global _sequence
    cdef Node node = Node.__new__(Node)
    cdef Tensor t
    cdef int i
    node.op = _op_function
    node.function = function
    node.edges = tuple([edge_of(<Tensor>x) if isinstance(x, Tensor) and requires(<Tensor>x) else None
                        for x in inputs])
    node.saved = ()
    node.seq = _sequence
    _sequence += 1
    node.outputs = len(outputs)
    node.metas = []
    for i in range(node.outputs):
        t = <Tensor>outputs[i]
        node.metas.append((dims_tuple(t.c.shape()), <int>t.c.dtype()))
        if i == 0:
            node.shape = t.c.shape()
            node.dtype = <int>t.c.dtype()
        if differentiable(t) and i not in function._non_differentiable:
            set_history(t, node, i)
    return node
