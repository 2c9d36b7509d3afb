"""EstimatorV2: run(pubs) -> coerce -> OpenQASM 3 and observables -> POST -> RestJob."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BaseEstimatorV2
from qiskit.primitives.containers import EstimatorPubLike
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.providers import BackendV2

from qiskit_rest_primitives.circuits import encode_observables
from qiskit_rest_primitives.circuits.measured import disturbed_observable
from qiskit_rest_primitives.errors import EncodeError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.jobs.user_warnings import warn_user
from qiskit_rest_primitives.options import EstimatorOptions
from qiskit_rest_primitives.options.rules import (
    assumed_precision,
    check_circuits,
    overridden_options,
    precision_unless_given,
)
from qiskit_rest_primitives.primitives.base import CircuitEncoder, RestPrimitive
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedEstimatorPub
from qiskit_rest_primitives.primitives.mode import Mode, backend_of, mock_of
from qiskit_rest_primitives.primitives.request import estimate_pubs, submit_pubs
from qiskit_rest_primitives.service.session import Session
from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION

if TYPE_CHECKING:
    from qiskit_rest_primitives.primitives.estimate import RunEstimate


class EstimatorV2(RestPrimitive[EstimatorOptions], BaseEstimatorV2):
    """Estimates expectation values on a service that speaks the Qiskit Runtime REST API.

    Args:
        mode: a backend of a service, a `Session` or a `Batch`; None for that of the surrounding
            ``with``. Any other `BackendV2`, such as `AerSimulator()`, is put behind the embedded
            service of this process, which needs the extra ``[local]``.
        options: `EstimatorOptions` or a nested dict.
        default_precision: ``options.default_precision`` under its name in Qiskit's
            `StatevectorEstimator`.
        seed: ``options.seed_estimator``, likewise: an integer gives the same values in each run,
            a numpy.random.Generator a new seed to each.
        backend: another name of mode, as in Qiskit's `BackendEstimatorV2`.

    Raises:
        BackendError: there is nothing to run on.
        OptionsError: an option's name, type or range, or a keyword and its option differ.
        TypeError: both mode and backend were given.

    >>> estimator = EstimatorV2(mode=backend, options={"default_precision": 0.01})
    >>> estimator.default_precision
    0.01
    """

    _options_class = EstimatorOptions

    def __init__(
        self,
        mode: BackendV2 | Session | None = None,
        options: EstimatorOptions | Mapping[str, Any] | None = None,
        *,
        default_precision: float | None = None,
        seed: int | np.random.Generator | None = None,
        backend: BackendV2 | None = None,
    ):
        keywords = {
            "default_precision": ("default_precision", default_precision),
            "seed": ("seed_estimator", seed),
        }
        super().__init__(mode, options, backend, keywords)

    @property
    def default_precision(self) -> float:
        """Standard error aimed for when neither the PUB nor `run` says; 0 is for exact values.

        With twirling, what ``num_randomizations * shots_per_randomization`` give if both are
        numbers; else what ``options.default_shots`` give; else ``options.default_precision``; else
        1/64.
        """
        return assumed_precision(self._options)

    def run(
        self,
        pubs: Iterable[EstimatorPubLike],
        *,
        precision: float | None = None,
        dry_run: bool = False,
    ) -> Job:
        """Submits the PUBs, as one job unless the options below require several.

        Observables are measured after the circuit, with what measurements at its end have left of
        the state. An observable that does not commute with those gives a UserWarning.

        Args:
            pubs: ``(circuit, observables)``, ``(circuit, observables, parameter_values)`` or
                ``(circuit, observables, parameter_values, precision)``; observables and values
                (without their last axis, ``circuit.parameters``) broadcast to the PUB's shape.
            precision: standard error aimed for, for PUBs that name none; 0 for exact values,
                which only simulators have.
            dry_run: check the job on the device's mock, without queue and with random results,
                where the service has one.

        Returns:
            The job's handle (with ``options.split``, perhaps that of several jobs; with
            ``options.mitigation = "client"``, a `MitigatedJob`); its result has ``evs`` and
            ``stds`` of the PUB's shape. Without PUBs nothing is sent, and the result is empty.

        Raises:
            ValueError, TypeError, QiskitError: a PUB is malformed, as with Qiskit's own
                estimators.
            EncodeError: a circuit, value or observable can't be sent unchanged, or the job is too
                large.
            OptionsError: options that exclude each other, or, on the client, need an extra.
            SpendingError: the service's `Settings` do not allow a run that takes so long.

        >>> job = EstimatorV2(backend).run([(bell_state, ["ZZ", "XX", "ZI"])], precision=0)
        >>> job.result()[0].data.evs.round(9).tolist()
        [1.0, 1.0, 0.0]
        """
        mode = mock_of(self.backend()) if dry_run else self._mode
        encoded = encode_pubs(mode, pubs, self._options, precision)
        free = Approval(backend_of(mode), None) if dry_run else None
        if encoded and self._options.mitigation == "client":
            from qiskit_rest_primitives.primitives.client_mitigation import run_on_client

            return run_on_client(mode, encoded, self._options, approval=free)
        return submit_pubs(mode, "estimator", encoded, self._options, approval=free)

    def estimate(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> RunEstimate:
        """What `run` would send and a device would run, before anything is sent.

        Args:
            pubs: as for `run`.
            precision: as for `run`.

        Returns:
            The number of circuits, executions and bytes, and the seconds on the device, computed
            from the durations in its target and from the options; circuits that error mitigation
            adds are included. Sends only the requests that `run` makes before the submission.

        Raises:
            ValueError, TypeError, QiskitError, EncodeError, OptionsError: as `run`.

        >>> from qiskit.quantum_info import SparsePauliOp
        >>> device = service.backend("fake_5q")
        >>> isa = transpile(bell_state, device, seed_transpiler=1)
        >>> observable = SparsePauliOp("ZZ").apply_layout(isa.layout)
        >>> estimate = EstimatorV2(device).estimate([(isa, observable)])
        >>> estimate.shots, estimate.executions  # half of these calibrate the measurements
        (4096, 8192)
        """
        encoded = encode_pubs(self._mode, pubs, self._options, precision)
        if encoded and self._options.mitigation == "client":
            from qiskit_rest_primitives.primitives.client_mitigation import estimate_on_client

            return estimate_on_client(self._mode, encoded, self._options)
        return estimate_pubs(self._mode, "estimator", encoded, self._options)


def encode_pubs(
    mode: Mode,
    pubs: Iterable[EstimatorPubLike],
    options: EstimatorOptions,
    precision: float | None,
) -> list[EncodedEstimatorPub]:
    """Checks and encodes PUBs; its arguments and errors are those of `EstimatorV2.run`.

    Args:
        mode: where to run.
        pubs: of the run.
        options: of the estimator.
        precision: for PUBs that name none.
    """
    default = precision_unless_given(options) if precision is None else precision
    coerced = [EstimatorPub.coerce(pub, default) for pub in pubs]
    check_circuits(options, [pub.circuit for pub in coerced])
    for sentence in overridden_options(options):
        warn_user(sentence)
    backend = backend_of(mode)
    encoder = CircuitEncoder(backend, options.isa_check)
    assumed = assumed_precision(options)
    encoded: list[EncodedEstimatorPub] = []
    for index, pub in enumerate(coerced):
        wanted = None if pub.precision is None else float(pub.precision)
        if wanted is not None and not math.isfinite(wanted):
            raise EncodeError(f"PUB {index}: precision must be finite, got {wanted}")
        if wanted == 0 and not backend.simulator:
            raise EncodeError(
                f"PUB {index}: precision 0 (exact values) is for simulators; {backend.name} "
                f"is a device: pass a precision above 0, such as {DEFAULT_PRECISION}, or set "
                "options.default_precision to it"
            )
        circuit, values = encoder.encode(pub, index)
        try:
            observables = encode_observables(pub.observables, pub.circuit.num_qubits)
        except EncodeError as error:
            raise EncodeError(f"PUB {index}: {error}") from error.__cause__
        disturbed = disturbed_observable(pub.circuit, observables)
        if disturbed is not None:
            warn_user(
                f"PUB {index}: {disturbed}; observables are measured after the circuit, so "
                "that term is 0 on average: to observe the state before the measurements, "
                "pass circuit.remove_final_measurements(inplace=False)"
            )
        encoded.append(
            EncodedEstimatorPub(
                circuit,
                observables,
                tuple(pub.observables.shape),
                values,
                wanted,
                assumed if wanted is None else wanted,
                pub.circuit.metadata,
                pub,
            )
        )
    return encoded
