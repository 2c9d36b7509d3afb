"""Qiskit V2 primitives on any service that speaks the Qiskit Runtime REST API."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives._version import __version__
from qiskit_rest_primitives.absent_names import explain_absent_names, message_of
from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.backend.circuit_runner import use_circuit_runner
from qiskit_rest_primitives.display.notebooks import show_results_as_cards
from qiskit_rest_primitives.display.tracebacks import shorten_uncaught
from qiskit_rest_primitives.errors import (
    AccountError,
    APIError,
    AuthenticationError,
    BackendError,
    ConnectError,
    EncodeError,
    InputError,
    InvalidRequestError,
    ISAError,
    JobCancelledError,
    JobEndedError,
    JobFailedError,
    JobRanTooLongError,
    JobStateError,
    JobTimeoutError,
    NotFoundError,
    OptionsError,
    ProtocolError,
    RateLimitError,
    ReadTimeoutError,
    RedirectError,
    ReplyTooLargeError,
    RestPrimitivesError,
    ServerError,
    ServiceError,
    SessionError,
    SpendingError,
    TransportError,
    UnknownParameterError,
)
from qiskit_rest_primitives.exceptions import (
    IBMAccountError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMBackendError,
    IBMBackendValueError,
    IBMError,
    IBMInputValueError,
    IBMNotAuthorizedError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
    RuntimeProgramNotFound,
)
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.polling.wait_for_jobs import as_completed, wait
from qiskit_rest_primitives.jobs.split_job import SplitJob
from qiskit_rest_primitives.options import EstimatorOptions, OptionsV2, SamplerOptions
from qiskit_rest_primitives.primitives.estimator import EstimatorV2
from qiskit_rest_primitives.primitives.sampler import SamplerV2
from qiskit_rest_primitives.service.service import QiskitRuntimeService
from qiskit_rest_primitives.service.session import Batch, Session
from qiskit_rest_primitives.settings import Settings

# The names of qiskit_ibm_runtime.
Sampler = SamplerV2
Estimator = EstimatorV2
IBMBackend = RestBackend
IBMQuantumComputeService = QiskitRuntimeService
RuntimeJobV2 = RestJob

explain_absent_names()

if TYPE_CHECKING:
    from qiskit_rest_primitives.jobs.circuit_job import CircuitJob
    from qiskit_rest_primitives.jobs.experiments.experiment import Experiment
    from qiskit_rest_primitives.jobs.mitigated_job import MitigatedJob
    from qiskit_rest_primitives.jobs.results.labelled import to_pandas, to_xarray
    from qiskit_rest_primitives.jobs.results.saved_results import load_result, save_result
    from qiskit_rest_primitives.options.executor_options import ExecutorOptions
    from qiskit_rest_primitives.primitives.estimate import RunEstimate
    from qiskit_rest_primitives.primitives.executor import Executor
    from qiskit_rest_primitives.primitives.quantum_program import QuantumProgram
    from qiskit_rest_primitives.wire.runtime_json import RuntimeDecoder, RuntimeEncoder
else:  # type checkers would take every name for one that exists
    _IMPORTED_WHEN_ASKED_FOR = {
        "CircuitJob": "jobs.circuit_job",
        "Executor": "primitives.executor",
        "ExecutorOptions": "options.executor_options",
        "Experiment": "jobs.experiments.experiment",
        "MitigatedJob": "jobs.mitigated_job",
        "QuantumProgram": "primitives.quantum_program",
        "RuntimeDecoder": "wire.runtime_json",
        "RuntimeEncoder": "wire.runtime_json",
        "RunEstimate": "primitives.estimate",
        "load_result": "jobs.results.saved_results",
        "save_result": "jobs.results.saved_results",
        "to_pandas": "jobs.results.labelled",
        "to_xarray": "jobs.results.labelled",
    }

    def __getattr__(name: str) -> object:
        """Imports rarely used names when they are first asked for; says what to use for others."""
        if (module := _IMPORTED_WHEN_ASKED_FOR.get(name)) is not None:
            return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(message_of(name))

    def __dir__() -> list[str]:
        modules = ("account", "errors", "exceptions", "local", "options", "testing")
        return sorted({*__all__, *(name for name in modules if name in globals())})


def _run_circuits(backend: RestBackend, circuits: Any, options: Mapping[str, Any]) -> "CircuitJob":
    from qiskit_rest_primitives.primitives.run_circuits import run_circuits

    return run_circuits(backend, circuits, options)


use_circuit_runner(_run_circuits)
shorten_uncaught(RestPrimitivesError, KeyboardInterrupt)
show_results_as_cards()
# For `%load_ext qiskit_rest_primitives`, where the package was imported before IPython started.
load_ipython_extension = show_results_as_cards

__all__ = [
    "APIError",
    "Account",
    "AccountError",
    "AuthenticationError",
    "BackendError",
    "Batch",
    "CircuitJob",
    "ConnectError",
    "EncodeError",
    "Estimator",
    "EstimatorOptions",
    "EstimatorV2",
    "Executor",
    "ExecutorOptions",
    "Experiment",
    "IBMAccountError",
    "IBMApiError",
    "IBMBackend",
    "IBMBackendApiError",
    "IBMBackendApiProtocolError",
    "IBMBackendError",
    "IBMBackendValueError",
    "IBMError",
    "IBMInputValueError",
    "IBMNotAuthorizedError",
    "IBMQuantumComputeService",
    "IBMRuntimeError",
    "ISAError",
    "InputError",
    "InvalidRequestError",
    "JobCancelledError",
    "JobEndedError",
    "JobFailedError",
    "JobRanTooLongError",
    "JobStateError",
    "JobTimeoutError",
    "MitigatedJob",
    "NotFoundError",
    "OptionsError",
    "OptionsV2",
    "ProtocolError",
    "QiskitRuntimeService",
    "QuantumProgram",
    "RateLimitError",
    "ReadTimeoutError",
    "RedirectError",
    "ReplyTooLargeError",
    "RestBackend",
    "RestJob",
    "RestPrimitivesError",
    "RunEstimate",
    "RuntimeDecoder",
    "RuntimeEncoder",
    "RuntimeInvalidStateError",
    "RuntimeJobFailureError",
    "RuntimeJobMaxTimeoutError",
    "RuntimeJobNotFound",
    "RuntimeJobTimeoutError",
    "RuntimeJobV2",
    "RuntimeProgramNotFound",
    "Sampler",
    "SamplerOptions",
    "SamplerV2",
    "ServerError",
    "ServiceError",
    "Session",
    "SessionError",
    "Settings",
    "SpendingError",
    "SplitJob",
    "TransportError",
    "UnknownParameterError",
    "__version__",
    "as_completed",
    "load_result",
    "save_result",
    "to_pandas",
    "to_xarray",
    "wait",
]
