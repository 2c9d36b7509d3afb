"""Decoded PUBs of a job -> sweeps: circuits loaded, values bound, observables as Pauli strings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qiskit_rest_primitives.local.engine.base.allowances import Memory, Share, Time
from qiskit_rest_primitives.local.engine.base.tasks import StopFlag
from qiskit_rest_primitives.local.engine.read.bind_values import bind_values, coerce_observables
from qiskit_rest_primitives.local.engine.read.check_pub import (
    check_angles,
    check_fields,
    check_shots_of_backend,
)
from qiskit_rest_primitives.local.engine.read.load_circuit import LoadedCircuit, load_circuit
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.engine.read.stretches import settle_stretches
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.choose.common_steps import check_precision
from qiskit_rest_primitives.local.simulators.options_acted_on import Requested
from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep, pair
from qiskit_rest_primitives.wire.request.pubs import decode_estimator_pub, decode_sampler_pub
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit.primitives.containers.bindings_array import BindingsArray

    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.mitigation.base.device_time import DeviceTime


@dataclass(frozen=True)
class Context:
    """Values that all PUBs of a job share.

    Attributes:
        clock: of the device, by which the job is charged; None for a simulator.
        share: what the limits of the job's user leave to it.
    """

    requested: Requested
    backend: LocalBackend
    stop: StopFlag
    sandbox: Sandbox
    memory: Memory
    time: Time
    clock: DeviceTime | None
    share: Share = field(default_factory=Share)

    def load(self, circuit: str | bytes, index: int, num_qubits: int | None) -> LoadedCircuit:
        """The circuit of PUB ``index``; see `load_circuit`."""
        loaded = load_circuit(
            circuit, index, self.sandbox, num_qubits=num_qubits, check=self.stop.check
        )
        return self.accepted(loaded, index)

    def accepted(self, loaded: LoadedCircuit, index: int) -> LoadedCircuit:
        """The circuit of PUB ``index`` without stretches.

        Raises:
            RefusedError: it is too large, or the lengths of its delays can't be found.
        """
        circuit = loaded.circuit
        self.share.take_qubits(circuit.num_qubits, index)
        self.memory.take_bits(circuit.num_qubits + circuit.num_clbits, index)
        target = None if self.clock is None else self.backend.target
        settled = settle_stretches(circuit, target, index, self.stop.check)
        return replace(loaded, circuit=settled.circuit, stretch_values=settled.stretch_values)


def read_sampler_pub(item: Any, index: int, context: Context) -> SamplerSweep:
    """Reads a sampler PUB.

    Args:
        item: as it was sent.
        index: position of the PUB in its job.
        context: of the job.

    Raises:
        RefusedError: it can't be read, or the backend can't run so many shots.
        ProtocolError: it is malformed.
    """
    pub = decode_sampler_pub(item, place=f"PUB {index}")
    loaded = context.load(pub.circuit, index, physical_width(pub.circuit, context.backend))
    values = bind_values(loaded, pub.parameter_values, index)
    shots = context.requested.shots if pub.shots is None else int(pub.shots)
    check_shots_of_backend(_twirled(shots, context.requested), index, context.backend)
    check_fields(loaded.circuit, index)
    check_angles(loaded.circuit, values, index, context.backend)
    return SamplerSweep(
        loaded.circuit, _rows(loaded, values), values.shape, shots, _metadata(loaded)
    )


def read_estimator_pub(item: Any, index: int, context: Context) -> EstimatorSweep:
    """Reads an estimator PUB; the arguments and errors are those of `read_sampler_pub`."""
    requested, backend = context.requested, context.backend
    pub = decode_estimator_pub(item, place=f"PUB {index}")
    width = physical_width(pub.circuit, backend, pub.observables)
    loaded = context.load(pub.circuit, index, width)
    values = bind_values(loaded, pub.parameter_values, index)
    observables = coerce_observables(
        pub.observables, loaded.circuit.num_qubits, index, context.stop.check
    )
    precision = requested.precision if pub.precision is None else float(pub.precision)
    shots = shots_of(precision)
    if divided := requested.randomizations.divide(shots) if shots else None:
        shots = math.prod(divided)
    mitigation = requested.mitigation
    if mitigation is not None:
        kind = "simulator" if backend.is_simulator else "device"
        check_precision(precision, index, f"{backend.name}, a {kind} with noise,")
    if mitigation is not None or not backend.is_simulator:
        check_shots_of_backend(_twirled(shots, requested), index, backend, precision=precision)
    try:
        shape = np.broadcast_shapes(values.shape, observables.shape)
    except ValueError:
        raise RefusedError(
            f"PUB {index}: values of shape {values.shape} and observables of shape "
            f"{observables.shape} do not broadcast",
            solution="Give both one shape, or axes of length 1 where they differ.",
        ) from None
    context.memory.take(math.prod(shape) * 40, index)
    check_angles(loaded.circuit, values, index, backend)
    pairs, positions = pair(values.shape, observables.numbers)
    return EstimatorSweep(
        loaded.circuit,
        _rows(loaded, values),
        observables.distinct,
        pairs,
        positions,
        shape,
        shots,
        precision,
        _metadata(loaded),
    )


def _twirled(shots: int, requested: Requested) -> int:
    """Shots of a point, of all its random circuits together."""
    mitigation = requested.mitigation
    return shots if mitigation is None else math.prod(mitigation.twirling.divide(shots))


def physical_width(
    circuit: str | bytes, backend: LocalBackend, observables: Any = None
) -> int | None:
    """The width of a text with qubits ``$0``: that of the device or of its observables."""
    if isinstance(circuit, bytes) or "$" not in circuit:
        return None
    if not backend.is_simulator:
        return backend.num_qubits
    while isinstance(observables, (list, dict)):
        observables = next(iter(cast("list[Any]", observables)), None)
    return len(observables) if isinstance(observables, str) else None


def _metadata(loaded: LoadedCircuit) -> dict[str, Any]:
    return dict(loaded.circuit.metadata or {})


def _rows(loaded: LoadedCircuit, values: BindingsArray) -> np.ndarray:
    """Values ``(points, parameters)`` in the order of the circuit's parameters."""
    rows = values.as_array(loaded.circuit.parameters)
    return rows.reshape(values.size, values.num_parameters)
