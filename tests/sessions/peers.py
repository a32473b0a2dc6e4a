"""The programs at both ends of a session: downstream servers, and the processes that they are made of."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sessions.rpc import Frame, Json

TESTS = Path(__file__).resolve().parent.parent
NODE_TOOLS = TESTS / "node_modules" / ".bin"

Command = Sequence[str | Path]


@dataclass(frozen=True)
class Recorder:
    """A downstream that records (`peers/recorder.py`, `peers/modern.py`), and what it has heard."""

    folder: Path
    name: str = "recorder"
    flags: Sequence[str] = ()
    script: str = "recorder.py"

    @property
    def command(self) -> list[str]:
        script = str(TESTS / "peers" / self.script)
        own = ["--name", self.name, "--record", str(self._record), "--pids", str(self._pids)]
        return [sys.executable, "-S", script, *own, *self.flags]

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.name}.record"

    @property
    def _pids(self) -> Path:
        return self.folder / f"{self.name}.pids"

    def heard(self, method: str | None = None) -> list[Frame]:
        """What came, in order: all of it, or the messages of one method."""
        lines = self._record.read_bytes().split(b"\n") if self._record.exists() else []
        frames = [Frame(line) for line in lines if line]
        for frame in frames:
            assert b"\r" not in frame.raw, f"a reader that ends lines at \\r would see two messages in {frame}"
        return [frame for frame in frames if method in (None, frame.method)]

    def calls(self) -> list[Json]:
        """The `params` of each tools/call that came, numbers as text."""
        return [frame.exact["params"] for frame in self.heard("tools/call")]

    def pids(self) -> list[int]:
        return [int(pid) for pid in self._pids.read_text().split()] if self._pids.exists() else []


def node_tool(name: str, *arguments: str | Path) -> list[str]:
    """A program from `package-lock.json`."""
    program = NODE_TOOLS / name
    assert program.exists(), "run `npm ci --prefix tests` first"
    return ["node", str(program), *map(str, arguments)]


def alive(pid: int) -> bool:
    """Whether a process still runs; one that ended and waits to be reaped doesn't."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except ProcessLookupError:  # it has ended since
        return False
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists()  # no procfs here: the signal's word is all there is


def children(pid: int) -> list[int]:
    """The processes that a process has started itself; none where there is no procfs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def survivors(pids: Iterable[int], patience: float) -> list[int]:
    """Those of `pids` that still run when patience has run out; empty as soon as all are gone."""
    deadline = time.monotonic() + patience
    while left := [pid for pid in pids if alive(pid)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return left


def kill_all(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
