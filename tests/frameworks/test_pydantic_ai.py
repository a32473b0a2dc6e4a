"""Tools and toolsets of pydantic-ai, run by its own Agent with a model that says what a test has written down."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from argala import ArgalaSecurityViolation, Guard, protect_tools
from fastmcp import FastMCP
from pydantic import BaseModel, HttpUrl
from pydantic_ai import (
    Agent,
    DeferredToolRequests,
    DeferredToolResults,
    ModelResponse,
    ModelRetry,
    RunContext,
    TextPart,
    Tool,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.native_tools import WebSearchTool
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import (
    AbstractToolset,
    CombinedToolset,
    ExternalToolset,
    FunctionToolset,
    WrapperToolset,
)

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}
SELECT, DROP = {"sql": "SELECT 1"}, {"sql": "DROP TABLE users"}

ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


def protect(tool: Any, policy: Any = POLICY, **options: Any) -> Any:
    (protected,) = protect_tools([tool], policy, **options)
    return protected


def scripted(*calls: tuple[str, dict[str, Any]]) -> FunctionModel:
    """A model that makes one call each turn, then says what it was told."""

    def turn(messages: list[Any]) -> int:
        return sum(isinstance(message, ModelResponse) for message in messages)

    def told(messages: list[Any]) -> str:
        parts = [part for message in messages for part in message.parts]
        return json.dumps([part.content for part in parts if isinstance(part, ToolReturnPart)])

    def respond(messages: list[Any], info: AgentInfo) -> ModelResponse:
        if turn(messages) == len(calls):
            return ModelResponse([TextPart(told(messages))])
        return ModelResponse([ToolCallPart(*calls[turn(messages)])])

    async def stream(messages: list[Any], info: AgentInfo) -> AsyncIterator[Any]:
        if turn(messages) == len(calls):
            yield told(messages)
        else:
            name, arguments = calls[turn(messages)]
            yield {0: DeltaToolCall(name=name, json_args=json.dumps(arguments))}

    return FunctionModel(respond, stream_function=stream)


def run(agent: Agent[Any, Any]) -> str:
    return asyncio.run(agent.run("hi")).output


def run_sync(agent: Agent[Any, Any]) -> str:
    return agent.run_sync("hi").output


def run_stream(agent: Agent[Any, Any]) -> str:
    async def all_of_it() -> str:
        async with agent.run_stream("hi") as result:
            return await result.get_output()

    return asyncio.run(all_of_it())


def run_by_iter(agent: Agent[Any, Any]) -> str:
    async def all_of_it() -> str:
        async with agent.iter("hi") as steps:
            async for _ in steps:
                pass
        assert steps.result is not None
        return steps.result.output

    return asyncio.run(all_of_it())


WAYS = [run, run_sync, run_stream, run_by_iter]


def answers(tool: Any, *calls: tuple[str, dict[str, Any]], way: Callable[[Any], str] = run) -> list[Any]:
    """What an agent's model is told by a tool or toolset that it calls as the script says."""
    given: dict[str, Any] = {"toolsets": [tool]} if isinstance(tool, AbstractToolset) else {"tools": [tool]}
    return json.loads(way(Agent(scripted(*calls), **given)))


# --- tools of every kind


def query(sql: str, limit: int = 10) -> str:
    """Runs a query.

    Args:
        sql: What to run.
        limit: How many rows.
    """
    ran.append((sql, limit))
    return "rows"


async def query_async(ctx: RunContext[Any], sql: str, limit: int = 10) -> str:
    """Runs a query, later."""
    assert isinstance(ctx, RunContext)
    ran.append((sql, limit))
    return "rows"


def by_schema(ctx: RunContext[Any], **arguments: Any) -> str:
    assert isinstance(ctx, RunContext)
    ran.append(arguments)
    return "rows"


SCHEMA = {"type": "object", "properties": {"sql": {"type": "string"}}}


async def served(sql: str) -> str:
    """Runs a query."""
    ran.append(sql)
    return "rows"


def tools() -> list[Any]:
    server = FastMCP("server")
    server.tool(served, name="query")
    return [
        Tool(query, sequential=True),
        Tool(query_async, name="query"),
        Tool.from_schema(by_schema, "query", "Runs a query.", SCHEMA, takes_ctx=True),
        FunctionToolset([query]),
        FunctionToolset([Tool(query_async, name="query")]).filtered(lambda ctx, tool: True),
        CombinedToolset([FunctionToolset([query])]),
        FunctionToolset([Tool(query, name="inner")]).renamed({"query": "inner"}),
        MCPToolset(server),
    ]


IDS = ["tool", "tool with context", "from_schema", "function toolset", "filtered", "combined", "renamed", "mcp"]
EVERY = pytest.mark.parametrize("tool", tools(), ids=IDS)


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_an_allowed_call_runs_and_a_denied_one_does_not(tool: Any, way: Any) -> None:
    allowed, denied = answers(protect(tool, on_deny="return"), ("query", SELECT), ("query", DROP), way=way)
    assert (allowed, len(ran)) == ("rows", 1)
    assert denied.startswith("ARGALA BLOCK")


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_a_raised_denial_ends_the_run(tool: Any, way: Any) -> None:
    with pytest.raises(ArgalaSecurityViolation) as caught:
        answers(protect(tool), ("query", DROP), way=way)
    assert caught.value.method == "query"
    assert ran == []


@EVERY
def test_what_the_model_is_told_of_a_tool_stays_as_it_was(tool: Any) -> None:
    def told(tool: Any) -> Any:
        model = TestModel(call_tools=[])
        given: dict[str, Any] = {"toolsets": [tool]} if isinstance(tool, AbstractToolset) else {"tools": [tool]}
        asyncio.run(Agent(model, **given).run("hi"))
        assert model.last_model_request_parameters is not None
        return model.last_model_request_parameters.function_tools

    assert told(protect(tool)) == told(tool)
    answers(tool, ("query", DROP))
    assert len(ran) == 1


def test_a_tool_of_the_same_kind_comes_back() -> None:
    tool = Tool(query, max_retries=3, metadata={"a": 1}, strict=True, timeout=5, docstring_format="google")
    guarded = protect(tool)
    assert type(guarded) is Tool
    kept = {**vars(tool), **dict.fromkeys(("function", "function_schema"))}
    assert {**vars(guarded), **dict.fromkeys(("function", "function_schema"))} == kept
    assert guarded.tool_def == tool.tool_def
    toolset = FunctionToolset([query])
    assert isinstance(protect(toolset), WrapperToolset)


def test_the_models_own_test_arguments_go_through() -> None:
    result = Agent(TestModel(), tools=[protect(Tool(query))]).run_sync("hi")
    assert result.output == '{"query":"rows"}'
    assert ran == [("a", 10)]


def test_retries_and_preparation_work_as_before() -> None:
    def stubborn(ctx: RunContext[Any], sql: str) -> str:
        ran.append(sql)
        if ctx.retry == 0:
            raise ModelRetry("again")
        return "rows"

    async def prepare(ctx: RunContext[Any], tool: ToolDefinition) -> ToolDefinition | None:
        return None if ctx.deps == "hidden" else tool

    tool = protect(Tool(stubborn, name="query", prepare=prepare))
    assert answers(tool, ("query", SELECT), ("query", SELECT)) == ["again", "rows"]
    assert len(ran) == 2
    model = TestModel(call_tools=[])
    Agent(model, tools=[tool], deps_type=str).run_sync("hi", deps="hidden")
    assert model.last_model_request_parameters is not None
    assert model.last_model_request_parameters.function_tools == []


@pytest.mark.parametrize("given", ["tools", "toolsets"])
def test_what_a_person_approves_is_judged_when_it_runs(given: str) -> None:
    tool = protect(Tool(query, requires_approval=True), on_deny="return")
    toolset = protect(FunctionToolset([query]), on_deny="return").approval_required()
    agent = Agent(
        scripted(("query", DROP)),
        output_type=[str, DeferredToolRequests],
        **{given: [tool if given == "tools" else toolset]},
    )
    asked = agent.run_sync("hi")
    assert isinstance(asked.output, DeferredToolRequests)
    approved = DeferredToolResults(approvals={call.tool_call_id: True for call in asked.output.approvals})
    told = agent.run_sync(message_history=asked.all_messages(), deferred_tool_results=approved).output
    assert isinstance(told, str)
    assert json.loads(told)[0].startswith("ARGALA BLOCK")
    assert ran == []


def test_monitoring_lets_a_call_pass_and_tells_of_it() -> None:
    for tool in tools():
        decisions: list[Any] = []
        guarded = protect(tool, mode="monitor", on_decision=decisions.append)
        assert answers(guarded, ("query", DROP)) == ["rows"]
        assert [decision.decision for decision in decisions] == ["deny"]


# --- what is judged is what runs


class Order(BaseModel):
    sql: str
    amount: int


def test_arguments_are_judged_as_they_were_validated() -> None:
    def pay(order: Order, tags: set[str]) -> str:
        ran.append((order, tags))
        return "paid"

    tool = protect(Tool(pay), on_deny="return")
    fine = {"order": {"sql": "SELECT 1", "amount": "7"}, "tags": ["a"]}
    denied = {"order": {"sql": "DROP", "amount": 7}, "tags": ["a"]}
    assert answers(tool, ("pay", fine), ("pay", denied))[0] == "paid"
    assert ran == [(Order(sql="SELECT 1", amount=7), {"a"})]
    assert type(ran[0][0]) is Order


def test_a_url_is_judged_as_a_url() -> None:
    def fetch(url: HttpUrl) -> str:
        ran.append((str(url), type(url)))
        return "fetched"

    tool = protect(fetch, {"tools": {"fetch": {"args": {"url": {"type": "url", "hosts": ["a.example"]}}}}})
    assert run_sync(Agent(scripted(("fetch", {"url": "https://A.example/x"})), tools=[tool])) == '["fetched"]'
    with pytest.raises(ArgalaSecurityViolation) as raised:
        run_sync(Agent(scripted(("fetch", {"url": "https://b.example/x"})), tools=[tool]))
    assert raised.value.at == "/url"
    assert ran == [("https://a.example/x", HttpUrl)]


def test_positional_arguments_are_judged_by_their_names() -> None:
    def total(ctx: RunContext[Any], unit: str, *amounts: int) -> str:
        ran.append((unit, amounts))
        return "sum"

    args = {"unit": {"type": "string"}, "amounts": {"type": "array", "items": {"type": "number", "max": 5}}}
    tool = protect(Tool(total), {"tools": {"total": {"args": args}}}, on_deny="return")
    fine, denied = answers(
        tool, ("total", {"unit": "kg", "amounts": [1, 2]}), ("total", {"unit": "kg", "amounts": [1, 6]})
    )
    assert (fine, ran) == ("sum", [("kg", (1, 2))])
    assert "/amounts/1" in denied


def test_a_default_is_judged_where_the_function_gets_it() -> None:
    args = {"sql": {"type": "string"}, "limit": {"type": "number", "max": 5}}
    policy = {"allowed_methods": ["query"], "tools": {"query": {"args": args}}}
    with pytest.raises(ArgalaSecurityViolation) as caught:
        answers(protect(Tool(query), policy), ("query", SELECT))
    assert caught.value.at == "/limit"


@pytest.mark.parametrize(
    "function",
    [by_schema, lambda ctx, /, **arguments: by_schema(ctx, **arguments)],
    ids=["by name too", "by place alone"],
)
def test_an_argument_by_the_contexts_name_is_an_argument(function: Any) -> None:
    tool = Tool.from_schema(function, "query", "Runs a query.", SCHEMA, takes_ctx=True)
    with pytest.raises((ArgalaSecurityViolation, TypeError)):
        answers(protect(tool), ("query", {**SELECT, "ctx": "DROP"}))
    assert ran == []


def test_a_context_that_comes_in_star_args_is_not_taken_for_arguments() -> None:
    def loose(*given: Any, **arguments: Any) -> str:
        ran.append(arguments)
        return "rows"

    tool = Tool.from_schema(loose, "query", "Runs a query.", SCHEMA, takes_ctx=True)
    with pytest.raises(ArgalaSecurityViolation):
        answers(protect(tool), ("query", DROP))
    assert ran == []


# --- what a guarded tool can't be talked out of


def test_no_attribute_of_a_tool_has_the_function() -> None:
    guarded = protect(Tool(query))
    for function in (guarded.function, guarded.function_schema.function):
        with pytest.raises(ArgalaSecurityViolation):
            function("DROP")
        assert not hasattr(function, "__wrapped__")
    with pytest.raises(ArgalaSecurityViolation):
        asyncio.run(guarded.function_schema.call({"sql": "DROP"}, None))


def test_copies_stay_guarded_under_the_name_that_was_wrapped() -> None:
    guarded = protect(Tool(query), {"allowed_methods": ["query"], "denied_patterns": ["DROP"]})
    other = copy.copy(guarded)
    other.name = "other"
    remade = Tool(guarded.function, name="remade")
    for tool, name in ((other, "other"), (remade, "remade")):
        assert answers(tool, (name, SELECT)) == ["rows"]
        with pytest.raises(ArgalaSecurityViolation) as caught:
            answers(tool, (name, DROP))
        assert caught.value.method == "query"
    toolset = protect(FunctionToolset([query]))
    for copied in (
        copy.copy(toolset),
        dataclasses.replace(toolset),
        toolset.prefixed("a").renamed({"query": "a_query"}),
    ):
        with pytest.raises(ArgalaSecurityViolation):
            answers(copied, ("query", DROP))


def test_a_tool_that_a_toolset_gets_later_is_guarded() -> None:
    toolset = FunctionToolset[Any]()
    guarded = protect(toolset)
    toolset.add_function(query)
    with pytest.raises(ArgalaSecurityViolation):
        answers(guarded, ("query", DROP))


def test_a_toolset_that_has_others_put_into_it_stays_guarded() -> None:
    toolset = protect(CombinedToolset([FunctionToolset([query])])).visit_and_replace(lambda leaf: leaf.prefixed("a"))
    with pytest.raises(ArgalaSecurityViolation) as caught:
        answers(toolset, ("a_query", DROP))
    assert caught.value.method == "a_query"


def test_a_patched_class_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        def query(self, sql: str) -> str:
            """Runs a query."""
            ran.append(sql)
            return "rows"

    tool = protect(Tool(Connection().query), on_deny="return")
    monkeypatch.setattr(Connection, "query", lambda self, sql: "patched")
    (denied,) = answers(tool, ("query", DROP))
    assert denied.startswith("ARGALA BLOCK")


# --- what can't be guarded


def test_what_cannot_be_guarded_is_refused_with_what_to_do() -> None:
    external = ExternalToolset[Any]([ToolDefinition(name="query", parameters_json_schema=SCHEMA)])
    for tool, advice in ((external, "Guard.admit"), (WebSearchTool(), "runs where the model runs")):
        with pytest.raises(TypeError, match=advice):
            Guard(POLICY).wrap(tool)
    hidden = protect(CombinedToolset([FunctionToolset([query]), external.prefixed("out")]))
    with pytest.raises(TypeError, match=r"Guard\.admit"):
        answers(hidden, ("query", SELECT))
    assert ran == []
