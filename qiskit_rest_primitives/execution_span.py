"""Execution spans under the names of ``qiskit_ibm_runtime.execution_span``."""

from qiskit_rest_primitives.wire.values.execution_spans import ExecutionSpan, ExecutionSpans

__all__ = ["ExecutionSpan", "ExecutionSpans"]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
