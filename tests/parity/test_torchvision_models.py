"""The models against torchvision's: state, weights, outputs, published facts."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from torchvision_oracle import torch  # first: it makes torchvision importable

theirs = pytest.importorskip("torchvision.models", reason="compares with it")

import rushlight  # noqa: E402
from rushlight.vision import models as ours  # noqa: E402

NAMES = ours.list_models()
LARGE = 140_000_000  # parameters


def parameters(name):
    return next(iter(ours.get_model_weights(name))).meta["num_params"]


def side_and_options(name):
    """The side of a small image, and what makes the model take it."""
    if name.startswith("vit_"):
        side = 2 * int(name.rpartition("_")[2])
        return side, dict(image_size=side)
    if name == "inception_v3":  # its second head wants 299
        return 75, dict(aux_logits=False)
    side = max(64, *next(iter(ours.get_model_weights(name))).meta["min_size"])
    return side, {}


# One of each kind of block.
FAMILIES = (
    "convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet "
    "inception_v3 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small resnet18 "
    "resnext50_32x4d squeezenet1_0 squeezenet1_1"
).split()
# The others differ in the modules that test_same_state compares.
CASES = [
    *FAMILIES,
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in NAMES
        if name not in FAMILIES and parameters(name) < LARGE
    ),
]


@pytest.fixture
def no_initialisation(monkeypatch):
    """Parameters stay as allocated: whole networks are built in no time."""
    for name in dir(rushlight.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(
                rushlight.nn.init, name, lambda tensor, *args, **kwargs: tensor
            )


def unallocated(name, **options):
    """torchvision's model without memory for its parameters."""
    with torch.device("meta"):
        return getattr(theirs, name)(**options)


@pytest.mark.filterwarnings("ignore:The default weight initialization")
@pytest.mark.parametrize("name", NAMES)
def test_same_state(name, no_initialisation):
    got, expected = getattr(ours, name)(), unallocated(name)
    modules = dict(got.named_modules())
    assert list(modules) == [path for path, _ in expected.named_modules()]
    for path, module in expected.named_modules():
        if not list(module.children()):  # its sizes, strides, rates, ...
            assert repr(modules[path]) == repr(module), path
    state, expected = got.state_dict(), expected.state_dict()
    assert [(k, tuple(v.shape)) for k, v in state.items()] == [
        (k, tuple(v.shape)) for k, v in expected.items()
    ]
    for key, value in state.items():
        assert str(value.dtype).split(".")[1] == str(expected[key].dtype).split(".")[1]


@pytest.mark.filterwarnings("ignore:The default weight initialization")
@pytest.mark.parametrize("name", FAMILIES)
def test_same_initial_weights(name):
    torch.manual_seed(0)
    expected = getattr(theirs, name)().state_dict()
    rushlight.manual_seed(0)
    state = getattr(ours, name)().state_dict()
    for key, value in expected.items():
        np.testing.assert_allclose(
            state[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key
        )


def test_same_initial_weights_of_transformers():
    for options in ({}, dict(representation_size=20)):
        torch.manual_seed(0)
        expected = theirs.VisionTransformer(16, 8, 2, 2, 32, 64, **options)
        rushlight.manual_seed(0)
        net = ours.VisionTransformer(16, 8, 2, 2, 32, 64, **options)
        for key, value in expected.state_dict().items():
            got = net.state_dict()[key].numpy()
            np.testing.assert_allclose(got, value.numpy(), rtol=1e-5, atol=1e-6)


def filled(name, options):
    """torchvision's model with weights that keep activations of a size."""
    net = unallocated(name, **options).to_empty(device="cpu")
    torch.manual_seed(1)
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if key.endswith("num_batches_tracked"):
                value.zero_()
            elif key.endswith(("running_var", "layer_scale")):
                value.uniform_(0.5, 1.5)
            elif value.dim() > 1 and "embedding" not in key:
                # Gates that are all or nothing would magnify rounding.
                gain = 0.01 if ".fc" in key else 3
                bound = math.sqrt(gain / value[0].numel())
                value.uniform_(-bound, bound)
            elif key.endswith("weight"):
                value.uniform_(0.8, 1.2)
            else:
                value.uniform_(-0.1, 0.1)
    return net


def flat(output):
    """The tensors of an output: one, or a named tuple's that are there."""
    parts = output if isinstance(output, tuple) else (output,)
    return [part for part in parts if part is not None]


def close(got, expected, tolerance):
    expected = expected.detach().numpy()
    scale = float(np.abs(expected).max())
    assert tuple(got.shape) == expected.shape and 0 < scale < math.inf
    np.testing.assert_allclose(
        got.detach().numpy(), expected, rtol=0, atol=tolerance * scale
    )


@pytest.mark.filterwarnings("ignore:The default weight initialization")
@pytest.mark.parametrize("name", CASES)
def test_same_outputs(name, no_initialisation):
    side, options = side_and_options(name)
    expected_net = filled(name, options)
    net = getattr(ours, name)(**options)
    net.load_state_dict(
        {
            k: rushlight.from_numpy(v.numpy())
            for k, v in expected_net.state_dict().items()
        }
    )
    image = np.random.default_rng(1).standard_normal((2, 3, side, side), np.float32)
    x, y = rushlight.from_numpy(image), torch.from_numpy(image)
    with rushlight.no_grad(), torch.no_grad():
        net.eval(), expected_net.eval()
        close(net(x), expected_net(y), 1e-4)
        # Normalising two values of a channel magnifies rounding: double precision.
        net.double().train(), expected_net.double().train()
        torch.manual_seed(3)
        expected = flat(expected_net(y.double()))
        rushlight.manual_seed(3)
        got = flat(net(x.double()))
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        close(one, other, 1e-6)
    # The statistics that training has left behind.
    state = net.state_dict()
    for key, value in expected_net.state_dict().items():
        if "running" in key or "tracked" in key:
            np.testing.assert_allclose(state[key].numpy(), value.numpy(), 1e-6, 1e-9)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "vit_b_32"])
def test_same_gradient_of_the_input(name, no_initialisation):
    side, options = side_and_options(name)
    expected_net = filled(name, options).eval()
    net = getattr(ours, name)(**options).eval()
    net.load_state_dict(
        {
            k: rushlight.from_numpy(v.numpy())
            for k, v in expected_net.state_dict().items()
        }
    )
    image = np.random.default_rng(2).standard_normal((1, 3, side, side), np.float32)
    x = rushlight.from_numpy(image.copy()).requires_grad_()
    y = torch.from_numpy(image).requires_grad_()
    net(x).square().sum().backward()
    expected_net(y).square().sum().backward()
    close(x.grad, y.grad, 1e-4)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v2", "densenet121"])
def test_torchs_file_as_weights(name, tmp_path, no_initialisation):
    expected = filled(name, {})
    torch.save(expected.state_dict(), tmp_path / "net.pth")
    net = getattr(ours, name)(weights=tmp_path / "net.pth")
    for key, value in net.state_dict().items():
        assert (value.numpy() == expected.state_dict()[key].numpy()).all()
    rushlight.save(net.state_dict(), tmp_path / "back.pth")
    expected.load_state_dict(torch.load(tmp_path / "back.pth", weights_only=True))


def test_published_weights():
    for name in NAMES:
        got, expected = ours.get_model_weights(name), theirs.get_model_weights(name)
        assert got.__name__ == expected.__name__
        assert list(got.__members__) == list(expected.__members__)
        assert got.DEFAULT.name == expected.DEFAULT.name
        for mine, their in zip(got, expected, strict=True):
            assert (repr(mine), str(mine)) == (repr(their), str(their))
            assert mine.url == their.url
            for key in ("num_params", "categories"):
                assert mine.meta[key] == their.meta[key]
            if "min_size" in their.meta:
                assert mine.meta["min_size"] == their.meta["min_size"]
            np.testing.assert_equal(mine.meta["_metrics"], their.meta["_metrics"])
            assert (
                theirs.get_weight(repr(mine)).name == ours.get_weight(repr(mine)).name
            )


def test_prepared_as_published():
    for name in NAMES:
        pairs = zip(ours.get_model_weights(name), theirs.get_model_weights(name))
        for mine, their in pairs:
            assert repr(mine.transforms()) == repr(their.transforms())


@pytest.mark.parametrize("name", ["ResNet50_Weights.IMAGENET1K_V2", "ViT_B_16_Weights"])
def test_same_prepared_images(name):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    name = name if "." in name else name + ".IMAGENET1K_SWAG_LINEAR_V1"
    pixels = np.random.default_rng(3).integers(0, 256, (300, 260, 3), np.uint8)
    got = ours.get_weight(name).transforms()
    expected = theirs.get_weight(name).transforms()
    picture = image.fromarray(pixels)
    close(got(picture), expected(picture), 1e-6)
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
    close(got(rushlight.from_numpy(batch)), expected(torch.from_numpy(batch)), 0.02)


def test_same_arguments():
    for name in NAMES:
        got, expected = (
            inspect.signature(library.get_model_builder(name)).parameters
            for library in (ours, theirs)
        )
        for one, other in zip(got.values(), expected.values(), strict=True):
            assert (one.name, one.kind) == (other.name, other.kind)
            assert one.default == other.default


def test_same_lists():
    assert ours.list_models(ours) == NAMES
    assert set(NAMES) < set(theirs.list_models(theirs))
    for options in (
        dict(include="res*"),
        dict(include=["vgg*", "vit*"], exclude="*1*"),
    ):
        assert ours.list_models(**options) == sorted(
            set(theirs.list_models(theirs, **options)) & set(NAMES)
        )


def outcome(run):
    try:
        return run().__name__
    except Exception as error:
        return type(error)


def test_same_errors():
    for run in (
        lambda m: m.get_model("absent"),
        lambda m: m.get_weight("absent"),
        lambda m: m.get_weight("Absent_Weights.DEFAULT"),
        lambda m: m.get_weight("ResNet18_Weights.ABSENT"),
        lambda m: m.get_model_weights("absent"),
        lambda m: m.get_model_builder("RESNET18"),
        lambda m: m.get_model_weights(m.resnet18),
        lambda m: m.resnet18(weights="ABSENT"),
        lambda m: m.resnet18(weights=m.ResNet50_Weights.DEFAULT),
        lambda m: m.resnet18(weights="DEFAULT", num_classes=3),
        lambda m: m.resnet18(nonsense=1),
        lambda m: m.vit_b_16(weights="IMAGENET1K_SWAG_E2E_V1", image_size=224),
    ):
        got, expected = (outcome(lambda m=m: run(m)) for m in (ours, theirs))  # noqa: B023
        assert got == expected
