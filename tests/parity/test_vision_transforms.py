"""transforms.functional of tensors and Pillow images agree with torchvision's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from torchvision_oracle import torch, torchvision

pytest.importorskip("PIL", reason="the vision extra")

import rushlight
from rushlight.vision.transforms import InterpolationMode as M
from rushlight.vision.transforms import functional as F
from vision_images import (
    PIL_MODES,
    array,
    assert_same,
    assert_same_outcome,
    outcome,
    pil,
    tensors,
    translated,
)

T = torchvision.transforms.functional
SHAPES = [(3, 37, 29), (2, 3, 12, 17), (1, 5, 8)]
DTYPES = ["uint8", "float32"]
MODES = list(M)

GEOMETRY = {
    "hflip": ("hflip", [], {}),
    "vflip": ("vflip", [], {}),
    "crop inside": ("crop", [1, 2, 3, 4], {}),
    "crop across the edge": ("crop", [-2, 3, 60, 5], {}),
    "crop outside": ("crop", [40, 30, 3, 4], {}),
    "center_crop": ("center_crop", [[3, 4]], {}),
    "center_crop of a number": ("center_crop", [4], {}),
    "center_crop beyond": ("center_crop", [[50, 3]], {}),
    "center_crop all beyond": ("center_crop", [[50, 61]], {}),
    "five_crop": ("five_crop", [[3, 4]], {}),
    "five_crop too large": ("five_crop", [[300, 4]], {}),
    "ten_crop": ("ten_crop", [3], {}),
    "ten_crop upside down": ("ten_crop", [(3, 2)], dict(vertical_flip=True)),
    "resized_crop": ("resized_crop", [1, 1, 4, 6, [7, 3]], {}),
    "rotate": ("rotate", [30], {}),
    "rotate by a right angle": ("rotate", [90], {}),
    "rotate around a place": ("rotate", [-70.5], dict(center=[3, 4])),
    "rotate without an angle": ("rotate", ["1"], {}),
    "rotate around no place": ("rotate", [3], dict(center=3)),
    "affine": ("affine", [20, [2, -1], 1.2, [10.0, -5.0]], {}),
    "affine with one shear": ("affine", [0, (1, 1), 0.7, 10], {}),
    "affine with one shear listed": ("affine", [0, (1, 1), 0.7, [10]], {}),
    "affine around a place": ("affine", [15, [0, 0], 1.0, 0.0], dict(center=[0, 0])),
    "affine by one shift": ("affine", [15, [0], 1.0, 0.0], {}),
    "affine by no shift": ("affine", [15, 0, 1.0, 0.0], {}),
    "affine of no scale": ("affine", [15, [0, 0], 0.0, 0.0], {}),
    "affine of a text": ("affine", [15, [0, 0], 1.0, "0"], {}),
    "affine of three shears": ("affine", [15, [0, 0], 1.0, [0, 0, 0]], {}),
}

COLORS = {
    "brightness": ("adjust_brightness", [1.4], {}),
    "darkness": ("adjust_brightness", [0.3], {}),
    "contrast": ("adjust_contrast", [1.7], {}),
    "less contrast": ("adjust_contrast", [0.2], {}),
    "saturation": ("adjust_saturation", [1.6], {}),
    "less saturation": ("adjust_saturation", [0], {}),
    "sharpness": ("adjust_sharpness", [2.3], {}),
    "smoothness": ("adjust_sharpness", [0.0], {}),
    "hue": ("adjust_hue", [0.13], {}),
    "hue the other way": ("adjust_hue", [-0.5], {}),
    "hue outside": ("adjust_hue", [0.6], {}),
    "gamma": ("adjust_gamma", [1.8], {}),
    "gamma and gain": ("adjust_gamma", [0.4], dict(gain=1.5)),
    "negative gamma": ("adjust_gamma", [-1], {}),
    "invert": ("invert", [], {}),
    "posterize": ("posterize", [3], {}),
    "posterize to nothing": ("posterize", [0], {}),
    "posterize outside": ("posterize", [9], {}),
    "solarize": ("solarize", [0.5], {}),
    "solarize bytes": ("solarize", [128], {}),
    "solarize outside": ("solarize", [256], {}),
    "autocontrast": ("autocontrast", [], {}),
    "equalize": ("equalize", [], {}),
    "rgb_to_grayscale": ("rgb_to_grayscale", [], {}),
    "rgb_to_grayscale of three": ("rgb_to_grayscale", [3], {}),
    "rgb_to_grayscale of two": ("rgb_to_grayscale", [2], {}),
    "gaussian_blur": ("gaussian_blur", [[3, 5]], {}),
    "gaussian_blur of one": ("gaussian_blur", [3, 1.3], {}),
    "gaussian_blur of two": ("gaussian_blur", [[5, 3], [0.4, 2.0]], {}),
    "gaussian_blur even": ("gaussian_blur", [4], {}),
    "gaussian_blur of three": ("gaussian_blur", [[3, 3, 3]], {}),
    "gaussian_blur of a text": ("gaussian_blur", ["3"], {}),
    "gaussian_blur of no width": ("gaussian_blur", [3, 0.0], {}),
    "gaussian_blur of three widths": ("gaussian_blur", [3, [1.0, 1.0, 1.0]], {}),
    "gaussian_blur of a text's width": ("gaussian_blur", [3, "1"], {}),
    "get_dimensions": ("get_dimensions", [], {}),
    "get_image_size": ("get_image_size", [], {}),
    "get_image_num_channels": ("get_image_num_channels", [], {}),
}


def both(name, images, args, options, levels=1):
    """A function of both libraries on an image of each."""
    ours, theirs = images
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same_outcome(
            lambda: getattr(F, name)(ours, *args, **options),
            lambda: getattr(T, name)(
                theirs,
                *(translated(value) for value in args),
                **{key: translated(value) for key, value in options.items()},
            ),
            levels,
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [*GEOMETRY, *COLORS])
def test_functions_of_tensors(case, dtype):
    name, args, options = {**GEOMETRY, **COLORS}[case]
    for shape in SHAPES:
        both(name, tensors(shape, dtype), args, options)


@pytest.mark.parametrize("mode", PIL_MODES)
@pytest.mark.parametrize("case", [*GEOMETRY, *COLORS])
def test_functions_of_pil_images(case, mode):
    name, args, options = {**GEOMETRY, **COLORS}[case]
    both(name, (pil(mode), pil(mode)), args, options, levels=0)


@pytest.mark.parametrize("antialias", [True, False, None])
@pytest.mark.parametrize("mode", MODES)
def test_resize(mode, antialias):
    options = dict(interpolation=mode, antialias=antialias)
    for size in ([5, 41], (9,), [64, 3], [12, 17], [1, 1]):
        for shape in SHAPES:
            for dtype in DTYPES:
                both("resize", tensors(shape, dtype), [size], options)
        for kind in ("L", "RGB", "RGBA", "F", "1"):
            both("resize", (pil(kind), pil(kind)), [size], options, levels=0)


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "float64", "uint8"])
def test_resize_other_dtypes(dtype):
    pixels = (array((3, 9, 11), "float64") * 200).astype(dtype)
    images = rushlight.from_numpy(pixels), torch.from_numpy(pixels)
    for mode in (M.NEAREST, M.NEAREST_EXACT, M.BILINEAR, M.BICUBIC):
        both("resize", images, [[5, 20]], dict(interpolation=mode))


def test_resize_with_a_largest_size():
    images = tensors((3, 20, 50))
    for size, most in ((10, 20), (10, 40), ([10], 11), (10, 10), ([10, 10], 20)):
        both("resize", images, [size], dict(max_size=most))
    both("resize", images, [[1, 2, 3]], {})
    both("resize", images, [5], dict(interpolation="bilinear"))
    both("resize", images, [5], dict(interpolation=2))


def test_resize_of_pil_images_warns_that_it_always_smooths():
    with pytest.warns(UserWarning, match="Anti-alias option is always applied"):
        F.resize(pil("L"), 5, antialias=False)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "other"])
def test_pad(mode):
    for padding in (2, [3], (1, 2), [1, 2, 3, 0], [-1, 2, 1, -2], [1, 2, 3], "1"):
        for fill in (0, 3, [1, 2, 3], None, "0"):
            both("pad", tensors((3, 37, 29)), [padding, fill, mode], {})
            both("pad", tensors((2, 3, 9, 8), "float32"), [padding, fill, mode], {})
            for kind in ("L", "RGB", "P", "F"):
                images = pil(kind), pil(kind)
                both("pad", images, [padding, fill, mode], {}, levels=0)


def test_symmetric_padding_of_other_dims():
    for shape in ((5, 6), (2, 2, 3, 5, 6)):
        both("pad", tensors(shape), [1, 0, "symmetric"], {})
    both("pad", tensors((1, 3, 4)), [[5, 0], 0, "symmetric"], {})


@pytest.mark.parametrize("mode", [M.NEAREST, M.BILINEAR, M.BICUBIC])
@pytest.mark.parametrize("fill", [None, 7.5, [0.0, 0.0, 0.0], [1, 2, 3], [1.0, 2.0]])
def test_warps(mode, fill):
    start = [[0, 0], [28, 0], [28, 36], [0, 36]]
    end = [[2, 3], [25, 1], [27, 30], [4, 35]]
    options = dict(interpolation=mode, fill=fill)
    for images in (
        tensors((3, 37, 29)),
        tensors((2, 3, 37, 29), "float32"),
        (pil("RGB"), pil("RGB")),
    ):
        both("perspective", images, [start, end], options)
        both("affine", images, [33.0, [3, -2], 0.8, [9.0, 4.0]], options)
        for angle in (0, 45, 137.3, -270):
            for expand in (False, True):
                both("rotate", images, [angle], dict(options, expand=expand))
    both("perspective", tensors((3, 37, 29)), [start[:3], end], options)


@pytest.mark.parametrize("mode", [M.NEAREST, M.BILINEAR, M.BICUBIC])
def test_elastic_transform(mode):
    rng = np.random.default_rng(0)
    moves = rng.uniform(-0.2, 0.2, (1, 37, 29, 2)).astype("float32")
    moves = rushlight.from_numpy(moves)
    for images in (
        tensors((3, 37, 29)),
        tensors((2, 3, 37, 29), "float32"),
        (pil("L"), pil("L")),
        (pil("RGB"), pil("RGB")),
    ):
        options = dict(interpolation=mode, fill=None)
        if mode is not M.BICUBIC:  # theirs samples so too, nowhere documented
            both("elastic_transform", images, [moves], options)
        both("elastic_transform", images, [moves[:, :3]], options)
        both("elastic_transform", images, [0.5], options)


def test_normalize():
    for shape in SHAPES:
        channels = shape[-3]
        mean, std = [0.2, 0.5, 0.3][:channels], [0.5, 0.1, 2.0][:channels]
        for dtype in DTYPES:
            both("normalize", tensors(shape, dtype), [mean, std], {})
    both("normalize", tensors((3, 4, 5), "float32"), [0.5, 0.1], {})
    both("normalize", tensors((3, 4, 5), "float32"), [[0.5], [0.0]], {})
    both("normalize", tensors((4, 5), "float32"), [[0.5], [1.0]], {})
    ours, theirs = tensors((3, 4, 5), "float32")
    assert F.normalize(ours, [0.5], [0.1], inplace=True) is ours
    T.normalize(theirs, [0.5], [0.1], inplace=True)
    assert_same(ours, theirs)


def test_erase():
    for shape in SHAPES:
        for value in (rushlight.tensor(3.0), rushlight.full((1, 2, 3), 7.0)):
            both("erase", tensors(shape), [1, 2, 2, 3, value], {})
    both("erase", (pil("L"), pil("L")), [1, 2, 2, 3, rushlight.tensor(0.0)], {})
    ours, _ = tensors((3, 4, 5))
    assert F.erase(ours, 0, 0, 1, 1, rushlight.tensor(9), inplace=True) is ours
    assert ours[0, 0, 0] == 9


NAMES = ["uint8", "int8", "int16", "int32", "int64", "float32", "float64", "bool"]


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_convert_image_dtype(source, target):
    if source.startswith("float"):
        pixels = np.linspace(0, 1, 101).astype(source)
    elif source == "bool":
        pixels = np.array([False, True])
    else:
        top = np.iinfo(source).max
        pixels = np.array([0, 1, top // 3, top - 1, top, 100], source)
    dtype = getattr(rushlight, target)
    images = rushlight.from_numpy(pixels), torch.from_numpy(pixels)
    if target == "bool" and source != "bool":  # ours says what the divisor 0 means
        return
    both("convert_image_dtype", images, [dtype], {})


@pytest.mark.parametrize("mode", [*PIL_MODES, "I;16", "HSV", "YCbCr", "LAB"])
def test_pil_images_as_tensors(mode):
    if mode == "I;16":
        image = pil("L").convert("I").convert("I;16")
    elif mode == "LAB":
        pytest.importorskip("PIL.ImageCms")
        from PIL import ImageCms

        rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(pil("RGB"), rgb, lab, outputMode="LAB")
    else:
        image = pil(mode)
    both("to_tensor", (image, image), [], {}, levels=0)
    if mode != "I;16":  # there is no uint16 here
        both("pil_to_tensor", (image, image), [], {}, levels=0)
        assert F.pil_to_tensor(image).stride() == T.pil_to_tensor(image).stride()


def test_arrays_as_tensors():
    for shape in ((4, 5), (4, 5, 1), (4, 5, 3), (5,), (1, 2, 3, 4)):
        for dtype in ("uint8", "float32", "int64", "bool"):
            pixels = (array(shape, "float64") * 200).astype(dtype)
            both("to_tensor", (pixels, pixels), [], {}, levels=0)
    both("to_tensor", ([1], [1]), [], {})
    both("pil_to_tensor", ([1], [1]), [], {})


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4, 5])
def test_to_pil_image(channels):
    sizes = (4, 5) if channels is None else (channels, 4, 5)
    modes = [None, "L", "LA", "RGB", "YCbCr", "HSV", "RGBA", "CMYK", "RGBX", "I", "F"]
    for dtype in ("uint8", "int16", "int32", "float32", "float64", "int64", "bool"):
        pixels = array(sizes, "float64") * (1 if "float" in dtype else 200)
        pixels = pixels.astype(dtype)
        for mode in modes:
            odd = (channels or 1) > 1 and dtype not in ("uint8", "float32", "float64")
            if odd and mode is not None:
                continue  # theirs reads the bytes of wider numbers as bytes
            if mode == "F" and (channels or 1) > 1:
                continue
            images = rushlight.from_numpy(pixels), torch.from_numpy(pixels)
            both("to_pil_image", images, [mode], {}, levels=0)
            turned = pixels if channels is None else pixels.transpose(1, 2, 0)
            both("to_pil_image", (turned, turned), [mode], {}, levels=0)
    both("to_pil_image", ([1], [1]), [], {})
    both("to_pil_image", tensors((2, 3, 4, 5)), [], {})


@pytest.mark.parametrize("name", T.__dict__)
def test_has_torchvisions_names(name):
    ours = {
        "Any": 0, "Enum": 0, "Image": 0, "Optional": 0, "PILImage": 0, "Tensor": 0,
        "Union": 0, "F_pil": 0, "F_t": 0, "accimage": 0, "math": 0, "np": 0,
        "numbers": 0, "sys": 0, "torch": 0, "warnings": 0,
    }  # fmt: skip
    if name.startswith("_") or name in ours:
        return
    assert hasattr(F, name)


def test_wrong_images():
    for name in ("hflip", "invert", "adjust_hue", "equalize", "get_dimensions"):
        args = [0.1] if name == "adjust_hue" else []
        for wrong in (3, "x", np.zeros((3, 4, 5), np.uint8)):
            both(name, (wrong, wrong), args, {})
        if name not in ("hflip", "get_dimensions"):
            both(name, tensors((2, 4, 5)), args, {})
            both(name, tensors((4, 5), "float32"), args, {})
        both(name, tensors((5,)), args, {})
    kind, error = outcome(lambda: F.hflip(rushlight.zeros(3)))
    assert kind == "error"
    assert "(3,)" in str(error)
