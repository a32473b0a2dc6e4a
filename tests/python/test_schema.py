"""The JSON Schema of the policy file takes what the loader takes, and refuses what an editor should underline."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from argala import ArgalaEngine, PolicyError
from jsonschema import Draft202012Validator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/policy.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def sound() -> list[Any]:
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in policies()}
    for path in (ROOT / "tests/cases").glob("*.toml"):
        texts[path.name] = tomllib.loads(path.read_text(encoding="utf-8"))["policy"]
    for document in ("README.md", "docs/policy.md"):
        blocks = re.findall(r"```toml\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
        texts.update({f"{document} {number}": block for number, block in enumerate(blocks)})
    return [pytest.param(text, id=name) for name, text in texts.items()]


def policies() -> list[Path]:
    return [ROOT / "argala_policy.toml", ROOT / "examples/servers_policy.toml"]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", sound())
def test_a_policy_that_loads_fits_the_schema(text: str) -> None:
    ArgalaEngine.from_toml(text)
    errors = [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]
    assert errors == []


@pytest.mark.parametrize(
    "text",
    [
        "allowed_method = ['m']",
        "version = 2\nallowed_methods = ['m']",
        "allowed_methods = 'm'",
        "allowed_methods = ['m']\n[[deny]]\nid = 'x'",
        "allowed_methods = ['m']\n[[deny]]\npatterns = ['x']\nmatch = 'words'",
        "[tools.m]\ndecision = 'maybe'",
        "[tools.m]\nargs.q = { type = 'text' }",
        "[tools.m]\nargs.q = { type = 'string', maxlen = 3 }",
        "[tools.m]\nargs.q = { type = 'string', max_len = -1 }",
        "[tools.m]\nargs.q = { type = 'array', items = { type = 'string', required = true } }",
        "[tools.m]\nargs.q = { required = true }",
        "[tools.m]\nargs.q = { type = 'integer', min = '1' }",
        "allowed_methods = ['m']\n[limits]\nmax_byte = 3",
    ],
)
def test_a_mistake_of_form_fits_neither(text: str) -> None:
    with pytest.raises(PolicyError):
        ArgalaEngine.from_toml(text)
    assert not VALIDATOR.is_valid(tomllib.loads(text))
