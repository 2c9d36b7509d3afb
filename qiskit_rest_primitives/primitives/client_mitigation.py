"""A primitive's run as sampler jobs, with error mitigation done by this client.

In: encoded PUBs, options. Out: a handle; its sampler jobs run circuits of `mitigation`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.errors import EncodeError, OptionsError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.experiments.recorder import Recorder
from qiskit_rest_primitives.jobs.experiments.recording import recorder_for, recording_to
from qiskit_rest_primitives.jobs.mitigated_job import MitigatedJob
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.mitigation.base.extra import INSTALL, extra_is_installed
from qiskit_rest_primitives.mitigation.learning.layer_learning import LayerLearning
from qiskit_rest_primitives.options.job_options import (
    EstimatorOptions,
    PrimitiveOptions,
    SamplerOptions,
)
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.primitives.encoded_pubs import (
    EncodedEstimatorPub,
    EncodedPub,
    EncodedSamplerPub,
)
from qiskit_rest_primitives.primitives.estimate import RunEstimate, estimate_run, mitigation_of
from qiskit_rest_primitives.primitives.mode import Mode, backend_of
from qiskit_rest_primitives.primitives.request import estimate_pubs, sources_of
from qiskit_rest_primitives.primitives.sampler_pubs import encode_pubs
from qiskit_rest_primitives.primitives.sweeps import estimator_sweep, sampler_sweep
from qiskit_rest_primitives.primitives.which_program import (
    prepared,
    program_for,
    submit_sampler,
)
from qiskit_rest_primitives.service.running import lasting_identity
from qiskit_rest_primitives.wire.request.option_group import settings_of
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit_rest_primitives.mitigation.base.steps import Run, Step

_OF_SAMPLER = (
    "simulator",
    "execution",
    "environment",
    "max_execution_time",
    "experimental",
    "program",
)


def run_on_client(
    mode: Mode,
    pubs: Sequence[EncodedEstimatorPub],
    options: EstimatorOptions,
    *,
    approval: Approval | None = None,
) -> Job:
    """Sends the first sampler job of a run; the options mean what they mean to the service.

    The samples of a simulator have the seed ``simulator.seed_simulator``, the random circuits
    ``seed_estimator``. A simulator without ``simulator.noise_model`` has no errors, as far as is
    known: its default ``resilience_level`` is 0.

    Args:
        mode: where to run.
        pubs: at least one.
        options: of the estimator.
        approval: of the run, if it needs none; else it is asked for when a job is sent.

    Raises:
        OptionsError: options that exclude each other, or that need an extra.
        EncodeError: exact values, or circuits that can't be sent.
        SpendingError: the settings do not allow the whole run.
    """
    backend = backend_of(mode)
    recorder = recorder_for(backend)
    own = _new_value()
    if recorder is not None:
        # Run again, the random circuits have to be those of the jobs that were recorded.
        own, recorder = recorder.seeded(_content(pubs, options, backend), _new_value)
    step = _first_step(backend, pubs, options, int(own, 16))
    tag = f"mitigation:{own[:16]}"
    if approval is None:
        approval = Approval(backend, lambda: _estimate(mode, pubs, options, step))
    submit = Submit(mode, _sampler_options(options, tag), recorder, approval)
    return MitigatedJob(tag, step, submit, backend, "estimator", sources_of(pubs))


def run_sampler_on_client(
    mode: Mode,
    pubs: Sequence[EncodedSamplerPub],
    options: SamplerOptions,
    *,
    approval: Approval | None = None,
) -> Job:
    """Sends a sampler's PUBs with twirling and decoupling done here, as the service would.

    A simulator without ``simulator.noise_model`` has no errors, and nothing is done against them.

    Args:
        mode: where to run.
        pubs: of the run.
        options: of the sampler.
        approval: of the run, if it needs none; else it is asked for when a job is sent.

    Raises:
        OptionsError: options that need an extra, or can't be applied to a circuit.
        SpendingError: the settings do not allow the whole run.
    """
    backend = backend_of(mode)
    if not pubs or not mitigation_of(backend, options).is_active:
        return submit_sampler(mode, pubs, _sampler_options(options), approval=approval)
    recorder = recorder_for(backend)
    own = _new_value()
    if recorder is not None:
        own, recorder = recorder.seeded(_content(pubs, options, backend), _new_value)
    step = _sampler_step(backend, pubs, options, int(own, 16))
    tag = f"mitigation:{own[:16]}"
    if approval is None:
        approval = Approval(backend, lambda: _estimate(mode, pubs, options, step))
    submit = Submit(mode, _sampler_options(options, tag), recorder, approval)
    return MitigatedJob(tag, step, submit, backend, "sampler", sources_of(pubs))


def estimate_sampler_on_client(
    mode: Mode, pubs: Sequence[EncodedSamplerPub], options: SamplerOptions
) -> RunEstimate:
    """What `run_sampler_on_client` would send; its arguments and errors."""
    step = _sampler_step(backend_of(mode), pubs, options, int(_new_value(), 16))
    return _estimate(mode, pubs, options, step)


def _sampler_step(
    backend: RestBackend,
    pubs: Sequence[EncodedSamplerPub],
    options: SamplerOptions,
    seed_unless_set: int,
) -> Step:
    from qiskit_rest_primitives.mitigation.sampler import sampler_step

    wanted = mitigation_of(backend, options)
    if wanted.needs_extra and not extra_is_installed():
        raise OptionsError(f"options.twirling.enable_gates needs an extra here: {INSTALL}")
    sweeps = [sampler_sweep(pub, index) for index, pub in enumerate(pubs)]
    target = None if backend.simulator else backend.target
    seed = _seed(encode_options(options).params)
    seeds = np.random.SeedSequence(seed_unless_set if seed is None else seed)
    return sampler_step(sweeps, wanted, target, seeds)


def _new_value() -> str:
    """A random seed, as text."""
    return os.urandom(16).hex()


def _content(
    pubs: Sequence[EncodedPub], options: PrimitiveOptions, backend: RestBackend
) -> dict[str, Any]:
    """What is run and where, in the form of a job request."""
    params = {**encode_options(options).params, "pubs": [pub.whole()[0] for pub in pubs]}
    service = lasting_identity(backend.client.url, backend.client.account.instance)
    return {"service": service, "backend": backend.name, "params": params}


def estimate_on_client(
    mode: Mode, pubs: Sequence[EncodedEstimatorPub], options: EstimatorOptions
) -> RunEstimate:
    """What `run_on_client` would send, and what the device would run; its arguments and errors."""
    step = _first_step(backend_of(mode), pubs, options, int(_new_value(), 16))
    return _estimate(mode, pubs, options, step)


def _first_step(
    backend: RestBackend,
    pubs: Sequence[EncodedEstimatorPub],
    options: EstimatorOptions,
    seed_unless_set: int,
) -> Step:
    from qiskit_rest_primitives.mitigation.estimator import estimator_step

    params = encode_options(options).params
    wanted = mitigation_of(backend, options)
    if wanted.needs_extra and not extra_is_installed():
        raise OptionsError(f"these options of twirling and resilience need an extra: {INSTALL}")
    for index, pub in enumerate(pubs):
        _check_precision(pub, index)
    sweeps = [estimator_sweep(pub, index) for index, pub in enumerate(pubs)]
    target = None if backend.simulator else backend.target
    seed = _seed(params)
    seeds = np.random.SeedSequence(seed_unless_set if seed is None else seed)
    return estimator_step(sweeps, wanted, target, seeds)


def _estimate(
    mode: Mode, pubs: Sequence[EncodedPub], options: PrimitiveOptions, step: Step
) -> RunEstimate:
    backend = backend_of(mode)
    submit = Submit(mode, _sampler_options(options, f"mitigation:{_new_value()[:16]}"))
    program = program_for(mode, submit.options)
    encoded = prepared(program, submit.encoded(step.runs))
    first = estimate_pubs(mode, program, encoded, submit.options)
    learns = isinstance(step, LayerLearning)
    found = estimate_run(
        backend, pubs, options, num_jobs=first.jobs + learns, num_bytes=first.bytes
    )
    if not learns:
        return found
    note = "bytes are those of the circuits that learn the noise; the others follow from it"
    return replace(found, notes=(*found.notes, note))


@dataclass(frozen=True)
class Submit:
    """Sends the sweeps of a step as one sampler job. Can be pickled, without the approval.

    Attributes:
        mode: where they run.
        options: of the sampler.
        recorder: of the experiment that was open when the first step was sent, or None.
        approval: of the whole run.
    """

    mode: Mode
    options: SamplerOptions
    recorder: Recorder | None = None
    approval: Approval | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "approval": None}

    def __call__(self, runs: Sequence[Run]) -> Job:
        """Sends them."""
        approval = self.approval or Approval(backend_of(self.mode), None)
        encoded = self.encoded(runs)
        with recording_to(self.recorder):
            return submit_sampler(self.mode, encoded, self.options, approval=approval)

    def encoded(self, runs: Sequence[Run]) -> list[EncodedSamplerPub]:
        """The sweeps as PUBs of a sampler."""
        return encode_pubs(self.mode, [_pub(run) for run in runs], self.options, None)


def _pub(run: Run) -> SamplerPub:
    parameters = tuple(run.circuit.parameters)
    values = {parameters: run.values} if parameters else {}
    return SamplerPub(run.circuit, BindingsArray(values, shape=(len(run.values),)), run.shots)


def _sampler_options(options: PrimitiveOptions, tag: str | None = None) -> SamplerOptions:
    """What a primitive's options say of the sampler jobs that this client sends for it."""
    settings = settings_of(options)
    own: dict[str, Any] = {name: settings[name] for name in _OF_SAMPLER if name in settings}
    if tag is not None:
        environment = own.get("environment", {})
        tags = [*(environment.get("job_tags") or ()), tag]
        own["environment"] = {**environment, "job_tags": tags}
    return SamplerOptions(isa_check=options.isa_check, split=options.split, **own)


def _seed(params: dict[str, Any]) -> int | None:
    """The seed of the random circuits; that of the samples is ``simulator.seed_simulator``."""
    given = params.get("options", {})
    seed = given.get("seed_estimator")
    return given.get("simulator", {}).get("seed_simulator") if seed is None else seed


def _check_precision(encoded: EncodedEstimatorPub, index: int) -> None:
    """Refuses exact values, which can't be sampled."""
    if shots_of(encoded.assumed_precision) == 0:
        raise EncodeError(
            f"PUB {index}: precision 0 asks for exact values, and options.mitigation 'client' "
            "samples: pass a precision above 0, such as 0.01"
        )
