"""What every fault is injected into: a gateway with an audit log before a witness, hosts that call without end, and
what must hold whatever has happened.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sessions.face import Face
from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import Frame, Json, Session

# Seconds that are to be spent on load, over all faults. `make chaos` says more.
SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
FULL = 240.0  # from so many on, everything has its full size
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
LOADED = 8  # faults that are injected over and over for as long as their share lasts

POLICY = 'allowed_methods = ["*"]\ndenied_patterns = ["DROP"]\n'
MIB = 1 << 20
BOUND = 384 * MIB  # a gateway may take no more: its queues hold 64 MiB for a session, and a frame has 16 MiB

UNIQUE = itertools.count(1)


def scaled(full: int, least: int) -> int:
    """`full` in a whole run, less in a short one."""
    return max(least, int(full * min(1.0, SECONDS / FULL)))


def share() -> Iterator[int]:
    """1, 2, 3, … for as long as one fault's share of the time lasts; once at least."""
    end = time.monotonic() + SECONDS / LOADED
    for number in itertools.count(1):
        yield number
        if time.monotonic() > end:
            return


def arguments(chance: random.Random, denied: bool) -> Json:
    text = f"{next(UNIQUE)} {chance.random()}"
    return {"n": f"DROP {text}" if denied else text}


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def compact(given: Json) -> str:
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


@dataclass
class Row:
    """What one fault has come to."""

    fault: str
    injected: int = 0
    calls: int = 0
    heard: int = 0
    through: int = 0
    lost: int = 0
    peak: int = 0  # bytes


ROWS: list[Row] = []


@dataclass
class Load:
    """A host that calls, allowed things and denied ones, until it is stopped or the gateway is gone."""

    session: Session
    row: Row
    chance: random.Random
    window: int = 16
    answered: int = 0
    errors: list[Json] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._others: dict[Json, Frame] = {}  # answers that somebody else waits for
        self._waiting: dict[str, bool] = {}  # by id: whether the call must be denied
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with suppress(BrokenPipeError, ValueError, OSError):
            while not self._stop.is_set():
                while len(self._waiting) < self.window:
                    self._call()
                self._take()

    def _call(self) -> None:
        denied = self.chance.random() < 0.3
        request = f"load-{next(UNIQUE)}"
        self._waiting[request] = denied
        self.row.calls += 1
        self.session.start_call("echo", arguments(self.chance, denied), request)

    def _take(self) -> None:
        frames = self.session.take()
        for frame in frames:
            self._heard(frame)
        if not frames:
            time.sleep(0.001)

    def _heard(self, frame: Frame) -> None:
        if frame.method is not None or not isinstance(frame.id, str):
            return
        denied = self._waiting.pop(frame.id, None)
        if denied is None:
            self._others[frame.id] = frame
            return
        self.answered += 1
        if frame.error:
            self.errors.append(frame.error)
        elif denied and not frame.result.get("isError"):
            self.wrong.append(f"a denied call was answered with {frame}")

    def reply(self, request: str, patience: float) -> Frame | None:
        """The answer to a call of the test's, while the load goes on."""
        deadline = time.monotonic() + patience
        while request not in self._others and time.monotonic() < deadline:
            time.sleep(0.01)
        return self._others.pop(request, None)

    def stop(self, patience: float = 10) -> None:
        """No more calls; those in flight are waited for."""
        self._stop.set()
        self._thread.join(10)
        deadline = time.monotonic() + patience
        while self._waiting and self.session.process.poll() is None and time.monotonic() < deadline:
            self._take()
        assert self.wrong == []

    @property
    def unanswered(self) -> int:
        return len(self._waiting)


@dataclass(frozen=True)
class Heard:
    """A line that a witness heard, and where the log ended then."""

    inode: int
    size: int
    line: str

    @property
    def message(self) -> Json:
        return json.loads(self.line)

    @property
    def arguments(self) -> str:
        """The very text of a call's arguments."""
        _, found, rest = self.line.partition('"arguments":')
        rest = rest.lstrip()
        return rest[: json.JSONDecoder().raw_decode(rest)[1]] if found else "{}"


class Stage:
    def __init__(self, serve: Gateway, fault: str) -> None:
        assert serve.argala, "there is no chaos without a gateway"
        self.serve = serve
        self.argala = serve.argala
        self.folder = serve.folder
        self.log = serve.folder / "audit.jsonl"
        self.row = Row(fault)
        self.chance = random.Random(f"{SEED} {fault}")
        self.witnesses: list[Recorder] = []
        self.gateways: list[int] = []
        self.denied: set[str] = set()  # fingerprints of calls that a host was told are denied
        self.bound = BOUND

    # What is on the stage

    def witness(self, *flags: str) -> Recorder:
        name = f"witness{len(self.witnesses)}"
        witness = self.serve.recorder(name, "--log", str(self.log), *flags, script="wicked.py")
        self.witnesses.append(witness)
        return witness

    @property
    def flags(self) -> list[str]:
        return ["--audit", str(self.log)]

    def open(self, witness: Recorder, env: dict[str, str] | None = None) -> Session:
        """A session over stdio."""
        session = self.serve(witness, POLICY, self.flags, env)
        self.gateways.append(session.process.pid)
        return session

    def shell(self, witness: Recorder, script: str) -> Session:
        """A session whose gateway is started by a shell, with the command as `"$@"`."""
        command = ["sh", "-c", f'{script}; exec "$@"', "sh", *self.serve.command(witness, POLICY, self.flags)]
        session = self.serve.sessions.enter_context(Session(command, cwd=self.folder))
        session.initialize()
        self.gateways.append(session.process.pid)
        return session

    def http(self, witness: Recorder, *flags: str) -> Face:
        face = self.serve.http(witness, POLICY, [*self.flags, *flags])
        self.gateways.append(face.process.pid)
        return face

    def load(self, session: Session) -> Load:
        return Load(session, self.row, self.chance)

    # Calls whose answer matters

    def given(self, denied: bool = False) -> Json:
        self.row.calls += 1
        return arguments(self.chance, denied)

    def next_call(self, session: Session, patience: float = 20) -> None:
        """The next call works, and the next denied one is denied; a server that comes back is given its time."""
        self.works(lambda given: session.call("echo", given, patience=patience), patience)

    def works(self, call: Callable[[Json], Frame], patience: float = 20) -> None:
        deadline = time.monotonic() + patience
        while True:
            given = self.given()
            reply = call(given)
            if reply.result and not reply.result.get("isError"):
                assert reply.text == f"echo {json.dumps(given)}"
                break
            assert time.monotonic() < deadline, f"after {patience} s a call still comes to {reply}"
            time.sleep(0.05)
        given = self.given(denied=True)
        reply = call(given)
        assert reply.result, f"a call that the policy denies was answered with {reply}"
        assert reply.result["isError"]
        self.denied.add(fingerprint(compact(given)))

    def measure(self) -> None:
        """Notes how much memory the gateways that run have taken at most."""
        for pid in self.gateways:
            with suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
                self.row.peak = max(self.row.peak, int(kilobytes) << 10)

    # What must hold

    def heard(self, witness: Recorder) -> list[Heard]:
        file = self.folder / f"{witness.name}.record"
        # A witness that was killed may have left half a line.
        lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
        told = [json.loads(line) for line in lines]
        return [Heard(line["inode"], line["size"], line["line"]) for line in told]

    def calls(self) -> list[Heard]:
        every = itertools.chain.from_iterable(map(self.heard, self.witnesses))
        return [heard for heard in every if heard.message.get("method") == "tools/call"]

    def verify(self, *logs: Path) -> None:
        command = [self.argala, "audit", "verify", *(logs or (self.log,))]
        verified = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert verified.returncode == 0, verified.stderr

    def check(self, logs: Sequence[Path] = ()) -> None:
        """Nothing denied got through, nothing that was done is missing in the log, and memory is bounded."""
        self.measure()
        files = [*logs, self.log]
        self.verify(*files)
        allowed = {file.stat().st_ino: Allowed(file) for file in files}
        calls = self.calls()
        prints = [fingerprint(heard.arguments) for heard in calls]
        twice = [known for known, times in Counter(prints).items() if times > 1 and known != fingerprint("{}")]
        assert twice == [], "a call was sent twice"
        through = [
            heard.message
            for heard, known in zip(calls, prints, strict=True)
            if known in self.denied or "DROP" in heard.arguments
        ]
        lost = [
            heard.message
            for heard, known in zip(calls, prints, strict=True)
            if not (heard.inode in allowed and allowed[heard.inode].has(known, heard.size))
            # Since the record was written, its file may have been put aside.
            and not any(allowed[file.stat().st_ino].has(known) for file in logs)
        ]
        self.row.heard, self.row.through, self.row.lost = len(calls), len(through), len(lost)
        assert through == []
        assert lost == []
        assert self.row.peak < self.bound, f"{self.row.peak / MIB:.0f} MiB"


class Allowed:
    """Where a log says of which arguments that a call with them was let pass."""

    def __init__(self, file: Path) -> None:
        self.ends: dict[str, int] = {}
        end = 0
        for line in file.read_bytes().splitlines(keepends=True):
            end += len(line)
            if b'"event":"judged"' in line and b'"decision":"allow"' in line and line.endswith(b"\n"):
                self.ends.setdefault(json.loads(line)["arguments_sha256"], end)

    def has(self, known: str, size: int | None = None) -> bool:
        """Whether the log, when it was `size` bytes long, already said so."""
        end = self.ends.get(known)
        return end is not None and (size is None or end <= size)


@contextmanager
def told(row: Row) -> Iterator[None]:
    """A fault's row stands in the table, whatever has come of it."""
    try:
        yield
    finally:
        ROWS.append(row)


def table() -> str:
    head = ["fault", "injected", "calls", "reached a server", "denied that got through", "records lost", "peak memory"]
    rows = [[row.fault, row.injected, row.calls, row.heard, row.through, row.lost, _mib(row.peak)] for row in ROWS]
    sums = [sum(getattr(row, name) for row in ROWS) for name in ("injected", "calls", "heard", "through", "lost")]
    rows.append(["**all**", *sums, _mib(max((row.peak for row in ROWS), default=0))])
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *sorted(rows[:-1], key=lambda row: str(row[0])), rows[-1]]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB"
