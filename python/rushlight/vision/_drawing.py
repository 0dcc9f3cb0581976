"""Boxes, masks, keypoints and flow drawn on images."""

from __future__ import annotations

import math
import warnings
from typing import Any

import rushlight
from rushlight.vision._pillow import pillow

__all__ = [
    "draw_bounding_boxes",
    "draw_keypoints",
    "draw_segmentation_masks",
    "flow_to_image",
]


def _check_image(image: Any, gray: bool, text: str) -> None:
    if not isinstance(image, rushlight.Tensor):
        raise TypeError(f"{text}, got {type(image)}")
    if image.dtype is not rushlight.uint8 and not image.is_floating_point():
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")
    if gray and image.size(0) not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    if not gray and image.size(0) != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")


def _palette(count: int) -> list[tuple[int, ...]]:
    """Colours that neighbours can be told apart by."""
    steps = (2**25 - 1, 2**15 - 1, 2**21 - 1)
    return [tuple(at * step % 255 for step in steps) for at in range(count)]


def _colours(colors: Any, count: int) -> list[tuple[int, ...]]:
    """A colour for each object, as numbers from 0 to 255."""
    if colors is None:
        return _palette(count)
    if isinstance(colors, list):
        if len(colors) < count:
            raise ValueError(
                "Number of colors must be equal or larger than the number of objects, "
                f"but got {len(colors)} < {count}."
            )
        chosen = colors[:count]
    elif isinstance(colors, (tuple, str)):
        chosen = [colors] * count
    else:
        raise ValueError(
            f"colors must be a tuple or a string, or a list thereof, but got {colors}."
        )
    named = pillow("ImageColor", "drawing in a colour by its name")
    return [named.getrgb(c) if isinstance(c, str) else c for c in chosen]


def _canvas(image: rushlight.Tensor) -> Any:
    """A Pillow image in RGB of a tensor of bytes or of floats from 0 to 1."""
    from rushlight.vision.transforms import functional

    if image.is_floating_point():
        image = functional.convert_image_dtype(image, rushlight.uint8)
    if image.size(0) == 1:
        image = image.repeat(3, 1, 1)
    return functional.to_pil_image(image)


def _drawn(canvas: Any, dtype: rushlight.dtype) -> rushlight.Tensor:
    from rushlight.vision.transforms import functional

    return functional.convert_image_dtype(functional.pil_to_tensor(canvas), dtype)


@rushlight.no_grad()
def draw_bounding_boxes(
    image: rushlight.Tensor,
    boxes: rushlight.Tensor,
    labels: list[str] | None = None,
    colors: Any = None,
    fill: bool | None = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
    label_colors: Any = None,
    label_background_colors: Any = None,
    fill_labels: bool = False,
) -> rushlight.Tensor:
    """Draw boxes on an image.

    Args:
        image: ``(3, H, W)`` or ``(1, H, W)``, ``uint8`` or floats from 0 to 1.
        boxes: ``(N, 4)``, corners in pixels.
        labels: a text for each box, or ``None`` in its place. Default: none.
        colors: a colour or a list of one for each box: a name or ``(R, G, B)`` from 0
            to 255. Default: a palette.
        fill: fill the boxes, so that the image can be seen through. Default:
            ``False``.
        width: of the lines, in pixels. Default: 1.
        font: the file of a TrueType font. Default: Pillow's own.
        font_size: in points, for ``font``. Default: 10.
        label_colors: of the texts. Default: the boxes', black on a rectangle.
        label_background_colors: with ``fill_labels``. Default: the boxes'.
        fill_labels: put the texts on a rectangle. Default: ``False``.

    Returns:
        ``(3, H, W)`` of the image's dtype.

    Raises:
        TypeError: no tensor.
        ValueError: another image, boxes the wrong way round, or too few labels or
            colours.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.utils import draw_bounding_boxes
        >>> image = rushlight.zeros(3, 5, 5, dtype=rushlight.uint8)
        >>> box = rushlight.tensor([[1, 1, 3, 3]])
        >>> draw_bounding_boxes(image, box, colors="red")[0, 2]
        tensor([  0, 255,   0, 255,   0], dtype=rushlight.uint8)
    """
    _check_image(image, True, "Tensor expected")
    if boxes.size(-1) == 8:
        raise NotImplementedError("draw_bounding_boxes: rotated boxes are not drawn")
    if bool((boxes[:, 0] > boxes[:, 2]).any() or (boxes[:, 1] > boxes[:, 3]).any()):
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. Use "
            "torchvision.ops.box_convert to convert them"
        )
    count = boxes.size(0)
    if count == 0:
        warnings.warn("boxes doesn't contain any box. No box was drawn")
        return image
    if labels is not None and len(labels) != count:
        raise ValueError(
            f"Number of boxes ({count}) and labels ({len(labels)}) mismatch. Please "
            "specify labels for each box."
        )
    colours = _colours(colors, count)
    texts = grounds = colours
    if label_colors or fill_labels:
        texts = _colours(label_colors or "black", count)
    if label_background_colors and fill_labels:
        grounds = _colours(label_background_colors, count)
    letters = _font(font, font_size)
    canvas = _canvas(image)
    pen = pillow("ImageDraw", "draw_bounding_boxes").Draw(
        canvas, "RGBA" if fill else None
    )
    rows = boxes.to(rushlight.int64).tolist()
    for at, (row, colour) in enumerate(zip(rows, colours)):
        inside = {"fill": (*colour, 100)} if fill else {}
        pen.rectangle(row, width=width, outline=colour, **inside)
        if labels is None or labels[at] is None:
            continue
        margin = width + 1
        place = (row[0] + margin, row[1] + margin)
        if fill_labels:
            left, top, right, bottom = pen.textbbox(place, labels[at], font=letters)
            ground = (left - 1, top - 1, right + 1, bottom + 1)
            pen.rectangle(ground, fill=grounds[at])
        pen.text(place, labels[at], fill=texts[at], font=letters)
    return _drawn(canvas, image.dtype)


def _font(font: str | None, size: int | None) -> Any:
    fonts = pillow("ImageFont", "draw_bounding_boxes")
    if font is not None:
        return fonts.truetype(font=font, size=size or 10)
    if size is not None:
        warnings.warn("Argument 'font_size' will be ignored since 'font' is not set.")
    return fonts.load_default()


@rushlight.no_grad()
def draw_segmentation_masks(
    image: rushlight.Tensor,
    masks: rushlight.Tensor,
    alpha: float = 0.8,
    colors: Any = None,
) -> rushlight.Tensor:
    """Colour the pixels of masks in an image.

    Args:
        image: ``(3, H, W)``, ``uint8`` or floats from 0 to 1.
        masks: ``(N, H, W)`` or ``(H, W)``, ``bool``; where they overlap, it is black.
        alpha: the share of the colour in the result, 0 to 1. Default: 0.8.
        colors: a colour or a list of one for each mask: a name or ``(R, G, B)`` from 0
            to 255. Default: a palette.

    Returns:
        ``(3, H, W)`` of the image's dtype.

    Raises:
        TypeError: no tensor.
        ValueError: another image or other masks.
    """
    _check_image(image, False, "The image must be a tensor")
    if masks.dim() == 2:
        masks = masks[None]
    if masks.dim() != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if masks.dtype is not rushlight.bool:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    if masks.size(0) == 0:
        warnings.warn("masks doesn't contain any mask. No mask was drawn")
        return image
    share = 255 if image.is_floating_point() else 1
    coloured = image.detach().clone()
    for mask, colour in zip(masks, _colours(colors, masks.size(0))):
        values = [part / share if share > 1 else part for part in colour]
        inks = rushlight.tensor(values, dtype=image.dtype, device=image.device)
        coloured[:, mask] = inks[:, None]
    coloured[:, masks.sum(0) > 1] = 0
    return (image * (1 - alpha) + coloured * alpha).to(image.dtype)


@rushlight.no_grad()
def draw_keypoints(
    image: rushlight.Tensor,
    keypoints: rushlight.Tensor,
    connectivity: list[tuple[int, int]] | None = None,
    colors: Any = None,
    radius: int = 2,
    width: int = 3,
    visibility: rushlight.Tensor | None = None,
) -> rushlight.Tensor:
    """Draw points, and lines between them, on an image.

    Args:
        image: ``(3, H, W)``, ``uint8`` or floats from 0 to 1.
        keypoints: ``(N, K, 2)``: K points of N things, x and y in pixels.
        connectivity: pairs of points' indices that a line connects.
        colors: a name or ``(R, G, B)`` from 0 to 255. Default: white.
        radius: of the points, in pixels. Default: 2.
        width: of the lines, in pixels. Default: 3.
        visibility: ``(N, K)``: which points are drawn. Default: all.

    Returns:
        ``(3, H, W)`` of the image's dtype.

    Raises:
        TypeError: no tensor.
        ValueError: another image or other points.
    """
    _check_image(image, False, "The image must be a tensor")
    if keypoints.dim() != 3:
        raise ValueError("keypoints must be of shape (num_instances, K, 2)")
    if visibility is None:
        visibility = rushlight.ones(keypoints.shape[:-1], dtype=rushlight.bool)
    if visibility.dim() == 3:
        visibility = visibility.squeeze(-1)
    if visibility.dim() != 2:
        raise ValueError(
            "visibility must be of shape (num_instances, K). Got "
            f"ndim={visibility.dim()}"
        )
    if visibility.shape != keypoints.shape[:-1]:
        raise ValueError(
            "keypoints and visibility must have the same dimensionality for "
            f"num_instances and K. Got {tuple(visibility.shape)} and "
            f"{tuple(keypoints.shape)}"
        )
    canvas = _canvas(image)
    pen = pillow("ImageDraw", "draw_keypoints").Draw(canvas)
    things = zip(keypoints.to(rushlight.int64).tolist(), visibility.tolist())
    for points, seen in things:
        for (x, y, *_), shown in zip(points, seen):
            if shown:
                box = [x - radius, y - radius, x + radius, y + radius]
                pen.ellipse(box, fill=colors, outline=None, width=0)
        for start, end in connectivity or ():
            if seen[start] and seen[end]:
                pen.line((tuple(points[start]), tuple(points[end])), width=width)
    return _drawn(canvas, image.dtype)


# Baker et al. 2011, "A Database and Evaluation Methodology for Optical Flow": from red
# over yellow, green, cyan, blue and magenta to red, so many steps each.
_WHEEL = (15, 6, 4, 11, 13, 6)


def _wheel() -> rushlight.Tensor:
    """The colours of directions, ``(55, 3)``, from 0 to 255."""
    rows = []
    for part, steps in enumerate(_WHEEL):
        for step in range(steps):
            row = [0, 0, 0]
            change = 255 * step // steps
            if part % 2:  # the colour before fades
                row[(part + 1) // 2 % 3] = 255
                row[part // 2] = 255 - change
            else:  # the next one comes
                row[part // 2] = 255
                row[(part // 2 + 1) % 3] = change
            rows.append(row)
    return rushlight.tensor(rows, dtype=rushlight.float32)


@rushlight.no_grad()
def flow_to_image(flow: rushlight.Tensor) -> rushlight.Tensor:
    """Colours of an optical flow: the hue tells the direction, the depth the speed.

    Args:
        flow: ``(2, H, W)`` or ``(N, 2, H, W)``, ``float32``.

    Returns:
        ``(3, H, W)`` or ``(N, 3, H, W)``, ``uint8``; no movement is white.

    Raises:
        ValueError: another shape or dtype.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.utils import flow_to_image
        >>> flow_to_image(rushlight.zeros(2, 4, 4)).unique()
        tensor([255], dtype=rushlight.uint8)
    """
    if flow.dtype is not rushlight.float32:
        raise ValueError(f"Flow should be of dtype torch.float, got {flow.dtype}.")
    if flow.dim() not in (3, 4) or flow.size(-3) != 2:
        raise ValueError(
            "Input flow should have shape (2, H, W) or (N, 2, H, W), got "
            f"{tuple(flow.shape)}."
        )
    batch = flow if flow.dim() == 4 else flow[None]
    largest = batch.square().sum(dim=1).sqrt().max()
    batch = batch / (largest + rushlight.finfo(flow.dtype).eps)
    speed = batch.square().sum(dim=1).sqrt()
    wheel = _wheel().to(flow.device)
    turn = rushlight.atan2(-batch[:, 1], -batch[:, 0]) / math.pi
    place = (turn + 1) / 2 * (len(wheel) - 1)
    before = place.floor().long()
    after = (before + 1) % len(wheel)
    share = (place - before).unsqueeze(-1)
    hue = (1 - share) * (wheel[before] / 255) + share * (wheel[after] / 255)
    colour = 1 - speed.unsqueeze(-1) * (1 - hue)
    image = (255 * colour).floor().to(rushlight.uint8).permute(0, 3, 1, 2).contiguous()
    return image if flow.dim() == 4 else image[0]
