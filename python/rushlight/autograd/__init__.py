"""Automatic differentiation."""

from __future__ import annotations

from rushlight.autograd._api import backward, grad
from rushlight.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from rushlight.autograd.function import Function, NestedIOFunction
from rushlight.autograd.grad_mode import (
    enable_grad,
    enforce_grad_layout_policy,
    inference_mode,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from rushlight.autograd.gradcheck import gradcheck, gradgradcheck
from rushlight.autograd.variable import Variable

__all__ = [
    "Function",
    "NestedIOFunction",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "enforce_grad_layout_policy",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

# Imported when first asked for.
_MODULES = ("forward_ad", "functional", "graph")


def __getattr__(name):
    if name in _MODULES:
        import importlib

        return importlib.import_module(f"rushlight.autograd.{name}")
    raise AttributeError(f"module 'rushlight.autograd' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_MODULES])
