"""The strides of ``.grad`` against PyTorch's, for many layouts of leaves."""

from __future__ import annotations

import pytest

import rushlight as rl

torch = pytest.importorskip("torch", reason="compares with PyTorch")

LEAVES = {
    "row-major": lambda t: t.ones(4, 3),
    "transposed": lambda t: t.ones(4, 3).t(),
    "channels last": lambda t: t.ones(2, 3, 4, 5).to(memory_format=t.channels_last),
    "expanded": lambda t: t.ones(4).expand(3, 4),
    "gaps": lambda t: t.ones(8, 6)[::2],
    "gaps, transposed": lambda t: t.ones(8, 6).t()[::2],
    "0-d": lambda t: t.ones(()),
    "empty": lambda t: t.ones(0, 3).t(),
    "dims of one": lambda t: t.ones(1, 3, 1).transpose(0, 1),
}
LOSSES = {
    "product": lambda x: (x * 2).sum(),
    "sum": lambda x: x.sum(),
    "permuted": lambda x: (
        x.permute(tuple(range(x.ndim - 1, -1, -1))).contiguous() * 2
    ).sum(),
    "twice": lambda x: x.sum() + (x * x).sum(),
}


def strides_that_matter(t):
    if t.numel() == 0:
        return ()
    return [stride for size, stride in zip(t.shape, t.stride()) if size > 1]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("leaf", LEAVES)
def test_strides_of_grad(leaf, loss):
    seen = []
    for t in (torch, rl):
        x = LEAVES[leaf](t).detach().requires_grad_()
        for _ in range(2):
            LOSSES[loss](x).backward()
            seen.append((strides_that_matter(x.grad), x.grad.tolist()))
    assert seen[2:] == seen[:2]


def test_grad_is_no_view_of_the_caller():
    gradient = rl.ones(3, 4).t()
    x = rl.zeros(3, 4).t().detach().requires_grad_()
    x.backward(gradient)
    gradient.zero_()
    assert x.grad.tolist() == rl.ones(4, 3).tolist()
