"""Pointwise ops and casts at three sizes, strided, transposed and broadcast."""

from __future__ import annotations

from _rows import SAME, Library, Row, Target

TITLE = "elementwise"

SIZES = {"1e3": 1_000, "1e6": 1_000_000, "16M": 16 * 2**20}


def _flat(count: int):
    def setup(lib: Library) -> dict:
        return {
            "a": lib.floats(count),
            "b": lib.floats(count, seed=1),
            "mask": lib.bools(count),
        }

    return setup


def _typed(dtype: str):
    def setup(lib: Library) -> dict:
        count = 1_000_000
        if dtype.startswith("int"):
            return {
                k: lib.ints(100, count, dtype=dtype, seed=s) for s, k in enumerate("ab")
            }
        return {k: lib.floats(count, dtype=dtype, seed=s) for s, k in enumerate("ab")}

    return setup


def _square(lib: Library) -> dict:
    return {
        "a": lib.floats(1000, 1000),
        "b": lib.floats(1000, 1000, seed=1),
        "row": lib.floats(1000, seed=2),
        "column": lib.floats(1000, 1, seed=3),
        "wide": lib.floats(1000, 2000, seed=4),
        "every": lib.floats(2_000_000, seed=5),
    }


def _table(columns: int):
    def setup(lib: Library) -> dict:
        rows = 400_000 // columns
        return {
            "t": lib.floats(rows, columns),
            "row": lib.floats(columns, seed=1),
            "column": lib.floats(rows, 1, seed=2),
            "wide": lib.floats(rows, 2 * columns, seed=3),
        }

    return setup


def _picture(lib: Library) -> dict:
    return {"pixels": lib.floats(224, 224, 3), "planes": lib.floats(3, 224, 224)}


SIGMOID = "1 / (1 + xp.exp(-a))"
OPS = [
    ("a + b", "a + b", SAME),
    ("a * b", "a * b", SAME),
    ("a + 2.0", "a + 2.0", SAME),
    ("a += b", "a += b", SAME),
    ("exp(a)", "xp.exp(a)", SAME),
    ("tanh(a)", "xp.tanh(a)", SAME),
    ("sigmoid(a)", "xp.sigmoid(a)", SIGMOID),
    ("a > b", "a > b", SAME),
    ("where(mask, a, b)", "xp.where(mask, a, b)", SAME),
    ("a to float64", "a.to(xp.float64)", "a.astype('float64')"),
    ("a to int64", "a.to(xp.int64)", "a.astype('int64')"),
    ("a to float16", "a.to(xp.float16)", "a.astype('float16')"),
]

ROWS = [
    Row(f"{name}, {size}", _flat(count), run, numpy)
    for size, count in SIZES.items()
    for name, run, numpy in OPS
]
ROWS += [
    Row(
        "a + b, 64 MB, against a copy",
        _flat(SIZES["16M"]),
        "a + b",
        target=Target.BANDWIDTH,
        moved_bytes=3 * 4 * SIZES["16M"],
    ),
    Row("log(exp(a)), 1e6", _flat(SIZES["1e6"]), "xp.log(xp.exp(a))"),
    Row("sin(a), 1e6", _flat(SIZES["1e6"]), "xp.sin(a)"),
    Row("sqrt(abs(a)), 1e6", _flat(SIZES["1e6"]), "xp.sqrt(xp.abs(a))"),
    Row("a / b, 1e6", _flat(SIZES["1e6"]), "a / b"),
    Row("relu / maximum, 1e6", _flat(SIZES["1e6"]), "xp.relu(a)", "xp.maximum(a, 0)"),
    *(
        Row(f"a + b, 1e6 {dtype}", _typed(dtype), "a + b")
        for dtype in ("float64", "float16", "int64", "int32", "int8")
    ),
    Row(
        "every[::2] + a, 1e6 strided",
        lambda lib: {**_square(lib), "a": lib.floats(1_000_000)},
        "every[::2] + a",
    ),
    Row("a.t() + b, 1000x1000", _square, "a.t() + b", "a.T + b"),
    Row("a.t() + b.t(), 1000x1000", _square, "a.t() + b.t()", "a.T + b.T"),
    Row("exp(a.t()), 1000x1000", _square, "xp.exp(a.t())", "xp.exp(a.T)"),
    Row("wide[:, :1000] + a, row pitch 2000", _square, "wide[:, :1000] + a"),
    Row("a + row, broadcast", _square, "a + row"),
    Row("a + column, broadcast", _square, "a + column"),
    Row("row + column, outer", _square, "row + column"),
    Row(
        "a.t().contiguous(), 1000x1000",
        _square,
        "a.t().contiguous()",
        "xp.ascontiguousarray(a.T)",
    ),
    Row("a.clone(), 1000x1000", _square, "a.clone()", "a.copy()"),
    *(
        Row(f"t {op} {other}, {columns} columns", _table(columns), f"t {op} {what}")
        for columns in (3, 16)
        for op, other, what in (
            ("-", "a row", "row"),
            ("*", "a column", "column"),
            (">", "a row", "row"),
            ("+", "half of a table", f"wide[:, :{columns}]"),
        )
    ),
    Row(
        "pixels to planes, 224x224x3",
        _picture,
        "pixels.permute(2, 0, 1).contiguous()",
        "xp.ascontiguousarray(pixels.transpose(2, 0, 1))",
    ),
    Row(
        "planes to pixels, 3x224x224",
        _picture,
        "planes.permute(1, 2, 0).contiguous()",
        "xp.ascontiguousarray(planes.transpose(1, 2, 0))",
    ),
]
