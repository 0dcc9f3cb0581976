"""Recurrent modules and packed sequences against PyTorch's."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from nn_cases import assert_near  # noqa: E402

KINDS = {
    "LSTM": ("LSTM", {}),
    "projected": ("LSTM", {"proj_size": 3}),
    "GRU": ("GRU", {}),
    "tanh": ("RNN", {}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
}


def pair(kind, *args, **options):
    """Both libraries' module with the same seed."""
    name, more = KINDS.get(kind, (kind, {}))
    made = []
    for lib in (rl, torch):
        lib.manual_seed(7)
        made.append(getattr(lib.nn, name)(*args, **more, **options))
    return made


def to_both(array, grad=True):
    array = np.asarray(array)
    x, y = rl.tensor(array), torch.tensor(array)
    if grad:
        x.requires_grad_(), y.requires_grad_()
    return x, y


def flatten(result):
    if isinstance(result, (tuple, list)):
        return [x for part in result if part is not None for x in flatten(part)]
    return [result]


def assert_same_run(ours, theirs, inputs, call, tolerance=1e-9):
    """Equal results and equal gradients of inputs and parameters."""
    a = flatten(call(rl, ours, *[x for x, _ in inputs]))
    b = flatten(call(torch, theirs, *[y for _, y in inputs]))
    assert len(a) == len(b)
    losses = [0, 0]
    for i, (x, y) in enumerate(zip(a, b)):
        assert_near(x, y, tolerance)
        if x.dtype.is_floating_point:
            losses[0] = losses[0] + (x * (x + i)).sum()
            losses[1] = losses[1] + (y * (y + i)).sum()
    losses[0].backward()
    losses[1].backward()
    for (name, x), y in zip(ours.named_parameters(), theirs.parameters()):
        assert x.grad is not None, name
        assert_near(x.grad, y.grad, tolerance * 10)
    for x, y in inputs:
        if x.requires_grad:
            assert_near(x.grad, y.grad, tolerance * 10)


def states(kind, layers, both, rows, rng, width=None):
    directions = layers * (1 + both)
    shape = (directions, rows) if rows else (directions,)
    found = [rng.standard_normal((*shape, 3 if kind == "projected" else 5))]
    if kind in ("LSTM", "projected"):
        found.append(rng.standard_normal((*shape, 5)))
    return [to_both(h) for h in found]


def given(kind, hx):
    return tuple(hx) if kind in ("LSTM", "projected") else hx[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "layers, both, bias, first",
    list(itertools.product([1, 2], [False, True], [True, False], [False, True])),
)
@pytest.mark.parametrize("with_state", [False, True])
def test_layers(kind, layers, both, bias, first, with_state):
    options = {"bias": bias, "batch_first": first, "bidirectional": both}
    ours, theirs = pair(kind, 4, 5, layers, dtype=None, **options)
    ours.double(), theirs.double()
    rng = np.random.default_rng(0)
    inputs = [to_both(rng.standard_normal((2, 6, 4) if first else (6, 2, 4)))]
    if with_state:
        inputs += states(kind, layers, both, 2, rng)
    assert_same_run(
        ours,
        theirs,
        inputs,
        lambda lib, m, x, *hx: m(x, given(kind, hx)) if hx else m(x),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_unbatched(kind, both, with_state):
    ours, theirs = pair(kind, 4, 5, 2, bidirectional=both)
    ours.double(), theirs.double()
    rng = np.random.default_rng(1)
    inputs = [to_both(rng.standard_normal((6, 4)))]
    if with_state:
        inputs += states(kind, 2, both, 0, rng)
    assert_same_run(
        ours,
        theirs,
        inputs,
        lambda lib, m, x, *hx: m(x, given(kind, hx)) if hx else m(x),
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers, both", [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("in_order", [False, True])
def test_packed(kind, layers, both, with_state, in_order):
    ours, theirs = pair(kind, 4, 5, layers, bidirectional=both)
    ours.double(), theirs.double()
    rng = np.random.default_rng(2)
    lengths = [6, 6, 3, 1] if in_order else [3, 6, 1, 6]
    inputs = [to_both(rng.standard_normal((6, 4, 4)))]
    if with_state:
        inputs += states(kind, layers, both, 4, rng)

    def call(lib, m, x, *hx):
        packing = lib.nn.utils.rnn
        packed = packing.pack_padded_sequence(x, lengths, enforce_sorted=in_order)
        output, last = m(packed, given(kind, hx)) if hx else m(packed)
        assert isinstance(output, packing.PackedSequence)
        return packing.pad_packed_sequence(output), last

    assert_same_run(ours, theirs, inputs, call)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("kind", KINDS)
def test_float32_and_larger_sizes(kind):
    ours, theirs = pair(kind, 17, 33, 2, bidirectional=True)
    rng = np.random.default_rng(3)
    inputs = [to_both(rng.standard_normal((9, 21, 17)).astype("float32"))]
    assert_same_run(ours, theirs, inputs, lambda lib, m, x: m(x), 5e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_runs(kind):
    ours, theirs = pair(kind, 4, 5)
    x, y = to_both(np.linspace(-1, 1, 48).reshape(6, 2, 4), grad=False)
    a, _ = ours.bfloat16()(x.bfloat16())
    b, _ = theirs.bfloat16()(y.bfloat16())
    assert a.dtype == rl.bfloat16
    np.testing.assert_allclose(
        a.detach().float().numpy(), b.detach().float().numpy(), atol=0.02
    )


@pytest.mark.parametrize("kind", [*KINDS, "RNNCell", "LSTMCell", "GRUCell"])
def test_same_seed_gives_the_same_weights(kind):
    layer = not kind.endswith("Cell")
    args = (4, 5, 2) if layer else (4, 5)
    options = {"bidirectional": True} if layer else {}
    ours, theirs = pair(kind, *args, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for x, y in zip(ours.state_dict().values(), theirs.state_dict().values()):
        np.testing.assert_array_equal(x.numpy(), y.numpy())


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_draws_the_same_numbers(kind):
    ours, theirs = pair(kind, 4, 5, 3, dropout=0.4, bidirectional=True)
    x, y = to_both(np.linspace(-1, 1, 48).reshape(6, 2, 4).astype("float32"))
    for _ in range(2):
        a, b = ours(x)[0], theirs(y)[0]
        assert_near(a, b, 1e-5)
    assert not np.allclose(a.detach().numpy(), ours(x)[0].detach().numpy())
    assert_near(ours.eval()(x)[0], theirs.eval()(y)[0], 1e-5)


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("with_state", [False, True])
def test_cells(name, bias, rows, with_state):
    ours, theirs = pair(name, 4, 5, bias)
    ours.double(), theirs.double()
    rng = np.random.default_rng(4)
    shape = (rows,) if rows else ()
    inputs = [to_both(rng.standard_normal((*shape, 4)))]
    pairs = name == "LSTMCell"
    if with_state:
        inputs += [to_both(rng.standard_normal((*shape, 5))) for _ in range(1 + pairs)]

    def call(lib, m, x, *hx):
        return m(x, (tuple(hx) if pairs else hx[0])) if hx else m(x)

    assert_same_run(ours, theirs, inputs, call)


SHOWN = [
    ("LSTM", (3, 4), {}),
    ("LSTM", (3, 4, 2), {"proj_size": 2, "dropout": 0.5, "bidirectional": True}),
    ("LSTM", (3, 4), {"bias": False, "batch_first": True}),
    ("GRU", (3, 4, 2, False, True, 0.25), {}),
    ("RNN", (3, 4, 2, "relu", False), {}),
    ("RNN", (3, 4), {"nonlinearity": "relu"}),
    ("RNNBase", ("LSTM", 3, 4), {}),
    ("RNNCell", (3, 4), {}),
    ("RNNCell", (3, 4, False, "relu"), {}),
    ("LSTMCell", (3, 4, False), {}),
    ("GRUCell", (3, 4), {}),
]


@pytest.mark.parametrize("name, args, options", SHOWN)
def test_repr_and_attributes(name, args, options):
    ours, theirs = pair(name, *args, **options)
    assert repr(ours) == repr(theirs)
    for key in type(theirs).__constants__:
        assert getattr(ours, key) == getattr(theirs, key), key
    if hasattr(theirs, "all_weights"):
        assert ours._flat_weights_names == theirs._flat_weights_names
        assert ours._all_weights == theirs._all_weights
        for row, other in zip(ours.all_weights, theirs.all_weights):
            assert [tuple(w.shape) for w in row] == [tuple(w.shape) for w in other]
    for again in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        assert repr(again) == repr(ours)
        assert list(again.state_dict()) == list(ours.state_dict())


def ones(lib, *shape, dtype="float32"):
    return lib.ones(*shape, dtype=getattr(lib, dtype))


ERRORS = {
    "no sizes": lambda lib: lib.nn.LSTM(),
    "dropout range": lambda lib: lib.nn.LSTM(3, 4, dropout=2),
    "dropout bool": lambda lib: lib.nn.LSTM(3, 4, dropout=True),
    "dropout text": lambda lib: lib.nn.LSTM(3, 4, dropout="a"),
    "bias type": lambda lib: lib.nn.GRU(3, 4, bias=1),
    "batch_first type": lambda lib: lib.nn.GRU(3, 4, batch_first=1),
    "input_size type": lambda lib: lib.nn.GRU(3.0, 4),
    "input_size zero": lambda lib: lib.nn.GRU(0, 4),
    "hidden_size type": lambda lib: lib.nn.GRU(3, "4"),
    "hidden_size zero": lambda lib: lib.nn.GRU(3, 0),
    "no layers": lambda lib: lib.nn.RNN(3, 4, 0),
    "negative projection": lambda lib: lib.nn.LSTM(3, 4, proj_size=-1),
    "large projection": lambda lib: lib.nn.LSTM(3, 4, proj_size=4),
    "projected gru": lambda lib: lib.nn.GRU(3, 4, proj_size=2),
    "projected rnn": lambda lib: lib.nn.RNN(3, 4, proj_size=2),
    "nonlinearity": lambda lib: lib.nn.RNN(3, 4, nonlinearity="x"),
    "mode": lambda lib: lib.nn.RNNBase("X", 3, 4),
    "no forward": lambda lib: lib.nn.RNNBase("LSTM", 3, 4)(ones(lib, 2, 3)),
    "input dims": lambda lib: lib.nn.LSTM(3, 4)(ones(lib, 3)),
    "gru input dims": lambda lib: lib.nn.GRU(3, 4)(ones(lib, 1, 1, 1, 3)),
    "rnn input dims": lambda lib: lib.nn.RNN(3, 4)(ones(lib, 3)),
    "input features": lambda lib: lib.nn.LSTM(3, 4)(ones(lib, 2, 2, 4)),
    "input dtype": lambda lib: lib.nn.LSTM(3, 4)(ones(lib, 2, 2, 3, dtype="float64")),
    "input int": lambda lib: lib.nn.GRU(3, 4)(ones(lib, 2, 2, 3, dtype="int64")),
    "no steps": lambda lib: lib.nn.GRU(3, 4)(ones(lib, 0, 2, 3)),
    "not a tensor": lambda lib: lib.nn.GRU(3, 4)(3),
    "state dims": lambda lib: lib.nn.GRU(3, 4)(ones(lib, 2, 2, 3), ones(lib, 2, 4)),
    "state dims unbatched": lambda lib: lib.nn.GRU(3, 4)(
        ones(lib, 2, 3), ones(lib, 1, 1, 4)
    ),
    "lstm state dims": lambda lib: lib.nn.LSTM(3, 4)(
        ones(lib, 2, 2, 3), (ones(lib, 2, 4), ones(lib, 2, 4))
    ),
    "lstm state dims unbatched": lambda lib: lib.nn.LSTM(3, 4)(
        ones(lib, 2, 3), (ones(lib, 1, 1, 4), ones(lib, 1, 1, 4))
    ),
    "state size": lambda lib: lib.nn.GRU(3, 4)(ones(lib, 2, 2, 3), ones(lib, 1, 3, 4)),
    "lstm state size": lambda lib: lib.nn.LSTM(3, 4)(
        ones(lib, 2, 2, 3), (ones(lib, 1, 3, 4), ones(lib, 1, 2, 4))
    ),
    "cell state size": lambda lib: lib.nn.LSTM(3, 4, proj_size=2)(
        ones(lib, 2, 2, 3), (ones(lib, 1, 2, 2), ones(lib, 1, 2, 2))
    ),
    "one lstm state": lambda lib: lib.nn.LSTM(3, 4)(
        ones(lib, 2, 2, 3), (ones(lib, 1, 2, 4),)
    ),
    "state pair for gru": lambda lib: lib.nn.GRU(3, 4)(
        ones(lib, 2, 2, 3), (ones(lib, 1, 2, 4),)
    ),
    "cell input dims": lambda lib: lib.nn.GRUCell(3, 4)(ones(lib, 2, 2, 3)),
    "cell state dims": lambda lib: lib.nn.RNNCell(3, 4)(
        ones(lib, 2, 3), ones(lib, 1, 2, 4)
    ),
    "lstm cell state dims": lambda lib: lib.nn.LSTMCell(3, 4)(
        ones(lib, 2, 3), (ones(lib, 1, 2, 4), ones(lib, 1, 2, 4))
    ),
    "cell nonlinearity": lambda lib: lib.nn.RNNCell(3, 4, nonlinearity="x")(
        ones(lib, 1, 3)
    ),
    "cell input features": lambda lib: lib.nn.RNNCell(3, 4)(ones(lib, 2, 4)),
    "cell rows": lambda lib: lib.nn.RNNCell(3, 4)(ones(lib, 2, 3), ones(lib, 3, 4)),
    "cell hidden": lambda lib: lib.nn.GRUCell(3, 4)(ones(lib, 2, 3), ones(lib, 2, 5)),
    "cell mixed dims": lambda lib: lib.nn.GRUCell(3, 4)(ones(lib, 3), ones(lib, 2, 4)),
    "pack unsorted": lambda lib: rnn(lib).pack_padded_sequence(ones(lib, 3, 2), [1, 3]),
    "pack zero": lambda lib: rnn(lib).pack_padded_sequence(ones(lib, 3, 2), [3, 0]),
    "pack count": lambda lib: rnn(lib).pack_padded_sequence(ones(lib, 3, 2), [3]),
    "pack 2d lengths": lambda lib: rnn(lib).pack_padded_sequence(
        ones(lib, 3, 2), [[3, 2]]
    ),
    "pack 1d": lambda lib: rnn(lib).pack_padded_sequence(ones(lib, 3), [3, 2]),
    "pack empty": lambda lib: rnn(lib).pack_padded_sequence(ones(lib, 0, 2), [1, 1]),
    "pad length": lambda lib: rnn(lib).pad_packed_sequence(
        rnn(lib).pack_sequence([ones(lib, 3)]), total_length=2
    ),
    "pad nothing": lambda lib: rnn(lib).pad_sequence([]),
    "pad number": lambda lib: rnn(lib).pad_sequence(3),
    "pad list of numbers": lambda lib: rnn(lib).pad_sequence([ones(lib, 2), 3]),
    "pad 0-d": lambda lib: rnn(lib).pad_sequence([lib.tensor(1.0)]),
    "pad side": lambda lib: rnn(lib).pad_sequence([ones(lib, 2)], padding_side="x"),
    "pad other features": lambda lib: rnn(lib).pad_sequence(
        [ones(lib, 2, 3), ones(lib, 2, 2)]
    ),
    "unpad count": lambda lib: rnn(lib).unpad_sequence(
        ones(lib, 3, 2), lib.tensor([1, 2, 3])
    ),
    "pack nothing": lambda lib: rnn(lib).pack_sequence([]),
    "packed alone": lambda lib: rnn(lib).PackedSequence(ones(lib, 2)),
}


def rnn(lib):
    return lib.nn.utils.rnn


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    raised = []
    for lib in (rl, torch):
        with pytest.raises(Exception) as info:
            ERRORS[name](lib)
        raised.append(info.type.__name__)
    assert raised[0] == raised[1], info.value


def test_dropout_on_one_layer_warns():
    for lib in (rl, torch):
        with pytest.warns(UserWarning, match="num_layers greater than 1"):
            lib.nn.GRU(3, 4, dropout=0.5)


def sequences(lib, dtype, *shapes):
    start, made = 1, []
    for shape in shapes:
        n = int(np.prod(shape))
        made.append(lib.arange(start, start + n, dtype=getattr(lib, dtype)))
        made[-1] = made[-1].reshape(shape)
        start += n
    return made


@pytest.mark.parametrize("dtype", ["float32", "int64", "float16"])
@pytest.mark.parametrize("rest", [(), (3,), (2, 3)])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("lengths", [[4, 2, 2], [2, 4, 1], [3], [0, 2]])
def test_padding_and_packing(dtype, rest, first, lengths):
    found = []
    for lib in (rl, torch):
        made = sequences(lib, dtype, *[(n, *rest) for n in lengths])
        padded = rnn(lib).pad_sequence(made, first, 2.7)
        left = rnn(lib).pad_sequence(made, first, -1, padding_side="left")
        parts = [padded, left]
        parts += rnn(lib).unpad_sequence(padded.clone(), lib.tensor(lengths), first)
        if min(lengths) > 0:
            packed = rnn(lib).pack_padded_sequence(padded, lengths, first, False)
            parts += [*packed]
            parts += rnn(lib).pad_packed_sequence(packed, first, 0.5, 6)
            parts += rnn(lib).pad_packed_sequence(packed, first)
            parts += rnn(lib).unpack_sequence(packed)
            parts += [*rnn(lib).pack_sequence(made, enforce_sorted=False)]
            if lengths == sorted(lengths, reverse=True):
                again = rnn(lib).pack_padded_sequence(
                    padded, lib.tensor(lengths), first
                )
                assert again.sorted_indices is again.unsorted_indices is None
                parts += [*again[:2]]
        found.append(parts)
    assert len(found[0]) == len(found[1])
    for x, y in zip(*found):
        assert_near(x, y, 0)
        assert x.is_contiguous() or not y.is_contiguous()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("first", [False, True])
def test_gradients_through_padding_and_packing(side, first):
    rng = np.random.default_rng(5)
    arrays = [rng.standard_normal((n, 2)) for n in (2, 4, 1)]
    gradients = []
    for lib in (rl, torch):
        leaves = [lib.tensor(a, requires_grad=True) for a in arrays]
        padded = rnn(lib).pad_sequence(leaves, first, 1.5, side)
        packed = rnn(lib).pack_padded_sequence(padded * padded, [2, 4, 1], first, False)
        again, _ = rnn(lib).pad_packed_sequence(packed, first)
        pieces = rnn(lib).unpad_sequence(again.clone(), lib.tensor([2, 4, 1]), first)
        loss = sum((p * (i + 1)).sum() for i, p in enumerate(pieces))
        (loss + (again**2).sum()).backward()
        gradients.append([x.grad for x in leaves])
    for x, y in zip(*gradients):
        assert_near(x, y)


def test_packed_sequence_is_a_named_tuple_that_converts():
    both = []
    for lib in (rl, torch):
        packed = rnn(lib).pack_sequence(sequences(lib, "float32", (2,), (3,)), False)
        assert isinstance(packed, tuple) and len(packed) == 4
        assert packed._fields == (
            "data",
            "batch_sizes",
            "sorted_indices",
            "unsorted_indices",
        )
        assert packed.to(lib.float32) is packed and packed.cpu() is packed
        assert not packed.is_cuda and not packed.is_pinned()
        names = "double float half long int short char byte".split()
        kinds = [str(getattr(packed, n)().data.dtype).split(".")[1] for n in names]
        assert packed.double().sorted_indices.dtype == lib.int64
        assert type(packed.double()) is rnn(lib).PackedSequence
        again = pickle.loads(pickle.dumps(packed))
        assert type(again) is type(packed)
        pairwise = rnn(lib).PackedSequence((packed.data, packed.batch_sizes))
        assert pairwise.sorted_indices is None
        both.append((repr(packed), kinds, repr(again), repr(pairwise)))
    assert both[0] == both[1]


def test_weights_computed_from_others_are_used():
    """A weight replaced by a tensor, as weight drop and weight normalisation do."""
    found = []
    for lib in (rl, torch):
        lib.manual_seed(3)
        layer = lib.nn.GRU(3, 4)
        raw = layer.weight_hh_l0
        del layer.weight_hh_l0
        layer.register_parameter("raw", raw)
        layer.weight_hh_l0 = raw * 0.5
        output, _ = layer(lib.ones(2, 1, 3))
        output.sum().backward()
        found += [output, raw.grad]
    assert_near(found[0], found[2], 1e-6)
    assert_near(found[1], found[3], 1e-6)


def test_loaded_weights_are_used():
    found = []
    for lib in (rl, torch):
        lib.manual_seed(3)
        layer = lib.nn.LSTM(3, 4)
        other = {k: v * 2 for k, v in layer.state_dict().items()}
        layer.load_state_dict(other)
        found.append(layer(lib.ones(2, 1, 3))[0])
    assert_near(*found, 1e-6)
