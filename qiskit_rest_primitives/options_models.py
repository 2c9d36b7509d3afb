"""The module of that name in ``qiskit_ibm_runtime``: options of the executor."""

from qiskit_rest_primitives.options.executor_options import ExecutionOptions, ExecutorOptions
from qiskit_rest_primitives.options.executor_options import (
    ExecutorEnvironmentOptions as EnvironmentOptions,
)
from qiskit_rest_primitives.wire.request.options import SimulatorOptions

__all__ = ["EnvironmentOptions", "ExecutionOptions", "ExecutorOptions", "SimulatorOptions"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
