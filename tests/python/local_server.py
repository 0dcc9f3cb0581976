"""A web server on 127.0.0.1 that misbehaves as tests want."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading


class Site:
    """What a server answers, and what it was asked.

    Attributes:
        url: its address, with a slash at the end.
        files: from paths to contents.
        redirects: from paths to addresses.
        cut: from paths to how many bytes of each answer come before it breaks off; of
            these numbers one is used up an answer.
        ranges: whether a part of a file can be asked for.
        log: the requests: path and ``Range`` header.
        gate: where it is set, half of each file comes and then nothing until it opens.
    """

    def __init__(self):
        self.url = ""
        self.files = {}
        self.redirects = {}
        self.cut = {}
        self.ranges = True
        self.log = []
        self.gate = None


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.site
        path = self.path.lstrip("/")
        asked = self.headers.get("Range")
        site.log.append((path, asked))
        if path in site.redirects:
            self.send_response(302)
            self.send_header("Location", site.redirects[path])
            self.end_headers()
            return
        if path not in site.files:
            self.send_error(404)
            return
        data = site.files[path]
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        start = 0
        if asked and site.ranges and self.headers.get("If-Range", tag) == tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("ETag", tag)
        self.end_headers()
        body = data[start:]
        if site.cut.get(path):
            body = body[: site.cut[path].pop(0)]
        if site.gate is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        site.gate.wait(30)
        with contextlib.suppress(OSError):
            self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *args):
        return


@contextlib.contextmanager
def local_site():
    """A :class:`Site` while the block runs."""
    site = Site()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.site = site
        site.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield site
        finally:
            if site.gate is not None:
                site.gate.set()
            server.shutdown()
