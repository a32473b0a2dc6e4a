"""What tools answer is held to the policy's rules for results, in whatever message it comes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sessions.gateway import ALLOW_ALL, Gateway
from sessions.modern import Modern
from sessions.peers import TESTS
from sessions.rpc import Frame, Json

# In two parts, or the scanners that look after repositories would take it for a real one.
SECRET = "ghp_" + "aB3dE6gH9k" * 3 + "Ab12Cd"
MARK = "[redacted: github-token]"
LEAKY = [sys.executable, str(TESTS / "peers" / "leaky_server.py")]

REDACT = ALLOW_ALL + '[results]\ncontrol = "strip"\nsecrets = ["all"]\n'
BLOCK = ALLOW_ALL + '[results]\nsecrets = ["github-token"]\non_match = "block"\n'
RULE = "results.secrets.github-token"


def assert_withheld(result: Json, rule: str = RULE) -> None:
    assert result["isError"] is True
    assert result["content"][0]["text"].startswith("ARGALA BLOCK: ")
    decision = result["_meta"]["argala/decision"]
    assert (decision["decision"], decision["rule"]) == ("deny", rule)
    assert SECRET not in json.dumps(result)


def assert_error_instead(error: Json, rule: str = RULE) -> None:
    assert error["code"] == -32010
    assert error["message"].startswith("ARGALA BLOCK: ")
    assert error["data"]["argala/decision"]["rule"] == rule
    assert SECRET not in json.dumps(error)


def test_a_real_servers_secrets_are_redacted_wherever_they_stand(serve: Gateway) -> None:
    host = serve(LEAKY, REDACT, env={"SECRET": SECRET})
    assert host.call("text").text == f"token: {MARK}."
    structured = host.call("structured")
    assert structured.result["structuredContent"] == {"rows": [{"id": 1, "token": MARK}], MARK: 2.5}
    assert json.loads(structured.text) == structured.result["structuredContent"]
    assert host.call("embedded").result["content"][0]["resource"]["text"] == f"it is {MARK}"
    failing = host.call("failing").result
    assert failing["isError"]
    assert MARK in failing["content"][0]["text"]
    assert host.call("plain").result["structuredContent"] == {"price": 2.5, "name": "café"}


def test_a_real_servers_results_are_withheld_where_the_policy_blocks(serve: Gateway) -> None:
    host = serve(LEAKY, BLOCK, env={"SECRET": SECRET})
    for tool in ("text", "structured", "embedded", "failing"):
        assert_withheld(host.call(tool).result)
    assert host.call("plain").result["structuredContent"]["price"] == 2.5


def test_a_result_in_which_nothing_is_found_passes_byte_for_byte(serve: Gateway) -> None:
    plain, reviewed = (
        serve(serve.recorder(name), policy).call("odd") for name, policy in [("one", ALLOW_ALL), ("two", BLOCK)]
    )
    assert plain.raw.replace(b"call-1", b"") == reviewed.raw.replace(b"call-1", b"")


def test_rules_are_a_tools_own(serve: Gateway) -> None:
    policy = (
        BLOCK + '[tools.echo]\nresult = { secrets = [], max_bytes = 400 }\n[tools."ech*"]\nresult.control = "strip"\n'
    )
    host = serve(serve.recorder("recorder"), policy)
    assert SECRET in host.call("echo", {"text": SECRET}).text
    long = host.call("echo", {"text": "x" * 400}).result
    assert_withheld(long, "tools.echo.result.max_bytes")


def answered_with(serve: Gateway, policy: str, answer: str) -> Frame:
    """What the host gets where a server answers a call with just these members."""
    recorder = serve.recorder(f"recorder{len(serve.recorders)}")
    host = serve(recorder, policy)
    call = host.start("tools/call", {"name": "hold"})
    host.notification("notifications/message")
    (held,) = [frame.id for frame in recorder.heard("tools/call")]
    host.start("tools/call", {"name": "print", "arguments": {"out": f'{{"jsonrpc":"2.0","id":{held},{answer}}}'}})
    return host.reply(call)


def test_an_error_that_answers_a_call_is_held_to_the_rules_too(serve: Gateway) -> None:
    answer = f'"error":{{"code":-32001,"message":"no: {SECRET}","data":[1.0,"{SECRET}"]}}'
    redacted = answered_with(serve, REDACT, answer)
    assert redacted.exact["error"] == {"code": "-32001", "message": f"no: {MARK}", "data": ["1.0", MARK]}
    assert_error_instead(answered_with(serve, BLOCK, answer).error)


def test_a_result_that_readers_take_differently_is_withheld(serve: Gateway) -> None:
    answer = '"result":{"content":[],"content":[{"type":"text","text":"x"}]}'
    assert answered_with(serve, ALLOW_ALL, answer).text == "x"
    assert_withheld(answered_with(serve, REDACT, answer).result, "results.unreadable")


@pytest.mark.parametrize("several", [False, True], ids=["one server", "several"])
def test_a_task_is_held_to_its_tools_rules_and_an_unknown_one_to_the_strictest(serve: Gateway, several: bool) -> None:
    name = "one__odd" if several else "odd"
    policy = BLOCK + f'[tools.{name}]\nresult = {{ on_match = "redact" }}\n'
    recorder = serve.recorder("one")
    host = serve({"one": recorder, "two": serve.recorder("two")} if several else recorder, policy)
    started = host.call(name, {"q": SECRET}, task={"ttl": 60_000})
    task = started.result["task"]["taskId"]
    result = host.request("tasks/result", {"taskId": task})
    assert result.text == json.dumps({"q": MARK})
    if several:
        return
    # The server has made this one without having been asked for it by this session.
    denied = host.request("tasks/result", {"taskId": SECRET})
    assert_error_instead(denied.error)


def test_a_task_whose_result_is_withheld_says_so(serve: Gateway) -> None:
    host = serve(serve.recorder("recorder"), BLOCK)
    task = host.call("odd", {"q": SECRET}, task={"ttl": 60_000}).result["task"]["taskId"]
    assert_withheld(host.request("tasks/result", {"taskId": task}).result)


def test_what_is_told_of_a_task_is_held_to_the_rules(serve: Gateway) -> None:
    for policy, told in ((REDACT, [MARK, "working"]), (BLOCK, ["working"])):
        host = serve(serve.recorder("recorder"), policy)
        for message in (SECRET, "working"):
            status = {"taskId": "t", "status": "working", "statusMessage": message, "result": {"content": [message]}}
            host.call("notify", {"message": {"method": "notifications/tasks/status", "params": status}})
        heard = [host.notification("notifications/tasks/status").params for _ in told]
        assert [(one["statusMessage"], one["result"]["content"]) for one in heard] == [(one, [one]) for one in told]


def test_questions_are_held_to_the_rules_and_what_a_server_wants_back_is_not_touched(serve: Gateway) -> None:
    policy = REDACT + "patterns.question = 'name\\?'\n"
    host = Modern(serve.open(serve.recorder("modern", script="modern.py"), policy))
    response = {"name": {"action": "accept", "content": {"name": SECRET}}}
    asked = host.call("ask", {"times": 2}).result
    assert asked["inputRequests"]["name"]["params"]["message"] == "[redacted: question]"
    state = {"requestState": asked["requestState"], "inputResponses": response}
    asked = host.call("ask", {"times": 2}, **state).result
    assert json.loads(asked["requestState"]) == [SECRET]
    state["requestState"] = asked["requestState"]
    assert host.call("ask", {"times": 2}, **state).text == f"hello {MARK} and {MARK}"


def test_a_stateless_host_of_a_server_with_sessions_is_guarded_too(serve: Gateway) -> None:
    host = Modern(serve.open(serve.recorder("recorder"), BLOCK))
    question = {
        "jsonrpc": "2.0",
        "id": "q",
        "method": "elicitation/create",
        "params": {"message": "?", "requestedSchema": {}},
    }
    asked = host.call("ask_host", {"request": question}).result
    assert asked["resultType"] == "input_required"
    response = {"0": {"action": "accept", "content": {"name": SECRET}}}
    answer = host.call("ask_host", {"request": question}, inputResponses=response, requestState=asked["requestState"])
    assert_withheld(answer.result)
    assert answer.result["resultType"] == "complete"


def records(log: Path) -> list[Json]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_the_audit_log_says_what_has_become_of_results(serve: Gateway) -> None:
    log = serve.folder / "audit.jsonl"
    policy = REDACT + '[tools.hidden]\nresult = { patterns = { unknown = "Unknown" }, on_match = "block" }\n'
    host = serve(serve.recorder("recorder"), policy, ["--audit", str(log)])
    host.call("echo", {"text": "plain"})
    host.call("echo", {"text": SECRET})
    host.call("hidden")
    host.end_input()
    assert host.process.wait(10) == 0
    ended = [record for record in records(log) if record["event"] == "ended"]
    assert [(one["outcome"], one.get("result"), one.get("rules")) for one in ended] == [
        ("result", None, None),
        ("result", "redacted", [RULE]),
        ("error", "withheld", ["tools.hidden.result.patterns.unknown"]),
    ]
    assert SECRET not in log.read_text()
