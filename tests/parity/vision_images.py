"""Images for both libraries, and the comparison of what their transforms give.

Tolerances: float32 to 1e-5 of full intensity. Bytes to one level, in at most a
fiftieth of the pixels: both count in float32, and where a sum lies within its last
bits of a step, another order of the terms falls on the other side. What follows in a
chain of transforms multiplies such a level. Zero levels: the same bits.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

import rushlight
from rushlight.vision.transforms import InterpolationMode
from torchvision_oracle import torch, torchvision

PIL_MODES = ["1", "L", "I", "F", "LA", "RGB", "RGBA", "P", "CMYK"]


def array(shape, dtype="uint8", seed=0):
    """Random pixels, smooth enough to have flat places and steep ones."""
    rng = np.random.default_rng(seed)
    if dtype == "uint8":
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        pixels[..., : shape[-1] // 3] //= 4  # many equal values, a dark side
        return pixels
    return rng.random(shape).astype(dtype)


def tensors(shape, dtype="uint8", seed=0):
    """(ours, theirs)."""
    pixels = array(shape, dtype, seed)
    return rushlight.from_numpy(pixels.copy()), torch.from_numpy(pixels.copy())


def pil(mode, size=(29, 37), seed=0):
    """A Pillow image of a mode, with colours."""
    image = Image.fromarray(array((size[1], size[0], 3), seed=seed), "RGB")
    if mode == "RGBA":
        image.putalpha(Image.fromarray(array((size[1], size[0]), seed=seed + 1)))
        return image
    if mode == "LA":
        return pil("RGBA", size, seed).convert("LA")
    return image.convert(mode)


def translated(value):
    """Arguments of ours as torchvision's."""
    if isinstance(value, InterpolationMode):
        return torchvision.transforms.InterpolationMode(value.value)
    if isinstance(value, rushlight.Tensor):
        return torch.from_numpy(value.detach().numpy().copy())
    if isinstance(value, rushlight.dtype):
        return getattr(torch, str(value).partition(".")[2])
    if isinstance(value, list):
        return [translated(item) for item in value]
    return value


def outcome(call):
    """('value', result) or ('error', exception)."""
    try:
        return "value", call()
    except Exception as error:
        return "error", error


def assert_same(ours, theirs, levels=1):
    """Tensors, Pillow images, numbers, and containers of them are the same."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, rushlight.Tensor)
        assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
        assert_same_pixels(ours.detach().numpy(), theirs.detach().numpy(), levels)
    elif isinstance(theirs, Image.Image):
        assert isinstance(ours, Image.Image)
        assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
        assert ours.getpalette() == theirs.getpalette()
        assert_same_pixels(
            np.asarray(ours), np.asarray(theirs), 1 if theirs.mode == "F" else levels
        )
    elif isinstance(theirs, np.ndarray):
        np.testing.assert_array_equal(ours, theirs)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            assert_same(ours[key], theirs[key], levels)
    elif isinstance(theirs, (list, tuple)):
        assert isinstance(ours, (list, tuple))
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other, levels)
    elif isinstance(theirs, float):
        assert abs(ours - theirs) <= 1e-6 * max(1.0, abs(theirs))
    else:
        assert ours == theirs


def assert_same_pixels(ours, theirs, levels=1):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if levels == 0 or theirs.dtype == bool:
        np.testing.assert_array_equal(ours, theirs)
    elif theirs.dtype.kind == "f":
        scale = max(1.0, np.abs(theirs).max(initial=0.0))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * scale)
    else:
        off = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
        assert off.max(initial=0) <= levels
        assert (off > 0).sum() <= max(1, levels * off.size // 50)


def assert_same_outcome(ours, theirs, levels=1):
    """The same values, or errors of the same type."""
    kind, got = outcome(ours)
    expected_kind, expected = outcome(theirs)
    if expected_kind == "error":
        assert kind == "error", f"{got!r} instead of {expected!r}"
        assert isinstance(got, type(expected)), f"{got!r} instead of {expected!r}"
    else:
        if kind == "error":
            raise got
        assert_same(got, expected, levels)
