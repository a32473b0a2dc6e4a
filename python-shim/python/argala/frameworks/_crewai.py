"""CrewAI's tools: classes, what its `@tool` makes, and what its agents make of either."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from crewai.tools.base_tool import _TOOL_TYPE_REGISTRY, BaseTool, Tool
from crewai.tools.structured_tool import CrewStructuredTool
from crewai.tools.tool_failure import ToolFailure

from argala._functions import guarded
from argala.frameworks._pydantic_tool import Method, copied, overridden, receiver

if TYPE_CHECKING:
    from argala._guard import Guard

T = TypeVar("T", BaseTool, CrewStructuredTool)

FRAMEWORK = {Tool, CrewStructuredTool, *BaseTool.__mro__}
"""The classes whose methods run nothing but a tool's body."""
BODIES = ("_run", "_arun", "run", "arun", "__call__")


def wrap(tool: T, guard: Guard) -> T:
    """The tool, guarded: `_run` and `_arun` of a class, or the function that it was made of.

    Raises:
        TypeError: Its class runs calls in a way of its own that can't be guarded.
    """
    method = tool.name

    def body(function: Callable[..., Any], *unjudged: str) -> Callable[..., Any]:
        result_of = _failure_async if inspect.iscoroutinefunction(function) else _failure
        return guarded(guard, function, method, unjudged, result_of)

    if isinstance(tool, CrewStructuredTool):
        for name in overridden(tool, (*BODIES, "invoke", "ainvoke"), FRAMEWORK):
            raise TypeError(f"`{type(tool).__name__}` defines `{name}`, which can't be guarded: make it a `BaseTool`")
        copy = copied(tool, {})
        if tool._original_tool is not None:
            copy._original_tool = wrap(tool._original_tool, guard)
    else:
        methods: dict[str, Method] = {
            name: body(function, receiver(function)) for name, function in overridden(tool, BODIES, FRAMEWORK).items()
        }
        for name, convert in overridden(tool, ("to_structured_tool",), FRAMEWORK).items():
            methods[name] = lambda self: wrap(convert(self), guard)
        copy = copied(tool, methods)
        if methods:
            # CrewAI keeps every class, to make tools anew from what it has stored; it would take another guard's.
            _TOOL_TYPE_REGISTRY.pop(copy.tool_type, None)
    if isinstance(tool, (Tool, CrewStructuredTool)) and tool.func is not None:
        vars(copy)["func"] = body(tool.func)
    return copy


def _failure(message: str) -> ToolFailure:
    """CrewAI's own form of a call that has come to nothing: the agent reads the message, and the crew knows of it."""
    return ToolFailure(message=message)


async def _failure_async(message: str) -> ToolFailure:
    return _failure(message)
