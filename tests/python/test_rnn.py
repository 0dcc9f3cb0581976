"""Recurrent layers and packed sequences against NumPy and finite differences."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops, nn
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn.utils import rnn

KINDS = {
    "tanh": lambda *a, **k: nn.RNN(*a, **k),
    "relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
    "gru": lambda *a, **k: nn.GRU(*a, **k),
    "lstm": lambda *a, **k: nn.LSTM(*a, **k),
    "projected": lambda *a, **k: nn.LSTM(*a, proj_size=a[1] // 2, **k),
}


@pytest.fixture(autouse=True)
def same_weights():
    # In half precision others may put a value on the other side of ReLU's corner.
    rl.manual_seed(0)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def close(got, expected, tolerance=1e-11):
    np.testing.assert_allclose(
        got.detach().numpy(), expected, rtol=tolerance, atol=tolerance
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_step(kind, x, h, c, weights):
    w_ih, w_hh, b_ih, b_hh, *w_hr = weights
    a, b = w_ih @ x + b_ih, w_hh @ h + b_hh
    if kind == "tanh":
        return np.tanh(a + b), c
    if kind == "relu":
        return np.maximum(a + b, 0), c
    if kind == "gru":
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        z, new = sigmoid(az + bz), np.tanh(an + sigmoid(ar + br) * bn)
        return (1 - z) * new + z * h, c
    i, f, g, o = np.split(a + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (w_hr[0] @ h if w_hr else h), c


def run_layer(kind, layer, sequences, h, c):
    """Each sequence alone; the outputs, and the last states of each layer and way."""
    ways = 1 + layer.bidirectional
    weights = [[w.detach().numpy() for w in row] for row in layer.all_weights]
    last_h, last_c = np.array(h), np.array(c)
    results = []
    for at, sequence in enumerate(sequences):
        values = list(sequence)
        for level in range(layer.num_layers):
            parts = []
            for way in range(ways):
                index = level * ways + way
                hi, ci = h[index, at], c[index, at]
                outputs = []
                for x in values[::-1] if way else values:
                    hi, ci = one_step(kind, x, hi, ci, weights[index])
                    outputs.append(hi)
                last_h[index, at], last_c[index, at] = hi, ci
                parts.append(outputs[::-1] if way else outputs)
            values = [np.concatenate(p) for p in zip(*parts)]
        results.append(np.array(values))
    return results, last_h, last_c


def first_states(layer, rows):
    count = layer.num_layers * (1 + layer.bidirectional)
    h = draw(count, rows, layer.proj_size or layer.hidden_size, seed=3)
    return h, draw(count, rows, layer.hidden_size, seed=4)


def call(layer, x, h, c):
    output, last = layer(x, (h, c) if layer.mode == "LSTM" else h)
    return (output, *last) if layer.mode == "LSTM" else (output, last)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers, both", [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize("hidden", [4, 19])
def test_layer_against_numpy(kind, layers, both, hidden):
    layer = KINDS[kind](3, hidden, layers, bidirectional=both).double()
    x = draw(5, 11, 3)
    h, c = first_states(layer, 11)
    expected = run_layer(kind, layer, x.transpose(1, 0, 2), h, c)
    got = call(layer, *map(rl.tensor, (x, h, c)))
    close(got[0].transpose(0, 1), expected[0])
    for mine, theirs in zip(got[1:], expected[1:]):
        close(mine, theirs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("lengths", [[5, 5, 3, 1, 1, 1], [2, 6, 1, 6], [3]])
def test_packed_against_numpy(kind, both, lengths):
    layer = KINDS[kind](3, 6, 2, bidirectional=both).double()
    sequences = [draw(n, 3, seed=n + i) for i, n in enumerate(lengths)]
    h, c = first_states(layer, len(lengths))
    expected = run_layer(kind, layer, sequences, h, c)
    packed = rnn.pack_sequence([rl.tensor(s) for s in sequences], enforce_sorted=False)
    got = call(layer, packed, rl.tensor(h), rl.tensor(c))
    assert isinstance(got[0], rnn.PackedSequence)
    for mine, theirs in zip(rnn.unpack_sequence(got[0]), expected[0]):
        close(mine, theirs)
    for mine, theirs in zip(got[1:], expected[1:]):
        close(mine, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_states_wider_than_a_packed_panel(kind):
    layer = KINDS[kind](5, 300).double()
    x = draw(3, 2, 5)
    h, c = first_states(layer, 2)
    expected = run_layer(kind, layer, x.transpose(1, 0, 2), h, c)
    x = rl.tensor(x, requires_grad=True)
    output = call(layer, x, rl.tensor(h), rl.tensor(c))[0]
    close(output.transpose(0, 1), expected[0], 1e-10)
    output.square().sum().backward()
    mine = [x.grad, *(p.grad for p in layer.parameters())]
    with rl.enable_grad():
        steps = call(layer, x, rl.tensor(h), rl.tensor(c))[0]
        other = rl.autograd.grad(
            steps.square().sum(), [x, *layer.parameters()], create_graph=True
        )
    # With create_graph the gradient comes from the step by step form.
    for a, b in zip(mine, other):
        close(a, b.detach().numpy(), 1e-9)


def leaves(mode, projected, packed):
    gates, hidden, width = (1, 1, 3, 4)[mode], 3, 2
    state = 2 if projected else hidden
    rows = gates * hidden
    shapes = [
        (6, width) if packed else (3, 2, width),
        (3 if packed else 2, state),
        (3 if packed else 2, hidden) if mode == 3 else None,
        (rows, width),
        (rows, state),
        (rows,),
        (rows,),
        (state, hidden) if projected else None,
    ]
    return [
        None if s is None else rl.tensor(draw(*s, seed=i), requires_grad=True)
        for i, s in enumerate(shapes)
    ]


@pytest.mark.parametrize("mode", range(4))
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("projected", [False, True])
def test_gradients_by_finite_differences(mode, packed, reverse, projected):
    if projected and mode != 3:
        pytest.skip("only LSTMs have projections")
    tensors = leaves(mode, projected, packed)
    sizes = rl.tensor([3, 2, 1]) if packed else None
    present = [t is not None for t in tensors]

    def layer(*given):
        rest = iter(given)
        arguments = [next(rest) if p else None for p in present]
        results = _ops._recurrent(*arguments, sizes, mode, reverse)
        return results[: 3 if mode == 3 else 2]

    given = [t for t in tensors if t is not None]
    assert gradcheck(layer, given)
    assert gradgradcheck(layer, given)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_some_arguments_only(kind):
    layer = KINDS[kind](3, 4).double()
    for p in layer.parameters():
        p.requires_grad_(False)
    x = rl.tensor(draw(4, 2, 3), requires_grad=True)
    (only,) = rl.autograd.grad(layer(x)[0].sum(), x)
    for p in layer.parameters():
        p.requires_grad_()
    layer(x)[0].sum().backward()
    close(x.grad, only.numpy(), 0)
    layer.zero_grad()
    layer(x.detach())[0].sum().backward()
    assert all(p.grad is not None for p in layer.parameters())


def test_second_gradient_of_some_arguments_only():
    """A gradient penalty: the weights are constants of the first pass's search."""
    layer = nn.LSTM(3, 4).double()
    x = rl.tensor(draw(4, 2, 3), requires_grad=True)
    (slope,) = rl.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
    slope.square().sum().backward()
    step = 1e-6
    weight = layer.weight_hh_l0

    def penalty():
        (slope,) = rl.autograd.grad(layer(x)[0].sum(), x)
        return slope.square().sum().item()

    for at in ((0, 0), (7, 2), (15, 3)):
        values = []
        for sign in (1, -1):
            with rl.no_grad():
                weight[at] += sign * step
            values.append(penalty())
            with rl.no_grad():
                weight[at] -= sign * step
        expected = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(weight.grad[at].item(), expected, rtol=1e-5)


@pytest.mark.parametrize("which", ["last", "cell", "part"])
def test_gradient_from_one_result(which):
    layer = nn.LSTM(3, 4).double()
    x = draw(4, 2, 3)

    def loss(x):
        output, (h, c) = layer(x)
        return {"last": h, "cell": c, "part": output[1]}[which].sum()

    assert gradcheck(loss, [rl.tensor(x, requires_grad=True)])


def test_a_weight_written_before_backward_is_noticed():
    layer = nn.GRU(3, 4)
    loss = layer(rl.ones(2, 1, 3))[0].sum()
    with rl.no_grad():
        layer.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_backward_twice_needs_the_graph_kept():
    loss = nn.LSTM(3, 4)(rl.ones(2, 1, 3))[0].sum()
    loss.backward(retain_graph=True)
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@pytest.mark.parametrize("kind", KINDS)
def test_strided_inputs(kind):
    layer = KINDS[kind](3, 4).double()
    h, c = (rl.tensor(s) for s in first_states(layer, 5))
    x = rl.tensor(draw(5, 6, 9))[:, ::2, 1::3].transpose(0, 1)
    wide = rl.zeros(2, h.shape[-1], 5, dtype=rl.float64)
    wide[1] = h[0].t()
    strided_h = wide[1:].transpose(1, 2)
    assert not x.is_contiguous() and not strided_h.is_contiguous()
    mine = call(layer, x, strided_h, c)
    for a, b in zip(mine, call(layer, x.contiguous(), h, c)):
        close(a, b.detach().numpy(), 0)
    expanded = rl.ones(1, 1, 3, dtype=rl.float64).expand(4, 5, 3)
    for a, b in zip(call(layer, expanded, h, c), call(layer, expanded.clone(), h, c)):
        close(a, b.detach().numpy(), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_first_and_unbatched(kind):
    layer = KINDS[kind](3, 4, 2, bidirectional=True).double()
    swapped = KINDS[kind](3, 4, 2, bidirectional=True, batch_first=True).double()
    swapped.load_state_dict(layer.state_dict())
    x = rl.tensor(draw(5, 2, 3))
    output, _ = layer(x)
    close(swapped(x.transpose(0, 1))[0].transpose(0, 1), output.detach().numpy(), 0)
    close(layer(x[:, 1])[0], output[:, 1].detach().numpy())
    assert tuple(swapped(x[:, 1])[0].shape) == (5, output.shape[2])


@pytest.mark.parametrize("kind", KINDS)
def test_no_sequences(kind):
    layer = KINDS[kind](3, 4, bidirectional=True)
    x = rl.zeros(2, 0, 3, requires_grad=True)
    output, _ = layer(x)
    assert output.shape[:2] == (2, 0)
    output.sum().backward()
    assert tuple(x.grad.shape) == (2, 0, 3)
    assert all(not p.grad.any() for p in layer.parameters())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_goes_step_by_step(kind, dtype):
    layer = KINDS[kind](3, 4).double()
    x = rl.tensor(draw(5, 2, 3), requires_grad=True)
    expected = layer(x)[0]
    half = copy.deepcopy(layer).to(getattr(rl, dtype))
    y = x.detach().to(getattr(rl, dtype)).requires_grad_()
    got = half(y)[0]
    assert got.dtype == y.dtype
    close(got.double(), expected.detach().numpy(), 0.05)
    got.sum().backward()
    expected.sum().backward()
    close(y.grad.double(), x.grad.numpy(), 0.1)


def test_autocast_goes_step_by_step():
    layer = nn.GRU(3, 4)
    x = rl.ones(2, 1, 3)
    with rl.autocast("cpu", rl.bfloat16):
        mixed = layer(x)[0]
    close(mixed.float(), layer(x)[0].detach().numpy(), 0.02)


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cell_is_one_step_of_the_layer(name):
    cell = getattr(nn, name)(3, 4).double()
    layer = getattr(nn, name.removesuffix("Cell"))(3, 4).double()
    layer.load_state_dict({f"{k}_l0": v for k, v in cell.state_dict().items()})
    x = rl.tensor(draw(5, 2, 3))
    state = None
    for step in x:
        state = cell(step, state)
    output, last = layer(x)
    close(state[0] if name == "LSTMCell" else state, output[-1].detach().numpy())
    if name == "LSTMCell":
        close(state[1], last[1][0].detach().numpy())


def test_initial_weights_keep_their_bound():
    for layer in (nn.LSTM(3, 16, 2), nn.GRUCell(3, 16)):
        for p in layer.parameters():
            assert bool((p.abs() <= 0.25).all()) and bool((p.abs() > 0.2).any())


def test_a_layer_survives_pickling_and_copies():
    layer = nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    x = rl.ones(2, 1, 3)
    for again in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        close(again(x)[0], layer(x)[0].detach().numpy(), 0)
        again.weight_hh_l0.data.zero_()
        assert not np.array_equal(again(x)[0].detach(), layer(x)[0].detach())
    assert layer.flatten_parameters() is None
    assert [len(row) for row in layer.all_weights] == [5] * 4


def test_dropout_between_layers_only_while_training():
    layer = nn.GRU(3, 50, 2, dropout=0.5)
    x = rl.ones(4, 2, 3)
    assert not np.array_equal(layer(x)[0].detach(), layer(x)[0].detach())
    layer.eval()
    close(layer(x)[0], layer(x)[0].detach().numpy(), 0)
    # The last layer's output is left alone: no element is exactly zero.
    assert bool((layer.train()(x)[0] != 0).all())


BAD = [
    ((4, 2, 3), (3, 4), (4, 3), (4, 4), None, "hx"),
    ((4, 2, 3), (2, 4), (4, 2), (4, 4), None, "w_ih"),
    ((4, 2, 3), (2, 4), (4, 3), (4, 5), None, "w_hh"),
    ((4, 3), (2, 4), (4, 3), (4, 4), [2, 1], "sum to 3"),
    ((4, 3), (2, 4), (4, 3), (4, 4), [1, 3], "do not grow"),
    ((4, 3), (4, 4), (4, 3), (4, 4), [4, 0], "positive"),
    ((4, 1, 3), (4, 4), (4, 3), (4, 4), [4], "packed input"),
    ((3,), (4, 4), (4, 3), (4, 4), None, "expected an input"),
]


@pytest.mark.parametrize("x, h, w, v, sizes, match", BAD)
def test_errors_of_the_compiled_layer(x, h, w, v, sizes, match):
    sizes = None if sizes is None else rl.tensor(sizes)
    x, h, w, v = (rl.zeros(s) for s in (x, h, w, v))
    with pytest.raises(RuntimeError, match=match):
        _ops._recurrent(x, h, None, w, v, None, None, None, sizes, 0, False)


def test_errors_of_modes_biases_and_dtypes():
    x, h, w, v, b = (rl.zeros(s) for s in ((2, 3), (2, 4), (4, 3), (4, 4), (4,)))

    def call(*given, mode=0, cx=None, w_hr=None, dtype=rl.float32):
        y, state, a, c = (t.to(dtype) for t in (x, h, w, v))
        return _ops._recurrent(y, state, cx, a, c, *given, w_hr, None, mode, False)

    call(b, b)
    for given, options in [
        ((b, None), {}),
        ((b[:2], b), {}),
        ((b, b), {"mode": 4}),
        ((b, b), {"mode": 3}),
        ((b, b), {"cx": h}),
        ((b, b), {"w_hr": v}),
    ]:
        with pytest.raises(RuntimeError):
            call(*given, **options)
    for dtype in (rl.float16, rl.int64, rl.complex64):
        with pytest.raises(NotImplementedError):
            call(None, None, dtype=dtype)


def test_padding_and_packing_against_loops():
    lengths = [2, 4, 1]
    sequences = [draw(n, 2, seed=n) for n in lengths]
    padded = rnn.pad_sequence([rl.tensor(s) for s in sequences], padding_value=-1)
    expected = np.full((4, 3, 2), -1.0)
    for i, s in enumerate(sequences):
        expected[: len(s), i] = s
    close(padded, expected, 0)
    left = rnn.pad_sequence([rl.tensor(s) for s in sequences], True, 0, "left")
    for i, s in enumerate(sequences):
        close(left[i, 4 - len(s) :], s, 0)
        assert not left[i, : 4 - len(s)].any()
    packed = rnn.pack_padded_sequence(padded, lengths, enforce_sorted=False)
    order = [1, 0, 2]
    rows = [sequences[i][t] for t in range(4) for i in order if t < len(sequences[i])]
    close(packed.data, np.array(rows), 0)
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert packed.sorted_indices.tolist() == order
    again, counts = rnn.pad_packed_sequence(packed, padding_value=-1)
    close(again, expected, 0)
    assert counts.tolist() == lengths
    for mine, s in zip(rnn.unpad_sequence(again, counts), sequences):
        close(mine, s, 0)


def test_packing_refuses_lengths_beyond_the_input():
    with pytest.raises(RuntimeError, match="exceeds the 3 steps"):
        rnn.pack_padded_sequence(rl.zeros(3, 2), [4, 1])


def test_unpadding_leaves_its_argument_alone():
    padded = rl.zeros(3, 2)
    rnn.unpad_sequence(padded, rl.tensor([3, 1]))
    assert tuple(padded.shape) == (3, 2)


@pytest.mark.parametrize("kind", [*KINDS, "tanh cell", "lstm cell", "gru cell"])
def test_biases_have_gradients_of_their_own(kind):
    # Both biases have the same gradient; scaled in place it must not be scaled twice.
    if kind in KINDS:
        layer = KINDS[kind](3, 4, num_layers=2)
        x = rl.ones(5, 1, 3)
    else:
        cells = {"tanh": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
        layer = cells[kind.split()[0]](3, 4)
        x = rl.ones(1, 3)
    found = layer(x)
    (found if isinstance(found, rl.Tensor) else found[0]).sum().backward()
    before = [p.grad.clone() for p in layer.parameters()]
    for p in layer.parameters():
        p.grad.mul_(2)
    for p, grad in zip(layer.parameters(), before):
        assert rl.equal(p.grad, 2 * grad)
