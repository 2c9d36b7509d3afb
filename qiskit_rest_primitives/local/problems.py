"""Errors as the API reports them: status, code, message, cure."""

from __future__ import annotations

from collections.abc import Mapping

# Codes of the service's registry, https://quantum.cloud.ibm.com/docs/errors; those that the client
# acts on are in `wire.limits`.
BACKEND_NOT_FOUND = 1007
TOO_MANY_REQUESTS = 1202
TOO_MANY_TAGS = 1204
TAG_TOO_LONG = 1205
SESSION_CLOSED = 1217
JOB_NOT_FOUND = 1291
# Errors without a code in the registry have 9000 + the HTTP status.
UNREGISTERED = 9000


class ProblemError(Exception):
    """A request that is answered with an error container.

    Attributes:
        status: the HTTP status.
        code: the registry's code; 9000 + status where it has none.
        message: what is wrong.
        solution: the cure, or "".
        headers: headers of the reply.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        solution: str = "",
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.code = UNREGISTERED + status if code is None else code
        self.message = message
        self.solution = solution
        self.headers = headers
