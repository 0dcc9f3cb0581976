"""Normalisation layers against NumPy."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rushlight
from rushlight import nn

EPS = 1e-5


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def tensor(values):
    return rushlight.from_numpy(np.ascontiguousarray(values))


def close(got, expected, tol=1e-10):
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=tol, atol=tol)


def standard(x, axes, eps=EPS):
    centered = x - x.mean(axis=axes, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=axes, keepdims=True) + eps)


def double(layer):
    """In double precision, with a weight and bias that are not 1 and 0."""
    layer = layer.double()
    with rushlight.no_grad():
        for i, param in enumerate(layer.parameters()):
            param.copy_(tensor(array(*param.shape, seed=5 + i)))
    return layer


def scaled(x, layer):
    shape = (-1, *[1] * (x.ndim - 2))
    if layer.weight is not None:
        x = x * layer.weight.detach().numpy().reshape(shape)
    if layer.bias is not None:
        x = x + layer.bias.detach().numpy().reshape(shape)
    return x


SHAPES = {1: (5, 3, 4), 2: (2, 3, 4, 5), 3: (2, 3, 2, 3, 4)}


@pytest.mark.parametrize("n", SHAPES)
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"affine": False}])
def test_batch_norm(n, options):
    layer = double(getattr(nn, f"BatchNorm{n}d")(3, **options))
    x = array(*SHAPES[n])
    axes = (0, *range(2, n + 2))
    expected = scaled(standard(x, axes), layer)
    close(layer(tensor(x)), expected)
    mean = 0.1 * x.mean(axis=axes)
    var = 0.9 + 0.1 * x.var(axis=axes, ddof=1)
    close(layer.running_mean, mean)
    close(layer.running_var, var)
    assert int(layer.num_batches_tracked) == 1
    shape = (3, *[1] * n)
    still = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + EPS)
    close(layer.eval()(tensor(x)), scaled(still, layer))
    assert int(layer.num_batches_tracked) == 1


def test_batch_norm_of_all_batches():
    """Without momentum the running mean is the mean over the batches."""
    layer = nn.BatchNorm1d(3, momentum=None).double()
    batches = [array(6, 3, seed=i) for i in range(4)]
    for batch in batches:
        layer(tensor(batch))
    close(layer.running_mean, np.mean(batches, axis=(0, 1)))
    close(layer.running_var, np.mean([b.var(axis=0, ddof=1) for b in batches], axis=0))
    layer.reset_running_stats()
    assert int(layer.num_batches_tracked) == 0
    close(layer.running_mean, np.zeros(3))


def test_batch_norm_without_statistics():
    layer = double(nn.BatchNorm2d(3, track_running_stats=False)).eval()
    x = array(*SHAPES[2])
    close(layer(tensor(x)), scaled(standard(x, (0, 2, 3)), layer))
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_batch_norm_state():
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    assert list(state) == [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]
    assert state._metadata[""] == {"version": 2}
    assert state["num_batches_tracked"].dtype is rushlight.int64
    # A file of version 1 has no count, one of version 2 has to.
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        layer.load_state_dict(state)
    state._metadata[""]["version"] = 1
    layer.load_state_dict(state)
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(copied) == repr(layer)
        close(copied.running_var, np.ones(2))


@pytest.mark.parametrize(
    "n, shape", [(1, (3,)), (1, (1, 3, 1, 1)), (2, (2, 3, 4)), (3, (2, 3, 4, 5))]
)
def test_batch_norm_counts_dims(n, shape):
    with pytest.raises(ValueError, match=f"got {len(shape)}D input"):
        getattr(nn, f"BatchNorm{n}d")(3)(rushlight.ones(shape))


def test_sync_batch_norm():
    x = array(*SHAPES[1])
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.BatchNorm1d(3))).double()
    expected = copy.deepcopy(net)(tensor(x))
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert [type(m).__name__ for m in converted.modules()].count("SyncBatchNorm") == 2
    close(converted(tensor(x)), expected.detach().numpy())
    assert converted[0].weight is net[0].weight
    with pytest.raises(ValueError, match="at least 2D"):
        nn.SyncBatchNorm(3)(rushlight.ones(3))
    with pytest.raises(ValueError, match="non-zero"):
        nn.SyncBatchNorm(0)(rushlight.ones(3, 0))
    with pytest.raises(NotImplementedError, match="process groups"):
        nn.SyncBatchNorm(3, process_group=object())


@pytest.mark.parametrize("n", SHAPES)
def test_instance_norm(n):
    layer = double(
        getattr(nn, f"InstanceNorm{n}d")(3, affine=True, track_running_stats=True)
    )
    x = array(*SHAPES[n])
    axes = tuple(range(2, n + 2))
    expected = scaled(standard(x, axes), layer)
    close(layer(tensor(x)), expected)
    close(layer.running_mean, 0.1 * x.mean(axis=axes).mean(axis=0))
    var = 0.9 + 0.1 * x.var(axis=axes, ddof=1).mean(axis=0)
    close(layer.running_var, var)
    close(layer(tensor(x[0])), expected[0])
    plain = getattr(nn, f"InstanceNorm{n}d")(3).eval()
    close(plain(tensor(x)), standard(x, axes))
    assert list(plain.state_dict()) == []


def test_instance_norm_of_other_channels():
    x = rushlight.ones(2, 4, 5)
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(3)(x)
    with pytest.raises(ValueError, match="to match num_features"):
        nn.InstanceNorm1d(3, affine=True)(x)


def test_instance_norm_refuses_old_statistics():
    state = {"running_mean": rushlight.ones(2), "running_var": rushlight.ones(2)}
    with pytest.raises(RuntimeError, match="If the running stats"):
        nn.InstanceNorm1d(2).load_state_dict(state)


@pytest.mark.parametrize("shape", [4, (3, 4)])
def test_layer_norm(shape):
    layer = double(nn.LayerNorm(shape))
    x = array(2, 3, 4)
    axes = (-1,) if shape == 4 else (-2, -1)
    weight, bias = (p.detach().numpy() for p in layer.parameters())
    close(layer(tensor(x)), standard(x, axes) * weight + bias)
    assert repr(nn.LayerNorm(shape, bias=False)) == (
        f"LayerNorm({(4,) if shape == 4 else (3, 4)}, eps=1e-05, "
        "elementwise_affine=True, bias=False)"
    )


def test_group_norm():
    layer = double(nn.GroupNorm(2, 4))
    x = array(3, 4, 5)
    groups = standard(x.reshape(3, 2, -1), (-1,)).reshape(x.shape)
    close(layer(tensor(x)), scaled(groups, layer))
    with pytest.raises(ValueError, match="divisible"):
        nn.GroupNorm(3, 4)


def test_rms_norm():
    layer = double(nn.RMSNorm(4, eps=0.1))
    x = array(2, 3, 4)
    weight = layer.weight.detach().numpy()
    root = np.sqrt((x**2).mean(axis=-1, keepdims=True) + 0.1)
    close(layer(tensor(x)), x / root * weight)


def test_local_response_norm():
    x = array(2, 6, 3)
    expected = np.empty_like(x)
    for c in range(6):
        near = x[:, max(c - 1, 0) : c + 2]
        expected[:, c] = x[:, c] / (2 + 0.3 * (near**2).sum(axis=1) / 3) ** 0.6
    close(nn.LocalResponseNorm(3, 0.3, 0.6, 2.0)(tensor(x)), expected)


def test_cross_map_norm_adds_the_first_channel_to_every_window():
    x = array(2, 6, 3, 2)
    expected = np.empty_like(x)
    for c in range(6):
        near = sorted({0, *range(max(c - 1, 0), min(c + 2, 6))})
        total = (x[:, near] ** 2).sum(axis=1)
        expected[:, c] = x[:, c] / (2 + 0.3 * total / 3) ** 0.6
    layer = nn.CrossMapLRN2d(3, 0.3, 0.6, 2)
    close(layer(tensor(x)), expected)
    inputs = tensor(x).requires_grad_()
    assert rushlight.autograd.gradcheck(layer, (inputs,))
    with pytest.raises(ValueError, match="4D"):
        layer(rushlight.ones(2, 3))
