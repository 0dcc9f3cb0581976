"""Functions whose kernel depends on what their input is.

Note [Kernels by kind]
    A *functional* is declared by :func:`dispatched`: its signature and docstring, and
    no body. :func:`register` gives it its kernels, one a kind of input: tensors, images
    and videos share one, and Pillow images, masks, boxes and points may have theirs. A
    kernel takes plain tensors and those of the functional's arguments that it names; if
    it names ``format``, ``canvas_size`` or ``clamping_mode``, it gets what its input
    knows of them. It gives a tensor, a tuple of tensors, or a tensor and the new canvas
    size, and comes back as the kind that went in.
"""

from __future__ import annotations

import functools
import inspect

from rushlight._core import Tensor
from rushlight.vision import tv_tensors
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.tv_tensors import TVTensor

__all__ = ["call", "dispatched", "is_pure_tensor", "register", "register_kernel"]

_PIXELS = (tv_tensors.Image, tv_tensors.Video)
_PLACES = frozenset(("format", "canvas_size", "clamping_mode"))


class _Pillow:
    """Stands for Pillow's image class, which may not be there."""


_kernels: dict = {}


def is_pure_tensor(inpt) -> bool:
    """Whether something is a tensor that does not say what it is.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.is_pure_tensor(rushlight.zeros(2))
        True
    """
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def _find(functional, inpt):
    kernels = _kernels[functional]
    for kind in type(inpt).__mro__:
        if kind in kernels:
            return kernels[kind]
        if kind is TVTensor:
            return None
    return kernels.get(_Pillow) if is_pil_image(inpt) else None


def dispatched(declaration):
    """The functional of a declaration: it calls the kernel of its first argument."""
    parameters = list(inspect.signature(declaration).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    defaults = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty
    }
    known = frozenset(names)

    def arguments(args, kwargs):
        if len(args) > len(names) or not kwargs.keys() <= known:
            inspect.signature(declaration).bind(None, *args, **kwargs)  # raises
        return {**defaults, **dict(zip(names, args, strict=False)), **kwargs}

    @functools.wraps(declaration)
    def functional(inpt, *args, **kwargs):
        kernel = _find(functional, inpt)
        if kernel is None:
            kinds = sorted(kind.__name__.strip("_") for kind in _kernels[functional])
            raise TypeError(
                f"Functional F.{declaration.__name__} supports inputs of type "
                f"{', '.join(kinds)}, but got {type(inpt)} instead."
            )
        return kernel(inpt, **arguments(args, kwargs))

    functional._arguments = arguments  # type: ignore[attr-defined]
    _kernels[functional] = {}
    return functional


def call(functional, inpt, *args, **kwargs):
    """A functional of an input, or the input itself where it has no kernel for it."""
    kernel = _find(functional, inpt)
    if kernel is None:
        return inpt
    return kernel(inpt, **functional._arguments(args, kwargs))


def _given_to(kernel):
    """The kernel of inputs as they come: see Note [Kernels by kind]."""
    names = list(inspect.signature(kernel).parameters)[1:]
    wanted = frozenset(names)
    places = [name for name in names if name in _PLACES]

    def run(inpt, **kwargs):
        given = {name: kwargs[name] for name in kwargs if name in wanted}
        if not isinstance(inpt, TVTensor):
            return kernel(inpt, **given)
        for name in places:
            given[name] = getattr(inpt, name)
        result = kernel(inpt.as_subclass(Tensor), **given)
        if not isinstance(result, tuple):
            return tv_tensors.wrap(result, like=inpt)
        if isinstance(result[1], Tensor):
            return tuple(tv_tensors.wrap(part, like=inpt) for part in result)
        return tv_tensors.wrap(result[0], like=inpt, canvas_size=result[1])

    return run


def register(
    functional, image, *, pil=None, mask=None, boxes=None, points=None, of_videos=True
):
    """Give a functional its kernels; ``image`` is that of tensors too, and videos."""
    kernels = _kernels[functional]
    kernels.update(dict.fromkeys((Tensor, *_PIXELS), _given_to(image)))
    if not of_videos:
        del kernels[tv_tensors.Video]
    for kind, kernel in (
        (_Pillow, pil),
        (tv_tensors.Mask, mask),
        (tv_tensors.BoundingBoxes, boxes),
        (tv_tensors.KeyPoints, points),
    ):
        if kernel is not None:
            kernels[kind] = _given_to(kernel)


def register_facts(functional, **kernels):
    """Give a functional kernels that take inputs as they are and tell a fact."""
    kinds = {
        "image": (Tensor, *_PIXELS),
        "video": (Tensor, tv_tensors.Video),
        "pil": (_Pillow,),
        "mask": (tv_tensors.Mask,),
        "places": (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints),
    }
    for name, kernel in kernels.items():
        _kernels[functional].update(dict.fromkeys(kinds[name], kernel))


def register_kernel(functional, tv_tensor_cls):
    """Register a function as the kernel of a functional for a class of one's own.

    Args:
        functional: one of ``rushlight.vision.transforms.v2.functional``, or its name.
        tv_tensor_cls: a subclass of :class:`~rushlight.vision.tv_tensors.TVTensor`.

    Returns:
        A decorator. The kernel gets the input as it is, and all arguments by name.

    Raises:
        ValueError: no functional, no such class, or one of the builtin ones.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> class Line(tv_tensors.TVTensor):
        ...     pass
        >>> @F.register_kernel("horizontal_flip", Line)
        ... def flip_line(line):
        ...     return tv_tensors.wrap(line.flip(-1), like=line)
        >>> F.horizontal_flip(Line([1, 2]))
        Line([2, 1])
    """
    if isinstance(functional, str):
        from rushlight.vision.transforms.v2 import functional as namespace

        found = getattr(namespace, functional, None)
        if found is None:
            raise ValueError(
                f"Could not find functional with name {functional!r} in "
                "rushlight.vision.transforms.v2.functional."
            )
        functional = found
    if functional not in _kernels:
        raise ValueError(
            "Kernels can only be registered on functionals from the "
            "rushlight.vision.transforms.v2.functional namespace, but got "
            f"{functional}."
        )
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(
            "Kernels can only be registered for subclasses of "
            f"rushlight.vision.tv_tensors.TVTensor, but got {tv_tensor_cls}."
        )
    if tv_tensor_cls in vars(tv_tensors).values():
        raise ValueError(
            "Kernels cannot be registered for the builtin tv_tensor classes, but got "
            f"{tv_tensor_cls}"
        )

    def decorator(kernel):
        kernels = _kernels[functional]
        if tv_tensor_cls in kernels:
            raise ValueError(
                f"Functional {functional} already has a kernel registered for type "
                f"{tv_tensor_cls}."
            )
        kernels[tv_tensor_cls] = kernel
        return kernel

    return decorator
