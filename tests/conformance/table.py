"""Writes docs/conformance.md: how each scenario goes directly, and through the gateway."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from conformance.fronts import BRIDGED, DIRECT, SAME_ERA, Front
from conformance.suites import SUITES, Results, run
from sessions.peers import TESTS
from sessions.served import FixtureServer, built

HEAD = """\
# Conformance

The official conformance suite (`@modelcontextprotocol/conformance`) against the server in `tests/fixture-server`,
directly and through `argala serve --http`. `make conformance` writes this page; `make test` fails where a check that
succeeds directly doesn't succeed through the gateway.

Each cell counts the checks that succeeded, and those that failed, if any. *stdio* and *http* are the transports between
the gateway and the server; *bridged* is a server that speaks the other era only, over stdio. What fails there is what
[isn't bridged](eras.md#what-is-not-bridged). An answer in JSON counts as no stream, as the suite leaves the choice.
"""


def cell(results: Results | None, scenario: str) -> str:
    if results is None or scenario not in results:
        return ""
    found = results[scenario]
    good, failed, warned = (found.count(status) for status in ("SUCCESS", "FAILURE", "WARNING"))
    told = [f"{good}", f"**{failed} failed**" if failed else "", f"{warned} warned" if warned else ""]
    return ", ".join(part for part in told if part)


def section(suite: str, columns: dict[str, Results]) -> str:
    """The table of one suite."""
    lines = [f"## {suite}", "", f"| scenario | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for scenario in sorted(columns["direct"]):
        lines.append(f"| {scenario} | {' | '.join(cell(results, scenario) for results in columns.values())} |")
    totals = [sum(found.count("SUCCESS") for found in results.values()) for results in columns.values()]
    lines.append(f"| **all** | {' | '.join(f'**{total}**' for total in totals)} |")
    return "\n".join(lines) + "\n"


def main(argala: Path, page: Path) -> None:
    fixture = FixtureServer(built("fixture-server", argala))
    sections = [HEAD]
    for suite in SUITES:
        fronts: dict[str, Front] = {"direct": DIRECT, **SAME_ERA}
        fronts |= {"bridged": BRIDGED[suite]} if suite in BRIDGED else {}
        columns = {}
        for name, front in fronts.items():
            began = time.monotonic()
            with front.url(fixture, argala) as url:
                columns[name] = run(suite, url)
            sys.stderr.write(f"{suite}, {name}: {time.monotonic() - began:.1f} s\n")
        sections.append(section(suite, columns))
    page.write_text("\n".join(sections))


if __name__ == "__main__":
    binary = os.environ.get("ARGALA_BIN")
    main(Path(binary).resolve() if binary else built("argala"), TESTS.parent / "docs" / "conformance.md")
