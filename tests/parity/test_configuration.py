"""Settings, constants, memory formats, rare factories, compile, cond and vmap."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import assert_same, outcome, plain, same_error  # noqa: E402


def both(code):
    assert_same(lambda t: eval(code, {"t": t, "math": math}))


@pytest.mark.parametrize("code", """
t.e, t.pi, t.inf, str(t.nan), t.newaxis
t.has_lapack, t.has_openmp
t.ones(3)[:, t.newaxis].shape
t.are_deterministic_algorithms_enabled()
t.use_deterministic_algorithms(1)
t.set_deterministic_debug_mode("x")
t.set_deterministic_debug_mode(5)
t.set_deterministic_debug_mode(2.5)
t.get_deterministic_debug_mode()
t.get_float32_matmul_precision()
t.set_num_interop_threads(0)
t.set_num_interop_threads(1.5)
t.set_flush_denormal(1)
t.set_warn_always(1)
t.is_warn_always_enabled()
t.set_default_tensor_type("torch.IntTensor".replace("torch", t.__name__))
t.get_default_device()
t.get_device(t.ones(1))
t.is_signed(t.ones(1)), t.is_signed(t.ones(1, dtype=t.uint8))
t.detach(t.ones(2, requires_grad=True)).requires_grad
str(t.strided).partition(".")[2], str(t.channels_last).partition(".")[2]
t.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
t.empty_permuted((2, 3, 4), (0, 2))
t.empty_permuted((2, 3, 4), (0, 2, 2))
t.empty_permuted((2, 3), (0, 2))
t.empty_permuted((), ()).shape
t.logspace(0, 2, 3, dtype=t.float64)
t.logspace(0, 4, 5, 2, dtype=t.int64)
t.logspace(0, 2, -1)
t.logspace(0, 2, 1)
t.logspace(0, 2, 0)
t.logspace(t.tensor(0), 2, 3, dtype=t.float64)
t.logspace(0, 3, 4, base=2)
t.logspace(0, 2, 3, out=t.empty(0))
t.range(0, 2)
t.range(0, 2, .5)
t.range(0, -2)
t.range(5, 0, -2)
t.range(0, 5, dtype=t.int64)
t.range(0, 5, 0)
t.range(1, 4, out=t.empty(0))
""".strip().splitlines())  # fmt: skip
def test_calls(code):
    both(code)


def test_settings_are_kept():
    def run(t):
        seen = []
        try:
            for mode in ("warn", "error", "default", 1, 2, 0):
                t.set_deterministic_debug_mode(mode)
                seen.append(t.get_deterministic_debug_mode())
                seen.append(t.are_deterministic_algorithms_enabled())
                seen.append(t.is_deterministic_algorithms_warn_only_enabled())
            t.set_float32_matmul_precision("high")
            seen.append(t.get_float32_matmul_precision())
            t.set_float32_matmul_precision("nonsense")
            seen.append(t.get_float32_matmul_precision())
            t.set_warn_always(True)
            seen.append(t.is_warn_always_enabled())
            t.set_default_tensor_type(t.DoubleTensor)
            seen.append(t.ones(1).dtype)
            t.set_default_device("cpu")
            seen.append(t.get_default_device())
            t.set_anomaly_enabled(True)
            seen.append(t.is_anomaly_enabled())
        finally:
            t.set_anomaly_enabled(False)
            t.set_default_device(None)
            t.set_default_dtype(t.float32)
            t.set_warn_always(False)
            t.set_float32_matmul_precision("highest")
        return seen

    assert_same(run)


FORMATS = ["contiguous_format", "channels_last", "channels_last_3d", "preserve_format"]
BASES = [
    "t.arange(120.).view(2, 3, 4, 5)",
    "t.arange(120.).view(2, 3, 4, 5).permute(0, 3, 1, 2)",
    "t.arange(120.).view(2, 3, 4, 5)[:, :1]",
    "t.arange(240.).view(2, 3, 4, 5, 2)",
    "t.arange(6.).view(2, 3)",
    "t.arange(6.).view(2, 3).t()",
]
CALLS = [
    "x.contiguous(memory_format={})",
    "x.clone(memory_format={})",
    "t.clone(x, memory_format={})",
    "x.to(t.float64, memory_format={})",
    "x.to(memory_format={})",
    "t.zeros_like(x, memory_format={})",
    "t.ones_like(x, memory_format={})",
    "t.full_like(x, 3, memory_format={})",
    "t.empty_like(x, memory_format={}).zero_()",
    "t.empty(x.shape, memory_format={}).zero_()",
    "t.rand_like(x, memory_format={}).zero_()",
]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("form", FORMATS)
def test_memory_formats(base, form):
    def run(t, code):
        x = eval(base, {"t": t})
        y = eval(code.format(f"t.{form}"), {"t": t, "x": x})
        return y, y.stride(), y.data_ptr() == x.data_ptr()

    for code in CALLS:
        assert_same(lambda t: run(t, code))  # noqa: B023
    assert_same(
        lambda t: eval(base, {"t": t}).is_contiguous(memory_format=getattr(t, form))
    )

    def gradient(t):
        x = eval(base, {"t": t}).requires_grad_()
        y = x.contiguous(memory_format=getattr(t, form)) * 1
        (y * y).sum().backward()
        return x.grad, y.is_contiguous(memory_format=getattr(t, form))

    assert_same(gradient)


def test_dim_order():
    for base in BASES:
        both(f"({base}).dim_order()")
        both(f"({base}).dim_order(ambiguity_check=True)")
        formats = "[t.contiguous_format, t.channels_last]"
        both(f"({base}).dim_order(ambiguity_check={formats})")
    for shape in ("2, 1, 3", "1, 1", "4", "()", "2, 0, 3"):
        both(f"t.zeros({shape}).dim_order()")
        both(f"t.zeros({shape}).dim_order(ambiguity_check=True)")
    both("t.zeros(2, 3).expand(4, 2, 3).dim_order()")
    both("t.zeros(2, 3).dim_order(ambiguity_check='x')")


def test_from_file(tmp_path):
    path = tmp_path / "numbers"

    def run(t):
        path.write_bytes(bytes(range(16)))
        where = str(path)
        a = t.from_file(where, size=4, dtype=t.uint8)
        a[0] = 9
        untouched = path.read_bytes()[0]
        b = t.from_file(where, shared=True, size=4, dtype=t.int32)
        b[0] = 258
        # PyTorch overwrites the first byte of a file that it lengthens.
        c = t.from_file(where, True, 8, dtype=t.int32)[1:]
        return a, untouched, b[1:], path.read_bytes()[1:], c, t.from_file(where)

    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    assert ours == theirs
    both(f"t.from_file({str(path)!r}, size=1000)")
    both(f"t.from_file({str(path / 'no')!r}, size=1)")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compile():
    def run(t):
        double = t.compile(lambda x: x * 2)
        if t is torch:
            double = torch.compile(lambda x: x * 2, backend="eager")

        @t.compile(backend="eager", fullgraph=True)
        def triple(x):
            return x * 3

        return double(t.ones(2)), triple(t.ones(2))

    assert plain(run(rl)) == plain(run(torch))
    both("t.compile(len, mode='default', options={})")
    model = rl.nn.Linear(2, 3)
    assert rl.compile(model) is model


@pytest.mark.parametrize("code", """
t.cond(True, lambda x: x + 1, lambda x: -x, (t.ones(2),))
t.cond(t.tensor(False), lambda x: x + 1, lambda x: -x, (t.ones(2),))
t.cond(t.tensor([True]), lambda x: x + 1, lambda x: -x, [t.ones(2)])
t.cond(t.ones(2), lambda x: x, lambda x: x, (t.ones(2),))
t.cond("a", lambda x: x, lambda x: x, (t.ones(2),))
t.cond(True, 3, lambda x: x, (t.ones(2),))
t.cond(t.tensor(True), 3, lambda x: x, (t.ones(2),))
t.cond(t.tensor(True), lambda x: x, lambda x: -x, (3,))
t.cond(t.tensor(True), lambda x: x, lambda x: -x, t.ones(2))
t.cond(1.5, lambda x: -x, lambda x: x[:1], (t.ones(2),))
t.cond(True, lambda: t.ones(1), lambda: t.zeros(1))
""".strip().splitlines())  # fmt: skip
def test_cond(code):
    both(code)


@pytest.mark.parametrize("code", """
t.vmap(t.dot)(t.arange(6.).view(2, 3), t.ones(2, 3))
t.vmap(t.dot, in_dims=(0, None))(t.arange(6.).view(2, 3), t.ones(3))
t.vmap(t.dot, in_dims=1)(t.arange(6.).view(3, 2), t.ones(3, 2))
t.vmap(lambda x: x * 2, in_dims=-1, out_dims=1)(t.arange(6.).view(2, 3))
t.vmap(lambda x: (x, x.sum()), out_dims=(1, 0))(t.arange(6.).view(2, 3))
sorted(t.vmap(lambda x: {"a": x, "b": x + 1})(t.arange(3.)).items())
t.vmap(lambda d: d["x"] + d["y"][0], (dict(x=0, y=[None]),))(dict(x=t.ones(3), y=[2.]))
t.vmap(t.vmap(t.dot))(t.ones(2, 3, 4), t.ones(2, 3, 4))
t.vmap(lambda x, y: x + y)(t.arange(3.), y=t.arange(3.))
t.vmap(lambda x: 3)(t.ones(2))
t.vmap(lambda x, y: x)(t.ones(2), t.ones(3))
t.vmap(lambda x: x, in_dims=2)(t.ones(2))
t.vmap(lambda x: x, in_dims=None)(t.ones(2))
t.vmap(lambda x: x, in_dims=(0, 0))(t.ones(2))
t.vmap(lambda x: x)(3)
t.vmap(lambda x: x)()
t.vmap(lambda x: x, randomness="x")(t.ones(2))
t.vmap(lambda x: x, chunk_size=0)(t.ones(2))
t.vmap(lambda x: x * 2, chunk_size=2)(t.arange(5.))
""".strip().splitlines())  # fmt: skip
def test_vmap(code):
    both(code)


def test_vmap_gradient():
    def run(t):
        x = t.arange(6.0).view(2, 3).requires_grad_()
        t.vmap(lambda r: (r * r).sum())(x).sum().backward()
        return x.grad

    assert_same(run)


def test_same_randomness():
    x = rl.vmap(lambda v: v + rl.rand(2), randomness="same")(rl.zeros(3, 2))
    assert (x[0] == x[1]).all()
    y = rl.vmap(lambda v: v + rl.rand(2), randomness="different")(rl.zeros(3, 2))
    assert not (y[0] == y[1]).all()


def test_default_device():
    ours = outcome(lambda: rl.set_default_device("cuda"))
    assert same_error(ours, ("error", "RuntimeError", ""))
