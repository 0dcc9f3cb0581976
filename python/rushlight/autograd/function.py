"""User-defined differentiable functions."""

from __future__ import annotations

from rushlight._core import (
    Tensor,
    _anomaly_state,
    _overwritten_text,
    _record_function,
    is_grad_enabled,
)
from rushlight.autograd.anomaly_mode import user_line


class FunctionCtx:
    """What ``forward`` leaves for ``backward``."""

    _non_differentiable = frozenset()
    _materialize = True
    _saved = ()
    _saved_at = None
    _dirty = ()
    _freed = False

    def save_for_backward(self, *tensors):
        """Keeps tensors for ``ctx.saved_tensors``; writing into one is noticed."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but got "
                    f"{type(t).__name__}"
                )
        self._saved = tuple((t, None if t is None else t._version) for t in tensors)
        if _anomaly_state()[0]:
            self._saved_at = user_line()

    @property
    def saved_tensors(self):
        if self._freed:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly "
                "access "
                "saved tensors after they have already been freed). Specify "
                "retain_graph=True in the first backward()."
            )
        for t, version in self._saved:
            if t is not None and t._version != version:
                raise RuntimeError(
                    _overwritten_text(type(self).__name__, t, version, self._saved_at)
                )
        return tuple(t for t, _ in self._saved)

    def mark_dirty(self, *tensors):
        """Declares inputs that ``forward`` wrote into and returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Declares outputs without a gradient."""
        self._no_grad_outputs = tensors

    def set_materialize_grads(self, value):
        """Whether an unused output's gradient arrives as zeros (else as None)."""
        self._materialize = value

    def _run_backward(self, gradients, metas):
        import rushlight

        if self._materialize:
            gradients = [
                rushlight.zeros(shape, dtype=rushlight._core._dtypes[code])
                if g is None
                else g
                for g, (shape, code) in zip(gradients, metas)
            ]
        result = self._cls.backward(self, *gradients)
        if not isinstance(result, tuple):
            result = (result,)
        wanted = len(self.needs_input_grad)
        if len(result) > wanted and all(x is None for x in result[wanted:]):
            result = result[:wanted]
        if len(result) != wanted:
            raise RuntimeError(
                f"function {type(self).__name__} returned an incorrect number of "
                f"gradients (expected {wanted}, got {len(result)})"
            )
        return result

    def _free(self):
        self._freed = bool(self._saved)
        self._saved = ()


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

    @staticmethod
    def forward(*args, **kwargs):
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @classmethod
    def apply(cls, *args):
        """Runs ``forward`` and records it."""
        import rushlight

        if cls.__dict__.get("_context_type") is None:
            cls._context_type = type(cls.__name__ + "Backward", (FunctionCtx,), {})
        ctx = cls._context_type()
        ctx._cls = cls
        ctx.needs_input_grad = tuple(
            isinstance(a, Tensor) and a.requires_grad for a in args
        )
        recorded = is_grad_enabled() and any(ctx.needs_input_grad)
        with rushlight.no_grad():
            if cls.setup_context is not Function.setup_context:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args)
        single = not isinstance(result, tuple)
        outputs = [result] if single else list(result)
        for d in ctx._dirty:
            if not any(d is o for o in outputs):
                raise RuntimeError(
                    f"{cls.__name__}: a tensor given to mark_dirty is not an output"
                )
        if recorded:
            inputs = [a for a in args if isinstance(a, Tensor)]
            dirty = ctx._dirty
            # An input handed back as it is must not become its own history.
            outputs = [
                o.view(o.shape)
                if any(o is a for a in inputs) and not any(o is d for d in dirty)
                else o
                for o in outputs
            ]
            none = getattr(ctx, "_no_grad_outputs", ())
            originals = [result] if single else list(result)
            ctx._non_differentiable = frozenset(
                i for i, o in enumerate(originals) if any(o is t for t in none)
            )
            tensors = [o for o in outputs if isinstance(o, Tensor)]
            if len(tensors) != len(outputs):
                raise TypeError(
                    f"{cls.__name__}.forward: expected Tensor or tuple of Tensor "
                    f"outputs, got {[type(o).__name__ for o in outputs]}"
                )
            _record_function(ctx, list(args), outputs)
        return outputs[0] if single else tuple(outputs)


def once_differentiable(function):
    """Marks a ``backward`` whose own derivative is not available."""
    import functools

    @functools.wraps(function)
    def wrapped(ctx, *grads):
        import rushlight

        with rushlight.no_grad():
            return function(ctx, *grads)

    return wrapped
