"""A host that speaks raw JSON-RPC lines, so that a test can also say what no client library would."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

PATIENCE = 10.0  # seconds until something that should happen counts as never happening
PROTOCOL = "2025-11-25"
CAPABILITIES: dict[str, Any] = {
    "roots": {"listChanged": True},
    "sampling": {"tools": {}, "context": {}},
    "elicitation": {"form": {}, "url": {}},
    "tasks": {
        "list": {},
        "cancel": {},
        "requests": {"sampling": {"createMessage": {}}, "elicitation": {"create": {}}},
    },
}

Json = Any
Log = Literal["read", "unread", "closed"]  # what a host does with the other side's stderr


def exact(text: bytes | str) -> Json:
    """What `text` says, with each number as the text that it was written in: 1.0 isn't 1, and -0.0 isn't 0."""
    return json.loads(text, parse_int=str, parse_float=str)


@dataclass(frozen=True)
class Frame:
    """One line from the other side."""

    raw: bytes

    @cached_property
    def value(self) -> Json:
        return json.loads(self.raw)

    @property
    def exact(self) -> Json:
        return exact(self.raw)

    def _member(self, name: str) -> Json:
        return self.value.get(name) if isinstance(self.value, dict) else None

    @property
    def id(self) -> Json:
        return self._member("id")

    @property
    def method(self) -> str | None:
        name: str | None = self._member("method")
        return name

    @property
    def params(self) -> Json:
        return self._member("params")

    @property
    def result(self) -> Json:
        return self._member("result")

    @property
    def error(self) -> Json:
        return self._member("error")

    @property
    def text(self) -> str:
        """The text of a tool result's first block."""
        return str(self.result["content"][0]["text"])

    def answers(self, request_id: Json) -> bool:
        """1, 1.0, True and "1" are four different ids."""
        return self.method is None and type(self.id) is type(request_id) and self.id == request_id

    def __str__(self) -> str:
        return self.raw[:400].decode(errors="replace")


class Session:
    """A process that speaks JSON-RPC on its stdin and stdout, one message a line."""

    def __init__(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        log: Log = "read",
    ) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        self.garbage: list[bytes] = []
        self._inbox: list[Frame] = []
        self._log = bytearray()
        self._changed = threading.Condition()
        self._ids = (f"call-{n}" for n in itertools.count(1))
        self._pause = b""  # behind a line that holds this, nothing is read until `_reads`
        self._reads = threading.Event()
        self._out = threading.Thread(target=self._read_out, daemon=True)
        self._out.start()
        if log == "read":
            threading.Thread(target=self._read_err, daemon=True).start()
        elif log == "closed":
            assert self.process.stderr
            self.process.stderr.close()

    # What comes

    def _read_out(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            frame = Frame(line)
            with self._changed:
                try:
                    frame.value  # noqa: B018 - parsed here, so that a line that is no message is never mistaken for one
                    self._inbox.append(frame)
                except ValueError:
                    self.garbage.append(line)
                self._changed.notify_all()
            if self._pause and self._pause in line:
                self._reads.wait()

    def _read_err(self) -> None:
        assert self.process.stderr
        while chunk := self.process.stderr.read1(65536):  # type: ignore[attr-defined]
            with self._changed:
                self._log += chunk
                self._changed.notify_all()

    @contextmanager
    def not_reading(self) -> Iterator[None]:
        """A host that doesn't get round to taking what comes."""
        self._reads.clear()
        self._pause = b"the last that is read"
        self.request("ping", request_id=self._pause.decode())
        try:
            yield
        finally:
            self._pause = b""
            self._reads.set()

    @property
    def stderr(self) -> str:
        with self._changed:
            return self._log.decode(errors="replace")

    def wait(self, match: Callable[[Frame], bool], what: str = "a frame", patience: float = PATIENCE) -> Frame:
        """The first frame that matches; those before it stay in the inbox."""
        deadline = time.monotonic() + patience
        with self._changed:
            while True:
                for place, frame in enumerate(self._inbox):
                    if match(frame):
                        return self._inbox.pop(place)
                gone = not self._out.is_alive()
                left = deadline - time.monotonic()
                if gone or left <= 0:
                    inbox = "\n  ".join(str(frame) for frame in self._inbox[-20:])
                    log = self._log[-2000:].decode(errors="replace")
                    why = "the other side ended" if gone else f"{patience} s passed"
                    raise AssertionError(f"{why} before {what} came\ninbox:\n  {inbox}\nstderr:\n{log}")
                self._changed.wait(min(left, 0.2))

    def wait_log(self, text: str, patience: float = PATIENCE) -> None:
        """Until the other side's stderr says `text`."""
        with self._changed:
            found = self._changed.wait_for(lambda: text.encode() in self._log, patience)
            assert found, f"{text!r} never came to stderr:\n{self._log.decode(errors='replace')}"

    def take(self) -> list[Frame]:
        """All that has come and that nobody waited for, in order."""
        with self._changed:
            frames, self._inbox = self._inbox, []
            return frames

    def reply(self, request_id: Json, patience: float = PATIENCE) -> Frame:
        return self.wait(lambda frame: frame.answers(request_id), f"the answer to {request_id!r}", patience)

    def notification(self, method: str, patience: float = PATIENCE) -> Frame:
        return self.wait(lambda frame: frame.method == method and "id" not in frame.value, method, patience)

    def incoming(self, method: str) -> Frame:
        """A request from the other side."""
        return self.wait(lambda frame: frame.method == method and "id" in frame.value, method)

    # What goes

    def write(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Json) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def start(self, method: str, params: Json = None, request_id: Json = None) -> Json:
        """Sends a request, and gives its id without waiting for the answer."""
        request_id = next(self._ids) if request_id is None else request_id
        message = {"jsonrpc": "2.0", "id": request_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return request_id

    def request(self, method: str, params: Json = None, request_id: Json = None, patience: float = PATIENCE) -> Frame:
        return self.reply(self.start(method, params, request_id), patience)

    def call(self, tool: str, arguments: Json = None, patience: float = PATIENCE, **params: Json) -> Frame:
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}, **params}, patience=patience)

    def start_call(self, tool: str, arguments: Json = None, request_id: Json = None, **params: Json) -> Json:
        return self.start("tools/call", {"name": tool, "arguments": arguments or {}, **params}, request_id)

    def notify(self, method: str, params: Json = None) -> None:
        message = {"jsonrpc": "2.0", "method": method}
        self.send(message if params is None else {**message, "params": params})

    def answer(self, request: Frame, result: Json) -> None:
        self.send({"jsonrpc": "2.0", "id": request.id, "result": result})

    def initialize(self, protocol: str = PROTOCOL, capabilities: Json = None, patience: float = PATIENCE) -> Frame:
        params = {
            "protocolVersion": protocol,
            "capabilities": CAPABILITIES if capabilities is None else capabilities,
            "clientInfo": {"name": "a-test", "version": "1"},
        }
        reply = self.request("initialize", params, patience=patience)
        self.notify("notifications/initialized")
        return reply

    def tools(self, patience: float = PATIENCE) -> list[Json]:
        """Every tool, page by page, numbers as text."""
        return self.pages("tools/list", "tools", patience)

    def tool_names(self) -> list[str]:
        return [tool["name"] for tool in self.tools()]

    def pages(self, method: str, member: str, patience: float = PATIENCE) -> list[Json]:
        items: list[Json] = []
        params: Json = {}
        while True:
            result = self.request(method, params, patience=patience).exact["result"]
            items += result[member]
            if "nextCursor" not in result:
                return items
            params = {"cursor": result["nextCursor"]}

    # The end

    def end_input(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def close(self) -> int:
        """Ends as a host does, by closing the other side's stdin; gives the exit code."""
        with suppress(BrokenPipeError):
            self.end_input()
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.kill()
        self._out.join(1)
        assert not self.garbage, f"stdout is the protocol's alone, but had {self.garbage[:3]}"
        return code

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.kill()
