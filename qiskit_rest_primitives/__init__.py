"""Qiskit V2 primitives on any service that speaks the Qiskit Runtime REST API."""

from qiskit_rest_primitives._version import __version__
from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.backend import RestBackend
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
from qiskit_rest_primitives.estimator import EstimatorV2
from qiskit_rest_primitives.job import RestJob
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.sampler import SamplerV2
from qiskit_rest_primitives.saving import load_result, save_result
from qiskit_rest_primitives.service import QiskitRuntimeService
from qiskit_rest_primitives.session import Batch, Session
from qiskit_rest_primitives.settings import Settings
from qiskit_rest_primitives.split_job import SplitJob
from qiskit_rest_primitives.waiting import as_completed, wait

Sampler = SamplerV2
Estimator = EstimatorV2

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
