"""Hostile arguments as source text, so that a call can be printed as it was run."""

from __future__ import annotations

import itertools

import numpy as np

import rushlight as rl

DTYPES = (
    "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 "
    "complex128"
).split()
LAYOUTS = (
    "dense dense transposed sliced tail expanded overlapping flat channels".split()
)
INTS = [0, 1, 2, 3, 4, 5, -1, -2, -3, 7, 8, 16, -9]
HUGE = [
    2**31 - 1,
    2**31,
    -(2**31),
    2**32,
    2**40,
    2**61,
    2**62,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64,
    10**30,
    -(10**30),
]
FLOATS = (
    "0.0 -0.0 0.5 1.5 -1.0 2.0 1e308 -1e308 5e-324 1e-30 float('nan') float('inf') "
    "-float('inf')"
).split()
ODDITIES = [
    "None",
    "'x'",
    "''",
    "b'ab'",
    "[]",
    "()",
    "{}",
    "[[1, 2], [3]]",
    "[[1.0], 'a']",
    "[None]",
    "True",
    "1j",
    "object()",
    "rl.float32",
    "rl.Tensor",
    "rl.device('cpu')",
    "slice(None)",
    "...",
    "np.float32(2)",
    "np.arange(3)",
    "np.zeros((2, 0))",
    "rl.Size([2, 3])",
    "'cuda'",
    "'meta'",
    "len",
    "[rl.ones(2), 3]",
    "int",
    "[[[[[[[[[[1]]]]]]]]]]",
    "range(3)",
    "{'a': 1}",
    "rl.nn.Linear(2, 2)",
    "iter([1, 2])",
    "set()",
    "'\\udcff'",
    "np.arange(6).reshape(2, 3)[::-1, ::-1]",
    "[10**30]",
    "[2**63 - 1, 2**63 - 1]",
    "(-1, -1)",
    "(2**40, 2**40)",
]


def tensor(
    shape, dtype="float32", layout="dense", seed=0, grad=False, low=None, high=None
):
    """A tensor that fills its memory exactly, so that a touch of more is noticed.

    Integers are drawn from ``low .. high`` where these are given (indices).
    """
    rng = np.random.default_rng(seed)
    shape = tuple(shape)
    n = int(np.prod(shape, dtype=np.int64))

    def values(count):
        if low is not None:
            drawn = rng.integers(low, high + 1, count)
        elif dtype == "bool":
            drawn = rng.random(count) < 0.5
        elif dtype.startswith(("int", "uint")):
            kind = np.iinfo(dtype)
            drawn = rng.integers(-4, 5, count)
            if seed % 5 == 0:
                drawn = np.where(rng.random(count) < 0.2, kind.max, drawn)
                drawn = np.where(rng.random(count) < 0.1, kind.min, drawn)
            drawn = drawn.astype(dtype)
        else:
            drawn = rng.standard_normal(count)
            if seed % 5 == 0:
                odd = rng.choice([np.nan, np.inf, -np.inf, 1e300, 0.0, -0.0], count)
                drawn = np.where(rng.random(count) < 0.2, odd, drawn)
        made = rl.from_numpy(np.asarray(drawn)).clone()
        return made.to(getattr(rl, dtype))

    if layout == "transposed" and len(shape) >= 2:
        x = values(n).reshape(*shape[:-2], shape[-1], shape[-2]).transpose(-1, -2)
    elif layout == "channels" and len(shape) == 4:
        x = values(n).reshape(*(shape[i] for i in (0, 2, 3, 1))).permute(0, 3, 1, 2)
    elif layout == "sliced" and shape:
        step = 1 + seed % 3
        wide = (*shape[:-1], shape[-1] * step + 1)
        x = values(int(np.prod(wide))).reshape(wide)[..., 1::step]
    elif layout == "tail":
        x = values(n + 3)[3:].reshape(shape)
    elif layout == "expanded":
        small = [1 if i % 2 == seed % 2 else s for i, s in enumerate(shape)]
        x = values(int(np.prod(small, dtype=np.int64))).reshape(small).expand(shape)
    elif layout == "overlapping" and shape and n:
        strides = [(seed >> i) & 1 for i in range(len(shape))]
        last = sum((s - 1) * t for s, t in zip(shape, strides))
        x = values(last + 2).as_strided(shape, strides, 1)
    elif layout == "flat":
        x = rl.from_numpy(values(n).numpy().reshape(shape))
    else:
        x = values(n).reshape(shape)
    if grad and (x.is_floating_point() or x.is_complex()):
        x = x.detach().requires_grad_()
    return x


class Draw:
    """Draws arguments for one call; its tensors tend to share a shape and a dtype."""

    def __init__(self, rng):
        self.rng = rng
        self.base = self.any_shape()
        self.dtype = rng.choice(DTYPES[:2] * 5 + DTYPES)
        self.grad = rng.random() < 0.3
        self.names = []  # tensors of the call, by name: they can come twice
        self.code = []

    def any_shape(self):
        rng = self.rng
        if rng.random() < 0.02:
            return (rng.choice([40000, 70001]),)
        ndim = rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 8])
        most = 4 if ndim > 4 else 9
        shape = [rng.randint(1, most) for _ in range(ndim)]
        if shape and rng.random() < 0.12:
            shape[rng.randrange(ndim)] = 0
        if shape and rng.random() < 0.1:
            shape[rng.randrange(ndim)] = rng.choice([16, 17, 33, 65])
        return tuple(shape)

    def related_shape(self):
        rng, shape = self.rng, list(self.base)
        kind = rng.random()
        if kind < 0.45:
            pass
        elif kind < 0.55 and shape:
            shape[rng.randrange(len(shape))] = 1
        elif kind < 0.65:
            shape = shape[rng.randint(0, len(shape)) :]
        elif kind < 0.75 and len(shape) >= 2:
            shape[-1], shape[-2] = shape[-2], shape[-1]
        elif kind < 0.85 and shape:
            shape[rng.randrange(len(shape))] = rng.randint(0, 6)
        else:
            shape = list(self.any_shape())
        return tuple(shape)

    def tensor(self, dtype=None, shape=None, **extra):
        rng = self.rng
        if self.names and rng.random() < 0.08:
            return rng.choice(self.names)
        shape = self.related_shape() if shape is None else shape
        if dtype is None:
            dtype = self.dtype if rng.random() < 0.9 else rng.choice(DTYPES)
        extra = "".join(f", {k}={v!r}" for k, v in extra.items())
        if self.grad and rng.random() < 0.7:
            extra += ", grad=True"
        name = "xyzuvwabcdefgh"[len(self.names)] if len(self.names) < 14 else None
        extra = f"{rng.choice(LAYOUTS)!r}, {rng.randrange(100)}{extra}"
        code = f"tensor({shape}, {dtype!r}, {extra})"
        if name is None:
            return code
        self.names.append(name)
        self.code.append((name, code))
        return name

    def index(self):
        rng = self.rng
        size = max(self.base, default=1)
        dtype = rng.choice(["int64"] * 6 + ["int32", "uint8", "bool", "float32"])
        if dtype == "uint8":
            return self.tensor(dtype)
        extreme = rng.random() < 0.1
        low = rng.choice([0, 0, 0, -size, -size - 2, -1])
        high = rng.choice(
            [0, max(min(self.base, default=1) - 1, 0), max(size - 1, 0), size + 1]
        )
        if extreme and dtype == "int64":
            low, high = rng.choice(
                [(-(2**63), -(2**62)), (2**62, 2**63 - 2), (2**31, 2**33)]
            )
        if dtype == "bool":
            return self.tensor(dtype)
        return self.tensor(dtype, low=min(low, high), high=high)

    def integer(self):
        rng = self.rng
        return str(rng.choice(HUGE) if rng.random() < 0.07 else rng.choice(INTS))

    def dim(self):
        rng, n = self.rng, len(self.base)
        if rng.random() < 0.85 and n:
            return str(rng.randint(-n, n - 1))
        return self.integer()

    def ints(self, low=0, high=4, most=4):
        rng = self.rng
        many = [rng.randint(low, high) for _ in range(rng.randint(0, most))]
        if many and rng.random() < 0.1:
            many[rng.randrange(len(many))] = rng.choice(HUGE + INTS)
        return str(tuple(many) if rng.random() < 0.7 else many)

    def dims(self):
        rng, n = self.rng, len(self.base)
        kind = rng.random()
        if kind < 0.5:
            return self.dim()
        if kind < 0.9:
            return str(tuple(rng.sample(range(n), rng.randint(0, n))))
        return self.ints(-9, 9, 9)

    def size(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.3:
            return str(self.related_shape())
        if kind < 0.45:
            return str(tuple(rng.sample(self.base, len(self.base))))
        if kind < 0.55:
            return str((-1, *self.base[1:]))
        if kind < 0.65:
            return str((rng.randint(0, 3), *self.base))
        if kind < 0.75:
            return self.integer()
        return self.ints(-1, 6, 8)

    def number(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(FLOATS)
        if kind < 0.8:
            return self.integer()
        return rng.choice(
            ["True", "2j", "np.float64(0.5)", "np.int64(3)", "1.0", "0.25"]
        )

    def dtype_text(self):
        return "rl." + self.rng.choice(DTYPES)

    def window(self):  # kernel sizes, paddings, strides
        rng = self.rng
        return str(rng.randint(0, 4)) if rng.random() < 0.6 else self.ints(0, 4, 3)

    def key(self, depth=0):
        """Something to index with."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.2:
            return self.integer()
        if kind < 0.45:
            parts = [self.integer() if rng.random() < 0.6 else "None" for _ in range(3)]
            return f"slice({', '.join(parts)})"
        if kind < 0.65:
            return self.index()
        if kind < 0.72:
            return self.tensor("bool", shape=self.base)
        if kind < 0.8:
            return rng.choice(
                ["None", "...", "True", "False", "[0, -1]", "[True, False]", "[]"]
            )
        if depth < 2:
            parts = [self.key(depth + 1) for _ in range(rng.randint(0, 4))]
            return "(" + "".join(p + ", " for p in parts) + ")"
        return "0"

    def anything(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.3:
            return self.tensor()
        if kind < 0.5:
            return self.integer()
        if kind < 0.6:
            return rng.choice(FLOATS)
        if kind < 0.7:
            return self.ints(-4, 9, 8)
        if kind < 0.75:
            return f"[{self.tensor()}, {self.tensor()}]"
        return rng.choice(ODDITIES)


def _any_of(*texts):
    return lambda draw: draw.rng.choice(texts)


def _tensors(draw):
    return (
        "[" + "".join(draw.tensor() + ", " for _ in range(draw.rng.randint(0, 4))) + "]"
    )


def _indices(draw):
    many = [
        "None" if draw.rng.random() < 0.2 else draw.index()
        for _ in range(draw.rng.randint(0, 4))
    ]
    return "(" + "".join(m + ", " for m in many) + ")"


def _or_none(draw_one):
    return lambda draw: "None" if draw.rng.random() < 0.3 else draw_one(draw)


def _named(groups):
    table = {}
    for names, draw_one in groups:
        table.update(dict.fromkeys(names.split(), draw_one))
    return table


def _strides(draw):
    return draw.ints(0, 9, 5) if draw.rng.random() < 0.5 else draw.window()


_FLAGS = (
    "keepdim unbiased descending stable largest sorted inplace training ceil_mode",
    "count_include_pad return_indices align_corners return_inverse return_counts",
    "requires_grad copy non_blocking upper lower left include_self accumulate",
)
_REDUCE = "'sum' 'prod' 'mean' 'amax' 'amin' 'add' ''".split()
_MODES = (
    "'constant' 'reflect' 'replicate' 'circular' 'nearest' 'bilinear' 'reduced' 'full' "
    "'fan_in'"
).split()
# What a parameter of this name usually takes.
BY_NAME = _named(
    [
        ("dim axis dim0 dim1 dim2 axis0 axis1", Draw.dim),
        ("start_dim end_dim source destination", Draw.dim),
        ("dims dim_ axes", Draw.dims),
        ("index indices_or_sections target", Draw.index),
        ("indices", _indices),
        ("mask condition", lambda d: d.tensor("bool")),
        ("size shape sizes repeats output_size", Draw.size),
        ("normalized_shape split_sizes sections", Draw.size),
        ("stride strides", _strides),
        ("kernel_size padding dilation output_padding pad shifts", Draw.window),
        ("groups diagonal offset k n m chunks", Draw.integer),
        ("split_size steps num_classes", Draw.integer),
        ("dtype", _or_none(Draw.dtype_text)),
        ("out", lambda d: d.tensor() if d.rng.random() < 0.3 else "None"),
        ("tensors inputs outputs parameters params", _tensors),
        ("value fill_value alpha beta p eps min max start end step q", Draw.number),
        *((names, _any_of("True", "False")) for names in _FLAGS),
        ("reduction", _any_of("'none'", "'mean'", "'sum'", "'x'")),
        ("reduce", _any_of(*_REDUCE)),
        ("mode", _any_of(*_MODES)),
        ("rounding_mode", _any_of("None", "'trunc'", "'floor'", "'x'")),
        ("generator", _any_of("None", "None", "rl.Generator()", "3")),
        ("device", _any_of("None", "'cpu'", "'cuda'", "rl.device('cpu')", "0")),
        ("weight bias", _or_none(lambda d: d.tensor())),
        ("memory_format", _any_of("None", "rl.strided", "'x'")),
        ("storage_offset", Draw.integer),
        ("key", Draw.key),
    ]
)


def argument(draw, name, annotation="", sane=0.88):
    """The text of an argument for a parameter of this name and annotation."""
    if draw.rng.random() > sane:
        return draw.anything()
    if name in BY_NAME:
        return BY_NAME[name](draw)
    if "Tensor" in annotation or not annotation:
        return draw.tensor()
    if "bool" in annotation:
        return draw.rng.choice(["True", "False"])
    if "int" in annotation.lower():
        return draw.integer()
    if "Size" in annotation or "Sequence" in annotation:
        return draw.ints(-1, 6, 5)
    if "float" in annotation.lower() or "Number" in annotation:
        return draw.number()
    return draw.anything()


def look(result):
    """Reads all of what a call gave back; each view must lie in its storage."""
    if isinstance(result, rl.Tensor):
        if result.device.type != "cpu" or result.numel() > 1 << 20:
            return
        last = result.storage_offset() + sum(
            (n - 1) * s for n, s in zip(result.shape, result.stride())
        )
        room = rl._ops._storage_bytes(result).numel() // result.element_size()
        if result.numel() and not 0 <= result.storage_offset() <= last < room:
            raise SystemError(f"a view outside of its storage: {last} of {room}")
        result.detach().clone()
    elif isinstance(result, (list, tuple)):
        for item in itertools.islice(result, 100):
            look(item)
