"""The MCP toolset of pydantic-ai."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from plan import ELICITED, Json, Server, cancel_task, main
from pydantic_ai.exceptions import ModelRetry
from pydantic_ai.mcp import MCPToolset


class PydanticAi:
    one_at_a_time = False

    def __init__(self, tools: MCPToolset[Any], progress: list[float]) -> None:
        self.tools = tools
        self.progress = progress

    async def list(self) -> list[str]:
        return [tool.name for tool in await self.tools.list_tools()]

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        self.progress.clear()
        try:
            result = await self.tools.direct_call_tool(tool, arguments)
        except ModelRetry as failed:
            return {"text": str(failed), "error": True}
        progress.extend(self.progress)
        # It reads a text that is JSON.
        return {"text": result if isinstance(result, str) else json.dumps(result), "error": False}

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        await cancel_task(call)


async def elicit(message: str, kind: object, params: object, context: object) -> ElicitResult[Any]:
    return ElicitResult(action="accept", content=ELICITED)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[PydanticAi]:
    progress: list[float] = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    if "url" in server:
        transport: Any = {"sse": SSETransport, "http": StreamableHttpTransport}[server["transport"]](server["url"])
    else:
        program, *arguments = server["command"]
        transport = StdioTransport(program, arguments, keep_alive=False)
    tools = MCPToolset(transport, elicitation_handler=elicit, progress_handler=note)
    async with tools:
        yield PydanticAi(tools, progress)


main(opened)
