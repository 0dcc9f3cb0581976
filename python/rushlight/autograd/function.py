"""User-defined differentiable functions."""

from __future__ import annotations

import functools
import warnings

import rushlight
from rushlight._core import (
    Tensor,
    _check_dirty,
    _record_function,
    is_grad_enabled,
)

__all__ = [
    "Function",
    "FunctionCtx",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]


class FunctionCtx:
    """What ``forward`` leaves for ``backward``."""

    _cls: type
    needs_input_grad: tuple[bool, ...] = ()
    _non_differentiable = frozenset()
    _no_grad_outputs = ()
    _materialize = True
    _to_save = ()
    _saves = None
    _dirty = ()
    _freed = False
    saved_for_forward = ()

    def save_for_backward(self, *tensors):
        """Keeps tensors for ``ctx.saved_tensors``; writing into one is noticed.

        Args:
            tensors (Tensor or None): inputs, outputs or intermediate values.

        Raises:
            TypeError: for anything else; other objects are attributes of ``ctx``.
        """
        self._to_save = tensors

    def save_for_forward(self, *tensors):
        """Keeps tensors for a ``jvp``; ``ctx.saved_for_forward`` has them.

        Args:
            tensors (Tensor or None): what ``jvp`` will use.
        """
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should "
                    f"save non-tensors as attributes on ctx, got {type(t).__name__}"
                )
        self.saved_for_forward = tensors

    @property
    def saved_tensors(self):
        if self._freed:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly "
                "access saved tensors after they have already been freed). Specify "
                "retain_graph=True in the first backward()."
            )
        if self._saves is None:
            return tuple(self._to_save)
        return self._saves.unpack()

    @property
    def _raw_saved_tensors(self):
        return () if self._saves is None else self._saves.raw()

    def mark_dirty(self, *tensors):
        """Declares inputs that ``forward`` wrote into and returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Declares outputs without a gradient."""
        self._no_grad_outputs = tensors

    def set_materialize_grads(self, value):
        """Whether an unused output's gradient arrives as zeros (else as None)."""
        self._materialize = value

    def name(self):
        """The name of the node: the class's, and ``Backward``."""
        return type(self).__name__

    def _takes_tensor(self, index):
        return self._is_tensor[index]

    def _run_backward(self, gradients, metas):
        if self._materialize and any(g is None for g in gradients):
            device = next((g.device for g in gradients if g is not None), None)
            dtypes = rushlight._core._dtypes
            gradients = [
                rushlight.zeros(meta[0], dtype=dtypes[meta[1]], device=device)
                if g is None and meta is not None
                else g
                for g, meta in zip(gradients, metas, strict=True)
            ]
        name = type(self).__name__
        result = _user_backward(self._cls)(self, *gradients)
        if not isinstance(result, tuple):
            result = (result,)
        wanted = len(self.needs_input_grad)
        if len(result) > wanted and all(x is None for x in result[wanted:]):
            result = result[:wanted]
        if len(result) != wanted:
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected "
                f"{wanted}, got {len(result)})"
            )
        for i, g in enumerate(result):
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(
                    f"function {name}: expected a Tensor or None as gradient "
                    f"{i} from backward, got {type(g).__name__}"
                )
            if g is not None and not self._is_tensor[i]:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at "
                    f"position {i + 1}, but the corresponding forward input was not a "
                    "Variable"
                )
        return result

    def _free(self):
        self._freed = bool(self._to_save) or self._saves is not None
        self._to_save = ()
        self._saves = None


def _user_backward(cls):
    own_backward = cls.backward is not Function.backward
    own_vjp = cls.vjp is not Function.vjp
    if own_backward and own_vjp:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not "
            "allowed. You should only implement one of them."
        )
    return cls.vjp if own_vjp else cls.backward


class Function:
    """Base of user-defined differentiable functions.

    Subclasses define the static methods ``forward(ctx, *args)`` and
    ``backward(ctx, *grad_outputs)`` and are used through ``apply``. A separate
    ``setup_context(ctx, inputs, output)`` may be given, then ``forward`` takes no ctx.

    Example::

        >>> class Double(rushlight.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return g * 2
        >>> x = rushlight.ones(1, requires_grad=True)
        >>> Double.apply(x).backward()
        >>> x.grad
        tensor([2.])
    """

    _context_type = None
    generate_vmap_rule = False

    def __init__(self, *args, **kwargs):
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions "
            "are all static, so you should invoke them on the class itself.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            f"{type(self).__name__}: an autograd Function is not called as an object; "
            f"use its static forward through {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """The function itself; with ``ctx`` first unless there is a setup_context."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Fills ``ctx`` after a ``forward`` that does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradient of every argument of ``forward``, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    # The other name of backward, to be defined instead of it.
    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """The derivative along a direction, for forward mode, which is not here."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use "
            "it with forward mode AD."
        )

    @staticmethod
    def vmap(info, in_dims, *args):
        """The rule for a batch of calls; kept for vmap, which is not here."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap "
            "staticmethod or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args, **kwargs):
        """Runs ``forward`` and records it.

        Args:
            args: the arguments of ``forward``; tensors among them get gradients.
            kwargs: the same by name; they are put in the order of ``forward``.

        Returns:
            what ``forward`` returned; its tensors are outputs of this function.
        """
        separate = cls.setup_context is not Function.setup_context
        if separate:
            args = _bind(cls.forward, (), args, kwargs)
        elif kwargs:
            args = _bind(cls.forward, (None,), args, kwargs)[1:]
        if cls.__dict__.get("_context_type") is None:
            cls._context_type = type(cls.__name__ + "Backward", (FunctionCtx,), {})
            cls._backward_cls = cls._context_type
        ctx = cls._context_type()
        ctx._cls = cls
        ctx._is_tensor = tuple(isinstance(a, Tensor) for a in args)
        ctx.needs_input_grad = tuple(
            isinstance(a, Tensor) and a.requires_grad for a in args
        )
        recorded = is_grad_enabled() and any(ctx.needs_input_grad)
        with rushlight.no_grad():
            if separate:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args)
        return _finish(ctx, args, result, recorded)


def _bind(forward, before, args, kwargs):
    import inspect

    bound = inspect.signature(forward).bind(*before, *args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(
            "apply(): forward takes keyword-only arguments, which cannot be recorded: "
            f"{sorted(bound.kwargs)}"
        )
    return bound.args


def _among(tensor, others):
    return any(tensor is other for other in others)


def _finish(ctx, args, result, recorded):
    # Links what forward returned to the node, in the order PyTorch has its rules.
    name = ctx._cls.__name__
    single = not isinstance(result, tuple)
    given = [result] if single else list(result)
    for i, t in enumerate(ctx._to_save):
        if t is not None and not isinstance(t, Tensor):
            raise TypeError(
                "save_for_backward can only save variables, but argument "
                f"{i} is of type {type(t).__name__}"
            )
    for d in ctx._dirty:
        if not isinstance(d, Tensor):
            raise TypeError(
                f"mark_dirty can only accept variables, got {type(d).__name__}"
            )
        if not _among(d, given):
            raise RuntimeError(
                f"{name}: some elements marked as dirty during the forward method were "
                "not returned as output. The inputs that are modified inplace must all "
                "be outputs of the Function."
            )
        if recorded:
            _check_dirty(d)
    inputs = [a for a in args if isinstance(a, Tensor)]
    # An input handed back as it is must not become its own history.
    outputs = [
        o.view(o.shape) if _among(o, inputs) and not _among(o, ctx._dirty) else o
        for o in given
    ]
    if recorded:
        ctx._non_differentiable = frozenset(
            i for i, o in enumerate(given) if _among(o, ctx._no_grad_outputs)
        )
        # A saved input that is handed back was replaced by its view.
        saved = [
            next((n for o, n in zip(given, outputs, strict=True) if o is t), t)
            if _among(t, ctx._dirty)
            else t
            for t in ctx._to_save
        ]
        _record_function(ctx, list(args), outputs, ctx._dirty, saved)
        ctx._to_save = ()
        for i in ctx._non_differentiable:
            if isinstance(outputs[i], Tensor) and _among(given[i], inputs):
                outputs[i] = outputs[i].detach()
    else:
        outputs = [
            n.detach() if n is not o and n.requires_grad else n
            for o, n in zip(given, outputs, strict=True)
        ]
    return outputs[0] if single else tuple(outputs)


class _NotTwice(Function):
    """The gradients of a backward that has no derivative of its own."""

    @staticmethod
    def forward(ctx, count, *tensors):
        outputs = tuple(t.detach() for t in tensors[:count])
        return outputs

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with "
            "@once_differentiable"
        )


def once_differentiable(fn):
    """Marks a ``backward`` whose own derivative is not available.

    Args:
        fn (callable): ``backward(ctx, *grad_outputs)``.

    Returns:
        callable: runs ``fn`` unrecorded; a second derivative raises RuntimeError.
    """

    @functools.wraps(fn)
    def wrapped(ctx, *grads):
        with rushlight.no_grad():
            result = fn(ctx, *grads)
        sources = [g for g in grads if isinstance(g, Tensor) and g.requires_grad]
        if not is_grad_enabled() or not sources:
            return result
        single = not isinstance(result, tuple)
        values = [result] if single else list(result)
        at = [
            i
            for i, v in enumerate(values)
            if isinstance(v, Tensor) and (v.is_floating_point() or v.is_complex())
        ]
        linked = _NotTwice.apply(len(at), *(values[i] for i in at), *sources)
        for i, v in zip(at, linked, strict=True):
            values[i] = v
        return values[0] if single else tuple(values)

    return wrapped


class InplaceFunction(Function):
    """A Function that remembers whether it was asked to work in place.

    Args:
        inplace (bool): kept as ``self.inplace``.
    """

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace


def _flatten(value, found):
    # The tensors of nested tuples, lists and dicts are appended to found; returns a
    # recipe that rebuilds the nest.
    if isinstance(value, Tensor):
        found.append(value)
        return lambda leaves: next(leaves)
    if isinstance(value, dict):
        made = {key: _flatten(v, found) for key, v in value.items()}
        return lambda leaves: {key: make(leaves) for key, make in made.items()}
    if isinstance(value, (tuple, list)):
        parts = [_flatten(v, found) for v in value]
        kind = type(value)
        if hasattr(kind, "_fields"):
            return lambda leaves: kind(*(make(leaves) for make in parts))
        return lambda leaves: kind(make(leaves) for make in parts)
    if value is None or isinstance(value, (int, float, complex, str)):
        return lambda leaves: value
    raise ValueError(
        "NestedIOFunction: arguments and results are tensors, numbers, strings, None "
        f"and tuples, lists or dicts of them, got {type(value).__name__}"
    )


class _Flat(Function):
    """One call of a NestedIOFunction, on the tensors of its nests."""

    @staticmethod
    def forward(ctx, cls, rebuild, box, *tensors):
        ctx.nested = cls
        result = cls.forward_extended(ctx, *rebuild(iter(tensors)))
        found: list = []
        box.append(_flatten(result, found))
        ctx.make_outputs = box[0]
        return tuple(found)

    @staticmethod
    def backward(ctx, *grads):
        nested = ctx.make_outputs(iter(grads))
        if not isinstance(nested, tuple):
            nested = (nested,)
        result = ctx.nested.backward_extended(ctx, *nested)
        found: list = []
        for part in result if isinstance(result, tuple) else (result,):
            _gather(part, found)
        return (None, None, None, *found)


def _gather(value, found):
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        for v in value:
            _gather(v, found)
    else:
        found.append(value)


class NestedIOFunction(Function):
    """A Function whose arguments and results may be nests of tensors.

    Subclasses define the static methods ``forward_extended(ctx, *args)`` and
    ``backward_extended(ctx, *grads)``; a gradient has the nesting of the result, and
    what ``backward_extended`` returns holds one gradient per tensor of the arguments,
    in their order and None where there is none.

    Example::

        >>> class Swap(rushlight.autograd.NestedIOFunction):
        ...     @staticmethod
        ...     def forward_extended(ctx, pair):
        ...         return {"a": pair[1] * 2, "b": pair[0] * 3}
        ...
        ...     @staticmethod
        ...     def backward_extended(ctx, grads):
        ...         return (grads["b"] * 3, grads["a"] * 2)
        >>> x = rushlight.ones(1, requires_grad=True)
        >>> Swap.apply((x, x * 1))["b"].sum().backward()
        >>> x.grad
        tensor([3.])
    """

    @staticmethod
    def forward_extended(ctx, *args):
        """The function itself."""
        raise NotImplementedError(
            "NestedIOFunction: define the static method forward_extended(ctx, *args)"
        )

    @staticmethod
    def backward_extended(ctx, *grads):
        """The gradients of the tensors among the arguments."""
        raise NotImplementedError(
            "NestedIOFunction: define the static method backward_extended(ctx, *grads)"
        )

    @classmethod
    def apply(cls, *args):
        """Runs ``forward_extended`` and records it."""
        tensors: list = []
        rebuild = _flatten(tuple(args), tensors)
        box: list = []
        outputs = _Flat.apply(cls, rebuild, box, *tensors)
        return box[0](iter(outputs))
