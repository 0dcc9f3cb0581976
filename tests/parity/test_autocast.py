"""Autocast, gradient scaling, inference tensors and streams agree with PyTorch."""

from __future__ import annotations

import threading
import warnings

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import assert_same, outcome  # noqa: E402

CALLS = """
a @ b
a.matmul(b)
t.mm(a, mat2=b)
t.bmm(c, c)
t.addmm(a, a, b)
t.addbmm(a, c, c)
t.baddbmm(c, c, c)
t.linalg.vecdot(a, b)
t.einsum("ij,jk->ik", a, b)
t.tensordot(a, b, 1)
t.mv(a, v)
t.dot(v, v)
F.linear(a, b, v)
F.conv1d(x, w)
F.conv2d(x.unsqueeze(0), w.unsqueeze(2))
F.conv_transpose1d(x, w.transpose(0, 1))
F.prelu(x, v)
F.scaled_dot_product_attention(x, x, x)
t.prod(a)
t.trace(a)
t.cdist(a, b)
t.quantile(v, 0.5)
t.linalg.inv(a)
t.linalg.svdvals(a)
t.linalg.norm(a)
t.fft.fft(v)
F.mse_loss(a, b)
F.l1_loss(a, b)
F.cross_entropy(a, y)
F.binary_cross_entropy_with_logits(a, b)
F.kl_div(a, b)
F.softmax(a, 1)
F.layer_norm(a, (3,))
a + b
t.matmul(a.double(), b.double())
t.mm(a, b, out=t.empty(3, 3, dtype=a.dtype))
""".strip().splitlines()


def evaluate(t, code, dtype, **options):
    g = t.Generator().manual_seed(0)
    d = getattr(t, dtype)
    names = {"t": t, "F": t.nn.functional, "y": t.tensor([0, 1, 2])}
    for name, shape in zip(
        "abvcxw", [(3, 3), (3, 3), (3,), (2, 3, 3), (2, 3, 8), (4, 3, 3)], strict=True
    ):
        names[name] = t.rand(shape, generator=g).to(d)
    with t.no_grad(), t.autocast("cpu", **options):
        return eval(code, names)


@pytest.mark.parametrize("code", CALLS)
def test_dtype_of_result(code):
    for dtype in ("float32", "bfloat16"):
        for fast in ("bfloat16", "float16"):
            if fast == "float16" and dtype == "bfloat16":
                continue

            def call(t):
                y = evaluate(t, code, dtype, dtype=getattr(t, fast))  # noqa: B023
                return str(y.dtype).rpartition(".")[2], tuple(y.shape), y

            theirs = outcome(lambda: call(torch)[:2])
            ours = outcome(lambda: call(rl)[:2])
            if theirs[0] == "value":
                assert ours == theirs
                mine, his = (
                    call(t)[2].abs().double().flatten().tolist() for t in (rl, torch)
                )
                assert mine == pytest.approx(his, rel=0.02, abs=0.02)


def test_nothing_is_cast_outside_and_in_disabled_regions():
    from rushlight import matmul
    from rushlight.nn.functional import mse_loss

    x = rl.rand(3, 3)
    half = x.bfloat16()
    with rl.autocast("cpu"):
        assert matmul(x, x).dtype == (x @ x).dtype == rl.bfloat16
        assert mse_loss(half, half).dtype == rl.float32
        with rl.autocast("cpu", enabled=False):
            assert matmul(x, x).dtype == (x @ x).dtype == rl.float32
            assert mse_loss(half, half).dtype == rl.bfloat16
        assert matmul(x, x).dtype == rl.bfloat16
        seen = []
        thread = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        thread.start()
        thread.join()
        assert seen == [rl.float32]
    assert matmul(x, x).dtype == (x @ x).dtype == rl.float32
    assert mse_loss(half, half).dtype == rl.bfloat16


def test_gradients_reach_float32_parameters():
    def run(t):
        w = t.arange(6.0).view(2, 3).div(8).requires_grad_()
        x = t.arange(12.0).view(4, 3) / 4

        @t.autocast("cpu", dtype=t.bfloat16)
        def loss():
            y = t.nn.functional.linear(x, w)
            z = t.nn.functional.linear(x, w)
            return t.nn.functional.mse_loss(y + z, t.ones(4, 2))

        loss().backward()
        return w.grad, loss().dtype

    assert_same(run)


def test_state():
    def run(t):
        seen = [
            t.is_autocast_enabled(),
            t.is_autocast_enabled("cpu"),
            t.is_autocast_cache_enabled(),
            t.get_autocast_cpu_dtype(),
            t.get_autocast_gpu_dtype(),
        ]
        for device in "cpu cuda xla hpu mps xpu mtia maia".split():
            seen.append(t.get_autocast_dtype(device))
        with t.autocast("cpu", dtype=t.float16, cache_enabled=False):
            seen += [t.is_autocast_enabled("cpu"), t.is_autocast_cpu_enabled()]
            seen += [t.get_autocast_dtype("cpu"), t.is_autocast_cache_enabled()]
        seen += [t.is_autocast_enabled("cpu"), t.get_autocast_cpu_dtype()]
        t.set_autocast_dtype("cpu", t.float16)
        seen.append(t.get_autocast_cpu_dtype())
        t.set_autocast_cpu_dtype(t.bfloat16)
        t.clear_autocast_cache()
        return seen

    assert_same(run)
    for code in (
        "t.get_autocast_dtype('foo')", "t.get_autocast_dtype()",
        "t.is_autocast_enabled('meta')", "t.is_autocast_enabled(1)",
        "t.set_autocast_enabled('cpu', 1)", "t.set_autocast_dtype('cpu', 3)",
        "t.set_autocast_cache_enabled(1)", "t.autocast(3)", "t.autocast('cpu')(3)",
    ):  # fmt: skip
        assert_same(lambda t: eval(code, {"t": t}))  # noqa: B023


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_unsupported_autocast_warns_and_is_off(device):
    for t in (rl, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with t.autocast(device, dtype=t.float64):
                assert not t.is_autocast_enabled(device)
        assert caught


def test_grad_scaler():
    def run(t):
        w = t.ones(2, requires_grad=True)
        optimizer = t.optim.SGD([w], lr=0.25)
        scaler = t.amp.GradScaler(
            "cpu", init_scale=8.0, growth_interval=2, growth_factor=4.0
        )
        seen = []
        for factor in (1.0, 2.0, float("inf"), 1.0, 1.0, 0.5):
            optimizer.zero_grad()
            scaler.scale((w * w * factor).sum()).backward()
            if factor == 2.0:
                scaler.unscale_(optimizer)
                seen.append(w.grad.clone())
            scaler.step(optimizer)
            scaler.update()
            seen += [w.detach().clone(), scaler.get_scale(), scaler.is_enabled()]
        state = scaler.state_dict()
        other = t.amp.GradScaler("cpu")
        other.load_state_dict(state)
        seen += [sorted(state.items()), sorted(other.state_dict().items())]
        scaler.update(2.0)
        seen.append(scaler.get_scale())
        return seen

    assert_same(run)

    def twice(t, method):
        w = t.ones(2, requires_grad=True)
        optimizer, scaler = t.optim.SGD([w], lr=1.0), t.amp.GradScaler("cpu")
        scaler.scale(w.sum()).backward()
        getattr(scaler, method)(optimizer)
        getattr(scaler, method)(optimizer)

    for method in ("step", "unscale_"):
        assert_same(lambda t: twice(t, method))  # noqa: B023
    assert_same(lambda t: t.amp.GradScaler("cpu").update())
    assert_same(lambda t: t.amp.GradScaler("cpu", growth_factor=0.5))
    assert_same(lambda t: t.amp.GradScaler("cpu").load_state_dict({}))


def test_inference_tensors():
    def run(t):
        base = t.ones(2)
        with t.inference_mode():
            made, view, computed = t.ones(2), base[0], base + 1
            made.add_(1)
        flags = [made, made[0], made.detach(), view, computed, made + 1, made.clone()]
        return [x.is_inference() for x in flags] + [t.is_inference(base)]

    assert_same(run)

    def misuse(t, code):
        with t.inference_mode():
            x = t.ones(2)
        return eval(code, {"t": t, "x": x})

    for code in (
        "x.add_(1)", "x.requires_grad_()", "x * t.ones(2, requires_grad=True)",
        "x._version", "x.clone().requires_grad_() * 2", "x + 1",
    ):  # fmt: skip
        assert_same(lambda t: misuse(t, code))  # noqa: B023


@pytest.mark.parametrize("code", """
t.Stream().query(), t.Stream("cpu").device
t.Stream("cuda")
t.Event("cuda")
t.Stream() == t.Stream("cpu")
t.Stream().record_event()
t.Stream().wait_stream(t.Stream())
t.Event().record()
t.Event().query(), t.Event().wait(), t.Event().synchronize()
t.Event().elapsed_time(t.Event())
t.Event().ipc_handle()
t.complex32.is_complex, t.complex32.itemsize, t.complex32.to_real()
t.chalf is t.complex32
issubclass(t.OutOfMemoryError, RuntimeError)
""".strip().splitlines())  # fmt: skip
def test_streams_events_and_names(code):
    assert_same(lambda t: eval(code, {"t": t}))


def test_complex32_has_no_tensors():
    with pytest.raises(NotImplementedError, match="complex64"):
        rl.zeros(2, dtype=rl.complex32)


def test_failed_allocation():
    with pytest.raises(rl.OutOfMemoryError):
        rl.empty(2**50)
    with pytest.raises(MemoryError):
        rl.empty(2**50)
