"""Layers that change only the shape."""

from __future__ import annotations

from rushlight.nn.modules.module import Module, _typename

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Join a range of dims into one.

    Args:
        start_dim: the first dim to join. Default: 1.
        end_dim: the last. Default: -1.

    Example:
        >>> import rushlight
        >>> tuple(rushlight.nn.Flatten()(rushlight.zeros(2, 3, 4)).shape)
        (2, 12)
    """

    def __init__(self, start_dim=1, end_dim=-1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split one dim into several.

    Args:
        dim: the dim to split.
        unflattened_size: the sizes it is split into, one of which may be -1.

    Raises:
        TypeError: ``dim`` or the sizes are of another type.

    Example:
        >>> import rushlight
        >>> tuple(rushlight.nn.Unflatten(1, (3, -1))(rushlight.zeros(2, 12)).shape)
        (2, 3, 4)
    """

    def __init__(self, dim, unflattened_size) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(
                "invalid argument type for dim as a tensor without names, expected int "
                f"but got {_typename(dim)}"
            )
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                "unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for at, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {at}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input):
        dim = self.dim + input.ndim if self.dim < 0 else self.dim
        if not 0 <= dim < input.ndim:
            raise IndexError(
                f"Unflatten: dim {self.dim} is out of range for an input with "
                f"{input.ndim} dims"
            )
        shape = list(input.shape)
        return input.reshape(
            [*shape[:dim], *self._filled_size(shape[dim]), *shape[dim + 1 :]]
        )

    def _filled_size(self, size):
        sizes = list(self.unflattened_size)
        known = 1
        for part in sizes:
            if part != -1:
                known *= part
        if sizes.count(-1) == 1 and known > 0 and size % known == 0:
            sizes[sizes.index(-1)] = size // known
            known = size
        if known != size or -1 in sizes:
            raise RuntimeError(
                f"unflatten: Provided sizes {list(self.unflattened_size)} don't "
                f"multiply up to the size of dim {self.dim} ({size}) in the input "
                "tensor"
            )
        return sizes

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
