"""COCO: images with objects or captions, in the annotations' own JSON format."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rushlight.vision.datasets._coco import COCO
from rushlight.vision.datasets.folder import pil_loader
from rushlight.vision.datasets.vision import VisionDataset

__all__ = ["CocoCaptions", "CocoDetection"]


class CocoDetection(VisionDataset):
    """Images with the annotations of their objects (Lin 2014).

    Args:
        root: the folder of the images.
        annFile: the file of annotations, JSON.
        transform: called with the image, a ``PIL.Image.Image`` in RGB.
        target_transform: called with the annotations, a list of dicts.
        transforms: called with both.

    Attributes:
        coco: the annotations, with ``imgs``, ``anns``, ``cats``, ``loadAnns``,
            ``getAnnIds`` and their like.
        ids: the images' ids, sorted.

    Raises:
        ValueError: the file does not hold annotations.
    """

    def __init__(
        self,
        root: str | Path,
        annFile: str,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        transforms: Callable | None = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.coco = COCO(annFile)
        self.ids = sorted(self.coco.imgs)

    def _load_image(self, id: int) -> Any:
        name = self.coco.loadImgs(id)[0]["file_name"]
        return pil_loader(os.path.join(self.root, name))

    def _load_target(self, id: int) -> list[Any]:
        return self.coco.loadAnns(self.coco.getAnnIds(id))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ValueError(
                f"Index must be of type integer, got {type(index)} instead."
            )
        id = self.ids[index]
        image, target = self._load_image(id), self._load_target(id)
        if self.transforms is not None:
            image, target = self.transforms(image, target)
        return image, target

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """Images with their captions, a list of texts each.

    The arguments are those of :class:`CocoDetection`.
    """

    def _load_target(self, id: int) -> list[str]:
        return [annotation["caption"] for annotation in super()._load_target(id)]
