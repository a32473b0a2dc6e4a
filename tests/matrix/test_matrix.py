"""Every client, over every transport, before servers of both eras: it lists, calls, is denied, hears of progress,
answers the user's part and gives up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from matrix.clients import CLIENTS, Client
from matrix.ways import Bench, Way, every_way, ways_of
from sessions.rpc import Json
from sessions.served import FixtureServer

pytestmark = [pytest.mark.timeout(300), pytest.mark.transparent]

Told = Callable[[Client, Way], list[Json]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    cases = every_way(direct=metafunc.config.getoption("--direct"))
    metafunc.parametrize(("client", "way"), cases, ids=[f"{client.name}-{way}" for client, way in cases])


@pytest.fixture(scope="module")
def told(
    request: pytest.FixtureRequest,
    argala: Path,
    fixture_server: FixtureServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Told]:
    """What came of each client's way. Each client is one process that takes all its ways; they run side by side."""
    direct = request.config.getoption("--direct")
    wanted = {item.callspec.id for item in request.session.items if item.parent is request.node}
    ways = {client: [way for way in ways_of(client, direct) if f"{client.name}-{way}" in wanted] for client in CLIENTS}
    bench = Bench(argala, fixture_server, tmp_path_factory.mktemp("matrix"))

    def play(client: Client) -> dict[Way, list[Json]]:
        plans = [
            {"server": bench.target(way, client), "steps": way.server.script.steps(client, way.gateway)}
            for way in ways[client]
        ]
        found = client.play(plans)
        return {way: found.get(number, []) for number, way in enumerate(ways[client])}

    with ExitStack() as up, ThreadPoolExecutor(max_workers=3) as pool:
        for way in sorted({way for each in ways.values() for way in each}, key=str):
            up.enter_context(bench.up(way))
        runs = {client: pool.submit(play, client) for client in CLIENTS if ways[client]}
        yield lambda client, way: runs[client].result()[way]


def test_a_client_works_through_the_gateway(told: Told, client: Client, way: Way) -> None:
    wrong = way.server.script.wrong(told(client, way), client, way.gateway)
    assert not wrong
