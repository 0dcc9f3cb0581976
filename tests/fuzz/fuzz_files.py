"""Damages files and reports what loads with other data than was saved.

    python tests/fuzz/fuzz_files.py                       # 10,000 flips, every cut
    python tests/fuzz/fuzz_files.py --flips 100 --seed 5  # others
    python tests/fuzz/fuzz_files.py --format safetensors

A checkpoint must be refused or load what was saved. Safetensors files have no
checksums: a flip in their data cannot be seen, so what is checked is that nothing but
the documented errors comes out and that no tensor is larger than the file. Exit status
1 when there is a finding.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import random
import sys
import tempfile
from collections import Counter

import rushlight as rl
from rushlight import nn, optim, safetensors

REFUSALS = (RuntimeError, pickle.UnpicklingError, EOFError, safetensors.SafetensorError)


def checkpoint():
    """A small model's and its optimizer's state."""
    rl.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(4, 3))
    optimizer = optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = rl.ones_like(parameter)
    optimizer.step()
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": 3,
        "losses": [0.5, 0.25],
        "mask": rl.tensor([True, False]),
    }


def plain(value):
    """A value as lists and bytes that compare whole."""
    if isinstance(value, rl.Tensor):
        raw = value.detach().contiguous().view(-1).view(rl.uint8)
        return str(value.dtype), tuple(value.shape), bytes(raw.tolist())
    if isinstance(value, dict):
        return [(key, plain(part)) for key, part in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(part) for part in value]
    return type(value).__name__, value


class Zip:
    """Checkpoints, read from a stream."""

    checked = True

    def save(self):
        stream = io.BytesIO()
        rl.save(checkpoint(), stream)
        return stream.getvalue()

    def load(self, data):
        return rl.load(io.BytesIO(data))


class Mapped(Zip):
    """Checkpoints, mapped from a file."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(), "a.pt")

    def load(self, data):
        # A new file each time: an old one may still be mapped.
        with open(self.path + ".new", "wb") as stream:
            stream.write(data)
        os.replace(self.path + ".new", self.path)
        return rl.load(self.path, mmap=True)


class Safetensors:
    checked = False

    def save(self):
        state = checkpoint()
        return safetensors.save({**state["model"], "mask": state["mask"]}, {"a": "b"})

    def load(self, data):
        got = safetensors.load(data)
        size = sum(tensor.numel() * tensor.itemsize for tensor in got.values())
        if size > len(data):
            raise AssertionError(f"{size} bytes of tensors from {len(data)}")
        return got


FORMATS = {"zip": Zip, "mmap": Mapped, "safetensors": Safetensors}


def outcome(kind, data, expected):
    """``"refused"``, ``"same"``, ``"changed"`` or a description of what is wrong."""
    try:
        got = plain(kind.load(data))
    except REFUSALS:
        return "refused"
    except Exception as error:
        return f"finding: {type(error).__name__}: {error}"
    if got == expected:
        return "same"
    return "finding: other data" if kind.checked else "changed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=FORMATS, action="append")
    options = parser.parse_args()
    failed = False
    for name in options.format or FORMATS:
        kind = FORMATS[name]()
        data = kind.save()
        expected = plain(kind.load(data))
        rng = random.Random(options.seed)
        flips, cuts = Counter(), Counter()
        for _ in range(options.flips):
            at, bit = rng.randrange(len(data)), rng.randrange(8)
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            result = outcome(kind, bytes(damaged), expected)
            flips[result.partition(":")[0]] += 1
            if result.startswith("finding"):
                print(f"{name}: byte {at}, bit {bit}: {result}")
        for size in range(len(data)):
            result = outcome(kind, data[:size], expected)
            cuts[result.partition(":")[0]] += 1
            if result.startswith("finding"):
                print(f"{name}: cut to {size}: {result}")
        print(
            f"{name}: {len(data)} bytes; flips {dict(flips)}; truncations {dict(cuts)}"
        )
        failed |= bool(flips["finding"] or cuts["finding"] or set(cuts) - {"refused"})
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
