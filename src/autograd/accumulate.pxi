# What happens where a gradient arrives: hooks, and the sum into .grad of a leaf.

# A leaf that several ops use gets one gradient, their sum: its hooks run once.
cdef int gather_leaf(Run run, Tensor leaf, object g, bint owned) except -1:
    cdef int left = run.leaf_uses[<PyObject*>leaf] - 1
    cdef bint alone
    run.leaf_uses[<PyObject*>leaf] = left
    if run.leaf_sums is None:
        run.leaf_sums = {}
    old = run.leaf_sums.pop(id(leaf), None)
    if old is not None:
        if g is None:
            g = old
            owned = False
        else:
            alone = refcount(old) == 1
            g = add_gradients(run, <Tensor>old, <Tensor>g, alone)
            owned = True
        old = None
    if left > 0:
        if g is not None:
            run.leaf_sums[id(leaf)] = g
        return 0
    return 0 if g is None else reach_leaf(run, leaf, g, owned)


cdef object call_hooks(object hooks, object g):
    for hook in list(hooks.values()):
        replaced = hook(g)
        if replaced is not None:
            if not isinstance(replaced, Tensor):
                raise TypeError("expected a Tensor or None from a gradient hook, got "
                                f"{type(replaced).__name__}")
            check_replaced(hook, <Tensor>g, <Tensor>replaced)
            g = replaced
    return g


cdef int check_replaced(object hook, Tensor before, Tensor after) except -1:
    if before.c.dtype() != after.c.dtype():
        raise RuntimeError(f"hook '{getattr(hook, '__name__', hook)}' has changed the type of value "
                           f"(was {before.dtype} got {after.dtype})")
    if before.c.shape() != after.c.shape():
        raise RuntimeError(f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value "
                           f"(was {tuple(before.shape)} got {tuple(after.shape)})")
    return 0


# What pre-hooks of a node make of its gradients.
cdef object call_pre_hooks(object hooks, tuple gradients, str name):
    for hook in list(hooks.values()):
        replaced = hook(gradients)
        if replaced is None:
            continue
        if not isinstance(replaced, tuple):
            replaced = (replaced,)
        if len(replaced) != len(gradients):
            raise TypeError(f"expected a tuple of {len(gradients)} gradients from a pre-hook of {name}")
        for x in replaced:
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(f"a pre-hook of {name}: expected a Tensor or None as gradient, got "
                                f"{type(x).__name__}")
        gradients = replaced
    return gradients


# Note [Layout of .grad]
# As PyTorch: with the strides of the leaf where that fills its memory, else row-major.
cdef inline bint keeps_strides(const CTensor& leaf):
    return not leaf.is_contiguous() and leaf.layout().span() == leaf.numel()


cdef inline bint laid_out_like(const CTensor& g, const CTensor& leaf):
    return g.strides() == leaf.strides() if keeps_strides(leaf) else g.is_contiguous()


cdef CTensor copy_laid_out_like(const CTensor& g, const CTensor& leaf):
    cdef CTensor out = (c_empty_like(leaf, g.dtype()) if keeps_strides(leaf)
                        else c_empty(g.shape(), g.dtype(), g.device()))
    c_copy(out, g)
    return out


cdef int reach_leaf(Run run, Tensor leaf, object gradient, bint owned) except -1:
    cdef Tensor g = <Tensor>gradient
    cdef Tensor old
    if leaf._extra is not None and leaf._extra.hooks:
        g = call_hooks(leaf._extra.hooks, g)
        owned = False
    if run.wanted is not None:
        at_all = run.wanted.get(id(leaf))
        if at_all is None:
            return 0
        if not run.accumulate:
            for at in at_all:
                run.results[at] = g if run.results[at] is None else run.results[at] + g
            return 0
    hooked = leaf._extra is not None and leaf._extra.accumulator is not None
    if hooked:
        accumulator = leaf._extra.accumulator
        if accumulator._pre_hooks:
            g = call_pre_hooks(accumulator._pre_hooks, (g,), "AccumulateGrad")[0]
            owned = False
            if g is None:
                return 0
    if grad_of(leaf) is None:
        owned = owned and sole_owner(g.c) and g._base is None
        if run.create:
            extra_of(leaf).grad = g if owned else g.clone()
        elif owned and laid_out_like(g.c, leaf.c):
            extra_of(leaf).grad = wrap_copy(g.c)
        else:
            extra_of(leaf).grad = wrap_move(copy_laid_out_like(g.c, leaf.c))
    else:
        old = <Tensor>leaf._extra.grad
        if run.create:
            leaf._extra.grad = old + g
        else:
            # With the lock held: another thread may be adding to the same leaf.
            c_binary_out(OP_ADD, old.c, g.c, old.c)
            count_write(old.c.storage(), "the sum of gradients")
    if leaf._extra.post_hooks:
        for hook in list(leaf._extra.post_hooks.values()):
            replaced = hook(leaf)
            if replaced is not None:
                raise TypeError("expected None from a post accumulate grad hook, got "
                                f"{type(replaced).__name__}")
    if hooked and accumulator._hooks:
        for hook in list(accumulator._hooks.values()):
            hook((), (g,))
    return 0
