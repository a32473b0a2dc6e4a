"""Callables as tools: a function of the same kind, each call of it judged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from inspect import Signature
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any, TypeVar, cast

from argala._argala import Gate, Guarded

Tool = Callable[..., Any]
F = TypeVar("F", bound=Tool)

_JSON_TYPES = (str, int, float, bool, type(None), dict, list, tuple)


def guarded(gate: Gate, tool: F, method: str | None = None, unjudged: Collection[str] = ()) -> F:
    """A function of the tool's kind, with its name and signature, that makes only those calls that the gate lets pass."""
    name = _name_of(tool)
    signature = _signature_of(tool)
    called = _pinned(tool)
    result_of = _KINDS[_kind_of(called)].result_of
    behind = Guarded(gate, called, method or name, signature, _of_partial(tool), set(unjudged), result_of)
    return cast(F, _dress(_KINDS[_kind_of(tool)].code(behind), tool, name, signature))


def _name_of(tool: Tool) -> str:
    origin = _origin(tool)
    for name in (getattr(origin, "__name__", None), getattr(origin, "name", None)):
        if isinstance(name, str) and name:
            return name
    return type(origin).__name__


def _origin(tool: Tool) -> Tool:
    """The function, method or object that a partial, or a partial of one, is made from."""
    while isinstance(tool, functools.partial):
        tool = tool.func
    return tool


def _signature_of(tool: Tool) -> Signature | None:
    """A tool's signature; None where it doesn't tell one, as some built-in functions don't."""
    try:
        return inspect.signature(tool)
    except (TypeError, ValueError):
        return None


def _of_partial(tool: Tool) -> set[str]:
    """The parameters that a `functools.partial` has set to an object without a JSON form: a connection, say.

    Such an object is the program's own and not a model's, and judging it would make every call a denial.
    """
    names: set[str] = set()
    while isinstance(tool, functools.partial):
        names |= {name for name, value in tool.keywords.items() if type(value) not in _JSON_TYPES}
        tool = tool.func
    return names


def _pinned(tool: Tool) -> Tool:
    """What a call of the tool runs, as it is now: another `__call__` that its class gets later doesn't count."""
    if isinstance(tool, (FunctionType, MethodType, BuiltinFunctionType, functools.partial, type)):
        return tool
    call = inspect.getattr_static(type(tool), "__call__", None)
    return MethodType(call, tool) if isinstance(call, FunctionType) else tool


# --- the kinds of functions
#
# These functions become the code of what is given back. In place of the text "guarded" stands the native object, as a
# constant of the code: no name and no cell leads to it that could be set to something else. They run with the tool's
# globals, so they may use no global name of this module.


def _call(*args: Any, **kwargs: Any) -> Any:
    guarded: Any = "guarded"
    return guarded(*args, **kwargs)


async def _call_async(*args: Any, **kwargs: Any) -> Any:
    guarded: Any = "guarded"
    return await guarded(*args, **kwargs)


def _generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
    guarded: Any = "guarded"
    return (yield from guarded(*args, **kwargs))


async def _generate_async(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
    guarded: Any = "guarded"
    source = guarded(*args, **kwargs)
    # What `yield from` does, which an async generator may not say.
    try:
        item = await source.__anext__()
        while True:
            try:
                sent = yield item
            except GeneratorExit:
                await source.aclose()
                raise
            except BaseException as error:
                item = await source.athrow(error)
            else:
                item = await source.asend(sent)
    except StopAsyncIteration:
        return


# --- a denial's message as the result of a function of each kind


async def _result_async(message: str) -> str:
    return message


def _generated(message: str) -> Generator[str, None, None]:
    yield message


async def _generated_async(message: str) -> AsyncGenerator[str, None]:
    yield message


class _Kind:
    def __init__(self, function: Tool, result_of: Tool | None) -> None:
        self._code = cast(FunctionType, function).__code__
        self.result_of = result_of

    def code(self, behind: Guarded) -> CodeType:
        constants = tuple(behind if constant == "guarded" else constant for constant in self._code.co_consts)
        return self._code.replace(co_consts=constants)


_KINDS = {
    "plain": _Kind(_call, None),
    "async": _Kind(_call_async, _result_async),
    "generator": _Kind(_generate, _generated),
    "async generator": _Kind(_generate_async, _generated_async),
}


def _kind_of(tool: Tool) -> str:
    if inspect.iscoroutinefunction(tool):
        return "async"
    if inspect.isasyncgenfunction(tool):
        return "async generator"
    if inspect.isgeneratorfunction(tool):
        return "generator"
    return "plain"


def _dress(code: CodeType, tool: Tool, name: str, signature: Signature | None) -> FunctionType:
    """A function with the tool's name, documentation, annotations and signature, but no way to the tool itself.

    `functools.wraps` would leave the unguarded tool in `__wrapped__`, and whoever unwraps it would call that.
    """
    origin = _origin(tool)
    # An object that can be called has no name of that sort, and is described by its class's `__call__`.
    described = origin if hasattr(origin, "__qualname__") else type(origin).__call__
    # Annotations may be text, and whoever evaluates them does so in the globals of the innermost function.
    scope = getattr(inspect.unwrap(described), "__globals__", {})
    dressed = FunctionType(code, scope, name)
    functools.update_wrapper(dressed, described, updated=())
    if isinstance(origin, (FunctionType, MethodType)):
        # A function among the attributes may be the tool itself, or what it was made from.
        kept = {key: value for key, value in origin.__dict__.items() if not isinstance(value, _WAYS_ROUND)}
        dressed.__dict__.update(kept)
    dressed.__dict__.pop("__wrapped__", None)
    dressed.__name__ = name
    dressed.__qualname__ = getattr(origin, "__qualname__", name)
    dressed.__module__ = getattr(origin, "__module__", dressed.__module__)
    dressed.__doc__ = origin.__doc__
    if signature is not None:
        dressed.__dict__["__signature__"] = signature
    return dressed


_WAYS_ROUND = (FunctionType, MethodType, BuiltinFunctionType, functools.partial)
