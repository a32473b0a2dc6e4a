"""Decisions and violations as Python objects."""

from __future__ import annotations

import copy
import pickle

import pytest
from argala import ArgalaEngine, ArgalaSecurityViolation, Decision

ENGINE = ArgalaEngine({"allowed_methods": ["m"], "denied_patterns": ["DROP", "x"]})
DENIED = ENGINE.check("m", {"a": ["a DROP", "x"]})


def violation() -> ArgalaSecurityViolation:
    with pytest.raises(ArgalaSecurityViolation) as caught:
        ENGINE.inspect_payload("m", ("a DROP", "x"))
    return caught.value


def test_a_decision_has_what_the_command_line_prints() -> None:
    first = {
        "rule": "denied_patterns",
        "at": "/a/0",
        "matched": "DROP",
        "view": [],
        "span": [2, 6],
    }
    printed = DENIED.to_dict()
    message, findings = printed.pop("message"), printed.pop("findings")
    assert printed == {"decision": "deny", "method": "m", "policy": ENGINE.policy_hash, **first}
    assert message.startswith("ARGALA BLOCK: `m` was refused (rule denied_patterns): its argument")
    assert [finding.pop("reason") for finding in findings]
    assert findings == [first, {**first, "at": "/a/1", "matched": "x", "span": [0, 1]}]


def test_the_keys_come_in_the_order_of_the_command_line() -> None:
    assert list(DENIED.to_dict()) == [
        *("decision", "rule", "method", "at", "matched", "view", "span", "message", "policy", "findings")
    ]
    assert list(DENIED.to_dict()["findings"][0]) == ["rule", "at", "matched", "view", "span", "reason"]


def test_the_same_call_gives_an_equal_decision() -> None:
    again = ENGINE.check("m", {"a": ["a DROP", "x"]})
    other = ENGINE.check("m", {"a": ["a DROP"]})
    assert again == DENIED
    assert other != DENIED
    assert len({DENIED, again, other}) == 2


def test_a_decision_is_frozen() -> None:
    with pytest.raises(AttributeError):
        DENIED.decision = "allow"  # type: ignore[misc]


def test_a_decision_reads_well() -> None:
    assert repr(DENIED) == "<Decision deny: method='m', rule='denied_patterns', at='/a/0', matched='DROP'>"
    assert repr(ENGINE.check("m", {})) == "<Decision allow: method='m', rule='allowed_methods'>"


def test_allowed_says_whether_the_call_may_be_made() -> None:
    assert ENGINE.check("m", {}).allowed
    assert not DENIED.allowed


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_decisions_and_violations_pickle_and_copy(again) -> None:  # noqa: ANN001
    decided = again(DENIED)
    assert isinstance(decided, Decision)
    assert decided == DENIED
    assert hash(decided) == hash(DENIED)
    raised = violation()
    raised.seen = "here"  # type: ignore[attr-defined]
    copied = again(raised)
    assert type(copied) is ArgalaSecurityViolation
    assert copied.__dict__ == raised.__dict__
    assert str(copied) == str(raised)


def test_a_violation_carries_the_decision() -> None:
    raised = violation()
    assert str(raised) == raised.message == raised.judged.message
    assert str(raised).startswith("ARGALA BLOCK")
    assert (raised.decision, raised.rule, raised.method) == ("deny", "denied_patterns", "m")
    assert (raised.at, raised.matched, raised.view, raised.span) == ("/0", "DROP", (), (2, 6))
    assert raised.policy == ENGINE.policy_hash
    assert [finding.matched for finding in raised.findings] == ["DROP", "x"]
    assert isinstance(raised, Exception)
