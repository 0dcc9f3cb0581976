"""Names for the types of functions that give back the module they were given."""

from __future__ import annotations

from typing import TypeVar

from rushlight.nn.modules.module import Module

M = TypeVar("M", bound=Module)
