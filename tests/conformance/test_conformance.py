"""What passes the conformance suite directly passes it through the gateway, scenario by scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from conformance.fronts import BRIDGED, DIRECT, SAME_ERA, Front
from conformance.suites import SUITES, Results, run
from sessions.served import FixtureServer

pytestmark = pytest.mark.timeout(300)

# The gateway answers these itself, so they pass whatever is behind it.
FACE = {
    "2025-11-25": ["dns-rebinding-protection", "server-session-lifecycle", "server-sse-polling"],
    "2026-07-28": [
        "dns-rebinding-protection",
        "http-custom-header-server-validation",
        "http-header-validation",
        "server-stateless",
    ],
    "0.1.16 active": ["dns-rebinding-protection"],
}
# What can't come through where the downstream speaks the other era only: all else must.
NOT_BRIDGED = {
    "2025-11-25": set[str](),
    "2026-07-28": {
        # Questions have names of the gateway's there, and a server that asks one by one is passed on one by one.
        "input-required-result-basic-elicitation",
        "input-required-result-multiple-input-requests",
        # Tasks are another thing in each era.
        "tasks-capability-negotiation",
        "tasks-dispatch-and-envelope",
        "tasks-lifecycle",
        "tasks-mrtr-composition",
        "tasks-mrtr-input",
        "tasks-request-headers",
        "tasks-request-state-removal",
        "tasks-wire-fields",
    },
}


@pytest.fixture(scope="module")
def results(argala: Path, fixture_server: FixtureServer) -> Iterator[Callable[[str, Front], Results]]:
    """The results of a suite by the way it takes. All begin at once, as a suite mostly waits."""

    def go(suite: str, front: Front) -> Results:
        with front.url(fixture_server, argala) as url:
            return run(suite, url)

    ways = [(suite, DIRECT) for suite in SUITES]
    ways += product(SUITES, SAME_ERA.values())
    ways += BRIDGED.items()
    with ThreadPoolExecutor(max_workers=4) as pool:
        runs = {way: pool.submit(go, *way) for way in ways}
        yield lambda suite, front: runs[suite, front].result()


@pytest.mark.transparent
@pytest.mark.parametrize("suite", SUITES)
def test_the_fixture_passes_directly(results: Callable[[str, Front], Results], suite: str) -> None:
    direct = results(suite, DIRECT)
    bad = {name: scenario.bad() for name, scenario in direct.items() if not scenario.passed}
    assert not bad
    assert {*FACE[suite]} <= direct.keys()


@pytest.mark.parametrize("way", SAME_ERA)
@pytest.mark.parametrize("suite", SUITES)
def test_what_passes_directly_passes_through_the_gateway(
    results: Callable[[str, Front], Results], suite: str, way: str
) -> None:
    direct, through = results(suite, DIRECT), results(suite, SAME_ERA[way])
    assert direct.keys() == through.keys()
    lost = {name: direct[name].lost(through[name]) for name in direct if direct[name].lost(through[name])}
    assert not lost, "\n".join(f"{name}:\n  " + "\n  ".join(bad) for name, bad in lost.items())
    assert all(through[name].passed for name in FACE[suite])


@pytest.mark.parametrize("suite", BRIDGED)
def test_a_downstream_of_the_other_era_is_reached_through_the_bridge(
    results: Callable[[str, Front], Results], suite: str
) -> None:
    through = results(suite, BRIDGED[suite])
    bad = {name: scenario.bad() for name, scenario in through.items() if not scenario.passed}
    assert bad.keys() <= NOT_BRIDGED[suite], bad
