"""transforms.v2.functional agrees with torchvision's, for all kinds of inputs."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest

from torchvision_oracle import torch

pytest.importorskip("PIL", reason="the vision extra")

import rushlight
from rushlight.vision import tv_tensors as our_tensors
from rushlight.vision.transforms import InterpolationMode as M
from rushlight.vision.transforms.v2 import functional as F
from vision_images import outcome, pil, tensors, translated
from vision_samples import (
    assert_same_sample,
    boxes,
    image,
    mask,
    of_both,
    points,
)

T = importlib.import_module("torchvision.transforms.v2").functional
their_tensors = importlib.import_module("torchvision.tv_tensors")
CORNERS = [[0, 0], [28, 0], [28, 36], [0, 36]], [[2, 3], [25, 1], [27, 30], [4, 35]]
FORMATS = ("XYXY", "XYWH", "CXCYWH")


def both(name, pair, *args, levels=1, **options):
    """A function of both libraries on an input of each."""
    ours, theirs = pair
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = outcome(lambda: getattr(F, name)(ours, *args, **options))
        given = outcome(
            lambda: getattr(T, name)(
                theirs,
                *(translated(value) for value in args),
                **{key: translated(value) for key, value in options.items()},
            )
        )
    assert got[0] == given[0], (name, args, options, got, given)
    if given[0] == "error":
        assert isinstance(got[1], type(given[1])), (name, args, options, got, given)
    else:
        assert_same_sample(got[1], given[1], levels)


def displacement(seed=0):
    moves = np.random.default_rng(seed).uniform(-0.1, 0.1, (1, 37, 29, 2))
    return rushlight.from_numpy(moves.astype("float32"))


GEOMETRY = [
    ("horizontal_flip", [], {}),
    ("vertical_flip", [], {}),
    ("hflip", [], {}),
    ("resize", [[7, 11]], {}),
    ("resize", [5], {}),
    ("resize", [None], dict(max_size=12)),
    ("resize", [[9]], dict(max_size=10, interpolation="nearest-exact")),
    ("resize", [[37, 29]], {}),
    ("resize", [[3, 3]], dict(max_size=9)),
    ("resize", [5], dict(interpolation="x")),
    ("pad", [3], {}),
    ("pad", [[1, 2]], dict(fill=4)),
    ("pad", [[1, 2, 3, 4]], dict(fill=[5])),
    ("pad", [2], dict(padding_mode="edge")),
    ("pad", [2], dict(padding_mode="x")),
    ("pad", ["x"], {}),
    ("pad", [[1, 2, 3]], {}),
    ("pad", [2], dict(fill=[1.0, 2.0, 3.0])),
    ("pad", [2], dict(fill=[1.0, 2.0, 3.0], padding_mode="edge")),
    ("crop", [3, 4, 10, 11], {}),
    ("crop", [-3, 20, 10, 30], {}),
    ("center_crop", [[9, 8]], {}),
    ("center_crop", [50], {}),
    ("resized_crop", [3, 4, 10, 11, [7, 9]], {}),
    ("rotate", [30], {}),
    ("rotate", [90], {}),
    ("rotate", [180], {}),
    ("rotate", [270], dict(expand=True)),
    ("rotate", [-50.5], dict(expand=True, fill=3.0)),
    ("rotate", [20], dict(center=[3, 4], interpolation=2)),
    ("rotate", [20], dict(interpolation="bicubic")),
    ("affine", [33.0, [3, -2], 0.8, [9.0, 4.0]], {}),
    ("affine", [33.0, [3, -2], 1.3, 5.0], dict(center=[1, 2], fill=7)),
    ("affine", [33.0, [3], 1.3, 5.0], {}),
    ("affine", ["x", [3, 4], 1.3, 5.0], {}),
    ("affine", [33.0, [3, 4], 0, 5.0], {}),
    ("perspective", [*CORNERS], {}),
    ("perspective", [None, None], dict(coefficients=[1, 0.1, 2, 0, 0.9, 1, 0.001, 0])),
    ("perspective", [None, None], {}),
    ("perspective", [*CORNERS], dict(coefficients=[1.0] * 8)),
    ("perspective", [None, None], dict(coefficients=[1.0])),
    ("perspective", [None, None], dict(coefficients=[1.0] * 8)),
    ("elastic", [displacement()], {}),
    ("elastic", [displacement()[:, :3]], {}),
    ("elastic", [3], {}),
    ("five_crop", [[5, 6]], {}),
    ("ten_crop", [5], dict(vertical_flip=True)),
    ("five_crop", [[50, 6]], {}),
    ("get_size", [], {}),
    ("get_dimensions", [], {}),
    ("get_num_channels", [], {}),
    ("get_num_frames", [], {}),
]
COLORS = [
    ("rgb_to_grayscale", [], {}),
    ("rgb_to_grayscale", [3], {}),
    ("rgb_to_grayscale", [2], {}),
    ("grayscale_to_rgb", [], {}),
    ("adjust_brightness", [1.4], {}),
    ("adjust_brightness", [-1], {}),
    ("adjust_contrast", [1.7], {}),
    ("adjust_contrast", [-1], {}),
    ("adjust_saturation", [0.4], {}),
    ("adjust_saturation", [-1], {}),
    ("adjust_sharpness", [2.3], {}),
    ("adjust_sharpness", [-1], {}),
    ("adjust_hue", [0.13], {}),
    ("adjust_hue", [0.6], {}),
    ("adjust_gamma", [1.8], {}),
    ("adjust_gamma", [0.5, 1.5], {}),
    ("adjust_gamma", [-1], {}),
    ("posterize", [3], {}),
    ("posterize", [9], {}),
    ("solarize", [0.5], {}),
    ("solarize", [256], {}),
    ("autocontrast", [], {}),
    ("equalize", [], {}),
    ("invert", [], {}),
    ("permute_channels", [[2, 0, 1]], {}),
    ("permute_channels", [[1, 0]], {}),
    ("gaussian_blur", [[3, 5]], {}),
    ("gaussian_blur", [3, 1.3], {}),
    ("gaussian_blur", [4], {}),
    ("gaussian_blur", [3, [1.0, 2.0, 3.0]], {}),
    ("gaussian_blur", [3, 0.0], {}),
    ("to_dtype", [rushlight.float32], dict(scale=True)),
    ("to_dtype", [rushlight.int32], dict(scale=True)),
    ("to_dtype", [rushlight.bool], dict(scale=False)),
    ("erase", [1, 2, 3, 4, rushlight.tensor(1.0)], {}),
    ("gaussian_noise", [0.1, -0.2], {}),
]


@pytest.mark.parametrize(
    "name, args, options", GEOMETRY + COLORS, ids=lambda value: str(value)[:40]
)
def test_all_kinds(name, args, options):
    inputs = [
        image(),
        image(dtype="float32"),
        mask(),
        mask((37, 29)),
        boxes(),
        points(),
    ]
    inputs += [points(), boxes("CXCYWH", "int64"), boxes("XYWH"), boxes(mode=None)]
    inputs += [boxes("XYWH", "int32"), points("int64"), (pil("RGB"), pil("RGB"))]
    inputs += [tensors((2, 3, 37, 29)), image((2, 3, 37, 29), kind="Video")]
    inputs += [image((1, 37, 29)), image((2, 37, 29)), (pil("L"), pil("L")), ("x", "x")]
    for pair in inputs:
        both(name, pair, *args, **options)


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", list(M))
def test_resize(mode, antialias):
    if mode is M.NEAREST_EXACT and not antialias:
        return
    for size in ([5, 41], 7, [64, 3]):  # at a width of 1 theirs fails or is wrong
        for shape in ((3, 37, 29), (2, 3, 12, 17)):
            for dtype in ("uint8", "float32"):
                pair = tensors(shape, dtype)
                both("resize", pair, size, interpolation=mode, antialias=antialias)


@pytest.mark.parametrize("new", FORMATS)
@pytest.mark.parametrize("old", FORMATS)
def test_formats(old, new):
    for dtype in ("float32", "float64", "int64", "int32"):
        pair = boxes(old, dtype)
        both("convert_bounding_box_format", pair, new_format=new.lower())
        both("convert_bounding_box_format", pair, old_format=old, new_format=new)
        plain = of_both(pair[0].tolist())
        names = dict(old_format=old, new_format=new)
        both("convert_bounding_box_format", plain, **names)
        both("convert_bounding_box_format", plain, new_format=new)
        both("convert_bounding_box_format", plain, inplace=True, **names)
    both("convert_bounding_box_format", boxes(old))
    both("convert_bounding_box_format", mask(), new_format=new)


@pytest.mark.parametrize("format", FORMATS)
def test_limits(format):
    for dtype in ("float32", "int64"):
        pair = boxes(format, dtype)
        for mode in ("soft", "hard", None, "auto", "x"):
            both("clamp_bounding_boxes", pair, clamping_mode=mode)
        both("clamp_bounding_boxes", pair, format=format)
        both("sanitize_bounding_boxes", pair)
        both("sanitize_bounding_boxes", pair, min_size=5, min_area=120)
        both("sanitize_bounding_boxes", pair, format=format)
    both("sanitize_bounding_boxes", mask())
    both("clamp_bounding_boxes", mask())
    both("clamp_bounding_boxes", of_both(np.ones((2, 4))))
    both("sanitize_bounding_boxes", of_both(np.ones((2, 4))))
    for dtype in ("float32", "int64"):
        both("clamp_keypoints", points(dtype, (20, 10)))
        both("sanitize_keypoints", points(dtype, (30, 29)))
    both("clamp_keypoints", mask())
    both("sanitize_keypoints", mask())
    both("clamp_keypoints", points(), canvas_size=(2, 3))
    both("sanitize_keypoints", points(), canvas_size=(2, 3))
    plain = of_both(np.arange(8.0).reshape(4, 2))
    both("clamp_keypoints", plain, canvas_size=(4, 5))
    both("sanitize_keypoints", plain, canvas_size=(4, 5))
    both("sanitize_keypoints", plain)


NAMES = ["uint8", "int16", "int32", "int64", "float32", "float64", "bool"]


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_to_dtype(source, target):
    if target == "bool" and source.startswith("float"):
        return  # theirs asks numbers of a type that has none
    if source.startswith("float"):
        pixels = np.linspace(0, 1, 101).astype(source)
    else:
        top = 1 if source == "bool" else np.iinfo(source).max
        pixels = np.array([0, 1, top // 3, top - 1, top], source)
    for scale in (True, False):
        both("to_dtype", of_both(pixels), getattr(rushlight, target), scale=scale)


def test_empty_inputs():
    for shape in ((0, 3, 5, 6), (3, 0, 6)):
        pair = tensors(shape)
        for name, *args in (
            ("resize", [2, 3]),
            ("center_crop", [2, 3]),
            ("rotate", 30),
            ("adjust_hue", 0.1),
            ("adjust_sharpness", 2.0),
            ("autocontrast",),
            ("equalize",),
            ("permute_channels", [0, 2, 1]),
            ("gaussian_blur", 3),
        ):
            if shape[0] or name != "gaussian_blur":
                both(name, pair, *args)
    none = of_both(
        np.ones((0, 4), "float32"),
        lambda library, kinds, tensor: kinds.BoundingBoxes(
            tensor, format="XYXY", canvas_size=(37, 29)
        ),
    )
    for name, args, options in GEOMETRY:
        if name in ("rotate", "affine", "resize", "crop", "elastic", "horizontal_flip"):
            both(name, none, *args, **options)


def test_wrong_arguments():
    for name in ("resize", "crop", "rotate"):
        for args, options in (
            ([], {}),
            ([1] * 9, {}),
            ([3], dict(nothing=3)),
        ):
            with pytest.raises(TypeError):
                getattr(F, name)(image()[0], *args, **options)


def test_kernels_of_ones_own():
    results = []
    for functional, kinds, library in (
        (F, our_tensors, rushlight),
        (T, their_tensors, torch),
    ):
        kind = type("Line", (kinds.TVTensor,), {})

        @functional.register_kernel("resize", kind)
        def resize_line(line, size, *args, kinds=kinds, **kwargs):
            return kinds.wrap(line * size, like=line)

        line = library.ones(2).as_subclass(kind)
        results.append(functional.resize(line, 3).tolist())
        with pytest.raises(TypeError):
            functional.crop(line, 1, 2, 3, 4)
        for wrong in (
            lambda functional=functional, kind=kind: functional.register_kernel(
                "nothing", kind
            ),
            lambda functional=functional, kind=kind: functional.register_kernel(
                len, kind
            ),
            lambda functional=functional: functional.register_kernel("crop", int),
            lambda functional=functional, kinds=kinds: functional.register_kernel(
                "crop", kinds.Image
            ),
            lambda functional=functional, kind=kind: functional.register_kernel(
                functional.resize, kind
            )(len),
        ):
            with pytest.raises(ValueError, match=r"."):
                wrong()
    assert results[0] == results[1]
