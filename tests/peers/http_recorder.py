"""A scripted MCP server over streamable HTTP, of either era, that writes down each request as it came.

Standard library only, so that it changes no byte behind a test's back. Its URL is the first line of stdout. What it
does beyond recording is asked for by a tool call (`odd`, `burst`, `ask_host`, …) or, at its start, by a flag.
"""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from recorder import ODD_ERROR, ODD_RESULT, ODD_TOOL

Json = Any
PATIENCE = 20.0
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
TOOLS = {
    "echo": "gives back its arguments",
    "fail": "answers with a JSON-RPC error",
    "burst": "`count` notifications, then the result",
    "progress": "`count` progress notifications under the call's token, then the result",
    "ask_host": "asks the host for `request`, in the way of the era, and gives its answer back",
    "notify": "sends the notification `message` on every stream that was opened to listen",
    "hold": "doesn't answer",
}


class Session:
    """A legacy session; the modern era has one for all."""

    def __init__(self) -> None:
        self.posts = 0
        self.listeners: list[queue.Queue[str | None]] = []
        self.waiting: queue.Queue[str] = queue.Queue()  # what nobody listens for yet
        self.asked: dict[str, queue.Queue[Json]] = {}
        self.streams: dict[str, list[str]] = {}  # what is left of streams that were cut off, by their names

    def tell(self, text: str) -> None:
        for listener in self.listeners:
            listener.put(text)
        if not self.listeners:
            self.waiting.put(text)


class Peer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.modern: bool = options.era == "modern"
        self.sessions: dict[str, Session] = {"": Session()} if self.modern else {}
        self.record = open(options.record, "ab", buffering=0) if options.record else None  # noqa: SIM115
        self.lock = threading.Lock()
        self.names = itertools.count(1)

    def note(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.record:
            line = {"method": handler.command, "path": handler.path, "headers": handler.headers.items()}
            with self.lock:
                self.record.write(json.dumps({**line, "body": body.decode()}).encode() + b"\n")

    def next_name(self, kind: str) -> str:
        with self.lock:
            return f"{kind}-{next(self.names)}"

    # What is said

    def messages(self, session: Session, request: Json, raw_id: str) -> Iterator[str]:
        """All that the stream of a request holds; its answer comes last."""
        method, params = request["method"], request.get("params", {})
        if method == "tools/call":
            yield from self.tool(session, params, raw_id)
        elif method == "subscriptions/listen" and self.modern:
            yield from self.listen(session, params, raw_id)
        elif (result := self.result(method, params)) is not None:
            yield self.answer(raw_id, result)
        else:
            yield error(raw_id, json.dumps({"code": -32601, "message": f"no {method} here"}))

    def answer(self, raw_id: str, result: str, kind: str = "complete") -> str:
        if self.modern:
            comma = "," if result != "{}" else ""
            result = f'{{"resultType":"{kind}"{comma}{result[1:]}'
        return f'{{"jsonrpc":"2.0","id":{raw_id},"result":{result}}}'

    def result(self, method: str, params: Json) -> str | None:
        about = {"capabilities": {"tools": {"listChanged": True}, "experimental": {"vendor.example/x": {"n": 1e300}}}}
        info = {"name": "http-recorder", "version": "1", "x-vendor": 1.0}
        if method == "initialize" and not self.modern:
            version = self.options.protocol or params["protocolVersion"]
            return json.dumps({"protocolVersion": version, "serverInfo": info, **about})
        if method == "server/discover" and self.modern:
            meta = {"_meta": {META + "serverInfo": info}}
            return json.dumps({"supportedVersions": [MODERN], "ttlMs": 0, "cacheScope": "private", **meta, **about})
        if method == "tools/list":
            listed = [
                {"name": name, "description": text, "inputSchema": {"type": "object"}} for name, text in TOOLS.items()
            ]
            cached = '"ttlMs":0,"cacheScope":"private",' if self.modern else ""
            return f'{{{cached}"tools":[{",".join([ODD_TOOL, *map(json.dumps, listed)])}]}}'
        return "{}" if method == "ping" and not self.modern else None

    def text(self, raw_id: str, text: str) -> str:
        return self.answer(raw_id, json.dumps({"content": [{"type": "text", "text": text}]}))

    def tool(self, session: Session, params: Json, raw_id: str) -> Iterator[str]:
        name, arguments, meta = params["name"], params.get("arguments", {}), params.get("_meta", {})
        if name == "echo":
            yield self.text(raw_id, json.dumps(arguments))
        elif name == "odd":
            yield self.answer(raw_id, ODD_RESULT)
        elif name == "fail":
            yield error(raw_id, ODD_ERROR)
        elif name == "burst":
            for number in range(arguments["count"]):
                yield notification("notifications/message", {"level": "info", "data": number, "x-vendor": number})
            yield self.text(raw_id, "done")
        elif name == "progress":
            token = {"progressToken": meta["progressToken"], "total": arguments["count"]}
            for number in range(arguments["count"]):
                yield notification("notifications/progress", {**token, "progress": number, "x-vendor": number})
            yield self.text(raw_id, "done")
        elif name == "ask_host":
            yield from self.ask(session, params, raw_id)
        elif name == "notify":
            for each in self.sessions.values():
                each.tell(json.dumps({"jsonrpc": "2.0", **arguments["message"]}))
            yield self.text(raw_id, "told")
        elif name == "hold":
            threading.Event().wait(PATIENCE)
        else:
            yield error(raw_id, json.dumps({"code": -32602, "message": f"Unknown tool: {name}"}))

    def ask(self, session: Session, params: Json, raw_id: str) -> Iterator[str]:
        request = params["arguments"]["request"]
        if self.modern:
            if "inputResponses" not in params:
                wanted = {"inputRequests": {"the question": request}, "requestState": "kept \u00e9 \\ by the host"}
                yield self.answer(raw_id, json.dumps(wanted), "input_required")
            else:
                said = {name: params.get(name) for name in ("inputResponses", "requestState")}
                yield self.text(raw_id, json.dumps(said))
            return
        name = self.next_name("ask")
        session.asked[name] = queue.Queue()
        asked = json.dumps({"jsonrpc": "2.0", "id": name, **request})
        if self.options.ask_on == "get":
            session.tell(asked)
        else:
            yield asked
        yield self.text(raw_id, json.dumps(session.asked[name].get(timeout=PATIENCE)))

    def listen(self, session: Session, params: Json, raw_id: str) -> Iterator[str]:
        tag = {META + "subscriptionId": json.loads(raw_id)}
        accepted = {"notifications": params["notifications"], "_meta": tag}
        yield notification("notifications/subscriptions/acknowledged", accepted)
        for text in self.heard(session):
            message = json.loads(text)
            message["params"] = {**message.get("params", {}), "_meta": tag}
            yield json.dumps(message)

    def heard(self, session: Session) -> Iterator[str]:
        """What is told to who listens, until the session ends."""
        listener: queue.Queue[str | None] = queue.Queue()
        session.listeners.append(listener)
        try:
            while not session.waiting.empty():
                yield session.waiting.get()
            while (text := listener.get()) is not None:
                yield text
        finally:
            session.listeners.remove(listener)


def notification(method: str, params: Json) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params})


def error(raw_id: str, raw_error: str) -> str:
    return f'{{"jsonrpc":"2.0","id":{raw_id},"error":{raw_error}}}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: Peer

    def do_POST(self) -> None:
        body = (
            self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else self.chunks()
        )
        self.peer.note(self, body)
        message = json.loads(body)
        session, headers = self.session(message)
        if session is None:
            return
        if "method" not in message:
            session.asked[message["id"]].put({name: message[name] for name in ("result", "error") if name in message})
            self.plain(202)
        elif "id" not in message:
            self.plain(202)
        else:
            self.reply(session, message, headers)

    def do_GET(self) -> None:
        self.peer.note(self, b"")
        session = self.peer.sessions.get(self.headers.get("Mcp-Session-Id", "?"))
        if self.peer.options.no_get or self.peer.modern:
            self.plain(405)
        elif session is None:
            self.plain(404)
        elif "Last-Event-ID" in self.headers:
            name, _, last = self.headers["Last-Event-ID"].partition("/")
            self.stream(iter(session.streams.get(name, [])[int(last) :]), {}, name, int(last))
        else:
            self.stream(self.peer.heard(session), {})

    def do_DELETE(self) -> None:
        self.peer.note(self, b"")
        if self.peer.options.refuse_delete:
            self.plain(405)
        else:
            self.plain(200 if self.end(self.headers.get("Mcp-Session-Id", "?")) else 404)

    def end(self, name: str) -> bool:
        session = self.peer.sessions.pop(name, None)
        for listener in session.listeners if session else []:
            listener.put(None)
        return session is not None

    def session(self, message: Json) -> tuple[Session | None, dict[str, str]]:
        """The session that a message belongs to; none where it was refused."""
        if self.peer.modern:
            return self.peer.sessions[""], {}
        if message.get("method") == "initialize":
            name = self.peer.next_name("session")
            self.peer.sessions[name] = Session()
            return self.peer.sessions[name], {"Mcp-Session-Id": name}
        name = self.headers.get("Mcp-Session-Id")
        if name is None:
            self.plain(400)
            return None, {}
        session = self.peer.sessions.get(name)
        if session:
            session.posts += 1
            if self.peer.options.expire_after and session.posts > self.peer.options.expire_after:
                self.end(name)
                session = None
        if session is None:
            self.plain(404)
        return session, {}

    def reply(self, session: Session, message: Json, headers: dict[str, str]) -> None:
        messages = self.peer.messages(session, message, json.dumps(message["id"]))
        options = self.peer.options
        if options.resumable and message["method"] == "tools/call":
            name = self.peer.next_name("stream")
            session.streams[name] = list(messages)
            self.stream(iter([]), headers, name)
            return
        first = next(messages, "")
        whole = message["method"] != "subscriptions/listen" and "method" not in json.loads(first)
        if whole and options.answer == "json":
            self.plain(200, first.encode(), {"Content-Type": options.content_type, **headers})
        else:
            self.stream(itertools.chain([first], messages), headers)

    # Onto the wire

    def plain(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, messages: Iterator[str], headers: dict[str, str], name: str = "", last: int = 0) -> None:
        """Server-sent events; with a `name`, they have ids, and an empty one comes first."""
        self.send_response(200)
        all_headers = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **headers}
        for header, value in all_headers.items():
            self.send_header(header, value)
        self.end_headers()
        try:
            if name and not last and "Last-Event-ID" not in self.headers:
                self.chunk(f"id: {name}/0\nretry: 50\ndata: \n\n")
            for number, text in enumerate(messages, last + 1):
                self.chunk(self.event(text, f"{name}/{number}" if name else ""))
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def event(self, text: str, event_id: str) -> str:
        """An event in the plainest form, or in one that is as good and that few write."""
        named = f"id: {event_id}\n" if event_id else ""
        if not self.peer.options.odd_events:
            return f"{named}data: {text}\n\n"
        lines = [": a comment", "x-vendor: ignored", "event:message", "data:{", f"data:{text[1:]}"]
        return "\r\n".join([*lines, *named.splitlines(), "", ""])

    def chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    flags.add_argument("--record", type=Path, help="where each request goes, as a JSON line")
    flags.add_argument("--protocol", help="answer `initialize` with this version")
    flags.add_argument("--answer", choices=["json", "sse"], default="json", help="how a plain answer comes")
    flags.add_argument("--content-type", default="application/json", help="what a JSON answer says that it is")
    flags.add_argument("--odd-events", action="store_true", help="write events as few do: CRLF, comments, split data")
    flags.add_argument("--ask-on", choices=["post", "get"], default="post", help="where the server's requests go")
    flags.add_argument("--resumable", action="store_true", help="cut a call's stream off before its first message")
    flags.add_argument("--no-get", action="store_true", help="answer GET with 405")
    flags.add_argument("--refuse-delete", action="store_true", help="answer DELETE with 405")
    flags.add_argument("--expire-after", type=int, default=0, help="POSTs after which a session is gone; 0: never")
    Handler.peer = Peer(flags.parse_args())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}/mcp", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
