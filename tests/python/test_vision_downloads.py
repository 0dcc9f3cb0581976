"""Downloads that redirect, break off, are damaged or killed; hostile archives."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import zipfile

import pytest

from local_server import local_site
from rushlight.vision import _download
from rushlight.vision.datasets import _archives, utils

DATA = bytes(range(256)) * 40
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture
def site():
    with local_site() as running:
        running.files["data.bin"] = DATA
        yield running


def names(folder):
    return sorted(os.listdir(folder))


def test_file_comes_once(site, tmp_path):
    for _ in range(2):
        utils.download_url(site.url + "data.bin", tmp_path / "new", md5=MD5)
        utils.download_url(site.url + "data.bin", tmp_path / "new", "other.bin")
    assert (tmp_path / "new" / "data.bin").read_bytes() == DATA
    assert (tmp_path / "new" / "other.bin").read_bytes() == DATA
    assert names(tmp_path / "new") == ["data.bin", "other.bin"]
    assert len(site.log) == 2


def test_file_with_another_digest_is_fetched_anew(site, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"damaged")
    utils.download_url(site.url + "data.bin", tmp_path, md5=MD5)
    assert (tmp_path / "data.bin").read_bytes() == DATA


def test_wrong_digest(site, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"old")
    with pytest.raises(RuntimeError, match=r"File not found or corrupted.*expected 00"):
        utils.download_url(site.url + "data.bin", tmp_path, md5="00")
    assert names(tmp_path) == ["data.bin"]
    assert (tmp_path / "data.bin").read_bytes() == b"old"


def test_absent_file(site, tmp_path):
    with pytest.raises(urllib.error.URLError, match=r"cannot download .*404.*MIRRORS"):
        utils.download_url(site.url + "absent", tmp_path)
    assert names(tmp_path) == []


def test_nobody_listens(tmp_path):
    with local_site() as gone:
        url = gone.url
    with pytest.raises(urllib.error.URLError, match="refused"):
        utils.download_url(url + "data.bin", tmp_path)
    assert names(tmp_path) == []


def test_redirects(site, tmp_path):
    site.redirects = {"a": site.url + "b", "b": "/c", "c": site.url + "data.bin"}
    utils.download_url(site.url + "a", tmp_path)
    assert (tmp_path / "a").read_bytes() == DATA
    with pytest.raises(RecursionError, match=r"exceeded 2 redirects.*/data\.bin"):
        utils.download_url(site.url + "a", tmp_path, "two", max_redirect_hops=2)
    site.redirects["loop"] = site.url + "loop"
    with pytest.raises(RecursionError, match="exceeded 3 redirects"):
        utils.download_url(site.url + "loop", tmp_path)
    site.redirects["away"] = (tmp_path / "a").as_uri()
    with pytest.raises(urllib.error.URLError):
        utils.download_url(site.url + "away", tmp_path)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("md5", [None, MD5])
@pytest.mark.parametrize("ranges", [True, False])
def test_broken_connection_is_taken_up_again(site, tmp_path, md5, ranges):
    site.cut["data.bin"] = [3000, 2000]
    site.ranges = ranges
    utils.download_url(site.url + "data.bin", tmp_path, md5=md5)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert [asked for _, asked in site.log][:2] == [None, "bytes=3000-"]
    assert names(tmp_path) == ["data.bin"]


def test_connection_that_keeps_breaking(site, tmp_path):
    site.cut["data.bin"] = [1000] * 3
    with pytest.raises(urllib.error.URLError, match="broke off: 3000 of 10240 bytes"):
        utils.download_url(site.url + "data.bin", tmp_path)
    assert names(tmp_path) == []
    site.cut["data.bin"] = [1000] * 3
    with pytest.raises(urllib.error.URLError, match="broke off"):
        utils.download_url(site.url + "data.bin", tmp_path, md5=MD5)
    assert names(tmp_path) == [".data.bin.part"]  # a checksum will tell: kept
    site.log.clear()
    utils.download_url(site.url + "data.bin", tmp_path, md5=MD5)
    assert site.log == [("data.bin", "bytes=3000-")]
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert names(tmp_path) == ["data.bin"]


@pytest.mark.parametrize("left", [b"another file", DATA + b"longer", DATA])
def test_part_of_another_file(site, tmp_path, left):
    (tmp_path / ".data.bin.part").write_bytes(left)
    utils.download_url(site.url + "data.bin", tmp_path, md5=MD5)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    (tmp_path / "data.bin").unlink()
    (tmp_path / ".data.bin.part").write_bytes(left)
    utils.download_url(site.url + "data.bin", tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == DATA


def test_mirrors(site, tmp_path, monkeypatch):
    rules = (
        f"http://nowhere.invalid/=http://127.0.0.1:9/ "
        f"http://nowhere.invalid/sets/={site.url}absent/ "
        f"http://nowhere.invalid/sets/={site.url}wrong/ "
        f"http://nowhere.invalid/sets/={site.url}"
    )
    site.files["wrong/data.bin"] = b"another file"
    monkeypatch.setenv("RUSHLIGHT_MIRRORS", rules)
    utils.download_url("http://nowhere.invalid/sets/data.bin", tmp_path, md5=MD5)
    assert (tmp_path / "data.bin").read_bytes() == DATA
    monkeypatch.setenv("RUSHLIGHT_MIRRORS", rules.rpartition(" ")[0])
    with pytest.raises(RuntimeError, match=r"no address has the right file.*9/.*wrong"):
        utils.download_url("http://nowhere.invalid/sets/data.bin", tmp_path, "b", MD5)
    assert names(tmp_path) == ["data.bin"]
    monkeypatch.setenv("RUSHLIGHT_MIRRORS", site.url)
    with pytest.raises(ValueError, match="expected rules published=mirror"):
        utils.download_url(site.url + "data.bin", tmp_path, "c")


def test_full_disk_is_not_the_mirrors_fault(site, tmp_path):
    code = (
        "import resource, signal, sys\n"
        "from rushlight.vision.datasets import utils\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    utils.download_url(sys.argv[1], sys.argv[2])\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, error.errno)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, site.url + "data.bin", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["OSError", "27"], done.stderr
    assert names(tmp_path) == []


FETCH = (
    "import sys\n"
    "from rushlight.vision.datasets import utils\n"
    "utils.download_url(sys.argv[1], sys.argv[2], md5=sys.argv[3] or None)\n"
)


def fetching(site, folder, md5=""):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, site.url + "data.bin", str(folder), md5],
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(condition):
    stop = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.01)


@pytest.mark.parametrize("md5", ["", MD5])
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_killed_download_leaves_no_file(site, tmp_path, md5, by):
    site.files["data.bin"] = data = os.urandom(1 << 22)
    md5 = md5 and hashlib.md5(data).hexdigest()
    site.gate = threading.Event()
    part = tmp_path / ".data.bin.part"
    child = fetching(site, tmp_path, md5)
    wait_for(lambda: part.exists() and part.stat().st_size >= 1 << 20)
    child.send_signal(by)
    child.communicate(timeout=20)
    assert child.returncode != 0
    assert not (tmp_path / "data.bin").exists()
    site.gate.set()
    site.gate = None
    site.log.clear()
    utils.download_url(site.url + "data.bin", tmp_path, md5=md5 or None)
    assert (tmp_path / "data.bin").read_bytes() == data
    assert names(tmp_path) == ["data.bin"]
    assert (site.log[0][1] is not None) == bool(md5)


def test_processes_share_a_download(site, tmp_path):
    site.gate = threading.Event()
    children = [fetching(site, tmp_path, MD5)]
    wait_for(lambda: site.log)
    children += [fetching(site, tmp_path, MD5) for _ in range(2)]
    time.sleep(0.5)  # for these to come to the lock
    site.gate.set()
    for child in children:
        assert child.communicate(timeout=30)[0] is None
        assert child.returncode == 0
    assert len(site.log) == 1
    assert names(tmp_path) == ["data.bin"]


def test_progress_without_tqdm(site, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _download.fetch(site.url + "data.bin", tmp_path / "a")
    assert capsys.readouterr().err.endswith("100.0% of 0.0 MB\n")
    _download.fetch(site.url + "data.bin", tmp_path / "b", progress=False)
    assert capsys.readouterr().err == ""


def test_progress_with_tqdm(site, tmp_path, capsys):
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    _download.fetch(site.url + "data.bin", tmp_path / "a")
    shown = capsys.readouterr().err
    assert "100%" in shown and "10.0k/10.0k" in shown


# Archives


def tar_of(members, mode="w"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for member, data in members:
            if isinstance(member, str):
                member = tarfile.TarInfo(member)
                member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def zip_of(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return stream.getvalue()


MEMBERS = [("a/b.txt", b"one"), ("a/c/d.txt", DATA), ("./e", b"")]
ARCHIVES = {
    "x.tar": tar_of(MEMBERS),
    "x.tar.gz": tar_of(MEMBERS, "w:gz"),
    "x.tgz": tar_of(MEMBERS, "w:gz"),
    "x.tar.bz2": tar_of(MEMBERS, "w:bz2"),
    "x.tbz": tar_of(MEMBERS, "w:bz2"),
    "x.tbz2": tar_of(MEMBERS, "w:bz2"),
    "x.tar.xz": tar_of(MEMBERS, "w:xz"),
    "x.zip": zip_of(MEMBERS),
    "x.zip.gz": gzip.compress(zip_of(MEMBERS)),
}


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in pathlib.Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(tmp_path, name):
    (tmp_path / name).write_bytes(ARCHIVES[name])
    expected = {"a/b.txt": b"one", "a/c/d.txt": DATA, "e": b""}
    to = tmp_path / "out"
    assert utils.extract_archive(tmp_path / name, to) == to
    assert tree(to) == expected
    utils.extract_archive(str(tmp_path / name), remove_finished=True)
    assert tree(tmp_path) == {
        **expected,
        **{f"out/{key}": value for key, value in expected.items()},
    }


def test_a_file_beside_an_archive_stays(tmp_path):
    (tmp_path / "x.zip.gz").write_bytes(ARCHIVES["x.zip.gz"])
    (tmp_path / "x.zip").write_bytes(b"another")
    utils.extract_archive(tmp_path / "x.zip.gz", tmp_path / "out")
    assert (tmp_path / "x.zip").read_bytes() == b"another"
    assert len(tree(tmp_path / "out")) == 3


@pytest.mark.parametrize("kind, module", [("gz", gzip), ("bz2", bz2), ("xz", lzma)])
def test_single_files(tmp_path, kind, module):
    path = tmp_path / f"file.txt.{kind}"
    path.write_bytes(module.compress(DATA))
    result = utils.extract_archive(path, tmp_path / "out", remove_finished=True)
    assert result == str(tmp_path / "out" / "file.txt")
    assert tree(tmp_path) == {"out/file.txt": DATA}


def test_download_and_extract(site, tmp_path):
    site.files["x.tar.gz"] = ARCHIVES["x.tar.gz"]
    utils.download_and_extract_archive(
        site.url + "x.tar.gz", tmp_path / "from", tmp_path / "to", remove_finished=True
    )
    assert names(tmp_path / "from") == []
    assert set(tree(tmp_path / "to")) == {"a/b.txt", "a/c/d.txt", "e"}


def test_unknown_archives():
    with pytest.raises(RuntimeError, match="'foo' has no suffixes"):
        utils.extract_archive("foo")
    with pytest.raises(RuntimeError, match=r"archive type: '\.txt'.\nKnown suffixes"):
        utils.extract_archive("foo.txt")


def info(name, kind, target=""):
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = target
    return member


def linked(name, target):
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member, target


HOSTILE = {
    "above.tar": tar_of([("ok", b"1"), ("../evil", b"2")]),
    "absolute.tar": tar_of([("/tmp/evil", b"2")]),
    "inside.tar": tar_of([("a/../../evil", b"2")]),
    "symbolic.tar": tar_of(
        [(info("a", tarfile.SYMTYPE, "/tmp"), b""), ("a/evil", b"2")]
    ),
    "hard.tar": tar_of([(info("a", tarfile.LNKTYPE, "/etc/passwd"), b"")]),
    "device.tar": tar_of([(info("a", tarfile.CHRTYPE), b"")]),
    "pipe.tar": tar_of([(info("a", tarfile.FIFOTYPE), b"")]),
    "above.zip": zip_of([("ok", b"1"), ("../evil", b"2")]),
    "absolute.zip": zip_of([("/tmp/evil", b"2")]),
    "backslash.zip": zip_of([("..\\evil", b"2")]),
    "symbolic.zip": zip_of([linked("a", "/tmp"), ("a/evil", b"2")]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_archives_that_lead_out(tmp_path, name):
    (tmp_path / name).write_bytes(HOSTILE[name])
    with pytest.raises(RuntimeError, match=r"the member '.*not extracted"):
        utils.extract_archive(tmp_path / name, tmp_path / "out")
    left = tree(tmp_path)
    del left[name]
    assert set(left) <= {"out/ok"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


ZEROS = bytes(1 << 24)


def zero_zip(count):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(count):
            archive.writestr(f"f{at}", ZEROS[: 1 << 22])
    return stream.getvalue()


def long_name_bomb():
    """A tar file whose header says that its name has a gigabyte."""
    member = tarfile.TarInfo("x")
    member.type = tarfile.GNUTYPE_LONGNAME
    member.size = 1 << 30
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))


BOMBS = {
    "x.gz": lambda: gzip.compress(ZEROS),
    "x.bz2": lambda: bz2.compress(ZEROS),
    "x.xz": lambda: lzma.compress(ZEROS, preset=0),
    "x.tar.gz": lambda: tar_of([("a", ZEROS)], "w:gz"),
    "x.zip": lambda: zero_zip(4),
    "name.tar.gz": long_name_bomb,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(tmp_path, monkeypatch, name):
    monkeypatch.setattr(_archives, "_FREE", 1 << 21)
    (tmp_path / name).write_bytes(BOMBS[name]())
    with pytest.raises(RuntimeError, match=r"compression bomb|a header of"):
        utils.extract_archive(tmp_path / name, tmp_path / "out")
    assert list(tree(tmp_path)) == [name]


@pytest.mark.parametrize("name", ARCHIVES)
def test_truncated_archives(tmp_path, name):
    data = ARCHIVES[name]
    for size in range(0, len(data), max(1, len(data) // 12)):
        (tmp_path / name).write_bytes(data[:size])
        to = tmp_path / f"out{size}"
        try:
            utils.extract_archive(tmp_path / name, to)
            problem = ""
        except RuntimeError as error:
            problem = str(error)
        # A plain tar file may be cut between its members and still be one.
        assert "damaged" in problem or "in the archive" in problem or name == "x.tar"
        expected = {"a/b.txt": b"one", "a/c/d.txt": DATA, "e": b""}
        got = tree(to) if to.exists() else {}
        assert got.items() <= expected.items()


def test_checksums(tmp_path):
    path = tmp_path / "file"
    assert not utils.check_integrity(path)
    path.write_bytes(DATA)
    assert utils.calculate_md5(path, chunk_size=100) == MD5
    assert utils.check_md5(path, MD5) and not utils.check_md5(path, "00")
    assert utils.check_integrity(path) and utils.check_integrity(path, MD5)
    assert not utils.check_integrity(path, "00")


def test_lists_of_names(tmp_path):
    (tmp_path / "d.png").mkdir()
    (tmp_path / "a.png").touch()
    (tmp_path / "b.jpg").touch()
    assert utils.list_dir(tmp_path) == ["d.png"]
    assert utils.list_dir(tmp_path, prefix=True) == [str(tmp_path / "d.png")]
    assert utils.list_files(tmp_path, ".png") == ["a.png"]
    both = sorted(utils.list_files(tmp_path, (".png", ".jpg"), True))
    assert both == [str(tmp_path / "a.png"), str(tmp_path / "b.jpg")]
