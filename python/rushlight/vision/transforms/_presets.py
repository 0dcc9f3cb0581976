"""The transforms that published weights come with."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.transforms import functional
from rushlight.vision.transforms.functional import InterpolationMode

__all__ = ["ImageClassification"]


class ImageClassification(nn.Module):
    """Prepares images for a network that classifies them.

    Args:
        crop_size: the side of the square cut from the middle, in pixels.
        resize_size: what the shorter side is resized to before, in pixels. Default:
            256.
        mean: subtracted from the channels, of values from 0 to 1.
        std: the channels are divided by it.
        interpolation: between pixels. Default: bilinear.
        antialias: smooth a tensor that is made smaller. Default: ``True``.

    Shape:
        - Input: a ``PIL.Image.Image``, or a tensor ``(C, H, W)`` or ``(N, C, H, W)``.
        - Output: ``(C, crop, crop)`` or ``(N, C, crop, crop)``, ``float32``.
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> rushlight.Tensor:
        img = functional.resize(
            img,
            self.resize_size,
            interpolation=self.interpolation,
            antialias=self.antialias,
        )
        img = functional.center_crop(img, self.crop_size)
        if not isinstance(img, rushlight.Tensor):
            img = functional.pil_to_tensor(img)
        img = functional.convert_image_dtype(img, rushlight.float32)
        return functional.normalize(img, mean=self.mean, std=self.std)

    def __repr__(self) -> str:
        names = ("crop_size", "resize_size", "mean", "std", "interpolation")
        rows = [f"    {name}={getattr(self, name)}" for name in names]
        return "\n".join([f"{type(self).__name__}(", *rows, ")"])

    def describe(self) -> str:
        """What it does, in a sentence."""
        return (
            f"Resizes the shorter side to {self.resize_size[0]} pixels "
            f"({self.interpolation.value}), crops the middle {self.crop_size[0]} x "
            f"{self.crop_size[0]}, and normalises values from 0 to 1 by the mean "
            f"{self.mean} and the deviation {self.std}."
        )
