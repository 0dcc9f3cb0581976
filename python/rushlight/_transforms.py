"""Functions of functions: compile, cond and vmap, all of them eager."""

from __future__ import annotations

import rushlight
from rushlight._core import Tensor


def compile(
    model=None,
    *,
    fullgraph=False,
    dynamic=None,
    backend="eager",
    mode=None,
    options=None,
    name=None,
    disable=False,
):
    """``model`` as it is: everything runs eagerly, there is no compiler.

    It exists so that scripts which ask for compilation run. The arguments are checked
    as in PyTorch and have no further effect.

    Args:
        model (callable): a Module or function; without it a decorator is returned.

    Raises:
        RuntimeError: when both ``mode`` and ``options`` are given.

    Example::

        >>> @rushlight.compile
        ... def double(x):
        ...     return x * 2
        >>> double(rushlight.ones(1))
        tensor([2.])
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at "
            "the same time."
        )
    if model is None:
        return compile
    if not callable(model):
        raise TypeError(f"compile(): expected a callable, got {type(model).__name__}")
    return model


def cond(pred, true_fn, false_fn, operands=()):
    """``true_fn(*operands)`` where ``pred`` holds, else ``false_fn(*operands)``.

    Args:
        pred (bool, Number or Tensor): one value.
        true_fn (callable): of the operands.
        false_fn (callable): of the operands.
        operands (tuple or list): the arguments of both: tensors, and containers of
            them.

    Raises:
        RuntimeError: for an argument of another type, where ``pred`` is a tensor.

    Example::

        >>> rushlight.cond(True, lambda x: x + 1, lambda x: x, (rushlight.ones(1),))
        tensor([2.])
    """
    if isinstance(pred, (bool, int, float)):
        return (true_fn if pred else false_fn)(*operands)
    if not isinstance(pred, Tensor):
        raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
    if pred.numel() != 1:
        raise RuntimeError(
            "Expected pred to be bool or single-element tensor, but got a tensor of "
            f"shape {tuple(pred.shape)}."
        )
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)) or not all(
        isinstance(x, Tensor) for x, _ in _flatten(operands, None, "operands")
    ):
        raise RuntimeError(
            "Expect operands to be a tuple of possibly nested containers of tensors, "
            "but "
            f"got {operands}."
        )
    return (true_fn if pred else false_fn)(*operands)


# -- vmap: nested lists, tuples and dicts are the containers -------------------------


def _flatten(tree, dims, where):
    """Leaves of ``tree`` with the dim of each; a container may have one dim for all."""
    if isinstance(tree, (list, tuple, dict)):
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        if isinstance(dims, (list, tuple, dict)):
            if len(dims) != len(tree) or isinstance(dims, dict) != isinstance(
                tree, dict
            ):
                raise ValueError(
                    f"vmap(): in_dims is not compatible with the structure of {where}: "
                    f"{dims} for {type(tree).__name__} of length {len(tree)}"
                )
            pairs = [(tree[k], dims[k]) for k in keys]
        else:
            pairs = [(tree[k], dims) for k in keys]
        return [leaf for x, d in pairs for leaf in _flatten(x, d, where)]
    if dims is None:
        return [(tree, None)]
    if isinstance(dims, bool) or not isinstance(dims, int):
        raise ValueError(
            f"vmap(): Got in_dim={dims} for {where}: in_dim must be an int or None"
        )
    if not isinstance(tree, Tensor):
        raise ValueError(
            f"vmap(): Got in_dim={dims} for an input of type {type(tree).__name__}: "
            "only Tensors can be vmapped over, give None for it"
        )
    if not -tree.dim() <= dims < tree.dim():
        raise ValueError(
            f"vmap(): Got in_dim={dims} for some input, but that input is a Tensor of "
            f"dimensionality {tree.dim()}"
        )
    return [(tree, dims % tree.dim())]


def _rebuild(tree, leaves):
    if isinstance(tree, dict):
        return type(tree)((k, _rebuild(v, leaves)) for k, v in tree.items())
    if isinstance(tree, (list, tuple)):
        items = [_rebuild(v, leaves) for v in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return next(leaves)


def _stack(results, dim):
    first = results[0]
    if isinstance(first, dict):
        dims = dim if isinstance(dim, dict) else dict.fromkeys(first, dim)
        return {k: _stack([r[k] for r in results], dims[k]) for k in first}
    if isinstance(first, (list, tuple)):
        dims = dim if isinstance(dim, (list, tuple)) else [dim] * len(first)
        if len(dims) != len(first):
            raise ValueError(
                f"vmap(): out_dims has {len(dims)} entries for {len(first)} outputs"
            )
        items = [_stack([r[i] for r in results], d) for i, d in enumerate(dims)]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if isinstance(dim, (list, tuple)) and len(dim) == 1:
        dim = dim[0]
    if not isinstance(first, Tensor):
        raise ValueError(
            f"vmap(): the function must only return Tensors, got {type(first).__name__}"
        )
    if dim is None:
        return first
    return rushlight.stack(results, dim)


_RANDOMNESS = ("error", "different", "same")


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """``func`` over the slices of its arguments, its results stacked.

    The function is called once a slice and the results are stacked: correct and
    differentiable, but not faster than a loop. Random numbers with
    ``randomness="error"`` are not detected; "same" gives every call the same ones.

    Args:
        func (callable): of tensors, and containers of them.
        in_dims (int, None or nested): the dim to map over, for each argument.
        out_dims (int, None or nested): where the new dim goes, for each result.
        randomness (str): "error", "different" or "same".
        chunk_size (int, optional): has no effect on the result.

    Returns:
        callable: with func's signature; keyword arguments are passed on as they are.

    Raises:
        ValueError: for sizes that differ or dims that do not exist.

    Example::

        >>> rushlight.vmap(rushlight.dot)(rushlight.ones(2, 3), rushlight.ones(2, 3))
        tensor([3., 3.])
    """
    if randomness not in _RANDOMNESS:
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. "
            "Got "
            f"{randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(
            f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})"
        )

    def mapped(*args, **kwargs):
        if not args:
            raise ValueError(
                "vmap(): got no inputs. Maybe you forgot to add inputs, or you are "
                "trying to vmap over a function with no inputs."
            )
        if isinstance(in_dims, (list, tuple)) and len(in_dims) != len(args):
            raise ValueError(
                f"vmap(): in_dims {in_dims} is not compatible with {len(args)} "
                "arguments"
            )
        leaves = _flatten(args, in_dims, "inputs")
        sizes = {x.shape[d] for x, d in leaves if d is not None}
        if not sizes:
            raise ValueError(
                "vmap(): at least one input must be a Tensor with an in_dim other than "
                "None"
            )
        if len(sizes) > 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped "
                f"dimension, got sizes {sorted(sizes)} for the mapped dimension"
            )
        (size,) = sizes
        if size == 0:
            raise NotImplementedError(
                "vmap(): a mapped dim of size 0 has no slice to call the function on"
            )
        state = rushlight.get_rng_state() if randomness == "same" else None
        results = []
        for i in range(size):
            if state is not None:
                rushlight.set_rng_state(state)
            slices = iter([x if d is None else x.select(d, i) for x, d in leaves])
            results.append(func(*_rebuild(args, slices), **kwargs))
        return _stack(results, out_dims)

    return mapped
