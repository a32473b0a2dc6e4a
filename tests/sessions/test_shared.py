"""A server that all sessions share: one process, and nothing of one host's reaches another."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from sessions.gateway import ALLOW_ALL, Gateway
from sessions.http_host import HttpHost
from sessions.peers import Recorder, survivors
from sessions.rpc import PATIENCE, Frame, Json, Session
from sessions.served import served_by_gateway
from sessions.test_http_fidelity import http_recorder


@dataclass
class Stage:
    """A gateway over HTTP before one shared server."""

    base: str
    recorder: Recorder

    def host(self, era: str = "legacy") -> HttpHost:
        host = HttpHost(f"{self.base}/mcp", era)
        assert host.open().last.result
        return host


@contextmanager
def shared(argala: Path, folder: Path, *flags: str, script: str = "recorder.py") -> Iterator[Stage]:
    recorder = Recorder(folder, "fixture", flags, script)
    command, *args = recorder.command
    with served_by_gateway(argala, {"command": command, "args": args, "shared": True}, ALLOW_ALL) as base:
        yield Stage(base, recorder)


@pytest.fixture
def stage(argala: Path, tmp_path: Path) -> Iterator[Stage]:
    with shared(argala, tmp_path) as stage:
        yield stage


def call(host: HttpHost, tool: str, arguments: Json = None, **params: Json) -> Frame:
    return host.request("tools/call", {"name": tool, "arguments": arguments or {}, **params}).last


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < deadline, f"{what} never came to be"
        sleep(0.02)


class Holding(threading.Thread):
    """A call that its server doesn't answer before it is released."""

    def __init__(self, stage: Stage, host: HttpHost) -> None:
        super().__init__(daemon=True)
        self.host, self.reply = host, None
        before = len(stage.recorder.calls())
        self.start()
        wait_until(lambda: len(stage.recorder.calls()) > before, "the held call")

    def run(self) -> None:
        with suppress(OSError, IndexError):
            self.reply: Frame | None = call(self.host, "hold")


def listening(host: HttpHost) -> list[Frame]:
    heard: list[Frame] = []
    host.listen(heard.append)
    return heard


def test_all_sessions_use_one_process_that_is_introduced_once(stage: Stage) -> None:
    hosts = [stage.host() for _ in range(3)]
    for number, host in enumerate(hosts):
        assert call(host, "echo", {"n": number}).text == f'fixture heard {{"n": {number}}}'
    assert len(stage.recorder.pids()) == 1
    (initialize,) = stage.recorder.heard("initialize")
    assert initialize.params["capabilities"] == {}
    assert len(stage.recorder.heard("notifications/initialized")) == 1


def test_an_answer_goes_to_the_host_that_has_asked(stage: Stage) -> None:
    one, other = stage.host(), stage.host()
    held = Holding(stage, one)
    assert call(other, "echo", {"of": "other"}).text == 'fixture heard {"of": "other"}'
    assert call(other, "release").text == "done"
    held.join(PATIENCE)
    assert held.reply
    assert held.reply.text.startswith("released")


def test_a_host_that_leaves_takes_its_calls_back_and_no_others(stage: Stage) -> None:
    one, other = stage.host(), stage.host()
    Holding(stage, one)
    left = stage.recorder.heard("tools/call")[0].id
    stays = Holding(stage, other)
    connection = one.connect()
    connection.request("DELETE", one.url.path, headers=one.session)
    connection.getresponse().read()
    wait_until(lambda: bool(stage.recorder.heard("notifications/cancelled")), "the cancellation")
    assert call(other, "release").text == "done"
    stays.join(PATIENCE)
    assert stays.reply
    assert [frame.params["requestId"] for frame in stage.recorder.heard("notifications/cancelled")] == [left]


def test_a_change_is_told_to_the_host_that_has_subscribed(stage: Stage) -> None:
    one, other = stage.host(), stage.host()
    heard, not_heard = listening(one), listening(other)
    assert one.request("resources/subscribe", {"uri": "memo://fixture/1"}).last.result == {}
    updated = {"method": "notifications/resources/updated", "params": {"uri": "memo://fixture/1"}}
    changed = {"method": "notifications/tools/list_changed"}
    for message in (updated, changed):
        assert call(other, "notify", {"message": {"jsonrpc": "2.0", **message}}).text == "done"
    for told in (heard, not_heard):
        wait_until(lambda told=told: changed["method"] in [frame.method for frame in told], "the change of the list")
    assert updated["method"] in [frame.method for frame in heard]
    assert updated["method"] not in [frame.method for frame in not_heard]


def test_progress_comes_under_the_hosts_own_token(stage: Stage) -> None:
    for host in (stage.host(), stage.host()):
        request = {"name": "progress", "arguments": {"count": 2}, "_meta": {"progressToken": "mine"}}
        *progress, _ = host.request("tools/call", request).frames
        assert [frame.params["progressToken"] for frame in progress] == ["mine", "mine"]


def test_a_server_that_dies_comes_back_for_all(stage: Stage) -> None:
    hosts = [stage.host(), stage.host()]
    assert call(hosts[0], "die").error
    for host in hosts:
        wait_until(lambda host=host: bool(call(host, "echo").result), "the server")
    assert len(stage.recorder.pids()) == 2
    assert len(stage.recorder.heard("initialize")) == 2


def test_hosts_of_the_modern_era_share_as_well(argala: Path, tmp_path: Path) -> None:
    with shared(argala, tmp_path, script="modern.py") as stage:
        legacy, modern = stage.host("legacy"), stage.host("modern")
        for host in (legacy, modern):
            assert '"arguments": {"n": 1}' in call(host, "echo", {"n": 1}).text
        assert len(stage.recorder.pids()) == 1


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_a_server_over_http_is_shared_as_well(argala: Path, tmp_path: Path, era: str) -> None:
    with http_recorder(tmp_path, "--era", era, "--answer", "sse") as recorder:
        downstream = {"url": recorder.url, "shared": True}
        with served_by_gateway(argala, downstream, ALLOW_ALL) as base:
            stage = Stage(base, Recorder(tmp_path))
            one, other = stage.host(era), stage.host("legacy")
            not_heard = listening(other)
            wants_log = {"_meta": {"io.modelcontextprotocol/logLevel": "info"}}
            burst = {"name": "burst", "arguments": {"count": 5}, **wants_log}
            *heard, _ = one.request("tools/call", burst).frames
            assert [frame.params["data"] for frame in heard] == list(range(5))
            assert json.loads(call(other, "echo", {"n": 1}).text)["n"] == 1
            assert not_heard == []
        posts = [json.loads(post["body"]) for post in recorder.heard("POST")]
    assert len([post for post in posts if post.get("method") == "initialize"]) == 1


def test_the_server_ends_with_the_gateway(argala: Path, tmp_path: Path) -> None:
    with shared(argala, tmp_path, "--lingering", "--grandchild") as stage:
        assert call(stage.host(), "echo").result
        pids = stage.recorder.pids()
        assert len(pids) == 2
    assert survivors(pids, 1) == []


@pytest.mark.parametrize("flags", [[], ["--lingering", "--grandchild"]], ids=["obedient", "lingering"])
def test_one_session_shares_with_nobody_and_takes_the_server_along(serve: Gateway, flags: list[str]) -> None:
    recorder = serve.recorder("one", *flags)
    command, *args = recorder.command
    file, policy = serve.folder / "shared.json", serve.folder / "allow.toml"
    file.write_text(json.dumps({"mcpServers": {"one": {"command": command, "args": args, "shared": True}}}))
    policy.write_text(ALLOW_ALL)
    host = Session([serve.argala or "", "serve", "--policy", policy, "--servers", file])
    with host:
        assert host.initialize().result
        assert host.call("echo").text == "one heard {}"
    assert survivors(recorder.pids(), 1) == []
