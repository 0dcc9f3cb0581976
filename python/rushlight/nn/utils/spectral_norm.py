"""Spectral normalization by a hook before forward, the older of the two ways."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as F
from rushlight.nn.parameter import Parameter, is_lazy
from rushlight.nn.utils._power_iteration import output_dim, rows_first
from rushlight.nn.utils._typing import M

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]


class SpectralNorm:
    """The forward pre-hook that divides a weight by its largest singular value.

    Args:
        name: the name of the weight. Default: ``"weight"``.
        n_power_iterations: iterations before each forward in training. Default: 1.
        dim: the dim of the outputs. Default: 0.
        eps: the least norm divided by. Default: 1e-12.
    """

    # Written to the state_dict's metadata. Before version 1 the normalized weight was
    # saved, and the right vector was not.
    _version = 1

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def reshape_weight_to_matrix(self, weight):
        """Return the weight as a matrix with a row for each output."""
        return rows_first(weight, self.dim)

    def compute_weight(self, module, do_power_iteration):
        """Return the normalized weight, refining the singular vectors if asked to."""
        weight, u, v = (
            getattr(module, self.name + suffix) for suffix in ("_orig", "_u", "_v")
        )
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with rushlight.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
            # Copies: the next forward writes into the buffers, maybe before backward.
            u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    def remove(self, module) -> None:
        """Make the weight a parameter again, with the normalized values."""
        with rushlight.no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))

    def _solve_v_and_rescale(self, matrix, u, sigma):
        """Return ``v`` with ``u`` along ``matrix @ v`` and ``u @ matrix @ v = sigma``.

        The pseudoinverse serves matrices whose rows or columns are not independent.
        """
        inverse = matrix.t().mm(matrix).pinverse()
        v = inverse.mv(matrix.t().mv(u))
        return v.mul_(sigma / u.dot(matrix.mv(v)))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Register the hooks on a module's weight; return the forward pre-hook."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    "Cannot register two spectral_norm hooks on the same parameter "
                    f"{name}"
                )
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(
                f"`SpectralNorm` cannot be applied as parameter `{name}` is None"
            )
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized "
                "parameters. Make sure to run the dummy forward before applying "
                "spectral normalization"
            )
        with rushlight.no_grad():
            u, v = (
                F.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps)
                for size in hook.reshape_weight_to_matrix(weight).shape
            )
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # A plain attribute, so that code that reads the weight before the first call
        # finds one.
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(
            SpectralNormLoadStateDictPreHook(hook)
        )
        return hook


class SpectralNormLoadStateDictPreHook:
    """Computes the right vector for entries saved before it was saved itself.

    Args:
        fn: the :class:`SpectralNorm` hook of the weight.
    """

    def __init__(self, fn) -> None:
        self.fn = fn

    def __call__(
        self,
        state_dict,
        prefix,
        local_metadata,
        strict,
        missing_keys,
        unexpected_keys,
        error_msgs,
    ) -> None:
        hook = self.fn
        versions = local_metadata.get("spectral_norm", {})
        version = versions.get(hook.name + ".version")
        if version is not None and version >= 1:
            return
        key = prefix + hook.name
        current = [key + suffix for suffix in ("_orig", "_u", "_v")]
        if version is None and key not in state_dict:
            # A dict made by hand, of the current form: only the metadata is missing.
            if all(name in state_dict for name in current):
                return
        missing = [
            name for name in (current[0], key, current[1]) if name not in state_dict
        ]
        if missing:
            if strict:
                missing_keys.extend(missing)
            return
        with rushlight.no_grad():
            original, u = state_dict[current[0]], state_dict[current[1]]
            sigma = (original / state_dict.pop(key)).mean()
            matrix = hook.reshape_weight_to_matrix(original)
            state_dict[current[2]] = hook._solve_v_and_rescale(matrix, u, sigma)


class SpectralNormStateDictHook:
    """Writes the hook's version to a state_dict's metadata.

    Args:
        fn: the :class:`SpectralNorm` hook of the weight.
    """

    def __init__(self, fn) -> None:
        self.fn = fn

    def __call__(self, module, state_dict, prefix, local_metadata) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Divide a weight by its largest singular value (Miyato et al. 2018).

    The quotient of ``weight_orig`` and the singular value, approximated by power
    iteration, is computed before every forward.
    :func:`rushlight.nn.utils.parametrizations.spectral_norm` is the newer form.

    Args:
        module: the module to change.
        name: the name of its weight. Default: ``"weight"``.
        n_power_iterations: iterations before each forward in training. Default: 1.
        eps: the least norm divided by. Default: 1e-12.
        dim: the dim of the outputs, the matrix's rows. Default: 1 for transposed
            convolutions, else 0.

    Returns:
        ``module``.

    Raises:
        RuntimeError: the weight is normalized so already.
        ValueError: the weight is ``None``, or ``n_power_iterations`` not positive.

    Example:
        >>> from rushlight import nn
        >>> layer = nn.utils.spectral_norm(nn.Linear(20, 40))
        >>> tuple(layer.weight_u.shape), tuple(layer.weight_v.shape)
        ((40,), (20,))
    """
    dim = output_dim(module) if dim is None else dim
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Undo :func:`spectral_norm`, keeping the normalized values.

    Args:
        module: the module.
        name: the name of its weight. Default: ``"weight"``.

    Returns:
        ``module``.

    Raises:
        ValueError: the weight is not normalized so.

    Example:
        >>> from rushlight import nn
        >>> layer = nn.utils.spectral_norm(nn.Linear(2, 2))
        >>> sorted(nn.utils.remove_spectral_norm(layer).state_dict())
        ['bias', 'weight']
    """
    if _pop_hook(module._forward_pre_hooks, name, module) is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    _pop_hook(module._state_dict_hooks, name)
    _pop_hook(module._load_state_dict_pre_hooks, name)
    return module


def _pop_hook(table, name, owner=None):
    """Take the hook of a weight out of a table; undo it in ``owner`` first."""
    for key, entry in table.items():
        hook = getattr(entry, "fn", entry)
        if isinstance(hook, SpectralNorm) and hook.name == name:
            if owner is not None:
                hook.remove(owner)
            return table.pop(key)
    return None
