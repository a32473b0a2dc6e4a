"""The MCP adapter of crewai-tools: it lists tools and calls them, and nothing more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "true", "CREWAI_DISABLE_VERSION_CHECK": "true"}

from crewai_tools import MCPServerAdapter
from mcp import StdioServerParameters
from plan import Json, Server, cancel_task, main


class Crewai:
    one_at_a_time = False

    def __init__(self, tools: list[Any]) -> None:
        self.tools = {tool.name: tool for tool in tools}

    async def list(self) -> list[str]:
        return list(self.tools)

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        text = await asyncio.to_thread(self.tools[tool].run, **arguments)
        return {"text": str(text), "error": None}  # it doesn't tell

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        await cancel_task(call)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Crewai]:
    if "url" in server:
        transport = {"http": "streamable-http", "sse": "sse"}[server["transport"]]
        params: Any = {"url": server["url"], "transport": transport}
    else:
        program, *arguments = server["command"]
        params = StdioServerParameters(command=program, args=arguments, env=dict(os.environ))
    adapter = await asyncio.to_thread(MCPServerAdapter, params)
    try:
        yield Crewai(adapter.tools)
    finally:
        await asyncio.to_thread(adapter.stop)


main(opened)
