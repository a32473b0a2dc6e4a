"""An OpenAI Agents tool over SQLite: a SELECT runs, a DROP is blocked, and the agent goes on.

It needs no key and no network: the model is one that says what is written down here.

    pip install argala openai-agents
    python examples/python/openai_agents_tool.py
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from agents import (
    Agent,
    FunctionTool,
    Model,
    ModelResponse,
    Runner,
    Usage,
    function_tool,
    set_tracing_disabled,
)
from argala import protect_tools
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

POLICY = """
[tools.query]
args.sql = { type = "sql", dialect = "sqlite", allow = ["select"], required = true }
"""

SCRIPT = [
    "SELECT name FROM users ORDER BY id",
    "DROP TABLE users",
    "SELECT count(*) FROM users",
]
"""What the model asks for, one query each turn."""


def query_tool(database: sqlite3.Connection) -> FunctionTool:
    """The tool as a program has it, without a guard."""

    @function_tool
    async def query(sql: str) -> str:
        """Runs a query against the database.

        Args:
            sql: The query.
        """
        return json.dumps(database.execute(sql).fetchall())

    return query


class ScriptedModel(Model):
    """Stands in for a model: it asks for each query of the script, then ends."""

    def __init__(self, script: list[str]) -> None:
        self.script = list(enumerate(script))

    async def get_response(self, *_: object, **__: object) -> ModelResponse:
        return ModelResponse(output=[self.next()], usage=Usage(), response_id=None)

    def stream_response(self, *_: object, **__: object) -> AsyncIterator[Any]:
        raise NotImplementedError

    def next(self) -> ResponseFunctionToolCall | ResponseOutputMessage:
        if self.script:
            turn, sql = self.script.pop(0)
            return ResponseFunctionToolCall(
                type="function_call",
                call_id=f"call-{turn}",
                name="query",
                arguments=json.dumps({"sql": sql}),
            )
        text = ResponseOutputText(type="output_text", text="That is all.", annotations=[])
        return ResponseOutputMessage(
            type="message",
            id="message",
            role="assistant",
            status="completed",
            content=[text],
        )


async def main() -> None:
    set_tracing_disabled(True)
    database = sqlite3.connect(":memory:")
    database.executescript("CREATE TABLE users (id INTEGER, name TEXT); INSERT INTO users VALUES (1, 'Ada'), (2, 'Bo')")

    # The one line. With `on_deny="return"` the model reads why a call was refused, and can do something else.
    tools = protect_tools([query_tool(database)], POLICY, on_deny="return")

    agent = Agent(name="analyst", model=ScriptedModel(SCRIPT), tools=[*tools])
    result = await Runner.run(agent, "Who uses this?")
    for item in result.new_items:
        if item.type == "tool_call_item" and isinstance(item.raw_item, ResponseFunctionToolCall):
            print("model:", item.raw_item.arguments)
        elif item.type == "tool_call_output_item":
            print("tool: ", item.output)
    print("agent:", result.final_output)


if __name__ == "__main__":
    asyncio.run(main())
