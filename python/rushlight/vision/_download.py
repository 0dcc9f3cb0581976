"""Downloads: a file appears under its name when it is whole and checked, or not at all.

Note [Part files]
What has come of ``name`` lies in ``.name.part`` beside it, under an exclusive lock, and
is renamed at the end. A second process that wants the same file waits for the lock and
then finds the file. A part that a killed or broken download left behind is completed by
the next one where a checksum will tell whether the two halves belong together; else it
is begun anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from rushlight import __version__

MIRRORS_SETTING = "RUSHLIGHT_MIRRORS"
_CHUNK = 1 << 20
_TRIES = 3
_TIMEOUT = 60  # seconds without a byte
_RULE = re.compile(r"(\S+?)=([a-z]+://\S*)")


class DownloadError(urllib.error.URLError):
    """A file could not be downloaded from any of its addresses."""

    def __str__(self) -> str:
        return str(self.reason)


class _BrokeOff(OSError):
    """The connection ended before the file did."""


def addresses(url: str) -> list[str]:
    """Where a published file is looked for, in this order.

    ``RUSHLIGHT_MIRRORS`` holds rules ``published=mirror`` between spaces: an address
    that starts with ``published`` is looked for with ``mirror`` in its place, then as
    published.

    Raises:
        ValueError: the setting holds something else.

    Example:
        >>> import os
        >>> from rushlight.vision._download import addresses
        >>> os.environ["RUSHLIGHT_MIRRORS"] = "https://a.org/=http://localhost:8000/"
        >>> addresses("https://a.org/data/train.gz")
        ['http://localhost:8000/data/train.gz', 'https://a.org/data/train.gz']
        >>> del os.environ["RUSHLIGHT_MIRRORS"]
    """
    found = []
    for rule in os.environ.get(MIRRORS_SETTING, "").split():
        match = _RULE.fullmatch(rule)
        if match is None:
            raise ValueError(
                f"{MIRRORS_SETTING}: expected rules published=mirror, two addresses, "
                f"got {rule!r}"
            )
        if url.startswith(match[1]):
            found.append(match[2] + url[len(match[1]) :])
    return [*found, url]


def fetch(
    url: str,
    path: str | os.PathLike[str],
    verify: Callable[[str], None] | None = None,
    *,
    progress: bool = True,
    max_redirects: int = 3,
) -> None:
    """Download a file, replacing what is at ``path`` in the end.

    Args:
        url: its published address; mirrors by :func:`addresses`.
        path: where it goes; the folder is made if missing.
        verify: called with a path before the file appears; raises ``RuntimeError`` for
            wrong contents.
        progress: show progress on stderr, by tqdm where it is installed.
        max_redirects: redirections that are followed.

    Raises:
        DownloadError: a ``urllib.error.URLError``; no address has the whole file.
        RuntimeError: an address has it, with wrong contents.
        RecursionError: the only address redirects too often.
        OSError: the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = _stamp(path)
    with _locked_part(path) as part:
        if _stamp(path) not in (before, None):  # another process has fetched it
            if verify is not None:
                verify(str(path))
            os.unlink(part.name)
            return
        try:
            _fetch_first(url, path, part, verify, progress, max_redirects)
        except BaseException as error:
            resumable = verify is not None and not isinstance(error, RuntimeError)
            if not resumable or part.seek(0, os.SEEK_END) == 0:
                os.unlink(part.name)
            raise
        part.flush()
        os.fsync(part.fileno())
        os.replace(part.name, path)


def _fetch_first(url, path, part, verify, progress, max_redirects) -> None:
    """Fill the part from the first address that has the right file."""
    problems: list[tuple[str, Exception]] = []
    for address in addresses(url):
        bar = _Progress(path.name) if progress else None
        request = _Request(address, part, verify is not None, bar, max_redirects)
        try:
            with contextlib.closing(bar) if bar else contextlib.nullcontext():
                resumed = request.run()
            if verify is not None:
                try:
                    verify(part.name)
                except RuntimeError:
                    if not resumed:
                        raise
                    part.truncate(0)  # the halves were of different files
                    request.run()
                    verify(part.name)
            return
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                if not isinstance(error, (ConnectionError, TimeoutError)):
                    raise  # of this machine's files, not of the address
            problems.append((address, error))
            if not isinstance(error, _BrokeOff):
                part.truncate(0)
    if len(problems) == 1 and isinstance(problems[0][1], RuntimeError):
        raise problems[0][1]
    tried = "; ".join(f"{address!r}: {error}" for address, error in problems)
    if any(
        isinstance(error, RuntimeError) and not isinstance(error, RecursionError)
        for _, error in problems
    ):
        raise RuntimeError(f"{path}: no address has the right file: {tried}")
    raise DownloadError(
        f"cannot download {tried}; put the file at {str(path)!r} yourself, or name an "
        f"address that has it in {MIRRORS_SETTING}"
    ) from problems[-1][1]


class _Request:
    """One address' file into a part, resumed where the connection breaks off."""

    def __init__(self, address, part, resume, bar, max_redirects) -> None:
        self.address = address
        self.part = part
        self.resume = resume
        self.bar = bar
        self.opener = urllib.request.build_opener(_Redirects(address, max_redirects))
        self.same: str | None = None  # tells whether the file is still the one begun

    def run(self) -> bool:
        """Receive the file; whether its beginning was there before."""
        if not self.resume:
            self.part.truncate(0)
        found = self._done()
        for _ in range(_TRIES - 1):
            try:
                return self._receive() and found > 0
            except _BrokeOff:
                if not (self.resume or self.same):
                    self.part.truncate(0)
        return self._receive() and found > 0

    def _done(self) -> int:
        return self.part.seek(0, os.SEEK_END)

    def _receive(self) -> bool:
        start = self._done()
        headers = {"User-Agent": f"rushlight/{__version__}"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if self.same:
                headers["If-Range"] = self.same
        asked = urllib.request.Request(self.address, headers=headers)
        try:
            answer = self.opener.open(asked, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 416 or not start:  # the part is no beginning of the file
                raise
            self.part.truncate(0)
            return self._receive()
        with answer:
            going_on = answer.status == 206 and start > 0
            if not going_on:
                self.part.truncate(0)
                start = 0
            self.same = _validator(answer.headers)
            length = answer.headers.get("Content-Length")
            total = start + int(length) if length and length.isdigit() else None
            done = self._copy(answer, start, total)
        if total is not None and done != total:
            raise _BrokeOff(f"it broke off: {done} of {total} bytes came")
        return going_on

    def _copy(self, answer, done, total) -> int:
        if self.bar:
            self.bar.show(done, total)
        while True:
            try:
                chunk = answer.read(_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                self.part.flush()
                raise _BrokeOff(f"it broke off after {done} bytes: {error}") from error
            if not chunk:
                self.part.flush()
                return done
            self.part.write(chunk)
            done += len(chunk)
            if self.bar:
                self.bar.show(done, total)


def _validator(headers) -> str | None:
    # RFC 9110, section 13.1.5: a weak tag does not do.
    tag = headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return headers.get("Last-Modified")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows so many redirections, and none that leaves the network."""

    def __init__(self, address: str, most: int) -> None:
        self.address = address
        self.most = most

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        count = getattr(req, "redirects", 0) + 1
        if count > self.most:
            fp.close()
            raise RecursionError(
                f"Request to {self.address} exceeded {self.most} redirects. The last "
                f"redirect points to {newurl}."
            )
        if urlsplit(newurl).scheme not in ("http", "https"):
            fp.close()
            raise DownloadError(f"{self.address} redirects to {newurl}")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.redirects = count  # type: ignore[attr-defined]
        return following


class _Progress:
    """How much of a file has come: tqdm's bar, or a line where it is not installed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: Any = None
        self.shown = False
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            return
        self.bar = tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024)

    def show(self, done: int, total: int | None) -> None:
        """Say that so many bytes of the total are there."""
        if self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)
            return
        self.shown = True
        share = f"{100 * done / total:5.1f}% of " if total else ""
        size = (total or done) / 1e6
        print(f"\r{self.name}: {share}{size:.1f} MB", end="", file=sys.stderr)

    def close(self) -> None:
        """End the bar or the line."""
        if self.bar is not None:
            self.bar.refresh()
            self.bar.close()
        elif self.shown:
            print(file=sys.stderr)


def _stamp(path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def _locked_part(path: Path) -> Iterator[IO[bytes]]:
    """The file's part, locked for this process; see Note [Part files]."""
    name = path.with_name(f".{path.name[:200]}.part")
    while True:
        stream = open(name, "a+b")  # noqa: SIM115
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            # Whoever had the lock may have renamed or removed what was opened here.
            if os.path.exists(name) and os.path.samestat(
                os.fstat(stream.fileno()), os.stat(name)
            ):
                break
        except FileNotFoundError:
            pass
        except BaseException:
            stream.close()
            raise
        stream.close()
    with stream:
        yield stream
