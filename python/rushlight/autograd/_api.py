"""The functions that start a backward pass."""

from __future__ import annotations

from rushlight._core import Tensor, _run_backward


def _as_list(value, count):
    if value is None:
        return [None] * count
    return [value] if isinstance(value, Tensor) else list(value)


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
        materialize_grads (bool): zeros instead of None.

    Returns:
        tuple of Tensor: one per input, of its shape.

    Raises:
        RuntimeError: when an input does not require grad or was not used.

    Example::

        >>> x = rushlight.tensor(3.0, requires_grad=True)
        >>> rushlight.autograd.grad(x * x, x)
        (tensor(6.),)
    """
    if is_grads_batched:
        raise NotImplementedError("grad(): is_grads_batched=True is not available")
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
    result = _run_backward(
        outputs, gradients, keep, create_graph, inputs, False, bool(allow_unused)
    )
    if materialize_grads:
        import rushlight

        result = tuple(
            rushlight.zeros_like(x) if g is None else g for x, g in zip(inputs, result)
        )
    return result
