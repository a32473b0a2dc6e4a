"""Which adapter a tool gets: by what it is, not by what it says of itself, and no framework is imported for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import agents
import pydantic_ai
import pytest
from agents.tool import Tool as AnyAgentsTool
from argala import ArgalaSecurityViolation, protect_tools
from argala.frameworks import ADAPTERS
from llama_index.core.tools import FunctionTool

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}
FRAMEWORKS = ["agents", "crewai", "langchain", "langchain_core", "llama_index", "openai", "pydantic", "pydantic_ai"]


def protect(tool: Any) -> Any:  # noqa: ANN401
    (protected,) = protect_tools([tool], POLICY)
    return protected


def query(sql: str) -> str:
    """Runs a query."""
    return f"rows of {sql}"


PLAIN = """
import sys
from argala import protect_tools

def query(sql):
    return sql

class Query:
    def __call__(self, sql):
        return sql

guarded = protect_tools([query, Query(), Query().__call__], {"allowed_methods": ["*"]})
assert [tool("SELECT 1") for tool in guarded] == ["SELECT 1"] * 3
try:
    protect_tools([object()], {"allowed_methods": ["*"]})
except TypeError:
    pass
"""

ONE = """
import sys
from llama_index.core.tools import FunctionTool
from argala import protect_tools

protect_tools([FunctionTool.from_defaults(lambda sql: sql, name="query")], {"allowed_methods": ["*"]})
"""


def imported(program: str) -> set[str]:
    """The frameworks that are imported when a program has run, and Argala's adapters."""
    listing = "print(*sorted(name for name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program + listing], capture_output=True, text=True, check=True)
    names = set(ended.stdout.split())
    return {name for name in names if name in FRAMEWORKS or name.startswith("argala.frameworks._")}


def test_no_framework_is_imported_for_plain_callables() -> None:
    assert imported("import sys, argala\n") == set()
    assert imported(PLAIN) == set()


def test_only_the_adapter_of_a_tool_that_is_seen_is_imported() -> None:
    got = imported(ONE)
    assert {name for name in got if name.startswith("argala")} == {"argala.frameworks._llama_index"}
    assert got.isdisjoint({"agents", "crewai", "langchain", "langchain_core", "pydantic_ai"})


def test_the_table_has_every_kind_of_tool_that_the_agents_sdk_has() -> None:
    assert {(kind.__module__, kind.__name__) for kind in map(_plain, AnyAgentsTool.__args__)} <= ADAPTERS.keys()


def _plain(kind: Any) -> type:  # noqa: ANN401
    return getattr(kind, "__origin__", kind)


TOOLS: list[Callable[[], Any]] = [
    lambda: agents.function_tool(query),
    lambda: pydantic_ai.Tool(query),
    lambda: FunctionTool.from_defaults(query),
]


@pytest.mark.parametrize("made", TOOLS)
def test_a_tool_that_denies_what_it_is_is_still_one(made: Callable[[], Any]) -> None:
    tool = made()
    kind = type(tool)

    class Meta(type(kind)):  # type: ignore[misc]
        """A class of classes that says nothing true."""

        @property
        def __mro__(cls) -> tuple[type, ...]:
            return (object,)

        @property
        def __module__(cls) -> str:
            return "elsewhere"

        def __instancecheck__(cls, instance: object) -> bool:
            return False

    class Liar(kind, metaclass=Meta):  # type: ignore[misc, valid-type]
        __module__ = "elsewhere"
        __class__ = str  # type: ignore[assignment]

    object.__setattr__(tool, "__class__", Liar)
    liar = tool if type(tool) is Liar else _as(Liar, tool)
    assert kind in type.__dict__["__mro__"].__get__(type(protect(liar)))


def _as(kind: type, tool: Any) -> Any:  # noqa: ANN401
    other = object.__new__(kind)
    vars(other).update(vars(tool))
    return other


@pytest.mark.parametrize("made", [*TOOLS, lambda: pydantic_ai.FunctionToolset([query])])
def test_a_guarded_tool_can_be_guarded_again(made: Callable[[], Any]) -> None:
    tool = made()
    again = protect(protect(tool))
    assert type(again) is type(protect(tool))


def test_what_only_claims_to_be_a_frameworks_tool_is_a_callable_or_nothing() -> None:
    def fake(base: type = object, **members: Any) -> Any:  # noqa: ANN401
        return type("FunctionTool", (base,), {"__module__": "agents.tool", **members})()

    called = protect(fake(__call__=lambda self, sql: sql, __name__="query"))
    assert called("SELECT 1") == "SELECT 1"
    with pytest.raises(ArgalaSecurityViolation):
        called("DROP")
    for nothing in (fake(), fake(__class__=agents.FunctionTool)):
        with pytest.raises(TypeError, match="FunctionTool"):
            protect(nothing)


@pytest.mark.parametrize("module", [None, 7, ["unhashable"]])
def test_a_class_of_no_module_that_one_could_name_is_looked_past(module: object) -> None:
    members: dict[str, Any] = {"__call__": lambda self, sql: sql}
    # A class takes its module from the globals where it is made.
    kind = eval("type('Query', (), members)", {"__builtins__": {}, "type": type, "members": members})
    if module is not None:
        kind.__module__ = module
    with pytest.raises(ArgalaSecurityViolation):
        protect(kind())("DROP")


@pytest.mark.parametrize("nothing", [None, 7, "query", {"name": "query"}, [query], object()], ids=repr)
def test_what_is_neither_callable_nor_known_is_refused(nothing: object) -> None:
    with pytest.raises(TypeError, match=type(nothing).__name__):
        protect(nothing)
