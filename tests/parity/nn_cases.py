"""Functions behind layers: inputs by a spec, results and gradients compared."""

from __future__ import annotations

import warnings

import numpy as np
import torch

import rushlight as rl


def F(lib):
    return lib.nn.functional


def draw(spec, rng):
    """An array by its spec: a shape, or (kind, shape)."""
    kind, shape = spec if spec and isinstance(spec[0], str) else ("normal", spec)
    if kind == "unit":
        return rng.uniform(0.05, 0.95, shape)
    if kind == "positive":
        return rng.uniform(0.5, 2.0, shape)
    if kind == "signs":
        return rng.choice([-1.0, 1.0], shape)
    if kind.startswith("below"):
        return rng.integers(0, int(kind.removeprefix("below")), shape)
    return rng.standard_normal(shape) * 2


def inputs_of(specs, seed, detached):
    rng = np.random.default_rng(seed)
    ours, theirs = [], []
    for at, spec in enumerate(specs):
        array = np.array(draw(spec, rng))
        x, y = rl.tensor(array), torch.tensor(array)
        if y.is_floating_point() and at not in detached:
            x.requires_grad_(), y.requires_grad_()
        ours.append(x)
        theirs.append(y)
    return ours, theirs


def assert_near(ours, theirs, tolerance=1e-9):
    assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
    assert tuple(ours.shape) == tuple(theirs.shape)
    a, b = ours.detach().numpy(), theirs.detach().numpy(force=True)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def _gradients(lib, outputs, inputs, seed, make):
    rng = np.random.default_rng(seed)
    weights = [make(rng.standard_normal(tuple(o.shape))) for o in outputs]
    return lib.autograd.grad(
        outputs, inputs, weights, create_graph=True, allow_unused=True
    )


def compare(call, ours, theirs, tolerance=1e-9):
    """Values, gradients and gradients of a random combination of the gradients."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        a, b = call(rl, *ours), call(torch, *theirs)
    a, b = ([x] if not isinstance(x, tuple) else list(x) for x in (a, b))
    for level in range(3):
        assert len(a) == len(b)
        pairs = []
        for x, y in zip(a, b):
            if y is None or not y.requires_grad:
                # PyTorch says None where a gradient is zero, or the other way round.
                assert y is not None or x is None or not bool(x.any())
                if y is not None and x is not None:
                    assert_near(x, y, tolerance)
                continue
            if x is None:
                assert not bool(y.any())
                continue
            assert_near(x, y, tolerance)
            if x.requires_grad:
                pairs.append((x, y))
            else:
                assert level, "the result has no gradient"
        if not pairs or level == 2:
            return
        ours_left = [x for x in ours if x.requires_grad]
        theirs_left = [y for y in theirs if y.requires_grad]
        a = _gradients(rl, [x for x, _ in pairs], ours_left, level, rl.tensor)
        try:
            b = _gradients(
                torch, [y for _, y in pairs], theirs_left, level, torch.tensor
            )
        except RuntimeError as error:
            # Some of PyTorch's fused kernels have no second derivative.
            if not level or "is not implemented" not in str(error):
                raise
            return


# Losses: name, options, specs of the tensors.
REDUCED = [
    ("l1_loss", {}, [(3, 4)] * 2),
    ("mse_loss", {}, [(3, 4)] * 2),
    ("smooth_l1_loss", {"beta": 0.7}, [(3, 4)] * 2),
    ("huber_loss", {"delta": 0.7}, [(3, 4)] * 2),
    ("poisson_nll_loss", {"full": True}, [(3, 4), ("positive", (3, 4))]),
    (
        "poisson_nll_loss",
        {"log_input": False, "eps": 1e-3},
        [("positive", (3, 4)), ("positive", (3, 4))],
    ),
    ("gaussian_nll_loss", {"full": True}, [(3, 4), (3, 4), ("positive", (3, 4))]),
    ("binary_cross_entropy", {}, [("unit", (3, 4)), ("unit", (3, 4))]),
    ("binary_cross_entropy_with_logits", {}, [(3, 4), ("unit", (3, 4))]),
    ("kl_div", {}, [(3, 4), ("unit", (3, 4))]),
    ("kl_div", {"log_target": True}, [(3, 4), (3, 4)]),
    ("soft_margin_loss", {}, [(3, 4), ("signs", (3, 4))]),
    ("multilabel_soft_margin_loss", {}, [(3, 4), ("unit", (3, 4))]),
    ("margin_ranking_loss", {"margin": 0.3}, [(3, 4), (3, 4), ("signs", (3, 4))]),
    ("hinge_embedding_loss", {"margin": 0.8}, [(3, 4), ("signs", (3, 4))]),
    ("cosine_embedding_loss", {"margin": 0.1}, [(3, 4), (3, 4), ("signs", (3,))]),
    ("multi_margin_loss", {"p": 2, "margin": 0.7}, [(3, 4), ("below4", (3,))]),
    ("multi_margin_loss", {}, [(4,), ("below4", ())]),
    ("multilabel_margin_loss", {}, [(3, 4), ("below4", (3, 4))]),
    ("triplet_margin_loss", {"swap": True, "p": 3}, [(3, 4)] * 3),
    ("triplet_margin_with_distance_loss", {"margin": 0.5}, [(3, 4)] * 3),
    ("nll_loss", {"ignore_index": 1}, [(5, 3), ("below3", (5,))]),
    ("nll_loss", {}, [(2, 3, 2, 2), ("below3", (2, 2, 2))]),
    ("cross_entropy", {"label_smoothing": 0.2}, [(5, 3), ("below3", (5,))]),
    ("cross_entropy", {"label_smoothing": 0.1}, [(5, 3), ("unit", (5, 3))]),
    ("cross_entropy", {"ignore_index": 2}, [(2, 3, 4), ("below3", (2, 4))]),
]
