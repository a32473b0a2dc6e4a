"""`argala demo` shows a session that a reader can follow, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import time

from sessions.gateway import CommandLine


def test_the_demo_runs_piped_in_seconds_and_leaves_nothing_behind(run: CommandLine) -> None:
    started = time.monotonic()
    done = run("demo")
    assert done.returncode == 0, done
    assert time.monotonic() - started < 15
    assert list(run.folder.iterdir()) == []

    shown = done.stdout
    assert "\x1b" not in shown, "colours are for terminals"
    verdicts = re.findall(r"^\W*[1-9]\W.*\b(allowed|denied)\b", shown, re.MULTILINE | re.IGNORECASE)
    assert [verdict.lower() for verdict in verdicts] == ["allowed", *["denied"] * 4, "allowed"]
    assert shown.count("ARGALA BLOCK") == 4
    assert "dropdown_items" in shown

    entry, _ = json.JSONDecoder().raw_decode(shown[shown.rindex("{", 0, shown.index('"mcpServers"')) :])
    (server,) = entry["mcpServers"].values()
    assert server["args"][0] == "serve"
    assert "--policy" in server["args"]
