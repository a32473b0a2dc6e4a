"""Everything but tools/call passes as it came, both ways, under the ids and tokens that each side knows."""

from __future__ import annotations

import json

import pytest

from peers.recorder import CAPABILITIES as DOWNSTREAM_CAPABILITIES
from peers.recorder import ODD_ERROR, ODD_RESULT, ODD_TOOL
from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import CAPABILITIES, Json, exact

pytestmark = pytest.mark.transparent

NUMBERS = '{"big":123456789012345678901234567890,"zero":-0.0,"one":1.0,"exp":1E5,"huge":1e400,"text":"\\u00e9\\u2028"}'


# Opening


def test_the_host_sees_the_capabilities_of_its_one_downstream(serve: Gateway, recorder: Recorder) -> None:
    reply = serve.open(recorder).initialize()
    assert reply.exact["result"]["capabilities"] == exact(json.dumps(DOWNSTREAM_CAPABILITIES))
    assert reply.result["protocolVersion"] == "2025-11-25"


def test_the_downstream_sees_the_capabilities_of_the_host(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.call("echo")
    (initialize,) = recorder.heard("initialize")
    assert initialize.params["capabilities"] == CAPABILITIES
    assert initialize.params["protocolVersion"] == "2025-11-25"
    assert len(recorder.heard("notifications/initialized")) == 1


# Requests of the host


@pytest.mark.parametrize("request_id", [0, 1, -7, 9007199254740993, "1", "", 'é"\\', "x" * 1000], ids=repr)
def test_an_answer_comes_under_the_id_that_the_host_chose(serve: Gateway, recorder: Recorder, request_id: Json) -> None:
    host = serve(recorder)
    host.start_call("echo", {"n": 1}, request_id=request_id)
    assert host.reply(request_id).text == 'recorder heard {"n": 1}'


def test_a_number_and_a_text_that_look_alike_are_two_ids(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    for request_id in (1, "1"):
        host.start_call("hold", {"id": request_id}, request_id=request_id)
        host.notification("notifications/message")
    host.call("release")
    assert {host.reply(1).text, host.reply("1").text} == {
        f"released {json.dumps(frame.id)}" for frame in recorder.heard("tools/call")[:2]
    }


def test_a_hundred_calls_at_once_get_each_their_own_answer(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    ids = [host.start_call("echo", {"n": n}) for n in range(100)]
    assert [host.reply(call).text for call in ids] == [f'recorder heard {{"n": {n}}}' for n in range(100)]


def test_answers_may_come_in_another_order_than_the_calls(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    held = [host.start_call("hold", {"n": n}) for n in range(3)]
    host.call("release")
    assert [frame.id for frame in host.take() if frame.method is None] == held[::-1]


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        (
            "resources/read",
            {"uri": "memo://recorder/1"},
            {"contents": [{"uri": "memo://recorder/1", "text": "recorder keeps memo://recorder/1"}]},
        ),
        ("resources/subscribe", {"uri": "memo://recorder/1"}, {}),
        ("resources/unsubscribe", {"uri": "memo://recorder/1"}, {}),
        ("logging/setLevel", {"level": "debug"}, {}),
        (
            "prompts/get",
            {"name": "prompt1", "arguments": {"a": "b"}},
            {"messages": [{"role": "user", "content": {"type": "text", "text": "recorder says prompt1"}}]},
        ),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "prompt1"}, "argument": {"name": "a", "value": "x"}},
            {"completion": {"values": ["x!"], "total": 1}},
        ),
    ],
)
def test_a_request_reaches_the_downstream_as_it_was_sent(
    serve: Gateway, recorder: Recorder, method: str, params: Json, result: Json
) -> None:
    params = {**params, "_meta": {"progressToken": 5, "vendor.example/x": [1.0]}}
    assert serve(recorder).request(method, params).result == result
    assert [frame.exact["params"] for frame in recorder.heard(method)] == [exact(json.dumps(params))]


@pytest.mark.parametrize(
    ("method", "member", "names"),
    [
        ("tools/list", "tools", 13),
        ("prompts/list", "prompts", 5),
        ("resources/list", "resources", 5),
        ("resources/templates/list", "resourceTemplates", 5),
    ],
)
def test_a_list_comes_page_by_page(serve: Gateway, method: str, member: str, names: int) -> None:
    host = serve(serve.recorder("paged", "--page-size", "2"))
    first = host.request(method).result
    assert len(first[member]) == 2
    assert first["nextCursor"] == "2"
    items = host.pages(method, member)
    assert len({item["name"] for item in items}) == len(items) == names


def test_ping_is_answered(serve: Gateway, recorder: Recorder) -> None:
    assert serve(recorder).request("ping").result == {}


# What a typed model would lose


def test_a_tool_object_keeps_every_member_and_the_spelling_of_numbers(serve: Gateway, recorder: Recorder) -> None:
    (tool,) = [tool for tool in serve(recorder).tools() if tool["name"] == "odd"]
    assert tool == exact(ODD_TOOL)


def test_a_result_keeps_every_member_and_the_spelling_of_numbers(serve: Gateway, recorder: Recorder) -> None:
    assert serve(recorder).call("odd").exact["result"] == exact(ODD_RESULT)


def test_an_error_keeps_its_code_and_data(serve: Gateway, recorder: Recorder) -> None:
    assert serve(recorder).call("fail").exact["error"] == exact(ODD_ERROR)


def test_arguments_and_meta_arrive_with_the_spelling_of_numbers(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":%s,"arguments":%s,"name":"odd"}}\n'
    host.write((call % (NUMBERS, NUMBERS)).encode())
    host.reply(1)
    assert recorder.calls() == [{"name": "odd", "arguments": exact(NUMBERS), "_meta": exact(NUMBERS)}]


def test_a_result_of_eight_mebibytes_comes_whole(serve: Gateway, recorder: Recorder) -> None:
    assert len(serve(recorder).call("big", {"size": 8 << 20}).text) == 8 << 20


def test_an_argument_of_half_a_mebibyte_arrives_whole(serve: Gateway, recorder: Recorder) -> None:
    arguments = {"text": "line\n" * 100_000}
    assert serve(recorder).call("echo", arguments).result
    assert [call["arguments"] for call in recorder.calls()] == [arguments]


# Notifications, and their order


def test_three_hundred_notifications_come_in_order_before_their_answer(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.start_call("burst", {"count": 300}, request_id="after")
    answer = host.wait(lambda frame: frame.method is None, "the answer")
    assert [frame.params["data"] for frame in host.take()] == list(range(300))
    assert answer.id == "after"


def test_notifications_of_the_host_arrive_in_order(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    for n in range(100):
        host.notify("notifications/roots/list_changed", {"_meta": {"n": n}})
    host.call("echo")
    assert [frame.params["_meta"]["n"] for frame in recorder.heard("notifications/roots/list_changed")] == [*range(100)]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("notifications/tools/list_changed", None),
        ("notifications/prompts/list_changed", None),
        ("notifications/resources/list_changed", {"_meta": {"x": 1.0}}),
        ("notifications/resources/updated", {"uri": "memo://recorder/1", "x-vendor": 1.0}),
        ("notifications/message", {"level": "error", "data": {"big": 2**70}}),
        ("notifications/elicitation/complete", {"elicitationId": "e"}),
        ("notifications/vendor.example/x", {"x": [1.0]}),
    ],
)
def test_a_notification_reaches_the_host(serve: Gateway, recorder: Recorder, method: str, params: Json) -> None:
    host = serve(recorder)
    members = {} if params is None else {"params": params}
    host.call("notify", {"message": {"method": method, **members}})
    assert host.notification(method).exact.get("params") == exact(json.dumps(params))


@pytest.mark.parametrize("token", ["a token", 7, 0, "7"])
def test_progress_comes_under_the_token_that_the_host_chose(serve: Gateway, recorder: Recorder, token: Json) -> None:
    host = serve(recorder)
    meta = {"progressToken": token, "vendor.example/trace": [1.0]}
    answer = host.call("progress", {"count": 3}, _meta=meta)
    told = [frame.params for frame in host.take() if frame.method == "notifications/progress"]
    assert told == [{"progressToken": token, "total": 3, "progress": n, "x-vendor": n} for n in range(3)]
    assert json.loads(answer.text) == meta


def test_progress_of_two_calls_is_told_apart(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    calls = [host.start_call("progress", {"count": 2}, _meta={"progressToken": token}) for token in (1, "1")]
    for call in calls:
        host.reply(call)
    tokens = [frame.params["progressToken"] for frame in host.take() if frame.method == "notifications/progress"]
    assert list(map(repr, tokens)) == ["1", "1", "'1'", "'1'"]


# Requests of the downstream


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        ("roots/list", {"_meta": {"x": 1.0}}, {"roots": [{"uri": "file:///srv", "name": "srv", "x-vendor": 1.0}]}),
        (
            "sampling/createMessage",
            {"messages": [], "maxTokens": 10, "x-vendor": 2**70},
            {"role": "assistant", "content": {"type": "hologram"}, "model": "m", "x-vendor": 2**70},
        ),
        (
            "elicitation/create",
            {"mode": "form", "message": "Who?", "requestedSchema": {"type": "object", "properties": {}}},
            {"action": "accept", "content": {"n": 1.0}},
        ),
        ("tasks/get", {"taskId": "of-the-host"}, {"taskId": "of-the-host", "status": "working", "ttl": None}),
    ],
)
def test_a_request_of_the_downstream_reaches_the_host_and_its_answer_the_downstream(
    serve: Gateway, recorder: Recorder, method: str, params: Json, result: Json
) -> None:
    host = serve(recorder)
    request = {"id": "of-the-downstream", "method": method, **({} if params is None else {"params": params})}
    call = host.start_call("ask_host", {"request": request})
    asked = host.incoming(method)
    assert asked.exact.get("params") == exact(json.dumps(params))
    host.answer(asked, result)
    assert exact(host.reply(call).text) == exact(json.dumps({"result": result}))


def test_an_error_of_the_host_reaches_the_downstream(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    call = host.start_call("ask_host", {"request": {"id": 1, "method": "sampling/createMessage", "params": {}}})
    asked = host.incoming("sampling/createMessage")
    error = {"code": -1, "message": "the user said no", "data": [1.0]}
    host.send({"jsonrpc": "2.0", "id": asked.id, "error": error})
    assert json.loads(host.reply(call).text) == {"error": error}


def test_the_same_id_may_be_in_flight_both_ways(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.start_call("ask_host", {"request": {"id": 1, "method": "roots/list"}}, request_id=1)
    asked = host.incoming("roots/list")
    host.start_call("echo", {"n": 2}, request_id=2)
    assert host.reply(2).text == 'recorder heard {"n": 2}'
    host.answer(asked, {"roots": []})
    assert host.reply(1).text == '{"result": {"roots": []}}'


def test_progress_of_the_host_reaches_the_downstream_under_its_token(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    params = {"_meta": {"progressToken": "of-the-downstream"}}
    call = host.start_call("ask_host", {"request": {"id": 1, "method": "sampling/createMessage", "params": params}})
    asked = host.incoming("sampling/createMessage")
    progress = {"progressToken": asked.params["_meta"]["progressToken"], "progress": 1}
    host.notify("notifications/progress", progress)
    host.answer(asked, {})
    host.reply(call)
    (told,) = recorder.heard("notifications/progress")
    assert told.params == {"progressToken": "of-the-downstream", "progress": 1}


# Cancellation


def test_a_cancellation_reaches_the_downstream_under_its_own_id(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    for name in ("first", "second"):
        host.start_call("hold", {"call": name}, request_id=name)
        host.notification("notifications/message")
    host.notify("notifications/cancelled", {"requestId": "first", "reason": "the user left"})
    host.notification("notifications/message")
    held = {frame.params["arguments"]["call"]: frame.id for frame in recorder.heard("tools/call")}
    assert [frame.params for frame in recorder.heard("notifications/cancelled")] == [
        {"requestId": held["first"], "reason": "the user left"}
    ]
    host.call("release")
    assert [frame.id for frame in host.take() if frame.method is None] == ["second"]


def test_a_cancellation_of_nothing_does_no_harm(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    held = host.start_call("hold")
    host.notification("notifications/message")
    host.notify("notifications/cancelled", {"requestId": "never-sent"})
    host.call("release")
    assert host.reply(held).text.startswith("released")


def test_the_downstream_takes_back_its_request_under_the_id_that_the_host_saw(
    serve: Gateway, recorder: Recorder
) -> None:
    host = serve(recorder)
    request = {"id": 1, "method": "sampling/createMessage", "params": {}}
    host.call("ask_host", {"request": request, "cancel": True})
    asked = host.incoming("sampling/createMessage")
    assert host.notification("notifications/cancelled").params == {"requestId": asked.id, "reason": "x"}


# Tasks of 2025-11-25


def test_a_task_runs_from_its_call_to_its_result(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    asked = host.call("odd", {"n": 1}, task={"ttl": 60000})
    task = asked.exact["result"]["task"]
    assert task == {"taskId": "task-0", "status": "working", "ttl": "60000", "x-vendor": "1.0"}
    assert recorder.calls()[0]["task"] == {"ttl": "60000"}
    assert host.request("tasks/list").exact["result"] == {"tasks": [task]}
    assert host.request("tasks/get", {"taskId": "task-0"}).exact["result"] == task
    result = host.request("tasks/result", {"taskId": "task-0"}).result
    assert result["content"][0]["text"] == '{"n": 1}'
    assert result["_meta"] == {"io.modelcontextprotocol/related-task": {"taskId": "task-0"}}
    assert host.notification("notifications/tasks/status").params["status"] == "completed"


def test_a_task_can_be_cancelled(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.call("odd", {}, task={"ttl": 1})
    assert host.request("tasks/cancel", {"taskId": "task-0"}).result["status"] == "cancelled"
