"""The engine: graphs, in-place writes, hooks, Function, modes, threads."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import rushlight as rl
from rushlight.autograd import Function, gradcheck, gradgradcheck


def leaf(*values, dtype=None):
    return rl.tensor(list(values), dtype=dtype or rl.float64, requires_grad=True)


def test_accumulates():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]
    (x * x).sum().backward()
    assert x.grad.tolist() == [4, 8]
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_gradient_does_not_alias_the_graph():
    x = leaf(1.0, 2.0)
    g = rl.ones(2, dtype=rl.float64)
    x.view(2).backward(g)
    x.grad.add_(1)
    assert g.tolist() == [1, 1]
    y, z = leaf(1.0), leaf(2.0)
    (y + z).sum().backward()
    y.grad.add_(5)
    assert z.grad.tolist() == [1]


def test_used_twice():
    x = leaf(3.0)
    y = x * 2
    (y * y + y + x).sum().backward()
    assert x.grad.tolist() == [2 * 2 * 6 + 2 + 1]


def test_diamond_and_several_roots():
    x = leaf(1.0, 2.0)
    a, b = x * 2, x * 3
    rl.autograd.backward([a.sum(), b.sum()])
    assert x.grad.tolist() == [5, 5]
    x.grad = None
    y = x.exp()
    rl.autograd.backward([y, y], [rl.ones_like(y), rl.ones_like(y)])
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp([1, 2]))


def test_shared_gradient_objects():
    """``add`` hands one gradient to both inputs; each must stay its own."""
    x = leaf(1.0, 1.0, 1.0)
    a, b = x * 2, x * 3
    u = a * 5
    w = (a + b) * 1
    one = rl.ones(3, dtype=rl.float64)
    rl.autograd.backward([w, u], [one, one.clone()])
    assert x.grad.tolist() == [15, 15, 15]
    p, q = leaf(1.0, 2.0), leaf(3.0, 4.0)
    ((p + q) * 1).backward(rl.ones(2, dtype=rl.float64))
    p.grad.mul_(10)
    assert q.grad.tolist() == [1, 1]
    (((p + q) * 1) + (q * 1)).backward(rl.ones(2, dtype=rl.float64))
    assert (p.grad.tolist(), q.grad.tolist()) == ([11, 11], [3, 3])
    (p + q).sum().backward(create_graph=True)
    assert p.grad is not q.grad
    kept = []
    r = leaf(1.0, 2.0)
    r.register_hook(lambda g: kept.append(g))
    (r * 3).backward(rl.ones(2, dtype=rl.float64))
    r.grad.zero_()
    assert kept[0].tolist() == [3, 3]


def test_accumulates_in_place():
    x = leaf(1.0, 2.0)
    flat = rl.zeros(4, dtype=rl.float64)
    x.grad = flat[1:3]
    (x * 3).sum().backward()
    assert flat.tolist() == [0, 3, 3, 0]


def test_grad_function():
    x, y, unused = leaf(2.0), leaf(3.0), leaf(1.0)
    z = x * y
    gx, gy = rl.autograd.grad(z, (x, y), retain_graph=True)
    assert (gx.item(), gy.item()) == (3, 2)
    assert x.grad is None
    with pytest.raises(RuntimeError, match="not have been used"):
        rl.autograd.grad(z, (x, unused), retain_graph=True)
    gx, gu = rl.autograd.grad(z, (x, unused), allow_unused=True, retain_graph=True)
    assert gu is None
    (gu,) = rl.autograd.grad(z, unused, materialize_grads=True, retain_graph=True)
    assert gu.tolist() == [0]
    with pytest.raises(RuntimeError):
        rl.autograd.grad(z, rl.ones(1))
    (inner,) = rl.autograd.grad((z * 2).sum(), z)
    assert inner.tolist() == [2]


def test_grad_of_an_intermediate():
    x = leaf(2.0)
    y = x * x
    z = y * y
    gy, gx = rl.autograd.grad(z, (y, x))
    assert (gy.item(), gx.item()) == (8, 32)
    twice = rl.autograd.grad((x * 2).sum(), [x, x])
    assert [g.item() for g in twice] == [2, 2]
    (same,) = rl.autograd.grad(y, y, rl.tensor([5.0], dtype=rl.float64))
    assert same.item() == 5


def test_backward_inputs():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).sum().backward(inputs=[x])
    assert x.grad.item() == 3
    assert y.grad is None
    with pytest.raises(RuntimeError):
        (x * y).sum().backward(inputs=[])


def test_errors():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        rl.ones(1).backward()
    with pytest.raises(RuntimeError, match="shape"):
        (x * 2).backward(rl.ones(3, dtype=rl.float64))
    with pytest.raises(TypeError):
        (x * 2).backward([1.0, 1.0])
    with pytest.raises(RuntimeError):
        rl.ones(2, dtype=rl.int64).requires_grad_()
    with pytest.raises(RuntimeError):
        (x * 2).requires_grad = False
    with pytest.raises(RuntimeError, match=r"shape|size"):
        x.grad = rl.ones(3, dtype=rl.float64)
    with pytest.raises(RuntimeError, match="dtype"):
        x.grad = rl.ones(2)
    with pytest.raises(TypeError):
        x.grad = 5
    with pytest.raises(RuntimeError, match="leaves"):
        (x * 2).__deepcopy__({})


def test_second_backward_needs_retain_graph():
    x = leaf(1.0)
    y = (x.exp()).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_double_backward():
    x = leaf(2.0)
    y = (x**3).sum()
    (g,) = rl.autograd.grad(y, x, create_graph=True)
    (gg,) = rl.autograd.grad(g.sum(), x, create_graph=True)
    (ggg,) = rl.autograd.grad(gg.sum(), x)
    assert (g.item(), gg.item(), ggg.item()) == (12, 12, 6)
    g = rl.autograd.grad((x * x).sum(), x)[0]
    assert not g.requires_grad


def test_broadcast_and_promotion():
    a = rl.ones(3, 1, requires_grad=True)
    b = rl.ones(4, dtype=rl.float64, requires_grad=True)
    c = rl.tensor(2.0, requires_grad=True)
    (a * b * c).sum().backward()
    assert a.grad.dtype == rl.float32
    assert (a.grad.shape, b.grad.shape, c.grad.shape) == ((3, 1), (4,), ())
    assert a.grad.reshape(-1).tolist() == [8, 8, 8]
    assert b.grad.tolist() == [6] * 4
    assert c.grad.item() == 12


def test_real_input_of_a_complex_graph():
    x = leaf(1.0, 2.0)
    z = x * (1 + 2j)
    (z.real + z.imag).sum().backward()
    assert x.grad.dtype == rl.float64
    assert x.grad.tolist() == [3, 3]


# -- deep graphs -----------------------------------------------------------------------


def test_long_chain():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    assert x.grad.item() == 1
    del y
    gc.collect()


def test_long_chain_dropped_unused():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    del y
    y = x
    for _ in range(100_000):
        y = y.view(1)
    del y
    y = x.clone()
    for _ in range(20_000):
        y.add_(1)
    del y


def test_graph_is_freed():
    class Watched:
        def hook(self, grad_inputs, grad_outputs):
            pass

    x, watched = leaf(1.0), Watched()
    y = x.exp()
    y.grad_fn.register_hook(watched.hook)
    gone = weakref.ref(watched)
    y.sum().backward()
    del y, watched
    assert gone() is None


# -- in place --------------------------------------------------------------------------


def test_leaf_in_place():
    x = leaf(1.0, 2.0)
    for write in (
        lambda: x.add_(1),
        lambda: x.zero_(),
        lambda: x.__setitem__(0, 1.0),
        lambda: x[0].add_(1),
        lambda: x.view(2).mul_(2),
        lambda: x.copy_(rl.ones(2)),
        lambda: x.__iadd__(1),
        lambda: x.unsqueeze_(0),
    ):
        with pytest.raises(RuntimeError, match="leaf"):
            write()
    assert x.tolist() == [1, 2]
    with rl.no_grad():
        x.add_(1)
    assert x.tolist() == [2, 3]
    assert x.is_leaf


def test_in_place_on_result():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.mul_(3)
    y += 1
    y.sum().backward()
    assert x.grad.tolist() == [6, 6]


def test_in_place_needs_the_old_value():
    assert gradcheck(lambda x: (x * 1).mul_(x).div_(x + 3).pow_(2), leaf(0.5, 1.5))
    assert gradcheck(lambda x: (x * 2).log_().sigmoid_(), leaf(0.5, 1.5))
    assert gradcheck(lambda x, y: (x * 1).atan2_(y), (leaf(0.5), leaf(1.5)))


def test_version_errors():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace.*MulBackward0"
    ) as caught:
        z.sum().backward()
    assert "float64" in str(caught.value)
    a = x.exp()
    b = a * 2
    a.add_(1)  # exp saved its result
    with pytest.raises(RuntimeError, match=r"modified by an inplace.*ExpBackward0"):
        b.sum().backward()
    c = x * 1
    d = c + 1  # saves nothing
    c.add_(1)
    d.sum().backward()
    e = x * 1
    f = e * e
    e.detach().add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        f.sum().backward()
    w = x * 1
    v = w * w
    w[0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        v.sum().backward()


@pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore:Error detected")
def test_anomaly_mode_finds_nan():
    x = leaf(0.0)
    with rl.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="nan"):
        (x.sqrt() * 0).sum().backward()
    with rl.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    assert not rl.is_anomaly_enabled()


@pytest.mark.parametrize(
    "write",
    [
        lambda y, v: y[0].copy_(v),
        lambda y, v: y[:, 1].mul_(v),
        lambda y, v: y.t()[1:].add_(v),
        lambda y, v: y.view(-1)[2:4].mul_(v[:2]),
        lambda y, v: y[0][1].exp_(),
        lambda y, v: y.diagonal().mul_(v),
        lambda y, v: y.unsqueeze(0).squeeze(0).mul_(v),
        lambda y, v: y.as_strided((2,), (2,), 1).mul_(v[:2]),
        lambda y, v: y.__setitem__((slice(None), 0), v),
        lambda y, v: y.__setitem__(1, y[0] + v),
        lambda y, v: y[1].zero_(),
        lambda y, v: y[1].fill_(2),
    ],
)
def test_write_into_view(write):
    x = rl.tensor(np.arange(1.0, 10.0).reshape(3, 3) / 5, requires_grad=True)
    v = leaf(0.5, 1.5, 2.5)

    def run(x, v):
        y = x * 1
        write(y, v)
        return y * y

    assert gradcheck(run, (x, v))
    assert gradgradcheck(run, (x, v), fast_mode=True)


def test_views_follow_their_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    first, rest = y[0], y[1:]
    y.mul_(2)
    (first + rest.sum()).backward()
    assert x.grad.tolist() == [2, 2, 2]
    x.grad = None
    y = x * 1
    a, b = y[:2], y[1:]
    a.mul_(3)
    b.mul_(5)
    assert (a.tolist(), b.tolist()) == ([3, 30], [30, 15])
    (a.sum() + b.sum() * 10).backward()
    assert x.grad.tolist() == [3, 165, 50]


def test_views_of_views_and_a_plain_base():
    v = leaf(2.0)
    base = rl.zeros(2, 3, dtype=rl.float64)
    view = base[1][1:]
    view.copy_(v.expand(2))
    assert base.requires_grad
    (base * rl.arange(6, dtype=rl.float64).view(2, 3)).sum().backward()
    assert v.grad.item() == 9
    x = leaf(1.0, 2.0)
    y = (x * 1).view(1, 2)
    w = y.view(2)
    w[0] = 7
    y.sum().backward()
    assert x.grad.tolist() == [0, 1]


def test_view_made_without_grad():
    x = leaf(1.0, 2.0)
    y = x * 1
    with rl.no_grad():
        view = y[0]
    assert not view.requires_grad
    y.detach()[0] = 5
    assert y.tolist() == [5, 2]


def test_in_place_views():
    x = rl.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = (x * 2).t_()
    assert y.shape == (3, 2)
    y.unsqueeze_(0).squeeze_(0)
    (y * rl.arange(6.0, dtype=rl.float64).view(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0, 4, 8], [2, 6, 10]]


@pytest.mark.parametrize("make", [lambda y: y.chunk(2), lambda y: y.unbind()])
def test_several_views_cannot_be_written(make):
    x = leaf(1.0, 2.0, 3.0, 4.0)
    y = x * 1
    first = make(y)[0]
    with pytest.raises(RuntimeError, match="returns multiple views"):
        first.mul_(2)
    with rl.no_grad():
        first.mul_(2)
    assert y.tolist()[0] == 2


# -- modes -----------------------------------------------------------------------------


def test_detach():
    x = leaf(1.0)
    d = x.detach()
    assert not d.requires_grad
    assert d.data_ptr() == x.data_ptr()
    d.unsqueeze_(0)
    assert x.shape == (1,)
    y = (x * 2).detach_()
    assert y.is_leaf
    assert not y.requires_grad
    x.data.resize_(0)
    assert x.shape == (1,)


def test_modes():
    x = leaf(1.0)
    with rl.no_grad():
        assert not rl.is_grad_enabled()
        assert not (x * 2).requires_grad
        with rl.enable_grad():
            assert (x * 2).requires_grad
        assert not rl.is_grad_enabled()
    assert rl.is_grad_enabled()
    with rl.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert rl.is_grad_enabled()
    rl.set_grad_enabled(False)
    assert not rl.is_grad_enabled()
    rl.set_grad_enabled(True)
    with rl.inference_mode():
        assert rl.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
    with rl.inference_mode(False):
        assert (x * 2).requires_grad
    with pytest.raises(ValueError), rl.no_grad():
        raise ValueError
    assert rl.is_grad_enabled()
    assert rl.no_grad().__enter__() is None
    rl.set_grad_enabled(True)


@pytest.mark.parametrize(
    "decorator",
    [
        lambda: rl.no_grad,
        lambda: rl.no_grad(),
        lambda: rl.inference_mode,
        lambda: rl.inference_mode(),
        lambda: rl.set_grad_enabled(False),
    ],
)
def test_decorators(decorator):
    decorator = decorator()

    @decorator
    def double(x):
        """Doubled."""
        return x * 2

    assert rl.is_grad_enabled()
    x = leaf(1.0)
    for _ in range(2):
        assert not double(x).requires_grad
    assert double.__doc__ == "Doubled."
    assert (x * 2).requires_grad

    @decorator
    def generate(x):
        for _ in range(2):
            yield x * 2

    for y in generate(x):
        assert not y.requires_grad
        assert rl.is_grad_enabled()


def test_modes_are_per_thread():
    seen = []
    with rl.no_grad():
        worker = threading.Thread(target=lambda: seen.append(rl.is_grad_enabled()))
        worker.start()
        worker.join()
    assert seen == [True]


# -- hooks -----------------------------------------------------------------------------


def test_tensor_hooks():
    x = leaf(1.0, 2.0)
    y = x * 2
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    assert seen == [[1, 1]]
    assert x.grad.tolist() == [21, 21]
    handle.remove()
    x.grad = None
    y.sum().backward(retain_graph=True)
    assert len(seen) == 1
    with pytest.raises(RuntimeError):
        rl.ones(2).register_hook(print)
    y.register_hook(lambda g: "text")
    with pytest.raises(TypeError):
        y.sum().backward()


def test_post_accumulate_hook():
    x = leaf(1.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (x * 3).sum().backward()
    (x * 3).sum().backward()
    assert seen == [3, 6]


def test_retain_grad():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [20, 40]
    assert x.grad.tolist() == [40, 80]
    with pytest.raises(RuntimeError):
        rl.ones(1).retain_grad()


def test_node_hooks_and_graph():
    x = leaf(2.0)
    y = x.exp()
    node = y.grad_fn
    assert node.name() == "ExpBackward0"
    assert node.next_functions[0][0].variable is x
    seen = []
    node.register_hook(lambda gi, go: seen.append((gi[0].item(), go[0].item())))
    node.register_prehook(lambda go: (go[0] * 3,))
    y.sum().backward()
    assert seen[0][1] == 3
    np.testing.assert_allclose(x.grad.item(), 3 * np.exp(2))


def test_backward_inside_a_hook():
    x, w = leaf(1.0), leaf(2.0)
    seen = []

    def hook(g):
        with rl.enable_grad():
            (w * w).sum().backward()
            inner = leaf(3.0)
            (inner**2).sum().backward()
        seen.append(inner.grad.item())
        return g * 2

    y = x * 3
    y.register_hook(hook)
    (y * 1).sum().backward()
    assert x.grad.item() == 6
    assert w.grad.item() == 4
    assert seen == [6]


def test_pass_inside_a_hook_over_the_same_nodes():
    x = leaf(1.0)
    t = x.exp()
    a, b = t * 2, t * 3
    seen = []

    def hook(g):
        with rl.enable_grad():
            seen.append(rl.autograd.grad(b.sum(), x, retain_graph=True)[0].item())

    a.register_hook(hook)
    (a.sum() + b.sum()).backward(retain_graph=True)
    np.testing.assert_allclose(seen, [3 * np.e])
    np.testing.assert_allclose(x.grad.item(), 5 * np.e)


def test_grad_runs_only_what_is_needed():
    ran = []

    class Watch(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            ran.append(1)
            return g

    x, w = leaf(1.0), leaf(2.0)
    y = Watch.apply(x) * w
    rl.autograd.grad(y.sum(), w, retain_graph=True)
    assert ran == []
    rl.autograd.grad(y.sum(), x)
    assert ran == [1]


def test_failing_hook_leaves_a_usable_graph():
    x = leaf(1.0)
    y = x.exp()
    handle = y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    handle.remove()
    assert rl.is_grad_enabled()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.item(), np.e)


# -- threads ---------------------------------------------------------------------------


def test_threads_on_separate_graphs():
    errors = []

    def work(seed):
        try:
            for _ in range(30):
                x = leaf(*(float(seed + i) for i in range(50)))
                y = x
                for _ in range(20):
                    y = y * 1.01 + 1
                y.sum().backward()
                np.testing.assert_allclose(x.grad.numpy(), np.full(50, 1.01**20))
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert errors == []


def test_threads_with_large_tensors():
    shared = rl.ones(100_000, requires_grad=True)
    results = [None] * 4

    def work(i):
        (g,) = rl.autograd.grad((shared * (i + 1)).exp().sum(), shared)
        results[i] = g[0].item()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    np.testing.assert_allclose(results, [n * np.exp(n) for n in range(1, 5)], rtol=1e-5)


def test_threads_on_a_shared_graph():
    x = leaf(*(1.0 + i / 50 for i in range(50)))
    trunk = x
    for _ in range(30):
        trunk = trunk * 1.01
    errors = []

    def work(scale):
        try:
            for _ in range(20):
                (g,) = rl.autograd.grad((trunk * scale).sum(), x, retain_graph=True)
                np.testing.assert_allclose(g.numpy(), scale * 1.01**30)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(i + 1,)) for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert errors == []
