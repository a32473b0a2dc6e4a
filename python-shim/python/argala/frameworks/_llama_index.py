"""Tools of LlamaIndex.

What is judged of a `FunctionTool` is what its functions are called with. The workflow's `Context` and the values of
`partial_params` are the program's own as long as a call leaves them what they are. Of any other tool, what it is called
with is judged.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llama_index.core.tools import FunctionTool
from llama_index.core.tools.function_tool import async_to_sync, sync_to_async
from llama_index.core.tools.types import AsyncBaseTool, BaseTool, ToolOutput
from llama_index.core.workflow import Context

from argala._violation import ArgalaSecurityViolation
from argala.frameworks import bases_of

if TYPE_CHECKING:
    from argala._guard import Guard

Function = Callable[..., Any]

_WAYS = ("__call__", "call", "acall")
"""The methods by which agents and programs call a tool."""

_INNARDS = ("query_engine", "retriever", "as_langchain_tool")
"""What hands out, of a tool that is no `FunctionTool`, the thing that it calls."""


def wrap(tool: Any, guard: Guard) -> Any:
    """A guarded copy of a tool."""
    kinds = bases_of(tool)
    if FunctionTool not in kinds:
        return _tool(tool, guard)
    guarded = _function_tool(tool, guard)
    # A subclass may do what it likes where it is called.
    own = any(_home(kinds, way) is not FunctionTool for way in _WAYS)
    return _tool(guarded, guard) if own else guarded


def _home(kinds: tuple[type, ...], way: str) -> type | None:
    """The class that a method comes from. The methods themselves are made anew at each look, by instrumentation."""
    return next((kind for kind in kinds if way in vars(kind)), None)


def _function_tool(tool: FunctionTool, guard: Guard) -> FunctionTool:
    real = tool.real_fn
    judged = _judged(real, tool, guard)
    guarded = copy.copy(tool)
    guarded._real_fn = judged
    guarded._fn = _follow(tool.fn, async_to_sync, real, judged) or _judged(tool.fn, tool, guard)
    guarded._async_fn = _follow(tool.async_fn, sync_to_async, real, judged) or _judged(tool.async_fn, tool, guard)
    return guarded


def _follow(
    function: Function, adapted: Callable[[Any], Function], real: Function, judged: Function
) -> Function | None:
    """What LlamaIndex would have made of the guarded function, where it made `function` of the real one."""
    if function is real:
        return judged
    if getattr(function, "__code__", None) is not adapted(real).__code__:
        return None
    cells = function.__closure__ or ()
    return adapted(judged) if any(cell.cell_contents is real for cell in cells) else None


def _judged(function: Function, tool: FunctionTool, guard: Guard) -> Function:
    method = tool.metadata.get_name()
    parameters = inspect.signature(function).parameters
    context = tool.ctx_param_name if tool.ctx_param_name in parameters else None
    given = {name: value for name, value in tool.partial_params.items() if name in parameters}

    @functools.cache
    def judged_but(unjudged: frozenset[str]) -> Function:
        return guard.function(function, method=method, unjudged=unjudged)

    if context is None and not given:
        return judged_but(frozenset())

    # A model can name these parameters too, and then what it has put there counts.
    def judged(arguments: dict[str, Any]) -> Function:
        own = {name for name, value in given.items() if name in arguments and arguments[name] is value}
        if context in arguments and Context in bases_of(arguments[context]):
            own.add(context)
        return judged_but(frozenset(own))

    if inspect.iscoroutinefunction(function):

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            return await judged(kwargs)(*args, **kwargs)

        return _dressed(call_async, judged_but(frozenset()))

    def call(*args: Any, **kwargs: Any) -> Any:
        return judged(kwargs)(*args, **kwargs)

    return _dressed(call, judged_but(frozenset()))


def _dressed(function: Function, guarded: Function) -> Function:
    functools.update_wrapper(function, guarded)
    del function.__wrapped__  # type: ignore[attr-defined]
    function.__signature__ = inspect.signature(guarded)  # type: ignore[attr-defined]
    return function


def _tool(tool: BaseTool, guard: Guard) -> BaseTool:
    """A copy of a tool whose class has the ways in guarded; behind them stands the tool itself."""
    kind = type(tool)
    method = tool.metadata.get_name()
    members: dict[str, Any] = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
    }
    for way in _WAYS:
        # The framework's own `__call__` goes on to `call`.
        if _home(bases_of(tool), way) not in (None, AsyncBaseTool):
            members[way] = _guarded_way(getattr(tool, way), method, tool, guard)
    for name in _INNARDS:
        if hasattr(kind, name):
            members[name] = property(functools.partial(_kept, name))
    guarded = copy.copy(tool)
    guarded.__class__ = type(kind.__name__, (kind,), members)
    return guarded


def _guarded_way(run: Function, method: str, tool: BaseTool, guard: Guard) -> Function:
    def judge(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        # The framework passes a single argument by its place; it counts by the name that the model knows.
        names = [name for name in tool.metadata.get_parameters_dict()["properties"] if name not in kwargs]
        if len(args) > len(names):
            raise TypeError(f"{method} takes {len(names)} arguments by their place, not {len(args)}")
        names = names[: len(args)]
        judged = guard.admit(method, {**dict(zip(names, args, strict=True)), **kwargs})
        return [judged.pop(name) for name in names], judged

    def shown(violation: ArgalaSecurityViolation, kwargs: dict[str, Any]) -> ToolOutput:
        if guard.on_deny == "raise":
            raise violation
        message = violation.message
        return ToolOutput(tool_name=method, content=message, raw_input=kwargs, raw_output=message, is_error=True)

    if inspect.iscoroutinefunction(run):

        async def call_async(_: Any, /, *args: Any, **kwargs: Any) -> Any:
            try:
                judged, by_name = judge(args, kwargs)
            except ArgalaSecurityViolation as violation:
                return shown(violation, kwargs)
            return await run(*judged, **by_name)

        return call_async

    def call(_: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            judged, by_name = judge(args, kwargs)
        except ArgalaSecurityViolation as violation:
            return shown(violation, kwargs)
        return run(*judged, **by_name)

    return call


def _kept(name: str, tool: BaseTool) -> Any:
    raise TypeError(f"`{name}` of a guarded tool would be a way past the guard: take it from the tool that was guarded")
