"""Threads, the GIL, and interpreters in one process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argala import ArgalaEngine, protect_tools

ENGINE = ArgalaEngine({"allowed_methods": ["m"], "denied_patterns": ["DROP"]})
LARGE = "x" * 70_000


def test_threads_share_an_engine() -> None:
    text = f'{{"a": "{LARGE} DROP"}}'.encode()

    def judge(index: int) -> tuple[bool, bool, str]:
        return (
            ENGINE.check("m", {"a": [index] * 50}).allowed,
            ENGINE.check("m", {"a": [index, "drop"]}).allowed,
            ENGINE.check_json("m", text).rule,
        )

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(judge, range(24))) == {(True, False, "denied_patterns")}


def m(a: str) -> str:
    return a


(PROTECTED,) = protect_tools([m], ENGINE)

CALLS: dict[str, Callable[[], object]] = {
    "check": lambda: ENGINE.check("m", {"a": LARGE}),
    "check_json": lambda: ENGINE.check_json("m", f'{{"a": "{LARGE}"}}'),
    "admit": lambda: ENGINE.admit("m", {"a": LARGE}),
    "a guarded tool": lambda: PROTECTED(LARGE),
}


@pytest.fixture
def no_switches() -> Iterator[None]:
    """No thread is asked to let the GIL go: another one runs only if it is let go."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(interval)


def others_run_during(call: Callable[[], object]) -> bool:
    """Whether another thread runs in one of many calls. Which one it is, is up to the machine."""
    ran: list[int] = []
    go = threading.Lock()
    go.acquire()

    def other() -> None:
        go.acquire()
        ran.append(1)

    thread = threading.Thread(target=other)
    thread.start()
    go.release()
    for _ in range(1000):
        call()
        if ran:
            break
    found = bool(ran)
    thread.join()
    return found


@pytest.mark.usefixtures("no_switches")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_other_threads_run_while_a_large_input_is_judged(call: Callable[[], object]) -> None:
    assert others_run_during(call)


@pytest.mark.usefixtures("no_switches")
def test_a_small_input_is_not_worth_it() -> None:
    assert not others_run_during(lambda: ENGINE.check("m", {"a": "x"}))


SECOND = """
try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters
import sys

load = f"import sys; sys.path[:] = {{sys.path}}" + '''
try:
    import argala
except ImportError as error:
    print(error)
'''
{}
second = _interpreters.create({})
_interpreters.run_string(second, load)
import argala
print(argala.ArgalaEngine({{"allowed_methods": ["m"]}}).check("m", {{}}).decision)
"""
ISOLATED = "module argala._argala does not support loading in subinterpreters"
SHARED = "argala is loaded in another interpreter of this process already"


def kinds() -> list[Any]:
    """How a second interpreter is made, with a GIL of its own and with the first one's, and what it is told."""
    if sys.version_info < (3, 12):
        return [("", SHARED)]
    return [("", ISOLATED), ("isolated=False" if sys.version_info < (3, 13) else "'legacy'", SHARED)]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="interpreters are made in another way")
@pytest.mark.parametrize(("how", "said"), kinds())
def test_a_second_interpreter_can_not_load_it(how: str, said: str) -> None:
    run = [sys.executable, "-c", SECOND.format("import argala", how)]
    output = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    assert output[0].startswith(said)
    assert output[1] == "allow"
