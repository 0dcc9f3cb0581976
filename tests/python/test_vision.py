"""The vision models' published shapes and weights, and image grids."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
import threading

import numpy as np
import pytest

import rushlight
from rushlight import nn
from rushlight.vision import models, utils


@pytest.fixture
def no_initialisation(monkeypatch):
    """Parameters stay as allocated: whole networks are built in no time."""
    for name in dir(nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(nn.init, name, lambda tensor, *args, **kwargs: tensor)


def test_is_imported_when_first_asked_for():
    code = "import sys, rushlight; print('rushlight.vision' in sys.modules)"
    code += "; rushlight.vision.models.resnet18; print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


@pytest.mark.parametrize("name", models.list_models())
def test_has_the_published_number_of_parameters(name, no_initialisation):
    for weights in models.get_model_weights(name):
        options = {}
        if name == "googlenet":  # published without its further classifiers
            options = dict(aux_logits=False)
        elif name.startswith("vit_"):
            options = dict(image_size=weights.meta["min_size"][0])
        net = models.get_model(name, **options)
        count = sum(p.numel() for p in net.parameters())
        assert count == weights.meta["num_params"]


# Keys and shapes of the published files: first, some between, last.
KEYS = {
    "alexnet": {
        "features.0.weight": (64, 3, 11, 11),
        "features.10.bias": (256,),
        "classifier.1.weight": (4096, 9216),
        "classifier.6.bias": (1000,),
    },
    "vgg16_bn": {
        "features.0.weight": (64, 3, 3, 3),
        "features.1.running_var": (64,),
        "features.40.weight": (512, 512, 3, 3),
        "classifier.6.weight": (1000, 4096),
    },
    "resnet50": {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.num_batches_tracked": (),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer3.5.conv2.weight": (256, 256, 3, 3),
        "layer4.2.bn3.running_mean": (2048,),
        "fc.weight": (1000, 2048),
    },
    "squeezenet1_0": {
        "features.3.squeeze.weight": (16, 96, 1, 1),
        "features.12.expand3x3.bias": (256,),
        "classifier.1.weight": (1000, 512, 1, 1),
    },
    "mobilenet_v2": {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1),
        "features.17.conv.3.running_var": (320,),
        "features.18.1.bias": (1280,),
        "classifier.1.weight": (1000, 1280),
    },
    "mobilenet_v3_large": {
        "features.0.0.weight": (16, 3, 3, 3),
        "features.4.block.2.fc1.weight": (24, 72, 1, 1),
        "features.15.block.3.1.running_mean": (160,),
        "features.16.0.weight": (960, 160, 1, 1),
        "classifier.3.weight": (1000, 1280),
    },
    "googlenet": {
        "conv1.conv.weight": (64, 3, 7, 7),
        "inception3a.branch3.1.conv.weight": (32, 16, 3, 3),
        "inception5b.branch4.1.bn.running_mean": (128,),
        "aux2.fc1.weight": (1024, 2048),
        "fc.weight": (1000, 1024),
    },
    "inception_v3": {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Mixed_6c.branch7x7dbl_4.conv.weight": (160, 160, 7, 1),
        "AuxLogits.conv1.conv.weight": (768, 128, 5, 5),
        "Mixed_7c.branch3x3_2a.bn.bias": (384,),
        "fc.weight": (1000, 2048),
    },
    "efficientnet_b0": {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.1.0.block.1.fc1.weight": (8, 32, 1, 1),
        "features.6.3.block.2.fc2.bias": (1152,),
        "features.8.1.running_var": (1280,),
        "classifier.1.weight": (1000, 1280),
    },
    "efficientnet_v2_s": {
        "features.1.1.block.0.0.weight": (24, 24, 3, 3),
        "features.3.0.block.1.0.weight": (64, 192, 1, 1),
        "features.6.14.block.3.1.bias": (256,),
        "features.7.0.weight": (1280, 256, 1, 1),
    },
    "convnext_tiny": {
        "features.0.0.bias": (96,),
        "features.1.0.layer_scale": (96, 1, 1),
        "features.4.1.weight": (384, 192, 2, 2),
        "features.7.2.block.5.weight": (768, 3072),
        "classifier.0.weight": (768,),
        "classifier.2.weight": (1000, 768),
    },
    "vit_b_16": {
        "class_token": (1, 1, 768),
        "conv_proj.weight": (768, 3, 16, 16),
        "encoder.pos_embedding": (1, 197, 768),
        "encoder.layers.encoder_layer_11.self_attention.in_proj_weight": (2304, 768),
        "encoder.layers.encoder_layer_0.mlp.3.weight": (768, 3072),
        "encoder.ln.bias": (768,),
        "heads.head.weight": (1000, 768),
    },
    "densenet121": {
        "features.conv0.weight": (64, 3, 7, 7),
        "features.denseblock1.denselayer1.norm1.weight": (64,),
        "features.denseblock3.denselayer24.conv2.weight": (32, 128, 3, 3),
        "features.transition3.conv.weight": (512, 1024, 1, 1),
        "features.norm5.bias": (1024,),
        "classifier.weight": (1000, 1024),
    },
}


@pytest.mark.parametrize("name", KEYS)
def test_state_has_the_published_keys(name, no_initialisation):
    state = models.get_model(name).state_dict()
    for key, shape in KEYS[name].items():
        assert tuple(state[key].shape) == shape


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A file of SqueezeNet's weights under a cache folder of its own, and the class."""
    monkeypatch.setenv("RUSHLIGHT_HOME", str(tmp_path / "home"))
    rushlight.manual_seed(3)
    state = models.squeezenet1_1(num_classes=1000).state_dict()
    raw = tmp_path / "raw.pth"
    rushlight.save(state, raw)
    digest = hashlib.sha256(raw.read_bytes()).hexdigest()[:8]
    path = raw.rename(tmp_path / f"squeezenet1_1-{digest}.pth")
    return path, state


def same(net, state):
    assert all(bool((v == state[k]).all()) for k, v in net.state_dict().items())


def test_weights_from_a_local_file(small):
    path, state = small
    same(models.squeezenet1_1(weights=path), state)
    same(models.squeezenet1_1(weights=str(path)), state)


def test_weights_of_a_damaged_file(small):
    path, _ = small
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(RuntimeError, match=r"checksum of .*SHA-256 starts with"):
        models.squeezenet1_1(weights=path)


@pytest.fixture
def server(small):
    folder = small[0].parent

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


def published_at(monkeypatch, url):
    weights = models.Weights(url, None, models.SqueezeNet1_1_Weights.DEFAULT.meta)
    monkeypatch.setattr(models.SqueezeNet1_1_Weights.DEFAULT, "_value_", weights)


def test_weights_are_downloaded_once_and_checked(small, server, monkeypatch, capsys):
    path, state = small
    published_at(monkeypatch, server + path.name)
    same(models.squeezenet1_1(weights="DEFAULT", progress=True), state)
    assert "100" in capsys.readouterr().err
    cached = path.parent / "home" / "checkpoints" / path.name
    assert cached.read_bytes() == path.read_bytes()
    path.unlink()  # the server has it no more
    same(models.squeezenet1_1(weights="DEFAULT", progress=True), state)
    assert capsys.readouterr().err == ""
    cached.write_bytes(b"damaged")
    with pytest.raises(RuntimeError, match="checksum"):
        models.squeezenet1_1(weights="DEFAULT")


def test_a_failed_download_leaves_nothing(small, server, monkeypatch):
    path, _ = small
    other = path.rename(path.with_name("squeezenet1_1-00000000.pth"))
    published_at(monkeypatch, server + other.name)
    with pytest.raises(RuntimeError, match="checksum"):
        models.squeezenet1_1(weights="DEFAULT", progress=False)
    published_at(monkeypatch, server + "absent-00000000.pth")
    with pytest.raises(OSError, match=r"cannot download .*put the file at"):
        models.squeezenet1_1(weights="DEFAULT", progress=False)
    assert list((path.parent / "home" / "checkpoints").iterdir()) == []


def test_weights_names():
    weights = models.ResNet50_Weights
    assert weights.verify("DEFAULT") is weights.IMAGENET1K_V2
    assert models.get_weight("ResNet50_Weights.IMAGENET1K_V1") is weights.IMAGENET1K_V1
    assert weights.DEFAULT.url.endswith("/resnet50-11ad3fa6.pth")
    assert repr(weights.DEFAULT) == "ResNet50_Weights.IMAGENET1K_V2"
    assert weights.verify("ResNet50_Weights.DEFAULT") is weights.DEFAULT
    for name in ("absent", "ResNet18_Weights.DEFAULT"):
        with pytest.raises(KeyError, match="expected a member of ResNet50_Weights"):
            models.resnet50(weights=name)
    with pytest.raises(TypeError, match="expected a member of ResNet50_Weights"):
        models.resnet50(weights=models.ResNet18_Weights.DEFAULT)
    with pytest.raises(ValueError, match="num_classes"):
        models.resnet50(weights="DEFAULT", num_classes=3)
    with pytest.raises(ValueError, match="Unknown model absent"):
        models.get_model("absent")
    for arguments in (dict(pretrained=False), dict(weights=False)):
        with pytest.warns(UserWarning, match="pretrained= is deprecated.*=None"):
            models.squeezenet1_1(**arguments)
    with pytest.warns(UserWarning, match="pretrained= is deprecated.*=None"):
        models.squeezenet1_1(False, False)
    with pytest.raises(TypeError, match="by position once"):
        models.squeezenet1_1(None, weights=None)
    assert weights.DEFAULT.meta["categories"][281] == "tabby"


def test_images_are_prepared_for_the_weights():
    prepare = models.ResNet50_Weights.DEFAULT.transforms()
    assert prepare.resize_size == [232] and "232 pixels" in prepare.describe()
    got = prepare(rushlight.full((3, 300, 400), 255, dtype=rushlight.uint8))
    assert got.shape == (3, 224, 224)
    expected = (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(got[:, 5, 7].numpy(), expected, rtol=1e-5)
    assert models.get_model_weights("vit_h_14").DEFAULT.transforms().crop_size == [518]


def test_densenet_reads_the_published_files_keys(no_initialisation):
    small = models.DenseNet(4, (1,), 8, num_classes=2)
    old = {k.replace("norm1.", "norm.1."): v for k, v in small.state_dict().items()}
    assert any("denselayer1.norm.1.weight" in key for key in old)
    assert set(models.densenet._renamed(old)) == set(small.state_dict())


def test_googlenet_and_inception_with_weights(tmp_path, no_initialisation):
    state = models.googlenet(num_classes=3).state_dict()
    rushlight.save(state, tmp_path / "googlenet.pth")
    net = models.googlenet(weights=tmp_path / "googlenet.pth", num_classes=3)
    assert net.transform_input
    assert net.aux1 is None
    assert not any(key.startswith("aux") for key in net.state_dict())
    with pytest.warns(UserWarning, match="auxiliary heads are not trained"):
        net = models.googlenet(
            weights=tmp_path / "googlenet.pth", num_classes=3, aux_logits=True
        )
    assert list(net.state_dict()) == list(state)
    state = models.inception_v3(num_classes=3).state_dict()
    rushlight.save(state, tmp_path / "inception.pth")
    net = models.inception_v3(
        weights=tmp_path / "inception.pth", num_classes=3, aux_logits=False
    )
    assert net.AuxLogits is None
    assert net.transform_input


def test_vision_transformer_reads_former_names_and_checks_sizes():
    net = models.VisionTransformer(8, 4, 1, 2, 8, 16, num_classes=3)
    state = net.state_dict()
    former = {
        k.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): v
        for k, v in state.items()
    }
    assert len(set(former) - set(state)) == 4
    other = models.VisionTransformer(8, 4, 1, 2, 8, 16, num_classes=3)
    other.load_state_dict(former)
    same(other, state)
    with pytest.raises(
        AssertionError, match=r"expected images of shape \(N, 3, 8, 8\)"
    ):
        net(rushlight.zeros(1, 3, 8, 12))
    with pytest.raises(AssertionError, match="multiple of patch_size"):
        models.VisionTransformer(9, 4, 1, 2, 8, 16)
    with pytest.raises(ValueError, match="image_size"):
        models.vit_b_16(weights="IMAGENET1K_SWAG_E2E_V1", image_size=224)


def test_grid_places_images_in_rows():
    images = rushlight.arange(5.0).reshape(5, 1, 1, 1).expand(5, 1, 2, 3)
    grid = utils.make_grid(images, nrow=3, padding=1, pad_value=9.0).numpy()
    n = 9.0
    row0 = [n, 0, 0, 0, n, 1, 1, 1, n, 2, 2, 2, n]
    row1 = [n, 3, 3, 3, n, 4, 4, 4, n, n, n, n, n]
    expected = [[n] * 13, row0, row0, [n] * 13, row1, row1, [n] * 13]
    np.testing.assert_array_equal(grid, np.array([expected] * 3, np.float32))


def test_grid_stretches_values():
    images = rushlight.tensor([[0.0, 2.0], [4.0, 8.0]]).reshape(2, 1, 1, 2)
    by_all = utils.make_grid(images, padding=0, normalize=True)
    np.testing.assert_allclose(by_all[0, 0].numpy(), [0, 0.25, 0.5, 1], rtol=1e-6)
    by_each = utils.make_grid(images, padding=0, normalize=True, scale_each=True)
    np.testing.assert_allclose(by_each[0, 0].numpy(), [0, 1, 0, 1], rtol=1e-6)
    by_range = utils.make_grid(
        images, padding=0, normalize=True, value_range=(2.0, 4.0)
    )
    np.testing.assert_allclose(by_range[0, 0].numpy(), [0, 0, 1, 1], rtol=1e-6)
    np.testing.assert_array_equal(images.flatten().numpy(), [0, 2, 4, 8])
    with pytest.raises(TypeError, match="value_range has to be a tuple"):
        utils.make_grid(images, normalize=True, value_range=[0, 1])
    with pytest.raises(TypeError, match="list of tensors expected"):
        utils.make_grid([1, 2])


def test_save_image(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pixels = rushlight.tensor([[0.0, 0.5], [1.0, 2.0]]).reshape(1, 2, 2)
    utils.save_image(pixels, tmp_path / "image.png")
    read = np.asarray(image.open(tmp_path / "image.png"))
    np.testing.assert_array_equal(read[:, :, 0], [[0, 128], [255, 255]])
    assert read.shape == (2, 2, 3)


def test_save_image_needs_pillow(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ModuleNotFoundError, match=r"rushlight\[vision\]"):
        utils.save_image(rushlight.zeros(3, 2, 2), tmp_path / "image.png")
    assert list(tmp_path.iterdir()) == []


# Billions of multiplications for one image, as published with the weights: they tell
# strides, paddings and groups. Side of the image, multiplications.
OPERATIONS = {
    "alexnet": (224, 0.714),
    "convnext_tiny": (224, 4.456),
    "densenet121": (224, 2.834),
    "efficientnet_b0": (224, 0.386),
    "googlenet": (224, 1.498),
    "inception_v3": (299, 5.713),
    "mobilenet_v2": (224, 0.301),
    "mobilenet_v3_large": (224, 0.217),
    "mobilenet_v3_small": (224, 0.057),
    "resnet18": (224, 1.814),
    "resnet50": (224, 4.089),
    "squeezenet1_0": (224, 0.819),
    "squeezenet1_1": (224, 0.349),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_multiplies_as_often_as_published(name, no_initialisation):
    side, published = OPERATIONS[name]
    net = models.get_model(name).eval()
    counts = []

    def count(module, inputs, output):
        each = module.weight[0].numel()
        counts.append(output.numel() * each)

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(count)
    with rushlight.no_grad():
        net(rushlight.zeros(1, 3, side, side))
    assert sum(counts) / 1e9 == pytest.approx(published, abs=0.0006)


def test_drawing():
    pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    gray = rushlight.full((1, 6, 8), 10, dtype=rushlight.uint8)
    drawn = utils.draw_bounding_boxes(
        gray, rushlight.tensor([[1, 2, 5, 4]]), None, "red"
    )
    red = np.zeros((6, 8), bool)
    red[2:5, 1:6] = True
    red[3, 2:5] = False
    np.testing.assert_array_equal(drawn[0].numpy(), np.where(red, 255, 10))
    np.testing.assert_array_equal(drawn[2].numpy(), np.where(red, 0, 10))
    image = gray.expand(3, 6, 8).float() / 255
    mask = rushlight.from_numpy(red)
    got = utils.draw_segmentation_masks(image, mask, 0.5, (255, 0, 0)).numpy()
    expected = np.where(red, (10 / 255 + 1) / 2, 10 / 255)
    np.testing.assert_allclose(got[0], expected, rtol=1e-6)
    black = utils.draw_segmentation_masks(image, mask.expand(2, 6, 8), 1.0, "red")
    assert (black.numpy()[:, red] == 0).all()
    points = rushlight.tensor([[[1.0, 1.0], [6.0, 4.0]]])
    drawn = utils.draw_keypoints(image, points, colors="blue", radius=1)
    assert drawn[2, 1, 1] == drawn[2, 4, 6] == 1 and drawn[0, 1, 1] == 0
    assert drawn[:, 5, 0].tolist() == pytest.approx([10 / 255] * 3)
    still = utils.flow_to_image(rushlight.zeros(2, 3, 3))
    assert (still == 255).all()
    flow = rushlight.tensor([1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0]).view(2, 2, 2)
    flow = flow.permute(0, 2, 1)
    assert len({tuple(c) for c in utils.flow_to_image(flow).flatten(1).T.tolist()}) == 4
    with pytest.raises(NotImplementedError, match="rotated boxes"):
        utils.draw_bounding_boxes(gray, rushlight.zeros(1, 8))
