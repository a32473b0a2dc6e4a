"""Callables as tools: a function of the same kind, each call of it judged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from dataclasses import dataclass
from inspect import Signature
from types import BuiltinFunctionType, CellType, FunctionType, MethodType
from typing import Any, TypeVar, cast

from argala._argala import Gate, Guarded

Tool = Callable[..., Any]
F = TypeVar("F", bound=Tool)

_JSON_TYPES = (str, int, float, bool, type(None), dict, list, tuple)


def guarded(
    gate: Gate,
    tool: F,
    method: str | None = None,
    unjudged: Collection[str] = (),
    result_of: Callable[[str], Any] | None = None,
) -> F:
    """A function of the tool's kind, name and signature that makes only those calls that the gate lets pass.

    Where the gate gives denials back, `result_of` makes the result of one out of its message: what a call of the tool
    itself gives, so a coroutine for an async function. Without it, the message is the result.
    """
    called = _pinned(tool)
    result_of = result_of or _KINDS[_kind_of(called)].result_of
    name = method or _name_of(tool)
    behind = Guarded(gate, called, name, _signature_of(tool), _of_partial(tool), set(unjudged), result_of)
    return _in_place_of(tool, behind.caller(), behind)


def in_place_of(tool: F, behind: Tool) -> F:
    """A function of the tool's kind, name and signature that calls what is behind it."""
    return _in_place_of(tool, behind, behind)


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
# What is given back has the code of one of these. In place of the text "guarded" stands the native function, as a
# constant of the code: no name and no cell leads to it that could be set to something else. The cell `behind`, which
# nothing reads, shows the tool to Python's collector. They run with the tool's globals, so they may use no global name
# of this module.


def _plain(behind: Any = None) -> Tool:
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal behind
        guarded: Any = "guarded"
        return guarded(*args, **kwargs)

    return call


def _async(behind: Any = None) -> Tool:
    async def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal behind
        guarded: Any = "guarded"
        return await guarded(*args, **kwargs)

    return call


def _generator(behind: Any = None) -> Tool:
    def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        nonlocal behind
        guarded: Any = "guarded"
        return (yield from guarded(*args, **kwargs))

    return generate


def _async_generator(behind: Any = None) -> Tool:
    async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        nonlocal behind
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

    return generate


# --- a denial's message as the result of a function of each kind


async def _result_async(message: str) -> str:
    return message


def _generated(message: str) -> Generator[str, None, None]:
    yield message


async def _generated_async(message: str) -> AsyncGenerator[str, None]:
    yield message


@dataclass(frozen=True)
class _Kind:
    function: Tool
    result_of: Tool | None


_KINDS = {
    "plain": _Kind(_plain(), None),
    "async": _Kind(_async(), _result_async),
    "generator": _Kind(_generator(), _generated),
    "async generator": _Kind(_async_generator(), _generated_async),
}


def _kind_of(tool: Tool) -> str:
    if inspect.iscoroutinefunction(tool):
        return "async"
    if inspect.isasyncgenfunction(tool):
        return "async generator"
    if inspect.isgeneratorfunction(tool):
        return "generator"
    return "plain"


def _in_place_of(tool: F, called: Tool, behind: object) -> F:
    """A function with the tool's kind, name, documentation, annotations and signature, but no way to the tool itself.

    `functools.wraps` would leave the unguarded tool in `__wrapped__`, and whoever unwraps it would call that.
    """
    name = _name_of(tool)
    signature = _signature_of(tool)
    origin = _origin(tool)
    # An object that can be called has no name of that sort, and is described by its class's `__call__`.
    described = origin if hasattr(origin, "__qualname__") else type(origin).__call__
    # Annotations may be text, and whoever evaluates them does so in the globals of the innermost function.
    scope = getattr(inspect.unwrap(described), "__globals__", {})
    code = cast(FunctionType, _KINDS[_kind_of(tool)].function).__code__
    constants = tuple(called if constant == "guarded" else constant for constant in code.co_consts)
    dressed = FunctionType(code.replace(co_consts=constants), scope, name, None, (CellType(behind),))
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
    return cast(F, dressed)


_WAYS_ROUND = (FunctionType, MethodType, BuiltinFunctionType, functools.partial)
