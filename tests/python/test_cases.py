"""The case files in tests/cases, which Rust and the command line run too, give the same decisions here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("*.toml"))


class NoSuchObjectError(ValueError):
    """No Python object stands for the text as it is."""


def object_for(text: str) -> Any:  # noqa: ANN401 - what JSON holds
    """The object that a text stands for, where no key is lost and each number is written as in the text again."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise NoSuchObjectError
        return dict(pairs)

    def number(convert: type[int] | type[float]) -> Any:  # noqa: ANN401
        def parse(lexeme: str) -> int | float:
            if repr(convert(lexeme)) != lexeme:
                raise NoSuchObjectError
            return convert(lexeme)

        return parse

    return json.loads(text, object_pairs_hook=members, parse_int=number(int), parse_float=number(float))


def load() -> list[Any]:
    cases = []
    for path in FILES:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        engine = ArgalaEngine.from_toml(file["policy"])
        cases += [pytest.param(engine, case, id=f"{path.stem}: {case['name']}") for case in file["case"]]
    return cases


CASES = load()
FIELDS = ("decision", "rule", "at", "matched", "span")


def with_object() -> list[Any]:
    found = []
    for param in CASES:
        engine, case = param.values
        try:
            found.append(pytest.param(engine, case, object_for(case["arguments"]), id=param.id))
        except ValueError:
            continue
    return found


def expected(case: dict[str, Any]) -> dict[str, Any]:
    # Only cases about how a pattern was found name a view.
    return {field: case.get(field) for field in FIELDS} | {key: case[key] for key in ("view",) if key in case}


def got(decision: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    return {field: decision[field] for field in expected(case)}


@pytest.mark.parametrize(("engine", "case"), CASES)
def test_text_gets_the_decision(engine: ArgalaEngine, case: dict[str, Any]) -> None:
    decision = engine.check_json(case["method"], case["arguments"]).to_dict()
    assert got(decision, case) == expected(case)


@pytest.mark.parametrize(("engine", "case", "arguments"), with_object())
def test_an_object_gets_the_decision(engine: ArgalaEngine, case: dict[str, Any], arguments: Any) -> None:  # noqa: ANN401
    decision = engine.check(case["method"], arguments).to_dict()
    assert got(decision, case) == expected(case)


@pytest.mark.parametrize(("engine", "case", "arguments"), with_object())
def test_text_and_object_get_the_same_words(engine: ArgalaEngine, case: dict[str, Any], arguments: Any) -> None:  # noqa: ANN401
    if case["rule"] == "input.not-json":
        pytest.skip("what is wrong with a text is said in other words than what is wrong with an object")
    assert engine.check(case["method"], arguments) == engine.check_json(case["method"], case["arguments"])


def test_the_files_are_there() -> None:
    assert len(CASES) > 100


def test_most_cases_have_an_object() -> None:
    assert len(with_object()) >= len(CASES) * 3 / 4
