"""Real servers behind the gateway, the official clients before it: list, an allowed call, a denied call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions.gateway import Gateway
from sessions.official import Transcript, python_client, typescript_client
from sessions.peers import node_tool
from sessions.rpc import Json

EVERYTHING = """\
allowed_methods = ["echo", "get-*", "trigger-*"]
denied_patterns = ["DROP"]
"""
FILES = """\
allowed_methods = ["read_text_file", "list_*"]
denied_patterns = ["secret"]
"""
MEMORY = """\
allowed_methods = ["create_entities", "read_graph"]

[[deny]]
id = "no-admins"
patterns = ["admin"]
match = "word"
methods = ["create_*"]
"""
TIME = """\
[tools.get_current_time]
args.timezone = { type = "string", one_of = ["UTC", "Europe/Berlin"], required = true }
"""


@pytest.fixture(params=[python_client, typescript_client], ids=["python", "typescript"])
def client(request: pytest.FixtureRequest) -> Callable[..., Transcript]:
    """The official client of a language."""
    chosen: Callable[..., Transcript] = request.param
    return chosen


def assert_blocked(result: Json, *words: str) -> None:
    assert result.get("isError") is True, result
    text: str = result["content"][0]["text"]
    assert text.startswith("ARGALA BLOCK")
    assert result["_meta"]["argala/decision"]["decision"] == "deny"
    for word in words:
        assert word.lower() in text.lower()


def test_server_everything(serve: Gateway, client: Callable[..., Transcript], tmp_path: Path) -> None:
    command = serve.command(node_tool("mcp-server-everything", "stdio"), EVERYTHING)
    calls = [
        ("echo", {"message": "hello"}),
        ("echo", {"message": "DROP TABLE users"}),
        ("toggle-simulated-logging", {}),
        ("get-sum", {"a": 40, "b": 2}),
        ("get-structured-content", {"location": "Chicago"}),
        ("trigger-sampling-request", {"prompt": "Who?"}),
        ("trigger-elicitation-request", {}),
        ("get-roots-list", {}),
        ("trigger-long-running-operation", {"duration": 0.2, "steps": 4}),
    ]
    told = client(command, {}, tmp_path, calls)
    assert {"echo", "get-sum", "trigger-sampling-request", "trigger-elicitation-request"} <= {*told.tools}
    assert "toggle-simulated-logging" not in told.tools
    assert told.text(0) == "Echo: hello"
    assert_blocked(told.results[1], "DROP")
    assert_blocked(told.results[2], "toggle-simulated-logging")
    assert "42" in told.text(3)
    assert told.results[4]["structuredContent"]["temperature"] == 36
    assert "a sampled answer" in told.text(5)
    assert "Ada" in json.dumps(told.results[6])
    assert tmp_path.as_uri() in json.dumps(told.results[7])
    assert "completed" in told.text(8)
    assert told.progress[:3] == [1, 2, 3]  # the TypeScript client drops the step that comes with the answer


def test_server_filesystem(serve: Gateway, client: Callable[..., Transcript], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a note")
    (tmp_path / "secret.txt").write_text("a secret")
    command = serve.command(node_tool("mcp-server-filesystem", tmp_path), FILES)
    calls = [
        ("read_text_file", {"path": str(tmp_path / "notes.txt")}),
        ("read_text_file", {"path": str(tmp_path / "secret.txt")}),
        ("write_file", {"path": str(tmp_path / "new.txt"), "content": "x"}),
    ]
    told = client(command, {}, tmp_path, calls)
    assert "read_text_file" in told.tools
    assert all(tool.startswith(("read_text_file", "list_")) for tool in told.tools)
    assert told.text(0) == "a note"
    assert_blocked(told.results[1], "secret")
    assert_blocked(told.results[2], "write_file")
    assert not (tmp_path / "new.txt").exists()


def test_server_memory(serve: Gateway, client: Callable[..., Transcript], tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"

    def entity(name: str, observation: str) -> Json:
        return {"entities": [{"name": name, "entityType": "person", "observations": ["tall", observation]}]}

    calls = [
        ("create_entities", entity("Ada", "administers nothing")),
        ("create_entities", entity("Eve", "an Admin")),
        ("read_graph", {}),
        ("delete_entities", {"entityNames": ["Ada"]}),
    ]
    command = serve.command(node_tool("mcp-server-memory"), MEMORY)
    told = client(command, {"MEMORY_FILE_PATH": str(memory)}, tmp_path, calls)
    assert sorted(told.tools) == ["create_entities", "read_graph"]
    assert_blocked(told.results[1], "admin", "no-admins")
    assert [entity["name"] for entity in told.results[2]["structuredContent"]["entities"]] == ["Ada"]
    assert_blocked(told.results[3], "delete_entities")
    assert "Ada" in memory.read_text()
    assert "Eve" not in memory.read_text()


def test_server_time(serve: Gateway, client: Callable[..., Transcript], tmp_path: Path) -> None:
    command = serve.command([sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"], TIME)
    convert = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Europe/Berlin"}
    calls = [
        ("get_current_time", {"timezone": "Europe/Berlin"}),
        ("get_current_time", {"timezone": "America/New_York"}),
        ("convert_time", convert),
    ]
    told = client(command, {}, tmp_path, calls)
    assert told.tools == ["get_current_time"]
    assert json.loads(told.text(0))["timezone"] == "Europe/Berlin"
    assert_blocked(told.results[1], "timezone")
    assert_blocked(told.results[2], "convert_time")


def test_four_real_servers_behind_one_gateway(
    serve: Gateway, client: Callable[..., Transcript], tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("a note")
    servers = {
        "everything": node_tool("mcp-server-everything", "stdio"),
        "files": node_tool("mcp-server-filesystem", tmp_path),
        "memory": node_tool("mcp-server-memory"),
        "time": [sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"],
    }
    calls = [
        ("everything__echo", {"message": "hello"}),
        ("files__read_text_file", {"path": str(tmp_path / "notes.txt")}),
        ("memory__read_graph", {}),
        ("time__get_current_time", {"timezone": "UTC"}),
        ("files__write_file", {"path": str(tmp_path / "new.txt"), "content": "x"}),
    ]
    policy = 'allowed_methods = ["everything__*", "*__read_*", "time__get_*"]\n'
    command = serve.command(servers, policy)
    told = client(command, {"MEMORY_FILE_PATH": str(tmp_path / "memory.json")}, tmp_path, calls)
    assert {"everything__echo", "files__read_text_file", "memory__read_graph", "time__get_current_time"} <= {
        *told.tools
    }
    assert [told.text(0), told.text(1)] == ["Echo: hello", "a note"]
    assert not any(result.get("isError") for result in told.results[:4])
    assert_blocked(told.results[4], "files__write_file")


# The inspector's command line


def inspect(serve: Gateway, folder: Path, *arguments: str) -> Json:
    """What the inspector prints for one method, with server-filesystem behind the gateway."""
    argala, *words = serve.command(node_tool("mcp-server-filesystem", folder), FILES)
    separator = words.index("--")
    # The inspector takes a `--` away for itself, twice.
    target = [argala, *words[:separator], "--", "--", *words[separator:]]
    done = subprocess.run(
        [*node_tool("mcp-inspector", "--cli", *arguments), *target],
        capture_output=True,
        text=True,
        timeout=40,
        env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_inspector_lists_calls_and_is_denied(serve: Gateway, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a note")
    call = ["--tool-arg", f"path={tmp_path / 'notes.txt'}", "--method", "tools/call", "--tool-name"]
    tools = [tool["name"] for tool in inspect(serve, tmp_path, "--method", "tools/list")["tools"]]
    assert "read_text_file" in tools
    assert "write_file" not in tools
    allowed = inspect(serve, tmp_path, *call, "read_text_file")
    assert allowed["content"][0]["text"] == "a note"
    assert_blocked(inspect(serve, tmp_path, *call, "write_file"), "write_file")
