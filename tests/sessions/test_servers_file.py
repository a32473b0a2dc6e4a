"""The servers file that a host already has is taken as it is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import Json, Session

# Calls itself by its environment and by its folder.
NAMED = 'exec "$@" --name "$CALLED-in-$(basename "$PWD")"'


def session(serve: Gateway, content: Json, env: Mapping[str, str] | None = None) -> Session:
    """A session with the servers of a file beside one that is always there, so that there are several."""
    file = serve.folder / "hosts.json"
    file.write_text(json.dumps(content))
    policy = serve.folder / "allow.toml"
    policy.write_text('allowed_methods = ["*"]\n')
    command = [str(serve.argala), "serve", "--policy", str(policy), "--servers", str(file)]
    host = serve.sessions.enter_context(Session(command, env, serve.folder))
    assert host.initialize().result
    return host


def entry(serve: Gateway, name: str) -> dict[str, Json]:
    command, *args = serve.recorder(name).command
    return {"command": command, "args": args}


def test_env_and_cwd_are_those_of_the_entry(serve: Gateway, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    words = ["sh", "-c", NAMED, "sh", *serve.recorder("recorder").command]
    named = {"command": words[0], "args": words[1:], "env": {"CALLED": "one"}, "cwd": str(tmp_path / "elsewhere")}
    host = session(serve, {"mcpServers": {"named": named, "other": entry(serve, "other")}})
    assert host.call("named__echo").text == "one-in-elsewhere heard {}"


def test_variables_are_filled_in_from_the_environment(serve: Gateway) -> None:
    plain = entry(serve, "plain")
    given = {"command": "${PROGRAM}", "args": [*plain["args"], "--name", "${CALLED:-nobody}"]}
    absent = {**plain, "args": [*plain["args"], "--name", "${NOT_SET_ANYWHERE:-nobody}"]}
    env = {"PROGRAM": plain["command"], "CALLED": "somebody"}
    host = session(serve, {"mcpServers": {"given": given, "absent": absent}}, env)
    assert host.call("given__echo").text == "somebody heard {}"
    assert host.call("absent__echo").text == "nobody heard {}"


def test_a_disabled_server_is_left_out(serve: Gateway) -> None:
    off = {**entry(serve, "off"), "disabled": True}
    host = session(serve, {"mcpServers": {"off": off, "one": entry(serve, "one"), "two": entry(serve, "two")}})
    assert {name.split("__")[0] for name in host.tool_names()} == {"one", "two"}
    assert not (serve.folder / "off.pids").exists()


def test_the_file_of_vs_code_is_read_too(serve: Gateway) -> None:
    servers = {name: {"type": "stdio", **entry(serve, name)} for name in ("one", "two")}
    host = session(serve, {"inputs": [], "servers": servers})
    assert host.call("two__echo").text == "two heard {}"


def test_what_only_a_host_knows_is_passed_over(serve: Gateway) -> None:
    entries = {name: {**entry(serve, name), "timeout": 60, "autoApprove": ["echo"]} for name in ("one", "two")}
    host = session(serve, {"mcpServers": entries, "theme": "dark"})
    assert host.call("one__echo").text == "one heard {}"


def test_a_call_that_takes_longer_than_its_server_may_is_given_up(serve: Gateway, recorder: Recorder) -> None:
    serve.settings["timeout"] = 1
    host = serve({"slow": recorder})  # a single one of a servers file keeps its tools' names
    late = host.call("hold")
    assert "has not answered within 1 s" in late.error["message"]
    host.notification("notifications/message")  # the server says that it was told
    assert host.call("echo").result


def test_progress_begins_the_time_of_a_call_anew(serve: Gateway, recorder: Recorder) -> None:
    serve.settings["timeout"] = 1
    host = serve({"slow": recorder})
    held = host.start_call("hold", _meta={"progressToken": "held"})
    for step in range(4):
        time.sleep(0.4)
        progress = {"progressToken": "held", "progress": step}
        message = {"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}
        assert host.call("notify", {"message": message}).result
    host.call("release")
    assert host.reply(held).result
