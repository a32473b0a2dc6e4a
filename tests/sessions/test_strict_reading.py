"""A frame that can't be read in exactly one way is refused, nothing of it is forwarded, and the session goes on."""

from __future__ import annotations

import json

import pytest

from sessions.bad_frames import (
    BAD_FRAMES,
    BOUNDS,
    CALL,
    DUPLICATES,
    ENVELOPES,
    GOOD,
    GRAMMAR,
    SMUGGLED,
    UNKNOWN_METHOD,
    Bad,
)
from sessions.bad_frames import data as call_with
from sessions.gateway import Gateway
from sessions.peers import Recorder
from sessions.rpc import Frame, Session


def after(host: Session, frame: bytes) -> list[Frame]:
    """What comes for a frame, up to the answer to a call that is sent behind it."""
    host.write(frame + b"\n")
    assert host.call("echo", {"after": True}).text == 'recorder heard {"after": true}'
    return host.take()


def assert_nothing_arrived(recorder: Recorder) -> None:
    """Nothing but what opens a session, and the call that was sent behind the frame."""
    assert [call["arguments"] for call in recorder.calls()] == [{"after": True}]
    known = {"initialize", "notifications/initialized", "tools/list", "tools/call", "ping"}
    assert {frame.method for frame in recorder.heard()} <= known


@pytest.mark.parametrize("bad", BAD_FRAMES, ids=lambda bad: bad.why)
def test_it_is_refused_once_and_not_forwarded(serve: Gateway, recorder: Recorder, bad: Bad) -> None:
    replies = after(serve(recorder), bad.frame)
    assert_nothing_arrived(recorder)
    (refusal,) = replies
    assert refusal.error, f"not an error: {refusal}"
    assert refusal.error["code"] in bad.codes, str(refusal)
    assert refusal.error["message"]
    assert "id" in refusal.value
    assert refusal.id in bad.ids, str(refusal)


@pytest.mark.parametrize(
    "frame",
    [
        '{"jsonrpc":"2.0",' + CALL + "}",
        '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"die","arguments":{}}}',
        '{"jsonrpc":"2.0","method":"resources/read","params":{"uri":"memo://recorder/1"}}',
    ],
)
def test_a_request_without_an_id_is_not_forwarded(serve: Gateway, recorder: Recorder, frame: str) -> None:
    replies = after(serve(recorder), frame.encode())
    assert_nothing_arrived(recorder)
    assert [reply.id for reply in replies if not reply.error] == []


def test_an_id_that_is_in_flight_is_not_taken_again(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.start_call("hold", request_id=5)
    host.notification("notifications/message")
    host.start_call("echo", request_id=5)
    assert host.wait(lambda frame: frame.error is not None, "the refusal").id is None
    host.call("release")
    assert host.reply(5).text.startswith("released")
    assert [call["name"] for call in recorder.calls()] == ["hold", "release"]


def test_an_answer_to_nothing_is_not_forwarded(serve: Gateway, recorder: Recorder) -> None:
    replies = after(serve(recorder), b'{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}')
    assert_nothing_arrived(recorder)
    assert [reply for reply in replies if not reply.error] == []


def test_arguments_deeper_than_the_policy_allows_are_refused(serve: Gateway, recorder: Recorder) -> None:
    deep = b'{"q":' * 40 + b"1" + b"}" * 40
    (refusal,) = after(serve(recorder), call_with("", deep).frame)
    assert_nothing_arrived(recorder)
    assert refusal.id == 7
    assert refusal.error or refusal.result["isError"] is True


def test_a_line_that_ends_as_on_windows_is_read(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder)
    host.write(GOOD.encode() + b"\r\n")
    assert host.reply(7).text == 'recorder heard {"q": "x"}'
    assert len(recorder.calls()) == 1


SMUGGLE = "\r" + SMUGGLED + "\r"


@pytest.mark.parametrize(
    "frame",
    [
        GOOD.replace('"x"', f"[{SMUGGLE}]"),
        GOOD.replace('"name"', f'"_meta":{{"x":{SMUGGLE}}},"name"'),
        GOOD.replace('"name"', f'"x":{SMUGGLE},"name"'),
        f'{{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{{"uri":"memo://recorder/1","x":{SMUGGLE}}}}}',
        f'{{"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{{"level":"info","_meta":{{"x":{SMUGGLE}}}}}}}',
        f'{{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{{"_meta":{SMUGGLE}}}}}',
        f'{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":1,"progress":1,"x":{SMUGGLE}}}}}',
        f'{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":"held","reason":"","x":{SMUGGLE}}}}}',
        f'{{"jsonrpc":"2.0","id":"ANSWER","result":{{"roots":[],"x":{SMUGGLE}}}}}',
        f'{{"jsonrpc":"2.0","id":"ANSWER","error":{{"code":1,"message":"","data":{SMUGGLE}}}}}',
    ],
    ids=lambda frame: frame.partition(SMUGGLE)[0],
)
def test_no_carriage_return_reaches_a_downstream(serve: Gateway, recorder: Recorder, frame: str) -> None:
    """A downstream that also ends lines there would see a call that nobody has judged."""
    host = serve(recorder)
    host.start_call("hold", request_id="held")
    host.start_call("ask_host", {"request": {"id": 1, "method": "roots/list"}})
    asked = host.incoming("roots/list")
    host.write(frame.replace('"ANSWER"', json.dumps(asked.id)).encode() + b"\n")
    host.answer(asked, {})
    assert host.call("release").result
    assert recorder.heard("tools/call")


def test_a_hundred_bad_frames_get_a_hundred_refusals(serve: Gateway, recorder: Recorder) -> None:
    frame = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","name":"odd"}}\n'
    replies = after(serve(recorder), (frame * 100).encode().rstrip())
    assert_nothing_arrived(recorder)
    assert [reply.id for reply in replies if reply.error] == [7] * 100


@pytest.mark.parametrize("bad", [DUPLICATES[0], ENVELOPES[1], GRAMMAR[0], BOUNDS[0]], ids=lambda bad: bad.why)
def test_a_bad_frame_before_initialize_is_refused_too(serve: Gateway, recorder: Recorder, bad: Bad) -> None:
    host = serve.open(recorder)
    host.write(bad.frame + b"\n")
    assert host.wait(lambda frame: frame.error is not None, "the refusal").id in bad.ids
    assert host.initialize().result
    assert host.call("echo").result


# Methods beyond the protocol


def test_a_method_of_a_vendor_is_relayed_where_a_flag_lists_it(serve: Gateway, recorder: Recorder) -> None:
    host = serve(recorder, flags=["--relay-method", "vendor/*", "--relay-method", "acme/one"])
    assert host.request("vendor/x", {"n": 1.0}).exact["result"] == {"vendor": {"n": "1.0"}}
    assert host.request("acme/one").error["message"] == "recorder knows no acme/one"
    assert host.request("acme/two").error["code"] == UNKNOWN_METHOD
    assert [str(frame.method) for frame in recorder.heard() if str(frame.method).startswith(("vendor", "acme"))] == [
        "vendor/x",
        "acme/one",
    ]


@pytest.mark.parametrize("glob", ["tools/*", "*", "t*"])
def test_no_flag_relays_a_method_under_tools(serve: Gateway, recorder: Recorder, glob: str) -> None:
    host = serve.open(recorder, flags=["--relay-method", glob])
    try:
        host.initialize()
    except (AssertionError, BrokenPipeError):
        assert host.process.wait(5) in (1, 2)
        host.wait_log(glob)
        return
    for method in ("tools/run", "Tools/Call", "TOOLS/CALL", " tools/call", "tools/call "):
        assert host.request(method, {"name": "echo"}).error["code"] == UNKNOWN_METHOD
        assert recorder.heard(method) == [], f"{method!r} is a call to a server that doesn't read strictly"
