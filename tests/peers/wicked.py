"""A server (stdio, up to 2025-11-25) that does what no server may, and is a witness: for each line that it hears it
writes down how long the gateway's audit log was at that moment. What a log has to hold of a call must stand before it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

Json = Any

TOOLS = {
    "echo": "gives back its arguments",
    "hang": "never answers",
    "die": "ends without an answer",
    "garbage": "`lines` lines of any bytes, then the answer",
    "half": "half an answer; then the process ends, or says nothing more: `then`",
    "long": "one line of `size` bytes, then the answer",
    "flood": "`count` notifications, then the answer",
    "twice": "answers `times` times",
    "unasked": "answers `count` ids that nobody has asked under, then its own",
}
BLOCK = b"x" * (1 << 20)


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.record = os.open(options.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.log: Path = options.log

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            self.witness(line)
            message = json.loads(line)
            if "id" in message and "method" in message:
                self.take(message["id"], message["method"], message.get("params", {}))

    def witness(self, line: bytes) -> None:
        try:
            log = os.stat(self.log)
            place = {"inode": log.st_ino, "size": log.st_size}
        except OSError:
            place = {"inode": 0, "size": 0}
        os.write(self.record, json.dumps({**place, "line": line.decode()}).encode() + b"\n")

    def send(self, message: Json) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def take(self, request: Json, method: str, params: Json) -> None:
        if method == "initialize":
            capabilities = {"tools": {"listChanged": True}, "logging": {}}
            info = {"name": "wicked", "version": "1"}
            opening = {"protocolVersion": params["protocolVersion"], "capabilities": capabilities, "serverInfo": info}
            self.send({"id": request, "result": opening})
        elif method == "tools/list":
            about = {"inputSchema": {"type": "object"}}
            tools = [{"name": name, "description": text, **about} for name, text in TOOLS.items()]
            self.send({"id": request, "result": {"tools": tools}})
        elif method == "tools/call":
            self.call(request, params["name"], params.get("arguments", {}))
        else:
            self.send({"id": request, "result": {}})

    def answer(self, request: Json, text: str) -> None:
        self.send({"id": request, "result": {"content": [{"type": "text", "text": text}]}})

    def call(self, request: Json, name: str, given: Json) -> None:
        if name == "hang":
            return
        if name == "die":
            os._exit(1)
        elif name == "garbage":
            chance = random.Random(given["seed"])
            for _ in range(given["lines"]):
                self.write(chance.randbytes(chance.randrange(2_000)) + b"\n")
        elif name == "half":
            self.write(b'{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"te' % json.dumps(request).encode())
            if given["then"] == "die":
                os._exit(1)
            return  # whatever is said next stands on the same line
        elif name == "long":
            for _ in range(given["size"] // len(BLOCK)):
                self.write(BLOCK)
            self.write(b"\n")
        elif name == "flood":
            about = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}\n'
            for first in range(0, given["count"], 1_000):
                last = min(first + 1_000, given["count"])
                self.write(b"".join(about % number for number in range(first, last)))
        elif name == "twice":
            for number in range(given["times"] - 1):
                self.answer(request, f"answer {number}")
        elif name == "unasked":
            asked = request if isinstance(request, int) else 0
            for number in range(given["count"]):
                for other in (asked + 1 + number, -number, f"{request}", None, number + 0.5, [request]):
                    self.answer(other, "nobody asked")
        self.answer(request, f"{name} {json.dumps(given)}")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--name", help="how the test calls it")
    flags.add_argument("--record", type=Path, required=True, help="where goes what it hears")
    flags.add_argument("--pids", type=Path, required=True, help="where the ids of its processes go")
    flags.add_argument("--log", type=Path, required=True, help="the gateway's audit log")
    flags.add_argument("--stubborn", action="store_true", help="outlive the end of stdin and SIGTERM, with a child")
    options = flags.parse_args()
    pids = [os.getpid()]
    if options.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.alarm(120)  # no orphan for ever
        pids.append(subprocess.Popen(["sleep", "120"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).pid)
    with open(options.pids, "a") as file:
        file.write("".join(f"{pid}\n" for pid in pids))
    Server(options).serve()
    while options.stubborn:
        time.sleep(60)


if __name__ == "__main__":
    main()
