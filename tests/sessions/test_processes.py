"""No process outlives its session, however the session ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessions.gateway import Downstream, Gateway
from sessions.peers import TESTS, Recorder, alive, kill_all, survivors
from sessions.rpc import Session

GRACE = 8.0  # seconds that a gateway may take to end what doesn't want to end

Family = tuple[Downstream, Callable[[], list[int]]]  # a downstream, and the ids of the processes that it is made of

# As npx does: the command is not the server, but starts it, and has other children too.
WRAPPER = 'exec 3<&0; "$@" <&3 & sleep 120 & echo $$ $! >>"$0"; wait'


@pytest.fixture(params=["plain", "grandchild", "stubborn", "wrapped", "wrapped and stubborn"])
def family(request: pytest.FixtureRequest, serve: Gateway) -> Iterator[Family]:
    kind: str = request.param
    flags = (["--grandchild"] if kind != "plain" else []) + (["--stubborn"] if "stubborn" in kind else [])
    recorder = serve.recorder("recorder", *flags)
    if "wrapped" not in kind:
        yield recorder, recorder.pids
        return
    shell = serve.folder / "shell.pids"

    def pids() -> list[int]:
        return recorder.pids() + ([int(pid) for pid in shell.read_text().split()] if shell.exists() else [])

    yield ["sh", "-c", WRAPPER, str(shell), *recorder.command], pids
    kill_all(pids())


def ends_input(host: Session) -> None:
    host.end_input()


def is_terminated(host: Session) -> None:
    host.process.send_signal(signal.SIGTERM)


def is_interrupted(host: Session) -> None:
    host.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("end", [ends_input, is_terminated, is_interrupted], ids=lambda end: end.__name__)
def test_nothing_is_left_when_the_session(serve: Gateway, family: Family, end: Callable[[Session], None]) -> None:
    downstream, pids = family
    host = serve(downstream)
    assert host.call("echo").result
    family_now = pids()
    assert family_now
    assert all(alive(pid) for pid in family_now)
    end(host)
    assert survivors([*family_now, host.process.pid], GRACE) == []
    if end is ends_input:
        assert host.process.wait(1) == 0


def test_nothing_is_left_when_the_host_is_killed(serve: Gateway, family: Family, tmp_path: Path) -> None:
    downstream, pids = family
    command = [sys.executable, str(TESTS / "hosts" / "short_lived.py"), *serve.command(downstream)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path) as host:
        assert host.stdout
        gateway = int(host.stdout.readline())
        family_now = [*pids(), gateway]
        running = all(alive(pid) for pid in family_now)
        host.kill()
    try:
        assert running
        assert len(family_now) > 1
        assert survivors(family_now, GRACE) == []
    finally:
        kill_all([gateway])


def test_nothing_is_left_of_a_server_that_never_answered(serve: Gateway) -> None:
    mute = serve.recorder("mute", "--mute", "--grandchild")
    host = serve({"mute": mute, "alpha": serve.recorder("alpha")})
    host.close()
    assert len(mute.pids()) == 2
    assert survivors(mute.pids(), GRACE) == []


def test_what_a_dead_server_has_started_ends_with_it(serve: Gateway) -> None:
    dying = serve.recorder("dying", "--grandchild")
    host = serve({"dying": dying, "alpha": serve.recorder("alpha")})
    host.call("alpha__echo")
    server, grandchild = dying.pids()[:2]
    assert host.call("dying__die").error
    assert survivors([server, grandchild], GRACE) == []
    assert host.call("alpha__echo").result


def test_a_session_ends_at_once_when_its_server_does(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.call("echo")
    host.end_input()
    assert host.process.wait(2) == 0
