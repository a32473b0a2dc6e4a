"""The installed package brings the command, and it is the gateway's own: same answers, same exit codes, same end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import IO, Any

import argala
import pytest

SCRIPT = [str(Path(sysconfig.get_path("scripts"), "argala"))]
MODULE = [sys.executable, "-m", "argala"]

POLICY = """
allowed_methods = ["echo"]
denied_patterns = ["DROP"]

[tools.pay]
decision = "ask"
"""

# An MCP server that gives back what it is called with, and a child of its own; it says which processes they are.
SERVER = """
import json, os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], stdin=subprocess.DEVNULL)
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                  "serverInfo": {"name": "echo", "version": "1"}}
    elif message.get("method") == "tools/call":
        result = {"content": [{"type": "text", "text": json.dumps(message["params"]["arguments"])}]}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY)
    return file


def run(*words: str | Path | bytes, command: list[str] = SCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *words], input="", capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
def test_the_command_has_the_version_of_the_package(command: list[str]) -> None:
    done = run("--version", command=command)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"argala {argala.__version__}\n", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ["check", "--policy", "policy.toml", "echo", '{"text": "hello"}']),
        (3, ["check", "--policy", "policy.toml", "echo", '{"text": "drop table users"}']),
        (4, ["check", "--policy", "policy.toml", "pay", "{}"]),
        (1, ["check", "--policy", "nowhere.toml"]),
        (2, ["serve", "--policy", "policy.toml"]),
        (2, ["no-such-command"]),
        (2, []),
    ],
)
def test_exit_codes_are_the_commands(
    code: int, words: list[str], policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(policy.parent)
    done = run(*words)
    assert done.returncode == code, done
    assert bool(done.stderr) == (code in (1, 2))
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a path is Unicode")
def test_an_argument_that_is_no_text_is_taken_as_it_is(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.toml"
    Path(os.fsdecode(name)).write_text(POLICY)
    assert run("check", "--policy", name).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    with subprocess.Popen([*SCRIPT, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_an_interrupt_ends_a_command_that_waits_for_calls(policy: Path) -> None:
    words = [*SCRIPT, "check", "--policy", str(policy), "--jsonl"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"id": 1, "method": "echo"}\n')
        process.stdin.flush()
        assert process.stdout is not None
        assert b'"allow"' in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
        assert process.stderr is not None
        assert process.stderr.read() == b""


class Host:
    """A host before `argala serve` before `SERVER`."""

    def __init__(self, command: list[str], policy: Path) -> None:
        self.pids = policy.parent / "pids"
        server = policy.parent / "server.py"
        server.write_text(SERVER)
        words = [*command, "serve", "--policy", str(policy), "--", sys.executable, str(server), str(self.pids)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def pipe(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        stdin = self.pipe(self.process.stdin)
        stdin.write(json.dumps(message).encode() + b"\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(self.pipe(self.process.stdout).readline())
        return answer

    def call(self, text: str) -> dict[str, Any]:
        result: dict[str, Any] = self.ask("tools/call", {"name": "echo", "arguments": {"text": text}})["result"]
        return result


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # One that has ended and waits to be reaped runs no more.
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
@pytest.mark.parametrize("end", [None, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_session_of_the_installed_gateway(command: list[str], end: signal.Signals | None, policy: Path) -> None:
    host = Host(command, policy)
    with host.process:
        try:
            client = {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            }
            assert host.ask("initialize", client)["result"]["serverInfo"]
            passed = host.call("SELECT 1")
            assert json.loads(passed["content"][0]["text"]) == {"text": "SELECT 1"}
            refused = host.call("DROP TABLE users")
            assert refused["isError"] is True
            assert refused["content"][0]["text"].startswith("ARGALA BLOCK")

            family = [int(pid) for pid in host.pids.read_text().split()]
            assert all(running(pid) for pid in family)
            if end is None:
                host.pipe(host.process.stdin).close()
            else:
                host.process.send_signal(end)
            assert host.process.wait(20) == 0
            assert b"Traceback" not in host.pipe(host.process.stderr).read()
            deadline = time.monotonic() + 10
            while (left := [pid for pid in family if running(pid)]) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert left == []
        finally:
            host.process.kill()


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
def test_the_demo_starts_the_command_that_it_is_part_of(command: list[str]) -> None:
    done = run("demo", command=command)
    assert done.returncode == 0, done
    assert done.stdout.count("ARGALA BLOCK") == 4
    entry, _ = json.JSONDecoder().raw_decode(
        done.stdout[done.stdout.rindex("{", 0, done.stdout.index('"mcpServers"')) :]
    )
    (server,) = entry["mcpServers"].values()
    told = [server["command"], *server["args"]]
    assert told[: len(command) + 1] == [*command, "serve"]
