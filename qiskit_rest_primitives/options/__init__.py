"""SamplerOptions and EstimatorOptions: every documented option, checked when it is set.

Names and nesting are those of ``qiskit_ibm_runtime.options``. What nobody set reads as
:data:`Unset` (false in conditions) and is not sent. Files: ``fields`` what one option may be,
``group`` how groups take names, ``execution`` and ``resilience`` the groups, ``primitives`` the two
classes and to_wire(), ``encoding`` values that JSON lacks.
"""

from qiskit_rest_primitives.options.execution import (
    DynamicalDecouplingOptions,
    EnvironmentOptions,
    ExecutionOptionsV2,
    SamplerExecutionOptionsV2,
    SimulatorOptions,
    TwirlingOptions,
)
from qiskit_rest_primitives.options.primitives import (
    EstimatorOptions,
    OptionsOnWire,
    SamplerOptions,
)
from qiskit_rest_primitives.options.resilience import (
    LayerNoiseLearningOptions,
    MeasureNoiseLearningOptions,
    PecOptions,
    ResilienceOptionsV2,
    ZneOptions,
)
from qiskit_rest_primitives.options.unset import Unset, UnsetType

__all__ = [
    "DynamicalDecouplingOptions",
    "EnvironmentOptions",
    "EstimatorOptions",
    "ExecutionOptionsV2",
    "LayerNoiseLearningOptions",
    "MeasureNoiseLearningOptions",
    "OptionsOnWire",
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
