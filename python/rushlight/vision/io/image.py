"""Images between files and tensors, by Pillow."""

from __future__ import annotations

import io
import os
from enum import Enum
from typing import Any

import rushlight
from rushlight.vision._pillow import pillow

__all__ = [
    "ImageReadMode",
    "decode_avif",
    "decode_gif",
    "decode_heic",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_webp",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "write_file",
    "write_jpeg",
    "write_png",
]


class ImageReadMode(Enum):
    """The channels an image is read with: its own, or converted to these.

    Example:
        >>> from rushlight.vision.io import ImageReadMode
        >>> ImageReadMode["RGB"]
        <ImageReadMode.RGB: 3>
    """

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


_MODES = {
    ImageReadMode.GRAY: "L",
    ImageReadMode.GRAY_ALPHA: "LA",
    ImageReadMode.RGB: "RGB",
    ImageReadMode.RGB_ALPHA: "RGBA",
}
_OWN_MODES = ("L", "LA", "RGB", "RGBA", "CMYK")


def read_file(path: str) -> rushlight.Tensor:
    """The bytes of a file.

    Args:
        path: the file.

    Returns:
        Shape ``(N,)``, ``uint8``.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        data = bytearray(os.fstat(file.fileno()).st_size)
        del data[file.readinto(data) :]
    if not data:
        return rushlight.empty(0, dtype=rushlight.uint8)
    return rushlight.frombuffer(data, dtype=rushlight.uint8)


def write_file(filename: str, data: rushlight.Tensor) -> None:
    """Write bytes to a file.

    Args:
        filename: the file.
        data: shape ``(N,)``, ``uint8``.

    Raises:
        RuntimeError: other data.
        OSError: the file cannot be written.
    """
    raw = _bytes(data, "write_file")
    with open(filename, "wb") as file:
        file.write(raw)


def _bytes(data: Any, name: str) -> memoryview:
    if (
        not isinstance(data, rushlight.Tensor)
        or data.dtype is not rushlight.uint8
        or data.dim() != 1
    ):
        found = (
            f"{tuple(data.shape)} of {data.dtype}"
            if isinstance(data, rushlight.Tensor)
            else f"a {type(data).__name__}"
        )
        raise RuntimeError(
            f"{name}: expected bytes, shape (N,) of rushlight.uint8, got {found}"
        )
    return data.cpu().contiguous().numpy().data


def _read_mode(mode: Any) -> ImageReadMode:
    if isinstance(mode, str):
        return ImageReadMode[mode.upper()]
    return ImageReadMode(mode)


def _decode(raw: Any, mode: Any, orient: bool, name: str, kinds: Any) -> Any:
    """The image in a file's bytes, of one of Pillow's kinds, as a tensor."""
    image_module = pillow("Image", name)
    mode = _read_mode(mode)
    try:
        image = image_module.open(io.BytesIO(raw), formats=kinds)
        image.load()
    except (OSError, ValueError, SyntaxError, image_module.DecompressionBombError) as e:
        raise RuntimeError(f"{name}: the image cannot be decoded: {e}") from e
    if orient:
        image = pillow("ImageOps", name).exif_transpose(image)
    return _to_tensor(image, mode, raw, name)


def _to_tensor(image: Any, mode: ImageReadMode, raw: Any, name: str) -> Any:
    import numpy as np

    if image.mode.startswith("I") and mode in (
        ImageReadMode.UNCHANGED,
        ImageReadMode.GRAY,
    ):
        array = np.array(image, dtype=np.uint16)  # 16 bits of gray
        return rushlight.from_numpy(array).unsqueeze(0)
    # PNG, third edition, section 11.2.1: the depth is the header's 9th byte.
    if bytes(raw[:8]) == b"\x89PNG\r\n\x1a\n" and raw[24] == 16:
        raise NotImplementedError(
            f"{name}: a PNG image of 16 bits is read in gray alone"
        )
    if mode is not ImageReadMode.UNCHANGED:
        image = image.convert(_MODES[mode])
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in _OWN_MODES:
        alpha = image.has_transparency_data
        image = image.convert("RGBA" if alpha else "RGB")
    pixels = rushlight.from_numpy(np.array(image))
    if pixels.dim() == 2:
        return pixels.unsqueeze(0)
    return pixels.permute(2, 0, 1).contiguous()


def decode_image(
    input: rushlight.Tensor | str,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> rushlight.Tensor:
    """The image in the bytes of a file, or in a file.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``; or a path.
        mode: the channels to convert to, or a mode's name. Default: the image's own.
        apply_exif_orientation: turn the image as its EXIF data says. Default:
            ``False``.

    Returns:
        ``(C, H, W)``, ``uint8``, or ``uint16`` for gray of 16 bits. A GIF of several
        images gives ``(N, C, H, W)``.

    Raises:
        RuntimeError: no image that can be read.
        ModuleNotFoundError: Pillow, an optional dependency, is not installed.
    """
    if not isinstance(input, rushlight.Tensor):
        input = read_file(input)
    raw = _bytes(input, "decode_image")
    if bytes(raw[:4]) == b"GIF8":
        return decode_gif(input)
    return _decode(raw, mode, apply_exif_orientation, "decode_image", None)


def decode_jpeg(
    input: rushlight.Tensor | list[rushlight.Tensor],
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    device: str | rushlight.device = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:
    """The image in the bytes of a JPEG file.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``; or a list of such.
        mode: the channels to convert to. Default: the image's own.
        device: where the image goes. Default: the CPU.
        apply_exif_orientation: turn the image as its EXIF data says. Default:
            ``False``.

    Returns:
        ``(C, H, W)``, ``uint8``; a list for a list.

    Raises:
        RuntimeError: no image that can be read.
    """
    if isinstance(input, list):
        return [decode_jpeg(i, mode, device, apply_exif_orientation) for i in input]
    raw = _bytes(input, "decode_jpeg")
    image = _decode(raw, mode, apply_exif_orientation, "decode_jpeg", ["JPEG"])
    return image.to(device)


def decode_png(
    input: rushlight.Tensor,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> rushlight.Tensor:
    """The image in the bytes of a PNG file.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``.
        mode: the channels to convert to. Default: the image's own.
        apply_exif_orientation: turn the image as its EXIF data says. Default:
            ``False``.

    Returns:
        ``(C, H, W)``, ``uint8``, or ``uint16`` for gray of 16 bits.

    Raises:
        RuntimeError: no image that can be read.
        NotImplementedError: colours of 16 bits.
    """
    raw = _bytes(input, "decode_png")
    return _decode(raw, mode, apply_exif_orientation, "decode_png", ["PNG"])


def decode_webp(
    input: rushlight.Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED
) -> rushlight.Tensor:
    """The image in the bytes of a WebP file.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``.
        mode: the channels to convert to. Default: the image's own.

    Returns:
        ``(C, H, W)``, ``uint8``.

    Raises:
        RuntimeError: no image that can be read.
    """
    return _decode(_bytes(input, "decode_webp"), mode, False, "decode_webp", ["WEBP"])


def decode_avif(
    input: rushlight.Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED
) -> rushlight.Tensor:
    """The image in the bytes of an AVIF file, where Pillow has been built for it.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``.
        mode: the channels to convert to. Default: the image's own.

    Returns:
        ``(C, H, W)``, ``uint8``.

    Raises:
        RuntimeError: no image that can be read.
    """
    return _decode(_bytes(input, "decode_avif"), mode, False, "decode_avif", ["AVIF"])


def decode_heic(
    input: rushlight.Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED
) -> rushlight.Tensor:
    """Not there: Pillow does not read HEIC.

    Args:
        input: the bytes.
        mode: the channels to convert to.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("decode_heic: Pillow does not read HEIC images")


def decode_gif(input: rushlight.Tensor) -> rushlight.Tensor:
    """The images in the bytes of a GIF file.

    Args:
        input: the bytes, shape ``(N,)``, ``uint8``.

    Returns:
        In RGB: ``(3, H, W)`` for an only image, else ``(N, 3, H, W)``, ``uint8``.

    Raises:
        RuntimeError: no image that can be read.
    """
    image_module = pillow("Image", "decode_gif")
    raw = _bytes(input, "decode_gif")
    try:
        image = image_module.open(io.BytesIO(raw), formats=["GIF"])
        frames = []
        for at in range(image.n_frames):
            image.seek(at)
            frames.append(
                _to_tensor(image.copy(), ImageReadMode.RGB, raw, "decode_gif")
            )
    except (OSError, ValueError, SyntaxError, image_module.DecompressionBombError) as e:
        raise RuntimeError(f"decode_gif: the image cannot be decoded: {e}") from e
    return frames[0] if len(frames) == 1 else rushlight.stack(frames)


def read_image(
    path: str,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    apply_exif_orientation: bool = False,
) -> rushlight.Tensor:
    """The image in a file: :func:`decode_image` of its bytes.

    Args:
        path: the file.
        mode: the channels to convert to. Default: the image's own.
        apply_exif_orientation: turn the image as its EXIF data says. Default:
            ``False``.

    Returns:
        ``(C, H, W)``, ``uint8``, or ``uint16`` for gray of 16 bits.

    Raises:
        OSError: the file cannot be read.
        RuntimeError: no image that can be read.
    """
    return decode_image(read_file(path), mode, apply_exif_orientation)


def _encode(input: rushlight.Tensor, name: str, kind: str, **options: Any) -> Any:
    if input.dtype is not rushlight.uint8:
        raise RuntimeError(f"Input tensor dtype should be uint8, got {input.dtype}")
    if input.dim() != 3 or input.size(0) not in (1, 3):
        raise RuntimeError(
            f"{name}: expected shape (1, H, W) or (3, H, W), got {tuple(input.shape)}"
        )
    pixels = input.cpu().permute(1, 2, 0).contiguous().numpy()
    if pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    stream = io.BytesIO()
    pillow("Image", name).fromarray(pixels).save(stream, format=kind, **options)
    return rushlight.frombuffer(bytearray(stream.getvalue()), dtype=rushlight.uint8)


def encode_jpeg(
    input: rushlight.Tensor | list[rushlight.Tensor], quality: int = 75
) -> Any:
    """The bytes of a JPEG file of an image.

    Args:
        input: ``(1, H, W)`` or ``(3, H, W)``, ``uint8``; or a list of such.
        quality: 1 to 100. Default: 75.

    Returns:
        Shape ``(N,)``, ``uint8``; a list for a list.

    Raises:
        ValueError: another quality.
        RuntimeError: another image.
    """
    if quality < 1 or quality > 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        return [encode_jpeg(image, quality) for image in input]
    return _encode(input, "encode_jpeg", "JPEG", quality=quality)


def encode_png(input: rushlight.Tensor, compression_level: int = 6) -> rushlight.Tensor:
    """The bytes of a PNG file of an image.

    Args:
        input: ``(1, H, W)`` or ``(3, H, W)``, ``uint8``.
        compression_level: 0 to 9. Default: 6.

    Returns:
        Shape ``(N,)``, ``uint8``.

    Raises:
        RuntimeError: another level or image.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.io import decode_png, encode_png
        >>> image = rushlight.arange(12, dtype=rushlight.uint8).view(3, 2, 2)
        >>> bool((decode_png(encode_png(image)) == image).all())
        True
    """
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encode(
        input, "encode_png", "PNG", compress_level=compression_level, optimize=False
    )


def write_jpeg(input: rushlight.Tensor, filename: str, quality: int = 75) -> None:
    """Write an image to a JPEG file.

    Args:
        input: ``(1, H, W)`` or ``(3, H, W)``, ``uint8``.
        filename: the file.
        quality: 1 to 100. Default: 75.
    """
    write_file(filename, encode_jpeg(input, quality))


def write_png(
    input: rushlight.Tensor, filename: str, compression_level: int = 6
) -> None:
    """Write an image to a PNG file.

    Args:
        input: ``(1, H, W)`` or ``(3, H, W)``, ``uint8``.
        filename: the file.
        compression_level: 0 to 9. Default: 6.
    """
    write_file(filename, encode_png(input, compression_level))
