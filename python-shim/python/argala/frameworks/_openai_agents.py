"""Tools of the OpenAI Agents SDK.

What is judged is the text that the model wrote, read as strictly as the gateway reads it; the tool gets that very text.
Validation and defaults come behind it, as they come behind the gateway: they are the program's own.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from agents import ApplyPatchTool, CustomTool, FunctionTool, LocalShellTool, ShellTool
from agents.editor import ApplyPatchResult

from argala._violation import ArgalaSecurityViolation
from argala.frameworks import bases_of

if TYPE_CHECKING:
    from agents.editor import ApplyPatchOperation

    from argala._guard import Guard

T = TypeVar("T")

_AT_THE_PROVIDER = "runs where the model runs, and its calls never come through this process: leave it out of the list"
_REFUSED = {
    "ComputerTool": "acts by clicks and keys, which say nothing that a policy could judge: leave it out of the list",
    "HostedMCPTool": (
        "is called from where the model runs. Put `argala serve` before its server, and give the agent that as one of "
        "its `mcp_servers`"
    ),
    "MCPServer": "is a whole server. Put `argala serve` before it, and give the agent that as one of its `mcp_servers`",
}
"""What to do about a kind of tool that can't be guarded; where it isn't here, `_AT_THE_PROVIDER`."""


def wrap(tool: Any, guard: Guard) -> Any:
    """A guarded copy of a tool."""
    kinds = bases_of(tool)
    for kind, wrap_kind in _GUARDED.items():
        if kind in kinds:
            return wrap_kind(tool, guard)
    names = [kind.__name__ for kind in kinds]
    advice = next((_REFUSED[name] for name in names if name in _REFUSED), _AT_THE_PROVIDER)
    raise TypeError(f"an OpenAI Agents `{names[0]}` can't be guarded: it {advice}")


def _function_tool(tool: FunctionTool, guard: Guard) -> FunctionTool:
    guarded = copy.copy(tool)
    invoker = guarded.on_invoke_tool
    run = getattr(invoker, "_invoke_tool_impl", None)
    if run is None:
        return _with(guarded, "on_invoke_tool", _judged_text(invoker, tool.name, guard))
    # The SDK's own invoker hands what a tool raises to its `failure_error_function`, a denial as well.
    inner = copy.copy(invoker)
    inner._invoke_tool_impl = _judged_text(run, tool.name, guard)  # type: ignore[attr-defined]
    return _with(guarded, "on_invoke_tool", inner)


def _judged_text(run: Callable[..., Awaitable[Any]], name: str, guard: Guard) -> Callable[..., Awaitable[Any]]:
    async def invoke(context: Any, text: str) -> Any:
        text = str.__str__(text)
        try:
            # The SDK takes no text for no arguments.
            guard.admit_json(name, text or "{}")
        except ArgalaSecurityViolation as violation:
            message = _shown(violation, guard)
            # So the SDK knows an error that it has worded itself, which needn't fit the tool's output schema.
            with contextlib.suppress(AttributeError):
                context._function_tool_default_failure_handled = True
            return message
        return await run(context, text)

    # The SDK reads there which context a function wants, and how to look at arguments before approval.
    try:
        invoke.__signature__ = inspect.signature(run)  # type: ignore[attr-defined]
        invoke.__annotations__ = get_type_hints(run, include_extras=True)
    except (NameError, TypeError, ValueError):
        invoke.__annotations__ = {}
    prepare = getattr(run, "__agents_prepare_arguments__", None)
    if prepare is not None:
        invoke.__agents_prepare_arguments__ = prepare  # type: ignore[attr-defined]
    return invoke


def _custom_tool(tool: CustomTool, guard: Guard) -> CustomTool:
    name, run = tool.name, tool.on_invoke_tool

    async def invoke(context: Any, text: str) -> Any:
        try:
            judged = guard.admit(name, {"input": text})
        except ArgalaSecurityViolation as violation:
            return _shown(violation, guard)
        return await _awaited(run(context, judged["input"]))

    return _with(copy.copy(tool), "on_invoke_tool", invoke)


def _shell_tool(tool: ShellTool, guard: Guard) -> ShellTool:
    name, run = tool.name, tool.executor
    if run is None:
        raise TypeError(
            f"an OpenAI Agents `ShellTool` with a hosted environment can't be guarded: it {_AT_THE_PROVIDER}"
        )

    async def execute(request: Any) -> Any:
        call = request.data
        try:
            judged = guard.admit(name, _given(vars(call.action)))
        except ArgalaSecurityViolation as violation:
            return _shown(violation, guard)
        # What the model wrote, as it came, stands in `raw` once more.
        call = dataclasses.replace(call, action=dataclasses.replace(call.action, **judged), raw=None)
        return await _awaited(run(dataclasses.replace(request, data=call)))

    return _with(copy.copy(tool), "executor", execute)


def _local_shell_tool(tool: LocalShellTool, guard: Guard) -> LocalShellTool:
    name, run = tool.name, tool.executor

    async def execute(request: Any) -> Any:
        call = request.data
        try:
            judged = guard.admit(name, call.action.model_dump(exclude={"type"}, exclude_none=True))
        except ArgalaSecurityViolation as violation:
            return _shown(violation, guard)
        call = call.model_copy(update={"action": call.action.model_copy(update=judged)})
        return await _awaited(run(dataclasses.replace(request, data=call)))

    return _with(copy.copy(tool), "executor", execute)


def _apply_patch_tool(tool: ApplyPatchTool, guard: Guard) -> ApplyPatchTool:
    return _with(copy.copy(tool), "editor", _Editor(tool.editor, tool.name, guard))


class _Editor:
    """An editor that has each operation judged before another one does it."""

    def __init__(self, editor: Any, name: str, guard: Guard) -> None:
        async def edit(kind: str, operation: ApplyPatchOperation) -> Any:
            members = {"type": kind, "path": operation.path, "diff": operation.diff, "move_to": operation.move_to}
            try:
                judged = guard.admit(name, _given(members))
            except ArgalaSecurityViolation as violation:
                return ApplyPatchResult(status="failed", output=_shown(violation, guard))
            return await _awaited(getattr(editor, kind)(dataclasses.replace(operation, **judged)))

        self._edit = edit

    async def create_file(self, operation: ApplyPatchOperation) -> Any:
        return await self._edit("create_file", operation)

    async def update_file(self, operation: ApplyPatchOperation) -> Any:
        return await self._edit("update_file", operation)

    async def delete_file(self, operation: ApplyPatchOperation) -> Any:
        return await self._edit("delete_file", operation)


_GUARDED: dict[type, Callable[[Any, Guard], Any]] = {
    FunctionTool: _function_tool,
    CustomTool: _custom_tool,
    ShellTool: _shell_tool,
    LocalShellTool: _local_shell_tool,
    ApplyPatchTool: _apply_patch_tool,
}


def _shown(violation: ArgalaSecurityViolation, guard: Guard) -> str:
    if guard.on_deny == "return":
        return violation.message
    raise violation


def _given(members: dict[str, Any]) -> dict[str, Any]:
    """What the model left out is no argument."""
    return {name: value for name, value in members.items() if value is not None}


async def _awaited(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _with(tool: T, attribute: str, guarded: object) -> T:
    """The copy of a tool with what runs it replaced, if its class lets that happen."""
    setattr(tool, attribute, guarded)
    if getattr(tool, attribute) is not guarded:
        raise TypeError(f"a `{type(tool).__name__}` keeps its `{attribute}` to itself, so it can't be guarded")
    return tool
