"""Norms that are made of others, and what is made of norms."""

from __future__ import annotations

import numbers

import rushlight
from rushlight import _ops
from rushlight._results import give


def _vector(input, p, dim, keepdim, dtype=None):
    return _ops.linalg_vector_norm(input, float(p), dim, keepdim, dtype=dtype)


def dist(input, other, p=2):
    """The ``p``-norm of ``input - other``.

    Args:
        input (Tensor): floating or complex.
        other (Tensor): broadcast with input.
        p (Number): as in :func:`norm`.

    Returns:
        Tensor: 0-d.

    Example::

        >>> rushlight.dist(rushlight.tensor([3., 4.]), rushlight.zeros(2))
        tensor(5.)
    """
    return _vector(input - other, p, None, False)


def _check_renorm(input, p, dim, maxnorm):
    if isinstance(p, complex) or isinstance(maxnorm, complex):
        raise RuntimeError("renorm(): renorm: p and maxnorm must be real-valued")
    if not p > 0:
        raise RuntimeError(
            f"renorm(): renorm: non-positive-norm not supported, got p={p}"
        )
    if maxnorm < 0:
        raise RuntimeError(
            f"renorm(): renorm: expected maxnorm to be >= 0 but got {maxnorm}"
        )
    if input.dim() < 2:
        raise RuntimeError(
            "renorm(): renorm: input needs at least 2 dimensions, got "
            f"{input.dim()} dimensions"
        )
    if not (input.is_floating_point() or input.is_complex()):
        raise RuntimeError(
            f"renorm(): expected a floating point or complex tensor, got {input.dtype}"
        )
    if not -input.dim() <= dim < input.dim():
        raise IndexError(
            f"renorm(): Dimension out of range (expected to be in range of "
            f"[{-input.dim()}, {input.dim() - 1}], but got {dim})"
        )


def renorm(input, p, dim, maxnorm, *, out=None):
    """Slices along ``dim`` whose ``p``-norm is above ``maxnorm``, scaled down to it.

    Args:
        input (Tensor): at least 2-d, floating or complex.
        p (Number): above 0.
        dim (int): the dim whose slices are measured.
        maxnorm (Number): at least 0.

    Returns:
        Tensor: of input's shape.

    Raises:
        RuntimeError: for other arguments.

    Example::

        >>> rushlight.renorm(rushlight.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
    """
    _check_renorm(input, p, dim, maxnorm)
    others = [d for d in range(input.dim()) if d != dim % input.dim()]
    half = input.dtype in (rushlight.float16, rushlight.bfloat16)
    size = _vector(input, p, others, True, rushlight.float32 if half else None)
    # The small term is PyTorch's.
    factor = rushlight.where(
        size > maxnorm, maxnorm / (size + 1e-7), rushlight.ones_like(size)
    )
    return give("renorm", input * (factor.to(input.dtype) if half else factor), out)


def renorm_(self, p, dim, maxnorm):
    """In-place :func:`renorm`."""
    # What the tape saves must not be what is overwritten.
    source = self.clone() if self.requires_grad else self
    return self.copy_(renorm(source, p, dim, maxnorm))


def frobenius_norm(input, dim, keepdim=False, *, out=None):
    """The square root of the sum of squares over at most two dims; all for ``()``.

    Example::

        >>> rushlight.frobenius_norm(rushlight.tensor([[3., 0.], [0., 4.]]), (0, 1))
        tensor(5.)
    """
    dims = [dim] if isinstance(dim, numbers.Integral) else list(dim)
    if len(dims) > 2:
        raise RuntimeError(
            f"frobenius_norm(): Expected at most 2 dimensions, but got {len(dims)} "
            "dimensions instead."
        )
    return give("frobenius_norm", _vector(input, 2, dims or None, keepdim), out)


def nuclear_norm(input, dim=None, keepdim=False, *, out=None):
    """The sum of the singular values of the matrices in two dims.

    Args:
        input (Tensor): at least 2-d; float32, float64 or complex.
        dim (pair of int, optional): the dims of the matrices; the last two by default.
        keepdim (bool): keep them with size 1.

    Returns:
        Tensor: of the real dtype.

    Example::

        >>> rushlight.nuclear_norm(rushlight.tensor([[3., 0.], [0., 4.]]))
        tensor(7.)
    """
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    return give("nuclear_norm", _nuclear(input, dim, keepdim), out)


def _nuclear(input, dim, keepdim):
    if input.dim() < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions, "
            "got "
            f"shape {tuple(input.shape)}"
        )
    dims = (-2, -1) if dim is None else dim
    dims = [dims] if isinstance(dims, numbers.Integral) else list(dims)
    if len(dims) != 2:
        shown = " ".join(str(d) for d in dims)
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {shown}")
    from rushlight.linalg import svdvals

    result = svdvals(input.movedim(dims, (-2, -1))).sum(-1)
    for d in sorted(d % input.dim() for d in dims) if keepdim else ():
        result = result.unsqueeze(d)
    return result


def norm(input, p, dim, keepdim, dtype):
    """:func:`rushlight.norm` of an order that is a text."""
    if p == "nuc":
        if dtype is not None:
            input = input.to(dtype)
        if dim is None and input.dim() != 2:
            dim = list(range(input.dim()))
        return _nuclear(input, dim, keepdim)
    if p != "fro":
        raise RuntimeError(
            f"linalg.matrix_norm: Order {p} not supported; norm() takes a number, "
            "'fro' or 'nuc'"
        )
    if isinstance(dim, (list, tuple)) and len(dim) > 2:
        shown = " ".join(str(d) for d in dim)
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {shown}")
    return _vector(input, 2, dim, keepdim, dtype)


METHODS = {"dist": dist, "renorm": renorm, "renorm_": renorm_}
