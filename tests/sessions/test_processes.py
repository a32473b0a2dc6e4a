"""No process outlives its session, however the session ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessions.gateway import Downstream, Gateway
from sessions.peers import TESTS, Recorder, alive, children, kill_all, survivors
from sessions.rpc import PATIENCE, Session

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


def is_killed(host: Session) -> None:
    host.process.kill()


ENDS = [ends_input, is_terminated, is_interrupted, is_killed]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_nothing_is_left_when_the_session(serve: Gateway, family: Family, end: Callable[[Session], None]) -> None:
    downstream, pids = family
    host = serve(downstream)
    assert host.call("echo").result
    assert pids()
    family_now = [*pids(), *children(host.process.pid)]
    assert all(alive(pid) for pid in family_now)
    end(host)
    assert survivors([*family_now, host.process.pid], GRACE) == []
    if end is ends_input:
        assert host.process.wait(1) == 0


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_nothing_is_left_when_a_gateway_over_http_is_killed(serve: Gateway, *, shared: bool) -> None:
    serve.settings["shared"] = shared
    names = ("alpha", "beta")
    servers = {name: serve.recorder(name, "--grandchild", "--stubborn") for name in names}
    face = serve.http(servers)
    for name in names * 2:
        call = {"name": f"{name}__echo", "arguments": {}}
        answer = face.session().post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
        assert answer.frame.result
    family = [pid for server in servers.values() for pid in server.pids()]
    assert len(family) == (4 if shared else 16)
    family += children(face.process.pid)
    assert all(alive(pid) for pid in family)
    face.process.kill()
    assert survivors(family, GRACE) == []


def test_the_process_that_ends_orphans_is_started_again_where_it_is_gone(serve: Gateway) -> None:
    recorder = serve.recorder("recorder", "--grandchild", "--stubborn")
    host = serve(recorder)
    (reaper,) = [pid for pid in children(host.process.pid) if pid not in recorder.pids()]
    os.kill(reaper, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while not (family := set(children(host.process.pid)) - {reaper, recorder.pids()[0]}):
        assert time.monotonic() < deadline, "there is no other one"
        time.sleep(0.02)
    assert host.call("echo").result, "its servers don't notice"
    host.process.kill()
    assert survivors([*family, *recorder.pids()], GRACE) == []


def test_nothing_is_left_when_a_gateway_is_killed_with_its_group_as_it_starts(serve: Gateway, family: Family) -> None:
    downstream, pids = family
    gateway = subprocess.Popen(
        serve.command(downstream), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    with gateway:
        deadline = time.monotonic() + PATIENCE
        while not pids():
            assert time.monotonic() < deadline, "it wasn't started"
            time.sleep(0.02)
        everything = [*pids(), *children(gateway.pid)]
        os.killpg(gateway.pid, signal.SIGKILL)
    assert survivors([*everything, *pids()], GRACE) == []


@pytest.mark.skipif(sys.platform != "linux", reason="is found by /proc")
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_nothing_is_left_of_what_has_left_its_group_when_it(
    serve: Gateway, recorder: Recorder, end: Callable[[Session], None]
) -> None:
    strays = serve.folder / "stray.pids"
    script = 'set -m; sleep 120 & echo $! >"$0"; exec "$@"'
    host = serve(["bash", "-c", script, str(strays), *recorder.command])
    stray = int(strays.read_text())
    assert alive(stray)
    assert os.getpgid(stray) == stray
    end(host)
    assert survivors([stray, *recorder.pids()], GRACE) == []


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
