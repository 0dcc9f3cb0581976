"""Functions that give back what they are given, and conjugates; METHODS of Tensor."""

from __future__ import annotations

import rushlight
from rushlight import _functions
from rushlight._pointwise import _tensors, in_place
from rushlight._results import give


def positive(input):
    """``input`` itself; raises RuntimeError for bool.

    Shape:
        Input of any shape, output the same.
    """
    _tensors("positive", input)
    if input.dtype is rushlight.bool:
        raise RuntimeError("The + operator, on a bool tensor is not supported.")
    return input


def conj_physical(input, *, out=None):
    """The complex conjugate; a real tensor as it is.

    Shape:
        Input of any shape, output the same.
    """
    _tensors("conj_physical", input)
    return give("conj_physical", _functions.conj(input), out)


def resolve_conj(input):
    """``input``: conjugates are always computed at once.

    Shape:
        Input of any shape, output the same.
    """
    _tensors("resolve_conj", input)
    return input


def resolve_neg(input):
    """``input``: negations are always computed at once.

    Shape:
        Input of any shape, output the same.
    """
    _tensors("resolve_neg", input)
    return input


def is_conj(input):
    """False: there are no lazy conjugates."""
    _tensors("is_conj", input)
    return False


def is_neg(input):
    """False: there are no lazy negations."""
    _tensors("is_neg", input)
    return False


def adjoint(input):
    """The last two dims exchanged, conjugated where complex."""
    _tensors("adjoint", input)
    if input.dim() < 2 and input.dim() != 0:
        raise RuntimeError(
            "tensor.adjoint() is only supported on matrices or batches of matrices. "
            "Got "
            f"{input.dim()}-D tensor."
        )
    if input.dim() == 0:
        return _functions.conj(input)
    return _functions.conj(input.transpose(-2, -1))


def chalf(input, *, memory_format=None):
    """Raises NotImplementedError: there is no half-precision complex dtype."""
    raise NotImplementedError(
        "chalf(): rushlight has no complex32; use complex64 (Tensor.cfloat())"
    )


METHODS = {
    "adjoint": adjoint,
    "chalf": chalf,
    "conj_physical": conj_physical,
    "conj_physical_": in_place(conj_physical, "conj_physical"),
    "is_conj": is_conj,
    "is_neg": is_neg,
    "positive": positive,
    "resolve_conj": resolve_conj,
    "resolve_neg": resolve_neg,
}
