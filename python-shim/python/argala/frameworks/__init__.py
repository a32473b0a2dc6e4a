"""Which adapter wraps a framework's tool. No framework is imported here: a tool of one exists only where it already is."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argala._guard import Guard

ADAPTERS = {
    "agents.mcp.server": "_openai_agents",
    "agents.tool": "_openai_agents",
    "crewai.tools.base_tool": "_crewai",
    "crewai.tools.structured_tool": "_crewai",
    "langchain_core.tools.base": "_langchain",
    "llama_index.core.tools.types": "_llama_index",
    "pydantic_ai.native_tools": "_pydantic_ai",
    "pydantic_ai.tools": "_pydantic_ai",
    "pydantic_ai.toolsets.abstract": "_pydantic_ai",
}
"""The adapter's module in this package, by the module that defines a tool's class or one of its bases."""

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
        module = _module(base)
    except AttributeError:
        return None
    adapter = ADAPTERS.get(module) if type(module) is str else None
    # A class may call itself what it likes. The framework's own is the one that the framework's module holds.
    held = getattr(sys.modules.get(module), "__dict__", {}) if adapter else {}
    return adapter if held.get(_name(base)) is base else None
