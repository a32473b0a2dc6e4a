"""The exception for a call that may not be made."""

from __future__ import annotations

from typing import Any

from argala._argala import Decision


class ArgalaSecurityViolation(Exception):  # noqa: N818 - the name that programs already catch
    """A call that the policy doesn't allow. `str()` of it is its message, for an agent to act on.

    Its attributes are those of the `Decision` that it was made from, which is `judged`. The message always begins with
    `ARGALA BLOCK`: where the decision is "ask", it says that in process there is nobody to ask.
    """

    def __init__(self, judged: Decision) -> None:
        """Makes the exception for a decision that is not "allow"."""
        self.judged = judged
        self.decision = judged.decision
        self.rule = judged.rule
        self.method = judged.method
        self.at = judged.at
        self.matched = judged.matched
        self.view = judged.view
        self.span = judged.span
        self.policy = judged.policy
        self.findings = judged.findings
        self.message = message_of(judged)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and copies by the decision, from which the message follows; a subclass may take other arguments."""
        return _again, (type(self), self.judged), self.__dict__


def message_of(judged: Decision) -> str:
    """What is said of a denial."""
    if judged.decision == "ask":
        return f"ARGALA BLOCK: {judged.message}, and nobody can be asked in process"
    return judged.message


def _again(kind: type[ArgalaSecurityViolation], judged: Decision) -> ArgalaSecurityViolation:
    violation = kind.__new__(kind)
    ArgalaSecurityViolation.__init__(violation, judged)
    return violation
