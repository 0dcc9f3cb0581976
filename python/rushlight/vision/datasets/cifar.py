"""CIFAR-10 and CIFAR-100: small colour images."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rushlight.vision._pillow import pillow
from rushlight.vision.datasets._arrays import load_arrays
from rushlight.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
)
from rushlight.vision.datasets.vision import VisionDataset

__all__ = ["CIFAR10", "CIFAR100"]


class CIFAR10(VisionDataset):
    """Ten classes of things (Krizhevsky 2009): 50,000 to train with, 10,000 to test.

    The files' pickles are read by a machine that runs nothing of what they name.

    Args:
        root: the folder that has ``cifar-10-batches-py``.
        train: the training images, not the test images. Default: ``True``.
        transform: called with the image, a ``PIL.Image.Image`` in RGB, 32 x 32.
        target_transform: called with the class' index.
        download: fetch the archive if the files are not there; mirrors by
            ``RUSHLIGHT_MIRRORS`` (see :mod:`rushlight.vision.datasets.utils`). Default:
            ``False``.

    Attributes:
        data: all images, a NumPy array of shape ``(N, 32, 32, 3)``, ``uint8``.
        targets: a list of the classes' indices.
        classes: the names of the classes.
        class_to_idx: from names to indices.

    Raises:
        RuntimeError: the files are not there or damaged.
        pickle.UnpicklingError: a file holds more than data.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to "
                "download it"
            )
        self.data, self.targets = self._load()
        self._load_meta()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _load(self) -> tuple[Any, list[int]]:
        import numpy as np

        parts, targets = [], []
        for name, _ in self.train_list if self.train else self.test_list:
            entry = load_arrays(self._path(name))
            labels = entry.get("labels", entry.get("fine_labels"))
            data = entry.get("data")
            if (
                not isinstance(data, np.ndarray)
                or data.ndim != 2
                or data.shape[1] != 3 * 32 * 32
                or not isinstance(labels, list)
                or not all(type(label) is int for label in labels)
                or len(labels) != len(data)
            ):
                raise RuntimeError(f"{self._path(name)}: has no images with labels")
            parts.append(data.reshape(-1, 3, 32, 32))
            targets += labels
        if not parts:
            raise RuntimeError(f"{type(self).__name__} names no files of images")
        return np.concatenate(parts).transpose((0, 2, 3, 1)), targets

    def _load_meta(self) -> None:
        path = self._path(self.meta["filename"])
        if not check_integrity(path, self.meta["md5"]):
            raise RuntimeError(
                "Dataset metadata file not found or corrupted. You can use "
                "download=True to download it"
            )
        self.classes = load_arrays(path)[self.meta["key"]]
        self.class_to_idx = {name: index for index, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = pillow("Image", type(self).__name__).fromarray(self.data[index])
        return self._transformed(image, self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(
            check_integrity(self._path(name), md5)
            for name, md5 in self.train_list + self.test_list
        )

    def download(self) -> None:
        """Fetch and extract the archive if a file is not there or damaged."""
        if not self._check_integrity():
            download_and_extract_archive(
                self.url, self.root, filename=self.filename, md5=self.tgz_md5
            )

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """A hundred classes of things (Krizhevsky 2009); :class:`CIFAR10`'s arguments.

    The files are in ``cifar-100-python``; the targets are the fine labels.
    """

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }
