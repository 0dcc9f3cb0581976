# Anomaly mode, and the errors about overwritten values.

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
    update_watched()


def _anomaly_state():
    return bool(anomaly), bool(anomaly_nan)


cdef int note_place(Node node) except -1:
    _late("note_place")(node.metadata)
    return 0


cdef object place_of_save(Node node):
    return None if node is None or node.metadata_ is None else node.metadata_.get("place_")


cdef int run_reported(Run run, Node node) except -1:
    try:
        run_node(run, node)
    except Exception:
        _late("report_anomaly")(node.name(), node.metadata_)
        raise
    return 0


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
