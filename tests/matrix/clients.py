"""The client libraries of the matrix: where each lives, and what it can do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sessions.peers import TESTS
from sessions.rpc import Json

# Libraries that need an older `mcp` than the tests have a virtual environment of their own.
OLDER_PYTHON = TESTS.parent / ".venv-legacy" / "bin" / "python"
ALL = frozenset({"call_unlisted", "progress", "elicit", "cancel"})


@dataclass(frozen=True)
class Client:
    """A program of `hosts/`, and which steps mean something to its library."""

    name: str
    program: tuple[str, ...]
    can: frozenset[str] = ALL
    transports: tuple[str, ...] = ("stdio", "http", "sse")
    speaks: str = "both"  # which era it offers

    def play(self, plans: Sequence[Json]) -> dict[int, list[Json]]:
        """What came of each plan, step by step."""
        done = subprocess.run(
            self.program, input=json.dumps(list(plans)), capture_output=True, text=True, timeout=50 * len(plans)
        )
        told: dict[int, list[Json]] = {}
        for line in done.stdout.splitlines():
            if line.startswith("{"):  # some libraries print what they like
                step = json.loads(line)
                told.setdefault(step["plan"], []).append(step)
        assert told, f"{self.name} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        return told


def python(script: str, older: bool = False) -> tuple[str, ...]:
    return (str(OLDER_PYTHON) if older else sys.executable, str(TESTS / "hosts" / script))


CLIENTS = [
    Client("mcp-legacy", python("mcp_host.py"), speaks="legacy"),
    Client("mcp", python("mcp_host.py")),
    Client("fastmcp", python("fastmcp_host.py")),
    Client("pydantic-ai", python("pydantic_ai_host.py")),
    Client("openai-agents", python("openai_agents_host.py"), can=frozenset({"call_unlisted", "cancel"})),
    Client("langchain", python("langchain_host.py", older=True), can=ALL - {"call_unlisted"}, speaks="legacy"),
    Client("crewai", python("crewai_host.py", older=True), can=frozenset(), speaks="legacy"),
    Client("typescript", ("node", str(TESTS / "hosts" / "typescript_host.mjs")), speaks="legacy"),
]


@dataclass(frozen=True)
class Script:
    """What a client does at a server, and what has to come of it."""

    listed: str
    call: tuple[str, Json]
    answer: str
    denied: tuple[str, Json]
    progress: tuple[str, Json]
    steps_of_progress: int
    elicit: tuple[str, Json]
    unlisted: str
    counts_waits: bool = True
    tools: Sequence[str] = field(default=())

    @property
    def policy(self) -> str:
        allowed = [tool for tool in self.tools if tool != self.unlisted]
        return f'allowed_methods = {json.dumps(allowed)}\ndenied_patterns = ["DROP"]\n'

    def steps(self, client: Client, gateway: bool) -> list[Json]:
        steps = [{"step": "list"}, step("call", self.call)]
        if gateway:
            steps.append(step("denied", self.denied))
            steps += [step("unlisted", (self.unlisted, {}))] if "call_unlisted" in client.can else []
        steps += [step("progress", self.progress)] if "progress" in client.can else []
        steps += [step("elicit", self.elicit)] if "elicit" in client.can else []
        steps += [{"step": "cancel"}] if "cancel" in client.can and self.counts_waits else []
        return steps

    def wrong(self, told: Sequence[Json], client: Client, gateway: bool) -> list[Json]:
        """What didn't come as it should have."""
        expected = [each["step"] for each in self.steps(client, gateway)]
        missing = [{"step": each, "raised": "never came"} for each in expected[len(told) :]]
        return missing + [each for each in told if not self.right(each, gateway)]

    def right(self, told: Json, gateway: bool) -> bool:
        if "raised" in told:
            return False
        if told["step"] == "list":
            tools = {tool.replace("_", "-") for tool in told["tools"]}  # crewai writes its own names
            return self.listed in told["tools"] and (self.unlisted.replace("_", "-") in tools) != gateway
        if told["step"] == "call":
            return self.answer in told["text"] and not told["error"]
        if told["step"] in ("denied", "unlisted"):
            return "ARGALA BLOCK" in told["text"] and told["error"] is not False
        if told["step"] == "progress":
            # The TypeScript client drops a step that comes along with the answer.
            enough = len(told["progress"]) in (self.steps_of_progress, self.steps_of_progress - 1)
            return enough and told["progress"] == sorted({*told["progress"]})
        if told["step"] == "elicit":
            return "accept" in told["text"] and "Ada" in told["text"]
        return bool(told["begun"] and told["cancelled"])


def step(name: str, call: tuple[str, Json]) -> Json:
    return {"step": name, "tool": call[0], "arguments": call[1]}


def names(file: Path) -> list[str]:
    return [tool["name"] for tool in json.loads(file.read_text())]


FIXTURE = Script(
    listed="greet",
    call=("greet", {"name": "Ada"}),
    answer="Hello, Ada!",
    denied=("greet", {"name": "DROP TABLE users"}),
    progress=("test_tool_with_progress", {}),
    steps_of_progress=3,
    elicit=("test_elicitation", {"message": "Who?"}),
    unlisted="test_error_handling",
    tools=names(TESTS / "fixture-server" / "src" / "data" / "tools.json"),
)
EVERYTHING = Script(
    listed="echo",
    call=("echo", {"message": "hello"}),
    answer="Echo: hello",
    denied=("echo", {"message": "DROP TABLE users"}),
    progress=("trigger-long-running-operation", {"duration": 0.6, "steps": 3}),
    steps_of_progress=3,
    elicit=("trigger-elicitation-request", {}),
    unlisted="get-env",
    counts_waits=False,
    tools=["echo", "trigger-long-running-operation", "trigger-elicitation-request", "get-sum"],
)
