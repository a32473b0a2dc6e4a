"""The logger `argala`: what is said of each decision."""

from __future__ import annotations

import logging

from argala._argala import ArgalaEngine, Decision
from argala._violation import message_of

logger = logging.getLogger("argala")


def decided(decision: Decision, monitors: bool) -> None:
    """Says what was decided. The gate calls this; for what is allowed, only where DEBUG is on or a callback is set."""
    if decision.allowed:
        logger.debug("%s", decision.message, extra={"decision": decision})
    elif monitors:
        text = "argala only monitors, and LET THIS CALL PASS, which the policy doesn't allow: %s"
        logger.warning(text, message_of(decision), extra={"decision": decision})
    else:
        logger.warning("%s", message_of(decision), extra={"decision": decision})


def monitors(engine: ArgalaEngine) -> None:
    """Says that a guard was made which stops nothing."""
    text = "argala only monitors (mode='monitor'): calls that policy %s doesn't allow are logged and LET PASS"
    logger.warning(text, engine.policy_hash)
