"""The outcome of judging a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["allow", "deny", "ask"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that spoke against a call. Its fields are as in `Decision`.

    Attributes:
        reason: What is wrong, as the end of a sentence that begins with the method.
    """

    rule: str
    at: str | None
    matched: str | None
    view: tuple[str, ...]
    span: tuple[int, int] | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints for it, as JSON values."""
        return {
            "rule": self.rule,
            "at": self.at,
            "matched": self.matched,
            "view": list(self.view),
            "span": None if self.span is None else list(self.span),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """What was decided about one call, and what that rests on. The same call under the same policy gives an equal one.

    Attributes:
        decision: "allow", "deny" or "ask" (a person must say yes first).
        rule: The rule that decided: an `id` of the policy, a table such as `tools.pay.args.amount`, or
            `input.…` and `limits.…` where the arguments couldn't be judged.
        method: The method, as it was called.
        at: Where in the arguments, as a JSON Pointer (RFC 6901); None where the call as a whole was decided.
        matched: The pattern that matched, as the policy writes it.
        view: The readings that led to the text that matched; empty for the text as it stands.
        span: The bytes that matched, from and up to, in the UTF-8 text at `at`.
        message: What was refused, where, by which rule, and what would be allowed.
        policy: The identity of the policy.
        findings: Everything that spoke against the call; the first one is the one above.
    """

    decision: Verdict
    rule: str
    method: str
    at: str | None
    matched: str | None
    view: tuple[str, ...]
    span: tuple[int, int] | None
    message: str
    policy: str
    findings: tuple[Finding, ...]

    @property
    def allowed(self) -> bool:
        """Whether the call may be made, as it was judged."""
        return self.decision == "allow"

    def to_dict(self) -> dict[str, Any]:
        """What `argala check` prints for it: the same keys in the same order, as JSON values."""
        return {
            "decision": self.decision,
            "rule": self.rule,
            "method": self.method,
            "at": self.at,
            "matched": self.matched,
            "view": list(self.view),
            "span": None if self.span is None else list(self.span),
            "message": self.message,
            "policy": self.policy,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def __repr__(self) -> str:
        """The verdict first, then what it rests on, without what doesn't apply."""
        place = "" if self.at is None else f", at={self.at!r}"
        matched = "" if self.matched is None else f", matched={self.matched!r}"
        return f"<Decision {self.decision}: method={self.method!r}, rule={self.rule!r}{place}{matched}>"
