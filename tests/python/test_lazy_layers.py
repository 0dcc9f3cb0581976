"""Layers that take their sizes from the first input."""

from __future__ import annotations

import copy
import io
import pickle

import pytest

import rushlight
from rushlight import nn
from rushlight.nn.modules.lazy import LazyModuleMixin
from rushlight.nn.parameter import is_lazy

# Name -> (lazy layer, shape of the input, the layer it becomes).
LAYERS = {
    "linear": (lambda: nn.LazyLinear(3), (2, 4), lambda: nn.Linear(4, 3)),
    "conv1d": (
        lambda: nn.LazyConv1d(6, 2, groups=2),
        (2, 4, 5),
        lambda: nn.Conv1d(4, 6, 2, groups=2),
    ),
    "conv2d unbatched": (
        lambda: nn.LazyConv2d(6, 2, bias=False),
        (4, 5, 5),
        lambda: nn.Conv2d(4, 6, 2, bias=False),
    ),
    "conv3d": (
        lambda: nn.LazyConv3d(2, (1, 2, 3), padding=1),
        (1, 2, 3, 3, 3),
        lambda: nn.Conv3d(2, 2, (1, 2, 3), padding=1),
    ),
    "conv_transpose1d": (
        lambda: nn.LazyConvTranspose1d(6, 2, groups=2),
        (2, 4, 5),
        lambda: nn.ConvTranspose1d(4, 6, 2, groups=2),
    ),
    "conv_transpose2d": (
        lambda: nn.LazyConvTranspose2d(6, 2, stride=2),
        (4, 5, 5),
        lambda: nn.ConvTranspose2d(4, 6, 2, stride=2),
    ),
    "conv_transpose3d": (
        lambda: nn.LazyConvTranspose3d(2, 1),
        (1, 2, 3, 3, 3),
        lambda: nn.ConvTranspose3d(2, 2, 1),
    ),
    "batch_norm1d": (lambda: nn.LazyBatchNorm1d(), (4, 3), lambda: nn.BatchNorm1d(3)),
    "batch_norm2d": (
        lambda: nn.LazyBatchNorm2d(bias=False),
        (2, 3, 4, 4),
        lambda: nn.BatchNorm2d(3, bias=False),
    ),
    "batch_norm3d": (
        lambda: nn.LazyBatchNorm3d(affine=False),
        (2, 3, 2, 2, 2),
        lambda: nn.BatchNorm3d(3, affine=False),
    ),
    "instance_norm1d": (
        lambda: nn.LazyInstanceNorm1d(),
        (2, 3, 4),
        lambda: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
    ),
    "instance_norm2d": (
        lambda: nn.LazyInstanceNorm2d(track_running_stats=False),
        (2, 3, 4, 4),
        lambda: nn.InstanceNorm2d(3, affine=True),
    ),
    "instance_norm3d": (
        lambda: nn.LazyInstanceNorm3d(affine=False),
        (2, 3, 2, 2, 2),
        lambda: nn.InstanceNorm3d(3, track_running_stats=True),
    ),
}


def seeded(make, *args):
    rushlight.manual_seed(1)
    return make(*args)


def equal_states(a, b):
    state, other = a.state_dict(), b.state_dict()
    assert list(state) == list(other)
    assert all(state[k].equal(other[k]) for k in state)


@pytest.mark.parametrize("name", LAYERS)
def test_becomes_the_layer(name):
    make, shape, expected = LAYERS[name]
    layer, plain = make(), seeded(expected)
    assert layer.has_uninitialized_params()
    x = rushlight.ones(shape)
    assert seeded(layer, x).equal(plain(x))
    assert type(layer) is type(plain)
    assert repr(layer) == repr(plain)
    assert not layer._forward_pre_hooks and not layer._load_state_dict_pre_hooks
    equal_states(layer, plain)
    assert all(type(p) is nn.Parameter for p in layer.parameters())
    assert all(isinstance(b, rushlight.Tensor) for b in layer.buffers())


@pytest.mark.parametrize("name", LAYERS)
def test_loads_what_has_sizes(name):
    make, _, expected = LAYERS[name]
    layer, plain = make(), seeded(expected)
    layer.load_state_dict(plain.state_dict())
    assert not layer.has_uninitialized_params()
    equal_states(layer, plain)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("name", ["linear", "batch_norm1d"])
def test_copies_stay_lazy(name, copied):
    make, shape, expected = LAYERS[name]
    layer = make().double()
    twin = copied(layer)
    twin(rushlight.ones(shape, dtype=rushlight.float64))
    assert type(twin) is type(expected()) and type(layer) is not type(twin)
    assert layer.has_uninitialized_params()
    assert next(twin.parameters()).dtype is rushlight.float64


@pytest.mark.parametrize("name", ["linear", "batch_norm1d"])
def test_saved_state_stays_lazy(name):
    make = LAYERS[name][0]
    file = io.BytesIO()
    rushlight.save(make().double().state_dict(), file)
    file.seek(0)
    state = rushlight.load(file, weights_only=False)
    assert is_lazy(state["weight"]) and state["weight"].dtype is rushlight.float64
    layer = make()
    layer.load_state_dict(state)
    assert layer.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        LAYERS[name][2]().load_state_dict(state)


def test_moves_and_casts():
    layer = nn.LazyBatchNorm1d().to(rushlight.float64)
    assert [str(v.dtype) for v in layer.state_dict().values()] == [
        *["rushlight.float64"] * 4,
        "rushlight.int64",
    ]
    assert layer.half().weight.dtype is rushlight.float16
    assert is_lazy(layer.running_mean) and is_lazy(layer.bias)


def test_refuses_everything_else():
    weight = nn.UninitializedParameter()
    mean = nn.UninitializedBuffer()
    for use in (
        lambda t: t * 2,
        lambda t: rushlight.add(t, 1),
        lambda t: nn.init.ones_(t),
        lambda t: t.numel(),
        lambda t: nn.functional.relu(t),
    ):
        for value in (weight, mean):
            with pytest.raises(ValueError, match="uninitialized parameter"):
                use(value)
    with pytest.raises(RuntimeError, match="shape"):
        len(weight.shape)
    with pytest.raises(RuntimeError, match="share memory"):
        mean.share_memory_()
    assert repr(weight) == "<UninitializedParameter>"
    assert repr(mean) == "<UninitializedBuffer>"


def test_materialize():
    weight = nn.UninitializedParameter(requires_grad=False, dtype=rushlight.float16)
    weight.materialize((2, 3), dtype=rushlight.float64)
    assert type(weight) is nn.Parameter and not weight.requires_grad
    assert tuple(weight.shape) == (2, 3) and weight.dtype is rushlight.float64
    assert (weight * 0 + 1).shape == weight.shape
    module = nn.Module()
    module.mean = nn.UninitializedBuffer(persistent=False)
    module.mean.materialize((2,))
    assert list(module.state_dict()) == [] and list(dict(module.named_buffers()))


class Half(LazyModuleMixin, nn.Module):
    """Leaves a parameter uninitialized."""

    def __init__(self):
        super().__init__()
        self.a = nn.UninitializedParameter()
        self.b = nn.UninitializedParameter()

    def initialize_parameters(self, input):
        self.a.materialize(input.shape)

    def forward(self, input):
        return input


def test_incomplete_initialization():
    with pytest.raises(RuntimeError, match="Half has not been fully initialized"):
        Half()(rushlight.ones(2))


def test_initialization_is_required():
    class Nothing(LazyModuleMixin, nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="not implemented for Nothing"):
        Nothing()(rushlight.ones(2))


def test_lazy_errors():
    with pytest.raises(RuntimeError, match=r"Expected 3D .* or 4D .* LazyConv2d"):
        nn.LazyConv2d(2, 1)(rushlight.ones(2, 2))
    with pytest.raises(ValueError, match="divisible by groups"):
        nn.LazyConv1d(4, 1, groups=4)(rushlight.ones(2, 3))
    layer = nn.LazyLinear(3)
    layer.load_state_dict(nn.Linear(4, 3).state_dict())
    with pytest.raises(AssertionError, match="inferred from input: 5"):
        layer(rushlight.ones(2, 5))


def test_trains_in_a_net():
    net = nn.Sequential(
        nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(1)
    )
    x = rushlight.ones(2, 1, 4, 4)
    net(x)
    optimizer = rushlight.optim.SGD(net.parameters(), lr=0.1)
    net(x).sum().backward()
    before = net[3].bias.detach().clone()
    optimizer.step()
    assert not net[3].bias.equal(before)
