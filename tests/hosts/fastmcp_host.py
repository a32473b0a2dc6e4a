"""FastMCP's client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from plan import ELICITED, Json, Server, cancel_task, main, text_of


class FastMcp:
    one_at_a_time = False

    def __init__(self, client: Client[Any]) -> None:
        self.client = client

    async def list(self) -> list[str]:
        return [tool.name for tool in await self.client.list_tools()]

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        async def note(done: float, total: float | None, message: str | None) -> None:
            progress.append(done)

        result = await self.client.call_tool(tool, arguments, progress_handler=note, raise_on_error=False)
        return {"text": text_of(result.content), "error": result.is_error}

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        await cancel_task(call)


async def elicit(message: str, kind: object, params: object, context: object) -> ElicitResult[Any]:
    return ElicitResult(action="accept", content=ELICITED)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[FastMcp]:
    if "url" in server:
        transport: Any = {"sse": SSETransport, "http": StreamableHttpTransport}[server["transport"]](server["url"])
    else:
        program, *arguments = server["command"]
        transport = StdioTransport(program, arguments, keep_alive=False)
    mode = "legacy" if server["era"] == "legacy" else "auto"
    async with Client(transport, elicitation_handler=elicit, mode=mode) as client:
        yield FastMcp(client)


main(opened)
