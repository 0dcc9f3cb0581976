"""Sorting, selection, searching and counting."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "sorting and searching"


def large(lib: Library) -> dict:
    return {"a": lib.floats(1_000_000), "i": lib.ints(1_000_000, 1_000_000)}


def rows(lib: Library) -> dict:
    return {"a": lib.floats(1000, 1000), "s": lib.floats(10_000, 32)}


def search(lib: Library) -> dict:
    x = lib.floats(100_000)
    return {"edges": lib.xp.sort(x) if lib.name == "numpy" else x.sort()[0], "a": x}


ROWS = [
    Row("sort, 1M floats", large, "xp.sort(a)"),
    Row("argsort, 1M floats", large, "xp.argsort(a)"),
    Row("sort, 1M int64", large, "xp.sort(i)"),
    Row("sort dim 1, 1000x1000", rows, "xp.sort(a, 1)"),
    Row("sort dim 0, 1000x1000", rows, "xp.sort(a, 0)"),
    Row("sort dim 1, 10000x32", rows, "xp.sort(s, 1)"),
    Row("topk 10 of 1M", large, "xp.topk(a, 10)", "xp.partition(a, -10)[-10:]"),
    Row("topk 50 of dim 1, 1000x1000", rows, "xp.topk(a, 50, 1)", None),
    Row("median over dim 1, 1000x1000", rows, "xp.median(a, 1)", "xp.median(a, 1)"),
    Row("unique, 1M int64", large, "xp.unique(i)"),
    Row("searchsorted, 100k in 100k", search, "xp.searchsorted(edges, a)"),
    Row(
        "histc 100 bins, 1M",
        large,
        "xp.histc(a, 100, -1, 1)",
        "xp.histogram(a, 100, (-1, 1))",
    ),
    Row("bincount, 1M", large, "xp.bincount(i)"),
    Row(
        "cummax over dim 1, 1000x1000",
        rows,
        "xp.cummax(a, 1)",
        "xp.maximum.accumulate(a, 1)",
    ),
    Row(
        "logcumsumexp over dim 1, 1000x1000",
        rows,
        "xp.logcumsumexp(a, 1)",
        "xp.logaddexp.accumulate(a, 1)",
    ),
]
