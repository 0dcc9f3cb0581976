"""The transforms' classes: the same seed draws torchvision's parameters and pixels."""

from __future__ import annotations

import random
import warnings

import pytest

from torchvision_oracle import torch, torchvision

pytest.importorskip("PIL", reason="the vision extra")

import rushlight
from rushlight.vision import transforms as ours_module
from vision_images import assert_same, assert_same_outcome, pil, tensors

theirs_module = torchvision.transforms

# The text of a transform, of both libraries by ``t`` (the module), ``M`` (the modes).
RANDOM = [
    "RandomCrop(7)",
    "RandomCrop((5, 30), padding=(1, 6), fill=3, padding_mode='constant')",
    "RandomCrop((50, 60), pad_if_needed=True, padding_mode='edge')",
    "RandomHorizontalFlip()",
    "RandomVerticalFlip(0.3)",
    "RandomResizedCrop(9)",
    "RandomResizedCrop((7, 11), scale=(0.5, 0.9), ratio=(1.0, 2.0))",
    "RandomResizedCrop(8, scale=(5.0, 6.0))",
    "RandomResizedCrop(8, interpolation=M.NEAREST, antialias=None)",
    "RandomPerspective(p=1)",
    "RandomPerspective(0.3, 0.7, M.NEAREST, 5)",
    "RandomRotation(40)",
    "RandomRotation((10, 100), M.BILINEAR, expand=True, fill=(1, 2, 3))",
    "RandomRotation(20, center=(3, 5), fill=7)",
    "RandomAffine(30)",
    "RandomAffine((-5, 40), (0.1, 0.3), (0.5, 1.5), 10)",
    "RandomAffine(10, shear=(-10, 10, -5, 20), interpolation=M.BILINEAR, fill=9)",
    "RandomAffine(10, (0.2, 0.2), center=(1, 2))",
    "ColorJitter(0.4, 0.3, 0.5, 0.2)",
    "ColorJitter(brightness=(0.5, 2))",
    "ColorJitter(contrast=0.9, hue=(-0.5, 0.1))",
    "RandomGrayscale(0.5)",
    "GaussianBlur(3)",
    "GaussianBlur((5, 3), sigma=(0.5, 3.0))",
    "RandomInvert()",
    "RandomPosterize(3)",
    "RandomSolarize(100)",
    "RandomAdjustSharpness(2.5)",
    "RandomAutocontrast()",
    "RandomEqualize()",
    "ElasticTransform(30.0, 2.0)",
    "ElasticTransform([20.0, 40.0], [0.5, 1.5], M.NEAREST, fill=4)",
    "RandomApply([t.RandomHorizontalFlip(), t.RandomRotation(20)], 0.6)",
    "RandomChoice([t.RandomCrop(5), t.Pad(1), t.RandomVerticalFlip()])",
    "RandomChoice([t.RandomCrop(5), t.Pad(1)], p=[1, 3])",
    "RandomOrder([t.RandomCrop(9), t.Pad(1), t.RandomRotation(30)])",
    "Compose([t.RandomResizedCrop(12), t.RandomHorizontalFlip(), t.ColorJitter(0.3)])",
    "AutoAugment()",
    "AutoAugment(t.AutoAugmentPolicy.CIFAR10, M.BILINEAR, fill=[9.0, 8.0, 7.0])",
    "AutoAugment(t.AutoAugmentPolicy.SVHN, fill=3)",
    "RandAugment()",
    "RandAugment(3, 20, 25, M.BILINEAR, fill=5)",
    "TrivialAugmentWide()",
    "TrivialAugmentWide(11, M.BILINEAR, fill=[1.0, 2.0, 3.0])",
    "AugMix()",
    "AugMix(5, 2, 2, 0.4, False)",
]
FIXED = [
    "Resize(7)",
    "Resize((9, 5), M.NEAREST_EXACT)",
    "Resize([9], max_size=13, antialias=False)",
    "Resize(7, 3)",
    "CenterCrop(5)",
    "CenterCrop((50, 3))",
    "Pad(2)",
    "Pad((1, 2), 3, 'constant')",
    "Pad((1, 2, 3, 4), padding_mode='reflect')",
    "FiveCrop(4)",
    "TenCrop((4, 5), vertical_flip=True)",
    "Grayscale()",
    "Grayscale(3)",
    "Compose([t.Resize(7), t.CenterCrop(3)])",
    "RandomErasing(0)",
    "RandomErasing(value='random', inplace=True)",
    "ToPILImage()",
    "ToPILImage('RGB')",
    "ConvertImageDtype(dtype)",
]
OTHER = [
    "ToTensor()",
    "PILToTensor()",
    "Normalize([0.5], [0.2])",
    "Normalize((0.5, 1, 2), (0.2, 3, 4), True)",
    "Lambda(abs)",
    "LinearTransformation(eye, zeros)",
]


def both(text):
    """A transform of both libraries."""
    made = []
    for module, library in ((ours_module, rushlight), (theirs_module, torch)):
        names = {
            "t": module,
            "M": module.InterpolationMode,
            "dtype": library.float32,
            "eye": library.eye(2) * 2,
            "zeros": library.zeros(2),
        }
        made.append(eval(f"t.{text}", names))
    return made


def seed(number):
    rushlight.manual_seed(number)
    torch.manual_seed(number)


def check(text, images, seeds, levels=1):
    """Several applications after several seeds; the generators stay together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = both(text)
        for number in seeds:
            for pair in images:
                seed(number)
                random.seed(number)
                expected = [theirs(pair[1]) for _ in range(2)]
                random.seed(number)
                assert_same([ours(pair[0]) for _ in range(2)], expected, levels)
                assert rushlight.rand(1).item() == torch.rand(1).item()


@pytest.mark.parametrize("text", RANDOM)
def test_draws_the_same_for_tensors(text):
    images = [tensors((3, 37, 29))]
    if "Augment" not in text and "AugMix" not in text and "terize" not in text:
        if "RandomEqualize" not in text and "Solarize" not in text:
            images.append(tensors((2, 3, 21, 34), "float32"))
    chain = text.startswith(("Compose", "RandAugment", "AugMix", "RandomOrder"))
    check(text, images, range(8 if "Aug" in text else 4), levels=6 if chain else 1)


@pytest.mark.parametrize("text", RANDOM)
def test_draws_the_same_for_pil_images(text):
    # Blurs and mixes are counted in tensors.
    levels = 6 if "AugMix" in text else text.startswith(("GaussianBlur", "Elastic"))
    check(text, [(pil("RGB"), pil("RGB"))], range(3), levels)


@pytest.mark.parametrize("text", FIXED)
def test_gives_the_same(text):
    images = [tensors((3, 37, 29))]
    if "ToPIL" not in text and "Erasing" not in text and "Dtype" not in text:
        images.append((pil("RGB"), pil("RGB")))
    if "Erasing" in text:
        images = [tensors((3, 37, 29), "float32")]
    check(text, images, range(2))


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(p=1),
        dict(p=0.9, value=3),
        dict(p=0.9, value=(1, 2, 3)),
        dict(p=1, value="random", scale=(0.1, 0.2), ratio=(0.5, 2)),
        dict(p=1, scale=(1, 1), ratio=(1, 1)),
    ],
)
def test_erases_the_same(options):
    ours, theirs = ours_module.RandomErasing(**options), None
    theirs = theirs_module.RandomErasing(**options)
    for number in range(8):
        for shape in ((3, 37, 29), (2, 3, 21, 34)):
            a, b = tensors(shape, "float32")
            seed(number)
            assert_same(ours(a), theirs(b), levels=0)


@pytest.mark.parametrize("text", [*RANDOM, *FIXED, *OTHER])
def test_looks_the_same(text):
    ours, theirs = both(text)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "text",
    [
        "Resize('7')",
        "Resize((1, 2, 3))",
        "CenterCrop((1, 2, 3))",
        "Pad('1')",
        "Pad((1, 2, 3))",
        "Pad(1, fill='x')",
        "Pad(1, padding_mode='x')",
        "Lambda(3)",
        "RandomOrder(3)",
        "RandomChoice(3)",
        "RandomChoice([], p=3)",
        "RandomCrop((1, 2, 3))",
        "RandomResizedCrop(3, scale=2)",
        "RandomResizedCrop(3, ratio=2)",
        "RandomPerspective(fill={})",
        "RandomRotation(-3)",
        "RandomRotation((1, 2, 3))",
        "RandomRotation('12', fill={})",
        "RandomRotation(3, center=(1, 2, 3))",
        "RandomRotation(3, center=4)",
        "RandomAffine(3, translate=(0, 2))",
        "RandomAffine(3, translate=3)",
        "RandomAffine(3, scale=(0, 2))",
        "RandomAffine(3, scale=(1, 2, 3))",
        "RandomAffine(3, shear=(1, 2, 3))",
        "RandomAffine(3, shear=-1)",
        "RandomAffine(3, fill={})",
        "ColorJitter(-1)",
        "ColorJitter((2, 1))",
        "ColorJitter('x')",
        "ColorJitter(hue=0.6)",
        "GaussianBlur(4)",
        "GaussianBlur((1, 2, 3))",
        "GaussianBlur(3, 0)",
        "GaussianBlur(3, (2, 1))",
        "GaussianBlur(3, 'xyz')",
        "RandomErasing(2)",
        "RandomErasing(value={})",
        "RandomErasing(value='x')",
        "RandomErasing(scale=3)",
        "RandomErasing(ratio=3)",
        "RandomErasing(scale=(-1, 1))",
        "ElasticTransform(3)",
        "ElasticTransform([1.0])",
        "ElasticTransform([1.0, 2])",
        "ElasticTransform(sigma=3)",
        "ElasticTransform(fill='x')",
        "AugMix(11)",
        "AutoAugment('x')",
        "LinearTransformation(eye[:1], zeros)",
        "LinearTransformation(eye, zeros[:1])",
        "LinearTransformation(eye, zeros.double())",
    ],
)
def test_refuses_the_same(text):
    names = []
    for module, library in ((ours_module, rushlight), (theirs_module, torch)):
        scope = {"t": module, "eye": library.eye(2), "zeros": library.zeros(2)}
        names.append(lambda scope=scope: bool(eval(f"t.{text}", scope)))
    assert_same_outcome(*names)


def test_linear_transformation():
    for shape, size in (((1, 2, 1), 2), ((5, 1, 1, 2), 2), ((1, 2, 2), 2)):
        a, b = tensors(shape, "float32")
        ours = ours_module.LinearTransformation(
            rushlight.eye(size) * 2 + 1, rushlight.ones(size)
        )
        theirs = theirs_module.LinearTransformation(
            torch.eye(size) * 2 + 1, torch.ones(size)
        )
        assert_same_outcome(lambda: ours(a), lambda: theirs(b))  # noqa: B023


def test_crops_of_small_images_are_refused():
    a, b = tensors((3, 5, 5))
    for text in ("RandomCrop(7)", "RandomCrop((5, 6))", "FiveCrop(7)"):
        ours, theirs = both(text)
        assert_same_outcome(lambda: ours(a), lambda: theirs(b))  # noqa: B023


def test_static_draws():
    a, b = tensors((3, 37, 29))
    sizes = [29, 37]
    for name, first, args in (
        ("RandomCrop", True, [(5, 6)]),
        ("RandomResizedCrop", True, [[0.1, 0.8], [0.5, 2.0]]),
        ("RandomPerspective", False, [29, 37, 0.5]),
        ("RandomRotation", False, [[-10, 20]]),
        ("RandomAffine", False, [[-9, 9], [0.1, 0.2], [0.5, 2], [1, 2, 3, 4], sizes]),
        ("RandomAffine", False, [[-9, 9], None, None, None, sizes]),
        ("ColorJitter", False, [[0.5, 1.5], None, [0.1, 0.2], [-0.1, 0.1]]),
        ("GaussianBlur", False, [0.1, 2.0]),
        ("ElasticTransform", False, [[5.0, 5.0], [1.0, 2.0], sizes]),
        ("RandomErasing", True, [(0.1, 0.2), (0.5, 2.0), [3.0]]),
        ("AutoAugment", False, [25]),
    ):
        seed(3)
        got = getattr(ours_module, name).get_params(*([a] if first else []), *args)
        given = getattr(theirs_module, name).get_params(*([b] if first else []), *args)
        assert_same(got, given)


def test_has_torchvisions_names():
    theirs = {
        name
        for name, value in vars(theirs_module).items()
        if isinstance(value, type) and not name.startswith("_")
    }
    assert theirs <= set(dir(ours_module))
