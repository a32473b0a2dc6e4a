"""The README of the first Argala works as it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, protect_tools

ROOT = Path(__file__).resolve().parents[2]


def execute_sql_query(query_string: str):  # noqa: ANN201 - as the README has it
    return f"Executed: {query_string}"


policy = {"allowed_methods": ["execute_sql_query"], "denied_patterns": ["DROP", "DELETE", "TRUNCATE"]}


@pytest.fixture
def protected_tools() -> list[Callable[..., str]]:
    return protect_tools([execute_sql_query], policy)


def test_a_select_runs(protected_tools: list[Callable[..., str]]) -> None:
    assert protected_tools[0]("SELECT * FROM users") == "Executed: SELECT * FROM users"


def test_a_drop_is_refused(protected_tools: list[Callable[..., str]]) -> None:
    with pytest.raises(ArgalaSecurityViolation, match=r"^ARGALA BLOCK"):
        protected_tools[0]("DROP TABLE users")


@pytest.mark.parametrize("path", [str(ROOT / "argala_policy.toml"), ROOT / "argala_policy.toml"], ids=["str", "Path"])
def test_the_sample_policy_loads_and_judges(path: str | Path) -> None:
    engine = ArgalaEngine.from_policy_file(path)
    assert engine.inspect_payload("execute_sql_query", ("SELECT 1",)) is True


def test_the_sample_policy_refuses_a_drop() -> None:
    engine = ArgalaEngine.from_policy_file(ROOT / "argala_policy.toml")
    with pytest.raises(ArgalaSecurityViolation):
        engine.inspect_payload("execute_sql_query", ("DROP TABLE users",))
