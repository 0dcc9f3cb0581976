# Anomaly mode, and the errors about overwritten values.

# Note [Anomaly mode]
# While it is on, every recorded op notes the whole stack of the user's code. Off, it costs one test
# of a C flag per record. Single lines are noted always, see Note [Places].


def _set_anomaly(bint on, bint check_nan):
    global anomaly, anomaly_nan
    anomaly = on
    anomaly_nan = on and check_nan
    update_watched()


def _set_package(file):
    """Names a file of this package: code in its folder is not the user's."""
    set_package_folder(file.encode())


def _anomaly_state():
    return bool(anomaly), bool(anomaly_nan)


cdef inline int note_place(Node node) except -1:
    cdef CPlace place = user_place()
    if place.code is not NULL:
        node.place = <object>place.code
        node.instruction = place.instruction
    return 0


cdef int note_stack(Node node) except -1:
    _late("note_stack")(node.metadata)
    return 0


cdef object place_of_save(Node node):
    return None if node is None else describe_place(<PyObject*>node.place, node.instruction)


cdef int run_reported(Run run, Node node) except -1:
    try:
        run_node(run, node)
    except Exception:
        _late("report_anomaly")(node.name(), node.metadata_)
        raise
    return 0


# `value` is the tensor, or the list with one, that `writes` in-place operations changed since.
cdef object overwritten_text(Node node, object value, str described, uint32_t writes):
    cdef vector[const void*] storages
    for t in (value if isinstance(value, (list, tuple)) else (value,)):
        if isinstance(t, Tensor):
            storages.push_back(&(<Tensor>t).c.storage())
    text = ("one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: {described}, saved by {node.name()}")
    place = place_of_save(node)
    if place is not None:
        text += f" at {place}"
    cdef uint32_t floor = 0
    if isinstance(value, Tensor):
        floor = (<Tensor>value).c.storage().version() - writes
        text += f", is at version {floor + writes}; expected version {floor} instead"
    text += "."
    cdef const CWrite* write = find_write(storages, writes, floor)
    if write is not NULL:
        text += f" It was overwritten by {<object>write.what}"
        place = describe_place(write.code, write.instruction)
        text += "." if place is None else f" at {place}."
    return text + " Hint: clone() the tensor before the in-place write."


cdef object overwritten_tensor_text(Node node, Tensor t, uint32_t expected):
    return overwritten_text(node, t, f"[{t.dtype} {list(t.shape)}]",
                            t.c.storage().version() - expected)


# Counts a write and notes where it was.
cdef inline void count_write(const CStorage& storage, object what):
    (<CStorage*>&storage).bump_version()
    note_write(&storage, storage.version(), <PyObject*>what)


cdef int check_nan(Node node, int i, object gradient) except -1:
    for g in (gradient if isinstance(gradient, (list, tuple)) else (gradient,)):
        if isinstance(g, Tensor) and differentiable(<Tensor>g) and (g != g).any():
            place = place_of_save(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output."
                               + ("" if place is None else f" It was recorded at {place}."))
    return 0
