"""Names for the types that many signatures share; the stubs use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rushlight._core import device

Number: TypeAlias = int | float | complex
# One dim or size, or several.
Dims: TypeAlias = int | Sequence[int]
Device: TypeAlias = device | str | int
