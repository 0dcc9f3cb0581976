"""Images between files and tensors, against Pillow and hand-made files."""

from __future__ import annotations

import io
import struct
import sys
import zlib

import numpy as np
import pytest

import rushlight
from rushlight.vision import io as vision_io
from rushlight.vision.io import ImageReadMode

PICTURE = np.random.default_rng(0).integers(0, 256, (3, 6, 5), np.uint8)


@pytest.fixture
def image():
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def png(pixels, depth, colour):
    """A PNG file (third edition, sections 5 and 11) of big-endian samples."""

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def bytes_of(data):
    return rushlight.tensor(list(data), dtype=rushlight.uint8)


@pytest.mark.parametrize(
    "colour, channels", [(0, 1), (2, 3), (4, 2), (6, 4)], ids="gray rgb la rgba".split()
)
def test_png_of_bytes(image, colour, channels):
    pixels = np.random.default_rng(1).integers(0, 256, (4, 5, channels), np.uint8)
    read = vision_io.decode_png(bytes_of(png(pixels, 8, colour)))
    assert read.dtype is rushlight.uint8 and read.is_contiguous()
    np.testing.assert_array_equal(read.numpy(), pixels.transpose(2, 0, 1))


def test_png_of_16_bits(image):
    pixels = (np.arange(20).reshape(4, 5, 1) * 3000).astype(">u2")
    read = vision_io.decode_image(bytes_of(png(pixels, 16, 0)))
    assert read.dtype is rushlight.uint16
    np.testing.assert_array_equal(read.numpy(), pixels.transpose(2, 0, 1))
    colours = np.zeros((2, 2, 3), ">u2")
    with pytest.raises(NotImplementedError, match="16 bits is read in gray alone"):
        vision_io.decode_png(bytes_of(png(colours, 16, 2)))


@pytest.mark.parametrize("mode", ["GRAY", "gray_alpha", "RGB", "RGBA", "UNCHANGED"])
def test_modes(image, tmp_path, mode):
    path = str(tmp_path / "a.png")
    vision_io.write_png(rushlight.from_numpy(PICTURE), path)
    opened = image.open(path)
    name = dict(GRAY="L", GRAY_ALPHA="LA", RGBA="RGBA").get(mode.upper(), "RGB")
    expected = np.asarray(opened.convert(name))
    expected = expected.reshape(6, 5, -1).transpose(2, 0, 1)
    for given in (mode, ImageReadMode[mode.upper()]):
        got = vision_io.read_image(path, given)
        np.testing.assert_array_equal(got.numpy(), expected)
    got = vision_io.decode_image(path, mode=mode)
    np.testing.assert_array_equal(got.numpy(), expected)
    assert ImageReadMode.RGB_ALPHA.value == 4


@pytest.mark.parametrize("compression", [0, 9])
def test_png_is_written_without_loss(image, compression):
    for picture in (PICTURE, PICTURE[:1]):
        tensor = rushlight.from_numpy(picture)
        data = vision_io.encode_png(tensor, compression)
        np.testing.assert_array_equal(vision_io.decode_image(data).numpy(), picture)


def test_jpeg(image, tmp_path):
    smooth = np.linspace(0, 255, 3 * 32 * 32).reshape(3, 32, 32).astype(np.uint8)
    tensor = rushlight.from_numpy(smooth)
    path = str(tmp_path / "a.jpg")
    vision_io.write_jpeg(tensor, path, quality=95)
    got = vision_io.read_image(path)
    expected = np.asarray(image.open(path)).transpose(2, 0, 1)
    np.testing.assert_array_equal(got.numpy(), expected)
    assert np.abs(got.numpy().astype(int) - smooth).max() < 20
    one, two = vision_io.decode_jpeg(vision_io.encode_jpeg([tensor, tensor[:1]]))
    assert one.shape == (3, 32, 32) and two.shape == (1, 32, 32)
    with pytest.raises(RuntimeError, match="cannot be decoded"):
        vision_io.decode_jpeg(vision_io.encode_png(tensor))
    for quality in (0, 101):
        with pytest.raises(ValueError, match="between 1 and 100"):
            vision_io.encode_jpeg(tensor, quality)


def test_orientation(image, tmp_path):
    path = tmp_path / "a.png"
    exif = image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    turned = image.fromarray(PICTURE.transpose(1, 2, 0))
    turned.save(path, exif=exif)
    assert vision_io.read_image(str(path)).shape == (3, 6, 5)
    got = vision_io.read_image(str(path), apply_exif_orientation=True)
    np.testing.assert_array_equal(got.numpy(), np.rot90(PICTURE, -1, (1, 2)))


def test_gif(image, tmp_path):
    frames = [image.new("RGB", (4, 3), (at * 50, 0, 0)) for at in range(3)]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    read = vision_io.read_image(str(path))
    assert read.shape == (3, 3, 3, 4)
    assert read[:, 0, 0, 0].tolist() == [0, 50, 100]
    frames[1].save(path)
    assert vision_io.decode_gif(vision_io.read_file(str(path))).shape == (3, 3, 4)


def test_webp(image):
    stream = io.BytesIO()
    picture = image.fromarray(PICTURE.transpose(1, 2, 0))
    picture.save(stream, "WEBP", lossless=True)
    got = vision_io.decode_webp(bytes_of(stream.getvalue()))
    np.testing.assert_array_equal(got.numpy(), PICTURE)


@pytest.mark.parametrize("kind", ["P", "1", "CMYK"])
def test_other_kinds_of_images(image, tmp_path, kind):
    picture = image.fromarray(PICTURE.transpose(1, 2, 0)).convert(kind)
    path = str(tmp_path / ("a.jpg" if kind == "CMYK" else "a.png"))
    picture.save(path)
    read = vision_io.read_image(path)
    opened = image.open(path)
    if kind == "P":
        opened = opened.convert("RGB")
    elif kind == "1":
        opened = opened.convert("L")
    expected = np.asarray(opened).reshape(6, 5, -1).transpose(2, 0, 1)
    np.testing.assert_array_equal(read.numpy(), expected)


def test_files_of_bytes(tmp_path):
    path = str(tmp_path / "f")
    vision_io.write_file(path, bytes_of(b"bytes"))
    assert bytes(vision_io.read_file(path).tolist()) == b"bytes"
    vision_io.write_file(path, rushlight.empty(0, dtype=rushlight.uint8))
    assert vision_io.read_file(path).shape == (0,)
    for wrong in (rushlight.zeros(2), bytes_of(b"ab").view(1, 2), b"ab"):
        with pytest.raises(RuntimeError, match="write_file: expected bytes"):
            vision_io.write_file(path, wrong)
    with pytest.raises(FileNotFoundError):
        vision_io.read_file(str(tmp_path / "absent"))


def test_damaged_images(image):
    whole = vision_io.encode_png(rushlight.from_numpy(PICTURE))
    for size in (0, 5, 20, 60):
        with pytest.raises(RuntimeError, match="cannot be decoded"):
            vision_io.decode_image(whole[:size].clone())
    with pytest.raises(RuntimeError, match="cannot be decoded"):
        vision_io.decode_gif(bytes_of(b"GIF89a" + bytes(3)))
    huge = bytearray(png(np.zeros((1, 1, 1), np.uint8), 8, 0))
    huge[16:24] = struct.pack(">II", 1 << 24, 1 << 24)
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    with pytest.raises(RuntimeError, match="cannot be decoded"):
        vision_io.decode_image(bytes_of(huge))


def test_images_that_cannot_be_written(image):
    with pytest.raises(RuntimeError, match="dtype should be uint8"):
        vision_io.encode_png(rushlight.zeros(3, 2, 2))
    for shape in ((2, 2), (4, 2, 2), (1, 3, 2, 2)):
        with pytest.raises(RuntimeError, match="expected shape"):
            vision_io.encode_jpeg(rushlight.zeros(shape, dtype=rushlight.uint8))
    with pytest.raises(RuntimeError, match="between 0 and 9"):
        vision_io.encode_png(rushlight.from_numpy(PICTURE), 10)
    with pytest.raises(NotImplementedError, match="HEIC"):
        vision_io.decode_heic(bytes_of(b"ab"))


def test_without_pillow(monkeypatch):
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'rushlight\[vision\]'"):
        vision_io.decode_image(bytes_of(b"ab"))
