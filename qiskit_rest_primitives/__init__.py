"""Qiskit V2 primitives on any service that speaks the Qiskit Runtime REST API."""

from typing import TYPE_CHECKING

from qiskit_rest_primitives._version import __version__
from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.display.tracebacks import shorten_uncaught
from qiskit_rest_primitives.errors import (
    AccountError,
    APIError,
    AuthenticationError,
    BackendError,
    ConnectError,
    EncodeError,
    InvalidRequestError,
    ISAError,
    JobCancelledError,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    OptionsError,
    ProtocolError,
    RateLimitError,
    ReadTimeoutError,
    RedirectError,
    RestPrimitivesError,
    ServerError,
    SessionError,
    TransportError,
    UnknownParameterError,
)
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.saved_results import load_result, save_result
from qiskit_rest_primitives.jobs.split_job import SplitJob
from qiskit_rest_primitives.jobs.waiting import as_completed, wait
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.primitives.estimator import EstimatorV2
from qiskit_rest_primitives.primitives.sampler import SamplerV2
from qiskit_rest_primitives.service.service import QiskitRuntimeService
from qiskit_rest_primitives.service.session import Batch, Session
from qiskit_rest_primitives.settings import Settings

if TYPE_CHECKING:
    from qiskit_rest_primitives.wire.runtime_json import RuntimeDecoder, RuntimeEncoder
else:

    def __getattr__(name: str) -> object:
        """Imports rarely used names when they are first asked for."""
        if name in ("RuntimeDecoder", "RuntimeEncoder"):
            from qiskit_rest_primitives.wire import runtime_json

            return getattr(runtime_json, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


Sampler = SamplerV2
Estimator = EstimatorV2

shorten_uncaught(RestPrimitivesError, KeyboardInterrupt)

__all__ = [
    "APIError",
    "Account",
    "AccountError",
    "AuthenticationError",
    "BackendError",
    "Batch",
    "ConnectError",
    "EncodeError",
    "Estimator",
    "EstimatorOptions",
    "EstimatorV2",
    "ISAError",
    "InvalidRequestError",
    "JobCancelledError",
    "JobFailedError",
    "JobTimeoutError",
    "NotFoundError",
    "OptionsError",
    "ProtocolError",
    "QiskitRuntimeService",
    "RateLimitError",
    "ReadTimeoutError",
    "RedirectError",
    "RestBackend",
    "RestJob",
    "RestPrimitivesError",
    "RuntimeDecoder",
    "RuntimeEncoder",
    "Sampler",
    "SamplerOptions",
    "SamplerV2",
    "ServerError",
    "Session",
    "SessionError",
    "Settings",
    "SplitJob",
    "TransportError",
    "UnknownParameterError",
    "__version__",
    "as_completed",
    "load_result",
    "save_result",
    "wait",
]
