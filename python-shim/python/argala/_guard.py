"""`Guard`: a policy, and what becomes of a call that it doesn't allow. `protect_tools` and `protect` make one."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, TypeAlias, TypeVar

from argala import frameworks
from argala._argala import ArgalaEngine
from argala._decision import Decision
from argala._functions import wrap_function
from argala._violation import ArgalaSecurityViolation

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

OnDeny: TypeAlias = Literal["raise", "return"]
Mode: TypeAlias = Literal["enforce", "monitor"]
OnDecision: TypeAlias = Callable[[Decision], object]

logger = logging.getLogger("argala")


class Guard:
    """A policy, and what becomes of a call that it doesn't allow."""

    __slots__ = ("_engine", "_mode", "_on_decision", "_on_deny")

    def __init__(
        self,
        policy: PolicySource,
        *,
        on_deny: OnDeny = "raise",
        on_decision: OnDecision | None = None,
        mode: Mode = "enforce",
    ) -> None:
        """Loads the policy."""
        self._engine = _engine(policy)
        self._on_deny = on_deny
        self._on_decision = on_decision
        self._mode = mode

    @property
    def engine(self) -> ArgalaEngine:
        """The policy."""
        return self._engine

    @property
    def on_deny(self) -> OnDeny:
        """Whether a denial is raised or returned."""
        return self._on_deny

    @property
    def mode(self) -> Mode:
        """Whether denials count."""
        return self._mode

    def wrap(self, tool: T) -> T:
        """Any tool, a callable or a framework's; the same kind comes back."""
        wrapped = frameworks.wrap(tool, self)
        if wrapped is not None:
            return wrapped  # type: ignore[no-any-return]
        if not callable(tool):
            raise TypeError(f"a tool is a callable or a framework's tool, not `{type(tool).__name__}`")
        return self.function(tool)

    def function(self, function: F, *, method: str | None = None, unjudged: Collection[str] = ()) -> F:
        """A callable of the same kind, each call of it judged."""
        return wrap_function(self, function, method, unjudged)  # type: ignore[return-value]

    def admit(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The copy of the arguments that was judged; ArgalaSecurityViolation where the policy doesn't allow the call."""
        return self._admit(method, arguments, None)[0]

    def admit_json(self, method: str, text: str | bytes) -> None:
        """Judges arguments as JSON text; ArgalaSecurityViolation where the policy doesn't allow the call."""
        decision = self._engine.check_json(method, text)
        self._tell(decision)
        if not decision.allowed and self._mode == "enforce":
            raise ArgalaSecurityViolation(decision)

    def _admit(
        self, method: str, members: dict[str, Any], more: dict[str, Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            judged = self._engine.admit(method, members, more)
        except ArgalaSecurityViolation as violation:
            self._tell(violation.judged)
            if self._mode == "enforce":
                raise
            return members, more or {}
        if self._on_decision is not None:
            self._tell(self._engine.check(method, {**members, **(more or {})}))
        return judged

    def _tell(self, decision: Decision) -> None:
        if self._on_decision is not None:
            self._on_decision(decision)
        logger.log(logging.DEBUG if decision.allowed else logging.WARNING, "%s", decision.message)


PolicySource: TypeAlias = "dict[str, Any] | str | os.PathLike[str] | ArgalaEngine | Guard"


def protect_tools(
    tools: Iterable[T],
    policy: PolicySource,
    *,
    on_deny: OnDeny = "raise",
    on_decision: OnDecision | None = None,
    mode: Mode = "enforce",
) -> list[T]:
    """Wraps each tool so that a call runs only if the policy allows it."""
    guard = Guard(policy, on_deny=on_deny, on_decision=on_decision, mode=mode)
    return [guard.wrap(tool) for tool in tools]


def protect(
    policy: PolicySource,
    *,
    on_deny: OnDeny = "raise",
    on_decision: OnDecision | None = None,
    mode: Mode = "enforce",
) -> Callable[[T], T]:
    """A decorator: the tool that is defined below it, guarded."""
    guard = Guard(policy, on_deny=on_deny, on_decision=on_decision, mode=mode)
    return functools.partial(Guard.wrap, guard)


def _engine(policy: object) -> ArgalaEngine:
    if isinstance(policy, Guard):
        return policy.engine
    if isinstance(policy, ArgalaEngine):
        return policy
    if isinstance(policy, str) and ("\n" in policy or "=" in policy):
        return ArgalaEngine.from_toml(policy)
    if isinstance(policy, (str, os.PathLike)):
        return ArgalaEngine.from_policy_file(policy)
    if isinstance(policy, dict):
        return ArgalaEngine(policy)
    kind = type(policy).__name__
    raise TypeError(f"a policy is a dict, TOML text, the path of a TOML file, an ArgalaEngine or a Guard, not `{kind}`")
