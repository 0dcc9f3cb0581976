# The backward pass: an iterative walk of the tape, latest op first.
from _thread import get_ident
from libcpp.unordered_map cimport unordered_map

ctypedef PyObject* Leaf

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
    cdef unordered_map[Leaf, int] leaf_uses  # leaf -> gradients it will still be sent
    cdef set pruned            # ids of nodes that a pass with given inputs leaves out
    cdef dict leaf_sums        # id of a leaf -> the gradient so far, where it is sent several


cdef inline object key_of(object edge):
    if type(edge) is tuple:
        return (id(edge[0]), edge[1])
    if isinstance(edge, Node):
        return (id(edge), 0)
    return id(edge)


# A gradient of the wanted shape and dtype: broadcast dims summed, promotion undone.
cdef object fit(object g, CDims* shape, int code, str what):
    if not isinstance(g, Tensor):  # from a Function or a hook of the user's
        raise TypeError(f"{what}: expected a Tensor or None as gradient, got "
                        f"{type(g).__name__}")
    cdef Tensor t = <Tensor>g
    cdef int i, skip
    if t.c.shape() != shape[0]:
        skip = t.c.ndim() - shape.size()
        if skip < 0:
            raise RuntimeError(f"{what}: a gradient of shape {tuple(t.shape)} cannot belong "
                               f"to a value of shape {dims_tuple(shape[0])}")
        dims = list(range(skip))
        for i in range(shape.size()):
            if shape[0][i] == 1 and t.c.size(skip + i) != 1:
                dims.append(skip + i)
            elif shape[0][i] != t.c.size(skip + i):
                raise RuntimeError(f"{what}: a gradient of shape {tuple(t.shape)} cannot "
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
# reference count where the gradient was made. A compiled rule may give one C++ tensor twice, which
# become two objects: hence sole_owner().
cdef object add_gradients(Run run, Tensor a, Tensor b, bint owned):
    if (owned and not run.create and sole_owner(a.c)
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
            g = fit(g, &dims, <int>leaf.c.dtype(), "backward")
            owned = owned or <PyObject*>g != given
        if run.leaf_uses[<PyObject*>leaf] > 1 or run.leaf_sums is not None:
            gather_leaf(run, leaf, g, owned)
        elif g is not None:
            reach_leaf(run, leaf, g, owned)
        return 0
    if node.run != run.id:
        return 0
    if g is not None:
        if node.outputs == 1:
            g = fit(g, &node.shape, node.dtype, "backward")
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
            dims = parse_dims((meta[0],), "backward")
            g = fit(g, &dims, meta[1], "backward")
            if node.buffer is None:
                node.buffer = [None] * node.outputs
            node.buffer[nr] = g if node.buffer[nr] is None else node.buffer[nr] + g
    node.waiting -= 1
    if node.waiting == 0:
        run.ready.emplace(node.seq, <PyObject*>node)
    return 0


cdef extern from "Python.h":
    Py_ssize_t refcount "Py_REFCNT" (object)


cdef object unpack(Node node, int s, bint create):
    cdef object value = node.saved[s]
    cdef Tensor t
    if not isinstance(value, Tensor):
        if value is None:
            return None
        return unpack_other(node, s, value, create)
    t = <Tensor>value
    if t.c.storage().version() != node.versions[s]:
        raise RuntimeError(overwritten_tensor_text(node, t, node.versions[s]))
    if create and node.op.slot_kind[s] == SLOT_RESULT:
        t = wrap_copy(t.c)
        set_history(t, node, node.op.slot_arg[s])
    return t


cdef object unpack_other(Node node, int s, object value, bint create):
    if isinstance(value, SavedTensor):
        return unpack_saved(<SavedTensor>value, node, create)
    if type(value) is list or type(value) is tuple:
        for x in value:
            if isinstance(x, SavedTensor):
                return [unpack_saved(<SavedTensor>y, node, create) if isinstance(y, SavedTensor)
                        else y for y in value]
        if node.op.slot_kind[s] == SLOT_ARG and versions_of(value) != node.versions[s]:
            raise RuntimeError(overwritten_text(
                node, value, f"a tensor of the list '{node.op.arg_names[node.op.slot_arg[s]]}'",
                versions_of(value) - node.versions[s]))
    return value


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
                                  or type(value) is SavedTensor
                                  or op.slot_is_operand & (1u << s)):
            return True
    return False


# The gradients of an op that has one function for all of them.
cdef list run_joint(Run run, Node node, object g, bint chosen):
    cdef OpInfo op = node.op
    wanted = tuple([edge is not None and (not chosen or leads_somewhere(run, edge))
                    for edge in node.edges])
    if g is None or True not in wanted:
        return [None] * op.n_rules
    return list(op.joint(g, wanted, *[unpack(node, s, run.create) for s in range(op.n_slots)]))


cdef int run_node(Run run, Node node) except -1:
    cdef object g = node.buffer
    cdef object edge, result
    cdef int i
    cdef OpInfo op = node.op
    cdef list inputs
    cdef bint chosen = run.wanted is not None
    cdef bint useful = False
    node.buffer = None
    node.run = 0
    if node.tensor_hooks is not None or node.retained is not None:
        g = observe(node, g)
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
    if node.pre_hooks:
        replaced = call_pre_hooks(node.pre_hooks, tuple(g) if type(g) is list else (g,), op.name)
        g = list(replaced) if type(g) is list else replaced[0]
    if node.hooks:
        inputs = call_node_hooks(node, derive(run, node, g), g)
        for i in range(len(node.edges)):
            if node.edges[i] is not None:
                send_all(run, node.edges[i], inputs[i], False)
    elif node.function is not None or op.joint is not None:
        inputs = derive(run, node, g)
        for i in range(len(node.edges)):
            result = inputs[i]
            inputs[i] = None
            if node.edges[i] is not None:
                send(run, node.edges[i], result, refcount(result) == 1)
            result = None
    else:
        for i in range(op.n_rules):
            edge = node.edges[i]
            if edge is None:
                continue
            if g is None or (chosen and not leads_somewhere(run, edge)):
                send_all(run, edge, None, False)
                continue
            result = derivative(run, node, i, g)
            send_all(run, edge, result, refcount(result) == 1)
            result = None
    if not run.keep and (node.function is not None or holds_values(node)):
        node.saved = None
        if node.function is not None:
            node.function._free()
    return 0


# What rule i makes of the gradient.
cdef inline object derivative(Run run, Node node, int i, object g):
    cdef object fn = node.op.rule_fns[i]
    cdef tuple slots
    if fn is None:
        return None
    slots = <tuple>node.op.rule_slots[i]
    if len(slots) == 0:
        result = fn(g)
    elif len(slots) == 1:
        result = fn(g, unpack(node, slots[0], run.create))
    else:
        result = fn(g, *[unpack(node, s, run.create) for s in slots])
    if anomaly_nan:
        check_nan(node, i, result)
    return result


# All gradients of a node's inputs at once, of the inputs' shapes.
cdef list derive(Run run, Node node, object g):
    cdef int i
    cdef list inputs = []
    if node.function is not None:
        results = node.function._run_backward(g if type(g) is list else [g], node.metas)
        for i in range(len(node.edges)):
            result = results[i]
            if anomaly_nan and result is not None:
                check_nan(node, i, result)
            inputs.append(fit_edge(node.edges[i], result,
                                   f"Function {node.name()} returned an invalid gradient at index {i}"))
        return inputs
    if node.op.joint is not None:
        inputs = run_joint(run, node, g, run.wanted is not None)
        if anomaly_nan:
            for i in range(len(inputs)):
                if inputs[i] is not None:
                    check_nan(node, i, inputs[i])
        return inputs
    for i in range(node.op.n_rules):
        edge = node.edges[i]
        if edge is None or g is None:
            inputs.append(None)
            continue
        result = derivative(run, node, i, g)
        if type(edge) is list:
            inputs.append(None if result is None else
                          [fit_edge(e, x, node.name()) for e, x in zip(edge, result)])
        else:
            inputs.append(fit_edge(edge, result, node.name()))
    return inputs


cdef object fit_edge(object edge, object g, str what):
    cdef CDims dims
    cdef Node node
    if edge is None or g is None:
        return g
    if type(edge) is tuple or isinstance(edge, Node):
        node = <Node>(edge[0] if type(edge) is tuple else edge)
        if node.metas is None:
            return fit(g, &node.shape, node.dtype, what)
        meta = node.metas[edge[1] if type(edge) is tuple else 0]
        dims = parse_dims((meta[0],), "backward")
        return fit(g, &dims, meta[1], what)
    dims = (<Tensor>edge).c.shape()
    return fit(g, &dims, <int>(<Tensor>edge).c.dtype(), what)


cdef list call_node_hooks(Node node, list inputs, object g):
    cdef list at = []          # where the hooks' gradients stand in inputs
    for i, x in enumerate(inputs):
        if node.function is not None and not node.function._takes_tensor(i):
            continue
        if type(node.edges[i]) is list:
            at.extend([(i, k) for k in range(len(node.edges[i]))])
        else:
            at.append((i, -1))
    shown = tuple([inputs[i] if k < 0 else (None if inputs[i] is None else inputs[i][k])
                   for i, k in at])
    outputs = tuple(g) if type(g) is list else (g,)
    for hook in list(node.hooks.values()):
        replaced = hook(shown, outputs)
        if replaced is None:
            continue
        shown = tuple(replaced) if isinstance(replaced, tuple) else (replaced,)
        if len(shown) != len(at):
            raise RuntimeError(f"expected {len(at)} gradients from a hook of {node.op.name}, got "
                               f"{len(shown)}")
    inputs = [None if type(edge) is not list else [None] * len(edge) for edge in node.edges]
    for (i, k), x in zip(at, shown):
        if k < 0:
            inputs[i] = x
        else:
            inputs[i][k] = x
    return inputs


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
                    if e is not None:
                        run.leaf_uses[<PyObject*>e] += 1
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
    run.pruned = set()
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
            run.pruned.add(id(node))
    return 0


# A GradientEdge stands for the tensor it was taken of.
cdef object edge_of_input(object x):
    if isinstance(x, Tensor):
        return edge_of(<Tensor>x)
    if isinstance(x, tuple) and len(x) >= 2:
        if isinstance(x[0], Node):
            return x[0] if x[1] == 0 else (x[0], x[1])
        if isinstance(x[0], AccumulateGrad):
            return x[0].variable
    return None


# Where a pass starts: the edge, and the first gradient.
cdef tuple start_at(object x, int k, object g):
    cdef Tensor t
    cdef CDims shape
    cdef CDevice device
    cdef int code
    edge = edge_of_input(x)
    if edge is None:
        raise TypeError(f"backward(): element {k} of tensors must be a Tensor, not {type(x).__name__}")
    if isinstance(x, Tensor):
        t = <Tensor>x
        if not requires(t):
            raise RuntimeError(f"element {k} of tensors does not require grad and does not have a "
                               "grad_fn")
        shape = t.c.shape()
        code = <int>t.c.dtype()
        device = t.c.device()
    elif isinstance(edge, Tensor):
        shape = (<Tensor>edge).c.shape()
        code = <int>(<Tensor>edge).c.dtype()
        device = (<Tensor>edge).c.device()
    elif (<Node>x[0]).metas is None:
        shape = (<Node>x[0]).shape
        code = (<Node>x[0]).dtype
    else:
        meta = (<Node>x[0]).metas[x[1]]
        shape = parse_dims((meta[0],), "backward")
        code = meta[1]
    if g is None:
        if count_of(&shape) != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs, got a "
                               f"tensor of shape {dims_tuple(shape)}")
        if code >= 13:
            raise RuntimeError("grad can be implicitly created only for real scalar outputs but "
                               f"got {_DTYPES[code]}")
        g = wrap_move(c_full(shape, CScalar(<int64_t>1), <CDType>code, device))
    elif not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    elif (<Tensor>g).c.shape() != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{k}] has a shape of {g.shape} and output[{k}] has a "
            f"shape of {_tuple_new(_Size, dims_tuple(shape))}.")
    elif (<int>(<Tensor>g).c.dtype() >= 13) != (code >= 13):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. "
            f"Mismatch in dtype: grad_output[{k}] has a dtype of {g.dtype} and output[{k}] has a "
            f"dtype of {_DTYPES[code]}.")
    return (edge, g)


cdef inline int64_t count_of(CDims* shape):
    cdef int64_t n = 1
    cdef int i
    for i in range(shape.size()):
        n *= shape[0][i]
    return n


def sequence_of(Node node not None):
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
    run.accumulate = accumulate
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
            edge = edge_of_input(x)
            if edge is None or (isinstance(x, Tensor) and not requires(<Tensor>x)):
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            if accumulate and isinstance(x, Tensor):
                x.retain_grad()
            run.wanted.setdefault(key_of(edge), []).append(k)
    for k in range(len(tensors)):
        start.append(start_at(tensors[k], k, gradients[k]))
    for edge, g in start:
        e = edge[0] if type(edge) is tuple else edge
        if isinstance(e, Node):
            roots.append(e)
    run.thread = get_ident()
    cdef bint was_enabled = grad_mode()
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
            else:
                run.leaf_uses[<PyObject*>e] += 1
        for edge, g in start:
            send(run, edge, g, False)
        start = roots = None
        edge = g = e = None
        while not run.ready.empty():
            top = run.ready.top().second
            node = <Node>top
            run.ready.pop()
            if anomaly:
                run_reported(run, node)
            else:
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
