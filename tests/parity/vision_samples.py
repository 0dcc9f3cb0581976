"""Samples of both libraries: images with masks, boxes, points and labels."""

from __future__ import annotations

import importlib

import numpy as np

import rushlight
from rushlight.vision import tv_tensors as our_tensors
from torchvision_oracle import torch
from vision_images import array, assert_same, pil

their_tensors = importlib.import_module("torchvision.tv_tensors")
LIBRARIES = ((rushlight, our_tensors), (torch, their_tensors))
KINDS = ("Image", "Video", "Mask", "BoundingBoxes", "KeyPoints")


def of_both(pixels, make=lambda library, kinds, tensor: tensor):
    """``make(library, its tv_tensors, a tensor)`` of both libraries."""
    return tuple(
        make(library, kinds, library.from_numpy(np.array(pixels)))
        for library, kinds in LIBRARIES
    )


def boxes(format="XYXY", dtype="float32", size=(37, 29), mode="soft"):
    """Four boxes, one across the edge, one thin."""
    corners = np.array(
        [[1, 2, 9, 13], [4.5, 3.25, 28, 35], [-3, 10, 5, 45], [7, 7, 7.5, 20]]
    )
    first, extent = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if format == "XYWH":
        corners = np.hstack([first, extent])
    elif format == "CXCYWH":
        corners = np.hstack([first + extent / 2, extent])
    return of_both(
        corners.astype(dtype),
        lambda library, kinds, tensor: kinds.BoundingBoxes(
            tensor, format=format, canvas_size=size, clamping_mode=mode
        ),
    )


def points(dtype="float32", size=(37, 29)):
    """Points of two groups, ``(2, 3, 2)``."""
    places = np.array(
        [[[1, 2], [28, 36], [14.5, 3.25]], [[0, 0], [7, 30], [20, 20]]]
    ).astype(dtype)
    return of_both(
        places,
        lambda library, kinds, tensor: kinds.KeyPoints(tensor, canvas_size=size),
    )


def image(shape=(3, 37, 29), dtype="uint8", kind="Image", seed=0):
    pixels = array(shape, dtype, seed)
    return of_both(pixels, lambda library, kinds, tensor: getattr(kinds, kind)(tensor))


def mask(shape=(4, 37, 29)):
    pixels = array(shape, seed=5) // 60
    return of_both(pixels, lambda library, kinds, tensor: kinds.Mask(tensor))


def samples(*, with_boxes=True, dtype="uint8", pillow=False):
    """(ours, theirs): a dict with all kinds in it."""
    parts = {
        "image": (pil("RGB"), pil("RGB")) if pillow else image(dtype=dtype),
        "name": ("x", "x"),
        "label": of_both(np.arange(4)),
    }
    if with_boxes:
        parts["masks"] = mask()
        parts["boxes"] = boxes()
        parts["whole"] = boxes("CXCYWH", "int64")
        parts["points"] = points()
    return tuple(
        {name: pair[index] for name, pair in parts.items()} for index in (0, 1)
    )


def assert_same_sample(ours, theirs, levels=1):
    """As :func:`assert_same`, and the kinds and what they know are the same."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for name in theirs:
            assert_same_sample(ours[name], theirs[name], levels)
        return
    if isinstance(theirs, (list, tuple)):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            assert_same_sample(one, other, levels)
        return
    if isinstance(theirs, torch.Tensor):
        assert type(ours).__name__ == type(theirs).__name__
        for fact in ("canvas_size", "clamping_mode"):
            if hasattr(theirs, fact):
                got, expected = getattr(ours, fact), getattr(theirs, fact)
                if fact == "canvas_size":
                    got, expected = tuple(got), tuple(expected)
                assert got == expected
        if hasattr(theirs, "format"):
            assert ours.format.name == theirs.format.name
        ours = ours.as_subclass(rushlight.Tensor)
        theirs = theirs.as_subclass(torch.Tensor)
    assert_same(ours, theirs, levels)
