"""A gateway that is killed, or has nothing left to open."""

from __future__ import annotations

import resource
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from chaos.stage import Stage, share
from sessions.face import Seat
from sessions.peers import survivors
from sessions.rpc import Frame, Json

GRACE = 8.0  # seconds until nothing may be left of a gateway that was killed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["plain", "stubborn"])
def test_the_gateway_is_killed_at_random_moments_under_load(stage: Stage, kind: str) -> None:
    witness = stage.witness(*(["--stubborn"] if kind == "stubborn" else []))
    for _ in share():
        session = stage.open(witness)
        load = stage.load(session)
        time.sleep(stage.chance.uniform(0, 0.5))
        stage.measure()
        session.process.send_signal(signal.SIGKILL)
        session.process.wait(10)
        stage.row.injected += 1
        load.stop()
        stage.verify()
    assert survivors(witness.pids(), GRACE) == [], "servers have outlived their gateway"
    stage.next_call(stage.open(witness))
    stage.check()


@pytest.mark.timeout(120)
def test_the_gateway_has_no_file_descriptors_left(stage: Stage) -> None:
    face = stage.http(stage.witness())
    seat = face.session()
    stage.works(lambda given: seat.call("echo", given).frame)
    pid = face.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    for _ in share():
        # A few are left, so that the last one goes within an accept, a start of a server or a look at a file.
        few = open_files(pid) + stage.chance.randrange(12)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, before[1]))
        crowd = [socket.create_connection(("127.0.0.1", face.port), 5) for _ in range(40)]
        stage.row.injected += 1
        for connection in crowd[:20]:
            with suppress(OSError):
                connection.sendall(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n")
        time.sleep(stage.chance.uniform(0.05, 0.3))
        assert face.process.poll() is None
        for connection in crowd:
            connection.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        stage.works(lambda given: call(seat, given))
        stage.works(lambda given: call(face.session(), given))
    stage.check()


@pytest.mark.timeout(120)
def test_a_server_dies_while_no_file_descriptors_are_left(stage: Stage) -> None:
    witness = stage.witness()
    session = stage.open(witness)
    pid = session.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    for _ in range(2):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid), before[1]))
        stage.row.injected += 1
        assert session.call("die", stage.given(), patience=20).error
        time.sleep(0.3)
        reply = session.call("echo", stage.given(), patience=20)
        assert reply.error or reply.result["isError"], "a server was started without a file descriptor"
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        stage.next_call(session, 60)
    stage.check()


def call(seat: Seat, given: Json) -> Frame:
    return seat.call("echo", given).frame


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
