"""A FastMCP server whose tools answer with what an agent shouldn't get: the secret in $SECRET, control characters."""

from __future__ import annotations

import os
from typing import Any

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from mcp.types import EmbeddedResource, TextResourceContents

server = FastMCP("leaky-server")
secret = os.environ["SECRET"]


@server.tool()
def text() -> str:
    return f"\x1b[31mtoken: {secret}\x1b[0m."


@server.tool()
def structured() -> dict[str, Any]:
    return {"rows": [{"id": 1, "token": secret}], secret: 2.50}


@server.tool()
def embedded() -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri="memo://leaky/1", text=f"it is {secret}"))


@server.tool()
def failing() -> str:
    raise ToolError(f"can't log in with {secret}")


@server.tool()
def plain() -> dict[str, Any]:
    return {"price": 2.50, "name": "café"}


if __name__ == "__main__":
    server.run(show_banner=False)
