"""Servers that fail: what their callers are told, how they are started again, and when they are left alone."""

from __future__ import annotations

import json
import os
import signal
import time

from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import PATIENCE, Frame, Session


def until_answered(host: Session, tool: str) -> list[Frame]:
    """Calls until there is a result; the errors before."""
    errors = []
    deadline = time.monotonic() + 3 * PATIENCE
    while not (reply := host.call(tool)).result:
        assert time.monotonic() < deadline, f"it never answered: {reply}"
        errors.append(reply)
        time.sleep(0.1)
    return errors


# What a caller is told


def test_a_call_in_flight_hears_what_has_happened_and_is_not_repeated(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.call("print", {"err": "fine\n\x1b[31mno\tdisk \u202eleft\n\n"})
    held = host.start_call("hold", {"n": 1})
    host.notification("notifications/message")
    assert host.call("die").error
    said = host.reply(held).error["message"]
    assert "`python" in said, "the server is named"
    assert "exit status: 1" in said
    assert "disk" in said
    assert "fine" not in said
    assert not any(ord(character) < 32 or character == "\u202e" for character in said)
    until_answered(host, "echo")
    assert [call["name"] for call in recorder.calls()].count("hold") == 1
    assert [call["name"] for call in recorder.calls()].count("die") == 1


def test_a_signal_that_has_ended_a_server_is_named(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    held = host.start_call("hold")
    host.notification("notifications/message")
    os.kill(recorder.pids()[0], signal.SIGKILL)
    assert "signal: 9" in host.reply(held).error["message"]


def test_a_call_while_a_server_is_down_is_told_why_and_until_when(serve: Gateway) -> None:
    counter = serve.folder / "starts"
    flags = ("--fail-starts", "1000", "--counter", str(counter))
    host = serve({"broken": serve.recorder("broken", *flags), "works": serve.recorder("works")})
    said = host.call("broken__echo").error["message"]
    assert "`broken` doesn't run" in said
    assert "exit status: 1" in said
    assert "not this time" in said
    assert "again" in said


# Started again


def test_a_server_that_crashes_over_every_call_is_started_ever_less_often(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        host.call("die")
        time.sleep(0.05)
    # The waits are about 0.5, 1, 2 and 4 s, each cut by up to a half.
    assert 2 <= len(recorder.pids()) <= 5
    assert len(recorder.calls()) <= len(recorder.pids()), "a call was repeated"


def test_a_host_hears_that_a_server_has_other_tools_since_it_was_started_again(serve: Gateway) -> None:
    host = serve({"grows": serve.recorder("grows", "--growing"), "alpha": serve.recorder("alpha")})
    assert "grows__start1" in host.tool_names()
    assert host.call("grows__die").error
    while "grows__start2" not in (names := host.tool_names()):
        host.notification("notifications/tools/list_changed", patience=15)
    assert "grows__start1" not in names


def test_each_start_is_introduced_with_the_hosts_own_words(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, protocol="2025-06-18", capabilities={"roots": {}})
    assert host.call("die").error
    until_answered(host, "echo")
    first, second = (frame.params for frame in recorder.heard("initialize"))
    assert first == second
    assert second["protocolVersion"] == "2025-06-18"
    assert len(recorder.heard("notifications/initialized")) == 2


# Time


def test_a_tool_may_have_a_time_of_its_own(serve: Gateway, recorder: Recorder) -> None:
    serve.settings |= {"timeout": 60, "timeouts": {"ho*": 0.5}}
    host = serve({"slow": recorder, "other": serve.recorder("other")})
    late = host.call("slow__hold")
    assert "`slow` has not answered within 0.5 s, its `timeouts`" in late.error["message"]
    host.notification("notifications/message")  # that it is held
    host.notification("notifications/message")  # that it was cancelled
    (held,) = recorder.heard("tools/call")
    assert [frame.params["requestId"] for frame in recorder.heard("notifications/cancelled")] == [held.id]
    assert host.call("slow__echo").result


def test_progress_prolongs_a_call_no_further_than_its_bound(serve: Gateway, recorder: Recorder) -> None:
    serve.settings |= {"timeouts": {"hold": 2}, "max_timeout": 3}
    host = serve({"slow": recorder})
    held = host.start_call("hold", _meta={"progressToken": "held"})
    for step in range(9):
        time.sleep(0.4)
        progress = {"progressToken": "held", "progress": step}
        message = {"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}
        assert host.call("notify", {"message": message}).result
    assert "its `max_timeout`" in host.reply(held).error["message"]


# The circuit


def test_a_server_that_fails_again_and_again_is_left_alone_for_a_while(serve: Gateway, recorder: Recorder) -> None:
    serve.settings["timeouts"] = {"hold": 0.2}
    log = serve.folder / "audit.jsonl"
    host = serve({"slow": recorder, "alpha": serve.recorder("alpha")}, flags=["--audit", str(log)])
    for call in [host.start_call("slow__hold") for _ in range(5)]:
        assert "within 0.2 s" in host.reply(call).error["message"]
    refused = host.call("slow__echo").error["message"]
    assert "`slow` has failed 5 times in a row" in refused
    assert "try again in" in refused
    assert host.call("alpha__echo").result, "the others are called as ever"
    assert len(recorder.calls()) == 5
    until_answered(host, "slow__echo")
    assert len(recorder.calls()) == 6, "one call was let through"
    assert all(host.call("slow__echo").result for _ in range(3))
    records = [json.loads(line) for line in log.read_text().splitlines()]
    states = [record["state"] for record in records if record.get("server") == "slow" and "state" in record]
    assert states == ["up", "circuit_opened", "circuit_closed"]


def test_what_is_known_of_a_server_is_shown(serve: Gateway) -> None:
    serve.settings["timeouts"] = {"hold": 0.5}
    face = serve.http({"slow": serve.recorder("slow"), "alpha": serve.recorder("alpha")})
    seat = face.session()

    def call(tool: str) -> Frame:
        params = {"name": tool, "arguments": {}}
        return seat.post({"jsonrpc": "2.0", "id": tool, "method": "tools/call", "params": params}).frame

    def slow() -> dict[str, object]:
        page = json.loads(face.ask("GET", "/readyz").body)
        known: dict[str, object] = page["servers"][0]
        return known

    assert call("slow__echo").result
    assert (slow()["circuit"], slow()["restarts"], slow()["in_flight"]) == ("closed", 0, 0)
    for _ in range(5):
        assert call("slow__hold").error
    known = slow()
    assert known["circuit"] == "open"
    assert "has not answered within 0.5 s" in str(known["last_error"])
    assert "times in a row" in call("slow__echo").error["message"]
    ended = face.ask("DELETE", "/mcp", seat.headers)
    assert ended.status < 300
    deadline = time.monotonic() + PATIENCE
    while slow()["circuit"] != "closed":
        assert time.monotonic() < deadline, "the session is gone, and its circuit with it"
        time.sleep(0.05)
