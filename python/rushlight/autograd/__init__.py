"""Automatic differentiation."""

from __future__ import annotations

from rushlight.autograd._api import backward, grad
from rushlight.autograd.function import Function
from rushlight.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Function",
    "backward",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]


def __getattr__(name):
    if name in ("gradcheck", "gradgradcheck"):
        from rushlight.autograd import gradcheck as module

        return getattr(module, name)
    raise AttributeError(f"module 'rushlight.autograd' has no attribute {name!r}")
