"""Functions that pickles name to rebuild tensors and parameters."""

from __future__ import annotations

__all__ = ["_rebuild_parameter", "_rebuild_parameter_with_state"]


def _rebuild_parameter(data, requires_grad, backward_hooks):
    from rushlight.nn.parameter import Parameter

    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    param = _rebuild_parameter(data, requires_grad, backward_hooks)
    param.__dict__.update(state)
    return param
