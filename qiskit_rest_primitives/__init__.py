"""Qiskit V2 primitives on any service that speaks the Qiskit Runtime REST API."""

from .account import Account
from .backend import RestBackend
from .errors import (
    AccountError,
    APIError,
    AuthenticationError,
    BackendError,
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
    RestPrimitivesError,
    ServerError,
    SessionError,
    TransportError,
    UnknownParameterError,
)
from .estimator import EstimatorV2
from .job import RestJob
from .options import EstimatorOptions, SamplerOptions
from .sampler import SamplerV2
from .saving import load_result, save_result
from .service import QiskitRuntimeService
from .session import Batch, Session
from .settings import Settings
from .split_job import SplitJob
from .waiting import as_completed, wait

Sampler = SamplerV2
Estimator = EstimatorV2

__all__ = [
    "APIError",
    "Account",
    "AccountError",
    "AuthenticationError",
    "BackendError",
    "Batch",
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
    "as_completed",
    "load_result",
    "save_result",
    "wait",
]
