"""An engine: how a policy becomes one, and what it says of calls."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, PolicyError, protect_tools

POLICY = {"allowed_methods": ["m"], "denied_patterns": ["DROP"]}
ENGINE = ArgalaEngine(POLICY)


# --- loading


def test_a_dict_and_a_text_make_the_same_policy(tmp_path: Path) -> None:
    text = """
        # a comment
        allowed_methods = ["b", "a"]
        tools.pay = { decision = "ask", args.amount = { type = "number", max = 10.5, min = -1 } }
        limits = { max_depth = 4 }
    """
    policy = {
        "limits": {"max_depth": 4},
        "tools": {"pay": {"args": {"amount": {"max": 10.5, "type": "number", "min": -1}}, "decision": "ask"}},
        "allowed_methods": ("a", "b"),
    }
    file = tmp_path / "policy.toml"
    file.write_text(text)
    engines = ArgalaEngine(policy), ArgalaEngine.from_toml(text), ArgalaEngine.from_policy_file(file)
    assert len({engine.policy_hash for engine in engines}) == 1
    assert engines[0].policy_hash.startswith("sha256:")
    assert engines[0].policy_hash != ENGINE.policy_hash


def test_a_policy_is_read_once() -> None:
    policy: dict[str, Any] = {"allowed_methods": ["m"], "denied_patterns": ["DROP"]}
    engine = ArgalaEngine(policy)
    policy["denied_patterns"].clear()
    policy["allowed_methods"].append("other")
    assert not engine.check("m", {"a": "DROP"}).allowed
    assert not engine.check("other", {}).allowed


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        ArgalaEngine.from_policy_file(tmp_path / "none.toml")
    assert str(caught.value.filename) == str(tmp_path / "none.toml")
    with pytest.raises(IsADirectoryError):
        ArgalaEngine.from_policy_file(str(tmp_path))
    with pytest.raises(TypeError):
        ArgalaEngine.from_policy_file(1)  # type: ignore[arg-type]


def test_a_mistake_in_a_file_is_shown_with_file_line_column_and_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('allowed_methods = ["m"]\n  denied_pattern = ["DROP"]\n')
    with pytest.raises(PolicyError) as caught:
        ArgalaEngine.from_policy_file(file)
    assert f"{file}:2:3" in str(caught.value)
    assert "did you mean `denied_patterns`?" in str(caught.value)


def test_a_file_that_is_not_utf_8_is_shown_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(b"# a\n# b\n# \xff\n")
    with pytest.raises(PolicyError, match=r"policy\.toml: line 3 is not UTF-8"):
        ArgalaEngine.from_policy_file(file)


def cyclic() -> dict[str, Any]:
    policy: dict[str, Any] = {}
    policy["tools"] = policy
    return policy


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"allowed_method": ["m"]}, "did you mean `allowed_methods`?"),
        ({"allowed_methods": "m"}, "allowed_methods"),
        ({"denied_patterns": [""]}, "denied_patterns"),
        ({"denied_patterns": ["a", b"x"]}, "denied_patterns[1]: holds `bytes`"),
        ({"tools": {"m": {"args": {"a": {"type": "integer", "max": None}}}}}, "tools.m.args.a.max: holds `NoneType`"),
        ({"tools": {1: {}}}, "tools: has a key of type `int`"),
        ({"tools": {"m": {"args": {"a": {"type": "number", "max": float("nan")}}}}}, "tools.m.args.a.max"),
        ({"tools": {"m": {"args": {"a": {"type": "integer", "max": 10**60}}}}}, "tools.m.args.a.max"),
        ({"allowed_methods": ["\ud800"]}, "allowed_methods[0]: holds half of a surrogate pair"),
        ({"allowed_methods": {"m"}}, "allowed_methods: holds `set`"),
        (cyclic(), "nests deeper than"),
    ],
)
def test_a_mistake_in_a_dict_is_shown_with_its_key(policy: dict[Any, Any], said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        ArgalaEngine(policy)
    assert said in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("policy", [None, "argala_policy.toml", [("allowed_methods", ["m"])], 1])
def test_a_policy_of_another_type_is_a_type_error(policy: Any) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match="from_policy_file"):
        ArgalaEngine(policy)


def test_an_engine_can_be_neither_changed_nor_inherited_from() -> None:
    with pytest.raises(AttributeError):
        ENGINE.policy_hash = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        ENGINE.check = None  # type: ignore[method-assign, assignment]
    with pytest.raises(TypeError):
        type("Mine", (ArgalaEngine,), {})


def test_an_engine_tells_its_policy() -> None:
    assert repr(ENGINE) == f"<ArgalaEngine {ENGINE.policy_hash}>"


# --- judging


def test_inspect_payload_judges_positional_and_keyword_arguments() -> None:
    assert ENGINE.inspect_payload("m") is True
    assert ENGINE.inspect_payload("m", ("SELECT", 1), {"x": [None]}) is True
    with pytest.raises(ArgalaSecurityViolation) as by_position:
        ENGINE.inspect_payload("m", ("SELECT", {"a": ["x DROP"]}))
    assert by_position.value.at == "/1/a/0"
    with pytest.raises(ArgalaSecurityViolation) as by_keyword:
        ENGINE.inspect_payload("m", kwargs={"query": "drop"})
    assert by_keyword.value.at == "/query"
    with pytest.raises(ArgalaSecurityViolation) as by_name:
        ENGINE.inspect_payload("other", ())
    assert by_name.value.rule == "not-allowed"


def test_a_keyword_argument_named_as_a_positional_one_is_a_duplicate_key() -> None:
    assert ENGINE.inspect_payload("m", (), {"0": 1}) is True
    with pytest.raises(ArgalaSecurityViolation) as caught:
        ENGINE.inspect_payload("m", (1,), {"0": 1})
    assert (caught.value.rule, caught.value.at) == ("input.duplicate-key", "/0")


@pytest.mark.parametrize("args", ["SELECT", ["SELECT"], {"a": 1}, 1])
def test_positional_arguments_come_as_a_tuple(args: Any) -> None:  # noqa: ANN401
    with pytest.raises(TypeError):
        ENGINE.inspect_payload("m", args)


def test_keyword_arguments_of_a_type_that_is_none_of_json_are_denied() -> None:
    class Sly(dict):  # type: ignore[type-arg]
        pass

    with pytest.raises(ArgalaSecurityViolation, match=r"of type .*Sly"):
        ENGINE.inspect_payload("m", (), Sly())


def test_where_a_person_should_be_asked_there_is_nobody() -> None:
    engine = ArgalaEngine({"tools": {"pay": {"decision": "ask"}}})
    decision = engine.check("pay", {})
    assert (decision.decision, decision.allowed) == ("ask", False)
    with pytest.raises(ArgalaSecurityViolation, match=r"^ARGALA BLOCK: .*nobody can be asked") as caught:
        engine.inspect_payload("pay")
    assert caught.value.decision == "ask"


def test_json_text_comes_as_bytes_or_str() -> None:
    text = '{"query": "é drop"}'
    assert ENGINE.check_json("m", text) == ENGINE.check_json("m", text.encode())
    assert ENGINE.check_json("m", text).span == (3, 7)
    assert ENGINE.check_json("m", b'{"a": "\xff"}').rule == "input.not-utf8"
    with pytest.raises(TypeError, match="not `dict`"):
        ENGINE.check_json("m", {})  # type: ignore[arg-type]


def test_admit_gives_copies_apart() -> None:
    members = {"a": [1, {"b": (2, [3])}]}
    more = {"c": "x"}
    judged, judged_more = ENGINE.admit("m", members, more)
    assert (judged, judged_more) == (members, more)
    assert judged["a"] is not members["a"]
    assert judged["a"][1]["b"][1] is not members["a"][1]["b"][1]  # type: ignore[index]


def test_signatures_and_documentation_are_told() -> None:
    assert str(inspect.signature(ENGINE.inspect_payload)) == "(method, args=(), kwargs=None)"
    for name in ("check", "check_json", "inspect_payload", "admit", "from_toml", "from_policy_file", "policy_hash"):
        assert inspect.getdoc(getattr(ArgalaEngine, name))


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ("SELECT 1", None, "args must be a tuple"),
        (["x"], None, "args must be a tuple"),
        ((), ["x"], "kwargs must be a dict"),
    ],
)
def test_what_the_program_passes_wrongly_is_its_own_mistake(args: object, kwargs: object, said: str) -> None:
    engine = ArgalaEngine({"allowed_methods": ["m"]})
    with pytest.raises(TypeError, match=said):
        engine.inspect_payload("m", args, kwargs)  # type: ignore[arg-type]


def test_a_single_tool_wants_a_list() -> None:
    with pytest.raises(TypeError, match="put a single one in a list"):
        protect_tools(print, {"allowed_methods": ["print"]})  # type: ignore[arg-type]
