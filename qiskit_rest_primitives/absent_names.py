"""Names of ``qiskit_ibm_runtime`` that are not here, and what a program uses instead."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

PACKAGE: Final = "qiskit_rest_primitives"

_NOISE: Final = (
    "noise is learned as part of an estimator's job: set options.resilience.layer_noise_learning "
    "and options.resilience.measure_noise_learning of EstimatorV2"
)
_RESULTS: Final = "results are those of qiskit.primitives: PrimitiveResult, PubResult, DataBin"
_OPTIONS: Final = "use SamplerOptions or EstimatorOptions, or pass a nested dict as options="
_SPANS: Final = "execution_span.ExecutionSpan is one class for all forms of spans"
_VALUES: Final = "RuntimeEncoder and RuntimeDecoder are names of qiskit_rest_primitives itself"

ABSENT: Final = {
    "Calibrator": "the calibrator program is not offered: backend.properties() has the calibration",
    "NoiseLearner": _NOISE,
    "NoiseLearnerOptions": _NOISE,
    "NoiseLearnerV2": _NOISE,
    "NoiseLearnerV3": _NOISE,
    "NoiseLearnerV3Options": _NOISE,
    "Options": _OPTIONS,
    "RuntimeOptions": "log level, tags and the like are options.environment of a primitive",
    "setup_logger": "use logging.getLogger('qiskit_rest_primitives')",
    "api": "use QiskitRuntimeService.client; errors are in qiskit_rest_primitives.exceptions",
    "calibrator": "the calibrator program is not offered: backend.properties() has the calibration",
    "decoders": "use job.result(), or job.raw_result() for the bytes as received",
    "executor_noise_learner": _NOISE,
    "ibm_qubit_properties": "use backend.target.qubit_properties or backend.properties()",
    "json": _VALUES,
    "noise_learner": _NOISE,
    "noise_learner_v3": _NOISE,
    "proxies": "pass proxies={'urls': {...}} to QiskitRuntimeService",
    "runtime_options": "log level, tags and the like are options.environment of a primitive",
    "version": "use qiskit_rest_primitives.__version__",
    "visualization": "use qiskit.visualization",
}
"""Names and submodules of ``qiskit_ibm_runtime``, and what a program uses instead."""

ABSENT_IN_SUBMODULES: Final = {
    "accounts.AccountManager": (
        "QiskitRuntimeService makes accounts; its save_account and saved_accounts keep them"
    ),
    "base_primitive.get_mode_service_backend": "primitive.mode and primitive.backend() say it",
    "execution_span.DoubleSliceSpan": _SPANS,
    "execution_span.SliceSpan": _SPANS,
    "execution_span.TwirledSliceSpan": _SPANS,
    "execution_span.TwirledSliceSpanV2": _SPANS,
    "ibm_backend.IBMRetiredBackend": "a backend that is gone is a BackendError",
    "models.UchannelLO": "no service offers pulses any more",
    "options.NoiseLearnerOptions": _NOISE,
    "options_models.BitFlipChecksOptions": _OPTIONS,
    "options_models.CalibratorOptions": _OPTIONS,
    "options_models.DynamicalDecouplingOptions": _OPTIONS,
    "options_models.EstimatorOptions": _OPTIONS,
    "options_models.MeasureNoiseLearningOptions": _OPTIONS,
    "options_models.NoiseLearnerV3Options": _NOISE,
    "options_models.PecOptions": _OPTIONS,
    "options_models.PostCircuitBitFlipChecksOptions": _OPTIONS,
    "options_models.PreCircuitBitFlipChecksOptions": _OPTIONS,
    "options_models.ResilienceOptions": _OPTIONS,
    "options_models.SamplerExecutionOptions": _OPTIONS,
    "options_models.SamplerOptions": _OPTIONS,
    "options_models.TwirlingOptions": _OPTIONS,
    "options_models.ZneOptions": _OPTIONS,
    "results.CalibratorResult": _RESULTS,
    "results.EstimatorPubResult": _RESULTS,
    "results.LayerError": _NOISE,
    "results.NoiseLearnerResult": _NOISE,
    "results.NoiseLearnerV3Result": _NOISE,
    "results.NoiseLearnerV3Results": _NOISE,
    "results.PauliLindbladError": _NOISE,
    "session.AdvancedSession": "for IBM's own use only",
}
"""The same of its submodules that are here. Each of these has a ``__path__``: without one, Python
looks for no submodule of it, and would say of an absent name no more than that it is absent."""


def message_of(name: str) -> str:
    """What the error says about a name that the package does not have."""
    reason = {**ABSENT, **ABSENT_IN_SUBMODULES}.get(name)
    if reason is not None:
        return f"{PACKAGE} has no {name!r} of qiskit_ibm_runtime: {reason}"
    return f"module {PACKAGE!r} has no attribute {name!r}"


HANDED_ON: Final = frozenset({"debug_tools", "fake_provider", "utils"})
"""Submodules that have the names of the official client's own ones, if that is installed."""


class AbsentNames:
    """Refuses the import of an absent name with what to use instead.

    Python takes ``from package import Name`` for the submodule ``package.Name`` if the package has
    no such attribute, so names and submodules both arrive here; after all other finders, so that
    what exists is found by them. An AttributeError's message would be lost in such an import.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        """Finds nothing.

        Raises:
            ImportError: the name is one of the absent ones, or a module of the official client.
        """
        package, _, absent = name.partition(".")
        if package == PACKAGE and (absent in ABSENT or absent in ABSENT_IN_SUBMODULES):
            raise ImportError(message_of(absent), name=name)
        module, _, part = absent.partition(".")
        if package == PACKAGE and module in HANDED_ON and part.islower():
            raise ImportError(
                f"{PACKAGE}.{module} has the names of qiskit_ibm_runtime.{module}, not its "
                f"modules: import from qiskit_ibm_runtime.{absent}",
                name=name,
            )


def explain_absent_names() -> None:
    """From now on, importing an absent name says what to use instead."""
    if AbsentNames not in sys.meta_path:
        sys.meta_path.append(AbsentNames)
