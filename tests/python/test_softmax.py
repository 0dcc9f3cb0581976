"""softmax, log_softmax, logsumexp, nll_loss: NumPy's values, gradients, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight
from rushlight import _ops


def reference(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "shape", [(1,), (10,), (3, 5), (2, 300, 3), (3, 2100), (700, 2, 5)], ids=str
)
def test_values(shape, dtype):
    array = (np.random.default_rng(0).normal(size=shape) * 5).astype(dtype)
    exact = array.astype(np.longdouble)
    tolerance = 4 * np.finfo(dtype).eps
    for axis in range(len(shape)):
        expected = reference(exact, axis)
        x = rushlight.tensor(array)
        np.testing.assert_allclose(
            x.softmax(axis).numpy(), expected, rtol=16 * tolerance
        )
        np.testing.assert_allclose(
            x.log_softmax(axis).numpy(),
            np.log(expected),
            rtol=tolerance,
            atol=8 * tolerance,
        )
        total = exact.max(axis) + np.log(
            np.exp(exact - exact.max(axis, keepdims=True)).sum(axis)
        )
        np.testing.assert_allclose(
            rushlight.logsumexp(x, axis).numpy(), total, rtol=tolerance, atol=tolerance
        )


def test_large_and_infinite():
    assert rushlight.tensor([1e4, 1e4]).softmax(0).tolist() == [0.5, 0.5]
    assert rushlight.tensor([0.0, -math.inf]).softmax(0).tolist() == [1, 0]
    assert rushlight.tensor([0.0, -math.inf]).log_softmax(0).tolist() == [0, -math.inf]
    assert rushlight.tensor([-math.inf] * 2).softmax(0).isnan().all().item()
    assert rushlight.tensor([-math.inf] * 2).logsumexp(0).item() == -math.inf
    assert rushlight.tensor([math.inf, 1]).logsumexp(0).item() == math.inf


def test_same_rows_alone_and_together():
    x = rushlight.tensor(
        np.random.default_rng(1).normal(size=(64, 1000)).astype(np.float32)
    )
    together = x.softmax(1)
    for i in (0, 31, 63):
        assert (x[i].softmax(0) == together[i]).all().item()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gradient(name, dim):
    rng = np.random.default_rng(2)
    array, weight = (
        rng.normal(size=(3, 4, 2)),
        rushlight.tensor(rng.normal(size=(3, 4, 2))),
    )

    def value(a):
        return (getattr(rushlight, name)(a, dim) * weight).sum()

    x = rushlight.tensor(array, requires_grad=True)
    value(x).backward()
    h, numeric = 1e-6, np.zeros_like(array)
    for i in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[i] = h
        high, low = (
            value(rushlight.tensor(array + step)),
            value(rushlight.tensor(array - step)),
        )
        numeric[i] = (high.item() - low.item()) / (2 * h)
    np.testing.assert_allclose(x.grad.numpy(), numeric, atol=1e-8)


def test_nll_loss():
    array = np.log(reference(np.random.default_rng(3).normal(size=(5, 4)), 1))
    target = np.array([0, 3, 1, 1, 2])
    x, t = rushlight.tensor(array), rushlight.tensor(target)
    picked = -array[np.arange(5), target]
    np.testing.assert_allclose(_ops.nll_loss(x, t, None, 0).numpy(), picked)
    assert _ops.nll_loss(x, t).item() == pytest.approx(picked.mean())
    assert _ops.nll_loss(x, t, None, 2).item() == pytest.approx(picked.sum())
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    weighted = _ops.nll_loss(x, t, rushlight.tensor(weight)).item()
    assert weighted == pytest.approx(
        (picked * weight[target]).sum() / weight[target].sum()
    )
    kept = target != 1
    assert _ops.nll_loss(x, t, None, 1, 1).item() == pytest.approx(picked[kept].mean())
    assert _ops.nll_loss(x, t.to(rushlight.uint8)).item() == pytest.approx(
        picked.mean()
    )


@pytest.mark.parametrize(
    ("shape", "target", "error", "text"),
    [
        ((3, 4), [1, 5, 0], IndexError, "Target 5 is out of bounds"),
        ((3, 4), [1, -1, 0], IndexError, "Target -1 is out of bounds"),
        (
            (3, 4),
            [1, 0],
            ValueError,
            r"batch_size \(3\) to match target batch_size \(2\)",
        ),
        ((3, 4), [1.0, 0.0, 2.0], RuntimeError, "Long or Byte"),
        ((3, 4, 2), [[0], [1], [2]], RuntimeError, "size mismatch"),
    ],
)
def test_nll_loss_errors(shape, target, error, text):
    with pytest.raises(error, match=text):
        _ops.nll_loss(rushlight.zeros(shape), rushlight.tensor(target))
    with pytest.raises(NotImplementedError):
        rushlight.zeros(3, dtype=rushlight.int64).softmax(0)
