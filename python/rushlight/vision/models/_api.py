"""Published weights of the models, and the models by name."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import rushlight
from rushlight.vision import _files
from rushlight.vision.models._imagenet import IMAGENET_CLASSES

__all__ = [
    "Weights",
    "WeightsEnum",
    "get_model",
    "get_model_builder",
    "get_model_weights",
    "get_weight",
    "list_models",
]

_PUBLISHED_AT = "https://download.pytorch.org/models/"
_BUILDERS: dict[str, Any] = {}


@dataclass(frozen=True, eq=False)
class Weights:
    """One published file of weights.

    Args:
        url: the file's address.
        transforms: makes what prepares images for the model.
        meta: what is known about the weights: ``categories``, ``num_params``, ...
    """

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any] = field(default_factory=dict)


class WeightsEnum(Enum):
    """The published weights of one model; ``DEFAULT`` is the best of them.

    Example:
        >>> from rushlight.vision.models import ResNet18_Weights
        >>> ResNet18_Weights.DEFAULT
        ResNet18_Weights.IMAGENET1K_V1
        >>> ResNet18_Weights.DEFAULT.meta["num_params"]
        11689512
    """

    @property
    def url(self) -> str:
        return self.value.url

    @property
    def meta(self) -> dict[str, Any]:
        return self.value.meta

    @property
    def transforms(self):
        """Makes the transform that prepares images for the model.

        Example:
            >>> from rushlight.vision.models import ResNet18_Weights
            >>> ResNet18_Weights.DEFAULT.transforms().crop_size
            [224]
        """
        return self.value.transforms

    @classmethod
    def short_name(cls, name) -> str:
        """A member's name without the class's before it."""
        return name.removeprefix(cls.__name__ + ".")

    @classmethod
    def verify(cls, obj):
        """The member for ``obj``: ``None``, a member or its name, short or whole.

        Raises:
            KeyError: a string that names no member.
            TypeError: another kind of object, as another model's weights.
        """
        if obj is None or isinstance(obj, cls):
            return obj
        if isinstance(obj, str) and cls.short_name(obj) in cls.__members__:
            return cls[cls.short_name(obj)]
        error = KeyError if isinstance(obj, str) else TypeError
        raise error(
            f"weights: expected a member of {cls.__name__} "
            f"({', '.join(cls.__members__)}), its name or the path of a local file, "
            f"got {obj!r}"
        )

    def get_state_dict(self, progress=True, check_hash=True) -> dict:
        """The tensors of the file, from the cache folder or downloaded to it."""
        path = _files.cached_file(self.url, progress=progress, check=check_hash)
        return rushlight.load(path, map_location="cpu", weights_only=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self._name_}"


class _LocalFile:
    """Weights in a file of the user's; a digest in its name is checked."""

    def __init__(self, path) -> None:
        self.path = Path(path)
        self.meta: dict[str, Any] = {}

    def get_state_dict(self, progress=True, check_hash=True) -> dict:
        expected = _files.hash_in_name(self.path.name) if check_hash else None
        if expected is not None:
            _files.check_hash(self.path, expected)
        return rushlight.load(self.path, map_location="cpu", weights_only=True)


def _classification(*, interpolation, **options):
    """The transform of images to classify; imported when it is wanted."""
    from rushlight.vision.transforms._presets import ImageClassification
    from rushlight.vision.transforms.functional import InterpolationMode

    return ImageClassification(
        interpolation=InterpolationMode(interpolation), **options
    )


def published(
    file,
    num_params,
    acc1,
    acc5,
    *,
    min_size=(1, 1),
    crop=224,
    resize=256,
    interpolation="bilinear",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    categories=IMAGENET_CLASSES,
) -> Weights:
    """ImageNet weights by file name, parameter count and accuracies in percent.

    Images are resized to ``resize`` pixels, cropped to ``crop`` and normalised.
    """
    transforms = functools.partial(
        _classification,
        crop_size=crop,
        resize_size=resize,
        interpolation=interpolation,
        mean=mean,
        std=std,
    )
    meta = {
        "num_params": num_params,
        "categories": categories,
        "min_size": min_size,
        "_metrics": {"ImageNet-1K": {"acc@1": acc1, "acc@5": acc5}},
    }
    return Weights(_PUBLISHED_AT + file, transforms, meta)


def _chosen(weights_class, weights):
    if isinstance(weights, os.PathLike):
        return _LocalFile(weights)
    if (
        isinstance(weights, str)
        and weights_class.short_name(weights) not in weights_class.__members__
        and os.path.exists(weights)
    ):
        return _LocalFile(weights)
    return weights_class.verify(weights)


def builder(weights_class):
    """Register a function that builds a model, and settle its ``weights``.

    The function gets ``None`` or an object with ``meta`` and ``get_state_dict``. The
    former ``pretrained=`` means the first published weights, with a warning.
    """

    def decorate(function):
        @functools.wraps(function)
        def build_by_name(*args, **kwargs):
            names = ("weights", "progress")
            if len(args) > len(names) or any(
                name in kwargs for name in names[: len(args)]
            ):
                raise TypeError(
                    f"{function.__name__}(): takes {names} by position once"
                )
            kwargs.update(zip(names, args))
            weights = kwargs.pop("weights", None)
            former = kwargs.pop(
                "pretrained", weights if type(weights) is bool else None
            )
            if former is not None:
                weights = next(iter(weights_class)) if former else None
                warnings.warn(
                    f"{function.__name__}: pretrained= is deprecated, pass "
                    f"weights={weights!r}",
                    UserWarning,
                    stacklevel=2,
                )
            kwargs["weights"] = _chosen(weights_class, weights)
            return function(**kwargs)

        build_by_name.weights_class = weights_class
        _BUILDERS[function.__name__] = build_by_name
        return build_by_name

    return decorate


def override(kwargs, name, value) -> None:
    """Set what the weights fix; another value from the caller is an error."""
    if kwargs.get(name, value) != value:
        raise ValueError(
            f"The parameter '{name}' expected value {value} but got {kwargs[name]} "
            "instead: the published weights fix it."
        )
    kwargs[name] = value


def load_weights(model, weights, progress, remap=None):
    """Fill the model with the weights' tensors; returns the model."""
    state = weights.get_state_dict(progress=progress, check_hash=True)
    model.load_state_dict(remap(state) if remap else state)
    return model


def build(model_class, weights, progress, *args, remap=None, **kwargs):
    """A model of the class, with the weights if there are any.

    ``remap`` turns the file's state into one with the model's keys.
    """
    if weights is not None and weights.meta.get("categories") is not None:
        override(kwargs, "num_classes", len(weights.meta["categories"]))
    model = model_class(*args, **kwargs)
    if weights is not None:
        load_weights(model, weights, progress, remap)
    return model


def list_models(module=None, include=None, exclude=None) -> list[str]:
    """The sorted names of the models, filtered by module and shell patterns.

    Example:
        >>> from rushlight.vision import models
        >>> models.list_models(include="vgg1*", exclude="*_bn")
        ['vgg11', 'vgg13', 'vgg16', 'vgg19']
    """
    names = {
        name
        for name, function in _BUILDERS.items()
        if module is None
        or function.__module__.rpartition(".")[0] == module.__name__
        or function.__module__ == module.__name__
    }
    included = [include] if isinstance(include, str) else include
    if included:
        names = {n for n in names if any(fnmatch.fnmatch(n, p) for p in included)}
    excluded = [exclude] if isinstance(exclude, str) else exclude or ()
    return sorted(n for n in names if not any(fnmatch.fnmatch(n, p) for p in excluded))


def get_model_builder(name):
    """The function that builds the model of that name."""
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(
            f"Unknown model {name}: list_models() gives the names"
        ) from None


def get_model(name, **config):
    """Build a model by its name."""
    return get_model_builder(name)(**config)


def get_model_weights(name):
    """The class of published weights of a model, by its name or builder."""
    function = name if callable(name) else get_model_builder(name)
    return function.weights_class


def get_weight(name):
    """Published weights by their whole name, as ``'ResNet18_Weights.DEFAULT'``."""
    class_name, _, member = name.rpartition(".")
    models = importlib.import_module(__name__.rpartition(".")[0])
    weights_class = getattr(models, class_name, None)
    if not isinstance(weights_class, type) or not issubclass(
        weights_class, WeightsEnum
    ):
        raise ValueError(f"get_weight: {name!r} names no weights class of {models}")
    return weights_class.verify(member)
