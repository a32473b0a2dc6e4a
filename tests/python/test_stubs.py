"""What the type stub says of the native module is what there is."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import argala
import pytest
from argala import _argala

STUB = ast.parse((Path(argala.__file__).parent / "_argala.pyi").read_text(encoding="utf-8"))
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]


def public(names: object) -> set[str]:
    return {name for name in names if not name.startswith("_")}  # type: ignore[attr-defined]


def test_the_stub_has_the_classes_and_functions_of_the_module() -> None:
    named = public(node.name for node in STUB.body if isinstance(node, (ast.ClassDef, ast.FunctionDef)))
    assert named == public(vars(_argala))


@pytest.mark.parametrize("stub", CLASSES, ids=lambda stub: stub.name)
def test_the_stub_has_the_members_of_a_class_and_says_what_they_are(stub: ast.ClassDef) -> None:
    members = [node for node in stub.body if isinstance(node, ast.FunctionDef)]
    real = getattr(_argala, stub.name)
    assert public(node.name for node in members) == public(vars(real))
    assert ast.get_docstring(stub)
    for node in members:
        assert ast.get_docstring(node) or node.name.startswith("__"), node.name
        if not node.name.startswith("_") and callable(getattr(real, node.name)):
            arguments = node.args.posonlyargs + node.args.args
            is_method = not any(getattr(mark, "id", "") == "staticmethod" for mark in node.decorator_list)
            told = [name.arg for name in arguments][is_method:]
            found = list(inspect.signature(getattr(real, node.name)).parameters)[is_method:]
            assert told == found, node.name
