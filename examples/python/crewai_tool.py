"""A crew whose SQL tool is guarded.

It needs no key and no network: the model says what it was told to.

    pip install argala crewai
    python examples/python/crewai_tool.py
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

os.environ |= {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
}

from argala import protect_tools
from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import BaseTool

POLICY = """
[tools.execute_sql_query]
args.query = { type = "sql", dialect = "sqlite", allow = ["select"], required = true }
"""

database = sqlite3.connect(":memory:", check_same_thread=False)
database.executescript("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('Ada'), ('Grace');")


class ExecuteSqlQuery(BaseTool):
    name: str = "execute_sql_query"
    description: str = "Runs a query on the company's database."

    def _run(self, query: str) -> str:
        print("SQLite runs:", query)
        return str(database.execute(query).fetchall())


class ScriptedModel(BaseLLM):
    """A model that gives its answers in turn, and shows what it reads in between. Put a real one in its place."""

    answers: list[str]

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        for message in messages[-2:]:
            if message["role"] == "assistant":
                print(
                    "the model reads:",
                    message["content"].partition("Observation:")[2].strip(),
                )
        return self.answers.pop(0)

    def supports_function_calling(self) -> bool:
        return False


def query(text: str) -> str:
    return f'Thought: I ask the database.\nAction: execute_sql_query\nAction Input: {{"query": "{text}"}}'


model = ScriptedModel(
    model="scripted",
    answers=[
        query("SELECT name FROM users"),
        query("DROP TABLE users"),
        "Thought: I know enough.\nFinal Answer: There are Ada and Grace. The table stays, as I may not drop it.",
    ],
)

# The one line. With on_deny="return", the model reads why a call was refused, and the crew counts it as a failed call.
tools = protect_tools([ExecuteSqlQuery()], POLICY, on_deny="return")

clerk = Agent(
    role="clerk",
    goal="look after the database",
    backstory="careful",
    llm=model,
    tools=tools,
)
task = Task(description="Who is there? Then clean up.", expected_output="names", agent=clerk)
print("the crew says:", Crew(agents=[clerk], tasks=[task]).kickoff())

print("still in the table:", database.execute("SELECT count(*) FROM users").fetchone()[0])
