"""What an argument may hold, and what is said about the rest. No code of an object runs while it is judged."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import sys
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine, Decision

ENGINE = ArgalaEngine({"allowed_methods": ["m"], "denied_patterns": ["DROP", "12345"]})


def check(value: Any) -> Decision:  # noqa: ANN401
    return ENGINE.check("m", {"a": [0, value]})


class Text(str):
    __slots__ = ()


class Sequence(list):
    pass


class Table(dict):
    pass


class Number(int):
    pass


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Row:
    query: str = "DROP"


Pair = collections.namedtuple("Pair", "left right")

UNFIT = [
    (b"DROP", "bytes"),
    (bytearray(b"x"), "bytearray"),
    (memoryview(b"x"), "memoryview"),
    ({1}, "set"),
    (frozenset({1}), "frozenset"),
    (1j, "complex"),
    (object(), "object"),
    (range(3), "range"),
    (iter([1]), "list_iterator"),
    (int, "type"),
    (len, "builtin_function_or_method"),
    (..., "ellipsis"),
    (Text("x"), f"{__name__}.Text"),
    (Sequence(), f"{__name__}.Sequence"),
    (Table(), f"{__name__}.Table"),
    (Number(1), f"{__name__}.Number"),
    (Colour.RED, f"{__name__}.Colour"),
    (Level.LOW, f"{__name__}.Level"),
    (Row(), f"{__name__}.Row"),
    (Pair(1, 2), f"{__name__}.Pair"),
    (collections.OrderedDict(a=1), "collections.OrderedDict"),
    (collections.defaultdict(list), "collections.defaultdict"),
    (decimal.Decimal(1), "decimal.Decimal"),
    (datetime.date(2026, 1, 1), "datetime.date"),
    ({}.keys(), "dict_keys"),
]


@pytest.mark.parametrize(("value", "name"), UNFIT, ids=[name for _, name in UNFIT])
def test_a_value_without_a_json_form_is_denied_with_its_type_and_place(value: object, name: str) -> None:
    decision = check(value)
    assert (decision.decision, decision.rule, decision.at) == ("deny", "input.type", "/a/1")
    assert f"a value of type {name}," in decision.message


def test_a_path_is_denied() -> None:
    assert check(Path("x")).rule == "input.type"


@pytest.mark.parametrize(
    "value", ["x", "", "é", "😀", 0, -1, 10**100, 1.5, -0.0, 1e300, True, None, [], (), {}, [[()]]]
)
def test_what_json_has_is_judged(value: object) -> None:
    assert check(value).allowed


@pytest.mark.parametrize("value", ["a drop b", {"drop": 1}, [["Drop"]], ({"x": ("DROP",)},), 9123456, 0.12345])
def test_patterns_look_into_every_value_and_key(value: object) -> None:
    assert check(value).rule == "denied_patterns"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_must_be_finite(value: float) -> None:
    assert (check(value).rule, check(value).at) == ("input.not-json", "/a/1")


@pytest.mark.parametrize("key", [1, 1.0, True, None, (1,), b"x", Text("x")])
def test_a_key_must_be_text(key: object) -> None:
    decision = check({key: 1})
    assert (decision.rule, decision.at) == ("input.type", "/a/1")
    assert "as a key" in decision.message


@pytest.mark.parametrize("text", ["\ud800", "x\udfffy", "\ud83d\ude00"])
def test_half_of_a_surrogate_pair_is_denied(text: str) -> None:
    assert (check(text).rule, check(text).at) == ("input.lone-surrogate", "/a/1")
    assert (check({text: 1}).rule, check({text: 1}).at) == ("input.lone-surrogate", "/a/1")
    assert ENGINE.check_json("m", f'{{"a": "{text}"}}').rule == "input.lone-surrogate"
    assert ENGINE.check(text, {}).rule == "input.method"


def test_an_integer_is_judged_digit_by_digit() -> None:
    engine = ArgalaEngine.from_toml("tools.m.args.a = { type = 'integer', max = 9007199254740992 }")
    assert engine.check("m", {"a": 2**53}).allowed
    assert not engine.check("m", {"a": 2**53 + 1}).allowed
    assert not engine.check("m", {"a": 10**4000}).allowed


@pytest.mark.skipif(not hasattr(sys, "get_int_max_str_digits"), reason="this Python writes any int")
def test_an_integer_that_python_does_not_write_is_denied() -> None:
    assert (check(10**5000).rule, check(10**5000).at) == ("input.not-json", "/a/1")


@pytest.mark.parametrize("arguments", [[], (), "x", 1, None, [{"a": 1}]])
def test_arguments_must_be_one_dict(arguments: Any) -> None:  # noqa: ANN401
    decision = ENGINE.check("m", arguments)
    assert (decision.rule, decision.at) == ("input.not-json", "")


def test_a_cycle_is_denied() -> None:
    row: dict[str, Any] = {}
    row["self"] = row
    items: list[Any] = []
    items.append(items)
    pair: tuple[Any, ...] = ([],)
    pair[0].append(pair)
    for value in (row, items, pair):
        assert check(value).rule == "limits.max_depth"


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: (inner,), lambda inner: {"k": inner}])
def test_a_hundred_thousand_levels_are_denied(wrap: Any) -> None:  # noqa: ANN401
    value: Any = "DROP"
    for _ in range(100_000):
        value = wrap(value)
    assert check(value).rule == "limits.max_depth"
    # CPython itself would free the levels one inside of the other.
    while not isinstance(value, str):
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]


def test_too_many_values_are_denied() -> None:
    assert check([0] * 100_000).rule == "limits.max_nodes"
    assert check({str(number): 0 for number in range(100_000)}).rule == "limits.max_nodes"
    assert check("x" * (2 << 20)).rule == "limits.max_bytes"


def test_no_code_of_an_object_runs() -> None:
    ran = []

    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:  # noqa: ANN401
            ran.append(name)
            return super().__getattribute__(name)

        def __instancecheck__(cls, instance: object) -> bool:
            ran.append("instancecheck")
            return True

    class Spy(metaclass=Meta):
        def __getattribute__(self, name: str) -> Any:  # noqa: ANN401
            ran.append(name)
            return super().__getattribute__(name)

        def __hash__(self) -> int:
            ran.append("hash")
            return 1

        def __eq__(self, other: object) -> bool:
            ran.append("eq")
            return True

        def __repr__(self) -> str:
            ran.append("repr")
            return "x"

        def __iter__(self) -> Any:  # noqa: ANN401
            ran.append("iter")
            return iter(())

    spy, keyed = Spy(), {Spy(): 1}
    ran.clear()
    assert ENGINE.check("m", {"a": spy}).rule == "input.type"
    assert ENGINE.check("m", {"a": keyed}).rule == "input.type"
    assert ran == []
