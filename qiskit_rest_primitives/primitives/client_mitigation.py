"""An estimator's run as sampler jobs, with error mitigation done by this client.

In: encoded PUBs, options. Out: a handle; its sampler jobs run circuits of `mitigation`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.errors import EncodeError, OptionsError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.mitigated_job import MitigatedJob
from qiskit_rest_primitives.mitigation.extra import INSTALL, extra_is_installed
from qiskit_rest_primitives.mitigation.options import Mitigation
from qiskit_rest_primitives.mitigation.pubs import EstimatorSweep, pair
from qiskit_rest_primitives.options.job_options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.options.request import encode_options
from qiskit_rest_primitives.primitives.base import parameter_array
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedEstimatorPub
from qiskit_rest_primitives.primitives.mode import Mode, backend_of
from qiskit_rest_primitives.primitives.sampler import SamplerV2
from qiskit_rest_primitives.wire.request.option_group import settings_of
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit_rest_primitives.mitigation.steps import Run

_OF_SAMPLER = ("simulator", "execution", "environment", "max_execution_time", "experimental")


def run_on_client(
    mode: Mode, pubs: Sequence[EncodedEstimatorPub], options: EstimatorOptions
) -> Job:
    """Sends the first sampler job of a run; the options mean what they mean to the service.

    The samples of a simulator have the seed ``simulator.seed_simulator``, the random circuits
    ``seed_estimator``. A simulator without ``simulator.noise_model`` has no errors, as far as is
    known: its default ``resilience_level`` is 0.

    Args:
        mode: where to run.
        pubs: at least one.
        options: of the estimator.

    Raises:
        OptionsError: options that exclude each other, or that need an extra.
        EncodeError: exact values, or circuits that can't be sent.
    """
    from qiskit_rest_primitives.mitigation.estimator import estimator_step

    backend = backend_of(mode)
    params = encode_options(options).params
    if backend.simulator and "noise_model" not in params.get("options", {}).get("simulator", {}):
        params.setdefault("resilience_level", 0)
    wanted = Mitigation.of_estimator(params)
    if wanted.needs_extra and not extra_is_installed():
        raise OptionsError(f"these options of twirling and resilience need an extra: {INSTALL}")
    sweeps = [_sweep(pub, index) for index, pub in enumerate(pubs)]
    target = None if backend.simulator else backend.target
    step = estimator_step(sweeps, wanted, target, np.random.SeedSequence(_seed(params)))
    tag = f"mitigation:{os.urandom(8).hex()}"
    return MitigatedJob(tag, step, Submit(mode, _sampler_options(options, tag)), backend)


@dataclass(frozen=True)
class Submit:
    """Sends the sweeps of a step as one sampler job. Can be pickled."""

    mode: Mode
    options: SamplerOptions

    def __call__(self, runs: Sequence[Run]) -> Job:
        """Sends them."""
        return SamplerV2(self.mode, self.options).run([_pub(run) for run in runs])


def _pub(run: Run) -> SamplerPub:
    parameters = tuple(run.circuit.parameters)
    values = {parameters: run.values} if parameters else {}
    return SamplerPub(run.circuit, BindingsArray(values, shape=(len(run.values),)), run.shots)


def _sampler_options(options: EstimatorOptions, tag: str) -> SamplerOptions:
    """What an estimator's options say of sampler jobs."""
    settings = settings_of(options)
    own: dict[str, Any] = {name: settings[name] for name in _OF_SAMPLER if name in settings}
    environment = own.get("environment", {})
    tags = [*(environment.get("job_tags") or ()), tag]
    own["environment"] = {**environment, "job_tags": tags}
    return SamplerOptions(isa_check=options.isa_check, split=options.split, **own)


def _seed(params: dict[str, Any]) -> int | None:
    """The seed of the random circuits; that of the samples is ``simulator.seed_simulator``."""
    given = params.get("options", {})
    seed = given.get("seed_estimator")
    return given.get("simulator", {}).get("seed_simulator") if seed is None else seed


def _sweep(encoded: EncodedEstimatorPub, index: int) -> EstimatorSweep:
    pub = encoded.source
    assert isinstance(pub, EstimatorPub)
    precision = encoded.assumed_precision
    if shots_of(precision) == 0:
        raise EncodeError(
            f"PUB {index}: precision 0 asks for exact values, and options.mitigation 'client' "
            "samples: pass a precision above 0, such as 0.01"
        )
    distinct: list[dict[str, float]] = []
    known: dict[tuple[tuple[str, float], ...], int] = {}
    numbers: list[int] = []
    for observable in encoded.flat_observables():
        key = tuple(observable.items())
        if key not in known:
            known[key] = len(distinct)
            distinct.append(observable)
        numbers.append(known[key])
    values = parameter_array(pub, index)
    shape = encoded.observables_shape
    pairs, positions = pair(values.shape[:-1], np.array(numbers, dtype=int).reshape(shape))
    return EstimatorSweep(
        pub.circuit,
        values.reshape(math.prod(values.shape[:-1]), values.shape[-1]),
        distinct,
        pairs,
        positions,
        pub.shape,
        shots_of(precision),
        precision,
        dict(pub.circuit.metadata or {}),
    )
