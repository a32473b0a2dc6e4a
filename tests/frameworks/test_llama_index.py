"""Tools of LlamaIndex, called as programs call them and as its agents do, with a model that follows a script."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from argala import ArgalaSecurityViolation, protect_tools
from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent, ToolCallResult
from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import BaseTool, FunctionTool, QueryEngineTool, RetrieverTool, ToolMetadata, ToolOutput
from llama_index.core.tools.calling import acall_tool, call_tool
from llama_index.core.workflow import Context
from pydantic import Field

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}

ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


def protect(tool: Any, policy: Any = POLICY, **options: Any) -> Any:  # noqa: ANN401
    (protected,) = protect_tools([tool], policy, **options)
    return protected


# --- the ways in which a tool is called, each of which gives what the tool answers


def by_call(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    return tool.call(**arguments)


def by_itself(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    return tool(**arguments)


def by_acall(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    return asyncio.run(tool.acall(**arguments))


DIRECT = [by_call, by_itself, by_acall]


def by_selection(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    return call_tool(tool, arguments)


def by_async_selection(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    return asyncio.run(acall_tool(tool, arguments))


def worked(agent: Any) -> ToolOutput:  # noqa: ANN401
    async def all_of_it() -> ToolOutput:
        handler = agent.run(user_msg="hi")
        results = [event.tool_output async for event in handler.stream_events() if isinstance(event, ToolCallResult)]
        await handler
        (result,) = results
        return result

    return asyncio.run(all_of_it())


def once(first: ChatMessage, then: str) -> Callable[..., ChatMessage]:
    """A model's answers: the first one, and another one for all times after it."""
    turns = iter([first])
    return lambda messages, **_: next(turns, ChatMessage(role=MessageRole.ASSISTANT, content=then))


def function_model(name: str, arguments: dict[str, Any]) -> MockFunctionCallingLLM:
    block = ToolCallBlock(tool_call_id="call", tool_name=name, tool_kwargs=arguments)
    return MockFunctionCallingLLM(
        response_generator=once(ChatMessage(role=MessageRole.ASSISTANT, blocks=[block]), "done"), is_chat_model=True
    )


def by_function_agent(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    llm = function_model(tool.metadata.name, arguments)
    return worked(FunctionAgent(tools=[tool], llm=llm, streaming=False))


def by_streaming_agent(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    llm = function_model(tool.metadata.name, arguments)
    return worked(FunctionAgent(tools=[tool], llm=llm, streaming=True))


def by_agent_workflow(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    agent = FunctionAgent(name="a", description="a", tools=[tool], llm=function_model(tool.metadata.name, arguments))
    return worked(AgentWorkflow(agents=[agent]))


def by_react_agent(tool: Any, **arguments: Any) -> ToolOutput:  # noqa: ANN401
    first = f"Thought: I need it.\nAction: {tool.metadata.name}\nAction Input: {json.dumps(arguments)}\n"
    llm = MockFunctionCallingLLM(
        response_generator=once(ChatMessage(role=MessageRole.ASSISTANT, content=first), "Thought: fine.\nAnswer: done"),
        is_chat_model=True,
    )
    return worked(ReActAgent(tools=[tool], llm=llm))


AGENTS = [by_selection, by_async_selection, by_function_agent, by_streaming_agent, by_agent_workflow, by_react_agent]
WAYS = [*DIRECT, *AGENTS]


# --- tools of every kind


def query(sql: str) -> str:
    """Runs a query.

    Args:
        sql (str): What to run.
    """
    ran.append(sql)
    return "rows"


async def query_async(sql: str) -> str:
    """Runs a query, later."""
    await asyncio.sleep(0)
    return query(sql)


class Engine(CustomQueryEngine):
    def custom_query(self, query_str: str) -> str:
        return query(query_str)


class Retriever(BaseRetriever):
    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [NodeWithScore(node=TextNode(text=query(query_bundle.query_str)))]


class OldTool(BaseTool):
    """A tool of the oldest kind, which can only be called."""

    metadata = ToolMetadata("Runs a query.", name="query")

    def __call__(self, input: str) -> ToolOutput:
        return ToolOutput(tool_name="query", content=query(input), raw_input={}, raw_output="rows")


class Counting(FunctionTool):
    """A subclass that goes its own way where it is called."""

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:  # noqa: ANN401
        return ToolOutput(tool_name="query", content=query(kwargs["sql"]), raw_input=kwargs, raw_output=1)

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:  # noqa: ANN401
        return self.call(*args, **kwargs)


FUNCTION_TOOLS = {
    "sync": FunctionTool.from_defaults(query),
    "async": FunctionTool.from_defaults(query_async, name="query"),
    "async_fn": FunctionTool.from_defaults(async_fn=query_async, name="query", description="Runs a query."),
    "both": FunctionTool.from_defaults(query, async_fn=query_async, return_direct=True),
    "subclass": Counting.from_defaults(query),
}
OTHER_TOOLS = {
    "query engine": QueryEngineTool.from_defaults(Engine(), name="query", description="Asks."),
    "retriever": RetrieverTool.from_defaults(Retriever(), name="query", description="Looks up."),
}
TOOLS = [(tool, "sql") for tool in FUNCTION_TOOLS.values()] + [(tool, "input") for tool in OTHER_TOOLS.values()]
EVERY = pytest.mark.parametrize(("tool", "argument"), TOOLS, ids=[*FUNCTION_TOOLS, *OTHER_TOOLS])


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_an_allowed_call_runs_and_a_denied_one_does_not(tool: Any, argument: str, way: Any) -> None:  # noqa: ANN401
    guarded = protect(tool, on_deny="return")
    denied = way(guarded, **{argument: "DROP TABLE users"})
    assert denied.content.startswith("ARGALA BLOCK")
    assert ran == []
    assert "rows" in way(guarded, **{argument: "SELECT 1"}).content
    assert len(ran) == 1


@pytest.mark.parametrize("way", DIRECT)
@EVERY
def test_a_denial_is_raised_to_a_program(tool: Any, argument: str, way: Any) -> None:  # noqa: ANN401
    with pytest.raises(ArgalaSecurityViolation) as caught:
        way(protect(tool), **{argument: "DROP"})
    assert caught.value.method == "query"
    assert ran == []


@pytest.mark.parametrize("way", AGENTS)
@EVERY
def test_an_agent_makes_an_error_of_a_raised_denial(tool: Any, argument: str, way: Any) -> None:  # noqa: ANN401
    output = way(protect(tool), **{argument: "DROP"})
    assert output.is_error
    assert "ARGALA BLOCK" in output.content
    assert isinstance(output.exception, ArgalaSecurityViolation)
    assert ran == []


@EVERY
def test_all_else_of_a_tool_stays_as_it_was(tool: Any, argument: str) -> None:  # noqa: ANN401
    guarded = protect(tool)
    assert isinstance(guarded, type(tool))
    assert type(guarded).__name__ == type(tool).__name__
    assert guarded.metadata is tool.metadata
    assert "rows" in tool.call(**{argument: "DROP"}).content
    assert len(ran) == 1


def test_a_tool_that_can_only_be_called_is_judged() -> None:
    guarded = protect(OldTool(), on_deny="return")
    assert guarded("SELECT 1").content == "rows"
    assert guarded("DROP").content.startswith("ARGALA BLOCK")
    assert by_async_selection(guarded, input="DROP").content.startswith("ARGALA BLOCK")
    assert ran == ["SELECT 1"]


def test_callbacks_and_results_work_as_before() -> None:
    tool = FunctionTool.from_defaults(query, callback=lambda rows: f"<{rows}>")
    for way in DIRECT:
        output = way(protect(tool), sql="SELECT 1")
        assert (output.content, output.raw_output) == ("<rows>", "rows")
        assert output.raw_input == {"args": (), "kwargs": {"sql": "SELECT 1"}}


def test_monitoring_lets_a_call_pass_and_tells_of_it() -> None:
    for tool, argument in TOOLS:
        decisions: list[Any] = []
        guarded = protect(tool, mode="monitor", on_decision=decisions.append)
        assert "rows" in guarded.call(**{argument: "DROP"}).content
        assert {decision.decision for decision in decisions} == {"deny"}


# --- what is the program's own, and what only seems to be


class Connection:
    """Something that no policy could judge."""


CONNECTION = Connection()


def query_for(ctx: Context, sql: str, connection: Any = None, tenant: str = "") -> str:  # noqa: ANN401
    """Runs a query for a tenant."""
    ran.append((type(ctx), sql, connection, tenant))
    return "rows"


async def query_for_async(ctx: Context, sql: str, connection: Any = None, tenant: str = "") -> str:  # noqa: ANN401
    """Runs a query for a tenant, later."""
    return query_for(ctx, sql, connection, tenant)


# The framework looks at annotations as they stand, not as text.
for _function in (query_for, query_for_async):
    _function.__annotations__["ctx"] = Context


def injected(function: Callable[..., Any]) -> FunctionTool:
    return FunctionTool.from_defaults(
        function, name="query", partial_params={"connection": CONNECTION, "tenant": "acme"}
    )


@pytest.mark.parametrize("function", [query_for, query_for_async])
@pytest.mark.parametrize("way", [by_function_agent, by_streaming_agent, by_agent_workflow, by_react_agent])
def test_the_context_and_partial_parameters_are_not_judged(function: Any, way: Any) -> None:  # noqa: ANN401
    policy = {"allowed_methods": ["query"], "tools": {"query": {"args": {"sql": {"type": "string", "max_len": 20}}}}}
    tool = FunctionTool.from_defaults(function, name="query", partial_params={"connection": CONNECTION, "tenant": "a"})
    guarded = protect(tool, policy)
    assert (guarded.requires_context, guarded.ctx_param_name) == (True, "ctx")
    assert way(guarded, sql="SELECT 1").content == "rows"
    ((kind, *rest),) = ran
    assert issubclass(kind, Context)
    assert rest == ["SELECT 1", CONNECTION, "a"]
    assert way(guarded, sql="SELECT 1" + " " * 20).content.startswith("ARGALA BLOCK")


@pytest.mark.parametrize("function", [query_for, query_for_async])
@pytest.mark.parametrize("name", ["ctx", "connection", "tenant"])
@pytest.mark.parametrize("way", [by_call, by_acall, by_selection, by_async_selection])
def test_what_a_model_puts_in_their_place_is_judged(function: Any, name: str, way: Any) -> None:  # noqa: ANN401
    tool = protect(injected(function), on_deny="return")
    arguments = {"ctx": "nothing", "sql": "SELECT 1", name: "DROP"}
    assert way(tool, **arguments).content.startswith("ARGALA BLOCK")
    assert ran == []


def test_an_agent_overrides_the_models_context() -> None:
    tool = protect(injected(query_for))
    assert by_function_agent(tool, sql="SELECT 1", ctx="DROP").content == "rows"
    assert issubclass(ran[0][0], Context)


def test_a_context_that_only_says_so_is_no_context() -> None:
    class Liar:
        __class__ = Context

    with pytest.raises(ArgalaSecurityViolation):
        protect(injected(query_for)).call(ctx=Liar(), sql="SELECT 1")
    assert ran == []


def test_defaults_are_judged_and_a_fields_default_too() -> None:
    def limited(sql: str, limit: int = Field(default=10, description="How many.")) -> str:
        """Runs a query."""
        ran.append((sql, limit))
        return "rows"

    args = {"sql": {"type": "string"}, "limit": {"type": "number", "max": 5}}
    tool = protect(FunctionTool.from_defaults(limited, name="query"), {"tools": {"query": {"args": args}}})
    assert tool.call(sql="SELECT 1", limit=5).content == "rows"
    with pytest.raises(ArgalaSecurityViolation) as caught:
        tool.call(sql="SELECT 1")
    assert caught.value.at == "/limit"


# --- what a guarded tool can't be talked out of


@pytest.mark.parametrize("tool", FUNCTION_TOOLS.values(), ids=FUNCTION_TOOLS)
def test_no_attribute_has_the_function(tool: FunctionTool) -> None:
    guarded = protect(tool)
    for function in (guarded.fn, guarded.async_fn, guarded.real_fn):
        with pytest.raises(ArgalaSecurityViolation):
            asyncio.run(function(sql="DROP"))
        assert not hasattr(function, "__wrapped__")
    assert ran == []


def test_what_stands_behind_other_tools_is_not_handed_out() -> None:
    for name, attribute in (("query engine", "query_engine"), ("retriever", "retriever")):
        guarded = protect(OTHER_TOOLS[name])
        with pytest.raises(TypeError, match="past the guard"):
            getattr(guarded, attribute)


def test_code_that_a_model_writes_calls_the_guarded_function() -> None:
    seen: list[Any] = []
    tool = protect(FUNCTION_TOOLS["sync"], on_deny="return")
    CodeActAgent(tools=[tool], llm=function_model("query", {}), code_execute_fn=seen.append)
    assert tool.real_fn("DROP").startswith("ARGALA BLOCK")


def test_an_argument_by_its_place_counts_by_its_name() -> None:
    policy = {"allowed_methods": ["query"], "tools": {"query": {"args": {"input": {"type": "string", "max_len": 8}}}}}
    for tool in OTHER_TOOLS.values():
        guarded = protect(tool, policy, on_deny="return")
        assert "rows" in guarded.call("SELECT 1").content
        assert "/input" in guarded.call("SELECT 10").content
        with pytest.raises(TypeError, match="by their place"):
            guarded.call("SELECT 1", "DROP")


@pytest.mark.parametrize("tool", [tool for tool, _ in TOOLS], ids=[*FUNCTION_TOOLS, *OTHER_TOOLS])
def test_copies_stay_guarded_under_the_name_that_was_wrapped(tool: Any) -> None:  # noqa: ANN401
    tool = copy.copy(tool)
    tool._metadata = copy.copy(tool.metadata)
    guarded = protect(tool, {"allowed_methods": ["query"], "denied_patterns": ["DROP"]})
    guarded.metadata.name = "other"
    argument = "sql" if isinstance(tool, FunctionTool) else "input"
    for other in (guarded, copy.copy(guarded)):
        assert "rows" in other.call(**{argument: "SELECT 1"}).content
        with pytest.raises(ArgalaSecurityViolation) as caught:
            other.call(**{argument: "DROP"})
        assert caught.value.method == "query"


def test_what_is_done_to_the_original_or_its_class_afterwards_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    original = FunctionTool.from_defaults(query)
    guarded = protect(original)
    original._fn = original._real_fn = str.lower
    original.metadata.description = "Does something else."
    monkeypatch.setattr(FunctionTool, "real_fn", property(lambda self: query))
    with pytest.raises(ArgalaSecurityViolation):
        guarded.call(sql="DROP")
    assert ran == []
