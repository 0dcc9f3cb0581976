"""Failed allocations: an op raises MemoryError and leaves every tensor as it was."""

from __future__ import annotations

import numpy as np
import pytest

import op_calls
import rushlight
import rushlight.nn.functional as F
from op_records import RECORDS
from rushlight import _ops, nn, optim


@pytest.fixture(autouse=True)
def restore():
    yield
    _ops._fail_allocations_after(-1)


def floats(*shape):
    rng = np.random.default_rng(0)
    return rushlight.from_numpy(rng.standard_normal(shape).astype("float32"))


A = floats(6, 8)
B = floats(6, 8)
INDEX = rushlight.tensor([[0, 1, 2], [5, 4, 3]])
ROWS = rushlight.tensor([0, 5])

CALLS = {
    "add promoted": lambda m: m.f(6, 8) + m.f(6, 8).double(),
    "index mask": lambda m: m.f(6, 8)[m.b(6, 8)],
    "matmul expanded": lambda m: m.f(6, 8).expand(3, 6, 8) @ m.f(8, 6),
    "cross_entropy": lambda m: F.cross_entropy(m.f(6, 8), m.i(8, 6)),
    "tensor": lambda m: rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]),
    **{name: call for name, call in op_calls.CALLS.items() if name != "resize_"},
}
WRITES = {
    "add_": lambda t: t.add_(B),
    "add_ double": lambda t: t.add_(B.double()),
    "copy_ overlapping": lambda t: t[1:].copy_(t[:-1]),
    "copy_ transposed": lambda t: t[:, :6].copy_(t[:, :6].t()),
    "setitem": lambda t: t.__setitem__(INDEX, B[0]),
    "setitem mask": lambda t: t.__setitem__(A > 0, 1.0),
    "setitem slice": lambda t: t.__setitem__(slice(1, None), B[:-1].double()),
    "scatter_": lambda t: t.scatter_(0, INDEX, B),
    "scatter_ add": lambda t: t.scatter_(0, INDEX, B, reduce="add"),
    "scatter_add_": lambda t: t.scatter_add_(0, INDEX, B),
    "scatter_reduce_": lambda t: t.scatter_reduce_(0, INDEX, B, "mean"),
    "masked_fill_": lambda t: t.masked_fill_(A > 0, 3.0),
    "masked_scatter_": lambda t: t.masked_scatter_(A > 0, B),
    "index_add_": lambda t: t.index_add_(0, ROWS, B[:2]),
    "index_copy_": lambda t: t.index_copy_(0, ROWS, B[:2]),
    "index_fill_": lambda t: t.index_fill_(0, ROWS, 2.5),
    "index_put_": lambda t: t.index_put_((INDEX,), B[0], accumulate=True),
    "tril_": lambda t: t.tril_(),
    "addmm_": lambda t: t.addmm_(B[:, :6], B, beta=2),
    "clamp_": lambda t: t.clamp_(-0.5, 0.5),
    "out": lambda t: rushlight.mul(A, B, out=t),
    "out of matmul": lambda t: rushlight.matmul(B[:, :6], B, out=t),
    "out resized": lambda t: rushlight.sum(A.expand(9, 6, 8), 0, out=t.resize_(0)),
}


def fails_until_it_works(call, check):
    """Lets the k-th allocation fail, for each k, until none is left to fail."""
    for k in range(200):
        _ops._fail_allocations_after(k)
        try:
            result = call()
        except MemoryError as error:
            _ops._fail_allocations_after(-1)
            if "allocate" not in str(error):
                raise
            check()
        else:
            _ops._fail_allocations_after(-1)
            return k, result
    raise AssertionError("still failing after 200 allocations")


def same(a, b):
    """Equal in dtype, shape and bits."""
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if not isinstance(a, rushlight.Tensor):
        return a == b
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    a, b = a.detach(), b.detach()
    return a.contiguous().numpy().tobytes() == b.contiguous().numpy().tobytes()


class Once(op_calls.Make):
    """Makes each input once, without failing, and remembers what it was."""

    def __init__(self):
        super().__init__(large=False)
        self.kept, self.copies, self.next = [], [], 0

    def again(self):
        self.seed = self.next = 0
        return self

    def _once(self, make):
        if self.next == len(self.kept):
            self.kept.append(make())
            self.copies.append(self.kept[-1].clone())
        self.next += 1
        return self.kept[self.next - 1]

    def f(self, *shape, **range_):
        return self._once(lambda: op_calls.Make.f(self, *shape, **range_))

    def i(self, high, *shape):
        return self._once(lambda: op_calls.Make.i(self, high, *shape))

    def b(self, *shape):
        return self._once(lambda: op_calls.Make.b(self, *shape))


@pytest.mark.parametrize("name", CALLS)
def test_call(name):
    expected = CALLS[name](op_calls.Make(large=False))
    inputs = Once()
    CALLS[name](inputs)  # makes them
    in_place = name.split()[0].endswith("_")

    def call():
        return CALLS[name](inputs.again())

    if in_place:
        for kept, copy in zip(inputs.kept, inputs.copies):
            kept.requires_grad_(False)
            kept.grad = None
            kept.copy_(copy)

    def unchanged():
        assert all(map(same, inputs.kept, inputs.copies))

    _, result = fails_until_it_works(call, unchanged)
    assert same(result, expected)
    if not in_place:
        unchanged()


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_record(record):
    inputs = [rushlight.tensor(x) for x in record.arrays("float32")]
    for strided in (False, True):
        if strided:
            inputs = [x.t().clone().t() if x.dim() == 2 else x for x in inputs]
        copies = [x.clone() for x in inputs]
        try:
            expected = record.call(rushlight, *inputs)
        except RuntimeError:
            assert strided  # a view that the layout does not allow
            continue

        def unchanged(inputs=inputs, copies=copies):
            assert all(map(same, inputs, copies))

        _, result = fails_until_it_works(
            lambda inputs=inputs: record.call(rushlight, *inputs), unchanged
        )
        assert same(result, expected)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.inplace], ids=str)
def test_record_in_place(record):
    inputs = [rushlight.tensor(x) for x in record.arrays("float32")]
    if not hasattr(inputs[0], record.inplace):
        pytest.skip("no in-place form")
    for target in (inputs[0].clone(), inputs[0].t().clone().t()):
        version = target._version

        def unchanged(target=target, version=version):
            assert same(target, inputs[0])
            assert target._version == version

        fails_until_it_works(
            lambda target=target: getattr(target, record.inplace)(*inputs[1:]),
            unchanged,
        )


@pytest.mark.parametrize("record", [r for r in RECORDS if r.out], ids=str)
def test_record_out(record):
    inputs = [rushlight.tensor(x) for x in record.arrays("float32")]
    function = getattr(rushlight, record.name)
    expected = function(*inputs)
    for shape in (expected.shape, (0,), (1, 40, 40)):
        if shape == (1, 40, 40):
            out = rushlight.zeros(shape, dtype=expected.dtype)[:, 1:4, 2:5]
            if out.shape != expected.shape:
                out = out[0, : expected.shape[0], : expected.shape[1]]
        else:
            out = rushlight.zeros(shape, dtype=expected.dtype)
        before = out.clone()

        def unchanged(out=out, before=before):
            assert same(out, before)

        fails_until_it_works(lambda out=out: function(*inputs, out=out), unchanged)
        assert same(out, expected)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.grad], ids=str)
def test_record_gradient(record):
    """A failed backward pass leaves the values alone; the next one is right."""
    arrays = record.arrays("float32")

    def gradients(guarded):
        inputs = [rushlight.tensor(x) for x in arrays]
        for x in inputs:
            x.requires_grad_(x.is_floating_point() or x.is_complex())
        copies = [x.detach().clone() for x in inputs]
        result = record.call(rushlight, *inputs)
        outputs = [*result] if isinstance(result, (tuple, list)) else [result]
        outputs = [x for x in outputs if x.requires_grad]
        seeds = [rushlight.ones_like(x) for x in outputs]

        def backward():
            for x in inputs:
                x.grad = None
            rushlight.autograd.backward(outputs, seeds, retain_graph=True)

        def unchanged():
            assert all(map(same, inputs, copies))

        if guarded:
            fails_until_it_works(backward, unchanged)
        else:
            backward()
        return [x.grad for x in inputs if x.grad is not None]

    assert same(gradients(True), gradients(False))


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("strided", [False, True])
def test_in_place(name, strided):
    def fresh():
        return A.t().clone().t() if strided and "resized" not in name else A.clone()

    target, expected = fresh(), fresh()
    WRITES[name](expected)
    version = target._version

    def unchanged():
        if "resized" not in name:
            assert same(target, A)
            assert target._version == version

    fails_until_it_works(lambda: WRITES[name](target), unchanged)
    assert same(target, expected)


def test_resize():
    target = A.clone()

    def unchanged():
        assert same(target, A)

    fails_until_it_works(lambda: target.resize_(40, 40), unchanged)
    assert target.shape == (40, 40)
    assert same(target.reshape(-1)[:48].reshape(6, 8), A)


def test_buffer_let_go_while_an_error_is_on_its_way():
    """The clone fails, and the array that it was to copy is let go."""
    _ops._fail_allocations_after(0)
    with pytest.raises(MemoryError, match="allocate"):
        _ops.from_buffer_object(A.numpy()).clone()


def test_training_step_survives():
    rushlight.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 6))
    optimizer = optim.Adam(net.parameters())

    def step():
        optimizer.zero_grad()
        F.cross_entropy(net(A), INDEX.reshape(-1)).backward()
        optimizer.step()

    failures, _ = fails_until_it_works(step, lambda: None)
    assert failures > 5
    step()
    assert all(bool(p.isfinite().all()) for p in net.parameters())


def test_more_than_there_is():
    with pytest.raises(MemoryError, match="could not allocate"):
        rushlight.empty(2**45)
    with pytest.raises(RuntimeError, match="overflow"):
        rushlight.empty(2**40, 2**40)


def test_memory_goes_back():
    rushlight.zeros(1)
    before = _ops.memory_stats()["allocated_bytes.current"]
    for _ in range(50):
        x = rushlight.ones(1000, requires_grad=True)
        (x * x).sum().backward()
    del x
    assert _ops.memory_stats()["allocated_bytes.current"] == before
    _ops.empty_cache()
    assert _ops.memory_stats()["cached_bytes.current"] < 1 << 20
