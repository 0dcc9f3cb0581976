"""The tape: what recording adds to small ops, and backward at two sizes."""

from __future__ import annotations

from _rows import Library, Row, Target

TITLE = "autograd"


def ten(lib: Library) -> dict:
    return {"a": lib.floats(10, grad=True), "b": lib.floats(10, seed=1, grad=True)}


def million(lib: Library) -> dict:
    return {
        "a": lib.floats(1000, 1000, grad=True),
        "b": lib.floats(1000, 1000, seed=1, grad=True),
    }


def chain(lib: Library) -> dict:
    source = (
        "def chain(x):\n" + "    x = x * 1.01 + 0.5\n" * 50 + "    return x.sum()\n"
    )
    names: dict = {}
    exec(source, names)
    return {"chain": names["chain"], "a": lib.floats(10, grad=True)}


def scalars(lib: Library) -> dict:
    source = "def chain(x):\n" + "    x = x * 1.01 + 0.5\n" * 25 + "    return x\n"
    names: dict = {}
    exec(source, names)
    return {"chain": names["chain"], "a": lib.floats(1, grad=True)}


def linear(lib: Library) -> dict:
    lib.xp.manual_seed(0)
    return {"layer": lib.nn.Linear(4, 4), "x": lib.floats(1, 4)}


def _small(name: str, run: str = "", setup=ten) -> Row:
    return Row(name, setup, run or name, numpy=None, target=Target.GRAD)


def _large(name: str, run: str) -> Row:
    return Row(name, million, run, numpy=None)


ROWS = [
    _small("a + b, recorded", "a + b"),
    _small("a * b, recorded", "a * b"),
    _small("a * 2.0, recorded", "a * 2.0"),
    _small("a[1:3], recorded", "a[1:3]"),
    _small("a.sum(), recorded", "a.sum()"),
    _small("a.exp(), recorded", "a.exp()"),
    _small("a @ b, recorded", "a @ b"),
    _small("a.view(2, 5), recorded", "a.view(2, 5)"),
    _small("(a * b).sum().backward()"),
    _small("chain of 100 ops, backward", "chain(a).backward()", chain),
    _small("chain of 50 ops on one number, backward", "chain(a).backward()", scalars),
    _small("Linear(4, 4)(x)", "layer(x)", linear),
    _small("Linear(4, 4)(x).sum().backward()", "layer(x).sum().backward()", linear),
    _large("a * b, sum, backward, 1e6", "(a * b).sum().backward()"),
    _large(
        "exp + tanh, sum, backward, 1e6",
        "(a.exp() + b.tanh()).sum().backward()",
    ),
    _large("a + b[0] broadcast, sum, backward, 1e6", "(a + b[0]).sum().backward()"),
    _large("a.t() * b, sum, backward, 1e6", "(a.t() * b).sum().backward()"),
]
