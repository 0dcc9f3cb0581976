"""The table of a model's layers."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as rl
from rushlight import nn


class Twice(nn.Module):
    """One layer, called twice."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.unused = nn.Linear(4, 7, bias=False)

    def forward(self, x, y=None):
        x = self.inner(self.inner(x))
        return x if y is None else (x, {"y": y, "n": 3})


def test_rows_and_totals():
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Sequential(nn.Flatten())
    )
    model[0].bias.requires_grad_(False)
    found = rl.summary(model, (2, 1, 6, 6))
    assert found.rows == [
        ("Sequential", "Sequential", (2, 48), 0),
        ("0", "Conv2d", (2, 3, 4, 4), 30),
        ("1", "BatchNorm2d", (2, 3, 4, 4), 6),
        ("2", "Sequential", (2, 48), 0),
        ("0", "Flatten", (2, 48), 0),
    ]
    assert (found.total_parameters, found.trainable_parameters) == (36, 33)
    assert found.parameter_bytes == 36 * 4
    assert found.buffer_bytes == 3 * 4 + 3 * 4 + 8
    lines = str(found).splitlines()
    assert lines[0].split() == ["Layer", "Kind", "Output", "shape", "Parameters"]
    assert lines[3] == "  0         Conv2d       (2, 3, 4, 4)          30"
    assert lines[-2] == "Parameters: 36 (33 trainable, 3 not)"
    assert repr(found) == str(found)


def test_depth_moves_parameters_up():
    model = nn.Sequential(
        nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), nn.Linear(1, 1)
    )
    rows = rl.summary(model, (5, 2), depth=1).rows
    assert [(r[1], r[3]) for r in rows] == [
        ("Sequential", 0),
        ("Sequential", 13),
        ("Linear", 2),
    ]
    assert rl.summary(model, (5, 2), depth=0).rows == [
        ("Sequential", "Sequential", (5, 1), 15)
    ]


def test_a_layer_called_twice_is_counted_once():
    found = rl.summary(Twice(), (3, 4))
    assert [r[3] for r in found.rows] == [0, 20, 0]
    assert found.total_parameters == 20 + 28


def test_inputs():
    model = Twice()
    x = rl.ones(3, 4)
    for given in (x, (3, 4), [3, 4], (x,), {"x": (3, 4)}, rl.Size([3, 4])):
        assert rl.summary(model, given).rows[0][2] == (3, 4)
    assert rl.summary(model, (x, (2, 5))).rows[0][2] == [(3, 4), [(2, 5)]]
    assert rl.summary(nn.LSTM(4, 2), x).rows[0][2] == [(3, 2), [(1, 2), (1, 2)]]
    assert rl.summary(nn.Embedding(5, 2), rl.tensor([1, 2])).rows[0][2] == (2, 2)


def test_the_model_stays_as_it_was():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model[2].eval()
    state = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    rng = rl.get_rng_state()
    rl.summary(model, (4, 2))
    assert rl.equal(rng, rl.get_rng_state())
    assert [m.training for m in model.modules()] == [True, True, True, False]
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[key])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    with pytest.raises(RuntimeError, match="shape"):
        rl.summary(model, (4, 3))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert model.training


def test_lazy_layers_have_their_parameters():
    found = rl.summary(nn.Sequential(nn.LazyLinear(3)), (2, 5))
    assert found.rows[1] == ("0", "Linear", (2, 3), 18)


def test_errors():
    with pytest.raises(TypeError, match="must be a Module, not int"):
        rl.summary(3, (1,))
    with pytest.raises(TypeError, match="tensors or sizes, got str"):
        rl.summary(Twice(), "x")
