"""The audit log: what it says of a session, and that nothing happens which it can't say."""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions.gateway import CommandLine, Gateway
from sessions.rpc import Json, Session

POLICY = """
allowed_methods = ["echo", "fail", "slow"]
denied_patterns = ["DROP"]
audit_arguments = "redacted"
[tools.full]
audit_arguments = "full"
[tools.off]
audit_arguments = "off"
"""


def records(log: Path) -> list[Json]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def events(log: Path, *kinds: str) -> list[Json]:
    return [record for record in records(log) if record["event"] in kinds]


@pytest.fixture
def log(serve: Gateway) -> Path:
    return serve.folder / "audit.jsonl"


@pytest.fixture
def audited(serve: Gateway, log: Path) -> Callable[[], Session]:
    return lambda: serve(serve.recorder("recorder"), POLICY, ["--audit", str(log)])


def test_a_session_is_told_from_its_beginning_to_its_end(
    audited: Callable[[], Session], log: Path, run: CommandLine
) -> None:
    host = audited()
    assert host.call("echo", {"text": "SELECT 1"}).result
    assert host.call("echo", {"text": "drop table users"}).result["isError"]
    assert host.request("tools/call", {"name": 1}).error
    host.end_input()
    assert host.process.wait(10) == 0

    told = records(log)
    assert [record["seq"] for record in told] == list(range(1, len(told) + 1))
    kinds = [record["event"] for record in told]
    judged = ["judged", "ended", "judged", "refused"]
    assert kinds == ["opened", "started", "session_opened", "server", *judged, "session_closed", "stopped"]
    session = told[2]["session"]
    assert all(record["session"] == session for record in told[2:-1])

    assert told[3]["state"] == "up"
    allowed, ended, denied = told[4:7]
    assert (allowed["decision"], allowed["rule"]) == ("allow", "allowed_methods")
    assert allowed["server"].startswith("python")
    assert allowed["arguments_sha256"] == hashlib.sha256(b'{"text":"SELECT 1"}').hexdigest()
    assert allowed["arguments"] == {"text": "<8 characters>"}
    assert (ended["of"], ended["outcome"]) == (allowed["seq"], "result")
    assert ended["bytes"] > 0
    assert (denied["decision"], denied["rule"], denied["at"]) == ("deny", "denied_patterns", "/text")
    assert denied["policy"] == allowed["policy"] == told[1]["policy"]
    assert "users" not in log.read_text()

    verified = run("audit", "verify", log)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout.startswith(f"whole: records 1 to {len(told)}; ")


@pytest.mark.parametrize(
    ("tool", "kept"),
    [("full", {"text": "secret", "n": 1.50}), ("off", None), ("echo", {"text": "<6 characters>", "n": "<number>"})],
)
def test_arguments_are_kept_as_the_policy_says(
    audited: Callable[[], Session], log: Path, tool: str, kept: Json
) -> None:
    audited().request("tools/call", {"name": tool, "arguments": {"text": "secret", "n": 1.50}})
    (judged,) = events(log, "judged")
    assert judged.get("arguments") == kept


def test_a_call_that_can_not_be_recorded_is_denied(serve: Gateway, log: Path) -> None:
    recorder = serve.recorder("recorder")
    host = serve(recorder, POLICY, ["--audit", str(log)])
    assert host.call("echo", {"text": "one"}).result
    # In the place of the log stands what can't be written.
    log.rename(log.with_suffix(".gone"))
    log.mkdir()
    denied = host.call("echo", {"text": "two"}).result
    assert denied["isError"]
    assert "ARGALA BLOCK: nothing is called that can't be recorded" in denied["content"][0]["text"]
    assert denied["_meta"]["argala/decision"]["rule"] == "audit.unwritable"
    log.rmdir()
    assert not host.call("echo", {"text": "three"}).result.get("isError")
    assert [call["arguments"]["text"] for call in recorder.calls()] == ["one", "three"]


def test_a_full_disk_denies_and_leaves_whole_lines(serve: Gateway, log: Path, run: CommandLine) -> None:
    recorder = serve.recorder("recorder")
    command = serve.command(recorder, POLICY, ["--audit", str(log)])
    # The system would end a process that writes past the limit below.
    host = serve.sessions.enter_context(Session(["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh", *command]))
    host.initialize()
    # No file of the gateway's can be longer than this: it is told so as of a full disk.
    limit = 4096
    resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    replies = [host.call("echo", {"text": str(number)}).result for number in range(40)]
    denied = [bool(reply.get("isError")) for reply in replies]
    assert not denied[0]
    assert denied[-1]
    # What the server heard is what the log has let pass: nothing more.
    heard = [call["arguments"]["text"] for call in recorder.calls()]
    allowed = [record["arguments_sha256"] for record in events(log, "judged") if record["decision"] == "allow"]
    assert [hashlib.sha256(f'{{"text":"{text}"}}'.encode()).hexdigest() for text in heard] == allowed
    assert log.stat().st_size <= limit
    assert run("audit", "verify", log).returncode == 0


def test_a_log_that_can_not_be_begun_stops_the_start(serve: Gateway) -> None:
    command = serve.command(serve.recorder("recorder"), POLICY, ["--audit", str(serve.folder / "none" / "a.jsonl")])
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=serve.folder, input="")
    assert done.returncode == 1
    assert "a.jsonl can't be written" in done.stderr


def test_kill_leaves_a_log_that_verifies_and_goes_on(serve: Gateway, log: Path, run: CommandLine) -> None:
    sent = 0
    for number in range(5):
        recorder = serve.recorder(f"recorder{number}")
        host = serve(recorder, POLICY, ["--audit", str(log)])
        for _ in range(200):
            host.start("tools/call", {"name": "echo", "arguments": {"n": str(sent)}})
            sent += 1
        time.sleep(0.01 * number)
        host.process.send_signal(signal.SIGKILL)
        host.process.wait(10)
        verified = run("audit", "verify", log)
        assert verified.returncode == 0, verified.stderr
        # Whatever reached the server is in the log.
        allowed = {record["arguments_sha256"] for record in events(log, "judged")}
        for call in recorder.calls():
            text = json.dumps(call["arguments"], separators=(",", ":"))
            assert hashlib.sha256(text.encode()).hexdigest() in allowed
    assert len(events(log, "opened")) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [line.replace('"deny"', '"allow"') for line in lines], ": the line was changed"),
        (lambda lines: lines[:4] + lines[5:], ":5: record 6 stands where record 5 must"),
        (lambda lines: lines[:-2], ": its end was taken away"),
    ],
    ids=["edited", "removed", "cut off"],
)
def test_verify_names_the_line(
    audited: Callable[[], Session],
    log: Path,
    run: CommandLine,
    change: Callable[[list[str]], list[str]],
    said: str,
) -> None:
    host = audited()
    for text in ("one", "drop", "two"):
        host.call("echo", {"text": text})
    host.end_input()
    host.process.wait(10)
    log.write_text("".join(change(log.read_text().splitlines(keepends=True))))
    verified = run("audit", "verify", log)
    assert verified.returncode == 1
    assert verified.stderr.startswith(f"error: {log}")
    assert said in verified.stderr


def test_checkpoints_are_checked_with_the_public_key(serve: Gateway, log: Path, run: CommandLine) -> None:
    keys = [run("audit", "keygen", serve.folder / name).stdout.strip() for name in ("own.pem", "other.pem")]
    config = serve.folder / "argala.toml"
    config.write_text('[audit]\nfile = "audit.jsonl"\nsync = "always"\nsigning_key = "own.pem"\ncheckpoint_every = 2\n')
    host = serve(serve.recorder("recorder"), POLICY, ["--config", str(config)])
    for number in range(5):
        assert host.call("echo", {"n": number}).result
    host.end_input()
    assert host.process.wait(10) == 0
    own, other = (run("audit", "verify", "--public-key", key, log) for key in keys)
    assert own.returncode == 0
    assert "checkpoints are signed by this key" in own.stdout
    assert other.returncode == 1
    assert "not signed by this key" in other.stderr


def test_the_log_is_its_owners_alone_and_one_gateways(serve: Gateway, log: Path) -> None:
    host = serve(serve.recorder("recorder"), POLICY, ["--audit", str(log)])
    assert log.stat().st_mode & 0o777 == 0o600
    command = serve.command(serve.recorder("second"), POLICY, ["--audit", str(log)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=serve.folder, input="")
    assert done.returncode == 1
    assert "another process writes it" in done.stderr
    assert host.call("echo").result
