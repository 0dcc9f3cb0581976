"""Reductions over everything, rows and columns, contiguous and strided."""

from __future__ import annotations

from _rows import SAME, Library, Row

TITLE = "reductions"


def _shape(*shape: int):
    def setup(lib: Library) -> dict:
        return {"a": lib.floats(*shape)}

    return setup


SQUARE = _shape(1000, 1000)
OPS = [
    ("sum", "a.sum({})", SAME),
    ("mean", "a.mean({})", SAME),
    ("amax", "a.amax({})", "a.max({})"),
    ("argmax", "a.argmax({})", SAME),
    ("var", "a.var({})", "a.var({}ddof=1)"),
]


def _over(op: str, run: str, numpy: str, where: str, dim: str) -> Row:
    other = (
        numpy
        if numpy == SAME
        else numpy.format(f"{dim}, " if dim and "ddof" in numpy else dim)
    )
    return Row(f"{op} over {where}, 1000x1000", SQUARE, run.format(dim), other)


ROWS = [
    _over(op, run, numpy, where, dim)
    for op, run, numpy in OPS
    for where, dim in (("all", ""), ("dim 0", "0"), ("dim 1", "1"))
]
ROWS += [
    Row("max with indices over dim 0", SQUARE, "a.max(0)", numpy=None),
    Row("max with indices over dim 1", SQUARE, "a.max(1)", numpy=None),
    Row("prod over all", SQUARE, "a.prod()"),
    Row("norm over all", SQUARE, "a.norm()", "xp.linalg.norm(a)"),
    Row("(a > 0).any()", SQUARE, "(a > 0).any()"),
    Row("sum over all, 1e3", _shape(1000), "a.sum()"),
    Row("sum over all, 16M", _shape(16 * 2**20), "a.sum()"),
    Row("sum over dim 0, 100000x10", _shape(100_000, 10), "a.sum(0)"),
    Row("sum over dim 1, 100000x10", _shape(100_000, 10), "a.sum(1)"),
    Row("sum over dims 0 and 2, 100x100x100", _shape(100, 100, 100), "a.sum((0, 2))"),
    Row("sum over dim 0, transposed", SQUARE, "a.t().sum(0)", "a.T.sum(0)"),
    Row("sum over dim 1, transposed", SQUARE, "a.t().sum(1)", "a.T.sum(1)"),
    Row("sum over all, strided [:, ::2]", SQUARE, "a[:, ::2].sum()"),
    Row("argmax over dim 1, transposed", SQUARE, "a.t().argmax(1)", "a.T.argmax(1)"),
]
