"""CrewAI's tools, driven the ways in which CrewAI drives a tool: by hand, by its tool usage, by an agent."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

os.environ |= {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "OTEL_SDK_DISABLED": "true",
}

import pytest
from argala import ArgalaSecurityViolation, Guard, protect_tools
from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import BaseTool, tool
from crewai.tools.base_tool import _TOOL_TYPE_REGISTRY, Tool
from crewai.tools.structured_tool import CrewStructuredTool
from crewai.tools.tool_failure import ToolFailure
from crewai.utilities.agent_utils import convert_tools_to_openai_schema
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field, PrivateAttr

POLICY = {"allowed_methods": ["query"], "denied_patterns": ["DROP"]}
ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path))
    ran.clear()
    yield
    ran.clear()


def answer(text: str) -> str:
    ran.append(text)
    return f"rows of {text}"


class Arguments(BaseModel):
    text: str = Field(description="what to ask")
    limit: int = 5


class Query(BaseTool):
    name: str = "query"
    description: str = "asks"

    def _run(self, text: str, limit: int = 5) -> str:
        return answer(text)


class BothWays(Query):
    async def _arun(self, text: str, limit: int = 5) -> str:
        return answer(text)


class OfCoroutine(BaseTool):
    name: str = "query"
    description: str = "asks"
    args_schema: type[BaseModel] = Arguments

    async def _run(self, **arguments: Any) -> str:
        return answer(arguments["text"])

    async def _arun(self, **arguments: Any) -> str:
        return answer(arguments["text"])


def query(text: str, limit: int = 5) -> str:
    """asks"""
    return answer(text)


async def aquery(text: str, limit: int = 5) -> str:
    """asks"""
    return answer(text)


TOOLS: dict[str, Callable[[], BaseTool]] = {
    "class": Query,
    "class with both": BothWays,
    "class of coroutines": OfCoroutine,
    "@tool": lambda: tool(query),
    "@tool of a coroutine": lambda: tool("query")(aquery),
    "of LangChain": lambda: Tool.from_langchain(StructuredTool.from_function(query)),
}
ASYNC = {"class with both", "class of coroutines", "@tool of a coroutine"}


def structured(tool: BaseTool) -> CrewStructuredTool:
    return tool.to_structured_tool()


async def awaited(call: Callable[[], Any]) -> Any:
    return await call()


WAYS: dict[str, Callable[[BaseTool, str], Any]] = {
    "run": lambda tool, text: tool.run(text=text),
    "run by position": lambda tool, text: tool.run(text),
    "structured, invoke": lambda tool, text: structured(tool).invoke({"text": text}),
    "structured, invoke with JSON": lambda tool, text: structured(tool).invoke(json.dumps({"text": text})),
    "structured, ainvoke": lambda tool, text: asyncio.run(awaited(lambda: structured(tool).ainvoke({"text": text}))),
    "structured, _run": lambda tool, text: structured(tool)._run(text),
    "arun": lambda tool, text: asyncio.run(awaited(lambda: tool.arun(text=text))),
    "native": lambda tool, text: convert_tools_to_openai_schema([tool])[1]["query"](text=text),
}
NOT_OF_CREWAI = {
    ("class of coroutines", "run by position"),  # it has keyword arguments alone
    ("@tool of a coroutine", "structured, ainvoke"),  # CrewAI gives back the coroutine, and awaits it nowhere
}
CASES = [
    pytest.param(make, way, id=f"{kind}, {name}")
    for kind, make in TOOLS.items()
    for name, way in WAYS.items()
    if (name != "arun" or kind in ASYNC) and (kind, name) not in NOT_OF_CREWAI
]


@pytest.mark.parametrize(("make", "drive"), CASES)
def test_a_tool_of_any_kind_runs_what_is_allowed_and_nothing_that_is_denied(
    make: Callable[[], BaseTool], drive: Callable[[BaseTool, str], Any]
) -> None:
    bare = make()
    (guarded,) = protect_tools([bare], POLICY)
    assert isinstance(guarded, type(bare))
    assert drive(guarded, "SELECT") == "rows of SELECT"
    with pytest.raises(ArgalaSecurityViolation, match="ARGALA BLOCK") as raised:
        drive(guarded, "DROP")
    assert (raised.value.method, raised.value.at) == ("query", "/text")
    assert ran == ["SELECT"]
    assert drive(bare, "DROP") == "rows of DROP", "the original is as it was"


@pytest.mark.parametrize(("make", "drive"), CASES)
def test_a_denial_may_be_the_tools_result(
    make: Callable[[], BaseTool], drive: Callable[[BaseTool, str], Any]
) -> None:
    (guarded,) = protect_tools([make()], POLICY, on_deny="return")
    result = drive(guarded, "DROP")
    assert isinstance(result, ToolFailure)
    assert result.message.startswith("ARGALA BLOCK")
    assert guarded.format_output_for_agent(result) == result.message
    assert ran == []


@pytest.mark.parametrize("kind", TOOLS)
def test_all_that_an_agent_sees_of_it_is_as_it_was(kind: str) -> None:
    bare = TOOLS[kind]()
    (guarded,) = protect_tools([bare], POLICY)
    kept = ("name", "description", "args_schema", "result_schema", "formatted_description", "cache_function")
    assert {name: getattr(guarded, name) for name in kept} == {name: getattr(bare, name) for name in kept}
    assert convert_tools_to_openai_schema([guarded])[0] == convert_tools_to_openai_schema([bare])[0]


@pytest.mark.parametrize("on_deny", ["raise", "return"])
def test_a_structured_tool_may_be_wrapped_itself(on_deny: Any) -> None:
    made = CrewStructuredTool.from_function(query)
    for bare in (made, Query().to_structured_tool()):
        (guarded,) = protect_tools([bare], POLICY, on_deny=on_deny)
        assert guarded.invoke({"text": "SELECT"}) == "rows of SELECT"
        assert guarded._original_tool is None or guarded._original_tool.current_usage_count == 1
        if on_deny == "return":
            assert isinstance(guarded.invoke({"text": "DROP"}), ToolFailure)
            continue
        with pytest.raises(ArgalaSecurityViolation):
            guarded.invoke({"text": "DROP"})
        with pytest.raises(ArgalaSecurityViolation):
            (guarded._original_tool or guarded)._run(text="DROP")
    assert ran == ["SELECT", "SELECT"]


def test_what_is_judged_is_what_the_schema_made_of_the_input() -> None:
    class Reversed(BaseModel):
        text: str

        def model_dump(self, **kwargs: Any) -> dict[str, Any]:
            return {"text": self.text[::-1]}

    (guarded,) = protect_tools([Query(args_schema=Reversed)], POLICY)
    assert guarded.run(text="DROP") == "rows of PORD"
    for drive in (lambda text: guarded.run(text=text), lambda text: structured(guarded).invoke({"text": text})):
        with pytest.raises(ArgalaSecurityViolation):
            drive("PORD")


def test_a_limit_of_uses_counts_in_the_guarded_tool() -> None:
    for bare in (Query(max_usage_count=2), tool("query", max_usage_count=2)(query)):
        (guarded,) = protect_tools([bare], POLICY, on_deny="return")
        assert guarded.run(text="SELECT") == "rows of SELECT"
        assert guarded.run(text="DROP").message.startswith("ARGALA BLOCK")
        assert "usage limit" in guarded.run(text="SELECT").message
        assert (guarded.current_usage_count, bare.current_usage_count) == (2, 0)


def test_a_class_that_runs_calls_in_a_method_of_crewais_is_judged_there() -> None:
    class Odd(Query):
        def run(self, *args: Any, **kwargs: Any) -> Any:
            return answer(str(kwargs))

        async def arun(self, *args: Any, **kwargs: Any) -> Any:
            return answer(str(kwargs))

        def __call__(self, text: str) -> Any:
            return answer(text)

    (guarded,) = protect_tools([Odd()], POLICY)
    assert guarded.run(text="SELECT") == "rows of {'text': 'SELECT'}"
    ran.clear()
    for drive in (lambda: guarded.run(text="DROP"), lambda: asyncio.run(guarded.arun(text="DROP")), lambda: guarded("DROP")):
        with pytest.raises(ArgalaSecurityViolation):
            drive()
    assert ran == []


def test_a_class_that_makes_its_structured_tool_itself_is_judged_in_that() -> None:
    class Odd(Query):
        def to_structured_tool(self) -> CrewStructuredTool:
            return CrewStructuredTool.from_function(query)

    (guarded,) = protect_tools([Odd()], POLICY)
    assert structured(guarded).invoke({"text": "SELECT"}) == "rows of SELECT"
    with pytest.raises(ArgalaSecurityViolation):
        structured(guarded).invoke({"text": "DROP"})
    assert ran == ["SELECT"]


def test_a_structured_tool_of_a_class_of_its_own_is_refused() -> None:
    class Odd(CrewStructuredTool):
        def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
            return answer(str(input))

    with pytest.raises(TypeError, match="`Odd` defines `invoke`"):
        protect_tools([Odd(name="query")], POLICY)


def test_neither_a_new_name_nor_a_changed_class_changes_a_verdict() -> None:
    class Changing(Query):
        pass

    (guarded,) = protect_tools([Changing()], POLICY)
    guarded.name = "other"
    Changing._run = lambda self, text, limit=5: answer("evil " + text)  # type: ignore[method-assign]
    assert guarded.run(text="SELECT").startswith("rows of")
    with pytest.raises(ArgalaSecurityViolation) as raised:
        guarded.run(text="DROP")
    assert raised.value.method == "query"


@pytest.mark.parametrize("kind", TOOLS)
def test_a_copy_of_a_guarded_tool_is_guarded(kind: str) -> None:
    (guarded,) = protect_tools([TOOLS[kind]()], POLICY)
    for made in (guarded.model_copy(update={"description": "other"}), copy.copy(guarded)):
        with pytest.raises(ArgalaSecurityViolation):
            made.run(text="DROP")
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(guarded)
    assert ran == []


def test_what_crewai_stores_of_a_guarded_tool_comes_back_as_no_other() -> None:
    known = dict(_TOOL_TYPE_REGISTRY)
    (guarded,) = protect_tools([Query()], POLICY)
    assert known == _TOOL_TYPE_REGISTRY
    with pytest.raises((ImportError, AttributeError)):
        Agent(role="r", goal="g", backstory="b", llm=Scripted(model="scripted", script=[]), tools=[guarded.model_dump(mode="json")])


def test_a_tool_runs_with_its_own_state() -> None:
    class Counting(Query):
        prefix: str = "a"
        _seen: list[str] = PrivateAttr(default_factory=list)

        def _run(self, text: str) -> str:  # type: ignore[override]
            self._seen.append(text)
            return self.prefix + text

    bare = Counting()
    (guarded,) = protect_tools([bare], POLICY)
    guarded.prefix = "b"
    assert (guarded.run(text="1"), bare.run(text="2"), bare._seen) == ("b1", "a2", ["1", "2"])


# Agents.


class Scripted(BaseLLM):
    """A model that says what it was told to."""

    script: list[Any]
    native: bool = False
    heard: list[str] = Field(default_factory=list)

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.heard.append(str(messages))
        return self.script.pop(0)

    async def acall(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        return self.call(messages)

    def supports_function_calling(self) -> bool:
        return self.native

    def supports_stop_words(self) -> bool:
        return False


def native(text: str) -> Any:
    function = SimpleNamespace(name="query", arguments=json.dumps({"text": text}))
    return [SimpleNamespace(id=f"call-{text}", type="function", function=function)]


def written(text: str) -> str:
    return f'Thought: I ask.\nAction: query\nAction Input: {{"text": "{text}"}}'


def crew(tool: BaseTool, script: list[Any], *, native: bool) -> tuple[Crew, Scripted]:
    model = Scripted(model="scripted", script=script, native=native)
    agent = Agent(role="clerk", goal="ask", backstory="none", llm=model, tools=[tool], max_iter=8)
    task = Task(description="ask", expected_output="rows", agent=agent)
    return Crew(agents=[agent], tasks=[task]), model


@pytest.mark.parametrize("on_deny", ["raise", "return"])
@pytest.mark.parametrize("kind", ["class", "class with both", "@tool"])
@pytest.mark.parametrize("kick", ["kickoff", "akickoff"])
@pytest.mark.parametrize("way", ["native", "written"])
def test_an_agent_reads_the_message_and_goes_on(way: str, kick: str, kind: str, on_deny: Any) -> None:
    (guarded,) = protect_tools([TOOLS[kind]()], POLICY, on_deny=on_deny)
    say = native if way == "native" else written
    done = "Thought: done\nFinal Answer: done"
    made, model = crew(guarded, [say("SELECT"), say("DROP"), done, done, done], native=way == "native")
    result = made.kickoff() if kick == "kickoff" else asyncio.run(awaited(made.akickoff))
    assert "done" in str(result)
    assert ran == ["SELECT"]
    assert "rows of SELECT" in model.heard[1]
    assert "ARGALA BLOCK" in model.heard[2]


def test_a_denial_never_becomes_the_crews_answer() -> None:
    (guarded,) = protect_tools([Query(result_as_answer=True)], POLICY, on_deny="return")
    made, _ = crew(guarded, [native("DROP"), native("SELECT"), "unused"], native=True)
    assert str(made.kickoff()) == "rows of SELECT"


def test_a_cache_is_asked_as_before() -> None:
    asked: list[Any] = []

    def cached(arguments: Any = None, result: Any = None) -> bool:
        asked.append((arguments, result))
        return False

    (guarded,) = protect_tools([Query(cache_function=cached)], POLICY)
    made, _ = crew(guarded, [native("SELECT"), "done"], native=True)
    made.cache = True
    made.agents[0].cache = True
    made.kickoff()
    assert asked == [({"text": "SELECT"}, "rows of SELECT")]


def test_a_tool_may_be_guarded_twice_and_watched_only() -> None:
    decisions: list[Any] = []
    for bare in (Query(), tool(query)):
        once = Guard({"allowed_methods": ["*"], "denied_patterns": ["TRUNCATE"]}, on_deny="return").wrap(bare)
        (twice,) = protect_tools([once], POLICY, mode="monitor", on_decision=decisions.append)
        assert twice.run(text="DROP") == "rows of DROP"
        assert isinstance(twice.run(text="TRUNCATE"), ToolFailure)
    assert [decision.decision for decision in decisions] == ["deny", "allow"] * 2
