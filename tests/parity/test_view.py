"""Views: shape, strides, offset, values and errors equal PyTorch's."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import outcome, same_error  # noqa: E402

BASES = {
    "0d": lambda t: t.arange(1.0)[0],
    "1d": lambda t: t.arange(6.0),
    "2d": lambda t: t.arange(6.0).view(2, 3),
    "3d": lambda t: t.arange(24.0).view(2, 3, 4),
    "transposed": lambda t: t.arange(24.0).view(2, 3, 4).permute(2, 0, 1),
    "sliced": lambda t: t.arange(48.0).view(4, 3, 4)[1::2, :, 1:],
    "expanded": lambda t: t.arange(3.0).view(1, 3, 1).expand(2, 3, 4),
    "ones": lambda t: t.arange(3.0).view(1, 3, 1, 1),
    "empty": lambda t: t.zeros(2, 0, 3),
    "empty1": lambda t: t.zeros(0),
}
CALLS = """
x.view(-1)
x.view(6)
x.view(3, 2)
x.view(2, 3)
x.view(2, -1)
x.view(-1, 4)
x.view(-1, -1)
x.view(-1, 0)
x.view(1, -1, 1)
x.view(2, 3, 2, 2)
x.view(6, 4)
x.view(2, 12)
x.view(())
x.view([])
x.view(-2)
x.view(0, -1)
x.view((2, 3))
x.view(5)
x.view("a")
x.view(2.5)
x.reshape(-1)
x.reshape(3, 2)
x.reshape(-1, 4)
x.reshape(4, -1)
x.reshape(2, 2, -1)
x.reshape(-1, 0)
x.reshape(())
x.reshape(5)
x.flatten()
x.flatten(1)
x.flatten(0, 1)
x.flatten(-2)
x.flatten(1, 0)
x.flatten(5)
x.unflatten(0, (1, -1))
x.unflatten(0, (2, 3))
x.unflatten(-1, (2, 2))
x.unflatten(1, (3, 1))
x.unflatten(0, ())
x.unflatten(0, (-1, -1))
x.squeeze()
x.squeeze(0)
x.squeeze(-1)
x.squeeze((0, 2))
x.squeeze((0, 0))
x.squeeze(7)
x.unsqueeze(0)
x.unsqueeze(1)
x.unsqueeze(-1)
x.unsqueeze(-2)
x.unsqueeze(9)
x.permute(0)
x.permute(1, 0)
x.permute(2, 0, 1)
x.permute((-1, 0, 1))
x.permute(0, 0)
x.permute(0, 0, 1)
x.permute(0, 1, 5)
x.permute()
x.transpose(0, 1)
x.transpose(0, -1)
x.transpose(-1, -2)
x.transpose(0, 9)
x.swapaxes(0, 1)
x.swapdims(0, 1)
x.t()
x.T
x.mT
x.movedim(0, -1)
x.movedim((0, 1), (1, 0))
x.movedim((0, 1), (0, 0))
x.movedim((0, 0), (0, 1))
x.movedim(0, 7)
x.movedim((0, 1), 0)
x.moveaxis(0, 1)
x.expand(2, 3)
x.expand(2, 3, 4)
x.expand(5, -1, -1)
x.expand(2, 2, 3, 4)
x.expand(-1)
x.expand(3)
x.expand(0)
x.expand(1, 3, 5, 7)
x.expand(-1, 3, -1, 2)
x.expand(2, -1, 3, 1)
x.expand(-2)
x.expand_as(t.zeros(2, 3))
x.broadcast_to((2, 3))
x.narrow(0, 0, 1)
x.narrow(0, 1, 1)
x.narrow(-1, -2, 2)
x.narrow(0, 1, 9)
x.narrow(0, 9, 0)
x.narrow(0, 0, -1)
x.narrow(5, 0, 1)
x.narrow(0, 2, 0)
x.select(0, 0)
x.select(0, -1)
x.select(1, 1)
x.select(-1, 2)
x.select(0, 9)
x.select(7, 0)
x.unfold(0, 2, 1)
x.unfold(0, 1, 2)
x.unfold(-1, 2, 2)
x.unfold(1, 3, 1)
x.unfold(0, 9, 1)
x.unfold(0, 2, 0)
x.unfold(0, -1, 1)
x.unfold(0, 0, 1)
x.unfold(5, 1, 1)
x.diagonal()
x.diagonal(1)
x.diagonal(-1)
x.diagonal(0, 1, 2)
x.diagonal(0, -1, 0)
x.diagonal(9)
x.diagonal(-9)
x.diagonal(0, 1, 1)
x.diagonal(0, 0, 7)
x.split(1)
x.split(2)
x.split(2, 1)
x.split([1, 1])
x.split([1, 2], 1)
x.split([3, 3])
x.split([1, -1])
x.split(0)
x.split(-1)
x.split(2, 7)
x.chunk(2)
x.chunk(3, -1)
x.chunk(7)
x.chunk(0)
x.chunk(-1)
x.chunk(2, 8)
x.unbind()
x.unbind(1)
x.unbind(-1)
x.unbind(7)
x.as_strided((2,), (1,))
x.as_strided((2, 2), (1, 1))
x.as_strided((2,), (0,))
x.as_strided((2,), (1,), 1)
x.as_strided((), ())
x.as_strided((2,), (1, 2))
x.as_strided((2,), (-1,))
x.as_strided((-2,), (1,))
x.as_strided((1000,), (1,))
x.as_strided((2,), (1000,))
x.as_strided((1,), (1,), 1000)
x.as_strided((0,), (1,), 1000)
x.as_strided((2,), (1,), -1)
x.as_strided((2**40, 2**40), (1, 1))
x.view_as(t.zeros(3, 2))
x.reshape_as(t.zeros(3, 2))
x.contiguous()
x.clone()
x.detach()
x.tensor_split(2)
x.tensor_split((1, 2))
x.ravel()
x.adjoint()
x.atleast_2d()
""".strip().splitlines()
SKIP = ("tensor_split", "ravel", "adjoint", "atleast")


def describe(x):
    if isinstance(x, (tuple, list)):
        return [describe(v) for v in x]
    strides = x.stride() if x.numel() else None
    return tuple(x.shape), strides, x.storage_offset(), x.tolist()


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("code", [c for c in CALLS if not any(s in c for s in SKIP)])
def test_view(code, base):
    compiled = compile(code, "case", "eval")

    def run(t):
        return describe(eval(compiled, {"x": BASES[base](t), "t": t}))

    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
    else:
        assert ours == theirs, f"theirs: {theirs}\nours:   {ours}"


SHARING = [
    "view(-1)",
    "reshape(-1)",
    "flatten()",
    "squeeze()",
    "unsqueeze(0)",
    "permute(1,0)",
    "transpose(0,1)",
    "t()",
    "expand(2,3)",
    "narrow(0,0,1)",
    "select(0,1)",
    "unfold(1,2,1)",
    "diagonal()",
    "detach()",
    "as_strided((2,),(1,))",
]


@pytest.mark.parametrize("call", SHARING)
def test_views_share_memory(call):
    x = rl.arange(6.0).view(2, 3)
    view = eval(f"x.{call}", {"x": x})
    assert view.data_ptr() >= x.data_ptr()
    with rl.no_grad():
        x.fill_(7)
    assert all(v == 7 for v in view.reshape(-1).tolist())
    assert view._version == x._version


@pytest.mark.parametrize("code", ["f({})", "f({}, 0)"])
@pytest.mark.parametrize(
    "name",
    [
        "squeeze",
        "unsqueeze",
        "transpose",
        "permute",
        "narrow",
        "select",
        "unfold",
        "diagonal",
    ],
)
def test_wrong_types(name, code):
    def run(t):
        return eval(
            code.format("3"), {"f": getattr(t, name, None) or getattr(t.Tensor, name)}
        )

    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    assert theirs[0] == "error"
    assert same_error(ours, theirs), f"theirs: {theirs}\nours:   {ours}"
