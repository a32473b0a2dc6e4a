"""What a guarded call costs beside a bare one, next to what it cost with the first Argala (0.0.0 from PyPI).

    python benches/overhead.py --argala FOLDER --original FOLDER

Each folder holds an installed package (`pip install --target`). Both run in processes of their own, under the same
interpreter, in rounds that take turns; the least time of all rounds counts. The original's wheel is for CPython 3.11.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import string
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

ROUNDS = 15

chance = random.Random(5)  # noqa: S311 - the same texts every time
FEW = ["DROP", "DELETE", "TRUNCATE"]
MANY = ["".join(chance.choices(string.ascii_uppercase, k=8)) for _ in range(1000)]
SENTENCE = "SELECT name, price FROM products WHERE id = 7 ORDER BY price; "

# Name: the argument, the patterns, calls in a round, and the most that may be spent, in the original's overhead.
CASES: dict[str, tuple[str, list[str], int, float]] = {
    "short call": ("SELECT * FROM users WHERE id = 7", FEW, 20_000, 1.0),
    "100 KiB": ((SENTENCE * 2000)[: 100 << 10], FEW, 500, 0.2),
    "1,000 patterns on 1 KiB": ((SENTENCE * 20)[: 1 << 10], MANY, 500, 0.05),
}


def execute_sql_query(query: str) -> str:
    """The tool."""
    return query


def work(folder: str) -> None:
    """Runs one package: for each name of a case that is read, writes the seconds of a bare and of a guarded call."""
    sys.path.insert(0, folder)
    from argala import protect_tools

    tools: dict[str, Callable[..., Any]] = {}
    for name, (_, patterns, _, _) in CASES.items():
        policy = {"allowed_methods": ["execute_sql_query"], "denied_patterns": patterns}
        (tools[name],) = protect_tools([execute_sql_query], policy)
    for line in sys.stdin:
        text, _, calls, _ = CASES[line.strip()]
        seconds = []
        for tool in (execute_sql_query, tools[line.strip()]):
            timer = timeit.Timer("tool(text)", globals={"tool": tool, "text": text})
            seconds.append(min(timer.repeat(5, calls)) / calls)
        print(json.dumps(seconds), flush=True)


def measure(python: str, folders: dict[str, str]) -> dict[str, dict[str, float]]:
    """The overhead of a call in seconds, by case and package."""
    workers = {
        package: subprocess.Popen(  # noqa: S603 - this very file
            [python, __file__, "--work", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for package, folder in folders.items()
    }
    overheads: dict[str, dict[str, float]] = {}
    for name in CASES:
        times: dict[str, list[list[float]]] = {package: [] for package in workers}
        for _ in range(ROUNDS):
            for package, worker in workers.items():
                assert worker.stdin is not None  # noqa: S101 - for the types
                assert worker.stdout is not None  # noqa: S101
                worker.stdin.write(name + "\n")
                worker.stdin.flush()
                times[package].append(json.loads(worker.stdout.readline()))
        least = {package: [min(column) for column in zip(*rows, strict=True)] for package, rows in times.items()}
        overheads[name] = {package: guarded - bare for package, (bare, guarded) in least.items()}
    for worker in workers.values():
        worker.communicate()
    return overheads


def main() -> int:
    """Prints the table; 1 where a bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--argala", help="where this argala is installed")
    parser.add_argument("--original", help="where argala 0.0.0 is installed")
    parser.add_argument("--python", default=shutil.which("python3.11"), help="a CPython 3.11")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return 0
    if not arguments.argala:
        parser.error("--argala is missing")
    folders = {"argala": arguments.argala}
    if arguments.python and arguments.original:
        folders["original"] = arguments.original
    else:
        print("no CPython 3.11, or no --original: nothing to compare with (the original's wheel is for 3.11 alone)")
    overheads = measure(arguments.python or sys.executable, folders)
    print(f"{'overhead of a call':26} {'argala':>10} {'0.0.0':>10} {'ratio':>7}   bar")
    held = True
    for name, by_package in overheads.items():
        ours, theirs = by_package["argala"], by_package.get("original")
        line = f"{name:26} {ours * 1e6:7.2f} µs"
        if theirs is not None:
            bar = CASES[name][3]
            held &= ours <= bar * theirs
            line += f" {theirs * 1e6:7.2f} µs {ours / theirs:7.3f}   {bar}"
        print(line)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
