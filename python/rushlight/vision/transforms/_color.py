"""Colours and sharpness of tensor images ``(..., C, H, W)``; callers check them."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as nnf
from rushlight.vision.transforms._convert import largest, scaled_to

# ITU-R 601 luma, to four digits.
_LUMA = (0.2989, 0.587, 0.114)


def _real(image):
    """The dtype to count in."""
    return image.dtype if image.is_floating_point() else rushlight.float32


def blend(image, other, ratio):
    """``ratio`` of an image and the rest of another, or of what lies beyond it."""
    ratio = float(ratio)
    mixed = image.mul(ratio).add_(other.mul(1.0 - ratio))
    return mixed.clamp_(0, largest(image.dtype)).to(image.dtype)


def lean(image, other, ratio):
    """As :func:`blend`, and exact where both are equal."""
    real = image.to(_real(image))
    mixed = (other.to(real.dtype) - real).mul_(1.0 - ratio).add_(real)
    return mixed.clamp_(0, largest(image.dtype)).to(image.dtype)


def grayscale(image, num_output_channels=1):
    """The luma of three channels; of one, a copy."""
    if image.shape[-3] == 3:
        r, g, b = (
            channel.mul(weight)
            for channel, weight in zip(image.unbind(-3), _LUMA, strict=True)
        )
        gray = (r + g).add_(b).to(image.dtype).unsqueeze(-3)
    else:
        gray = image.clone()
    if num_output_channels == 3:
        return gray.expand(*image.shape[:-3], 3, *image.shape[-2:])
    return gray


def brightness(image, factor):
    return image.mul(float(factor)).clamp_(0, largest(image.dtype)).to(image.dtype)


def contrast(image, factor):
    gray = grayscale(image) if image.shape[-3] == 3 else image
    mean = gray.to(_real(image)).mean(dim=(-3, -2, -1), keepdim=True)
    return blend(image, mean, factor)


def saturation(image, factor):
    return blend(image, grayscale(image), factor)


def hue(image, factor):
    """Hue as a fraction of its circle, moved by a factor."""
    r, g, b = scaled_to(image, rushlight.float32).unbind(-3)
    value, low = rushlight.maximum(rushlight.maximum(r, g), b), None
    low = rushlight.minimum(rushlight.minimum(r, g), b)
    chroma = value - low
    gray = chroma == 0
    # Where it is gray, hue and saturation are 0 whatever they are divided by.
    per_chroma = rushlight.where(gray, 1.0, chroma)
    sixth = rushlight.where(
        value == r,
        (g - b) / per_chroma,
        rushlight.where(
            value == g, 2.0 + (b - r) / per_chroma, 4.0 + (r - g) / per_chroma
        ),
    )
    turned = ((sixth / 6.0 + 1.0).fmod_(1.0) + factor).remainder_(1.0).mul_(6.0)
    amount = chroma / rushlight.where(gray, 1.0, value)

    def channel(offset):
        # How far the hue is from where this channel is brightest, see
        # https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative
        k = (turned + offset).remainder_(6.0)
        distance = rushlight.minimum(k, 4.0 - k).clamp_(0.0, 1.0)
        return value - value * amount * distance

    rgb = rushlight.stack([channel(5.0), channel(3.0), channel(1.0)], dim=-3)
    return scaled_to(rgb.clamp_(min=0.0), image.dtype)


def gamma(image, gamma, gain=1.0, clamp=True):
    curved = scaled_to(image, _real(image)).pow(gamma)
    if gain != 1:
        curved = curved.mul_(gain)
    if clamp:
        curved = curved.clamp_(0, 1)
    return scaled_to(curved, image.dtype)


def invert(image):
    return largest(image.dtype) - image


def posterize(image, bits):
    """Integers with their highest bits alone; of floats, as many levels."""
    if image.is_floating_point():
        levels = 1 << bits
        return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(1.0 / levels)
    dropped = largest(image.dtype).bit_length() - bits
    return image & -(1 << dropped) if dropped > 0 else image


def solarize(image, threshold):
    return rushlight.where(image >= threshold, invert(image), image)


def autocontrast(image):
    """Each channel's range stretched to all there is."""
    bound = largest(image.dtype)
    low = image.amin(dim=(-2, -1), keepdim=True).to(_real(image))
    high = image.amax(dim=(-2, -1), keepdim=True).to(_real(image))
    flat = low == high
    scale = rushlight.where(flat, 1.0, bound / (high - low))
    low = rushlight.where(flat, 0.0, low)
    return (image - low).mul_(scale).clamp_(0, bound).to(image.dtype)


def equalize(image):
    """Bytes whose histogram is as even as it gets, each channel by itself."""
    if image.numel() == 0:
        return image
    planes = image.reshape(-1, image.shape[-2] * image.shape[-1])
    count = planes.shape[0]
    firsts = rushlight.arange(count, device=image.device).unsqueeze(1) * 256
    bins = planes.to(rushlight.int64) + firsts
    histogram = rushlight.bincount(bins.flatten(), minlength=256 * count)
    histogram = histogram.view(count, 256)
    total = histogram.cumsum(1)
    # The pixels of the brightest value that occurs do not count.
    brightest = histogram.gather(1, planes.amax(1, keepdim=True).to(rushlight.int64))
    step = (planes.shape[1] - brightest) // 255
    table = ((total + step // 2) // step.clamp(min=1)).clamp_(0, 255)
    table = rushlight.cat([rushlight.zeros_like(table[:, :1]), table[:, :-1]], 1)
    kept = rushlight.arange(256, device=image.device).expand_as(table)
    table = rushlight.where(step == 0, kept, table).to(rushlight.uint8)
    return table.flatten()[bins].view(image.shape)


def _filtered(image, kernel):
    """Each channel convolved; bytes are rounded."""
    channels, height, width = image.shape[-3:]
    batch = image.reshape(-1, channels, height, width).to(kernel.dtype)
    kernel = kernel.expand(channels, 1, *kernel.shape)
    result = nnf.conv2d(batch, kernel, groups=channels)
    if not image.is_floating_point():
        result = result.round_()
    shape = (*image.shape[:-2], *result.shape[-2:])
    return result.view(shape).to(image.dtype)


def sharpness(image, factor, mix=blend):
    """Between a smoothed image and beyond the image itself; the border stays."""
    if image.shape[-1] <= 2 or image.shape[-2] <= 2:
        return image
    kernel = rushlight.ones(3, 3, dtype=_real(image), device=image.device)
    kernel[1, 1] = 5.0
    smooth = image.clone()
    smooth[..., 1:-1, 1:-1] = _filtered(image, kernel / 13.0)
    return mix(image, smooth, factor)


def _gaussian(size, sigma, like):
    half = (size - 1) * 0.5
    x = rushlight.linspace(-half, half, size, dtype=_real(like), device=like.device)
    weights = (x / sigma).pow_(2).mul_(-0.5).exp_()
    return weights / weights.sum()


def gaussian_blur(image, kernel_size, sigma):
    """Sizes and deviations in pixels, ``(x, y)``; the border is mirrored."""
    if image.numel() == 0:
        return image
    (across, down), (width, height) = kernel_size, sigma
    kernel = _gaussian(down, height, image)[:, None] * _gaussian(across, width, image)
    border = [across // 2, across // 2, down // 2, down // 2]
    planes = image.reshape(-1, *image.shape[-2:]) if image.ndim != 4 else image
    padded = nnf.pad(planes.to(kernel.dtype), border, mode="reflect")
    padded = padded.view(*image.shape[:-2], *padded.shape[-2:])
    result = _filtered(padded, kernel)
    if image.is_floating_point():
        return result
    return result.round_().to(image.dtype)
