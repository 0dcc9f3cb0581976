"""Copies with something put into a view of them."""

from __future__ import annotations

import rushlight as rl
from rushlight.autograd import gradcheck, gradgradcheck


def matrix():
    return rl.arange(1.0, 13.0, dtype=rl.float64).reshape(3, 4).requires_grad_()


def test_as_strided_scatter_gradient():
    # What lies outside the view keeps its gradient.
    def put(x):
        return rl.as_strided_scatter(x, x[0, :2] * 4, (2,), (3,), 1) ** 2

    assert gradcheck(put, (matrix(),))
    assert gradgradcheck(put, (matrix(),))


def test_scatters_into_a_copy():
    x = matrix()
    src = rl.zeros(4, dtype=rl.float64)
    for result in (
        rl.select_scatter(x, src, 0, 1),
        rl.slice_scatter(x, src.reshape(1, 4), 0, 1, 2),
    ):
        assert result[1].tolist() == [0] * 4
        assert x[1].tolist() == [5, 6, 7, 8]
    filled = rl.diagonal_scatter(x, rl.zeros(3, dtype=rl.float64))
    assert filled.diagonal().tolist() == [0, 0, 0]
    assert gradcheck(lambda x: rl.diagonal_scatter(x, x[0, :3]) ** 2, (matrix(),))
