"""Which adapter wraps a framework's tool. No framework is imported unless a tool of it is seen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argala._guard import Guard

ADAPTERS: dict[tuple[str, str], str] = {
    ("langchain_core.tools.base", "BaseTool"): "_langchain",
    ("crewai.tools.base_tool", "BaseTool"): "_crewai",
    ("crewai.tools.structured_tool", "CrewStructuredTool"): "_crewai",
}
"""The adapter's module in this package, by the module and qualified name of a tool's class or one of its bases."""

_mro = type.__dict__["__mro__"].__get__


def wrap(tool: object, guard: Guard) -> Any:
    """The guarded tool, of the same kind; None where no framework that is known has made it."""
    for base in _mro(type(tool)):
        adapter = ADAPTERS.get((base.__module__, base.__qualname__))
        if adapter is not None:
            return importlib.import_module(f"argala.frameworks.{adapter}").wrap(tool, guard)
    return None
