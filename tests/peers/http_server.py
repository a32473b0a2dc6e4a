"""An MCP server over HTTP whose answers a test scripts, and which records each request that comes.

`respond` is asked for each request; what it gives is written as it is. Where that is None, the server does what a plain
stateful server of the legacy era does, or, on `/sse`, one of the older transport.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Json = Any

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "slow")]


@dataclass(frozen=True)
class Request:
    """A request that came."""

    verb: str
    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body) if self.body else {}

    @property
    def method(self) -> str | None:
        return self.json.get("method")

    @property
    def id(self) -> Json:
        return self.json.get("id")

    @property
    def session(self) -> str | None:
        return self.headers["Mcp-Session-Id"]


@dataclass
class Answer:
    """What is written: a status, headers, and the body in pieces. The connection ends behind it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterator[bytes] | list[bytes] = field(default_factory=list)


def result(request: Request, value: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request.id, "result": value}


def text(request: Request, words: str) -> Json:
    """The result of a tool."""
    return result(request, {"content": [{"type": "text", "text": words}]})


def as_json(message: Json, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **headers}, [json.dumps(message).encode()])


def event(message: Json, event_id: str | None = None) -> bytes:
    prefix = f"id: {event_id}\n" if event_id else ""
    return f"{prefix}event: message\ndata: {json.dumps(message)}\n\n".encode()


def as_events(*pieces: bytes, **headers: str) -> Answer:
    return Answer(200, {"Content-Type": "text/event-stream", **headers}, list(pieces))


Respond = Callable[[Request], Answer | None]


class HttpServer:
    """Listens on a port of its own until the test ends."""

    def __init__(self, respond: Respond = lambda request: None) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.sessions: list[str] = []
        self.pushed: queue.Queue[bytes | None] = queue.Queue()  # what GET streams carry; None ends one
        self._changed = threading.Condition()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_request(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, self.headers, self.rfile.read(length))
                with server._changed:
                    server.requests.append(request)
                    server._changed.notify_all()
                answer = server.respond(request) or server.plain(request)
                try:
                    self.write(answer)
                except OSError:
                    self.close_connection = True

            def write(self, answer: Answer) -> None:
                whole = answer.pieces[0] if isinstance(answer.pieces, list) and len(answer.pieces) == 1 else None
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if whole is not None or answer.pieces == []:
                    self.send_header("Content-Length", str(len(whole or b"")))
                    self.end_headers()
                    self.wfile.write(whole or b"")
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                self.wfile.flush()
                for piece in answer.pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()

            do_GET = do_POST = do_DELETE = handle_request

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    # What it says by itself

    def plain(self, request: Request) -> Answer:
        older = request.path != "/mcp"
        if request.verb == "GET":
            first = [b"event: endpoint\ndata: /messages?session=1\n\n"] if older else []
            return Answer(200, {"Content-Type": "text/event-stream"}, self._stream(first))
        if request.verb == "DELETE":
            return Answer(200)
        if older:
            answer = self.answer(request)
            if answer is not None:
                self.pushed.put(event(answer))
            return Answer(202)
        if request.method == "initialize":
            self.sessions.append(f"session-{len(self.sessions) + 1}")
            return as_json(self.answer(request), **{"Mcp-Session-Id": self.sessions[-1]})
        if not self.sessions or request.session != self.sessions[-1]:
            return as_json(
                {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "Session not found"}}, 404
            )
        answer = self.answer(request)
        return Answer(202) if answer is None else as_json(answer)

    def _stream(self, first: list[bytes]) -> Iterator[bytes]:
        yield from first
        while (piece := self.pushed.get()) is not None:
            yield piece

    def answer(self, request: Request) -> Json:
        match request.method:
            case "initialize":
                info = {"name": "http-server", "version": "1"}
                capabilities = {"tools": {"listChanged": True}, "logging": {}}
                version = request.json["params"]["protocolVersion"]
                return result(request, {"protocolVersion": version, "capabilities": capabilities, "serverInfo": info})
            case "tools/list":
                return result(request, {"tools": TOOLS})
            case "tools/call":
                return text(request, json.dumps(request.json["params"]["arguments"]))
            case _:
                return None if "id" not in request.json or "result" in request.json else result(request, {})

    def forget(self) -> None:
        """Knows no session any more, as after a restart."""
        self.sessions.append("forgotten")

    # What a test asks

    @property
    def url(self) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}/mcp"

    def heard(self, verb: str = "POST", method: str | None = None) -> list[Request]:
        with self._changed:
            return [one for one in self.requests if one.verb == verb and method in (None, one.method)]

    def wait(self, verb: str, method: str | None = None, count: int = 1, patience: float = 10) -> list[Request]:
        """The requests of a kind, once so many have come."""
        with self._changed:
            found = lambda: [one for one in self.requests if one.verb == verb and method in (None, one.method)]  # noqa: E731
            told = [(one.verb, one.method) for one in self.requests]
            assert self._changed.wait_for(lambda: len(found()) >= count, patience), (
                f"no {count} {verb} {method}: {told}"
            )
            return found()

    def __enter__(self) -> HttpServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.pushed.put(None)
        self._http.shutdown()
        self._http.server_close()
