"""What reads images: Pillow alone."""

from __future__ import annotations

__all__ = ["disable_beta_transforms_warning", "get_image_backend", "set_image_backend"]


def get_image_backend() -> str:
    """The name of the package that reads images: ``'PIL'``.

    Example:
        >>> from rushlight.vision import get_image_backend
        >>> get_image_backend()
        'PIL'
    """
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Choose the package that reads images; Pillow is the only one.

    Args:
        backend: ``'PIL'``.

    Raises:
        ValueError: another name.
    """
    if backend != "PIL":
        raise ValueError(
            f"Invalid backend '{backend}'. The only option is 'PIL': accimage is not "
            "supported"
        )


def disable_beta_transforms_warning() -> None:
    """Do nothing: there is no such warning any more, and scripts turn it off."""
