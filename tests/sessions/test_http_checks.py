"""Over HTTP nothing is taken that could be meant differently, or that somebody else has asked for."""

from __future__ import annotations

import json

import pytest

from sessions.face import EVENTS, JSON, MODERN, POST, Face, call, mirrored, modern
from sessions.gateway import Gateway
from sessions.peers import Recorder

PING = json.dumps(modern()).encode()


@pytest.fixture
def face(serve: Gateway, recorder: Recorder) -> Face:
    return serve.http(recorder, flags=["--allow-host", "mcp.example.com", "--allow-origin", "https://app.example.com"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example.com"}, 403),
        ({"host": "localhost.evil.example.com"}, 403),
        ({"host": "192.168.1.5"}, 403),
        ({"host": "localhost"}, 200),
        ({"host": "LOCALHOST:1234"}, 200),
        ({"host": "mcp.example.com"}, 200),
        ({"host": "localhost", "origin": "http://evil.example.com"}, 403),
        ({"host": "localhost", "origin": "null"}, 403),
        ({"host": "localhost:80", "origin": "http://localhost:3000"}, 403),
        ({"host": "localhost:80", "origin": "http://localhost:80"}, 200),
        ({"host": "localhost", "origin": "https://app.example.com"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_host_and_origin_are_checked_on_every_path(face: Face, path: str, headers: dict[str, str], status: int) -> None:
    assert face.ask("GET", path, headers).status == status


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages", "/nothing"])
def test_a_stranger_learns_nothing_from_any_path(face: Face, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        assert face.ask(method, path, {"host": "evil.example.com", **POST}, b"{}").status == 403


def test_a_request_that_names_no_host_or_two_is_refused(face: Face) -> None:
    for hosts in (b"", b"Host: localhost\r\nHost: localhost\r\n"):
        with face.connect() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")
            assert connection.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


def test_a_page_that_is_allowed_may_ask_and_read_the_session(face: Face) -> None:
    origin = {"origin": "https://app.example.com"}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "mcp-param-region"}
    allowed = face.ask("OPTIONS", "/mcp", {**origin, **asked})
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-origin"] == origin["origin"]
    assert allowed.headers["access-control-allow-headers"] == "mcp-param-region"
    assert face.ask("GET", "/healthz", origin).headers["access-control-expose-headers"].startswith("mcp-session-id")
    refused = face.ask("OPTIONS", "/mcp", {"origin": "https://evil.example.com", **asked})
    assert refused.status == 403
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json; charset=utf-16"}, 415),
        ({"content-type": "application/json; charset=latin1"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"accept": JSON}, 406),
        ({"accept": EVENTS}, 406),
        ({"accept": "text/html"}, 406),
        ({"accept": f"{JSON};q=0, */*"}, 406),
        ({"content-type": "Application/JSON; Charset=UTF-8"}, 200),
        ({"content-encoding": "identity"}, 200),
        ({"accept": "*/*"}, 200),
        ({"accept": "application/*, text/*"}, 200),
    ],
)
def test_media_types_are_what_the_specification_says(face: Face, headers: dict[str, str], status: int) -> None:
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    assert face.post(message, headers).status == status


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_past_the_bound_is_refused_before_it_is_read(face: Face, chunked: bool) -> None:
    with face.connect() as connection:
        size = "transfer-encoding: chunked" if chunked else f"content-length: {17 << 20}"
        fixed = "".join(f"{name}: {value}\r\n" for name, value in POST.items())
        connection.sendall(f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{fixed}{size}\r\n\r\n".encode())
        if chunked:
            for _ in range(17):
                connection.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"Method":"ping","method":"x"}', -32600),
    ],
)
def test_a_body_that_is_no_message_is_refused(face: Face, body: bytes, code: int) -> None:
    answer = face.ask("POST", "/mcp", {**POST, "mcp-session-id": "x"}, body)
    assert (answer.status, answer.error["code"]) in ((400, code), (404, -32600))


@pytest.mark.parametrize(
    ("headers", "message", "status", "code"),
    [
        ({}, {"params": {}}, 400, -32602),
        ({}, {"params": {"_meta": {"io.modelcontextprotocol/protocolVersion": MODERN}}}, 400, -32602),
        ({"mcp-method": "prompts/list"}, {}, 400, -32020),
        ({"mcp-method": "TOOLS/LIST"}, {}, 400, -32020),
        ({"mcp-method": ""}, {}, 400, -32020),
        ({"mcp-protocol-version": "2025-11-25"}, {}, 400, -32020),
        ({"mcp-protocol-version": "2027-01-01"}, {}, 400, -32020),
        ({"mcp-param-x": "=?base64?SGVsbG8?="}, {}, 400, -32020),
        ({"mcp-param-x": "caf\u00e9"}, {}, 400, -32020),
    ],
)
def test_headers_that_contradict_the_body_are_refused(
    face: Face, headers: dict[str, str], message: dict[str, object], status: int, code: int
) -> None:
    request = modern()
    answer = face.post({**request, **message}, {**mirrored(request), **headers})
    assert (answer.status, answer.error["code"], answer.frame.id) == (status, code, 7)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        (None, True),
        ("other", True),
        ("=?base64?b3RoZXI=?=", True),
        ("=?base64?ZWNobw?=", True),
        ("ECHO", True),
        ("echo", False),
        ("  echo  ", False),
        ("=?base64?ZWNobw==?=", False),
    ],
)
def test_the_name_in_the_header_is_that_in_the_body(face: Face, name: str | None, refused: bool) -> None:
    request = modern("tools/call", {"name": "echo", "arguments": {}})
    headers = {**mirrored(request), **({"mcp-name": name} if name is not None else {})}
    if name is None:
        del headers["mcp-name"]
    answer = face.post(request, headers)
    assert (answer.status == 400 and answer.error["code"] == -32020) == refused


@pytest.mark.parametrize("name", ["mcp-method", "mcp-protocol-version", "mcp-param-region"])
def test_a_header_that_stands_twice_is_refused(face: Face, name: str) -> None:
    request = modern()
    headers = {**mirrored(request), "mcp-param-region": "x"}
    twice = [*POST.items(), *headers.items(), (name, headers[name])]
    answer = face.ask("POST", "/mcp", twice, json.dumps(request).encode())
    assert answer.status == 400


def test_an_unknown_revision_is_answered_with_those_that_are_known(face: Face) -> None:
    request = modern(version="2027-01-01")
    answer = face.post(request, mirrored(request))
    assert (answer.status, answer.error["code"]) == (400, -32022)
    assert answer.error["data"] == {"supported": [MODERN], "requested": "2027-01-01"}


def test_initialize_is_no_method_of_the_modern_era(face: Face) -> None:
    request = modern("initialize")
    answer = face.post(request, mirrored(request))
    assert (answer.status, answer.error["code"], answer.frame.id) == (404, -32601, 7)


def test_the_modern_era_takes_no_responses_and_acts_on_no_notifications(face: Face) -> None:
    headers = {"mcp-protocol-version": MODERN, "mcp-method": "notifications/cancelled"}
    assert face.post({"jsonrpc": "2.0", "id": 1, "result": {}}, headers).status == 400
    accepted = face.post({"jsonrpc": "2.0", "method": "notifications/cancelled"}, headers)
    assert (accepted.status, accepted.body) == (202, b"")
    unknown = face.post({"jsonrpc": "2.0", "method": "x"}, {"mcp-protocol-version": "2027-01-01"})
    assert (unknown.status, unknown.error["code"]) == (400, -32022)


def test_without_a_session_there_is_only_post(face: Face) -> None:
    for method in ("GET", "DELETE"):
        answer = face.ask(method, "/mcp", {"accept": EVENTS})
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert face.ask("PUT", "/mcp").status == 405
    assert face.ask("GET", "/nothing").status == 404
    assert face.post(call("echo")).status == 400


def test_other_machines_are_not_served_unless_that_is_said(serve: Gateway, recorder: Recorder) -> None:
    host = serve.open(recorder, flags=["--http", "0.0.0.0:0"])
    assert host.process.wait(10) == 2
    host.wait_log("add --insecure")
