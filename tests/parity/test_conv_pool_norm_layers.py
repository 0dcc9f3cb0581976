"""Layers that PyTorch's module records leave out, or arguments that they do.

Every case is built from one seed in both libraries; its signature, attributes, repr,
initial weights, output, gradients, state and error texts are PyTorch's.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

# Name -> (a layer of a library's nn, the shape of its input).
LAYERS = {
    "conv1d": (lambda n: n.Conv1d(4, 6, 3, 2, 1, 2, 2, False), (2, 4, 9)),
    "conv1d replicate": (
        lambda n: n.Conv1d(2, 3, 3, padding="same", padding_mode="replicate"),
        (2, 2, 7),
    ),
    "conv3d": (
        lambda n: n.Conv3d(2, 4, (1, 2, 3), stride=(2, 1, 1), padding=(0, 1, 2)),
        (2, 4, 5, 6),
    ),
    "conv3d circular": (
        lambda n: n.Conv3d(1, 2, 3, padding=(1, 2, 1), padding_mode="circular"),
        (1, 1, 4, 5, 4),
    ),
    "conv3d valid": (
        lambda n: n.Conv3d(4, 4, 2, groups=4, padding="valid"),
        (4, 3, 3, 3),
    ),
    "conv_transpose1d": (
        lambda n: n.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, False, 2),
        (2, 4, 5),
    ),
    "conv_transpose2d": (
        lambda n: n.ConvTranspose2d(2, 3, (3, 2), stride=2, dilation=(2, 1)),
        (2, 4, 5),
    ),
    "conv_transpose3d": (
        lambda n: n.ConvTranspose3d(2, 3, 2, (1, 2, 3), output_padding=(0, 1, 2)),
        (2, 2, 3, 2, 3),
    ),
    "max_pool1d": (lambda n: n.MaxPool1d(3, 2, 1, 2, ceil_mode=True), (2, 3, 11)),
    "max_pool1d tuple": (lambda n: n.MaxPool1d((2,), return_indices=True), (3, 8)),
    "max_pool3d": (
        lambda n: n.MaxPool3d((1, 2, 3), return_indices=True),
        (1, 2, 3, 4, 6),
    ),
    "avg_pool1d": (lambda n: n.AvgPool1d(3, 2, 1, True, False), (2, 3, 8)),
    "avg_pool2d": (
        lambda n: n.AvgPool2d((2, 3), padding=1, divisor_override=5),
        (3, 6, 9),
    ),
    "avg_pool3d": (
        lambda n: n.AvgPool3d(2, (1, 2, 1), ceil_mode=True),
        (1, 2, 3, 5, 4),
    ),
    "fractional_max_pool2d": (
        lambda n: n.FractionalMaxPool2d((2, 3), (4, 3), return_indices=True),
        (2, 3, 9, 8),
    ),
    "fractional_max_pool3d": (
        lambda n: n.FractionalMaxPool3d(2, output_ratio=(0.5, 0.6, 0.7)),
        (2, 1, 6, 6, 7),
    ),
    "lp_pool1d": (lambda n: n.LPPool1d(3, 2), (2, 3, 8)),
    "lp_pool2d": (lambda n: n.LPPool2d(1.5, (2, 3), 2, True), (2, 3, 7, 8)),
    "lp_pool3d": (lambda n: n.LPPool3d(2, 2, stride=1), (1, 2, 3, 4, 5)),
    "adaptive_max_pool1d": (lambda n: n.AdaptiveMaxPool1d(3, True), (2, 3, 8)),
    "adaptive_max_pool2d": (lambda n: n.AdaptiveMaxPool2d((3, None)), (2, 3, 8, 5)),
    "adaptive_max_pool3d": (lambda n: n.AdaptiveMaxPool3d((1, 2, 3)), (2, 4, 5, 6)),
    "adaptive_avg_pool1d": (lambda n: n.AdaptiveAvgPool1d(3), (3, 8)),
    "adaptive_avg_pool2d": (lambda n: n.AdaptiveAvgPool2d((None, 3)), (2, 3, 8, 5)),
    "adaptive_avg_pool3d": (lambda n: n.AdaptiveAvgPool3d(2), (1, 2, 4, 5, 3)),
    "batch_norm1d": (lambda n: n.BatchNorm1d(3, 1e-3, None), (5, 3)),
    "batch_norm2d": (lambda n: n.BatchNorm2d(3, affine=False), (2, 3, 4, 4)),
    "batch_norm3d": (lambda n: n.BatchNorm3d(3, bias=False), (2, 3, 2, 3, 4)),
    "batch_norm untracked": (
        lambda n: n.BatchNorm1d(3, track_running_stats=False),
        (5, 3, 2),
    ),
    "sync_batch_norm": (lambda n: n.SyncBatchNorm(3, momentum=None), (4, 3, 2)),
    "instance_norm1d": (
        lambda n: n.InstanceNorm1d(3, affine=True, track_running_stats=True),
        (2, 3, 5),
    ),
    "instance_norm2d": (lambda n: n.InstanceNorm2d(3, momentum=None), (3, 4, 5)),
    "instance_norm3d": (
        lambda n: n.InstanceNorm3d(3, affine=True, bias=False),
        (2, 3, 2, 3, 4),
    ),
    "layer_norm": (lambda n: n.LayerNorm([3, 4], 1e-3), (2, 3, 4)),
    "layer_norm no bias": (lambda n: n.LayerNorm(4, bias=False), (2, 3, 4)),
    "layer_norm plain": (lambda n: n.LayerNorm(4, elementwise_affine=False), (2, 4)),
    "group_norm": (lambda n: n.GroupNorm(2, 4, bias=False), (2, 4, 3)),
    "group_norm plain": (lambda n: n.GroupNorm(4, 4, 1e-2, affine=False), (2, 4, 3)),
    "rms_norm": (lambda n: n.RMSNorm((3, 4), eps=1e-2), (2, 3, 4)),
    "rms_norm plain": (lambda n: n.RMSNorm(4, elementwise_affine=False), (2, 4)),
    "local_response_norm": (lambda n: n.LocalResponseNorm(3, 0.5, 0.6, 2.0), (2, 5, 3)),
    "upsample": (lambda n: n.Upsample(scale_factor=(2, 1.5)), (1, 2, 3, 4)),
    "upsample size": (
        lambda n: n.Upsample(7, mode="linear", align_corners=True),
        (1, 2, 3),
    ),
    "upsample recomputed": (
        lambda n: n.Upsample(
            scale_factor=1.7, mode="bicubic", recompute_scale_factor=True
        ),
        (1, 2, 5, 4),
    ),
    "upsampling_nearest2d": (lambda n: n.UpsamplingNearest2d((5, 7)), (1, 2, 3, 4)),
    "upsampling_bilinear2d": (
        lambda n: n.UpsamplingBilinear2d(scale_factor=2),
        (1, 2, 3, 4),
    ),
    "fold": (
        lambda n: n.Fold((4, 5), (2, 3), padding=(0, 1), stride=(2, 1)),
        (2, 12, 10),
    ),
    "unfold": (lambda n: n.Unfold(2, dilation=2, padding=1), (2, 3, 5, 6)),
    "pixel_shuffle": (lambda n: n.PixelShuffle(2), (2, 8, 3, 2)),
    "pixel_unshuffle": (lambda n: n.PixelUnshuffle(3), (2, 2, 6, 3)),
    "channel_shuffle": (lambda n: n.ChannelShuffle(3), (2, 6, 4)),
    "constant_pad1d": (lambda n: n.ConstantPad1d((2, -1), 3), (2, 3, 4)),
    "constant_pad2d": (lambda n: n.ConstantPad2d((1, 2, 0, 1), 1.5), (2, 3, 4)),
    "constant_pad3d": (lambda n: n.ConstantPad3d(1, -1.0), (2, 3, 4, 2)),
    "zero_pad1d": (lambda n: n.ZeroPad1d(2), (2, 4)),
    "zero_pad2d": (lambda n: n.ZeroPad2d((1, 0, -1, 2)), (2, 2, 3, 4)),
    "zero_pad3d": (lambda n: n.ZeroPad3d(1), (1, 2, 2, 3)),
    "reflection_pad3d": (lambda n: n.ReflectionPad3d((1, 2, 0, 1, 1, 0)), (1, 3, 3, 4)),
    "replication_pad2d": (lambda n: n.ReplicationPad2d((1, 2, 0, 3)), (2, 3, 4)),
    "circular_pad3d": (lambda n: n.CircularPad3d(1), (1, 2, 3, 4)),
    "lazy_linear": (lambda n: n.LazyLinear(3), (2, 4)),
    "lazy_conv1d": (lambda n: n.LazyConv1d(6, 3, groups=2), (4, 7)),
    "lazy_conv2d": (lambda n: n.LazyConv2d(6, 3, bias=False), (2, 4, 5, 5)),
    "lazy_conv3d": (lambda n: n.LazyConv3d(2, 3, padding="same"), (1, 3, 3, 3)),
    "lazy_conv_transpose1d": (
        lambda n: n.LazyConvTranspose1d(3, 2, 2, 0, 1),
        (2, 4, 3),
    ),
    "lazy_conv_transpose2d": (lambda n: n.LazyConvTranspose2d(3, 2), (4, 3, 3)),
    "lazy_conv_transpose3d": (lambda n: n.LazyConvTranspose3d(3, 2), (1, 2, 2, 2, 2)),
    "lazy_batch_norm1d": (lambda n: n.LazyBatchNorm1d(), (4, 3)),
    "lazy_batch_norm2d": (lambda n: n.LazyBatchNorm2d(bias=False), (2, 3, 4, 4)),
    "lazy_batch_norm3d": (lambda n: n.LazyBatchNorm3d(affine=False), (2, 3, 2, 2, 2)),
    "lazy_instance_norm1d": (lambda n: n.LazyInstanceNorm1d(), (2, 3, 4)),
    "lazy_instance_norm2d": (
        lambda n: n.LazyInstanceNorm2d(track_running_stats=False),
        (2, 3, 4, 4),
    ),
    "lazy_instance_norm3d": (lambda n: n.LazyInstanceNorm3d(), (2, 3, 2, 2, 2)),
}


def build(make):
    torch.manual_seed(3)
    theirs = make(torch.nn)
    rushlight.manual_seed(3)
    return make(rushlight.nn), theirs


def numpy(tensor):
    return tensor.detach().numpy()


def inputs(shape):
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return (
        rushlight.from_numpy(values.copy()).requires_grad_(),
        torch.from_numpy(values.copy()).requires_grad_(),
    )


def near(ours, theirs):
    if isinstance(theirs, tuple):
        for a, b in zip(ours, theirs, strict=True):
            near(a, b)
        return
    assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
    np.testing.assert_allclose(numpy(ours), numpy(theirs), rtol=2e-5, atol=2e-5)


def attributes(module):
    """What users read of a layer: no tensors, hooks or tables."""
    return {k: v for k, v in vars(module).items() if not k.startswith("_")}


def assert_alike(ours, theirs, exact):
    assert type(ours).__name__ == type(theirs).__name__
    assert repr(ours) == repr(theirs)
    assert attributes(ours) == attributes(theirs)
    state, expected = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert state._metadata == expected._metadata
    for key, value in expected.items():
        lazy = torch.nn.parameter.is_lazy(value)
        assert rushlight.nn.parameter.is_lazy(state[key]) == lazy
        if lazy:
            assert repr(state[key]) == repr(value)
        elif exact:
            np.testing.assert_array_equal(numpy(state[key]), value.numpy())
        else:
            near(state[key], value)


@pytest.mark.parametrize("name", LAYERS)
def test_same_as_pytorch(name):
    make, shape = LAYERS[name]
    ours, theirs = build(make)
    assert_alike(ours, theirs, exact=True)
    x, tx = inputs(shape)
    rushlight.manual_seed(5)
    torch.manual_seed(5)
    y, ty = ours(x), theirs(tx)
    near(y, ty)
    # A lazy layer drew its weights in the call.
    assert_alike(ours, theirs, exact=False)
    first, expected = (v[0] if isinstance(v, tuple) else v for v in (y, ty))
    (first * first).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(numpy(x.grad), numpy(tx.grad), rtol=1e-4, atol=1e-4)
    for p, tp in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(numpy(p.grad), numpy(tp.grad), rtol=1e-4, atol=1e-4)
    rushlight.manual_seed(6)
    torch.manual_seed(6)
    near(ours.eval()(x), theirs.eval()(tx))


def test_every_case_has_its_class():
    cases = {type(make(torch.nn)).__name__ for make, _ in LAYERS.values()}
    families = (
        "batchnorm channelshuffle conv fold instancenorm normalization padding "
        "pixelshuffle pooling upsampling"
    ).split()
    # The records of module_db have these, and CrossMapLRN2d and unpooling tests of
    # their own.
    elsewhere = {
        f"{kind}{n}d"
        for kind in ("CircularPad", "ReflectionPad", "ReplicationPad", "MaxUnpool")
        for n in (1, 2, 3)
    }
    elsewhere |= {"Conv2d", "MaxPool2d", "CrossMapLRN2d"}
    for family in families:
        theirs = set(getattr(torch.nn.modules, family).__all__)
        ours = set(getattr(rushlight.nn.modules, family).__all__)
        assert theirs == ours
        assert theirs - cases <= elsewhere


@pytest.mark.parametrize(
    "name", sorted({type(make(torch.nn)).__name__ for make, _ in LAYERS.values()})
)
def test_signature(name):
    def parameters(f):
        return [
            (p.name, p.kind, p.default)
            for p in inspect.signature(f).parameters.values()
        ]

    ours, theirs = getattr(rushlight.nn, name), getattr(torch.nn, name)
    assert parameters(ours) == parameters(theirs)
    assert parameters(ours.forward) == parameters(theirs.forward)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("sized", [False, True])
def test_max_unpool(n, sized):
    shape = (2, 3, 7, 5, 9)[: n + 2]
    x, tx = inputs(shape)
    results = []
    for library, value in ((rushlight, x), (torch, tx)):
        nn = library.nn
        pool = getattr(nn, f"MaxPool{n}d")(3, 2, return_indices=True)
        unpool = getattr(nn, f"MaxUnpool{n}d")(3, 2)
        y, indices = pool(value)
        results.append((repr(unpool), attributes(unpool)))
        options = {"output_size": shape[2:]} if sized else {}
        result = unpool(y, indices, **options)
        (result * result).sum().backward()
        results.append(result)
    assert results[0] == results[2]
    near(results[1], results[3])
    near(x.grad, tx.grad)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_cross_map_lrn2d(size):
    def make(n):
        return n.CrossMapLRN2d(size, 0.3, 0.7, 2)

    ours, theirs = build(make)
    assert_alike(ours, theirs, exact=True)
    assert repr(rushlight.nn.CrossMapLRN2d(5)) == repr(torch.nn.CrossMapLRN2d(5))
    for channels in (1, 4, 7):
        x, tx = inputs((2, channels, 2, 3))
        near(ours(x), theirs(tx.detach()))


@pytest.mark.parametrize("size", [[9], [10], [1, 4, 10]])
@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 5)])
def test_conv_transpose_output_size(size, shape):
    ours, theirs = build(lambda n: n.ConvTranspose1d(3, 4, 1, stride=2))
    x, tx = inputs(shape)
    outcomes = []
    for layer, value in ((ours, x), (theirs, tx)):
        try:
            outcomes.append(layer(value, output_size=size))
        except ValueError as error:
            outcomes.append(str(error))
    if isinstance(outcomes[1], str):
        assert outcomes[0].replace("rushlight", "torch") == outcomes[1]
    else:
        near(*outcomes)


ERRORS = {
    "groups": lambda n, m: n.Conv1d(3, 4, 1, groups=0),
    "in_channels": lambda n, m: n.Conv3d(3, 4, 1, groups=2),
    "out_channels": lambda n, m: n.ConvTranspose2d(4, 3, 1, groups=2),
    "same and stride": lambda n, m: n.Conv1d(3, 4, 3, stride=2, padding="same"),
    "transposed mode": lambda n, m: n.ConvTranspose1d(3, 4, 3, padding_mode="reflect"),
    "output_size": lambda n, m: n.ConvTranspose2d(1, 1, 2)(m.ones(1, 3, 3), [9, 9]),
    "output_size dims": lambda n, m: n.ConvTranspose1d(1, 1, 2)(
        m.ones(1, 3), [1, 1, 2]
    ),
    "lazy dims": lambda n, m: n.LazyConv2d(1, 2)(m.ones(3, 3)),
    "lazy groups": lambda n, m: n.LazyConv1d(4, 2, groups=4)(m.ones(2, 3)),
    "unpool": lambda n, m: n.LazyConvTranspose3d(4, 2)(m.ones(2, 3)),
    "fractional nothing": lambda n, m: n.FractionalMaxPool2d(2),
    "fractional both": lambda n, m: n.FractionalMaxPool3d(2, 2, 0.5),
    "fractional ratio": lambda n, m: n.FractionalMaxPool2d(2, output_ratio=(0.5, 1.5)),
    "fractional kernel": lambda n, m: n.FractionalMaxPool3d((1, 0, 1), 2),
    "batch_norm1d": lambda n, m: n.BatchNorm1d(3)(m.ones(3)),
    "batch_norm2d": lambda n, m: n.BatchNorm2d(3)(m.ones(2, 3)),
    "batch_norm3d": lambda n, m: n.BatchNorm3d(3)(m.ones(2, 3, 4)),
    "one value": lambda n, m: n.BatchNorm1d(3)(m.ones(1, 3)),
    "sync_batch_norm": lambda n, m: n.SyncBatchNorm(3)(m.ones(3)),
    "sync_batch_norm channels": lambda n, m: n.SyncBatchNorm(0)(m.ones(2, 0)),
    "instance_norm1d": lambda n, m: n.InstanceNorm1d(3)(m.ones(3)),
    "instance_norm2d": lambda n, m: n.InstanceNorm2d(3)(m.ones(2, 3)),
    "instance_norm3d": lambda n, m: n.InstanceNorm3d(3)(m.ones(2, 3, 2)),
    "instance_norm features": lambda n, m: n.InstanceNorm1d(3, affine=True)(
        m.ones(2, 4, 5)
    ),
    "group_norm": lambda n, m: n.GroupNorm(3, 4),
    "cross_map": lambda n, m: n.CrossMapLRN2d(3)(m.ones(2, 3, 4)),
    "circular1d": lambda n, m: n.CircularPad1d(1)(m.ones(3)),
    "circular2d": lambda n, m: n.CircularPad2d(1)(m.ones(3, 2)),
    "circular3d": lambda n, m: n.CircularPad3d(1)(m.ones(3, 2, 2)),
    "old instance_norm": lambda n, m: n.InstanceNorm1d(2).load_state_dict(
        {"running_mean": m.ones(2), "running_var": m.ones(2)}
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name):
    """The type and the text are the same."""
    with pytest.raises(Exception) as expected:
        ERRORS[name](torch.nn, torch)
    with pytest.raises(expected.type) as caught:
        ERRORS[name](rushlight.nn, rushlight)
    assert str(caught.value).replace("rushlight", "torch") == str(expected.value)


def test_instance_norm_warns_of_other_channels():
    for library in (torch, rushlight):
        with pytest.warns(UserWarning, match="does not match num_features"):
            library.nn.InstanceNorm1d(3)(library.ones(2, 4, 5))


def test_loads_what_counts_no_batches():
    """Files of version 1 have no num_batches_tracked; later ones have to."""
    for library in (torch, rushlight):
        layer = library.nn.BatchNorm1d(2)
        state = layer.state_dict()
        del state["num_batches_tracked"]
        with pytest.raises(RuntimeError, match="num_batches_tracked"):
            layer.load_state_dict(state)
        layer(library.ones(3, 2))
        layer.load_state_dict(dict(state))
        assert int(layer.num_batches_tracked) == 1


def test_converts_to_sync_batch_norm():
    converted = []
    for library in (torch, rushlight):
        nn = library.nn
        library.manual_seed(0)
        net = nn.Sequential(
            nn.BatchNorm1d(2, bias=False), nn.Sequential(nn.BatchNorm3d(1))
        )
        new = nn.SyncBatchNorm.convert_sync_batchnorm(net.eval())
        assert new is net
        alone = nn.BatchNorm2d(3, affine=False)
        single = nn.SyncBatchNorm.convert_sync_batchnorm(alone)
        assert single.running_mean is alone.running_mean
        converted.append((new, single))
    for ours, theirs in zip(converted[1], converted[0], strict=True):
        assert repr(ours) == repr(theirs)
        assert ours.training == theirs.training
        assert list(ours.state_dict()) == list(theirs.state_dict())
