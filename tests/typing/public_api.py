"""What a type checker makes of the package's public API: `make lint` reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from argala import (
    ArgalaEngine,
    ArgalaSecurityViolation,
    Decision,
    Guard,
    protect,
    protect_tools,
)
from typing_extensions import assert_type

POLICY: dict[str, Any] = {"allowed_methods": ["*"]}


def query(sql: str, limit: int = 10) -> list[str]:
    return [sql] * limit


class Tool:
    def __call__(self, sql: str) -> str:
        return sql


# A guarded tool is what it was: a call that was wrong is still wrong, and what it gives is known.
guard = Guard(POLICY)
assert_type(guard.wrap(query)("SELECT 1", limit=2), list[str])
assert_type(guard.wrap(Tool()), Tool)
assert_type(guard.function(query, method="run_query", unjudged={"limit"})("SELECT 1"), list[str])
guard.wrap(query)(7)  # type: ignore[arg-type]
guard.wrap(query)("SELECT 1", rows=2)  # type: ignore[call-arg]
assert_type(protect_tools([Tool(), Tool()], POLICY), list[Tool])


@protect(POLICY, on_deny="return")
def decorated(sql: str) -> int:
    return len(sql)


@protect(POLICY)
async def decorated_async(sql: str) -> int:
    return len(sql)


@protect(POLICY)
def decorated_generator(sql: str) -> Iterator[str]:
    yield sql


@protect(POLICY)
async def decorated_async_generator(sql: str) -> AsyncIterator[str]:
    yield sql


async def awaited() -> None:
    assert_type(await decorated_async("SELECT 1"), int)


assert_type(decorated("SELECT 1"), int)
assert_type(decorated_generator("SELECT 1"), Iterator[str])
assert_type(decorated_async_generator("SELECT 1"), AsyncIterator[str])
decorated(sql=7)  # type: ignore[arg-type]


# Wherever a policy is taken, it may come in any of its forms.
def seen(decision: Decision) -> None:
    assert_type(decision.decision, Literal["allow", "deny", "ask"])


engine = ArgalaEngine.from_policy_file(Path("policy.toml"))
for policy in (POLICY, "policy.toml", Path("policy.toml"), engine, guard):
    Guard(policy, on_deny="return", on_decision=seen, mode="monitor")
Guard(POLICY, on_deny="ignore")  # type: ignore[arg-type]
Guard(["query"])  # type: ignore[arg-type]

# What is known of a call.
decision = engine.check("query", {"sql": "SELECT 1"})
assert_type(decision, Decision)
assert_type(decision.allowed, bool)
assert_type(decision.rule, str)
assert_type(decision.to_dict(), dict[str, Any])
assert_type(engine.check_json("query", b"{}"), Decision)
assert_type(guard.admit("query", {"sql": "SELECT 1"}), dict[str, Any])
decision.allowed = True  # type: ignore[misc]


def shown(violation: ArgalaSecurityViolation) -> str:
    assert_type(violation.judged, Decision)
    return violation.message


on_decision: Callable[[Decision], object] = seen
