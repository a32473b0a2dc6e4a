"""The tools of langchain-mcp-adapters, whose calls go to a server that writes down what it gets."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaSecurityViolation, protect_tools
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

RECORDER = Path(__file__).parent.parent / "peers" / "recorder.py"
POLICY = {"allowed_methods": ["echo", "fail"], "denied_patterns": ["DROP"]}
STRICT = {"tools": {"echo": {"args": {"text": {"type": "string"}}}}}


def call(**arguments: Any) -> dict[str, Any]:
    return {"type": "tool_call", "id": "call-1", "name": "echo", "args": arguments}


class Peer:
    """A server over stdio, and what it has been sent."""

    def __init__(self, record: Path) -> None:
        self.record = record
        arguments = [str(RECORDER), "--record", str(record)]
        self.connection: Any = {"transport": "stdio", "command": sys.executable, "args": arguments}

    def calls(self) -> list[Any]:
        if not self.record.exists():
            return []
        frames = [json.loads(line) for line in self.record.read_bytes().splitlines()]
        return [frame["params"]["arguments"] for frame in frames if frame.get("method") == "tools/call"]


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    return Peer(tmp_path / "record")


def with_tools(peer: Peer, drive: Callable[[dict[str, BaseTool]], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with MultiServerMCPClient({"peer": peer.connection}).session("peer") as session:
            return await drive({tool.name: tool for tool in await load_mcp_tools(session)})

    return asyncio.run(opened())


def test_an_allowed_call_reaches_the_server_and_a_denied_one_does_not(peer: Peer) -> None:
    async def drive(tools: dict[str, BaseTool]) -> None:
        bare = tools["echo"]
        (guarded,) = protect_tools([bare], POLICY)
        assert isinstance(guarded, StructuredTool)
        assert convert_to_openai_tool(guarded) == convert_to_openai_tool(bare)
        asked = {"text": "SELECT", "deep": [{"n": 1}]}
        (through_guard,), (direct,) = await guarded.ainvoke(asked), await bare.ainvoke(asked)
        assert through_guard["text"] == direct["text"]
        assert (await guarded.ainvoke(call(text="SELECT"))).status == "success"
        for denied in ({"text": "DROP"}, {"deep": [{"DROP": 1}]}, call(text="%44ROP")):
            with pytest.raises(ArgalaSecurityViolation):
                await guarded.ainvoke(denied)
        with pytest.raises(ArgalaSecurityViolation):
            assert [item async for item in guarded.astream({"text": "DROP"})]
        with pytest.raises(ArgalaSecurityViolation):
            await guarded.coroutine(text="DROP")  # type: ignore[misc]

    with_tools(peer, drive)
    asked = {"text": "SELECT", "deep": [{"n": 1}]}
    assert peer.calls() == [asked, asked, {"text": "SELECT"}]


def test_a_denial_may_be_the_tools_result(peer: Peer) -> None:
    async def drive(tools: dict[str, BaseTool]) -> None:
        (guarded,) = protect_tools([tools["echo"]], POLICY, on_deny="return")
        denied = await guarded.ainvoke(call(text="DROP"))
        assert isinstance(denied, ToolMessage)
        assert (denied.status, denied.tool_call_id, denied.artifact) == ("error", "call-1", None)
        assert str(denied.content).startswith("ARGALA BLOCK")
        assert (await guarded.ainvoke({"text": "DROP"})).startswith("ARGALA BLOCK")

    with_tools(peer, drive)
    assert peer.calls() == []


def test_an_argument_that_the_adapter_takes_for_langgraphs_runtime_is_judged_all_the_same(peer: Peer) -> None:
    async def drive(tools: dict[str, BaseTool]) -> None:
        (guarded,) = protect_tools([tools["echo"]], STRICT)
        await guarded.ainvoke(call(text="SELECT"))
        for name in ("runtime", "config", "run_manager", "callbacks", "state", "tool_call_id"):
            try:
                await guarded.ainvoke(call(text="SELECT", **{name: {"x": "DROP"}}))
            except ArgalaSecurityViolation as violation:
                assert violation.at == f"/{name}"

    with_tools(peer, drive)
    assert all(sent == {"text": "SELECT"} for sent in peer.calls())


def test_a_graph_gives_the_tool_its_runtime_and_reads_the_denial(peer: Peer) -> None:
    async def drive(tools: dict[str, BaseTool]) -> Any:
        graph = StateGraph(MessagesState)
        graph.add_node("tools", ToolNode(protect_tools([tools["echo"]], {**POLICY, **STRICT}, on_deny="return")))
        graph.add_edge(START, "tools")
        calls: Any = [call(text="SELECT"), {**call(text="DROP"), "id": "call-2"}]
        return (await graph.compile().ainvoke({"messages": [AIMessage("DROP it", tool_calls=calls)]}))["messages"]

    _, allowed, denied = with_tools(peer, drive)
    assert (allowed.status, denied.status) == ("success", "error")
    assert denied.content.startswith("ARGALA BLOCK")
    assert peer.calls() == [{"text": "SELECT"}]


def test_a_tool_that_opens_a_session_for_each_call_opens_none_for_a_denied_one(peer: Peer) -> None:
    async def drive() -> None:
        tools = await MultiServerMCPClient({"peer": peer.connection}).get_tools()
        guarded = {tool.name: tool for tool in protect_tools(tools, POLICY)}
        await guarded["echo"].ainvoke({"text": "SELECT"})
        opened = peer.record.read_bytes().count(b'"initialize"')
        for name, arguments in [("echo", {"text": "DROP"}), ("big", {"size": 1})]:
            with pytest.raises(ArgalaSecurityViolation):
                await guarded[name].ainvoke(arguments)
        assert peer.record.read_bytes().count(b'"initialize"') == opened

    asyncio.run(drive())
    assert peer.calls() == [{"text": "SELECT"}]
