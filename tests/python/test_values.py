"""What an argument may hold, and what is said about the rest. No code of an object runs while it is judged."""

from __future__ import annotations

import abc
import collections
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import sys
import types
import typing
import uuid
import zoneinfo
from typing import Any

import numpy
import pydantic
import pydantic_core
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


class Zone(datetime.tzinfo):
    def utcoffset(self, dt: object) -> datetime.timedelta:
        raise AssertionError("code of an object ran")


class Stamp(datetime.datetime):
    pass


class Amount(decimal.Decimal):
    pass


class Ident(uuid.UUID):
    pass


class Place(type(pathlib.Path())):  # type: ignore[misc]
    pass


class Odd(enum.Enum):
    LIST = [1]  # noqa: RUF012
    DAY = datetime.date(2026, 1, 1)


class Day(datetime.date, enum.Enum):
    FIRST = 2026, 1, 1


class Plain:
    def __init__(self) -> None:
        self.query = "DROP"


class Pydantic(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    a: typing.Any = 1
    _private: typing.Any = pydantic.PrivateAttr(None)


@dataclasses.dataclass
class Row:
    a: typing.Any = 1


@dataclasses.dataclass
class Left(Row):
    b: typing.Any = 2


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: typing.Any = 1


@dataclasses.dataclass
class Slots:
    __slots__ = ("a",)
    a: typing.Any


@dataclasses.dataclass
class MoreSlots(Slots):
    __slots__ = ("b",)
    b: typing.Any


@dataclasses.dataclass
class HidingSlots(Slots):
    __slots__ = ("a",)
    a: typing.Any


@dataclasses.dataclass
class Holding(dict):
    a: typing.Any = 1


@dataclasses.dataclass
class Failing(Exception):
    a: typing.Any = 1


@dataclasses.dataclass
class Finalized:
    a: typing.Any = 1

    def __del__(self) -> None:
        pass


T = typing.TypeVar("T")


@dataclasses.dataclass
class Box(typing.Generic[T]):
    a: T


def but(instance: typing.Any, **attributes: object) -> typing.Any:  # noqa: ANN401
    """An instance with these attributes in its dict, whatever its class says."""
    instance.__dict__.update(attributes)
    return instance


Pair = collections.namedtuple("Pair", "left right")


class Point(typing.NamedTuple):
    x: typing.Any
    y: typing.Any = 0


class Cell(Point):
    pass


class Elements(tuple):
    __slots__ = ()


class Address(ipaddress.IPv4Address):
    pass


class DoubleUrl(pydantic.HttpUrl):
    __slots__ = ("more",)


Url, DSN = pydantic.HttpUrl, pydantic.PostgresDsn
HOSTS = "postgres://drop@a.example:1,b.example:2/db"


UNFIT = [
    (bytearray(b"x"), "bytearray"),
    (memoryview(b"x"), "memoryview"),
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
    (Plain(), f"{__name__}.Plain"),
    (Elements("x"), f"{__name__}.Elements"),
    (Address("192.0.2.1"), f"{__name__}.Address"),
    (ipaddress.IPv4Network("192.0.2.0/24"), "ipaddress.IPv4Network"),
    (Stamp(2026, 1, 1), f"{__name__}.Stamp"),
    (Amount(1), f"{__name__}.Amount"),
    (Ident(int=1), f"{__name__}.Ident"),
    (Place("x"), f"{__name__}.Place"),
    (collections.OrderedDict(a=1), "collections.OrderedDict"),
    (collections.defaultdict(list), "collections.defaultdict"),
    ({}.keys(), "dict_keys"),
    (types.MappingProxyType({}), "mappingproxy"),
    (types.SimpleNamespace(a=1), "types.SimpleNamespace"),
    (numpy.zeros(1), "numpy.ndarray"),
]


@pytest.mark.parametrize(("value", "name"), UNFIT, ids=[name for _, name in UNFIT])
def test_a_value_without_a_json_form_is_denied_with_its_type_and_place(value: object, name: str) -> None:
    decision = check(value)
    assert (decision.decision, decision.rule, decision.at) == ("deny", "input.type", "/a/1")
    assert f"a value of type {name}," in decision.message


UTC = datetime.timezone.utc


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, "x")


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Word(str, enum.Enum):
    HELLO = "hello"


class Ratio(float, enum.Enum):
    HALF = 0.5


def set_to(instance: typing.Any, **attributes: object) -> typing.Any:  # noqa: ANN401
    for name, value in attributes.items():
        object.__setattr__(instance, name, value)
    return instance


REFUSED = [
    (b"DROP\xff", "bytes which are not UTF-8: pass text"),
    (
        datetime.datetime(2026, 1, 1, tzinfo=Zone()),
        "datetime.datetime in a time zone of a type that isn't Python's own",
    ),
    (datetime.time(1, tzinfo=Zone()), "datetime.time in a time zone of a type that isn't Python's own"),
    (set_to(uuid.UUID(int=1), int="DROP"), "uuid.UUID which has no number of 128 bits"),
    (set_to(uuid.UUID(int=1), int=1 << 128), "uuid.UUID which has no number of 128 bits"),
    (object.__new__(uuid.UUID), "uuid.UUID which can't be read"),
    (set_to(ipaddress.IPv4Address(1), _ip=1 << 32), "ipaddress.IPv4Address which has no number of 32 bits"),
    (set_to(ipaddress.IPv4Address(1), _ip=Number(1)), "ipaddress.IPv4Address which has no number of 32 bits"),
    (set_to(ipaddress.IPv6Address(1), _ip=-1), "ipaddress.IPv6Address which has no number of 128 bits"),
    (set_to(ipaddress.IPv6Address(1), _scope_id=Text("x")), "ipaddress.IPv6Address whose zone is no text"),
    (object.__new__(ipaddress.IPv6Address), "ipaddress.IPv6Address which can't be read"),
    (object.__new__(Url), "pydantic.networks.HttpUrl which holds more than a URL, or none"),
    (set_to(Url("https://a.example"), more=1), "pydantic.networks.HttpUrl which holds more than a URL, or none"),
    (set_to(DSN(HOSTS), _url="DROP"), "pydantic.networks.PostgresDsn which holds more than a URL, or none"),
    (DoubleUrl("https://a.example"), f"{__name__}.DoubleUrl which holds more than a URL, or none"),
    (Cell(1, 2), f"{__name__}.Cell whose class keeps attributes beside the elements"),
    (set_to(pathlib.Path("x"), _str=Text("x")), "with a part that is no text"),
    ({Frozen()}, f"{__name__}.Frozen which a set can't be judged with; pass a list"),
    ({(1, (2,))}, "tuple which a set can't be judged with; pass a list"),
    ({uuid.UUID(int=1)}, "uuid.UUID which a set can't be judged with; pass a list"),
    (Odd.LIST, f"{__name__}.Odd whose value can change"),
    (Day.FIRST, f"{__name__}.Day whose class has a base that holds a value of its own"),
    (object.__new__(Colour), f"{__name__}.Colour which is no member of its enum"),
    (Finalized(), f"{__name__}.Finalized whose class has a finalizer"),
    (Holding(), f"{__name__}.Holding whose class has a base that holds a value of its own"),
    (Failing(), f"{__name__}.Failing whose class has a base that holds a value of its own"),
    (HidingSlots("DROP"), f"{__name__}.HidingSlots whose class hides a slot of its base"),
    (Pydantic.model_construct(_fields_set={"DROP"}), "whose attributes that are set are not among those that it has"),
    (numpy.complex128(1), "numpy.complex128 which stands for no value that JSON has"),
    (numpy.void(b"x"), "numpy.void which stands for no value that JSON has"),
]


@pytest.mark.parametrize(("value", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_value_that_is_judged_but_not_as_it_is_is_denied_with_the_reason(value: object, said: str) -> None:
    decision = check(value)
    assert (decision.decision, decision.rule, decision.at) == ("deny", "input.type", "/a/1")
    assert said in decision.message


def as_json(value: Any) -> Any:  # noqa: ANN401
    """What a value is judged as, said in another way than the engine's."""
    match value:
        case enum.Enum():
            return as_json(value.value)
        case numpy.generic():
            return as_json(value.item())
        case bytes():
            return value.decode()
        case list() | tuple():
            return [as_json(item) for item in value]
        case set() | frozenset():
            items = [as_json(item) for item in value]
            return sorted(items, key=lambda item: (isinstance(item, str), str(item)))
        case dict():
            return {key.value if isinstance(key, enum.Enum) else key: as_json(item) for key, item in value.items()}
        case pydantic.BaseModel():
            members = {**value.__dict__, **(value.__pydantic_extra__ or {}), **(value.__pydantic_private__ or {})}
            return as_json(members)
        case _ if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            members = {**{name: getattr(value, name) for name in names}, **getattr(value, "__dict__", {})}
            members.pop("__orig_class__", None)
            return as_json(members)
        case datetime.timedelta():
            seconds = value / datetime.timedelta(seconds=1)
            return int(seconds) if seconds.is_integer() else seconds
        case datetime.date() | datetime.time():
            return value.isoformat()
        case decimal.Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case uuid.UUID() | pathlib.PurePath() | ipaddress.IPv4Address() | ipaddress.IPv6Address():
            return str(value)
        case pydantic.AnyUrl() | DSN() | pydantic_core.Url() | pydantic_core.MultiHostUrl():
            return str(value)
        case _:
            return value


JUDGED: list[Any] = [
    *("x", "", "é", "😀", 0, -1, 10**100, 1.5, -0.0, 1e300, True, None, [], (), {}, [[()]]),
    *(b"", b"x", "é".encode(), b"drop"),
    *(set(), {1, 2, "b", "a"}, frozenset({"drop"}), {(1, "drop")}, {None, False, 2}, {Level.LOW, Colour.RED}),
    *(Colour.RED, Colour.PAIR, Level.LOW, Rights.READ, Rights.READ | Rights.WRITE, Word.HELLO, Ratio.HALF, Odd.DAY),
    *(datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5, 6), datetime.time(1, 2)),
    *(datetime.datetime(2026, 1, 2, tzinfo=UTC), datetime.datetime(2026, 7, 2, tzinfo=zoneinfo.ZoneInfo("UTC"))),
    *(datetime.timedelta(days=-1, seconds=1), datetime.timedelta(seconds=1.5), datetime.timedelta(0)),
    *(uuid.UUID(int=0), uuid.uuid4(), decimal.Decimal("1.5"), decimal.Decimal("-12345"), decimal.Decimal("1E+3")),
    *(pathlib.Path("a/b"), pathlib.PurePosixPath("/drop"), pathlib.PureWindowsPath("c:\\x")),
    *(ipaddress.IPv4Address("192.0.2.1"), ipaddress.IPv6Address("2001:db8:0:0:1::"), ipaddress.ip_address("fe80::1%a")),
    *(Url("https://a.example/drop?x=1#y"), DSN(HOSTS), pydantic.FileUrl("file:///etc/drop"), Url("https://é.example")),
    *(pydantic_core.Url("http://drop:x@[::1]:8080/"), pydantic_core.MultiHostUrl(HOSTS)),
    *(Pair(1, "drop"), Point([1], {"drop": Point(1)}), Row(Point(pydantic.AnyUrl("x://drop")))),
    *(Row(), Row([{"drop": 1}]), Left("drop", Row()), Frozen("drop"), Slots(1), MoreSlots(1, ["drop"])),
    *(but(Row(), more="drop"), but(Left(), a=1, b=()), Box(1), Box[str]("drop")),
    *(Pydantic(), Pydantic(b="drop"), Pydantic(a=Pydantic(a=[Row("x")])), but(Pydantic(), hidden="drop")),
    *(numpy.int64(12345), numpy.float64(1.5), numpy.float32(0.5), numpy.bool_(True), numpy.str_("drop")),
    *(numpy.bytes_(b"drop"), numpy.datetime64("2026-01-02"), numpy.uint8(3)),
    *({1: "drop"}, {None: 1, True: 2, 1.5: 3}, {Word.HELLO: 1}, {Colour.RED: 1}, {Level.LOW: 12345}),
]


@pytest.mark.parametrize("value", JUDGED, ids=repr)
def test_what_is_judged_is_judged_as_its_json(value: object) -> None:
    assert check(value) == ENGINE.check_json("m", json.dumps({"a": [0, as_json(value)]}))


def test_what_a_model_holds_besides_its_fields_is_judged() -> None:
    model = Pydantic(b={"x": 1})
    model._private = ["drop"]
    assert (check(model).rule, check(model).at) == ("denied_patterns", "/a/1/_private/0")
    model._private = None
    assert check(model).allowed


def test_a_number_that_is_exact_is_judged_digit_by_digit() -> None:
    engine = ArgalaEngine.from_toml("tools.m.args.a = { type = 'number', max = 100 }")
    assert engine.check("m", {"a": decimal.Decimal(100)}).allowed
    assert not engine.check("m", {"a": decimal.Decimal("100.00000000000000000000000001")}).allowed
    assert not engine.check("m", {"a": datetime.timedelta(seconds=100, microseconds=1)}).allowed
    assert engine.check("m", {"a": datetime.timedelta(seconds=100)}).allowed


@pytest.mark.parametrize("value", [decimal.Decimal("NaN"), decimal.Decimal("sNaN"), decimal.Decimal("-Infinity")])
def test_a_decimal_must_be_finite(value: decimal.Decimal) -> None:
    assert check(value).rule == "input.not-json"


@pytest.mark.parametrize(
    "value", [pathlib.Path("\ud800"), enum.Enum("Half", {"A": "\udfff"}).A, Row("\ud800"), {"\ud800"}], ids=type
)
def test_half_of_a_surrogate_pair_is_denied_inside_of_other_types(value: object) -> None:
    assert check(value).rule == "input.lone-surrogate"


@pytest.mark.parametrize("table", [{1: 1, "1": 2}, {"1": 1, 1: 2}, {None: 1, "null": 2}, {Colour.RED: 1, "red": 2}])
def test_two_keys_with_one_text_are_a_key_that_stands_there_twice(table: dict[Any, int]) -> None:
    assert check(table).rule == "input.duplicate-key"


@pytest.mark.parametrize("value", ["a drop b", {"drop": 1}, [["Drop"]], ({"x": ("DROP",)},), 9123456, 0.12345])
def test_patterns_look_into_every_value_and_key(value: object) -> None:
    assert check(value).rule == "denied_patterns"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_must_be_finite(value: float) -> None:
    assert (check(value).rule, check(value).at) == ("input.not-json", "/a/1")


@pytest.mark.parametrize("key", [(1,), b"x", Text("x"), frozenset(), Number(1), uuid.UUID(int=1), Frozen()], ids=type)
def test_a_key_must_have_a_text(key: object) -> None:
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
    data, model = Row(), Pydantic()
    data.a, model.a = [data], {"model": model}
    for value in (row, items, pair, data, model):
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


class Watch:
    """What ran."""

    ran: typing.ClassVar[list[str]] = []


def spying(name: str) -> Any:  # noqa: ANN401
    def spy(*_: object, **__: object) -> Any:  # noqa: ANN401
        Watch.ran.append(name)
        return "SELECT"

    return spy


class SpyMeta(type):
    def __getattribute__(cls, name: str) -> Any:  # noqa: ANN401
        Watch.ran.append(f"meta {name}")
        return super().__getattribute__(name)

    __instancecheck__ = spying("instancecheck")
    __subclasscheck__ = spying("subclasscheck")


SPIES = {
    name: spying(name)
    for name in (
        *("__getattr__", "__setattr__", "__delattr__", "__eq__", "__hash__", "__repr__", "__str__", "__iter__"),
        *("__len__", "__bool__", "__getstate__", "__reduce_ex__", "__reduce__", "__deepcopy__", "__copy__", "__init__"),
        *("__new__", "__index__", "__int__", "__fspath__", "__format__", "__post_init__", "__dir__", "__sizeof__"),
    )
}


def made(class_: type, **attributes: object) -> Any:  # noqa: ANN401
    instance = object.__new__(class_)
    for name, value in attributes.items():
        object.__setattr__(instance, name, value)
    return instance


def data(name: str, bases: tuple[type, ...] = (), meta: type = type, **namespace: object) -> type:
    return meta(name, bases, {"__dataclass_fields__": {}, **namespace})


def monkeypatched() -> Any:  # noqa: ANN401
    class_ = dataclasses.dataclass(type("Patched", (), {"__annotations__": {"a": str}}))
    instance = class_("drop")
    class_.a = property(spying("a"))
    return instance


def posing_as_text() -> Any:  # noqa: ANN401
    return made(data("Posing", __class__=property(lambda _: str), __str__=spying("str")), a="drop")


def with_an_abstract_base() -> Any:  # noqa: ANN401
    class Base(abc.ABC):  # noqa: B024
        @classmethod
        def __subclasshook__(cls, _: type) -> bool:
            Watch.ran.append("subclasshook")
            return True

    class_ = dataclasses.dataclass(type(Base)("Derived", (Base,), {"__annotations__": {"a": str}}))
    return class_("drop")


# Each holds "drop" in its first state, and its class says otherwise.
LYING = {
    "every method": lambda: made(data("Spying", **SPIES), a="drop"),
    "a metaclass": lambda: made(data("Spying", meta=SpyMeta), a="drop"),
    "a property": lambda: but(made(data("Spying", a=property(spying("a")))), a="drop"),
    "a monkeypatched class": monkeypatched,
    "a class that poses as another": posing_as_text,
    "an abstract base": with_an_abstract_base,
}


@pytest.mark.parametrize("make", LYING.values(), ids=LYING)
def test_an_instance_is_judged_by_what_it_holds_whatever_its_class_says(make: Any) -> None:  # noqa: ANN401
    value = make()
    Watch.ran.clear()
    decision = check(value)
    ran = list(Watch.ran)
    assert (decision.rule, decision.at, ran) == ("denied_patterns", "/a/1/a", [])


def hidden_dict() -> Any:  # noqa: ANN401
    class_ = data("Hiding", __dict__=property(spying("dict")))
    return made(class_, a="drop")


def foreign_dict() -> Any:  # noqa: ANN401
    other = type("Other", (), {})
    return made(data("Hiding", __dict__=vars(other)["__dict__"]), a="drop")


def dict_of_another_kind() -> Any:  # noqa: ANN401
    class Odd(dict):
        __iter__ = items = keys = __getitem__ = spying("dict")

    instance = Row()
    instance.__dict__ = Odd(a="drop")
    return instance


def deleted_slot() -> Any:  # noqa: ANN401
    class_ = data("Losing", __slots__=("a",))
    value = made(class_, a="drop")
    del class_.a
    return value


def spied_key() -> Any:  # noqa: ANN401
    class Key(str):
        __slots__ = ()
        __eq__ = spying("eq")
        __hash__ = str.__hash__

    value = Row()
    value.__dict__[Key("b")] = "drop"
    return value


def member_that_says_otherwise() -> Any:  # noqa: ANN401
    class Told(str, enum.Enum):
        A = "drop"

    Told.A._value_ = "SELECT"
    return Told.A


def member_of_itself() -> Any:  # noqa: ANN401
    class Self(enum.Enum):
        A = 1

    Self.A._value_ = Self.A
    return Self.A


def member_with_attributes_of_its_own() -> Any:  # noqa: ANN401
    class Own(enum.Enum):
        A = 1

    member = Own.A
    Own.__getattribute__ = spying("getattribute")
    return member


def keyed_by_a_member_that_hashes() -> Any:  # noqa: ANN401
    class Hashing(enum.Enum):
        A = "a"

        def __hash__(self) -> int:
            Watch.ran.append("hash")
            return 1

    return {Hashing.A: 1}


def text_with_methods() -> Any:  # noqa: ANN401
    return str.__new__(type("Text", (str,), dict(SPIES)), "drop")


UNREADABLE = {
    "its own getattribute": lambda: made(data("Own", __getattribute__=spying("getattribute")), a="drop"),
    "its own getattribute by a base": lambda: made(
        data("Derived", (type("Base", (), {"__getattribute__": spying("getattribute")}),)), a="drop"
    ),
    "a hidden dict": hidden_dict,
    "the dict of another class": foreign_dict,
    "a dict of another kind": dict_of_another_kind,
    "a slot that was deleted": deleted_slot,
    "a key with code": spied_key,
    "a member that says otherwise": member_that_says_otherwise,
    "a member of itself": member_of_itself,
    "a member with attributes of its own": member_with_attributes_of_its_own,
    "a key that hashes": keyed_by_a_member_that_hashes,
    "a set that hashes": lambda: {made(data("Hashing", __hash__=lambda _: 1))},
    "a text with methods": text_with_methods,
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_can_not_be_read_without_its_code_is_denied(make: Any) -> None:  # noqa: ANN401
    value = make()
    Watch.ran.clear()
    decision = check(value)
    ran = list(Watch.ran)
    assert (decision.rule, decision.at.startswith("/a/1"), ran) == ("input.type", True, [])


def test_a_url_is_judged_as_the_text_that_it_is() -> None:
    engine = ArgalaEngine({"tools": {"m": {"args": {"a": {"type": "url", "hosts": ["a.example"]}}}}})
    for kind in (Url, pydantic.AnyUrl, pydantic_core.Url):
        assert engine.check("m", {"a": kind("https://A.example/x")}).allowed
        assert engine.check("m", {"a": kind("https://b.example/x")}).rule == "tools.m.args.a"


def test_the_mapped_form_of_an_address_is_judged_as_the_address_inside() -> None:
    engine = ArgalaEngine({"allowed_methods": ["m"], "denied_patterns": ["192.0.2.1"]})
    assert not engine.check("m", {"a": ipaddress.IPv6Address("::ffff:192.0.2.1")}).allowed


@pytest.mark.parametrize(
    "value",
    [
        *(ipaddress.IPv4Address("192.0.2.1"), ipaddress.IPv6Address("fe80::1%eth0"), Url("https://a.example/x")),
        *(DSN(HOSTS.replace("drop", "me")), pydantic_core.Url("x://y"), Point(1), Point([1], {"x": Pair([], ())})),
    ],
    ids=repr,
)
def test_a_copy_is_the_same_and_of_the_same_class(value: Any) -> None:  # noqa: ANN401
    copy = ENGINE.admit("m", {"a": value})[0]["a"]
    assert (type(copy), copy, str(copy)) == (type(value), value, str(value))


def test_what_is_inside_a_tuple_with_names_is_copied() -> None:
    rows: list[int] = []
    copy = ENGINE.admit("m", {"a": Point(rows)})[0]["a"]
    rows.append(1)
    assert copy == Point([])


def test_a_class_that_is_changed_tells_nothing_of_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    address = ipaddress.IPv4Address("12.34.5.1")
    values = [Url("https://a.example/drop"), pydantic_core.Url("x://drop"), Point("drop"), [address, "drop"]]
    for name in ("__str__", "__iter__", "__len__", "__getitem__", "__init__", "__setattr__"):
        for class_ in (pydantic.networks._BaseUrl, Url, Point):
            monkeypatch.setattr(class_, name, spying(name), raising=False)
    monkeypatch.setattr(Point, "__new__", spying("new"))
    monkeypatch.setattr(pydantic_core.Url, "__str__", spying("core"))
    monkeypatch.setattr(ipaddress.IPv4Address, "_ip", property(spying("ip")))
    monkeypatch.setattr(ipaddress.IPv4Address, "__str__", spying("address"))
    Watch.ran.clear()
    decisions = [check(value) for value in values]
    ran = list(Watch.ran)
    assert ({decision.rule for decision in decisions}, ran) == ({"denied_patterns"}, [])


def test_the_copy_is_made_without_the_class() -> None:
    value = made(data("Spying", **SPIES), a=["x"])
    Watch.ran.clear()
    copy = ENGINE.admit("m", {"a": value})[0]["a"]
    ran = list(Watch.ran)
    assert ran == []
    assert type(copy) is type(value)
    assert object.__getattribute__(copy, "a") == ["x"]
