"""Errors, warnings and signatures of functions behind layers are PyTorch's."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from nn_cases import REDUCED, F, assert_near, inputs_of  # noqa: E402


def _outcome(call, lib):
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        try:
            call(lib)
            kind = None
        except Exception as error:
            kind = type(error).__name__
    return kind, [w.category.__name__ for w in log]


ERRORS = {
    "layer_norm weight": lambda lib: lib.layer_norm(lib.ones(2, 3), [3], lib.ones(2)),
    "layer_norm shape": lambda lib: lib.layer_norm(lib.ones(2, 3), [2]),
    "layer_norm empty shape": lambda lib: lib.layer_norm(lib.ones(2, 3), []),
    "layer_norm int shape": lambda lib: F(lib).layer_norm(lib.ones(2, 3), 3),
    "layer_norm dtypes": lambda lib: lib.layer_norm(
        lib.ones(2, 3), [3], lib.ones(3).double()
    ),
    "layer_norm ints": lambda lib: lib.layer_norm(lib.ones(2, 3).long(), [3]),
    "group_norm groups": lambda lib: lib.group_norm(lib.ones(2, 4), 3),
    "group_norm no group": lambda lib: lib.group_norm(lib.ones(2, 4), 0),
    "group_norm 1-d": lambda lib: lib.group_norm(lib.ones(2), 1),
    "group_norm 1-d of F": lambda lib: F(lib).group_norm(lib.ones(2), 1),
    "group_norm one value": lambda lib: F(lib).group_norm(lib.ones(1, 1), 1),
    "batch_norm one value": lambda lib: F(lib).batch_norm(
        lib.ones(1, 4), None, None, training=True
    ),
    "batch_norm eps": lambda lib: F(lib).batch_norm(
        lib.ones(2, 4), None, None, training=True, eps=0.0
    ),
    "batch_norm evaluation": lambda lib: F(lib).batch_norm(lib.ones(2, 4), None, None),
    "batch_norm weight": lambda lib: F(lib).batch_norm(
        lib.ones(2, 4), None, None, lib.ones(3), training=True
    ),
    "batch_norm half a pair": lambda lib: F(lib).batch_norm(
        lib.ones(2, 4), lib.ones(4), None, training=True
    ),
    "batch_norm ints": lambda lib: F(lib).batch_norm(
        lib.ones(2, 4).long(), None, None, training=True
    ),
    "instance_norm one value": lambda lib: F(lib).instance_norm(lib.ones(2, 3, 1)),
    "instance_norm no statistics": lambda lib: F(lib).instance_norm(
        lib.ones(2, 3, 2), use_input_stats=False
    ),
    "rms_norm shape": lambda lib: lib.rms_norm(lib.ones(2, 3), [4]),
    "rms_norm ints": lambda lib: lib.rms_norm(lib.ones(2, 3).long(), [3]),
    "local_response_norm 2-d": lambda lib: F(lib).local_response_norm(
        lib.ones(2, 3), 2
    ),
    "embedding index": lambda lib: F(lib).embedding(lib.tensor([5]), lib.ones(5, 2)),
    "embedding floats": lambda lib: F(lib).embedding(lib.tensor([1.0]), lib.ones(5, 2)),
    "embedding padding": lambda lib: F(lib).embedding(
        lib.tensor([1]), lib.ones(5, 2), padding_idx=7
    ),
    "embedding 1-d": lambda lib: F(lib).embedding(lib.tensor([1]), lib.ones(5)),
    "embedding_bag index": lambda lib: F(lib).embedding_bag(
        lib.tensor([[5]]), lib.ones(5, 2)
    ),
    "embedding_bag offsets": lambda lib: F(lib).embedding_bag(
        lib.tensor([1, 2]), lib.ones(5, 2), lib.tensor([1])
    ),
    "embedding_bag far offset": lambda lib: F(lib).embedding_bag(
        lib.tensor([1, 2]), lib.ones(5, 2), lib.tensor([0, 3])
    ),
    "embedding_bag none": lambda lib: F(lib).embedding_bag(
        lib.tensor([1, 2]), lib.ones(5, 2)
    ),
    "embedding_bag both": lambda lib: F(lib).embedding_bag(
        lib.tensor([[1, 2]]), lib.ones(5, 2), lib.tensor([0])
    ),
    "embedding_bag mode": lambda lib: F(lib).embedding_bag(
        lib.tensor([[1]]), lib.ones(5, 2), mode="min"
    ),
    "embedding_bag weights": lambda lib: F(lib).embedding_bag(
        lib.tensor([[1]]), lib.ones(5, 2), per_sample_weights=lib.ones(1, 1)
    ),
    "embedding_bag max": lambda lib: F(lib).embedding_bag(
        lib.tensor([[1]]), lib.ones(5, 2), mode="max", scale_grad_by_freq=True
    ),
    "bilinear": lambda lib: lib.bilinear(
        lib.ones(2, 3), lib.ones(2, 3), lib.ones(2, 3, 4)
    ),
    "cosine_similarity ints": lambda lib: lib.cosine_similarity(
        lib.ones(2, 3).long(), lib.ones(2, 3).long()
    ),
    "cosine_similarity dim": lambda lib: lib.cosine_similarity(
        lib.ones(2), lib.ones(2), 1
    ),
    "hardtanh bounds": lambda lib: F(lib).hardtanh(lib.ones(2), 1.0, -1.0),
    "hardtanh bool": lambda lib: F(lib).hardtanh(lib.ones(2).bool()),
    "hardtanh unsigned": lambda lib: F(lib).hardtanh(lib.ones(2).to(lib.uint8)),
    "glu odd": lambda lib: F(lib).glu(lib.ones(3)),
    "glu 0-d": lambda lib: F(lib).glu(lib.tensor(1.0)),
    "glu dim": lambda lib: F(lib).glu(lib.ones(2), 1),
    "gelu approximate": lambda lib: F(lib).gelu(lib.ones(2), approximate="erf"),
    "gelu ints": lambda lib: F(lib).gelu(lib.ones(2).long()),
    "celu alpha": lambda lib: F(lib).celu(lib.ones(2), 0.0),
    "softshrink lambd": lambda lib: F(lib).softshrink(lib.ones(2), -1.0),
    "rrelu bounds": lambda lib: F(lib).rrelu(lib.ones(2), 0.5, 0.1),
    "prelu weights": lambda lib: F(lib).prelu(lib.ones(2, 3), lib.ones(2)),
    "no tensor": lambda lib: F(lib).gelu(1.0),
    "leaf in place": lambda lib: F(lib).elu(
        lib.ones(2, requires_grad=True), inplace=True
    ),
    "bce sizes": lambda lib: F(lib).binary_cross_entropy(lib.ones(2), lib.ones(3)),
    "bce range": lambda lib: F(lib).binary_cross_entropy(lib.ones(2) + 1, lib.ones(2)),
    "bce dtypes": lambda lib: F(lib).binary_cross_entropy(
        lib.ones(2), lib.ones(2).long()
    ),
    "logits sizes": lambda lib: F(lib).binary_cross_entropy_with_logits(
        lib.ones(2), lib.ones(3)
    ),
    "beta": lambda lib: F(lib).smooth_l1_loss(lib.ones(2), lib.ones(2), beta=-1.0),
    "delta": lambda lib: F(lib).huber_loss(lib.ones(2), lib.ones(2), delta=0.0),
    "mse reduction": lambda lib: F(lib).mse_loss(
        lib.ones(2), lib.ones(2), reduction="all"
    ),
    "mse weight": lambda lib: F(lib).mse_loss(
        lib.ones(2), lib.ones(2), weight=lib.ones(3)
    ),
    "mse sizes": lambda lib: F(lib).mse_loss(lib.ones(2), lib.ones(2, 2)),
    "mse far sizes": lambda lib: F(lib).mse_loss(lib.ones(2), lib.ones(3)),
    "huber sizes": lambda lib: F(lib).huber_loss(lib.ones(2), lib.ones(2, 2)),
    "kl_div mean": lambda lib: F(lib).kl_div(lib.ones(2), lib.ones(2)),
    "elementwise_mean": lambda lib: F(lib).kl_div(
        lib.ones(2), lib.ones(2), reduction="elementwise_mean"
    ),
    "var": lambda lib: F(lib).gaussian_nll_loss(lib.ones(2), lib.ones(2), -lib.ones(2)),
    "var size": lambda lib: F(lib).gaussian_nll_loss(
        lib.ones(2), lib.ones(2), lib.ones(3)
    ),
    "multi_margin p": lambda lib: F(lib).multi_margin_loss(
        lib.ones(2, 3), lib.tensor([0, 1]), 3
    ),
    "multi_margin range": lambda lib: F(lib).multi_margin_loss(
        lib.ones(2, 3), lib.tensor([0, 3])
    ),
    "multilabel_margin range": lambda lib: F(lib).multilabel_margin_loss(
        lib.ones(3), lib.tensor([0, 3, -1])
    ),
    "multilabel_margin size": lambda lib: F(lib).multilabel_margin_loss(
        lib.ones(3), lib.tensor([0, -1])
    ),
    "triplet margin": lambda lib: F(lib).triplet_margin_loss(
        lib.ones(2), lib.ones(2), lib.ones(2), margin=-1.0
    ),
    "triplet dims": lambda lib: F(lib).triplet_margin_loss(
        lib.ones(2), lib.ones(2, 2), lib.ones(2)
    ),
    "margin_ranking dims": lambda lib: F(lib).margin_ranking_loss(
        lib.ones(2), lib.ones(2), lib.ones(1, 1)
    ),
    "cosine_embedding dims": lambda lib: F(lib).cosine_embedding_loss(
        lib.ones(2), lib.ones(2), lib.ones(2)
    ),
    "ctc lengths": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3), lib.ones(1, 1).long(), [3], [1]
    ),
    "ctc batch": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3), lib.ones(1, 1).long(), [2, 2], [1, 1]
    ),
    "ctc mixed lengths": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3), lib.ones(1, 1).long(), [2], lib.tensor([1])
    ),
    "ctc blank": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3), lib.ones(1, 1).long(), [2], [1], 3
    ),
    "ctc half": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3).half(), lib.ones(1, 1).long(), [2], [1]
    ),
    "ctc float lengths": lambda lib: lib.ctc_loss(
        lib.zeros(2, 1, 3), lib.ones(1, 1).long(), lib.tensor([2.0]), lib.tensor([1.0])
    ),
    "attention dtypes": lambda lib: F(lib).scaled_dot_product_attention(
        lib.ones(2, 3), lib.ones(2, 3).double(), lib.ones(2, 3)
    ),
    "attention 1-d": lambda lib: F(lib).scaled_dot_product_attention(
        lib.ones(3), lib.ones(2, 3), lib.ones(2, 3)
    ),
    "attention int mask": lambda lib: F(lib).scaled_dot_product_attention(
        lib.ones(2, 3), lib.ones(2, 3), lib.ones(2, 3), lib.ones(2, 2).long()
    ),
    "lstm states": lambda lib: lib.lstm(
        lib.ones(2, 1, 1), (lib.ones(1, 1, 1),), [], False, 1, 0.0, True, False, False
    ),
    "cell of vectors": lambda lib: lib.gru_cell(
        lib.ones(3), lib.ones(4), lib.ones(12, 3), lib.ones(12, 4)
    ),
    "cell sizes": lambda lib: lib.gru_cell(
        lib.ones(2, 3), lib.ones(2, 4), lib.ones(12, 5), lib.ones(12, 4)
    ),
    "gumbel eps": lambda lib: F(lib).gumbel_softmax(lib.ones(2), eps=1.0),
    "softmin dim": lambda lib: F(lib).softmin(lib.ones(2)),
    "second derivative of ctc": lambda lib: lib.autograd.grad(
        lib.autograd.grad(
            lib.ctc_loss(
                x := lib.zeros(2, 1, 3, requires_grad=True),
                lib.ones(1, 1).long(),
                [2],
                [1],
            ),
            x,
            create_graph=True,
        )[0].sum(),
        x,
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_and_warnings(name):
    ours, theirs = _outcome(ERRORS[name], rl), _outcome(ERRORS[name], torch)
    if (ours[0], theirs[0]) == ("NotImplementedError", "RuntimeError"):
        ours = (theirs[0], ours[1])
    assert ours == theirs
    assert theirs != (None, []), "the case neither raises nor warns"


def _with_flags():
    names = [name for name in dir(torch.nn.functional) if "_loss" in name]
    names += ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]
    for name in [*names, "cross_entropy"]:
        function = getattr(torch.nn.functional, name)
        if inspect.isfunction(function) and not name.startswith("_"):
            if "size_average" in inspect.signature(function).parameters:
                yield name


FLAGS = [(a, b) for a in (None, True, False) for b in (None, True, False)][1:]


@pytest.mark.parametrize("name", sorted(_with_flags()))
def test_deprecated_flags(name):
    specs = next(specs for n, _, specs in REDUCED if n == name)
    ours, theirs = inputs_of(specs, 0, range(len(specs)))
    for size_average, reduce in FLAGS:
        results = []
        for lib, x in ((rl, ours), (torch, theirs)):
            with warnings.catch_warnings(record=True) as log:
                warnings.simplefilter("always")
                result = getattr(F(lib), name)(
                    *x, size_average=size_average, reduce=reduce
                )
            results.append((result, [(str(w.message), w.category) for w in log]))
        assert_near(results[0][0], results[1][0])
        assert results[0][1] == results[1][1] and results[1][1]


def test_native_channel_shuffle():
    x = np.arange(24).reshape(2, 4, 3)
    ours = rl.native_channel_shuffle(rl.tensor(x), 2)
    assert_near(ours, torch.native_channel_shuffle(torch.tensor(x), 2))


CODED = {
    "binary_cross_entropy_with_logits": [(3, 4), ("unit", (3, 4))],
    "cosine_embedding_loss": [(3, 4), (3, 4), ("signs", (3,))],
    "hinge_embedding_loss": [(3, 4), ("signs", (3, 4))],
    "kl_div": [(3, 4), ("unit", (3, 4))],
    "margin_ranking_loss": [(3, 4), (3, 4), ("signs", (3, 4))],
    "poisson_nll_loss": [(3, 4), ("positive", (3, 4))],
    "triplet_margin_loss": [(3, 4)] * 3,
}


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize("code", [None, 0, 1, 2])
def test_reductions_by_code(name, code):
    if name == "poisson_nll_loss":
        options = {"log_input": True, "full": True, "eps": 1e-8, "reduction": code or 0}
    else:
        options = {} if code is None else {"reduction": code}
    ours, theirs = inputs_of(CODED[name], 0, ())
    assert_near(
        getattr(rl, name)(*ours, **options), getattr(torch, name)(*theirs, **options)
    )


def test_signatures():
    """Names, order and defaults of the arguments, where PyTorch's can be asked."""
    missing = []
    for name in F(rl).__all__:
        theirs = getattr(torch.nn.functional, name, None)
        if not inspect.isfunction(theirs):
            continue
        if theirs.__name__ in ("fn", "boolean_dispatch") or "pool" in name:
            continue  # what dispatches on an argument says nothing of its own
        ours = inspect.signature(getattr(F(rl), name)).parameters.values()
        wanted = inspect.signature(theirs).parameters.values()
        ours, wanted = (
            [(p.name, p.kind, p.default) for p in ps] for ps in (ours, wanted)
        )
        if ours != wanted:
            missing.append(f"{name}: {ours}, expected {wanted}")
    assert not missing, "\n".join(missing)
