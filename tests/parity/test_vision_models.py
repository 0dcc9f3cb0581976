"""The vision models: their source run on PyTorch gives the same numbers."""

from __future__ import annotations

import sys
import types

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
from rushlight.vision import models  # noqa: E402
from vision_twin import twin  # noqa: E402


def narrow(family, build):
    """What ``build()`` makes with linear layers of 64 features in place of 4096."""
    layers = family.nn

    class Linear(layers.Linear):
        def __init__(self, *sizes) -> None:
            super().__init__(*(64 if size == 4096 else size for size in sizes))

    family.nn = types.SimpleNamespace(**{**vars(layers), "Linear": Linear})
    try:
        return build()
    finally:
        family.nn = layers


# name -> (side of the image, builder): each kind of block, dropout off. The whole
# networks' shapes are in tests/python/test_vision.py; here they are short and narrow.
CASES = {
    "alexnet": (
        64,
        lambda m: narrow(sys.modules[m.AlexNet.__module__], lambda: m.AlexNet(10, 0)),
    ),
    "vgg_bn": (
        32,
        lambda m: narrow(
            m.vgg, lambda: m.VGG(m.vgg._stages((1, 1, 2, 1, 1), True), 10, dropout=0.0)
        ),
    ),
    "resnet_basic": (
        33,
        lambda m: m.ResNet(m.resnet.BasicBlock, [1, 2, 1, 1], num_classes=10),
    ),
    "resnet_bottleneck": (
        33,
        lambda m: m.ResNet(
            m.resnet.Bottleneck,
            [1, 1, 1, 1],
            num_classes=10,
            zero_init_residual=True,
            replace_stride_with_dilation=[False, True, True],
        ),
    ),
    "resnext": (
        33,
        lambda m: m.ResNet(
            m.resnet.Bottleneck, [1, 1, 1, 1], groups=32, width_per_group=4
        ),
    ),
    "squeezenet1_0": (48, lambda m: m.squeezenet1_0(num_classes=10, dropout=0.0)),
    "squeezenet1_1": (48, lambda m: m.squeezenet1_1(num_classes=10, dropout=0.0)),
    "mobilenet_v2": (
        33,
        lambda m: m.MobileNetV2(
            10, 0.5, [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 1, 2)], dropout=0.0
        ),
    ),
    "mobilenet_v3_large": (
        33,
        lambda m: m.mobilenet_v3_large(
            num_classes=10, dropout=0.0, width_mult=0.25, dilated=True
        ),
    ),
    "mobilenet_v3_small": (
        33,
        lambda m: m.mobilenet_v3_small(
            num_classes=10, dropout=0.0, width_mult=0.5, reduced_tail=True
        ),
    ),
    "googlenet": (
        33,
        lambda m: m.googlenet(
            num_classes=10, dropout=0.0, dropout_aux=0.0, transform_input=True
        ),
    ),
    "inception_v3": (
        75,
        lambda m: m.inception_v3(
            num_classes=10, dropout=0.0, aux_logits=False, init_weights=False
        ),
    ),
    "efficientnet": (
        33,
        lambda m: m.EfficientNet(
            [
                m.efficientnet.MBConvConfig(*row, width_mult=0.5, depth_mult=0.4)
                for row in m.efficientnet._B0
            ],
            dropout=0.0,
            stochastic_depth_prob=0.0,
            num_classes=10,
        ),
    ),
    "efficientnet_v2": (
        33,
        lambda m: m.EfficientNet(
            [
                m.efficientnet.FusedMBConvConfig(1, 3, 1, 24, 24, 2),
                m.efficientnet.FusedMBConvConfig(4, 3, 2, 24, 48, 1),
                m.efficientnet.MBConvConfig(4, 3, 2, 48, 64, 2),
            ],
            dropout=0.0,
            stochastic_depth_prob=0.0,
            num_classes=10,
            last_channel=96,
        ),
    ),
    "convnext": (
        64,
        lambda m: m.ConvNeXt(
            [
                m.convnext.CNBlockConfig(32, 48, 2),
                m.convnext.CNBlockConfig(48, None, 2),
            ],
            layer_scale=0.5,
            num_classes=10,
        ),
    ),
    "vit": (
        16,
        lambda m: m.VisionTransformer(
            16, 8, 2, 2, 32, 64, num_classes=10, representation_size=24
        ),
    ),
    "vit_conv_stem": (
        16,
        lambda m: m.VisionTransformer(
            16,
            4,
            1,
            2,
            32,
            64,
            conv_stem_configs=[
                m.vision_transformer.ConvStemConfig(8, 3, 2),
                m.vision_transformer.ConvStemConfig(16, 3, 2),
            ],
        ),
    ),
    "densenet": (32, lambda m: m.DenseNet(16, (2, 3, 2, 2), 32, num_classes=10)),
    "densenet_checkpointed": (
        32,
        lambda m: m.DenseNet(8, (2, 2, 2, 2), 16, memory_efficient=True),
    ),
}


def both(name):
    side, build = CASES[name]
    torch.manual_seed(0)
    theirs = build(twin("models"))
    rushlight.manual_seed(0)
    ours = build(models)
    image = np.random.default_rng(1).standard_normal((2, 3, side, side))
    image = image.astype(np.float32)
    return ours, theirs, rushlight.from_numpy(image), torch.from_numpy(image)


def flat(output):
    """The tensors of an output: one, or a named tuple's that are there."""
    parts = output if isinstance(output, tuple) else (output,)
    return [part for part in parts if part is not None]


def close(got, expected, tolerance):
    expected = expected.detach().numpy()
    scale = max(1.0, float(np.abs(expected).max()))
    assert tuple(got.shape) == expected.shape
    np.testing.assert_allclose(
        got.detach().numpy(), expected, rtol=0, atol=tolerance * scale
    )


@pytest.mark.parametrize("name", CASES)
def test_same_numbers(name):
    ours, theirs, x, y = both(name)
    state, expected_state = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(expected_state)
    for key, value in expected_state.items():  # the same draws from the same seed
        np.testing.assert_allclose(
            state[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key
        )
    for key in ("heads.head.weight", "heads.head.bias"):  # zero at first
        if key in expected_state:
            torch.nn.init.normal_(expected_state[key])
    ours.load_state_dict(
        {k: rushlight.from_numpy(v.numpy().copy()) for k, v in expected_state.items()}
    )
    with rushlight.no_grad(), torch.no_grad():
        ours.eval(), theirs.eval()
        close(ours(x), theirs(y), 1e-4)
    # Normalising two values of a channel magnifies rounding: double precision.
    ours.double().train(), theirs.double().train()
    got, expected = flat(ours(x.double())), flat(theirs(y.double()))
    for one, other in zip(got, expected, strict=True):
        close(one, other, 1e-8)
    sum(one.square().mean() for one in got).backward()
    sum(one.square().mean() for one in expected).backward()
    first = next(ours.parameters()).grad.numpy()
    other = next(theirs.parameters()).grad.numpy()
    np.testing.assert_allclose(first, other, rtol=0, atol=1e-7 * np.abs(other).max())


def test_inception_auxiliary_head():
    torch.manual_seed(0)
    theirs = twin("models").inception.InceptionAux(8, 5)
    rushlight.manual_seed(0)
    ours = models.inception.InceptionAux(8, 5)
    features = np.random.default_rng(2).standard_normal((2, 8, 17, 17))
    x, y = rushlight.from_numpy(features), torch.from_numpy(features)
    close(ours.double()(x), theirs.double()(y), 1e-8)
