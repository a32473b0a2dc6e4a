"""`Guard`, `protect` and their options: what becomes of a call, and who hears of it."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import pickle
import weakref
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, Decision, Guard, PolicyError, protect, protect_tools

POLICY = {"allowed_methods": ["query", "rows", "async_query", "async_rows"], "denied_patterns": ["DROP"]}
BLOCK = "ARGALA BLOCK: `{}` was refused (rule denied_patterns)"
ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


def query(sql: Any, limit: int = 10) -> Any:  # noqa: ANN401
    ran.append(sql)
    return sql


def rows(sql: str) -> Generator[str, None, str]:
    ran.append(sql)
    yield sql
    yield sql
    return "done"


async def async_query(sql: str) -> str:
    ran.append(sql)
    return sql


async def async_rows(sql: str) -> AsyncGenerator[str, None]:
    ran.append(sql)
    yield sql
    yield sql


# --- what is guarded


def test_protect_decorates() -> None:
    @protect(POLICY, on_deny="return")
    def query(sql: str) -> str:
        """Runs it."""
        return sql

    assert query("SELECT") == "SELECT"
    assert query("DROP").startswith(BLOCK.format("query"))
    assert query.__doc__ == "Runs it."


def test_the_method_can_be_named() -> None:
    guard = Guard({"allowed_methods": ["db__query"]})
    named = guard.function(query, method="db__query")
    assert named("SELECT") == "SELECT"
    assert named.__name__ == "query"
    with pytest.raises(ArgalaSecurityViolation, match="`query` was refused"):
        guard.function(query)("SELECT")


def test_what_is_the_programs_own_is_passed_on_unjudged() -> None:
    def query(sql: str, context: object = None, /, *rest: object, session: object = None, **extra: object) -> Any:  # noqa: ANN401
        return sql, context, rest, session, extra

    own = object()
    guard = Guard(POLICY)
    call = guard.function(query, unjudged={"context", "session", "callbacks"})
    assert call("SELECT", own, session=own, callbacks=own) == ("SELECT", own, (), own, {"callbacks": own})
    assert call("SELECT") == ("SELECT", None, (), None, {})
    for args, kwargs in [(("DROP",), {}), (("x", own, "DROP"), {}), (("x",), {"other": "DROP"}), (("x",), {"y": own})]:
        with pytest.raises(ArgalaSecurityViolation):
            call(*args, **kwargs)
    everything = guard.function(query, unjudged=["rest", "extra"])
    assert everything("SELECT", None, own, more=own) == ("SELECT", None, (own,), None, {"more": own})


def test_an_unjudged_name_that_is_no_parameter_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"unjudged names `contxt`, which is no parameter of the tool: \(sql"):
        Guard(POLICY).function(query, unjudged=["contxt"])


class Database:
    @functools.singledispatchmethod
    def query(self, sql: Any) -> Any:  # noqa: ANN401
        return "any", sql

    @query.register
    def _(self, sql: str) -> Any:  # noqa: ANN401
        return "str", sql

    def of_table(self, table: str, sql: str = "SELECT") -> Any:  # noqa: ANN401
        return table, sql

    of_users = functools.partialmethod(of_table, "users")


@functools.singledispatch
def dispatched(sql: Any) -> Any:  # noqa: ANN401
    return "any", sql


@dispatched.register
def _(sql: str) -> Any:  # noqa: ANN401
    return "str", sql


@pytest.mark.parametrize(
    ("tool", "result"),
    [
        (functools.lru_cache(query), "SELECT"),
        (functools.partial(query, limit=3), "SELECT"),
        (dispatched, ("str", "SELECT")),
        (Database().query, ("str", "SELECT")),
        (Database().of_users, ("users", "SELECT")),
        (Path, Path("SELECT")),
        (str.lower, "select"),
        ("{}!".format, "SELECT!"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_callables_of_many_makes_are_guarded(tool: Any, result: Any) -> None:  # noqa: ANN401
    guarded = Guard({"allowed_methods": ["*"], "denied_patterns": ["DROP"]}).function(tool)
    assert guarded("SELECT") == result
    with pytest.raises(ArgalaSecurityViolation):
        guarded("DROP")
    assert not any(hasattr(guarded, name) for name in ("dispatch", "register", "cache_info"))


def test_a_subclass_of_str_as_a_name_is_refused() -> None:
    class Name(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    with pytest.raises(TypeError):
        Guard(POLICY).function(query)(**{Name("sql"): "SELECT"})

    def open_query(**extra: object) -> object:
        return extra

    with pytest.raises(ArgalaSecurityViolation, match="as a key"):
        Guard(POLICY).function(open_query, method="query")(**{Name("sql"): "SELECT"})


def test_a_guarded_tool_is_collected_with_what_holds_it() -> None:
    class Agent:
        def __init__(self) -> None:
            self.query = protect_tools([self.run], {"allowed_methods": ["run"]})[0]

        def run(self, sql: str) -> str:
            return sql

    agent = Agent()
    seen = weakref.ref(agent)
    del agent
    gc.collect()
    assert seen() is None


# --- on_deny


def test_a_denial_is_given_back_as_the_result_of_each_kind() -> None:
    tools = protect_tools([query, rows, async_query, async_rows], POLICY, on_deny="return")

    async def run_async() -> tuple[str, list[str]]:
        return await tools[2]("DROP"), [row async for row in tools[3]("DROP")]

    result, async_items = asyncio.run(run_async())
    items = list(tools[1]("DROP"))
    assert len(items) == len(async_items) == 1
    assert ran == []
    results = {"query": tools[0]("DROP"), "rows": items[0], "async_query": result, "async_rows": async_items[0]}
    for name, message in results.items():
        assert message.startswith(BLOCK.format(name))
    assert list(tools[1]("SELECT")) == ["SELECT", "SELECT"]


def test_a_denial_of_another_guard_inside_the_tool_is_not_swallowed() -> None:
    inner = Guard({"allowed_methods": []}).function(query)

    def outer(sql: str) -> Any:  # noqa: ANN401
        return inner(sql)

    with pytest.raises(ArgalaSecurityViolation, match="`query` was refused"):
        Guard({"allowed_methods": ["outer"]}, on_deny="return").function(outer)("SELECT")


def test_what_needs_a_person_is_denied() -> None:
    policy = {"tools": {"query": {"decision": "ask"}}}
    assert Guard(policy, on_deny="return").function(query)("x").startswith("ARGALA BLOCK: `query` needs a person's")
    with pytest.raises(ArgalaSecurityViolation, match="nobody can be asked in process"):
        Guard(policy).admit("query", {})
    assert ran == []


# --- on_decision


def test_every_decision_is_told_before_the_call_is_made() -> None:
    told: list[tuple[Decision, int]] = []
    guard = Guard(POLICY, on_deny="return", on_decision=lambda decision: told.append((decision, len(ran))))
    guard.function(query)("SELECT")
    guard.function(query)("DROP")
    guard.admit("query", {"sql": "SELECT"})
    guard.admit_json("query", '{"sql": "SELECT"}')
    assert [(decision.decision, calls) for decision, calls in told] == [
        *(("allow", 0), ("deny", 1), ("allow", 1), ("allow", 1))
    ]
    assert told[0][0] == guard.engine.check("query", {"sql": "SELECT", "limit": 10})


@pytest.mark.parametrize("mode", ["enforce", "monitor"])
def test_a_call_whose_decision_can_not_be_told_is_not_made(mode: Any) -> None:  # noqa: ANN401
    def fail(_decision: Decision) -> None:
        raise OSError("the disk is full")

    guard = Guard(POLICY, on_decision=fail, mode=mode)
    for sql in ("SELECT", "DROP"):
        with pytest.raises(OSError, match="disk is full"):
            guard.function(query)(sql)
        with pytest.raises(OSError, match="disk is full"):
            guard.admit("query", {"sql": sql})
    assert ran == []


# --- the log


def test_denials_are_warnings_and_the_rest_is_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    call = Guard(POLICY, on_deny="return").function(query)
    with caplog.at_level(logging.INFO, "argala"):
        call("SELECT a secret")
        assert caplog.record_tuples == []
        call("DROP a secret")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("argala", "WARNING")
    assert record.getMessage().startswith(BLOCK.format("query"))
    assert record.decision.rule == "denied_patterns"  # type: ignore[attr-defined]
    assert "secret" not in record.getMessage()
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "argala"):
        call("SELECT a secret")
    assert caplog.record_tuples == [("argala", logging.DEBUG, "`query` is allowed (rule allowed_methods)")]
    caplog.clear()
    # The level has changed back.
    call("SELECT a secret")
    assert caplog.records == []


def test_monitor_mode_lets_pass_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard(POLICY, mode="monitor")
    (made,) = caplog.records
    assert made.levelname == "WARNING"
    assert "mode='monitor'" in made.getMessage()
    caplog.clear()
    assert guard.function(query)("DROP") == "DROP"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "LET THIS CALL PASS" in record.getMessage()
    assert BLOCK.format("query") in record.getMessage()
    assert guard.admit("other", {"sql": "DROP"}) == {"sql": "DROP"}
    guard.admit_json("other", "no JSON")


def test_monitor_mode_passes_what_can_not_be_copied() -> None:
    guard = Guard(POLICY, mode="monitor")
    own = object()
    assert guard.function(query)(own) is own
    arguments = {"sql": own}
    assert guard.admit("query", arguments) is arguments
    arguments = {"sql": ["DROP"]}
    assert guard.admit("query", arguments) == arguments
    with pytest.raises(TypeError):
        guard.function(query)()


# --- a guard is made


def test_a_guard_never_changes() -> None:
    guard = Guard(POLICY, on_deny="return", mode="monitor")
    assert (guard.on_deny, guard.mode, type(guard.engine)) == ("return", "monitor", ArgalaEngine)
    for name in ("engine", "on_deny", "mode", "on_decision", "more"):
        with pytest.raises(AttributeError):
            setattr(guard, name, None)


TOML = 'allowed_methods = ["query"]'


def test_a_policy_comes_from_any_source(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(TOML)
    engine = ArgalaEngine.from_toml(TOML)
    for source in ({"allowed_methods": ["query"]}, file, str(file), TOML, f"\n{TOML}\n", engine, Guard(engine)):
        assert Guard(source).engine.policy_hash == engine.policy_hash


def test_a_guard_as_the_policy_brings_its_options() -> None:
    told: list[Decision] = []
    guard = Guard(POLICY, on_deny="return", on_decision=told.append)
    (call,) = protect_tools([query], guard)
    assert call("DROP").startswith("ARGALA BLOCK")
    assert len(told) == 1
    (call,) = protect_tools([query], guard, on_deny="raise")
    with pytest.raises(ArgalaSecurityViolation):
        call("DROP")
    assert len(told) == 2


def test_mistakes_are_told_well(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is taken as a path, not as TOML text"):
        Guard("policy.tml")
    with pytest.raises(FileNotFoundError):
        Guard(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match="did you mean"):
        Guard("allowed_method = ['query']")
    with pytest.raises(TypeError, match=r"a policy is a dict, .* not `list`"):
        Guard([POLICY])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='on_deny is "raise" or "return", not "ignore"'):
        Guard(POLICY, on_deny="ignore")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='mode is "enforce" or "monitor"'):
        Guard(POLICY, mode="off")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="on_decision must be callable"):
        Guard(POLICY, on_decision=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="can't be called"):
        Guard(POLICY).function(1)  # type: ignore[type-var]


class Violation(ArgalaSecurityViolation):
    """Takes other arguments than its base."""

    def __init__(self, judged: Decision, *, ticket: int) -> None:
        super().__init__(judged)
        self.ticket = ticket


def test_a_subclass_of_the_violation_pickles() -> None:
    judged = ArgalaEngine(POLICY).check("other", {})
    again = pickle.loads(pickle.dumps(Violation(judged, ticket=7)))
    assert (type(again), again.ticket, again.judged, str(again)) == (Violation, 7, judged, judged.message)
