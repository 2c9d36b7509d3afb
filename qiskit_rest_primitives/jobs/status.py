"""The service's words for a job's state -> one status that equals Qiskit's and the runtime's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from qiskit.providers import JobStatus

from qiskit_rest_primitives.wire.limits import RAN_TOO_LONG

logger = logging.getLogger(__name__)

_seen_unknown: set[str] = set()


class Status(str):
    """A job's status: equal to a `JobStatus` member and to its name.

    ``status == JobStatus.DONE`` and ``status == "DONE"`` both hold. It hashes as the string, so
    in a set or as a dictionary key it is found among strings, not among enum members.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, JobStatus):
            return str.__eq__(self, str(other.name))
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    @property
    def name(self) -> str:
        """The name of the `JobStatus` member."""
        return str(self)

    @property
    def value(self) -> str:
        """The value of the `JobStatus` member: a sentence."""
        return JobStatus[str(self)].value

    def __str__(self) -> str:
        return str.__str__(self)


QUEUED: Final = Status("QUEUED")
RUNNING: Final = Status("RUNNING")
CANCELLED: Final = Status("CANCELLED")
DONE: Final = Status("DONE")
ERROR: Final = Status("ERROR")
FINAL: Final = frozenset({CANCELLED, DONE, ERROR})

_WORDS: Final = {
    "queued": QUEUED,
    "running": RUNNING,
    "completed": DONE,
    "failed": ERROR,
}


def read_state(details: Mapping[str, Any]) -> dict[str, Any]:
    """``{status, reason?, reason_code?, reason_solution?}`` of a job's details."""
    state = details.get("state")
    if not isinstance(state, dict):
        state = {}
    return {"status": details.get("status", ""), **state}


def ran_too_long(details: Mapping[str, Any]) -> bool:
    """Whether the service stopped the job because it ran longer than its limit."""
    state = read_state(details)
    word = str(state["status"]).lower()
    code = state.get("reason_code") or state.get("reasonCode")
    return word.startswith("cancel") and (code == RAN_TOO_LONG or "too long" in word)


def read_status(details: Mapping[str, Any]) -> Status:
    """The status in a job's details; an unknown word counts as running and is logged once."""
    word = str(read_state(details)["status"])
    lowered = word.lower()
    if lowered.startswith("cancel"):
        return ERROR if ran_too_long(details) else CANCELLED
    known = _WORDS.get(lowered)
    if known is None:
        if word not in _seen_unknown:
            _seen_unknown.add(word)
            logger.warning("unknown job status %r: treated as not final", word)
        return RUNNING
    return known


def is_unknown(details: Mapping[str, Any]) -> bool:
    """Whether the status is a word that no release of the API documents."""
    lowered = str(read_state(details)["status"]).lower()
    return lowered not in _WORDS and not lowered.startswith("cancel")
