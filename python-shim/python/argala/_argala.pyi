import os
from collections.abc import Sequence
from typing import Any, Literal, final

from argala._decision import Decision

__all__ = ["ArgalaEngine", "PolicyError", "__version__", "run_command"]

__version__: str

def run_command(itself: Sequence[str], arguments: Sequence[str], /) -> int:
    """Runs the `argala` command and gives back its exit code. `itself`: the words that start it."""

class PolicyError(ValueError):
    """A policy that doesn't load. Its text shows every mistake that was found, with its place and what to do."""

@final
class ArgalaEngine:
    """A compiled policy that judges calls. It never changes, and any number of threads may use it at once."""

    def __new__(cls, policy: dict[str, Any], /) -> ArgalaEngine:
        """Takes a dict with what a policy file would hold; PolicyError where it doesn't load."""

    @staticmethod
    def from_policy_file(path: str | os.PathLike[str], /) -> ArgalaEngine:
        """Loads a TOML file; OSError where it can't be read, PolicyError where it doesn't load."""

    @staticmethod
    def from_toml(text: str, /) -> ArgalaEngine:
        """Loads TOML text; PolicyError where it doesn't load."""

    @property
    def policy_hash(self) -> str:
        """The policy's identity: `sha256:` and the hash of its canonical form."""

    def check(self, method: str, arguments: dict[str, Any]) -> Decision:
        """Judges a call by its arguments, by name."""

    def check_json(self, method: str, arguments: bytes | str) -> Decision:
        """Judges a call by its arguments as JSON text."""

    def inspect_payload(
        self, method: str, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Literal[True]:
        """True where the call is allowed, else ArgalaSecurityViolation. Positional arguments are named "0", "1", …."""

    def admit(
        self, method: str, members: dict[str, Any], more: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arguments as they were judged, copied, where the call is allowed, else ArgalaSecurityViolation."""
