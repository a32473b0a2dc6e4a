"""A tool's arguments: how those of a call get their names, are judged, and are passed on."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argala._guard import Guard

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and keyword arguments of one call."""

_JSON_TYPES = (str, int, float, bool, type(None), dict, list, tuple)


def signature_of(tool: Callable[..., Any]) -> Signature | None:
    """A tool's signature; None where it doesn't tell one, as some built-in functions don't."""
    try:
        return inspect.signature(tool)
    except (TypeError, ValueError):
        return None


def fixed_by(tool: Callable[..., Any]) -> frozenset[str]:
    """The parameters that a `functools.partial` has set to an object without a JSON form: a connection, say.

    Such an object is the program's own and not a model's, and judging it would make every call a denial.
    """
    names: set[str] = set()
    while isinstance(tool, functools.partial):
        names |= {name for name, value in tool.keywords.items() if type(value) not in _JSON_TYPES}
        tool = tool.func
    return frozenset(names)


def bind(
    signature: Signature | None, fixed: frozenset[str], unjudged: frozenset[str], method: str, guard: Guard
) -> Callable[..., Arguments]:
    """The function that takes a call's arguments and gives back, judged and copied, those to make the call with.

    It raises `ArgalaSecurityViolation` where the call may not be made, and `TypeError` where the tool doesn't take such
    arguments.
    """
    if signature is None:
        return _by_position(method, guard)
    return _by_name(signature, fixed, unjudged, method, guard)


def _by_name(
    signature: Signature, fixed: frozenset[str], unjudged: frozenset[str], method: str, guard: Guard
) -> Callable[..., Arguments]:
    positional, keyword = [], []
    rest = extra = None
    for name, parameter in signature.parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            rest = name
        elif parameter.kind is Parameter.VAR_KEYWORD:
            extra = name
        elif parameter.kind is Parameter.KEYWORD_ONLY:
            keyword.append(name)
        else:
            positional.append(name)
    fixed = fixed.intersection(keyword)

    def admit(*args: Any, **kwargs: Any) -> Arguments:
        bound = signature.bind(*args, **kwargs)
        # What a call doesn't set of these is left to the partial.
        left = fixed - bound.arguments.keys()
        bound.apply_defaults()
        members = bound.arguments
        for name in left:
            del members[name]
        more = None if extra is None else members.pop(extra)
        # An empty `*args` is no argument: a policy that lists the others needn't list it.
        if rest is not None and not members[rest]:
            del members[rest]
        own = {name: members.pop(name) for name in unjudged.intersection(members)}
        own_more = {name: more.pop(name) for name in unjudged.intersection(more)} if more else {}
        judged, judged_more = guard._admit(method, members, more)
        judged |= own
        judged_more |= own_more
        passed = tuple([judged[name] for name in positional])
        if rest is not None:
            passed += judged.get(rest, ())
        for name in keyword:
            if name not in left:
                judged_more[name] = judged[name]
        return passed, judged_more

    return admit


def _by_position(method: str, guard: Guard) -> Callable[..., Arguments]:
    """For a tool without a signature: positional arguments are named as in `inspect_payload`."""

    def admit(*args: Any, **kwargs: Any) -> Arguments:
        judged, more = guard._admit(method, {str(index): value for index, value in enumerate(args)}, kwargs)
        return tuple(judged.values()), more

    return admit
