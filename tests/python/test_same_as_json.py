"""A decision about an object is the decision about its JSON text, whatever the object."""

from __future__ import annotations

import enum
import json

import pytest
from argala import ArgalaEngine

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

ENGINE = ArgalaEngine.from_toml("""
denied_patterns = ["DROP", "7.5", "é"]

[[deny]]
id = "words"
patterns = ["rm", "a b"]
match = "word"
args = ["query", "/items/*/name"]

[tools.open]

[tools.typed]
extra_args = "allow"
args.query = { type = "string", max_len = 6 }
args.limit = { type = "integer", min = -3, max = 9007199254740993 }
args.items = { type = "array", max_items = 3, items = { type = "any" } }
args.ratio = { type = "number", max = 1e22, required = true }

[limits]
max_bytes = 200
max_depth = 5
max_nodes = 40
""")



class Word(str, enum.Enum):
    DROP = "DROP"
    RM = "rm x"
    EMPTY = ""


class Number(enum.IntEnum):
    NONE = 0
    LARGE = 9007199254740993
    SMALL = -4


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


words = st.sampled_from(["drop", "DROP", "xdropx", "rm", "rm x", "a b", "É", "é", "", "/", "~", "7.5", "0"])
texts = words | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.sampled_from(["query", "limit", "items", "ratio", "name", "drop", "a/b", "a~b"]) | texts
numbers = (
    st.integers() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False) | st.just(-0.0)
)
members = st.sampled_from([*Word, *Number, *Rights, Rights.READ | Rights.WRITE])
scalars = texts | numbers | st.booleans() | st.none() | members
# What `json.dumps` takes for a key and writes as text, with some that meet under one text.
any_keys = keys | st.integers(0, 9) | st.sampled_from(["1", "null", "true", None, True, 1.5]) | members
values = st.recursive(
    scalars,
    lambda inside: st.lists(inside, max_size=5) | st.tuples(inside, inside) | st.dictionaries(any_keys, inside, max_size=5),
    max_leaves=30,
)
arguments = st.dictionaries(keys, values, max_size=6)


@hypothesis.settings(max_examples=500, deadline=None)
@hypothesis.given(method=st.sampled_from(["open", "typed", "unknown", "", "öpen"]), arguments=arguments)
def test_an_object_is_judged_as_its_text(method: str, arguments: dict[str, object]) -> None:
    judged = ENGINE.check(method, arguments)
    assert judged == ENGINE.check_json(method, json.dumps(arguments))
    assert judged == ENGINE.check_json(method, json.dumps(arguments, ensure_ascii=False, indent=1).encode())
    assert judged.to_dict() == json.loads(json.dumps(judged.to_dict()))


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(arguments=arguments)
def test_what_is_admitted_is_equal_to_what_was_given(arguments: dict[str, object]) -> None:
    engine = ArgalaEngine({"allowed_methods": ["m"]})
    members, more = engine.admit("m", arguments)
    assert (members, more) == (arguments, {})
    assert json.dumps(members) == json.dumps(arguments)
