"""The transforms against known answers and sums of NumPy and Pillow."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import rushlight
from rushlight.vision import transforms
from rushlight.vision.transforms import InterpolationMode as M
from rushlight.vision.transforms import functional as F

rng = np.random.default_rng(0)
BYTES = rng.integers(0, 256, (3, 9, 11), dtype=np.uint8)


def image(pixels=BYTES):
    return rushlight.from_numpy(np.ascontiguousarray(pixels))


def pil(pixels=BYTES):
    """Of ``(C, H, W)`` bytes."""
    Image = pytest.importorskip("PIL.Image", reason="the vision extra")
    pixels = pixels.transpose(1, 2, 0)
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def test_are_imported_when_first_asked_for_and_need_no_pillow():
    code = "import sys, rushlight; from rushlight.vision import transforms as t"
    code += "; t.Resize(3)(rushlight.zeros(3, 5, 5)); print('PIL' in sys.modules)"
    code += "; print('rushlight.vision.transforms.v2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_every_public_name_is_explained():
    for module in (transforms, F):
        for name, value in vars(module).items():
            if not name.startswith("_") and callable(value):
                assert value.__doc__, name


def test_flips_crops_and_borders():
    pixels = image()
    np.testing.assert_array_equal(F.hflip(pixels).numpy(), BYTES[..., ::-1])
    np.testing.assert_array_equal(F.vflip(pixels).numpy(), BYTES[..., ::-1, :])
    np.testing.assert_array_equal(F.crop(pixels, 2, 3, 4, 5), BYTES[:, 2:6, 3:8])
    beyond = F.crop(pixels, -1, 8, 3, 5).numpy()
    expected = np.pad(BYTES, ((0, 0), (1, 0), (0, 2)))[:, :3, 8:]
    np.testing.assert_array_equal(beyond, expected)
    middle = F.center_crop(pixels, [3, 5]).numpy()
    np.testing.assert_array_equal(middle, BYTES[:, 3:6, 3:8])
    np.testing.assert_array_equal(
        F.center_crop(pixels, [11, 11]).numpy(), np.pad(BYTES, ((0, 0), (1, 1), (0, 0)))
    )
    for ours, theirs in (
        ("constant", "constant"),
        ("edge", "edge"),
        ("reflect", "reflect"),
        ("symmetric", "symmetric"),
    ):
        padded = F.pad(pixels, [1, 2, 3, 4], padding_mode=ours).numpy()
        expected = np.pad(BYTES, ((0, 0), (2, 4), (1, 3)), theirs)
        np.testing.assert_array_equal(padded, expected)


def test_a_box_outside_of_the_image_is_empty_of_it():
    assert (
        F.crop(image(), 20, 20, 3, 4).numpy().tolist() == np.zeros((3, 3, 4)).tolist()
    )
    assert F.crop(image(), -9, -9, 3, 4).shape == (3, 3, 4)


def test_resize_by_a_whole_factor_is_a_mean():
    pixels = rng.random((2, 3, 8, 12)).astype(np.float32)
    small = F.resize(image(pixels), [8, 4], antialias=False).numpy()
    np.testing.assert_allclose(small, pixels[..., 1::3], rtol=1e-6)
    for mode, antialias in ((M.NEAREST, True), (M.NEAREST_EXACT, False)):
        large = F.resize(image(pixels), [16, 24], mode, antialias=antialias).numpy()
        np.testing.assert_array_equal(large, pixels.repeat(2, -1).repeat(2, -2))
    flat = np.full((3, 7, 9), 200, np.uint8)
    for mode in (M.NEAREST, M.NEAREST_EXACT, M.BILINEAR, M.BICUBIC):
        for size in ([3, 20], 5, [1, 1]):
            assert (F.resize(image(flat), size, mode).numpy() == 200).all()


def test_resize_of_bytes_is_pillows_within_one():
    muted = BYTES // 2 + 64  # Pillow cuts overshoots after each direction
    smooth = pil(muted)
    for size in ([5, 6], [20, 30], [9, 4]):
        for mode in (M.BILINEAR, M.BICUBIC):
            ours = F.resize(image(muted), size, mode).numpy().astype(int)
            theirs = np.asarray(F.resize(smooth, size, mode)).transpose(2, 0, 1)
            assert abs(ours - theirs).max() <= 1


def test_resize_keeps_the_ratio():
    pixels = rushlight.zeros(3, 20, 50)
    assert F.resize(pixels, 10).shape == (3, 10, 25)
    assert F.resize(pixels, 10, max_size=20).shape == (3, 8, 20)
    assert F.resize(pixels, [20, 50]) is pixels
    with pytest.raises(ValueError, match="max_size = 10 must be strictly greater"):
        F.resize(pixels, 10, max_size=10)


def test_right_angles_are_exact():
    for turns in (1, 2, 3):
        turned = F.rotate(image(), 90.0 * turns, expand=True).numpy()
        np.testing.assert_array_equal(turned, np.rot90(BYTES, turns, (1, 2)))
    shifted = F.affine(image(), 0, [2, -1], 1.0, 0.0).numpy()
    expected = np.pad(BYTES, ((0, 0), (0, 1), (2, 0)))[:, 1:, :-2]
    np.testing.assert_array_equal(shifted, expected)
    filled = F.affine(image(), 0, [2, 0], 1.0, 0.0, fill=[1, 2, 3]).numpy()
    assert filled[:, 0, 0].tolist() == [1, 2, 3]


def test_warps_of_the_identity():
    pixels = rng.random((3, 6, 7)).astype(np.float32)
    corners = [[0, 0], [6, 0], [6, 5], [0, 5]]
    for mode in (M.NEAREST, M.BILINEAR):
        same = (
            F.perspective(image(pixels), corners, corners, mode),
            F.affine(image(pixels), 0, [0, 0], 1.0, 0.0, mode),
            F.elastic_transform(image(pixels), rushlight.zeros(1, 6, 7, 2), mode),
        )
        for result in same:
            np.testing.assert_allclose(result.numpy(), pixels, atol=1e-5)


def test_perspective_takes_corners_to_corners():
    coefficients = transforms._warp.perspective_coefficients(
        [[0, 0], [10, 0], [10, 8], [0, 8]], [[1, 2], [9, 1], [8, 7], [0, 6]]
    )
    a, b, c, d, e, f, g, h = coefficients
    for (x, y), (u, v) in zip(
        [[1, 2], [9, 1], [8, 7], [0, 6]], [[0, 0], [10, 0], [10, 8], [0, 8]]
    ):
        depth = g * x + h * y + 1
        found = (a * x + b * y + c) / depth, (d * x + e * y + f) / depth
        np.testing.assert_allclose(found, (u, v), atol=1e-4)


def test_colours_by_their_formulas():
    pixels = rng.random((3, 5, 6))
    real = image(pixels)
    luma = np.tensordot([0.2989, 0.587, 0.114], pixels, 1)
    np.testing.assert_allclose(F.rgb_to_grayscale(real)[0].numpy(), luma, rtol=1e-12)
    for factor in (0.0, 0.4, 1.0, 1.9):
        expected = {
            F.adjust_brightness: pixels * factor,
            F.adjust_contrast: pixels * factor + (1 - factor) * luma.mean(),
            F.adjust_saturation: pixels * factor + (1 - factor) * luma,
        }
        for function, result in expected.items():
            np.testing.assert_allclose(
                function(real, factor).numpy(), result.clip(0, 1), atol=1e-12
            )
        power = F.adjust_gamma(real, factor, gain=0.5).numpy()
        np.testing.assert_allclose(power, pixels**factor * 0.5, rtol=1e-12)
    np.testing.assert_array_equal(F.invert(image()).numpy(), 255 - BYTES)
    np.testing.assert_array_equal(F.posterize(image(), 3).numpy(), BYTES & 0xE0)
    solarized = np.where(BYTES >= 100, 255 - BYTES, BYTES)
    np.testing.assert_array_equal(F.solarize(image(), 100).numpy(), solarized)
    low, high = pixels.min((1, 2), keepdims=True), pixels.max((1, 2), keepdims=True)
    stretched = F.autocontrast(real).numpy()
    np.testing.assert_allclose(stretched, (pixels - low) / (high - low), atol=1e-12)


def test_hue_by_the_standard_library():
    import colorsys

    pixels = rng.random((3, 4, 5)).astype(np.float32)
    for factor in (-0.5, -0.2, 0.0, 0.3):
        turned = F.adjust_hue(image(pixels), factor).numpy()
        for index in np.ndindex(4, 5):
            hue, saturation, value = colorsys.rgb_to_hsv(*pixels[(slice(None), *index)])
            expected = colorsys.hsv_to_rgb((hue + factor) % 1, saturation, value)
            found = turned[(slice(None), *index)]
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_histograms_become_even():
    plane = np.arange(256, dtype=np.uint8).repeat(4).reshape(1, 32, 32)
    np.testing.assert_array_equal(F.equalize(image(plane)).numpy(), plane)
    for pixels in (BYTES, BYTES // 4, np.full_like(BYTES, 7)):
        np.testing.assert_array_equal(
            F.equalize(image(pixels)).numpy().transpose(1, 2, 0),
            np.asarray(F.equalize(pil(pixels))),
        )


def test_blur_is_a_convolution_with_a_gaussian():
    pixels = rng.random((1, 7, 8))
    x = np.arange(-2, 3)
    weights = np.exp(-0.5 * (x / 1.3) ** 2)
    weights /= weights.sum()
    padded = np.pad(pixels[0], 2, "reflect")
    rows = np.apply_along_axis(np.convolve, 1, padded, weights, "valid")
    both = np.apply_along_axis(np.convolve, 0, rows, weights, "valid")
    blurred = F.gaussian_blur(image(pixels), 5, 1.3)[0].numpy()
    np.testing.assert_allclose(blurred, both, atol=1e-12)


def test_sharpness_keeps_the_border():
    pixels = rng.random((1, 5, 6))
    smooth = F.adjust_sharpness(image(pixels), 0)[0].numpy()
    inner = sum(
        pixels[0, i : i + 3, j : j + 4] * (5 if i == j == 1 else 1)
        for i in range(3)
        for j in range(3)
    )
    np.testing.assert_allclose(smooth[1:-1, 1:-1], inner / 13, atol=1e-12)
    np.testing.assert_array_equal(smooth[0], pixels[0, 0])


def test_between_pillow_and_tensors():
    picture = pil()
    np.testing.assert_array_equal(F.pil_to_tensor(picture).numpy(), BYTES)
    ours = F.to_tensor(picture).numpy()
    np.testing.assert_array_equal(ours, BYTES.astype(np.float32) / np.float32(255))
    assert np.array_equal(np.asarray(F.to_pil_image(image())), np.asarray(picture))
    for mode in ("1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F"):
        other = picture.convert("RGBA" if mode == "LA" else "RGB").convert(mode)
        back = F.pil_to_tensor(other)
        assert back.shape == (len(other.getbands()), 9, 11)
        expected = np.asarray(other).reshape(9, 11, -1).transpose(2, 0, 1)
        np.testing.assert_array_equal(back.numpy(), expected)
        if mode != "1":
            again = F.to_pil_image(back, mode)
            assert again.mode == mode
            np.testing.assert_array_equal(np.asarray(again), np.asarray(other))


def test_pillow_images_stay_pillow_images():
    picture = pil()
    from PIL import ImageOps

    assert F.hflip(picture) == ImageOps.mirror(picture)
    assert F.invert(picture) == ImageOps.invert(picture)
    assert F.crop(picture, 1, 2, 3, 4) == picture.crop((2, 1, 6, 4))
    assert F.resize(picture, [5, 6]) == picture.resize((6, 5), 2)
    assert F.rotate(picture, 30) == picture.rotate(30)
    assert F.to_grayscale(picture, 3).mode == "RGB"
    for transform in (
        transforms.RandomResizedCrop(5),
        transforms.ColorJitter(0.1, 0.1, 0.1, 0.1),
        transforms.AugMix(),
        transforms.TrivialAugmentWide(),
        transforms.GaussianBlur(3),
        transforms.RandomPerspective(p=1),
    ):
        assert transform(picture).mode == "RGB"


def test_without_pillow_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"rushlight\[vision\]"):
        F.to_pil_image(image())


def test_the_same_seed_draws_the_same():
    chain = transforms.Compose(
        [
            transforms.RandomResizedCrop(6),
            transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(0.4, 0.4, 0.4, 0.1),
            transforms.RandomErasing(value="random"),
        ]
    )
    pixels = image().to(rushlight.float32) / 255
    results = []
    for _ in range(2):
        rushlight.manual_seed(5)
        results.append([chain(pixels).numpy() for _ in range(3)])
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0][0], results[0][1])


def test_random_boxes_stay_inside():
    rushlight.manual_seed(0)
    pixels = rushlight.zeros(3, 20, 31)
    for _ in range(200):
        top, left, height, width = transforms.RandomResizedCrop.get_params(
            pixels, (0.2, 0.9), (0.5, 2.0)
        )
        assert 0 <= top <= top + height <= 20
        assert 0 <= left <= left + width <= 31
        assert 0.45 <= width / height <= 2.2
        top, left, height, width = transforms.RandomCrop.get_params(pixels, (7, 9))
        assert (height, width) == (7, 9)
        assert top <= 13 and left <= 22


def test_probabilities_are_kept():
    rushlight.manual_seed(0)
    flip = transforms.RandomHorizontalFlip(0.3)
    pixels = rushlight.tensor([[[1, 2]]])
    count = sum(int(flip(pixels)[0, 0, 0] == 2) for _ in range(2000))
    assert 520 <= count <= 680  # 600 expected, four deviations of 20.5


def test_weights_of_a_mix_sum_to_one():
    rushlight.manual_seed(0)
    for alpha in ([1.0, 1.0], [0.3] * 4, [50.0, 100.0]):
        drawn = transforms._draws.dirichlet(alpha, 500).numpy()
        np.testing.assert_allclose(drawn.sum(1), 1, rtol=1e-6)
        mean = np.array(alpha) / sum(alpha)
        np.testing.assert_allclose(drawn.mean(0), mean, atol=0.06)
        assert (drawn > 0).all()


def test_what_is_missing_says_so():
    with pytest.raises(AttributeError, match="no attribute 'Rezise'"):
        _ = transforms.Rezise


def test_errors_name_what_was_found():
    with pytest.raises(TypeError, match=r"permitted channel values are .* found 2"):
        F.adjust_hue(rushlight.zeros(2, 4, 4), 0.1)
    with pytest.raises(TypeError, match="img should be PIL Image"):
        F.hflip(3)
    with pytest.raises(ValueError, match=r"\(50, 60\) is larger .* \(9, 11\)"):
        transforms.RandomCrop((50, 60))(image())
    with pytest.raises(ValueError, match="std evaluated to zero"):
        F.normalize(rushlight.zeros(1, 2, 2), [0.0], [0.0])
    with pytest.raises(IndexError, match="wider than the 4 pixels"):
        F.pad(rushlight.zeros(1, 4, 4), 5, padding_mode="symmetric")
