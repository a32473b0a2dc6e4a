"""LangChain's tools, driven the ways in which LangChain and LangGraph drive a tool."""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pydantic.v1
import pytest
from argala import ArgalaSecurityViolation, Guard, protect_tools
from argala.frameworks._langchain import CallDenied
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForToolRun
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.tools import (
    BaseTool,
    InjectedToolArg,
    InjectedToolCallId,
    StructuredTool,
    Tool,
    ToolException,
    tool,
)
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, InjectedStore, ToolNode, ToolRuntime
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from pydantic import BaseModel, Field, HttpUrl, PostgresDsn, PrivateAttr, ValidationError, create_model

POLICY = {"allowed_methods": ["query"], "denied_patterns": ["DROP"]}
STRICT = {**POLICY, "tools": {"query": {"args": {"text": {"type": "string"}, "limit": {"type": "integer"}}}}}
ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    ran.clear()
    yield
    ran.clear()


def answer(text: str, *more: Any) -> str:
    ran.append((text, *more))
    return f"rows of {text}"


class Table(Enum):
    USERS = "users"


class Arguments(BaseModel):
    text: str = Field(description="what to ask")
    limit: int = 5


class ArgumentsV1(pydantic.v1.BaseModel):
    text: str
    limit: int = 5


JSON_SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}, "limit": {"type": "integer"}}}


class Query(BaseTool):
    name: str = "query"
    description: str = "asks"

    def _run(self, text: str, limit: int = 5, run_manager: CallbackManagerForToolRun | None = None) -> str:
        return answer(text)


class BothWays(Query):
    async def _arun(self, text: str, config: RunnableConfig, limit: int = 5) -> str:
        assert config is None or "callbacks" in config  # `arun` without a config gives None
        return answer(text)


def query(text: str, limit: int = 5) -> str:
    """asks"""
    return answer(text)


async def aquery(text: str, limit: int = 5) -> str:
    """asks"""
    return answer(text)


def of_config(text: str, config: RunnableConfig, callbacks: Any = None) -> str:
    """asks"""
    assert config["configurable"] == {"user": "DROP"}
    assert callbacks is not None
    return answer(text)


def single(text: str) -> str:
    return answer(text)


async def asingle(text: str) -> str:
    return answer(text)


TOOLS: dict[str, Callable[[], BaseTool]] = {
    "class": Query,
    "class with both": BothWays,
    "class with a schema": lambda: Query(args_schema=Arguments),
    "class with a schema of pydantic 1": lambda: Query(args_schema=ArgumentsV1),
    "class with a JSON schema": lambda: Query(args_schema=JSON_SCHEMA),
    "@tool": lambda: tool(query),
    "@tool of a coroutine": lambda: tool("query")(aquery),
    "@tool with a schema": lambda: tool("query", args_schema=Arguments)(query),
    "@tool with a JSON schema": lambda: tool("query", args_schema=JSON_SCHEMA, description="asks")(query),
    "@tool of a runnable": lambda: tool("query", RunnableLambda(query_of).with_types(input_type=Arguments)),
    "@tool without a schema": lambda: tool("query", infer_schema=False, description="asks")(single),
    "StructuredTool": lambda: StructuredTool.from_function(query, coroutine=aquery),
    "Tool": lambda: Tool("query", single, "asks", coroutine=asingle),
    "Tool without a coroutine": lambda: Tool("query", single, "asks"),
    "as_tool": lambda: RunnableLambda(query_of).as_tool(name="query", description="asks", arg_types={"text": str}),
}
ASYNC_ONLY = {"@tool of a coroutine"}
ONE_ARGUMENT = {"Tool", "Tool without a coroutine", "@tool without a schema"}


def query_of(arguments: dict[str, Any]) -> str:
    return answer(arguments["text"])


def call(text: str) -> dict[str, Any]:
    return {"type": "tool_call", "id": "call-1", "name": "query", "args": {"text": text}}


async def collected(stream: Any) -> Any:
    return [item async for item in stream][-1]


SYNC: dict[str, Callable[[BaseTool, str], Any]] = {
    "invoke": lambda tool, text: tool.invoke({"text": text}),
    "a model's call": lambda tool, text: tool.invoke(call(text)),
    "run": lambda tool, text: tool.run({"text": text}),
    "stream": lambda tool, text: list(tool.stream({"text": text}))[-1],
    "batch": lambda tool, text: tool.batch([{"text": "1"}, {"text": text}])[-1],
    "piped": lambda tool, text: (RunnableLambda(lambda text: {"text": text}) | tool).invoke(text),
}
ASYNC: dict[str, Callable[[BaseTool, str], Any]] = {
    "ainvoke": lambda tool, text: tool.ainvoke({"text": text}),
    "a model's call, async": lambda tool, text: tool.ainvoke(call(text)),
    "arun": lambda tool, text: tool.arun({"text": text}),
    "astream": lambda tool, text: collected(tool.astream({"text": text})),
    "abatch": lambda tool, text: tool.abatch([{"text": text}]),
}


async def awaited(way: Callable[[BaseTool, str], Any], tool: BaseTool, text: str) -> Any:
    return await way(tool, text)


def cases() -> Iterator[Any]:
    for kind in TOOLS:
        for name, way in SYNC.items():
            if kind not in ASYNC_ONLY:
                yield pytest.param(TOOLS[kind], way, id=f"{kind}, {name}")
        for name, way in ASYNC.items():
            yield pytest.param(
                TOOLS[kind], lambda tool, text, way=way: asyncio.run(awaited(way, tool, text)), id=f"{kind}, {name}"
            )


@pytest.mark.parametrize(("make", "drive"), list(cases()))
def test_a_tool_of_any_kind_runs_what_is_allowed_and_nothing_that_is_denied(
    make: Callable[[], BaseTool], drive: Callable[[BaseTool, str], Any]
) -> None:
    bare = make()
    (guarded,) = protect_tools([bare], POLICY)
    assert isinstance(guarded, type(bare))
    assert "rows of 1" in str(drive(guarded, "1"))
    ran.clear()
    with pytest.raises(ArgalaSecurityViolation, match="ARGALA BLOCK") as raised:
        drive(guarded, "DROP")
    assert (raised.value.method, raised.value.at) == ("query", "/text")
    assert [found for found in ran if found != ("1",)] == []
    ran.clear()
    drive(bare, "DROP")
    assert ran[-1] == ("DROP",), "the original is as it was"


@pytest.mark.parametrize(("make", "drive"), list(cases()))
def test_a_denial_may_be_the_tools_result(make: Callable[[], BaseTool], drive: Callable[[BaseTool, str], Any]) -> None:
    (guarded,) = protect_tools([make()], POLICY, on_deny="return")
    result = drive(guarded, "DROP")
    (result,) = result if isinstance(result, list) else [result]
    if isinstance(result, ToolMessage):
        assert (result.status, result.tool_call_id, result.name) == ("error", "call-1", "query")
        result = result.content
    assert result.startswith("ARGALA BLOCK")
    assert [found for found in ran if found != ("1",)] == []


@pytest.mark.parametrize("kind", TOOLS)
def test_all_that_a_model_or_a_framework_sees_of_it_is_as_it_was(kind: str) -> None:
    bare = TOOLS[kind]()
    for on_deny in ("raise", "return"):
        guarded = Guard(POLICY, on_deny=on_deny).wrap(bare)
        assert (guarded.name, guarded.description, guarded.args) == (bare.name, bare.description, bare.args)
        assert convert_to_openai_tool(guarded) == convert_to_openai_tool(bare)
        assert guarded.get_input_jsonschema() == bare.get_input_jsonschema()
        assert type(guarded).__name__ == type(bare).__name__
        assert repr(guarded).partition("(")[0] == repr(bare).partition("(")[0]


@pytest.mark.parametrize("kind", sorted(ONE_ARGUMENT | {"class", "class with a schema", "@tool"}))
@pytest.mark.parametrize("on_deny", ["raise", "return"])
def test_a_text_is_a_tools_only_argument(kind: str, on_deny: Any) -> None:
    (guarded,) = protect_tools([TOOLS[kind]()], POLICY, on_deny=on_deny)
    assert guarded.invoke("1") == "rows of 1"
    assert asyncio.run(guarded.ainvoke("1")) == "rows of 1"
    ran.clear()
    if on_deny == "return":
        assert guarded.invoke("DROP").startswith("ARGALA BLOCK")
    else:
        with pytest.raises(ArgalaSecurityViolation):
            guarded.invoke("DROP")
    assert ran == []


def test_what_is_judged_is_what_the_schema_made_of_the_input() -> None:
    class Reversed(BaseModel):
        text: str

        @pydantic.field_validator("text")
        @classmethod
        def reverse(cls, text: str) -> str:
            return text[::-1]

    (guarded,) = protect_tools([tool("query", args_schema=Reversed)(query)], POLICY)
    assert guarded.invoke({"text": "DROP"}) == "rows of PORD"
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke({"text": "PORD"})


def test_a_copy_of_what_was_judged_is_what_runs() -> None:
    given: list[Any] = []

    @tool("query", args_schema={"type": "object", "properties": {"steps": {"type": "array"}}})
    def steps(steps: list[str]) -> None:
        """asks"""
        given.append(steps)

    asked = ["1"]
    (guarded,) = protect_tools([steps], POLICY)
    guarded.invoke({"steps": asked})
    assert given == [["1"]]
    assert given[0] is not asked


def rows(text: str) -> Iterator[str]:
    """asks"""
    yield answer(text)


async def arows(text: str) -> AsyncIterator[str]:
    """asks"""
    yield answer(text)


@pytest.mark.parametrize("function", [rows, arows])
def test_a_generator_yields_its_denial(function: Any) -> None:
    (guarded,) = protect_tools([tool("query")(function)], POLICY, on_deny="return")

    def drive(text: str) -> list[str]:
        given = guarded.invoke({"text": text})
        return list(given) if function is rows else asyncio.run(all_of(given))

    assert drive("1") == ["rows of 1"]
    (message,) = drive("DROP")
    assert message.startswith("ARGALA BLOCK")
    assert ran == [("1",)]


async def all_of(items: AsyncIterator[str]) -> list[str]:
    return [item async for item in items]


def test_an_artifact_comes_through_and_a_denial_has_none() -> None:
    @tool("query", response_format="content_and_artifact")
    def with_artifact(text: str) -> tuple[str, list[int]]:
        """asks"""
        return answer(text), [1]

    (guarded,) = protect_tools([with_artifact], POLICY, on_deny="return")
    assert guarded.invoke(call("1")).artifact == [1]
    denied = guarded.invoke(call("DROP"))
    assert (denied.artifact, denied.status) == (None, "error")
    assert guarded.invoke({"text": "DROP"}).startswith("ARGALA BLOCK")


def test_everything_else_that_was_set_on_a_tool_is_kept() -> None:
    bare = StructuredTool.from_function(
        query, return_direct=True, tags=["a"], metadata={"b": 1}, extras={"c": 2}, handle_tool_error=True, verbose=True
    )
    (guarded,) = protect_tools([bare], POLICY)
    kept = ("return_direct", "tags", "metadata", "extras", "handle_tool_error", "verbose", "callbacks", "args_schema")
    assert {name: getattr(guarded, name) for name in kept} == {name: getattr(bare, name) for name in kept}


def test_a_tools_own_errors_are_handled_as_before_and_a_violation_is_none_of_them() -> None:
    @tool("query")
    def failing(text: str) -> str:
        """asks"""
        raise ToolException("no rows")

    failing.handle_tool_error = True
    (guarded,) = protect_tools([failing], POLICY)
    assert guarded.invoke(call("1")).status == "error"
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke(call("DROP"))


def test_a_violation_from_inside_a_tool_is_not_the_tools_own_denial() -> None:
    (inner,) = protect_tools([tool(query)], POLICY)

    @tool("query")
    def outer(text: str) -> str:
        """asks"""
        return inner.invoke({"text": "DROP"})  # type: ignore[no-any-return]

    (guarded,) = protect_tools([outer], POLICY, on_deny="return")
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke({"text": "1"})


@pytest.mark.parametrize("on_deny", ["raise", "return"])
def test_callbacks_hear_of_a_denial_as_of_an_error(on_deny: Any) -> None:
    class Heard(BaseCallbackHandler):
        heard: list[str]

        def __init__(self) -> None:
            self.heard = []

        def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
            self.heard.append("start")

        def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
            self.heard.append("end")

        def on_tool_error(self, error: BaseException, **kwargs: Any) -> None:
            self.heard.append(str(error)[:12])

    heard = Heard()
    (guarded,) = protect_tools([tool(query)], POLICY, on_deny=on_deny)
    guarded.invoke({"text": "1"}, {"callbacks": [heard]})
    try:
        guarded.invoke({"text": "DROP"}, {"callbacks": [heard]})
    except ArgalaSecurityViolation:
        assert on_deny == "raise"
    assert heard.heard == ["start", "end", "start", "ARGALA BLOCK"]


# What LangChain and LangGraph set themselves, and what a model sends under those names.


def test_the_config_and_callbacks_are_langchains_and_not_judged() -> None:
    (guarded,) = protect_tools([tool("query")(of_config)], STRICT)
    for arguments in ({"text": "1"}, {"text": "1", "config": "x", "callbacks": "x", "run_manager": "x"}):
        ran.clear()
        guarded.invoke(arguments, {"configurable": {"user": "DROP"}})
        assert ran == [("1",)]


@pytest.mark.parametrize("name", ["run_manager", "config", "callbacks", "runtime", "state", "store", "tool_call_id"])
@pytest.mark.parametrize("schema", [None, JSON_SCHEMA])
def test_a_name_that_langchain_knows_is_judged_where_it_sets_nothing_by_it(name: str, schema: Any) -> None:
    class Open(BaseTool):
        name: str = "query"
        description: str = "asks"

        def _run(self, text: str, **more: Any) -> str:
            return answer(text, more)

    def open_function(text: str, **more: Any) -> str:
        """asks"""
        return answer(text, more)

    of_function = StructuredTool.from_function(open_function, name="query", args_schema=JSON_SCHEMA)
    for bare in (Open(args_schema=schema), of_function):
        (guarded,) = protect_tools([bare], POLICY)
        for drive in (guarded.invoke, lambda given, tool=guarded: asyncio.run(tool.ainvoke(given))):
            refused = None
            try:
                drive({**call("1"), "args": {"text": "1", name: "DROP"}})
            except ArgalaSecurityViolation as violation:
                refused = violation.at
            assert refused in (None, f"/{name}")
            assert "DROP" not in str(ran)


def searching(
    text: str,
    user: Annotated[str, InjectedToolArg] = "anyone",
    state: Annotated[Any, InjectedState] = None,
    messages: Annotated[Any, InjectedState("messages")] = None,
    store: Annotated[Any, InjectedStore()] = None,
    runtime: ToolRuntime = None,  # type: ignore[assignment]
) -> str:
    """asks"""
    return answer(text, user, state, messages, store, runtime)


async def asearching(
    text: str,
    user: Annotated[str, InjectedToolArg] = "anyone",
    state: Annotated[Any, InjectedState] = None,
    messages: Annotated[Any, InjectedState("messages")] = None,
    store: Annotated[Any, InjectedStore()] = None,
    runtime: ToolRuntime = None,  # type: ignore[assignment]
) -> str:
    """asks"""
    return answer(text, user, state, messages, store, runtime)


class Searching(BaseTool):
    name: str = "query"
    description: str = "asks"

    def _run(
        self,
        text: str,
        user: Annotated[str, InjectedToolArg] = "anyone",
        state: Annotated[Any, InjectedState] = None,
        messages: Annotated[Any, InjectedState("messages")] = None,
        store: Annotated[Any, InjectedStore()] = None,
        runtime: ToolRuntime = None,  # type: ignore[assignment]
    ) -> str:
        return answer(text, user, state, messages, store, runtime)


class SearchArguments(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    text: str
    user: Annotated[str, InjectedToolArg] = "anyone"
    state: Annotated[Any, InjectedState] = None
    messages: Annotated[Any, InjectedState("messages")] = None
    store: Annotated[Any, InjectedStore()] = None
    runtime: Annotated[Any, InjectedToolArg] = None


class SearchingBySchema(BaseTool):
    name: str = "query"
    description: str = "asks"
    args_schema: Any = SearchArguments

    def _run(self, text: str, **of_langgraph: Any) -> str:
        return answer(text, *of_langgraph.values())


INJECTED: dict[str, Callable[[], BaseTool]] = {
    "function": lambda: tool("query")(searching),
    "coroutine": lambda: tool("query")(asearching),
    "class": Searching,
    "class with a schema": SearchingBySchema,
}


def in_a_graph(tool: BaseTool, *calls: dict[str, Any], text: str = "go") -> list[Any]:
    """The messages of a graph whose only node is LangGraph's ToolNode."""
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([tool]))
    graph.add_edge(START, "tools")
    compiled = graph.compile(store=InMemoryStore())
    message = AIMessage(text, tool_calls=list(calls))
    return asyncio.run(compiled.ainvoke({"messages": [message]}))["messages"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", INJECTED)
def test_what_langgraph_injects_is_not_judged(kind: str) -> None:
    (guarded,) = protect_tools([INJECTED[kind]()], STRICT)
    *_, result = in_a_graph(guarded, call("1"), text="DROP is in the state, and it is the program's")
    assert (result.status, result.content) == ("success", "rows of 1")
    assert any(isinstance(value, dict) and "messages" in value for value in ran[0])
    assert any(isinstance(value, BaseStore) for value in ran[0])


@pytest.mark.parametrize("name", ["user", "state", "messages", "store", "runtime"])
@pytest.mark.parametrize("kind", INJECTED)
def test_what_a_model_sends_by_an_injected_name_is_judged_or_never_gets_there(kind: str, name: str) -> None:
    (guarded,) = protect_tools([INJECTED[kind]()], POLICY)
    for forged in ("DROP", {"x": "DROP"}, ["DROP"]):
        sent = {**call("1"), "args": {"text": "1", name: forged}}
        with pytest.raises((ArgalaSecurityViolation, ValidationError)) as raised:  # or its type is refused
            asyncio.run(guarded.ainvoke(sent))
        assert name in str(raised.value)
        assert ran == []
        in_a_graph(guarded, sent)
        assert "'DROP'" not in str([value for value in ran.pop() if not isinstance(value, (dict, list, ToolRuntime))])


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Path, "/DROP"),
        (UUID, "00000000-0000-4000-8000-000000000000"),
        (Decimal, "1.5"),
        (date, "2026-01-01"),
        (datetime, "2026-01-01T00:00:00"),
        (time, "10:00"),
        (timedelta, "PT1H"),
        (Table, "users"),
        (HttpUrl, "https://example.org/DROP"),
        (PostgresDsn, "postgres://example.org/DROP"),
        (IPv4Address, "192.0.2.1"),
    ],
)
def test_what_a_schema_makes_of_what_a_model_sends_is_judged(kind: Any, sent: str) -> None:
    def limited(text: str, hidden: Any = None) -> str:
        """asks"""
        return answer(text, hidden)

    schema = create_model("Limited", text=(str, ...), hidden=(Annotated[kind | None, InjectedToolArg], None))
    (guarded,) = protect_tools([tool("query", args_schema=schema)(limited)], STRICT)
    with pytest.raises(ArgalaSecurityViolation) as raised:
        guarded.invoke({"text": "1", "hidden": sent})
    assert raised.value.at == "/hidden"
    guarded.invoke({"text": "1"})
    assert ran == [("1", None)]


def test_a_url_that_a_schema_makes_is_judged_as_a_url() -> None:
    @tool("fetch")
    def fetch(url: HttpUrl) -> str:
        """fetches"""
        return answer(str(url), type(url))

    policy = {"tools": {"fetch": {"args": {"url": {"type": "url", "hosts": ["a.example"]}}}}}
    (guarded,) = protect_tools([fetch], policy)
    guarded.invoke({"url": "https://A.example/x"})
    with pytest.raises(ArgalaSecurityViolation) as raised:
        guarded.invoke({"url": "https://b.example/x"})
    assert raised.value.at == "/url"
    assert ran == [("https://a.example/x", HttpUrl)]


def test_what_no_model_could_send_may_be_injected_by_the_program() -> None:
    connection = object()

    @tool("query")
    def connected(text: str, connection: Annotated[Any, InjectedToolArg]) -> str:
        """asks"""
        return answer(text, connection)

    (guarded,) = protect_tools([connected], STRICT)
    guarded.invoke({"text": "1", "connection": connection})
    assert ran == [("1", connection)]


def test_the_id_of_a_call_is_langchains_only_where_langchain_sets_it() -> None:
    @tool("query")
    def with_id(text: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> str:
        """asks"""
        return answer(text, tool_call_id)

    (guarded,) = protect_tools([with_id], STRICT)
    guarded.invoke({**call("1"), "args": {"text": "1", "tool_call_id": "DROP"}})
    assert ran == [("1", "call-1")]
    by_json = StructuredTool.from_function(with_id.func, name="query", args_schema=JSON_SCHEMA)
    (guarded,) = protect_tools([by_json], POLICY)
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke({**call("1"), "args": {"text": "1", "tool_call_id": "DROP"}})


# Classes that do things in a way of their own.


@pytest.mark.parametrize("on_deny", ["raise", "return"])
@pytest.mark.parametrize("entry", ["invoke", "run", "ainvoke", "arun"])
def test_a_class_that_runs_calls_in_a_method_of_langchains_is_judged_there(entry: str, on_deny: Any) -> None:
    def runs(self: Any, given: Any, *args: Any, **kwargs: Any) -> str:
        return answer(str(given))

    async def aruns(self: Any, given: Any, *args: Any, **kwargs: Any) -> str:
        return answer(str(given))

    odd = type("Odd", (Query,), {entry: aruns if entry.startswith("a") else runs})()
    (guarded,) = protect_tools([odd], POLICY, on_deny=on_deny)

    def drive(given: Any) -> Any:
        result = getattr(guarded, entry)(given)
        return asyncio.run(result) if entry.startswith("a") else result

    for text, given in [("1", "1"), ("{'text': '1'}", {"text": "1"})]:
        assert drive(given) == f"rows of {text}"
    ran.clear()
    for given in ("DROP", {"text": "DROP"}, call("DROP"), {"text": {"deep": ["DROP"]}}):
        if on_deny == "return":
            result = drive(given)
            assert (result.content if isinstance(result, ToolMessage) else result).startswith("ARGALA BLOCK")
        else:
            with pytest.raises(ArgalaSecurityViolation):
                drive(given)
    assert ran == []


@pytest.mark.parametrize("name", ["stream", "batch", "transform"])
def test_a_class_that_streams_by_itself_is_refused(name: str) -> None:
    odd = type("Odd", (Query,), {name: lambda self, given, *args: [answer(str(given))]})()
    with pytest.raises(TypeError, match=f"`Odd` defines `{name}`"):
        protect_tools([odd], POLICY)


def test_a_class_that_can_be_called_is_judged_when_it_is() -> None:
    class Callable_(Query):
        def __call__(self, text: str) -> str:
            return answer(text)

    (guarded,) = protect_tools([Callable_()], POLICY)
    assert guarded("1") == "rows of 1"
    with pytest.raises(ArgalaSecurityViolation):
        guarded("DROP")


def test_a_decorated_body_is_judged_by_what_it_gets() -> None:
    def decorated(method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return call

    class Decorated(BaseTool):
        name: str = "query"
        description: str = "asks"
        args_schema: Any = Arguments

        @decorated
        def _run(self, text: str, limit: int) -> str:
            return answer(text)

    (guarded,) = protect_tools([Decorated()], POLICY)
    assert guarded.invoke({"text": "1"}) == "rows of 1"
    for drive in (guarded.invoke, guarded._run):
        with pytest.raises(ArgalaSecurityViolation):
            drive({"text": "DROP"})
    assert ran == [("1",)]


def test_what_a_class_makes_of_its_input_itself_is_judged() -> None:
    class Smuggling(Query):
        def _to_args_and_kwargs(self, tool_input: Any, tool_call_id: Any) -> Any:
            return (), {"text": "DROP"}

    (guarded,) = protect_tools([Smuggling()], POLICY)
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke({"text": "1"})


@pytest.mark.parametrize("name", ["_run", "_arun", "invoke"])
def test_a_body_that_is_no_method_is_refused(name: str) -> None:
    bare = Query()
    object.__setattr__(bare, name, lambda text: answer(text))
    with pytest.raises(TypeError, match="can't be guarded"):
        protect_tools([bare], POLICY)
    odd = type("Odd", (Query,), {name: staticmethod(lambda text: answer(text))})()
    with pytest.raises(TypeError, match="can't be guarded"):
        protect_tools([odd], POLICY)


def test_a_class_that_looks_up_its_methods_itself_is_refused() -> None:
    class Elsewhere(Query):
        def __getattribute__(self, name: str) -> Any:
            return answer if name == "_run" else super().__getattribute__(name)

    with pytest.raises(TypeError, match="__getattribute__"):
        protect_tools([Elsewhere()], POLICY)


def test_a_tools_name_when_it_was_wrapped_is_what_the_policy_judges() -> None:
    (guarded,) = protect_tools([tool(query)], POLICY)
    guarded.name = "other"
    guarded.invoke({"text": "1"})
    with pytest.raises(ArgalaSecurityViolation) as raised:
        guarded.invoke({"text": "DROP"})
    assert raised.value.method == "query"
    other = tool(query)
    other.name = "other"
    (denied,) = protect_tools([other], POLICY)
    denied.name = "query"
    with pytest.raises(ArgalaSecurityViolation):
        denied.invoke({"text": "1"})


def test_a_class_that_is_changed_after_wrapping_changes_no_verdict() -> None:
    class Changing(Query):
        def _run(self, text: str) -> str:
            return answer(text)

    (guarded,) = protect_tools([Changing()], POLICY)
    Changing._run = lambda self, text: answer("evil " + text)  # type: ignore[method-assign]
    assert guarded.invoke({"text": "1"}) == "rows of 1"
    with pytest.raises(ArgalaSecurityViolation):
        guarded.invoke({"text": "DROP"})


@pytest.mark.parametrize("kind", TOOLS)
@pytest.mark.parametrize("on_deny", ["raise", "return"])
def test_no_attribute_of_a_guarded_tool_runs_what_is_denied(kind: str, on_deny: Any) -> None:
    (guarded,) = protect_tools([TOOLS[kind]()], POLICY, on_deny=on_deny)
    for name in ("_run", "_arun", "func", "coroutine"):
        function = getattr(guarded, name, None)
        if function is None:
            continue
        assert not hasattr(function, "__wrapped__")
        for arguments in ({"text": "DROP"}, {"text": "DROP", "config": {}}):
            try:
                result = function(**arguments)
                asyncio.run(result) if asyncio.iscoroutine(result) else None
            except (ArgalaSecurityViolation, CallDenied, NotImplementedError, TypeError):
                pass
    assert ran == []


@pytest.mark.parametrize("kind", TOOLS)
def test_a_copy_of_a_guarded_tool_is_guarded(kind: str) -> None:
    for on_deny in ("raise", "return"):
        guarded = Guard(POLICY, on_deny=on_deny).wrap(TOOLS[kind]())
        copies = [guarded.model_copy(update={"description": "other"}), copy.copy(guarded), copy.deepcopy(guarded)]
        with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
            pickle.dumps(guarded)
        for made in copies:
            try:
                result = asyncio.run(made.ainvoke({"text": "DROP"}))
                assert result.startswith("ARGALA BLOCK")
            except ArgalaSecurityViolation:
                assert on_deny == "raise"
    assert ran == []


def test_a_copy_of_a_tool_runs_with_its_own_state() -> None:
    class Counting(BaseTool):
        name: str = "query"
        description: str = "asks"
        prefix: str = "a"
        _connection: list[str] = PrivateAttr(default_factory=list)

        def _run(self, text: str) -> str:
            self._connection.append(text)
            return self.prefix + text

    bare = Counting()
    (guarded,) = protect_tools([bare], POLICY)
    assert guarded.invoke({"text": "1"}) == "a1"
    assert bare._connection == ["1"], "a connection is shared with the original"
    assert guarded.model_copy(update={"prefix": "b"}).invoke({"text": "1"}) == "b1"
    guarded.prefix = "c"
    assert guarded.invoke({"text": "1"}) == "c1"
    assert bare.invoke({"text": "1"}) == "a1"


def test_a_tool_may_be_guarded_twice() -> None:
    for bare in (Query(), tool(query)):
        (once,) = protect_tools([bare], {"allowed_methods": ["*"], "denied_patterns": ["TRUNCATE"]}, on_deny="return")
        (twice,) = protect_tools([once], POLICY, on_deny="return")
        assert twice.invoke({"text": "1"}) == "rows of 1"
        for text in ("DROP", "TRUNCATE"):
            assert twice.invoke({"text": text}).startswith("ARGALA BLOCK")


def test_monitoring_records_and_lets_pass() -> None:
    decisions: list[Any] = []
    for bare in (Query(), tool(query)):
        (guarded,) = protect_tools([bare], POLICY, mode="monitor", on_decision=decisions.append)
        assert guarded.invoke({"text": "DROP"}) == "rows of DROP"
    assert [decision.decision for decision in decisions] == ["deny", "deny"]


# Agents.


class FakeModel(GenericFakeChatModel):
    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        return self


def agent(tools: list[BaseTool]) -> Any:
    script = [
        AIMessage("", tool_calls=[{"id": "1", "name": "query", "args": {"text": "SELECT"}}]),
        AIMessage("", tool_calls=[{"id": "2", "name": "query", "args": {"text": "DROP"}}]),
        AIMessage("done"),
    ]
    return create_agent(FakeModel(messages=iter(script)), tools)


ASK = {"messages": [{"role": "user", "content": "go"}]}


@pytest.mark.parametrize("kind", sorted(TOOLS.keys() - ONE_ARGUMENT - ASYNC_ONLY))
@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream", "astream"])
def test_an_agent_reads_the_message_and_goes_on(kind: str, how: str) -> None:
    made = agent(protect_tools([TOOLS[kind]()], POLICY, on_deny="return"))
    if how == "invoke":
        messages = made.invoke(ASK)["messages"]
    elif how == "ainvoke":
        messages = asyncio.run(made.ainvoke(ASK))["messages"]
    elif how == "stream":
        messages = list(made.stream(ASK, stream_mode="values"))[-1]["messages"]
    else:
        messages = asyncio.run(collected(made.astream(ASK, stream_mode="values")))["messages"]
    allowed, denied = [message for message in messages if isinstance(message, ToolMessage)]
    assert (allowed.status, allowed.content) == ("success", "rows of SELECT")
    assert denied.status == "error"
    assert denied.content.startswith("ARGALA BLOCK")
    assert messages[-1].content == "done"
    assert ran == [("SELECT",)]


def test_a_violation_that_is_raised_ends_an_agents_run() -> None:
    with pytest.raises(ArgalaSecurityViolation):
        agent(protect_tools([tool(query)], POLICY)).invoke(ASK)
    assert ran == [("SELECT",)]


def test_a_tool_node_may_handle_the_violation() -> None:
    (guarded,) = protect_tools([tool(query)], POLICY)
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([guarded], handle_tool_errors=True))
    graph.add_edge(START, "tools")
    *_, result = graph.compile().invoke({"messages": [AIMessage("", tool_calls=[call("DROP")])]})["messages"]
    assert result.status == "error"
    assert "ARGALA BLOCK" in result.content


def test_the_example_runs(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples/python/langchain_agent.py"
    ended = subprocess.run([sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    selected, dropped = [line for line in lines if line.startswith("the tool says")]
    assert selected == "the tool says (success): [('Ada',), ('Grace',)]"
    assert dropped.startswith("the tool says (error): ARGALA BLOCK")
    assert lines[-1] == "still in the table: 2"
