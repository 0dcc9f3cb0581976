# Saved tensors that are more than a tensor in a slot: those of a user's Function, those that hooks
# pack, and what a node shows of the others.

cdef object _freed_text = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they "
    "have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward.")

# Hooks of each thread, the innermost last: thread -> [(pack, unpack)].
cdef dict _saved_hooks = {}
cdef dict _saved_hooks_off = {}  # thread -> why they may not be used


cdef int update_watched() except -1:
    global watched
    watched = anomaly or len(_saved_hooks) > 0
    return 0


cdef tuple current_hooks():
    stack = _saved_hooks.get(get_ident())
    return stack[len(stack) - 1] if stack else None


def _push_saved_hooks(pack, unpack):
    """Packs what this thread saves from now on."""
    reason = _saved_hooks_off.get(get_ident())
    if reason is not None:
        raise RuntimeError(reason)
    _saved_hooks.setdefault(get_ident(), []).append((pack, unpack))
    update_watched()


def _pop_saved_hooks():
    stack = _saved_hooks[get_ident()]
    stack.pop()
    if not stack:
        del _saved_hooks[get_ident()]
    update_watched()


def _disable_saved_hooks(reason):
    """Refuses hooks on this thread, with this text; None allows them. Returns the text before."""
    before = _saved_hooks_off.get(get_ident())
    if reason is None:
        _saved_hooks_off.pop(get_ident(), None)
    else:
        if _saved_hooks.get(get_ident()):
            raise RuntimeError(reason)
        _saved_hooks_off[get_ident()] = reason
    return before


def _current_saved_hooks():
    return current_hooks()


cdef class SavedTensor:
    """One tensor kept for a backward pass, or what a hook packed it into."""
    cdef object value          # None once freed
    cdef object unpack_hook    # None where the value is the tensor itself
    cdef uint32_t version
    cdef int output            # which result of its node it is; -1 for an input
    cdef object edge           # of a packed input that requires grad: where its gradient goes

    def register_hooks(self, pack_hook, unpack_hook):
        """Packs the tensor with ``pack_hook`` at once, to be unpacked when it is needed."""
        if self.unpack_hook is not None:
            raise RuntimeError("Calling register_hooks on a saved tensor whose hooks have already "
                               "been set. Hint: only one pair of hooks is allowed at a time.")
        if self.value is None:
            raise RuntimeError(_freed_text)
        if not callable(pack_hook) or not callable(unpack_hook):
            raise TypeError("register_hooks(): expected two callables, pack_hook and unpack_hook")
        pack_into(self, pack_hook, unpack_hook)

    @property
    def data(self):
        return self.value


cdef SavedTensor save_tensor(Tensor t, int output):
    cdef SavedTensor saved = SavedTensor.__new__(SavedTensor)
    saved.version = t.c.storage().version()
    saved.output = output
    # A result that held itself, through its node, would never be freed.
    saved.value = wrap_copy(t.c) if output >= 0 else t
    return saved


cdef int pack_into(SavedTensor saved, object pack, object unpack) except -1:
    cdef Tensor t = <Tensor>saved.value
    cdef bint recording = grad_mode()
    if saved.output < 0 and requires(t):
        saved.edge = edge_of(t)
        # A hook that gives back what it was given must not make a leaf hold itself.
        given = wrap_copy(t.c) if saved.edge is t else t
    else:
        given = t
    version = t.c.storage().version()
    set_grad_enabled_c(False)
    try:
        saved.value = pack(given)
    finally:
        set_grad_enabled_c(recording)
    if t.c.storage().version() != version:
        raise RuntimeError("A saved tensor pack hook is modifying its input in place. Tensors provided "
                           "as input to pack hook can not be modified by in-place operations as this "
                           "can lead to unexpected side-effects. Please open an issue if you need to "
                           "perform in-place operations on the input to a pack hook.")
    saved.unpack_hook = unpack
    return 0


# The tensor, with the history it had where a second derivative may want it.
cdef Tensor unpack_saved(SavedTensor saved, Node node, bint create):
    cdef Tensor t, r
    if saved.unpack_hook is None:
        if saved.value is None:
            raise RuntimeError(_freed_text)
        t = <Tensor>saved.value
        if t.c.storage().version() != saved.version:
            raise RuntimeError(overwritten_tensor_text(node, t, saved.version))
        if saved.output < 0 or not create:
            return t
        r = wrap_copy(t.c)
        if differentiable(r):
            set_history(r, node, saved.output)
        return r
    value = saved.unpack_hook(saved.value)
    if not isinstance(value, Tensor):
        raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                        f"type {type(value).__name__}")
    if not create or (saved.output < 0 and saved.edge is None):
        return <Tensor>value
    r = wrap_copy((<Tensor>value).c)
    if saved.output >= 0:
        set_history(r, node, saved.output)
    elif type(saved.edge) is tuple:
        set_history(r, <Node>saved.edge[0], saved.edge[1])
    elif isinstance(saved.edge, Node):
        set_history(r, <Node>saved.edge, 0)
    else:
        record(op_view, (saved.edge,), r)
    return r


cdef object pack_value(object value, tuple hooks, int output):
    cdef SavedTensor saved
    if isinstance(value, Tensor):
        saved = save_tensor(<Tensor>value, output)
        pack_into(saved, hooks[0], hooks[1])
        return saved
    if type(value) is list or type(value) is tuple:
        return [pack_value(x, hooks, output) for x in value]
    return value


# What record() does besides, while `watched`.
cdef int watch_record(Node node) except -1:
    cdef int s
    cdef OpInfo op = node.op
    cdef tuple hooks
    if anomaly:
        note_stack(node)
    if not _saved_hooks:
        return 0
    hooks = current_hooks()
    if hooks is None:
        return 0
    packed = list(node.saved)
    for s in range(op.n_slots):
        if op.slot_kind[s] == SLOT_ARG:
            packed[s] = pack_value(packed[s], hooks, -1)
        elif op.slot_kind[s] == SLOT_RESULT and packed[s] is not None:
            packed[s] = pack_value(packed[s], hooks, op.slot_arg[s])
    node.saved = tuple(packed)
    return 0


cdef class FunctionSaves:
    """What a user's Function saved, kept beside its context."""
    cdef list items
    cdef object node           # a weak reference to the Node

    def __init__(self, node, tensors, outputs):
        import weakref
        self.node = weakref.ref(node)
        self.items = []
        hooks = current_hooks() if _saved_hooks else None
        for t in tensors:
            if t is None:
                self.items.append(None)
                continue
            output = -1
            for i, o in enumerate(outputs):
                if o is t:
                    output = i
            self.items.append(save_tensor(<Tensor?>t, output) if hooks is None
                              else pack_value(<Tensor?>t, hooks, output))

    def unpack(self):
        node = self.node()
        return tuple([None if x is None else unpack_saved(<SavedTensor>x, <Node>node, True)
                      for x in self.items])

    def raw(self):
        return tuple(self.items)


# -- what a node shows -----------------------------------------------------------------------------

# Saved values under PyTorch's names: _saved_<argument>, _saved_result, and _raw_saved_ of either.
cdef object node_attribute(Node node, str name):
    cdef int s
    cdef OpInfo op = node.op
    if node.function is not None:
        return getattr(node.function, name)
    raw = name[:11] == "_raw_saved_"
    if raw or name[:7] == "_saved_":
        wanted = name[11:] if raw else name[7:]
        for s in range(op.n_slots):
            if op.slot_kind[s] == SLOT_RESULT:
                own = "result"
                matches = wanted == own or wanted == f"result{op.slot_arg[s]}"
            else:
                own = op.arg_names[op.slot_arg[s]]
                matches = op.slot_kind[s] == SLOT_ARG and (
                    wanted == own or (wanted == "self" and own == "input"))
            if not matches:
                continue
            if node.saved is None:
                raise RuntimeError(_freed_text)
            return raw_saved(node, s) if raw else unpack(node, s, True)
    raise AttributeError(f"'{node.name()}' object has no attribute '{name}'")


cdef list attributes_of(Node node):
    cdef int s
    cdef OpInfo op = node.op
    if node.function is not None:
        return dir(node.function)
    names = []
    for s in range(op.n_slots):
        if op.slot_kind[s] == SLOT_RESULT:
            own = "result" if op.slot_arg[s] == 0 else f"result{op.slot_arg[s]}"
        elif op.slot_kind[s] == SLOT_ARG:
            own = op.arg_names[op.slot_arg[s]]
        else:
            continue
        own = "self" if own == "input" else own
        names += ["_saved_" + own, "_raw_saved_" + own]
    return names


cdef object raw_saved(Node node, int s):
    value = node.saved[s]
    if not isinstance(value, Tensor):
        return value
    cdef SavedTensor saved = save_tensor(
        <Tensor>value, node.op.slot_arg[s] if node.op.slot_kind[s] == SLOT_RESULT else -1)
    saved.version = node.versions[s]
    items = list(node.saved)
    items[s] = saved
    node.saved = tuple(items)
    return saved


# Runs one node by hand. Nothing is freed; a second derivative follows the caller's mode.
cdef object call_node(Node node, tuple gradients):
    cdef Run run = Run.__new__(Run)
    cdef list inputs
    if len(gradients) != node.outputs:
        raise TypeError(f"{node.name()} takes {node.outputs} gradients, got {len(gradients)}")
    for g in gradients:
        if g is not None and not isinstance(g, Tensor):
            raise TypeError(f"{node.name()}: expected a Tensor or None as gradient, got "
                            f"{type(g).__name__}")
    if node.saved is None:
        raise RuntimeError(_freed_text)
    run.keep = True
    run.create = grad_enabled()
    inputs = derive(run, node, gradients[0] if node.outputs == 1 else list(gradients))
    shown = []
    for i, x in enumerate(inputs):
        if node.function is not None and not node.function._takes_tensor(i):
            continue
        if type(x) is list or type(x) is tuple:
            shown.extend(x)
        else:
            shown.append(x)
    return shown[0] if len(shown) == 1 else tuple(shown)
