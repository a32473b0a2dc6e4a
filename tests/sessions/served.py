"""What is served over HTTP: the fixture server, and a gateway before a downstream."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sessions.peers import TESTS, node_tool
from sessions.rpc import PATIENCE, Json

Era = Literal["legacy", "modern", "both"]
Downstream = Sequence[str] | Mapping[str, Json]  # a command, or an entry of a servers file


def built(name: str, beside: Path | None = None) -> Path:
    """A program that cargo has built, beside another one or in the usual places."""
    folders = [beside.parent] if beside else []
    folders += [TESTS.parent / "target" / profile for profile in ("debug", "release")]
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"no {name} in {' or '.join(map(str, folders))}: run `cargo build --workspace --bins`")


@dataclass(frozen=True)
class FixtureServer:
    """The server of `fixture-server/`, which passes the conformance suite in both eras."""

    program: Path
    waits: Path | None = None  # where its processes note how calls of `wait` go

    def command(self, era: Era = "both") -> list[str]:
        """The server over stdio."""
        shared = ["--waits", str(self.waits)] if self.waits else []
        return [str(self.program), "--era", era, *shared]

    @contextmanager
    def http(self, era: Era = "both") -> Iterator[str]:
        """The URL of a server over streamable HTTP."""
        command = [*self.command(era), "--http"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                assert server.stdout
                yield server.stdout.readline().strip()
            finally:
                server.kill()


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a process the way a service manager does."""
    with process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def gateway_command(argala: Path, folder: Path, downstream: Downstream, policy: str, *flags: str) -> list[str]:
    """`argala serve` before one downstream; its files go into `folder`."""
    policy_file = folder / "policy.toml"
    policy_file.write_text(policy)
    command = [str(argala), "serve", "--policy", str(policy_file), *flags]
    if isinstance(downstream, Mapping):
        servers = folder / "mcp.json"
        servers.write_text(json.dumps({"mcpServers": {"fixture": downstream}}))
        return [*command, "--servers", str(servers)]
    return [*command, "--", *downstream]


@contextmanager
def served_by_gateway(argala: Path, downstream: Downstream, policy: str) -> Iterator[str]:
    """`http://127.0.0.1:PORT` of a gateway before one downstream. It is ready."""
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder, open(Path(folder, "log"), "w+b") as log:
        command = gateway_command(argala, Path(folder), downstream, policy, "--http", address)
        gateway = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with ended(gateway):
            try:
                wait_until_ready(f"http://{address}", gateway)
            except AssertionError as never:
                log.seek(0)
                raise AssertionError(f"{never}\n{log.read().decode(errors='replace')}") from None
            yield f"http://{address}"


@contextmanager
def everything_over_sse() -> Iterator[str]:
    """The URL of server-everything over the HTTP+SSE of 2024-11-05."""
    port = free_port()
    server = subprocess.Popen(
        node_tool("mcp-server-everything", "sse"),
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stderr
            while "running" not in (line := server.stderr.readline()):
                assert line, "server-everything ended"
            yield f"http://127.0.0.1:{port}/sse"
        finally:
            server.kill()


def wait_until_ready(base: str, gateway: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert gateway.poll() is None, f"the gateway ended with {gateway.returncode}"
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise AssertionError(f"the gateway was not ready within {PATIENCE} s")
