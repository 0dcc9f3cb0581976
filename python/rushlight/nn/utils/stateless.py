"""Calling a module with other parameters than its own."""

from __future__ import annotations

import contextlib
from typing import Any

import rushlight
from rushlight._core import Tensor
from rushlight.nn.modules.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with some parameters and buffers replaced for the time of the call.

    Gradients flow to the given tensors. What the module assigns to a replaced buffer is
    written to ``parameters_and_buffers``.

    Args:
        module: the module to call.
        parameters_and_buffers: a dict from full names to tensors.
        args: a tuple of arguments, or a single one. Default: none.
        kwargs: a dict of keyword arguments. Default: none.
        tie_weights: a tensor that the module has under several names is replaced under
            all of them. Default: ``True``.
        strict: require the names to be all of the module's. Default: ``False``.

    Returns:
        What the module returns.

    Raises:
        RuntimeError: names are missing or unexpected while ``strict``.
        ValueError: one tensor of several names is given several values.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> from rushlight.nn.utils import stateless
        >>> layer = nn.Linear(1, 1)
        >>> ones = {"weight": rushlight.ones(1, 1), "bias": rushlight.ones(1)}
        >>> stateless.functional_call(layer, ones, rushlight.ones(1)).item()
        2.0
    """
    if isinstance(module, rushlight.nn.DataParallel):
        raise RuntimeError(
            "The stateless API can't be used with nn.DataParallel module"
        )
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, parameters_and_buffers, tie_weights, strict):
        return module(*args, **({} if kwargs is None else kwargs))


@contextlib.contextmanager
def _replaced(module, given, tie_weights, strict):
    """Put the given tensors into a module for the time of the ``with`` block."""
    wanted = _with_tied_names(module, given) if tie_weights else given
    if strict:
        _check_names(module, wanted)
    replaced = {}
    try:
        for name, tensor in wanted.items():
            replaced[name] = _swap(module, name, tensor)
        yield
    finally:
        for name, tensor in replaced.items():
            current = _swap(module, name, tensor)
            if name in given:
                given[name] = current


# What `_swap` returns and takes for a name that the module did not have.
_ABSENT = object()


def _swap(module, path, tensor):
    """Put a tensor into a module under a dotted name; return what was there.

    It goes into the tables directly: assigning a plain tensor to a parameter is an
    error, and a parametrized tensor is hidden by the instance's dict.
    """
    if not _may_be_entry(tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    owner_path, _, name = path.rpartition(".")
    owner = module.get_submodule(owner_path)
    for table in (owner._parameters, owner._buffers):
        if name in table:
            old, table[name] = table[name], tensor
            return old
    old = getattr(owner, name, _ABSENT)
    if not _may_be_entry(old):
        raise TypeError(f"attribute `{name}`: {old} is not an instance of torch.Tensor")
    if tensor is _ABSENT:
        delattr(owner, name)
    else:
        setattr(owner, name, tensor)
    return old


def _may_be_entry(value) -> bool:
    return value is _ABSENT or value is None or isinstance(value, rushlight.Tensor)


def _named_tensors(module):
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _check_names(module, wanted) -> None:
    own = {name for name, _ in _named_tensors(module)}
    problems = []
    for word, names in (
        ("Unexpected", sorted(wanted.keys() - own)),
        ("Missing", sorted(own - wanted.keys())),
    ):
        if names:
            problems.append(f"{word} key(s): {', '.join(map(repr, names))}.")
    if problems:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {module._get_name()}:\n\t"
            + "\n\t".join(problems)
        )


def _with_tied_names(module, given):
    """Return ``given`` with every other name of the tensors it names."""
    names_of: dict[int, list[str]] = {}
    for name, tensor in _named_tensors(module):
        names_of.setdefault(id(tensor), []).append(name)
    wanted = dict(given)
    for names in names_of.values():
        values = [given[name] for name in names if name in given]
        if not values:
            continue
        if any(value is not values[0] for value in values):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which "
                "are tied. Consider using tie_weights=False"
            )
        wanted.update(dict.fromkeys(names, values[0]))
    return wanted
