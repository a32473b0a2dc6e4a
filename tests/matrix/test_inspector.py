"""The Inspector's command line over streamable HTTP: it lists, calls, and is denied."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix.clients import FIXTURE
from matrix.ways import STDIO, Server
from sessions.peers import node_tool
from sessions.rpc import Json
from sessions.served import FixtureServer, served_by_gateway

LIST = ["--method", "tools/list"]
CALL = ["--method", "tools/call", "--tool-name", "greet", "--tool-arg"]


@pytest.fixture(params=STDIO, ids=str)
def url(request: pytest.FixtureRequest, argala: Path, fixture_server: FixtureServer) -> Iterator[str]:
    server: Server = request.param
    with served_by_gateway(argala, fixture_server.command(server.era), FIXTURE.policy) as base:
        yield f"{base}/mcp"


def inspect(url: str, *arguments: str) -> Json:
    done = subprocess.run(
        [*node_tool("mcp-inspector", "--cli"), url, "--transport", "http", *arguments],
        capture_output=True,
        text=True,
        timeout=40,
        env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_inspector_lists_calls_and_is_denied_over_http(url: str) -> None:
    tools = [tool["name"] for tool in inspect(url, *LIST)["tools"]]
    assert "greet" in tools
    assert FIXTURE.unlisted not in tools
    assert inspect(url, *CALL, "name=Ada")["content"][0]["text"] == "Hello, Ada!"
    denied = inspect(url, *CALL, "name=DROP TABLE users")
    assert denied["isError"]
    assert denied["content"][0]["text"].startswith("ARGALA BLOCK")
