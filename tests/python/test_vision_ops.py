"""Box operators against plain loops over NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight
from rushlight.vision import ops


def random_boxes(count, side, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, side, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, side / 2, (count, 2))], 1)
    return boxes.astype(np.float32)


def area(box):
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def iou(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inter = area([*low, *high])
    return inter / (area(a) + area(b) - inter)


def suppressed(boxes, scores, threshold):
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        if all(iou(boxes[index], boxes[other]) <= threshold for other in kept):
            kept.append(index)
    return kept


def both(array):
    return rushlight.from_numpy(array.copy())


def test_overlaps():
    one, two = random_boxes(6, 20, 1), random_boxes(4, 20, 2)
    np.testing.assert_allclose(
        ops.box_area(both(one)).numpy(), [area(box) for box in one], rtol=1e-6
    )
    expected = [[iou(a, b) for b in two] for a in one]
    np.testing.assert_allclose(
        ops.box_iou(both(one), both(two)).numpy(), expected, rtol=1e-5, atol=1e-6
    )
    general = []
    for a in one:
        for b in two:
            hull = area([*np.minimum(a[:2], b[:2]), *np.maximum(a[2:], b[2:])])
            inter = iou(a, b) * (area(a) + area(b)) / (1 + iou(a, b))
            union = area(a) + area(b) - inter
            general.append(iou(a, b) - (hull - union) / hull)
    got = ops.generalized_box_iou(both(one), both(two)).numpy()
    np.testing.assert_allclose(got.ravel(), general, rtol=1e-4, atol=1e-5)
    with pytest.raises(RuntimeError, match=r"shape \(N, 4\), got \(3, 5\)"):
        ops.box_iou(rushlight.zeros(3, 5), both(two))


def test_small_integers_do_not_overflow():
    box = rushlight.tensor([[0, 0, 100, 100]], dtype=rushlight.int8)
    assert ops.box_area(box).tolist() == [10000]


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
def test_suppression(threshold):
    boxes = random_boxes(60, 20)
    scores = np.random.default_rng(3).uniform(0, 1, 60).astype(np.float32)
    scores[10] = scores[20]
    got = ops.nms(both(boxes), both(scores), threshold)
    assert got.dtype == rushlight.int64
    assert got.tolist() == suppressed(boxes, scores, threshold)
    kinds = np.random.default_rng(4).integers(0, 3, 60)
    expected = []
    for kind in range(3):
        members = np.flatnonzero(kinds == kind)
        chosen = suppressed(boxes[members], scores[members], threshold)
        expected += list(members[chosen])
    expected.sort(key=lambda index: (-scores[index], index))
    got = ops.batched_nms(both(boxes), both(scores), both(kinds), threshold)
    assert got.tolist() == expected


def test_suppression_of_nothing_and_of_wrong_shapes():
    none = ops.nms(rushlight.zeros(0, 4), rushlight.zeros(0), 0.5)
    assert none.shape == (0,)
    assert none.dtype == rushlight.int64
    with pytest.raises(RuntimeError, match="one value for each of 3 boxes"):
        ops.nms(rushlight.zeros(3, 4), rushlight.zeros(2), 0.5)


def test_clip_and_small():
    boxes = rushlight.tensor([[-1.0, 2, 30, 40], [3, 4, 3.5, 9], [5, 5, 8, 8]])
    clipped = ops.clip_boxes_to_image(boxes, (20, 10))
    assert clipped.tolist() == [[0, 2, 10, 20], [3, 4, 3.5, 9], [5, 5, 8, 8]]
    assert ops.remove_small_boxes(boxes, 3).tolist() == [0, 2]


def test_convert():
    corners = rushlight.tensor([[1.0, 2, 5, 10]])
    forms = {
        "xyxy": corners,
        "xywh": rushlight.tensor([[1.0, 2, 4, 8]]),
        "cxcywh": rushlight.tensor([[3.0, 6, 4, 8]]),
    }
    for source, boxes in forms.items():
        for target, expected in forms.items():
            got = ops.box_convert(boxes, source, target)
            assert got.tolist() == expected.tolist()
            assert got.data_ptr() != boxes.data_ptr()
    with pytest.raises(ValueError, match="'xy' is not a notation"):
        ops.box_convert(corners, "xy", "xyxy")


def bilinear(image, y, x):
    height, width = image.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    y0, x0 = int(y), int(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    top = image[y0, x0] * (x0 + 1 - x) + image[y0, x1] * (x - x0)
    bottom = image[y1, x0] * (x0 + 1 - x) + image[y1, x1] * (x - x0)
    return top * (y0 + 1 - y) + bottom * (y - y0)


def aligned_mean(image, box, rows, columns, ratio, aligned):
    x1, y1, x2, y2 = (value - (0.5 if aligned else 0.0) for value in box)
    width, height = x2 - x1, y2 - y1
    if not aligned:
        width, height = max(width, 1.0), max(height, 1.0)
    ny = ratio if ratio > 0 else math.ceil(height / rows)
    nx = ratio if ratio > 0 else math.ceil(width / columns)
    made = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            total = 0.0
            for a in range(ny):
                for b in range(nx):
                    y = y1 + (i + (a + 0.5) / ny) * height / rows
                    x = x1 + (j + (b + 0.5) / nx) * width / columns
                    total += bilinear(image, y, x)
            made[i, j] = total / (ny * nx)
    return made


@pytest.mark.parametrize("ratio", [-1, 1, 2])
@pytest.mark.parametrize("aligned", [False, True])
def test_roi_align(ratio, aligned):
    image = np.random.default_rng(5).standard_normal((2, 2, 7, 9))
    boxes = np.array([[1.2, 0.7, 6.1, 5.9], [-4, -3, 12, 8.5], [2, 2, 2.25, 2.5]])
    if ratio > 0 and aligned:  # corners in the wrong order are sampled backwards
        boxes[2] = [4, 5, 2, 1]
    regions = np.concatenate([[[1], [0], [1]], boxes], 1)
    got = ops.roi_align(
        both(image), both(regions * [1, 2, 2, 2, 2]), (3, 2), 0.5, ratio, aligned
    )
    for k, region in enumerate(regions):
        for channel in range(2):
            expected = aligned_mean(
                image[int(region[0]), channel], region[1:], 3, 2, ratio, aligned
            )
            np.testing.assert_allclose(got[k, channel].numpy(), expected, atol=1e-12)


def test_roi_align_gradient_and_lists():
    image = rushlight.randn(2, 1, 5, 5, dtype=rushlight.float64, requires_grad=True)
    boxes = [rushlight.tensor([[0.5, 0.5, 4, 3]], dtype=rushlight.float64)] * 2
    assert rushlight.autograd.gradcheck(lambda x: ops.roi_align(x, boxes, 2), (image,))
    assert ops.roi_align(image, [boxes[0][:0]], 2).shape == (0, 1, 2, 2)
    layer = ops.RoIAlign(2, 1.0, 1)
    assert repr(layer) == (
        "RoIAlign(output_size=2, spatial_scale=1.0, sampling_ratio=1, aligned=False)"
    )
    with pytest.raises(ValueError, match=r"\(K, 5\)"):
        ops.roi_align(image, rushlight.zeros(1, 4), 2)


def test_roi_pool():
    image = np.random.default_rng(6).standard_normal((1, 2, 8, 8))
    regions = np.array([[0, 1.0, 2, 6, 7], [0, -3, -3, 3, 3], [0, 9, 9, 12, 12]])
    got = ops.roi_pool(both(image), both(regions), 2).numpy()
    # Six pixels in each direction, x 1 to 6 and y 2 to 7: bins of three by three.
    quarters = image[0, :, 2:8, 1:7].reshape(2, 2, 3, 2, 3).max((2, 4))
    np.testing.assert_array_equal(got[0], quarters)
    # -3 to 3: seven pixels, bins -3 to 0 and 0 to 3, cut to the image.
    np.testing.assert_array_equal(got[1, :, 0, 0], image[0, :, 0, 0])
    np.testing.assert_array_equal(got[1, :, 1, 1], image[0, :, :4, :4].max((1, 2)))
    np.testing.assert_array_equal(got[2], np.zeros((2, 2, 2)))


def test_focal_loss():
    scores = np.array([-2.0, 0.5, 3.0, -0.1])
    labels = np.array([0.0, 1, 1, 0])
    p = 1 / (1 + np.exp(-scores))
    true = np.where(labels == 1, p, 1 - p)
    weight = np.where(labels == 1, 0.3, 0.7)
    expected = -weight * (1 - true) ** 1.5 * np.log(true)
    got = ops.sigmoid_focal_loss(both(scores), both(labels), 0.3, 1.5)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-10)
    plain = ops.sigmoid_focal_loss(both(scores), both(labels), -1, 2, "sum")
    np.testing.assert_allclose(
        float(plain), -((1 - true) ** 2 * np.log(true)).sum(), rtol=1e-10
    )
    with pytest.raises(ValueError, match="Invalid value for reduction"):
        ops.sigmoid_focal_loss(both(scores), both(labels), reduction="max")
    with pytest.raises(ValueError, match="Invalid alpha value"):
        ops.sigmoid_focal_loss(both(scores), both(labels), alpha=2)


def test_stochastic_depth():
    rushlight.manual_seed(0)
    ones = rushlight.ones(1000, 3)
    rows = ops.stochastic_depth(ones, 0.25, "row").numpy()
    assert set(np.unique(rows).round(5)) == {0.0, np.float32(4 / 3).round(5)}
    assert (rows == rows[:, :1]).all()
    assert 200 < (rows[:, 0] == 0).sum() < 300
    assert ops.stochastic_depth(ones, 1.0, "batch").abs().sum() == 0
    assert ops.StochasticDepth(0.5, "row").eval()(ones) is ones
    with pytest.raises(ValueError, match="either 'batch' or 'row'"):
        ops.stochastic_depth(ones, 0.5, "col")


def test_blocks():
    block = ops.Conv2dNormActivation(2, 3, (3, 5), dilation=2)
    assert block[0].padding == (2, 4)
    assert list(block.state_dict())[:2] == ["0.weight", "1.weight"]
    assert block(rushlight.zeros(1, 2, 6, 6)).shape == (1, 3, 6, 6)
    assert len(ops.Conv3dNormActivation(2, 3, norm_layer=None)) == 2
    assert list(ops.MLP(2, [3, 4]).state_dict()) == [
        "0.weight",
        "0.bias",
        "3.weight",
        "3.bias",
    ]
    frozen = ops.FrozenBatchNorm2d(2)
    trained = rushlight.nn.BatchNorm2d(2)
    x = rushlight.randn(3, 2, 4, 4)
    trained(x)
    frozen.load_state_dict(trained.state_dict())
    np.testing.assert_allclose(
        frozen(x).numpy(), trained.eval()(x).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    assert list(frozen.parameters()) == []
