"""A table of a model's layers, with what each gives and how much it learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rushlight
from rushlight import nn

__all__ = ["ModelSummary", "summary"]

_TITLES = ("Layer", "Kind", "Output shape", "Parameters")


class _Row:
    def __init__(self, depth, name, module, parameters):
        self.depth, self.name = depth, name
        self.kind = type(module).__name__
        self.shape: Any = None
        self.parameters = parameters


class ModelSummary:
    """What :func:`rushlight.summary` returns; its text is the table.

    Attributes:
        rows (list of tuple): (name, kind, output shape or None, parameters) of each
            call of a layer, in the order in which they ran.
        total_parameters, trainable_parameters (int): each parameter counted once.
        parameter_bytes, buffer_bytes (int): their memory.
    """

    def __init__(self, rows, model):
        self._rows = rows
        self.rows = [(r.name, r.kind, r.shape, r.parameters) for r in rows]
        # Lazy layers have had their shapes from the run.
        parameters = list(model.parameters())
        self.total_parameters = sum(p.numel() for p in parameters)
        trained = (p.numel() for p in parameters if p.requires_grad)
        self.trainable_parameters = sum(trained)
        self.parameter_bytes = sum(p.numel() * p.element_size() for p in parameters)
        buffers = list(model.buffers())
        self.buffer_bytes = sum(b.numel() * b.element_size() for b in buffers)

    def __str__(self):
        lines = [
            (
                "  " * r.depth + r.name,
                r.kind,
                "-" if r.shape is None else str(r.shape),
                f"{r.parameters:,}" if r.parameters else "-",
            )
            for r in self._rows
        ]
        widths = [max(map(len, column)) for column in zip(_TITLES, *lines)]

        def line(cells):
            cells = [f"{c:<{w}}" for c, w in zip(cells[:-1], widths)] + [
                f"{cells[-1]:>{widths[-1]}}"
            ]
            return "  ".join(cells)

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        fixed = self.total_parameters - self.trainable_parameters
        return "\n".join(
            [
                line(_TITLES),
                rule,
                *map(line, lines),
                rule,
                (
                    f"Parameters: {self.total_parameters:,} "
                    f"({self.trainable_parameters:,} trainable, {fixed:,} not)"
                ),
                (
                    f"Memory: {self.parameter_bytes:,} bytes of parameters, "
                    f"{self.buffer_bytes:,} of buffers"
                ),
            ]
        )

    __repr__ = __str__


def summary(
    model: nn.Module,
    input: Any = None,
    *,
    depth: int | None = None,
    device: Any = None,
    dtype: Any = None,
) -> ModelSummary:
    """Runs a model once and describes its layers.

    The run is without gradients, in evaluation mode, and leaves the model as it was;
    only lazy layers have their shapes from then on.
    A layer that runs twice has two rows, the second without its parameters, which are
    counted once.

    Args:
        model (nn.Module): the model.
        input (Tensor, tuple or dict): a tensor; a size, as a tuple of int, for one of
            random numbers; a tuple or list of these for several arguments; a dict for
            keyword arguments.
        depth (int, optional): how deep the table looks into layers; 1 for the model and
            its own layers. By default to the bottom.
        device, dtype (optional): of tensors made from a size; by default those of the
            model's first parameter.

    Returns:
        ModelSummary: printing it shows the table.

    Raises:
        TypeError: when ``model`` is no module, or ``input`` none of those.

    Example::

        >>> from rushlight import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> print(rushlight.summary(model, (3, 4)))
        Layer       Kind        Output shape  Parameters
        ------------------------------------------------
        Sequential  Sequential  (3, 2)                 -
          0         Linear      (3, 8)                40
          1         ReLU        (3, 8)                 -
          2         Linear      (3, 2)                18
        ------------------------------------------------
        Parameters: 58 (58 trainable, 0 not)
        Memory: 232 bytes of parameters, 0 of buffers
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"summary(): model must be a Module, not {type(model).__name__}"
        )
    args, kwargs = _arguments(model, input, device, dtype)
    names = {id(m): (name, m) for name, m in reversed(list(model.named_modules()))}
    names[id(model)] = (type(model).__name__, model)
    open_rows: list = []
    rows, seen = [], set()

    def before(module, given):
        level = len(open_rows)
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(id(p) for p in own)
        name = names[id(module)][0]
        row = _Row(level, name if level == 0 else name.rpartition(".")[2], module, 0)
        row.own = own
        open_rows.append(row)
        if depth is None or level <= depth:
            rows.append(row)
        else:
            # Its parameters are those of the layer that is shown.
            open_rows[depth].own += own

    def after(module, given, output):
        open_rows.pop().shape = _shape(output)

    training = [(m, m.training) for m in model.modules()]
    kept = {name: b.clone() for name, b in model.named_buffers()}
    handles = []
    try:
        for module in model.modules():
            handles.append(module.register_forward_pre_hook(before))
            handles.append(module.register_forward_hook(after))
        model.eval()
        with rushlight.no_grad():
            model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training:
            module.training = mode
        with rushlight.no_grad():
            for name, buffer in model.named_buffers():
                if name in kept and kept[name].shape == buffer.shape:
                    buffer.copy_(kept[name])
    for row in rows:
        row.parameters = sum(p.numel() for p in row.own)
    return ModelSummary(rows, model)


def _arguments(model, given, device, dtype):
    """(args, kwargs) of the run."""
    first = next(iter(model.parameters()), None)
    if first is not None:
        device = device or first.device
        lazy = nn.parameter.is_lazy(first)
        dtype = dtype or (
            None if lazy or not first.is_floating_point() else first.dtype
        )

    def one(value):
        if isinstance(value, rushlight.Tensor):
            return value
        if _is_size(value):
            state = rushlight.get_rng_state()
            try:
                return rushlight.rand(*value, device=device, dtype=dtype)
            finally:
                rushlight.set_rng_state(state)
        raise TypeError(
            f"summary(): input must be tensors or sizes, got {type(value).__name__}"
        )

    if isinstance(given, dict):
        return (), {name: one(value) for name, value in given.items()}
    if given is None:
        return (), {}
    if isinstance(given, rushlight.Tensor) or _is_size(given):
        return (one(given),), {}
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(one(value) for value in given), {}
    return (one(given),), {}


def _is_size(value):
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) > 0
        and all(isinstance(n, int) for n in value)
    )


def _shape(output):
    """The shape of a tensor, a list of them for several, None for something else."""
    if isinstance(output, rushlight.Tensor):
        return tuple(output.shape)
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (tuple, list)):
        found = [_shape(item) for item in output]
        return [shape for shape in found if shape is not None] or None
    return None
