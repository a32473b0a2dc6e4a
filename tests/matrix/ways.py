"""The ways from a client to a server: how it is reached, through which gateway, and what the server speaks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from matrix.clients import CLIENTS, EVERYTHING, FIXTURE, Client, Script
from sessions.rpc import Json
from sessions.served import (
    Downstream,
    Era,
    FixtureServer,
    everything_over_sse,
    gateway_command,
    served_by_gateway,
)

Transport = Literal["stdio", "http", "sse"]


@dataclass(frozen=True)
class Server:
    """A downstream: its transport and its era."""

    transport: Transport
    era: Era

    def __str__(self) -> str:
        return f"{self.transport}-{self.era}"

    @property
    def script(self) -> Script:
        return EVERYTHING if self.transport == "sse" else FIXTURE

    @contextmanager
    def downstream(self, fixture: FixtureServer) -> Iterator[Downstream]:
        if self.transport == "stdio":
            # Behind a gateway there may be a process for each call.
            with tempfile.TemporaryDirectory() as folder:
                yield replace(fixture, waits=Path(folder, "waits")).command(self.era)
        elif self.transport == "http":
            with fixture.http(self.era) as url:
                yield {"type": "http", "url": url}
        else:
            with everything_over_sse() as url:
                yield {"type": "sse", "url": url}


@dataclass(frozen=True)
class Way:
    """From a client over `face` to a server; a gateway stands between, unless the face is the server's own."""

    face: Transport
    server: Server
    gateway: bool = True

    def __str__(self) -> str:
        return f"{self.face}-to-{self.server}" if self.gateway else f"{self.face}-direct"


STDIO = [Server("stdio", "legacy"), Server("stdio", "modern")]
REMOTE = [Server("http", "legacy"), Server("http", "modern"), Server("sse", "legacy")]
DIRECT = [
    Way("stdio", Server("stdio", "both"), gateway=False),
    Way("http", Server("http", "both"), gateway=False),
    Way("sse", Server("sse", "legacy"), gateway=False),
]
# Every client meets every face and both eras; what lies beyond the gateway is none of most clients' business.
EVERY_CLIENT = [Way(face, server) for face in ("stdio", "http", "sse") for server in STDIO]
OFFICIAL_CLIENTS = [Way(face, server) for face in ("stdio", "http") for server in REMOTE]


def ways_of(client: Client, direct: bool) -> list[Way]:
    ways = DIRECT if direct else EVERY_CLIENT
    if not direct and client.name in ("mcp-legacy", "mcp", "typescript"):
        ways = ways + OFFICIAL_CLIENTS
    return [way for way in ways if way.face in client.transports]


class Bench:
    """What is up for the clients: one gateway for each server, however many come to it."""

    def __init__(self, argala: Path | None, fixture: FixtureServer, folder: Path) -> None:
        self.argala = argala
        self.folder = folder
        self.fixture = fixture
        self.downstreams: dict[Server, Downstream] = {}
        self.bases: dict[Server, str] = {}

    @contextmanager
    def up(self, way: Way) -> Iterator[None]:
        server = way.server
        with server.downstream(self.fixture) as downstream:
            self.downstreams[server] = downstream
            if not way.gateway or way.face == "stdio":
                yield
                return
            assert self.argala
            with served_by_gateway(self.argala, downstream, server.script.policy) as base:
                self.bases[server] = base
                yield

    def target(self, way: Way, client: Client) -> Json:
        """What a client is told to connect to."""
        return {"era": client.speaks, "transport": way.face, **self._place(way)}

    def _place(self, way: Way) -> Json:
        downstream = self.downstreams[way.server]
        if not way.gateway:
            return {"url": downstream["url"]} if isinstance(downstream, dict) else {"command": downstream}
        if way.face == "stdio":
            assert self.argala
            folder = self.folder / str(way)
            folder.mkdir(exist_ok=True)
            return {"command": gateway_command(self.argala, folder, downstream, way.server.script.policy)}
        return {"url": f"{self.bases[way.server]}/{'mcp' if way.face == 'http' else 'sse'}"}


def every_way(direct: bool) -> list[tuple[Client, Way]]:
    return [(client, way) for client in CLIENTS for way in ways_of(client, direct)]
