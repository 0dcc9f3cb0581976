"""nn.utils: parametrizations, old norms, fusion, functional calls; nn.init's skip."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.nn import utils
from rushlight.nn.utils import parametrizations, parametrize
from rushlight.nn.utils.stateless import functional_call


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, a):
        return a.triu()


class Split(nn.Module):
    def forward(self, x, y):
        return x + y

    def right_inverse(self, a):
        return a / 4, 3 * a / 4


def array(tensor):
    return tensor.detach().numpy()


def test_a_parametrized_weight_is_computed_and_trained():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.parametrizations.weight.original is weight
    assert isinstance(layer, nn.Linear)
    optimizer = rushlight.optim.SGD(layer.parameters(), lr=0.1)
    before = array(layer.weight).copy()
    layer(rushlight.ones(1, 3)).sum().backward()
    assert array(weight.grad).tolist() == [[1, 2, 2], [0, 1, 2], [0, 0, 1]]
    optimizer.step()
    after = array(layer.weight)
    np.testing.assert_array_equal(after, after.T)
    assert (after != before).all()


def test_assignment_goes_through_the_right_inverse():
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    layer.weight = rushlight.ones(3, 3)
    original = array(layer.parametrizations.weight.original)
    np.testing.assert_array_equal(original, np.triu(np.ones((3, 3))))
    np.testing.assert_array_equal(array(layer.weight), np.ones((3, 3)))


def test_several_originals():
    layer = nn.Linear(4, 3)
    before = array(layer.weight).copy()
    parametrize.register_parametrization(layer, "weight", Split())
    chain = layer.parametrizations.weight
    np.testing.assert_allclose(array(chain.original0), before / 4)
    np.testing.assert_allclose(array(layer.weight), before, rtol=1e-6)
    with pytest.raises(ValueError, match="sequence of tensors"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and isinstance(layer.weight, nn.Parameter)


def test_cached_computes_once_and_forgets():
    calls = []

    class Counted(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 2

        def right_inverse(self, x):
            return x / 2

    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Counted())
    twin = copy.deepcopy(layer)
    twin.parametrizations.weight.original.data.zero_()
    calls.clear()
    with parametrize.cached():
        first = layer.weight
        with parametrize.cached():
            assert layer.weight is first
        assert layer.weight is first and len(calls) == 1
        # A copy shares the class and its property, not the cached value.
        assert not array(twin.weight).any()
        layer.weight = rushlight.ones(2, 2)
        assert array(layer.weight).tolist() == [[1, 1], [1, 1]]
    assert layer.weight is not layer.weight
    assert not parametrize._cache


def test_cached_forgets_after_an_error():
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    with pytest.raises(RuntimeError), parametrize.cached():
        layer(rushlight.ones(1, 3))
    assert not parametrize._cache and parametrize._cache_depth == 0


def test_copies_and_pickles_of_parametrized_modules():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    twin = copy.deepcopy(nn.Sequential(layer, layer))
    assert twin[0] is twin[1]
    np.testing.assert_array_equal(array(twin[0].weight), array(layer.weight))
    assert twin[0].weight.data_ptr() != layer.weight.data_ptr()
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(layer)


@pytest.mark.parametrize(
    "forward, match",
    [
        (lambda x: 3, "must return a tensor"),
        (lambda x: x.double(), "may not change the dtype"),
        (lambda x: x[:1], "may not change the shape"),
    ],
)
def test_wrong_parametrizations_change_nothing(forward, match):
    class Wrong(nn.Module):
        def forward(self, x):
            return forward(x)

    for prepare in (lambda m: m, parametrizations.weight_norm):
        layer = prepare(nn.Linear(3, 2))
        before = repr(layer), list(layer.state_dict())
        with pytest.raises(ValueError, match=match):
            parametrize.register_parametrization(layer, "weight", Wrong())
        assert (repr(layer), list(layer.state_dict())) == before


def test_names_that_are_not_there():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="does not have a parameter"):
        parametrize.register_parametrization(layer, "none", Symmetric())
    with pytest.raises(ValueError, match="does not have a parametrization"):
        parametrize.remove_parametrizations(layer, "weight")
    with pytest.raises(ValueError, match="no parameter or buffer"):
        parametrizations.orthogonal(layer, "none")
    with pytest.raises(ValueError, match="one or more modules"):
        parametrize.ParametrizationList([], layer.weight)


def skew_of(free):
    lower = np.tril(free)
    lower = np.pad(lower, [(0, 0), (0, free.shape[0] - free.shape[1])])
    return lower - lower.T


def by_cayley(free):
    half = skew_of(free) / 2
    eye = np.eye(len(half))
    return np.linalg.solve(eye - half, eye + half)[:, : free.shape[1]]


def by_exponential(free):
    # exp(A) of a skew matrix through the eigenvectors of the Hermitian i A.
    values, vectors = np.linalg.eigh(1j * skew_of(free))
    power = (vectors * np.exp(-1j * values)) @ vectors.conj().T
    return power.real[:, : free.shape[1]]


def by_reflections(free):
    rows, columns = free.shape
    product = np.eye(rows)
    for at in range(columns):
        v = np.zeros(rows)
        v[at] = 1
        v[at + 1 :] = free[at + 1 :, at]
        product = product @ (np.eye(rows) - 2 * np.outer(v, v) / (v @ v))
    return product[:, :columns] * np.diagonal(free).astype(int)


MAPS = {
    "matrix_exp": by_exponential,
    "cayley": by_cayley,
    "householder": by_reflections,
}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (1, 4), (4, 1)])
def test_orthogonal_maps(kind, shape):
    layer = nn.Linear(shape[1], shape[0], dtype=rushlight.float64)
    parametrizations.orthogonal(layer, orthogonal_map=kind)
    free = layer.parametrizations.weight.original
    rng = np.random.default_rng(0)
    with rushlight.no_grad():
        free.copy_(rushlight.from_numpy(rng.standard_normal(shape)))
        free.diagonal().sign_()
    base = array(layer.parametrizations.weight[0].base)
    wide = shape[0] < shape[1]
    values = array(free).T if wide else array(free)
    expected = base @ MAPS[kind](values)
    expected = expected.T if wide else expected
    np.testing.assert_allclose(array(layer.weight), expected, atol=1e-12)
    product = expected @ expected.T if wide else expected.T @ expected
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-12)
    layer.weight.sum().backward()
    assert bool(free.grad.isfinite().all())


def test_orthogonal_keeps_an_orthogonal_weight():
    layer = nn.Linear(3, 3, dtype=rushlight.float64)
    nn.init.orthogonal_(layer.weight)
    before = array(layer.weight).copy()
    parametrizations.orthogonal(layer)
    np.testing.assert_allclose(array(layer.weight), before, atol=1e-14)
    wanted = rushlight.eye(3, dtype=rushlight.float64).flip(0)
    layer.weight = wanted
    np.testing.assert_allclose(array(layer.weight), array(wanted), atol=1e-14)


def test_orthogonal_refuses():
    layer = nn.Linear(3, 3)
    with pytest.raises(ValueError, match="1 dimensions"):
        parametrizations.orthogonal(layer, "bias")
    with pytest.raises(ValueError, match="has to be one of"):
        parametrizations.orthogonal(layer, orthogonal_map="qr")
    layer.c = nn.Parameter(rushlight.eye(2, dtype=rushlight.complex64))
    with pytest.raises(ValueError, match="complex"):
        parametrizations.orthogonal(layer, "c", "householder")
    parametrizations.orthogonal(
        layer, orthogonal_map="cayley", use_trivialization=False
    )
    with pytest.raises(NotImplementedError, match="use_trivialization=False"):
        layer.weight = rushlight.eye(3)
    parametrizations.orthogonal(layer, "c")
    with pytest.raises(ValueError, match="Expected a matrix"):
        layer.c = rushlight.eye(3, dtype=rushlight.complex64)


def old_weight_norm(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return utils.weight_norm(*args, **kwargs)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_by_its_formula(dim):
    axes = {0: 1, 1: 0, None: None}[dim]
    for make in (parametrizations.weight_norm, old_weight_norm):
        layer = nn.Linear(4, 3, dtype=rushlight.float64)
        before = array(layer.weight).copy()
        make(layer, dim=dim)
        g, v = [p for n, p in layer.named_parameters() if n != "bias"]
        norm = np.sqrt((before**2).sum(axis=axes, keepdims=dim is not None))
        np.testing.assert_allclose(array(g), norm)
        g.data.mul_(3)
        v.data.mul_(7)
        layer(rushlight.ones(1, 4, dtype=rushlight.float64)).sum().backward()
        np.testing.assert_allclose(array(layer.weight), 3 * before, rtol=1e-12)
        # Moving along v changes nothing: its gradient is at right angles to it.
        along = (array(v.grad) * array(v)).sum(axis=axes)
        np.testing.assert_allclose(along, 0, atol=1e-12)


def test_old_weight_norm_is_removed_and_not_put_twice():
    with pytest.warns(FutureWarning, match="parametrizations.weight_norm"):
        layer = utils.weight_norm(nn.Linear(4, 3))
    with pytest.raises(RuntimeError, match="two weight_norm hooks"):
        old_weight_norm(layer)
    layer.weight_g.data.mul_(2)
    expected = array(layer(rushlight.ones(1, 4)))
    utils.remove_weight_norm(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(array(layer(rushlight.ones(1, 4))), expected)
    with pytest.raises(ValueError, match="not found"):
        utils.remove_weight_norm(layer)


def test_new_weight_norm_loads_what_the_old_one_saved():
    old = old_weight_norm(nn.Linear(4, 3))
    new = parametrizations.weight_norm(nn.Linear(4, 3))
    new.load_state_dict(old.state_dict())
    np.testing.assert_array_equal(array(new.weight), array(old.weight))


LAYERS = {
    "linear": (lambda: nn.Linear(4, 3), (2, 4), 0),
    "conv": (lambda: nn.Conv2d(2, 3, 2), (1, 2, 3, 3), 0),
    "transposed": (lambda: nn.ConvTranspose2d(2, 3, 2), (1, 2, 3, 3), 1),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("new", [True, False])
def test_spectral_norm_divides_by_the_greatest_singular_value(name, new):
    make, shape, dim = LAYERS[name]
    layer = make()
    weight = np.moveaxis(array(layer.weight), dim, 0)
    weight = weight.reshape(len(weight), -1)
    greatest = np.linalg.svd(weight, compute_uv=False)[0]
    original = array(layer.weight).copy()
    norm = parametrizations.spectral_norm if new else utils.spectral_norm
    norm(layer, n_power_iterations=5)
    x = rushlight.ones(*shape)
    for _ in range(30):
        layer(x)
    np.testing.assert_allclose(array(layer.weight), original / greatest, rtol=1e-4)
    layer.eval()
    vectors = [array(v).copy() for v in layer.buffers()]
    np.testing.assert_array_equal(array(layer(x)), array(layer(x)))
    for before, after in zip(vectors, layer.buffers(), strict=True):
        np.testing.assert_array_equal(before, array(after))
    # Two forwards before a backward, as when a critic sees real and generated images.
    layer.train()
    (layer(x) - layer(x)).sum().backward()


def test_old_spectral_norm_is_removed_and_versioned():
    layer = utils.spectral_norm(nn.Linear(4, 3))
    with pytest.raises(RuntimeError, match="two spectral_norm hooks"):
        utils.spectral_norm(layer)
    state = layer.state_dict()
    assert state._metadata[""]["spectral_norm"] == {"weight.version": 1}
    expected = array(layer.eval()(rushlight.ones(1, 4)))
    utils.remove_spectral_norm(layer)
    np.testing.assert_allclose(array(layer(rushlight.ones(1, 4))), expected)
    hooks = (
        layer._forward_pre_hooks,
        layer._state_dict_hooks,
        layer._load_state_dict_pre_hooks,
    )
    assert not any(hooks)
    with pytest.raises(ValueError, match="not found"):
        utils.remove_spectral_norm(layer)
    with pytest.raises(ValueError, match="n_power_iterations=0"):
        utils.spectral_norm(layer, n_power_iterations=0)


def test_old_spectral_norm_solves_for_the_vector_that_older_files_lack():
    layer = utils.spectral_norm(nn.Linear(4, 3, dtype=rushlight.float64))
    for _ in range(60):
        layer(rushlight.ones(1, 4, dtype=rushlight.float64))
    state = layer.state_dict()
    expected = array(state.pop("weight_v")).copy()
    state["weight"] = layer.weight.detach()
    del state._metadata[""]["spectral_norm"]
    other = utils.spectral_norm(nn.Linear(4, 3, dtype=rushlight.float64))
    other.load_state_dict(state)
    np.testing.assert_allclose(array(other.weight_v), expected, atol=1e-8)
    del state["weight_u"]
    with pytest.raises(RuntimeError, match="weight_u"):
        other.load_state_dict(state)


def some_statistics(bn):
    rng = np.random.default_rng(0)
    with rushlight.no_grad():
        for tensor in (bn.running_mean, bn.running_var, *bn.parameters()):
            tensor.copy_(rushlight.from_numpy(rng.random(3) + 0.5))
    return bn.eval()


@pytest.mark.parametrize(
    "make, norm, shape",
    [
        (lambda: nn.Conv1d(2, 3, 2), nn.BatchNorm1d, (2, 2, 5)),
        (lambda: nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d, (2, 2, 4, 4)),
        (lambda: nn.ConvTranspose2d(2, 3, 2), nn.BatchNorm2d, (2, 2, 4, 4)),
        (lambda: nn.Linear(2, 3), nn.BatchNorm1d, (4, 2)),
    ],
)
@pytest.mark.parametrize("affine", [True, False])
def test_fused_layers_do_what_both_did(make, norm, shape, affine):
    layer = make().eval()
    bn = some_statistics(norm(3, affine=affine))
    x = rushlight.randn(*shape)
    if isinstance(layer, nn.Linear):
        fused = utils.fuse_linear_bn_eval(layer, bn)
    else:
        transpose = isinstance(layer, nn.ConvTranspose2d)
        fused = utils.fuse_conv_bn_eval(layer, bn, transpose=transpose)
    np.testing.assert_allclose(array(fused(x)), array(bn(layer(x))), atol=1e-5)
    assert fused is not layer and type(fused) is type(layer)
    with pytest.raises(AssertionError, match="eval"):
        utils.fuse_conv_bn_eval(layer, bn.train())


def test_fusion_wants_running_values_and_equal_features():
    conv = nn.Conv2d(1, 3, 1).eval()
    bn = nn.BatchNorm2d(3, track_running_stats=False).eval()
    with pytest.raises(AssertionError, match="running_mean"):
        utils.fuse_conv_bn_eval(conv, bn)
    with pytest.raises(AssertionError, match="out_features=3 and bn"):
        utils.fuse_linear_bn_eval(nn.Linear(1, 3).eval(), nn.BatchNorm1d(2).eval())


def test_skip_init_draws_nothing():
    rushlight.manual_seed(0)
    layer = utils.skip_init(nn.Linear, 3, 2)
    assert layer.weight.requires_grad and tuple(layer.weight.shape) == (2, 3)
    after = rushlight.rand(1).item()
    rushlight.manual_seed(0)
    assert after == rushlight.rand(1).item()
    rushlight.manual_seed(0)
    first = nn.Linear(3, 2).weight
    rushlight.manual_seed(0)
    assert rushlight.equal(first, nn.Linear(3, 2).weight)
    with pytest.raises(RuntimeError, match="'device' arg"):
        utils.skip_init(nn.ReLU)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        utils.skip_init(dict)


def test_memory_formats_of_convolutions_only():
    net = nn.Sequential(nn.Conv2d(2, 3, 2), nn.Conv3d(2, 3, 2), nn.Linear(2, 2))
    utils.convert_conv2d_weight_memory_format(net, rushlight.channels_last)
    assert net[0].weight.stride() == (8, 1, 4, 2)
    assert net[1].weight.is_contiguous()
    utils.convert_conv3d_weight_memory_format(net, rushlight.channels_last_3d)
    assert net[1].weight.stride() == (16, 1, 8, 4, 2)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(rushlight.ones(1))
        self.b = self.a
        self.register_buffer("count", rushlight.zeros(1))

    def forward(self, x, scale=1.0):
        self.count = self.count + 1
        return (x + self.a + 10 * self.b + 100 * self.count) * scale


def test_functional_call_replaces_for_one_call():
    net, two, x = Tied(), rushlight.full((1,), 2.0), rushlight.ones(1)
    assert functional_call(net, {"a": two}, x).item() == 1 + 2 + 20 + 100
    assert functional_call(net, {"a": two}, x, tie_weights=False).item() == 213
    given = {"count": rushlight.full((1,), 5.0)}
    assert functional_call(net, given, (x, 2.0)).item() == 2 * (1 + 11 + 600)
    assert given["count"].item() == 6 and net.count.item() == 2
    assert net.a is net.b and net.a.item() == 1
    with pytest.raises(ValueError, match="multiple values"):
        functional_call(net, {"a": two, "b": x}, x)
    with pytest.raises(RuntimeError, match=r"Missing key\(s\): 'b', 'count'"):
        functional_call(net, {"a": two}, x, tie_weights=False, strict=True)
    with pytest.raises(TypeError, match="not an instance"):
        functional_call(net, {"a": 3}, x)
    with pytest.raises(RuntimeError, match="DataParallel"):
        functional_call(nn.DataParallel(net, []), {}, x)
    assert net.a is net.b and net.a.item() == 1


def test_functional_call_restores_after_an_error():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    weight = net[0].weight
    given = {"0.weight": rushlight.ones(2, 2), "extra": rushlight.ones(1)}
    with pytest.raises(RuntimeError):
        functional_call(net, given, rushlight.ones(1, 3))
    assert net[0].weight is weight and not hasattr(net, "extra")


def test_functional_call_gives_gradients_to_what_was_given():
    layer = nn.Linear(2, 1)
    weight = rushlight.ones(1, 2, requires_grad=True)
    functional_call(layer, {"weight": weight}, rushlight.ones(3, 2)).sum().backward()
    assert weight.grad.tolist() == [[3.0, 3.0]]
    assert layer.weight.grad is None
