"""Matrix products."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "matrix products"


def _pair(left: tuple[int, ...], right: tuple[int, ...], dtype: str = "float32"):
    def setup(lib: Library) -> dict:
        return {
            "a": lib.floats(*left, dtype=dtype),
            "b": lib.floats(*right, dtype=dtype, seed=1),
        }

    return setup


def addmm(lib: Library) -> dict:
    return {
        "bias": lib.floats(512),
        "a": lib.floats(512, 512, seed=1),
        "b": lib.floats(512, 512, seed=2),
    }


ROWS = [
    Row(f"mm {n}", _pair((n, n), (n, n)), "a @ b") for n in (16, 64, 256, 512, 1024)
]
ROWS += [
    Row("mm 512, float64", _pair((512, 512), (512, 512), "float64"), "a @ b"),
    Row("mm 512, a.t() @ b", _pair((512, 512), (512, 512)), "a.t() @ b", "a.T @ b"),
    Row("mm 512, strided a[:, ::2]", _pair((512, 1024), (512, 512)), "a[:, ::2] @ b"),
    Row("mm 10000x64 @ 64x10", _pair((10_000, 64), (64, 10)), "a @ b"),
    Row("mm 64x10000 @ 10000x64", _pair((64, 10_000), (10_000, 64)), "a @ b"),
    Row("addmm 512", addmm, "xp.addmm(bias, a, b)", "a @ b + bias"),
    Row("bmm 64 of 64x64", _pair((64, 64, 64), (64, 64, 64)), "xp.bmm(a, b)", "a @ b"),
    Row("bmm 1000 of 8x8", _pair((1000, 8, 8), (1000, 8, 8)), "xp.bmm(a, b)", "a @ b"),
    Row("matmul broadcast 32x64x64 @ 64x64", _pair((32, 64, 64), (64, 64)), "a @ b"),
    Row("mv 1024", _pair((1024, 1024), (1024,)), "a @ b"),
    Row("dot 1e6", _pair((1_000_000,), (1_000_000,)), "a @ b"),
]
