"""Hosts that don't read, go away, dawdle, say anything at all, or come in thousands."""

from __future__ import annotations

import json
import resource
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from chaos.stage import MIB, Stage, scaled, share
from sessions.face import Face, call


@pytest.mark.timeout(120)
def test_a_host_never_reads(stage: Stage) -> None:
    """Over stdio: nothing more is read from anyone, and the next session works."""
    witness = stage.witness()
    session = stage.open(witness)
    with session.not_reading():
        stage.row.injected += 1
        for number in range(20):
            session.start_call("flood", {"count": scaled(100_000, 5_000), "number": number, **stage.given()})
        time.sleep(2)
        stage.measure()
        session.process.terminate()
        session.process.wait(20)
    with pytest.raises(AssertionError, match="the other side ended"):
        session.wait(lambda frame: False, patience=20)
    session.garbage.clear()  # a frame that the end has cut off
    stage.next_call(stage.open(witness))
    stage.check()


@pytest.mark.timeout(120)
def test_hosts_never_read_their_streams(stage: Stage) -> None:
    face = stage.http(stage.witness())
    seat = face.session()
    with ExitStack() as crowd:
        for number in range(scaled(40, 6)):
            other = face.session()
            body = json.dumps(call("flood", {"count": scaled(200_000, 20_000), "number": number, **stage.given()}))
            crowd.enter_context(asks(face, body.encode(), other.headers))
            stage.row.injected += 1
        time.sleep(1)
        stage.works(lambda given: seat.call("echo", given).frame)
        stage.measure()
    stage.works(lambda given: seat.call("echo", given).frame)
    # What is kept for a stream is bounded for each session, not for all of them.
    stage.bound = 1024 * MIB
    stage.check()


@pytest.mark.timeout(120)
def test_hosts_go_away_amid_their_calls(stage: Stage) -> None:
    face = stage.http(stage.witness())
    seat = face.session()
    for _ in share():
        with ExitStack() as crowd:
            for _ in range(20):
                denied = stage.chance.random() < 0.3
                body = json.dumps(call("echo", stage.given(denied), stage.row.calls)).encode()
                cut = stage.chance.randrange(len(body) + 1)
                whole = stage.chance.random() < 0.5
                crowd.enter_context(asks(face, body if whole else body[:cut], seat.headers, len(body)))
                stage.row.injected += 1
        stage.works(lambda given: seat.call("echo", given, stage.row.calls).frame)
    stage.works(lambda given: face.session().call("echo", given).frame)
    stage.check()


@pytest.mark.timeout(120)
def test_a_host_ends_its_side_amid_its_calls(stage: Stage) -> None:
    witness = stage.witness()
    for _ in share():
        session = stage.open(witness)
        load = stage.load(session)
        time.sleep(stage.chance.uniform(0, 0.2))
        stage.measure()
        with suppress(OSError, ValueError):
            session.end_input()
        stage.row.injected += 1
        load.stop()
        assert session.process.wait(20) == 0
    stage.next_call(stage.open(witness))
    stage.check()


@pytest.mark.timeout(180)
def test_hosts_send_slowly(stage: Stage) -> None:
    """A byte at a time, of heads and of bodies, on many connections."""
    face = stage.http(stage.witness())
    seat = face.session()
    body = json.dumps(call("echo", stage.given(), 1)).encode()
    text = request(body, seat.headers, len(body))
    with ExitStack() as crowd:
        slow = [crowd.enter_context(face.connect()) for _ in range(scaled(500, 100))]
        stage.row.injected += len(slow)
        for number in range(scaled(60, 20)):
            for connection in slow:
                with suppress(OSError):
                    connection.sendall(text[number : number + 1])
            if number % 10 == 0:
                stage.works(lambda given: seat.call("echo", given).frame)
    stage.works(lambda given: seat.call("echo", given).frame)
    stage.check()


@pytest.mark.timeout(180)
def test_thousands_connect(stage: Stage) -> None:
    connections = scaled(5_000, 1_000)
    allow_files(connections + 200)
    face = stage.http(stage.witness())
    seat = face.session()
    with ExitStack() as crowd:
        for _ in range(connections):
            crowd.enter_context(face.connect())
        stage.row.injected += connections
        for _ in range(20):
            stage.works(lambda given: seat.call("echo", given).frame)
    stage.works(lambda given: face.session().call("echo", given).frame)
    stage.check()


@pytest.mark.timeout(120)
def test_a_host_says_anything_at_all(stage: Stage) -> None:
    session = stage.open(stage.witness())
    for _ in share():
        for _ in range(50):
            session.write(nonsense(stage) + b"\n")
            stage.row.injected += 1
        stage.next_call(session)
        session.take()
    stage.check()


@pytest.mark.timeout(120)
def test_a_host_sends_a_line_without_an_end(stage: Stage) -> None:
    witness = stage.witness()
    session = stage.open(witness)
    stage.row.injected += 1
    block = b"x" * MIB
    for _ in range(scaled(1 << 30, 64 << 20) // MIB):
        session.write(block)
    session.write(b"\n")
    stage.next_call(session, 60)
    stage.check()


def nonsense(stage: Stage) -> bytes:
    """Any bytes, or a call from which some were taken or in which some were changed."""
    chance = stage.chance
    if chance.random() < 0.3:
        return chance.randbytes(chance.randrange(300)).replace(b"\n", b"")
    text = bytearray(json.dumps(call("echo", stage.given(denied=True), f"odd-{stage.row.calls}")).encode())
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(text))
        if chance.random() < 0.5:
            del text[place]
        else:
            text[place] = chance.choice(b' "\\{}[]:,0xDn\t\r\x00\xff')
    return bytes(text)


def request(body: bytes, headers: object, length: int) -> bytes:
    own = dict(headers)  # type: ignore[call-overload]
    about = {"host": "localhost", "content-type": "application/json", "accept": "application/json, text/event-stream"}
    lines = [f"{name}: {value}" for name, value in {**about, **own, "content-length": str(length)}.items()]
    return ("POST /mcp HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + body


def asks(face: Face, body: bytes, headers: object, length: int | None = None) -> socket.socket:
    """A connection with a request on it; whole, unless `length` says that more would come."""
    connection = face.connect()
    connection.sendall(request(body, headers, len(body) if length is None else length))
    return connection


def allow_files(number: int) -> None:
    """For this process and what it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (number, max(hard, number) if hard != resource.RLIM_INFINITY else hard)
        )
