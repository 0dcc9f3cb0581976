"""Downloads, checksums and archives of datasets.

A file is looked for at the addresses of the environment variable ``RUSHLIGHT_MIRRORS``
first: rules ``published=mirror`` between spaces, where an address that starts with
``published`` is tried with ``mirror`` in its place. For example
``https://www.cs.toronto.edu/~kriz/=http://10.0.0.1/datasets/``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from rushlight.vision import _download
from rushlight.vision.datasets import _archives

__all__ = [
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_url",
    "extract_archive",
    "iterable_to_str",
    "list_dir",
    "list_files",
    "verify_str_arg",
]

T = TypeVar("T", str, bytes)
_ARCHIVES = {".tar": _archives.extract_tar, ".zip": _archives.extract_zip}
_SHORT = {
    ".tbz": (".tar", ".bz2"),
    ".tbz2": (".tar", ".bz2"),
    ".tgz": (".tar", ".gz"),
}


def calculate_md5(fpath: str | Path, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 digest of a file, as 32 hexadecimal digits.

    Args:
        fpath: the file.
        chunk_size: bytes read at once. Default: 1 MiB.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def check_md5(fpath: str | Path, md5: str, **kwargs: int) -> bool:
    """Whether a file has that MD5 digest.

    Args:
        fpath: the file.
        md5: 32 hexadecimal digits.
        **kwargs: passed to :func:`calculate_md5`.
    """
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: str | Path, md5: str | None = None) -> bool:
    """Whether a file is there and, where ``md5`` is given, has that digest.

    Args:
        fpath: the file.
        md5: its MD5 digest. Default: any file will do.

    Example:
        >>> from rushlight.vision.datasets.utils import check_integrity
        >>> check_integrity("no such file")
        False
    """
    if not os.path.isfile(fpath):
        return False
    return md5 is None or check_md5(fpath, md5)


def download_url(
    url: str,
    root: str | Path,
    filename: str | Path | None = None,
    md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:
    """Download a file unless it is there.

    It appears under its name when it is whole and has the digest; a download that
    breaks off is taken up again.

    Args:
        url: the file's address; see the module for mirrors of it.
        root: the folder it goes to, made if missing.
        filename: its name there. Default: the address' last part.
        md5: its MD5 digest. Default: not checked.
        max_redirect_hops: redirections that are followed. Default: 3.

    Raises:
        urllib.error.URLError: the file cannot be downloaded.
        RuntimeError: what came does not have the digest.
    """
    name = os.fspath(filename) if filename else os.path.basename(url)
    if not name:
        raise ValueError(f"download_url: {url!r} ends without a name; pass filename=")
    path = os.path.join(os.path.expanduser(root), name)
    if check_integrity(path, md5):
        return

    def verify(part: str) -> None:
        got = calculate_md5(part)
        if got != md5:
            raise RuntimeError(
                f"File not found or corrupted. {url} came with the MD5 digest {got}, "
                f"expected {md5}"
            )

    _download.fetch(
        url, path, verify if md5 is not None else None, max_redirects=max_redirect_hops
    )


def _file_type(path: str) -> tuple[str, str | None, str | None]:
    """The suffix of an archive, its archive type and its compression."""
    suffixes = Path(path).suffixes
    if not suffixes:
        raise RuntimeError(
            f"File '{path}' has no suffixes that could be used to detect the archive "
            "type and compression."
        )
    last = suffixes[-1]
    if last in _SHORT:
        return (last, *_SHORT[last])
    if last in _ARCHIVES:
        return last, last, None
    if last in _archives.OPENERS:
        if len(suffixes) > 1 and suffixes[-2] in _ARCHIVES:
            return suffixes[-2] + last, suffixes[-2], last
        return last, None, last
    known = sorted({*_SHORT, *_ARCHIVES, *_archives.OPENERS})
    raise RuntimeError(
        f"Unknown compression or archive type: '{last}'.\n"
        f"Known suffixes are: '{known}'."
    )


def extract_archive(
    from_path: str | Path, to_path: str | Path | None = None, remove_finished=False
) -> str | Path:
    """Extract an archive, ``.tar`` or ``.zip``, or decompress a single file.

    The kind is told by the name: ``.gz``, ``.bz2`` and ``.xz`` files, tar files
    compressed by them, and zip files. Links, devices and members whose names lead out
    of the folder are refused, and so is what expands to more than 200 times its size.

    Args:
        from_path: the file.
        to_path: the folder to write to. Default: the file's own.
        remove_finished: remove the file in the end. Default: ``False``.

    Returns:
        ``to_path``, or the decompressed file's path.

    Raises:
        RuntimeError: an unknown kind of file, or one that is damaged or refused.
    """
    source = os.fspath(from_path)
    if to_path is None:
        to_path = os.path.dirname(source)
    suffix, archive, compression = _file_type(source)
    result: str | Path = to_path
    if archive is not None:
        _ARCHIVES[archive](source, Path(to_path), compression)
    else:
        assert compression is not None
        result = os.path.join(to_path, os.path.basename(source).removesuffix(suffix))
        _archives.decompress(source, Path(result), compression)
    if remove_finished:
        os.remove(source)
    return result


def download_and_extract_archive(
    url: str,
    download_root: str | Path,
    extract_root: str | Path | None = None,
    filename: str | Path | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """:func:`download_url`, then :func:`extract_archive`.

    Args:
        url: the archive's address.
        download_root: the folder it is downloaded to.
        extract_root: the folder it is extracted to. Default: ``download_root``.
        filename: the archive's name. Default: the address' last part.
        md5: its MD5 digest. Default: not checked.
        remove_finished: remove the archive in the end. Default: ``False``.
    """
    download_root = os.path.expanduser(download_root)
    name = os.fspath(filename) if filename else os.path.basename(url)
    download_url(url, download_root, name, md5)
    extract_archive(
        os.path.join(download_root, name),
        download_root if extract_root is None else os.path.expanduser(extract_root),
        remove_finished,
    )


def list_dir(root: str | Path, prefix: bool = False) -> list[str]:
    """The names of the folders in a folder.

    Args:
        root: the folder.
        prefix: put the folder's path before them. Default: ``False``.
    """
    root = os.path.expanduser(root)
    names = [p for p in os.listdir(root) if os.path.isdir(os.path.join(root, p))]
    return [os.path.join(root, name) for name in names] if prefix else names


def list_files(
    root: str | Path, suffix: str | tuple[str, ...], prefix: bool = False
) -> list[str]:
    """The names of the files in a folder that end with ``suffix``.

    Args:
        root: the folder.
        suffix: an ending, or a tuple of them.
        prefix: put the folder's path before them. Default: ``False``.
    """
    root = os.path.expanduser(root)
    names = [
        p
        for p in os.listdir(root)
        if os.path.isfile(os.path.join(root, p)) and p.endswith(suffix)
    ]
    return [os.path.join(root, name) for name in names] if prefix else names


def iterable_to_str(iterable: Iterable) -> str:
    """The values in quotes, with commas between them.

    Example:
        >>> from rushlight.vision.datasets.utils import iterable_to_str
        >>> iterable_to_str(["train", "val"])
        "'train', 'val'"
    """
    return "'" + "', '".join(str(item) for item in iterable) + "'"


def verify_str_arg(
    value: T,
    arg: str | None = None,
    valid_values: Iterable[T] | None = None,
    custom_msg: str | None = None,
) -> T:
    """The value, after a check that it is a string and one of the valid ones.

    Args:
        value: what a caller passed.
        arg: the argument's name, for the error.
        valid_values: what is allowed. Default: any string.
        custom_msg: another text for a value that is not allowed.

    Raises:
        ValueError: it is no string, or not valid.
    """
    if not isinstance(value, str):
        named = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{named}, but got type {type(value)}.")
    if valid_values is None:
        return value
    valid = tuple(valid_values)
    if value not in valid:
        raise ValueError(
            custom_msg
            or f"Unknown value '{value}' for argument {arg}. Valid values are "
            f"{{{iterable_to_str(valid)}}}."
        )
    return value
