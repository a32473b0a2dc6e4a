"""Tools and toolsets of pydantic-ai.

What is judged is what a tool's function is called with: the arguments that the framework has validated. The
`RunContext` is the program's own.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pydantic_ai import Tool
from pydantic_ai.toolsets import AbstractToolset, ExternalToolset, WrapperToolset

from argala._violation import ArgalaSecurityViolation
from argala.frameworks import bases_of

if TYPE_CHECKING:
    from pydantic_ai._function_schema import FunctionSchema
    from pydantic_ai.toolsets import ToolsetTool

    from argala._guard import Guard

_EXTERNAL = (
    "isn't called by pydantic-ai, which hands such calls to the program: leave it out of the list, and judge each call "
    "with `Guard.admit` where the program makes it"
)
_NATIVE = "runs where the model runs, and its calls never come through this process: leave it out of the list"


def wrap(tool: Any, guard: Guard) -> Any:
    """A guarded copy of a tool, or a toolset around a toolset."""
    kinds = bases_of(tool)
    if Tool in kinds:
        return _tool(tool, guard)
    if AbstractToolset in kinds and ExternalToolset not in kinds:
        return GuardedToolset(tool, guard)
    advice = _EXTERNAL if ExternalToolset in kinds else _NATIVE
    raise TypeError(f"a pydantic-ai `{kinds[0].__name__}` can't be guarded: it {advice}")


def _tool(tool: Tool[Any], guard: Guard) -> Tool[Any]:
    guarded = copy.copy(tool)
    schema = tool.function_schema
    function = guard.function(schema.function, method=tool.name, unjudged=_context_of(schema))
    guarded.function = function
    guarded.function_schema = dataclasses.replace(schema, function=function)
    return guarded


def _context_of(schema: FunctionSchema) -> Collection[str]:
    """The parameter that gets the `RunContext`, which is always the first one and passed by its place."""
    if not schema.takes_ctx:
        return ()
    first = next(iter(inspect.signature(schema.function).parameters.values()))
    return () if first.kind is first.VAR_POSITIONAL else (first.name,)


@dataclasses.dataclass
class GuardedToolset(WrapperToolset[Any]):
    """A toolset around another one that has each call judged, by the name that the inner one's tool has."""

    guard: Guard

    async def get_tools(self, ctx: Any) -> dict[str, ToolsetTool[Any]]:
        """The inner toolset's tools; TypeError where calls of one don't come back through here."""
        tools = await super().get_tools(ctx)
        for name, tool in tools.items():
            if tool.tool_def.kind == "external":
                raise TypeError(f"`{name}` of {self.wrapped.label} can't be guarded: it {_EXTERNAL}")
        return tools

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: Any, tool: ToolsetTool[Any]) -> Any:
        """Judges, then calls the inner toolset's tool with what was judged."""
        try:
            judged = self.guard.admit(name, tool_args)
        except ArgalaSecurityViolation as violation:
            if self.guard.on_deny == "raise":
                raise
            return violation.message
        return await super().call_tool(name, judged, ctx, tool)
