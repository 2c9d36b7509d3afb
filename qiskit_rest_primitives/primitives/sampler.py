"""SamplerV2: run(pubs) -> coerce -> OpenQASM 3 -> POST -> RestJob."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BaseSamplerV2
from qiskit.primitives.containers import SamplerPubLike
from qiskit.providers import BackendV2

from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.options import SamplerOptions
from qiskit_rest_primitives.options.rules import shots_unless_given
from qiskit_rest_primitives.primitives.base import RestPrimitive
from qiskit_rest_primitives.primitives.mode import backend_of, mock_of
from qiskit_rest_primitives.primitives.request import estimate_pubs
from qiskit_rest_primitives.primitives.sampler_pubs import encode_pubs
from qiskit_rest_primitives.primitives.which_program import (
    asks_for_mitigation,
    prepared,
    program_for,
    submit_sampler,
)
from qiskit_rest_primitives.service.session import Session

if TYPE_CHECKING:
    from qiskit_rest_primitives.primitives.estimate import RunEstimate


class SamplerV2(RestPrimitive[SamplerOptions], BaseSamplerV2):
    """Samples circuits on a service that speaks the Qiskit Runtime REST API.

    Args:
        mode: a backend of a service, a `Session` or a `Batch`; None for that of the surrounding
            ``with``. Any other `BackendV2`, such as `AerSimulator()`, is put behind the embedded
            service of this process, which needs the extra ``[local]``.
        options: `SamplerOptions` or a nested dict.
        default_shots: ``options.default_shots`` under its name in Qiskit's `StatevectorSampler`.
        seed: ``options.simulator.seed_simulator``, likewise: an integer gives the same samples in
            each run, a numpy.random.Generator a new seed to each. Devices have no seed.
        backend: another name of mode, as in Qiskit's `BackendSamplerV2`.

    Raises:
        BackendError: there is nothing to run on.
        OptionsError: an option's name, type or range, or a keyword and its option differ.
        TypeError: both mode and backend were given.

    >>> sampler = SamplerV2(mode=backend, options={"simulator": {"seed_simulator": 7}})
    >>> sampler.options.default_shots = 100
    >>> sampler.default_shots
    100
    """

    _options_class = SamplerOptions

    def __init__(
        self,
        mode: BackendV2 | Session | None = None,
        options: SamplerOptions | Mapping[str, Any] | None = None,
        *,
        default_shots: int | None = None,
        seed: int | np.random.Generator | None = None,
        backend: BackendV2 | None = None,
    ):
        keywords = {
            "default_shots": ("default_shots", default_shots),
            "seed": ("simulator.seed_simulator", seed),
        }
        super().__init__(mode, options, backend, keywords)

    @property
    def default_shots(self) -> int:
        """Shots of a PUB when neither the PUB nor `run` says.

        With twirling, ``num_randomizations * shots_per_randomization`` if both are numbers; else
        ``options.default_shots``; else 4096.
        """
        return shots_unless_given(self._options)

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None, dry_run: bool = False
    ) -> Job:
        """Submits the PUBs, as one job unless the options require several.

        Args:
            pubs: ``circuit``, ``(circuit, parameter_values)`` or ``(circuit, parameter_values,
                shots)``; the last axis of the values is ``circuit.parameters``.
            shots: for PUBs that name none.
            dry_run: check the job on the device's mock, without queue and with random results,
                where the service has one.

        Returns:
            The job's handle, or that of several jobs: with ``options.split``, or where the program
            is ``executor``, whose jobs have one number of shots each. The result has a `BitArray`
            of the PUB's shape for each classical register. Without PUBs nothing is sent, and the
            result is empty.

        Raises:
            ValueError, TypeError, QiskitError: a PUB is malformed, as with Qiskit's own samplers.
            EncodeError: a circuit or value can't be sent unchanged, a register has a name that
                a result can't use for a field (such as ``shape``), or the job is too large.
            SpendingError: the service's `Settings` do not allow a run that takes so long.

        >>> result = SamplerV2(backend).run([bell], shots=100).result()
        >>> sorted(result[0].data.meas.get_counts())
        ['00', '11']
        """
        mode = mock_of(self.backend()) if dry_run else self._mode
        encoded = encode_pubs(mode, pubs, self._options, shots)
        free = Approval(backend_of(mode), None) if dry_run else None
        instead = None
        if asks_for_mitigation(self._options):
            from qiskit_rest_primitives.primitives.client_mitigation import run_sampler_on_client

            instead = partial(run_sampler_on_client, mode, encoded, self._options, approval=free)
        return submit_sampler(mode, encoded, self._options, approval=free, on_executor=instead)

    def estimate(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> RunEstimate:
        """What `run` would send and a device would run, before anything is sent.

        Args:
            pubs: as for `run`.
            shots: as for `run`.

        Returns:
            Numbers of circuits, executions and bytes, and seconds on the device from the durations
            of its target and the options. Sends only the requests that `run` makes before the
            submission.

        Raises:
            ValueError, TypeError, QiskitError, EncodeError, OptionsError: as `run`.

        >>> device = service.backend("fake_5q")
        >>> estimate = SamplerV2(device).estimate([transpile(bell, device)], shots=1000)
        >>> estimate.executions, round(estimate.seconds, 1)
        (1000, 2.3)
        """
        encoded = encode_pubs(self._mode, pubs, self._options, shots)
        program = program_for(self._mode, self._options)
        if program == "executor" and asks_for_mitigation(self._options):
            from qiskit_rest_primitives.primitives.client_mitigation import (
                estimate_sampler_on_client,
            )

            return estimate_sampler_on_client(self._mode, encoded, self._options)
        return estimate_pubs(self._mode, program, prepared(program, encoded), self._options)
