"""A backend's reports under the names of ``qiskit_ibm_runtime.models``."""

from qiskit_rest_primitives.backend.records import GateConfig, GateProperties, Nduv
from qiskit_rest_primitives.backend.reports import (
    BackendConfiguration,
    BackendProperties,
    BackendStatus,
)

QasmBackendConfiguration = BackendConfiguration

__all__ = [
    "BackendConfiguration",
    "BackendProperties",
    "BackendStatus",
    "GateConfig",
    "GateProperties",
    "Nduv",
    "QasmBackendConfiguration",
]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
