"""Splitting, joining, diagonals and windows of shapes equal PyTorch's."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import DTYPES, outcome, same_error  # noqa: E402

BASES = {
    "0d": lambda t: t.arange(1.0)[0],
    "1d": lambda t: t.arange(6.0),
    "2d": lambda t: t.arange(12.0).view(3, 4),
    "square": lambda t: t.arange(9.0).view(3, 3),
    "tall": lambda t: t.arange(21.0).view(7, 3),
    "3d": lambda t: t.arange(24.0).view(2, 3, 4),
    "4d": lambda t: t.arange(64.0).view(1, 4, 4, 4),
    "transposed": lambda t: t.arange(24.0).view(2, 3, 4).permute(2, 0, 1),
    "sliced": lambda t: t.arange(48.0).view(4, 3, 4)[1::2, :, 1:],
    "expanded": lambda t: t.arange(3.0).view(1, 3, 1).expand(2, 3, 4),
    "empty": lambda t: t.zeros(2, 0, 3),
    "empty1": lambda t: t.zeros(0),
}
CALLS = """
t.atleast_1d(x)
t.atleast_2d(x)
t.atleast_3d(x)
t.atleast_1d(x, x)
t.atleast_2d((x, t.zeros(2)))
t.atleast_3d()
t.atleast_1d(3)
t.block_diag(x, t.ones(2), t.ones(()))
t.block_diag(x)
t.block_diag(x, t.ones(1, 0, dtype=t.int64))
t.block_diag()
t.meshgrid(x, t.arange(2.0), indexing="ij")
t.meshgrid(x, t.arange(2.0), indexing="xy")
t.meshgrid([x, x, x], indexing="xy")
t.meshgrid(x)
t.meshgrid(x, t.arange(2))
t.meshgrid(x, indexing="yx")
t.meshgrid()
t.cartesian_prod(x)
t.cartesian_prod(x, x)
t.cartesian_prod(x, t.arange(2.0), x)
t.combinations(x)
t.combinations(x, 3)
t.combinations(x, r=2, with_replacement=True)
t.combinations(x, 0)
t.combinations(x, -1)
t.combinations(x, 9)
t.column_stack((x, x))
t.column_stack([x, t.ones(6)])
t.column_stack(())
x.tensor_split(2)
x.tensor_split(5)
x.tensor_split(0)
x.tensor_split(2**63 - 1)
x.tensor_split(2, 1)
x.tensor_split(2, -1)
x.tensor_split(2, 7)
x.tensor_split((1, 2))
x.tensor_split((1, -1, 9))
x.tensor_split((2, 1), dim=1)
x.tensor_split(())
x.tensor_split(t.tensor([1, 3]))
x.tensor_split(t.tensor(3))
x.tensor_split(t.tensor(3.0))
t.tensor_split(x, 3, dim=0)
t.tensor_split(x, sections=2, dim=0)
x.hsplit(2)
x.hsplit(3)
x.hsplit((1, 2))
x.hsplit(1, 2)
t.hsplit(x, 2)
t.hsplit(x, (1, 3))
x.vsplit(2)
x.vsplit(3)
x.vsplit((1, 2))
t.vsplit(x, [1])
x.vsplit(0)
x.dsplit(2)
x.dsplit((1, 2))
t.dsplit(x, 4)
x.split_with_sizes((1, 2))
x.split_with_sizes((1, 2), 1)
t.split_with_sizes(x, (1, 1), dim=0)
x.split_with_sizes((3,))
x.ravel()
t.ravel(x)
x.rot90()
x.rot90(2)
x.rot90(-1)
x.rot90(4)
x.rot90(1, (1, 2))
x.rot90(3, [-1, 0])
x.rot90(1, (0, 0))
x.rot90(1, (0, 9))
x.rot90(1, (0,))
t.rot90(x, k=1, dims=[0, 1])
x.sum_to_size(1)
x.sum_to_size((3, 1))
x.sum_to_size(1, 1, 1)
x.sum_to_size(3, 4)
x.sum_to_size(1, 3, 1)
x.sum_to_size(5)
x.sum_to_size(())
t.vander(x)
t.vander(x, 3)
t.vander(x, 0)
t.vander(x, 1)
t.vander(x, N=2, increasing=True)
t.vander(x.int(), 4)
t.vander(x.bool(), 4)
t.vander(x, -1)
t.channel_shuffle(x, 2)
t.channel_shuffle(x, 3)
t.channel_shuffle(x, 0)
t.pixel_shuffle(x, 2)
t.pixel_shuffle(x, 1)
t.pixel_shuffle(x, 0)
t.pixel_unshuffle(x, 2)
t.pixel_unshuffle(x, 1)
t.pixel_unshuffle(x, 3)
t.constant_pad_nd(x, (1, 2))
t.constant_pad_nd(x, (1, -1, 0, 2), 5)
t.constant_pad_nd(x, (1,))
t.constant_pad_nd(x, (-9, 0))
t.constant_pad_nd(x, ())
t.diag(x)
t.diag(x, 1)
t.diag(x, -2)
t.diag(x, 9)
x.diag()
t.diag_embed(x)
t.diag_embed(x, 1)
t.diag_embed(x, -1, 0, 2)
t.diag_embed(x, 0, 1, 1)
t.diag_embed(x, 0, 0, 9)
x.diag_embed(offset=0, dim1=0, dim2=1)
t.diagflat(x)
t.diagflat(x, 2)
x.diagflat(-1)
t.diagonal_scatter(x, t.ones(3))
t.diagonal_scatter(x, t.ones(3), 1)
t.diagonal_scatter(x, t.ones(4, 2), 0, 0, 1)
x.diagonal_scatter(t.ones(2), offset=-1)
t.select_scatter(x, t.ones(4), 0, 1)
t.select_scatter(x, t.ones(3), 1, -1)
t.select_scatter(x, t.ones(3, 4), 0, 1)
x.select_scatter(t.ones(()), 0, 2)
x.select_scatter(t.ones(1), 0, 2)
t.slice_scatter(x, t.ones(2, 4), start=1)
t.slice_scatter(x, t.ones(2), 0, 1, 5, 2)
t.slice_scatter(x, t.ones(3, 2), dim=1, end=2)
x.slice_scatter(t.ones(2), 0, 0, 2)
x.slice_scatter(t.ones(2), 0, 0, 2, 0)
t.as_strided_scatter(x, t.ones(2), (2,), (1,))
t.as_strided_scatter(x, t.ones(2, 2), (2, 2), (1, 2), 1)
x.as_strided_scatter(t.ones(3), (2,), (1,))
x.clone().fill_diagonal_(7)
x.clone().fill_diagonal_(7, True)
x.clone().fill_diagonal_(t.tensor(3))
""".strip().splitlines()
# An empty row of meshgrid(): PyTorch takes no tensors at all for an error of its own.


def describe(x):
    if isinstance(x, (tuple, list)):
        return [describe(v) for v in x]
    name = str(x.dtype).rpartition(".")[2]
    return tuple(x.shape), x.stride() if x.numel() else None, name, x.tolist()


def compare(run):
    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("code", CALLS)
def test_calls(code, base):
    compiled = compile(code, "case", "eval")
    compare(lambda t: describe(eval(compiled, {"x": BASES[base](t), "t": t})))


SHARING = """
t.atleast_2d(x)
t.atleast_3d(x)
x.tensor_split(2)
x.tensor_split((1, 2))
x.hsplit(2)
x.vsplit(3)
x.split_with_sizes((1, 2))
x.ravel()
t.meshgrid(x[0], x[1], indexing="ij")
x.rot90()
t.diag(x)
t.diag_embed(x)
x.sum_to_size(3, 4)
t.column_stack((x, x))
""".strip().splitlines()


@pytest.mark.parametrize("code", SHARING)
def test_what_shares_memory(code):
    def run(t):
        x = t.arange(12.0).view(3, 4)
        result = eval(code, {"x": x, "t": t})
        parts = result if isinstance(result, (tuple, list)) else [result]
        return [(p.data_ptr() - x.data_ptr()) in range(48) for p in parts]

    compare(run)


GRADIENTS = """
t.atleast_3d(x)
t.block_diag(x, x * 2)
t.cartesian_prod(x[0], x[1])[:, 1]
t.combinations(x[0])
t.column_stack((x, x[:, 0]))
x.tensor_split(2)[1]
x.hsplit((1, 3))[1]
x.ravel()
x.rot90()
x.sum_to_size(3, 1)
t.channel_shuffle(x.view(1, 4, 3), 2)
t.pixel_shuffle(x.view(4, 3, 1), 2)
t.pixel_unshuffle(x.view(3, 2, 2), 2)
t.constant_pad_nd(x, (1, -1))
t.diag(x, 1)
t.diag(x[0], 1)
t.diag_embed(x)
t.diagflat(x)
t.diagonal_scatter(x, x[:, 0] * 2)
t.select_scatter(x, x[0] * 3, 0, 1)
t.slice_scatter(x, x[:, :2] * 4, 1, 1, 3)
x.clone().fill_diagonal_(2) * x
""".strip().splitlines()


@pytest.mark.parametrize("code", GRADIENTS)
def test_gradients(code):
    def run(t):
        x = t.arange(1.0, 13.0, dtype=t.float64).view(3, 4).requires_grad_()
        y = eval(code, {"x": x, "t": t})
        (g,) = t.autograd.grad((y * y * y).sum(), x, create_graph=True)
        (gg,) = t.autograd.grad((g * g).sum(), x)
        return g.tolist(), gg.tolist()

    compare(run)


@pytest.mark.parametrize("name", ["tril_indices", "triu_indices"])
@pytest.mark.parametrize(
    "arguments",
    ["3, 4", "4, 2, 1", "2, 5, -1", "0, 3", "3, 0", "3, 3, 9", "3, 3, -9", "-1, 2"]
    + ["3, 3, dtype=t.int32", "2.5, 3", "3, 3, offset=1"],
)
def test_triangle_indices(name, arguments):
    compare(lambda t: describe(eval(f"t.{name}({arguments})", {"t": t})))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "code",
    ["t.diag(x)", "t.block_diag(x, x)", "t.rot90(x.view(2, 3))"]
    + ["t.column_stack((x, x))", "t.constant_pad_nd(x, (1, 1), 2)"]
    + ["t.diag(x, out=t.empty(0, dtype=x.dtype))", "x.sum_to_size(1)", "t.vander(x, 3)"]
    + ["t.diag(x, out=t.empty(0, dtype=t.int32))", "x.view(2, 3).fill_diagonal_(1)"]
    + ["t.combinations(x)", "t.cartesian_prod(x, x)"],
)
def test_dtypes(code, dtype):
    def run(t):
        x = t.tensor([1, 0, 2, 3, 1, 2]).to(getattr(t, dtype))
        return describe(eval(code, {"x": x, "t": t}))

    compare(run)
