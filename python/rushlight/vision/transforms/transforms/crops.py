"""Transforms of size: resizing, crops, borders, flips."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from rushlight import nn
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms._arguments import (
    check_padding_mode,
    check_ranges,
    setup_size,
    sides,
)
from rushlight.vision.transforms._modes import InterpolationMode, mode_from_int

__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
]


def known_mode(interpolation):
    """The mode of one of Pillow's numbers; anything else as it is."""
    if isinstance(interpolation, int):
        return mode_from_int(interpolation)
    return interpolation


class Resize(nn.Module):
    """Bring images to another size.

    Args:
        size: ``(height, width)``, or the length of the shorter side.
        interpolation: an :class:`InterpolationMode` or Pillow's number of one.
            Default: bilinear.
        max_size: the longer side's most, where ``size`` is the shorter's.
        antialias: widen the filter when tensors become smaller. Default: ``True``.

    Raises:
        TypeError: a size of another type.
        ValueError: another number of sizes.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> transforms.Resize(10)(rushlight.zeros(3, 20, 30)).shape
        rushlight.Size([3, 10, 15])
    """

    def __init__(
        self,
        size,
        interpolation=InterpolationMode.BILINEAR,
        max_size=None,
        antialias=True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError(
                f"If size is a sequence, it should have 1 or 2 values, got {size}"
            )
        self.size = size
        self.interpolation = known_mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img):
        return F.resize(
            img, self.size, self.interpolation, self.max_size, self.antialias
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, "
            f"interpolation={self.interpolation.value}, max_size={self.max_size}, "
            f"antialias={self.antialias})"
        )


class CenterCrop(nn.Module):
    """Cut out the middle; smaller images are padded with 0 first.

    Args:
        size: ``(height, width)``, or one number for both.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> transforms.CenterCrop(1)(rushlight.arange(9).view(1, 3, 3))
        tensor([[[4]]])
    """

    def __init__(self, size) -> None:
        super().__init__()
        self.size = setup_size(size)

    def forward(self, img):
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(nn.Module):
    """Put a border around images.

    Args:
        padding: pixels on all sides, ``(left and right, top and bottom)``, or ``(left,
            top, right, bottom)``.
        fill: the border's value; for Pillow images also one a channel. Default: 0.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.

    Raises:
        TypeError: an argument of another type.
        ValueError: another number of widths, or an unknown mode.
    """

    def __init__(self, padding, fill=0, padding_mode="constant") -> None:
        super().__init__()
        if not isinstance(padding, (numbers.Number, tuple, list)):
            raise TypeError(f"Got inappropriate padding arg {padding!r}")
        if not isinstance(fill, (numbers.Number, tuple, list)):
            raise TypeError(f"Got inappropriate fill arg {fill!r}")
        check_padding_mode(padding_mode)
        sides(padding)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img):
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(nn.Module):
    """Cut out a box of a size at a random place.

    Args:
        size: ``(height, width)``, or one number for both.
        padding: a border put around the image first, as of :class:`Pad`.
        pad_if_needed: pad smaller images to the size, on both sides. Default:
            ``False``, which raises ValueError for them.
        fill: the border's value. Default: 0.
        padding_mode: as of :class:`Pad`. Default: ``"constant"``.
    """

    @staticmethod
    def get_params(img, output_size) -> tuple[int, int, int, int]:
        """Draw top and left; with height and width."""
        _, height, width = F.get_dimensions(img)
        h, w = output_size
        if height < h or width < w:
            raise ValueError(
                f"Required crop size {(h, w)} is larger than input image size "
                f"{(height, width)}"
            )
        if (height, width) == (h, w):
            return 0, 0, h, w
        top = _draws.integer(0, height - h + 1)
        return top, _draws.integer(0, width - w + 1), h, w

    def __init__(
        self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"
    ) -> None:
        super().__init__()
        self.size = tuple(setup_size(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img):
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        across, down = self.size[1] - width, self.size[0] - height
        if self.pad_if_needed and across > 0:
            img = F.pad(img, [across, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and down > 0:
            img = F.pad(img, [0, down], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomHorizontalFlip(nn.Module):
    """Mirror an image left to right, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img):
        return F.hflip(img) if _draws.chance(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(nn.Module):
    """Turn an image upside down, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img):
        return F.vflip(img) if _draws.chance(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomResizedCrop(nn.Module):
    """Cut out a box of random area and ratio, and resize it: for training.

    Args:
        size: the result's ``(height, width)``, or one number for both.
        scale: the box's least and largest part of the area. Default: (0.08, 1).
        ratio: the least and largest width by height. Default: (3/4, 4/3).
        interpolation: an :class:`InterpolationMode`. Default: bilinear.
        antialias: widen the filter when tensors become smaller. Default: ``True``.

    Raises:
        TypeError: ranges that are no sequences.
        ValueError: another number of sizes.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> transforms.RandomResizedCrop(8)(rushlight.zeros(3, 20, 30)).shape
        rushlight.Size([3, 8, 8])
    """

    def __init__(
        self,
        size,
        scale=(0.08, 1.0),
        ratio=(3.0 / 4.0, 4.0 / 3.0),
        interpolation=InterpolationMode.BILINEAR,
        antialias=True,
    ) -> None:
        super().__init__()
        self.size = setup_size(size)
        check_ranges(scale, ratio)
        self.interpolation = known_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img, scale, ratio) -> tuple[int, int, int, int]:
        """Draw top, left, height and width of the box."""
        _, height, width = F.get_dimensions(img)
        return _draws.resized_crop(height, width, scale, ratio)

    def forward(self, img):
        box = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(
            img, *box, self.size, self.interpolation, antialias=self.antialias
        )

    def __repr__(self) -> str:
        scale, ratio = (
            tuple(round(bound, 4) for bound in bounds)
            for bounds in (self.scale, self.ratio)
        )
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


class FiveCrop(nn.Module):
    """A tuple of the four corners and the middle.

    Args:
        size: ``(height, width)``, or one number for both.
    """

    def __init__(self, size) -> None:
        super().__init__()
        self.size = setup_size(size)

    def forward(self, img):
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(nn.Module):
    """A tuple of the corners and the middle of an image and of its mirror image.

    Args:
        size: ``(height, width)``, or one number for both.
        vertical_flip: turn it upside down instead. Default: ``False``.
    """

    def __init__(self, size, vertical_flip=False) -> None:
        super().__init__()
        self.size = setup_size(size)
        self.vertical_flip = vertical_flip

    def forward(self, img):
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, "
            f"vertical_flip={self.vertical_flip})"
        )
