"""Readers of JSON that servers are written with, and what each takes a line for."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from sessions.peers import TESTS
from sessions.rpc import Json

# Numbers that a reader can't hold, and nests that are too deep for it: it says so, and mistakes nothing.
PAST_BOUNDS = ("number out of range", "recursion", "integer string conversion")


class Refused(Exception):
    """The reader doesn't take the line for JSON, and why."""

    @property
    def is_past_bounds(self) -> bool:
        return any(words in str(self) for words in PAST_BOUNDS)


Reader = Callable[[bytes], Json]


def by_python(line: bytes) -> Json:
    """`json.loads`, as lenient as it is: duplicates, NaN and lone surrogates included."""
    try:
        return numbers_as_floats(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from None


def numbers_as_floats(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: numbers_as_floats(member) for name, member in value.items()}
    if isinstance(value, list):
        return [numbers_as_floats(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return as_float(str(value))
    return value


def as_float(text: str) -> float:
    return float(text)  # "1e400" and long integers become infinite, as in JavaScript


def by_process(process: subprocess.Popen[bytes]) -> Reader:
    """A program that answers each line with what it has read (reader.mjs, json-reader)."""

    def read(line: bytes) -> Json:
        assert process.stdin
        assert process.stdout
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        if isinstance(told, list) and told[0] == "refused":
            raise Refused(told[1])
        return meant(told)

    return read


def meant(told: Json) -> Json:
    if not isinstance(told, list):
        return told
    kind, value = told
    if kind == "object":
        return {name: meant(member) for name, member in value}
    if kind == "array":
        return [meant(item) for item in value]
    return as_float(value) if kind == "number" else value


def readers(json_reader: Path, running: ExitStack) -> dict[str, Reader]:
    def started(command: Sequence[str | Path]) -> Reader:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.enter_context(process)
        running.callback(process.kill)
        return by_process(process)

    return {
        "json of Python": by_python,
        "JSON.parse of Node": started(["node", TESTS / "parsers" / "reader.mjs"]),
        "serde_json of Rust": started([json_reader]),
    }


def same(one: Json, other: Json) -> bool:
    """Whether two readings are the same value. A number may differ by how a reader rounds it to a double."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=1e-15)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
