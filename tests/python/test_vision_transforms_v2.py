"""transforms.v2 and tv_tensors against known answers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rushlight
from rushlight.vision import tv_tensors
from rushlight.vision.transforms import v2
from rushlight.vision.transforms.v2 import functional as F

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 8, 10), dtype=np.uint8)


def image(pixels=PIXELS):
    return tv_tensors.Image(rushlight.from_numpy(pixels.copy()))


def boxes(values, format="XYXY", size=(8, 10), **options):
    return tv_tensors.BoundingBoxes(values, format=format, canvas_size=size, **options)


def points(values, size=(8, 10)):
    return tv_tensors.KeyPoints(values, canvas_size=size)


def test_every_public_name_is_explained():
    for module in (v2, F, tv_tensors):
        for name, value in vars(module).items():
            if not name.startswith("_") and callable(value):
                assert value.__doc__, name


def test_boxes_and_points_follow_the_image():
    """A bright pixel and what marks it stay together."""
    rushlight.manual_seed(0)
    for transform in (
        v2.RandomHorizontalFlip(1),
        v2.RandomVerticalFlip(1),
        v2.Pad([1, 2, 3, 4]),
        v2.RandomZoomOut(p=1),
        v2.RandomCrop((7, 9)),
        v2.CenterCrop((6, 8)),
        v2.Resize((16, 20), interpolation="nearest"),
        v2.RandomRotation((90, 90), expand=True),
        v2.RandomRotation((180, 180)),
        v2.RandomAffine((0, 0), translate=(0.2, 0.2)),
    ):
        for row, column in ((3, 4), (4, 5)):
            pixels = np.zeros((1, 8, 10), np.uint8)
            pixels[0, row, column] = 255
            sample = {
                "image": image(pixels),
                "mask": tv_tensors.Mask(rushlight.from_numpy(pixels[0])),
                "box": boxes([[column, row, column + 1, row + 1]]),
                "middle": boxes([[column + 0.5, row + 0.5, 1, 1]], "CXCYWH"),
            }
            moved = transform(sample)
            where = np.argwhere(moved["image"][0].numpy())
            (top, left), (bottom, right) = where.min(0), where.max(0) + 1
            assert moved["box"].tolist() == [[left, top, right, bottom]]
            x, y, w, h = moved["middle"].tolist()[0]
            assert (x, y) == ((left + right) / 2, (top + bottom) / 2)
            assert (w, h) == (right - left, bottom - top)
            assert (moved["mask"].numpy() == moved["image"][0].numpy()).all()
            assert tuple(moved["box"].canvas_size) == tuple(moved["image"].shape[-2:])


def test_points_follow_the_image():
    sample = points([[0, 0], [9, 7]])
    assert F.horizontal_flip(sample).tolist() == [[9, 0], [0, 7]]
    assert F.vertical_flip(sample).tolist() == [[0, 7], [9, 0]]
    assert F.pad(sample, [1, 2]).tolist() == [[1, 2], [10, 9]]
    assert F.pad(sample, [1, 2]).canvas_size == (12, 12)
    assert F.crop(sample, 1, 2, 3, 4).tolist() == [[-2, -1], [7, 6]]
    assert F.resize(sample, (16, 20)).tolist() == [[0, 0], [18, 14]]
    turned = F.rotate(points([[2.0, 3.0]]), 90, expand=True)
    np.testing.assert_allclose(turned.tolist(), [[3, 8]], atol=1e-5)
    assert F.clamp_keypoints(points([[-3, 20]])).tolist() == [[0, 7]]


def test_formats_of_boxes():
    corners = boxes([[1.0, 2.0, 5.0, 8.0]])
    expected = {
        "XYXY": [1, 2, 5, 8],
        "XYWH": [1, 2, 4, 6],
        "CXCYWH": [3, 5, 4, 6],
    }
    for first in expected:
        start = F.convert_bounding_box_format(corners, new_format=first)
        assert start.tolist() == [expected[first]]
        for second, values in expected.items():
            turned = F.convert_bounding_box_format(start, new_format=second)
            assert turned.tolist() == [values]
            assert turned.format.value == second


def test_boxes_are_cut_at_the_canvas_unless_told_otherwise():
    wide = boxes([[-5, -5, 20, 4]])
    assert F.horizontal_flip(wide).tolist() == [[-10, -5, 15, 4]]
    assert F.crop(wide, 0, 0, 8, 10).tolist() == [[0, 0, 10, 4]]
    free = v2.SetClampingMode(None)(wide)
    assert F.crop(free, 0, 0, 8, 10).tolist() == [[-5, -5, 20, 4]]
    assert F.clamp_bounding_boxes(wide).tolist() == [[0, 0, 10, 4]]


def test_rotated_boxes_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="XYWHR is of rotated boxes"):
        boxes([[1.0, 2, 3, 4, 5]], "XYWHR")
    with pytest.raises(AttributeError, match="XYWHR"):
        _ = tv_tensors.BoundingBoxFormat.XYWHR
    assert tv_tensors.is_rotated_bounding_format("XYWHR")


def test_what_is_missing_says_so():
    with pytest.raises(AttributeError, match="no attribute 'Rezise'"):
        _ = v2.Rezise
    with pytest.raises(AttributeError, match="no attribute 'rezise'"):
        _ = F.rezise


def test_samples_keep_their_structure():
    sample = ({"a": image(), "b": [1, None]}, "x", (boxes([[1, 2, 3, 4]]),))
    first, name, rest = v2.RandomHorizontalFlip(1)(sample)
    assert list(first) == ["a", "b"]
    assert (first["b"], name, type(rest)) == ([1, None], "x", tuple)
    np.testing.assert_array_equal(first["a"].numpy(), PIXELS[..., ::-1])
    assert rest[0].tolist() == [[7, 2, 9, 4]]
    image_, label = v2.CenterCrop(2)(image(), 7)
    assert (tuple(image_.shape), label) == ((3, 2, 2), 7)


def test_plain_tensors_are_images_unless_there_are_others():
    flip = v2.RandomHorizontalFlip(1)
    plain = rushlight.tensor([[[1, 2]]])
    first, second = flip(plain, plain)
    assert (first.tolist(), second.tolist()) == ([[[2, 1]]], [[[1, 2]]])
    kept, turned = flip(plain, tv_tensors.Image(plain))
    assert (kept.tolist(), turned.tolist()) == ([[[1, 2]]], [[[2, 1]]])


def test_masks_are_never_blended():
    values = np.array([[0, 7], [200, 3]], np.uint8).repeat(6, 0).repeat(8, 1)
    mask = tv_tensors.Mask(rushlight.from_numpy(values))
    rushlight.manual_seed(1)
    for transform in (
        v2.Resize((5, 9)),
        v2.RandomRotation(40, interpolation="bilinear"),
        v2.RandomAffine(30, shear=20, interpolation="bilinear"),
        v2.RandomPerspective(p=1),
        v2.ElasticTransform(sigma=1),
        v2.RandomResizedCrop(9),
    ):
        assert set(np.unique(transform(mask).numpy())) <= {0, 3, 7, 200}


def test_mixed_labels_are_shares():
    rushlight.manual_seed(0)
    images = rushlight.rand(4, 3, 6, 7)
    labels = rushlight.tensor([0, 1, 2, 1])
    mixed, shares = v2.MixUp(num_classes=3)(images, labels)
    kept = float(shares[0, 0])
    np.testing.assert_allclose(shares.sum(1).numpy(), 1, rtol=1e-6)
    expected = images.numpy() * kept + np.roll(images.numpy(), 1, 0) * (1 - kept)
    np.testing.assert_allclose(mixed.numpy(), expected, atol=1e-6)
    mixed, shares = v2.CutMix(num_classes=3)(images, labels)
    own = (mixed.numpy() == images.numpy()).all((0, 1)).mean()
    np.testing.assert_allclose(float(shares[0, 0]), own, atol=1e-6)


def test_small_boxes_leave_with_their_labels_and_masks():
    sample = {
        "boxes": boxes([[0, 0, 4, 4], [3, 3, 3, 5], [5, 5, 9, 8], [-1, 0, 2, 2]]),
        "labels": rushlight.tensor([5, 6, 7, 8]),
        "masks": tv_tensors.Mask(rushlight.arange(4).view(4, 1, 1).expand(4, 8, 10)),
        "scene": tv_tensors.Mask(rushlight.zeros(8, 10)),
    }
    left = v2.SanitizeBoundingBoxes()(sample)
    assert left["labels"].tolist() == [5, 7]
    assert left["boxes"].tolist() == [[0, 0, 4, 4], [5, 5, 9, 8]]
    assert left["masks"][:, 0, 0].tolist() == [0, 2]
    assert left["scene"].shape == (8, 10)


def test_crops_around_boxes_overlap_one_enough():
    rushlight.manual_seed(0)
    crop = v2.RandomIoUCrop(sampler_options=[0.5])
    for _ in range(20):
        start = boxes([[1.0, 1.0, 6.0, 7.0], [8.0, 0.0, 9.0, 1.0]])
        _, moved = crop(image(), start)
        height, width = moved.canvas_size
        x1, y1, x2, y2 = moved.tolist()[0]
        shared, own = (x2 - x1) * (y2 - y1), 5.0 * 6.0
        assert shared / (own + height * width - shared) >= 0.5 - 1e-6


def _pickled(value):
    return pickle.loads(pickle.dumps(value))


def test_kinds_survive_copies_and_pickles():
    for start in (image(), boxes([[1, 2, 3, 4]], clamping_mode=None), points([[1, 2]])):
        for again in (
            copy.copy,
            copy.deepcopy,
            lambda x: pickle.loads(pickle.dumps(x)),
        ):
            made = again(start)
            assert type(made) is type(start)
            assert made.tolist() == start.tolist()
            assert vars(made) == vars(start)


def test_return_types():
    start = boxes([[1, 2, 3, 4]])
    assert type(start + 1) is rushlight.Tensor
    with tv_tensors.set_return_type("TVTensor"):
        more = start + 1
        assert more.canvas_size == (8, 10)
        assert type(more) is tv_tensors.BoundingBoxes
    assert type(start + 1) is rushlight.Tensor
    assert type(start.to(rushlight.float64)) is tv_tensors.BoundingBoxes


def test_the_traces_of_jpeg():
    pytest.importorskip("PIL", reason="the vision extra")
    smooth = np.linspace(0, 255, 3 * 16 * 16).reshape(3, 16, 16).astype(np.uint8)
    errors = []
    for quality in (5, 95):
        through = v2.JPEG(quality)(image(smooth))
        assert isinstance(through, tv_tensors.Image)
        errors.append(abs(through.numpy().astype(int) - smooth).mean())
    assert 0 < errors[1] < errors[0]


def test_noise_has_its_deviation():
    rushlight.manual_seed(0)
    flat = rushlight.full((3, 50, 50), 0.5)
    noise = v2.GaussianNoise(0.1, 0.2, clip=False)(flat).numpy() - 0.5
    assert abs(noise.mean() - 0.1) < 0.01
    assert abs(noise.std() - 0.2) < 0.01
    in_bytes = v2.GaussianNoise(sigma=0.1)(image()).numpy()
    assert in_bytes.dtype == np.uint8


def test_errors_name_what_was_found():
    with pytest.raises(TypeError, match=r"F\.crop supports .* got <class 'str'>"):
        F.crop("x", 0, 0, 1, 1)
    with pytest.raises(TypeError, match="nothing"):
        F.resize(image(), 3, nothing=1)
    with pytest.raises(ValueError, match="Invalid interpolation mode: 'x'"):
        F.resize(image(), 3, interpolation="x")
    with pytest.raises(ValueError, match=r"Found multiple HxW .* \(4, 5\), \(8, 10\)"):
        v2.RandomCrop(2)(image(), image(PIXELS[:, :4, :5]))
    with pytest.raises(TypeError, match="BoundingBoxes are not supported by AugMix"):
        v2.AugMix()(image(), boxes([[1, 2, 3, 4]]))
    with pytest.raises(NotImplementedError, match="does not define transform"):
        v2.Transform()(image())
