"""Servers that die, hang, or say what no server may."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest

from chaos.stage import Stage, scaled, share
from sessions.rpc import Json

KILLS_PATIENCE = 60  # a server that dies over and over is started ever later


@pytest.mark.timeout(300)
def test_a_server_is_killed_at_random_moments_under_load(stage: Stage) -> None:
    witness = stage.witness()
    session = stage.open(witness)
    load = stage.load(session)
    for _ in share():
        time.sleep(stage.chance.uniform(0, 0.3))
        with suppress(ProcessLookupError):
            os.kill(witness.pids()[-1], signal.SIGKILL)
        stage.row.injected += 1
    load.stop()
    assert load.unanswered == 0, "calls in flight were never answered"
    assert all(error["message"] for error in load.errors)
    stage.next_call(session, KILLS_PATIENCE)
    stage.check()


FAULTS: list[tuple[str, Json]] = [
    ("garbage", {"seed": 1, "lines": scaled(2_000, 100)}),
    ("long", {"size": scaled(1 << 30, 64 << 20)}),
    ("flood", {"count": scaled(1_000_000, 20_000)}),
    ("twice", {"times": 100}),
    ("unasked", {"count": 200}),
]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("tool", "given"), FAULTS, ids=[tool for tool, _ in FAULTS])
def test_a_server_says(stage: Stage, tool: str, given: Json) -> None:
    session = stage.open(stage.witness())
    load = stage.load(session)
    stage.row.injected += 1
    reply = load.reply(session.start_call(tool, {**given, **stage.given()}), 120)
    load.stop(30)
    assert load.unanswered == 0
    assert reply, "the call was never answered"
    assert reply.result, f"the call was answered with {reply}"
    stage.next_call(session)
    stage.check()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("then", ["die", "hush"])
def test_a_server_says_half_an_answer_and_then(stage: Stage, then: str) -> None:
    session = stage.open(stage.witness())
    for _ in range(3):
        stage.row.injected += 1
        half = session.start_call("half", {"then": then, **stage.given()})
        if then == "die":
            assert session.reply(half, 30).error["message"]
            stage.next_call(session, KILLS_PATIENCE)
        else:
            session.start_call("echo", stage.given())  # whose answer stands on the same line
    stage.next_call(session)
    stage.check()


def test_a_server_never_answers(stage: Stage) -> None:
    session = stage.open(stage.witness())
    calls = scaled(2_000, 200)
    waiting = [session.start_call("hang", stage.given()) for _ in range(calls)]
    stage.row.injected += calls
    stage.next_call(session)
    for request in waiting:
        session.notify("notifications/cancelled", {"requestId": request})
    stage.next_call(session)
    stage.check()
