"""What the gateway lets pass means the same to every reader of JSON, and what it means is what was judged."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from parsers.frames import CORPUS, frames
from parsers.readers import Reader, Refused, readers, same
from sessions.gateway import Gateway
from sessions.rpc import Json
from sessions.served import built

EXAMPLES = int(os.environ.get("PARSER_EXAMPLES", "300"))


class Way:
    """The way from a host to a server, and readers at both of its ends."""

    def __init__(self, serve: Gateway, json_reader: Path, running: ExitStack) -> None:
        self.recorder = serve.recorder("recorder")
        self.host = serve(self.recorder)
        self.readers = readers(json_reader, running)
        self.record = running.enter_context((serve.folder / "recorder.record").open("rb"))
        self.marks = itertools.count(1)
        self.passed = self.refused = 0

    def through(self, frame: bytes) -> list[bytes]:
        """What reaches the server of a frame."""
        self.host.write(frame + b"\n")
        mark = f"mark {next(self.marks)}"
        assert self.host.call("echo", {"mark": mark}).result
        self.host.take()
        lines = self.record.read().split(b"\n")
        return [line for line in lines if line and b'"mark"' not in line and b'"initialize' not in line]

    def check(self, frame: bytes) -> None:
        arrived = [line for line in self.through(frame) if b"notifications/initialized" not in line]
        self.passed += len(arrived)
        self.refused += not arrived
        assert len(arrived) <= 1, f"one frame became {arrived}"
        for line in arrived:
            readings = {name: reading(reader, line) for name, reader in self.readers.items()}
            values = {name: value for name, value in readings.items() if not isinstance(value, Refused)}
            assert all(value.is_past_bounds for value in readings.values() if isinstance(value, Refused)), readings
            first = next(iter(values.values()))
            assert all(same(first, value) for value in values.values()), f"{line!r} is read as {readings}"
            for name, reader in self.readers.items():
                sent = reading(reader, frame)
                if isinstance(sent, Refused) or name not in values:
                    continue
                assert same(spoken(sent), spoken(values[name])), f"{name} reads {frame!r} otherwise than it was judged"


def reading(reader: Reader, line: bytes) -> Json | Refused:
    try:
        return reader(line)
    except Refused as refused:
        return refused


def spoken(message: Json) -> Json:
    """All but what the gateway replaces."""
    arguments = {"arguments": {}} if message.get("method") == "tools/call" else {}
    params = message.get("params")
    about = {**arguments, **params} if isinstance(params, dict) else params
    return {**message, "id": None, "params": about}


@pytest.fixture
def way(serve: Gateway, argala: Path) -> Iterator[Way]:
    with ExitStack() as running:
        way = Way(serve, built("json-reader", argala), running)
        yield way
        # Answers with integers that are too long for this host's own reader.
        way.host.garbage[:] = [line for line in way.host.garbage if b"9" * 5_000 not in line]


def test_frames_that_readers_differ_on_are_refused_or_made_plain(way: Way) -> None:
    for frame in CORPUS:
        way.check(frame.replace(b"\n", b" "))
    assert way.passed > 50
    assert way.refused > 200


def test_what_passes_means_the_same_to_every_reader(way: Way) -> None:
    # The same frames every time, so that a change is judged by what it changes; PARSER_EXAMPLES asks for more.
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(frames)
    def check(frame: bytes) -> None:
        way.check(frame)

    check()
    assert way.passed > EXAMPLES // 20, json.dumps([way.passed, way.refused])


def test_readers_do_differ(way: Way) -> None:
    """Or the tests above would show nothing."""
    twice = b'{"a":1,"a":2}'
    odd = [b"[NaN]", b'"\xff"', b'"\\ud800"', b"1e400", b"\xef\xbb\xbf{}", twice]
    taken = {tuple(not isinstance(reading(reader, line), Refused) for line in odd) for reader in way.readers.values()}
    assert len(taken) > 1, taken
