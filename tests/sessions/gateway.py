"""Argala as a host's configuration or a person at a terminal would start it."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sessions.face import Face
from sessions.peers import Command, Recorder
from sessions.rpc import PROTOCOL, Json, Log, Session

ALLOW_ALL = 'allowed_methods = ["*"]\n'

Server = Recorder | Command
Downstream = Server | Mapping[str, Server]  # one server, or several by their names


def words(server: Server) -> list[str]:
    command = server.command if isinstance(server, Recorder) else server
    return [str(word) for word in command]


@dataclass
class Gateway:
    """Starts `argala serve` in front of a downstream, and ends what it has started."""

    argala: Path | None  # None: the host talks to the downstream itself
    folder: Path
    sessions: ExitStack
    recorders: list[Recorder] = field(default_factory=list)
    settings: dict[str, Json] = field(default_factory=dict)  # what else each entry of a servers file says

    def recorder(self, name: str, *flags: str, script: str = "recorder.py") -> Recorder:
        recorder = Recorder(self.folder, name, flags, script)
        self.recorders.append(recorder)
        return recorder

    def servers(self, servers: Mapping[str, Server]) -> Path:
        """An `mcpServers` file."""
        commands = {name: words(server) for name, server in servers.items()}
        entries = {
            name: {"command": command, "args": args, **self.settings} for name, (command, *args) in commands.items()
        }
        file = self.folder / "mcp.json"
        file.write_text(json.dumps({"mcpServers": entries}))
        return file

    def command(self, downstream: Downstream, policy: str = ALLOW_ALL, flags: Sequence[str] = ()) -> list[str]:
        """What a host's configuration would start."""
        if self.argala is None:
            assert not isinstance(downstream, Mapping), "several servers need a gateway"
            return words(downstream)
        file = self.folder / "policy.toml"
        file.write_text(policy)
        gateway = [str(self.argala), "serve", "--policy", str(file), *flags]
        if isinstance(downstream, Mapping):
            return [*gateway, "--servers", str(self.servers(downstream))]
        return [*gateway, "--", *words(downstream)]

    def open(
        self,
        downstream: Downstream,
        policy: str = ALLOW_ALL,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        log: Log = "read",
    ) -> Session:
        """A session before its `initialize`."""
        return self.sessions.enter_context(Session(self.command(downstream, policy, flags), env, self.folder, log))

    def __call__(
        self,
        downstream: Downstream,
        policy: str = ALLOW_ALL,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        protocol: str = PROTOCOL,
        capabilities: Json = None,
        log: Log = "read",
    ) -> Session:
        """A session that is ready for requests."""
        session = self.open(downstream, policy, flags, env, log)
        reply = session.initialize(protocol, capabilities)
        assert reply.result, f"initialize was answered with {reply}"
        return session

    def http(
        self,
        downstream: Downstream,
        policy: str = ALLOW_ALL,
        flags: Sequence[str] = (),
        address: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> Face:
        """The gateway for hosts over HTTP."""
        flags = ["--http", f"{address}:0", *flags]
        return self.sessions.enter_context(Face(self.command(downstream, policy, flags), tls))


@dataclass(frozen=True)
class CommandLine:
    """Runs `argala` to its end."""

    argala: Path
    folder: Path

    def __call__(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.argala), *map(str, arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=20, cwd=self.folder)
