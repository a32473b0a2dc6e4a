"""A copy of a tool that is a pydantic model, in which methods of its class are others.

The copy's class is made of the tool's, so that whatever copies the copy (`model_copy`, `copy.deepcopy`) copies the guard
with it, and `self` is always the tool that was called.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Iterable
from inspect import Parameter, getattr_static
from types import FunctionType
from typing import Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)
Method = Callable[..., Any]


def copied(tool: T, methods: dict[str, Method]) -> T:
    """A shallow copy of the tool; its class has these methods in place of its own."""
    copy = BaseModel.__copy__(tool)
    if methods:
        object.__setattr__(copy, "__class__", _derived(type(tool), methods))
    return copy


def _derived(base: type[T], methods: dict[str, Method]) -> type[T]:
    def fill(namespace: dict[str, Any]) -> None:
        namespace.update(methods)
        namespace["__module__"] = base.__module__
        # No one finds the class by this name: what is stored by its class's name never comes back as another class.
        namespace["__qualname__"] = f"{base.__qualname__}.<guarded>"
        namespace["__doc__"] = base.__doc__

    return types.new_class(base.__name__, (base,), exec_body=fill)


def overridden(tool: BaseModel, names: Iterable[str], framework: Collection[type]) -> dict[str, Method]:
    """Which of these methods the tool has not from its framework's own classes.

    Raises:
        TypeError: One of them is no plain method, so that it isn't known what a call of it gets.
    """
    found: dict[str, Method] = {}
    for name in names:
        attribute: object = None
        if name in vars(tool):
            attribute = vars(tool)[name]
        else:
            owner = next((base for base in type(tool).__mro__ if name in vars(base)), None)
            if owner is None or owner in framework:
                continue
            attribute = getattr_static(owner, name)
            if isinstance(attribute, FunctionType):
                found[name] = _with_receiver(attribute)
                continue
        raise TypeError(
            f"`{type(tool).__name__}.{name}` is not a method but a `{type(attribute).__name__}`, and can't be guarded: "
            "define it in the class"
        )
    return found


def receiver(method: Method) -> str:
    """The name of a method's first parameter: `self`, as a rule."""
    return next(iter(inspect.signature(method).parameters))


def _with_receiver(method: FunctionType) -> Method:
    """The method; one of `(*args, **kwargs)`, as decorators make them, as one that takes its tool apart from the rest."""
    kinds = [parameter.kind for parameter in inspect.signature(method).parameters.values()]
    if kinds and kinds[0] in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
        return method

    def of_tool(self: object, /, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs)

    of_tool.__name__ = method.__name__
    of_tool.__qualname__ = method.__qualname__
    return of_tool
