"""Between Pillow images, arrays and tensors, and between dtypes of tensors."""

from __future__ import annotations

import sys

import rushlight
from rushlight.vision._pillow import is_pil_image, pillow

_SHORT = "I;16" if sys.byteorder == "little" else "I;16B"
# Modes of one byte a band, whose ``tobytes`` is rows of pixels of bands.
_BYTES = frozenset("L P LA PA RGB RGBA RGBX CMYK YCbCr HSV LAB La RGBa".split())
_MODES = {  # channels: (the mode of bytes, further modes to ask for)
    2: ("LA", ()),
    3: ("RGB", ("YCbCr", "HSV")),
    4: ("RGBA", ("CMYK", "RGBX")),
}
_SINGLE = {  # name of a dtype: the mode of one channel
    "uint8": "L",
    "int16": _SHORT,
    "int32": "I",
    "float32": "F",
}


def is_numpy(value) -> bool:
    """Whether an object is a NumPy array; where one exists, NumPy is imported."""
    kind = getattr(sys.modules.get("numpy"), "ndarray", None)
    return kind is not None and isinstance(value, kind)


def largest(dtype) -> int:
    """The value of full intensity: 1 for floats, the largest one for integers."""
    if dtype.is_floating_point or dtype.is_complex or dtype == rushlight.bool:
        return 1
    return rushlight.iinfo(dtype).max


def _planes(image, element=None) -> rushlight.Tensor:
    """The pixels of a Pillow image, a copy: shape ``(C, H, W)``, strides of rows."""
    if image.mode in _BYTES:
        flat = rushlight.frombuffer(bytearray(image.tobytes()), dtype=rushlight.uint8)
    else:
        import numpy as np

        flat = rushlight.from_numpy(np.array(image, element, copy=True))
    shape = (image.height, image.width, len(image.getbands()))
    return flat.view(shape).permute(2, 0, 1)


def pil_to_tensor(image) -> rushlight.Tensor:
    """As :func:`rushlight.vision.transforms.functional.pil_to_tensor`."""
    if not is_pil_image(image):
        raise TypeError(f"pic should be PIL Image. Got {type(image)}")
    return _planes(image)


def to_tensor(image) -> rushlight.Tensor:
    """As :func:`rushlight.vision.transforms.functional.to_tensor`."""
    if is_numpy(image):
        if image.ndim not in (2, 3):
            raise ValueError(
                f"pic should be 2/3 dimensional. Got {image.ndim} dimensions."
            )
        pixels = rushlight.from_numpy(image)
        pixels = pixels.unsqueeze(0) if image.ndim == 2 else pixels.permute(2, 0, 1)
    elif is_pil_image(image):
        element = {"I": "int32", _SHORT: "int16", "F": "float32"}.get(image.mode)
        pixels = _planes(image, element or "uint8")
        if image.mode == "1":
            pixels = pixels * 255
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(image)}")
    if pixels.dtype != rushlight.uint8:
        return pixels.contiguous()
    # One pass that both converts and puts the channels in front.
    values = rushlight.empty(pixels.shape, dtype=rushlight.get_default_dtype())
    return values.copy_(pixels).div_(255)


def to_pil_image(pic, mode=None):
    """As :func:`rushlight.vision.transforms.functional.to_pil_image`."""
    if isinstance(pic, rushlight.Tensor):
        pic = pic.detach().cpu()
        if pic.ndim == 3:
            pic = pic.permute(1, 2, 0)
        if pic.is_floating_point() and mode != "F":
            pic = pic.mul(255).to(rushlight.uint8)
        pic = pic.numpy()
    elif not is_numpy(pic):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    elif pic.dtype.kind == "f" and mode != "F":
        pic = (pic * 255).astype("uint8")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    channels = pic.shape[2] if pic.ndim == 3 else 1
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    mode = _mode_of(channels, pic.dtype.name, mode)
    size = (pic.shape[1], pic.shape[0])
    return pillow("Image", "to_pil_image").frombytes(mode, size, pic.tobytes())


def _mode_of(channels, dtype, mode):
    """Pillow's mode for channels of a dtype, checked against the one asked for."""
    if channels == 1:
        expected = _SINGLE.get(dtype)
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {dtype}. Should be "
                f"{expected}"
            )
        mode = expected
    else:
        usual, others = _MODES[channels]
        permitted = [usual, *others]
        if mode is not None and mode not in permitted:
            raise ValueError(
                f"Only modes {permitted} are supported for {channels}D inputs, got "
                f"{mode}"
            )
        if dtype != "uint8":
            mode = None
        elif mode is None:
            mode = usual
    if mode is None:
        raise TypeError(f"Input type {dtype} is not supported for {channels} channels")
    return mode


def scaled_to(image, dtype) -> rushlight.Tensor:
    """A tensor image in another dtype, full intensity staying full intensity.

    Raises:
        RuntimeError: floats to integers whose largest value they cannot hold.
    """
    if image.dtype == dtype:
        return image
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        wide = dtype == rushlight.int64 or (
            image.dtype == rushlight.float32 and dtype == rushlight.int32
        )
        if wide and image.dtype in (rushlight.float32, rushlight.float64):
            raise RuntimeError(
                f"The cast from {image.dtype} to {dtype} cannot be performed safely."
            )
        # All values below the largest + 1, so that each gets its share of [0, 1].
        return image.mul(largest(dtype) + 1.0 - 1e-3).to(dtype)
    most = largest(image.dtype)
    if dtype.is_floating_point:
        return image.to(dtype).div_(most)
    if most > largest(dtype):
        factor = (most + 1) // (largest(dtype) + 1)
        return rushlight.div(image, factor, rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((largest(dtype) + 1) // (most + 1))
