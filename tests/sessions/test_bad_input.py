"""What can't be served is told in one clear error that names the file and the place, before any session begins."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from sessions.gateway import CommandLine

GOOD_POLICY = 'allowed_methods = ["*"]\n'


def assert_one_clear_error(run: CommandLine, *arguments: str | Path, tells: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode in (1, 2), done
    assert done.stdout == ""
    told = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    assert len(re.findall(r"(?im)^\W*error\b", told)) == 1, told
    assert "panicked" not in told
    for word in tells:
        assert re.search(word, told), f"{word!r} is not in:\n{told}"


POLICIES = {
    "an unknown key": (
        'allowed_methods = ["echo"]\n\ndenied_paterns = ["DROP"]\n',
        (r"policy\.toml:3:1", "denied_paterns", "denied_patterns"),
    ),
    "an unknown key in a deny": (
        '[[deny]]\nid = "no-ddl"\npattern = ["DROP"]\n',
        (r"policy\.toml:3:1", "pattern", "patterns"),
    ),
    "an unknown key of an argument": (
        '[tools.run]\nargs.n = { type = "integer", maximum = 3 }\n',
        (r"policy\.toml:2:\d+", "maximum", "max"),
    ),
    "bad TOML": ('allowed_methods = ["echo"\n', (r"policy\.toml:\d+:\d+",)),
    "a key twice": ("version = 1\nversion = 1\n", (r"policy\.toml:2:\d+", "version")),
    "an empty pattern": ('allowed_methods = ["*"]\ndenied_patterns = ["DROP", ""]\n', (r"policy\.toml:2:28", "empty")),
    "a misspelt type": (
        '[tools.run]\nargs.n = { type = "intger" }\n',
        (r"policy\.toml:2:\d+", "intger", "integer"),
    ),
    "a type in the wrong place": ('allowed_methods = "echo"\n', (r"policy\.toml:1:\d+", "allowed_methods")),
    "another version": ("version = 2\n", (r"policy\.toml:1:\d+", "version")),
    "the same id twice": (
        'allowed_methods = ["*"]\n[[deny]]\nid = "one"\npatterns = ["x"]\n[[deny]]\nid = "one"\npatterns = ["y"]\n',
        (r"policy\.toml:[56]:\d+", "one"),
    ),
}


@pytest.mark.parametrize(("text", "tells"), POLICIES.values(), ids=POLICIES)
def test_a_policy_with(run: CommandLine, text: str, tells: tuple[str, ...]) -> None:
    policy = run.folder / "policy.toml"
    policy.write_text(text)
    assert_one_clear_error(run, "serve", "--policy", policy, "--", sys.executable, tells=tells)
    assert_one_clear_error(run, "check", "--policy", policy, "echo", "{}", tells=tells)


def test_a_policy_that_is_not_utf_8(run: CommandLine) -> None:
    policy = run.folder / "policy.toml"
    policy.write_bytes(b'allowed_methods = ["\xff"]\n')
    assert_one_clear_error(run, "serve", "--policy", policy, "--", sys.executable, tells=(r"policy\.toml",))


def test_a_policy_file_that_is_missing(run: CommandLine) -> None:
    for command in (["serve", "--policy", "nowhere.toml", "--", "x"], ["check", "--policy", "nowhere.toml", "x", "{}"]):
        assert_one_clear_error(run, *command, tells=(r"nowhere\.toml",))


SERVERS = {
    "no JSON": ("{", (r"mcp\.json:1:\d+",)),
    "no JSON, further down": ('{\n  "mcpServers": {\n    "a": oops\n  }\n}', (r"mcp\.json:3:\d+",)),
    "no servers": ("[]", (r"mcp\.json",)),
    "an empty list of servers": ('{"mcpServers": {}}', (r"mcp\.json",)),
    "a server without a command": ('{"mcpServers": {"files": {"args": ["x"]}}}', (r"mcp\.json", "files", "command")),
    "a command that is no text": ('{"mcpServers": {"files": {"command": ["x"]}}}', (r"mcp\.json:1:\d+", "command")),
    "args that are no list": ('{"mcpServers": {"files": {"command": "x", "args": "y"}}}', (r"mcp\.json:1:\d+", "args")),
    "a name with two underscores": ('{"mcpServers": {"a__b": {"command": "x"}}}', (r"mcp\.json", "a__b")),
    "an empty name": ('{"mcpServers": {"": {"command": "x"}}}', (r"mcp\.json", "name")),
    "the same server twice": ('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', (r"mcp\.json", "a")),
}


@pytest.mark.parametrize(("text", "tells"), SERVERS.values(), ids=SERVERS)
def test_a_servers_file_with(run: CommandLine, text: str, tells: tuple[str, ...]) -> None:
    (run.folder / "policy.toml").write_text(GOOD_POLICY)
    (run.folder / "mcp.json").write_text(text)
    assert_one_clear_error(run, "serve", "--policy", "policy.toml", "--servers", "mcp.json", tells=tells)


def test_a_servers_file_that_is_missing(run: CommandLine) -> None:
    (run.folder / "policy.toml").write_text(GOOD_POLICY)
    command = ["serve", "--policy", "policy.toml", "--servers", "nowhere.json"]
    assert_one_clear_error(run, *command, tells=(r"nowhere\.json",))


@pytest.mark.parametrize(
    ("arguments", "tells"),
    [
        (["serve", "--policy", "policy.toml"], ("--servers",)),
        (["serve", "--policy", "policy.toml", "--"], ("--",)),
        (["serve", "--policy", "policy.toml", "--", "a-command-that-is-nowhere"], ("a-command-that-is-nowhere",)),
        (["serve", "--", sys.executable], ("--policy",)),
        (["serve", "--policy", "policy.toml", "--servers", "mcp.json", "--", "x"], ("--servers",)),
        (["serve", "--polcy", "policy.toml"], ("--polcy", "--policy")),
        (["sreve"], ("sreve", "serve")),
        (["check", "echo", "{}"], ("--policy",)),
    ],
    ids=" ".join,
)
def test_a_command_line_that_says_too_little_or_too_much(
    run: CommandLine, arguments: list[str], tells: tuple[str, ...]
) -> None:
    (run.folder / "policy.toml").write_text(GOOD_POLICY)
    (run.folder / "mcp.json").write_text('{"mcpServers": {"a": {"command": "x"}}}')
    assert_one_clear_error(run, *arguments, tells=tells)


@pytest.mark.parametrize("command", [[], ["serve"], ["check"], ["demo"]], ids=" ".join)
def test_help_is_there(run: CommandLine, command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert done.stderr == ""
