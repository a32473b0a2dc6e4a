"""Protected tools: what is judged of a call, and that a tool stays what it was in all else."""

from __future__ import annotations

import asyncio
import functools
import inspect
import typing
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, PolicyError, protect_tools

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}
ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


def protect(tool: Callable[..., Any], policy: Any = POLICY) -> Callable[..., Any]:  # noqa: ANN401
    (protected,) = protect_tools([tool], policy)
    return protected


def denied(call: Callable[[], Any]) -> ArgalaSecurityViolation:
    with pytest.raises(ArgalaSecurityViolation) as caught:
        call()
    assert ran == []
    return caught.value


# --- tools of every kind


class Rows(list):  # type: ignore[type-arg]
    """A type for annotations that only this module knows."""


def query(sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
    """Runs a query."""
    ran.append((sql, limit, dry))
    return Rows([sql, limit, dry])


async def query_async(sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
    """Runs a query, later."""
    await asyncio.sleep(0)
    return query(sql, limit, dry=dry)


def query_rows(sql: str, limit: int = 10, *, dry: bool = False) -> Generator[Any, Any, str]:
    """Runs a query, row by row."""
    ran.append((sql, limit, dry))
    try:
        got = yield sql
        ran.append(got)
        got = yield limit
        ran.append(got)
    except KeyError:
        yield "caught"
    finally:
        ran.append("closed")
    return "done"


async def query_rows_async(sql: str, limit: int = 10, *, dry: bool = False) -> AsyncGenerator[Any, Any]:
    """Runs a query, row by row, later."""
    ran.append((sql, limit, dry))
    try:
        got = yield sql
        ran.append(got)
        await asyncio.sleep(0)
        got = yield limit
        ran.append(got)
    except KeyError:
        yield "caught"
    finally:
        ran.append("closed")


class Database:
    """A database."""

    def __init__(self) -> None:
        self.sql = "an attribute, not an argument: DROP"

    def query(self, sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
        """Runs a query here."""
        return query(sql, limit, dry=dry)

    @classmethod
    def query_class(cls, sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
        """Runs a query for all."""
        return query(sql, limit, dry=dry)

    @staticmethod
    def query_static(sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
        """Runs a query for nobody."""
        return query(sql, limit, dry=dry)

    def __call__(self, sql: str, limit: int = 10, *, dry: bool = False) -> Rows:
        """Runs a query when called."""
        return query(sql, limit, dry=dry)


class Named(Database):
    """A database with a name."""

    name = "named_query"


TOOLS = {
    "function": (query, "query"),
    "async function": (query_async, "query_async"),
    "generator": (query_rows, "query_rows"),
    "async generator": (query_rows_async, "query_rows_async"),
    "bound method": (Database().query, "query"),
    "class method": (Database.query_class, "query_class"),
    "static method": (Database.query_static, "query_static"),
    "object": (Database(), "Database"),
    "named object": (Named(), "named_query"),
    "partial": (functools.partial(query, dry=False), "query"),
    "partial of a partial": (functools.partial(functools.partial(query_async), dry=False), "query_async"),
    "partial of a method": (functools.partial(Database().query), "query"),
    "lambda": (lambda sql, limit=10, *, dry=False: query(sql, limit, dry=dry), "<lambda>"),
}
EVERY_TOOL = pytest.mark.parametrize(("tool", "method"), TOOLS.values(), ids=TOOLS)


def run(result: Any) -> Any:  # noqa: ANN401
    """What a call gives, to its end, whatever its kind."""

    async def collect() -> list[Any]:
        return [item async for item in result]

    async def wait() -> Any:  # noqa: ANN401
        return await result

    if inspect.isasyncgen(result):
        return asyncio.run(collect())
    if inspect.iscoroutine(result):
        return asyncio.run(wait())
    return list(result)


@EVERY_TOOL
def test_a_call_runs_with_its_arguments(tool: Callable[..., Any], method: str) -> None:
    result = run(protect(tool)("SELECT", limit=3))
    assert ran[0] == ("SELECT", 3, False)
    assert result[:2] == ["SELECT", 3]
    del method


@EVERY_TOOL
@pytest.mark.parametrize(
    ("args", "kwargs", "at"),
    [
        (("DROP",), {}, "/sql"),
        ((), {"sql": "DROP"}, "/sql"),
        (("x", {"a": [0, "drop"]}), {}, "/limit/a/1"),
        (("x",), {"limit": {"a": [0, "drop"]}}, "/limit/a/1"),
        (("x",), {"dry": ({"drop": 1},)}, "/dry/0/drop"),
    ],
)
def test_a_call_is_judged_alike_however_its_arguments_are_passed(
    tool: Callable[..., Any], method: str, args: tuple[Any, ...], kwargs: dict[str, Any], at: str
) -> None:
    protected = protect(tool)
    raised = denied(lambda: run(protected(*args, **kwargs)))
    assert (raised.method, raised.at, raised.matched) == (method, at, "DROP")


@EVERY_TOOL
def test_a_method_that_is_not_allowed_does_not_run(tool: Callable[..., Any], method: str) -> None:
    protected = protect(tool, {"allowed_methods": ["other"]})
    raised = denied(lambda: run(protected("SELECT")))
    assert (raised.rule, raised.method) == ("not-allowed", method)


@EVERY_TOOL
def test_a_tool_stays_what_it_was(tool: Callable[..., Any], method: str) -> None:
    protected = protect(tool)
    origin = tool
    while isinstance(origin, functools.partial):
        origin = origin.func
    assert protected.__name__ == method
    assert protected.__qualname__ == getattr(origin, "__qualname__", method)
    assert inspect.getdoc(protected) == inspect.getdoc(origin)
    assert protected.__module__ == __name__
    assert inspect.signature(protected) == inspect.signature(tool)
    described = origin if hasattr(origin, "__name__") else type(origin).__call__  # type: ignore[operator]
    assert protected.__annotations__ == described.__annotations__
    for of_kind in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        assert of_kind(protected) == of_kind(tool)
    assert callable(protected)


@pytest.mark.filterwarnings("ignore:.*iscoroutinefunction:DeprecationWarning")
@EVERY_TOOL
def test_asyncio_sees_the_same_kind(tool: Callable[..., Any], method: str) -> None:
    assert asyncio.iscoroutinefunction(protect(tool)) == asyncio.iscoroutinefunction(tool)
    del method


def test_annotations_are_evaluated_where_the_tool_was_written() -> None:
    hints = {"sql": str, "limit": int, "dry": bool, "return": Rows}
    assert query.__annotations__["return"] == "Rows"
    tools = (query, query_async, Database().query, Database(), functools.partial(query), functools.cache(query))
    for tool in tools:
        assert typing.get_type_hints(protect(tool)) == hints


def test_attributes_of_a_function_are_kept() -> None:
    def tool() -> None: ...

    tool.tags = ["a"]  # type: ignore[attr-defined]
    assert protect(tool).tags == ["a"]  # type: ignore[attr-defined]


def test_the_tool_itself_is_not_left_in_dunder_wrapped() -> None:
    @functools.wraps(query)
    def logged(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return query(*args, **kwargs)

    for tool in (query, logged):
        protected = protect(tool)
        assert not hasattr(protected, "__wrapped__")
        assert inspect.unwrap(protected) is protected
        denied(lambda tool=protected: tool("DROP"))
        assert inspect.signature(protected) == inspect.signature(query)


def test_a_decorator_may_pass_on_more_than_it_gets() -> None:
    def select(connection: str, sql: str) -> tuple[str, str]:
        return connection, sql

    @functools.wraps(select)
    def connected(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return select("connection", *args, **kwargs)

    protected = protect(connected, {"allowed_methods": ["select"], "denied_patterns": ["DROP"]})
    assert protected("SELECT") == protected(sql="SELECT") == ("connection", "SELECT")
    assert denied(lambda: protected("DROP")).at == "/args/0"
    assert denied(lambda: protected(sql="DROP")).at == "/sql"


def test_the_method_is_the_name_that_the_tool_had_when_it_was_wrapped() -> None:
    def tool() -> str:
        return "ran"

    protected = protect(tool, {"allowed_methods": ["tool"]})
    other = protect(tool, {"allowed_methods": ["renamed"]})
    tool.__name__ = protected.__name__ = other.__name__ = "renamed"
    assert protected() == "ran"
    assert denied(other).method == "tool"


# --- parameters


def test_parameters_of_every_kind_are_judged_by_name() -> None:
    seen = []

    def tool(first: Any, /, second: Any, *rest: Any, third: Any = 3, **extra: Any) -> None:  # noqa: ANN401
        seen.append((first, second, rest, third, extra))

    protected = protect(tool)
    protected(1, 2, 4, 5, third=6, fourth=7)
    protected(1, second=2)
    assert seen == [(1, 2, (4, 5), 6, {"fourth": 7}), (1, 2, (), 3, {})]
    for args, kwargs, at in [
        (("drop", 2), {}, "/first"),
        ((1, "drop"), {}, "/second"),
        ((1,), {"second": "drop"}, "/second"),
        ((1, 2, 3, "drop"), {}, "/rest/1"),
        ((1, 2), {"third": "drop"}, "/third"),
        ((1, 2), {"fourth": ["drop"]}, "/fourth/0"),
        ((1, 2), {"drop": 1}, "/drop"),
    ]:
        assert denied(lambda args=args, kwargs=kwargs: protected(*args, **kwargs)).at == at


def test_two_arguments_under_one_name_are_denied() -> None:
    def tool(first: Any, /, *rest: Any, **extra: Any) -> None:  # noqa: ANN401
        ran.append((first, rest, extra))

    protected = protect(tool)
    for args, kwargs, at in [((1,), {"first": 2}, "/first"), ((1, 2), {"rest": 3}, "/rest")]:
        raised = denied(lambda args=args, kwargs=kwargs: protected(*args, **kwargs))
        assert (raised.rule, raised.at) == ("input.duplicate-key", at)
    protected(1, rest=3)
    assert ran == [(1, (), {"rest": 3})]


def test_defaults_are_judged() -> None:
    def tool(sql: str = "DROP", where: object = object) -> None:
        ran.append((sql, where))

    protected = protect(tool)
    assert denied(protected).rule == "input.type"
    assert denied(lambda: protected(where=1)).at == "/sql"
    protected("SELECT", None)
    assert ran == [("SELECT", None)]


def test_what_a_partial_has_set_to_an_object_of_the_program_is_left_to_it() -> None:
    connection = object()

    def tool(sql: str, connection: object = None, limit: int = 1) -> None:
        ran.append((sql, connection, limit))

    protected = protect(functools.partial(tool, connection=connection, limit=2))
    protected("SELECT")
    assert ran == [("SELECT", connection, 2)]
    ran.clear()
    assert denied(lambda: protected("DROP")).at == "/sql"
    assert denied(lambda: protected("SELECT", connection=object())).at == "/connection"
    assert denied(lambda: protected("SELECT", connection="drop")).at == "/connection"
    assert denied(protect(functools.partial(tool, sql="DROP"))).at == "/sql"
    protect(functools.partial(tool, "SELECT", connection))()
    assert ran == [("SELECT", connection, 1)]

    def open_tool(**extra: object) -> dict[str, object]:
        return extra

    protected = protect(functools.partial(open_tool, extra=connection))
    assert protected(sql="SELECT") == {"extra": connection, "sql": "SELECT"}


def test_typed_rules_hold_for_parameters() -> None:
    protected = protect(
        query,
        {
            "tools": {
                "query": {
                    "args": {
                        "sql": {"type": "string", "max_len": 8},
                        "limit": {"type": "integer", "max": 100},
                        "dry": {"type": "boolean"},
                    }
                }
            }
        },
    )
    assert protected("SELECT", 100) == ["SELECT", 100, False]
    ran.clear()
    assert denied(lambda: protected("SELECT", 101)).at == "/limit"
    assert denied(lambda: protected("SELECT", "100")).at == "/limit"
    assert denied(lambda: protected("SELECT 1 + 1")).rule == "tools.query.args.sql"


def test_an_empty_rest_needs_no_rule() -> None:
    def tool(sql: str, *rest: str) -> str:
        return sql

    protected = protect(tool, {"tools": {"tool": {"args": {"sql": {"type": "string"}}}}})
    assert protected("SELECT") == "SELECT"
    assert denied(lambda: protected("SELECT", "more")).at == "/rest"


@EVERY_TOOL
@pytest.mark.parametrize(("args", "kwargs"), [((), {}), (("x", 1, 2), {}), (("x",), {"sql": "y"}), (("x",), {"no": 1})])
def test_arguments_that_the_tool_does_not_take_are_a_type_error(
    tool: Callable[..., Any], method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        run(protect(tool)(*args, **kwargs))
    assert ran == []
    del method


def test_a_tool_without_a_signature_is_judged_by_position() -> None:
    class Plain:
        """Takes what comes."""

        __signature__ = "none that inspect would take"
        name = "plain"

        def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            return args, kwargs

    protected = protect(Plain())
    assert protected(1, [2], a=3) == ((1, [2]), {"a": 3})
    assert denied(lambda: protected(1, ["drop"])).at == "/1/0"
    assert denied(lambda: protected(1, **{"0": 2})).rule == "input.duplicate-key"


def test_built_in_functions_can_be_protected() -> None:
    assert protect(len)([1, 2]) == 2
    assert protect(print).__name__ == "print"
    assert protect(max)(1, 2) == 2
    assert protect(str.upper)("select") == "SELECT"
    assert denied(lambda: protect(len)("DROP")).method == "len"


# --- async functions and generators


def test_a_generator_is_judged_before_its_first_item() -> None:
    rows = protect(query_rows)("DROP")
    denied(lambda: next(rows))


def test_a_generator_takes_what_is_sent_and_thrown_and_closed() -> None:
    rows = protect(query_rows)("SELECT")
    assert next(rows) == "SELECT"
    assert rows.send("sent") == 10
    with pytest.raises(StopIteration) as stopped:
        rows.send("again")
    assert stopped.value.value == "done"
    assert ran == [("SELECT", 10, False), "sent", "again", "closed"]

    ran.clear()
    rows = protect(query_rows)("SELECT")
    next(rows)
    assert rows.throw(KeyError("x")) == "caught"
    rows.close()
    assert ran[-1] == "closed"


def test_an_async_generator_takes_what_is_sent_and_thrown_and_closed() -> None:
    async def talk() -> None:
        rows = protect(query_rows_async)("SELECT")
        assert await rows.__anext__() == "SELECT"
        assert await rows.asend("sent") == 10
        with pytest.raises(StopAsyncIteration):
            await rows.asend("again")
        assert ran == [("SELECT", 10, False), "sent", "again", "closed"]

        ran.clear()
        rows = protect(query_rows_async)("SELECT")
        await rows.__anext__()
        assert await rows.athrow(KeyError("x")) == "caught"
        await rows.aclose()
        assert ran[-1] == "closed"

        ran.clear()
        rows = protect(query_rows_async)("SELECT")
        await rows.__anext__()
        await rows.aclose()
        assert ran[-1] == "closed"
        rows = protect(query_rows_async)("SELECT")
        await rows.__anext__()
        with pytest.raises(RuntimeError, match="from outside"):
            await rows.athrow(RuntimeError("from outside"))

    asyncio.run(talk())


def test_a_coroutine_passes_on_what_is_raised_and_cancelled() -> None:
    async def tool(kind: str) -> None:
        if kind == "raise":
            raise KeyError(kind)
        try:
            await asyncio.sleep(60)
        finally:
            ran.append("cleaned up")

    async def talk() -> None:
        with pytest.raises(KeyError):
            await protect(tool)("raise")
        task = asyncio.create_task(protect(tool)("wait"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ran == ["cleaned up"]

    asyncio.run(talk())


# --- what protect_tools takes


def test_tools_come_back_in_order_from_any_iterable() -> None:
    protected = protect_tools((tool for tool in (query, query_async)), POLICY)
    assert isinstance(protected, list)
    assert [tool.__name__ for tool in protected] == ["query", "query_async"]
    assert protect_tools([], POLICY) == []


def test_a_policy_comes_as_dict_path_or_engine(tmp_path: Path) -> None:
    text = 'allowed_methods = ["query"]\ndenied_patterns = ["DROP"]'
    file = tmp_path / "policy.toml"
    file.write_text(text)
    for policy in (POLICY, file, str(file), ArgalaEngine.from_toml(text)):
        denied(lambda policy=policy: protect(query, policy)("DROP"))


def test_a_policy_that_does_not_load_protects_nothing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="did you mean"):
        protect(query, {"denied_pattern": ["DROP"]})
    with pytest.raises(FileNotFoundError):
        protect(query, tmp_path / "none.toml")
    with pytest.raises(TypeError, match="a policy is"):
        protect(query, None)


def test_what_can_not_be_called_is_a_clear_type_error() -> None:
    class StructuredTool:
        name = "query"

    with pytest.raises(TypeError, match=r"tools\[1\] is a `StructuredTool`"):
        protect_tools([query, StructuredTool()], POLICY)  # type: ignore[list-item]


def test_a_tool_that_is_protected_twice_is_judged_by_both() -> None:
    protected = protect(protect(query), {"allowed_methods": ["query"], "denied_patterns": ["TRUNCATE"]})
    assert denied(lambda: protected("DROP")).matched == "DROP"
    assert denied(lambda: protected("TRUNCATE")).matched == "TRUNCATE"
