"""Hosts and servers of both eras of the protocol, in every pairing."""

from __future__ import annotations

import json
import time

import pytest

from sessions.gateway import ALLOW_ALL, Gateway
from sessions.http_host import HttpHost
from sessions.modern import ABLE, META, VERSION, Modern, meta
from sessions.peers import Recorder, kill_all
from sessions.rpc import PATIENCE, Frame, Json, Session
from sessions.test_calls import assert_denied

DENY_DROP = 'allowed_methods = ["*"]\ndenied_patterns = ["DROP"]\n'
INPUT = {"name": {"action": "accept", "content": {"name": "Ada"}}}
ASK = {"jsonrpc": "2.0", "id": "a question"}
QUESTION = {"method": "elicitation/create", "params": {"message": "name?", "mode": "form", "requestedSchema": {}}}


@pytest.fixture
def modern(serve: Gateway) -> Recorder:
    """A downstream of the modern era alone."""
    return serve.recorder("modern", script="modern.py")


def answered(frame: Frame) -> Json:
    return json.loads(frame.text)


def until_up(host: Modern | Session) -> None:
    """Waits until a server that has ended runs again."""
    deadline = time.monotonic() + PATIENCE
    while host.call("echo").error:
        assert time.monotonic() < deadline, "it wasn't started again"
        time.sleep(0.05)


# A modern host before a modern server: nothing changes but ids and tokens


def test_a_modern_pair_is_relayed_as_it_speaks(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern))
    found = host.request("server/discover").result
    assert (found["supportedVersions"], found["instructions"], found["ttlMs"]) == ([VERSION], "be kind", 60000)
    assert found["_meta"][META + "serverInfo"]["name"] == "modern"
    tools = host.request("tools/list").result
    assert (tools["resultType"], tools["ttlMs"], tools["cacheScope"]) == ("complete", 5000, "public")
    echoed = answered(host.call("echo", {"x": 1}))
    assert echoed == {"arguments": {"x": 1}, "meta": meta()}


def test_a_call_of_a_modern_host_is_judged(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern, DENY_DROP))
    denied = host.call("echo", {"sql": "DROP TABLE t"})
    assert_denied(denied)
    assert denied.result["resultType"] == "complete"
    assert [call["name"] for call in modern.calls()] == []


def test_each_round_of_a_call_is_judged(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern, DENY_DROP))
    first = host.call("ask", {"times": 1}).result
    assert first["resultType"] == "input_required"
    again = host.call("ask", {"times": "DROP"}, inputResponses=INPUT, requestState=first["requestState"])
    assert_denied(again)
    done = host.call("ask", {"times": 1}, inputResponses=INPUT, requestState=first["requestState"])
    assert done.text == "hello Ada"


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({META + "protocolVersion": None}, -32602),
        ({META + "protocolVersion": 7}, -32602),
        ({META + "clientCapabilities": None}, -32602),
        ({META + "clientCapabilities": []}, -32602),
        ({META + "protocolVersion": "2099-01-01"}, -32022),
        ({META + "protocolVersion": "2025-11-25"}, -32022),
    ],
)
def test_a_request_that_does_not_say_who_it_is_from_is_refused(
    serve: Gateway, modern: Recorder, spoilt: dict[str, object], code: int
) -> None:
    session = serve.open(modern)
    members = {name: value for name, value in {**meta(), **spoilt}.items() if value is not None}
    refused = session.request("server/discover", {"_meta": members})
    assert refused.error["code"] == code
    if code == -32022:
        assert VERSION in refused.error["data"]["supported"]
    assert Modern(session).call("echo").result


def test_progress_comes_under_the_hosts_own_token(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern))
    for token in ("mine", 7):
        call = host.start("tools/call", {"name": "progress", "arguments": {"count": 2}}, progressToken=token)
        seen = [host.session.notification("notifications/progress").params for _ in range(2)]
        assert [(one["progressToken"], one["progress"]) for one in seen] == [(token, 0), (token, 1)]
        assert host.session.reply(call).text == "done"


def test_a_modern_hosts_cancellation_reaches_its_server(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern))
    call = host.start("tools/call", {"name": "hold", "arguments": {}})
    host.call("echo")
    host.session.notify("notifications/cancelled", {"requestId": call})
    host.call("echo")
    held = next(frame.id for frame in modern.heard("tools/call") if frame.params["name"] == "hold")
    assert [frame.params["requestId"] for frame in modern.heard("notifications/cancelled")] == [held]


def test_a_listen_of_a_modern_pair_hears_its_server_under_its_own_id(serve: Gateway, modern: Recorder) -> None:
    host = Modern(serve.open(modern))
    listen = host.listen(toolsListChanged=True, resourceSubscriptions=["mem://modern/1"])
    assert host.call("change", {"uri": "mem://modern/1"}).text == "told 1"
    assert host.told("notifications/tools/list_changed") == listen
    assert host.told("notifications/resources/updated") == listen
    host.call("hang_up")
    ended = host.session.reply(listen).result
    assert ended["_meta"][META + "subscriptionId"] == listen


# A legacy host before a modern server


def test_a_legacy_host_is_introduced_to_a_modern_server(serve: Gateway, modern: Recorder) -> None:
    host = serve.open(modern)
    introduced = host.initialize("2025-06-18").result
    assert introduced["protocolVersion"] == "2025-06-18"
    assert introduced["serverInfo"]["name"] == "modern"
    assert introduced["capabilities"]["extensions"] == {"vendor.example/x": {"n": 1}}
    echoed = answered(host.call("echo", {"x": 1.0}, _meta={"vendor.example/kept": 1}))
    said = echoed["meta"]
    assert echoed["arguments"] == {"x": 1.0}
    assert (said["vendor.example/kept"], said[META + "protocolVersion"]) == (1, VERSION)
    assert said[META + "clientInfo"]["name"] == "a-test"
    assert "elicitation" in said[META + "clientCapabilities"]
    assert "tasks" not in said[META + "clientCapabilities"]


def test_what_a_modern_server_needs_is_asked_of_a_legacy_host(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    call = host.start_call("ask", {"times": 2})
    for name in ("Ada", "Grace"):
        question = host.incoming("elicitation/create")
        assert question.params["message"] == "name?"
        host.answer(question, {"action": "accept", "content": {"name": name}})
    assert host.reply(call).text == "hello Ada and Grace"
    assert len(modern.calls()) == 3


def test_several_questions_are_asked_together(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    call = host.start_call("ask_all")
    for method in ("roots/list", "sampling/createMessage", "elicitation/create"):
        host.answer(host.incoming(method), {"method": method})
    asked = answered(host.reply(call))
    assert asked == {
        'a "b"': {"method": "elicitation/create"},
        "sample": {"method": "sampling/createMessage"},
        "roots": {"method": "roots/list"},
    }


def test_a_server_may_want_a_call_again_without_a_question_but_not_for_ever(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    assert host.call("retry", {"times": 3}).text == "after 3"
    assert "16 times" in host.call("retry", {"times": 1000}).error["message"]


def test_a_question_outlives_the_process_that_asked_it(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    call = host.start_call("ask")
    question = host.incoming("elicitation/create")
    kill_all(modern.pids())
    until_up(host)
    host.answer(question, INPUT["name"])
    assert host.reply(call).text == "hello Ada"


def test_calls_that_may_have_to_be_repeated_are_kept_up_to_a_bound(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    held = []
    for _ in range(3):
        assert host.call("echo").result
        held.append(host.start_call("hold", {}, _meta={"x": "x" * (12 << 20)}))
    assert "too many requests are in flight" in host.call("echo").error["message"]
    host.notify("notifications/cancelled", {"requestId": held[0]})
    assert host.call("echo").result


def test_a_call_that_its_server_cancels_has_failed(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    assert "has cancelled the request" in host.call("cancel").error["message"]


def test_answers_go_to_the_server_that_has_asked_for_them_alone(serve: Gateway) -> None:
    first, asking = serve.recorder("first", "--listed-only"), serve.recorder("asking", script="modern.py")
    host = serve({"first": first, "asking": asking}, capabilities={"roots": {}})
    read = host.start("resources/read", {"uri": "mem://asking/ask"})
    host.answer(host.incoming("roots/list"), {"roots": []})
    assert host.reply(read).result["contents"][0]["text"] == "asking"
    assert [frame.params for frame in first.heard("resources/read")] == [{"uri": "mem://asking/ask"}]


def test_a_legacy_hosts_refusal_is_the_answer_to_its_own_call(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    call = host.start_call("ask")
    question = host.incoming("elicitation/create")
    host.send({"jsonrpc": "2.0", "id": question.id, "error": {"code": -1, "message": "no user here"}})
    assert host.reply(call).error == {"code": -1, "message": "no user here"}


def test_a_legacy_host_that_cannot_answer_is_not_asked(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern, capabilities={})
    refused = host.call("ask")
    assert refused.error["code"] == -32021
    assert "elicitation/create" in refused.error["message"]


def test_a_legacy_host_may_cancel_a_call_that_has_asked_it(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    call = host.start_call("ask")
    question = host.incoming("elicitation/create")
    host.notify("notifications/cancelled", {"requestId": call})
    assert host.notification("notifications/cancelled").params["requestId"] == question.id
    assert host.call("echo").result
    host.answer(question, INPUT["name"])
    assert host.call("echo").result
    assert [one["name"] for one in modern.calls()] == ["ask", "echo", "echo"]


def test_a_legacy_host_hears_of_a_modern_servers_changes(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    host.request("resources/subscribe", {"uri": "mem://modern/1"})
    host.call("change", {"uri": "mem://modern/1"})
    host.notification("notifications/tools/list_changed")
    host.notification("notifications/resources/list_changed")
    assert host.notification("notifications/resources/updated").params["uri"] == "mem://modern/1"
    host.request("resources/unsubscribe", {"uri": "mem://modern/1"})
    assert host.call("change", {"uri": "mem://modern/1"}).text == "told 1"
    host.notification("notifications/tools/list_changed")
    assert not [frame for frame in host.take() if frame.method == "notifications/resources/updated"]


def test_a_legacy_hosts_log_level_goes_with_each_request(serve: Gateway, modern: Recorder) -> None:
    host = serve(modern)
    assert host.request("logging/setLevel", {"level": "debug"}).result == {}
    host.call("log")
    assert host.notification("notifications/message").params["data"] == "debug"


# A modern host before a legacy server


def test_a_modern_host_discovers_a_legacy_server(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    found = host.request("server/discover").result
    assert found["supportedVersions"][0] == VERSION
    assert found["resultType"] == "complete"
    assert (found["ttlMs"], found["cacheScope"]) == (0, "private")
    assert "tasks" not in found["capabilities"]
    assert found["_meta"][META + "serverInfo"]["name"] == "recorder"
    introduced = recorder.heard("initialize")[0].params
    assert introduced["clientInfo"]["name"] == "a-test"
    assert introduced["capabilities"] == ABLE
    assert host.call("echo").result
    assert recorder.heard("notifications/initialized")


def test_a_legacy_servers_results_say_what_a_modern_host_must_know(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    tools = host.request("tools/list").result
    assert (tools["resultType"], tools["ttlMs"], tools["cacheScope"]) == ("complete", 0, "private")
    assert host.call("echo", {"x": 1}).result["resultType"] == "complete"
    more = {"vendor.example/kept": 1.0, "progressToken": "mine", META + "logLevel": "info"}
    host.request("tools/call", {"name": "echo"}, **more)
    heard = recorder.heard("tools/call")[-1].params["_meta"]
    assert (heard.pop("vendor.example/kept"), list(heard)) == (1.0, ["progressToken"])
    assert_denied(Modern(serve.open(recorder, DENY_DROP)).call("echo", {"sql": "DROP"}))


def test_what_a_legacy_server_asks_becomes_a_result(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    assert first["resultType"] == "input_required"
    (key, asked), *more = first["inputRequests"].items()
    assert (asked, more) == (QUESTION, [])
    done = host.call(
        "ask_host", arguments, inputResponses={key: {"action": "decline"}}, requestState=first["requestState"]
    )
    assert answered(done) == {"result": {"action": "decline"}}
    assert len(recorder.calls()) == 1


def test_a_request_state_is_good_once_and_for_its_own_request(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    state, inputs = first["requestState"], {next(iter(first["inputRequests"])): {"action": "cancel"}}
    for tool, other, secret in [
        ("ask_host", {"request": {**ASK, **QUESTION, "more": 1}}, state),
        ("echo", arguments, state),
        ("ask_host", arguments, state[:-1] + ("0" if state[-1] != "0" else "1")),
        ("ask_host", arguments, "argala.0."),
        ("ask_host", arguments, ""),
    ]:
        refused = host.call(tool, other, inputResponses=inputs, requestState=secret)
        assert refused.error["code"] == -32602, (tool, secret)
    assert host.call("ask_host", arguments, inputResponses=inputs, requestState=state).result
    assert host.call("ask_host", arguments, inputResponses=inputs, requestState=state).error["code"] == -32602
    assert len(recorder.calls()) == 1


def test_what_the_host_leaves_out_is_asked_again(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    again = host.call("ask_host", arguments, inputResponses={}, requestState=first["requestState"]).result
    assert again["inputRequests"] == first["inputRequests"]
    assert again["requestState"] != first["requestState"]
    inputs = {key: {"action": "accept"} for key in again["inputRequests"]}
    assert host.call("ask_host", arguments, inputResponses=inputs, requestState=again["requestState"]).result["content"]


def test_the_second_round_is_judged_too(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder, DENY_DROP))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    denied = host.call("ask_host", {"request": "DROP"}, inputResponses={}, requestState=first["requestState"])
    assert_denied(denied)
    assert len(recorder.calls()) == 1


def test_a_modern_host_that_cannot_answer_is_not_asked(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder), capabilities={})
    assert "error" in answered(host.call("ask_host", {"request": {**ASK, **QUESTION}}))


def test_a_modern_host_is_asked_what_it_can_answer_as_it_says_with_that_request(
    serve: Gateway, recorder: Recorder
) -> None:
    session = serve.open(recorder)
    assert Modern(session).request("server/discover").result
    assert "error" in answered(Modern(session, {}).call("ask_host", {"request": {**ASK, **QUESTION}}))


def test_a_server_that_dies_while_the_host_is_asked_says_so_to_the_host(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    host.call("die")
    inputs = {key: {"action": "accept"} for key in first["inputRequests"]}
    ended = host.call("ask_host", arguments, inputResponses=inputs, requestState=first["requestState"])
    assert "has ended" in ended.error["message"]


def test_what_was_asked_by_a_server_that_is_gone_is_not_answered_to_the_next(
    serve: Gateway, recorder: Recorder
) -> None:
    host = Modern(serve.open(recorder))
    arguments = {"request": {**ASK, **QUESTION}}
    first = host.call("ask_host", arguments).result
    host.call("die")
    until_up(host)
    inputs = {key: {"action": "accept"} for key in first["inputRequests"]}
    host.call("ask_host", arguments, inputResponses=inputs, requestState=first["requestState"])
    assert host.call("echo").result
    assert [frame for frame in recorder.heard() if frame.id == ASK["id"]] == []


def test_an_answer_is_given_to_its_own_question_when_another_is_taken_back(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    other = {**ASK, "id": "another one", **QUESTION}
    arguments = {"request": {**ASK, **QUESTION}, "more": [other]}
    first = host.call("ask_host", arguments).result
    both = host.call("ask_host", arguments, inputResponses={}, requestState=first["requestState"]).result
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": ASK["id"]}}
    host.call("notify", {"message": cancelled})
    inputs = {key: {"action": "accept", "content": {"key": key}} for key in both["inputRequests"]}
    done = host.call("ask_host", arguments, inputResponses=inputs, requestState=both["requestState"])
    assert answered(done) == {"result": inputs["1"]}


def test_a_read_that_is_asked_about_is_resumed_at_its_own_server(serve: Gateway) -> None:
    servers = {name: serve.recorder(name, "--listed-only") for name in ("first", "second")}
    host = Modern(serve.open(servers))
    uri = "memo://second/ask"
    asked = host.request("resources/read", {"uri": uri}).result
    inputs: Json = {key: {"roots": []} for key in asked["inputRequests"]}
    again = {"uri": uri, "inputResponses": inputs, "requestState": asked["requestState"]}
    assert answered(host.request("resources/read", again)) == {"result": {"roots": []}}
    assert len(servers["first"].heard("resources/read")) == 1


def test_a_modern_host_hears_of_a_legacy_servers_changes(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    tools, updates = host.listen(toolsListChanged=True), host.listen(resourceSubscriptions=["mem://x"])
    host.call("notify", {"message": {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}})
    assert host.told("notifications/tools/list_changed") == tools
    host.call("notify", {"message": {"jsonrpc": "2.0", "method": "notifications/prompts/list_changed"}})
    updated = {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "mem://x"}}
    host.call("notify", {"message": updated})
    assert host.told("notifications/resources/updated") == updates
    assert [frame.params["uri"] for frame in recorder.heard("resources/subscribe")] == ["mem://x"]
    host.session.notify("notifications/cancelled", {"requestId": updates})
    host.call("echo")
    assert [frame.params["uri"] for frame in recorder.heard("resources/unsubscribe")] == ["mem://x"]
    assert not [frame for frame in host.session.take() if frame.method == "notifications/prompts/list_changed"]


def test_a_legacy_servers_log_is_told_to_requests_that_ask_for_it(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    log = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}
    params = {"name": "notify", "arguments": {"message": log}}
    assert host.request("tools/call", params).result
    assert not host.session.take()
    assert host.request("tools/call", params, **{META + "logLevel": "info"}).result
    assert host.session.notification("notifications/message").params["data"] == "x"
    assert [frame.params for frame in recorder.heard("logging/setLevel")] == [{"level": "info"}]


def test_what_only_the_newer_era_knows_is_not_told_to_a_server_with_sessions(
    serve: Gateway, recorder: Recorder
) -> None:
    host = serve(recorder)
    assert host.call("echo", _meta=meta(progressToken=1.0, **{"vendor.example/kept": 1})).result
    assert recorder.heard("tools/call")[0].exact["params"]["_meta"] == {
        "vendor.example/kept": "1",
        "progressToken": "1.0",
    }


# Servers that don't say which era they are of


def test_a_server_that_says_nothing_to_discover_is_one_of_the_legacy_era(serve: Gateway) -> None:
    silent = serve.recorder("modern", "--silent", script="modern.py")
    refused = Modern(serve.open(silent)).request("server/discover")
    assert refused.error or refused.result


def test_a_modern_server_that_is_slow_to_start_is_introduced_all_the_same(serve: Gateway) -> None:
    slow = serve.recorder("modern", "--sleep", "3.5", script="modern.py")
    assert Modern(serve.open(slow)).call("echo").result


def test_a_probe_does_not_disturb_a_legacy_server(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder))
    assert host.call("echo").result
    assert [frame.method for frame in recorder.heard()][:3] == [
        "server/discover",
        "initialize",
        "notifications/initialized",
    ]


# Several servers of both eras


def test_servers_of_both_eras_stand_side_by_side(serve: Gateway) -> None:
    servers = {"old": serve.recorder("old"), "new": serve.recorder("new", script="modern.py")}
    legacy = serve(servers, ALLOW_ALL)
    assert {"old__echo", "new__echo"} <= set(legacy.tool_names())
    assert legacy.call("old__echo", {"x": 1}).result
    assert answered(legacy.call("new__echo", {"x": 1}))["arguments"] == {"x": 1}
    modern = Modern(serve.open(servers, ALLOW_ALL))
    listed = modern.request("tools/list").result
    assert {"old__echo", "new__echo"} <= {tool["name"] for tool in listed["tools"]}
    assert (listed["resultType"], listed["ttlMs"], listed["cacheScope"]) == ("complete", 0, "private")
    assert modern.call("old__echo").result["resultType"] == "complete"
    assert modern.call("new__ask", {"times": 1}).result["resultType"] == "input_required"
    listen = modern.listen(toolsListChanged=True)
    modern.call("new__change")
    assert modern.told("notifications/tools/list_changed") == listen


# Over HTTP


def test_a_request_state_that_nobody_has_given_out_opens_no_session(serve: Gateway, recorder: Recorder) -> None:
    host = HttpHost(serve.http(recorder).url + "/mcp", "modern")
    assert host.open().last.result
    for slot in range(5):
        call = {"name": "echo", "arguments": {}, "inputResponses": {}, "requestState": f"argala.{slot}.x"}
        assert host.request("tools/call", call).last.error["code"] == -32602
    assert len(recorder.pids()) == 1
