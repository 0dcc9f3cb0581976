"""Matrix products, factorizations and solvers."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "matrix products and factorizations"


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


def _spd(n: int, batch: tuple[int, ...] = ()):
    """Well-conditioned: one more on the diagonal than random rows could undo."""

    def setup(lib: Library) -> dict:
        a = lib.floats(*batch, n, n)
        eye = lib.xp.eye(n, dtype=a.dtype)
        return {
            "a": a @ a.swapaxes(-1, -2) + n * eye,
            "b": lib.floats(*batch, n, 4, seed=1),
        }

    return setup


def einsum(lib: Library) -> dict:
    return {
        "a": lib.floats(16, 8, 64, 32),
        "b": lib.floats(16, 8, 64, 32, seed=1),
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
ROWS += [
    Row(f"{name} {n}", _spd(n), f"xp.linalg.{name}(a)")
    for name in ("inv", "cholesky", "qr", "svd", "eigh", "det")
    for n in (4, 128)
]
ROWS += [
    Row("solve 256, 4 columns", _spd(256), "xp.linalg.solve(a, b)"),
    Row("inv 1000 of 8x8", _spd(8, (1000,)), "xp.linalg.inv(a)"),
    Row("solve 1000 of 8x8", _spd(8, (1000,)), "xp.linalg.solve(a, b)"),
    Row("svd 200 of 16x16", _spd(16, (200,)), "xp.linalg.svd(a)"),
    Row("einsum bhqd,bhkd->bhqk", einsum, "xp.einsum('bhqd,bhkd->bhqk', a, b)"),
    Row("tensordot", _pair((32, 16, 64), (16, 64, 48)), "xp.tensordot(a, b, 2)"),
    Row("cdist 500x500x16", _pair((500, 16), (500, 16)), "xp.cdist(a, b)", None),
    Row(
        "cdist 200x200x16, p=1", _pair((200, 16), (200, 16)), "xp.cdist(a, b, 1)", None
    ),
]
