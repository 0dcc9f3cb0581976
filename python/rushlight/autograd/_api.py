"""The functions that start a backward pass."""

from __future__ import annotations

from rushlight._core import Tensor, _run_backward


def _as_list(value, count):
    if value is None:
        return [None] * count
    # A GradientEdge is a tuple, and one place in the graph.
    if isinstance(value, Tensor) or hasattr(value, "ownership_token"):
        return [value]
    return list(value)


def backward(
    tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None
):
    """Sums the gradients of ``tensors`` into ``.grad`` of the leaves.

    Args:
        tensors (Tensor or sequence): what to differentiate.
        grad_tensors (Tensor or sequence, optional): the gradient of each; 1 for a
            tensor of one element.
        retain_graph (bool, optional): keep saved tensors; default ``create_graph``.
        create_graph (bool): record the pass, for higher derivatives.
        inputs (sequence, optional): only these leaves get a gradient.

    Raises:
        RuntimeError: when a tensor does not require grad or shapes disagree.
    """
    tensors = _as_list(tensors, 1)
    gradients = _as_list(grad_tensors, len(tensors))
    keep = create_graph if retain_graph is None else retain_graph
    _run_backward(tensors, gradients, keep, create_graph, inputs, True, True)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of ``outputs`` with respect to ``inputs``.

    Args:
        outputs (Tensor or sequence): what to differentiate.
        inputs (Tensor or sequence): with respect to what.
        grad_outputs (Tensor or sequence, optional): the gradient of each output.
        retain_graph (bool, optional): keep saved tensors; default ``create_graph``.
        create_graph (bool): record the pass, for higher derivatives.
        allow_unused (bool, optional): None for an input that plays no part, instead of
            an error.
        is_grads_batched (bool): the first dim of every gradient counts rows, one pass
            each; so does the first dim of the results.
        materialize_grads (bool): zeros instead of None.

    Returns:
        tuple of Tensor: one per input, of its shape.

    Raises:
        RuntimeError: when an input does not require grad or was not used.
        ValueError: when rows are counted differently.

    Example::

        >>> x = rushlight.tensor(3.0, requires_grad=True)
        >>> rushlight.autograd.grad(x * x, x)
        (tensor(6.),)
    """
    if materialize_grads:
        if allow_unused is False:
            raise ValueError(
                "Expected allow_unused to be True or not passed when "
                "materialize_grads=True, but got: allow_unused=False."
            )
        allow_unused = True
    outputs = _as_list(outputs, 1)
    inputs = _as_list(inputs, 1)
    gradients = _as_list(grad_outputs, len(outputs))
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        result = _grad_of_rows(
            outputs, gradients, keep, create_graph, inputs, bool(allow_unused)
        )
    else:
        result = _run_backward(
            outputs, gradients, keep, create_graph, inputs, False, bool(allow_unused)
        )
    if materialize_grads:
        result = _materialized(inputs, result, gradients if is_grads_batched else None)
    return result


def _materialized(inputs, found, batched):
    rows = () if batched is None else batched[0].shape[:1]
    return tuple(
        x.new_zeros((*rows, *x.shape)) if g is None else g
        for x, g in zip(inputs, found, strict=True)
    )


def _grad_of_rows(outputs, gradients, keep, create_graph, inputs, allow_unused):
    # One pass per row of the gradients; what they find is stacked.
    import rushlight

    counts = {None if g is None or g.dim() == 0 else g.shape[0] for g in gradients}
    if len(counts) != 1 or None in counts:
        raise ValueError(
            "grad(): with is_grads_batched=True every gradient needs a first dim, of "
            f"one size for all, got the sizes {sorted(map(str, counts))}"
        )
    for k, (g, output) in enumerate(zip(gradients, outputs, strict=True)):
        if isinstance(output, Tensor) and g.shape[1:] != output.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each "
                "grad_output as the batch dimension. The sizes of the remaining "
                "dimensions are expected to match the shape of corresponding output, "
                f"but a mismatch was detected: grad_output[{k}] has a shape of "
                f"{g.shape} and output[{k}] has a shape of {output.shape}."
            )
    count = counts.pop()
    rows = [
        _run_backward(
            outputs,
            [g[i] for g in gradients],
            keep or i + 1 < count,
            create_graph,
            inputs,
            False,
            allow_unused,
        )
        for i in range(count)
    ]
    if not rows:
        return tuple(x.new_zeros((0, *x.shape)) for x in inputs)
    return tuple(
        None
        if all(g is None for g in column)
        else rushlight.stack(
            [rushlight.zeros_like(x) if g is None else g for g in column]
        )
        for x, column in zip(inputs, zip(*rows, strict=True), strict=True)
    )
