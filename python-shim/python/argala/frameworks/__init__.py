"""Which adapter wraps a framework's tool. No framework is imported to find out: a tool's own one already is."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argala._guard import Guard

_KINDS = {
    ("_crewai", "crewai.tools.base_tool"): ["BaseTool"],
    ("_crewai", "crewai.tools.structured_tool"): ["CrewStructuredTool"],
    ("_langchain", "langchain_core.tools.base"): ["BaseTool"],
    ("_llama_index", "llama_index.core.tools.types"): ["BaseTool"],
    ("_openai_agents", "agents.mcp.server"): ["MCPServer"],
    ("_openai_agents", "agents.tool"): [
        "ApplyPatchTool",
        "CodeInterpreterTool",
        "ComputerTool",
        "CustomTool",
        "FileSearchTool",
        "FunctionTool",
        "HostedMCPTool",
        "ImageGenerationTool",
        "LocalShellTool",
        "ProgrammaticToolCallingTool",
        "ShellTool",
        "ToolSearchTool",
        "WebSearchTool",
    ],
    ("_pydantic_ai", "pydantic_ai.native_tools"): ["AbstractNativeTool"],
    ("_pydantic_ai", "pydantic_ai.tools"): ["Tool"],
    ("_pydantic_ai", "pydantic_ai.toolsets.abstract"): ["AbstractToolset"],
}
"""The classes of tools: the adapter's module in this package, the module that defines the class, and its name."""

ADAPTERS = {(module, name): adapter for (adapter, module), names in _KINDS.items() for name in names}

# Read past the class of a class, which may answer for `__mro__` and `__module__` as it likes.
_mro = type.__dict__["__mro__"].__get__
_module = type.__dict__["__module__"].__get__
_name = type.__dict__["__name__"].__get__


def bases_of(tool: object) -> tuple[type, ...]:
    """A tool's class and what that inherits from, as the interpreter sees it, whatever the tool says of itself."""
    return _mro(type(tool))  # type: ignore[no-any-return]


def wrap(tool: object, guard: Guard) -> Any:
    """The guarded tool, of the same kind; None where no framework that is known has made it.

    Raises:
        TypeError: A framework has made it, but its calls can't be judged in this process.
    """
    for base in bases_of(tool):
        adapter = _adapter_of(base)
        if adapter is not None:
            return importlib.import_module(f"argala.frameworks.{adapter}").wrap(tool, guard)
    return None


def _adapter_of(base: type) -> str | None:
    try:
        module, name = _module(base), _name(base)
    except AttributeError:
        return None
    adapter = ADAPTERS.get((module, name)) if type(module) is str else None
    # A class may call itself what it likes. The framework's own is the one that the framework's module holds.
    held = getattr(sys.modules.get(module), "__dict__", {}) if adapter else {}
    return adapter if held.get(name) is base else None
