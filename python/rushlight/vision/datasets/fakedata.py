"""Images made up at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rushlight
from rushlight.vision.datasets.vision import VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Images of noise with random classes, the same for an index every time.

    Args:
        size: the number of images. Default: 1000.
        image_size: ``(C, H, W)``. Default: ``(3, 224, 224)``.
        num_classes: Default: 10.
        transform: called with the image, a ``PIL.Image.Image``.
        target_transform: called with the class' index, a tensor of shape ``()``.
        random_offset: added to the index for the seed. Default: 0.

    Example:
        >>> from rushlight.vision.datasets import FakeData
        >>> FakeData(size=5)
        Dataset FakeData
            Number of datapoints: 5
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from rushlight.vision.transforms.functional import to_pil_image

        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        generator = rushlight.Generator()
        generator.manual_seed(index + self.random_offset)
        image = rushlight.randn(*self.image_size, generator=generator)
        target = rushlight.randint(0, self.num_classes, (1,), generator=generator)[0]
        picture, label = self._transformed(to_pil_image(image), target)
        return picture, label.item() if isinstance(label, rushlight.Tensor) else label

    def __len__(self) -> int:
        return self.size
