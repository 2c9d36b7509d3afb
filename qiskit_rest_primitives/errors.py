"""What can go wrong, as one tree. At the right: the name in ``qiskit_ibm_runtime.exceptions``.

::

    RestPrimitivesError (QiskitError)                               IBMError
    ├── InputError (ValueError)   what was handed in is wrong       IBMInputValueError
    │   ├── AccountError          account, token, CRN or file       IBMAccountError
    │   ├── EncodeError           a request can't represent it
    │   │   ├── ISAError          the chosen device can't run it
    │   │   └── UnknownParameterError (KeyError)  no such parameter
    │   ├── OptionsError          an option's name, type or range
    │   ├── SpendingError         more time on devices than Settings allow
    │   └── BackendError (QiskitBackendNotFoundError)               IBMBackendError
    ├── ServiceError              the service or the way to it      IBMRuntimeError
    │   ├── ProtocolError         a reply that breaks the API       IBMBackendApiProtocolError
    │   │   └── ReplyTooLargeError    larger than the client accepts
    │   ├── TransportError        no reply: the connection broke
    │   │   ├── ConnectError      refused, name not found, TLS, proxy
    │   │   ├── ReadTimeoutError  a connection, but no whole reply in time
    │   │   └── RedirectError     a redirect; not followed, as the token must not leave
    │   ├── APIError              an error status                   IBMApiError
    │   │   ├── AuthenticationError   401, 403                      IBMNotAuthorizedError
    │   │   ├── NotFoundError         404                           RuntimeJobNotFound
    │   │   ├── InvalidRequestError   400, 409, 413, 422
    │   │   ├── RateLimitError        429
    │   │   └── ServerError           5xx
    │   ├── SessionError (InputError)  closed, or never opened
    │   └── JobStateError         the job's state forbids it        RuntimeInvalidStateError
    ├── JobEndedError (JobError)  the job ended without a result
    │   ├── JobFailedError        it failed                         RuntimeJobFailureError
    │   ├── JobCancelledError (JobStateError)     it was cancelled
    │   └── JobRanTooLongError (ServiceError)     its time limit    RuntimeJobMaxTimeoutError
    └── JobTimeoutError (JobTimeoutError, TimeoutError)             RuntimeJobTimeoutError
"""

from __future__ import annotations

from typing import TypeVar

from qiskit.exceptions import QiskitError
from qiskit.providers import JobError, QiskitBackendNotFoundError
from qiskit.providers import JobTimeoutError as QiskitJobTimeoutError

from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.display.tracebacks import notebook_traceback


class RestPrimitivesError(QiskitError):
    """Root of every error raised by this package.

    >>> try:
    ...     service.backend("nowhere")
    ... except RestPrimitivesError as error:
    ...     print(type(error).__name__)
    BackendError
    """

    def __init__(self, *message: str):
        # Parts of it may be a service's, and be printed in a terminal.
        super().__init__(*(printable(str(part)) for part in message))

    def __str__(self) -> str:
        # QiskitError prints repr(message): RestPrimitivesError("x") would read 'x' with quotes.
        return str(self.message)

    def _render_traceback_(self) -> list[str]:
        # IPython and Jupyter show these lines.
        return notebook_traceback(self)


class InputError(RestPrimitivesError, ValueError):
    """An argument can't be used; no job was submitted.

    >>> try:
    ...     service.backend("nowhere")
    ... except InputError as error:
    ...     print(error)
    no backend 'nowhere'; there are: statevector, ...
    """


class ServiceError(RestPrimitivesError):
    """The service refused, failed, or could not be reached.

    >>> try:
    ...     service.job("no-such-job")
    ... except ServiceError as error:
    ...     print(error)
    GET /jobs/no-such-job was answered with 404: ...
    """


class AccountError(InputError):
    """No account is configured, or a part of it is malformed or refused.

    >>> QiskitRuntimeService(channel="ibm_quantum")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.AccountError: channel 'ibm_quantum' was switched off ...
    """


class EncodeError(InputError):
    """A circuit, parameter value or observable can't be represented in a request.

    >>> from qiskit.circuit import ClassicalRegister
    >>> SamplerV2(backend).run([QuantumCircuit(ClassicalRegister(1, "shape"))])
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.EncodeError: PUB 0: ... rename the register, ...
    """


class ISAError(EncodeError):
    """A circuit that the chosen device can't run as it is; transpile it first.

    >>> SamplerV2(service.backend("fake_5q")).run([bell])  # not transpiled
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ISAError: PUB 0: ...
    """


class UnknownParameterError(EncodeError, KeyError):
    """A PUB has a value for a parameter that its circuit lacks; a KeyError as in Qiskit.

    >>> circuit = QuantumCircuit(1)
    >>> gate = circuit.rx(Parameter("theta"), 0)
    >>> EstimatorV2(backend).run([(circuit, "Z", {"phi": 0.1})])
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.UnknownParameterError: PUB 0: ... The circuit's parameters: theta
    """


class OptionsError(InputError):
    """An option has an unknown name, a wrong type or a value out of range.

    >>> SamplerOptions(default_shots=-1)
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.OptionsError: option default_shots takes an integer from 0 ...
    """


class SpendingError(InputError):
    """A run on a device would take more than `Settings` allow, or ``confirm`` declined it.

    >>> settings = Settings(max_seconds_per_day=5)
    >>> careful = QiskitRuntimeService(channel="local", settings=settings)
    >>> device = careful.backend("fake_5q")
    >>> SamplerV2(device).run([transpile(bell, device)], shots=100_000)
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.SpendingError: this run would hold fake_5q for ...
    """


class ProtocolError(ServiceError):
    """A reply does not have the form that the API promises.

    >>> service.job("..")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ProtocolError: '..' can't be an id; ...
    """


class ReplyTooLargeError(ProtocolError):
    """A reply, or what it expands to, is larger than the client accepts; nothing is retried.

    >>> settings = Settings(max_reply_bytes=1000)
    >>> careful = QiskitRuntimeService(channel="local", settings=settings)
    >>> SamplerV2(careful.backend("statevector")).run([bell]).result()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ReplyTooLargeError: ... Settings(max_reply_bytes=...) ...
    """


class TransportError(ServiceError):
    """No reply arrived: connection refused, reset, name not found, TLS, timed out.

    Attributes:
        may_have_acted: False if the request certainly never reached the service.
        transient: False if another attempt would certainly fail in the same way.

    >>> fault = local.faults.add("GET", "/backends", drop=True, count=1)
    >>> service.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.TransportError: GET ...: the connection broke ...
    """

    may_have_acted: bool = True
    transient: bool = True

    def __init__(self, message: str, *, may_have_acted: bool | None = None):
        super().__init__(message)
        if may_have_acted is not None:
            self.may_have_acted = may_have_acted


class ConnectError(TransportError):
    """No connection was made, so nothing was sent.

    >>> nobody = QiskitRuntimeService(url="http://127.0.0.1:1/v1", token="any")
    >>> nobody.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ConnectError: ... nothing listens there ...
    """

    may_have_acted = False


class ReadTimeoutError(TransportError):
    """The service was silent for too long, or its reply arrived too slowly.

    >>> fault = local.faults.add("GET", "/jobs/*", silence=True, count=1)
    >>> service.client.job("some-id", retry=False, timeout_seconds=0.1)
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ReadTimeoutError: GET ...: the service was silent for too long
    """


class RedirectError(TransportError):
    """A redirect that the client does not follow: to another host, or of a call that is not a GET.

    >>> elsewhere = {"status": 307, "location": "https://other.example/"}
    >>> fault = local.faults.add("GET", "/backends", **elsewhere, count=1)
    >>> service.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.RedirectError: ... was redirected to https://other.example/, ...
    """

    transient = False


class APIError(ServiceError):
    """The service answered with an error status.

    Attributes:
        status_code: the HTTP status.
        code: the service's own code, such as 1279, or None.
        detail: the service's message.
        solution: the service's advice, or "".
        trace: the id to quote to the service's support, or "".
        retry_after_seconds: how long the service asked to wait, or None.

    >>> try:
    ...     service.job("no-such-job")
    ... except APIError as error:
    ...     print(error.status_code, error.code, error.detail)
    404 1291 Job not found. Job ID: no-such-job
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
    """401 or 403: the token is wrong, expired or not allowed here.

    >>> QiskitRuntimeService(url=local.url, token="wrong").backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.AuthenticationError: GET /backends was answered with 401: ...
    """


class NotFoundError(APIError):
    """404: no such job, backend, session or instance.

    >>> service.job("no-such-job")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.NotFoundError: GET /jobs/no-such-job was answered with 404: ...
    """


class InvalidRequestError(APIError):
    """400, 409, 413 or 422: the service refuses the request as it is.

    >>> service.client.job_tags("x")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.InvalidRequestError: ... search is 3 to 100 characters long, ...
    """


class RateLimitError(APIError):
    """429: too many requests.

    >>> fault = local.faults.add("GET", "/backends", status=429, count=1)
    >>> service.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.RateLimitError: GET /backends was answered with 429: ...
    """


class ServerError(APIError):
    """5xx: the service failed.

    >>> fault = local.faults.add("GET", "/backends", status=502, count=1)
    >>> service.backends()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ServerError: GET /backends was answered with 502: ...
    """


class BackendError(InputError, QiskitBackendNotFoundError):
    """The backend is unknown, offline or does not meet the conditions.

    >>> service.backend("nowhere")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.BackendError: no backend 'nowhere'; there are: statevector, ...
    """


class SessionError(ServiceError, InputError):
    """The session is closed, or its state does not allow the call.

    >>> Session(backend, max_time="soon")
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.SessionError: max_time 'soon' can't be read: pass seconds, ...
    """


class JobStateError(ServiceError):
    """The call makes no sense in the state that the job has.

    >>> job = SamplerV2(backend).run([bell])
    >>> job.wait_for_final_state()
    >>> job.cancel()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.JobStateError: job ... is final already: ...
    """


class JobEndedError(RestPrimitivesError, JobError):
    """The job ended without a result: it failed, was cancelled, or ran too long.

    Attributes:
        job_id: the job's id.
        reason: the service's message.
        reason_code: the service's code, such as 1517, or None.
        reason_solution: the service's advice, or "".

    >>> wide = QuantumCircuit(60)
    >>> wide.measure_all()
    >>> try:
    ...     SamplerV2(backend).run([wide]).result()
    ... except JobEndedError as error:
    ...     print(error.reason)
    PUB 0: 60 qubits ...
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


class JobFailedError(JobEndedError):
    """The job failed.

    >>> wide = QuantumCircuit(60)
    >>> wide.measure_all()
    >>> SamplerV2(backend).run([wide]).result()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.JobFailedError: job ... ended as Failed: PUB 0: 60 qubits ...
    """


class JobRanTooLongError(JobEndedError, ServiceError):
    """The job was stopped: it ran longer than ``options.max_execution_time`` or its plan allows.

    >>> sampler = SamplerV2(backend, options={"max_execution_time": 1})
    >>> sampler.run(long_pubs(20)).result()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.JobRanTooLongError: job ... ended as Cancelled: ...
    """


class JobCancelledError(JobEndedError, JobStateError):
    """The job was cancelled, by its owner or with its session.

    >>> job = SamplerV2(backend).run(long_pubs(20))
    >>> job.cancel()
    True
    >>> job.result()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.JobCancelledError: job ... ended as Cancelled...
    """


class JobTimeoutError(RestPrimitivesError, QiskitJobTimeoutError, TimeoutError):
    """The job was not final within the caller's ``timeout``; it continues.

    >>> job = SamplerV2(backend).run(long_pubs(20))
    >>> job.result(timeout=0)
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.JobTimeoutError: job ... is not final after 0 s; it continues: ...
    >>> job.cancel()
    True
    """


E = TypeVar("E", bound=RestPrimitivesError)


def with_more(error: E, more: str) -> E:
    """Copies an error and extends its message; raise the copy ``from`` the error."""
    copied = error.__class__.__new__(error.__class__)
    copied.__dict__.update(error.__dict__)
    copied.message = error.message + printable(more)
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
    "InputError",
    "InvalidRequestError",
    "JobCancelledError",
    "JobEndedError",
    "JobError",
    "JobFailedError",
    "JobRanTooLongError",
    "JobStateError",
    "JobTimeoutError",
    "NotFoundError",
    "OptionsError",
    "ProtocolError",
    "RateLimitError",
    "ReadTimeoutError",
    "RedirectError",
    "ReplyTooLargeError",
    "RestPrimitivesError",
    "ServerError",
    "ServiceError",
    "SessionError",
    "SpendingError",
    "TransportError",
    "UnknownParameterError",
]
