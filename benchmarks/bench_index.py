"""Reading and writing through indices and masks, joining, copying into slices."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "indexing and joining"


def square(lib: Library) -> dict:
    return {
        "a": lib.floats(1000, 1000),
        "out": lib.floats(1000, 1000, seed=1),
        "index": lib.ints(1000, 1000, 1000),
        "mask": lib.bools(1000, 1000),
        "rows": lib.ints(1000, 1000, seed=2),
    }


def table(lib: Library) -> dict:
    return {"table": lib.floats(50_000, 64), "rows": lib.ints(50_000, 10_000)}


def parts(lib: Library) -> dict:
    return {"parts": [lib.floats(1000, 100, seed=seed) for seed in range(10)]}


def histogram(lib: Library) -> dict:
    return {
        "bins": lib.floats(100),
        "index": lib.ints(100, 1_000_000),
        "values": lib.floats(1_000_000),
    }


ROWS = [
    Row(
        "gather dim 0, 1000x1000",
        square,
        "a.gather(0, index)",
        "xp.take_along_axis(a, index, 0)",
    ),
    Row(
        "gather dim 1, 1000x1000",
        square,
        "a.gather(1, index)",
        "xp.take_along_axis(a, index, 1)",
    ),
    Row(
        "gather dim 1, transposed",
        square,
        "a.t().gather(1, index)",
        "xp.take_along_axis(a.T, index, 1)",
    ),
    Row(
        "scatter_ dim 1, 1000x1000",
        square,
        "out.scatter_(1, index, a)",
        "xp.put_along_axis(out, index, a, 1)",
    ),
    Row(
        "scatter_add_ dim 0, 1000x1000",
        square,
        "out.scatter_add_(0, index, a)",
        numpy=None,
    ),
    Row(
        "scatter_add_ dim 1, 1000x1000",
        square,
        "out.scatter_add_(1, index, a)",
        numpy=None,
    ),
    Row(
        "scatter_add_, 1e6 into 100",
        histogram,
        "bins.scatter_add_(0, index, values)",
        "xp.add.at(bins, index, values)",
    ),
    Row(
        "index_select rows, 10000 of 50000x64",
        table,
        "table.index_select(0, rows)",
        "table.take(rows, 0)",
    ),
    Row(
        "index_select columns, 1000x1000",
        square,
        "a.index_select(1, rows)",
        "a.take(rows, 1)",
    ),
    Row("masked_select, 1e6", square, "a.masked_select(mask)", "a[mask]"),
    Row("masked_fill_, 1e6", square, "out.masked_fill_(mask, 0.5)", "out[mask] = 0.5"),
    Row("cat dim 0, 10 of 1000x100", parts, "xp.cat(parts)", "xp.concatenate(parts)"),
    Row(
        "cat dim 1, 10 of 1000x100",
        parts,
        "xp.cat(parts, 1)",
        "xp.concatenate(parts, 1)",
    ),
    Row("stack dim 0, 10 of 1000x100", parts, "xp.stack(parts)"),
    Row("stack dim 2, 10 of 1000x100", parts, "xp.stack(parts, 2)"),
    Row("a[:, 100:900] = out[:, 100:900]", square, "a[:, 100:900] = out[:, 100:900]"),
    Row("a[::2, ::3].clone()", square, "a[::2, ::3].clone()", "a[::2, ::3].copy()"),
    Row("out[:] = a.t()", square, "out[:] = a.t()", "out[:] = a.T"),
]
