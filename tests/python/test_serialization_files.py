"""save and load on files: mapped, in the old format, by other picklers, interrupted."""

from __future__ import annotations

import decimal
import fractions
import io
import os
import pickle
import random
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
import types

import numpy as np
import pytest

import rushlight
from rushlight import safetensors, serialization
from rushlight._serialization.legacy import MAGIC


def test_mmap(tmp_path):
    path = tmp_path / "a.pt"
    base = rushlight.arange(1000.0)
    rushlight.save({"base": base, "part": base[5:8], "none": base[:0], "n": 1}, path)
    before = path.read_bytes()
    got = rushlight.load(path, mmap=True)
    assert got["base"].tolist() == base.tolist()
    assert got["none"].shape == (0,)
    # Views still share, and what is written stays here.
    got["base"][5] = -1
    assert got["part"].tolist() == [-1.0, 6.0, 7.0]
    assert path.read_bytes() == before
    rushlight.save([1], path)
    assert got["base"][6].item() == 6.0
    flags = rushlight.tensor([True, False])
    rushlight.save(flags, path)
    assert rushlight.load(path, mmap=True).tolist() == [True, False]
    with pytest.raises(ValueError, match="must be a file path"):
        rushlight.load(io.BytesIO(before), mmap=True)


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs Linux's /proc")
def test_mapped_tensors_lie_in_the_file(tmp_path):
    path = tmp_path / "mapped-here.pt"
    rushlight.save(rushlight.arange(100_000), path)
    x = rushlight.load(path, mmap=True)
    with open("/proc/self/maps", encoding="utf-8") as stream:
        spans = [line.split()[0].split("-") for line in stream if path.name in line]
    assert any(int(a, 16) <= x.data_ptr() < int(b, 16) for a, b in spans)


def test_damage_is_seen_through_a_map(tmp_path):
    path = tmp_path / "a.pt"
    rushlight.save({"x": rushlight.arange(200.0), "s": [1, "two"]}, path)
    data = path.read_bytes()
    expected = rushlight.load(path)
    rng = random.Random(0)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            got = rushlight.load(path, mmap=True)
        except (RuntimeError, pickle.UnpicklingError):
            continue
        assert got["s"] == expected["s"]
        assert got["x"].tolist() == expected["x"].tolist()


class Storage:
    """Pickled as a reference to a storage of the old format."""

    def __init__(self, kind, key, numel, view=None):
        self.id = ("storage", kind, key, "cpu", numel, view)


class Global:
    def __init__(self, module, name):
        self.text = f"c{module}\n{name}\n".encode()


class OldPickler(pickle._Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(obj.text)
        else:
            super().save(obj, save_persistent_id)


class Rebuilt:
    def __init__(self, *args):
        self.args = args

    def __reduce__(self):
        return Global("torch._utils", "_rebuild_tensor_v2"), self.args


# The pickler insists that what it calls can be called.
Global.__call__ = lambda self, *args: None


def old_file(obj, storages, *, magic=MAGIC, version=1001, little=True, keys=None):
    stream = io.BytesIO()
    info = {"protocol_version": 1001, "little_endian": little, "type_sizes": {}}
    for value in (magic, version, info, obj):
        OldPickler(stream, 2).dump(value)
    pickle.dump(sorted(storages) if keys is None else keys, stream, 2)
    for key in sorted(storages):
        count, data = storages[key]
        stream.write(struct.pack("<q", count) + data)
    return stream.getvalue()


FLOATS = Global("torch", "FloatStorage")
DATA = {"7": (3, struct.pack("<3f", 1, 2, 3))}


def floats(numel=3, key="7", size=(3,), offset=0, view=None, kind=FLOATS):
    storage = Storage(kind, key, numel, view)
    return Rebuilt(storage, offset, size, (1,) * len(size), False, {})


@pytest.mark.parametrize("weights_only", [True, False])
def test_the_old_format(weights_only):
    obj = {"a": floats(), "b": floats(size=(2,), offset=1), "c": [1, "x"]}
    raw = old_file(obj, DATA)
    got = rushlight.load(io.BytesIO(raw), weights_only=weights_only)
    assert got["a"].tolist() == [1.0, 2.0, 3.0]
    got["a"][1] = 9
    assert got["b"].tolist() == [9.0, 3.0]
    assert got["c"] == [1, "x"]
    seen = []

    def keep(storage, location):
        seen.append(location)
        return storage.cpu()

    got = rushlight.load(io.BytesIO(raw), keep, weights_only=weights_only)
    assert got["a"].tolist() == [1.0, 2.0, 3.0]
    assert seen == ["cpu"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (old_file(1, {}, magic=5), "magic number"),
        (old_file(1, {}, version=1000), "Invalid protocol version: 1000"),
        (old_file(1, {}, little=False), "big-endian"),
        (old_file(floats(), {}), "storages are not those"),
        (old_file(floats(), DATA, keys=["7", "7"]), "storages are not those"),
        (old_file(floats(), DATA, keys="7"), "storages are not those"),
        (old_file(1, DATA), "storages are not those"),
        (old_file(floats(), {"7": (4, bytes(16))}), "has 4 elements, not 3"),
        (old_file(floats(), {"7": (-1, bytes(12))}), "elements, not 3"),
        (old_file(floats(), {"7": (3, bytes(8))}), "ends within storage '7'"),
        (old_file(floats(numel=2**40), DATA), "more than the file holds"),
        (old_file(floats(numel=-1), DATA), "not that of a storage"),
        (old_file(floats(numel=2), {"7": (2, bytes(8))}), "does not fit"),
        (old_file(floats(view=("7", 0, 1)), DATA), "views of storages"),
        (old_file([floats(), floats(numel=2)], DATA), "in two ways"),
        (
            old_file([floats(100, str(i)) for i in range(100)], {"0": (3, bytes(12))}),
            "more than the file holds",
        ),
        (
            old_file(
                floats(kind=Global("torch", "BoolStorage")), {"7": (3, b"\x00\x01\x02")}
            ),
            "other than 0 and 1",
        ),
    ],
)
def test_hostile_files_in_the_old_format(raw, text):
    with pytest.raises((RuntimeError, pickle.UnpicklingError), match=text) as caught:
        rushlight.load(io.BytesIO(raw))
    assert "<BytesIO>" in str(caught.value)


def test_code_in_the_old_format_is_not_run(capfd):
    class Evil:
        def __reduce__(self):
            return print, ("evil",)

    raw = old_file([Evil(), floats()], DATA)
    with pytest.raises(pickle.UnpicklingError, match="Unsupported global"):
        rushlight.load(io.BytesIO(raw))
    assert capfd.readouterr().out == ""


def test_hostile_sizes_cost_no_memory():
    raw = old_file(floats(numel=2**40), DATA)
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeError):
            rushlight.load(io.BytesIO(raw))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


class Loud(pickle._Pickler):
    """Pickles decimals as text."""

    def reducer_override(self, obj):
        if isinstance(obj, decimal.Decimal):
            return str, (f"decimal {obj}",)
        return NotImplemented


LOUD = types.SimpleNamespace(Pickler=Loud, Unpickler=pickle.Unpickler)
COMPILED = types.SimpleNamespace(Pickler=pickle.Pickler, Unpickler=pickle.Unpickler)


def test_pickle_module():
    for module in (pickle, LOUD):
        stream = io.BytesIO()
        obj = {"w": rushlight.ones(2), "d": decimal.Decimal("1.5"), "f": rushlight.add}
        rushlight.save({**obj, "m": rushlight.nn.ReLU()}, stream, pickle_module=module)
        stream.seek(0)
        got = rushlight.load(stream, pickle_module=module)
        assert got["w"].tolist() == [1.0, 1.0]
        assert got["d"] == ("decimal 1.5" if module is LOUD else obj["d"])
        assert got["f"] is rushlight.add
        assert type(got["m"]) is rushlight.nn.ReLU
    with pytest.raises(NotImplementedError, match="is not derived"):
        rushlight.save([1], io.BytesIO(), pickle_module=COMPILED)
    stream.seek(0)
    with pytest.raises(RuntimeError, match="explicit pickle_module"):
        rushlight.load(stream, pickle_module=pickle, weights_only=True)


def test_options_of_the_unpickler():
    stream = io.BytesIO()
    rushlight.save([1], stream)
    stream.seek(0)
    got = rushlight.load(stream, weights_only=False, encoding="latin1")
    assert got == [1]
    stream.seek(0)
    with pytest.warns(UserWarning, match="pickle_load_args only works"):
        assert rushlight.load(stream, encoding="latin1") == [1]


def test_safe_globals():
    stream = io.BytesIO()
    rushlight.save(fractions.Fraction(1, 3), stream)
    data = stream.getvalue()
    with serialization.safe_globals([fractions.Fraction]):
        assert serialization.get_safe_globals() == [fractions.Fraction]
        assert rushlight.load(io.BytesIO(data)) == fractions.Fraction(1, 3)
    assert serialization.get_safe_globals() == []
    with pytest.raises(pickle.UnpicklingError, match="Unsupported global"):
        rushlight.load(io.BytesIO(data))
    with (
        serialization.safe_globals([(fractions.Fraction, "other.Name")]),
        pytest.raises(pickle.UnpicklingError, match=r"fractions\.Fraction"),
    ):
        rushlight.load(io.BytesIO(data))
    with pytest.raises(ValueError, match="an object or"):
        serialization.add_safe_globals([(1, 2)])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_unsafe_globals(tmp_path, protocol):
    obj = [fractions.Fraction(1, 2), decimal.Decimal(3), rushlight.ones(1), "x.y"]
    rushlight.save(obj, tmp_path / "a.pt", pickle_protocol=protocol)
    find = serialization.get_unsafe_globals_in_checkpoint
    assert find(tmp_path / "a.pt") == ["decimal.Decimal", "fractions.Fraction"]
    with serialization.safe_globals([decimal.Decimal]):
        assert find(tmp_path / "a.pt") == ["fractions.Fraction"]
    with pytest.raises(ValueError, match="Expected input to be a checkpoint"):
        find(io.BytesIO(b"hello"))
    # A name that is not in the pickle as it stands is no reason to call it safe.
    hidden = archive_of(b"\x80\x04K\x01K\x02\x93.")
    with pytest.raises(pickle.UnpicklingError, match="made while it runs"):
        find(hidden)


def test_load_reads_safetensors_by_name(tmp_path):
    path = tmp_path / "a.safetensors"
    safetensors.save_file({"x": rushlight.ones(2)}, path)
    for where in (None, "cpu", rushlight.device("cpu")):
        assert rushlight.load(path, where)["x"].tolist() == [1.0, 1.0]
    for where in ({"cpu": "cpu"}, lambda storage, location: storage):
        with pytest.raises(RuntimeError, match="map_location must be a device"):
            rushlight.load(path, where)


def archive_of(pickled):
    stream = io.BytesIO()
    writer = serialization.ArchiveWriter(stream, "archive")
    writer.add("data.pkl", pickled)
    writer.finish()
    return io.BytesIO(stream.getvalue())


LONG_LIST = b"](" + b"K\x01" * 50_000 + b"e"
BOMBS = {
    # Copies of one long thing, made by name: 50,000 elements for four bytes.
    "sets": b"cbuiltins\nset\nq\x00" + LONG_LIST + b"\x85q\x01" + b"h\x00h\x01R" * 9999,
    "bytes": b"cbuiltins\nbytearray\nq\x00B\x50\xc3\x00\x00"
    + bytes(50_000)
    + b"\x85q\x01"
    + b"h\x00h\x01R" * 9999,
    "dicts": b"ccollections\nOrderedDict\nq\x00](K\x01K\x02\x86q\x02"
    + b"h\x02" * 50_000
    + b"e\x85q\x01"
    + b"h\x00h\x01R" * 9999,
    # A key that holds ten times the one before, fifteen times over.
    "key": b"(K\x01tq\x000" + (b"(" + b"h\x00" * 10 + b"tq\x000") * 14 + b"}h\x00Ns",
}


@pytest.mark.parametrize("name", BOMBS)
def test_pickle_bombs(name):
    file = archive_of(BOMBS[name] + b".")
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(pickle.UnpicklingError, match="a pickle bomb"):
            rushlight.load(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 << 20
    assert time.perf_counter() - started < 20


def test_deep_nesting_is_harmless():
    depth = 200_000
    got = rushlight.load(archive_of(b"]" * depth + b"a" * (depth - 1) + b"."))
    found = 1
    while got:
        (got,) = got
        found += 1
    assert found == depth
    got = rushlight.load(archive_of(b"N" + b"\x85" * depth + b"."))
    assert isinstance(got, tuple)
    with pytest.raises(pickle.UnpicklingError, match="used as a key"):
        rushlight.load(archive_of(b"}N" + b"\x85" * depth + b"Ns."))


def test_records_that_overlap_by_a_little_are_refused():
    stream = io.BytesIO()
    rushlight.save([rushlight.zeros(50), rushlight.zeros(50)], stream)
    raw = bytearray(stream.getvalue())
    at = raw.find(b"PK\x01\x02")
    while not raw[at + 46 :].startswith(b"archive/data/0"):
        at = raw.find(b"PK\x01\x02", at + 4)
    raw[at + 20 : at + 28] = struct.pack("<II", 260, 260)
    with pytest.raises(RuntimeError, match=r"data/0.*overlap"):
        rushlight.load(io.BytesIO(bytes(raw)))


def test_numpy_files(tmp_path):
    x = rushlight.arange(6.0).view(2, 3)
    np.save(tmp_path / "a.npy", x)
    assert rushlight.equal(rushlight.from_numpy(np.load(tmp_path / "a.npy")), x)
    # Mapped, and what is written stays in this process.
    y = rushlight.from_numpy(np.load(tmp_path / "a.npy", mmap_mode="c"))
    y[0, 0] = 7
    assert y.tolist() == [[7.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert np.load(tmp_path / "a.npy")[0, 0] == 0
    np.savez(tmp_path / "b.npz", x=x, n=rushlight.tensor([1, 2]), t=x.t())
    with np.load(tmp_path / "b.npz") as file:
        got = {name: rushlight.from_numpy(file[name]) for name in file}
    assert rushlight.equal(got["x"], x)
    assert rushlight.equal(got["t"], x.t())
    assert got["n"].dtype == rushlight.int64


SAVER = """
import sys
import rushlight
from rushlight import safetensors

kind, path = sys.argv[1:]
number = 1
while True:
    x = rushlight.full((200_000,), float(number))
    if kind == "pt":
        rushlight.save({"x": x, "n": x.clone()}, path)
    else:
        safetensors.save_file({"x": x, "n": x.clone()}, path)
    if number == 1:
        print("saved", flush=True)
    number += 1
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_killed_save_leaves_a_whole_file(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    rng = random.Random(0)
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVER, kind, str(path)], stdout=subprocess.PIPE
        )
        try:
            assert child.stdout.readline() == b"saved\n"
            time.sleep(rng.random() * 0.05)
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        got = rushlight.load(path)
        value = got["x"][0].item()
        assert value >= 1
        assert (got["x"] == value).all()
        assert (got["n"] == value).all()


KILLER = """
import os, signal, sys
import rushlight
from rushlight import safetensors

kind, path = sys.argv[1:]
save = rushlight.save if kind == "pt" else safetensors.save_file
load = rushlight.load
save({"x": rushlight.zeros(5), "y": rushlight.zeros(5)}, path)
left = 0

def counted(function):
    def call(*args, **options):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return function(*args, **options)
    return call

class Stream:
    def __init__(self, stream):
        self.stream = stream
        self.write = counted(stream.write)
    def __getattr__(self, name):
        return getattr(self.stream, name)
    def __enter__(self):
        self.stream.__enter__()
        return self
    def __exit__(self, *error):
        return self.stream.__exit__(*error)

step = 0
while True:
    child = os.fork()
    if child == 0:
        left = step
        # Unbuffered: what was written before the kill is in the file.
        fdopen = os.fdopen
        os.fdopen = lambda handle, mode: Stream(fdopen(handle, mode, 0))
        os.fsync, os.replace = counted(os.fsync), counted(os.replace)
        save({"x": rushlight.ones(5), "y": rushlight.ones(5)}, path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    got = load(path)
    totals = [got["x"].sum().item(), got["y"].sum().item()]
    assert totals in ([0.0, 0.0], [5.0, 5.0]), totals
    if status == 0:
        assert totals == [5.0, 5.0]
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
    print(step, totals[0])
    step += 1
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_kill_at_any_write_leaves_a_whole_file(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    done = subprocess.run(
        [sys.executable, "-c", KILLER, kind, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    totals = [line.split()[1] for line in done.stdout.splitlines()]
    # The old file up to the rename, the new one once only the folder's sync is left.
    assert len(totals) >= 6
    assert totals == ["0.0"] * (len(totals) - 1) + ["5.0"]
