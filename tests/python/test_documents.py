"""What the documents show of Python works as they say.

A statement that ends with `# raises X` raises an X, and an expression that ends with `# -> X` is X.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "python-shim/README.md", "docs/python.md"]


def statements(document: str) -> list[tuple[str, str]]:
    """The statements of a document's Python, and what is said behind each."""
    found = []
    for block in re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            last = statement.end_lineno or statement.lineno
            comment = lines[last - 1].encode()[statement.end_col_offset :].decode()
            first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
            found.append(("\n".join(lines[first - 1 : last]), comment.strip()))
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_do_what_is_said(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"__name__": "example"}
    claims = 0
    for code, comment in statements(document):
        said, _, what = comment.removeprefix("#").strip().partition(" ")
        if said == "raises":
            with pytest.raises(Exception) as raised:  # noqa: PT011 - its name is what is compared
                exec(code, names)
            assert type(raised.value).__name__ == what, code
        elif said == "->":
            assert repr(eval(code, names)) == what, code
        else:
            exec(code, names)
            continue
        claims += 1
    assert claims or document == "README.md"


def test_each_bypass_in_the_table_is_a_test() -> None:
    tests = set(re.findall(r"^def (test_\w+)", (Path(__file__).parent / "test_bypasses.py").read_text(), re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/python.md").read_text(encoding="utf-8")))
    assert named == tests
