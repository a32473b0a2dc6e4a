"""Fifty servers with two thousand tools behind one gateway, and not all of them well."""

from __future__ import annotations

import sys

import pytest

from peers.tiny import TOOLS
from sessions.gateway import Gateway, Server
from sessions.modern import Modern
from sessions.peers import TESTS
from sessions.rpc import Json, Session

BROKEN = {7: "dead", 23: "silent", 31: "garbage"}
NAMES = [BROKEN.get(place, f"s{place:02}") for place in range(50)]
WELL = [name for name in NAMES if name not in BROKEN.values()]
# In the order of the file, and then of each server.
LISTED = [f"{name}__tool{n:02}" for name in WELL for n in range(TOOLS)]
PAGE = 1000


def command(name: str) -> Server:
    if name == "dead":
        return [sys.executable, "-S", "-I", "-c", "raise SystemExit(3)"]
    manner = name if name in BROKEN.values() else "order"
    return [sys.executable, "-S", "-I", str(TESTS / "peers" / "tiny.py"), name, manner]


@pytest.fixture
def host(serve: Gateway) -> Session:
    host = serve.open({name: command(name) for name in NAMES})
    assert host.initialize(patience=15).result
    return host


def names(page: Json) -> list[str]:
    return [tool["name"] for tool in page["tools"]]


def test_the_tools_of_all_that_are_well_come_in_order_page_by_page(host: Session) -> None:
    first = host.request("tools/list", patience=15).result
    assert names(first) == LISTED[:PAGE]
    second = host.request("tools/list", {"cursor": first["nextCursor"]}).result
    assert names(second) == LISTED[PAGE:]
    assert "nextCursor" not in second
    assert host.tool_names() == LISTED


def test_a_further_page_asks_no_server_again(host: Session) -> None:
    assert len(host.tools(patience=15)) == len(LISTED)
    assert host.call("s00__tool00").text == "s00 tool00 1"
    assert host.call("s49__tool00").text == "s49 tool00 1"


def test_every_page_for_a_host_of_the_modern_era_says_how_long_it_holds(serve: Gateway) -> None:
    some = WELL[:30]
    host = Modern(serve.open({name: command(name) for name in some}))
    first = host.request("tools/list").result
    second = host.request("tools/list", {"cursor": first["nextCursor"]}).result
    assert names(first) + names(second) == LISTED[: len(some) * TOOLS]
    for page in (first, second):
        assert (page["resultType"], page["ttlMs"], page["cacheScope"]) == ("complete", 0, "private")


def test_every_call_reaches_its_server(host: Session) -> None:
    calls = {host.start_call(f"{name}__tool07", request_id=name): name for name in WELL}
    for call, name in calls.items():
        assert host.reply(call).text == f"{name} tool07 0"


def test_those_that_are_broken_are_named(host: Session) -> None:
    for name in BROKEN.values():
        host.wait_log(name)
        reply = host.call(f"{name}__tool00")
        assert name in (reply.error["message"] if reply.error else reply.text)


@pytest.mark.parametrize("cursor", ["", "1000", "argala:tools:3e7:0:nobody", "argala:prompts:0:0:s00", 7])
def test_a_cursor_that_was_not_given_out_is_refused(serve: Gateway, cursor: Json) -> None:
    host = serve({name: command(name) for name in ("s00", "s01")})
    error = host.request("tools/list", {"cursor": cursor}).error
    assert error["code"] == -32602
    assert "list again without one" in error["message"]
