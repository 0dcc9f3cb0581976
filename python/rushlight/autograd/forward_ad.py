"""Forward mode, which is not available: every name says so and what to use."""

from __future__ import annotations

from typing import NoReturn

from rushlight._core import Tensor

__all__ = [
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]


def _refuse(name) -> NoReturn:
    raise NotImplementedError(
        f"forward_ad.{name}: forward-mode differentiation is not available; "
        "rushlight.autograd.functional.jvp gives the same product by two backward "
        "passes"
    )


class dual_level:
    """Would open a level of forward mode.

    Raises:
        NotImplementedError: always; use ``autograd.functional.jvp``.
    """

    def __init__(self) -> None:
        _refuse("dual_level")


def enter_dual_level() -> NoReturn:
    """Would open a level of forward mode.

    Raises:
        NotImplementedError: always; use ``autograd.functional.jvp``.
    """
    _refuse("enter_dual_level")


def exit_dual_level(*, level: int | None = None) -> NoReturn:
    """Would close a level of forward mode.

    Raises:
        NotImplementedError: always; use ``autograd.functional.jvp``.
    """
    _refuse("exit_dual_level")


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> NoReturn:
    """Would give ``tensor`` a tangent.

    Raises:
        NotImplementedError: always; use ``autograd.functional.jvp``.
    """
    _refuse("make_dual")


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> NoReturn:
    """Would take a tensor and its tangent apart.

    Raises:
        NotImplementedError: always; use ``autograd.functional.jvp``.
    """
    _refuse("unpack_dual")
