"""Gradients checked against finite differences."""

from __future__ import annotations

import itertools
import random
import warnings

import rushlight
from rushlight._core import Tensor
from rushlight.autograd.function import Function


class GradcheckError(RuntimeError):
    """A derivative disagrees with the finite difference."""


def _tensors(value):
    if isinstance(value, Tensor):
        return (value,)
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            "gradcheck(): func must return a Tensor or a sequence of them, got "
            f"{type(value).__name__}"
        )
    return tuple(v for v in value if isinstance(v, Tensor))


def _outputs(func, inputs):
    with rushlight.enable_grad():
        outputs = _tensors(func(*inputs))
    return [o for o in outputs if o.is_floating_point() or o.is_complex()]


def _reals(tensor):
    # The elements as real numbers; a complex one counts as two.
    flat = tensor.detach().reshape(-1)
    if flat.is_complex():
        return [part for v in flat.tolist() for part in (v.real, v.imag)]
    return flat.tolist()


def _places(tensor):
    return itertools.product(*(range(n) for n in tensor.shape))


def _units(tensor):
    # 1 and, for a complex tensor, 1j.
    return (1.0, 1.0j) if tensor.is_complex() else (1.0,)


def _shifted(func, inputs, alias, place, step):
    # The outputs, as real numbers, with one element of an input moved.
    before = alias[place].item()
    alias[place] = before + step
    try:
        return [_reals(o) for o in _outputs(func, inputs)]
    finally:
        alias[place] = before


def _numerical(func, inputs, x, eps):
    # One row per real number of x: d(every real number of every output).
    alias = x.detach()
    rows = []
    for place in _places(x):
        for unit in _units(x):
            up = _shifted(func, inputs, alias, place, eps * unit)
            down = _shifted(func, inputs, alias, place, -eps * unit)
            rows.append(
                [
                    [(a - b) / (2 * eps) for a, b in zip(p, m, strict=False)]
                    for p, m in zip(up, down, strict=False)
                ]
            )
    return rows


def _gradients(output, inputs, direction):
    return rushlight.autograd.grad(
        output, inputs, direction, retain_graph=True, allow_unused=True
    )


def _analytical(output, inputs):
    # Per input one row per real number of the output.
    rows = [[] for _ in inputs]
    for place in _places(output):
        for unit in _units(output):
            direction = rushlight.zeros_like(output.detach())
            direction[place] = unit
            for row, x, g in zip(
                rows, inputs, _gradients(output, inputs, direction), strict=False
            ):
                count = x.numel() * len(_units(x))
                row.append([0.0] * count if g is None else _reals(g))
    return rows


def _close(a, b, atol, rtol):
    return a == b or (a != a and b != b) or abs(a - b) <= atol + rtol * abs(b)


def _mismatch(output_at, input_at, analytical, numerical):
    return (
        f"Jacobian mismatch for output {output_at} with respect to input {input_at},\n"
        f"numerical (one row per input element):\n{numerical}\n"
        f"analytical:\n{analytical}"
    )


# The differences write into the inputs, so the graph is recorded after them.


def _check_slow(func, inputs, wanted, eps, atol, rtol):
    numerical = [_numerical(func, inputs, x, eps) for x in wanted]
    for o, output in enumerate(_outputs(func, inputs)):
        rows = _analytical(output, wanted) if output.requires_grad else None
        for i, x in enumerate(wanted):
            count = x.numel() * len(_units(x))
            expected = [row[o] for row in numerical[i]]
            if rows is None:
                if any(abs(v) > atol for row in expected for v in row):
                    raise GradcheckError(
                        "Numerical gradient for function expected to be zero: output "
                        f"{o} does not require grad, but depends on input {i}"
                    )
                continue
            found = [[row[k] for row in rows[i]] for k in range(count)]
            good = all(
                _close(a, n, atol, rtol)
                for fs, ns in zip(found, expected, strict=False)
                for a, n in zip(fs, ns, strict=False)
            )
            if not good:
                raise GradcheckError(_mismatch(o, i, found, expected))


def _random_like(tensor, rng):
    # Uniform in (0.2, 1): no element's derivative drowns.
    values = [
        rng.uniform(0.2, 1.0) for _ in range(tensor.numel() * len(_units(tensor)))
    ]
    if tensor.is_complex():
        values = [
            complex(a, b) for a, b in zip(values[::2], values[1::2], strict=False)
        ]
    flat = rushlight.tensor(values, dtype=tensor.dtype)
    return flat.reshape(tensor.shape)


def _check_fast(func, inputs, wanted, eps, atol, rtol):
    # Along one random direction of the inputs and one of each output.
    rng = random.Random(0)
    directions, differences = [], []
    for x in wanted:
        u = _random_like(x, rng)
        alias, before = x.detach(), x.detach().clone()
        sides = []
        for sign in (1, -1):
            alias.copy_(before + sign * eps * u)
            sides.append([_reals(o) for o in _outputs(func, inputs)])
        alias.copy_(before)
        directions.append(u)
        differences.append(sides)
    outputs = _outputs(func, inputs)
    for i, (x, u, sides) in enumerate(
        zip(wanted, directions, differences, strict=False)
    ):
        for o, output in enumerate(outputs):
            v = _random_like(output, rng)
            slope = [
                (a - b) / (2 * eps)
                for a, b in zip(sides[0][o], sides[1][o], strict=False)
            ]
            expected = sum(a * b for a, b in zip(slope, _reals(v), strict=False))
            found = 0.0
            if output.requires_grad:
                (g,) = _gradients(output, [x], v)
                if g is not None:
                    found = sum(
                        a * b for a, b in zip(_reals(g), _reals(u), strict=False)
                    )
            scale = max(1, x.numel()) ** 0.5
            if not _close(found, expected, atol * scale, rtol):
                raise GradcheckError(_mismatch(o, i, found, expected))


def _check_repeatable(outputs, wanted, tolerance):
    for o, output in enumerate(outputs):
        if not output.requires_grad:
            continue
        direction = rushlight.ones_like(output.detach())
        first = _gradients(output, wanted, direction)
        again = _gradients(output, wanted, direction)
        for i, (a, b) in enumerate(zip(first, again, strict=False)):
            if a is None or b is None:
                same = a is b
            else:
                same = all(
                    _close(p, q, tolerance, 0)
                    for p, q in zip(_reals(a), _reals(b), strict=False)
                )
            if not same:
                raise GradcheckError(
                    f"Backward is not reentrant, i.e., running backward of output {o} "
                    f"twice gives different gradients for input {i} (nondet_tol = "
                    f"{tolerance})"
                )


def _check_grads(outputs, wanted, check_dtypes):
    for output in outputs:
        if not output.requires_grad:
            continue
        found = _gradients(output, wanted, rushlight.ones_like(output.detach()))
        for i, (x, g) in enumerate(zip(wanted, found, strict=False)):
            if g is None:
                continue
            if g.shape != x.shape:
                raise GradcheckError(
                    f"grad is incorrect size: {tuple(g.shape)} for input {i} of shape "
                    f"{tuple(x.shape)}"
                )
            if check_dtypes and g.dtype != x.dtype:
                raise GradcheckError(
                    f"Gradient {i} has dtype {g.dtype}, its input {x.dtype}"
                )


class _NoGradient(Function):
    """Identity whose input gets no gradient at all."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return None


def _check_undefined(func, inputs, wanted):
    # With the gradients of all outputs missing, and of one at a time.
    def found_without(missing):
        outputs = [o for o in _outputs(func, inputs) if o.requires_grad]
        cut = [
            _NoGradient.apply(o) if i in missing else o for i, o in enumerate(outputs)
        ]
        directions = [rushlight.zeros_like(o.detach()) for o in outputs]
        try:
            return rushlight.autograd.grad(
                cut, wanted, directions, retain_graph=True, allow_unused=True
            )
        except RuntimeError as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads: it "
                "raised when the gradient of an output was None"
            ) from error

    count = sum(o.requires_grad for o in _outputs(func, inputs))
    cases = [set(range(count))] + ([{i} for i in range(count)] if count > 1 else [])
    for missing in cases if count else ():
        for i, g in enumerate(found_without(missing)):
            if g is not None and any(v != 0 for v in _reals(g)):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output "
                    f"grads are undefined or zero, but that of input {i} is not"
                )


def _check_batched(outputs, wanted):
    # Rows of gradients together against one at a time.
    rng = random.Random(2)
    for o, output in enumerate(outputs):
        if not output.requires_grad:
            continue
        rows = [_random_like(output, rng) for _ in range(3)]
        together = rushlight.autograd.grad(
            output,
            wanted,
            rushlight.stack(rows),
            retain_graph=True,
            allow_unused=True,
            is_grads_batched=True,
        )
        alone = [_gradients(output, wanted, row) for row in rows]
        for i, g in enumerate(together):
            singles = [row[i] for row in alone]
            if g is None or any(s is None for s in singles):
                same = g is None and all(s is None for s in singles)
            else:
                same = rushlight.allclose(g, rushlight.stack(singles))
            if not same:
                raise GradcheckError(
                    f"For output {o} and input {i}: the gradients of a batch of rows "
                    "differ from those of the rows"
                )


def _check_inputs(inputs):
    wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none "
            "of the them have requires_grad=True."
        )
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        if x.dtype not in (rushlight.float64, rushlight.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating "
                "point or complex. This check will likely fail if all the inputs are "
                "not of double precision floating point or complex.",
                stacklevel=3,
            )
        if any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape, strict=False)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only "
                "supports inputs that are non-overlapping to be able to compute the "
                "numerical "
                "gradients correctly. You should call .contiguous on the input before "
                "passing it to gradcheck."
            )
    return wanted


def gradcheck(
    func,
    inputs,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_batched_forward_grad=False,
    check_forward_ad=False,
    check_backward_ad=True,
    fast_mode=False,
    masked=None,
):
    """Compares ``func``'s derivatives with central differences.

    A complex number counts as its two parts. Outputs are differentiated one at a time,
    so each ``backward`` also sees the others' gradients missing.

    Args:
        func (callable): takes ``inputs``, returns a Tensor or a sequence of them.
        inputs (Tensor or tuple): float64 or complex128 where ``requires_grad``.
        eps (float): the step of the difference.
        atol, rtol (float): |analytical - numerical| <= atol + rtol * |numerical|.
        raise_exception (bool): False returns False instead of raising.
        nondet_tol (float): allowed difference between two backward passes.
        check_undefined_grad (bool): also run with missing gradients of outputs.
        check_grad_dtypes (bool): also compare the gradients' dtypes.
        check_batched_grad (bool): also compare a batch of rows with single rows.
        check_forward_ad, check_batched_forward_grad (bool): forward mode is not here.
        check_backward_ad (bool): False checks nothing.
        fast_mode (bool): along one random direction instead of every element.
        masked (bool, optional): about sparse tensors, which are not here.

    Returns:
        bool: whether they agree.

    Raises:
        GradcheckError: when they do not.
        ValueError: when no input requires grad.
        NotImplementedError: for forward-mode checks.

    Example::

        >>> x = rushlight.ones(2, dtype=rushlight.float64, requires_grad=True)
        >>> rushlight.autograd.gradcheck(rushlight.sin, x)
        True
    """
    if check_forward_ad or check_batched_forward_grad:
        raise NotImplementedError("gradcheck(): forward mode is not available")
    if not check_backward_ad:
        raise AssertionError("gradcheck(): expects check_backward_ad to be True")
    if isinstance(inputs, Tensor):
        inputs = (inputs,)
    inputs = tuple(inputs)
    wanted = _check_inputs(inputs)
    check = _check_fast if fast_mode else _check_slow
    try:
        check(func, inputs, wanted, eps, atol, rtol)
        outputs = _outputs(func, inputs)
        _check_repeatable(outputs, wanted, nondet_tol)
        _check_grads(outputs, wanted, check_grad_dtypes)
        if check_batched_grad:
            _check_batched(outputs, wanted)
        if check_undefined_grad:
            _check_undefined(func, inputs, wanted)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func,
    inputs,
    grad_outputs=None,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_fwd_over_rev=False,
    check_rev_over_rev=True,
    fast_mode=False,
    masked=False,
):
    """:func:`gradcheck` of ``func``'s gradient: the second derivatives.

    Args:
        func (callable): as for :func:`gradcheck`.
        inputs (Tensor or tuple): as for :func:`gradcheck`.
        grad_outputs (tuple of Tensor, optional): gradients of the outputs, which are
            differentiated too; random when not given.
        gen_non_contig_grad_outputs (bool): random ones get strides of 2.

    The other arguments are those of :func:`gradcheck`.

    Returns:
        bool: whether they agree.

    Example::

        >>> x = rushlight.ones(2, dtype=rushlight.float64, requires_grad=True)
        >>> rushlight.autograd.gradgradcheck(rushlight.sin, x)
        True
    """
    if check_fwd_over_rev:
        raise NotImplementedError("gradgradcheck(): forward mode is not available")
    if not check_rev_over_rev:
        raise AssertionError("gradgradcheck(): expects check_rev_over_rev to be True")
    if isinstance(inputs, Tensor):
        inputs = (inputs,)
    inputs = tuple(inputs)
    if grad_outputs is None:
        rng = random.Random(1)
        grad_outputs = []
        for o in _outputs(func, inputs):
            if not o.requires_grad:
                continue
            g = _random_like(o, rng)
            if gen_non_contig_grad_outputs and g.dim() > 0:
                wide = rushlight.zeros(*g.shape, 2, dtype=g.dtype)
                wide[..., 0] = g
                g = wide[..., 0]
            grad_outputs.append(g.detach().requires_grad_())
    grad_outputs = _tensors(grad_outputs)
    count = len(grad_outputs)

    def first_derivative(*args):
        given, directions = args[: len(args) - count], args[len(args) - count :]
        outputs = [o for o in _outputs(func, given) if o.requires_grad]
        xs = [x for x in given if isinstance(x, Tensor) and x.requires_grad]
        found = rushlight.autograd.grad(
            outputs, xs, directions, create_graph=True, allow_unused=True
        )
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first_derivative,
        inputs + grad_outputs,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
    )
