import os
from collections.abc import Callable, Sequence
from inspect import Signature
from typing import Any, Literal, TypeAlias, TypeVar, final

__all__ = ["ArgalaEngine", "Decision", "Finding", "Gate", "Guarded", "PolicyError", "__version__", "run_command"]

__version__: str

Verdict: TypeAlias = Literal["allow", "deny", "ask"]
GateT = TypeVar("GateT", bound=Gate)

def run_command(itself: Sequence[str], arguments: Sequence[str], /) -> int:
    """Runs the `argala` command and gives back its exit code. `itself`: the words that start it."""

class PolicyError(ValueError):
    """A policy that doesn't load. Its text shows every mistake that was found, with its place and what to do."""

@final
class Finding:
    """One thing that spoke against a call. It never changes, and can be compared and hashed."""

    def __new__(
        cls,
        rule: str,
        at: str | None,
        matched: str | None,
        view: tuple[str, ...],
        span: tuple[int, int] | None,
        reason: str,
    ) -> Finding: ...
    @property
    def rule(self) -> str:
        """As in `Decision`."""

    @property
    def at(self) -> str | None:
        """As in `Decision`."""

    @property
    def matched(self) -> str | None:
        """As in `Decision`."""

    @property
    def view(self) -> tuple[str, ...]:
        """As in `Decision`."""

    @property
    def span(self) -> tuple[int, int] | None:
        """As in `Decision`."""

    @property
    def reason(self) -> str:
        """What is wrong, as the end of a sentence that begins with the method."""

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints for it, as JSON values."""

    def __hash__(self) -> int: ...

@final
class Decision:
    """The outcome of judging one call, and what that rests on.

    It never changes, it can be compared and hashed, and the same call under the same policy gives an equal one.
    """

    def __new__(
        cls,
        decision: Verdict,
        rule: str,
        method: str,
        at: str | None,
        matched: str | None,
        view: tuple[str, ...],
        span: tuple[int, int] | None,
        message: str,
        policy: str,
        findings: tuple[Finding, ...],
    ) -> Decision: ...
    @property
    def decision(self) -> Verdict:
        """The verdict: "allow", "deny" or "ask" (a person must say yes first)."""

    @property
    def allowed(self) -> bool:
        """Whether the call may be made, as it was judged."""

    @property
    def rule(self) -> str:
        """The rule that decided.

        An `id` of the policy, a table such as `tools.pay.args.amount`, or `input.…` and `limits.…` where the arguments
        couldn't be judged.
        """

    @property
    def method(self) -> str:
        """The method, as it was called."""

    @property
    def at(self) -> str | None:
        """Where in the arguments, as a JSON Pointer (RFC 6901); None where the call as a whole was decided."""

    @property
    def matched(self) -> str | None:
        """The pattern that matched, as the policy writes it."""

    @property
    def view(self) -> tuple[str, ...]:
        """The readings that led to the text that matched; empty for the text as it stands."""

    @property
    def span(self) -> tuple[int, int] | None:
        """The bytes that matched, from and up to, in the UTF-8 text at `at`."""

    @property
    def message(self) -> str:
        """What was refused, where, by which rule, and what would be allowed."""

    @property
    def policy(self) -> str:
        """The identity of the policy."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that spoke against the call; the first one is the one above."""

    def to_dict(self) -> dict[str, Any]:
        """What `argala check` prints for it: the same keys in the same order, as JSON values."""

    def __hash__(self) -> int: ...

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

class Gate:
    """What `argala.Guard` is natively: an engine, and what becomes of a call that it doesn't allow."""

    def __new__(
        cls: type[GateT],
        engine: ArgalaEngine,
        on_deny: Literal["raise", "return"],
        mode: Literal["enforce", "monitor"],
        on_decision: Callable[[Decision], object] | None,
        /,
    ) -> GateT: ...
    @property
    def engine(self) -> ArgalaEngine:
        """The policy, compiled."""

    @property
    def on_deny(self) -> Literal["raise", "return"]:
        """Whether a denial is raised or given back as the tool's result."""

    @property
    def mode(self) -> Literal["enforce", "monitor"]:
        """Whether a call that isn't allowed is stopped, or let pass with a warning."""

    @property
    def on_decision(self) -> Callable[[Decision], object] | None:
        """What is called with each decision."""

    def admit(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Judges a call and gives back the copy of its arguments that was judged: make the call with that.

        Raises `ArgalaSecurityViolation` where the call may not be made, whatever `on_deny` says. In monitor mode it
        never does, and gives back the arguments themselves where they can't be copied.
        """

    def admit_json(self, method: str, text: str | bytes) -> None:
        """Judges a call by its arguments as JSON text: make the call with that very text.

        Raises `ArgalaSecurityViolation` where the call may not be made, whatever `on_deny` says; never in monitor mode.
        """

@final
class Guarded:
    """A tool behind a gate. Everything about it is fixed when it is made."""

    def __new__(
        cls,
        gate: Gate,
        tool: Callable[..., Any],
        method: str,
        signature: Signature | None,
        of_partial: set[str],
        unjudged: set[str],
        result_of: Callable[[str], Any] | None,
        /,
    ) -> Guarded: ...
    def caller(self) -> Callable[..., Any]:
        """A function that binds, judges, copies and makes a call, without a step through Python."""
