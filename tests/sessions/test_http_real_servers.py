"""Real servers over HTTP behind the gateway, the official clients before it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from sessions.gateway import Gateway
from sessions.official import Transcript, python_client, typescript_client
from sessions.peers import TESTS, node_tool
from sessions.rpc import PATIENCE, Session

EVERYTHING = """\
allowed_methods = ["echo", "get-*", "trigger-*"]
denied_patterns = ["DROP"]
"""

Start = Callable[..., int]


@pytest.fixture(params=[python_client, typescript_client], ids=["python", "typescript"])
def client(request: pytest.FixtureRequest) -> Callable[..., Transcript]:
    """The official client of a language."""
    chosen: Callable[..., Transcript] = request.param
    return chosen


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Start]:
    """Starts servers, each told its port by $PORT, and ends them."""
    with ExitStack() as stack:

        def start(command: list[str], port: int | None = None) -> int:
            if port is None:
                with closing(socket.create_server(("127.0.0.1", 0))) as free:
                    port = free.getsockname()[1]
            log = stack.enter_context((tmp_path / f"{port}.log").open("ab"))
            process = subprocess.Popen(command, env={**os.environ, "PORT": str(port)}, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            start.processes.append(process)  # type: ignore[attr-defined]
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 0.2).close()
                    return port
                except OSError:
                    assert time.monotonic() < deadline, (tmp_path / f"{port}.log").read_text()
                    time.sleep(0.05)

        start.processes = []  # type: ignore[attr-defined]
        yield start


def behind(serve: Gateway, folder: Path, entry: dict[str, object], policy: str) -> list[str]:
    file, rules = folder / "http.json", folder / "policy.toml"
    file.write_text(json.dumps({"mcpServers": {"server": entry}}))
    rules.write_text(policy)
    return [str(serve.argala), "serve", "--policy", str(rules), "--servers", str(file)]


@pytest.mark.parametrize(
    ("transport", "path", "kind"),
    [
        ("streamableHttp", "/mcp", "http"),
        ("streamableHttp", "/mcp", None),
        ("sse", "/sse", "sse"),
        ("sse", "/sse", None),
    ],
)
def test_server_everything(
    serve: Gateway,
    client: Callable[..., Transcript],
    listening: Start,
    tmp_path: Path,
    transport: str,
    path: str,
    kind: str | None,
) -> None:
    port = listening(node_tool("mcp-server-everything", transport))
    entry = {"url": f"http://127.0.0.1:{port}{path}", **({"type": kind} if kind else {})}
    calls = [
        ("echo", {"message": "hello"}),
        ("echo", {"message": "DROP TABLE users"}),
        ("get-sum", {"a": 40, "b": 2}),
        ("trigger-sampling-request", {"prompt": "Who?"}),
        ("trigger-elicitation-request", {}),
        ("get-roots-list", {}),
        ("trigger-long-running-operation", {"duration": 0.2, "steps": 4}),
    ]
    told = client(behind(serve, tmp_path, entry, EVERYTHING), {}, tmp_path, calls)
    assert {"echo", "get-sum", "trigger-sampling-request", "trigger-elicitation-request"} <= {*told.tools}
    assert told.text(0) == "Echo: hello"
    assert told.text(1).startswith("ARGALA BLOCK")
    assert "42" in told.text(2)
    assert "a sampled answer" in told.text(3)
    assert "Ada" in json.dumps(told.results[4])
    assert tmp_path.as_uri() in json.dumps(told.results[5])
    assert "completed" in told.text(6)
    assert told.progress[:3] == [1, 2, 3]


def test_a_server_that_is_started_again_is_called_as_before(serve: Gateway, listening: Start, tmp_path: Path) -> None:
    command = node_tool("mcp-server-everything", "streamableHttp")
    port = listening(command)
    entry = {"type": "http", "url": f"http://127.0.0.1:{port}/mcp"}
    session = serve.sessions.enter_context(Session(behind(serve, tmp_path, entry, EVERYTHING)))
    assert session.initialize().result
    assert session.call("echo", {"message": "one"}).text == "Echo: one"
    (process,) = listening.processes  # type: ignore[attr-defined]
    process.kill()
    process.wait()
    assert "it can't be reached" in session.call("echo", {"message": "two"}).error["message"]
    listening(command, port)
    assert session.call("echo", {"message": "three"}).text == "Echo: three"


@pytest.mark.parametrize("flags", [[], ["--stateless"], ["--json"], ["--stateless", "--json"]], ids=" ".join)
def test_the_official_python_server(
    serve: Gateway, client: Callable[..., Transcript], listening: Start, tmp_path: Path, flags: list[str]
) -> None:
    port = listening([sys.executable, str(TESTS / "peers" / "python_server.py"), *flags])
    entry = {"url": f"http://127.0.0.1:{port}/mcp"}
    calls = [("add", {"a": 40, "b": 2}), ("steps", {"count": 3}), ("remove", {"name": "x"})]
    told = client(behind(serve, tmp_path, entry, 'allowed_methods = ["add", "steps"]\n'), {}, tmp_path, calls)
    assert sorted(told.tools) == ["add", "steps"]
    assert told.text(0) == "42"
    assert told.text(1) == "done"
    assert told.text(2).startswith("ARGALA BLOCK")
