"""A host or a server that means harm, or is broken, stands in nobody else's way and takes nobody else's place."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from sessions.bad_frames import BAD_PARAMS, INVALID, NOT_JSON, UNKNOWN_METHOD
from sessions.gateway import Gateway
from sessions.peers import Recorder, survivors
from sessions.rpc import Json, Session
from sessions.test_several_servers import GONE_AT_ONCE, both, wait_for_tools
from sessions.test_strict_reading import after, assert_nothing_arrived

HOSTS_PATIENCE = 2.0  # seconds that hosts give us at each step to the end: stdin closed, SIGTERM, SIGKILL


# A host that doesn't read the log


def test_a_host_that_never_reads_the_log_is_served_and_can_end_the_session(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, log="unread")
    noise = "a server that tells all that it does to its log\n" * 8_000
    assert host.call("print", {"err": noise}).text == "done"
    assert host.request("ping").result == {}
    assert host.call("echo", {"n": 1}).text == 'recorder heard {"n": 1}'
    host.write(b"{bad\n")
    assert host.reply(None).error["code"] == NOT_JSON
    host.process.terminate()
    assert survivors([host.process.pid, *recorder.pids()], HOSTS_PATIENCE) == []


def test_a_host_that_has_closed_the_log_is_served(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, log="closed")
    for n in range(3):
        host.write(b"{bad\n")
        assert host.reply(None).error["code"] == NOT_JSON
        assert host.call("echo", {"n": n}).text == f'recorder heard {{"n": {n}}}'
    host.call("print", {"err": "a word on stderr\n", "out": "a word on stdout"})
    assert host.call("echo").result


# A host that reads late


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_no_answer_gets_lost_behind_one_that_fills_the_queue(
    serve: Gateway, recorder: Recorder, together: bool
) -> None:
    host = serve(recorder)
    small = host.start_call("hold")
    large = host.start_call("hold", {"size": 34_000_000})
    with host.not_reading():
        release = host.start_call("release", {"together": together})
        host.wait_log("released")
    assert len(host.reply(large).text) == 34_000_000
    assert host.reply(small).text.startswith("released")
    assert host.reply(release).text == "done"


# A host that ends the session


def closes_input_first(host: Session) -> None:
    host.end_input()
    with suppress(subprocess.TimeoutExpired):
        host.process.wait(HOSTS_PATIENCE)
    host.process.send_signal(signal.SIGTERM)


def terminates(host: Session) -> None:
    host.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("end", [closes_input_first, terminates], ids=lambda end: end.__name__)
@pytest.mark.parametrize("kind", ["lingering", "stubborn"])
def test_nothing_is_left_for_a_hosts_sigkill_when_it(serve: Gateway, kind: str, end: Callable[[Session], None]) -> None:
    recorder = serve.recorder(kind, f"--{kind}", "--grandchild")
    host = serve(recorder)
    host.call("echo")
    family = [*recorder.pids(), host.process.pid]
    assert len(family) == 3
    end(host)
    assert survivors(family, HOSTS_PATIENCE) == []


# A host that writes what readers may take differently


@pytest.mark.parametrize(
    "members",
    [
        r'"method\u0000":"tools/call","method":"tools/list","params":{"name":"die"}',
        r'"method":"tools/list","method\u0000":"tools/call","params":{"name":"die"}',
        r'"method\u0000x":"tools/call","method":"tools/list","params":{"name":"die"}',
        r'"method":"tools/call","params":{"name\u0000":"die","name":"echo"}',
        r'"method":"tools/call","params":{"name":"echo","name\u0000":"die"}',
        r'"method":"tools/call","params":{"name":"echo","arguments":{"q":"x"},"arguments\u0000x":{"q":"y"}}',
    ],
)
def test_a_key_that_ends_at_nul_for_some_readers_is_refused(serve: Gateway, recorder: Recorder, members: str) -> None:
    (refusal,) = after(serve(recorder), f'{{"jsonrpc":"2.0","id":7,{members}}}'.encode())
    assert refusal.id == 7
    assert refusal.error["code"] in (INVALID, BAD_PARAMS), str(refusal)
    assert_nothing_arrived(recorder)
    assert recorder.heard("tools/list") == []


def test_no_spelling_of_a_call_is_relayed_by_a_flag(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, flags=["--relay-method", "*"])
    spellings = [
        "/tools/call",
        "tools\\/call",
        " tools/call",
        "\ufefftools/call",
        "tool\u017f/call",
        "Tools/Call",
        "x/tools/y",
    ]
    for method in spellings:
        reply = host.request(method, {"name": "die"})
        assert reply.error, f"{method!r} was relayed: {reply}"
        assert reply.error["code"] == UNKNOWN_METHOD
    assert host.request("vendor/x", {"n": 1}).result == {"vendor": {"n": 1}}
    methods = [frame.method for frame in recorder.heard()]
    assert methods == ["initialize", "notifications/initialized", "vendor/x"]


# A server that speaks out of turn


def test_a_ping_before_the_session_is_open_is_answered_and_other_requests_are_refused(serve: Gateway) -> None:
    hasty = serve.recorder("hasty", "--ask-first", "ping", "roots/list")
    host = serve(hasty)
    answers = {frame.id: frame for frame in hasty.heard() if frame.method is None}
    assert answers["first ping"].result == {}
    assert answers["first roots/list"].error["message"]
    assert host.call("echo").text == "hasty heard {}"
    assert host.take() == []


def test_a_line_of_a_log_fails_no_call_though_it_has_its_id(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    held = host.start_call("hold")
    host.notification("notifications/message")
    (call,) = recorder.heard("tools/call")
    for line in ({"level": "info", "id": call.id, "msg": "a line of a log"}, {"id": call.id}):
        host.call("print", {"out": json.dumps(line)})
    host.wait_log("a line of a log")
    host.call("release")
    assert host.reply(held).text == f"released {call.id}"


# A server that takes another one's place


def status(task: str) -> Json:
    return {"message": {"method": "notifications/tasks/status", "params": {"taskId": task, "status": "failed"}}}


def test_a_task_stays_with_the_server_that_has_made_it(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    task = host.call("alpha__odd", {"of": "alpha"}, task={"ttl": 60_000}).result["task"]["taskId"]
    host.call("beta__notify", status(task))
    assert host.take() == []
    assert host.request("tasks/get", {"taskId": task}).result["status"] == "working"
    assert host.request("tasks/result", {"taskId": task}).text == '{"of": "alpha"}'
    assert host.notification("notifications/tasks/status").params["status"] == "completed"
    assert [frame.method for frame in servers["beta"].heard() if str(frame.method).startswith("tasks/")] == []


def test_a_task_id_that_two_servers_have_chosen_means_neither(serve: Gateway) -> None:
    servers = both(serve)
    host = serve(servers)
    (task,) = {host.call(f"{name}__odd", {}, task={"ttl": 60_000}).result["task"]["taskId"] for name in servers}
    for method in ("tasks/get", "tasks/result", "tasks/cancel"):
        assert host.request(method, {"taskId": task}).error["message"]
        assert [recorder.heard(method) for recorder in servers.values()] == [[], []]


@pytest.mark.parametrize(
    ("token", "spelling"),
    [("tok", r'"\u0074ok"'), ("tok", '"tok"'), (5, "5.0"), (5, "50e-1"), (5, "5")],
    ids=str,
)
def test_progress_comes_from_the_server_that_has_the_call(serve: Gateway, token: Json, spelling: str) -> None:
    host = serve(both(serve))
    host.start_call("alpha__hold", _meta={"progressToken": token})
    host.notification("notifications/message")
    progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":1}}'
    host.call("beta__print", {"out": progress % spelling})
    assert host.take() == []
    host.call("alpha__print", {"out": progress % spelling})
    assert host.notification("notifications/progress").params["progressToken"] == token
    host.call("alpha__release")


# A server that keeps others waiting


def test_a_server_that_is_slow_to_list_is_shown_once_it_has_listed_and_stays(serve: Gateway) -> None:
    slow = serve.recorder("slow", "--list-delay", "5.6")
    host = serve({"slow": slow, "alpha": serve.recorder("alpha")})
    started = time.monotonic()
    assert {name.partition("__")[0] for name in host.tool_names()} == {"alpha"}
    assert 4.5 < time.monotonic() - started < 5.5
    host.notification("notifications/tools/list_changed")
    started = time.monotonic()
    assert {name.partition("__")[0] for name in host.tool_names()} == {"alpha", "slow"}
    took = time.monotonic() - started
    with pytest.raises(AssertionError, match="passed before"):
        host.notification("notifications/tools/list_changed", patience=2)
    assert took < 1


def test_lists_that_are_cancelled_leave_nothing_behind(serve: Gateway) -> None:
    slow = serve.recorder("slow", "--list-delay", "120")
    host = serve({"slow": slow, "alpha": serve.recorder("alpha")})
    for n in range(200):
        host.start("tools/list", request_id=n)
        host.notify("notifications/cancelled", {"requestId": n})
    for server in ("alpha", "slow"):
        assert host.call(f"{server}__echo", patience=2).text == f"{server} heard {{}}"
    assert host.take() == []
    assert len(slow.heard("tools/list")) == 1


def test_a_server_that_asks_the_host_too_much_takes_no_other_ones_turn(serve: Gateway) -> None:
    host = serve(both(serve))
    for n in range(1010):
        host.start_call("alpha__ask_host", {"request": {"id": n, "method": "roots/list"}}, request_id=n)
    for n in range(1000, 1010):
        assert "error" in json.loads(host.reply(n).text)
    assert len([frame for frame in host.take() if frame.method == "roots/list"]) == 1000
    for method in ("elicitation/create", "sampling/createMessage"):
        call = host.start_call("beta__ask_host", {"request": {"id": 1, "method": method, "params": {}}})
        host.answer(host.incoming(method), {"for": "beta"})
        assert json.loads(host.reply(call).text) == {"result": {"for": "beta"}}
    terminates(host)  # a thousand calls wait


# A server that is gone


@pytest.mark.parametrize("gone", ["from the start", "since then"])
def test_a_resource_that_nobody_lists_is_asked_of_each_server_that_runs(serve: Gateway, gone: str) -> None:
    alpha = GONE_AT_ONCE if gone == "from the start" else serve.recorder("alpha", "--listed-only")
    host = serve({"alpha": alpha, "beta": serve.recorder("beta")})
    if gone == "since then":
        assert host.call("alpha__die").error
    (content,) = host.request("resources/read", {"uri": "vendor://unlisted"}).result["contents"]
    assert content["text"] == "beta keeps vendor://unlisted"


@pytest.mark.parametrize("gone", ["none", "alpha", "beta", "both"])
def test_a_resource_that_no_server_has_is_an_error(serve: Gateway, gone: str) -> None:
    servers = {
        name: GONE_AT_ONCE if gone in (name, "both") else serve.recorder(name, "--listed-only")
        for name in ("alpha", "beta")
    }
    host = serve(servers)
    if gone == "none":
        wait_for_tools(host, "beta")
    assert host.request("resources/read", {"uri": "vendor://unlisted"}).error["message"]
    assert host.request("ping").result == {}


def test_a_server_that_never_stops_talking_keeps_nobody_from_being_heard(serve: Gateway) -> None:
    host = serve({"loud": serve.recorder("loud"), "calm": serve.recorder("calm")})
    flood = host.start_call("loud__burst", {"count": 10_000})
    host.notification("notifications/message")
    assert host.call("calm__echo").result
    assert not any(frame.answers(flood) for frame in host.take()), "it was heard only when the other had stopped"
    assert host.reply(flood, patience=30).result


def test_a_server_that_says_at_each_list_that_it_has_changed_is_not_asked_without_end(serve: Gateway) -> None:
    restless = serve.recorder("restless", "--restless")
    host = serve({"restless": restless, "calm": serve.recorder("calm")})
    assert {tool["name"].split("__")[0] for tool in host.tools()} == {"restless", "calm"}
    assert host.call("restless__echo").result
    assert 1 <= len(restless.heard("tools/list")) <= 12  # the pages of one list, and once more
