"""How a session begins, which protocol it speaks, and what a downstream may print."""

from __future__ import annotations

import pytest

from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import PROTOCOL
from sessions.test_calls import assert_denied

DENY_DROP = 'allowed_methods = ["*"]\ndenied_patterns = ["DROP"]\n'


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "resources/list", "tasks/list"])
def test_a_request_before_initialize_is_refused(serve: Gateway, recorder: Recorder, method: str) -> None:
    host = serve.open(recorder)
    assert host.request(method, {"name": "echo", "arguments": {}}).error
    assert host.initialize().result
    host.call("echo", {"after": True})
    assert [call["arguments"] for call in recorder.calls()] == [{"after": True}]


@pytest.mark.parametrize("protocol", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_each_revision_of_the_legacy_era_is_spoken(serve: Gateway, recorder: Recorder, protocol: str) -> None:
    host = serve.open(recorder)
    assert host.initialize(protocol).result["protocolVersion"] == protocol
    assert host.call("echo").result
    assert recorder.heard("initialize")[0].params["protocolVersion"] == protocol


@pytest.mark.parametrize("protocol", ["2026-07-28", "2099-01-01", ""])
def test_a_revision_that_is_not_spoken_is_answered_with_one_that_is(
    serve: Gateway, recorder: Recorder, protocol: str
) -> None:
    host = serve.open(recorder)
    assert host.initialize(protocol).result["protocolVersion"] == "2025-11-25"
    assert host.call("echo").result


def test_what_a_host_sends_without_waiting_is_answered_in_its_order(serve: Gateway, recorder: Recorder) -> None:
    host = serve.open(recorder)
    client = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "hasty", "version": "1"}}
    opening = host.start("initialize", client)
    host.notify("notifications/initialized")
    listing = host.start("tools/list")
    call = host.start_call("echo", {"n": 1})
    host.end_input()
    assert host.reply(opening).result["protocolVersion"] == PROTOCOL
    assert host.reply(listing).result["tools"]
    assert host.reply(call).text == 'recorder heard {"n": 1}'
    methods = [heard.method for heard in recorder.heard()]
    assert methods[:2] == ["initialize", "notifications/initialized"]


def test_a_session_is_opened_once(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    assert host.initialize().error["code"] == -32600
    assert host.call("echo").result
    assert len(recorder.heard("initialize")) == 1


def test_lines_that_are_no_messages_go_to_the_log_and_the_session_goes_on(serve: Gateway) -> None:
    host = serve(serve.recorder("noisy", "--noise"))
    host.call("print", {"out": "Listening on port 8080\n{\n\n[1, 2]\nnull", "err": "a word on stderr\n"})
    assert host.call("echo", {"n": 1}).text == 'noisy heard {"n": 1}'
    for noise in ("Welcome to the recorder!", "recorder: starting up", "Listening on port 8080", "a word on stderr"):
        host.wait_log(noise)


@pytest.mark.parametrize("when", ["before initialize", "before its answer", "after it"])
def test_a_ping_of_the_host_is_always_answered(serve: Gateway, when: str) -> None:
    host = serve.open(serve.recorder("mute", "--mute") if when == "before its answer" else serve.recorder("recorder"))
    if when != "before initialize":
        params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        opening = host.start("initialize", params)
        if when == "after it":
            host.reply(opening)
    assert host.request("ping").result == {}


def test_a_ping_of_the_downstream_is_answered(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    call = host.start_call("ask_host", {"request": {"id": "p", "method": "ping"}})
    while not (frame := host.wait(lambda _: True)).answers(call):
        if frame.method == "ping":
            host.answer(frame, {})
    assert frame.text == '{"result": {}}'


# Batches, which exist in 2025-03-26 only


def call(call_id: int, query: str) -> dict[str, object]:
    params = {"name": "echo", "arguments": {"q": query}}
    return {"jsonrpc": "2.0", "id": call_id, "method": "tools/call", "params": params}


def test_each_call_of_a_batch_is_judged_by_itself(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, DENY_DROP, protocol="2025-03-26")
    told = {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}
    ping = {"jsonrpc": "2.0", "id": 4, "method": "ping"}
    host.send([call(1, "one"), call(2, "DROP"), told, call(3, "three"), ping])
    answers = host.wait(lambda frame: isinstance(frame.value, list), "the batch of answers").value
    by_id = {answer["id"]: answer["result"] for answer in answers}
    assert by_id.keys() == {1, 2, 3, 4}
    assert by_id[2]["isError"] is True
    assert by_id[2]["content"][0]["text"].startswith("ARGALA BLOCK")
    assert by_id[1]["content"][0]["text"] == 'recorder heard {"q": "one"}'
    assert by_id[3]["content"][0]["text"] == 'recorder heard {"q": "three"}'
    assert sorted(call["arguments"]["q"] for call in recorder.calls()) == ["one", "three"]


def test_a_bad_message_in_a_batch_is_not_forwarded(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, DENY_DROP, protocol="2025-03-26")
    host.write(
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"q":"x"},'
        b'"arguments":{"q":"DROP"}}},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":7}}]\n'
    )
    host.wait(lambda frame: isinstance(frame.value, list) or frame.error is not None, "the refusal")
    assert_denied(host.call("echo", {"q": "DROP"}))
    assert host.call("echo", {"after": True}).result
    assert [call["arguments"] for call in recorder.calls()] == [{"after": True}]


def test_an_empty_batch_is_refused(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, protocol="2025-03-26")
    host.send([])
    assert host.wait(lambda frame: frame.error is not None, "the refusal").error["code"] == -32600


def test_a_batch_of_notifications_gets_no_answer(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, protocol="2025-03-26")
    host.send([{"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}] * 2)
    assert host.call("echo").result
    assert host.take() == []
    assert len(recorder.heard("notifications/roots/list_changed")) == 2
