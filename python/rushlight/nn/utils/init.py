"""Making a module without drawing its initial values."""

from __future__ import annotations

import inspect
from typing import Any

from rushlight.nn import init
from rushlight.nn.modules.module import Module
from rushlight.nn.utils._typing import M

__all__ = ["skip_init"]


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make a module whose parameters are left uninitialised.

    The functions of ``nn.init`` do nothing meanwhile, and draw nothing.

    Args:
        module_cls: the class; its constructor takes ``device``.
        *args: arguments of the constructor.
        **kwargs: keyword arguments of the constructor.

    Returns:
        The module.

    Raises:
        RuntimeError: ``module_cls`` is no ``Module``, or takes no ``device``.

    Example:
        >>> from rushlight import nn
        >>> tuple(nn.utils.skip_init(nn.Linear, 3, 2).weight.shape)
        (2, 3)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with init._suspended():
        return module_cls(*args, **kwargs)
