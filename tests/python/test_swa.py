"""Averaged models, and the schedule and the statistics that belong to them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim
from rushlight.optim import swa_utils

AVERAGES = {
    "default": ({}, lambda mean, new, n: mean + (new - mean) / (n + 1)),
    "swa": (
        {"avg_fn": swa_utils.get_swa_avg_fn()},
        lambda mean, new, n: mean + (new - mean) / (n + 1),
    ),
    "swa lists": (
        {"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()},
        lambda mean, new, n: mean + (new - mean) / (n + 1),
    ),
    "ema": (
        {"avg_fn": swa_utils.get_ema_avg_fn(0.75)},
        lambda mean, new, n: 0.75 * mean + 0.25 * new,
    ),
    "ema lists": (
        {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.75)},
        lambda mean, new, n: 0.75 * mean + 0.25 * new,
    ),
    "own": (
        {"avg_fn": lambda mean, new, n: mean * n + new},
        lambda mean, new, n: mean * n + new,
    ),
}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.scale = nn.Parameter(rushlight.ones(2, dtype=rushlight.float64))
        self.register_buffer("total", rushlight.zeros(2))
        self.register_buffer("count", rushlight.tensor(0))

    def forward(self, x):
        return self.layer(x)


def set_all(model, value):
    with rushlight.no_grad():
        for param in model.parameters():
            param.fill_(value)
        for buffer in model.buffers():
            buffer.fill_(value)


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("name", AVERAGES)
def test_averages(name, use_buffers):
    options, formula = AVERAGES[name]
    model = Model()
    if name == "swa lists" and use_buffers:
        del model.count  # whole numbers: see test_functions_for_whole_numbers
    averaged = swa_utils.AveragedModel(model, use_buffers=use_buffers, **options)
    mean = None
    for n, value in enumerate([1.0, 4.0, -2.0, 8.0]):
        set_all(model, value)
        averaged.update_parameters(model)
        mean = value if mean is None else formula(mean, value, n)
        for param in averaged.module.parameters():
            np.testing.assert_allclose(param.detach().numpy(), mean, rtol=1e-6)
        total = mean if use_buffers else value
        np.testing.assert_allclose(averaged.module.total.numpy(), total, rtol=1e-6)
        if not use_buffers:
            assert averaged.module.count.item() == value
    assert averaged.n_averaged.item() == 4
    assert averaged.n_averaged.dtype == rushlight.int64


def test_model_is_copied_and_called():
    model = Model()
    averaged = swa_utils.AveragedModel(model)
    x = rushlight.ones(1, 2)
    assert averaged(x).tolist() == model(x).tolist()
    before = averaged.module.layer.weight.tolist()
    set_all(model, 3.0)
    assert averaged.module.layer.weight.tolist() == before
    # Parameters still require gradients, and averaging records none.
    averaged.update_parameters(model)
    averaged.update_parameters(model)
    weight = averaged.module.layer.weight
    assert weight.requires_grad
    assert weight.is_leaf


def test_state_goes_on():
    model = Model()
    averaged = swa_utils.AveragedModel(model)
    for value in (1.0, 2.0):
        set_all(model, value)
        averaged.update_parameters(model)
    again = swa_utils.AveragedModel(Model())
    again.load_state_dict(averaged.state_dict())
    assert again.n_averaged.item() == 2
    clone = copy.deepcopy(averaged)
    set_all(model, 6.0)
    for one in (averaged, again, clone):
        one.update_parameters(model)
        np.testing.assert_allclose(one.module.layer.weight.detach().numpy(), 3.0)


def test_functions_for_whole_numbers():
    average = rushlight.tensor([4, 8])
    swa_utils.get_ema_multi_avg_fn(0.5)([average], [rushlight.tensor([8, 16])], 1)
    assert average.tolist() == [6, 12]
    with pytest.raises(RuntimeError, match="whole numbers"):
        swa_utils.get_swa_multi_avg_fn()([average], [average], 1)


@pytest.mark.parametrize("decay", [-0.1, 1.5])
def test_wrong_decay(decay):
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="Invalid decay value"):
            make(decay)


def test_one_function_only():
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(Model(), avg_fn=max, multi_avg_fn=max)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_schedule(strategy):
    optimizer = optim.SGD([nn.Parameter(rushlight.zeros(1))], lr=1.0)
    schedule = swa_utils.SWALR(optimizer, 0.2, 5, strategy)
    for step in range(1, 9):
        optimizer.step()
        schedule.step()
        share = min(step / 5, 1)
        if strategy == "cos":
            share = (1 - np.cos(np.pi * share)) / 2
        assert schedule.get_last_lr() == [pytest.approx(1.0 + (0.2 - 1.0) * share)]
    for wrong in ({"anneal_strategy": "step"}, {"anneal_epochs": -1}, {"swa_lr": [1]}):
        two = optim.SGD([{"params": nn.Parameter(rushlight.zeros(1))} for _ in "ab"])
        with pytest.raises(ValueError):
            swa_utils.SWALR(two, **{"swa_lr": 0.1, **wrong})


@pytest.mark.skipif(not hasattr(nn, "BatchNorm1d"), reason="there is no BatchNorm1d")
def test_batch_statistics():
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((8, 3)).astype("float32") for _ in range(4)]
    model = nn.Sequential(nn.BatchNorm1d(3, momentum=0.3)).eval()
    loader = [(rushlight.from_numpy(batch), "label") for batch in batches]
    swa_utils.update_bn(loader, model)
    (norm,) = model
    assert norm.momentum == 0.3
    assert not model.training
    assert norm.num_batches_tracked.item() == 4
    means = np.mean([batch.mean(0) for batch in batches], 0)
    variances = np.mean([batch.var(0, ddof=1) for batch in batches], 0)
    np.testing.assert_allclose(norm.running_mean.numpy(), means, atol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), variances, rtol=1e-5)
