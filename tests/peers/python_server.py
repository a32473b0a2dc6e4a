"""A server of the official Python SDK over streamable HTTP, on the port in $PORT."""

from __future__ import annotations

import os
import sys

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

server = MCPServer("python-server")


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


@server.tool()
def remove(name: str) -> str:
    return f"removed {name}"


@server.tool()
async def steps(count: int, context: Context) -> str:
    for step in range(count):
        await context.report_progress(step + 1, count)
    return "done"


if __name__ == "__main__":
    server.run(
        "streamable-http",
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        stateless_http="--stateless" in sys.argv,
        json_response="--json" in sys.argv,
    )
