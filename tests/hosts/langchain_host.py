"""The tools of langchain-mcp-adapters, in a session of its client. It gives up no call, so its session is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from langchain_mcp_adapters.callbacks import Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp import ClientSession, types
from plan import ELICITED, Json, Server, cancel_task, main


class Langchain:
    one_at_a_time = False

    def __init__(self, session: ClientSession, tools: list[Any], progress: list[float]) -> None:
        self.session = session
        self.tools = {tool.name: tool for tool in tools}
        self.progress = progress

    async def list(self) -> list[str]:
        return list(self.tools)

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        self.progress.clear()
        message = await self.tools[tool].ainvoke({"type": "tool_call", "id": "1", "name": tool, "args": arguments})
        progress.extend(self.progress)
        content = message.content
        text = content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
        return {"text": text, "error": message.status == "error"}

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        last = min(self.session._response_streams)  # of the calls under way, the first: it waits
        gone = types.CancelledNotification(params=types.CancelledNotificationParams(requestId=last))
        await self.session.send_notification(types.ClientNotification(gone))
        await cancel_task(call)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Langchain]:
    progress: list[float] = []

    async def note(done: float, total: float | None, message: str | None, context: object) -> None:
        progress.append(done)

    async def elicit(mcp: object, params: object, context: object) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content=ELICITED)

    if "url" in server:
        connection: Any = {"url": server["url"], "transport": server["transport"]}
    else:
        program, *arguments = server["command"]
        connection = {"command": program, "args": arguments, "transport": "stdio"}
    callbacks = Callbacks(on_progress=note, on_elicitation=elicit)
    client = MultiServerMCPClient({"server": connection}, callbacks=callbacks)
    async with client.session("server") as session:
        tools = await load_mcp_tools(session, callbacks=callbacks, server_name="server")
        yield Langchain(session, tools, progress)


main(opened)
