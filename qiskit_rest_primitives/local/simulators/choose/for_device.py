"""A PUB's circuit and request -> its `Setup` on a device, with all of its noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.circuits.isa import CURE, check_isa
from qiskit_rest_primitives.errors import ISAError
from qiskit_rest_primitives.local.outcome import NOT_ISA, RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    keep_letters,
    keep_qubits,
    refuse_inputs,
    unfolded,
)
from qiskit_rest_primitives.local.simulators.base.cost_model import check_shots
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.choose.aer_limits import missing_in_aer
from qiskit_rest_primitives.local.simulators.choose.as_pauli_frames import prepare_frames
from qiskit_rest_primitives.local.simulators.choose.as_pauli_transfer import prepare_transfer
from qiskit_rest_primitives.local.simulators.choose.as_shared_prefix import prepare_shared
from qiskit_rest_primitives.local.simulators.choose.common_steps import (
    aer_is_installed,
    check_precision,
    kept_qubits,
    measured_setup,
)
from qiskit_rest_primitives.local.simulators.choose.device_method import (
    EXACT_NOISE_UP_TO,
    choose_noisy_run,
)
from qiskit_rest_primitives.local.simulators.devices.device_part import device_part
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice
from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise
from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import dephased, used_gates
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested


def prepare_device(
    device: FakeDevice, circuit: QuantumCircuit, pub_index: int, _: Requested, wanted: Wanted
) -> Setup:
    """Runs ISA circuits with the noise of the device: errors of gates, relaxation, readout.

    Raises:
        RefusedError: not ISA, exact values, or something that Aer does not run.
    """
    try:
        check_isa(circuit, device.calibration.target, pub_index=pub_index)
    except ISAError as error:
        raise RefusedError(str(error), code=NOT_ISA, solution=CURE) from error
    if not aer_is_installed():
        raise RefusedError(
            "devices need Aer, which is not installed beside this service",
            code=None,
            solution="Install qiskit-rest-primitives[aer].",
        )
    refuse_inputs(circuit, pub_index)
    circuit = unfolded(circuit)
    if missing := missing_in_aer(circuit):
        raise RefusedError(
            f"PUB {pub_index}: Aer, which simulates the devices, does not run {missing}",
            solution="Use a simulator such as statevector, or write the condition in another way.",
        )
    if isinstance(wanted, ExpectationsWanted):
        check_precision(wanted.precision, pub_index, "a device")
        circuit = dephased(circuit, wanted.observables)
    kept = kept_qubits(circuit, wanted, measured=True)
    if isinstance(wanted, SamplesWanted):
        part = device_part(device, tuple(range(circuit.num_qubits)))
        frames = prepare_frames(circuit, wanted, part, exact=len(kept) <= EXACT_NOISE_UP_TO)
        if frames is not None:
            return frames
    if len(kept) > EXACT_NOISE_UP_TO:
        kept = _in_line(circuit, kept)
    small = keep_qubits(circuit, kept)
    if isinstance(wanted, SamplesWanted):
        shots = check_shots(wanted.shots, pub_index)
    else:
        shots = shots_of(wanted.precision)
    noise = DeviceNoise(device, tuple(kept))
    noisy = noise.ready(small)
    run = choose_noisy_run(small, shots, noisy)
    noise = replace(noise, twirled=run.method == "stabilizer")
    if isinstance(wanted, SamplesWanted) and run.noise == "full":
        sweep = prepare_transfer(small, noisy, wanted, noise.part, run.seconds)
        seconds = run.seconds if sweep is None else sweep.seconds_per_point
        sweep = prepare_shared(small, noisy, wanted, noise, seconds) or sweep
        if sweep is not None:
            return sweep
    simulation = AerSimulation(run.method, noise)
    metadata = {"simulation": {"method": run.method, "noise": run.noise}}
    if isinstance(wanted, SamplesWanted):
        return Setup(simulation, small, run.seconds, metadata, limited=True)
    observables = [keep_letters(terms, kept) for terms in wanted.observables]
    return measured_setup(
        simulation, small, wanted, observables, run.seconds / shots, metadata, limited=True
    )


def _in_line(circuit: QuantumCircuit, kept: list[int]) -> list[int]:
    """Qubits in an order where gates act on near ones, which keeps matrix product states small."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    places = {qubit: place for place, qubit in enumerate(kept)}
    pairs = sorted(
        {
            (places[qubits[a]], places[qubits[b]])
            for name, qubits in used_gates(circuit)
            if name != "barrier"
            for a in range(len(qubits))
            for b in range(len(qubits))
            if a != b and qubits[a] in places and qubits[b] in places
        }
    )
    if not pairs:
        return kept
    rows, columns = zip(*pairs, strict=True)
    graph: Any = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(kept), len(kept)))
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    return [kept[int(place)] for place in order]
