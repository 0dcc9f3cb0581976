"""Box operators, blocks and image helpers against torchvision's Python parts."""

from __future__ import annotations

import numpy as np
import pytest

from torchvision_oracle import torch  # first: it makes torchvision importable

torchvision = pytest.importorskip("torchvision", reason="compares with torchvision")

import rushlight  # noqa: E402
from rushlight.vision import ops, utils  # noqa: E402

BOTH = ((rushlight, ops, utils), (torch, torchvision.ops, torchvision.utils))


def plain(value):
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return str(value.dtype).split(".")[1], value.detach().numpy()
    return value, None


def same(run, tolerance=0.0):
    """Run with each library and its ``ops`` and ``utils``; compare the results."""
    got, expected = (outcome(run, *library) for library in BOTH)
    if isinstance(got[1], np.ndarray) and isinstance(expected[1], np.ndarray):
        assert got[0] == expected[0]
        assert got[1].shape == expected[1].shape
        np.testing.assert_allclose(got[1], expected[1], rtol=tolerance, atol=tolerance)
    else:
        assert got == expected


def outcome(run, *library):
    try:
        return plain(run(*library))
    except Exception as error:
        return type(error), None


def boxes_of(kind, count, seed=0, whole=False):
    """Boxes as arrays of the kind's four numbers."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 20, (count, 2))
    size = rng.uniform(0, 12, (count, 2))
    pairs = {
        "xyxy": (low, low + size),
        "xywh": (low, size),
        "cxcywh": (low + size / 2, size),
    }[kind]
    array = np.concatenate(pairs, 1)
    return array.astype(np.int64 if whole else np.float32)


def tensor(lib, array):
    return lib.from_numpy(np.ascontiguousarray(array))


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("count", [(3, 5), (0, 4), (1, 1)])
def test_overlaps(count, whole):
    a, b = (boxes_of("xyxy", n, n, whole) for n in count)
    for name in ("box_iou", "generalized_box_iou"):
        same(
            lambda lib, ops, _, name=name: getattr(ops, name)(
                tensor(lib, a), tensor(lib, b)
            ),
            1e-6,
        )
    same(lambda lib, ops, _: ops.box_area(tensor(lib, a)), 1e-6)


@pytest.mark.parametrize("kind", ["xyxy", "xywh", "cxcywh"])
def test_formats(kind):
    a, b = boxes_of(kind, 4, 1), boxes_of(kind, 3, 2)
    same(lambda lib, ops, _: ops.box_area(tensor(lib, a), fmt=kind), 1e-5)
    same(lambda lib, ops, _: ops.box_iou(tensor(lib, a), tensor(lib, b), kind), 1e-5)
    for other in ("xyxy", "xywh", "cxcywh"):
        same(
            lambda lib, ops, _, other=other: ops.box_convert(
                tensor(lib, a), kind, other
            ),
            1e-6,
        )
    same(lambda lib, ops, _: ops.box_convert(tensor(lib, a), kind, "none"))
    same(lambda lib, ops, _: ops.box_area(tensor(lib, a), fmt="none"))


def test_clip_and_small():
    a = boxes_of("xyxy", 9, 3) - 4
    same(lambda lib, ops, _: ops.clip_boxes_to_image(tensor(lib, a), (11, 13)))
    same(lambda lib, ops, _: ops.remove_small_boxes(tensor(lib, a), 5.0))
    same(lambda lib, ops, _: ops.clip_boxes_to_image(tensor(lib, a[None]), (11, 13)))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "wrong"])
@pytest.mark.parametrize("alpha", [0.25, -1, 2])
def test_focal_loss(reduction, alpha):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((5, 3), np.float32) * 4
    y = (rng.random((5, 3)) < 0.5).astype(np.float32)

    def run(lib, ops, _):
        inputs = tensor(lib, x).requires_grad_()
        loss = ops.sigmoid_focal_loss(inputs, tensor(lib, y), alpha, 1.5, reduction)
        (grad,) = lib.autograd.grad(loss.sum(), inputs)
        return lib.cat([loss.reshape(-1), grad.reshape(-1)])

    same(run, 1e-6)


@pytest.mark.parametrize("mode", ["batch", "row", "wrong"])
@pytest.mark.parametrize("p", [0.0, 0.4, 1.0, 1.5])
def test_stochastic_depth(mode, p):
    x = np.random.default_rng(5).standard_normal((6, 3, 2), np.float32)

    def run(lib, ops, _):
        lib.manual_seed(2)
        return ops.stochastic_depth(tensor(lib, x), p, mode)

    same(run, 1e-6)
    same(lambda lib, ops, _: ops.stochastic_depth(tensor(lib, x), p, mode, False))
    same(lambda lib, ops, _: repr(ops.StochasticDepth(p, mode)))


BLOCKS = {
    "frozen": lambda lib, ops: ops.FrozenBatchNorm2d(4),
    "conv": lambda lib, ops: ops.Conv2dNormActivation(4, 6),
    "plain conv": lambda lib, ops: ops.Conv2dNormActivation(
        4, 6, 1, 2, norm_layer=None, activation_layer=None
    ),
    "dilated conv": lambda lib, ops: ops.Conv2dNormActivation(
        4, 8, (3, 5), groups=2, dilation=2, activation_layer=lib.nn.SiLU
    ),
    "squeeze": lambda lib, ops: ops.SqueezeExcitation(4, 2, lib.nn.GELU),
    "permute": lambda lib, ops: ops.Permute([0, 2, 3, 1]),
    "mlp": lambda lib, ops: ops.MLP(5, [7, 3], lib.nn.LayerNorm, dropout=0.3),
    "plain mlp": lambda lib, ops: ops.MLP(5, [2], bias=False, inplace=False),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name):
    x = np.random.default_rng(6).standard_normal((2, 4, 6, 5), np.float32)

    def block(lib, ops):
        lib.manual_seed(1)
        return BLOCKS[name](lib, ops)

    same(lambda lib, ops, _: repr(block(lib, ops)))
    same(lambda lib, ops, _: list(block(lib, ops).state_dict()))
    same(lambda lib, ops, _: block(lib, ops)(tensor(lib, x)), 1e-5)
    same(lambda lib, ops, _: block(lib, ops).eval()(tensor(lib, x)), 1e-5)


GRIDS = [
    {},
    dict(nrow=2),
    dict(nrow=3, padding=0),
    dict(padding=1, pad_value=0.5),
    dict(normalize=True),
    dict(normalize=True, value_range=(-1, 1)),
    dict(normalize=True, scale_each=True),
    dict(normalize=True, value_range=[0, 1]),
]


@pytest.mark.parametrize("options", GRIDS, ids=range(len(GRIDS)))
@pytest.mark.parametrize("shape", [(5, 3, 4, 6), (3, 1, 5, 4), (1, 3, 4, 4), (3, 4, 5)])
def test_grids(options, shape):
    x = np.random.default_rng(7).standard_normal(shape, np.float32)
    same(lambda lib, _, utils: utils.make_grid(tensor(lib, x), **options), 1e-6)


def test_grids_of_other_inputs():
    x = np.random.default_rng(8).standard_normal((4, 3, 5), np.float32)
    same(lambda lib, _, utils: utils.make_grid([tensor(lib, x)[:3]] * 3, 2))
    same(lambda lib, _, utils: utils.make_grid(tensor(lib, x[0])))
    same(lambda lib, _, utils: utils.make_grid([1, 2]))
    same(lambda lib, _, utils: utils.make_grid(tensor(lib, x).to(lib.uint8)))


def test_saved_images(tmp_path):
    pytest.importorskip("PIL", reason="Pillow is not installed")
    x = np.random.default_rng(9).uniform(-0.1, 1.1, (3, 3, 6, 5)).astype(np.float32)
    paths = [tmp_path / "ours.png", tmp_path / "theirs.png"]
    for (lib, _, helpers), path in zip(BOTH, paths):
        helpers.save_image(tensor(lib, x), path, nrow=2, padding=1)
    assert paths[0].read_bytes() == paths[1].read_bytes()


PICTURE = np.random.default_rng(10).integers(0, 256, (3, 40, 50), np.uint8)
BOXES = np.array([[1, 2, 20.7, 15], [5, 5, 30, 38], [22, 3, 22, 30]], np.float32)
LABELS = ["one", None, "three"]
BOX_OPTIONS = [
    {},
    dict(colors="red"),
    dict(colors=["#00ff00", (1, 2, 3), "blue", "red"], width=3),
    dict(fill=True, colors=(9, 200, 30)),
    dict(labels=LABELS),
    dict(labels=LABELS, fill_labels=True, label_colors="white", fill=True),
    dict(labels=LABELS, fill_labels=True, label_background_colors=["red"] * 3, width=4),
    dict(labels=["a"]),
    dict(colors=["red"]),
    dict(colors=3),
    dict(labels=LABELS, font="no such font"),
]


@pytest.fixture
def _pillow():
    pytest.importorskip("PIL", reason="Pillow is not installed")


@pytest.mark.usefixtures("_pillow")
@pytest.mark.parametrize("options", BOX_OPTIONS, ids=range(len(BOX_OPTIONS)))
def test_boxes_drawn(options):
    def draw(lib, utils, picture, boxes=BOXES):
        return utils.draw_bounding_boxes(
            tensor(lib, picture), tensor(lib, boxes), **options
        )

    for picture in (PICTURE, PICTURE[:1], PICTURE.astype(np.float32) / 255):
        same(lambda lib, _, utils, picture=picture: draw(lib, utils, picture), 1e-6)
    for wrong in (PICTURE[None], PICTURE[:2], PICTURE.astype(np.int32)):
        same(lambda lib, _, utils, wrong=wrong: draw(lib, utils, wrong))
    same(lambda lib, _, utils: draw(lib, utils, PICTURE, BOXES[:, ::-1]))


@pytest.mark.usefixtures("_pillow")
def test_nothing_drawn():
    for lib, _, helpers in BOTH:
        picture = tensor(lib, PICTURE)
        with pytest.warns(UserWarning, match="boxes doesn't contain any box"):
            assert helpers.draw_bounding_boxes(picture, lib.zeros(0, 4)) is picture
        masks = lib.zeros(0, 40, 50, dtype=lib.bool)
        with pytest.warns(UserWarning, match="masks doesn't contain any mask"):
            assert helpers.draw_segmentation_masks(picture, masks) is picture
        with pytest.warns(UserWarning, match="'font_size' will be ignored"):
            helpers.draw_bounding_boxes(picture, tensor(lib, BOXES), font_size=9)


@pytest.mark.usefixtures("_pillow")
@pytest.mark.parametrize("colors", [None, "red", ["blue", (1, 2, 3)], ["red"], 1])
@pytest.mark.parametrize("alpha", [0.8, 0.3, 1.0])
def test_masks_drawn(colors, alpha):
    masks = np.random.default_rng(11).random((2, 40, 50)) < 0.4

    def draw(lib, utils, picture, masks):
        return utils.draw_segmentation_masks(
            tensor(lib, picture), tensor(lib, masks), alpha, colors
        )

    for picture in (PICTURE, PICTURE.astype(np.float32) / 255, PICTURE[:1]):
        same(
            lambda lib, _, utils, picture=picture: draw(lib, utils, picture, masks),
            1e-7,
        )
    for part in (masks[0], masks[None], masks[:, :3], masks.astype(np.float32)):
        same(lambda lib, _, utils, part=part: draw(lib, utils, PICTURE, part))


POINTS = np.array(
    [[[3, 4], [20.5, 30], [45, 8]], [[9, 30], [30, 9], [2, 2]]], np.float32
)
POINT_OPTIONS = [
    {},
    dict(colors="red", radius=4),
    dict(colors=(1, 200, 3), connectivity=[(0, 1), (1, 2)], width=2),
    dict(visibility=[[1, 0, 1], [1, 1, 0]], connectivity=[(0, 1), (0, 2)]),
    dict(visibility=[[[1], [0], [1]], [[1], [1], [0]]]),
    dict(visibility=[1, 0, 1]),
    dict(visibility=[[1, 0], [1, 1]]),
]


@pytest.mark.usefixtures("_pillow")
@pytest.mark.parametrize("options", POINT_OPTIONS, ids=range(len(POINT_OPTIONS)))
def test_points_drawn(options):
    def draw(lib, utils, picture, points=POINTS):
        given = dict(options)
        if "visibility" in given:
            given["visibility"] = lib.tensor(given["visibility"], dtype=lib.bool)
        return utils.draw_keypoints(tensor(lib, picture), tensor(lib, points), **given)

    for picture in (PICTURE, PICTURE.astype(np.float32) / 255, PICTURE[:1]):
        same(lambda lib, _, utils, picture=picture: draw(lib, utils, picture), 1e-6)
    same(lambda lib, _, utils: draw(lib, utils, PICTURE, POINTS[0]))


@pytest.mark.parametrize("shape", [(2, 17, 13), (3, 2, 9, 8), (3, 4, 5), (7,)])
def test_flow_in_colours(shape):
    flow = np.random.default_rng(12).standard_normal(shape).astype(np.float32)
    got, expected = (
        outcome(lambda lib, _, utils: utils.flow_to_image(tensor(lib, flow)), *library)
        for library in BOTH
    )
    assert got[0] == expected[0]
    if expected[1] is not None:
        # A colour on the border of two numbers may fall to either side.
        difference = np.abs(got[1].astype(int) - expected[1])
        assert difference.max() <= 1 and (difference > 0).mean() < 0.01
    same(lambda lib, _, utils: utils.flow_to_image(tensor(lib, flow).double()))
