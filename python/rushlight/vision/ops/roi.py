"""Features of regions of interest: bilinear averages and quantised maxima."""

from __future__ import annotations

import math

import rushlight
from rushlight import nn

__all__ = ["RoIAlign", "RoIPool", "roi_align", "roi_pool"]


def _pair(size):
    return (size, size) if isinstance(size, int) else tuple(size)


def _regions(op, input, boxes):
    """The regions as ``(K, 5)``: the image's number and the corners."""
    if input.dim() != 4:
        raise RuntimeError(
            f"{op}: expected input of shape (N, C, H, W), got {tuple(input.shape)}"
        )
    if isinstance(boxes, rushlight.Tensor):
        if boxes.dim() != 2 or boxes.size(1) != 5:
            raise ValueError(
                f"{op}: the boxes tensor must have the shape (K, 5), image number and "
                f"corners, got {tuple(boxes.shape)}"
            )
        return boxes
    for box in boxes:
        if box.dim() != 2 or box.size(1) != 4:
            raise ValueError(
                f"{op}: boxes in a list must have the shape (L, 4), got "
                f"{tuple(box.shape)}"
            )
    numbered = [
        rushlight.cat((box.new_full((box.size(0), 1), number), box), 1)
        for number, box in enumerate(boxes)
    ]
    return rushlight.cat(numbered, 0) if numbered else input.new_zeros((0, 5))


def _axis_weights(start, side, bins, samples, size):
    """The first pixel of a region along one axis, and weights ``(bins, pixels)``.

    The weights average bilinear samples of the pixels from that first one on.

    Each bin takes ``samples`` points, evenly spaced. One more than a pixel outside
    counts zero; within that margin it takes the border's value.
    """
    step = side / bins
    point = rushlight.arange(samples, dtype=rushlight.float64)
    point = (point + 0.5) / samples
    corner = rushlight.arange(bins, dtype=rushlight.float64)
    place = start + (corner[:, None] + point[None, :]) * step
    inside = ((place >= -1.0) & (place <= size)).to(rushlight.float64)
    place = place.clamp(min=0.0, max=size - 1.0)
    low = place.floor()
    share = place - low
    low_end, high_end = sorted((start, start + side))
    first = math.floor(min(max(low_end, 0.0), size - 1.0))
    last = min(math.floor(min(max(high_end, 0.0), size - 1.0)) + 1, size - 1)
    pixel = rushlight.arange(first, last + 1, dtype=rushlight.float64)
    at_low = (pixel == low[..., None]).to(rushlight.float64)
    at_high = (pixel == (low[..., None] + 1)).to(rushlight.float64)
    weights = at_low * (1 - share)[..., None] + at_high * share[..., None]
    return first, (weights * inside[..., None]).sum(1) / samples


def roi_align(
    input,
    boxes,
    output_size,
    spatial_scale=1.0,
    sampling_ratio=-1,
    aligned=False,
) -> rushlight.Tensor:
    """The average of bilinear samples in each bin of each region.

    He et al., "Mask R-CNN" (2017), section 3. Gradients reach ``input``, not the boxes.

    Args:
        input: ``(N, C, H, W)``.
        boxes: ``(K, 5)``, each the image's number and two corners, or a list of
            ``(L, 4)`` corners, one for each image.
        output_size: bins, one number or ``(height, width)``.
        spatial_scale: pixels of ``input`` to one unit of the boxes. Default: 1.
        sampling_ratio: samples to a bin along each axis; not positive: as many as the
            bin has pixels. Default: -1.
        aligned: shift by half a pixel, so that pixel centres lie at whole coordinates.
            Default: ``False``: no shift, and regions at least one pixel wide.

    Returns:
        ``(K, C, output height, output width)``.

    Raises:
        RuntimeError: ``input`` is not of four dimensions.
        ValueError: the boxes are of another shape.
    """
    regions = _regions("roi_align", input, boxes)
    rows, columns = _pair(output_size)
    height, width = input.shape[2:]
    offset = 0.5 if aligned else 0.0
    made = []
    for number, *corners in regions.detach().to("cpu").tolist():
        x1, y1, x2, y2 = (corner * spatial_scale - offset for corner in corners)
        region_width, region_height = x2 - x1, y2 - y1
        if not aligned:
            region_width, region_height = (
                max(region_width, 1.0),
                max(region_height, 1.0),
            )
        axes = []
        for start, side, bins, size in (
            (y1, region_height, rows, height),
            (x1, region_width, columns, width),
        ):
            samples = sampling_ratio if sampling_ratio > 0 else math.ceil(side / bins)
            axes.append(
                _axis_weights(start, side, bins, samples, size)
                if samples > 0
                else (0, rushlight.zeros(bins, size))
            )
        part = input[int(number)]
        for dim, (first, weights) in enumerate(axes, 1):
            part = part.narrow(dim, first, weights.shape[1])
        # Bilinear weights of a grid are a product: rows, then columns.
        by_row, by_column = (w.to(input.device, input.dtype) for _, w in axes)
        made.append(by_row @ part @ by_column.transpose(0, 1))
    if not made:
        return input.new_zeros((0, input.size(1), rows, columns))
    return rushlight.stack(made)


def _round(value):
    """The nearest whole number, halves away from zero."""
    return math.floor(value + 0.5) if value >= 0 else -math.floor(-value + 0.5)


def _bin(start, side, index, bins, size):
    """The whole pixels of one bin along one axis, cut to the image."""
    low = math.floor(index * side / bins) + start
    high = math.ceil((index + 1) * side / bins) + start
    return min(max(low, 0), size), min(max(high, 0), size)


def roi_pool(input, boxes, output_size, spatial_scale=1.0) -> rushlight.Tensor:
    """The largest value in each bin of each region, at whole pixels.

    Girshick, "Fast R-CNN" (2015), section 2.1.

    Args:
        input: ``(N, C, H, W)``.
        boxes: ``(K, 5)``, each the image's number and two corners, or a list of
            ``(L, 4)`` corners, one for each image.
        output_size: bins, one number or ``(height, width)``.
        spatial_scale: pixels of ``input`` to one unit of the boxes. Default: 1.

    Returns:
        ``(K, C, output height, output width)``; an empty bin is zero.

    Raises:
        RuntimeError: ``input`` is not of four dimensions.
        ValueError: the boxes are of another shape.
    """
    regions = _regions("roi_pool", input, boxes)
    rows, columns = _pair(output_size)
    height, width = input.shape[2:]
    made = []
    for number, *corners in regions.detach().to("cpu").tolist():
        x1, y1, x2, y2 = (_round(corner * spatial_scale) for corner in corners)
        region_width, region_height = max(x2 - x1 + 1, 1), max(y2 - y1 + 1, 1)
        image = input[int(number)]
        for i in range(rows):
            top, bottom = _bin(y1, region_height, i, rows, height)
            for j in range(columns):
                left, right = _bin(x1, region_width, j, columns, width)
                if top < bottom and left < right:
                    part = image[:, top:bottom, left:right].reshape(input.size(1), -1)
                    made.append(part.max(1).values)
                else:
                    made.append(image.new_zeros(input.size(1)))
    if not made:
        return input.new_zeros((0, input.size(1), rows, columns))
    pooled = rushlight.stack(made).reshape(-1, rows, columns, input.size(1))
    return pooled.permute(0, 3, 1, 2).contiguous()


class RoIAlign(nn.Module):
    """:func:`roi_align` as a layer."""

    def __init__(
        self, output_size, spatial_scale, sampling_ratio, aligned=False
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input, rois):
        return roi_align(
            input,
            rois,
            self.output_size,
            self.spatial_scale,
            self.sampling_ratio,
            self.aligned,
        )

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned}"
        )


class RoIPool(nn.Module):
    """:func:`roi_pool` as a layer."""

    def __init__(self, output_size, spatial_scale) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input, rois):
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, spatial_scale={self.spatial_scale}"
