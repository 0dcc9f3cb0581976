"""Rushlight's equals of a record's arguments: those that are modules too."""

from __future__ import annotations

import collections

import torch

import rushlight as rl
from opdb.snapshot import Snapshot, find, translate


def arguments(given):
    """(args, kwargs) for Rushlight of a ``FunctionInput`` of a constructor."""
    args = tuple(_equal(a) for a in given.args)
    return args, {k: _equal(v) for k, v in given.kwargs.items()}


def _equal(x):
    if isinstance(x, torch.nn.Module):
        return _module(x)
    if isinstance(x, torch.Tensor):
        return Snapshot(x).ours()[0][0]
    return translate(x)


def _module(theirs):
    """A module of PyTorch's rebuilt, attribute by attribute.

    Raises:
        Missing: when Rushlight lacks the class.
    """
    kind = type(theirs)
    cls = find(f"{kind.__module__.removeprefix('torch.')}.{kind.__name__}")
    ours = cls.__new__(cls)
    rl.nn.Module.__init__(ours)
    for name, value in vars(theirs).items():
        if name in ("_parameters", "_buffers"):
            value = {k: None if v is None else _equal(v) for k, v in value.items()}
        elif name == "_modules":
            value = {k: None if v is None else _module(v) for k, v in value.items()}
        elif isinstance(value, collections.OrderedDict):
            # A table of hooks: the modules of records have none.
            if value:
                raise NotImplementedError(f"{cls.__name__}.{name} is not empty")
            continue
        else:
            value = _equal(value)
        vars(ours)[name] = value
    return ours


def state(module):
    """The ``state_dict`` of PyTorch's module as one of Rushlight's."""
    theirs = module.state_dict()
    ours = collections.OrderedDict(
        (k, Snapshot(v).ours()[0][0]) for k, v in theirs.items()
    )
    ours._metadata = theirs._metadata
    return ours
