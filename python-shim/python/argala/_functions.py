"""Callables as tools: a function of the same kind, each call of it judged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from operator import attrgetter
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, cast

from argala._binding import Arguments, bind, fixed_by, signature_of
from argala._violation import ArgalaSecurityViolation

if TYPE_CHECKING:
    from argala._guard import Guard

Tool = Callable[..., Any]


def wrap_function(
    guard: Guard,
    tool: Tool,
    method: str | None,
    unjudged: Collection[str],
    denied: Callable[[ArgalaSecurityViolation], object] | None = None,
) -> Tool:
    """A function of the tool's kind, each call of it judged.

    Where the guard returns denials rather than raise them, `denied` makes the result of one: its message, if not given.
    """
    name = _method_name(tool) if method is None else method
    signature = signature_of(tool)
    admit = bind(signature, fixed_by(tool), frozenset(unjudged), name, guard)
    answer = None if guard.on_deny == "raise" else denied or attrgetter("message")
    wrapper = _wrap(tool, admit, answer)
    return _dress(wrapper, tool, _method_name(tool), signature)


def guarded(
    gate: Guard,
    tool: Tool,
    method: str | None = None,
    unjudged: Collection[str] = (),
    result_of: Callable[[str], object] | None = None,
) -> Tool:
    """The function of the tool's kind; `result_of` makes what a call gives that is denied out of the message."""
    denied = None if result_of is None else lambda violation: result_of(violation.message)
    return wrap_function(gate, tool, method, unjudged, denied)


def in_place_of(tool: Tool, behind: Tool) -> Tool:
    """A function of the tool's kind, with its name and signature, that calls what is behind it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return behind(*args, **kwargs)

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        return await behind(*args, **kwargs)

    wrapper = call_async if inspect.iscoroutinefunction(tool) else call
    return _dress(wrapper, tool, _method_name(tool), signature_of(tool))


def _method_name(tool: Tool) -> str:
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


def _wrap(tool: Tool, admit: Callable[..., Arguments], answer: Callable[[Any], object] | None) -> Tool:
    """A function of the tool's kind that makes the call with what `admit` lets through.

    These functions get the tool's globals in `_dress`, so they may use no global name of this module.
    """
    violation_class = ArgalaSecurityViolation
    inspect_awaitable = inspect.isawaitable

    if inspect.iscoroutinefunction(tool):

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            try:
                args, kwargs = admit(*args, **kwargs)
            except violation_class as violation:
                if answer is None:
                    raise
                result = answer(violation)
                return await result if inspect_awaitable(result) else result
            return await tool(*args, **kwargs)

        return call_async

    if inspect.isasyncgenfunction(tool):

        async def generate_async(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            try:
                args, kwargs = admit(*args, **kwargs)
            except violation_class as violation:
                if answer is None:
                    raise
                yield answer(violation)
                return
            source = tool(*args, **kwargs)
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

        return generate_async

    if inspect.isgeneratorfunction(tool):

        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            try:
                args, kwargs = admit(*args, **kwargs)
            except violation_class as violation:
                if answer is None:
                    raise
                yield answer(violation)
                return None
            return (yield from tool(*args, **kwargs))

        return generate

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            args, kwargs = admit(*args, **kwargs)
        except violation_class as violation:
            if answer is None:
                raise
            return answer(violation)
        return tool(*args, **kwargs)

    return call


def _dress(wrapper: Tool, tool: Tool, method: str, signature: inspect.Signature | None) -> Tool:
    """Gives a wrapper the tool's name, documentation, annotations and signature, but no way to the tool itself.

    `functools.wraps` would leave the unguarded tool in `__wrapped__`, and whoever unwraps it would call that.
    """
    origin = _origin(tool)
    # An object that can be called has no name of that sort, and is described by its class's `__call__`.
    function = origin if hasattr(origin, "__qualname__") else type(origin).__call__
    plain = cast(FunctionType, wrapper)
    # Annotations may be text, and whoever evaluates them does so in the globals of the innermost function.
    scope = getattr(inspect.unwrap(function), "__globals__", plain.__globals__)
    dressed = FunctionType(plain.__code__, scope, method, None, plain.__closure__)
    has_attributes = isinstance(origin, (FunctionType, MethodType))
    functools.update_wrapper(dressed, function, updated=("__dict__",) if has_attributes else ())
    del dressed.__dict__["__wrapped__"]
    dressed.__name__ = method
    dressed.__qualname__ = getattr(origin, "__qualname__", method)
    dressed.__module__ = getattr(origin, "__module__", dressed.__module__)
    dressed.__doc__ = origin.__doc__
    if signature is not None:
        dressed.__dict__["__signature__"] = signature
    return dressed
