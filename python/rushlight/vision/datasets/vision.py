"""The base of the datasets: a folder, transforms and a description."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from rushlight.utils.data import Dataset

__all__ = ["StandardTransform", "VisionDataset"]


class VisionDataset(Dataset):
    """Base class of datasets of images in a folder.

    A subclass has ``__getitem__`` and ``__len__``; its ``extra_repr`` adds lines to the
    description.

    Args:
        root: the folder; ``~`` is the user's own. Default: ``None``.
        transforms: called with an image and its target, returns both.
        transform: called with the image.
        target_transform: called with the target.

    Raises:
        ValueError: ``transforms`` beside one of the others.

    Example:
        >>> from rushlight.vision.datasets import VisionDataset
        >>> class Numbers(VisionDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return self.transform(index)
        >>> Numbers(transform=float)[1]
        1.0
    """

    _repr_indent = 4

    def __init__(
        self,
        root: Any = None,
        transforms: Callable | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        single = transform is not None or target_transform is not None
        if transforms is not None and single:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as "
                "argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        if single:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        lines = [" " * self._repr_indent + line for line in body]
        return "\n".join([f"Dataset {type(self).__name__}", *lines])

    def extra_repr(self) -> str:
        """Further lines of the description."""
        return ""

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """An image and its target, each by its own transform."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target


class StandardTransform:
    """A transform of the image and one of the target as a transform of both.

    Args:
        transform: called with the image. Default: ``None``.
        target_transform: called with the target. Default: ``None``.

    Example:
        >>> from rushlight.vision.datasets.vision import StandardTransform
        >>> StandardTransform(float, str)(1, 2)
        (1.0, '2')
    """

    def __init__(
        self,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        body = [type(self).__name__]
        if self.transform is not None:
            body += _indented(self.transform, "Transform: ")
        if self.target_transform is not None:
            body += _indented(self.target_transform, "Target transform: ")
        return "\n".join(body)


def _indented(transform: Callable, head: str) -> list[str]:
    first, *rest = repr(transform).splitlines() or [""]
    return [head + first, *(" " * len(head) + line for line in rest)]
