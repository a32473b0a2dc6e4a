"""Hosts over HTTP that say the same of themselves, and must not get in one another's way all the same."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sessions.face import META, POST, Answer, Face, Stream, mirrored, modern
from sessions.gateway import Gateway
from sessions.modern import ABLE
from sessions.rpc import PATIENCE, Json

QUESTION = {"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": {"message": "?"}}


def start(face: Face, tool: str, arguments: Json, **params: Json) -> Stream:
    message = modern("tools/call", {"name": tool, "arguments": arguments, **params})
    message["params"]["_meta"] |= {META + "clientCapabilities": ABLE, META + "logLevel": "info"}
    return face.open("POST", "/mcp", {**POST, **mirrored(message)}, json.dumps(message).encode())


def call(face: Face, tool: str, arguments: Json, **params: Json) -> Answer:
    stream = start(face, tool, arguments, **params)
    answer = Answer(stream.response.status, stream.headers, stream.response.read())
    stream.close()
    return answer


def ask(face: Face) -> str:
    """The state that a call is given which is to be repeated with an answer."""
    state: str = call(face, "ask_host", {"request": QUESTION}).frame.result["requestState"]
    return state


def test_a_guessed_state_leads_to_nobodys_session(serve: Gateway) -> None:
    face = serve.http(serve.recorder("recorder"))
    state = ask(face)
    _, slot, _ = state.split(".")
    answers = {"0": {"action": "accept", "content": {}}}
    done = call(face, "ask_host", {"request": QUESTION}, requestState=state, inputResponses=answers)
    assert done.frame.result["resultType"] == "complete"
    # The session is free again, and this call takes it for itself.
    held = start(face, "hold", {})
    assert held.next().frame.method == "notifications/message"
    for guessed in (state, f"argala.{slot}.0"):
        refused = call(face, "ask_host", {"request": QUESTION}, requestState=guessed, inputResponses=answers)
        assert refused.error["code"] == -32602
    # What is asked for another call must not be asked where this one still waits.
    assert ask(face).split(".")[1] != slot
    held.close()


def test_hosts_that_have_gone_do_not_keep_others_out(serve: Gateway) -> None:
    face = serve.http(serve.recorder("recorder"), flags=["--max-sessions", "1"])

    def listed(name: str) -> int:
        message = modern()
        message["params"]["_meta"][META + "clientInfo"] = {"name": name, "version": "1"}
        return face.post(message, mirrored(message)).status

    assert (listed("first"), listed("second")) == (200, 503)
    deadline = time.monotonic() + PATIENCE
    while (status := listed("second")) == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_headers_are_forgotten_with_the_request_that_they_came_with(serve: Gateway) -> None:
    face = serve.http(serve.recorder("recorder"), policy="allowed_methods = []\n")

    def resident() -> int:
        status = Path(f"/proc/{face.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) << 10

    denied = modern("tools/call", {"name": "echo", "arguments": {}})
    headers = {**mirrored(denied), **{f"mcp-param-{n}": "x" * 15_000 for n in range(20)}}
    before = resident()
    for _ in range(300):
        assert face.post(denied, headers).status == 200
    assert resident() - before < 45 << 20
