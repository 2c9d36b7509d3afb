"""What can go wrong, as one tree.

::

    RestPrimitivesError (QiskitError)
    ├── AccountError              no account, a malformed token, CRN, channel or account file
    ├── EncodeError               a circuit, value or observable that the wire can't carry
    │   ├── ISAError              a circuit that the chosen device can't run as it is
    │   └── UnknownParameterError (KeyError)  a value for a name that the circuit does not have
    ├── OptionsError (ValueError) an option's name, type, range or relation
    ├── ProtocolError             a reply that is not in the API's form
    ├── TransportError            no reply: the connection broke
    │   ├── ConnectError          no connection: refused, name not found, TLS, proxy
    │   ├── ReadTimeoutError      a connection, but no whole reply in time
    │   └── RedirectError         sent elsewhere, where the token must not go
    ├── APIError                  an error status: status_code, code, detail, trace
    │   ├── AuthenticationError   401, 403
    │   ├── NotFoundError         404
    │   ├── InvalidRequestError   400, 409, 413, 422
    │   ├── RateLimitError        429
    │   └── ServerError           5xx
    ├── BackendError              an unknown, offline or unsuitable backend
    ├── SessionError              a session that is closed or was never opened
    ├── JobFailedError            the job ended without a result: reason, code, solution, logs
    │   └── JobCancelledError     it was cancelled, or ran longer than its limit
    └── JobTimeoutError (JobError, TimeoutError)  not final within the caller's timeout
"""

from __future__ import annotations

from typing import TypeVar

from qiskit.exceptions import QiskitError
from qiskit.providers import JobError
from qiskit.providers import JobTimeoutError as QiskitJobTimeoutError


class RestPrimitivesError(QiskitError):
    """Root of every error raised by this package."""

    def __str__(self) -> str:
        # QiskitError prints repr(message): RestPrimitivesError("x") would read 'x' with quotes.
        return str(self.message)


class AccountError(RestPrimitivesError):
    """No account is configured, or a part of it is malformed or refused."""


class EncodeError(RestPrimitivesError):
    """A circuit, parameter value or observable can't be put on the wire unchanged."""


class ISAError(EncodeError):
    """A circuit uses what the chosen device does not have; the cure is to transpile."""


class UnknownParameterError(EncodeError, KeyError):
    """A PUB has a value for a parameter that its circuit lacks; a KeyError as in Qiskit."""


class OptionsError(RestPrimitivesError, ValueError):
    """An option has an unknown name, a wrong type or a value out of range."""


class ProtocolError(RestPrimitivesError):
    """A reply does not have the form that the API promises."""


class TransportError(RestPrimitivesError):
    """No reply arrived: connection refused, reset, name not found, TLS, timed out.

    Attributes:
        may_have_acted: False if the request surely never reached the service.
        transient: False if another attempt would surely fail alike.
    """

    may_have_acted: bool = True
    transient: bool = True

    def __init__(self, message: str, *, may_have_acted: bool | None = None):
        super().__init__(message)
        if may_have_acted is not None:
            self.may_have_acted = may_have_acted


class ConnectError(TransportError):
    """No connection was made, so nothing was sent."""

    may_have_acted = False


class ReadTimeoutError(TransportError):
    """The service was silent for too long, or its reply arrived too slowly."""


class RedirectError(TransportError):
    """The service sends its callers to another address, which is not followed."""

    transient = False


class APIError(RestPrimitivesError):
    """The service answered with an error status.

    Attributes:
        status_code: the HTTP status.
        code: the service's own code, such as 1279, or None.
        detail: the service's message.
        solution: the service's advice, or "".
        trace: the id to quote to the service's support, or "".
        retry_after_seconds: how long the service asked to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        code: int | None = None,
        detail: str = "",
        solution: str = "",
        trace: str = "",
        retry_after_seconds: float | None = None,
    ):
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.detail = detail
        self.solution = solution
        self.trace = trace
        self.retry_after_seconds = retry_after_seconds


class AuthenticationError(APIError):
    """401 or 403: the token is wrong, expired or not allowed here."""


class NotFoundError(APIError):
    """404: no such job, backend, session or instance."""


class InvalidRequestError(APIError):
    """400, 409, 413 or 422: the service refuses the request as it is."""


class RateLimitError(APIError):
    """429: too many requests."""


class ServerError(APIError):
    """5xx: the service failed."""


class BackendError(RestPrimitivesError):
    """The backend is unknown, offline or not suited to what was asked."""


class SessionError(RestPrimitivesError):
    """The session is closed, or the call makes no sense in its state."""


class JobFailedError(RestPrimitivesError):
    """The job ended without a result.

    Attributes:
        job_id: the job's id.
        reason: the service's words.
        reason_code: the service's code, such as 1517, or None.
        reason_solution: the service's advice, or "".
    """

    def __init__(
        self,
        message: str,
        *,
        job_id: str,
        reason: str = "",
        reason_code: int | None = None,
        reason_solution: str = "",
    ):
        super().__init__(message)
        self.job_id = job_id
        self.reason = reason
        self.reason_code = reason_code
        self.reason_solution = reason_solution


class JobCancelledError(JobFailedError):
    """The job was cancelled, by its owner, its session or its time limit."""


class JobTimeoutError(RestPrimitivesError, QiskitJobTimeoutError, TimeoutError):
    """The job was not final within the caller's ``timeout``; it continues."""


E = TypeVar("E", bound=RestPrimitivesError)


def with_more(error: E, more: str) -> E:
    """A copy of an error whose message says more; to be raised ``from`` the error."""
    copied = error.__class__.__new__(error.__class__)
    copied.__dict__.update(error.__dict__)
    copied.message = error.message + more
    copied.args = (copied.message,)
    return copied


__all__ = [
    "APIError",
    "AccountError",
    "AuthenticationError",
    "BackendError",
    "ConnectError",
    "EncodeError",
    "ISAError",
    "InvalidRequestError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobTimeoutError",
    "NotFoundError",
    "OptionsError",
    "ProtocolError",
    "RateLimitError",
    "ReadTimeoutError",
    "RedirectError",
    "RestPrimitivesError",
    "ServerError",
    "SessionError",
    "TransportError",
    "UnknownParameterError",
]
