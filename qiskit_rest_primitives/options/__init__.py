"""SamplerOptions and EstimatorOptions: every documented option, checked when it is set.

Names and nesting are those of ``qiskit_ibm_runtime.options``. What nobody set reads as
:data:`Unset` (false in conditions) and is not sent. Each option is defined in
:mod:`qiskit_rest_primitives.wire.request.options`, for the client and the embedded service alike.
Files: ``job_options`` the two classes, ``rules`` what goes together, ``request``
their way into a job, ``encoding`` values that JSON lacks.
"""

from typing import Final

from msgspec import UNSET, UnsetType

from qiskit_rest_primitives.options.job_options import (
    EnvironmentOptions,
    EstimatorOptions,
    PrimitiveOptions,
    SamplerOptions,
)
from qiskit_rest_primitives.wire.request.options import (
    DynamicalDecouplingOptions,
    ExecutionOptionsV2,
    LayerNoiseLearningOptions,
    MeasureNoiseLearningOptions,
    PecOptions,
    ResilienceOptionsV2,
    SamplerExecutionOptionsV2,
    SimulatorOptions,
    TwirlingOptions,
    ZneOptions,
)

Unset: Final = UNSET
"""Not set: the service's default applies, and nothing is sent. Assign it to take a setting back."""

OptionsV2 = PrimitiveOptions
"""The base of all primitives' options under its name in the official client."""

__all__ = [
    "DynamicalDecouplingOptions",
    "EnvironmentOptions",
    "EstimatorOptions",
    "ExecutionOptionsV2",
    "LayerNoiseLearningOptions",
    "MeasureNoiseLearningOptions",
    "OptionsV2",
    "PecOptions",
    "ResilienceOptionsV2",
    "SamplerExecutionOptionsV2",
    "SamplerOptions",
    "SimulatorOptions",
    "TwirlingOptions",
    "Unset",
    "UnsetType",
    "ZneOptions",
]


def __dir__() -> list[str]:
    return __all__
