"""What a session needs: the gateway, a downstream that records, and an end for all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sessions.gateway import CommandLine, Gateway
from sessions.peers import TESTS, Recorder, alive, kill_all
from sessions.served import FixtureServer, built


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--direct",
        action="store_true",
        help="leave the gateway out, and run only what holds without it: tells a peer's fault from the gateway's",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--direct"):
        config.hook.pytest_deselected(items=[item for item in items if not item.get_closest_marker("transparent")])
        items[:] = [item for item in items if item.get_closest_marker("transparent")]


@pytest.fixture(scope="session")
def argala() -> Path:
    """The binary under test: $ARGALA_BIN, or what cargo has built."""
    built = [TESTS.parent / "target" / profile / "argala" for profile in ("debug", "release")]
    candidates = [Path(os.environ["ARGALA_BIN"]).resolve()] if "ARGALA_BIN" in os.environ else built
    for candidate in candidates:
        if candidate.exists():
            return candidate
    pytest.fail(f"no argala at {' or '.join(map(str, candidates))}: run `cargo build` or set ARGALA_BIN")


@pytest.fixture(scope="session")
def fixture_server(argala: Path) -> FixtureServer:
    """The server of both eras, which the suite and the clients know what to expect of."""
    return FixtureServer(built("fixture-server", argala))


@pytest.fixture
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    binary = None if request.config.getoption("--direct") else request.getfixturevalue("argala")
    with ExitStack() as sessions:
        gateway = Gateway(binary, tmp_path, sessions)
        try:
            yield gateway
        finally:
            sessions.close()
            kill_all(pid for recorder in gateway.recorders for pid in recorder.pids() if alive(pid))


@pytest.fixture
def recorder(serve: Gateway) -> Recorder:
    """One downstream that records what comes."""
    return serve.recorder("recorder")


@pytest.fixture
def run(argala: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(argala, tmp_path)
