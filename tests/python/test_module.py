"""Module: registration, state_dict, hooks, conversion, repr, error notes."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

import rushlight
from rushlight import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.register_buffer("seen", rushlight.zeros(2))
        self.register_buffer("cache", rushlight.ones(1), persistent=False)

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Block(), nn.Identity()])
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def test_names_follow_assignment_order():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "layers.0.conv.weight",
        "layers.0.conv.bias",
        "head.weight",
        "head.bias",
    ]
    assert [name for name, _ in net.named_buffers()] == [
        "layers.0.seen",
        "layers.0.cache",
    ]
    assert [name for name, _ in net.named_children()] == ["layers", "head"]
    assert len(list(net.modules())) == 6


def test_state_dict_holds_parameters_then_buffers_of_each_module():
    state = Net().state_dict()
    assert list(state) == [
        "layers.0.seen",
        "layers.0.conv.weight",
        "layers.0.conv.bias",
        "head.weight",
        "head.bias",
    ]
    assert state._metadata["layers.0.conv"] == {"version": 1}
    assert not state["head.weight"].requires_grad
    assert Net().state_dict(keep_vars=True)["head.weight"].requires_grad
    assert list(nn.Linear(1, 1).state_dict(prefix="a.")) == ["a.weight", "a.bias"]


def test_shared_parameter_is_listed_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4


def test_load_state_dict_copies_values_and_keeps_objects():
    source, target = Net(), Net()
    weight = target.head.weight
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert target.head.weight is weight
    assert bool((weight == source.head.weight).all())
    assert weight.data_ptr() != source.head.weight.data_ptr()


def test_load_state_dict_assign_takes_the_tensor():
    source, target = nn.Linear(2, 2), nn.Linear(2, 2)
    state = source.state_dict()
    target.load_state_dict(state, assign=True)
    assert target.weight.data_ptr() == source.weight.data_ptr()
    assert isinstance(target.weight, nn.Parameter)
    assert target.weight.requires_grad


def test_load_state_dict_lists_every_problem():
    layer = nn.Linear(2, 3)
    state = {"weight": rushlight.zeros(2, 2), "extra": rushlight.zeros(1)}
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith(
        "Error(s) in loading state_dict for Linear:\n"
        '\tMissing key(s) in state_dict: "bias". \n'
        '\tUnexpected key(s) in state_dict: "extra". \n'
        "\tsize mismatch for weight: copying a param with shape"
    )
    before = layer.weight.detach().clone()
    with pytest.raises(RuntimeError, match="size mismatch"):
        layer.load_state_dict(state, strict=False)
    assert bool((layer.weight == before).all())
    del state["weight"]
    result = layer.load_state_dict(state, strict=False)
    assert result.missing_keys == ["weight", "bias"]
    assert result.unexpected_keys == ["extra"]
    with pytest.raises(TypeError, match="dict-like"):
        layer.load_state_dict([1])


def test_version_and_renamed_entries():
    class Renamed(nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.new = nn.Parameter(rushlight.zeros(1))

        def _load_from_state_dict(self, state, prefix, metadata, *args):
            if metadata.get("version", 1) < 2:
                state[prefix + "new"] = state.pop(prefix + "old")
            super()._load_from_state_dict(state, prefix, metadata, *args)

    module = Renamed()
    module.load_state_dict({"old": rushlight.ones(1)})
    assert module.new.item() == 1
    assert module.state_dict()._metadata[""] == {"version": 2}


def test_extra_state_round_trip():
    class Counter(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    first, second = Counter(), Counter()
    first.count = 5
    second.load_state_dict(first.state_dict())
    assert second.count == 5
    with pytest.raises(RuntimeError, match="_extra_state"):
        second.load_state_dict({})


@pytest.mark.parametrize(
    ("assign", "error", "match"),
    [
        (lambda m: m.register_parameter("a.b", None), KeyError, "name can"),
        (lambda m: m.register_parameter("", None), KeyError, "empty string"),
        (lambda m: m.register_parameter("forward", None), KeyError, "already exists"),
        (lambda m: m.register_parameter(3, None), TypeError, "should be a string"),
        (lambda m: m.register_parameter("p", 3), TypeError, "cannot assign 'int'"),
        (lambda m: m.register_buffer("b", 3), TypeError, "cannot assign 'int'"),
        (lambda m: m.add_module("m", 3), TypeError, "not a Module subclass"),
        (lambda m: setattr(m, "weight", 3), TypeError, "as parameter 'weight'"),
        (lambda m: setattr(m, "child", 3), TypeError, "as child module 'child'"),
        (lambda m: setattr(m, "buf", 3), TypeError, "as buffer 'buf'"),
        (lambda m: m.missing, AttributeError, "has no attribute 'missing'"),
        (lambda m: delattr(m, "missing"), AttributeError, "missing"),
        (lambda m: m.get_submodule("child.x"), AttributeError, "no attribute `x`"),
        (lambda m: m.get_parameter("buf"), AttributeError, "not an nn.Parameter"),
        (lambda m: m.get_buffer("weight"), AttributeError, "not a buffer"),
        (lambda m: m.train(1), ValueError, "boolean"),
        (lambda m: m(1), NotImplementedError, 'missing the required "forward"'),
        (lambda m: m.to(rushlight.int32), TypeError, "floating point"),
    ],
)
def test_wrong_use_raises(assign, error, match):
    module = nn.Module()
    module.weight = nn.Parameter(rushlight.zeros(1))
    module.child = nn.Identity()
    module.register_buffer("buf", rushlight.zeros(1))
    with pytest.raises(error, match=match):
        assign(module)


def test_assignment_before_init_raises():
    class Early(nn.Module):
        def __init__(self):
            self.child = nn.Identity()

    class EarlyParameter(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(rushlight.zeros(1))

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Early()
    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        EarlyParameter()
    with pytest.raises(TypeError, match="unexpected keyword argument 'x'"):
        nn.Module(x=1)


def test_reassignment_moves_between_tables():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(rushlight.zeros(1))
    assert "x" not in module.__dict__
    module.x = None
    assert dict(module.named_parameters()) == {}
    del module.x
    module.x = nn.Buffer(rushlight.zeros(1), persistent=False)
    assert not module.state_dict()
    assert [name for name, _ in module.named_buffers()] == ["x"]
    with pytest.raises(ValueError, match="non-leaf"):
        module.register_parameter("y", _non_leaf_parameter())


def _non_leaf_parameter():
    class Fake(nn.Parameter):
        @property
        def grad_fn(self):
            return object()

    return Fake(rushlight.zeros(1))


def test_train_eval_zero_grad_requires_grad():
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    assert net.training and net[1].training
    net.eval()
    assert not net[1].training
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    net(rushlight.ones(1, 2)).sum().backward()
    assert net[0].bias.grad.tolist() == [1.0, 1.0]
    net.zero_grad(set_to_none=False)
    assert net[0].bias.grad.tolist() == [0.0, 0.0]
    net.zero_grad()
    assert net[0].bias.grad is None


def test_conversion_keeps_parameter_objects_and_integers():
    layer = nn.Linear(2, 2)
    layer.register_buffer("steps", rushlight.zeros(1, dtype=rushlight.int64))
    weight = layer.weight
    layer(rushlight.ones(1, 2)).sum().backward()
    assert layer.double() is layer
    assert layer.weight is weight
    assert weight.dtype == rushlight.float64
    assert weight.grad.dtype == rushlight.float64
    assert layer.steps.dtype == rushlight.int64
    assert layer.half().weight.dtype == rushlight.float16
    assert layer.bfloat16().weight.dtype == rushlight.bfloat16
    assert layer.float().weight.dtype == rushlight.float32
    assert layer.to(rushlight.float64).weight.dtype == rushlight.float64
    assert layer.to("cpu").weight.dtype == rushlight.float64
    assert layer.to("cpu", rushlight.float32).weight.dtype == rushlight.float32
    double = rushlight.zeros(1, dtype=rushlight.float64)
    assert layer.to(double).weight.dtype == rushlight.float64
    assert weight.is_leaf
    assert weight.requires_grad


def test_copies_are_independent():
    net = Net()
    twin = copy.deepcopy(net)
    assert repr(twin) == repr(net)
    with rushlight.no_grad():
        twin.head.weight.zero_()
    assert bool((net.head.weight != 0).any())
    assert twin.head.weight.requires_grad


def test_deepcopy_keeps_sharing():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[1].weight is twin[0].weight


def test_pickle_round_trip():
    layer = nn.Linear(2, 3)
    again = pickle.loads(pickle.dumps(layer))
    assert bool((again.weight == layer.weight).all())
    assert isinstance(again.bias, nn.Parameter)


def test_set_submodule():
    net = Net()
    net.set_submodule("layers.0.conv", nn.Identity())
    assert isinstance(net.layers[0].conv, nn.Identity)
    with pytest.raises(AttributeError):
        net.set_submodule("layers.0.gone", nn.Identity(), strict=True)


def test_apply_visits_children_first():
    seen = []
    Net().apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Conv2d", "Block", "Identity", "ModuleList", "Linear", "Net"]


def test_repr():
    net = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(1, 8, 3, padding=1, bias=False), relu=nn.ReLU())
    )
    assert repr(net) == (
        "Sequential(\n"
        "  (conv): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), "
        "bias=False)\n"
        "  (relu): ReLU()\n"
        ")"
    )
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    assert repr(layers) == (
        "ModuleList(\n  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)\n)"
    )


def test_forward_hooks_run_in_order_and_replace_values():
    calls = []
    module = nn.Identity()
    module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    module.register_forward_pre_hook(
        lambda m, args: calls.append("first"), prepend=True
    )
    module.register_forward_hook(lambda m, args, out: out * 10)
    late = module.register_forward_hook(lambda m, args, out: calls.append(out))
    assert module(1) == 20
    assert calls == ["first", 20]
    late.remove()
    assert module(1) == 20
    assert calls == ["first", 20, "first"]


def test_hooks_with_kwargs():
    class Scale(nn.Module):
        def forward(self, x, by=1):
            return x * by

    module = Scale()
    handle = module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True
    )
    seen = []
    module.register_forward_hook(
        lambda m, args, kwargs, out: seen.append((args, kwargs, out)), with_kwargs=True
    )
    assert module(2, by=3) == 8
    assert seen == [((2,), {"by": 4}, 8)]
    handle.remove()
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None"):
        module(1)


def test_always_called_hook_runs_after_failure():
    class Fails(nn.Module):
        def forward(self, x):
            raise RuntimeError("no")

    calls = []
    module = Fails()
    module.register_forward_hook(
        lambda m, args, out: calls.append(out), always_call=True
    )
    with pytest.raises(RuntimeError, match="no"):
        module(1)
    assert calls == [None]


def test_global_forward_hooks():
    from rushlight.nn.modules import module as module_file

    names = []
    with module_file.register_module_forward_hook(
        lambda m, args, out: names.append(type(m).__name__)
    ):
        nn.Sequential(nn.Identity())(1)
    nn.Identity()(1)
    assert names == ["Identity", "Sequential"]


def test_full_backward_hooks():
    layer = nn.Linear(2, 2, bias=False)
    with rushlight.no_grad():
        layer.weight.copy_(rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]))
    seen = []
    layer.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 2,))
    layer.register_full_backward_hook(
        lambda m, grad_in, grad_out: seen.append((grad_in[0], grad_out[0]))
    )
    handle = layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
    x = rushlight.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert seen[0][0].tolist() == [[8.0, 12.0]]
    assert seen[0][1].tolist() == [[2.0, 2.0]]
    assert x.grad.tolist() == [[80.0, 120.0]]
    handle.remove()
    x.grad = None
    layer(x).sum().backward()
    assert x.grad.tolist() == [[8.0, 12.0]]
    with pytest.raises(RuntimeError, match="both regular backward hooks"):
        layer.register_backward_hook(lambda m, gi, go: None)


def test_backward_hook_without_input_gradients_warns():
    layer = nn.Linear(1, 1)
    seen = []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        layer(rushlight.ones(1, 1)).sum().backward()
    assert seen[0][0] == (None,)
    assert seen[0][1][0].tolist() == [[1.0]]


def test_state_dict_hooks():
    module = nn.Linear(1, 1)
    module.register_state_dict_post_hook(
        lambda m, state, prefix, meta: state.pop(prefix + "bias") and None
    )
    module.register_state_dict_pre_hook(lambda m, prefix, keep: None)
    module.register_load_state_dict_pre_hook(
        lambda m, state, prefix, *rest: state.update({prefix + "bias": m.bias.data})
    )
    module.register_load_state_dict_post_hook(lambda m, keys: None)
    state = module.state_dict()
    assert list(state) == ["weight"]
    module.load_state_dict(state)


def test_error_names_the_module_path():
    net = Net()
    with pytest.raises(RuntimeError) as caught:
        net(rushlight.zeros(1, 1, 5, 5))
    assert caught.value.__notes__ == [
        "raised in Net.head: Linear(in_features=4, out_features=3, bias=True)"
    ]
    with pytest.raises(RuntimeError) as caught:
        net(rushlight.zeros(1, 3, 5, 5))
    assert "raised in Net.layers.0.conv: Conv2d(1, 2," in caught.value.__notes__[0]
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(4, 3)(rushlight.zeros(1, 5))
    assert caught.value.__notes__[0].startswith("raised in Linear(in_features=4")


def test_containers():
    net = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Tanh())
    assert isinstance(net[-1], nn.Tanh)
    assert len(net[:2]) == 2
    del net[0]
    assert list(net._modules) == ["0", "1"]
    net.insert(0, nn.Sigmoid())
    assert [type(m).__name__ for m in net] == ["Sigmoid", "ReLU", "Tanh"]
    assert len(net + net) == 6
    assert len(net * 2) == 6
    assert isinstance(net.pop(0), nn.Sigmoid)
    with pytest.raises(IndexError, match="out of range"):
        net[5]

    layers = nn.ModuleList([nn.Identity()])
    layers += [nn.ReLU()]
    layers.insert(0, nn.Tanh())
    layers[2] = nn.Sigmoid()
    assert [type(m).__name__ for m in layers] == ["Tanh", "Identity", "Sigmoid"]
    with pytest.raises(TypeError, match="iterable"):
        layers.extend(3)

    table = nn.ModuleDict([("a", nn.ReLU())])
    table.update({"b": nn.Tanh()})
    assert list(table.keys()) == ["a", "b"]
    assert "a" in table
    table.pop("a")
    assert len(table) == 1

    weights = nn.ParameterList([rushlight.zeros(2), 3])
    weights.append(rushlight.ones(1))
    assert len(list(weights.parameters())) == 2
    assert weights[1] == 3
    assert len(weights[1:]) == 2
    with pytest.raises(RuntimeError, match="should not be called"):
        weights()


def test_weight_computed_from_other_tensors():
    layer = nn.Linear(2, 1, bias=False)
    del layer.weight
    layer.weight = rushlight.ones(1, 2) * 3
    assert layer(rushlight.ones(2)).tolist() == [6.0]


def test_parameter_objects():
    data = rushlight.zeros(2)
    param = nn.Parameter(data, requires_grad=False)
    assert param.data_ptr() == data.data_ptr()
    assert isinstance(param, rushlight.Tensor)
    assert not param.requires_grad
    assert repr(param).startswith("Parameter containing:\n")
    assert not isinstance(param * 2, nn.Parameter)
    with pytest.raises(TypeError, match="expected a Tensor"):
        nn.Parameter([1.0])


def test_load_state_dict_names_the_nearest_entries():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    state = {f"module.{key}": value for key, value in net.state_dict().items()}
    with pytest.raises(RuntimeError, match=r'"module\.1\.bias" -> "1\.bias"'):
        net.load_state_dict(state)
    state = {key.replace("ei", "ie"): v for key, v in net.state_dict().items()}
    with pytest.raises(RuntimeError, match=r'"0\.wieght" -> "0\.weight"'):
        net.load_state_dict(state)
    wide = nn.ParameterDict({f"layer{i:02}": rushlight.zeros(1) for i in range(9)})
    state = {key + "x": value for key, value in wide.state_dict().items()}
    with pytest.raises(RuntimeError, match="and 4 more"):
        wide.load_state_dict(state)


def test_load_state_dict_suggests_nothing_far_fetched():
    layer = nn.Linear(2, 2)
    with pytest.raises(RuntimeError) as caught:
        layer.load_state_dict({"weight": layer.weight, "qqq": rushlight.zeros(1)})
    assert "Nearest" not in str(caught.value)


def test_memory_format_of_four_and_five_dims():
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Linear(2, 2))
    parameters = list(net.parameters())
    values = net[0].weight.detach().clone()
    assert net.to(memory_format=rushlight.channels_last) is net
    assert net[0].weight.stride() == (18, 1, 6, 2)
    assert bool((net[0].weight == values).all())
    assert all(
        new is old for new, old in zip(net.parameters(), parameters, strict=True)
    )


def test_share_memory_moves_every_tensor():
    net = nn.Linear(2, 2)
    net.register_buffer("mean", rushlight.ones(2))
    weight = net.weight
    assert net.share_memory() is net
    assert net.weight is weight and weight.requires_grad
    assert all(tensor.is_shared() for tensor in (*net.parameters(), net.mean))


def test_parameter_dict():
    params = nn.ParameterDict({"b": rushlight.ones(2), "a": rushlight.zeros(1)})
    assert list(params) == ["a", "b"]
    params["c"] = rushlight.ones(3)
    params["note"] = "text"
    assert isinstance(params["c"], nn.Parameter)
    assert [name for name, _ in params.named_parameters()] == ["a", "b", "c"]
    assert params.popitem() == ("note", "text")
    assert params.get("z", 4) == 4 and "z" not in params
    assert list(params | {"d": rushlight.ones(1)}) == ["a", "b", "c", "d"]
    with pytest.raises(KeyError, match="empty"):
        nn.ParameterDict().popitem()
    with pytest.raises(TypeError, match="not a string"):
        params[3] = rushlight.ones(1)
    assert len(params) == 3
    with pytest.raises(ValueError, match="length 3"):
        params.update([("a", 1, 2)])
    params.clear()
    assert len(params) == 0 and not list(params.parameters())


def test_hooks_see_none_for_an_output_without_gradient():
    class Pair(nn.Module):
        def forward(self, x, y):
            return x * y, x + y

    seen = []
    pair = Pair()
    pair.register_full_backward_hook(lambda m, gin, gout: seen.append((gin, gout)))
    x = rushlight.ones(1, requires_grad=True)
    first, _ = pair(x, rushlight.full((1,), 2.0))
    first.backward()
    (gin, gout) = seen[0]
    assert [g.item() for g in gin] == [2.0, 0.0]
    assert gout[0].item() == 1.0 and gout[1] is None


def test_data_parallel_runs_in_place_without_a_gpu():
    if rushlight.cuda.is_available():
        pytest.skip("there is a GPU")
    layer = nn.Linear(2, 3)
    net = nn.DataParallel(layer, device_ids=[0, 1])
    x = rushlight.ones(4, 2)
    assert net.device_ids == [] and net.module is layer
    assert bool((net(x) == layer(x)).all())
    with pytest.raises(RuntimeError, match="device type could not be determined"):
        nn.parallel.data_parallel(layer, x)


def test_data_parallel_refuses_replicas(monkeypatch):
    monkeypatch.setattr(rushlight.cuda, "is_available", lambda: True)
    with pytest.raises(NotImplementedError, match="replicas on 2 devices"):
        nn.DataParallel(nn.Linear(2, 3), device_ids=[0, 1])
