# What Python modules call of the tape: modes, user-defined Functions, the pass at work.

# -- recording, for Python -----------------------------------------------------------------------

def is_grad_enabled():
    """Whether operations are being recorded on this thread."""
    return bool(grad_mode())


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


def _record_function(function not None, list inputs not None, list outputs not None, dirty, saved):
    """Makes ``outputs`` the results of a user's Function; what is no Tensor among them stays out.

    ``dirty``: inputs that were written; ``saved``: what save_for_backward was given.
    """
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
    function._saves = FunctionSaves(node, saved, outputs)
    for i in range(node.outputs):
        if not isinstance(outputs[i], Tensor):
            node.metas.append(None)
            continue
        t = <Tensor>outputs[i]
        node.metas.append((dims_tuple(t.c.shape()), <int>t.c.dtype()))
        node.shape = t.c.shape()
        node.dtype = <int>t.c.dtype()
        if not differentiable(t) or i in function._non_differentiable:
            continue
        before = t._grad_fn
        set_history(t, node, i)
        t._requires_grad = False
        for d in dirty:
            if d is t:
                if before is not None and (<Node>before).retained is not None:
                    move_retained(<Node>before, t)
                if t._base is not None:
                    rebase(t)
                else:
                    t._history += 1
    note_place(node)
    if anomaly:
        note_stack(node)
    return node


def _check_dirty(Tensor t not None):
    """Refuses a write that a user's Function did into a leaf or a view of one."""
    check_write("mark_dirty", t)


def _increment_version(Tensor t not None):
    if not is_inference_version(t.c.storage().version()):
        count_write(t.c.storage(), "increment_version")


def _current_run():
    """The id of the pass that runs on this thread, the innermost; -1 outside of any."""
    me = get_ident()
    return max([k for k, run in _active_runs.items() if (<Run>run).thread == me], default=-1)


def _run_reaches(edge):
    """Whether the pass that runs on this thread will hand (or handed) a gradient along ``edge``."""
    cdef Run run = _active_runs[_current_run()]
    target = edge_of_input(edge)
    if isinstance(target, Tensor):
        return run.leaf_uses.count(<PyObject*>target) > 0 and (
            run.wanted is None or id(target) in run.wanted)
    if type(target) is tuple:
        target = target[0]
    for node in run.touched:
        if node is target:
            return run.pruned is None or id(node) not in run.pruned
    return False


def _pass_has_inputs():
    """Whether the pass that runs on this thread was given ``inputs``."""
    run = _active_runs.get(_current_run())
    return run is not None and (<Run>run).wanted is not None
