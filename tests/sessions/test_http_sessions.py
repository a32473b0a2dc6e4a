"""Hosts of the legacy era over HTTP: sessions, their streams, and their end."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import pytest

from sessions.face import EVENTS, POST, Face, Seat, call
from sessions.gateway import ALLOW_ALL, CommandLine, Gateway
from sessions.official import python_client_over_http
from sessions.peers import Recorder, survivors
from sessions.rpc import PATIENCE

POLICY = ALLOW_ALL + '[tools.fail]\ndecision = "deny"\n'


@pytest.fixture
def face(serve: Gateway, recorder: Recorder) -> Face:
    return serve.http(recorder, POLICY)


def ask_host(request_id: str) -> dict[str, object]:
    """A call during which the server asks the host for its roots."""
    return call("ask_host", {"request": {"id": request_id, "method": "roots/list"}}, f"call {request_id}")


def test_a_call_is_answered_at_once_as_json(face: Face) -> None:
    seat = face.session()
    answer = seat.call("echo", {"a": 1.0})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.frame.text == 'recorder heard {"a": 1.0}'


def test_a_call_that_is_denied_never_reaches_the_server(face: Face, recorder: Recorder) -> None:
    answer = face.session().call("fail")
    assert answer.status == 200
    assert answer.frame.text.startswith("ARGALA BLOCK")
    assert recorder.calls() == []


def test_a_session_has_a_name_that_nobody_can_guess(face: Face) -> None:
    names = {face.initialize().headers["mcp-session-id"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(r"[!-~]{32,}", name) for name in names)


@pytest.mark.parametrize("headers", [{"mcp-session-id": "0" * 48}, {"mcp-session-id": ""}])
def test_a_session_that_is_not_there_is_not_found(face: Face, headers: dict[str, str]) -> None:
    assert face.post(call("echo"), headers).status == 404
    assert face.ask("GET", "/mcp", {"accept": EVENTS, **headers}).status == 404
    assert face.ask("DELETE", "/mcp", headers).status == 404


def test_a_session_ends_with_delete_and_takes_its_servers_along(face: Face, recorder: Recorder) -> None:
    seat = face.session()
    listening = seat.listen()
    assert seat.end().status == 204
    assert seat.call("echo").status == 404
    assert [event.data for event in listening.events()] == [""]
    assert survivors(recorder.pids(), PATIENCE) == []


def test_a_session_without_an_answer_to_initialize_has_no_name(serve: Gateway) -> None:
    refusal = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}})
    face = serve.http(["sh", "-c", 'read line; echo "$0"; cat', refusal])
    answer = face.initialize()
    assert answer.error["message"] == "no"
    assert "mcp-session-id" not in answer.headers


def test_an_unknown_revision_in_the_header_is_refused(face: Face) -> None:
    seat = face.session()
    assert face.post(call("echo"), {**seat.headers, "mcp-protocol-version": "1999-01-01"}).status == 400


def test_notifications_and_answers_are_accepted_without_a_body(face: Face) -> None:
    seat = face.session()
    for message in ({"method": "notifications/progress", "params": {}}, {"id": 9, "result": {}}):
        answer = seat.post({"jsonrpc": "2.0", **message})
        assert (answer.status, answer.body) == (202, b"")


def test_batches_are_those_of_one_revision(face: Face) -> None:
    batch = [call("echo", {}, 1), {"jsonrpc": "2.0", "method": "notifications/x"}, call("echo", {}, 2)]
    answer = face.session("2025-03-26").post(batch)
    assert [frame["id"] for frame in answer.frame.value] == [1, 2]
    assert face.session("2025-03-26").post(batch[1:2]).status == 202
    assert face.session().post(batch).status == 400


def test_what_comes_before_the_answer_makes_it_a_stream(face: Face) -> None:
    seat = face.session()
    stream = seat.start(call("burst", {"count": 3}))
    assert stream.headers["content-type"] == EVENTS
    priming, *events = stream.events()
    assert (priming.data, priming.retry) == ("", 1000)
    assert [event.frame.params["data"] for event in events[:-1]] == [0, 1, 2]
    assert events[-1].frame.id == 1
    ids = [event.id for event in (priming, *events)]
    assert len(set(ids)) == 5


def test_older_clients_get_no_event_without_a_message(face: Face) -> None:
    stream = face.session("2025-06-18").start(call("burst", {"count": 1}))
    assert all(event.data for event in stream.events())


def test_what_belongs_to_no_call_comes_on_the_stream_for_it(face: Face) -> None:
    seat = face.session()
    listening = seat.listen()
    assert listening.next().data == ""
    answer = seat.call("notify", {"message": {"method": "notifications/tools/list_changed"}})
    assert answer.frame.text == "done"
    assert listening.next().frame.method == "notifications/tools/list_changed"


def test_what_came_while_nobody_listened_is_kept(face: Face) -> None:
    seat = face.session()
    first = seat.listen()
    assert first.next().data == ""
    first.close()
    seat.post({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
    for n in range(3):
        message = {"method": "notifications/message", "params": {"level": "info", "data": n}}
        # Without a stream for it, a notification goes with the call that is open.
        events = list(seat.start(call("notify", {"message": message}, n)).events())
        assert [event.frame.method for event in events[1:]] == ["notifications/message", None]


def test_a_server_asks_the_host_and_gets_its_answer(face: Face) -> None:
    seat = face.session()
    stream = seat.start(ask_host("a"))
    assert stream.next().data == ""
    asked = stream.next().frame
    assert asked.method == "roots/list"
    assert seat.post({"jsonrpc": "2.0", "id": asked.id, "result": {"roots": []}}).status == 202
    assert stream.next().frame.answers("call a")


def test_a_broken_stream_is_taken_up_after_the_last_event(face: Face) -> None:
    seat = face.session()
    listening = seat.listen()
    listening.next()
    broken = seat.start(call("hold", {}, "held"))
    priming = broken.next()
    broken.close()
    assert seat.call("release", {}, 2).frame.text == "done"
    resumed = seat.listen(priming.id)
    events = list(resumed.events())
    assert events[-1].frame.answers("held")
    # Once more from the beginning: the client may have lost what was on its way.
    assert seat.listen("0-1").response.status == 200


@pytest.mark.parametrize("last", ["", "x", "99-1", "0-99", "-1", "0-1-1", "99999999999999999999-1"])
def test_an_event_that_is_none_resumes_nothing(face: Face, last: str) -> None:
    assert face.session().listen(last).response.status == 400


def test_a_connection_that_breaks_cancels_nothing(face: Face, recorder: Recorder) -> None:
    seat = face.session()
    stream = seat.start(call("hold", {}, "held"))
    stream.next()
    stream.close()
    assert seat.call("echo").frame.result
    assert recorder.heard("notifications/cancelled") == []


def test_a_request_that_is_cancelled_ends_its_stream(face: Face, recorder: Recorder) -> None:
    seat = face.session()
    stream = seat.start(call("hold", {}, "held"))
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "held"}}
    assert seat.post(cancel).status == 202
    assert all(not event.data or event.frame.method for event in stream.events())
    # Once this is answered, the server has heard what came before.
    assert seat.call("echo").frame.result
    assert len(recorder.heard("notifications/cancelled")) == 1


def test_one_session_hears_nothing_of_another(face: Face) -> None:
    one, other = face.session(), face.session()
    listening = other.listen()
    assert listening.next().data == ""
    one.call("notify", {"message": {"method": "notifications/tools/list_changed"}})
    one.call("echo")
    assert other.call("notify", {"message": {"method": "notifications/prompts/list_changed"}}).status == 200
    assert listening.next().frame.method == "notifications/prompts/list_changed"
    held = one.start(call("hold", {}, "held"))
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "held"}}
    other.post(cancel)
    one.call("release", {}, 2)
    assert any(event.data and event.frame.answers("held") for event in held.events())


def test_one_reader_that_is_slow_holds_up_nobody(face: Face) -> None:
    seat = face.session()
    with face.connect() as slow:
        fixed = "".join(f"{name}: {value}\r\n" for name, value in {**POST, **seat.headers}.items())
        body = json.dumps(call("big", {"size": 30 << 20}, "big"))
        slow.sendall(
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{fixed}content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        for n in range(20):
            assert seat.call("echo", {}, n).frame.result


def test_a_session_that_nobody_needs_ends(serve: Gateway, recorder: Recorder) -> None:
    face = serve.http(recorder, flags=["--session-idle", "1"])
    seat, used = face.session(), face.session()
    listening = used.listen()
    assert listening.next().data == ""
    first, second = recorder.pids()
    assert survivors([first], PATIENCE) == []
    assert seat.call("echo").status == 404
    assert used.call("echo").status == 200
    listening.close()
    assert survivors([second], PATIENCE) == []


def test_sessions_that_are_dropped_leave_nothing_behind(serve: Gateway, tmp_path: Path) -> None:
    result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "tiny", "version": "1"}}
    answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": result})
    pids = tmp_path / "tiny.pids"
    script = 'echo $$ >>"$1"; read line; echo "$0"; while read line; do :; done'
    face = serve.http(["sh", "-c", script, answer, str(pids)], flags=["--session-idle", "1"])
    open_files = Path(f"/proc/{face.process.pid}/fd")
    # With the first server comes the process that would end it in our place, and two files for it.
    before = len(list(open_files.iterdir())) + 2 if open_files.exists() else 0
    for _ in range(100):
        assert face.initialize().status == 200
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 100
    assert survivors(started, PATIENCE) == []
    deadline = time.monotonic() + PATIENCE
    while before and len(list(open_files.iterdir())) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not before or len(list(open_files.iterdir())) <= before


def test_past_the_bound_no_session_is_opened_until_one_has_ended(serve: Gateway, recorder: Recorder) -> None:
    face = serve.http(recorder, flags=["--max-sessions", "2"])
    seats = [face.session(), face.session()]
    refused = face.initialize()
    assert (refused.status, "retry-after" in refused.headers) == (503, True)
    seats[0].end()
    assert survivors(recorder.pids()[:1], PATIENCE) == []
    deadline = time.monotonic() + PATIENCE
    while (answer := face.initialize()).status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer.status == 200


def test_past_the_bound_a_connection_is_refused(serve: Gateway, recorder: Recorder) -> None:
    face = serve.http(recorder, flags=["--max-connections", "1"])
    with face.connect() as first:
        first.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert first.recv(100).startswith(b"HTTP/1.1 200")
        with face.connect() as second:
            assert second.recv(100).startswith(b"HTTP/1.1 503")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_gateway_is_told_to_stop(serve: Gateway, sign: signal.Signals) -> None:
    recorder = serve.recorder("recorder", "--grandchild", "--stubborn")
    face = serve.http(recorder)
    seats = [face.session(), face.session()]
    listening = seats[0].listen()
    assert len(recorder.pids()) == 4
    face.process.send_signal(sign)
    assert [event.data for event in listening.events()] == [""]
    assert face.process.wait(PATIENCE) == 0
    assert survivors(recorder.pids(), 1) == []


# HTTP with SSE


def open_sse(face: Face) -> tuple[Seat, str]:
    stream = face.open("GET", "/sse", {"accept": EVENTS})
    endpoint = stream.next()
    assert endpoint.kind == "endpoint"
    return stream, endpoint.data


def test_the_older_transport_tells_where_messages_go(face: Face, recorder: Recorder) -> None:
    stream, path = open_sse(face)
    params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    accepted = face.post(initialize, path=path)
    assert (accepted.status, accepted.body) == (202, b"")
    assert stream.next().frame.result["protocolVersion"] == "2024-11-05"
    face.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, path=path)
    face.post(call("burst", {"count": 2}, "burst"), path=path)
    face.post(call("fail", {}, "denied"), path=path)
    events = [stream.next() for _ in range(4)]
    assert {event.kind for event in events} == {"message"}
    assert {str(event.frame.id) for event in events} == {"None", "burst", "denied"}
    assert recorder.heard("tools/call")[-1].params["name"] == "burst"
    stream.close()
    assert survivors(recorder.pids(), PATIENCE) == []
    assert face.post(call("echo"), path=path).status == 404


def test_a_session_of_one_transport_is_none_of_the_other(face: Face) -> None:
    _, path = open_sse(face)
    name = path.partition("=")[2]
    assert face.post(call("echo"), {"mcp-session-id": name}).status == 404
    seat = face.session()
    assert face.post(call("echo"), path=f"/messages?session={seat.headers['mcp-session-id']}").status == 404


# Official clients


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_makes_its_calls(face: Face, mode: str) -> None:
    calls = [("echo", {"a": 1}), ("progress", {"count": 2}), ("fail", {})]
    transcript = python_client_over_http(f"{face.url}/mcp", mode, calls)
    assert "echo" in transcript.tools
    assert transcript.text(0) == 'recorder heard {"a": 1}'
    assert transcript.progress == [0, 1]
    assert transcript.text(2).startswith("ARGALA BLOCK")


# How the gateway is


def test_the_health_pages_say_how_the_servers_are(serve: Gateway, run: CommandLine) -> None:
    face = serve.http({"works": serve.recorder("works"), "broken": ["sh", "-c", "exit 3"]})
    assert face.ask("GET", "/healthz").body == b"ok\n"
    assert {server["state"] for server in json.loads(face.ask("GET", "/readyz").body)["servers"]} == {"unknown"}
    assert face.initialize().status == 200
    page = face.ask("GET", "/readyz")
    works, broken = json.loads(page.body)["servers"]
    assert (page.status, works["name"], works["state"]) == (200, "works", "up")
    assert (broken["name"], broken["state"]) == ("broken", "down")
    assert "exit status: 3" in broken["last_error"]
    status = run("status", face.url)
    assert status.returncode == 0
    assert re.search(r"broken +down .*exit status: 3", status.stdout)


def test_a_gateway_without_a_server_is_not_ready(serve: Gateway, run: CommandLine) -> None:
    face = serve.http(["sh", "-c", "exit 3"])
    face.initialize()
    assert face.ask("GET", "/readyz").status == 503
    assert run("status", face.url).returncode == 1
    assert run("status", "https://localhost").returncode == 1
