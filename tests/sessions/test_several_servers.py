"""Several servers behind one gateway: each under its name, and none held up by another."""

from __future__ import annotations

import json
import sys
import time

import pytest

from peers.recorder import ODD_TOOL, TOOLS
from sessions.gateway import Gateway, Server
from sessions.peers import Command, Recorder, survivors
from sessions.rpc import PATIENCE, Session, exact
from sessions.test_calls import assert_denied

MISSING: Command = ["a-command-that-is-nowhere"]
GONE_AT_ONCE: Command = [sys.executable, "-S", "-c", "raise SystemExit(3)"]


def both(serve: Gateway, *flags: str) -> dict[str, Recorder]:
    return {name: serve.recorder(name, *flags) for name in ("alpha", "beta")}


def fails_first(serve: Gateway, name: str, starts: int) -> Recorder:
    counter = serve.folder / f"{name}.starts"
    return serve.recorder(name, "--fail-starts", str(starts), "--counter", str(counter))


def wait_for_tools(host: Session, server: str) -> None:
    """Until the list has the tools of a server, looking again at each list_changed only."""
    while not any(name.startswith(f"{server}__") for name in host.tool_names()):
        host.notification("notifications/tools/list_changed", patience=15)


# Names


def test_each_tool_has_the_name_of_its_server_before_it(serve: Gateway) -> None:
    tools = serve(both(serve)).tools()
    assert {tool["name"] for tool in tools} == {f"{s}__{t}" for s in ("alpha", "beta") for t in ["odd", *TOOLS]}
    (odd,) = [tool for tool in tools if tool["name"] == "beta__odd"]
    assert odd == {**exact(ODD_TOOL), "name": "beta__odd"}


def test_a_call_reaches_its_server_under_the_name_that_the_server_knows(serve: Gateway) -> None:
    servers = both(serve)
    assert serve(servers).call("beta__echo", {"n": 1}).text == 'beta heard {"n": 1}'
    assert servers["beta"].calls() == [{"name": "echo", "arguments": {"n": "1"}}]
    assert servers["alpha"].calls() == []


def test_the_policy_judges_the_name_that_the_host_uses(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers, 'allowed_methods = ["alpha__*", "beta__big"]\ndenied_patterns = ["DROP"]\n')
    assert {name for name in host.tool_names() if name.startswith("beta")} == {"beta__big"}
    assert assert_denied(host.call("beta__echo"))["method"] == "beta__echo"
    assert_denied(host.call("alpha__echo", {"q": "DROP"}))
    assert host.call("alpha__echo").result
    assert len(servers["alpha"].calls()) == 1
    assert servers["beta"].calls() == []


@pytest.mark.parametrize("name", ["echo", "gamma__echo", "alpha_echo", "__echo", "beta__alpha__echo"])
def test_a_name_that_no_server_has_is_an_error(serve: Gateway, name: str) -> None:
    servers = both(serve)
    reply = serve(servers).call(name)
    assert reply.error or reply.result["isError"] is True
    assert servers["alpha"].calls() == []


def test_prompts_have_the_name_of_their_server_before_them(serve: Gateway) -> None:
    host = serve(both(serve))
    names = {prompt["name"] for prompt in host.pages("prompts/list", "prompts")}
    assert names == {f"{server}__prompt{n}" for server in ("alpha", "beta") for n in range(5)}
    reply = host.request("prompts/get", {"name": "beta__prompt1"})
    assert reply.result["messages"][0]["content"]["text"] == "beta says prompt1"
    ref = {"ref": {"type": "ref/prompt", "name": "beta__prompt1"}, "argument": {"name": "a", "value": "x"}}
    assert host.request("completion/complete", ref).result["completion"]["values"] == ["x!"]


def test_resources_of_all_servers_are_listed_and_read(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    uris = {resource["uri"] for resource in host.pages("resources/list", "resources")}
    assert uris == {f"memo://{server}/{n}" for server in servers for n in range(5)}
    assert len(host.pages("resources/templates/list", "resourceTemplates")) == 10
    for server in servers:
        (content,) = host.request("resources/read", {"uri": f"memo://{server}/1"}).result["contents"]
        assert content["text"] == f"{server} keeps memo://{server}/1"
    host.request("resources/subscribe", {"uri": "memo://beta/2"})
    assert [frame.params["uri"] for frame in servers["beta"].heard("resources/subscribe")] == ["memo://beta/2"]
    assert servers["alpha"].heard("resources/subscribe") == []


def test_the_pages_of_all_servers_are_merged(serve: Gateway) -> None:
    host = serve(both(serve, "--page-size", "2"))
    assert len(host.pages("tools/list", "tools")) == 2 * (1 + len(TOOLS))
    assert len(host.pages("prompts/list", "prompts")) == 10
    assert len(host.pages("resources/list", "resources")) == 10


# Ids


def test_two_servers_may_ask_the_host_under_the_same_id_at_once(serve: Gateway) -> None:
    host = serve(both(serve))
    request = {"id": 1, "method": "sampling/createMessage"}
    for n, server in enumerate(("alpha", "beta"), start=1):
        host.start_call(f"{server}__ask_host", {"request": {**request, "params": {"of": server}}}, request_id=n)
    asked = [host.incoming("sampling/createMessage") for _ in range(2)]
    assert asked[0].id != asked[1].id
    for question in asked:
        host.answer(question, {"for": question.params["of"]})
    assert json.loads(host.reply(1).text) == {"result": {"for": "alpha"}}
    assert json.loads(host.reply(2).text) == {"result": {"for": "beta"}}


def test_a_cancellation_reaches_the_one_server_that_has_the_call(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    for server in servers:
        host.start_call(f"{server}__hold", request_id=server)
        host.notification("notifications/message")
    host.notify("notifications/cancelled", {"requestId": "beta"})
    host.notification("notifications/message")
    (held,) = servers["beta"].heard("tools/call")
    assert [frame.params["requestId"] for frame in servers["beta"].heard("notifications/cancelled")] == [held.id]
    assert servers["alpha"].heard("notifications/cancelled") == []
    host.call("alpha__release")
    assert [frame.id for frame in host.take() if frame.method is None] == ["alpha"]


# One that fails


def test_servers_start_at_the_same_time(serve: Gateway) -> None:
    slow = [sys.executable, "-S", "-c", "import os, sys, time; time.sleep(1); os.execv(sys.argv[1], sys.argv[1:])"]
    servers = {name: [*slow, *recorder.command] for name, recorder in both(serve).items()}
    servers |= {f"{name}2": words for name, words in servers.items()}
    started = time.monotonic()
    host = serve(servers)
    for name in servers:
        wait_for_tools(host, name)
    assert time.monotonic() - started < 3.5


@pytest.mark.parametrize("broken", ["mute", "missing", "gone at once"])
def test_a_server_that_never_starts_does_not_hold_up_the_others(serve: Gateway, broken: str) -> None:
    kinds: dict[str, Server] = {
        "mute": serve.recorder("mute", "--mute"),
        "missing": MISSING,
        "gone at once": GONE_AT_ONCE,
    }
    host = serve.open({"broken": kinds[broken], **both(serve)})
    assert host.initialize(patience=6).result
    for server in ("alpha", "beta"):
        wait_for_tools(host, server)
        assert host.call(f"{server}__echo", patience=2).text == f"{server} heard {{}}"
    reply = host.call("broken__echo", patience=8)
    assert reply.error or reply.result["isError"] is True
    host.wait_log("broken")


def test_a_server_that_is_slow_to_answer_does_not_hold_up_the_others(serve: Gateway) -> None:
    host = serve(both(serve))
    host.start_call("alpha__hold")
    assert host.call("beta__echo", patience=2).result
    assert host.call("alpha__release").result


def test_a_server_that_reads_nothing_does_not_hold_up_the_others(serve: Gateway) -> None:
    host = serve({"deaf": serve.recorder("deaf", "--deaf"), "alpha": serve.recorder("alpha")})
    for _ in range(40):
        host.start_call("deaf__echo", {"text": "x" * 500_000})
    assert host.call("alpha__echo", patience=5).text == "alpha heard {}"


def test_a_server_that_comes_up_late_is_told_of_and_works(serve: Gateway) -> None:
    host = serve({"late": fails_first(serve, "late", 2), "alpha": serve.recorder("alpha")})
    wait_for_tools(host, "alpha")
    wait_for_tools(host, "late")
    assert host.call("late__echo", {"n": 1}).text == 'late heard {"n": 1}'


def test_a_server_that_dies_fails_its_calls_and_comes_back(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    held = host.start_call("beta__hold")
    host.notification("notifications/message")
    assert host.call("beta__die").error
    assert host.reply(held).error
    assert host.call("alpha__echo", patience=2).result
    host.notification("notifications/tools/list_changed", patience=15)
    wait_for_tools(host, "beta")
    assert host.call("beta__echo", {"again": 1}).text == 'beta heard {"again": 1}'
    assert len(servers["beta"].heard("initialize")) == 2


def test_a_server_that_comes_back_is_asked_again_for_what_still_holds(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    host.request("logging/setLevel", {"level": "debug"})
    host.request("resources/list")
    for uri in ("memo://beta/1", "memo://beta/2"):
        host.request("resources/subscribe", {"uri": uri})
    host.request("resources/unsubscribe", {"uri": "memo://beta/1"})
    assert host.call("beta__die").error
    wait_for_tools(host, "beta")
    assert host.call("beta__echo").result
    assert [frame.params for frame in servers["beta"].heard("logging/setLevel")] == [{"level": "debug"}] * 2
    subscribed = [frame.params["uri"] for frame in servers["beta"].heard("resources/subscribe")]
    assert subscribed == ["memo://beta/1", "memo://beta/2", "memo://beta/2"]
    assert len(servers["alpha"].heard("logging/setLevel")) == 1


def test_a_server_that_ends_its_output_only_is_started_anew(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    assert host.call("beta__hush").error
    assert survivors(servers["beta"].pids()[:1], PATIENCE) == []
    host.notification("notifications/tools/list_changed", patience=15)
    wait_for_tools(host, "beta")
    assert host.call("beta__echo").text == "beta heard {}"


def test_a_server_that_always_dies_is_not_started_all_the_time(serve: Gateway) -> None:
    doomed = fails_first(serve, "doomed", 1000)
    host = serve({"doomed": doomed, "late": fails_first(serve, "late", 3), "alpha": serve.recorder("alpha")})
    wait_for_tools(host, "late")
    assert 3 <= len(doomed.pids()) <= 6


def test_one_downstream_that_dies_comes_back_too(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    assert host.call("die").error
    while not (listed := host.request("tools/list").result):
        host.notification("notifications/tools/list_changed", patience=15)
    assert "echo" in [tool["name"] for tool in listed["tools"]]
    assert host.call("echo").text == "recorder heard {}"


def test_a_request_of_a_server_that_dies_is_taken_back(serve: Gateway) -> None:
    host = serve(both(serve))
    call = host.start_call("beta__ask_host", {"request": {"id": 1, "method": "roots/list"}})
    asked = host.incoming("roots/list")
    assert host.call("beta__die").error
    assert host.reply(call).error
    host.answer(asked, {"roots": []})  # too late, and nobody's
    assert host.call("alpha__echo").result
