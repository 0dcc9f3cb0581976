"""Weight normalization by a hook before forward, the older of the two ways."""

from __future__ import annotations

import warnings

import rushlight
from rushlight.nn.parameter import Parameter, is_lazy
from rushlight.nn.utils._typing import M

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


def scaled_direction(v, g, dim):
    """Return ``g * v / ||v||``, the norm over all dims but ``dim`` (-1: over all)."""
    return v * (g / rushlight.norm_except_dim(v, 2, dim))


class WeightNorm:
    """The forward pre-hook that computes a weight from its length and direction.

    Args:
        name: the name of the weight.
        dim: the dim with one length an index; ``None`` for one length in all.
    """

    def __init__(self, name, dim) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module):
        """Return the weight that the module's ``_g`` and ``_v`` stand for."""
        g, v = (getattr(module, self.name + suffix) for suffix in ("_g", "_v"))
        return scaled_direction(v, g, self.dim)

    @staticmethod
    def apply(module, name, dim):
        """Split a module's weight and register the hook; return the hook."""
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of "
            "`torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    "Cannot register two weight_norm hooks on the same parameter "
                    f"{name}"
                )
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized "
                "parameters. Make sure to run the dummy forward before applying "
                "weight normalization"
            )
        length = rushlight.norm_except_dim(weight, 2, hook.dim).data
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(length))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        for suffix in ("_g", "_v"):
            del module._parameters[self.name + suffix]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into its length and its direction (Salimans and Kingma 2016).

    ``weight = weight_g * weight_v / ||weight_v||``, computed before every forward.
    PyTorch deprecates it in favour of
    :func:`rushlight.nn.utils.parametrizations.weight_norm`.

    Args:
        module: the module to change.
        name: the name of its weight. Default: ``"weight"``.
        dim: the dim with one length an index; ``None`` for one length in all.
            Default: 0.

    Returns:
        ``module``.

    Raises:
        RuntimeError: the weight is normalized so already.

    Example:
        >>> import warnings
        >>> from rushlight import nn
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     layer = nn.utils.weight_norm(nn.Linear(20, 40))
        >>> tuple(layer.weight_g.shape), tuple(layer.weight_v.shape)
        ((40, 1), (40, 20))
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Undo :func:`weight_norm`, keeping the weight's value.

    Args:
        module: the module.
        name: the name of its weight. Default: ``"weight"``.

    Returns:
        ``module``.

    Raises:
        ValueError: the weight is not normalized so.

    Example:
        >>> import warnings
        >>> from rushlight import nn
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     layer = nn.utils.weight_norm(nn.Linear(2, 2))
        >>> layer = nn.utils.remove_weight_norm(layer)
        >>> sorted(name for name, _ in layer.named_parameters())
        ['bias', 'weight']
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
