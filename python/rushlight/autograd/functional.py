"""Jacobians, Hessians and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import rushlight
from rushlight._core import Tensor
from rushlight.autograd._api import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_Tensors: TypeAlias = Tensor | tuple[Tensor, ...]


def _as_tuple(value, what, name):
    """``value`` as a tuple of tensors, and whether it was one."""
    was_tuple = isinstance(value, tuple)
    values = value if was_tuple else (value,)
    for i, v in enumerate(values):
        if not isinstance(v, Tensor):
            place = f"the value at index {i}" if was_tuple else f"the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of "
                f"Tensors but {place} has type {type(v)}."
            )
    return values, was_tuple


def _unpack(values, was_tuple):
    return values if was_tuple else values[0]


# Always new tensors: the function may also use the given ones by name, as constants.
def _prepared(tensors, create_graph, need_graph):
    return tuple(
        t.view_as(t)
        if create_graph and t.requires_grad
        else t.detach().requires_grad_(need_graph)
        for t in tensors
    )


def _released(values, create_graph):
    if create_graph:
        return values
    return tuple(
        v.detach() if isinstance(v, Tensor) else _released(v, False) for v in values
    )


def _check_v(v, others, others_were_tuple):
    if len(v) != len(others):
        if others_were_tuple:
            raise RuntimeError(
                f"v is a tuple of invalid length: should be {len(others)} but got "
                f"{len(v)}."
            )
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, others, strict=True)):
        if a.shape != b.shape:
            place = f"Entry {i} in " if others_were_tuple else ""
            raise RuntimeError(
                f"{place}v has invalid size: should be {b.shape} but got {a.shape}."
            )


def _given_v(v, name, create_graph, others, others_were_tuple):
    v, _ = _as_tuple(v, "v", name)
    v = _prepared(v, create_graph, False)
    _check_v(v, others, others_were_tuple)
    return v


def _no_v(others, what):
    if len(others) != 1 or others[0].numel() != 1:
        raise RuntimeError(
            f"The vector v can only be None if the {what} is a single Tensor with a "
            "single element."
        )


_INDEPENDENT = {
    "outputs": (
        "Output {i} of the user-provided function does not require gradients. The "
        "outputs must be computed in a differentiable manner from the input when "
        "running in strict mode."
    ),
    "grad_inputs": (
        "The gradient with respect to input {i} is independent of the inputs of the "
        "user-provided function. This is not allowed in strict mode."
    ),
    "jacobian": (
        "While computing the hessian, found that the jacobian of the user-provided "
        "function with respect to input {i} is independent of the input. This is not "
        "allowed in strict mode: the function must be twice differentiable and not "
        "linear."
    ),
    "hessian": (
        "The hessian of the user-provided function with respect to input {i} is "
        "independent of the input. This is not allowed in strict mode: the function "
        "must be three times differentiable."
    ),
}


def _need_grad(tensors, kind, strict):
    if not strict:
        return
    for i, t in enumerate(tensors):
        if t is None:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {i}."
                " This is not allowed in strict mode."
            )
        if not t.requires_grad:
            raise RuntimeError(_INDEPENDENT[kind].format(i=i))


def _grads(outputs, inputs, directions=None, create_graph=False, retain_graph=None):
    """Gradients of those outputs that have any; None where there is none."""
    directions = (None,) * len(outputs) if directions is None else directions
    pairs = [
        (o, d)
        for o, d in zip(outputs, directions, strict=True)
        if o is not None and o.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    return grad(
        [o for o, _ in pairs],
        inputs,
        [d for _, d in pairs],
        allow_unused=True,
        create_graph=create_graph,
        retain_graph=retain_graph,
    )


def _filled(found, like, strict, create_graph, missing, what):
    """Zeros for None; in strict mode RuntimeError instead."""
    result = []
    for i, (g, x) in enumerate(zip(found, like, strict=True)):
        if g is None:
            if strict:
                raise RuntimeError(
                    f"{missing} {i}. This is not allowed in strict mode."
                )
            g = rushlight.zeros_like(x)
        elif strict and create_graph and not g.requires_grad:
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input "
                f"{i}. This is not allowed in strict mode when create_graph=True."
            )
        result.append(g)
    return tuple(result)


_OUTPUTS = "outputs of the user-provided function"
_OUTPUT_OF = "The output of the user-provided function is independent of input"
_JACOBIAN_OF = "The jacobian of the user-provided function is independent of input"
_GRADIENT_OF_ENTRY = (
    "The gradient with respect to the input is independent, in the double backward "
    "pass, of the direction of entry"
)
_HESSIAN_OF_ENTRY = (
    "The hessian of the user-provided function is independent, in the double backward "
    "pass, of the direction of entry"
)


def vjp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[_Tensors, _Tensors]:
    """The product of a vector and the Jacobian of ``func``: one backward pass.

    Args:
        func (callable): takes tensors, returns a Tensor or a tuple of them.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        v (Tensor or tuple of Tensor, optional): as the output; 1 where that is one
            element.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that no output depends on is an error; else zeros.

    Returns:
        tuple: ``func(*inputs)``, and the product in the inputs' shapes.

    Raises:
        TypeError: when inputs or outputs are no tensors.
        RuntimeError: when ``v`` does not fit, and what ``strict`` finds.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> rushlight.autograd.functional.vjp(lambda x: x * x, x, rushlight.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with rushlight.enable_grad():
        inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "vjp")
        inputs = _prepared(inputs, create_graph, True)
        outputs, outputs_were_tuple = _as_tuple(func(*inputs), _OUTPUTS, "vjp")
        _need_grad(outputs, "outputs", strict)
        if v is None:
            _no_v(outputs, "user-provided function returns a value that")
        else:
            v = _given_v(v, "vjp", create_graph, outputs, outputs_were_tuple)
    with rushlight.set_grad_enabled(create_graph or rushlight.is_grad_enabled()):
        found = _grads(outputs, inputs, v, create_graph=create_graph)
        found = _filled(found, inputs, strict, create_graph, _OUTPUT_OF, "jacobian")
    return (
        _unpack(_released(outputs, create_graph), outputs_were_tuple),
        _unpack(_released(found, create_graph), inputs_were_tuple),
    )


def jvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[_Tensors, _Tensors]:
    """The product of the Jacobian of ``func`` and a vector, by two backward passes.

    The gradient is linear in the vector that is given to it, and its derivative with
    respect to that vector is the product.

    Args:
        func (callable): takes tensors, returns a Tensor or a tuple of them.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        v (Tensor or tuple of Tensor, optional): as the inputs; 1 where these are one
            element.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that no output depends on is an error; else zeros.

    Returns:
        tuple: ``func(*inputs)``, and the product in the outputs' shapes.

    Raises:
        TypeError: when inputs or outputs are no tensors.
        RuntimeError: when ``v`` does not fit, and what ``strict`` finds.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> rushlight.autograd.functional.jvp(lambda x: x * x, x, rushlight.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with rushlight.enable_grad():
        inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "jvp")
        inputs = _prepared(inputs, create_graph, True)
        if v is None:
            _no_v(inputs, "input to the user-provided function")
        else:
            v = _given_v(v, "jvp", create_graph, inputs, inputs_were_tuple)
        outputs, outputs_were_tuple = _as_tuple(func(*inputs), _OUTPUTS, "jvp")
        _need_grad(outputs, "outputs", strict)
        directions = tuple(rushlight.zeros_like(o).requires_grad_() for o in outputs)
        slopes = _grads(outputs, inputs, directions, create_graph=True)
        _need_grad(slopes, "grad_inputs", strict)
        found = _grads(slopes, directions, v, create_graph=create_graph)
        found = _filled(
            found, outputs, strict, create_graph, _GRADIENT_OF_ENTRY, "jacobian"
        )
    return (
        _unpack(_released(outputs, create_graph), outputs_were_tuple),
        _unpack(_released(found, create_graph), outputs_were_tuple),
    )


def _check_strategy(strategy):
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode": a pass '
            "for every input element, or one for every output element"
        )


def _jacobian_by_columns(func, inputs, strict, vectorize):
    # One jvp for every element of the inputs.
    if strict:
        raise RuntimeError(
            'jacobian(): `strict=True` and `strategy="forward-mode"` are not supported '
            'together. Set `strict=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "jacobian(): the forward-mode strategy is only implemented for "
            "`vectorize=True`."
        )
    inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "jacobian")
    columns: list = []  # per input, per element, per output
    outputs_were_tuple = False
    shapes: list = []
    for k, x in enumerate(inputs):
        of_input = []
        for place in range(x.numel()):
            v = [rushlight.zeros_like(y) for y in inputs]
            v[k].view(-1)[place] = 1
            value, product = jvp(func, inputs, tuple(v))
            outputs_were_tuple = isinstance(value, tuple)
            values = value if outputs_were_tuple else (value,)
            shapes = [o.shape for o in values]
            of_input.append(product if outputs_were_tuple else (product,))
        columns.append(of_input)
    result = tuple(
        _unpack(
            tuple(
                rushlight.stack([column[o] for column in of_input], -1).reshape(
                    *shape, *x.shape
                )
                for x, of_input in zip(inputs, columns, strict=True)
            ),
            inputs_were_tuple,
        )
        for o, shape in enumerate(shapes)
    )
    return _unpack(result, outputs_were_tuple)


def _check_row(found, output, strict, create_graph):
    if not strict:
        return
    for i, g in enumerate(found):
        if g is None:
            raise RuntimeError(
                f"Output {output} of the user-provided function is independent of "
                f"input {i}. This is not allowed in strict mode."
            )
        if create_graph and not g.requires_grad:
            raise RuntimeError(
                "The jacobian of the user-provided function is independent of input "
                f"{i}. This is not allowed in strict mode when create_graph=True."
            )


def jacobian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of ``func``: every output element by every input element.

    Args:
        func (callable): takes tensors, returns a Tensor or a tuple of them.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that an output does not depend on is an error; else
            zeros.
        vectorize (bool): taken as in PyTorch; each row is a pass of its own anyway.
        strategy (str): ``"reverse-mode"``, a pass for every output element, or
            ``"forward-mode"`` (with ``vectorize``), one for every input element.

    Returns:
        Tensor or tuple: of shape ``(*output, *input)``; a tuple over the outputs, the
        inputs, or the inputs of each of the outputs where these are tuples.

    Raises:
        TypeError: when inputs or outputs are no tensors.
        RuntimeError: what ``strict`` finds, and ``strict`` with ``vectorize``.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> rushlight.autograd.functional.jacobian(lambda x: x * x, x)
        tensor([[2., 0.],
                [0., 4.]])
    """
    _check_strategy(strategy)
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'jacobian(): `create_graph=True` and `strategy="forward-mode"` are not '
                "supported together. Set `create_graph=False` or "
                '`strategy="reverse-mode"`.'
            )
        return _jacobian_by_columns(func, inputs, strict, vectorize)
    with rushlight.enable_grad():
        inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _prepared(inputs, create_graph, True)
        outputs, outputs_were_tuple = _as_tuple(func(*inputs), _OUTPUTS, "jacobian")
        _need_grad(outputs, "outputs", strict)
        if vectorize and strict:
            raise RuntimeError(
                "jacobian(): `strict=True` and `vectorize=True` are not supported "
                "together. Set one of them to False."
            )
        result = []
        for k, output in enumerate(outputs):
            rows: list[list] = [[] for _ in inputs]
            flat = output.reshape(-1)
            for place in range(output.numel()):
                found = _grads(
                    (flat[place],), inputs, None, create_graph, retain_graph=True
                )
                _check_row(found, k, strict, create_graph)
                for row, g, x in zip(rows, found, inputs, strict=True):
                    row.append(rushlight.zeros_like(x) if g is None else g)
            result.append(
                tuple(
                    rushlight.stack(row).reshape(*output.shape, *x.shape)
                    if row
                    else x.new_zeros((*output.shape, *x.shape))
                    for row, x in zip(rows, inputs, strict=True)
                )
            )
    released = _released(tuple(result), create_graph)
    return _unpack(
        tuple(_unpack(row, inputs_were_tuple) for row in released), outputs_were_tuple
    )


def _check_single(outputs, was_tuple, name):
    if was_tuple or len(outputs) != 1 or not isinstance(outputs[0], Tensor):
        raise RuntimeError(
            f"The function given to {name} should return a single Tensor"
        )
    if outputs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a "
            f"single element, got shape {tuple(outputs[0].shape)}"
        )


def hessian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function of one element: its second derivatives.

    Args:
        func (callable): takes tensors, returns a Tensor of one element.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that plays no part is an error; else zeros.
        vectorize (bool): taken as in PyTorch; each row is a pass of its own anyway.
        outer_jacobian_strategy (str): how the gradient is differentiated, see
            :func:`jacobian`.

    Returns:
        Tensor or tuple of tuples: entry ``[i][j]`` has the shape ``(*inputs[i],
        *inputs[j])``.

    Raises:
        RuntimeError: when ``func`` returns more than one element, and what ``strict``
            finds.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> rushlight.autograd.functional.hessian(lambda x: (x**3).sum(), x)
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "hessian")
    _check_strategy(outer_jacobian_strategy)
    forward = outer_jacobian_strategy == "forward-mode"

    def checked(*args):
        result = func(*args)
        outputs, was_tuple = _as_tuple(result, _OUTPUTS, "hessian")
        _check_single(outputs, was_tuple, "hessian")
        return outputs[0].squeeze()

    def gradient(*args):
        if forward:
            args = tuple(a.view_as(a) for a in args)
        found = jacobian(checked, args, create_graph=True)
        _need_grad(found, "jacobian", strict)
        return found

    result = jacobian(
        gradient,
        inputs,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )
    return result if inputs_were_tuple else result[0][0]


def _gradient_of(func, inputs, strict, name):
    outputs, was_tuple = _as_tuple(func(*inputs), _OUTPUTS, name)
    _need_grad(outputs, "outputs", strict)
    _check_single(outputs, was_tuple, name)
    slopes = _grads(outputs, inputs, create_graph=True)
    _need_grad(slopes, "jacobian", strict)
    return outputs, slopes


def vhp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[_Tensors, _Tensors]:
    """The product of a vector and the Hessian of ``func``.

    Args:
        func (callable): takes tensors, returns a Tensor of one element.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        v (Tensor or tuple of Tensor, optional): as the inputs; 1 where these are one
            element.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that plays no part is an error; else zeros.

    Returns:
        tuple: ``func(*inputs)``, and the product in the inputs' shapes.

    Raises:
        RuntimeError: when ``func`` returns more than one element, when ``v`` does not
            fit, and what ``strict`` finds.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> f = lambda x: (x**3).sum()
        >>> rushlight.autograd.functional.vhp(f, x, rushlight.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    with rushlight.enable_grad():
        inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "vhp")
        inputs = _prepared(inputs, create_graph, True)
        if v is None:
            _no_v(inputs, "input to the user-provided function")
        else:
            v = _given_v(v, "vhp", create_graph, inputs, inputs_were_tuple)
        outputs, slopes = _gradient_of(func, inputs, strict, "vhp")
        found = _grads(slopes, inputs, v, create_graph=create_graph)
        found = _filled(found, inputs, strict, create_graph, _JACOBIAN_OF, "hessian")
    return (
        _released(outputs, create_graph)[0],
        _unpack(_released(found, create_graph), inputs_were_tuple),
    )


def hvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[_Tensors, _Tensors]:
    """The product of the Hessian of ``func`` and a vector.

    The same as :func:`vhp` where second derivatives commute, and slower: one more
    backward pass.

    Args:
        func (callable): takes tensors, returns a Tensor of one element.
        inputs (Tensor or tuple of Tensor): where to differentiate.
        v (Tensor or tuple of Tensor, optional): as the inputs; 1 where these are one
            element.
        create_graph (bool): records the result, for higher derivatives.
        strict (bool): an input that plays no part is an error; else zeros.

    Returns:
        tuple: ``func(*inputs)``, and the product in the inputs' shapes.

    Raises:
        RuntimeError: when ``func`` returns more than one element, when ``v`` does not
            fit, and what ``strict`` finds.

    Example::

        >>> x = rushlight.tensor([1.0, 2.0])
        >>> f = lambda x: (x**3).sum()
        >>> rushlight.autograd.functional.hvp(f, x, rushlight.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    with rushlight.enable_grad():
        inputs, inputs_were_tuple = _as_tuple(inputs, "inputs", "hvp")
        inputs = _prepared(inputs, create_graph, True)
        if v is None:
            _no_v(inputs, "input to the user-provided function")
        else:
            v = _given_v(v, "hvp", create_graph, inputs, inputs_were_tuple)
        outputs, slopes = _gradient_of(func, inputs, strict, "hvp")
        directions = tuple(rushlight.zeros_like(x).requires_grad_() for x in inputs)
        second = _grads(slopes, inputs, directions, create_graph=True)
        _need_grad(second, "hessian", strict)
        found = _grads(second, directions, v, create_graph=create_graph)
        found = _filled(
            found, inputs, strict, create_graph, _HESSIAN_OF_ENTRY, "hessian"
        )
    return (
        _released(outputs, create_graph)[0],
        _unpack(_released(found, create_graph), inputs_were_tuple),
    )
