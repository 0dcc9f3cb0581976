"""Full backward hooks: two identity nodes around a module's forward.

The node at the outputs sees ``grad_output`` first and runs the pre-hooks; the node at
the inputs sees every ``grad_input`` at once and runs the hooks. Imported when a module
with backward hooks is called, so that ``autograd.Function`` is not needed before.
"""

from __future__ import annotations

import warnings

import rushlight


class _Boundary(rushlight.autograd.Function):
    """Identity over all tensors of one side; ``on_grads`` may replace gradients.

    Gradients that never came are zeros if ``zeros_for_none``, else ``None``.
    """

    @staticmethod
    def forward(ctx, on_grads, zeros_for_none, *tensors):
        ctx.on_grads = on_grads
        ctx.set_materialize_grads(zeros_for_none)
        results = tuple(tensor.view_as(tensor) for tensor in tensors)
        ctx.mark_non_differentiable(
            *(
                result
                for tensor, result in zip(tensors, results, strict=True)
                if not tensor.requires_grad
            )
        )
        return results

    @staticmethod
    def backward(ctx, *grads):
        return (None, None, *ctx.on_grads(grads))


class BackwardBoundary:
    """Runs one module call's backward hooks.

    Args:
        module: the module handed to the hooks.
        hooks: full backward hooks, in order.
        pre_hooks: full backward pre-hooks, in order.
    """

    def __init__(self, module, hooks, pre_hooks) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs = None
        self.input_slots = None
        self.input_count = 0

    def enter(self, args):
        """Pass the positional arguments through the input node."""
        self.input_count = len(args)
        args, self.input_slots = self._wrap(args, self._on_input_grads, True)
        return args

    def leave(self, output):
        """Pass the module's output through the output node."""
        if not isinstance(output, (rushlight.Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or "
                f"a tuple of Tensors but received {type(output)}",
                stacklevel=4,
            )
        single = not isinstance(output, tuple)
        values = (output,) if single else output
        self.output_count = len(values)
        values, self.output_slots = self._wrap(values, self._on_output_grads, False)
        return values[0] if single else values

    def _wrap(self, values, on_grads, zeros_for_none):
        slots = [i for i, v in enumerate(values) if isinstance(v, rushlight.Tensor)]
        tensors = [values[i] for i in slots]
        if not rushlight.is_grad_enabled() or not any(
            tensor.requires_grad for tensor in tensors
        ):
            return values, None
        wrapped = list(values)
        passed = _Boundary.apply(on_grads, zeros_for_none, *tensors)
        for slot, tensor in zip(slots, passed, strict=True):
            wrapped[slot] = tensor
        if type(values) is tuple:
            return tuple(wrapped), slots
        return type(values)(*wrapped), slots

    def _on_output_grads(self, grads):
        spread = _spread(self.output_slots, grads, self.output_count)
        for hook in self.pre_hooks:
            changed = hook(self.module, spread)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(spread):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(changed)}, but expected {len(spread)}"
                )
            spread = changed
        self.grad_outputs = spread
        if self.input_slots is None:
            self._run_without_input_grads(spread)
        return tuple(spread[i] for i in self.output_slots)

    def _run_without_input_grads(self, grad_outputs):
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to "
            "module outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=5,
        )
        none_grads = (None,) * self.input_count
        for hook in self.hooks:
            changed = hook(self.module, none_grads, grad_outputs)
            if changed is not None and any(grad is not None for grad in changed):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should "
                    "always return None or None for all gradients."
                )
        self.grad_outputs = None

    def _on_input_grads(self, grads):
        if self.grad_outputs is None:
            # The gradient came around the module's output, as in double backward.
            return grads
        spread = _spread(self.input_slots, grads, self.input_count)
        for hook in self.hooks:
            changed = hook(self.module, spread, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(spread):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(changed)}, but expected {len(spread)}"
                )
            spread = changed
        self.grad_outputs = None
        return tuple(spread[i] for i in self.input_slots)


def _spread(slots, values, count):
    spread = [None] * count
    for slot, value in zip(slots, values, strict=True):
        spread[slot] = value
    return tuple(spread)
