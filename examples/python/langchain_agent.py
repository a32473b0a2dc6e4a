"""A LangChain agent whose SQL tool is guarded.

It needs no key and no network: the model says what it was told to.

    pip install argala langchain
    python examples/python/langchain_agent.py
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from argala import protect_tools
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, tool

POLICY = """
[tools.execute_sql_query]
args.query = { type = "sql", dialect = "sqlite", allow = ["select"], required = true }
"""

database = sqlite3.connect(":memory:", check_same_thread=False)
database.executescript("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada'), ('Grace');")


@tool
def execute_sql_query(query: str) -> str:
    """Runs a query on the company's database."""
    return str(database.execute(query).fetchall())


class ScriptedModel(GenericFakeChatModel):
    """A chat model that gives its messages in turn. Put a real one in its place."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        **_: Any,
    ) -> Any:
        return self


def query(number: int, text: str) -> AIMessage:
    return AIMessage(
        "",
        tool_calls=[{"id": str(number), "name": "execute_sql_query", "args": {"query": text}}],
    )


model = ScriptedModel(
    messages=iter(
        [
            query(1, "SELECT name FROM users"),
            query(2, "DROP TABLE users"),
            AIMessage("There are Ada and Grace. The table stays, as I may not drop it."),
        ]
    )
)

# The one line. With on_deny="return", the model reads why a call was refused, and goes on.
tools = protect_tools([execute_sql_query], POLICY, on_deny="return")

agent = create_agent(model, tools)
for message in agent.invoke({"messages": [{"role": "user", "content": "Who is there? Then clean up."}]})["messages"]:
    if isinstance(message, AIMessage) and message.tool_calls:
        print("the model calls:", message.tool_calls[0]["args"]["query"])
    elif isinstance(message, ToolMessage):
        print(f"the tool says ({message.status}):", message.content)
    else:
        print(f"{message.type}:", message.content)

print("still in the table:", database.execute("SELECT count(*) FROM users").fetchone()[0])
