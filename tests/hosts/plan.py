"""What a host of the matrix does: it reads its steps as JSON from stdin, and tells what came of each as a JSON line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

Json = Any
PATIENCE = 8.0  # seconds until what should happen counts as never happening
ELICITED = {"username": "Ada", "email": "ada@example.com"}  # what the user of every host says


class Host(Protocol):
    """One session of a client library."""

    one_at_a_time: bool  # whether a call waits for the one before

    async def list(self) -> list[str]:
        """The names of the tools."""

    async def call(self, tool: str, arguments: Json, progress: list[float]) -> Json:
        """`{"text", "error"}` of a result; what comes of progress is put into `progress`, where the client tells it."""

    async def cancel(self, call: asyncio.Task[Json]) -> None:
        """Gives up a call."""


Server = dict[str, Any]  # {"command": […]} or {"url": …, "transport": "http" | "sse"}, and the client's "era"
Open = Callable[[Server], AbstractAsyncContextManager[Host]]


async def cancel_task(call: asyncio.Task[Json]) -> None:
    """How a program gives up whatever it awaits."""
    call.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await call


def text_of(content: list[Any]) -> str:
    return "".join(getattr(block, "text", "") for block in content)


async def waits(host: Host) -> Json:
    return json.loads((await host.call("seen", {}, []))["text"])


async def until(host: Host, counter: str, more_than: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (await waits(host))[counter] > more_than:
            return True
        await asyncio.sleep(0.05)
    return False


async def cancelled(host: Host) -> Json:
    """Gives up a call of `wait` that has begun, and tells whether the server heard of that."""
    before = await waits(host)
    call = asyncio.create_task(host.call("wait", {"seconds": 60}, []))
    if host.one_at_a_time:
        await asyncio.sleep(0.5)  # nothing can be asked meanwhile
    else:
        await until(host, "begun", before["begun"])
    await host.cancel(call)
    heard = await until(host, "cancelled", before["cancelled"])
    return {"begun": await until(host, "begun", before["begun"]), "cancelled": heard}


async def take(host: Host, step: Json) -> Json:
    if step["step"] == "list":
        return {"tools": await host.list()}
    if step["step"] == "cancel":
        return await cancelled(host)
    progress: list[float] = []
    result = await host.call(step["tool"], step["arguments"], progress)
    return {**result, "progress": progress}


async def play(opened: Open, number: int, plan: Json) -> None:
    async with opened(plan["server"]) as host:
        for step in plan["steps"]:
            try:
                told = await asyncio.wait_for(take(host, step), 2 * PATIENCE)
            except Exception as wrong:
                told = {"raised": f"{type(wrong).__name__}: {wrong}"}
            tell({"plan": number, "step": step["step"], **told})


async def play_all(opened: Open, plans: list[Json]) -> None:
    """One session after another in one process, as some libraries take seconds to import."""
    for number, plan in enumerate(plans):
        try:
            await asyncio.wait_for(play(opened, number, plan), 5 * PATIENCE)
        except BaseException as wrong:
            tell({"plan": number, "step": "open", "raised": f"{type(wrong).__name__}: {wrong}"})


def tell(line: Json) -> None:
    print(json.dumps(line), flush=True)


def main(opened: Open) -> None:
    asyncio.run(play_all(opened, json.load(sys.stdin)))
