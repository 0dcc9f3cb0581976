"""Functions behind layers against PyTorch: values, gradients and their gradients.

The float64 cases are small; PyTorch's op records (test_opdb.py) cover more shapes and
dtypes of what they know.
"""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402


def _draw(spec, rng):
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


# (name, call of the library and its tensors, specs of the tensors). What is integer gets
# no gradient, nor what the call detaches.
def F(lib):
    return lib.nn.functional


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
            lambda lib, w, i, m=mode: F(lib).embedding_bag(
                i, w, mode=m, padding_idx=1
            ),
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
    ("cosine_similarity", lambda lib, x, y: lib.cosine_similarity(x, y, 0), [(3, 4)] * 2),
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


def _inputs(specs, seed, detached):
    rng = np.random.default_rng(seed)
    ours, theirs = [], []
    for at, spec in enumerate(specs):
        array = np.array(_draw(spec, rng))
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
            assert level and "is not implemented" in str(error)
            return


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].replace(" ", "-"))
def test_double_gradients(case):
    name, call, specs = case
    detached = {1} if name.split()[0] in NO_TARGET else set()
    compare(call, *_inputs(specs, 3, detached), COARSE.get(name, 1e-9))


@pytest.mark.parametrize("weighted", ["weight", "pos_weight"])
def test_binary_cross_entropies_weighted(weighted):
    def logits(lib, x, t, w):
        return F(lib).binary_cross_entropy_with_logits(x, t, **{weighted: w})

    def plain(lib, x, t, w):
        return F(lib).binary_cross_entropy(x, t, w)

    specs = [("unit", (3, 4)), ("unit", (3, 4)), ("positive", (4,))]
    compare(logits, *_inputs(specs, 0, {1, 2}))
    compare(plain, *_inputs(specs, 0, {2}))


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

    compare(call, *_inputs([(3, 4), (3, 4), ("positive", (3, 4))], 1, {2}))


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
    "celu elu hardsigmoid hardswish hardtanh leaky_relu mish relu relu6 rrelu selu silu "
    "threshold"
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
def test_rrelu_draws_the_same_slopes(dtype):
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
            lib.tensor(table), indices, offsets, False, mode, False, None, last, padding_idx
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


GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _recurrent(name, width, hidden, layers, both, biases, projected=0):
    rng = np.random.default_rng(2)
    params, out = [], projected or hidden
    for layer in range(layers):
        entry = width if layer == 0 else out * (1 + both)
        for _ in range(1 + both):
            rows = GATES[name] * hidden
            params += [(rows, entry), (rows, out)] + [(rows,), (rows,)] * biases
            params += [(projected, hidden)] * bool(projected)
    states = [(layers * (1 + both), 3, out)]
    if name == "lstm":
        states.append((layers * (1 + both), 3, hidden))
    return [rng.standard_normal(s) * 0.5 for s in (*states, *params)], len(states)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("layers, both, biases", [(1, 0, 1), (2, 1, 1), (2, 0, 0)])
@pytest.mark.parametrize("form", ["padded", "batch_first", "packed", "projected"])
def test_recurrent_layers(name, layers, both, biases, form):
    projected = 2 if form == "projected" else 0
    if projected and name != "lstm":
        pytest.skip("only LSTMs have projections")
    arrays, count = _recurrent(name, 4, 3, layers, both, biases, projected)
    x = np.random.default_rng(0).standard_normal((7, 4) if form == "packed" else (5, 3, 4))
    if form == "batch_first":
        x = x.transpose(1, 0, 2)
    options = (bool(biases), layers, 0.0, True, bool(both))

    def call(lib, x, *rest):
        hx, params = list(rest[:count]), list(rest[count:])
        hx = hx if name == "lstm" else hx[0]
        function = getattr(lib, name)
        if form == "packed":
            sizes = lib.tensor([3, 2, 1, 1])
            return function(x, sizes, hx, params, *options)
        return function(x, hx, params, *options, form == "batch_first")

    ours = [rl.tensor(a.copy(), requires_grad=True) for a in (x, *arrays)]
    theirs = [torch.tensor(a.copy(), requires_grad=True) for a in (x, *arrays)]
    compare(call, ours, theirs)


def test_recurrent_dropout_draws_the_same_numbers():
    arrays, _ = _recurrent("gru", 4, 3, 3, 0, 1)
    x = np.random.default_rng(0).standard_normal((5, 3, 4))

    def run(lib):
        lib.manual_seed(1)
        h, *params = (lib.tensor(a) for a in arrays)
        return lib.gru(lib.tensor(x), h, params, True, 3, 0.5, True, False, False)

    for ours, theirs in zip(run(rl), run(torch)):
        assert_near(ours, theirs)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("biases", [0, 1])
def test_cells(name, biases):
    n = GATES[name] * 3
    specs = [(2, 4), *[(2, 3)] * (2 if name == "lstm" else 1)]
    specs += [(n, 4), (n, 3)] + [(n,), (n,)] * biases

    def call(lib, x, *rest):
        function = getattr(lib, name + "_cell")
        if name == "lstm":
            return function(x, list(rest[:2]), *rest[2:])
        return function(x, *rest)

    compare(call, *_inputs(specs, 0, ()))


HEADS = [
    {},
    {"need_weights": False},
    {"average_attn_weights": False},
    {"attn_mask": "bool"},
    {"attn_mask": "float", "key_padding_mask": "float", "need_weights": False},
    {"attn_mask": "bool", "key_padding_mask": "bool"},
    {"attn_mask": "3d", "add_zero_attn": True},
    {"bias": True, "key_padding_mask": "bool"},
    {"bias": True, "add_zero_attn": True, "attn_mask": "float", "need_weights": False},
    {"separate": True},
    {"attn_mask": "causal", "is_causal": True, "need_weights": False},
]


@pytest.mark.parametrize("options", HEADS, ids=str)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("same", [True, False])
def test_multi_head_attention(options, batched, same):
    if options.get("separate") and same:
        pytest.skip("separate projections are for other widths")
    options = dict(options)
    rows = (2,) if batched else ()
    separate, bias = options.pop("separate", False), options.pop("bias", False)
    width = 5 if separate else 4
    keys = 3 if same or options.get("is_causal") else 6
    specs = [(3, *rows, 4), (keys, *rows, width), (keys, *rows, width)]
    specs += [(4, 4), (4, 5), (4, 5)] if separate else [(12, 4)]
    specs += [(12,), (4, 4), (4,)] + [(1, 1, 4)] * 2 * bias
    rng = np.random.default_rng(4)
    masks = {
        "bool": rng.random((3, keys)) < 0.3,
        "float": rng.standard_normal((3, keys)),
        "3d": rng.standard_normal((4 if batched else 2, 3, keys)),
        "causal": np.triu(np.ones((3, keys)), 1) > 0,
    }
    padding = rng.random((*rows, keys)) < 0.3
    # A query that may see no key is NaN in both.
    masks["bool"][:, 0] = padding[..., 0] = False

    def call(lib, q, k, v, *rest):
        if same:
            k = v = q
        given = dict(options)
        if "attn_mask" in given:
            given["attn_mask"] = lib.tensor(masks[given["attn_mask"]])
        if "key_padding_mask" in given:
            mask = lib.tensor(padding)
            if given["key_padding_mask"] == "float":
                mask = mask.to(lib.float64) * -2.5
            given["key_padding_mask"] = mask
        if separate:
            names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
            given.update(zip(names, rest[:3]), use_separate_proj_weight=True)
            weight, rest = None, rest[3:]
        else:
            weight, *rest = rest
        in_bias, out, out_bias, *further = rest
        zero = given.pop("add_zero_attn", False)
        result, weights = F(lib).multi_head_attention_forward(
            q,
            k,
            v,
            4,
            2,
            weight,
            in_bias,
            *(further or (None, None)),
            zero,
            0.0,
            out,
            out_bias,
            **given,
        )
        return result if weights is None else (result, weights)

    compare(call, *_inputs(specs, 0, ()))


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
    "local_response_norm 2-d": lambda lib: F(lib).local_response_norm(lib.ones(2, 3), 2),
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
    "bce range": lambda lib: F(lib).binary_cross_entropy(
        lib.ones(2) + 1, lib.ones(2)
    ),
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
    ours, theirs = _inputs(specs, 0, range(len(specs)))
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
    ours, theirs = _inputs(CODED[name], 0, ())
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
