"""save and load: round trips, sharing, atomicity, damaged and hostile files."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import pickletools
import random
import stat
import struct
import tarfile
import zipfile
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest

import rushlight
from rushlight import nn, optim, serialization

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def saved(obj, **options):
    stream = io.BytesIO()
    rushlight.save(obj, stream, **options)
    return stream.getvalue()


def round_trip(obj, weights_only=True, **options):
    return rushlight.load(io.BytesIO(saved(obj, **options)), weights_only=weights_only)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("weights_only", [True, False])
def test_containers(protocol, weights_only):
    obj = {
        "text": "äß\ud800",
        "numbers": [0, -1, 255, 65536, 2**40, -(2**70), 0.5, float("inf")],
        "others": (None, True, False, b"\x00\xff", bytearray(b"ab"), 1 + 2j),
        "sets": [{1, "a"}, frozenset({2, (3, 4)})],
        "ordered": OrderedDict(a=1),
        "counter": Counter("aab"),
        "default": defaultdict(list, {1: [2]}),
        ("a", 1): {2.5: {}},
        "long": list(range(3000)),
        "size": rushlight.Size([2, 3]),
        "dtypes": [rushlight.float16, rushlight.int64, rushlight.float16],
        "device": rushlight.device("cpu"),
    }
    got = round_trip(obj, weights_only, pickle_protocol=protocol)
    assert got == obj
    assert isinstance(got["size"], rushlight.Size)
    assert got["default"].default_factory is list


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 4)])
def test_every_dtype(name, shape):
    dtype = getattr(rushlight, name)
    values = rushlight.arange(6)[: int(np.prod(shape))].reshape(shape).to(dtype)
    got = round_trip(values)
    assert got.dtype == dtype
    assert got.tolist() == values.tolist()
    assert tuple(got.stride()) == tuple(values.stride())


def test_views_share_their_storage():
    base = rushlight.arange(12.0).reshape(3, 4)
    obj = [base, base[1], base.t(), base[::2, 1:3], base[0, 0].expand(5)]
    got = round_trip(obj)
    for part, original in zip(got, obj, strict=True):
        assert part.tolist() == original.tolist()
        assert tuple(part.stride()) == tuple(original.stride())
    got[0][1, 1] = -1.0
    assert got[1][1].item() == -1.0
    assert got[2][1, 1].item() == -1.0
    assert len(saved(obj)) < 2 * len(saved(base))


def test_same_object_stays_one():
    shared = [rushlight.zeros(1)]
    got = round_trip([shared, shared, shared[0]])
    assert got[0] is got[1]
    assert got[2] is got[0][0]
    loop: list = []
    loop.append(loop)
    got = round_trip(loop)
    assert got[0] is got


def test_parameters_and_gradients_flags():
    layer = nn.Linear(2, 2)
    got = round_trip({"p": layer.weight, "t": rushlight.ones(1, requires_grad=True)})
    assert isinstance(got["p"], nn.Parameter)
    assert got["p"].requires_grad
    assert got["t"].requires_grad
    assert got["t"].is_leaf
    (got["p"].sum() + got["t"].sum()).backward()
    assert got["t"].grad.tolist() == [1.0]
    frozen = round_trip(nn.Parameter(rushlight.ones(1), requires_grad=False))
    assert not frozen.requires_grad


def test_state_dicts_of_model_and_optimizer(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
    optimizer = optim.Adam(model.parameters())
    model(rushlight.ones(1, 1, 4, 4)).sum().backward()
    optimizer.step()
    path = tmp_path / "checkpoint.pt"
    rushlight.save({"m": model.state_dict(), "o": optimizer.state_dict()}, path)
    got = rushlight.load(path)
    assert got["m"]._metadata == model.state_dict()._metadata
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3))
    other.load_state_dict(got["m"])
    for a, b in zip(other.parameters(), model.parameters(), strict=True):
        assert a.tolist() == b.tolist()
    again = optim.Adam(other.parameters())
    again.load_state_dict(got["o"])
    assert again.state_dict()["state"][0]["step"].item() == 1


def test_whole_modules_need_weights_only_false():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
    data = saved(model)
    assert b"torch.nn.modules.linear\nLinear" in zipfile.ZipFile(io.BytesIO(data)).read(
        "archive/data.pkl"
    )
    with pytest.raises(pickle.UnpicklingError, match="Unsupported global"):
        rushlight.load(io.BytesIO(data))
    got = rushlight.load(io.BytesIO(data), weights_only=False)
    assert repr(got) == repr(model)
    assert got[0].weight.tolist() == model[0].weight.tolist()


def test_safe_globals():
    data = saved(pathlib.PurePosixPath("a"))
    with pytest.raises(pickle.UnpicklingError, match="PurePosixPath"):
        rushlight.load(io.BytesIO(data))
    serialization.add_safe_globals([pathlib.PurePosixPath])
    try:
        assert rushlight.load(io.BytesIO(data)) == pathlib.PurePosixPath("a")
    finally:
        serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


def test_file_layout(tmp_path):
    path = tmp_path / "net.pt"
    rushlight.save([rushlight.ones(3), rushlight.zeros(5)], path)
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "net/data.pkl",
            "net/.format_version",
            "net/.storage_alignment",
            "net/byteorder",
            "net/data/0",
            "net/data/1",
            "net/version",
        ]
        for info in archive.infolist():
            name, extra = struct.unpack_from("<HH", raw, info.header_offset + 26)
            assert (info.header_offset + 30 + name + extra) % 64 == 0
        pickletools.dis(archive.read("net/data.pkl"), io.StringIO())
    assert saved([1]) == saved([1])


def test_map_location():
    data = saved(rushlight.ones(2))
    seen = []

    def keep(storage, location):
        seen.append(location)
        return storage

    for where in ("cpu", rushlight.device("cpu"), {"cpu": "cpu"}, keep, None):
        assert rushlight.load(io.BytesIO(data), where).tolist() == [1.0, 1.0]
    assert seen == ["cpu"]


def test_streams():
    stream = io.BytesIO(b"head")
    stream.seek(4)
    rushlight.save([1], stream)
    stream.seek(4)
    assert rushlight.load(stream) == [1]

    class OnlyWrite:
        data = b""

        def write(self, part):
            self.data += part

    only = OnlyWrite()
    rushlight.save([2], only)
    assert rushlight.load(io.BytesIO(only.data)) == [2]


def test_failed_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.pt"
    rushlight.save([1], path)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        rushlight.save(lambda: None, path)
    assert rushlight.load(path) == [1]
    assert os.listdir(tmp_path) == ["a.pt"]
    with pytest.raises(RuntimeError, match="Parent directory"):
        rushlight.save([1], tmp_path / "none" / "a.pt")


def test_interrupted_write_leaves_no_part(tmp_path, monkeypatch):
    path = tmp_path / "a.pt"
    rushlight.save([1], path)

    def fail(self):
        raise OSError("disk full")

    monkeypatch.setattr(serialization.ArchiveWriter, "finish", fail)
    with pytest.raises(OSError, match="disk full"):
        rushlight.save([2], path)
    assert rushlight.load(path) == [1]
    assert os.listdir(tmp_path) == ["a.pt"]


def test_save_keeps_links_and_modes(tmp_path):
    target, link = tmp_path / "target.pt", tmp_path / "link.pt"
    rushlight.save([1], target)
    target.chmod(0o640)
    link.symlink_to(target)
    rushlight.save([2], link)
    assert link.is_symlink()
    assert rushlight.load(target) == [2]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_different_dtypes_of_one_storage_are_refused():
    base = rushlight.zeros(4, dtype=rushlight.float32)
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        saved([base, rushlight._ops._storage_view(base, rushlight.int32, [4], [1], 0)])


def test_bytes_that_are_no_bools_are_refused():
    data = bytearray(saved(rushlight.tensor([True, False])))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        pickled = archive.read("archive/data.pkl")
    with pytest.raises(RuntimeError, match="bytes other than 0 and 1"):
        rushlight.load(archive_of(pickled, [b"\x01\x02"]))


def checkpoint():
    return saved({"weight": rushlight.arange(100.0), "steps": [1, 2.5, "three"]})


def test_every_truncation_is_reported():
    data = checkpoint()
    for size in range(len(data)):
        with pytest.raises((RuntimeError, pickle.UnpicklingError, EOFError)) as caught:
            rushlight.load(io.BytesIO(data[:size]))
        assert "<BytesIO>" in str(caught.value)


def test_flipped_bits_are_reported_or_harmless():
    data = checkpoint()
    expected = rushlight.load(io.BytesIO(data))
    rng = random.Random(0)
    for _ in range(600):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        message = None
        try:
            got = rushlight.load(io.BytesIO(bytes(damaged)))
        except (RuntimeError, pickle.UnpicklingError) as error:
            message = str(error)
        if message is not None:
            assert "<BytesIO>" in message
        else:
            assert got["steps"] == expected["steps"]
            assert got["weight"].tolist() == expected["weight"].tolist()


def archive_of(pickled, storages=()):
    stream = io.BytesIO()
    writer = serialization.ArchiveWriter(stream, "archive")
    writer.add("data.pkl", pickled)
    for key, data in enumerate(storages):
        writer.add(f"data/{key}", data)
    writer.finish()
    return io.BytesIO(stream.getvalue())


def test_damaged_pickles_raise_only_unpickling_errors():
    with zipfile.ZipFile(io.BytesIO(checkpoint())) as archive:
        pickled = archive.read("archive/data.pkl")
        storage = archive.read("archive/data/0")
    rng = random.Random(1)
    for _ in range(3000):
        damaged = bytearray(pickled)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            rushlight.load(archive_of(bytes(damaged), [storage]))
        except (RuntimeError, pickle.UnpicklingError):
            continue


def test_random_opcodes():
    rng = random.Random(2)
    codes = b"(.012NKMJGXBC)t]lae}dsuqhcRbQ\x80\x81\x85\x86\x87\x88\x89\x8a\x8c\x94"
    for _ in range(3000):
        body = bytes(rng.choice(codes) for _ in range(rng.randrange(1, 30))) + b"."
        try:
            rushlight.load(archive_of(body))
        except (RuntimeError, pickle.UnpicklingError):
            continue


class Evil:
    def __reduce__(self):
        return os.system, ("echo evil",)


TENSOR = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
    b"X\x03\x00\x00\x00cpu%sQ%s%s%s\x89}tR."
)


@pytest.mark.parametrize(
    ("pickled", "match"),
    [
        (pickle.dumps(Evil(), 2), "whose module .* is blocked"),
        (b"cshutil\nrmtree\n.", "Unsupported global: GLOBAL shutil.rmtree"),
        (b"cbuiltins\neval\n.", "Unsupported global: GLOBAL builtins.eval"),
        (b"cos\nsystem\n(X\x01\x00\x00\x00ltR.", "GLOBAL os.system whose module os is"),
        (b"(X\x01\x00\x00\x00litest\nT\n.", "not allowed"),
        (b"\x80\x09N.", "protocol 9"),
        (b"X\xff\xff\xff\x7fa.", "ends early"),
        (b"\x8b\xff\xff\xff\x7fa.", "a number has"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.", "ends early"),
        (b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.", "bytearray"),
        (b"cbuiltins\nbytes\n(J\xff\xff\xff\x7ftR.", "called with arguments"),
        (b"cbuiltins\nlist\n(X\x01\x00\x00\x00atR.", "called with arguments"),
        (b"ctorch\nTensor\n(J\xff\xff\xff\x7ftR.", "called with arguments"),
        (b"h\x05.", "memo 5"),
        (b"N", "ends early"),
        (b".", "stack is empty"),
        (b"(.", "stack is empty"),
        (b"}}Ns.", "used as a key"),
        (b"}" + b")\x85" * 1 + b"\x85" * 100 + b"Ns.", "used as a key"),
        (b"K\x01)R.", "a int is called"),
        (b"K\x01}b.", "given a state"),
        (b"K\x01Q.", "persistent id"),
        (TENSOR % (b"K\x02t", b"K\x00", b"K\x03\x85", b"K\x01\x85"), "does not fit"),
        (TENSOR % (b"K\x02t", b"K\x02", b"K\x01\x85", b"K\x01\x85"), "does not fit"),
        (TENSOR % (b"K\x02t", b"J\xff\xff\xff\xff", b")", b")"), "offset"),
        (TENSOR % (b"K\x02t", b"K\x00", b"K\x02\x85", b")"), "stride"),
        (
            TENSOR % (b"K\x02t", b"K\x00", b"K\x02\x85", b"J\xff\xff\xff\xff\x85"),
            "stride",
        ),
        (
            TENSOR
            % (
                b"K\x02t",
                b"K\x00",
                b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f" * 2 + b"\x86",
                b"K\x00K\x00\x86",
            ),
            "does not fit",
        ),
    ],
)
def test_hostile_pickles(pickled, match, capfd):
    with pytest.raises(pickle.UnpicklingError, match=match) as caught:
        rushlight.load(archive_of(pickled, [bytes(8)]))
    assert "record 'data.pkl'" in str(caught.value)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("numel", [b"K\x01", b"K\x03", b"J\xff\xff\xff\x7f"])
def test_storage_of_another_size_is_refused(numel):
    body = TENSOR % (numel + b"t", b"K\x00", b"K\x01\x85", b"K\x01\x85")
    with pytest.raises(RuntimeError, match="record 'data/0': holds 8 bytes"):
        rushlight.load(archive_of(body, [bytes(8)]))


def test_missing_storage_is_reported():
    body = TENSOR % (b"K\x02t", b"K\x00", b"K\x01\x85", b"K\x01\x85")
    with pytest.raises(RuntimeError, match="no record 'data/0'"):
        rushlight.load(archive_of(body))


def test_files_that_are_no_checkpoints(tmp_path):
    path = tmp_path / "x.pt"
    path.write_bytes(b"hello")
    with pytest.raises(RuntimeError, match=r"x\.pt: it starts with b'hell'"):
        rushlight.load(path)
    path.write_bytes(b"\x80\x02\x8a\x0a")
    with pytest.raises(pickle.UnpicklingError, match=r"x\.pt: the pickle ends early"):
        rushlight.load(path)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(RuntimeError, match="tar file"):
        rushlight.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b", "c")
    with pytest.raises(RuntimeError, match=r"no record 'data\.pkl'"):
        rushlight.load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", "N." * 1000)
    with pytest.raises(RuntimeError, match="compressed"):
        rushlight.load(path)
    with pytest.raises(FileNotFoundError):
        rushlight.load(tmp_path / "none.pt")
    with pytest.raises(NotImplementedError, match="zip format"):
        rushlight.save([1], path, _use_new_zipfile_serialization=False)


def test_records_that_overlap_are_refused():
    raw = bytearray(archive_of(b"N.", [bytes(4000)]).getvalue())
    # Both directory entries claim the large record.
    first = raw.find(b"PK\x01\x02")
    second = raw.find(b"PK\x01\x02", first + 4)
    for at in (16, 20, 24, 42):
        raw[first + at : first + at + 4] = raw[second + at : second + at + 4]
    with pytest.raises(RuntimeError, match=r"claim|overlap"):
        rushlight.load(io.BytesIO(bytes(raw)))


def test_large_offsets_use_zip64(monkeypatch):
    from rushlight._serialization import archive

    monkeypatch.setattr(archive, "_MAX32", 300)
    stream = io.BytesIO()
    writer = archive.ArchiveWriter(stream, "a")
    content = {"one": bytes(range(200)), "two": bytes(500), "three": b"xyz"}
    for name, data in content.items():
        writer.add(name, data)
    writer.finish()
    raw = stream.getvalue().replace(
        struct.pack("<I", 300), struct.pack("<I", 0xFFFFFFFF)
    )
    monkeypatch.setattr(archive, "_MAX32", 0xFFFFFFFF)
    reader = archive.ArchiveReader(io.BytesIO(raw), "x")
    for name, data in content.items():
        assert reader.read(name) == data
    with zipfile.ZipFile(io.BytesIO(raw)) as again:
        assert again.read("a/two") == bytes(500)
