"""Which records are compared, in which group, and what is known to differ."""

from __future__ import annotations

import fnmatch
import pathlib

GAPS = pathlib.Path(__file__).parents[1] / "opdb_gaps.txt"

# Records of what is no public name of PyTorch's eager API, or of what Rushlight is not.
OUT_OF_SCOPE = {
    "torch.*": "internal overloads",
    "_*": "private functions",
    "*_copy": "functionalization's copies of views",
    "slice": "an internal overload",
    "unsafe_*": "variants for functionalization",
    "native_*": "the dispatcher's forms of nn.functional's",
    "max_pool2d_with_indices_backward": "a derivative",
    "jiterator_*": "CUDA's compiled kernels",
    "sparse.*": "sparse tensors",
    "to_sparse": "sparse tensors",
    "masked.*": "masked tensors, a prototype of PyTorch's",
    "nonzero_static": "for tracing",
    "hash_tensor": "a prototype of PyTorch's",
    "nn.functional.linear_cross_entropy*": "a prototype of PyTorch's",
}
# Those that a pattern above would take by mistake.
_IN_SCOPE = ("__*__", "native_channel_shuffle", "index_copy")


def in_scope(name):
    """Whether a record (by its key) is compared."""
    name = name.partition("/")[0]
    if any(fnmatch.fnmatchcase(name, p) for p in _IN_SCOPE):
        return True
    return not any(fnmatch.fnmatchcase(name, p) for p in OUT_OF_SCOPE)


def group(name):
    """The namespace of a record: torch, linalg, fft, special, signal, nn.functional."""
    name = name.partition("/")[0]
    if name.startswith("nn.functional."):
        return "nn.functional"
    return name.partition(".")[0] if "." in name else "torch"


class Gaps:
    """The known gaps: lines ``op [variant]: reason``, names being shell patterns.

    A reason that begins with "open" is of what is being mended: it may pass already.
    """

    def __init__(self, text):
        self.lines = {}
        for line in text.splitlines():
            line = line.strip()
            if line and not line.startswith("#"):
                names, _, reason = line.partition(": ")
                if not reason.strip():
                    raise ValueError(f"no reason in the line {line!r}")
                op, _, variant = names.partition(" ")
                self.lines[op, variant.strip()] = reason.strip()

    @classmethod
    def read(cls, path=GAPS):
        return cls(path.read_text())

    def of(self, op, variant):
        """The lines that take in a variant."""
        return [
            line
            for line in self.of_op(op)
            if not line[1] or fnmatch.fnmatchcase(variant, line[1])
        ]

    def is_open(self, line):
        return self.lines[line].startswith("open")

    def of_op(self, op):
        """The lines that name a record."""
        return [line for line in self.lines if fnmatch.fnmatchcase(op, line[0])]
