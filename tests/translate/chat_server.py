"""An endpoint of chat completions on loopback that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes]  # status and body
Answering = Callable[[str, int], Answer]  # of what the user says, and the number of the request from 0


def says(content: object) -> Answer:
    """Answer with what the model says."""
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


def fails(status: int, message: str = "no") -> Answer:
    """Answer with an error, as OpenAI words it."""
    return status, json.dumps({"error": {"message": message}}).encode()


def questions(said: str, number: int = 0) -> Answer:
    """Ask about the last line of what the user says."""
    last = said.strip().splitlines()[-1]
    return says(f"1. what of {last}?\n- who wrote {last}?\n")


@dataclass
class Server:
    """What a server is, and what it was asked."""

    address: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The last line of each request."""
        return [request["messages"][0]["content"].strip().splitlines()[-1] for request in self.requests]


@contextmanager
def chat_server(answering: Answering = questions, **more_headers: str) -> Iterator[Server]:
    """Serve in a thread."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(served.requests)
                served.requests.append(request)
                served.headers.append(dict(self.headers))
            status, body = (
                answering(request["messages"][0]["content"], number)
                if self.path == "/v1/chat/completions"
                else fails(404, "no such path")
            )
            if status == 0:  # break off
                self.connection.close()
                return
            self.send_response(status)
            for name, value in more_headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    served = Server(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
