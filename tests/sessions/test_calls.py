"""What the policy allows passes, what it denies never arrives, and the host is told why."""

from __future__ import annotations

import pytest

from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import Frame, Json

POLICY = """\
allowed_methods = ["echo", "od*"]
denied_patterns = ["DROP"]

[tools.big]
args.size = { type = "integer", min = 1, max = 1000, required = true }
"""
DECISION = {"decision", "rule", "method", "at", "matched", "view", "span", "message", "policy"}


def assert_denied(reply: Frame) -> Json:
    """The decision that the host gets with a denial."""
    assert reply.result, f"no denial: {reply}"
    assert reply.result["isError"] is True
    assert reply.text.startswith("ARGALA BLOCK")
    decision = reply.result["_meta"]["argala/decision"]
    assert decision.keys() >= DECISION
    assert decision["decision"] == "deny"
    return decision


def test_the_host_sees_only_the_tools_that_the_policy_could_allow(serve: Gateway, recorder: Recorder) -> None:
    assert serve(recorder, POLICY).tool_names() == ["odd", "echo", "big"]


def test_an_allowed_call_reaches_the_downstream(serve: Gateway, recorder: Recorder) -> None:
    reply = serve(recorder, POLICY).call("echo", {"text": "drip"}, _meta={"progressToken": "t"})
    assert reply.result == {
        "content": [{"type": "text", "text": 'recorder heard {"text": "drip"}'}],
        "_meta": {"progressToken": "t"},
    }
    assert recorder.calls() == [{"name": "echo", "arguments": {"text": "drip"}, "_meta": {"progressToken": "t"}}]


def test_a_call_without_arguments_is_a_call(serve: Gateway, recorder: Recorder) -> None:
    assert serve(recorder, POLICY).request("tools/call", {"name": "echo"}).text == "recorder heard {}"


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        ({"query": "DROP TABLE users"}, "/query"),
        ({"query": "please drop it"}, "/query"),
        ({"a": [{"b": "x"}, {"b": ["y", "DROP"]}]}, "/a/1/b/1"),
        ({"DROP": 1}, "/DROP"),
        ({"a": {"x drop y": None}}, "/a/x drop y"),
        ({"a/b": {"c~d": "DROP"}}, "/a~1b/c~0d"),
    ],
    ids=str,
)
def test_a_denied_call_says_what_and_where_and_never_arrives(
    serve: Gateway, recorder: Recorder, arguments: Json, at: str
) -> None:
    host = serve(recorder, POLICY)
    decision = assert_denied(host.call("echo", arguments))
    assert (decision["method"], decision["at"]) == ("echo", at)
    assert decision["matched"].upper() == "DROP"
    assert host.call("echo", {"after": True}).result
    assert [call["arguments"] for call in recorder.calls()] == [{"after": True}]


@pytest.mark.parametrize(
    "frame",
    [
        r'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"q":"\u0044ROP"}}}',
        r'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"\u0044R\u004fP":1}}}',
        r'{"jsonrpc":"2.0","id":7,"method":"tools\/call","params":{"name":"echo","arguments":{"q":"DROP"}}}',
        r'{"jsonrpc":"2.0","id":7,"m\u0065thod":"tools/c\u0061ll","params":{"name":"echo","arguments":{"q":"DROP"}}}',
        r'{"jsonrpc":"2.0","id":7,"method":"tools/call","p\u0061rams":{"name":"echo","argum\u0065nts":{"q":"DROP"}}}',
        r'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"di\u0065","arguments":{}}}',
        r'{"params":{"arguments":{"q":"DROP"},"name":"echo"},"method":"tools/call","id":7,"jsonrpc":"2.0"}',
        '  {\t"jsonrpc" : "2.0" , "id" : 7 , "method":"tools/call","params":{"name":"echo","arguments":{"q":"DROP"}}} ',
    ],
)
def test_another_spelling_of_a_denied_call_is_denied(serve: Gateway, recorder: Recorder, frame: str) -> None:
    host = serve(recorder, POLICY)
    host.write(frame.encode() + b"\n")
    assert_denied(host.reply(7))
    assert host.call("echo").result
    assert len(recorder.calls()) == 1


@pytest.mark.parametrize("name", ["die", "Echo", "ECHO", "echo ", " echo", "echo2", "ech", "", "*", "odd*"])
def test_a_method_that_nothing_allows_is_refused(serve: Gateway, recorder: Recorder, name: str) -> None:
    host = serve(recorder, POLICY.replace("od*", "odd"))
    reply = host.call(name)
    if reply.error is None:
        assert_denied(reply)
    assert host.call("echo").result
    assert len(recorder.calls()) == 1


@pytest.mark.parametrize("name", ["\u00e9cho", "\uff45cho", "echo\u200b", "echo\0", "echo\n", "echo" * 1000], ids=ascii)
def test_a_name_that_could_be_read_as_another_is_denied(serve: Gateway, recorder: Recorder, name: str) -> None:
    host = serve(recorder)
    assert_denied(host.call(name))
    assert host.call("echo").result
    assert [call["name"] for call in recorder.calls()] == ["echo"]


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"size": 10}, True),
        ({"size": 1000}, True),
        ({"size": 1001}, False),
        ({"size": 10**30}, False),
        ({"size": -1}, False),
        ({"size": "10"}, False),
        ({"size": None}, False),
        ({}, False),
        ({"size": 10, "colour": "red"}, False),
    ],
    ids=str,
)
def test_a_typed_argument_holds(serve: Gateway, recorder: Recorder, arguments: Json, allowed: bool) -> None:
    reply = serve(recorder, POLICY).call("big", arguments)
    if allowed:
        assert reply.text == "x" * arguments["size"]
    else:
        assert_denied(reply)
        assert recorder.calls() == []


def test_a_call_that_asks_for_a_task_is_judged_too(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, POLICY)
    denied = host.call("odd", {"q": "DROP"}, task={"ttl": 1000})
    assert denied.result is None  # who asks for a task can't take a tool result
    assert denied.error["message"].startswith("ARGALA BLOCK")
    assert denied.error["data"]["argala/decision"].keys() >= DECISION
    assert host.call("odd", {"q": "x"}, task={"ttl": 1000}).result["task"]
    assert len(recorder.calls()) == 1


def test_every_denial_names_the_same_policy(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, POLICY)
    identities = {assert_denied(host.call("echo", {"q": f"DROP {n}"}))["policy"] for n in range(3)}
    assert len(identities) == 1
    assert all(identities)


def test_denials_among_a_hundred_calls_at_once_reach_the_right_calls(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, POLICY)
    ids = [host.start_call("echo", {"n": n, "q": "DROP" if n % 3 == 0 else "drip"}) for n in range(100)]
    replies = [host.reply(call) for call in ids]
    denied = [n for n, reply in enumerate(replies) if reply.result.get("isError")]
    assert denied == list(range(0, 100, 3))
    assert all(f'"n": {n},' in reply.text for n, reply in enumerate(replies) if n % 3)
    assert len(recorder.calls()) == 100 - len(denied)
