"""What a suite is pointed at: the fixture server directly, or a gateway before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sessions.gateway import ALLOW_ALL
from sessions.served import Era, FixtureServer, served_by_gateway


@dataclass(frozen=True)
class Front:
    """A way to the fixture server."""

    transport: Literal["stdio", "http"]
    era: Era = "both"
    gateway: bool = True

    @contextmanager
    def url(self, fixture: FixtureServer, argala: Path | None) -> Iterator[str]:
        if self.transport == "http":
            with fixture.http(self.era) as url:
                if not self.gateway:
                    yield url
                    return
                assert argala
                with served_by_gateway(argala, {"type": "http", "url": url}, ALLOW_ALL) as base:
                    yield f"{base}/mcp"
        else:
            assert argala
            with served_by_gateway(argala, fixture.command(self.era), ALLOW_ALL) as base:
                yield f"{base}/mcp"


DIRECT = Front("http", gateway=False)
# The ways that change nothing: each scenario that passes directly passes here.
SAME_ERA: Mapping[str, Front] = {"stdio": Front("stdio"), "http": Front("http")}
# A downstream that speaks the other era only.
BRIDGED: Mapping[str, Front] = {"2025-11-25": Front("stdio", "modern"), "2026-07-28": Front("stdio", "legacy")}
