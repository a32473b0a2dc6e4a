"""`argala check` gives the gateway's decisions on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sessions.gateway import CommandLine, Gateway
from sessions.peers import Recorder
from sessions.test_calls import POLICY, assert_denied

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASE_FILES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("*.toml"))

CALLS = {
    "allowed": ("echo", {"text": "drip"}, 0),
    "denied by a pattern": ("echo", {"a": [{"b": "x drop y"}]}, 3),
    "denied by a pattern in a key": ("odd", {"DROP": 1}, 3),
    "allowed by nothing": ("die", {}, 3),
    "within a type": ("big", {"size": 1000}, 0),
    "out of a type": ("big", {"size": 1001}, 3),
}


@pytest.mark.parametrize(("method", "arguments", "code"), CALLS.values(), ids=CALLS)
def test_the_exit_code_is_the_verdict(run: CommandLine, method: str, arguments: object, code: int) -> None:
    (run.folder / "policy.toml").write_text(POLICY)
    done = run("check", "--policy", "policy.toml", method, json.dumps(arguments))
    assert done.returncode == code, done
    assert done.stdout


def test_a_call_that_a_person_must_decide_has_its_own_exit_code(run: CommandLine) -> None:
    (run.folder / "policy.toml").write_text('[tools.pay]\ndecision = "ask"\n')
    assert run("check", "--policy", "policy.toml", "pay", "{}").returncode == 4


@pytest.mark.parametrize("arguments", ['{"a":1,"a":2}', '{"q":NaN}', r'{"q":"\ud800"}', '{"q":' * 40 + "1" + "}" * 40])
def test_arguments_that_can_be_read_in_two_ways_are_denied(run: CommandLine, arguments: str) -> None:
    (run.folder / "policy.toml").write_text(POLICY)
    assert run("check", "--policy", "policy.toml", "echo", arguments).returncode in (1, 2, 3)


def test_a_policy_alone_can_be_checked(run: CommandLine) -> None:
    (run.folder / "policy.toml").write_text(POLICY)
    done = run("check", "--policy", "policy.toml")
    assert done.returncode == 0, done
    assert "policy.toml" in done.stdout


def test_each_line_of_a_file_gets_a_line_in_order(run: CommandLine) -> None:
    (run.folder / "policy.toml").write_text(POLICY)
    calls = [
        {"id": f"{n}", "method": method, "arguments": arguments}
        for n, (method, arguments, _) in enumerate(CALLS.values())
    ] * 20
    done = run("check", "--policy", "policy.toml", "--jsonl", stdin="".join(json.dumps(call) + "\n" for call in calls))
    assert done.returncode == 0, done
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [decision["id"] for decision in decisions] == [call["id"] for call in calls]
    expected = ["allow" if code == 0 else "deny" for _, _, code in CALLS.values()]
    assert [decision["decision"] for decision in decisions] == expected * 20


def test_check_and_serve_give_the_same_decision(run: CommandLine, serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, POLICY)
    for method, arguments, code in CALLS.values():
        if code == 3:
            line = json.dumps({"id": 1, "method": method, "arguments": arguments})
            done = run("check", "--policy", "policy.toml", "--jsonl", stdin=line + "\n")
            checked = json.loads(done.stdout)
            del checked["id"]
            assert assert_denied(host.call(method, arguments)) == checked


def is_json(text: str) -> bool:
    """Whether a text can stand in a line of `--jsonl`."""
    try:
        json.loads(text, parse_constant=int)
    except ValueError:
        return False
    return "\n" not in text


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_the_shared_cases_get_their_decisions(run: CommandLine, path: Path) -> None:
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    (run.folder / "policy.toml").write_text(file["policy"], encoding="utf-8")
    cases = [case for case in file["case"] if is_json(case["arguments"])]
    assert len(cases) >= len(file["case"]) / 2
    lines = [f'{{"method": {json.dumps(case["method"])}, "arguments": {case["arguments"]}}}\n' for case in cases]
    done = run("check", "--policy", "policy.toml", "--jsonl", stdin="".join(lines))
    assert done.returncode == 0, done.stderr
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    for case, decision in zip(cases, decisions, strict=True):
        expected = {field: case.get(field) for field in ("decision", "rule", "at", "matched", "span")}
        expected["view"] = case.get("view", decision["view"])
        assert {field: decision[field] for field in expected} == expected, case["name"]
