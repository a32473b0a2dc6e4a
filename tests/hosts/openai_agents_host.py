"""The MCP servers of openai-agents. It tells no progress and answers no elicitation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents.mcp import MCPServer, MCPServerSse, MCPServerStdio, MCPServerStreamableHttp
from plan import Json, Server, cancel_task, main, text_of


class OpenaiAgents:
    def __init__(self, server: MCPServer) -> None:
        self.server = server
        self.one_at_a_time = isinstance(server, MCPServerStreamableHttp)

    async def list(self) -> list[str]:
        return [tool.name for tool in await self.server.list_tools()]

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        result = await self.server.call_tool(tool, arguments)
        error = getattr(result, "is_error", None) or getattr(result, "isError", None)
        return {"text": text_of(result.content), "error": bool(error)}

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        await cancel_task(call)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[OpenaiAgents]:
    if "url" in server:
        kind: Any = {"sse": MCPServerSse, "http": MCPServerStreamableHttp}[server["transport"]]
        params: Any = {"url": server["url"]}
    else:
        program, *arguments = server["command"]
        kind, params = MCPServerStdio, {"command": program, "args": arguments}
    async with kind(params=params, client_session_timeout_seconds=70) as found:
        yield OpenaiAgents(found)


main(opened)
