"""Arguments that nearly fit, for ops whose checks random ones seldom pass."""

from __future__ import annotations


def _near(draw, shape):
    """The shape, or one that is wrong in one place."""
    rng, shape = draw.rng, list(shape)
    if rng.random() < 0.06 and shape:
        shape[rng.randrange(len(shape))] += rng.choice([-1, 1])
    if rng.random() < 0.03 and shape:
        shape[rng.randrange(len(shape))] = 0
    if rng.random() < 0.02:
        shape = shape[1:] if rng.random() < 0.5 else [*shape, 2]
    return tuple(max(n, 0) for n in shape)


def _tensor(draw, *shape, dtype=None, **extra):
    return draw.tensor(dtype, shape=_near(draw, shape), **extra)


def _sizes(draw, count, most=7):
    return [draw.rng.randint(1, most) for _ in range(count)]


def _products(draw):
    n, k, m, b = _sizes(draw, 4, draw.rng.choice([4, 9, 40]))
    return n, k, m, b


def mm(draw):
    n, k, m, _ = _products(draw)
    return {
        "input": _tensor(draw, n, k),
        "mat2": _tensor(draw, k, m),
        "other": _tensor(draw, k, m),
    }


def bmm(draw):
    n, k, m, b = _products(draw)
    return {"input": _tensor(draw, b, n, k), "mat2": _tensor(draw, b, k, m)}


def addmm(draw):
    n, k, m, _ = _products(draw)
    return {
        "input": _tensor(draw, n, m) if draw.rng.random() < 0.6 else _tensor(draw, m),
        "mat1": _tensor(draw, n, k),
        "mat2": _tensor(draw, k, m),
    }


def baddbmm(draw):
    n, k, m, b = _products(draw)
    return {
        "input": _tensor(draw, b, n, m),
        "batch1": _tensor(draw, b, n, k),
        "batch2": _tensor(draw, b, k, m),
    }


def matvec(draw):
    n, k, _, _ = _products(draw)
    return {
        "input": _tensor(draw, n) if draw.rng.random() < 0.5 else _tensor(draw, n, k),
        "mat": _tensor(draw, n, k),
        "vec": _tensor(draw, k),
    }


def vectors(draw):
    n = draw.rng.randint(0, 40)
    return {k: _tensor(draw, n) for k in ("input", "tensor", "other", "vec2")}


def linear(draw):
    n, k, m, _ = _products(draw)
    bias = _tensor(draw, m) if draw.rng.random() < 0.6 else "None"
    return {"input": _tensor(draw, n, k), "weight": _tensor(draw, m, k), "bias": bias}


def conv(dims):
    def recipe(draw):
        rng = draw.rng
        groups = rng.choice([1, 1, 1, 2, 3])
        batch, channels, out = _sizes(draw, 3, 4)
        space = [rng.randint(1, 12) for _ in range(dims)]
        kernel = [rng.randint(1, 4) for _ in range(dims)]
        many = lambda low, high: str(  # noqa: E731
            rng.randint(low, high)
            if rng.random() < 0.6
            else tuple(rng.randint(low, high) for _ in range(dims))
        )
        return {
            "input": _tensor(draw, batch, channels * groups, *space),
            "weight": _tensor(draw, out * groups, channels, *kernel),
            "bias": _tensor(draw, out * groups) if rng.random() < 0.5 else "None",
            "stride": many(1, 3),
            "padding": many(0, 3)
            if rng.random() < 0.8
            else rng.choice(["'same'", "'valid'"]),
            "dilation": many(1, 2),
            "groups": str(groups),
            "grad_output": _tensor(draw, batch, out * groups, *space),
            "grad": _tensor(draw, batch, out * groups, *space),
        }

    return recipe


def pool(dims):
    def recipe(draw):
        rng = draw.rng
        shape = [*_sizes(draw, 2, 3), *(rng.randint(1, 12) for _ in range(dims))]
        small = lambda: str(  # noqa: E731
            rng.randint(1, 4)
            if rng.random() < 0.6
            else tuple(rng.randint(1, 4) for _ in range(dims))
        )
        return {
            "input": _tensor(draw, *shape),
            "grad_output": _tensor(draw, *shape),
            "grad": _tensor(draw, *shape),
            "kernel_size": small(),
            "output_size": small(),
            "stride": small() if rng.random() < 0.5 else "None",
            "padding": str(rng.randint(0, 2)),
            "indices": _tensor(draw, *shape, dtype="int64", low=-1, high=40),
        }

    return recipe


def along(draw):
    """Index of the input's rank: gather, scatter."""
    rng = draw.rng
    shape = _sizes(draw, rng.randint(1, 4), 5)
    dim = rng.randrange(len(shape))
    small = [rng.randint(0, n) for n in shape]
    small[dim] = rng.randint(0, 7)
    wrong = rng.random() < 0.15
    index = _tensor(
        draw, *small, dtype="int64", low=-2 if wrong else 0, high=shape[dim] - 1 + wrong
    )
    return {
        "input": _tensor(draw, *shape),
        "dim": str(dim - rng.choice([0, len(shape)])),
        "index": index,
        "indices": index,
        "src": _tensor(draw, *small) if rng.random() < 0.7 else _tensor(draw, *shape),
    }


def rows(draw):
    """A vector of positions along a dimension: index_select, index_add."""
    rng = draw.rng
    shape = _sizes(draw, rng.randint(1, 4), 6)
    dim = rng.randrange(len(shape))
    count = rng.randint(0, 9)
    wrong = rng.random() < 0.15
    source = [count if i == dim else n for i, n in enumerate(shape)]
    return {
        "input": _tensor(draw, *shape),
        "dim": str(dim - rng.choice([0, len(shape)])),
        "index": _tensor(
            draw,
            count,
            dtype=rng.choice(["int64", "int64", "int32"]),
            low=-2 if wrong else 0,
            high=shape[dim] - 1 + wrong,
        ),
        "source": _tensor(draw, *source),
        "value": draw.number() if rng.random() < 0.7 else _tensor(draw),
    }


def places(draw):
    """A tuple of index tensors: index, index_put."""
    rng = draw.rng
    shape = _sizes(draw, rng.randint(1, 4), 6)
    count = rng.choice([(), (3,), (2, 3), (0,), (1,)])
    many = []
    for n in shape[: rng.randint(1, len(shape))]:
        wrong = rng.random() < 0.06
        many.append(
            "None"
            if rng.random() < 0.25
            else _tensor(
                draw,
                *count,
                dtype=rng.choice(["int64", "int64", "int32"]),
                low=-n - wrong,
                high=n - 1 + wrong,
            )
        )
    return {
        "input": _tensor(draw, *shape),
        "indices": "(" + "".join(m + ", " for m in many) + ")",
        "values": _tensor(draw) if rng.random() < 0.5 else _tensor(draw, *count),
    }


def classes(draw):
    rng = draw.rng
    batch, count = _sizes(draw, 2, 8)
    space = _sizes(draw, rng.choice([0, 0, 1, 2]), 3)
    wrong = rng.random() < 0.2
    target = _tensor(
        draw,
        batch,
        *space,
        dtype="int64",
        low=-1 if wrong else 0,
        high=count - 1 + wrong,
    )
    return {
        "input": _tensor(draw, batch, count, *space),
        "target": target if rng.random() < 0.8 else _tensor(draw, batch, count, *space),
        "weight": _tensor(draw, count) if rng.random() < 0.4 else "None",
        "ignore_index": rng.choice(["-100", "0", "-1", str(count)]),
        "grad": _tensor(draw),
        "grad_output": _tensor(draw),
        "total_weight": _tensor(draw),
    }


def pairs(draw):
    return {"input": _tensor(draw, *_sizes(draw, draw.rng.randint(0, 3)), 2)}


def masks(draw):
    shape = _sizes(draw, draw.rng.randint(0, 4), 6)
    return {
        "input": _tensor(draw, *shape),
        "mask": _tensor(draw, *shape[draw.rng.randint(0, len(shape)) :], dtype="bool"),
        "source": _tensor(draw, draw.rng.choice([0, 3, 500])),
        "value": draw.number(),
    }


def windows(draw):
    """as_strided and friends: places that may or may not lie inside."""
    rng = draw.rng
    ndim = rng.randint(0, 4)
    return {
        "input": _tensor(draw, *_sizes(draw, rng.randint(0, 3), 9)),
        "size": str(tuple(rng.randint(0, 5) for _ in range(ndim))),
        "stride": str(tuple(rng.randint(0, 6) for _ in range(ndim))),
        "storage_offset": str(rng.choice([0, 0, 1, 3, -1, 2**62])),
        "offset": str(rng.choice([0, 0, 1, 3, -1, 2**62])),
        "dimension": draw.dim(),
        "step": str(rng.choice([1, 2, 3, 0, -1, 2**62])),
    }


def padding(draw):
    rng = draw.rng
    shape = _sizes(draw, rng.randint(1, 5), 5)
    pad = [rng.randint(-2, 3) for _ in range(2 * rng.randint(1, len(shape)))]
    return {
        "input": _tensor(draw, *shape),
        "pad": str(tuple(pad)),
        "value": draw.number(),
    }


def square(draw):
    n = draw.rng.randint(0, 9)
    batch = _sizes(draw, draw.rng.choice([0, 0, 1, 2]), 3)
    return {
        **{k: _tensor(draw, *batch, n, n) for k in ("input", "A", "LU_data", "L")},
        **{k: _tensor(draw, *batch, n, draw.rng.randint(1, 4)) for k in ("B", "other")},
        "tau": _tensor(draw, *batch, n),
        "pivots": _tensor(draw, *batch, n, dtype="int32", low=-1, high=n + 1),
    }


def recurrent(draw):
    rng = draw.rng
    dtype = rng.choice(["float32", "float32", "float64"])
    mode = rng.randint(0, 3)
    n, steps, width, hidden = _sizes(draw, 4, 9)
    projected, packed = mode == 3 and rng.random() < 0.4, rng.random() < 0.5
    state = rng.randint(1, hidden) if projected else hidden
    gates = (1, 1, 3, 4)[mode]
    sizes = sorted((rng.randint(1, n) for _ in range(steps)), reverse=True)
    if rng.random() < 0.1:
        sizes[rng.randrange(steps)] = rng.choice([0, -1, 2**62, n + 3])
    lead = (max(sum(sizes), 0) % 1000,) if packed else (steps, n)
    if packed:
        n = sizes[0] % 1000
    front = (1,) if rng.random() < 0.3 else ()
    rows = lead[0] if packed else steps * n
    kept = rows * hidden * ((0, 0, 4, 5)[mode] + projected)

    def make(*shape):
        return _tensor(draw, *shape, dtype=dtype)

    biased = rng.random() < 0.7
    return {
        "input": make(*lead, width),
        "hx": make(*front, n, state),
        "cx": make(*front, n, hidden) if mode == 3 else "None",
        "w_ih": make(gates * hidden, width),
        "w_hh": make(gates * hidden, state),
        "b_ih": make(gates * hidden) if biased else "None",
        "b_hh": make(gates * hidden) if biased else "None",
        "w_hr": make(state, hidden) if projected else "None",
        "batch_sizes": f"rl.tensor({sizes})" if packed else "None",
        "mode": str(mode),
        "reverse": str(rng.random() < 0.5),
        "grad_output": make(*lead, state) if rng.random() < 0.7 else "None",
        "grad_h": make(*front, n, state) if rng.random() < 0.5 else "None",
        "grad_c": make(*front, n, hidden) if rng.random() < 0.5 else "None",
        "output": make(*lead, state),
        "saved": make(kept),
        "wanted": str(rng.randrange(256)),
    }


def _table(groups):
    return {name: recipe for names, recipe in groups for name in names.split()}


# The last part of a target's name, without "_" at its end.
RECIPES = _table(
    [
        ("mm matmul", mm),
        ("bmm", bmm),
        ("addmm", addmm),
        ("baddbmm", baddbmm),
        ("mv addmv", matvec),
        ("dot outer inner vdot", vectors),
        ("linear", linear),
        ("_recurrent _recurrent_backward", recurrent),
        ("conv1d conv_transpose1d", conv(1)),
        (
            "conv2d conv2d_backward_input conv2d_backward_weight conv_transpose2d",
            conv(2),
        ),
        ("conv3d", conv(3)),
        ("max_pool1d avg_pool1d adaptive_avg_pool1d", pool(1)),
        ("max_pool2d max_pool2d_with_indices avg_pool2d adaptive_avg_pool2d", pool(2)),
        ("max_pool2d_with_indices_backward avg_pool2d_backward", pool(2)),
        ("adaptive_avg_pool2d_backward unfold_backward", pool(2)),
        ("gather scatter scatter_add scatter_reduce take_along_dim", along),
        ("index_select index_add index_copy index_fill index_reduce", rows),
        ("index index_put", places),
        ("nll_loss nll_loss_backward cross_entropy", classes),
        ("view_as_complex", pairs),
        ("masked_fill masked_select masked_scatter", masks),
        ("as_strided as_strided_ unfold _storage_view", windows),
        ("pad", padding),
        ("cholesky qr svd eigh inv det slogdet solve lu lu_factor eig ormqr", square),
        ("matrix_power pinv inverse eigvalsh svdvals solve_triangular", square),
        ("lu_solve cholesky_solve matrix_exp lstsq triangular_solve geqrf", square),
        ("matrix_rank logdet lu_unpack cholesky_inverse cholesky_ex inv_ex", square),
        ("solve_ex eigvals ldl_factor ldl_solve householder_product", square),
        ("linalg_cholesky_ex linalg_det linalg_eig linalg_eigh linalg_inv_ex", square),
        ("linalg_ldl_factor_ex linalg_ldl_solve linalg_lstsq linalg_svd", square),
        ("linalg_lu_factor_ex linalg_lu_solve linalg_qr linalg_slogdet", square),
        ("linalg_solve_ex linalg_solve_triangular", square),
    ]
)


def recipe_of(text):
    return RECIPES.get(text.rsplit(".", 1)[-1].rstrip("_"))
