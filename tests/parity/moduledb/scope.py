"""Which module records are compared, and where the known gaps stand."""

from __future__ import annotations

import pathlib

GAPS = pathlib.Path(__file__).parents[1] / "module_db_gaps.txt"

OUT_OF_SCOPE = {"LinearCrossEntropyLoss": "a prototype of PyTorch's"}


def in_scope(name):
    """Whether a record (by its class name) is compared."""
    return name not in OUT_OF_SCOPE
