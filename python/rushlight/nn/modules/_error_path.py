"""Names the module inside a model that an exception came from."""

from __future__ import annotations

# What callers see as wrong input; anything else is not about a layer's shapes.
LAYER_ERRORS = (RuntimeError, IndexError, ValueError, TypeError)


def note_module(error, module):
    """Add ``module`` to the path that the exception's note spells.

    Every module the exception leaves calls this once, innermost first, so the note
    grows from ``in Conv2d(...)`` to ``in Net.layer2.0.conv: Conv2d(...)``.
    """
    trail = getattr(error, "_module_trail", None)
    if trail is None:
        path, described, inner = "", _describe(module), module
        slot = len(getattr(error, "__notes__", ()))
        error.add_note("")
    else:
        inner, path, described, slot = trail
        if inner is not module:
            step = _name_in(inner, module)
            path = ".".join(part for part in (step, path) if part)
    try:
        error._module_trail = (module, path, described, slot)
        prefix = type(module).__name__
        where = f"{prefix}.{path}: {described}" if path else described
        error.__notes__[slot] = f"raised in {where}"
    except (AttributeError, IndexError):
        # An exception class with __slots__, or notes that someone else rewrote.
        return


def _describe(module) -> str:
    try:
        extra = module.extra_repr()
    except Exception:
        # A half-built module: its name has to do.
        return type(module).__name__
    return f"{type(module).__name__}({extra})"


def _name_in(inner, outer) -> str:
    for name, candidate in outer.named_modules():
        if candidate is inner:
            return name
    return type(inner).__name__
