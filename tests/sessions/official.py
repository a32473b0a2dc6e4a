"""The official clients as hosts: each lists the tools, then makes its calls, and answers what the server asks."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mcp_types as types
from mcp import MCPError
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from pydantic import FileUrl

from sessions.peers import TESTS
from sessions.rpc import Json

Call = tuple[str, Json]  # a tool and its arguments


@dataclass
class Transcript:
    """What came of a session: `{"error": …}` stands for a result where the answer was an error."""

    tools: list[str] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)

    def text(self, call: int) -> str:
        return str(self.results[call]["content"][0]["text"])


def python_client(command: Sequence[str], env: Mapping[str, str], root: Path, calls: Sequence[Call]) -> Transcript:
    return asyncio.run(asyncio.wait_for(_python_client(command, env, root, calls), 50))


async def _python_client(
    command: Sequence[str], env: Mapping[str, str], root: Path, calls: Sequence[Call]
) -> Transcript:
    transcript = Transcript()

    async def sample(context: object, params: object) -> types.CreateMessageResult:
        content = types.TextContent(type="text", text="a sampled answer")
        return types.CreateMessageResult(role="assistant", content=content, model="none")

    async def elicit(context: object, params: object) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    async def list_roots(context: object) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl(root.as_uri()), name="root")])

    async def note(progress: float, total: float | None, message: str | None) -> None:
        transcript.progress.append(progress)

    program, *arguments = command
    async with Client(
        StdioServerParameters(command=program, args=arguments, env=dict(env)),
        read_timeout_seconds=20,
        sampling_callback=sample,
        elicitation_callback=elicit,
        list_roots_callback=list_roots,
    ) as client:
        transcript.tools = [tool.name for tool in (await client.list_tools()).tools]
        for name, given in calls:
            try:
                result = await client.call_tool(name, given, progress_callback=note)
                transcript.results.append(result.model_dump(mode="json", by_alias=True, exclude_none=True))
            except MCPError as refused:
                transcript.results.append({"error": {"code": refused.error.code, "message": refused.error.message}})
    return transcript


def python_client_over_http(url: str, mode: str, calls: Sequence[Call]) -> Transcript:
    """`mode` is the era: `legacy`, or `auto` for the newest that the other side has."""
    return asyncio.run(asyncio.wait_for(_python_client_over_http(url, mode, calls), 50))


async def _python_client_over_http(url: str, mode: str, calls: Sequence[Call]) -> Transcript:
    transcript = Transcript()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        transcript.progress.append(progress)

    async with Client(url, mode=mode, read_timeout_seconds=20) as client:
        transcript.tools = [tool.name for tool in (await client.list_tools()).tools]
        for name, given in calls:
            result = await client.call_tool(name, given, progress_callback=note)
            transcript.results.append(result.model_dump(mode="json", by_alias=True, exclude_none=True))
    return transcript


def typescript_client(command: Sequence[str], env: Mapping[str, str], root: Path, calls: Sequence[Call]) -> Transcript:
    done = subprocess.run(
        ["node", str(TESTS / "hosts" / "official.mjs")],
        input=json.dumps({"command": command, "env": env, "root": root.as_uri(), "calls": calls}),
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return Transcript(**json.loads(done.stdout))
