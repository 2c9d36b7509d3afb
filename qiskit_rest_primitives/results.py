"""The module of that name in ``qiskit_ibm_runtime``: results of quantum programs."""

from qiskit_rest_primitives.jobs.results.program_result import (
    ChunkPart,
    ChunkSpan,
    ChunkTiming,
    ItemMetadata,
    Metadata,
    QuantumProgramItemResult,
    QuantumProgramResult,
    SchedulerTiming,
    StretchValues,
)

__all__ = [
    "ChunkPart",
    "ChunkSpan",
    "ChunkTiming",
    "ItemMetadata",
    "Metadata",
    "QuantumProgramItemResult",
    "QuantumProgramResult",
    "SchedulerTiming",
    "StretchValues",
]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
