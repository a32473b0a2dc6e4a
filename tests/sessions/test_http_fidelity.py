"""Nothing is lost over HTTP: what a host gets through the gateway is what it gets directly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sessions.gateway import ALLOW_ALL
from sessions.http_host import HttpHost
from sessions.peers import TESTS
from sessions.rpc import Frame, Json, exact
from sessions.served import served_by_gateway

SAMPLED = {"role": "assistant", "content": {"type": "text", "text": "an answer"}, "model": "none", "x-vendor": 1.0}
ASK = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1, "x-vendor": 2**100}}
CALLS: Sequence[tuple[str, Json]] = [
    ("tools/list", {}),
    ("tools/call", {"name": "odd", "arguments": {}}),
    ("tools/call", {"name": "fail", "arguments": {}}),
    ("tools/call", {"name": "echo", "arguments": {"n": 1e300, "é": ["\u2028", -0.0]}}),
    ("tools/call", {"name": "burst", "arguments": {"count": 20}}),
    ("tools/call", {"name": "progress", "arguments": {"count": 5}, "_meta": {"progressToken": "t"}}),
]
MANNERS: dict[str, list[str]] = {
    "json": [],
    "events": ["--answer", "sse"],
    "odd-events": ["--answer", "sse", "--odd-events"],
    "spelling": ["--content-type", "Application/JSON; charset=utf-8"],
}


@dataclass(frozen=True)
class HttpRecorder:
    """The downstream of `peers/http_recorder.py`, and what it has heard."""

    url: str
    record: Path

    def heard(self, method: str) -> list[Json]:
        """The requests of an HTTP method, their bodies as they came."""
        lines = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [line for line in lines if line["method"] == method]


@contextmanager
def http_recorder(folder: Path, *flags: str) -> Iterator[HttpRecorder]:
    record = folder / "http.record"
    command = [sys.executable, "-S", str(TESTS / "peers" / "http_recorder.py"), "--record", str(record), *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield HttpRecorder(server.stdout.readline().strip(), record)
        finally:
            server.kill()


@dataclass
class Played:
    """What a host got, but for ids."""

    opening: Json = None
    answers: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)


def without_id(frame: Frame) -> Json:
    message = exact(frame.raw)
    return {name: message[name] for name in message.keys() - {"id"}}


def play(url: str, era: str) -> Played:
    host, played = HttpHost(url, era), Played()

    def take(frame: Frame) -> None:
        if frame.method and frame.id is not None:
            played.asked.append(without_id(frame))
            host.answer(frame, SAMPLED)

    host.on_message = take
    opening = exact(host.open().last.raw)["result"]
    played.opening = {name: opening.get(name) for name in ("capabilities", "supportedVersions", "protocolVersion")}
    for method, params in CALLS:
        played.answers.append([without_id(frame) for frame in host.request(method, params).frames])
    arguments = {"name": "ask_host", "arguments": {"request": ASK}}
    asked = host.request("tools/call", arguments)
    if era == "modern":
        played.asked.append(asked.last.exact["result"]["inputRequests"]["the question"])
        back = {"inputResponses": {"the question": SAMPLED}, "requestState": asked.last.result["requestState"]}
        asked = host.request("tools/call", {**arguments, **back})
    played.answers.append(without_id(asked.last))
    return played


@pytest.mark.transparent
@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_recorder_says_odd_things_over_http(tmp_path: Path, era: str, manner: str) -> None:
    with http_recorder(tmp_path, "--era", era, *MANNERS[manner]) as recorder:
        played = play(recorder.url, era)
    odd = played.answers[1][0]["result"]["structuredContent"]
    assert odd["big"] == "123456789012345678901234567890"
    assert odd["zero"] == "-0.0"
    assert [message["params"]["data"] for message in played.answers[4][:-1]] == [str(n) for n in range(20)]
    assert len(played.answers[5]) == 6
    assert len(played.asked) == 1
    assert "an answer" in json.dumps(played.answers[-1])


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_what_comes_over_http_is_the_same_through_the_gateway(
    argala: Path, tmp_path: Path, era: str, manner: str
) -> None:
    with http_recorder(tmp_path, "--era", era, *MANNERS[manner]) as recorder:
        direct = play(recorder.url, era)
        with served_by_gateway(argala, {"type": "http", "url": recorder.url}, ALLOW_ALL) as base:
            through = play(f"{base}/mcp", era)
    assert through.answers == direct.answers
    assert through.asked == direct.asked
    assert through.opening["capabilities"] == direct.opening["capabilities"]


def test_a_stream_that_was_cut_off_is_resumed_where_it_ended(tmp_path: Path) -> None:
    with http_recorder(tmp_path, "--resumable") as recorder:
        host = HttpHost(recorder.url, "legacy")
        host.open()
        assert host.request("tools/call", {"name": "burst", "arguments": {"count": 3}}).frames == []
        resumed = list(host.get(last_event="stream-2/0"))
    assert [frame.params["data"] for frame in resumed[:-1]] == [0, 1, 2]
    assert resumed[-1].text == "done"


@pytest.mark.parametrize(
    "flags",
    [["--resumable"], ["--ask-on", "get"], ["--refuse-delete", "--no-get"], ["--expire-after", "3"]],
    ids=["resumable", "asks-on-get", "refuses", "expires"],
)
def test_the_gateway_copes_with_a_server_that(argala: Path, tmp_path: Path, flags: list[str]) -> None:
    with (
        http_recorder(tmp_path, *flags) as recorder,
        served_by_gateway(argala, {"type": "http", "url": recorder.url}, ALLOW_ALL) as base,
    ):
        host = HttpHost(f"{base}/mcp", "legacy")
        host.on_message = lambda frame: host.answer(frame, SAMPLED) if frame.method and frame.id else None
        host.open()
        host.listen(host.on_message)
        for number in range(6):
            echoed = host.request("tools/call", {"name": "echo", "arguments": {"n": number}})
            assert json.loads(echoed.last.text) == {"n": number}
        # A stream that is cut off at once can't ask; nor is there anywhere to ask without a GET stream.
        if "--ask-on" in flags:
            asked = host.request("tools/call", {"name": "ask_host", "arguments": {"request": ASK}})
            assert "an answer" in asked.last.text
