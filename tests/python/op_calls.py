"""Calls of every compiled op, small or large.

The tests of threads and of failed allocations run them all. A call takes a ``Make``:
``m(small, large)`` is a size, ``m.f`` floats, ``m.i`` indices, ``m.b`` bools. The first
word of a call's name is the op of ``rushlight._ops`` that it covers.
"""

from __future__ import annotations

import numpy as np

import rushlight as rl
from rushlight import _ops


class Make:
    """Makes inputs; the n-th of a call is the same each time."""

    def __init__(self, large, dtype="float32", grad=False):
        self.large, self.dtype, self.grad, self.seed = large, dtype, grad, 0
        self.made = []

    def __call__(self, small, large):
        return large if self.large else small

    def _rng(self):
        self.seed += 1
        return np.random.default_rng(self.seed)

    def f(self, *shape, low=-2.0, high=2.0):
        drawn = self._rng().uniform(low, high, shape).astype(self.dtype)
        self.made.append(rl.from_numpy(np.asarray(drawn)).clone())
        return self.made[-1].requires_grad_(self.grad)

    def i(self, high, *shape):
        return rl.from_numpy(np.asarray(self._rng().integers(0, high, shape))).clone()

    def b(self, *shape):
        return rl.from_numpy(np.asarray(self._rng().random(shape) < 0.5)).clone()

    def square(self):
        """A matrix that is cut over threads when it is large."""
        return self.f(self(5, 311), self(7, 457))


def _unary(name):
    return lambda m: getattr(_ops, name)(m.f(m(9, 120_001), low=0.1, high=0.9))


def _binary(name):
    return lambda m: getattr(_ops, name)(
        m.f(m(5, 311), m(7, 457), low=0.5), m.f(m(7, 457), low=0.5)
    )


def _whole(name):
    def call(m):
        a, b = m.i(50, m(5, 311), m(7, 457)), m.i(7, m(7, 457))
        return getattr(_ops, name)(a, *([] if name == "bitwise_not" else [b]))

    return call


_UNARY_SIGNATURE = "(input: Tensor, *, out: object = None)"
_BINARY_SIGNATURE = (
    "(input: Tensor | Number, other: Tensor | Number, *, out: object = None)"
)


def _uniform():
    """The ops of ops.def, told by their signatures."""
    table = {}
    for name in dir(_ops):
        text = _ops._signatures.get(name, "")
        if name.startswith("bitwise") and not name.endswith("_"):
            table[name] = _whole(name)
        elif text.startswith(name + _BINARY_SIGNATURE):
            table[name] = _binary(name)
        elif text.startswith(name + _UNARY_SIGNATURE):
            table[name] = _unary(name)
    return table


POINTWISE = {
    **_uniform(),
    "add strided": lambda m: m.square() + m.f(m(7, 457), m(5, 311)).t(),
    "where": lambda m: _ops.where(
        m.b(m(5, 311), m(7, 457)), m.square(), m.f(m(7, 457))
    ),
    "fill_": lambda m: _ops.fill_(m.square(), 3),
    "zero_": lambda m: _ops.zero_(m.square()),
    "clone": lambda m: m.square().t().contiguous(),
    "to float16": lambda m: m.square().to(rl.float16),
    "to_device": lambda m: _ops.to_device(m.square(), "cpu"),
    "_fused_adam_": lambda m: _adam(m),
    "_fused_sgd_": lambda m: _sgd(m),
    **{
        f"_fused_update_ {name}": lambda m, n=name: _updated(m, n)
        for name in "Adadelta Adagrad Adamax ASGD NAdam RAdam RMSprop Rprop".split()
    },
}


def _adam(m):
    p, g = m.f(m(9, 120_001)), m.f(m(9, 120_001))
    optimizer = rl.optim.AdamW([p.requires_grad_()])
    p.grad = g
    optimizer.step()
    optimizer.step()
    return [p, *(x for x in optimizer.state[p].values() if isinstance(x, rl.Tensor))]


def _sgd(m):
    p = m.f(m(9, 120_001)).requires_grad_()
    optimizer = rl.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True)
    p.grad = m.f(m(9, 120_001))
    optimizer.step()
    optimizer.step()
    return p


def _updated(m, name):
    p = m.f(m(9, 120_001)).requires_grad_()
    p.grad = m.f(m(9, 120_001))
    options = {"momentum": 0.9, "centered": True} if name == "RMSprop" else {}
    optimizer = getattr(rl.optim, name)([p], **options)
    optimizer.step()
    optimizer.step()
    return [p, *optimizer.state[p].values()]


def _reductions():
    table = {}
    for name in "sum mean prod amax amin var std all any count_nonzero".split():
        function = getattr(_ops, name)
        table[name] = lambda m, f=function: f(m.f(m(9, 150_001), low=0.9, high=1.1))
        table[name + " dim 0"] = lambda m, f=function: f(m.square(), dim=0)
        table[name + " dim 1"] = lambda m, f=function: f(m.square(), dim=1)
        table[name + " strided"] = lambda m, f=function: f(
            m.f(m(5, 311), m(9, 901))[:, ::2], dim=0
        )
    for name in "argmax argmin max min var_mean std_mean".split():
        function = getattr(_ops, name)
        table[name + " dim 0"] = lambda m, f=function: f(m.square(), dim=0)
        table[name + " dim 1"] = lambda m, f=function: f(m.square(), dim=1)
    return {
        **table,
        "sum float16": lambda m: m.f(m(9, 150_001)).to(rl.float16).sum(),
        "sum middle": lambda m: m.f(m(2, 30), m(3, 400), m(4, 50)).sum(1),
        "sum dims": lambda m: m.f(m(2, 30), m(3, 400), m(4, 50)).sum((0, 2)),
        "argmax": lambda m: _ops.argmax(m.f(m(9, 150_001))),
        "argmin": lambda m: _ops.argmin(m.f(m(9, 150_001))),
        "max_all": lambda m: _ops.max_all(m.f(m(9, 150_001))),
        "min_all": lambda m: _ops.min_all(m.f(m(9, 150_001))),
        "var_mean": lambda m: _ops.var_mean(m.f(m(9, 150_001))),
        "std_mean": lambda m: _ops.std_mean(m.f(m(9, 150_001))),
        "logsumexp": lambda m: _ops.logsumexp(m.square(), (0,)),
        "logsumexp dim 1": lambda m: _ops.logsumexp(m.square(), (1,)),
        "linalg_vector_norm": lambda m: _ops.linalg_vector_norm(m.f(m(9, 150_001))),
        "linalg_vector_norm 3": lambda m: _ops.linalg_vector_norm(m.square(), 3, (0,)),
        "cumsum": lambda m: _ops.cumsum(m.f(m(9, 150_001)), 0),
        "cumsum dim 0": lambda m: _ops.cumsum(m.square(), 0),
        "cumsum dim 1": lambda m: _ops.cumsum(m.square(), 1),
        "cumprod": lambda m: _ops.cumprod(m.f(m(9, 150_001), low=0.99, high=1.01), 0),
        "cumprod dim 0": lambda m: _ops.cumprod(m.square(), 0),
        "reversed_cumsum": lambda m: _ops.reversed_cumsum(m.square(), 1),
        **{
            f"{name} dim {dim}": lambda m, name=name, d=dim: getattr(_ops, name)(
                m.square(), d
            )
            for name in ("softmax", "log_softmax")
            for dim in (0, 1)
        },
        **{
            f"{name} dim {dim}": lambda m, name=name, d=dim: getattr(_ops, name)(
                m.square(), m.square(), d
            )
            for name in ("softmax_backward", "log_softmax_backward")
            for dim in (0, 1)
        },
        "attention": lambda m: _ops.attention(*_heads(m)),
        "attention causal, one head": lambda m: _ops.attention(
            m.f(1, 1, m(5, 700), 9),
            *(m.f(1, 1, m(4, 700), 9) for _ in "kv"),
            None,
            True,
        ),
        "attention_backward": _attention_backward,
        "attention_backward causal, one head": lambda m: _attention_backward(m, True),
    }


def _heads(m, one=False):
    """Queries, keys and values, and a mask; two heads of queries for one of keys."""
    n, heads = (1, 1) if one else (m(2, 3), 2)
    length, keys = m(5, 200), m(4, 300)
    q, k = m.f(n, 2 * heads, length, 9), m.f(n, heads, keys, 9)
    return q, k, m.f(n, heads, keys, 11), m.b(length, keys)


def _attention_backward(m, one=False):
    q, k, v, mask = _heads(m, one)
    how = (None, True) if one else (mask, False)
    with rl.no_grad():
        out, logsum = _ops.attention(q, k, v, *how)
    return _ops.attention_backward(m.f(*out.shape), q, k, v, out, logsum, *how)


def _rows(m):
    """A table, positions of rows with many duplicates, a row for each position."""
    n, k, width = m(5, 300), m(4, 4000), m(3, 40)
    return m.f(n, width), 0, m.i(n, k), m.f(k, width)


def _flat(m):
    n, k = m(5, 50), m(9, 150_001)
    return m.f(n), 0, m.i(n, k), m.f(k)


def _resampled(m, dim):
    x = m.square()
    shape = (3, x.shape[dim] // 2)
    return _ops.resample(x, dim, m.i(x.shape[dim], *shape), m.f(*shape))


INDEXING = {
    "gather": lambda m: _ops.gather(
        m.square(), 1, m.i(m(7, 457), m(5, 311), m(3, 400))
    ),
    "gather dim 0": lambda m: _ops.gather(
        m.square(), 0, m.i(m(5, 311), m(4, 400), m(7, 457))
    ),
    "index_select": lambda m: _ops.index_select(*_rows(m)[:3]),
    "index_select_each": lambda m: _ops.index_select_each(
        list(_rows(m)[:1]) * 2, _rows(m)[2]
    ),
    "index_select dim 1": lambda m: _ops.index_select(
        m.square(), 1, m.i(m(7, 457), m(9, 600))
    ),
    "take": lambda m: _ops.take(m.square(), m.i(m(35, 1000), m(9, 150_001))),
    "take_along_dim": lambda m: _ops.take_along_dim(
        m.square(), m.i(m(5, 311), m(3, 400), m(7, 457)), 0
    ),
    "index": lambda m: _ops.index(m.square(), [m.i(m(5, 311), m(3, 1500))]),
    "index both": lambda m: _ops.index(
        m.square(), [m.i(m(5, 311), m(9, 90_001)), m.i(m(7, 457), m(9, 90_001))]
    ),
    "index_add": lambda m: _ops.index_add(*_rows(m)),
    "index_copy": lambda m: _ops.index_copy(*_rows(m)),
    "index_fill": lambda m: _ops.index_fill(
        m.square(), 1, m.i(m(7, 457), m(3, 300)), 2.5
    ),
    "index_put": lambda m: _ops.index_put(
        m.f(m(5, 50)), [m.i(m(5, 50), m(9, 150_001))], m.f(m(9, 150_001))
    ),
    "index_put accumulate": lambda m: _ops.index_put(
        m.f(m(5, 50)), [m.i(m(5, 50), m(9, 150_001))], m.f(m(9, 150_001)), True
    ),
    "masked_fill": lambda m: _ops.masked_fill(
        m.square(), m.b(m(5, 311), m(7, 457)), 1.5
    ),
    "masked_scatter": lambda m: _ops.masked_scatter(
        m.square(), m.b(m(5, 311), m(7, 457)), m.f(m(35, 150_000))
    ),
    "masked_select": lambda m: _ops.masked_select(
        m.square(), m.b(m(5, 311), m(7, 457))
    ),
    "nonzero": lambda m: _ops.nonzero(m.b(m(5, 311), m(7, 457))),
    "nonzero_tuple": lambda m: _ops.nonzero_tuple(m.b(m(5, 311), m(7, 457))),
    "scatter": lambda m: _ops.scatter(*_flat(m)),
    "scatter value": lambda m: _ops.scatter(*_flat(m)[:3], value=2.0),
    "scatter add": lambda m: _ops.scatter(*_flat(m), reduce="add"),
    "scatter_add": lambda m: _ops.scatter_add(*_flat(m)),
    "scatter_add dim 1": lambda m: _ops.scatter_add(
        m.square(), 1, m.i(m(7, 457), m(5, 311), m(9, 600)), m.f(m(5, 311), m(9, 600))
    ),
    **{
        f"scatter_reduce {how}": lambda m, how=how: _ops.scatter_reduce(*_flat(m), how)
        for how in ("sum", "mean", "amax", "amin", "prod")
    },
    "tril": lambda m: _ops.tril(m.square(), 1),
    "triu": lambda m: _ops.triu(m.square(), -1),
    "pad_constant": lambda m: _ops.pad_constant(m.square(), (3, 1, -1, 2), 1.5),
    **{
        f"pad_mapped {mode}": lambda m, mode=mode: _ops.pad_mapped(
            m.square(), (3, 1, 2, 0), mode
        )
        for mode in ("reflect", "replicate", "circular")
    },
    "resample": lambda m: _resampled(m, 1),
    "resample rows": lambda m: _resampled(m, 0),
    "flip": lambda m: _ops.flip(m.square(), (0, 1)),
    "roll": lambda m: _ops.roll(m.square(), (3, -2), (0, 1)),
    "repeat": lambda m: _ops.repeat(m.f(m(2, 100)), (m(2, 40), m(3, 40))),
    "tile": lambda m: _ops.tile(m.f(m(2, 100)), (m(2, 40), m(3, 40))),
    "repeat_interleave_int": lambda m: _ops.repeat_interleave_int(m.square(), 2, 1),
    "repeat_interleave_tensor": lambda m: _ops.repeat_interleave_tensor(
        m.square(), m.i(4, m(5, 311)), 0
    ),
    **{
        name: lambda m, name=name: getattr(_ops, name)([m.square(), m.square()])
        for name in "cat stack hstack vstack dstack".split()
    },
    "cat dim 1": lambda m: _ops.cat([m.square(), m.square()], 1),
}


def _image(m):
    return m.f(m(2, 8), m(4, 16), m(7, 30), m(6, 31))


PRODUCTS = {
    "mm": lambda m: _ops.mm(m.f(m(3, 300), m(4, 501)), m.f(m(4, 501), m(5, 200))),
    "mm long": lambda m: _ops.mm(
        m.f(m(2, 8), m(9, 100_000)), m.f(m(9, 100_000), m(3, 8))
    ),
    "mm transposed": lambda m: _ops.mm(
        m.f(m(4, 501), m(3, 300)).t(), m.f(m(5, 200), m(4, 501)).t()
    ),
    "matmul": lambda m: _ops.matmul(
        m.f(m(2, 9), 1, m(3, 60), m(4, 70)), m.f(m(3, 5), m(4, 70), m(2, 50))
    ),
    "bmm": lambda m: _ops.bmm(
        m.f(m(3, 40), m(3, 60), m(4, 70)), m.f(m(3, 40), m(4, 70), m(2, 50))
    ),
    "baddbmm": lambda m: _ops.baddbmm(
        m.f(m(3, 60), m(2, 50)),
        m.f(m(3, 40), m(3, 60), m(4, 70)),
        m.f(m(3, 40), m(4, 70), m(2, 50)),
        beta=2,
    ),
    "addmm": lambda m: _ops.addmm(
        m.f(m(5, 200)), m.f(m(3, 300), m(4, 501)), m.f(m(4, 501), m(5, 200)), alpha=2
    ),
    "addmv": lambda m: _ops.addmv(
        m.f(m(5, 700)), m.f(m(5, 700), m(4, 501)), m.f(m(4, 501)), beta=0.5
    ),
    "mv": lambda m: _ops.mv(m.f(m(5, 700), m(4, 501)), m.f(m(4, 501))),
    "dot": lambda m: _ops.dot(m.f(m(9, 300_001)), m.f(m(9, 300_001))),
    "outer": lambda m: _ops.outer(m.f(m(5, 400)), m.f(m(4, 501))),
    "linear": lambda m: _ops.linear(
        m.f(m(3, 300), m(4, 501)), m.f(m(5, 200), m(4, 501)), m.f(m(5, 200))
    ),
    "conv1d": lambda m: _ops.conv1d(
        m.f(m(2, 8), m(3, 16), m(9, 400)), m.f(m(2, 32), m(3, 16), 3), padding=(1,)
    ),
    "conv2d": lambda m: _ops.conv2d(
        _image(m), m.f(m(2, 32), m(4, 16), 3, 3), padding=(1, 1)
    ),
    "conv2d groups": lambda m: _ops.conv2d(
        _image(m), m.f(m(4, 32), m(2, 8), 3, 2), m.f(m(4, 32)), stride=(2, 1), groups=2
    ),
    "conv2d_backward_input": lambda m: _ops.conv2d_backward_input(
        m.f(m(2, 8), m(2, 32), m(7, 30), m(6, 31)),
        m.f(m(2, 32), m(4, 16), 3, 3),
        (m(2, 8), m(4, 16), m(7, 30), m(6, 31)),
        (1, 1),
        (1, 1),
        (1, 1),
        1,
    ),
    "conv2d_backward_weight": lambda m: _ops.conv2d_backward_weight(
        m.f(m(2, 8), m(2, 32), m(7, 30), m(6, 31)),
        _image(m),
        (m(2, 32), m(4, 16), 3, 3),
        (1, 1),
        (1, 1),
        (1, 1),
        1,
    ),
    "max_pool2d": lambda m: _ops.max_pool2d(_image(m), (2, 2)),
    "adaptive_max_pool2d": lambda m: _ops.adaptive_max_pool2d(_image(m), (3, 2)),
    "max_pool2d_with_indices": lambda m: _ops.max_pool2d_with_indices(
        _image(m), (3, 3), (2, 2), (1, 1)
    ),
    "max_pool2d_with_indices_backward": lambda m: _ops.max_pool2d_with_indices_backward(
        *_ops.max_pool2d_with_indices(_image(m), (3, 3), (2, 2), (1, 1)),
        (m(2, 8), m(4, 16), m(7, 30), m(6, 31)),
    ),
    "avg_pool2d": lambda m: _ops.avg_pool2d(_image(m), (3, 3), (2, 2), (1, 1)),
    "avg_pool2d_backward": lambda m: _ops.avg_pool2d_backward(
        _ops.avg_pool2d(_image(m), (3, 3), (2, 2), (1, 1)),
        (m(2, 8), m(4, 16), m(7, 30), m(6, 31)),
        (3, 3),
        (2, 2),
        (1, 1),
        False,
        True,
        None,
    ),
    "adaptive_avg_pool2d": lambda m: _ops.adaptive_avg_pool2d(_image(m), (3, 4)),
    "adaptive_avg_pool2d_backward": lambda m: _ops.adaptive_avg_pool2d_backward(
        m.f(m(2, 8), m(4, 16), 3, 4), (m(2, 8), m(4, 16), m(7, 30), m(6, 31))
    ),
    "nll_loss": lambda m: _ops.nll_loss(
        m.f(m(5, 3000), m(4, 50)), m.i(m(4, 50), m(5, 3000))
    ),
    "nll_loss weighted": lambda m: _ops.nll_loss(
        m.f(m(5, 3000), m(4, 50)), m.i(m(4, 50), m(5, 3000)), m.f(m(4, 50), low=0.1), 2
    ),
    "nll_loss_backward": lambda m: _ops.nll_loss_backward(
        m.f(), m.i(m(4, 50), m(5, 3000)), None, 1, -100, (m(5, 3000), m(4, 50))
    ),
}


def _unit_calls():
    names = "elu gelu hardsigmoid hardswish hardtanh leaky_relu log_sigmoid mish silu "
    names = (names + "softplus").split()
    losses = (
        "binary_cross_entropy_with_logits huber l1 mse smooth_l1 binary_cross_entropy"
    ).split()

    def pair(m):
        n = m(9, 120_001)
        return m.f(n, low=0.1, high=0.9), m.f(n, low=0.1, high=0.9)

    def loss(name, code):
        def call(m):
            x, t = pair(m)
            return _ops.pair_loss(x, t.detach() if "binary" in name else t, name, code)

        return call

    return {
        "glu": lambda m: _ops.glu(m.f(m(3, 200), m(8, 900)), 1),
        "glu long": lambda m: _ops.glu(m.f(m(8, 150_000)), 0),
        "glu_backward": lambda m: _ops.glu_backward(
            m.f(m(3, 200), m(4, 450)), m.f(m(3, 200), m(8, 900)), 1
        ),
        **{
            f"prelu {n}": lambda m, n=n: _ops.prelu(
                m.f(m(3, 200), n, m(2, 300)), m.f(n)
            )
            for n in (1, 5)
        },
        "prelu rows": lambda m: _ops.prelu(m.square(), m.f(m(7, 457))),
        "prelu_backward": lambda m: _ops.prelu_backward(
            m.square(), m.square(), m.f(1), True, True
        ),
        **{name: _unary(name) for name in names},
        **{
            f"{name}_": lambda m, name=name: getattr(_ops, name + "_")(
                m.f(m(9, 120_001))
            )
            for name in names
            if name not in ("gelu", "log_sigmoid", "softplus")
        },
        **{
            f"unit_backward {name}": lambda m, name=name: _ops.unit_backward(
                *pair(m), name, 1.0, 2.0, 1.0
            )
            for name in [*names, "gelu_tanh"]
        },
        **{f"pair_loss {x} {code}": loss(x, code) for x in losses for code in (0, 1)},
        **{
            f"pair_loss_backward {name}": lambda m, name=name: _ops.pair_loss_backward(
                m.f(), *pair(m), name
            )
            for name in losses
        },
    }


def _norm_calls():
    def image(m):
        return m.f(m(3, 20), m(4, 16), m(5, 30), m(3, 31))

    def rows(m):
        return m.f(m(5, 311), m(7, 457))

    def each(m, n):
        return m.f(n), m.f(n)

    def backward(name, x, n, saved, *last):
        def call(m):
            given = x(m)
            g, stats = x(m), [m.f(saved(m), low=0.5) for _ in range(2)]
            front = {"layer": [(n(m),)], "group": [4]}.get(name, [])
            return getattr(_ops, name + "_norm_backward")(
                g, given, *front, *stats, m.f(n(m)), *last, True, True, True
            )

        return call

    def batch(x, n, training=True):
        def call(m):
            given = x(m)
            means = [rl.ones(n(m), dtype=given.dtype) for _ in range(2)]
            result = _ops.native_batch_norm(
                given, *each(m, n(m)), *means, training, 0.1, 1e-5
            )[0]
            return result if m.grad else [result, *means]

        return call

    return {
        "native_layer_norm": lambda m: _ops.native_layer_norm(
            rows(m), (m(7, 457),), *each(m, m(7, 457))
        )[0],
        "fused_rms_norm": lambda m: _ops.fused_rms_norm(
            rows(m), (m(7, 457),), m.f(m(7, 457))
        )[0],
        "native_group_norm": lambda m: _ops.native_group_norm(
            image(m), 4, *each(m, m(4, 16))
        )[0],
        "native_group_norm rows": lambda m: _ops.native_group_norm(
            m.f(m(5, 311), m(8, 456)), 4, *each(m, m(8, 456))
        )[0],
        "native_batch_norm": batch(image, lambda m: m(4, 16)),
        "native_batch_norm rows": batch(rows, lambda m: m(7, 457)),
        "native_batch_norm evaluation": batch(image, lambda m: m(4, 16), False),
        "layer_norm_backward": backward(
            "layer", rows, lambda m: m(7, 457), lambda m: m(5, 311)
        ),
        "group_norm_backward": backward(
            "group", image, lambda m: m(4, 16), lambda m: 4 * m(3, 20)
        ),
        "batch_norm_backward": backward(
            "batch", image, lambda m: m(4, 16), lambda m: m(4, 16), True
        ),
        "rms_norm_backward": lambda m: _ops.rms_norm_backward(
            rows(m),
            rows(m),
            (m(7, 457),),
            m.f(m(5, 311), low=0.5),
            m.f(m(7, 457)),
            True,
            True,
        )[:2],
    }


def _along(name, *args, **options):
    return lambda m: getattr(_ops, name)(m.square(), *args, **options)


SORTING = {
    **{
        f"{name} dim {dim}": _along(name, dim)
        for name in (
            "argsort cummax cummin median mode nanmedian sort logcumsumexp".split()
        )
        for dim in (0, 1)
    },
    "sort descending": lambda m: _ops.sort(m.f(m(9, 150_001)), 0, True),
    "kthvalue": _along("kthvalue", 3, 1),
    "topk": _along("topk", 3, 1),
    "topk dim 0": _along("topk", 3, 0),
    "median_all": _along("median_all"),
    "nanmedian_all": _along("nanmedian_all"),
    "row_order": lambda m: _ops.row_order(m.i(3, m(9, 3001), m(3, 50))),
    "searchsorted": lambda m: _ops.searchsorted(
        _ops.sort(m.f(m(9, 5001)), 0)[0], m.square(), False, False, None
    ),
    "bincount": lambda m: _ops.bincount(m.i(50, m(9, 150_001))),
    "bincount weighted": lambda m: _ops.bincount(
        m.i(50, m(9, 150_001)), m.f(m(9, 150_001))
    ),
    "histogram_counts": lambda m: _ops.histogram_counts(
        m.f(m(9, 150_001)), 20, -1.0, 1.0
    ),
}


def _matrices(m):
    """Positive definite ones."""
    n = m(3, 20)
    a = m.f(m(2, 40), n, n)
    return a @ a.transpose(-1, -2) + rl.eye(n) * n


def _factored(name, *args):
    def call(m):
        lu, pivots, *_ = _ops.linalg_lu_factor_ex(_matrices(m))
        return getattr(_ops, name)(lu, pivots, *[f(m) for f in args])

    return call


def _right(m):
    return m.f(m(2, 40), m(3, 20), 4)


LINALG = {
    **{
        f"linalg_{name}": lambda m, name=name: getattr(_ops, "linalg_" + name)(
            _matrices(m)
        )
        for name in (
            "cholesky_ex det eig eigh inv_ex ldl_factor_ex lu_factor_ex qr slogdet svd"
        ).split()
    },
    "geqrf": lambda m: _ops.geqrf(_matrices(m)),
    "linalg_householder_product": lambda m: _ops.linalg_householder_product(
        *_ops.geqrf(_matrices(m))
    ),
    "ormqr": lambda m: _ops.ormqr(*_ops.geqrf(_matrices(m)), _right(m)),
    "linalg_ldl_solve": lambda m: _ops.linalg_ldl_solve(
        *_ops.linalg_ldl_factor_ex(_matrices(m))[:2], _right(m)
    ),
    "linalg_lstsq": lambda m: _ops.linalg_lstsq(_matrices(m), _right(m), 1e-6, "gelsd"),
    "linalg_lu_permutation": lambda m: _ops.linalg_lu_permutation(
        _ops.linalg_lu_factor_ex(_matrices(m))[1], m(3, 20)
    ),
    "linalg_lu_solve": _factored("linalg_lu_solve", _right),
    "linalg_solve_ex": lambda m: _ops.linalg_solve_ex(_matrices(m), _right(m)),
    "linalg_solve_triangular": lambda m: _ops.linalg_solve_triangular(
        _matrices(m), _right(m), True
    ),
}


def _random(name, *args, **bounds):
    def call(m):
        rl.manual_seed(3)
        return getattr(_ops, name)(m.f(m(20, 120_001), **bounds), *args)

    return call


def _binomial(m):
    rl.manual_seed(3)
    n = m(20, 5_001)
    return _ops.binomial(m.f(n, low=0, high=50).round(), m.f(n, low=0, high=1))


def _multinomial(m):
    rl.manual_seed(3)
    return _ops.multinomial_rows(m.f(m(3, 70), m(6, 300), low=0, high=1), m(5, 200))


MAKING = {
    "arange": lambda m: _ops.arange(0, m(9, 120_001), 1),
    "linspace": lambda m: _ops.linspace(0.0, 1.0, m(9, 120_001)),
    "eye": lambda m: _ops.eye(m(3, 400)),
    "normal_": _random("normal_"),
    "uniform_": _random("uniform_"),
    "cauchy_": _random("cauchy_"),
    "exponential_": _random("exponential_"),
    "geometric_": _random("geometric_", 0.3),
    "log_normal_": _random("log_normal_"),
    "random_range_": _random("random_range_", 0, 100),
    "bernoulli_number_": _random("bernoulli_number_", 0.3),
    "bernoulli_tensor_": lambda m: _random(
        "bernoulli_tensor_", m.f(m(20, 120_001), low=0, high=1)
    )(m),
    "binomial": _binomial,
    "multinomial_rows": _multinomial,
    "poisson": _random("poisson", low=0, high=30),
    "randperm": lambda m: (rl.manual_seed(3), rl.randperm(m(20, 120_001)))[1],
    "to_list": lambda m: rl.tensor(_ops.to_list(m.f(m(9, 50_001)))),
    "resize_": lambda m: _ops.resize_(m.square(), (m(6, 300), m(7, 457)))[: m(5, 300)],
    "frombuffer": lambda m: _ops.frombuffer(
        bytearray(b"1234" * m(9, 40_000)), dtype=rl.float32
    ).clone(),
    "from_buffer_object": lambda m: _ops.from_buffer_object(
        m.square().detach().numpy()
    ).clone(),
}

SPECIAL_UNARY = (
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 digamma entr erfcx erfinv i0 i0e "
    "i1 i1e lgamma log_ndtr modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 "
    "modified_bessel_k1 ndtri scaled_modified_bessel_k0 scaled_modified_bessel_k1 "
    "spherical_bessel_j0"
).split()
SPECIAL_BINARY = "igamma igammac xlog1py".split()
SPECIAL_DEGREE = (
    "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v "
    "chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he "
    "laguerre_polynomial_l legendre_polynomial_p shifted_chebyshev_polynomial_t "
    "shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v "
    "shifted_chebyshev_polynomial_w"
).split()


def _degree(name):
    return lambda m: getattr(_ops, name)(
        m.f(m(9, 60_001), low=0.1, high=0.9), m.i(7, m(9, 60_001))
    )


SPECIAL = {
    **{name: _unary(name) for name in SPECIAL_UNARY},
    **{name: _binary(name) for name in SPECIAL_BINARY},
    **{name: _degree(name) for name in SPECIAL_DEGREE},
    "polygamma": lambda m: _ops.polygamma(2, m.f(m(9, 60_001), low=0.5)),
    "zeta": lambda m: _ops.zeta(m.f(m(9, 60_001), low=1.5), m.f(m(9, 60_001), low=0.5)),
}


def _recurrent(mode, packed=False, projected=False, reverse=False, backward=False):
    """Arguments of a layer, or of its gradient."""

    def call(m):
        n, width, hidden = m(3, 60), m(2, 70), m(5, 90)
        state = m(2, 40) if projected else hidden
        rows = (1, 1, 3, 4)[mode] * hidden

        def weight(*shape):
            return m.f(*shape, low=-0.3, high=0.3)

        sizes = [n, n, n - 1, 2, 1]
        x = m.f(sum(sizes), width) if packed else m.f(m(4, 20), n, width)
        arguments = [
            x,
            weight(n, state),
            weight(n, hidden) if mode == 3 else None,
            weight(rows, width),
            weight(rows, state),
            weight(rows),
            weight(rows),
            weight(state, hidden) if projected else None,
            rl.tensor(sizes) if packed else None,
            mode,
            reverse,
        ]
        if not backward:
            return _ops._recurrent(*arguments)
        output, h, c, saved = _ops._recurrent(*arguments)
        del arguments[5:7]
        given = (output * 2, h * 3, None if mode != 3 else c * 4)
        wanted = 0b01111011 + 4 * (mode == 3) + 128 * projected
        return _ops._recurrent_backward(*given, *arguments, output, saved, wanted)

    return call


RECURRENT = {
    "_recurrent tanh": _recurrent(0),
    "_recurrent relu": _recurrent(1, reverse=True),
    "_recurrent gru": _recurrent(2),
    "_recurrent gru packed": _recurrent(2, packed=True, reverse=True),
    "_recurrent lstm": _recurrent(3, reverse=True),
    "_recurrent lstm packed": _recurrent(3, packed=True),
    "_recurrent lstm projected": _recurrent(3, projected=True),
    "_recurrent_backward relu": _recurrent(1, backward=True),
    "_recurrent_backward gru": _recurrent(2, packed=True, backward=True),
    "_recurrent_backward lstm": _recurrent(3, projected=True, backward=True),
}

REDUCTIONS = _reductions()
CALLS = {
    **POINTWISE,
    **SPECIAL,
    **REDUCTIONS,
    **INDEXING,
    **PRODUCTS,
    **RECURRENT,
    **_norm_calls(),
    **_unit_calls(),
    **SORTING,
    **LINALG,
    **MAKING,
}

# Compiled functions without a call here, and why.
LEFT_OUT = {
    **dict.fromkeys(
        (
            "as_strided chunk diagonal flatten movedim narrow split_int split_sizes "
            "squeeze unbind unflatten unfold view_as_complex view_as_real"
        ).split(),
        "a view: computes nothing",
    ),
    **dict.fromkeys(
        (
            "cpu_isa cuda_status empty_cache get_num_threads memory_stats "
            "promote_types reset_peak_memory_stats result_type set_cache_limit "
            "set_num_threads default_generator Generator check_apart make_result_type "
            "write_out is_pinned"
        ).split(),
        "settings and facts",
    ),
    "empty_strided": "its values are undefined",
    "pin_memory": "needs a CUDA device: tests/device/pinned.py",
}


def uncovered():
    """The public compiled ops that neither have a call nor a reason to have none."""
    covered = {name.split()[0].rstrip("_") for name in CALLS} | set(LEFT_OUT)
    public = {n.rstrip("_") for n in dir(_ops) if not n.startswith("_")}
    return sorted(public - covered)
