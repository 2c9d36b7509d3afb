"""Who may see what concerns all users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.problems import ProblemError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.auth import Principal
    from qiskit_rest_primitives.local.job_states import Core


def is_admin(core: Core, principal: Principal) -> bool:
    """Whether a user is an administrator."""
    return core.tokens.is_admin(principal.user)


def check_admin(core: Core, principal: Principal, reason: str) -> None:
    """Refuses all others.

    Args:
        core: the service.
        principal: who asks.
        reason: why it is for administrators, as the beginning of a sentence.

    Raises:
        ProblemError: 403.
    """
    if not is_admin(core, principal):
        raise ProblemError(
            403,
            f"{reason}, so they are for administrators.",
            solution="Send the token of a user who is an administrator.",
        )
