"""The shortest paths from Python to a view, and the objects that they use again."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import rushlight as rl


def many_times(make, count=300):
    """Enough calls for every idle object to have been used; the last result."""
    for _ in range(count):
        result = make()
    return result


@pytest.mark.parametrize("shape", [(10,), (4, 3), (2, 3, 4), (2, 1, 2, 1, 2, 1, 2)])
@pytest.mark.parametrize("index", [0, 1, -1, -2])
def test_select_is_a_view_of_the_row(shape, index):
    a = rl.arange(int(np.prod(shape))).reshape(shape)
    row = many_times(lambda: a[index])
    expected = np.arange(int(np.prod(shape))).reshape(shape)[index]
    assert row.tolist() == expected.tolist()
    assert row.stride() == a.stride()[1:]
    assert row._is_view() and row._base is (a if a._base is None else a._base)
    row.fill_(-1)
    assert (a[index] == -1).all()


@pytest.mark.parametrize("bounds", [(1, 3), (None, 2), (-2, None), (5, 2), (-9, 99)])
def test_slice_is_a_view(bounds):
    a = rl.arange(6).reshape(3, 2).t()
    part = many_times(lambda: a[bounds[0] : bounds[1]])
    expected = np.arange(6).reshape(3, 2).T[bounds[0] : bounds[1]]
    assert part.tolist() == expected.tolist()
    assert part.stride() == a.stride()


def test_out_of_range_raises_every_time():
    a = rl.ones(3)
    for index in (3, -4, 2**62, -(2**70)):
        for _ in range(100):
            with pytest.raises((IndexError, OverflowError, RuntimeError)):
                a[index]
    with pytest.raises(IndexError):
        rl.tensor(1.0)[0]
    with pytest.raises(RuntimeError, match="view"):
        a.view(2, 2)


def test_views_keep_their_storage_alive():
    views = [rl.full((4,), float(i))[1:3] for i in range(200)]
    gc.collect()
    assert [v.tolist() for v in views] == [[float(i)] * 2 for i in range(200)]


def test_a_dead_view_holds_no_storage():
    a = rl.ones(3)
    row = a[0]
    storage = weakref.ref(a)
    del a
    assert storage() is not None  # the view's base
    del row
    assert storage() is None


def test_attributes_and_cycles():
    a = rl.ones(2, 2)
    row = a[0]
    row.note, row.base, a.row = "mine", a, row
    assert row.__dict__ == {"note": "mine", "base": a}
    gone = weakref.ref(row)
    del row, a
    gc.collect()
    assert gone() is None
    # What comes after has none of it.
    fresh = many_times(lambda: rl.ones(2, 2)[0])
    assert not hasattr(fresh, "note") and fresh.__dict__ == {}
    assert fresh.grad is None and fresh.grad_fn is None and not fresh.requires_grad


def test_recorded_and_plain_views_do_not_mix():
    a = rl.ones(3, requires_grad=True)
    plain = rl.ones(3)
    for _ in range(200):
        recorded = a[1]
        assert recorded.grad_fn is not None
        assert plain[1].grad_fn is None
        assert plain.view(1, 3).grad_fn is None
        del recorded
    (a[1] * 2 + a.view(3, 1)[2] * 3).sum().backward()
    assert a.grad.tolist() == [0, 2, 3]


def test_subclasses_and_saved_views():
    class Mine(rl.Tensor):
        pass

    mine = rl.Tensor._make_subclass(Mine, rl.arange(3))
    assert many_times(lambda: mine[1]).item() == 1
    # A view saved by the tape outlives its object.
    a = rl.arange(3.0)
    w = rl.ones((), requires_grad=True)
    products = [w * a[i] for i in range(3)]
    many_times(lambda: a[0])
    sum(products).backward()
    assert w.grad.item() == 3


def give_attribute(a, value):
    a.kept = value


def give_dict(a, value):
    a.__dict__["kept"] = value


def give_new_dict(a, value):
    a.__dict__ = {"kept": value}


def give_gradient_hook(a, value):
    a.requires_grad_().register_hook(lambda grad: value)


def give_history(a, value):
    w = rl.ones(2, requires_grad=True)
    a.mul_(w * 1.0)
    a.grad_fn.register_hook(lambda *grads: value)


@pytest.mark.parametrize(
    "give",
    [give_attribute, give_dict, give_new_dict, give_gradient_hook, give_history],
)
@pytest.mark.parametrize("whose", ["base", "view"])
def test_a_cycle_made_later_is_found(give, whose):
    warm = rl.ones(2, 2)
    many_times(lambda: warm[0])
    a = rl.ones(2, 2)
    row = a[0]
    if give is give_gradient_hook and whose == "view":
        row = row.detach()[:]  # no leaf is a view of one that is none
    give(a if whose == "base" else row, [row, a])
    gone = weakref.ref(a), weakref.ref(row)
    del a, row
    gc.collect()
    assert gone[0]() is None and gone[1]() is None


def test_more_views_alive_than_idle_objects():
    a = rl.arange(1000)
    for _ in range(3):
        views = [a[i] for i in range(1000)]
        assert [int(v) for v in views] == list(range(1000))
        a.views = views  # a cycle through all of them
        gone = weakref.ref(views[500])
        del views
        a = rl.arange(1000)
        gc.collect()
        assert gone() is None


@pytest.mark.parametrize(
    "call",
    [
        lambda x, far: x.as_strided((3, 0), (1, 1), far),
        lambda x, far: rl.as_strided_(x, (0,), (1,), far),
        lambda x, far: x.set_(x.untyped_storage(), far, (0,), (1,)),
        lambda x, far: rl.nn.functional.adaptive_max_pool3d(x.view(1, 1, 1, 3), far),
    ],
)
def test_places_past_all_memory(call):
    """Even where there is no element at such an offset: its address has no meaning."""
    x = rl.arange(3.0)
    with pytest.raises(RuntimeError, match="size overflow"):
        call(x, 1 << 62)
    assert x.tolist() == [0, 1, 2]
