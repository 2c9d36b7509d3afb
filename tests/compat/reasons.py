"""Why a name of the official client is not the same here: the reasons of docs/migrating.md.

Keys are names in full: ``submodule``, ``submodule.Name``, ``Class.attribute``. Absent names that a
program imports have their reason in `qiskit_rest_primitives.absent_names`, where users meet it too.
"""

from __future__ import annotations

from typing import Final

from qiskit_rest_primitives.absent_names import ABSENT_IN_SUBMODULES

_PYDANTIC: Final = "options are no pydantic models here"
_LOCAL_MODE: Final = "of the official local mode only; the embedded service simulates here"
_MADE_BY_SERVICE: Final = "the service makes it; `from_dict` reads a reply of the API"
_ACCOUNT: Final = (
    "`QiskitRuntimeService` makes accounts; `save_account` and `saved_accounts` keep them"
)

BETTER: Final[dict[str, str]] = {
    "EstimatorV2.options": "unknown names and values out of range are errors when they are set",
    "EstimatorV2.run": "values are exact, names survive, and a job is never sent twice",
    "IBMBackend.target": "cached, and built again after `refresh` and `set_options`",
    "QiskitRuntimeService.backends": "a service that can't be reached is an error",
    "QiskitRuntimeService.saved_accounts": 'tokens are hidden; `["token"].reveal()` gives one',
    "QiskitRuntimeService.active_account": 'the token is hidden; `["token"].reveal()` gives it',
    "QiskitRuntimeService.jobs": "pages of the list are joined, 200 jobs a request",
    "RuntimeJobV2.error_message": "with the service's advice and the end of the log",
    "RuntimeJobV2.inputs": "the circuits without a request on the handle that submitted the job; "
    "the wire's form on others",
    "RuntimeJobV2.result": "rides out outages, is downloaded once, keeps `timeout`; `decoder` is "
    "refused: use `raw_result()`; `poll_interval` has no effect",
    "RuntimeJobV2.status": "equals the string and Qiskit's `JobStatus`",
    "RuntimeJobV2.wait_for_final_state": "jobs share one poll loop; `poll_interval` has no effect",
    "RuntimeJobV2.tags": "the user's own; the tag that marks the submission is not shown",
    "RuntimeJobV2.cancel": "returns True; a request whose reply was lost is repeated",
    "SamplerV2.options": "unknown names and values out of range are errors when they are set",
    "SamplerV2.run": "values are exact, names survive, and a job is never sent twice",
    "Session.from_id": "gives a `Batch` if the id is that of one",
    "Session.backend": "known from the start",
}

DIFFERENT: Final[dict[str, str]] = {
    "IBMBackend.__init__": "`service.backend(name)` makes it",
    "IBMBackend.get_translation_stage_plugin": "Qiskit's `translator`: IBM's is not needed",
    "IBMBackend.properties": "None for a time without any, not an error",
    "QiskitRuntimeService.__init__": "the constructor sends no request; `plans_preference` "
    "and `tags` are refused where they would have to choose an instance",
    "QiskitRuntimeService.active_instance": "`instance=` of a method does not change it",
    "QiskitRuntimeService.instances": "the instance in use only, and without its name",
    "RuntimeJobV2.__init__": "`run` and `service.job(id)` make it",
    "RuntimeJobV2.backend": "`timeout` has no effect: the backend is known from the start",
    "RuntimeJobV2.session_id": "from memory, without a request",
    "Session.__init__": "`create_new=False` is refused: use `from_id`",
    "SamplerV2.mode": "the backend in job mode, where the official client has None",
    "EstimatorV2.mode": "the backend in job mode, where the official client has None",
    "RuntimeEncoder.default": "its argument is called `o`, as in Python's `json`",
    "accounts.Account.__init__": _ACCOUNT,
    "base_primitive.BasePrimitiveV2.__init__": "of use to its subclasses only",
    "exceptions.IBMBackendApiError": "an `IBMApiError`, no `IBMBackendError`",
    "exceptions.IBMBackendApiProtocolError": "an `IBMRuntimeError`, no `IBMBackendError`",
    "execution_span.ExecutionSpan.__init__": "a dataclass that the result's decoder makes",
    "execution_span.ExecutionSpans.sort": "returns sorted spans, changes nothing in place",
    "models.BackendConfiguration.__init__": _MADE_BY_SERVICE,
    "models.BackendProperties.__init__": _MADE_BY_SERVICE,
    "models.BackendProperties.is_gate_operational": "the qubits have to be named",
    "models.QasmBackendConfiguration.__init__": _MADE_BY_SERVICE,
}

MISSING: Final[dict[str, str]] = {
    "ExecutorOptions.model_config": _PYDANTIC,
    "options_models.EnvironmentOptions.model_config": _PYDANTIC,
    "options_models.ExecutionOptions.model_config": _PYDANTIC,
    "options_models.SimulatorOptions.model_config": _PYDANTIC,
    "options_models.EnvironmentOptions.max_execution_time": "use `options.max_execution_time`",
    "options_models.SimulatorOptions.angle_decimals": _LOCAL_MODE,
    "options_models.SimulatorOptions.layer_noise_model": _LOCAL_MODE,
    "options_models.SimulatorOptions.warn_absent": _LOCAL_MODE,
    **ABSENT_IN_SUBMODULES,
    "RuntimeDecoder.object_hook": "use `json.loads(text, cls=RuntimeDecoder)`",
    "accounts.Account.create_account": _ACCOUNT,
    "accounts.Account.from_saved_format": _ACCOUNT,
    "accounts.Account.get_auth_handler": "the client's transport adds the token",
    "accounts.Account.get_iam_authentificator": "the client's transport adds the token",
    "accounts.Account.list_instances": "instances are not listed: pass the CRN of one",
    "accounts.Account.resolve_crn": "pass a CRN",
    "accounts.Account.to_saved_format": _ACCOUNT,
    "accounts.Account.validate": "an account is checked when it is made",
    "execution_span.ExecutionSpans.draw": "it needs plotly; spans have `start`, `stop` and `mask`",
    "executor_estimator.Estimator.finalize_options": "options are resolved by the service",
    "executor_estimator.Estimator.find_unique_layers": "layers are found by the service",
    "executor_sampler.Sampler.finalize_options": "options are resolved by the service",
    "executor_sampler.Sampler.find_unique_layers": "layers are found by the service",
    "OptionsV2.simulator": "an option of `SamplerOptions` and of `EstimatorOptions`",
}

PASSED_ON: Final[dict[str, str]] = {
    "circuit": "the official client's own, if it is installed",
    "debug_tools": "the official client's own, if it is installed",
    "fake_provider": "the official client's own, if it is installed",
    "transpiler": "the official client's own, if it is installed",
    "utils": "the official client's own, if it is installed",
}
