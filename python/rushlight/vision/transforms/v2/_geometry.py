"""Transforms of samples: sizes, crops, borders, flips."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import rushlight
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.ops import box_iou
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import transforms as first
from rushlight.vision.transforms._arguments import (
    check_padding_mode,
    check_ranges,
    check_sequence,
    setup_size,
)
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._queries import (
    fill_for,
    get_bounding_boxes,
    has_all,
    has_any,
    query_size,
    setup_fill,
)
from rushlight.vision.transforms.v2._transform import AtRandom, Transform
from rushlight.vision.transforms.v2.functional._meta import as_corners
from rushlight.vision.transforms.v2.functional._size import widths_of

__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomIoUCrop",
    "RandomResize",
    "RandomResizedCrop",
    "RandomShortestSize",
    "RandomVerticalFlip",
    "RandomZoomOut",
    "Resize",
    "ScaleJitter",
    "TenCrop",
]

_UNCROPPED = (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints, tv_tensors.Mask)


class RandomHorizontalFlip(AtRandom):
    """Mirror a sample left to right, at random.

    Args:
        p: the probability. Default: 0.5.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms import v2
        >>> image = tv_tensors.Image(rushlight.zeros(1, 4, 9))
        >>> boxes = tv_tensors.BoundingBoxes(
        ...     [[0, 0, 2, 2]], format="XYXY", canvas_size=(4, 9)
        ... )
        >>> v2.RandomHorizontalFlip(p=1)(image, boxes)[1].tolist()
        [[7, 0, 9, 2]]
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(AtRandom):
    """Turn a sample upside down, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.vertical_flip, inpt)


class Resize(Transform):
    """Bring images to another size, and what lies on them along.

    Args:
        size: ``(height, width)``; the length of the shorter side, an int or one in a
            sequence; or ``None`` to make the longer side ``max_size``.
        interpolation: a mode, its name, or Pillow's number of one. Default: bilinear.
        max_size: the longer side's most.
        antialias: widen the filter when images become smaller. Default: ``True``.

    Raises:
        ValueError: sizes that do not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> v2.Resize(10)(rushlight.zeros(3, 20, 30)).shape
        rushlight.Size([3, 10, 15])
    """

    def __init__(
        self, size, interpolation="bilinear", max_size=None, antialias=True
    ) -> None:
        super().__init__()
        if isinstance(size, int):
            size = [size]
        elif isinstance(size, Sequence) and len(size) in (1, 2):
            size = list(size)
        elif size is not None:
            raise ValueError(
                "size can be an integer, a sequence of one or two integers, or None, "
                f"but got {size} instead."
            )
        elif not isinstance(max_size, int):
            raise ValueError(
                "max_size must be an integer when size is None, but got "
                f"{max_size} instead."
            )
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt, params):
        return self._call_kernel(
            F.resize,
            inpt,
            self.size,
            interpolation=self.interpolation,
            max_size=self.max_size,
            antialias=self.antialias,
        )


class CenterCrop(Transform):
    """Cut out the middle; smaller inputs are padded with 0 first.

    Args:
        size: ``(height, width)``, or one number for both.
    """

    def __init__(self, size) -> None:
        super().__init__()
        self.size = setup_size(size)

    def transform(self, inpt, params):
        return self._call_kernel(F.center_crop, inpt, output_size=self.size)


class RandomResizedCrop(Transform):
    """Cut out a box of random area and ratio, and resize it: for training.

    Args:
        size: the result's ``(height, width)``, or one number for both.
        scale: the box's least and largest part of the area. Default: (0.08, 1).
        ratio: the least and largest width by height. Default: (3/4, 4/3).
        interpolation: a mode, its name, or Pillow's number of one. Default: bilinear.
        antialias: widen the filter when images become smaller. Default: ``True``.

    Raises:
        TypeError: ranges that are no sequences of two.
        ValueError: another number of sizes.
    """

    get_params = staticmethod(first.RandomResizedCrop.get_params)

    def __init__(
        self,
        size,
        scale=(0.08, 1.0),
        ratio=(3.0 / 4.0, 4.0 / 3.0),
        interpolation="bilinear",
        antialias=True,
    ) -> None:
        super().__init__()
        self.size = setup_size(size)
        for name, bounds in (("Scale", scale), ("Ratio", ratio)):
            if not isinstance(bounds, Sequence) or len(bounds) != 2:
                raise TypeError(
                    f"{name} should be a sequence of two floats, got {bounds!r}."
                )
        check_ranges(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs):
        drawn = _draws.resized_crop(*query_size(flat_inputs), self.scale, self.ratio)
        return dict(zip(("top", "left", "height", "width"), drawn, strict=True))

    def transform(self, inpt, params):
        return self._call_kernel(
            F.resized_crop,
            inpt,
            **params,
            size=self.size,
            interpolation=self.interpolation,
            antialias=self.antialias,
        )


class _SeveralCrops(Transform):
    """Of images and videos alone."""

    def _call_kernel(self, functional, inpt, *args, **kwargs):
        if isinstance(inpt, _UNCROPPED):
            warn_of_passing(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)

    def check_inputs(self, flat_inputs) -> None:
        if has_any(flat_inputs, tv_tensors.BoundingBoxes, tv_tensors.Mask):
            raise TypeError(
                "BoundingBoxes'es and Mask's are not supported by "
                f"{type(self).__name__}()"
            )


def warn_of_passing(transform, inpt) -> None:
    """That a kind of input is left as it is."""
    warnings.warn(
        f"{type(transform).__name__}() is currently passing through inputs of type "
        f"tv_tensors.{type(inpt).__name__}. This will likely change in the future.",
        stacklevel=4,
    )


class FiveCrop(_SeveralCrops):
    """A tuple of the four corners and the middle of each image.

    Args:
        size: ``(height, width)``, or one number for both.
    """

    def __init__(self, size) -> None:
        super().__init__()
        self.size = setup_size(size)

    def transform(self, inpt, params):
        return self._call_kernel(F.five_crop, inpt, self.size)


class TenCrop(_SeveralCrops):
    """A tuple of the corners and the middle of each image and of its mirror image.

    Args:
        size: ``(height, width)``, or one number for both.
        vertical_flip: turn it upside down instead. Default: ``False``.
    """

    def __init__(self, size, vertical_flip=False) -> None:
        super().__init__()
        self.size = setup_size(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt, params):
        return self._call_kernel(
            F.ten_crop, inpt, self.size, vertical_flip=self.vertical_flip
        )


def _check_padding(padding) -> None:
    sequence = isinstance(padding, (tuple, list))
    if sequence and len(padding) in (1, 2, 4):
        if all(isinstance(width, int) for width in padding):
            return
    elif isinstance(padding, int):
        return
    raise ValueError(
        "Padding must be an int or a 1, 2, or 4 element of tuple or list, got "
        f"{padding}."
    )


class Pad(Transform):
    """Put a border around images, and move what lies on them along.

    Args:
        padding: pixels on all sides, ``(left and right, top and bottom)``, or ``(left,
            top, right, bottom)``.
        fill: the border's value, one a channel, or a dict of them by type. Default: 0.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.

    Raises:
        ValueError: another number of widths, or an unknown mode.
        TypeError: a fill of another type.
    """

    def __init__(self, padding, fill=0, padding_mode="constant") -> None:
        super().__init__()
        _check_padding(padding)
        check_padding_mode(padding_mode)
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self._fill = setup_fill(fill)
        self.padding_mode = padding_mode

    def transform(self, inpt, params):
        return self._call_kernel(
            F.pad,
            inpt,
            padding=self.padding,
            fill=fill_for(self._fill, type(inpt)),
            padding_mode=self.padding_mode,
        )


class RandomZoomOut(AtRandom):
    """Put a sample somewhere on a larger canvas, at random (Liu et al. 2016).

    Args:
        fill: the border's value, one a channel, or a dict of them by type. Default: 0.
        side_range: how many times larger. Default: (1, 4).
        p: the probability. Default: 0.5.

    Raises:
        ValueError: a range below 1 or upside down.
    """

    def __init__(self, fill=0, side_range=(1.0, 4.0), p=0.5) -> None:
        super().__init__(p=p)
        self.fill = fill
        self._fill = setup_fill(fill)
        check_sequence(side_range, "side_range", (2,))
        self.side_range = side_range
        if side_range[0] < 1.0 or side_range[0] > side_range[1]:
            raise ValueError(f"Invalid side range provided {side_range}.")

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        low, high = self.side_range
        times = low + rushlight.rand(1) * (high - low)
        across, down = int(width * times) - width, int(height * times) - height
        place = rushlight.rand(2)
        left, top = int(across * place[0]), int(down * place[1])
        return {"padding": [left, top, across - left, down - top]}

    def transform(self, inpt, params):
        fill = fill_for(self._fill, type(inpt))
        return self._call_kernel(F.pad, inpt, **params, fill=fill)


class RandomCrop(Transform):
    """Cut out a box of a size at a random place.

    Args:
        size: ``(height, width)``, or one number for both.
        padding: a border put around first, as of :class:`Pad`.
        pad_if_needed: pad smaller inputs to the size, on both sides. Default:
            ``False``, which raises ValueError for them.
        fill: the border's value, one a channel, or a dict of them by type. Default: 0.
        padding_mode: as of :class:`Pad`. Default: ``"constant"``.
    """

    get_params = staticmethod(first.RandomCrop.get_params)

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"
    ) -> None:
        super().__init__()
        self.size = setup_size(size)
        if padding is not None:
            _check_padding(padding)
        if pad_if_needed or padding is not None:
            check_padding_mode(padding_mode)
        self.padding = None
        if padding:
            left, top, right, bottom = widths_of(padding)
            self.padding = [left, right, top, bottom]
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self._fill = setup_fill(fill)
        self.padding_mode = padding_mode

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        left, right, top, bottom = self.padding or (0, 0, 0, 0)
        h, w = self.size
        if self.pad_if_needed:
            down = max(h - (height + top + bottom), 0)
            across = max(w - (width + left + right), 0)
            top, bottom = top + down, bottom + down
            left, right = left + across, right + across
        height, width = height + top + bottom, width + left + right
        if height < h or width < w:
            padded = "padded " if self.padding is not None else ""
            raise ValueError(
                f"Required crop size {(h, w)} is larger than {padded}input image size "
                f"{(height, width)}."
            )
        place = [
            _draws.integer(0, spare + 1) if spare else 0
            for spare in (height - h, width - w)
        ]
        return {
            "padding": [left, top, right, bottom],
            "box": (*place, h, w),
            "needs_crop": (height, width) != (h, w),
        }

    def transform(self, inpt, params):
        if any(params["padding"]):
            inpt = self._call_kernel(
                F.pad,
                inpt,
                padding=params["padding"],
                fill=fill_for(self._fill, type(inpt)),
                padding_mode=self.padding_mode,
            )
        if params["needs_crop"]:
            inpt = self._call_kernel(F.crop, inpt, *params["box"])
        return inpt


class RandomIoUCrop(Transform):
    """Cut out a random box that overlaps a box of the sample enough (Liu et al. 2016).

    Boxes whose middle is outside become zeros; :class:`SanitizeBoundingBoxes` leaves
    them out.

    Args:
        min_scale: the least part of each side. Default: 0.3.
        max_scale: the largest. Default: 1.
        min_aspect_ratio: the least width by height. Default: 0.5.
        max_aspect_ratio: the largest. Default: 2.
        sampler_options: the least overlaps to choose from; 1 crops nothing. Default:
            0, 0.1, 0.3, 0.5, 0.7, 0.9 and 1.
        trials: how often to try before choosing another overlap. Default: 40.

    Raises:
        TypeError: a sample without an image or without boxes.
    """

    def __init__(
        self,
        min_scale=0.3,
        max_scale=1.0,
        min_aspect_ratio=0.5,
        max_aspect_ratio=2.0,
        sampler_options=None,
        trials=40,
    ) -> None:
        super().__init__()
        self.min_scale = min_scale
        self.max_scale = max_scale
        self.min_aspect_ratio = min_aspect_ratio
        self.max_aspect_ratio = max_aspect_ratio
        if sampler_options is None:
            sampler_options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]
        self.options = sampler_options
        self.trials = trials

    def check_inputs(self, flat_inputs) -> None:
        images = (is_pil_image, tv_tensors.Image, F.is_pure_tensor)
        if not (
            has_all(flat_inputs, tv_tensors.BoundingBoxes)
            and has_any(flat_inputs, *images)
        ):
            raise TypeError(
                f"{type(self).__name__}() requires input sample to contain tensor or "
                "PIL images and bounding boxes. Sample can also contain masks."
            )

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        boxes = get_bounding_boxes(flat_inputs)
        corners = as_corners(boxes.as_subclass(rushlight.Tensor), boxes.format)
        middles = 0.5 * (corners[:, :2] + corners[:, 2:])
        while True:
            overlap = self.options[_draws.integer(0, len(self.options))]
            if overlap >= 1.0:
                return {}
            for _ in range(self.trials):
                found = self._try(height, width, corners, middles, overlap)
                if found is not None:
                    return found

    def _try(self, height, width, corners, middles, overlap):
        span = self.max_scale - self.min_scale
        w, h = self.min_scale + span * rushlight.rand(2)
        w, h = int(width * w), int(height * h)
        if not self.min_aspect_ratio <= w / h <= self.max_aspect_ratio:
            return None
        x, y = rushlight.rand(2)
        left, top = int((width - w) * x), int((height - h) * y)
        box = rushlight.tensor([[left, top, left + w, top + h]]).to(corners)
        inside = (middles > box[:, :2]) & (middles < box[:, 2:])
        inside = inside.all(-1)
        if w == 0 or h == 0 or not inside.any():
            return None
        if box_iou(corners[inside], box).max() < overlap:
            return None
        return {"box": (top, left, h, w), "inside": inside}

    def transform(self, inpt, params):
        if not params:
            return inpt
        output = self._call_kernel(F.crop, inpt, *params["box"])
        if isinstance(output, tv_tensors.BoundingBoxes):
            output[~params["inside"]] = 0
        return output


class _RandomSize(Transform):
    """A resize to a size that :meth:`make_params` draws."""

    interpolation: object
    antialias: object

    def transform(self, inpt, params):
        return self._call_kernel(
            F.resize,
            inpt,
            size=params["size"],
            interpolation=self.interpolation,
            antialias=self.antialias,
        )


class ScaleJitter(_RandomSize):
    """Resize to a random multiple of what fits a size (Ghiasi et al. 2021).

    Args:
        target_size: ``(height, width)``; the ratio of the image is kept.
        scale_range: the multiples. Default: (0.1, 2).
        interpolation: a mode, its name, or Pillow's number of one. Default: bilinear.
        antialias: widen the filter when images become smaller. Default: ``True``.
    """

    def __init__(
        self,
        target_size,
        scale_range=(0.1, 2.0),
        interpolation="bilinear",
        antialias=True,
    ) -> None:
        super().__init__()
        self.target_size = target_size
        self.scale_range = scale_range
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        low, high = self.scale_range
        scale = low + rushlight.rand(1) * (high - low)
        ratio = min(self.target_size[1] / height, self.target_size[0] / width) * scale
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomShortestSize(_RandomSize):
    """Resize the shorter side to a length of a list.

    Args:
        min_size: the lengths, or one.
        max_size: the longer side's most.
        interpolation: a mode, its name, or Pillow's number of one. Default: bilinear.
        antialias: widen the filter when images become smaller. Default: ``True``.
    """

    def __init__(
        self, min_size, max_size=None, interpolation="bilinear", antialias=True
    ) -> None:
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        length = self.min_size[_draws.integer(0, len(self.min_size))]
        ratio = length / min(height, width)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(height, width))
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomResize(_RandomSize):
    """Resize the shorter side to a random length.

    Args:
        min_size: the least.
        max_size: one more than the largest.
        interpolation: a mode, its name, or Pillow's number of one. Default: bilinear.
        antialias: widen the filter when images become smaller. Default: ``True``.
    """

    def __init__(
        self, min_size, max_size, interpolation="bilinear", antialias=True
    ) -> None:
        super().__init__()
        self.min_size = min_size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs):
        return {"size": [_draws.integer(self.min_size, self.max_size)]}
