"""The errors of this package under the names of ``qiskit_ibm_runtime.exceptions``."""

from qiskit_rest_primitives.errors import (
    AccountError,
    APIError,
    AuthenticationError,
    BackendError,
    InputError,
    JobFailedError,
    JobRanTooLongError,
    JobStateError,
    JobTimeoutError,
    NotFoundError,
    ProtocolError,
    RestPrimitivesError,
    ServiceError,
)

IBMError = RestPrimitivesError
IBMAccountError = AccountError
IBMBackendError = BackendError
IBMBackendApiError = APIError
IBMBackendApiProtocolError = ProtocolError
IBMBackendValueError = BackendError
IBMInputValueError = InputError
IBMNotAuthorizedError = AuthenticationError
IBMApiError = APIError
IBMRuntimeError = ServiceError
RuntimeProgramNotFound = NotFoundError
RuntimeJobFailureError = JobFailedError
RuntimeJobNotFound = NotFoundError
RuntimeInvalidStateError = JobStateError
RuntimeJobTimeoutError = JobTimeoutError
RuntimeJobMaxTimeoutError = JobRanTooLongError

__all__ = [
    "IBMAccountError",
    "IBMApiError",
    "IBMBackendApiError",
    "IBMBackendApiProtocolError",
    "IBMBackendError",
    "IBMBackendValueError",
    "IBMError",
    "IBMInputValueError",
    "IBMNotAuthorizedError",
    "IBMRuntimeError",
    "RuntimeInvalidStateError",
    "RuntimeJobFailureError",
    "RuntimeJobMaxTimeoutError",
    "RuntimeJobNotFound",
    "RuntimeJobTimeoutError",
    "RuntimeProgramNotFound",
]
