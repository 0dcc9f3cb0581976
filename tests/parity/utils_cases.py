"""Uses of nn.utils written once for both libraries; each case returns plain data."""

from __future__ import annotations

import copy
import pickle

CASES: dict = {}


def case(function):
    CASES[function.__name__] = function
    return function


def values(x):
    if isinstance(x, (tuple, list)):
        return [values(item) for item in x]
    if isinstance(x, dict):
        return {key: values(item) for key, item in x.items()}
    return x.detach().tolist() if hasattr(x, "tolist") else x


def attempt(call):
    try:
        return values(call())
    except Exception as error:
        return type(error).__name__, str(error)


def seeded(lib, make):
    lib.manual_seed(0)
    return make(lib.nn)


def linear(lib, rows=3, columns=4):
    return seeded(lib, lambda n: n.Linear(columns, rows))


def batch(lib, *shape):
    count = 1
    for size in shape:
        count *= size
    return lib.linspace(-1, 1, count).reshape(shape)


def step(module, x):
    """One step of gradient descent; the gradients and the new entries."""
    module.zero_grad()
    (module(x) ** 2).sum().backward()
    grads = {k: values(p.grad) for k, p in module.named_parameters()}
    for p in module.parameters():
        p.data -= 0.1 * p.grad
    return grads, {k: values(v) for k, v in module.state_dict().items()}


def symmetric(lib):
    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, a):
            return a.triu()

    return Symmetric()


def doubled(lib):
    class Doubled(lib.nn.Module):
        def forward(self, x):
            return 2 * x

    return Doubled()


def split(lib):
    class Split(lib.nn.Module):
        def forward(self, x, y):
            return x + y

        def right_inverse(self, a):
            return a / 4, 3 * a / 4

    return Split()


# ---- parametrize -------------------------------------------------------------------


@case
def one_parametrization(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib, 3, 3)
    weight = m.weight
    log = [P.is_parametrized(m), P.type_before_parametrizations(m).__name__]
    log.append(P.register_parametrization(m, "weight", symmetric(lib)) is m)
    chain = m.parametrizations.weight
    log += [repr(m), type(m).__name__, chain.original is weight, values(m.weight)]
    log += [P.is_parametrized(m), P.is_parametrized(m, "bias")]
    log += [P.is_parametrized(m, "weight"), P.type_before_parametrizations(m).__name__]
    log += [list(m.state_dict()), [k for k, _ in m.named_parameters()]]
    log += step(m, batch(lib, 2, 3))
    m.weight = lib.ones(3, 3)
    log += [values(chain.original), values(m.weight), chain.original is weight]
    P.remove_parametrizations(m, "weight")
    log += [repr(m), type(m) is lib.nn.Linear, m.weight is weight, values(m.weight)]
    log.append(hasattr(m, "parametrizations"))
    return log


@case
def chain_of_parametrizations(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib, 3, 3)
    P.register_parametrization(m, "weight", symmetric(lib))
    P.register_parametrization(m, "weight", doubled(lib))
    P.register_parametrization(m, "bias", doubled(lib))
    log = [repr(m), list(m.state_dict()), values(m.weight), values(m.bias)]
    log.append(attempt(lambda: setattr(m, "weight", lib.ones(3, 3))))
    P.remove_parametrizations(m, "weight", leave_parametrized=False)
    log += [repr(m), values(m.weight), list(m.state_dict())]
    P.remove_parametrizations(m, "bias")
    return [*log, repr(m), values(m.bias), list(m.state_dict())]


@case
def several_originals(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib)
    P.register_parametrization(m, "weight", split(lib))
    log = [repr(m), list(m.state_dict()), values(m.weight)]
    log += step(m, batch(lib, 2, 4))
    m.weight = lib.ones(3, 4)
    log += [values(m.state_dict()), values(m.weight)]
    log.append(
        attempt(
            lambda: P.remove_parametrizations(m, "weight", leave_parametrized=False)
        )
    )
    P.remove_parametrizations(m, "weight")
    return [*log, repr(m), type(m.weight).__name__, values(m.weight)]


@case
def parametrized_buffer(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib)
    m.register_buffer("mean", lib.ones(2))
    P.register_parametrization(m, "mean", doubled(lib))
    log = [values(m.mean), [k for k, _ in m.named_buffers()], list(m.state_dict())]
    P.remove_parametrizations(m, "mean")
    return [*log, values(m.mean), [k for k, _ in m.named_buffers()]]


@case
def cached_values(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib, 3, 3)
    P.register_parametrization(m, "weight", symmetric(lib))
    log = []
    with P.cached():
        first = m.weight
        with P.cached():
            log.append(m.weight is first)
        log.append(m.weight is first)
        (m(batch(lib, 2, 3)) * first.sum()).sum().backward()
    log.append(m.weight is first)
    return [*log, values(m.parametrizations.weight.original.grad)]


@case
def copies_of_parametrized(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib, 3, 3)
    P.register_parametrization(m, "weight", symmetric(lib))
    other = copy.deepcopy(m)
    other.parametrizations.weight.original.data.zero_()
    log = [values(other.weight), values(m.weight), type(other) is type(m)]
    third = linear(lib, 3, 3)
    P.register_parametrization(third, "weight", symmetric(lib))
    third.load_state_dict(other.state_dict())
    log.append(values(third.weight))
    try:
        pickle.dumps(m)
    except RuntimeError as error:
        log.append(str(error).partition(" See")[0].partition(": save")[0][:68])
    return log


@case
def modes_and_dtypes_of_parametrized(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib, 3, 3).eval()
    p = symmetric(lib)
    P.register_parametrization(m, "weight", p)
    log = [p.training]
    m.train()
    m.double()
    return [*log, p.training, str(m.weight.dtype).rpartition(".")[2]]


@case
def transfer(lib):
    P = lib.nn.utils.parametrize
    a, b, c = linear(lib, 3, 3), linear(lib, 3, 3), lib.nn.Module()
    P.register_parametrization(a, "weight", symmetric(lib))
    P.register_parametrization(a, "weight", doubled(lib))
    P.register_parametrization(a, "bias", split(lib))
    a.parametrizations.weight.original.data.fill_(2.0)
    log = [P.transfer_parametrizations_and_params(a, b) is b, repr(b), values(b.weight)]
    log.append(b.parametrizations.weight.original is a.parametrizations.weight.original)
    P.transfer_parametrizations_and_params(a, c, "bias")
    log += [repr(c), list(c.state_dict()), values(c.bias)]
    log.append(repr(P.transfer_parametrizations_and_params(linear(lib), linear(lib))))
    return log


def _wrong(lib, forward, right_inverse=None):
    members = {"forward": lambda self, *args: forward(*args)}
    if right_inverse is not None:
        members["right_inverse"] = lambda self, x: right_inverse(x)
    return type("Wrong", (lib.nn.Module,), members)()


@case
def parametrize_refuses(lib):
    P = lib.nn.utils.parametrize
    log = []
    for chained in (False, True):
        for forward, inverse in (
            (lambda x: 3, None),
            (lambda x: x.double(), None),
            (lambda x: x[:1], None),
            (lambda x: x, lambda x: 3),
            (lambda x: x, lambda x: x.double()),
            (lambda x: x, lambda x: x[:1]),
            (lambda x: x, lambda x: (x, 3)),
            (lambda *x: x[0], lambda x: (x, x)),
        ):
            m = linear(lib)
            if chained:
                P.register_parametrization(m, "weight", doubled(lib))
            wrong = _wrong(lib, forward, inverse)
            try:
                P.register_parametrization(m, "weight", wrong)
                log.append("fine")
            except Exception as error:
                log.append((type(error).__name__, str(error)))
            log.append(list(m.state_dict()))
    m = linear(lib)
    log.append(attempt(lambda: P.register_parametrization(m, "no", doubled(lib))))
    log.append(attempt(lambda: P.remove_parametrizations(m, "weight")))
    log.append(attempt(lambda: P.ParametrizationList([], m.weight)))
    return log


@case
def right_inverse_refuses(lib):
    P = lib.nn.utils.parametrize
    given = []
    log = []
    for first, later in (
        (lambda x: x, lambda x: 3),
        (lambda x: x, lambda x: x.double()),
        (lambda x: (x, x), lambda x: 3),
        (lambda x: (x, x), lambda x: (x,)),
        (lambda x: (x, x), lambda x: (x, x.double())),
    ):
        m = linear(lib)
        given[:] = [first]
        wrong = _wrong(lib, lambda *x: x[0], lambda x: given[0](x))
        P.register_parametrization(m, "weight", wrong)
        given[:] = [later]
        log.append(attempt(lambda m=m: setattr(m, "weight", lib.ones(3, 4))))
    return log


@case
def unsafe_parametrization(lib):
    P = lib.nn.utils.parametrize
    m = linear(lib)
    half = _wrong(lib, lambda x: x[:2].double())
    P.register_parametrization(m, "weight", half, unsafe=True)
    log = [list(m.weight.shape), m.parametrizations.weight.unsafe]
    P.register_parametrization(m, "weight", _wrong(lib, lambda x: x[0]), unsafe=True)
    return [*log, list(m.weight.shape), m.parametrizations.weight.unsafe]


# ---- parametrizations --------------------------------------------------------------

for kind in ("matrix_exp", "cayley", "householder", None):
    for shape in ((3, 3), (5, 3), (3, 5)):
        for trivial in (True, False):

            def orthogonal(lib, kind=kind, shape=shape, trivial=trivial):
                U = lib.nn.utils.parametrizations
                m = linear(lib, *shape).double()
                U.orthogonal(m, orthogonal_map=kind, use_trivialization=trivial)
                tall = m.weight if shape[0] >= shape[1] else m.weight.mT
                log = [values((tall.mT @ tall).round(decimals=9).abs())]
                log += [repr(m), list(m.state_dict())]
                if trivial and shape[0] == shape[1]:
                    log.append(values(m.weight))
                if not trivial:
                    log.append(values(m.parametrizations.weight.original))
                    log += [values(m.weight)]
                    log += step(m, batch(lib, 2, shape[1]).double())
                eye = lib.eye(*shape, dtype=lib.float64)
                log.append(attempt(lambda: setattr(m, "weight", eye)))
                log.append(attempt(lambda: setattr(m, "weight", eye[:1])))
                if trivial and shape[0] == shape[1]:
                    log += step(m, batch(lib, 2, shape[1]).double())
                return log

            CASES[f"orthogonal {kind} {shape} {trivial}"] = orthogonal


@case
def orthogonal_batches_and_complex(lib):
    U = lib.nn.utils.parametrizations
    m = lib.nn.Module()
    lib.manual_seed(0)
    m.w = lib.nn.Parameter(lib.randn(2, 3, 3, dtype=lib.float64))
    m.c = lib.nn.Parameter(lib.randn(3, 3, dtype=lib.complex128))
    m.v = lib.nn.Parameter(lib.ones(3))
    U.orthogonal(m, "w")
    U.orthogonal(m, "c")
    unitary = (m.c.mH @ m.c).detach()
    return [
        values(m.w),
        values(unitary.real.round(decimals=9)),
        attempt(lambda: U.orthogonal(m, "v")),
        attempt(lambda: U.orthogonal(m, "none")),
        attempt(lambda: U.orthogonal(m, "w", "qr")),
        attempt(lambda: U.orthogonal(m, "c", "householder")),
    ]


for dim in (0, 1, None):

    def new_weight_norm(lib, dim=dim):
        U = lib.nn.utils.parametrizations
        m = U.weight_norm(linear(lib), dim=dim)
        log = [repr(m), values(m.state_dict()), values(m.weight)]
        log += step(m, batch(lib, 2, 4))
        other = U.weight_norm(linear(lib), dim=dim)
        state = m.state_dict()
        for at, letter in enumerate("gv"):
            key = f"parametrizations.weight.original{at}"
            state[f"weight_{letter}"] = state.pop(key)
        log.append(list(other.load_state_dict(state)))
        log.append(values(other.weight))
        lib.nn.utils.parametrize.remove_parametrizations(m, "weight")
        return [*log, repr(m), values(m.weight)]

    def old_weight_norm(lib, dim=dim):
        U = lib.nn.utils
        m = U.weight_norm(linear(lib), dim=dim)
        log = [repr(m), values(m.state_dict()), values(m.weight)]
        log += [*step(m, batch(lib, 2, 4)), values(m(batch(lib, 1, 4)))]
        log.append(attempt(lambda: U.weight_norm(m)))
        U.remove_weight_norm(m)
        log += [repr(m), values(m.state_dict()), len(m._forward_pre_hooks)]
        log.append(attempt(lambda: U.remove_weight_norm(m)))
        return log

    CASES[f"new weight_norm {dim}"] = new_weight_norm
    CASES[f"old weight_norm {dim}"] = old_weight_norm

LAYERS = {
    "linear": (lambda n: n.Linear(4, 3), (2, 4)),
    "conv": (lambda n: n.Conv2d(2, 3, 2), (1, 2, 3, 3)),
    "transposed": (lambda n: n.ConvTranspose2d(2, 3, 2), (1, 2, 3, 3)),
}
for name, (make, shape) in LAYERS.items():

    def new_spectral_norm(lib, make=make, shape=shape):
        U = lib.nn.utils.parametrizations
        m = U.spectral_norm(seeded(lib, make), n_power_iterations=2)
        log = [repr(m), values(m.state_dict())]
        log += step(m, batch(lib, *shape))
        m.eval()
        log += [values(m(batch(lib, *shape))), values(m.state_dict())]
        (m.train()(batch(lib, *shape)) - m(batch(lib, *shape))).sum().backward()
        lib.nn.utils.parametrize.remove_parametrizations(m, "weight")
        return [*log, values(m.weight)]

    def old_spectral_norm(lib, make=make, shape=shape):
        U = lib.nn.utils
        m = U.spectral_norm(seeded(lib, make), n_power_iterations=2)
        log = [repr(m), values(m.state_dict()), values(m.weight)]
        log += step(m, batch(lib, *shape))
        state = m.state_dict()
        log.append({k: dict(v) for k, v in state._metadata.items()})
        m.eval()
        log += [values(m(batch(lib, *shape))), values(m.state_dict())]
        (m.train()(batch(lib, *shape)) - m(batch(lib, *shape))).sum().backward()
        log.append(attempt(lambda: U.spectral_norm(m)))
        log.append(list(m.load_state_dict(state)))
        U.remove_spectral_norm(m)
        tables = (m._forward_pre_hooks, m._state_dict_hooks)
        log += [repr(m), values(m.state_dict()), [len(t) for t in tables]]
        log.append(attempt(lambda: U.remove_spectral_norm(m)))
        return log

    CASES[f"new spectral_norm {name}"] = new_spectral_norm
    CASES[f"old spectral_norm {name}"] = old_spectral_norm


@case
def old_spectral_norm_loads_version_none(lib):
    m = lib.nn.utils.spectral_norm(linear(lib).double())
    for _ in range(3):
        m(batch(lib, 2, 4).double())
    state = m.state_dict()
    state["weight"] = m.weight.detach()
    del state["weight_v"], state._metadata[""]["spectral_norm"]
    other = lib.nn.utils.spectral_norm(linear(lib).double())
    other.load_state_dict(state)
    log = [values(other.weight_v)]
    for gone in ("weight", "weight_orig", "weight_u"):
        part = {k: v for k, v in state.items() if k != gone}
        log.append(attempt(lambda part=part: other.load_state_dict(part)))
    return log


@case
def spectral_norm_of_a_vector_and_errors(lib):
    U = lib.nn.utils.parametrizations
    m = lib.nn.Module()
    m.v = lib.nn.Parameter(lib.ones(4))
    m.w = lib.nn.Parameter(lib.ones(4, 2))
    log = [values(U.spectral_norm(m, "v").v)]
    for options in ({"dim": 2}, {"dim": -3}, {"n_power_iterations": 0}):
        log.append(attempt(lambda options=options: U.spectral_norm(m, "w", **options)))
    log.append(attempt(lambda: U.spectral_norm(m, "none")))
    log.append(
        attempt(lambda: lib.nn.utils.spectral_norm(m, "w", n_power_iterations=0))
    )
    return log


NORMS = {
    "old weight_norm": lambda U: U.weight_norm,
    "old spectral_norm": lambda U: U.spectral_norm,
    "weight_norm": lambda U: U.parametrizations.weight_norm,
    "spectral_norm": lambda U: U.parametrizations.spectral_norm,
    "orthogonal": lambda U: U.parametrizations.orthogonal,
}
for name, find in NORMS.items():

    def recurrent(lib, find=find):
        U = lib.nn.utils
        m = find(U)(seeded(lib, lambda n: n.LSTM(3, 4)), "weight_hh_l0")
        x = batch(lib, 5, 2, 3).requires_grad_()
        with U.parametrize.cached():
            y, _ = m(x)
        y.sum().backward()
        return values(y), values(x.grad), [values(p.grad) for p in m.parameters()]

    CASES[f"LSTM with {name}"] = recurrent


@case
def norms_of_a_lazy_layer(lib):
    lazy = lib.nn.LazyLinear(2)
    log = [attempt(lambda: lib.nn.utils.weight_norm(lazy))]
    log.append(attempt(lambda: lib.nn.utils.spectral_norm(lazy)))
    return [*log, list(lazy._parameters), len(lazy._forward_pre_hooks)]


@case
def normalized_attention_and_table(lib):
    U = lib.nn.utils.parametrizations
    attention = seeded(lib, lambda n: n.MultiheadAttention(4, 2))
    U.weight_norm(attention, "in_proj_weight")
    x = batch(lib, 5, 2, 4)
    table = U.spectral_norm(seeded(lib, lambda n: n.Embedding(5, 3)))
    return values(attention(x, x, x)), values(table(lib.arange(5)))


# ---- the rest ----------------------------------------------------------------------


def bn_of(lib, layer, **options):
    bn = layer(3, **options)
    with lib.no_grad():
        bn.running_mean.copy_(batch(lib, 3))
        bn.running_var.copy_(lib.tensor([0.5, 1.0, 2.0]))
        if bn.affine:
            bn.weight.copy_(lib.tensor([1.0, -2.0, 3.0]))
            bn.bias.copy_(lib.tensor([0.1, 0.2, 0.3]))
    return bn.eval()


@case
def fused_conv(lib):
    n, U = lib.nn, lib.nn.utils
    log = []
    for affine in (True, False):
        for bias in (True, False):
            conv = seeded(lib, lambda n, b=bias: n.Conv2d(2, 3, 2, bias=b)).eval()
            bn = bn_of(lib, n.BatchNorm2d, affine=affine)
            fused = U.fuse_conv_bn_eval(conv, bn)
            log += [values(fused.state_dict()), type(fused).__name__]
            log += [[p.requires_grad for p in fused.parameters()], fused is conv]
    log.append(attempt(lambda: U.fuse_conv_bn_eval(conv, n.BatchNorm2d(3)))[0])
    bn = n.BatchNorm2d(3, track_running_stats=False).eval()
    log.append(attempt(lambda: U.fuse_conv_bn_eval(conv, bn)))
    return log


@case
def fused_transposed_conv(lib):
    conv = seeded(lib, lambda n: n.ConvTranspose2d(2, 3, 2)).eval()
    bn = bn_of(lib, lib.nn.BatchNorm2d)
    fused = lib.nn.utils.fuse_conv_bn_eval(conv, bn, transpose=True)
    return values(fused.state_dict())


@case
def fused_linear(lib):
    n, U = lib.nn, lib.nn.utils
    m = linear(lib).eval()
    fused = U.fuse_linear_bn_eval(m, bn_of(lib, n.BatchNorm1d))
    log = [values(fused.state_dict())]
    log.append(attempt(lambda: U.fuse_linear_bn_eval(m, n.BatchNorm1d(2).eval())))
    return log


@case
def skipped_init(lib):
    U = lib.nn.utils
    lib.manual_seed(0)
    m = U.skip_init(lib.nn.Linear, 3, 2, bias=False)
    log = [repr(m), m.weight.requires_grad, values(lib.rand(2))]
    layer = U.skip_init(lib.nn.TransformerEncoderLayer, 4, 2)
    log += [list(layer.state_dict()), values(lib.rand(2))]
    log.append(attempt(lambda: U.skip_init(lib.nn.LSTM, 3, 4)))
    log.append(attempt(lambda: U.skip_init(lib.nn.ReLU)))
    log.append(attempt(lambda: U.skip_init(dict)))
    return log


@case
def memory_formats(lib):
    n, U = lib.nn, lib.nn.utils
    net = n.Sequential(
        n.Conv2d(2, 3, 2), n.Sequential(n.Conv3d(2, 3, 2)), n.Conv1d(2, 3, 2)
    )
    log = [U.convert_conv2d_weight_memory_format(net, lib.channels_last) is net]
    log.append([p.stride() for p in net.parameters()])
    U.convert_conv3d_weight_memory_format(net, lib.channels_last_3d)
    log.append([p.stride() for p in net.parameters()])
    U.convert_conv2d_weight_memory_format(net, lib.contiguous_format)
    return [*log, [p.stride() for p in net.parameters()]]


def stateless(lib, module, *args, **kwargs):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lib.nn.utils.stateless.functional_call(module, *args, **kwargs)


def tied(lib):
    class Tied(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = lib.nn.Parameter(lib.ones(1))
            self.b = self.a
            self.register_buffer("count", lib.zeros(1))
            self.register_buffer("empty", None)

        def forward(self, x, scale=1.0):
            self.count = self.count + 1
            return (x + self.a + 10 * self.b + 100 * self.count) * scale

    return Tied()


@case
def functional_calls(lib):
    m = tied(lib)
    one, two = lib.ones(1), lib.full((1,), 2.0)
    log = []
    for given, options in (
        ({}, {}),
        ({"a": two}, {}),
        ({"a": two}, {"tie_weights": False}),
        ({"a": two, "b": one}, {"tie_weights": False}),
        ({"a": two, "b": one}, {}),
        ({"a": two, "b": two, "count": one}, {"strict": True}),
        ({"a": two, "b": two}, {"strict": True}),
        ({"a": two, "q": two, "c.d": two}, {"strict": True}),
        ({"a": two, "new": two}, {}),
        ({"a": two, "no.thing": two}, {}),
        ({"a": two, "forward": two}, {}),
        ({"a": 3}, {}),
        ({"count": two}, {}),
    ):
        log.append(attempt(lambda g=given, o=options: stateless(lib, m, g, one, **o)))
        log += [values(given), values(m.state_dict()), m.a is m.b, hasattr(m, "new")]
    log.append(attempt(lambda: stateless(lib, m, {}, (one, 2.0))))
    log.append(attempt(lambda: stateless(lib, m, {}, one, {"scale": 3.0})))
    log.append(attempt(lambda: stateless(lib, m, {}, kwargs={"x": one})))
    parallel = lib.nn.DataParallel(m)
    log.append(attempt(lambda: stateless(lib, parallel, {}, one)))
    return log


@case
def functional_call_gradients(lib):
    n = lib.nn
    m = seeded(lib, lambda n: n.Sequential(n.Linear(2, 3), n.Tanh(), n.Linear(3, 1)))
    weight = lib.ones(3, 2, requires_grad=True)
    lib.nn.utils.parametrizations.weight_norm(m[2])
    given = {"0.weight": weight, "2.parametrizations.weight.original0": lib.ones(1, 1)}
    stateless(lib, m, given, batch(lib, 4, 2)).sum().backward()
    return values(weight.grad), m[0].weight.grad is None, isinstance(m, n.Sequential)


@case
def clipping(lib):
    U = lib.nn.utils
    log = []
    for kind in (1, 2, 3.5, float("inf"), -1, 0):
        p = [lib.nn.Parameter(batch(lib, 3, 2)), lib.nn.Parameter(batch(lib, 4))]
        p.append(lib.nn.Parameter(lib.ones(1)))
        for at in (0, 1):
            p[at].grad = batch(lib, *p[at].shape) * (at + 1) + 0.1
        log.append(values(U.get_total_norm([q.grad for q in p[:2]], kind)))
        log.append(values(U.clip_grad_norm_(p, 0.5, kind)))
        log.append([values(q.grad) for q in p])
        log.append(values(U.clip_grad_norm_(p[0], 100.0, kind)))
        U.clip_grad_value_(p, 0.01)
        log.append([values(q.grad) for q in p])
        U.clip_grads_with_norm_(p, 0.5, lib.tensor(2.0))
        log.append([values(q.grad) for q in p])
    p[0].grad = lib.full((3, 2), float("inf"))
    log.append(attempt(lambda: U.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)))
    log += [
        values(p[0].grad),
        values(U.get_total_norm([])),
        values(U.clip_grad_norm_([], 1)),
    ]
    log.append(values(U.clip_grad_norm_((q for q in []), 1)))
    log.append(values(U.clip_grad_norm(p[1:], 1)))
    return log


@case
def vectors(lib):
    U = lib.nn.utils
    m = linear(lib)
    v = U.parameters_to_vector(m.parameters())
    log = [values(v), v.requires_grad]
    before = [id(p) for p in m.parameters()]
    new = batch(lib, 15)
    U.vector_to_parameters(new, m.parameters())
    new[0] = 9.0
    log += [values(m.state_dict()), before == [id(p) for p in m.parameters()]]
    log.append(attempt(lambda: U.vector_to_parameters([1.0], m.parameters())))
    return log
