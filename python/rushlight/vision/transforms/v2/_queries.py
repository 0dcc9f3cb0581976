"""Questions about what a sample holds, and checks of arguments of several classes."""

from __future__ import annotations

import collections.abc
import numbers
from collections.abc import Sequence

from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms.v2.functional import (
    get_dimensions,
    get_size,
    is_pure_tensor,
)

__all__ = [
    "check_type",
    "get_bounding_boxes",
    "get_keypoints",
    "has_all",
    "has_any",
    "query_chw",
    "query_size",
]

_IMAGES = (is_pure_tensor, tv_tensors.Image, is_pil_image, tv_tensors.Video)
_SIZED = (*_IMAGES, tv_tensors.Mask, tv_tensors.BoundingBoxes, tv_tensors.KeyPoints)


def _is(obj, kind) -> bool:
    return isinstance(obj, kind) if isinstance(kind, type) else bool(kind(obj))


def check_type(obj, types_or_checks) -> bool:
    """Whether something is of one of several types, or passes one of several checks.

    Args:
        obj: anything.
        types_or_checks: types, and functions of one argument.
    """
    return any(_is(obj, kind) for kind in types_or_checks)


def has_any(flat_inputs, *types_or_checks) -> bool:
    """Whether something in a list is of one of several types.

    Args:
        flat_inputs: a list.
        *types_or_checks: types, and functions of one argument.
    """
    return any(check_type(inpt, types_or_checks) for inpt in flat_inputs)


def has_all(flat_inputs, *types_or_checks) -> bool:
    """Whether for each of several types something in a list is of it.

    Args:
        flat_inputs: a list.
        *types_or_checks: types, and functions of one argument.
    """
    return all(has_any(flat_inputs, kind) for kind in types_or_checks)


def _first(flat_inputs, kind, name):
    for inpt in flat_inputs:
        if isinstance(inpt, kind):
            return inpt
    raise ValueError(f"No {name} were found in the sample")


def get_bounding_boxes(flat_inputs):
    """The first boxes in a list.

    Raises:
        ValueError: there are none.
    """
    return _first(flat_inputs, tv_tensors.BoundingBoxes, "bounding boxes")


def get_keypoints(flat_inputs):
    """The first points in a list.

    Raises:
        ValueError: there are none.
    """
    return _first(flat_inputs, tv_tensors.KeyPoints, "keypoints")


def _the_one(found, what, of):
    if not found:
        raise TypeError(f"No {of} was found in the sample")
    if len(found) > 1:
        listed = ", ".join(str(one) for one in sorted(found))
        raise ValueError(f"Found multiple {what} dimensions in the sample: {listed}")
    return found.pop()


def query_chw(flat_inputs) -> tuple[int, int, int]:
    """Channels, height and width of the images and videos in a list.

    Raises:
        TypeError: there are none.
        ValueError: they differ.
    """
    found = {
        tuple(get_dimensions(inpt)) for inpt in flat_inputs if check_type(inpt, _IMAGES)
    }
    return _the_one(found, "CxHxW", "image or video")


def query_size(flat_inputs) -> tuple[int, int]:
    """Height and width of what has them in a list.

    Raises:
        TypeError: nothing has.
        ValueError: they differ.
    """
    found = {tuple(get_size(inpt)) for inpt in flat_inputs if check_type(inpt, _SIZED)}
    return _the_one(found, "HxW", "image, video, mask, bounding box of keypoint")


def setup_number_or_seq(value, name) -> list[float]:
    """Two floats of a number or of one or two of them."""
    if not isinstance(value, (int, float, Sequence)):
        raise TypeError(
            f"{name} should be a number or a sequence of numbers. Got {type(value)}"
        )
    values = list(value) if isinstance(value, Sequence) else [value]
    if len(values) not in (1, 2):
        raise ValueError(
            f"If {name} is a sequence its length should be 1 or 2. Got {len(values)}"
        )
    for element in values:
        if not isinstance(element, (int, float)):
            raise ValueError(
                f"{name} should be a sequence of numbers. Got {type(element)}"
            )
    return [float(element) for element in values] * (2 // len(values))


def _fill_value(fill):
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError(
            "Got inappropriate fill arg, only Numbers, tuples, lists and dicts are "
            f"allowed, got {fill!r}."
        )
    if fill is None or isinstance(fill, (int, float)):
        return fill
    return [float(value) for value in fill]


def setup_fill(fill) -> dict:
    """Fill values by type; ``"others"`` is of all that are not named."""
    if isinstance(fill, dict):
        return {kind: _fill_value(value) for kind, value in fill.items()}
    return {"others": _fill_value(fill)}


def fill_for(fills, kind):
    """The fill value of a type."""
    return fills.get(kind, fills.get("others"))


def default_labels(inputs):
    """The labels of a sample: the second of a pair, or what is named so in a dict."""
    if isinstance(inputs, (tuple, list)):
        inputs = inputs[1]
    if is_pure_tensor(inputs):
        return inputs
    if not isinstance(inputs, collections.abc.Mapping):
        raise ValueError(
            "When using the default labels_getter, the input passed to forward must be "
            "a dictionary or a two-tuple whose second item is a dictionary or a "
            f"tensor, but got {inputs} instead."
        )
    for fits in (
        lambda key: key.lower() == "labels",
        lambda key: "label" in key.lower(),
    ):
        for key in inputs:
            if fits(key):
                return inputs[key]
    raise ValueError(
        "Could not infer where the labels are in the sample. Try passing a callable as "
        "the labels_getter parameter? If there are no labels in the sample by design, "
        "pass labels_getter=None."
    )


def labels_getter_of(getter):
    """A function of a sample that gives its labels."""
    if getter is None:
        return lambda sample: None
    if callable(getter):
        return getter
    if getter == "default":
        return default_labels
    raise ValueError(
        "labels_getter should either be 'default', a callable, or None, but got "
        f"{getter}."
    )
