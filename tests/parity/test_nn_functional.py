"""Functions behind layers against PyTorch: values, gradients and their gradients.

The float64 cases are small; PyTorch's op records (test_opdb.py) cover more shapes and
dtypes of what they know.
"""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from nn_cases import REDUCED, F, assert_near, compare, inputs_of  # noqa: E402

UNITS = {
    "celu": {"alpha": 2.0},
    "elu": {"alpha": 0.7},
    "gelu": {},
    "glu": {"dim": 1},
    "hardshrink": {"lambd": 0.3},
    "hardsigmoid": {},
    "hardswish": {},
    "hardtanh": {"min_val": -1.5, "max_val": 0.5},
    "leaky_relu": {"negative_slope": 0.2},
    "logsigmoid": {},
    "mish": {},
    "relu": {},
    "relu6": {},
    "rrelu": {"lower": 0.1, "upper": 0.3},
    "selu": {},
    "sigmoid": {},
    "silu": {},
    "softmin": {"dim": 1},
    "softplus": {"beta": 1.5, "threshold": 2},
    "softshrink": {"lambd": 0.3},
    "softsign": {},
    "tanh": {},
    "tanhshrink": {},
    "threshold": {"threshold": 0.2, "value": 7.0},
}

CASES = [
    *(
        (name, lambda lib, x, n=name, k=kw: getattr(F(lib), n)(x, **k), [(3, 4)])
        for name, kw in UNITS.items()
    ),
    ("gelu tanh", lambda lib, x: F(lib).gelu(x, approximate="tanh"), [(3, 4)]),
    ("prelu", lambda lib, x, w: F(lib).prelu(x, w), [(2, 3, 2), (3,)]),
    (
        "batch_norm",
        lambda lib, x, w, b: lib.batch_norm(
            x, w, b, None, None, True, 0.1, 1e-3, False
        ),
        [(3, 2, 4), (2,), (2,)],
    ),
    (
        "batch_norm of running values",
        lambda lib, x, m, v, w: F(lib).batch_norm(x, m.detach(), v.detach(), w),
        [(3, 2), (2,), ("positive", (2,)), (2,)],
    ),
    (
        "instance_norm",
        lambda lib, x, w, b: lib.instance_norm(
            x, w, b, None, None, True, 0.1, 1e-3, False
        ),
        [(3, 2, 4), (2,), (2,)],
    ),
    (
        "layer_norm",
        lambda lib, x, w, b: lib.layer_norm(x, (2, 3), w, b, 1e-3),
        [(4, 2, 3), (2, 3), (2, 3)],
    ),
    (
        "group_norm",
        lambda lib, x, w, b: lib.group_norm(x, 2, w, b),
        [(2, 4, 3), (4,), (4,)],
    ),
    ("rms_norm", lambda lib, x, w: lib.rms_norm(x, (3,), w), [(2, 3), (3,)]),
    (
        "local_response_norm",
        lambda lib, x: F(lib).local_response_norm(x, 3, 0.5, 0.75, 1.5),
        [(2, 5, 2)],
    ),
    ("normalize", lambda lib, x: F(lib).normalize(x, 3.0, 1), [(3, 4)]),
    ("norm_except_dim", lambda lib, x: lib.norm_except_dim(x, 2, 1), [(3, 4, 2)]),
    ("norm_except_dim 3", lambda lib, x: lib.norm_except_dim(x, 3, 2), [(3, 4, 2)]),
    ("norm_except_dim of all", lambda lib, x: lib.norm_except_dim(x, 2, -1), [(3, 4)]),
    (
        "embedding",
        lambda lib, w, i: lib.embedding(w, i, 2, True),
        [(5, 3), ("below5", (2, 6))],
    ),
    (
        "embedding of F",
        lambda lib, w, i: F(lib).embedding(i, w, padding_idx=-1),
        [(5, 3), ("below5", (7,))],
    ),
    *(
        (
            f"embedding_bag {mode}",
            lambda lib, w, i, m=mode: F(lib).embedding_bag(i, w, mode=m, padding_idx=1),
            [(5, 3), ("below5", (4, 3))],
        )
        for mode in ("max", "mean", "sum")
    ),
    (
        "embedding_bag of weights",
        lambda lib, w, p, i: F(lib).embedding_bag(
            i,
            w,
            lib.tensor([0, 2, 2, 6]),
            mode="sum",
            per_sample_weights=p,
            include_last_offset=True,
        ),
        [(5, 3), (6,), ("below5", (6,))],
    ),
    (
        "bilinear",
        lambda lib, x, y, w, b: lib.bilinear(x, y, w, b),
        [(2, 3, 4), (2, 3, 5), (2, 4, 5), (2,)],
    ),
    (
        "cosine_similarity",
        lambda lib, x, y: lib.cosine_similarity(x, y, 0),
        [(3, 4)] * 2,
    ),
    (
        "pairwise_distance",
        lambda lib, x, y: lib.pairwise_distance(x, y, 3.0, keepdim=True),
        [(3, 4), (4,)],
    ),
    ("pdist", lambda lib, x: lib.pdist(x), [(4, 3)]),
    ("channel_shuffle", lambda lib, x: lib.channel_shuffle(x, 2), [(2, 4, 3)]),
    (
        "attention",
        lambda lib, q, k, v: F(lib).scaled_dot_product_attention(q, k, v, scale=0.3),
        [(2, 3, 4), (2, 5, 4), (2, 5, 2)],
    ),
    (
        "causal attention",
        lambda lib, q, k, v: F(lib).scaled_dot_product_attention(
            q, k, v, is_causal=True
        ),
        [(2, 3, 4), (2, 3, 4), (2, 3, 2)],
    ),
    (
        "masked attention",
        lambda lib, q, k, v, m: F(lib).scaled_dot_product_attention(q, k, v, m),
        [(2, 3, 4), (2, 5, 4), (2, 5, 2), (3, 5)],
    ),
    (
        "attention without keys",
        lambda lib, q, k, v: F(lib).scaled_dot_product_attention(
            q, k, v, lib.tensor([[True, False, True], [False] * 3])
        ),
        [(2, 2, 4), (2, 3, 4), (2, 3, 2)],
    ),
    (
        "grouped attention",
        lambda lib, q, k, v: F(lib).scaled_dot_product_attention(
            q, k, v, enable_gqa=True
        ),
        [(1, 4, 3, 2), (1, 2, 5, 2), (1, 2, 5, 2)],
    ),
]

for _name, _kw, _specs in REDUCED:
    for _reduction in ("none", "mean", "sum"):
        CASES.append(
            (
                f"{_name} {_kw} {_reduction}",
                lambda lib, *x, n=_name, k=_kw, r=_reduction: getattr(F(lib), n)(
                    *x, reduction=r, **k
                ),
                _specs,
            )
        )

# PyTorch's kernels take these constants (1 / 6) in single precision.
COARSE = {"hardsigmoid": 1e-7}

# Targets that PyTorch does not differentiate, by the case's name.
NO_TARGET = {"multilabel_margin_loss", "soft_margin_loss"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].replace(" ", "-"))
def test_double_gradients(case):
    name, call, specs = case
    detached = {1} if name.split()[0] in NO_TARGET else set()
    compare(call, *inputs_of(specs, 3, detached), COARSE.get(name, 1e-9))


@pytest.mark.parametrize("weighted", ["weight", "pos_weight"])
def test_binary_cross_entropies_weighted(weighted):
    def logits(lib, x, t, w):
        return F(lib).binary_cross_entropy_with_logits(x, t, **{weighted: w})

    def plain(lib, x, t, w):
        return F(lib).binary_cross_entropy(x, t, w)

    specs = [("unit", (3, 4)), ("unit", (3, 4)), ("positive", (4,))]
    compare(logits, *inputs_of(specs, 0, {1, 2}))
    compare(plain, *inputs_of(specs, 0, {2}))


def test_binary_cross_entropy_at_the_ends():
    x = [0.0, 1.0, 0.0, 1.0, 0.5]
    t = [0.0, 1.0, 1.0, 0.0, 1.0]

    def run(lib):
        a = lib.tensor(x, dtype=lib.float64, requires_grad=True)
        b = lib.tensor(t, dtype=lib.float64)
        loss = F(lib).binary_cross_entropy(a, b, reduction="none")
        return loss, *lib.autograd.grad(loss.sum(), a)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, 1e-8)  # 1e-12 is a single precision number there


@pytest.mark.parametrize("name", ["l1_loss", "mse_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_weighted_differences(name, reduction):
    def call(lib, x, t, w):
        return getattr(F(lib), name)(x, t, reduction=reduction, weight=w)

    compare(call, *inputs_of([(3, 4), (3, 4), ("positive", (3, 4))], 1, {2}))


KINKS = {
    **{name: kw for name, kw in UNITS.items() if name not in ("glu", "softmin")},
    "prelu": None,
}


@pytest.mark.parametrize("name", KINKS)
def test_slopes_at_kinks_and_special_values(name):
    values = [-3.0, -1.5, -0.3, 0.0, -0.0, 0.2, 0.3, 0.5, 3.0, 6.0, 40.0, -800.0, 800.0]
    values += [float("inf"), float("-inf"), float("nan")]

    def run(lib):
        x = lib.tensor(values, dtype=lib.float64, requires_grad=True)
        if name == "prelu":
            y = F(lib).prelu(x, lib.tensor([0.25], dtype=lib.float64))
        else:
            y = getattr(F(lib), name)(x, **UNITS[name])
        return y, lib.autograd.grad(y[:13].sum(), x)[0][:13]

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, COARSE.get(name, 1e-9))


INPLACE = (
    "celu elu hardsigmoid hardswish hardtanh leaky_relu mish relu relu6 rrelu selu "
    "silu threshold"
).split()


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(name):
    def run(lib):
        x = lib.tensor([[-2.0, 0.1, 3.0]], requires_grad=True)
        y = x * 1.5
        z = getattr(F(lib), name)(y, inplace=True, **UNITS[name])
        assert z is y
        return z, *lib.autograd.grad(z.sum(), x)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, 1e-6)


@pytest.mark.parametrize(
    "name, rest",
    [
        ("celu_", (1.5,)),
        ("elu_", (1.5,)),
        ("hardtanh_", (-0.5, 0.5)),
        ("leaky_relu_", (0.3,)),
        ("relu_", ()),
        ("rrelu_", (0.1, 0.2)),
        ("selu_", ()),
        ("threshold_", (0.5, 2.0)),
    ],
)
def test_functions_with_an_underscore(name, rest):
    def run(lib):
        x = lib.tensor([[-2.0, 0.1, 3.0]])
        assert getattr(F(lib), name)(x, *rest) is x
        return x

    assert_near(run(rl), run(torch), 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_rreludraws_the_same_slopes(dtype):
    def run(lib):
        lib.manual_seed(3)
        x = lib.tensor([[-1.0, 2.0, -3.0], [-4.0, 5.0, -6.0]]).to(getattr(lib, dtype))
        y = lib.rrelu(x.t(), 0.1, 0.9, True)
        return y.float(), lib.rand(3)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, 1e-6)


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax(hard):
    def run(lib):
        lib.manual_seed(0)
        x = lib.arange(12.0).reshape(3, 4).requires_grad_()
        y = F(lib).gumbel_softmax(x, tau=0.7, hard=hard, dim=0)
        return y, *lib.autograd.grad((y * lib.arange(4.0)).sum(), x)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, 1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_running_values_follow(name, momentum, dtype):
    array = np.random.default_rng(0).standard_normal((3, 2, 5)).astype(np.float32)

    def run(lib):
        mean, var = lib.zeros(2), lib.ones(2)
        x = lib.tensor(array).to(getattr(lib, dtype))
        call = getattr(F(lib), name)
        for _ in range(2):
            if name == "batch_norm":
                call(x, mean, var, training=True, momentum=momentum)
            else:
                call(x, mean, var, use_input_stats=True, momentum=momentum)
        return mean, var, call(x, mean, var).float()

    tolerance = 1e-6 if dtype == "float32" else 1e-2
    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs, tolerance)


@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("padding_idx", [None, 1, -1])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("kind", ["int32", "int64"])
def test_embedding_bag_tells_of_its_bags(mode, padding_idx, last, kind):
    table = np.random.default_rng(0).standard_normal((5, 2))

    def run(lib):
        dtype = getattr(lib, kind)
        indices = lib.tensor([1, 2, 1, 4, 3], dtype=dtype)
        offsets = lib.tensor([0, 2, 2, 5], dtype=dtype)
        return lib.embedding_bag(
            lib.tensor(table),
            indices,
            offsets,
            False,
            mode,
            False,
            None,
            last,
            padding_idx,
        )

    ours, theirs = run(rl), run(torch)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert_near(a, b)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, float("inf")])
def test_rows_are_shortened(norm_type):
    table = np.random.default_rng(0).standard_normal((5, 3))
    rows = [1, 1, 4]

    def run(lib, how):
        w = lib.tensor(table)
        if how == "renorm":
            assert lib.embedding_renorm_(w, lib.tensor(rows), 0.5, norm_type) is w
            return w
        if how == "bag":
            y = F(lib).embedding_bag(lib.tensor([rows]), w, None, 0.5, norm_type)
        else:
            y = F(lib).embedding(lib.tensor(rows), w, None, 0.5, norm_type)
        return lib.cat([w, y])

    for how in ("renorm", "bag", "embedding"):
        assert_near(run(rl, how), run(torch, how))


CTC = [
    # (T, input lengths, target lengths, targets of shape (N, S))
    (6, [6, 4], [3, 2], [[1, 2, 2], [3, 1, 0]]),
    (5, [5, 1], [2, 3], [[1, 1, 0], [3, 1, 2]]),
    (4, [4, 3], [0, 1], [[0, 0], [2, 0]]),
    (3, [0, 0], [0, 1], [[1], [2]]),
]


@pytest.mark.parametrize("case", CTC, ids=range(len(CTC)))
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("joined", [False, True])
def test_ctc_loss(case, reduction, zero_infinity, joined):
    steps, inputs, lengths, targets = case
    logits = np.random.default_rng(1).standard_normal((steps, 2, 4))
    if joined:
        targets = [v for row, n in zip(targets, lengths) for v in row[:n]]

    def run(lib):
        x = lib.tensor(logits, requires_grad=True)
        log_probs = x.log_softmax(2)
        loss = F(lib).ctc_loss(
            log_probs,
            lib.tensor(targets, dtype=lib.int64),
            lib.tensor(inputs),
            lib.tensor(lengths),
            reduction=reduction,
            zero_infinity=zero_infinity,
        )
        weights = lib.arange(1.0, loss.numel() + 1, dtype=loss.dtype)
        total = (loss.reshape(-1) * weights).sum()
        # By log_probs too: PyTorch's gradient there is the one by logits.
        return loss, *lib.autograd.grad(total, [x, log_probs])

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs)


def test_ctc_loss_blank_unbatched_and_lists():
    logits = np.random.default_rng(1).standard_normal((5, 4))

    def run(lib):
        x = lib.tensor(logits).log_softmax(1)
        y = lib.tensor([1, 3])
        return (
            F(lib).ctc_loss(x, y, lib.tensor(5), lib.tensor(2), 2, "none"),
            lib.ctc_loss(x, y, (5,), (2,), 2),
            lib.ctc_loss(x, y, [4], [1 + 1], blank=0, reduction=2),
        )

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_narrow_dtypes_of_norms(dtype):
    x = np.random.default_rng(0).standard_normal((4, 6, 5)) * 3 + 1
    w = np.random.default_rng(1).standard_normal(6)

    def run(lib, wide):
        y = lib.tensor(x).to(getattr(lib, dtype))
        z = lib.tensor(w).to(lib.float32 if wide else getattr(lib, dtype))
        return [
            lib.group_norm(y, 3, z, z),
            lib.batch_norm(y, z, z, None, None, True, 0.1, 1e-5, False),
            lib.layer_norm(y.transpose(1, 2), (6,), z, z),
            lib.rms_norm(y.transpose(1, 2), (6,), z.to(y.dtype)),
        ]

    tolerance = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 1e-5}[dtype]
    for wide in (False, True):
        for ours, theirs in zip(run(rl, wide), run(torch, wide)):
            assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
            assert_near(ours.float(), theirs.float(), tolerance)
