"""`Guard`: a policy, and what becomes of a call that it doesn't allow. `protect_tools` and `protect` make one."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, TypeAlias, TypeVar

from argala import _log, frameworks
from argala._argala import ArgalaEngine, Decision, Gate
from argala._functions import guarded

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

OnDeny: TypeAlias = Literal["raise", "return"]
OnDecision: TypeAlias = Callable[[Decision], object]
Mode: TypeAlias = Literal["enforce", "monitor"]
PolicySource: TypeAlias = "dict[str, Any] | str | os.PathLike[str] | ArgalaEngine | Guard"


class Guard(Gate):
    """A policy, and what becomes of a call that it doesn't allow. It never changes; threads may share it.

    ```python
    guard = Guard("policy.toml", on_deny="return")
    tools = [guard.wrap(tool) for tool in tools]
    ```
    """

    __slots__ = ()

    def __new__(
        cls,
        policy: PolicySource,
        *,
        on_deny: OnDeny | None = None,
        on_decision: OnDecision | None = None,
        mode: Mode | None = None,
    ) -> Guard:
        """Loads the policy.

        Args:
            policy: A dict, the path of a TOML file, TOML text (what holds a line break or a `=`), an `ArgalaEngine`, or
                another guard, from which come the options, too, that aren't given here.
            on_deny: "raise" (the default): a call that isn't allowed raises `ArgalaSecurityViolation`. "return": the
                call gives the message as the tool's result, for a model to read; a generator yields it, once.
            on_decision: Is called with the `Decision` of each call, before the call is made. What it raises goes to the
                caller, and the call isn't made.
            mode: "enforce" (the default). "monitor": every call is made; the logger `argala` warns of those that the
                policy doesn't allow.

        Raises:
            PolicyError: The policy doesn't load.
            OSError: The policy's file can't be read.
            TypeError: The policy is none of these.
        """
        if isinstance(policy, Guard):
            on_deny = on_deny or policy.on_deny
            on_decision = on_decision or policy.on_decision
            mode = mode or policy.mode
        guard = super().__new__(cls, _engine(policy), on_deny or "raise", mode or "enforce", on_decision)
        if guard.mode == "monitor":
            _log.monitors(guard.engine)
        return guard

    def wrap(self, tool: T) -> T:
        """Guards a tool: a framework's, or anything that can be called. What comes back is of the same kind.

        Raises:
            TypeError: It is neither.
        """
        wrapped: T | None = frameworks.wrap(tool, self)
        if wrapped is not None:
            return wrapped
        if not callable(tool):
            kind = type(tool).__name__
            raise TypeError(
                f"a tool is a callable, or a tool of a framework that Argala knows; a `{kind}` is neither. "
                "Guard the function that it is made from, guard.function(function, method=its name), then make the tool"
            )
        return guarded(self, tool)

    def function(self, function: F, *, method: str | None = None, unjudged: Collection[str] = ()) -> F:
        """Guards anything that can be called. What comes back is a function of the same kind, name and signature.

        Args:
            function: A function (plain, async, generator, async generator), a method, a `functools.partial`, a class
                or an object that can be called.
            method: The name that the policy judges. Default: the function's (of a partial: its function's; of an
                object: its `__name__`, else its `name`, else its class's name), as it is now.
            unjudged: Names of parameters that are the program's own and not the model's, such as an injected context:
                they are passed on as they are.

        Raises:
            TypeError: It can't be called.
            ValueError: `unjudged` names what is no parameter.
        """
        if not callable(function):
            raise TypeError(f"a `{type(function).__name__}` can't be called")
        return guarded(self, function, method, unjudged)


def protect_tools(
    tools: Iterable[T],
    policy: PolicySource,
    *,
    on_deny: OnDeny | None = None,
    on_decision: OnDecision | None = None,
    mode: Mode | None = None,
) -> list[T]:
    """Guards tools so that a call runs only if the policy allows it, with the very arguments that were judged.

    A tool is a function (plain, async, generator, async generator), a bound method, a `functools.partial`, an object
    that can be called, or a framework's. What comes back is of the same kind, with the same name, documentation,
    signature and annotations.

    - The method that the policy judges is the tool's name, as it is when it is wrapped.
    - Arguments are judged by their parameters' names, however they are passed, defaults too (as they are when the
      tool is wrapped); extra positional ones as an array by the name of `*args`, extra keyword ones by their own names.
      Without a signature, as some built-in functions are, positional ones are judged as "0", "1", …. What a partial has
      set by position, or to an object without a JSON form, is the program's own and isn't judged.
    - A call gets copies of its dicts, lists and tuples: what another thread does to the originals doesn't reach the
      tool, and what the tool does to the copies doesn't reach the caller.
    - A function is judged when it is called; the body of an async one or of a generator, before it begins.

    Args:
        tools: The tools.
        policy: As for `Guard`, as are the options.
        on_deny: "raise" or "return" the message as the tool's result.
        on_decision: Is called with each decision.
        mode: "enforce", or "monitor": log, and let pass.

    Returns:
        The guarded tools, in order. A call of one raises `ArgalaSecurityViolation` where the policy doesn't allow it,
        and `TypeError` where the tool doesn't take such arguments.

    Raises:
        PolicyError: The policy doesn't load.
        OSError: The policy's file can't be read.
        TypeError: One is no tool, or the policy is no policy.
    """
    if callable(tools) or not isinstance(tools, Iterable):
        raise TypeError("protect_tools takes several tools: put a single one in a list, protect_tools([tool], policy)")
    guard = Guard(policy, on_deny=on_deny, on_decision=on_decision, mode=mode)
    protected = []
    for index, tool in enumerate(tools):
        try:
            protected.append(guard.wrap(tool))
        except TypeError as error:
            raise TypeError(f"tools[{index}] is a `{type(tool).__name__}`: {error}") from error
    return protected


def protect(
    policy: PolicySource,
    *,
    on_deny: OnDeny | None = None,
    on_decision: OnDecision | None = None,
    mode: Mode | None = None,
) -> Callable[[T], T]:
    """A decorator that guards the tool below it. The policy and the options are those of `Guard`.

    ```python
    @protect("policy.toml")
    def execute_sql_query(query: str) -> str: ...
    ```
    """
    return Guard(policy, on_deny=on_deny, on_decision=on_decision, mode=mode).wrap


def _engine(policy: object) -> ArgalaEngine:
    if isinstance(policy, Guard):
        return policy.engine
    if isinstance(policy, ArgalaEngine):
        return policy
    if isinstance(policy, dict):
        return ArgalaEngine(policy)
    if isinstance(policy, str) and ("\n" in policy or "=" in policy):
        return ArgalaEngine.from_toml(policy)
    if isinstance(policy, str):
        try:
            return ArgalaEngine.from_policy_file(policy)
        except FileNotFoundError as error:
            text = f"{error.strerror}; a str without a line break or a `=` is taken as a path, not as TOML text"
            raise FileNotFoundError(error.errno, text, policy) from None
    if isinstance(policy, os.PathLike):
        return ArgalaEngine.from_policy_file(policy)
    kind = type(policy).__name__
    raise TypeError(f"a policy is a dict, the path of a TOML file, TOML text, an ArgalaEngine or a Guard, not `{kind}`")
