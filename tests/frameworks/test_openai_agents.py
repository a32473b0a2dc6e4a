"""Tools of the OpenAI Agents SDK, run by its own Runner with a model that says what a test has written down."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import agents
import pytest
from agents import (
    Agent,
    CustomTool,
    FunctionTool,
    LocalShellTool,
    Model,
    ModelResponse,
    RunContextWrapper,
    Runner,
    ShellTool,
    Usage,
    function_tool,
)
from agents.editor import ApplyPatchOperation, ApplyPatchResult
from agents.tool import (
    LocalShellCommandRequest,
    ShellActionRequest,
    ShellCallData,
    ShellCommandRequest,
    invoke_function_tool,
)
from agents.tool_context import ToolContext
from argala import ArgalaSecurityViolation, Guard, protect_tools
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)
from openai.types.responses.response_output_item import LocalShellCall, LocalShellCallAction
from pydantic import BaseModel

agents.set_tracing_disabled(True)

POLICY = {"allowed_methods": ["*"], "denied_patterns": ["DROP"]}
SELECT, DROP = '{"sql": "SELECT 1"}', '{"sql": "DROP TABLE users"}'
FAILED = "An error occurred while running the tool. Please try again."

ran: list[Any] = []
_ids = itertools.count()


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    ran.clear()


def protect(tool: Any, **options: Any) -> Any:  # noqa: ANN401
    (protected,) = protect_tools([tool], POLICY, **options)
    return protected


def call(name: str, arguments: str) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(type="function_call", call_id=f"call-{next(_ids)}", name=name, arguments=arguments)


def say(text: str) -> ResponseOutputMessage:
    content = [ResponseOutputText(type="output_text", text=text, annotations=[])]
    return ResponseOutputMessage(id="message", type="message", role="assistant", status="completed", content=content)


class Scripted(Model):
    """Says one item of its script each turn, then "done", and keeps what it was shown."""

    def __init__(self, *script: Any) -> None:  # noqa: ANN401
        self.script = list(script)
        self.seen: list[Any] = []

    def _next(self, shown: object) -> list[Any]:
        self.seen = shown if isinstance(shown, list) else []
        return [self.script.pop(0) if self.script else say("done")]

    def outputs(self) -> list[Any]:
        """What the tools have answered, as the model sees it."""
        return [item["output"] for item in self.seen if "output" in item]

    async def get_response(
        self, system_instructions: str | None, input: object, *rest: object, **more: object
    ) -> ModelResponse:
        return ModelResponse(output=self._next(input), usage=Usage(), response_id=None)

    async def stream_response(
        self,
        system_instructions: str | None,
        input: object,
        *rest: object,
        **more: object,
    ) -> AsyncIterator[Any]:
        response = Response(
            id="response",
            created_at=0,
            model="scripted",
            object="response",
            output=self._next(input),
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
        )
        yield ResponseCompletedEvent(type="response.completed", response=response, sequence_number=0)


def run(agent: Agent[Any]) -> Any:  # noqa: ANN401
    return asyncio.run(Runner.run(agent, "hi"))


def run_sync(agent: Agent[Any]) -> Any:  # noqa: ANN401
    return Runner.run_sync(agent, "hi")


def run_streamed(agent: Agent[Any]) -> Any:  # noqa: ANN401
    async def all_of_it() -> Any:  # noqa: ANN401
        result = Runner.run_streamed(agent, "hi")
        async for _ in result.stream_events():
            pass
        return result

    return asyncio.run(all_of_it())


WAYS = [run, run_sync, run_streamed]


@pytest.fixture(autouse=True)
def an_event_loop() -> Iterator[None]:
    """`run_sync` takes the thread's loop, which `asyncio.run` leaves unset."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def answers(tool: Any, *script: Any, way: Callable[[Agent[Any]], Any] = run, **options: Any) -> list[Any]:  # noqa: ANN401
    """What an agent's model is told by a tool that it calls as the script says."""
    model = Scripted(*script)
    result = way(Agent(name="agent", model=model, tools=[tool], **options))
    assert result.final_output == "done"
    return model.outputs()


def invoke(tool: FunctionTool, text: Any) -> Any:  # noqa: ANN401
    context = ToolContext(context=None, tool_name=tool.name, tool_call_id="call", tool_arguments=text)
    return asyncio.run(invoke_function_tool(function_tool=tool, context=context, arguments=text))


# --- tools of every kind


@function_tool
def query(sql: str, limit: int = 10) -> str:
    """Runs a query.

    Args:
        sql: What to run.
    """
    ran.append((sql, limit))
    return "rows"


@function_tool(strict_mode=False)
async def query_async(context: RunContextWrapper[Any], sql: str, limit: int = 10) -> str:
    """Runs a query, later."""
    await asyncio.sleep(0)
    ran.append((sql, limit))
    return "rows"


async def by_hand(context: RunContextWrapper[Any], text: str) -> str:
    ran.append(text)
    return "rows"


query_by_hand = FunctionTool("query_by_hand", "Runs a query.", {"type": "object"}, by_hand, strict_json_schema=False)

KINDS = [query, query_async, query_by_hand]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tool", KINDS, ids=lambda tool: tool.name)
def test_an_allowed_call_runs_and_a_denied_one_does_not(tool: FunctionTool, way: Any) -> None:  # noqa: ANN401
    guarded = protect(tool, on_deny="return")
    allowed, denied = answers(guarded, call(tool.name, SELECT), call(tool.name, DROP), way=way)
    assert (allowed, len(ran)) == ("rows", 1)
    assert denied.startswith("ARGALA BLOCK")


@pytest.mark.parametrize("way", WAYS)
def test_a_raised_denial_is_what_any_failure_of_the_tool_is(way: Any) -> None:  # noqa: ANN401
    assert answers(protect(query), call("query", DROP), way=way) == [FAILED]
    told = function_tool(query.__wrapped__, failure_error_function=lambda context, error: f"no: {error}")
    (output,) = answers(protect(told), call("query", DROP), way=way)
    assert output.startswith("no: ARGALA BLOCK")
    raising = function_tool(query.__wrapped__, failure_error_function=None)
    for tool in (raising, query_by_hand):
        with pytest.raises(agents.UserError) as caught:
            answers(protect(tool), call(tool.name, DROP), way=way)
        assert isinstance(caught.value.__cause__, ArgalaSecurityViolation)
    assert ran == []


@pytest.mark.parametrize("tool", KINDS, ids=lambda tool: tool.name)
def test_all_else_of_a_tool_stays_as_it_was(tool: FunctionTool) -> None:
    guarded = protect(tool)
    assert type(guarded) is FunctionTool
    for field in dataclasses.fields(FunctionTool):
        if field.name != "on_invoke_tool":
            assert getattr(guarded, field.name) == getattr(tool, field.name)
    invoke(tool, DROP)
    assert len(ran) == 1


def test_approval_guardrails_and_enabling_work_as_before() -> None:
    asked: list[Any] = []

    async def needs_approval(context: Any, arguments: dict[str, Any], call_id: str) -> bool:  # noqa: ANN401
        asked.append(arguments)
        return False

    @agents.tool_input_guardrail
    def no_deletion(data: Any) -> agents.ToolGuardrailFunctionOutput:  # noqa: ANN401
        if "DELETE" in data.context.tool_arguments:
            return agents.ToolGuardrailFunctionOutput.reject_content("no deletion")
        return agents.ToolGuardrailFunctionOutput.allow()

    def delete(sql: str) -> str:
        ran.append(sql)
        return "rows"

    tool = function_tool(
        delete,
        needs_approval=needs_approval,
        tool_input_guardrails=[no_deletion],
        is_enabled=lambda context, agent: agent.name == "agent",
    )
    script = [call("delete", SELECT), call("delete", '{"sql": "DELETE"}'), call("delete", DROP)]
    outputs = answers(protect(tool, on_deny="return"), *script)
    assert outputs[:2] == ["rows", "no deletion"]
    assert outputs[2].startswith("ARGALA BLOCK")
    assert asked == [{"sql": "SELECT 1"}, {"sql": "DELETE"}, {"sql": "DROP TABLE users"}]
    assert ran == ["SELECT 1"]


def test_what_a_person_approves_is_judged_when_it_runs() -> None:
    tool = function_tool(query.__wrapped__, needs_approval=True)
    model = Scripted(call("query", DROP))
    agent = Agent(name="agent", model=model, tools=[protect(tool, on_deny="return")])

    async def approve() -> None:
        result = await Runner.run(agent, "hi")
        state = result.to_state()
        state.approve(result.interruptions[0])
        await Runner.run(agent, state)

    asyncio.run(approve())
    (output,) = model.outputs()
    assert output.startswith("ARGALA BLOCK")
    assert ran == []


def test_timeouts_hold() -> None:
    @function_tool(timeout=0.01)
    async def slow(sql: str) -> str:
        """Takes its time."""
        await asyncio.sleep(60)
        return "rows"

    (late, denied) = answers(protect(slow, on_deny="return"), call("slow", SELECT), call("slow", DROP))
    assert "timed out" in late
    assert denied.startswith("ARGALA BLOCK")


class Rows(BaseModel):
    count: int


def test_a_denial_need_not_fit_the_tools_output_schema() -> None:
    @function_tool(allowed_callers=["direct", "programmatic"])
    def count(sql: str) -> Rows:
        """Counts rows."""
        return Rows(count=1)

    assert count.output_json_schema is not None
    fine, denied = answers(protect(count, on_deny="return"), call("count", SELECT), call("count", DROP))
    assert fine == '{"count":1}'
    assert denied.startswith("ARGALA BLOCK")


def test_a_denial_can_be_the_final_output() -> None:
    agent = Agent(
        name="agent",
        model=Scripted(call("query", DROP)),
        tools=[protect(query, on_deny="return")],
        tool_use_behavior="stop_on_first_tool",
    )
    assert run(agent).final_output.startswith("ARGALA BLOCK")


def test_an_agent_as_a_tool_is_judged_by_what_it_is_asked() -> None:
    inner = Agent(name="inner", model=Scripted())
    tool = inner.as_tool("ask", "Asks another agent.")
    fine, denied = answers(
        protect(tool, on_deny="return"), call("ask", '{"input": "hi"}'), call("ask", '{"input": "DROP it"}')
    )
    assert fine == "done"
    assert denied.startswith("ARGALA BLOCK")


# --- what is judged is what runs


@pytest.mark.parametrize(
    "text",
    [
        '{"sql": "DROP", "sql": "SELECT 1"}',
        '{"sql": "SELECT 1", "sql": "DROP"}',
        '{"sql": "\\u0044ROP"}',
        '{"sql": "\\ud800"}',
        '{"sql": "SELECT 1"} {"sql": "x"}',
        '{"sql": NaN}',
        '["DROP"]',
        '"DROP"',
        "{",
        " ",
    ],
)
@pytest.mark.parametrize("tool", KINDS, ids=lambda tool: tool.name)
def test_a_text_that_parsers_could_read_in_two_ways_or_not_at_all_is_denied(tool: FunctionTool, text: str) -> None:
    assert invoke(protect(tool, on_deny="return"), text).startswith("ARGALA BLOCK")
    assert ran == []


def test_no_text_is_no_arguments() -> None:
    @function_tool
    def now() -> str:
        """Tells the time."""
        return "now"

    assert invoke(protect(now), "") == "now"
    (closed,) = protect_tools([now], {"allowed_methods": ["query"]}, on_deny="return")
    assert invoke(closed, "").startswith("ARGALA BLOCK")


def test_a_text_of_another_class_is_read_as_the_text_that_it_is() -> None:
    class Sly(str):
        def __bool__(self) -> bool:
            return False

        def __str__(self) -> str:
            return SELECT

    assert invoke(protect(query_by_hand, on_deny="return"), Sly(DROP)).startswith("ARGALA BLOCK")
    invoke(protect(query_by_hand), Sly(SELECT))
    assert ([type(text) for text in ran], ran) == ([str], [SELECT])


def test_the_text_goes_on_as_the_model_wrote_it() -> None:
    text = '{ "sql":"SELECT 1" ,"price": 1.10, "big": 123456789012345678901234567890 }'
    invoke(protect(query_by_hand), text)
    assert ran == [text]


def test_an_argument_by_the_contexts_name_is_an_argument() -> None:
    assert invoke(protect(query_async, on_deny="return"), '{"sql": "x", "context": "DROP"}').startswith("ARGALA BLOCK")


# --- what a guarded tool can't be talked out of


@pytest.mark.parametrize("tool", KINDS, ids=lambda tool: tool.name)
def test_copies_stay_guarded_under_the_name_that_was_wrapped(tool: FunctionTool) -> None:
    (guarded,) = protect_tools([tool], {"allowed_methods": [tool.name], "denied_patterns": ["DROP"]}, on_deny="return")
    for other in (copy.copy(guarded), dataclasses.replace(guarded), dataclasses.replace(guarded, name="other")):
        assert invoke(other, DROP).startswith("ARGALA BLOCK")
        assert ran == []
        assert invoke(other, SELECT) == "rows"
        ran.clear()
    guarded.name = "other"
    assert invoke(guarded, SELECT) == "rows"
    (other,) = protect_tools([guarded], {"allowed_methods": ["query"]}, on_deny="return")
    assert invoke(other, SELECT).startswith("ARGALA BLOCK")


def test_no_attribute_has_the_function() -> None:
    guarded = protect(query)
    with pytest.raises(AttributeError):
        guarded.__wrapped__  # noqa: B018
    assert query.__wrapped__("x") == "rows"


def test_what_is_done_to_the_original_afterwards_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    original = copy.copy(query)
    guarded = protect(original, on_deny="return")
    original.on_invoke_tool = by_hand
    original.name = "other"
    monkeypatch.setattr(FunctionTool, "on_invoke_tool", by_hand, raising=False)
    assert invoke(guarded, DROP).startswith("ARGALA BLOCK")


def test_a_tool_that_keeps_its_invoker_to_itself_is_refused() -> None:
    class Fixed(FunctionTool):
        def __setattr__(self, name: str, value: object) -> None:
            if name != "on_invoke_tool" or "on_invoke_tool" not in vars(self):
                super().__setattr__(name, value)

    with pytest.raises(TypeError, match="keeps its `on_invoke_tool` to itself"):
        protect(Fixed("fixed", "", {"type": "object"}, by_hand, strict_json_schema=False))


# --- other tools


def test_a_custom_tools_text_is_its_input() -> None:
    async def execute(context: Any, text: str) -> str:  # noqa: ANN401
        ran.append(text)
        return "done"

    tool = CustomTool("sql", "Runs SQL.", execute)
    guarded = protect(tool, on_deny="return")
    assert type(guarded) is CustomTool
    assert asyncio.run(guarded.on_invoke_tool(None, "SELECT 1")) == "done"
    assert asyncio.run(guarded.on_invoke_tool(None, "DROP")).startswith("ARGALA BLOCK")
    with pytest.raises(ArgalaSecurityViolation):
        asyncio.run(protect(tool).on_invoke_tool(None, "DROP"))
    assert ran == ["SELECT 1"]


def test_a_shells_commands_are_judged() -> None:
    def execute(request: ShellCommandRequest) -> str:
        ran.append((request.data.action.commands, request.data.raw))
        return "done"

    guarded = protect(ShellTool(executor=execute), on_deny="return")
    assert type(guarded) is ShellTool

    def shell(*commands: str) -> Any:  # noqa: ANN401
        action = ShellActionRequest(commands=list(commands), timeout_ms=5)
        return asyncio.run(guarded.executor(ShellCommandRequest(None, ShellCallData("call", action, raw="raw"))))  # type: ignore[arg-type]

    assert shell("true", "false") == "done"
    assert shell("true", "echo DROP").startswith("ARGALA BLOCK")
    assert ran == [(["true", "false"], None)]


def test_a_local_shells_command_is_judged() -> None:
    def execute(request: LocalShellCommandRequest) -> str:
        ran.append(request.data.action.command)
        return "done"

    guarded = protect(LocalShellTool(execute), on_deny="return")

    def shell(*command: str, **env: str) -> Any:  # noqa: ANN401
        action = LocalShellCallAction(command=list(command), env=env, type="exec")
        data = LocalShellCall(id="id", action=action, call_id="call", status="completed", type="local_shell_call")
        return asyncio.run(guarded.executor(LocalShellCommandRequest(None, data)))  # type: ignore[arg-type]

    assert shell("true") == "done"
    assert shell("echo", "DROP").startswith("ARGALA BLOCK")
    assert shell("true", WHAT="DROP").startswith("ARGALA BLOCK")
    assert ran == [["true"]]


def test_a_patchs_operations_are_judged() -> None:
    class Editor:
        def create_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
            ran.append((operation.path, operation.diff))
            return ApplyPatchResult(status="completed")

        update_file = delete_file = create_file

    guarded = protect(agents.ApplyPatchTool(Editor()), on_deny="return")
    for kind in ("create_file", "update_file", "delete_file"):
        edit = getattr(guarded.editor, kind)
        assert asyncio.run(edit(ApplyPatchOperation(kind, "a.txt", "+a"))).status == "completed"  # type: ignore[arg-type]
        denied = asyncio.run(edit(ApplyPatchOperation(kind, "a.txt", "+DROP")))  # type: ignore[arg-type]
        assert (denied.status, denied.output[:12]) == ("failed", "ARGALA BLOCK")
    assert ran == [("a.txt", "+a")] * 3


@pytest.mark.parametrize(
    ("tool", "advice"),
    [
        (agents.WebSearchTool(), "runs where the model runs"),
        (agents.FileSearchTool(["store"]), "runs where the model runs"),
        (agents.CodeInterpreterTool({"type": "code_interpreter", "container": "x"}), "runs where the model runs"),
        (ShellTool(environment={"type": "container_auto"}), "runs where the model runs"),
        (agents.HostedMCPTool({"type": "mcp", "server_label": "x", "server_url": "x"}), "argala serve"),
        (agents.mcp.MCPServerStdio({"command": "true"}), "argala serve"),
        (agents.ComputerTool(lambda **_: None), "clicks"),  # type: ignore[arg-type, misc]
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_guarded_is_refused_with_what_to_do(tool: Any, advice: str) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match=advice) as caught:
        Guard(POLICY).wrap(tool)
    assert type(tool).__name__ in str(caught.value)


def test_monitoring_lets_a_call_pass_and_tells_of_it() -> None:
    decisions: list[Any] = []
    guarded = protect(query, mode="monitor", on_decision=decisions.append)
    assert answers(guarded, call("query", DROP)) == ["rows"]
    assert [decision.decision for decision in decisions] == ["deny"]


def test_the_example_runs() -> None:
    example = Path(__file__).parents[2] / "examples/python/openai_agents_tool.py"
    ended = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line.startswith("tool: ")][::2] == ['tool:  [["Ada"], ["Bo"]]', "tool:  [[2]]"]
    assert lines[3].startswith("tool:  ARGALA BLOCK")
    assert lines[-1] == "agent: That is all."
