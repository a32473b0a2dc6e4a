"""The gateway as hosts over HTTP see it: requests as they are on the wire, and streams of events."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from sessions.rpc import PATIENCE, PROTOCOL, Frame, Json

Headers = Mapping[str, str] | Sequence[tuple[str, str]]

JSON = "application/json"
EVENTS = "text/event-stream"
POST = {"content-type": JSON, "accept": f"{JSON}, {EVENTS}"}
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def frame(self) -> Frame:
        """The answer: the whole body, or the last event of it."""
        if self.headers.get("content-type") != EVENTS:
            return Frame(self.body)
        return Frame(self.body.rstrip().rpartition(b"\n")[2].removeprefix(b"data: "))

    @property
    def error(self) -> Json:
        return self.frame.error


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    kind: str
    data: str
    id: str | None
    retry: int | None

    @property
    def frame(self) -> Frame:
        return Frame(self.data.encode())


@dataclass
class Stream:
    """A response that is a stream of events."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    comments: list[str] = field(default_factory=list)

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.response.getheaders()}

    def events(self) -> Iterator[Event]:
        """Event by event, until the other side closes."""
        fields: dict[str, str] = {}
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\r\n").partition(":")
            if line.startswith(":"):
                self.comments.append(line)
            elif line.strip():
                fields[name] = value.removeprefix(" ")
            elif fields:
                retry = int(fields["retry"]) if "retry" in fields else None
                yield Event(fields.get("event", "message"), fields.get("data", ""), fields.get("id"), retry)
                fields = {}

    def next(self) -> Event:
        return next(self.events())

    def close(self) -> None:
        # The response holds the socket as well, and must let it go too.
        self.response.close()
        self.connection.close()


class Face:
    """`argala serve --http`, running."""

    def __init__(self, command: Sequence[str], tls: ssl.SSLContext | None = None) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.tls = tls
        assert self.process.stderr
        self.port = 0
        for line in self.process.stderr:
            if found := re.fullmatch(rb"listening on (https?)://[0-9.]+:(\d+)/mcp\n", line):
                self.port = int(found[2])
                assert found[1] == (b"https" if tls else b"http")
                break
        assert self.port, "the gateway has ended before it listened"
        # Nobody reads on: a host that doesn't read the log must not matter.
        self.streams: list[Stream] = []

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def open(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> Stream:
        """Sends a request, and reads the head of its response."""
        if self.tls:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=PATIENCE, context=self.tls
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        names = {name.lower() for name, _ in pairs}
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("content-length", str(len(body))))
        for name, value in pairs:
            connection.putheader(name, value)
        connection.endheaders(body)
        stream = Stream(connection, connection.getresponse())
        self.streams.append(stream)
        return stream

    def ask(self, method: str, path: str, headers: Headers = (), body: bytes | None = None) -> Answer:
        """Sends a request, and reads the whole of its response."""
        stream = self.open(method, path, headers, body)
        answer = Answer(stream.response.status, stream.headers, stream.response.read())
        stream.close()
        return answer

    def post(self, message: Json, headers: Mapping[str, str] | None = None, path: str = "/mcp") -> Answer:
        return self.ask("POST", path, {**POST, **(headers or {})}, json.dumps(message).encode())

    def initialize(self, protocol: str = PROTOCOL, headers: Mapping[str, str] | None = None) -> Answer:
        params = {"protocolVersion": protocol, "capabilities": {}, "clientInfo": {"name": "a-test", "version": "1"}}
        return self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}, headers)

    def session(self, protocol: str = PROTOCOL, headers: Mapping[str, str] | None = None) -> Seat:
        """A session that is ready for requests. All of them carry `headers`."""
        answer = self.initialize(protocol, headers)
        assert answer.status == 200, answer
        own = {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": protocol}
        seat = Seat(self, {**own, **(headers or {})})
        assert seat.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
        return seat

    def __enter__(self) -> Face:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for stream in self.streams:
            stream.close()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            assert self.process.stderr
            self.process.stderr.close()


@dataclass(frozen=True)
class Seat:
    """A session of the legacy era's streamable HTTP."""

    face: Face
    headers: Mapping[str, str]

    def post(self, message: Json) -> Answer:
        return self.face.post(message, self.headers)

    def call(self, tool: str, arguments: Json = None, request_id: Json = 1) -> Answer:
        return self.post(call(tool, arguments, request_id))

    def start(self, message: Json) -> Stream:
        """A POST whose answer is a stream."""
        return self.face.open("POST", "/mcp", {**POST, **self.headers}, json.dumps(message).encode())

    def listen(self, last: str | None = None) -> Stream:
        resume = {} if last is None else {"last-event-id": last}
        return self.face.open("GET", "/mcp", {"accept": EVENTS, **self.headers, **resume})

    def end(self) -> Answer:
        return self.face.ask("DELETE", "/mcp", self.headers)


def call(tool: str, arguments: Json = None, request_id: Json = 1) -> Json:
    params = {"name": tool, "arguments": arguments or {}}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def modern(method: str = "tools/list", params: Json = None, version: str = MODERN) -> Json:
    """A request of the modern era."""
    meta = {f"{META}protocolVersion": version, f"{META}clientCapabilities": {}}
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {**(params or {}), "_meta": meta}}


def mirrored(message: Json) -> dict[str, str]:
    """The headers that say what a request of the modern era says."""
    params = message["params"]
    name = params.get("name") or params.get("uri")
    headers = {"mcp-protocol-version": params["_meta"][f"{META}protocolVersion"], "mcp-method": message["method"]}
    return {**headers, **({"mcp-name": name} if name else {})}
