"""The official conformance suite: run against a URL, and read scenario by scenario."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sessions.peers import TESTS

NODE = TESTS / "node_modules" / ".bin" / "node"  # the suite needs a newer Node than many a system has

# What is run, by the name that the table gives it: the package and its flags.
SUITES: Mapping[str, tuple[str, list[str]]] = {
    "2025-11-25": ("@modelcontextprotocol/conformance", ["--requirements", "2025-11-25"]),
    "2026-07-28": ("@modelcontextprotocol/conformance", ["--requirements", "2026-07-28"]),
    "0.1.16 active": ("conformance-0.1", ["--suite", "active"]),
}


# What the suite itself takes for information, as the specification leaves the choice: JSON is as good as a stream.
CHOICES = ["server-sse-streams-functional (ServerSSEStreamsFunctional)"]


@dataclass(frozen=True)
class Scenario:
    """How each check of a scenario went: how often which check had which status."""

    checks: Counter[tuple[str, str]]  # (the check, its status)

    def count(self, status: str) -> int:
        return sum(number for (_, each), number in self.checks.items() if each == status)

    @property
    def passed(self) -> bool:
        return self.count("FAILURE") == 0

    def bad(self) -> list[str]:
        return sorted(f"{check}: {status}" for check, status in self.checks if status in ("FAILURE", "WARNING"))

    def lost(self, through: Scenario) -> list[str]:
        """What held here and doesn't hold there."""
        missing = [
            f"{check} succeeded {number} times, and {through.checks[check, status]} times through the gateway"
            for (check, status), number in self.checks.items()
            if status == "SUCCESS"
            and through.checks[check, status] < number - through.checks[check, "INFO"] * (check in CHOICES)
        ]
        return missing + [bad for bad in through.bad() if bad not in self.bad()]


Results = dict[str, Scenario]


def run(suite: str, url: str) -> Results:
    package, flags = SUITES[suite]
    program = TESTS / "node_modules" / package / "dist" / "index.js"
    with tempfile.TemporaryDirectory() as out:
        command = [str(NODE), str(program), "server", "--url", url, *flags, "--output-dir", out]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        results = {}
        for checks in sorted(Path(out).glob("server-*/checks.json")):
            name = re.sub(r"^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$", r"\1", checks.parent.name)
            found = json.loads(checks.read_text())
            results[name] = Scenario(Counter((f"{each['id']} ({each['name']})", each["status"]) for each in found))
    assert results, f"the suite ran nothing:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return results
