"""What the two spectral norms share: which matrix a weight is."""

from __future__ import annotations

from rushlight.nn.modules.conv import _ConvNd


def output_dim(module) -> int:
    """Return the dim of a module's weight that counts outputs."""
    return int(isinstance(module, _ConvNd) and module.transposed)


def rows_first(weight, dim):
    """Return a weight as a matrix whose rows are the indices of one dim."""
    return weight.movedim(dim, 0).flatten(1)
