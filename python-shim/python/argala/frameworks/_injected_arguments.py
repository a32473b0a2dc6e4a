"""Which arguments of a LangChain tool are LangChain's or LangGraph's own, and not a model's.

What LangChain itself sets, whatever a model has sent under that name, is never judged: a run manager, callbacks, the
`RunnableConfig`. What is annotated as injected is set by LangGraph's `ToolNode`, which takes away what a model has sent;
but a program that calls the tool itself may pass on the model's arguments with such a one among them. So each value is
looked at: a model sends JSON, and what can be of JSON is judged, except where LangGraph has set it.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, get_args

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tools import BaseTool, InjectedToolArg, InjectedToolCallId
from langchain_core.tools.base import (
    _get_runnable_config_param,
    _get_type_hints,
    _is_injected_arg_type,
    get_all_basemodel_annotations,
)
from langchain_core.utils.pydantic import get_fields
from pydantic import BaseModel
from pydantic.v1 import BaseModel as BaseModelV1

Function = Callable[..., Any]

OF_JSON = (str, bytes, int, float, dict, list, tuple, set, frozenset, BaseModel, BaseModelV1)
"""What a model may have sent, or a schema made of what it has sent."""


def set_by_langchain(function: Function, *names: str) -> frozenset[str]:
    """Those of a function's parameters that LangChain sets on every call: these names, and the one for the config."""
    found = frozenset(names).intersection(inspect.signature(function).parameters)
    config = _get_runnable_config_param(function)
    return found if config is None else found | {config}


class Injected:
    """The arguments of a tool that are annotated as injected."""

    def __init__(self, tool: BaseTool, *functions: Function) -> None:
        """Reads the annotations of the tool's schema, and of the functions that it runs."""
        hints: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        for function in functions:
            hints |= _get_type_hints(function, include_extras=True) or {}
            defaults |= {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
        fields: dict[str, Any] = {}
        schema = tool.args_schema
        if schema is not None and not isinstance(schema, dict):
            fields = get_all_basemodel_annotations(schema)
            defaults |= {name: field.default for name, field in get_fields(schema).items()}
        hints |= fields
        marked = {name for name, hint in hints.items() if _is_injected_arg_type(hint)}
        # `RunnableConfig | None` isn't set by LangChain. It stays None, which is not an argument that a model chose.
        optional = {name for name, hint in hints.items() if RunnableConfig in get_args(hint)}
        self.names = frozenset(marked | optional | tool._injected_args_keys)
        self._defaults = {name: value for name, value in defaults.items() if name in self.names}
        self._call_ids = {name for name, hint in fields.items() if _is_injected_arg_type(hint, InjectedToolCallId)}
        state = _injected_state()
        self._states = {name for name in marked if state is not None and _is_injected_arg_type(hints[name], state)}

    def own(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Those of the names whose value, where a call has one, isn't a model's."""
        return frozenset(name for name in self.names if name not in values or self._is_own(name, values[name]))

    def own_in_call(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> frozenset[str]:
        """The same, of a function's call. What is passed by position isn't LangChain's: it sets arguments by name."""
        own = self.own(kwargs)
        try:
            return own.difference(inspect.signature(function).bind_partial(*args).arguments) if args else own
        except TypeError:  # The call itself tells what is wrong with its arguments.
            return frozenset()

    def _is_own(self, name: str, value: object) -> bool:
        default = self._defaults.get(name)
        if value is None or _is_injected_arg_type(type(value)):
            return True
        if type(value) is type(default) and value == default:
            return True
        if not isinstance(value, OF_JSON) and not dataclasses.is_dataclass(value):
            return True
        config = var_child_runnable_config.get()
        if config is None:
            return False
        # LangChain sets the id of the call itself; it has a config whenever it runs a tool.
        return name in self._call_ids or (name in self._states and "__pregel_runtime" in config.get("configurable", {}))


def _injected_state() -> type[InjectedToolArg] | None:
    # Who annotates with it has imported it.
    module = sys.modules.get("langgraph.prebuilt.tool_node")
    return None if module is None else getattr(module, "InjectedState", None)
