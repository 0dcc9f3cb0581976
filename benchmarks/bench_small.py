"""Ten floats: what one call costs before any arithmetic."""

from __future__ import annotations

from _rows import SAME, Library, Row, Target

TITLE = "small ops, ten floats"


def ten(lib: Library) -> dict:
    a, b = lib.floats(10), lib.floats(10, seed=1)
    wide = lib.floats(20)
    return {"a": a, "b": b, "s": wide[::2], "t": wide[1::2], "x": a[0]}


def four_by_four(lib: Library) -> dict:
    return {"m": lib.floats(4, 4), "n": lib.floats(4, 4, seed=1)}


def _row(name: str, numpy: str | None = SAME, setup=ten, run: str = "") -> Row:
    return Row(name, setup, run or name, numpy, Target.SMALL)


ROWS = [
    _row("a + b"),
    _row("a + 2.0"),
    _row("a * b"),
    _row("a += b"),
    _row("a > b"),
    _row("s + t, strided [::2]", run="s + t"),
    _row("a[1:3]"),
    _row("a[0]"),
    _row("a[None]"),
    _row("a[1:3] = b[1:3]"),
    _row("a.sum()"),
    _row("a.max()"),
    _row("a @ b"),
    _row("zeros(10)", run="xp.zeros(10)", numpy="xp.zeros(10, 'float32')"),
    _row("a.view(2, 5)", numpy="a.reshape(2, 5)"),
    _row("a.reshape(2, 5)"),
    _row("m.t()", setup=four_by_four, numpy="m.T"),
    _row("m.transpose(0, 1)", setup=four_by_four, numpy="m.swapaxes(0, 1)"),
    _row("exp(a)", run="xp.exp(a)"),
    _row("a.exp()", numpy="xp.exp(a)"),
    _row("where(a > b, a, b)", run="xp.where(a > b, a, b)"),
    _row("cat((a, b))", run="xp.cat((a, b))", numpy="xp.concatenate((a, b))"),
    _row("a.clone()", numpy="a.copy()"),
    _row("x.item(), 0-d", run="x.item()"),
    _row("m @ n, 4x4", setup=four_by_four, run="m @ n"),
    _row("m.sum(0), 4x4", setup=four_by_four, run="m.sum(0)"),
    _row("m.t().contiguous()", setup=four_by_four, numpy="xp.ascontiguousarray(m.T)"),
]
