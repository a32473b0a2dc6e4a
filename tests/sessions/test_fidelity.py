"""The same session straight to a server and through the gateway: what the host gets is the same, to the last digit."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sessions.gateway import Gateway
from sessions.peers import node_tool
from sessions.rpc import Frame, Json, Session, exact

Step = tuple[str, Json]

TASK = "the-task"  # in the params of a step: the id of the task that the session has begun last
NOTES = {"uri": "demo://resource/dynamic/text/2"}


def call(tool: str, arguments: Json = None, **params: Json) -> Step:
    return "tools/call", {"name": tool, "arguments": arguments or {}, **params}


EVERYTHING: Sequence[Step] = [
    ("ping", None),
    ("tools/list", {}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "simple-prompt"}),
    ("prompts/get", {"name": "args-prompt", "arguments": {"city": "Berlin"}}),
    ("prompts/get", {"name": "resource-prompt", "arguments": {"resourceType": "Text", "resourceId": "1"}}),
    ("prompts/get", {"name": "no-such-prompt"}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", NOTES),
    ("resources/read", {"uri": "demo://resource/static/document/features.md"}),
    ("resources/read", {"uri": "demo://no-such-resource"}),
    ("resources/subscribe", NOTES),
    ("resources/unsubscribe", NOTES),
    (
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "completable-prompt"},
            "argument": {"name": "department", "value": "E"},
        },
    ),
    ("logging/setLevel", {"level": "error"}),
    call("echo", {"message": "caf\u00e9 \U0001f980 \u2028 \u0000 </script>"}),
    *(call("get-annotated-message", {"messageType": kind, "includeImage": True}) for kind in ("error", "debug")),
    call("get-resource-links", {"count": 4}),
    call("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
    call("get-structured-content", {"location": "Chicago"}),
    call("get-sum", {"a": 0.1, "b": 1e21}),
    call("get-tiny-image"),
    call("gzip-file-as-resource", {"data": "data:text/plain,hello", "outputType": "resource"}),
    call("trigger-long-running-operation", {"duration": 0.2, "steps": 4}, _meta={"progressToken": 12}),
    call("trigger-long-running-operation", {"duration": 0.2, "steps": 2}, _meta={"progressToken": "twelve"}),
    call("get-roots-list"),
    call("trigger-sampling-request", {"prompt": "Who?", "maxTokens": 7}),
    call("trigger-elicitation-request"),
    call("trigger-url-elicitation", {"url": "https://example.com/", "elicitationId": "one", "errorPath": True}),
    call("get-sum", {"a": "not a number"}),
    call("no-such-tool"),
    call("simulate-research-query", {"topic": "x"}, task={"ttl": 60000}),
    ("tasks/list", {}),
    ("tasks/cancel", {"taskId": TASK}),
    ("tasks/get", {"taskId": TASK}),
    ("tasks/get", {"taskId": "no-such-task"}),
]

RECORDED: Sequence[Step] = [
    ("tools/list", {}),
    ("prompts/list", {"cursor": "2"}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    call("odd"),
    call("fail"),
    call("echo", {"n": 1e300}, _meta={"progressToken": "t", "vendor.example/x": {"y": [2**100, 1.0]}}),
    call("progress", {"count": 5}, _meta={"progressToken": "t"}),
    call("ask_host", {"request": {"id": "x", "method": "sampling/createMessage", "params": {"n": 2**100}}}),
    call("odd", {"n": -0.0}, task={"ttl": 60000}),
    ("tasks/get", {"taskId": TASK}),
    ("tasks/result", {"taskId": TASK}),
]

VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"  # a time
    r"|\d+:\d\d:\d\d [AP]M"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
)
FIXED_ANSWERS = {
    "ping": {},
    "roots/list": {"roots": [{"uri": "file:///srv", "name": "srv"}]},
    "sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "an answer"}, "model": "none"},
    "elicitation/create": {"action": "accept", "content": {"name": "Ada"}},
}


@dataclass
class Transcript:
    """What a host got, but for ids, and for what differs between any two runs."""

    opening: Json = None
    answers: list[Json] = field(default_factory=list)
    progress: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)


def lasting(frame: Frame, task: str) -> Json:
    """What a frame says, without times and made-up ids."""
    text = frame.raw.decode().replace(task, TASK)
    return exact(VOLATILE.sub("differs in each run", text))


def play(host: Session, steps: Sequence[Step]) -> Transcript:
    transcript = Transcript()
    opening = host.initialize().exact["result"]
    transcript.opening = {name: opening[name] for name in ("protocolVersion", "capabilities", "instructions")}
    task = uuid.uuid4().hex  # none yet
    for method, params in steps:
        if params and params.get("taskId") == TASK:
            params = {**params, "taskId": task}
        request = host.start(method, params)
        while not (frame := host.wait(lambda _: True, f"the answer to {method}")).answers(request):
            if frame.method == "notifications/progress":
                transcript.progress.append(frame.exact["params"])
            elif frame.method in FIXED_ANSWERS:
                host.answer(frame, FIXED_ANSWERS[frame.method])
                if frame.method != "roots/list":  # that one is asked for whenever the server likes
                    transcript.asked.append((frame.method, lasting(frame, task).get("params")))
        if "task" in (frame.result or {}):
            task = frame.result["task"]["taskId"]
        answer = lasting(frame, task)
        transcript.answers.append({name: answer[name] for name in answer.keys() - {"id", "jsonrpc"}})
    return transcript


def differences(direct: Json, through: Json, at: str = "") -> Iterator[str]:
    """Each place where two values differ."""
    if isinstance(direct, dict) and isinstance(through, dict):
        for name in direct.keys() | through.keys():
            if name not in through or name not in direct:
                yield f"{at}/{name} is only {'direct' if name in direct else 'through the gateway'}"
            else:
                yield from differences(direct[name], through[name], f"{at}/{name}")
    elif isinstance(direct, list) and isinstance(through, list) and len(direct) == len(through):
        for place, (one, other) in enumerate(zip(direct, through, strict=True)):
            yield from differences(one, other, f"{at}/{place}")
    elif type(direct) is not type(through) or direct != through:
        yield f"{at}: {direct!r} became {through!r}"


def assert_nothing_lost(direct: Transcript, through: Transcript, steps: Sequence[Step]) -> None:
    found = list(differences(direct.opening, through.opening, "initialize"))
    for (method, params), one, other in zip(steps, direct.answers, through.answers, strict=True):
        found += differences(one, other, f"{method} {params}: ")
    found += differences(direct.progress, through.progress, "progress")
    found += differences(direct.asked, through.asked, "asked")
    assert not found, "\n".join(found)


def test_server_everything_is_the_same_through_the_gateway(serve: Gateway, tmp_path: Path) -> None:
    server = node_tool("mcp-server-everything", "stdio")
    with Session(server, cwd=tmp_path) as straight:
        direct = play(straight, EVERYTHING)
        straight.kill()  # of itself it outlives the end of its input
    assert_nothing_lost(direct, play(serve.open(server), EVERYTHING), EVERYTHING)
    assert len(direct.progress) == 6
    assert len(direct.asked) == 2


def test_the_recorder_is_the_same_through_the_gateway(serve: Gateway, tmp_path: Path) -> None:
    recorder = serve.recorder("recorder", "--page-size", "2")
    with Session(recorder.command, cwd=tmp_path) as straight:
        direct = play(straight, RECORDED)
    assert_nothing_lost(direct, play(serve.open(recorder), RECORDED), RECORDED)
    assert len(direct.progress) == 5
