"""Named operations with magnitudes, the vocabulary of the automatic augmentations."""

from __future__ import annotations

import math

import rushlight

# The policies found by Cubuk et al. 2019 (arXiv:1805.09501, appendix): two operations
# each, with their probability and the step of their magnitude, 0 to 9.
_POLICIES = {
    "imagenet": """
        Posterize 0.4 8, Rotate 0.6 9
        Solarize 0.6 5, AutoContrast 0.6
        Equalize 0.8, Equalize 0.6
        Posterize 0.6 7, Posterize 0.6 6
        Equalize 0.4, Solarize 0.2 4
        Equalize 0.4, Rotate 0.8 8
        Solarize 0.6 3, Equalize 0.6
        Posterize 0.8 5, Equalize 1.0
        Rotate 0.2 3, Solarize 0.6 8
        Equalize 0.6, Posterize 0.4 6
        Rotate 0.8 8, Color 0.4 0
        Rotate 0.4 9, Equalize 0.6
        Equalize 0.0, Equalize 0.8
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Rotate 0.8 8, Color 1.0 2
        Color 0.8 8, Solarize 0.8 7
        Sharpness 0.4 7, Invert 0.6
        ShearX 0.6 5, Equalize 1.0
        Color 0.4 0, Equalize 0.6
        Equalize 0.4, Solarize 0.2 4
        Solarize 0.6 5, AutoContrast 0.6
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Equalize 0.8, Equalize 0.6
    """,
    "cifar10": """
        Invert 0.1, Contrast 0.2 6
        Rotate 0.7 2, TranslateX 0.3 9
        Sharpness 0.8 1, Sharpness 0.9 3
        ShearY 0.5 8, TranslateY 0.7 9
        AutoContrast 0.5, Equalize 0.9
        ShearY 0.2 7, Posterize 0.3 7
        Color 0.4 3, Brightness 0.6 7
        Sharpness 0.3 9, Brightness 0.7 9
        Equalize 0.6, Equalize 0.5
        Contrast 0.6 7, Sharpness 0.6 5
        Color 0.7 7, TranslateX 0.5 8
        Equalize 0.3, AutoContrast 0.4
        TranslateY 0.4 3, Sharpness 0.2 6
        Brightness 0.9 6, Color 0.2 8
        Solarize 0.5 2, Invert 0.0
        Equalize 0.2, AutoContrast 0.6
        Equalize 0.2, Equalize 0.6
        Color 0.9 9, Equalize 0.6
        AutoContrast 0.8, Solarize 0.2 8
        Brightness 0.1 3, Color 0.7 0
        Solarize 0.4 5, AutoContrast 0.9
        TranslateY 0.9 9, TranslateY 0.7 9
        AutoContrast 0.9, Solarize 0.8 3
        Equalize 0.8, Invert 0.1
        TranslateY 0.7 9, AutoContrast 0.9
    """,
    "svhn": """
        ShearX 0.9 4, Invert 0.2
        ShearY 0.9 8, Invert 0.7
        Equalize 0.6, Solarize 0.6 6
        Invert 0.9, Equalize 0.6
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, AutoContrast 0.8
        ShearY 0.9 8, Invert 0.4
        ShearY 0.9 5, Solarize 0.2 6
        Invert 0.9, AutoContrast 0.8
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, Solarize 0.3 3
        ShearY 0.8 8, Invert 0.7
        Equalize 0.9, TranslateY 0.6 6
        Invert 0.9, Equalize 0.6
        Contrast 0.3 3, Rotate 0.8 4
        Invert 0.8, TranslateY 0.0 2
        ShearY 0.7 6, Solarize 0.4 8
        Invert 0.6, Rotate 0.8 4
        ShearY 0.3 7, TranslateX 0.9 3
        ShearX 0.1 6, Invert 0.6
        Solarize 0.7 2, TranslateY 0.6 7
        ShearY 0.8 4, Invert 0.8
        ShearX 0.7 9, TranslateY 0.8 3
        ShearY 0.8 5, AutoContrast 0.7
        ShearX 0.7 2, Invert 0.1
    """,
}

Step = tuple[str, float, int | None]


def policies(name: str) -> list[tuple[Step, Step]]:
    """The pairs of ``(operation, probability, step or None)`` of a policy.

    Raises:
        ValueError: an unknown policy.
    """
    if name not in _POLICIES:
        raise ValueError(
            f"The provided policy {name} is not recognized; there are "
            f"{', '.join(_POLICIES)}."
        )
    found = []
    for line in _POLICIES[name].strip().splitlines():
        first, second = (_step(text.split()) for text in line.split(","))
        found.append((first, second))
    return found


def _step(words) -> Step:
    name, probability, *step = words
    return name, float(probability), int(step[0]) if step else None


class Space:
    """Operations with the range of their magnitudes.

    Args:
        names: the operations, in the order they are drawn from.
        shear: the largest slope.
        shift: the largest shift of a width and of a height, in pixels.
        turn: the largest angle in degrees.
        color: the largest change of a colour's factor.
        bits: the most bits that :func:`posterize` leaves, and drops of them.
    """

    def __init__(self, names, shear, shift, turn, color, bits) -> None:
        self.names = names.split()
        self._most = {
            **dict.fromkeys(("ShearX", "ShearY"), shear),
            "Rotate": turn,
            **dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), color),
        }
        self._shift = shift
        self._bits = bits

    def is_signed(self, name) -> bool:
        """Whether an operation works both ways."""
        return name in self._most or name.startswith("Translate")

    def has_magnitude(self, name) -> bool:
        """Whether an operation has magnitudes at all."""
        return self.is_signed(name) or name in ("Posterize", "Solarize")

    def magnitude(self, name, step, steps, height, width, full=1.0) -> float:
        """An operation's magnitude at a step; ``full`` is solarize's full intensity."""
        if name == "Posterize":
            most, dropped = self._bits
            return float(most - round(step / ((steps - 1) / dropped)))
        low, high = 0.0, self._most.get(name, 0.0)
        if name == "Solarize":
            low, high = full, 0.0
        elif name.startswith("Translate"):
            high = self._shift(width if name == "TranslateX" else height)
        return rushlight.linspace(low, high, steps)[step].item()


_GEOMETRIC = "ShearX ShearY TranslateX TranslateY Rotate "
_COLORS = "Brightness Color Contrast Sharpness "
_TONES = "Posterize Solarize AutoContrast Equalize "


def _shift(size) -> float:
    return 150.0 / 331.0 * size


AUTO = Space(_GEOMETRIC + _COLORS + _TONES + "Invert", 0.3, _shift, 30.0, 0.9, (8, 4))
RAND = Space(
    "Identity " + _GEOMETRIC + _COLORS + _TONES, 0.3, _shift, 30.0, 0.9, (8, 4)
)
WIDE = Space(
    "Identity " + _GEOMETRIC + _COLORS + _TONES,
    0.99,
    lambda size: 32.0,
    135.0,
    0.99,
    (8, 6),
)
MIX = Space(
    _GEOMETRIC + _TONES + _COLORS, 0.3, lambda size: size / 3.0, 30.0, 0.9, (4, 4)
)
MIX_WITHOUT_COLORS = Space(
    _GEOMETRIC + _TONES, 0.3, lambda size: size / 3.0, 30.0, 0.9, (4, 4)
)

_ADJUST = {
    "Brightness": "adjust_brightness",
    "Color": "adjust_saturation",
    "Contrast": "adjust_contrast",
    "Sharpness": "adjust_sharpness",
}
_PLAIN = {"AutoContrast": "autocontrast", "Equalize": "equalize", "Invert": "invert"}


def apply(functional, img, name, magnitude, interpolation, fill):
    """An operation on an image, by a module of functionals."""
    if name == "Identity":
        return img
    if name in _PLAIN:
        return getattr(functional, _PLAIN[name])(img)
    if name in _ADJUST:
        return getattr(functional, _ADJUST[name])(img, 1.0 + magnitude)
    if name == "Posterize":
        return functional.posterize(img, int(magnitude))
    if name == "Solarize":
        return functional.solarize(img, magnitude)
    if name == "Rotate":
        return functional.rotate(img, magnitude, interpolation=interpolation, fill=fill)
    shift, shear, center = [0, 0], [0.0, 0.0], None
    axis = "XY".index(name[-1])
    if name.startswith("Translate"):
        shift[axis] = int(magnitude)
    else:
        shear[axis] = math.degrees(math.atan(magnitude))
        center = [0, 0]
    return functional.affine(
        img,
        angle=0.0,
        translate=shift,
        scale=1.0,
        shear=shear,
        interpolation=interpolation,
        fill=fill,
        center=center,
    )
