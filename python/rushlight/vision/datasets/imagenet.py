"""ImageNet (ILSVRC2012): its archives and its folders."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rushlight
from rushlight.vision.datasets.folder import ImageFolder
from rushlight.vision.datasets.utils import (
    check_integrity,
    extract_archive,
    verify_str_arg,
)

__all__ = ["ImageNet"]

ARCHIVE_META = {
    "train": ("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e"),
    "val": ("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
    "devkit": ("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
}
META_FILE = "meta.bin"


class ImageNet(ImageFolder):
    """The thousand classes of ImageNet's challenge (Russakovsky 2015).

    The archives cannot be downloaded without an account: fetch them from image-net.org
    and put them in ``root``; they are extracted at first use. SciPy reads the
    development kit.

    Args:
        root: the folder of the archives, or of what was extracted.
        split: ``'train'`` or ``'val'``. Default: ``'train'``.
        **kwargs: ``transform``, ``target_transform`` and ``loader``, as of
            :class:`~rushlight.vision.datasets.ImageFolder`.

    Attributes:
        classes: the classes' names, a tuple of synonyms each.
        class_to_idx: from a synonym to its class' index.
        wnids: WordNet's ids of the classes.
        wnid_to_idx: from WordNet's ids to indices.

    Raises:
        RuntimeError: an archive that is needed is not there or damaged.
    """

    def __init__(self, root: str | Path, split: str = "train", **kwargs: Any) -> None:
        root = self.root = os.path.expanduser(root)
        self.split = verify_str_arg(split, "split", ("train", "val"))
        self.parse_archives()
        wnid_to_classes = load_meta_file(self.root)[0]
        super().__init__(self.split_folder, **kwargs)
        self.root = root
        self.wnids = self.classes
        self.wnid_to_idx = self.class_to_idx
        self.classes = [wnid_to_classes[wnid] for wnid in self.wnids]  # type: ignore
        self.class_to_idx = {
            name: index for index, names in enumerate(self.classes) for name in names
        }

    def parse_archives(self) -> None:
        """Extract what is needed and not there yet."""
        if not check_integrity(os.path.join(self.root, META_FILE)):
            parse_devkit_archive(self.root)
        if not os.path.isdir(self.split_folder):
            if self.split == "train":
                parse_train_archive(self.root)
            else:
                parse_val_archive(self.root)

    @property
    def split_folder(self) -> str:
        """The folder of the split's classes."""
        return os.path.join(self.root, self.split)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


def load_meta_file(
    root: str | Path, file: str | None = None
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What :func:`parse_devkit_archive` has written.

    Args:
        root: the folder.
        file: the file's name. Default: ``meta.bin``.

    Returns:
        From WordNet's ids to names, and the id of each validation image.

    Raises:
        RuntimeError: the file is not there.
    """
    file = META_FILE if file is None else file
    path = os.path.join(root, file)
    if not check_integrity(path):
        raise RuntimeError(
            f"The meta file {path} is not present in the root directory or is "
            "corrupted. This file is automatically created by the ImageNet dataset."
        )
    return rushlight.load(path, weights_only=True)


def _verify_archive(root: str | Path, file: str, md5: str) -> str:
    path = os.path.join(root, file)
    if not check_integrity(path, md5):
        raise RuntimeError(
            f"The archive {file} is not present in the root directory or is corrupted. "
            f"You need to download it externally and place it in {root}."
        )
    return path


def parse_devkit_archive(root: str | Path, file: str | None = None) -> None:
    """Write ``meta.bin`` from the development kit's archive.

    Args:
        root: the folder of the archive.
        file: the archive's name. Default: as published, with its checksum.

    Raises:
        RuntimeError: the archive is not there or damaged.
        ModuleNotFoundError: SciPy, which reads the kit's tables, is not installed.
    """
    name, md5 = ARCHIVE_META["devkit"]
    archive = _verify_archive(root, file or name, md5)
    with tempfile.TemporaryDirectory() as folder:
        extract_archive(archive, folder)
        kit = os.path.join(folder, "ILSVRC2012_devkit_t12", "data")
        wnids, names = _synsets(os.path.join(kit, "meta.mat"))
        truth = os.path.join(kit, "ILSVRC2012_validation_ground_truth.txt")
        with open(truth) as lines:
            val_wnids = [wnids[int(line)] for line in lines]
    rushlight.save((names, val_wnids), os.path.join(root, META_FILE))


def _synsets(path: str) -> tuple[dict[int, str], dict[str, tuple[str, ...]]]:
    """From numbers to WordNet's ids, and from these to names; the leaves alone."""
    try:
        tables: Any = importlib.import_module("scipy.io")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "ImageNet's development kit is read by SciPy, which is not installed: pip "
            "install scipy",
            name="scipy",
        ) from error
    wnids, names = {}, {}
    for row in tables.loadmat(path, squeeze_me=True)["synsets"]:
        number, wnid, synonyms, children = row[0], row[1], row[2], row[4]
        if children == 0:
            wnids[int(number)] = str(wnid)
            names[str(wnid)] = tuple(str(synonyms).split(", "))
    return wnids, names


@contextmanager
def _made_whole(folder: str) -> Iterator[str]:
    """A folder to fill, which takes its name when all is in it."""
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    yield part
    os.rename(part, folder)


def parse_train_archive(
    root: str | Path, file: str | None = None, folder: str = "train"
) -> None:
    """Extract the archive of the training images, a folder a class.

    Args:
        root: the folder of the archive.
        file: the archive's name. Default: as published, with its checksum.
        folder: where the images go, below ``root``. Default: ``'train'``.

    Raises:
        RuntimeError: the archive is not there or damaged.
    """
    name, md5 = ARCHIVE_META["train"]
    archive = _verify_archive(root, file or name, md5)
    with _made_whole(os.path.join(root, folder)) as target:
        extract_archive(archive, target)
        for inner in sorted(os.listdir(target)):
            path = os.path.join(target, inner)
            extract_archive(path, os.path.splitext(path)[0], remove_finished=True)


def parse_val_archive(
    root: str | Path,
    file: str | None = None,
    wnids: list[str] | None = None,
    folder: str = "val",
) -> None:
    """Extract the archive of the validation images and sort them into classes.

    Args:
        root: the folder of the archive.
        file: the archive's name. Default: as published, with its checksum.
        wnids: the WordNet id of each image in the order of their names. Default: as
            ``meta.bin`` has them.
        folder: where the images go, below ``root``. Default: ``'val'``.

    Raises:
        RuntimeError: the archive is not there or damaged.
    """
    name, md5 = ARCHIVE_META["val"]
    archive = _verify_archive(root, file or name, md5)
    if wnids is None:
        wnids = load_meta_file(root)[1]
    with _made_whole(os.path.join(root, folder)) as target:
        extract_archive(archive, target)
        images = sorted(os.listdir(target))
        for wnid in set(wnids):
            os.mkdir(os.path.join(target, wnid))
        for wnid, image in zip(wnids, images):
            shutil.move(os.path.join(target, image), os.path.join(target, wnid, image))
