"""LangChain's tools, those of langchain-mcp-adapters among them.

A tool's body is guarded: `_run` and `_arun` of a class, `func` and `coroutine` of a `StructuredTool` or `Tool`. They get
what LangChain has validated, so what is judged is what runs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, Tool
from pydantic import BaseModel

from argala._functions import guarded, in_place_of
from argala._violation import ArgalaSecurityViolation
from argala.frameworks._injected_arguments import Injected, set_by_langchain
from argala.frameworks._pydantic_tool import Method, copied, overridden, receiver

if TYPE_CHECKING:
    from argala._guard import Guard

T = TypeVar("T", bound=BaseTool)

FRAMEWORK = {StructuredTool, Tool, *BaseTool.__mro__}
"""The classes whose methods run nothing but a tool's body."""
VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
BODIES = ("_run", "_arun", "__call__")
ENTRIES = ("invoke", "ainvoke", "run", "arun")
OTHER_ENTRIES = (
    *("stream", "astream", "astream_events", "astream_log", "transform", "atransform"),
    *("batch", "abatch", "batch_as_completed", "abatch_as_completed"),
)


def wrap(tool: T, guard: Guard) -> T:
    """The tool, guarded.

    Raises:
        TypeError: Its class runs calls in a way of its own that can't be guarded.
    """
    wrapped: T = _Wrapping(tool, guard).wrapped()
    return wrapped


class _Wrapping:
    def __init__(self, tool: BaseTool, guard: Guard) -> None:
        self.tool = tool = BaseModel.__copy__(tool)
        self.guard = guard
        self.method = tool.name
        self.functions = {
            name: function
            for name in ("func", "coroutine")
            if isinstance(tool, (StructuredTool, Tool)) and (function := getattr(tool, name)) is not None
        }
        self.bodies = overridden(tool, BODIES, FRAMEWORK)
        self.entries = overridden(tool, ENTRIES, FRAMEWORK)
        for name in overridden(tool, OTHER_ENTRIES, FRAMEWORK):
            raise TypeError(
                f"`{type(tool).__name__}` defines `{name}`, which can't be guarded; define `_run` and `_arun`, on which "
                f"LangChain's own `{name}` stands"
            )
        self.injected = Injected(tool, *self.functions.values(), *self.bodies.values())

    def wrapped(self) -> Any:
        methods: dict[str, Method] = {
            name: self.body(body, receiver(body), "run_manager") for name, body in self.bodies.items()
        }
        methods |= {name: self.entry(entry) for name, entry in self.entries.items()}
        if self.guard.on_deny == "return":
            for name in {"run", "arun", *self.entries}:
                methods[name] = _answering(methods.get(name) or getattr(type(self.tool), name))
        copy = copied(self.tool, methods)
        vars(copy).update({name: self.body(function, "callbacks") for name, function in self.functions.items()})
        return copy

    def body(self, function: Callable[..., Any], *of_langchain: str) -> Callable[..., Any]:
        """A function or method that is judged by what it gets, without what is LangChain's or LangGraph's own."""
        always = set_by_langchain(function, *of_langchain)
        injected = self.injected
        if not injected.names:
            return self.guarded(function, always)
        variant = functools.lru_cache(maxsize=64)(lambda own: self.guarded(function, always | own))

        def run(*args: Any, **kwargs: Any) -> Any:
            return variant(injected.own_in_call(function, args, kwargs))(*args, **kwargs)

        return in_place_of(function, run)

    def guarded(self, function: Callable[..., Any], unjudged: frozenset[str]) -> Callable[..., Any]:
        parameters = inspect.signature(function).parameters.values()
        variadic = {parameter.name: parameter.kind for parameter in parameters if parameter.kind in VARIADIC}
        names = unjudged - variadic.keys()
        if Parameter.VAR_KEYWORD not in variadic.values():
            names &= {parameter.name for parameter in parameters}
        return guarded(self.guard, function, self.method, names, _deny)

    def entry(self, function: FunctionType) -> Method:
        """`invoke` or `run` of the tool's own class, which may run anything: its input is judged before."""
        signature = inspect.signature(function)
        _, name, *_ = signature.parameters

        def judged(*args: Any, **kwargs: Any) -> Any:
            call = signature.bind(*args, **kwargs)
            call.arguments[name] = self.input(call.arguments[name])
            return function(*call.args, **call.kwargs)

        return in_place_of(function, judged)

    def input(self, given: Any) -> Any:
        """A tool's input as it was judged: a text for its only argument, arguments by name, or a model's call."""
        if not isinstance(given, dict):
            name = next(iter(self.tool.args), "tool_input")
            return self.input({name: given})[name]
        if given.get("type") == "tool_call":
            return {**given, "args": self.input(given["args"])}
        own = {name: given[name] for name in self.injected.own(given) if name in given}
        arguments = {name: value for name, value in given.items() if name not in own}
        try:
            return {**self.guard.admit(self.method, arguments), **own}
        except ArgalaSecurityViolation as violation:
            if self.guard.on_deny == "raise":
                raise
            _deny(violation.message)


class CallDenied(Exception):  # noqa: N818 - it is a result on its way
    """A denial by a tool's own guard, on its way to becoming the tool's result. Its text is the message."""


def _deny(message: str) -> NoReturn:
    raise CallDenied(message)


def _answering(entry: Method) -> Method:
    """`run` or the like, in which a denial becomes the result: what a tool's own error becomes where the tool handles it."""
    takes_call = entry.__name__.endswith("invoke")

    def answer(denied: CallDenied, tool: BaseTool, *args: Any, **kwargs: Any) -> str | ToolMessage:
        call_id = kwargs.get("tool_call_id")
        if takes_call:
            given = kwargs.get("input", args[0] if args else None)
            call_id = given.get("id") if isinstance(given, dict) and given.get("type") == "tool_call" else None
        if call_id is None:
            return str(denied)
        return ToolMessage(str(denied), tool_call_id=call_id, name=tool.name, status="error")

    def answering(*args: Any, **kwargs: Any) -> Any:
        try:
            return entry(*args, **kwargs)
        except CallDenied as denied:
            return answer(denied, *args, **kwargs)

    async def answering_async(*args: Any, **kwargs: Any) -> Any:
        try:
            return await entry(*args, **kwargs)
        except CallDenied as denied:
            return answer(denied, *args, **kwargs)

    return in_place_of(entry, answering_async if inspect.iscoroutinefunction(entry) else answering)
