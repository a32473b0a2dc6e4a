"""Servers that are reached over HTTP: every answer that they may give, and every way in which they may fail."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from peers.http_server import Answer, HttpServer, Request, as_events, as_json, event, text
from sessions.gateway import ALLOW_ALL, Gateway
from sessions.rpc import Json, Session

Open = Callable[..., Session]
Serve = Callable[..., HttpServer]


@pytest.fixture
def http() -> Iterator[Serve]:
    """Starts scripted servers."""
    with ExitStack() as servers:
        yield lambda *arguments: servers.enter_context(HttpServer(*arguments))


@pytest.fixture
def before(serve: Gateway, tmp_path: Path) -> Open:
    """A session with servers that are entries of a servers file."""

    def opened(*entries: Json, ready: bool = True, env: dict[str, str] | None = None, **more: Json) -> Session:
        names = [f"s{n}" for n in range(len(entries))]
        file = tmp_path / "http.json"
        file.write_text(json.dumps({"mcpServers": dict(zip(names, entries, strict=True))}))
        policy = tmp_path / "policy.toml"
        policy.write_text(ALLOW_ALL)
        command = [str(serve.argala), "serve", "--policy", str(policy), "--servers", str(file)]
        session = serve.sessions.enter_context(Session(command, env, tmp_path))
        if ready:
            assert session.initialize(**more).result
        return session

    return opened


def entry(server: HttpServer, **more: Json) -> Json:
    return {"type": "http", "url": server.url, **more}


def on(method: str, answer: Callable[[Request], Answer | None]) -> Callable[[Request], Answer | None]:
    """Answers requests of one method, and leaves the others to the server."""
    return lambda request: answer(request) if request.verb == "POST" and request.method == method else None


# What a request carries


def test_a_session_is_opened_used_and_ended(http: Serve, before: Open) -> None:
    server = http()
    session = before(entry(server, headers={"X-Key": "${KEY}"}), env={"KEY": "k-1"})
    assert session.call("echo", {"a": 1}).text == '{"a": 1}'
    server.wait("GET")
    session.close()
    (opened, *rest) = server.requests
    assert opened.method == "initialize"
    assert opened.session is None
    assert rest[0].method == "notifications/initialized"
    assert {one.session for one in rest} == {"session-1"}
    assert {one.headers["MCP-Protocol-Version"] for one in rest} == {"2025-11-25"}
    assert {one.headers["X-Key"] for one in server.requests} == {"k-1"}
    assert all("application/json, text/event-stream" in one.headers["Accept"] for one in server.heard())
    assert len(server.heard("DELETE")) == 1
    assert "k-1" not in session.stderr


def test_what_is_no_request_is_accepted_before_what_comes_behind_it_is_sent(http: Serve, before: Open) -> None:
    def slowly(request: Request) -> Answer | None:
        if request.method == "notifications/initialized":
            time.sleep(0.3)
            assert not server.heard(method="tools/call")
        return None

    server = http(slowly)
    session = before(entry(server))
    assert session.call("echo").result
    assert [one.method for one in server.heard()] == ["initialize", "notifications/initialized", "tools/call"]


def test_a_slow_answer_holds_nobody_up(http: Serve, before: Open) -> None:
    release = threading.Event()

    def slow(request: Request) -> Answer | None:
        if request.json["params"]["name"] == "slow":
            release.wait(10)
        return None

    server = http(on("tools/call", slow))
    session = before(entry(server))
    waiting = [session.start_call("slow") for _ in range(20)]
    assert session.call("echo").result
    release.set()
    for one in waiting:
        assert session.reply(one).result


# What a server may answer


def no_such(request_id: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": -1, "message": "no such"}}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda one: as_json(text(one, "x")), None),
        (lambda one: as_events(event(text(one, "x"))), None),
        (lambda one: as_events(b"\xef\xbb\xbf: hi\r\n\r\n", event(text(one, "x")).replace(b"\n", b"\r\n")), None),
        (lambda one: as_events(b"id: 1\ndata:\n\n", event(text(one, "x"), "2")), None),
        (lambda one: as_json(text(one, "x"), **{"Content-Type": "Application/JSON; charset=utf-8"}), None),
        (lambda one: as_json(text(one, "x"), **{"Content-Encoding": "gzip"}), "compressed"),
        (lambda one: Answer(202), "gave no answer"),
        (lambda one: Answer(200, {"Content-Type": "text/html"}, [b"<html>"]), "text/html"),
        (lambda one: Answer(200, {"Content-Type": "application/json"}, [b"{]"]), "is not the answer"),
        (lambda one: as_json({**text(one, "x"), "id": 4711}), "is not the answer"),
        (lambda one: as_events(event({"jsonrpc": "2.0", "method": "notifications/message"})), "ended its answer"),
        (lambda one: Answer(200, {"Content-Type": "text/event-stream"}, iter([b"data: {"])), "ended its answer"),
        (lambda one: Answer(500), "500 Internal Server Error"),
        (lambda one: Answer(401), "put the credentials"),
        (lambda one: Answer(303, {"Location": "/other"}), "303"),
        (lambda one: as_json(no_such(None), 400), "no such"),
        (lambda one: as_json(no_such(one.id), 422), "no such"),
    ],
)  # fmt: skip
def test_every_answer_ends_the_call(
    http: Serve, before: Open, answer: Callable[[Request], Answer], said: str | None
) -> None:
    server = http(on("tools/call", answer))
    session = before(entry(server))
    reply = session.call("echo")
    assert said in reply.error["message"] if said else reply.text == "x", reply
    assert session.request("ping").result == {}


def test_an_event_that_never_ends_is_given_up(http: Serve, before: Open) -> None:
    def endless(request: Request) -> Answer:
        return Answer(
            200, {"Content-Type": "text/event-stream"}, itertools.repeat(b"data: " + b"x" * (1 << 20) + b"\n")
        )

    server = http(on("tools/call", endless))
    session = before(entry(server))
    assert "64 MiB" in session.call("echo", patience=30).error["message"]


def test_a_server_that_says_nothing_is_given_up_after_its_timeout(http: Serve, before: Open) -> None:
    server = http(on("tools/call", lambda request: time.sleep(5)))  # type: ignore[func-returns-value]
    session = before(entry(server, timeout=0.5))
    assert "said nothing for 0.5 s" in session.call("echo").error["message"]
    (taken_back,) = server.wait("POST", "notifications/cancelled")
    assert taken_back.json["params"]["requestId"] == server.heard(method="tools/call")[0].json["id"]


def test_a_keep_alive_extends_the_timeout(http: Serve, before: Open) -> None:
    def slowly(request: Request) -> Answer:
        def pieces() -> Iterator[bytes]:
            for _ in range(10):
                time.sleep(0.2)
                yield b": here\n\n"
            yield event(text(request, "x"))

        return Answer(200, {"Content-Type": "text/event-stream"}, pieces())

    server = http(on("tools/call", slowly))
    session = before(entry(server, timeout=1))
    assert session.call("echo").text == "x"


def test_a_redirect_is_followed_within_the_origin_alone(http: Serve, before: Open) -> None:
    other = http()

    def moved(request: Request) -> Answer | None:
        name = request.json["params"]["name"]
        target = other.url if name == "slow" else "/mcp?moved"
        return None if "moved" in request.path else Answer(307, {"Location": target})

    server = http(on("tools/call", moved))
    server.plain = lambda request, plain=server.plain: (  # type: ignore[method-assign]
        as_json(text(request, "moved")) if "moved" in request.path else plain(request)
    )
    session = before(entry(server, headers={"Authorization": "Bearer t"}))
    assert session.call("echo").text == "moved"
    assert "it redirects to http://127.0.0.1" in session.call("slow").error["message"]
    assert other.requests == []


# What comes beside the answers


def test_requests_and_notifications_come_on_any_stream(http: Serve, before: Open) -> None:
    ask = {"jsonrpc": "2.0", "id": 7, "method": "roots/list"}

    def asking(request: Request) -> Answer:
        progress = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "1"}}

        def pieces() -> Iterator[bytes]:
            yield event(progress)
            yield event(ask)
            deadline = time.monotonic() + 10
            while not [one for one in server.heard() if "result" in one.json]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield event(text(request, "asked"))

        return Answer(200, {"Content-Type": "text/event-stream"}, pieces())

    server = http(on("tools/call", asking))
    session = before(entry(server))
    call = session.start_call("echo")
    session.answer(session.incoming("roots/list"), {"roots": []})
    assert session.reply(call).text == "asked"
    assert session.notification("notifications/message").params["data"] == "1"
    (answer,) = [one for one in server.heard() if "result" in one.json]
    assert answer.json == {"jsonrpc": "2.0", "id": 7, "result": {"roots": []}}
    server.wait("GET")
    server.pushed.put(event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
    session.notification("notifications/tools/list_changed")


def test_the_server_s_own_stream_is_opened_again_where_it_stood(http: Serve, before: Open) -> None:
    server = http()
    session = before(entry(server))
    server.wait("GET")
    changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    server.pushed.put(b"retry: 100\n" + event(changed, "e-1"))
    session.notification("notifications/tools/list_changed")
    server.pushed.put(None)
    (_, again) = server.wait("GET", count=2)
    assert again.headers["Last-Event-ID"] == "e-1"
    server.pushed.put(event(changed))
    session.notification("notifications/tools/list_changed")


def test_a_server_without_a_stream_of_its_own_is_not_asked_twice(http: Serve, before: Open) -> None:
    server = http(lambda request: Answer(405) if request.verb in ("GET", "DELETE") else None)
    session = before(entry(server))
    server.wait("GET")
    assert session.call("echo").result
    session.close()
    assert len(server.heard("GET")) == 1


def test_an_answer_whose_stream_broke_is_taken_up(http: Serve, before: Open) -> None:
    asked: list[Request] = []

    def breaking(request: Request) -> Answer | None:
        if request.verb == "GET" and request.headers["Last-Event-ID"] == "e-1":
            return as_events(b": again\n\n", event(text(asked[0], "after all"), "e-2"))
        if request.method != "tools/call":
            return None
        asked.append(request)
        return as_events(b"retry: 200\n", b"id: e-1\ndata:\n\n")

    server = http(breaking)
    session = before(entry(server))
    assert session.call("echo").text == "after all"
    assert len(asked) == 1


def test_a_cancellation_reaches_the_server_behind_its_request(http: Serve, before: Open) -> None:
    server = http(
        on("tools/call", lambda request: Answer(200, {"Content-Type": "text/event-stream"}, server._stream([])))
    )
    session = before(entry(server))
    call = session.start_call("echo")
    (request,) = server.wait("POST", "tools/call")
    session.notify("notifications/cancelled", {"requestId": call, "reason": "enough"})
    (cancelled,) = server.wait("POST", "notifications/cancelled")
    assert cancelled.json["params"]["requestId"] == request.id


# Sessions that are forgotten, servers that are gone


@pytest.mark.parametrize("status", [404, 400])
def test_a_forgotten_session_is_opened_again_and_the_call_repeated(http: Serve, before: Open, status: int) -> None:
    def unknown(request: Request) -> Answer | None:
        if request.verb == "POST" and request.session and request.session != server.sessions[-1]:
            error = {"code": -32000, "message": "Bad Request: No valid session ID provided"}
            return as_json({"jsonrpc": "2.0", "id": request.id, "error": error}, status)
        return None

    server = http(unknown)
    session = before(entry(server))
    session.request("logging/setLevel", {"level": "info"})
    server.forget()
    assert session.call("echo", {"n": 1}).text == '{"n": 1}'
    server.wait("POST", "logging/setLevel", count=2)
    methods = [(one.method, one.session) for one in server.heard()]
    assert methods[3:6] == [
        ("tools/call", "session-1"),
        ("initialize", None),
        ("notifications/initialized", "session-3"),
    ]
    assert ("logging/setLevel", "session-3") in methods
    assert methods.count(("tools/call", "session-3")) == 1


def test_what_a_server_asked_in_a_forgotten_session_is_taken_back(http: Serve, before: Open) -> None:
    server = http()
    session = before(entry(server))
    server.wait("GET")
    server.pushed.put(event({"jsonrpc": "2.0", "id": 7, "method": "roots/list"}))
    asked = session.incoming("roots/list")
    server.forget()
    assert session.call("echo").result
    assert session.notification("notifications/cancelled").params["requestId"] == asked.id


def test_a_server_that_forgets_every_session_is_down(http: Serve, before: Open) -> None:
    server = http(on("tools/call", lambda request: Answer(404)))
    session = before(entry(server))
    assert "session" in session.call("echo").error["message"]
    assert len(server.heard(method="tools/call")) <= 2


def test_a_server_that_comes_late_is_introduced_then(http: Serve, before: Open) -> None:
    there = threading.Event()
    server = http(lambda request: None if there.is_set() else Answer(503))
    session = before(entry(server))
    assert "503" in session.call("echo").error["message"]
    there.set()
    session.notification("notifications/tools/list_changed")
    assert session.call("echo", {"a": 1}).text == '{"a": 1}'


def test_a_refusal_of_initialize_is_the_host_s_to_hear(http: Serve, before: Open) -> None:
    error = {"code": -32600, "message": "not for you"}
    server = http(on("initialize", lambda one: as_json({"jsonrpc": "2.0", "id": one.id, "error": error}, 400)))
    session = before(entry(server), ready=False)
    assert session.initialize().error["message"] == "not for you"


def test_nobody_listens_there(before: Open) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    session = before({"url": f"http://127.0.0.1:{port}/mcp"})
    message = session.call("echo").error["message"]
    assert "refused" in message


def test_a_server_that_dies_behind_a_call_fails_that_call_alone(http: Serve, before: Open) -> None:
    def dying(request: Request) -> Answer | None:
        if request.json["params"]["name"] != "slow":
            return None
        return Answer(200, {"Content-Type": "application/json", "Content-Length": "100"}, iter([b'{"jsonrpc"']))

    server = http(on("tools/call", dying))
    session = before(entry(server))
    assert "the connection broke" in session.call("slow").error["message"]
    assert session.call("echo").result


# The way there


@contextmanager
def proxy(target: HttpServer) -> Iterator[tuple[str, list[str]]]:
    """A proxy whose every tunnel leads to one server; its address, and the first lines of what it was asked."""
    asked: list[str] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(1)
                asked.append(head.split(b"\r\n")[0].decode())
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                port = int(target.url.split(":")[2].split("/")[0])
                server = socket.create_connection(("127.0.0.1", port))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)


def test_a_proxy_of_the_environment_is_asked_for_a_tunnel(http: Serve, before: Open) -> None:
    server = http()
    with proxy(server) as (address, asked):
        session = before({"type": "http", "url": "http://mcp.invalid/mcp"}, env={"HTTP_PROXY": address, "NO_PROXY": ""})
        assert session.call("echo", {"a": 1}).text == '{"a": 1}'
        session.close()
    assert set(asked) == {"CONNECT mcp.invalid:80 HTTP/1.1"}
    assert "without encryption" in session.stderr


def test_no_proxy_stands_before_this_machine_s_own_servers(http: Serve, before: Open) -> None:
    server = http()
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1", "NO_PROXY": ""}
    assert before(entry(server), env=nowhere).call("echo").result


# The older transport


@pytest.mark.parametrize("kind", ["sse", None])
def test_a_server_of_the_older_transport_is_found(http: Serve, before: Open, kind: str | None) -> None:
    server = http(lambda request: Answer(405) if request.verb == "POST" and request.path == "/sse" else None)
    older = {"url": server.url.replace("/mcp", "/sse")}
    session = before({**older, "type": kind} if kind else older)
    assert session.call("echo", {"a": 1}).text == '{"a": 1}'
    assert server.heard()[-1].path == "/messages?session=1"
    server.pushed.put(event({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
    session.notification("notifications/tools/list_changed")


def test_the_older_transport_is_not_tried_where_the_file_says_http(http: Serve, before: Open) -> None:
    server = http(lambda request: Answer(405) if request.verb == "POST" else None)
    session = before({"type": "http", "url": server.url.replace("/mcp", "/sse")})
    assert "405" in session.call("echo").error["message"]
    assert server.heard("GET") == []


def test_an_endpoint_elsewhere_is_not_trusted(http: Serve, before: Open) -> None:
    other = http()
    server = http(
        lambda request: as_events(f"event: endpoint\ndata: {other.url}\n\n".encode()) if request.verb == "GET" else None
    )
    session = before({"type": "sse", "url": server.url, "headers": {"Authorization": "Bearer t"}})
    assert "not where it was found" in session.call("echo").error["message"]
    assert other.requests == []


def test_an_older_server_whose_stream_ends_is_called_on_again(http: Serve, before: Open) -> None:
    server = http()
    session = before({"type": "sse", "url": server.url.replace("/mcp", "/sse")})
    assert session.call("echo").result
    server.pushed.put(None)
    session.notification("notifications/tools/list_changed")
    server.wait("POST", "notifications/initialized", count=2)
    assert session.call("echo").result


def test_several_servers_of_every_transport_are_one(http: Serve, before: Open, serve: Gateway) -> None:
    first, second = http(), http()
    session = before(entry(first), {"type": "sse", "url": second.url.replace("/mcp", "/sse")})
    names = session.tool_names()
    assert {"s0__echo", "s1__echo"} <= {*names}
    assert session.call("s0__echo", {"n": 0}).text == '{"n": 0}'
    assert session.call("s1__echo", {"n": 1}).text == '{"n": 1}'
