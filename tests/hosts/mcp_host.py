"""The official Python client, 2.x: either era, over stdio, streamable HTTP or HTTP+SSE."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from plan import ELICITED, Json, Server, cancel_task, main, text_of


class Mcp:
    one_at_a_time = False

    def __init__(self, client: Client) -> None:
        self.client = client

    async def list(self) -> list[str]:
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        async def note(done: float, total: float | None, message: str | None) -> None:
            progress.append(done)

        result = await self.client.call_tool(tool, arguments, progress_callback=note)
        return {"text": text_of(result.content), "error": bool(result.is_error)}

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        await cancel_task(call)


async def elicit(context: object, params: object) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content=ELICITED)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Mcp]:
    target: Any = server.get("url")
    if target is None:
        program, *arguments = server["command"]
        target = StdioServerParameters(command=program, args=arguments)
    elif server["transport"] == "sse":
        target = sse_client(target)
    mode = "legacy" if server["era"] == "legacy" else "auto"
    async with Client(target, mode=mode, elicitation_callback=elicit, read_timeout_seconds=70) as client:
        yield Mcp(client)


main(opened)
