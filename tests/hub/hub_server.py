"""A Hub on loopback: the part of its HTTP protocol that `huggingface_hub` speaks when it pushes and loads a model."""

import hashlib
import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub import hub_answers
from tests.hub.hub_store import Account, Refused, Store

TOKEN, READ_TOKEN = "hf_" + "w" * 34, "hf_" + "r" * 34
_LARGEST = 50_000_000  # bytes of a request that are taken
_SHORT = 2_000  # bytes of an upload that is cut


class Hub(ThreadingHTTPServer):
    """The server; `with Hub() as hub` starts it, and it ends with the block."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = Store({TOKEN: Account("me"), READ_TOKEN: Account("reader", writes=False)})
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests: list[str] = []  # METHOD /path
        self.received: list[bytes] = []  # the body of every request
        self.uploads: list[str] = []  # sha256 of each large file that arrived whole
        self.cuts: set[str] = set()  # sha256 of large files whose upload breaks off
        self.fails: dict[str, int] = {}  # what a path ends with → the status that it is answered with

    def __enter__(self) -> "Hub":
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def counted(self, request: str) -> int:
        """How often a request was made: a pattern of METHOD /path."""
        return sum(re.fullmatch(request, made) is not None for made in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20  # seconds
    wbufsize = -1  # an answer goes out in one piece: two would wait for each other
    disable_nagle_algorithm = True
    server: Hub

    def log_message(self, *arguments: object) -> None: ...

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _answer(self) -> None:
        address = urlsplit(self.path)
        self.server.requests.append(f"{self.command} {unquote(address.path)}")
        status = next((status for end, status in self.server.fails.items() if address.path.endswith(end)), None)
        try:
            if self.command == "PUT":
                self._store(address.path.rpartition("/")[2])
                return
            body = self._body()
            if status is not None:
                raise Refused(status, "The Hub is asked to fail here")
            self._send(*self._route(address.path, parse_qs(address.query), body))
        except Refused as refused:
            headers = {"X-Error-Message": refused.message} | ({"X-Error-Code": refused.code} if refused.code else {})
            self._send(refused.status, json.dumps({"error": refused.message}).encode(), headers)

    def _route(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        for method, pattern, answer in hub_answers.ROUTES:
            found = re.fullmatch(pattern, path)
            if found and self.command in method:
                request = hub_answers.Request(
                    self.server.store, self.server.endpoint, self._token(), query, body,
                    *(unquote(found.groupdict().get(name) or default) for name, default in hub_answers.LOCATIONS),
                )  # fmt: skip
                return answer(request)
        raise Refused(404, f"no {self.command} {path} here")

    def _token(self) -> str | None:
        written = self.headers.get("Authorization")
        return written.removeprefix("Bearer ") if written else None

    def _store(self, name: str) -> None:
        """Take a large file, or break off in the middle of it."""
        if name in self.server.cuts:
            self.rfile.read(min(_SHORT, int(self.headers.get("Content-Length") or _SHORT)))
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        content = self._body()
        if hashlib.sha256(content).hexdigest() != name:
            raise Refused(400, "the content is not what its name says")
        self.server.store.large[name] = content
        self.server.uploads.append(name)
        self._send(200, b"", {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline(100), 16):
                parts.append(self.rfile.read(min(size, _LARGEST)))
                self.rfile.readline(10)
            self.rfile.readline(10)
            body = b"".join(parts)
        else:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LARGEST))
        self.server.received.append(body)
        return body

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
