"""transforms.v2 and tv_tensors: the classes, on samples of all kinds of inputs."""

from __future__ import annotations

import copy
import importlib
import random
import warnings

import numpy as np
import pytest

from torchvision_oracle import torch

pytest.importorskip("PIL", reason="the vision extra")

import rushlight
from rushlight.vision import tv_tensors as our_tensors
from rushlight.vision.transforms import v2 as ours_module
from vision_images import (
    assert_same_outcome,
    outcome,
    pil,
    tensors,
)
from vision_samples import (
    assert_same_sample,
    boxes,
    image,
    mask,
    of_both,
    points,
    samples,
)

theirs_module = importlib.import_module("torchvision.transforms.v2")
their_tensors = importlib.import_module("torchvision.tv_tensors")

# Of all kinds of inputs.
ALL = [
    "RandomHorizontalFlip()",
    "RandomVerticalFlip(0.8)",
    "Resize((7, 9))",
    "Resize(50, interpolation='nearest')",
    "Resize(None, max_size=20)",
    "Resize([10], max_size=11, antialias=False)",
    "CenterCrop(11)",
    "CenterCrop((50, 20))",
    "RandomResizedCrop(9)",
    "RandomResizedCrop((7, 11), scale=(0.5, 0.9), ratio=(1.0, 2.0))",
    "Pad(3)",
    "Pad((1, 2), fill=4)",
    "Pad([1, 2, 3, 4], fill={t.Transform: 1, 'others': 3})",
    "RandomZoomOut()",
    "RandomZoomOut(fill=7, side_range=(1.0, 1.5), p=1)",
    "RandomCrop(13)",
    "RandomCrop((20, 29), padding=(2, 3), fill=1)",
    "RandomCrop((50, 60), pad_if_needed=True)",
    "RandomRotation(50)",
    "RandomRotation((10, 80), expand=True, fill=9)",
    "RandomRotation(50, center=(3, 4), interpolation='bilinear')",
    "RandomAffine(40, (0.1, 0.3), (0.5, 1.5), (-10, 20, -5, 5), 'bilinear')",
    "RandomAffine(40, center=[1, 2], fill={'others': 2})",
    "RandomPerspective(p=1)",
    "RandomPerspective(0.2, interpolation='nearest', fill=3)",
    "ElasticTransform(40, 3)",
    "ScaleJitter((40, 30))",
    "RandomShortestSize([10, 20, 30], max_size=35)",
    "RandomResize(10, 40)",
    "Identity()",
    "ClampBoundingBoxes()",
    "ClampBoundingBoxes(None)",
    "ClampKeyPoints()",
    "ConvertBoundingBoxFormat('xywh')",
    "SetClampingMode(None)",
    "ToPureTensor()",
    "ToDtype({T.Image: f, 'others': None}, scale=True)",
    "ToDtype({T.Image: f, T.Mask: i, T.BoundingBoxes: d, 'others': None})",
    "RandomIoUCrop()",
    "RandomIoUCrop(0.1, 0.9, 0.3, 3.0, [0.0, 0.2], 20)",
    "SanitizeBoundingBoxes()",
    "SanitizeBoundingBoxes(3, 50, None)",
    "SanitizeKeyPoints()",
    "Compose([t.RandomIoUCrop(), t.SanitizeBoundingBoxes(), t.Resize(9)])",
    "RandomApply([t.RandomHorizontalFlip(), t.RandomRotation(20)], 0.6)",
    "RandomChoice([t.RandomCrop(5), t.Pad(1), t.RandomVerticalFlip()])",
    "RandomChoice([t.RandomCrop(5), t.Pad(1)], p=[1, 3])",
    "RandomOrder([t.RandomCrop(9), t.Pad(1), t.RandomHorizontalFlip()])",
]
# Of images, beside which boxes may stand.
IMAGES = [
    "Grayscale()",
    "Grayscale(3)",
    "RandomGrayscale(0.6)",
    "RGB()",
    "ColorJitter(0.4, 0.3, 0.5, 0.2)",
    "ColorJitter(hue=(-0.5, 0.1))",
    "RandomChannelPermutation()",
    "RandomPhotometricDistort()",
    "RandomEqualize()",
    "RandomInvert()",
    "RandomPosterize(3)",
    "RandomSolarize(0.4)",
    "RandomAutocontrast()",
    "RandomAdjustSharpness(2.5)",
    "GaussianBlur(3)",
    "GaussianBlur((5, 3), sigma=(0.5, 3.0))",
    "ConvertImageDtype(f)",
    "ToDtype(f)",
    "ToDtype(f, scale=True)",
    "ToImage()",
]
# Of images alone.
ALONE = [
    "FiveCrop(4)",
    "TenCrop((4, 5), vertical_flip=True)",
    "AutoAugment()",
    "AutoAugment(t.AutoAugmentPolicy.CIFAR10, 'bilinear', fill=[9.0, 8.0, 7.0])",
    "AutoAugment(t.AutoAugmentPolicy.SVHN, fill=3)",
    "RandAugment()",
    "RandAugment(3, 20, 25, 'bilinear', fill=5)",
    "TrivialAugmentWide()",
    "AugMix()",
    "AugMix(5, 2, 2, 0.4, False)",
]
OTHER = [
    "Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])",
    "GaussianNoise()",
    "GaussianNoise(0.1, 0.5, False)",
    "RandomErasing(p=0.9)",
    "RandomErasing(p=0.9, value='random')",
    "RandomErasing(p=0.9, value=(1, 2, 3), inplace=True)",
    "ToPILImage()",
    "PILToTensor()",
    "Lambda(len)",
    "Lambda(len, str, int)",
    "UniformTemporalSubsample(3)",
    "JPEG(50)",
    "JPEG((20, 80))",
    "MixUp(num_classes=3)",
    "CutMix(alpha=0.5)",
    "LinearTransformation(library.eye(2), library.zeros(2))",
]


def made(text, index):
    """A transform of one library."""
    module, library, kinds = (
        (ours_module, rushlight, our_tensors),
        (theirs_module, torch, their_tensors),
    )[index]
    scope = {"t": module, "T": kinds, "tensor": library.Tensor, "library": library}
    scope |= {"f": library.float32, "d": library.float64, "i": library.int64}
    return eval(f"t.{text}", scope)


def seed(number):
    rushlight.manual_seed(number)
    torch.manual_seed(number)
    random.seed(number)


def check(text, pairs, seeds=range(4), levels=1):
    """Applications after several seeds; the generators stay together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = made(text, 0), made(text, 1)
        for number in seeds:
            for a, b in pairs:
                seed(number)
                got = outcome(lambda: ours(copy.copy(a)))  # noqa: B023
                given = outcome(lambda: theirs(copy.copy(b)))  # noqa: B023
                assert got[0] == given[0], (got, given)
                if given[0] == "value":
                    assert_same_sample(got[1], given[1], levels)
                    assert rushlight.rand(1).item() == torch.rand(1).item()
                else:
                    assert isinstance(got[1], type(given[1])), (got, given)


@pytest.mark.parametrize("text", ALL)
def test_samples(text):
    pairs = [samples(), samples(pillow=True), image(dtype="float32")]
    if "Sanitize" in text:
        pairs = [pair for pair in pairs if isinstance(pair[0], dict)]
    chain = text.startswith(("RandomOrder", "RandomApply", "Compose"))
    check(text, pairs, levels=4 if chain else 1)


@pytest.mark.parametrize("text", IMAGES)
def test_images(text):
    video = image((2, 3, 12, 13), kind="Video")
    pairs = [samples(), image(dtype="float32"), tensors((2, 3, 9, 8)), video]
    if "Dtype" not in text:
        pairs.append((pil("RGB"), pil("RGB")))
    if "Solarize" in text:
        pairs.append(image(seed=3))
    check(text, pairs)


@pytest.mark.parametrize("text", ALONE)
def test_images_alone(text):
    pairs = [samples(with_boxes=False), (pil("RGB"), pil("RGB")), tensors((3, 17, 19))]
    chain = "Augment" in text or "AugMix" in text
    check(text, pairs, range(5), levels=6 if chain else 1)
    with pytest.raises(TypeError, match="not supported"):
        made(text, 0)(samples()[0])


def test_normalize_and_noise():
    floats, plain = image(dtype="float32"), tensors((2, 3, 9, 8), "float32")
    with_boxes = samples(dtype="float32")
    for text in OTHER[:3]:
        check(text, [floats, plain, with_boxes, (pil("RGB"), pil("RGB"))])
    check(OTHER[0], [image()])
    # A floor of noise in bytes: one level where the product's last bit differs.
    check(OTHER[1], [image()])
    check(OTHER[2], [image()])


@pytest.mark.parametrize("text", [text for text in OTHER if "Erasing" in text])
def test_erases_the_same(text):
    check(text, [image(dtype="float32"), tensors((3, 12, 13))], range(8), levels=0)


def test_erasing_warns_that_boxes_stay():
    with pytest.warns(UserWarning, match=r"passing through .*BoundingBoxes"):
        made("RandomErasing(p=1)", 0)(*[image()[0], boxes()[0]])


@pytest.mark.parametrize("text", ["MixUp", "CutMix"])
def test_mixes_the_same(text):
    images = tensors((4, 3, 12, 13), "float32")
    labels = of_both(np.array([0, 2, 1, 2]))
    shares = tensors((4, 3), "float32")
    pairs = [
        [(images[i], labels[i]) for i in (0, 1)],
        [{"x": images[i], "labels": labels[i], "n": 3} for i in (0, 1)],
    ]
    for options in ("num_classes=3", "alpha=0.3, num_classes=3"):
        check(f"{text}({options})", pairs, range(6))
    check(f"{text}()", [*pairs, [(images[i], shares[i]) for i in (0, 1)]], range(3))
    check(f"{text}(num_classes=9)", [[(images[i], shares[i]) for i in (0, 1)]])
    check(f"{text}(num_classes=3)", [[(images[i][0], labels[i]) for i in (0, 1)]])
    check(f"{text}(num_classes=3)", [[(images[i][:2], labels[i]) for i in (0, 1)]])
    check(f"{text}(num_classes=3)", [[(images[i], 3) for i in (0, 1)]])
    check(f"{text}(num_classes=3)", [[(mask()[i], labels[i]) for i in (0, 1)]])


def test_conversions():
    array = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    for text in ("ToImage()", "ToPILImage()", "PILToTensor()", "ToTensor()"):
        check(text, [tensors((3, 4, 5)), (pil("L"), pil("L")), (array, array)])
        check(text, [image(), samples(), ("x", "x")])
    check("ToPILImage('RGB')", [image()])
    check("ToPILImage('L')", [image()])
    frames = image((5, 3, 4, 5), kind="Video")
    check("UniformTemporalSubsample(3)", [frames])
    check("UniformTemporalSubsample(7)", [frames])
    matrix = of_both(np.eye(2, dtype="float32") * 2)
    mean = of_both(np.ones(2, dtype="float32"))
    a, b = image((1, 2, 1), "float32")
    ours = ours_module.LinearTransformation(matrix[0], mean[0])(a)
    theirs = theirs_module.LinearTransformation(matrix[1], mean[1])(b)
    assert_same_sample(ours, theirs)


@pytest.mark.parametrize("text", ["JPEG(50)", "JPEG((20, 80))"])
def test_jpeg_of_pil_images(text):
    check(text, [(pil("RGB"), pil("RGB")), (pil("L"), pil("L"))], levels=0)


def test_jpeg_of_tensors_is_that_of_pil_images():
    seed(0)
    picture = made("JPEG((20, 80))", 1)(pil("RGB"))
    seed(0)
    ours = made("JPEG((20, 80))", 0)(image()[0])
    assert isinstance(ours, our_tensors.Image)
    through = made("Compose([t.ToPILImage(), t.JPEG(33)])", 0)(image()[0])
    np.testing.assert_array_equal(
        np.asarray(through), made("JPEG(33)", 0)(image()[0]).permute(1, 2, 0).numpy()
    )
    assert picture.size == (29, 37)


@pytest.mark.parametrize("text", [*ALL, *IMAGES, *ALONE, *OTHER])
def test_looks_the_same(text):
    ours, theirs = repr(made(text, 0)), repr(made(text, 1))
    if "ToDtype({" in text:  # names their classes
        return
    assert ours == theirs.replace("torch.", "rushlight.")


@pytest.mark.parametrize(
    "text",
    [
        "Resize('7')",
        "Resize(None)",
        "Resize((1, 2, 3))",
        "RandomResizedCrop(3, scale=2)",
        "RandomResizedCrop(3, ratio=(1, 2, 3))",
        "Pad('1')",
        "Pad((1, 2, 3))",
        "Pad((1, 2.0))",
        "Pad(1, fill='x')",
        "Pad(1, padding_mode='x')",
        "RandomZoomOut(side_range=(0.5, 2))",
        "RandomZoomOut(side_range=3)",
        "RandomHorizontalFlip(2)",
        "RandomCrop(3, padding='1')",
        "RandomCrop(3, padding=1, padding_mode='x')",
        "RandomRotation(-3)",
        "RandomRotation(3, center=4)",
        "RandomAffine(3, scale=(0, 2))",
        "RandomPerspective(2)",
        "ElasticTransform('x')",
        "ElasticTransform([1, 2, 3])",
        "ElasticTransform(['a', 'b'])",
        "ColorJitter(-1)",
        "ColorJitter((2, 1))",
        "ColorJitter('x')",
        "ColorJitter(hue=0.6)",
        "GaussianBlur(4)",
        "GaussianBlur(3, (2, 1))",
        "GaussianBlur(3, 'x')",
        "RandomErasing(2)",
        "RandomErasing(value={})",
        "RandomErasing(value='x')",
        "RandomErasing(scale=(-1, 1))",
        "JPEG(True)",
        "JPEG(0)",
        "JPEG(2.5)",
        "JPEG((50, 20))",
        "AugMix(11)",
        "RandAugment(-1)",
        "AutoAugment('x')",
        "ToDtype(3)",
        "SanitizeBoundingBoxes(0)",
        "SanitizeBoundingBoxes(1, 0)",
        "SanitizeBoundingBoxes(labels_getter=3)",
        "SetClampingMode('x')",
        "Compose(3)",
        "Compose([])",
        "RandomApply(3)",
        "RandomApply([])",
        "RandomApply([abs], 2)",
        "RandomChoice(3)",
        "RandomChoice([])",
        "RandomChoice([abs], [1, 2])",
        "RandomOrder(3)",
        "RandomOrder([])",
        "MixUp(3)",
    ],
)
def test_refuses_the_same(text):
    assert_same_outcome(lambda: made(text, 0) and 0, lambda: made(text, 1) and 0)


def test_refuses_the_same_samples():
    for text, pair in (
        ("RandomIoUCrop()", samples(with_boxes=False)),
        ("RandomCrop(3)", ("x", "x")),
        ("RandomCrop(90)", image()),
        ("ColorJitter(0.5)", boxes()),
        ("SanitizeBoundingBoxes()", image()),
        ("SanitizeBoundingBoxes()", boxes()),
        ("SanitizeKeyPoints()", image()),
        ("AutoAugment()", boxes()),
        ("AutoAugment()", [(image()[i], image()[i]) for i in (0, 1)]),
        ("RandomResizedCrop(5)", [(image()[i], image((3, 4, 5))[i]) for i in (0, 1)]),
        ("Normalize([1], [1])", (pil("L"), pil("L"))),
        ("GaussianNoise()", image(dtype="int16")),
        ("Transform()", image()),
        ("ToDtype({})", image()),
    ):
        check(text, [pair], range(1))


def test_static_draws():
    a, b = tensors((3, 37, 29))
    for name in ("RandomCrop", "RandomResizedCrop"):
        args = [(5, 6)] if name == "RandomCrop" else [(0.1, 0.5), (0.5, 2.0)]
        seed(1)
        ours = getattr(ours_module, name).get_params(a, *args)
        assert ours == getattr(theirs_module, name).get_params(b, *args)


def test_nested_samples():
    import collections

    Pair = collections.namedtuple("Pair", "image rest")
    parts = [
        Pair(
            image()[i],
            collections.OrderedDict(x=[tensors((3, 4, 5))[i], boxes()[i]], y=None),
        )
        for i in (0, 1)
    ]
    ours = made("Resize((5, 6))", 0)(parts[0])
    theirs = made("Resize((5, 6))", 1)(parts[1])
    assert type(ours) is type(theirs) is Pair
    assert type(ours.rest) is collections.OrderedDict
    assert_same_sample(ours.image, theirs.image)
    assert_same_sample(ours.rest["x"], theirs.rest["x"])
    several = made("CenterCrop(3)", 0)(*(tensors((3, 4, 5))[0] for _ in range(2)))
    assert [tuple(one.shape) for one in several] == [(3, 3, 3), (3, 4, 5)]


def test_kinds_of_tensors():
    for make in (
        lambda kinds, t: kinds.Image(t),
        lambda kinds, t: kinds.Mask(t[0]),
        lambda kinds, t: kinds.Image(t[0]),
        lambda kinds, t: kinds.Image(t[0, 0]),
        lambda kinds, t: kinds.Image([[1, 2]]),
        lambda kinds, t: kinds.Video(t),
        lambda kinds, t: kinds.Video(t[None]),
        lambda kinds, t: kinds.Image(pil("RGB")),
        lambda kinds, t: kinds.Mask(pil("L")),
        lambda kinds, t: kinds.Image(t).clone(),
        lambda kinds, t: kinds.Image(t) + 1,
        lambda kinds, t: kinds.Image(t).detach(),
        lambda kinds, t: kinds.wrap(t + 1, like=kinds.Image(t)),
        lambda kinds, t: kinds.Image(t).requires_grad,
        lambda kinds, t: kinds.Image(t, requires_grad=True).requires_grad,
        lambda kinds, t: repr(kinds.Image(t[:, :1, :2])),
        lambda kinds, t: repr(kinds.Mask(t[:, :1, :2])),
        lambda kinds, t: copy.deepcopy(kinds.Image(t)),
        lambda kinds, t: kinds.BoundingBoxes(t[0, 0, :4], format="xyxy",
                                             canvas_size=(3, 4)),
        lambda kinds, t: kinds.BoundingBoxes(t, format="xyxy", canvas_size=(3, 4)),
        lambda kinds, t: kinds.BoundingBoxes(t[0], format="x", canvas_size=(3, 4)),
        lambda kinds, t: kinds.BoundingBoxes(t[0], format="xyxy", canvas_size=(3, 4),
                                             clamping_mode="x"),
        lambda kinds, t: kinds.KeyPoints(t[..., :2], canvas_size=(3, 4)),
        lambda kinds, t: kinds.KeyPoints(t, canvas_size=(3, 4)),
        lambda kinds, t: kinds.set_return_type("x"),
    ):  # fmt: skip
        a, b = tensors((3, 4, 5), "float32")
        got = outcome(lambda: make(our_tensors, a))  # noqa: B023
        given = outcome(lambda: make(their_tensors, b))  # noqa: B023
        assert got[0] == given[0], (got, given)
        if given[0] == "error":
            assert isinstance(got[1], type(given[1]))
        else:
            assert_same_sample(got[1], given[1])


def test_computing_with_kinds():
    for pair in (image(dtype="float32"), mask(), boxes(), points()):
        for work in (
            lambda x: x * 2,
            lambda x: x.clone(),
            lambda x: x[0],
            lambda x: x.to(dtype=x.dtype),
            lambda x: x.unbind(0),
            lambda x: x.sum(),
        ):
            assert_same_sample(work(pair[0]), work(pair[1]))
            with (
                our_tensors.set_return_type("TVTensor"),
                their_tensors.set_return_type("TVTensor"),
            ):
                assert_same_sample(work(pair[0]), work(pair[1]))
        assert_same_sample(pair[0] + 0, pair[1] + 0)


def test_has_torchvisions_names():
    for ours, theirs in (
        (ours_module, theirs_module),
        (ours_module.functional, theirs_module.functional),
        (our_tensors, their_tensors),
    ):
        public = {
            name
            for name, value in vars(theirs).items()
            if not name.startswith("_") and callable(value)
        }
        assert public <= set(dir(ours)), public - set(dir(ours))
