"""Event files, read back by a reader of their format that is written here."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils.tensorboard import SummaryWriter
from rushlight.utils.tensorboard._records import crc32c


def fields(data):
    """A message's fields: {number: [value, ...]}."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            size = varint() if kind == 2 else {1: 8, 5: 4}[kind]
            value = data[at : at + size]
            assert len(value) == size
            at += size
            if kind != 2:
                (value,) = struct.unpack("<d" if kind == 1 else "<f", value)
        found.setdefault(key >> 3, []).append(value)
    return found


def crc(data):
    """CRC-32C by polynomial division, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) % 2**32


def events(folder):
    (name,) = [n for n in os.listdir(folder) if n.startswith("events.out.tfevents.")]
    with open(os.path.join(folder, name), "rb") as file:
        data = file.read()
    found = []
    while data:
        (length, check) = struct.unpack("<QI", data[:12])
        assert check == crc(data[:8])
        body = data[12 : 12 + length]
        assert struct.unpack("<I", data[12 + length : 16 + length])[0] == crc(body)
        found.append(fields(body))
        data = data[16 + length :]
    assert found[0][3] == [b"brain.Event:2"]
    return found[1:]


def value(event):
    """The fields of the one value of an event."""
    (summary,) = event[5]
    (one,) = fields(summary)[1]
    return fields(one)


def test_crc():
    # RFC 3720, appendix B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert crc32c(b"123456789") == 0xE3069283


def test_scalars(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss/train", 0.5, 3, walltime=12.25)
        writer.add_scalar("loss/train", rl.tensor([2.0]), 300)
        writer.add_scalar("no step", -1)
        writer.add_scalar("t", 0.1, 1, new_style=True)
        writer.add_scalar("d", 0.1, 1, double_precision=True)
        writer.add_scalar("huge", 1e300, -2)
    one, two, three, four, five, six = events(tmp_path)
    assert (one[1], one[2], value(one)) == (
        [12.25],
        [3],
        {1: [b"loss/train"], 2: [0.5]},
    )
    assert (two[2], value(two)[2]) == ([300], [2.0])
    assert abs(two[1][0] - os.stat(tmp_path).st_mtime) < 100
    assert 2 not in three and value(three)[2] == [-1.0]
    tensor = fields(value(four)[8][0])
    assert tensor[1] == [1] and tensor[5] == [struct.pack("<f", 0.1)]
    assert fields(fields(value(four)[9][0])[1][0]) == {1: [b"scalars"]}
    tensor = fields(value(five)[8][0])
    assert tensor[1] == [2] and tensor[6] == [struct.pack("<d", 0.1)]
    assert value(six)[2] == [math.inf] and six[2] == [2**64 - 2]


def test_several_curves(tmp_path):
    with SummaryWriter(tmp_path / "a") as writer:
        writer.add_scalars("net/loss", {"train": 1.0, "test": 2.0}, 7)
        assert writer.get_logdir() == str(tmp_path / "a")
    assert events(tmp_path / "a") == []
    for name, number in (("train", 1.0), ("test", 2.0)):
        (event,) = events(tmp_path / "a" / f"net_loss_{name}")
        assert event[2] == [7]
        assert value(event) == {1: [b"net/loss"], 2: [number]}


def histogram(event):
    found = fields(value(event)[5][0])
    numbers = [found[i][0] for i in range(1, 6)]
    limits, counts = (np.frombuffer(found[i][0]) for i in (6, 7))
    return numbers, limits, counts


def test_histogram(tmp_path):
    x = np.random.default_rng(0).standard_normal(1000)
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram("h", rl.tensor(x), 1)
        writer.add_histogram("h", x, 1, bins=10)
        writer.add_histogram("h", x, 1, bins=[-10.0, -9.0, 0.0, 9.0, 10.0])
        writer.add_histogram("h", x, 1, bins=10, max_bins=4)
        writer.add_histogram("h", rl.zeros(5, dtype=rl.int64), 1)
        with pytest.raises(ValueError, match="no values"):
            writer.add_histogram("h", [])
        with pytest.raises(ValueError, match="infinite or NaN"):
            writer.add_histogram("h", [1.0, math.nan])
        with pytest.raises(ValueError, match="'auto'"):
            writer.add_histogram("h", x, bins="auto")
    default, ten, four, joined, zeros = map(histogram, events(tmp_path))
    sums = [x.min(), x.max(), 1000, x.sum(), (x * x).sum()]
    for numbers, limits, counts in (default, ten, four, joined):
        assert numbers == pytest.approx(sums)
        assert len(limits) == len(counts)
        assert counts[0] == 0 and counts.sum() == 1000
        for i in range(1, len(counts) - 1):
            inside = (x >= limits[i - 1]) & (x < limits[i])
            assert counts[i] == inside.sum()
    near = default[1][np.abs(default[1]) > 1e-3]
    ratios = near[1:] / near[:-1]
    assert np.all((ratios < 0) | np.isclose(ratios, 1.1) | np.isclose(ratios, 1 / 1.1))
    np.testing.assert_allclose(ten[1], np.histogram(x, 10)[1])
    np.testing.assert_array_equal(ten[2][1:], np.histogram(x, 10)[0])
    assert four[1].tolist() == [-9.0, 0.0, 9.0]
    assert len(joined[1]) == 5
    assert zeros[0] == [0, 0, 5, 0, 0] and zeros[2].tolist() == [0, 5]


def pixels(event):
    """(height, width, channels) and the array of a picture without filters."""
    found = fields(value(event)[4][0])
    png = found[4][0]
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        body = png[at + 4 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size :][:4])[0] == zlib.crc32(body)
        chunks[body[:4]] = body[4:]
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, bits, color = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    channels = {0: 1, 2: 3, 6: 4}[color]
    assert bits == 8
    assert [found[i][0] for i in (1, 2, 3)] == [height, width, channels]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8)
    rows = rows.reshape(height, 1 + width * channels)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, channels)


def test_images(tmp_path):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    gray = rng.random((4, 6))
    many = rng.integers(0, 256, (10, 1, 2, 3), dtype=np.uint8)
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("i", rl.tensor(rgb).permute(2, 0, 1), 1)
        writer.add_image("i", rgb, 1, dataformats="HWC")
        writer.add_image("i", rl.tensor(gray) * 2 - 0.5, 1, dataformats="HW")
        writer.add_images("i", many, 1)
        with pytest.raises(ValueError, match=r"1, 3 or 4 channels, not 2"):
            writer.add_image("i", rl.ones(2, 3, 3))
        with pytest.raises(ValueError, match="'CHW' has 3 dimensions"):
            writer.add_image("i", rl.ones(3, 3))
        with pytest.raises(ValueError, match="'CHX'"):
            writer.add_image("i", rl.ones(3, 3, 3), dataformats="CHX")
    one, two, three, four = map(pixels, events(tmp_path))
    np.testing.assert_array_equal(one, rgb)
    np.testing.assert_array_equal(two, rgb)
    expected = np.clip((gray * 2 - 0.5) * 255, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(three[..., 0], expected)
    assert four.shape == (4, 24, 1)
    np.testing.assert_array_equal(four[:2, 3:6, 0], many[1, 0])
    np.testing.assert_array_equal(four[2:, 3:6, 0], many[9, 0])
    assert not four[2:, 6:].any()


def test_text(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_text("note", "**größer**", 2)
    (event,) = events(tmp_path)
    found = value(event)
    assert found[1] == [b"note/text_summary"]
    assert fields(fields(found[9][0])[1][0]) == {1: [b"text"]}
    tensor = fields(found[8][0])
    assert tensor[1] == [7] and tensor[8] == ["**größer**".encode()]
    assert fields(fields(tensor[2][0])[2][0]) == {1: [1]}


def plugin(event):
    """The tag of a value and the message that its plugin reads."""
    found = value(event)
    data = fields(fields(found[9][0])[1][0])
    assert data[1] == [b"hparams"]
    message = fields(data[2][0])
    assert message[1] == [0]
    return found[1][0], message


def test_hparams(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams(
            {"lr": 0.5, "deep": True, "name": "x", "n": rl.tensor(3)},
            {"loss": rl.tensor(0.25)},
            {"lr": [0.5, 0.25]},
            run_name="run",
            global_step=4,
        )
        with pytest.raises(ValueError, match=r"'a' must be a bool.*got list"):
            writer.add_hparams({"a": []}, {})
        with pytest.raises(TypeError, match="two dicts, got int"):
            writer.add_hparams(3, {})
    experiment, start, end, loss = events(tmp_path / "run")
    tag, message = plugin(experiment)
    assert tag == b"_hparams_/experiment"
    infos = [fields(info) for info in fields(message[2][0])[4]]
    assert [(i[1], i[4]) for i in infos] == [
        ([b"lr"], [3]),
        ([b"deep"], [2]),
        ([b"name"], [1]),
        ([b"n"], [3]),
    ]
    domain = fields(infos[0][5][0])[1]
    assert [fields(v) for v in domain] == [{2: [0.5]}, {2: [0.25]}]
    (metric,) = fields(message[2][0])[5]
    assert fields(fields(metric)[1][0]) == {2: [b"loss"]}
    tag, message = plugin(start)
    assert tag == b"_hparams_/session_start_info"
    pairs = [fields(pair) for pair in fields(message[3][0])[1]]
    assert {p[1][0]: fields(p[2][0]) for p in pairs} == {
        b"lr": {2: [0.5]},
        b"deep": {4: [1]},
        b"name": {3: [b"x"]},
        b"n": {2: [3.0]},
    }
    tag, message = plugin(end)
    assert fields(message[4][0])[1] == [1]
    assert loss[2] == [4] and value(loss) == {1: [b"loss"], 2: [0.25]}


class Net(rl.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = rl.nn.Sequential(rl.nn.Linear(4, 3), rl.nn.BatchNorm1d(3))
        self.scale = rl.nn.Parameter(rl.ones(()))

    def forward(self, x, more):
        y = self.body(x).view(-1)
        y += more[0]
        return {"sum": (y * self.scale).max(), "parts": more[1:].chunk(2)}


def test_graph(tmp_path, capsys):
    model = Net()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(model, (rl.ones(2, 4), rl.ones(5)), verbose=True)
        with pytest.raises(TypeError, match="got int"):
            writer.add_graph(3)
        with pytest.raises(TypeError, match="input_to_model"):
            writer.add_graph(model)
    assert model.training
    assert model.body[1].training
    assert all(v.equal(before[k]) for k, v in model.state_dict().items())
    assert not model._forward_hooks
    (event,) = events(tmp_path)
    (graph,) = event[4]
    nodes = [fields(node) for node in fields(graph)[1]]
    found = {
        node[1][0].decode(): (
            node[2][0].decode(),
            [name.decode() for name in node.get(3, [])],
        )
        for node in nodes
    }
    assert list(found) == capsys.readouterr().out.split()
    linear = "Net/Sequential[body]/Linear[0]"
    norm = "Net/Sequential[body]/BatchNorm1d[1]"
    assert found["input/0"] == ("IO Node", [])
    assert found[f"{linear}/weight"] == ("Parameter", [])
    assert found[f"{linear}/linear"] == (
        "linear",
        ["input/0", f"{linear}/weight", f"{linear}/bias"],
    )
    assert found[f"{norm}/batch_norm"][1][0] == f"{linear}/linear"
    assert f"{norm}/running_mean" in found[f"{norm}/batch_norm"][1]
    assert found["Net/view"] == ("view", [f"{norm}/batch_norm"])
    assert found["Net/max"] == ("max", ["Net/mul"])
    assert "Net/scale" in found["Net/mul"][1]
    assert found["output/0"] == ("IO Node", ["Net/max"])
    assert found["output/2"] == ("IO Node", ["Net/chunk:1"])
    attributes = {
        fields(entry)[1][0]: fields(fields(entry)[2][0])
        for node in nodes
        if node[1][0] == b"Net/view"
        for entry in node[5]
    }
    (shape,) = fields(attributes[b"_output_shapes"][1][0])[7]
    assert [fields(d)[1][0] for d in fields(shape)[2]] == [6]
    assert attributes[b"attr"][2] == [b"rushlight.float32"]


def test_embedding(tmp_path):
    pictures = rl.arange(3 * 1 * 2 * 2, dtype=rl.uint8).reshape(3, 1, 2, 2)
    with SummaryWriter(tmp_path) as writer:
        writer.add_embedding(rl.tensor([[1.0, 2.0], [3.0, 4.5], [0.0, -1.0]]), "abc")
        writer.add_embedding(
            rl.eye(3), [["a", 1], ["b", 2], ["c", 3]], pictures, 7, "my tag", ["l", "n"]
        )
        with pytest.raises(ValueError, match="3 vectors but 2 of metadata"):
            writer.add_embedding(rl.eye(3), ["a", "b"])
        with pytest.raises(ValueError, match="must be a matrix"):
            writer.add_embedding(rl.ones(3))
    first = tmp_path / "00000" / "default"
    assert (first / "tensors.tsv").read_text() == "1.0\t2.0\n3.0\t4.5\n0.0\t-1.0\n"
    assert (first / "metadata.tsv").read_text() == "a\nb\nc\n"
    second = tmp_path / "00007" / "my_tag"
    assert (second / "metadata.tsv").read_text() == "l\tn\na\t1\nb\t2\nc\t3\n"
    png = (second / "sprite.png").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (4, 4)
    size = struct.unpack(">I", png[33:37])[0]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + size]), np.uint8).reshape(4, 5)
    assert rows[:, 1:].tolist() == [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
        [8, 9, 0, 0],
        [10, 11, 0, 0],
    ]
    text = (tmp_path / "projector_config.pbtxt").read_text()
    assert text.count("embeddings {") == 2
    assert 'tensor_path: "00007/my_tag/tensors.tsv"' in text
    assert 'tensor_name: "my tag:00007"' in text


def test_flush_purge_and_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    writer = SummaryWriter(comment="_c", filename_suffix=".s", purge_step=5)
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("_c")
    (file,) = folder.iterdir()
    assert file.name.endswith(".s")
    writer.add_scalar("a", 1, 5)
    writer.flush()
    purge, one = events(folder)
    assert purge[2] == [5] and fields(purge[7][0]) == {1: [1]}
    assert value(one)[2] == [1.0]
    for step in range(12):
        writer.add_scalar("a", 1, step)
    assert len(events(folder)) >= 12
    writer.close()
    assert len(events(folder)) == 14
    writer.close()
    writer.add_scalar("a", 1, 1)
    writer.close()
    assert len(list(folder.iterdir())) == 2


def test_tensorboard_reads_them(tmp_path):
    event_file_loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="TensorBoard is not installed",
    )
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("s", 0.5, 3)
        writer.add_histogram("h", [1.0, 2.0], 3)
        writer.add_image("i", rl.ones(3, 2, 2), 3)
        writer.add_text("t", "words", 3)
    (file,) = tmp_path.iterdir()
    found = list(event_file_loader.LegacyEventFileLoader(str(file)).Load())
    assert found[0].file_version == "brain.Event:2"
    values = [e.summary.value[0] for e in found[1:]]
    assert [v.tag for v in values] == ["s", "h", "i", "t/text_summary"]
    assert values[0].simple_value == 0.5 and found[1].step == 3
    assert list(values[1].histo.bucket) == [0, 1, *values[1].histo.bucket[2:-1], 1]
    assert values[2].image.height == 2
    assert values[3].tensor.string_val == [b"words"]


def test_needs_no_numpy():
    program = (
        "import sys, tempfile, rushlight\n"
        "from rushlight.utils.tensorboard import SummaryWriter\n"
        "with SummaryWriter(tempfile.mkdtemp()) as writer:\n"
        "    writer.add_scalar('a', 1.0)\n"
        "    writer.add_image('i', rushlight.ones(1, 2, 2))\n"
        "    writer.add_histogram('h', rushlight.ones(3))\n"
        "print('numpy' in sys.modules)\n"
    )
    packages = os.path.dirname(os.path.dirname(os.path.abspath(rl.__file__)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, PYTHONPATH=packages),
    )
    assert done.stdout == "False\n"
