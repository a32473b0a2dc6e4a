"""The stage of each fault, and the table of what has come of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from chaos.stage import ROWS, SECONDS, SEED, Stage, table, told
from sessions.gateway import Gateway
from sessions.peers import TESTS


@pytest.fixture
def stage(serve: Gateway, request: pytest.FixtureRequest) -> Iterator[Stage]:
    if sys.platform != "linux":
        pytest.skip("faults are injected by means of Linux")
    name: str = request.node.name
    stage = Stage(serve, name.removeprefix("test_").replace("_", " "))
    with told(stage.row):
        yield stage


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not ROWS:
        return
    text = f"{table()}\nCHAOS_SECONDS={SECONDS:g} CHAOS_SEED={SEED}\n"
    terminalreporter.section("chaos")
    terminalreporter.write(text)
    target = TESTS.parent / "target"
    target.mkdir(exist_ok=True)
    (target / "chaos.md").write_text(text)
