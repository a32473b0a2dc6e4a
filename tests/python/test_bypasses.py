"""What went round the first Argala (0.0.0), one test each. docs/python.md has them as a table."""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, Guard, protect_tools

POLICY = {"allowed_methods": ["execute_sql_query"], "denied_patterns": ["DROP"]}
ran: list[Any] = []


def execute_sql_query(query: Any = "SELECT 1") -> Any:  # noqa: ANN401
    ran.append(query)
    return query


@dataclasses.dataclass
class Query:
    text: str


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


@pytest.fixture
def protected() -> Callable[..., Any]:
    return protect_tools([execute_sql_query], POLICY)[0]


def refused(call: Callable[[], Any]) -> ArgalaSecurityViolation:
    with pytest.raises(ArgalaSecurityViolation) as caught:
        call()
    assert ran == []
    return caught.value


# --- arguments


def test_keyword(protected: Callable[..., Any]) -> None:
    assert refused(lambda: protected(query="DROP TABLE users")).at == "/query"


def test_nested(protected: Callable[..., Any]) -> None:
    assert refused(lambda: protected({"steps": [{"sql": "DROP TABLE users"}]})).at == "/query/steps/0/sql"
    assert refused(lambda: protected({"DROP TABLE users": 1})).at == "/query/DROP TABLE users"


def test_bytes(protected: Callable[..., Any]) -> None:
    assert refused(lambda: protected(b"DROP TABLE users")).at == "/query"


def test_dataclass(protected: Callable[..., Any]) -> None:
    refused(lambda: protected(Query("DROP TABLE users")))


def test_lone_surrogate(protected: Callable[..., Any]) -> None:
    assert refused(lambda: protected("\ud800DROP TABLE users")).rule == "input.lone-surrogate"


TEXTS = {
    "fullwidth": "\uff24\uff32\uff2f\uff30 TABLE users",
    "zero-width": "DR\u200bOP TABLE users",
    "unicode-escape": r"\u0044ROP TABLE users",
    "percent": "%44ROP TABLE users",
    "entities": "&#68;ROP TABLE users",
    "base64": base64.b64encode(b"DROP TABLE users").decode(),
    "sql-comment": "DR/**/OP TABLE users",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_other_spelling(protected: Callable[..., Any], text: str) -> None:
    raised = refused(lambda: protected(text))
    assert (raised.at, raised.matched) == ("/query", "DROP")
    assert raised.view


# --- the tool


def delete_everything(query: str = "") -> None:
    ran.append(query)


def test_renamed_function() -> None:
    (protected,) = protect_tools([delete_everything], POLICY)
    name = delete_everything.__name__
    try:
        protected.__name__ = protected.__qualname__ = delete_everything.__name__ = "execute_sql_query"
        assert refused(protected).method == "delete_everything"
    finally:
        delete_everything.__name__ = name


def test_dunder_wrapped(protected: Callable[..., Any]) -> None:
    @functools.wraps(execute_sql_query)
    def logged(query: Any) -> Any:  # noqa: ANN401
        return execute_sql_query(query)

    (protected_too,) = protect_tools([logged], POLICY)
    for tool in (protected, protected_too):
        assert not hasattr(tool, "__wrapped__")
        # Nor is the tool among whatever else a function has.
        reachable = [getattr(tool, name) for name in dir(tool) if name != "__globals__"]
        assert not any(value in (execute_sql_query, logged) for value in reachable)


def test_closure_swap(protected: Callable[..., Any]) -> None:
    (cell,) = protected.__closure__
    cell.cell_contents = lambda query: ran.append(query)
    protected.__defaults__ = (lambda query: ran.append(query),)
    protected.__kwdefaults__ = {"guarded": lambda query: ran.append(query)}
    protected.__globals__["guarded"] = lambda query: ran.append(query)
    try:
        refused(lambda: protected("DROP TABLE users"))
        assert protected("SELECT") == "SELECT"
    finally:
        del protected.__globals__["guarded"]


def test_class_monkeypatch(protected: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    refused(lambda: protected("DROP TABLE users"))
    ours = (ArgalaEngine, *Guard.__mro__[:-1], type(protected.__closure__[0].cell_contents))
    for kind in ours:
        for name in ("inspect_payload", "admit", "admit_json", "check", "engine", "mode", "caller", "__call__"):
            monkeypatch.setattr(kind, name, lambda *_args, **_kwargs: True, raising=False)
    monkeypatch.setattr("argala._violation.ArgalaSecurityViolation", lambda *_args: None)
    refused(lambda: protected("DROP TABLE users"))
    # What a call goes by is of a class that can't be changed.
    (caller,) = (value for value in protected.__code__.co_consts if callable(value))
    with pytest.raises(TypeError):
        type(caller).__call__ = lambda *_args, **_kwargs: True
    with pytest.raises(AttributeError):
        caller.__call__ = lambda *_args, **_kwargs: True


def test_call_of_a_class_monkeypatched(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tool:
        name = "execute_sql_query"

        def __call__(self, query: str) -> str:
            return query

    (protected,) = protect_tools([Tool()], POLICY)
    monkeypatch.setattr(Tool, "__call__", lambda self, query: ran.append((self, query)))
    monkeypatch.setattr(Tool, "name", "other")
    assert protected("SELECT") == "SELECT"
    refused(lambda: protected("DROP TABLE users"))


def test_default_swap() -> None:
    def execute_sql_query(query: str = "SELECT 1") -> str:
        ran.append(query)
        return query

    (protected,) = protect_tools([execute_sql_query], POLICY)
    execute_sql_query.__defaults__ = ("DROP TABLE users",)
    assert protected() == "SELECT 1"


def test_patched_signature_bind(protected: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import inspect

    monkeypatch.setattr(inspect.Signature, "bind", lambda *_args, **_kwargs: None)
    refused(lambda: protected("DROP TABLE users"))
    with pytest.raises(TypeError):
        protected(1, 2, 3)
    assert ran == []
