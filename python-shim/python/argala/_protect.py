"""`protect_tools`: a program's tools, each call of them judged."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from types import FunctionType, MethodType
from typing import Any, cast

from argala._argala import ArgalaEngine
from argala._binding import Arguments, bind, fixed_by, signature_of

Tool = Callable[..., Any]


def protect_tools(tools: Iterable[Tool], policy: dict[str, Any] | str | os.PathLike[str] | ArgalaEngine) -> list[Tool]:
    """Wraps each tool so that a call runs only if the policy allows it, with the very arguments that were judged.

    A tool is a function (plain, async, generator, async generator), a bound method, a `functools.partial` or an object
    that can be called. What comes back is a function with the same name, documentation, signature and annotations, of
    the same kind to `inspect`.

    - The method that the policy judges is the function's `__name__` (a partial's function's; an object's `__name__`,
      else its `name`, else its class's name), as it is when it is wrapped.
    - Arguments are judged by their parameters' names, however they are passed, defaults too; extra positional ones as
      an array by the name of `*args`, extra keyword ones by their own names. Without a signature, as some built-in
      functions are, positional ones are judged as "0", "1", …. What a partial has set by position, or to an object
      without a JSON form, is the program's own and isn't judged.
    - A call gets copies of its dicts, lists and tuples: what another thread does to the originals doesn't reach the
      tool, and what the tool does to the copies doesn't reach the caller.
    - A function is judged when it is called; the body of an async one or of a generator, before it begins.

    Args:
        tools: The tools.
        policy: A dict, the path of a TOML file, or an engine.

    Returns:
        The wrapped tools, in order. A call of one raises `ArgalaSecurityViolation` where the policy doesn't allow it,
        and `TypeError` where the tool doesn't take such arguments.

    Raises:
        PolicyError: The policy doesn't load.
        OSError: The policy's file can't be read.
        TypeError: A tool can't be called, or the policy is none of these.
    """
    engine = _engine(policy)
    if callable(tools):
        raise TypeError("protect_tools takes several tools: put a single one in a list, protect_tools([tool], policy)")
    return [_protect(tool, index, engine) for index, tool in enumerate(tools)]


def _engine(policy: object) -> ArgalaEngine:
    if isinstance(policy, ArgalaEngine):
        return policy
    if isinstance(policy, (str, os.PathLike)):
        return ArgalaEngine.from_policy_file(policy)
    if isinstance(policy, dict):
        return ArgalaEngine(policy)
    kind = type(policy).__name__
    raise TypeError(f"a policy is a dict, the path of a TOML file or an ArgalaEngine, not `{kind}`")


def _protect(tool: Tool, index: int, engine: ArgalaEngine) -> Tool:
    if not callable(tool):
        kind = type(tool).__name__
        raise TypeError(
            f"protect_tools takes functions and other callables; tools[{index}] is a `{kind}`, which can't be called. "
            "Protect the function that a framework's tool is made from, then make the tool"
        )
    method = _method_name(tool)
    signature = signature_of(tool)
    return _dress(_wrap(tool, bind(signature, fixed_by(tool), method, engine)), tool, method, signature)


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


def _wrap(tool: Tool, admit: Callable[..., Arguments]) -> Tool:
    """A function of the tool's kind that makes the call with what `admit` lets through.

    These functions get the tool's globals in `_dress`, so they may use no global name of this module.
    """
    if inspect.iscoroutinefunction(tool):

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = admit(*args, **kwargs)
            return await tool(*args, **kwargs)

        return call_async

    if inspect.isasyncgenfunction(tool):

        async def generate_async(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            args, kwargs = admit(*args, **kwargs)
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
            args, kwargs = admit(*args, **kwargs)
            return (yield from tool(*args, **kwargs))

        return generate

    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = admit(*args, **kwargs)
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
