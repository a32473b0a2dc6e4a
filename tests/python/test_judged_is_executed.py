"""What a tool gets is what was judged, whoever changes what in between."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, protect_tools

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}


def get(value: Any) -> Any:  # noqa: ANN401
    return value


async def get_later(value: Any) -> Any:  # noqa: ANN401
    await asyncio.sleep(0.01)
    return value


@pytest.mark.parametrize(
    "value",
    [{}, [], {"a": [1, {"b": [2]}]}, [[], [[]]], ([],), (1, (2, [3])), {"a": ({"b": ()},)}],
    ids=str,
)
def test_a_tool_gets_an_equal_copy(value: Any) -> None:  # noqa: ANN401
    (protected,) = protect_tools([get], POLICY)
    got = protected(value)
    assert got == value
    assert type(got) is type(value)
    assert not shared_containers(got, value)


def shared_containers(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Whether some list or dict is inside of both, at the same place."""
    if isinstance(one, (list, dict)) and one is other:
        return True
    if isinstance(one, dict):
        return any(shared_containers(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return any(map(shared_containers, one, other))
    return False


@dataclasses.dataclass
class Row:
    rows: Any


@dataclasses.dataclass(frozen=True)
class Slots:
    __slots__ = ("rows",)
    rows: Any


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", frozen=True)
    rows: Any
    _private: Any = pydantic.PrivateAttr(default_factory=list)


INSTANCES = [Row([1]), Row({"a": Row([])}), Slots([Slots({})]), Model(rows=[Row([])], more={"x": [1]}), {1, "a"}, Path("a")]


@pytest.mark.parametrize("value", INSTANCES, ids=repr)
def test_a_tool_gets_an_equal_copy_of_an_instance_with_nothing_in_common(value: Any) -> None:  # noqa: ANN401
    got = ArgalaEngine(POLICY).admit("m", {"a": value})[0]["a"]
    assert got == value
    assert type(got) is type(value)
    assert not {id(part) for part in changeable(got)} & {id(part) for part in changeable(value)}
    if isinstance(value, Model):
        assert got.model_fields_set == value.model_fields_set
        assert got.model_dump() == value.model_dump()


def changeable(value: Any) -> Iterator[Any]:  # noqa: ANN401
    """All that can change of what a value holds."""
    if isinstance(value, (list, tuple)):
        yield from [value] * isinstance(value, list)
        for item in value:
            yield from changeable(item)
    elif isinstance(value, dict):
        yield value
        yield from changeable(list(value.values()))
    elif isinstance(value, (set, Path)):
        yield value
    elif isinstance(value, Slots):
        yield value
        yield from changeable(value.rows)
    elif isinstance(value, (Row, Model)):
        yield value
        yield from changeable(value.__dict__)
        if isinstance(value, Model):
            yield value.__pydantic_fields_set__
            yield from changeable([value.__pydantic_extra__, value.__pydantic_private__])


@pytest.mark.parametrize("value", [Row([]), Model(rows=[])], ids=repr)
def test_an_instance_that_changes_afterwards_reaches_the_tool_as_judged(value: Any) -> None:  # noqa: ANN401
    got = ArgalaEngine(POLICY).admit("m", {"a": value})[0]["a"]
    value.rows.append("DROP")
    object.__setattr__(value, "more", "DROP")
    assert got.rows == []
    assert not hasattr(got, "more")


def test_a_path_is_made_from_the_text_that_was_judged() -> None:
    path = Path("DROP")
    path._str = "SELECT"
    assert ArgalaEngine(POLICY).admit("m", {"a": path})[0]["a"].parts == ("SELECT",)


def test_values_that_can_not_change_are_passed_as_they_are() -> None:
    (protected,) = protect_tools([get], POLICY)
    for value in ("x" * 1000, 10**50, 1.5, (1, ("a", None)), ()):
        assert protected(value) is value


def test_a_container_that_changes_before_the_tool_runs_reaches_it_as_judged() -> None:
    (protected,) = protect_tools([get_later], POLICY)

    async def attack() -> Any:  # noqa: ANN401
        rows = ["SELECT"]
        task = asyncio.create_task(protected({"rows": rows}))
        await asyncio.sleep(0.002)
        rows[0] = "DROP"
        return await task

    assert asyncio.run(attack()) == {"rows": ["SELECT"]}


def test_a_container_that_changes_before_a_coroutine_is_awaited_is_judged_then() -> None:
    (protected,) = protect_tools([get_later], POLICY)
    rows = ["SELECT"]
    call = protected(rows)
    rows[0] = "DROP"
    with pytest.raises(ArgalaSecurityViolation):
        asyncio.run(call)


def test_what_a_tool_does_to_its_arguments_stays_there() -> None:
    def add(rows: list[int]) -> list[int]:
        rows.append(1)
        return rows

    (protected,) = protect_tools([add], POLICY)
    rows = [0]
    assert protected(rows) == [0, 1]
    assert rows == [0]


def test_a_default_that_a_tool_changes_is_not_kept() -> None:
    def add(rows: list[int] = []) -> list[int]:  # noqa: B006 - what is tested
        rows.append(1)
        return rows

    (protected,) = protect_tools([add], POLICY)
    assert protected() == protected() == [1]


def test_threads_that_change_the_arguments_get_nothing_through() -> None:
    (protected,) = protect_tools([get], POLICY)
    rows: list[Any] = ["SELECT"] * 50
    table: dict[str, Any] = {"rows": rows}
    stop = threading.Event()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def change() -> None:
        while not stop.is_set():
            rows[25] = "DROP"
            rows.append("DROP")
            table["x"] = {"DROP": 1}
            rows[25] = "SELECT"
            rows.pop()
            del table["x"]

    threads = [threading.Thread(target=change)]
    for thread in threads:
        thread.start()
    passed = refused = 0
    try:
        for _ in range(5000):
            try:
                got = protected(table)
            except ArgalaSecurityViolation:
                refused += 1
                continue
            passed += 1
            assert "DROP" not in str(got)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert passed + refused == 5000


def test_a_finalizer_that_runs_during_the_walk_gets_nothing_through() -> None:
    """The collector may run while a copy is made, and then finalizers do."""
    engine = ArgalaEngine(POLICY)
    rows: list[Any] = []
    table: dict[str, Any] = {}

    class Saboteur:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            rows[:] = ["DROP"] * 3
            table.clear()
            table["DROP"] = 1

    import gc

    threshold = gc.get_threshold()
    try:
        for _ in range(100):
            rows[:] = [["x"] for _ in range(100)]
            table.clear()
            table.update({str(number): [number] for number in range(100)})
            Saboteur()
            gc.set_threshold(1)
            try:
                judged, _more = engine.admit("m", {"rows": rows, "table": table})
                assert "DROP" not in str(judged)
            except ArgalaSecurityViolation:
                pass
            finally:
                gc.set_threshold(*threshold)
    finally:
        gc.set_threshold(*threshold)
