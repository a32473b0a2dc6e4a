"""A host that speaks raw streamable HTTP, so that a test sees each message as it came."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sessions.rpc import PATIENCE, Frame, Json

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
META = "io.modelcontextprotocol/"
CAPABILITIES: dict[str, Json] = {"sampling": {}, "elicitation": {}, "roots": {}}
INFO = {"name": "a-test", "version": "1"}
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass
class Answer:
    """What came of a POST."""

    status: int
    headers: http.client.HTTPMessage
    frames: list[Frame] = field(default_factory=list)

    @property
    def last(self) -> Frame:
        return self.frames[-1]


class HttpHost:
    """One host in one era. Messages that come on a stream are taken by `on_message`, in order."""

    def __init__(self, url: str, era: str) -> None:
        self.url = urlsplit(url)
        self.modern = era == "modern"
        self.session: dict[str, str] = {}
        self.on_message: Callable[[Frame], None] = lambda frame: None
        self._ids = itertools.count(1)

    def headers(self, message: Json) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if not self.modern:
            return {**headers, **self.session}
        headers |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": message["method"]}
        if message["method"] in NAMED:
            headers["Mcp-Name"] = message["params"][NAMED[message["method"]]]
        return headers

    def post(self, message: Json, headers: Mapping[str, str] | None = None) -> Answer:
        connection = self.connect()
        try:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            sent = headers if headers is not None else self.headers(message)
            connection.request("POST", self.url.path, body, dict(sent))
            response = connection.getresponse()
            answer = Answer(response.status, response.headers)
            for frame in read_frames(response):
                answer.frames.append(frame)
                self.on_message(frame)
            return answer
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        assert self.url.hostname
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=PATIENCE)

    def message(self, method: str, params: Json) -> Json:
        if self.modern:
            own = {"protocolVersion": MODERN, "clientInfo": INFO, "clientCapabilities": CAPABILITIES}
            meta = {META + name: value for name, value in own.items()}
            params = {**params, "_meta": {**meta, **params.get("_meta", {})}}
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}

    def request(self, method: str, params: Json = None) -> Answer:
        return self.post(self.message(method, params or {}))

    def answer(self, request: Frame, result: Json) -> Answer:
        return self.post({"jsonrpc": "2.0", "id": request.id, "result": result})

    def open(self) -> Answer:
        """The opening of the era."""
        if self.modern:
            return self.request("server/discover")
        params = {"protocolVersion": LEGACY, "capabilities": CAPABILITIES, "clientInfo": INFO}
        opened = self.request("initialize", params)
        self.session = {"MCP-Protocol-Version": opened.last.result["protocolVersion"]}
        if name := opened.headers["Mcp-Session-Id"]:
            self.session["Mcp-Session-Id"] = name
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return opened

    def get(self, last_event: str | None = None) -> Iterator[Frame]:
        """What comes on a GET stream; after `last_event`, where that is given."""
        connection = self.connect()
        headers = {"Accept": "text/event-stream", **self.session}
        if last_event is not None:
            headers["Last-Event-ID"] = last_event
        try:
            connection.request("GET", self.url.path, headers=headers)
            response = connection.getresponse()
            assert response.status == 200, f"GET was answered with {response.status}"
            yield from read_frames(response)
        finally:
            connection.close()

    def listen(self, heard: Callable[[Frame], None]) -> threading.Thread:
        """A GET stream that is read beside everything else."""

        def read() -> None:
            for frame in self.get():
                heard(frame)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


def read_frames(response: http.client.HTTPResponse) -> Iterator[Frame]:
    """The messages of a body, be it JSON or server-sent events."""
    if response.headers.get_content_type() != "text/event-stream":
        if body := response.read():
            yield Frame(body)
        return
    data: list[bytes] = []
    while line := response.readline():
        line = line.rstrip(b"\r\n")
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line:
            if any(data):
                yield Frame(b"\n".join(data))
            data = []
