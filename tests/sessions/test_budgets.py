"""What a budget has no more of never arrives, whichever session asks; what didn't leave is given back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sessions.gateway import CommandLine, Gateway
from sessions.http_host import HttpHost
from sessions.modern import Modern
from sessions.peers import Recorder
from sessions.rpc import Frame, Json
from sessions.test_calls import assert_denied
from sessions.test_eras import ASK, QUESTION


def policy(**budget: Json) -> str:
    keys = "\n".join(f"{key} = {json.dumps(value)}" for key, value in {"id": "few", **budget}.items())
    return f'allowed_methods = ["*"]\n[[budget]]\n{keys}\n'


def assert_spent(reply: Frame) -> str:
    assert assert_denied(reply)["rule"] == "budgets.few"
    return reply.text


def amounts(recorder: Recorder) -> list[str]:
    """As they were written."""
    return [call["arguments"]["amount"] for call in recorder.calls()]


def test_a_session_has_so_many_calls(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, policy(calls=2, per="session", methods=["ec*"]))
    replies = [host.call("echo", {"amount": number}) for number in range(4)]
    assert "there is no more in this session" in assert_spent(replies[2])
    assert_spent(replies[3])
    assert host.call("odd", {"amount": "else"}).result
    assert amounts(recorder) == ["0", "1", "else"]


def test_an_argument_is_added_up_exactly(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, policy(sum="/amount", max=1, per="day"))
    for _ in range(9):
        assert "isError" not in host.call("echo", {"amount": 0.1}).result
    assert "0.1 is left, and it asks for 0.2; retry after 864" in assert_spent(host.call("echo", {"amount": 0.2}))
    for wrong in (-5, "0.1", None):
        assert_spent(host.call("echo", {"amount": wrong}))
    assert "isError" not in host.call("echo", {"amount": 0.1}).result
    assert_spent(host.call("echo", {"amount": 0.000001}))
    assert amounts(recorder) == ["0.1"] * 10


def test_sessions_share_the_budget_of_the_gateway(serve: Gateway, recorder: Recorder) -> None:
    url = serve.http(recorder, policy(calls=3, per="hour")).url + "/mcp"
    hosts = [HttpHost(url, "legacy"), HttpHost(url, "legacy"), HttpHost(url, "modern")]
    replies = []
    for number, host in enumerate(hosts * 2):
        if number < len(hosts):
            host.open()
        replies.append(host.request("tools/call", {"name": "echo", "arguments": {"amount": number}}).last)
    for reply in replies[3:]:
        assert_spent(reply)
    assert sorted(amounts(recorder)) == ["0", "1", "2"]


def test_each_session_has_a_budget_of_its_own_and_who_has_none_is_denied(serve: Gateway, recorder: Recorder) -> None:
    url = serve.http(recorder, policy(calls=1, per="hour", by="session")).url + "/mcp"
    for number in range(2):
        host = HttpHost(url, "legacy")
        host.open()
        call = {"name": "echo", "arguments": {"amount": number}}
        assert "isError" not in host.request("tools/call", call).last.result
        assert_spent(host.request("tools/call", call).last)
    stateless = HttpHost(url, "modern")
    stateless.open()
    reply = stateless.request("tools/call", {"name": "echo", "arguments": {"amount": 2}}).last
    assert "has none over HTTP" in assert_spent(reply)
    assert amounts(recorder) == ["0", "1"]


class Known(HttpHost):
    """A host that shows a token, which is its name."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, "legacy")
        self.token = token
        self.open()

    def headers(self, message: Json) -> dict[str, str]:
        return {**super().headers(message), "Authorization": f"Bearer {self.token}"}

    def call(self, tool: str) -> Frame:
        return self.request("tools/call", {"name": tool, "arguments": {"amount": self.token}}).last


def test_principals_have_tools_and_budgets_of_their_own(serve: Gateway, recorder: Recorder) -> None:
    tokens = [
        f'[[access.token]]\nname = "{name}"\nsha256 = "{hashlib.sha256(name.encode()).hexdigest()}"\n{groups}\n'
        for name, groups in (("ada", 'groups = ["ops"]'), ("bob", ""))
    ]
    (serve.folder / "argala.toml").write_text("".join(tokens))
    rules = policy(calls=1, per="hour", by="principal", methods=["echo"]) + '[tools.odd]\nprincipals = ["group:ops"]\n'
    url = serve.http(recorder, rules, ["--config", str(serve.folder / "argala.toml")]).url + "/mcp"
    ada, again, bob = (Known(url, name) for name in ("ada", "ada", "bob"))
    assert "isError" not in ada.call("echo").result
    assert_spent(again.call("echo"))
    assert "isError" not in bob.call("echo").result
    assert ada.call("odd").result["isError"] is False
    assert assert_denied(bob.call("odd"))["rule"] == "tools.odd.principals"
    assert amounts(recorder) == ["ada", "bob", "ada"]


def test_what_does_not_leave_costs_nothing(serve: Gateway, recorder: Recorder) -> None:
    host = serve({"first": recorder, "second": recorder}, policy(calls=1, per="hour"))
    for _ in range(3):
        assert host.request("tools/call", {"name": "nobody__echo", "arguments": {}}).error["code"] == -32602
    assert "isError" not in host.call("first__echo", {"amount": 1}).result
    assert_spent(host.call("second__echo", {"amount": 2}))


def test_a_call_that_is_repeated_with_the_users_answers_counts_once(serve: Gateway) -> None:
    host = serve(serve.recorder("modern", script="modern.py"), policy(calls=1, per="hour"))
    call = host.start_call("ask", {"times": 2})
    for name in ("Ada", "Grace"):
        host.answer(host.incoming("elicitation/create"), {"action": "accept", "content": {"name": name}})
    assert host.reply(call).text == "hello Ada and Grace"
    assert_spent(host.call("ask", {"times": 1}))


def test_a_call_that_waits_for_its_host_counts_once(serve: Gateway, recorder: Recorder) -> None:
    host = Modern(serve.open(recorder, policy(calls=1, per="hour")))
    arguments = {"request": {**ASK, **QUESTION}}
    asked = host.call("ask_host", arguments).result
    answers = {key: {"action": "decline"} for key in asked["inputRequests"]}
    done = host.call("ask_host", arguments, inputResponses=answers, requestState=asked["requestState"])
    assert "decline" in done.text
    # A state that leads to no call makes none.
    again = host.call("ask_host", arguments, inputResponses=answers, requestState=asked["requestState"])
    assert again.error
    assert_spent(host.call("ask_host", arguments))
    assert len(recorder.calls()) == 1


def test_a_killed_gateway_has_forgotten_nothing_when_it_starts_again(serve: Gateway, recorder: Recorder) -> None:
    (serve.folder / "argala.toml").write_text('[budgets]\nstate = "budgets.jsonl"\n')
    flags = ["--config", str(serve.folder / "argala.toml")]
    for number in range(2):
        host = serve(recorder, policy(calls=2, per="day"), flags)
        assert "isError" not in host.call("echo", {"amount": number}).result
        host.process.kill()
        host.process.wait()
    assert_spent(serve(recorder, policy(calls=2, per="day"), flags).call("echo", {"amount": 2}))
    assert amounts(recorder) == ["0", "1"]


def test_the_audit_log_tells_of_a_spent_budget(serve: Gateway, recorder: Recorder) -> None:
    log = serve.folder / "audit.jsonl"
    host = serve(recorder, policy(calls=1, per="day"), ["--audit", str(log)])
    host.call("echo", {"amount": 1})
    assert_spent(host.call("echo", {"amount": 2}))
    records = [json.loads(line) for line in log.read_text().splitlines()]
    judged = [(record["decision"], record["rule"]) for record in records if record["event"] == "judged"]
    assert judged == [("allow", "allowed_methods"), ("deny", "budgets.few")]


def test_a_tool_that_is_for_principals_is_for_nobody_over_stdio(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, 'allowed_methods = ["odd"]\n[tools.echo]\nprincipals = ["user:ada"]\n')
    assert host.tool_names() == ["odd"]
    assert assert_denied(host.call("echo", {}))["rule"] == "tools.echo.principals"
    assert recorder.calls() == []


def check(run: CommandLine, text: str, *words: str, stdin: str = "") -> tuple[int, str]:
    (run.folder / "policy.toml").write_text(text)
    done = run("check", "--policy", Path("policy.toml"), *words, stdin=stdin)
    return done.returncode, done.stdout


def test_check_denies_what_it_does_not_count_and_counts_when_told_to(run: CommandLine) -> None:
    text = policy(sum="amount", max=10, per="minute")
    assert check(run, text, "m", '{"amount": 6}')[0] == 3
    assert check(run, text, "--count", "m", '{"amount": 6}')[0] == 0
    calls = "".join(json.dumps({"method": "m", "arguments": {"amount": amount}}) + "\n" for amount in (6, 6, 4))
    answers = [json.loads(line) for line in check(run, text, "--count", "--jsonl", stdin=calls)[1].splitlines()]
    assert [answer["decision"] for answer in answers] == ["allow", "deny", "allow"]
    assert answers[0]["charges"] == [{"budget": "few", "amount": "6"}]
    explained = check(run, text, "--explain", "m", '{"amount": 6}')[1]
    assert "few: 6 of at most 10 of `/amount` in 60 s" in explained


def test_check_is_told_who_calls(run: CommandLine) -> None:
    text = '[tools.m]\nprincipals = ["group:ops"]\n'
    assert check(run, text, "m", "{}")[0] == 3
    assert check(run, text, "--principal", "user:ada", "m", "{}")[0] == 3
    assert check(run, text, "--principal", "user:ada", "--group", "group:ops", "m", "{}")[0] == 0
