"""out= of functions that read while they write, that ask for a dtype, or take it."""

from __future__ import annotations

import pytest

import rushlight as rl

X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
ROW = [[0, 1, 2]]
READERS = {
    "gather": lambda x, out: rl.gather(x, 0, rl.tensor(ROW), out=out),
    "index_select": lambda x, out: rl.index_select(x, 0, rl.tensor([1]), out=out),
    "take": lambda x, out: rl.take(x, rl.tensor(ROW), out=out),
    "take_along_dim": lambda x, out: rl.take_along_dim(x, rl.tensor(ROW), 0, out=out),
    "masked_select": lambda x, out: rl.masked_select(x, x > 6, out=out),
    "scatter_add": lambda x, out: rl.scatter_add(
        x[:1], 0, rl.tensor([[0, 0, 0]]), x[1:2], out=out
    ),
    "index_reduce": lambda x, out: rl.index_reduce(
        x[:1], 0, rl.tensor([0]), x[1:2], "prod", out=out
    ),
}
JOINS = {
    "cat": lambda x, out: rl.cat((x[:1],), out=out),
    "stack": lambda x, out: rl.stack((x[0],), out=out),
    "vstack": lambda x, out: rl.vstack((x[0],), out=out),
    "hstack": lambda x, out: rl.hstack((x[:1],), out=out),
}


@pytest.mark.parametrize("name", [*READERS, *JOINS])
def test_an_out_inside_of_the_input_is_an_error_and_stays_as_it_is(name):
    x = rl.tensor(X)
    with pytest.raises(RuntimeError, match="single memory location"):
        {**READERS, **JOINS}[name](x, x[:1])
    assert x.tolist() == X


@pytest.mark.parametrize("name", READERS)
def test_an_out_of_another_dtype_is_an_error(name):
    x = rl.tensor(X)
    shape = READERS[name](x, None).shape
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype"):
        READERS[name](x, rl.zeros(shape, dtype=rl.float64))


def test_an_out_elsewhere_in_the_storage_is_taken():
    whole = rl.tensor(X)
    rl.gather(whole[1:], 0, rl.tensor([[0, 1, 0]]), out=whole[:1])
    assert whole[0].tolist() == [4.0, 8.0, 6.0]


def test_running_sums_are_computed_in_the_dtype_of_out():
    x = rl.tensor([1.5, 1.5, 1.5])
    out = rl.zeros(3, dtype=rl.int64)
    assert rl.cumsum(x, 0, out=out) is out and out.tolist() == [1, 2, 3]
    assert rl.cumprod(x, 0, out=out).tolist() == [1, 1, 1]
    wide = rl.cumsum(x, 0, dtype=rl.float32, out=rl.zeros(3, dtype=rl.float64))
    assert wide.tolist() == [1.5, 3.0, 4.5]


def test_a_tensor_is_no_list_of_tensors():
    for join in (rl.cat, rl.stack, rl.hstack, rl.vstack):
        with pytest.raises(TypeError, match="tensors"):
            join(rl.ones(2, 3))


def test_outs_that_are_resized_without_a_warning():
    x, batch = rl.ones(2, 3), rl.ones(1, 2, 2)
    out = rl.zeros(1)
    assert rl.addbmm(x, batch, rl.ones(1, 2, 3), out=out).shape == (2, 3)
    values, indices = rl.zeros(1), rl.zeros(1, dtype=rl.int64)
    rl.kthvalue(rl.tensor([3.0, 1.0]), 2, out=(values, indices))
    assert values.shape == () and values.item() == 3.0 and indices.item() == 0


def test_index_reduce_and_bernoulli_take_out():
    x, out = rl.ones(2), rl.zeros(2)
    rl.index_reduce(x, 0, rl.tensor([1, 1]), rl.tensor([2.0, 5.0]), "prod", out=out)
    assert out.tolist() == [1.0, 10.0] and x.tolist() == [1.0, 1.0]
    assert rl.bernoulli(x, out=out) is out and out.tolist() == [1.0, 1.0]


def test_complex_numbers_do_not_fit_into_their_modulus_in_place():
    x = rl.tensor([3 + 4j])
    with pytest.raises(RuntimeError, match="In-place abs"):
        x.abs_()
    assert x.tolist() == [3 + 4j]
    with pytest.raises(RuntimeError, match="float64"):
        rl.ones(1).float_power_(2)
