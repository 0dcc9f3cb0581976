"""Convolutions of other dims than two, pools, padding and resampling."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "resampling"


def _floats(shapes: tuple, grad: bool):
    def setup(lib: Library) -> dict:
        names = zip("xwb", shapes, strict=False)
        return {
            name: lib.floats(*shape, seed=i, grad=grad)
            for i, (name, shape) in enumerate(names)
        }

    return setup


def _rows(name: str, call: str, *shapes: tuple) -> list[Row]:
    return [
        Row(name, _floats(shapes, False), call, numpy=None),
        Row(
            f"{name}, + backward",
            _floats(shapes, True),
            f"{call}.sum().backward()",
            numpy=None,
        ),
    ]


ROWS = [
    *_rows(
        "conv1d 8x32x512, 64 of 5",
        "F.conv1d(x, w, padding=2)",
        (8, 32, 512),
        (64, 32, 5),
    ),
    *_rows(
        "conv3d 2x32x16x16x16, 32 of 3",
        "F.conv3d(x, w, padding=1)",
        (2, 32, 16, 16, 16),
        (32, 32, 3, 3, 3),
    ),
    *_rows(
        "conv_transpose2d 4x32x16x16, 4/2",
        "F.conv_transpose2d(x, w, stride=2, padding=1)",
        (4, 32, 16, 16),
        (32, 16, 4, 4),
    ),
    *_rows(
        "conv_transpose3d 2x16x8x8x8, 4/2",
        "F.conv_transpose3d(x, w, stride=2, padding=1)",
        (2, 16, 8, 8, 8),
        (16, 8, 4, 4, 4),
    ),
    *_rows("unfold 3, 4x16x32x32", "F.unfold(x, 3, padding=1)", (4, 16, 32, 32)),
    *_rows("max_pool1d 2, 8x32x1024", "F.max_pool1d(x, 2)", (8, 32, 1024)),
    *_rows("max_pool3d 2, 2x16x16x32x32", "F.max_pool3d(x, 2)", (2, 16, 16, 32, 32)),
    *_rows("avg_pool3d 2, 2x16x16x32x32", "F.avg_pool3d(x, 2)", (2, 16, 16, 32, 32)),
    *_rows(
        "adaptive_max_pool2d 9, 56x56",
        "F.adaptive_max_pool2d(x, 9)",
        (8, 32, 56, 56),
    ),
    *_rows("pad zeros, 8x32x56x56", "F.pad(x, (1, 1, 1, 1))", (8, 32, 56, 56)),
    *_rows(
        "pad reflect, 8x32x56x56",
        "F.pad(x, (1, 1, 1, 1), mode='reflect')",
        (8, 32, 56, 56),
    ),
    *_rows("pad zeros, 1x1x4x4", "F.pad(x, (1, 1, 1, 1))", (1, 1, 4, 4)),
    *_rows(
        "pad reflect, 1x1x4x4",
        "F.pad(x, (1, 1, 1, 1), mode='reflect')",
        (1, 1, 4, 4),
    ),
    *_rows(
        "nearest x2, 4x32x32x32",
        "F.interpolate(x, scale_factor=2)",
        (4, 32, 32, 32),
    ),
    *_rows(
        "bilinear to 224, 4x3x256x256",
        "F.interpolate(x, (224, 224), mode='bilinear')",
        (4, 3, 256, 256),
    ),
    *_rows(
        "antialiased to 64, 4x3x256x256",
        "F.interpolate(x, (64, 64), mode='bilinear', antialias=True)",
        (4, 3, 256, 256),
    ),
    *_rows(
        "bicubic x2, 4x32x32x32",
        "F.interpolate(x, scale_factor=2, mode='bicubic')",
        (4, 32, 32, 32),
    ),
    *_rows(
        "grid_sample, 4x16x32x32",
        "F.grid_sample(x, w, align_corners=False)",
        (4, 16, 32, 32),
        (4, 32, 32, 2),
    ),
]
