# The backward pass: an iterative walk of the tape, latest op first.

cdef class Run:
    """One backward pass."""
    cdef long long id
    cdef ReadyQueue ready
    cdef bint keep, create, accumulate
    cdef dict wanted           # key of a wanted input -> its position in results
    cdef list results
    cdef list touched          # nodes to clear when the pass ends early


cdef inline object key_of(object edge):
    if type(edge) is tuple:
        return (id(edge[0]), edge[1])
    if isinstance(edge, Node):
        return (id(edge), 0)
    return id(edge)


# A gradient of the wanted shape and dtype: broadcast dims summed, promotion undone.
cdef object fit(object g, CDims* shape, int code, const char* what):
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


# a + b; into a's own memory when nobody else can see it.
cdef object add_gradients(Run run, Tensor a, Tensor b, bint may_write):
    if (not run.create and may_write and a.c.storage().use_count() == 1
            and a.c.dtype() == b.c.dtype() and a.c.shape() == b.c.shape()):
        with nogil:
            c_binary_out(OP_ADD, a.c, b.c, a.c)
        return a
    return a + b


cdef int send(Run run, object edge, object g) except -1:
    cdef Node node
    cdef int nr = 0
    cdef Tensor leaf
    cdef CDims dims
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
            reach_leaf(run, leaf, g)
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
                node.buffer = add_gradients(run, <Tensor>old, <Tensor>g, refcount(old) <= 2)
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


cdef int reach_leaf(Run run, Tensor leaf, object gradient) except -1:
    cdef Tensor g = <Tensor>gradient
    cdef Tensor old
    if leaf._extra is not None and leaf._extra.hooks:
        g = call_hooks(leaf._extra.hooks, g)
    if run.wanted is not None:
        at = run.wanted.get(id(leaf))
        if at is not None:
            run.results[at] = g if run.results[at] is None else run.results[at] + g
        return 0
    if grad_of(leaf) is None:
        if run.create:
            extra_of(leaf).grad = g
        elif g.c.storage().use_count() == 1 and g.c.is_contiguous() and g._base is None:
            extra_of(leaf).grad = wrap_copy(g.c)
        else:
            extra_of(leaf).grad = wrap_move(c_clone(g.c))
    else:
        old = <Tensor>leaf._extra.grad
        if run.create:
            leaf._extra.grad = old + g
        else:
            with nogil:
                c_binary_out(OP_ADD, old.c, g.c, old.c)
            old.c.storage().bump_version()
    if leaf._extra.post_hooks:
        for hook in list(leaf._extra.post_hooks.values()):
            hook(leaf)
    return 0


cdef object unpack(Node node, int s, bint create):
    cdef object value = node.saved[s]
    cdef Tensor t
    if not isinstance(value, Tensor):
        return value
    t = <Tensor>value
    if t.c.storage().version() != node.versions[s]:
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: [{t.dtype} {list(t.shape)}], saved by {node.op.name}, is at version "
            f"{t.c.storage().version()}; expected version {node.versions[s]} instead. Hint: clone() "
            "the tensor before the in-place write.")
    if create and node.op.slot_kind[s] == SLOT_RESULT:
        t = wrap_copy(t.c)
        set_history(t, node, node.op.slot_arg[s])
    return t


cdef int run_node(Run run, Node node) except -1:
    cdef object g = node.buffer
    cdef object edge, result
    cdef int i, s
    cdef OpInfo op = node.op
    cdef list inputs = None
    node.buffer = None
    node.run = 0
    if node.tensor_hooks is not None or node.retained is not None:
        g = observe(node, g)
    if node.pre_hooks:
        for hook in list(node.pre_hooks.values()):
            replaced = hook(tuple(g) if type(g) is list else (g,))
            if replaced is not None:
                g = list(replaced) if type(g) is list else replaced[0]
    if run.wanted is not None:
        for i in range(node.outputs):
            at = run.wanted.get((id(node), i))
            if at is not None:
                run.results[at] = g if node.outputs == 1 else (None if g is None else g[i])
    if node.saved is None:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors "
            f"after they have already been freed): the values {op.name} saved were freed by the "
            "first backward(). Specify retain_graph=True there if you need to backward through the "
            "graph a second time.")
    if node.hooks:
        inputs = []
    if node.function is not None:
        results = node.function._run_backward(g if type(g) is list else [g], node.metas)
        for i in range(len(node.edges)):
            if inputs is not None:
                inputs.append(results[i])
            elif node.edges[i] is not None:
                send(run, node.edges[i], results[i])
    else:
        for i in range(op.n_rules):
            edge = node.edges[i]
            if edge is None or g is None:
                if inputs is not None:
                    inputs.append(None)
                elif edge is not None:
                    send_all(run, edge, None)
                continue
            fn = op.rule_fns[i]
            if fn is None:
                result = None
            else:
                slots = op.rule_slots[i]
                if len(slots) == 0:
                    result = fn(g)
                elif len(slots) == 1:
                    result = fn(g, unpack(node, slots[0], run.create))
                else:
                    result = fn(g, *[unpack(node, s, run.create) for s in slots])
            if inputs is not None:
                inputs.append(result)
            else:
                send_all(run, edge, result)
                result = None
    if inputs is not None:
        for hook in list(node.hooks.values()):
            replaced = hook(tuple(inputs), tuple(g) if type(g) is list else (g,))
            if replaced is not None:
                inputs = list(replaced) if isinstance(replaced, tuple) else [replaced]
        for i in range(len(node.edges)):
            if node.edges[i] is not None:
                send_all(run, node.edges[i], inputs[i])
    if not run.keep and (op.n_slots > 0 or node.function is not None):
        node.saved = None
        if node.function is not None:
            node.function._free()
    return 0


cdef int send_all(Run run, object edge, object result) except -1:
    if type(edge) is list:
        for k in range(len(edge)):
            if edge[k] is not None:
                send(run, edge[k], None if result is None else result[k])
        return 0
    return send(run, edge, result)


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


cdef int count_consumers(Run run, list roots) except -1:
    cdef list stack = roots
    cdef Node node, target
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
                    target.run = run.id
                    target.waiting = 0
                    target.buffer = None
                    run.touched.append(target)
                    stack.append(target)
                target.waiting += 1
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
            run.wanted[key_of(edge_of(<Tensor>x))] = k
    for k in range(len(tensors)):
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
            node = <Node>e
            if node.run != run.id:
                node.run = run.id
                node.waiting = 0
                node.buffer = None
                run.touched.append(node)
                roots.append(node)
    cdef bint was_enabled = grad_enabled()
    set_grad_enabled_c(create)
    try:
        count_consumers(run, list(roots))
        # Each start counts as one consumer of its node.
        for edge, g in start:
            e = edge[0] if type(edge) is tuple else edge
            if isinstance(e, Node):
                (<Node>e).waiting += 1
        for edge, g in start:
            send(run, edge, g)
        start = None
        edge = g = e = None
        while not run.ready.empty():
            top = run.ready.top().second
            node = <Node>top
            run.ready.pop()
            run_node(run, node)
    finally:
        set_grad_enabled_c(was_enabled)
        for x in run.touched:
            node = <Node>x
            if node.run == run.id:
                node.run = 0
            node.buffer = None
        run.touched = None
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


cdef OpInfo _op_function = get_op("_function", ())


def _record_function(function, inputs, outputs):
    """Makes ``outputs`` (list of Tensors) the results of a user's Function."""
    global _sequence
    cdef Node node = Node.__new__(Node)
    cdef Tensor t
    cdef int i
    node.op = _op_function
    node.function = function
    node.edges = [edge_of(<Tensor>x) if isinstance(x, Tensor) and requires(<Tensor>x) else None
                  for x in inputs]
    node.saved = []
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
