"""Datasets of files in one folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rushlight.vision._pillow import pillow
from rushlight.vision.datasets.vision import VisionDataset

__all__ = [
    "IMG_EXTENSIONS",
    "DatasetFolder",
    "ImageFolder",
    "default_loader",
    "find_classes",
    "has_file_allowed_extension",
    "is_image_file",
    "make_dataset",
    "pil_loader",
]

IMG_EXTENSIONS = tuple(".jpg .jpeg .png .ppm .bmp .pgm .tif .tiff .webp".split())


def has_file_allowed_extension(
    filename: str, extensions: str | tuple[str, ...]
) -> bool:
    """Whether a file's name ends with one of the extensions, in any case.

    Args:
        filename: the name or path.
        extensions: endings in lower case.
    """
    if not isinstance(extensions, str):
        extensions = tuple(extensions)
    return filename.lower().endswith(extensions)


def is_image_file(filename: str) -> bool:
    """Whether a file's name is that of an image.

    Args:
        filename: the name or path.

    Example:
        >>> from rushlight.vision.datasets.folder import is_image_file
        >>> is_image_file("cat/1.JPG"), is_image_file("cat/1.txt")
        (True, False)
    """
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: str | Path) -> tuple[list[str], dict[str, int]]:
    """The classes of a dataset: the names of the folder's folders, sorted.

    Args:
        directory: the folder.

    Returns:
        The names, and from names to indices.

    Raises:
        FileNotFoundError: there is no folder in it.
    """
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: index for index, name in enumerate(classes)}


def make_dataset(
    directory: str | Path,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """The files below the classes' folders, sorted, each with its class' index.

    Args:
        directory: the folder of the classes' folders.
        class_to_idx: from names to indices. Default: what :func:`find_classes` finds.
        extensions: endings of the files' names.
        is_valid_file: tells of a path whether it belongs; instead of ``extensions``.
        allow_empty: let a class have no file. Default: ``False``.

    Raises:
        ValueError: both or none of ``extensions`` and ``is_valid_file``; no class.
        FileNotFoundError: a class without a file.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError(
            "'class_to_index' must have at least one entry to collect any samples."
        )
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same "
            "time"
        )
    if is_valid_file is None:
        assert extensions is not None
        endings = (extensions,) if isinstance(extensions, str) else tuple(extensions)

        def is_valid_file(path: str) -> bool:
            return path.lower().endswith(endings)

    samples: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        before = len(samples)
        walked = os.walk(os.path.join(directory, name), followlinks=True)
        for folder, _, files in sorted(walked):
            for file in sorted(files):
                path = os.path.join(folder, file)
                if is_valid_file(path):
                    samples.append((path, class_to_idx[name]))
        if len(samples) == before:
            empty.append(name)
    if empty and not allow_empty:
        listed = extensions if isinstance(extensions, str) else None
        if extensions is not None and listed is None:
            listed = ", ".join(extensions)
        known = f"Supported extensions are: {listed}" if extensions is not None else ""
        raise FileNotFoundError(
            f"Found no valid file for the classes {', '.join(empty)}. {known}"
        )
    return samples


class DatasetFolder(VisionDataset):
    """Files of any kind in one folder a class: ``root/class/.../file``.

    Args:
        root: the folder of the classes' folders.
        loader: makes a sample of a path.
        extensions: endings of the files' names, in lower case.
        transform: called with the sample.
        target_transform: called with the class' index.
        is_valid_file: tells of a path whether it belongs; instead of ``extensions``.
        allow_empty: let a class have no file. Default: ``False``.

    Attributes:
        classes: the names of the classes, sorted.
        class_to_idx: from names to indices.
        samples: the files: path and class' index.
        targets: the indices alone.

    Raises:
        FileNotFoundError: no class, or a class without a file.
        ValueError: both or none of ``extensions`` and ``is_valid_file``.

    Example:
        >>> import pathlib, tempfile
        >>> from rushlight.vision.datasets import DatasetFolder
        >>> with tempfile.TemporaryDirectory() as root:
        ...     for name in "ab":
        ...         folder = pathlib.Path(root, name)
        ...         folder.mkdir()
        ...         _ = (folder / "1.txt").write_text(name * 3)
        ...     read = lambda path: pathlib.Path(path).read_text()
        ...     list(DatasetFolder(root, read, (".txt",)))
        [('aaa', 0), ('bbb', 1)]
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        classes, class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root,
            class_to_idx=class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.loader = loader
        self.extensions = extensions
        self.classes = classes
        self.class_to_idx = class_to_idx
        self.targets = [target for _, target in self.samples]

    @staticmethod
    def make_dataset(
        directory: str | Path,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The samples; a subclass may find them elsewhere. See :func:`make_dataset`."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(
            directory, class_to_idx, extensions, is_valid_file, allow_empty
        )

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The classes; a subclass may name others. See :func:`find_classes`."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


def pil_loader(path: str | Path) -> Any:
    """The image in a file, by Pillow, in RGB.

    Args:
        path: the file.

    Returns:
        A ``PIL.Image.Image`` whose pixels are read.

    Raises:
        ModuleNotFoundError: Pillow, an optional dependency, is not installed.
    """
    image_module = pillow("Image", "loading an image")
    with open(path, "rb") as file:
        return image_module.open(file).convert("RGB")


def default_loader(path: str | Path) -> Any:
    """The image in a file: :func:`pil_loader`.

    Args:
        path: the file.
    """
    return pil_loader(path)


class ImageFolder(DatasetFolder):
    """Images in one folder a class: ``root/class/.../image.png``.

    Args:
        root: the folder of the classes' folders.
        transform: called with the image.
        target_transform: called with the class' index.
        loader: makes an image of a path. Default: by Pillow, in RGB.
        is_valid_file: tells of a path whether it belongs. Default: by the endings of
            images' names, :data:`IMG_EXTENSIONS`.
        allow_empty: let a class have no image. Default: ``False``.

    Attributes:
        imgs: the same as ``samples``; for the others see :class:`DatasetFolder`.

    Raises:
        FileNotFoundError: no class, or a class without an image.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform,
            target_transform,
            is_valid_file,
            allow_empty,
        )
        self.imgs = self.samples
