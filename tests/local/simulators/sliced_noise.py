"""The noise of a device by hand: Qiskit's schedule cut into slices of time, on Aer.

Written without regard to speed: every slice in which a qubit is idle has its own relaxation, phase
and ZZ, and every gate is followed by its over-rotation.
"""

from __future__ import annotations

import itertools
import math

from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RXGate, RZGate, RZZGate
from qiskit.providers import BackendV2, Options
from qiskit.quantum_info import Operator, average_gate_fidelity
from qiskit.transpiler import InstructionProperties, Target

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import keep_qubits
from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice

NAMES = ("cz", "id", "rx", "rz", "rzz", "sx", "x", "measure", "reset", "delay")


def over_rotation(calibration, name, qubits):
    """The gate that follows a gate of the device by mistake, or None."""
    angle = calibration.rotation.get((name, qubits), 0.0)
    if not angle:
        return None
    return RXGate(angle) if len(qubits) == 1 else RZZGate(angle)


def part_of_target(calibration, kept, *, coherent=True):
    """The Target of some qubits, renumbered; without the over-rotations' share of the errors."""
    whole = calibration.target
    part = Target(
        num_qubits=len(kept),
        dt=whole.dt,
        qubit_properties=[whole.qubit_properties[qubit] for qubit in kept],
    )
    for name in NAMES:
        properties = {}
        for qubits, values in whole[name].items():
            if not set(qubits) <= set(kept):
                continue
            extra = None if coherent else over_rotation(calibration, name, qubits)
            if extra is not None:
                share = 1 - average_gate_fidelity(Operator(extra))
                values = InstructionProperties(values.duration, values.error - share)
            properties[tuple(kept.index(qubit) for qubit in qubits)] = values
        part.add_instruction(whole.operation_from_name(name), properties, name=name)
    return part


def gate_noise(calibration, kept):
    """Aer's own noise model of some qubits of a device, from the device's Target."""
    from qiskit_aer.noise import NoiseModel

    class Part(BackendV2):
        target = part_of_target(calibration, kept, coherent=False)
        max_circuits = None

        @classmethod
        def _default_options(cls):
            return Options()

        def run(self, run_input, **options):
            raise NotImplementedError

    return NoiseModel.from_backend(Part())


def sliced(circuit, calibration, kept, *, twirled=False):
    """The circuit on `kept` qubits with all coherent noise as gates and slices of relaxation.

    If `twirled`, with random Z and ZZ in place of the phases of each slice.
    """
    from qiskit_aer.noise import pauli_error, thermal_relaxation_error

    target = part_of_target(calibration, kept)
    small = keep_qubits(circuit, kept)
    timed = transpile(
        small, target=target, optimization_level=0, scheduling_method="alap", initial_layout=None
    )
    numbers = {qubit: place for place, qubit in enumerate(timed.qubits)}
    busy = []  # (begin, end, instruction, places), in units of dt
    for begin, instruction in zip(timed.op_start_times, timed.data, strict=True):
        operation = instruction.operation
        places = tuple(numbers[qubit] for qubit in instruction.qubits)
        if operation.name in ("barrier", "delay"):
            continue
        duration = target[operation.name][places].duration or 0
        busy.append((begin, begin + round(duration / target.dt), instruction, places))
    busy.sort(key=lambda item: item[0])
    first, last = {}, {}
    for begin, _, instruction, places in busy:
        for place in places:
            if instruction.operation.name != "rz":
                first.setdefault(place, begin)
            last[place] = max(last.get(place, 0), begin)
    times = sorted({time for begin, end, *_ in busy for time in (begin, end)})
    slices = list(itertools.pairwise(times)) if times else []
    noisy = QuantumCircuit(timed.qubits, *timed.cregs)

    def idle(place, begin, end):
        return (
            place in first
            and first[place] < begin + 1
            and end <= last[place]
            and not any(b < end and begin < e and place in where for b, e, _, where in busy)
        )

    def turn(gate, places):
        if twirled:
            wrong = math.sin(gate.params[0] / 2) ** 2
            paulis = {"rx": "X", "rz": "Z", "rzz": "ZZ"}[gate.name]
            gate = pauli_error([(paulis, wrong), ("I" * len(places), 1 - wrong)])
        else:
            gate.label = "by mistake"
        noisy.append(gate, places)

    def emit(begin):
        for b, _, instruction, places in busy:
            if b == begin:
                noisy.append(instruction)
                where = tuple(kept[place] for place in places)
                extra = over_rotation(calibration, instruction.operation.name, where)
                if extra is not None:
                    turn(extra, list(places))

    for begin, end in slices:
        emit(begin)
        seconds = (end - begin) * target.dt
        still = [place for place in range(len(kept)) if idle(place, begin, end)]
        for place in still:
            turn(RZGate(calibration.detuning[kept[place]] * seconds), [place])
            properties = target.qubit_properties[place]
            t2 = min(properties.t2, 2 * properties.t1)
            noisy.append(thermal_relaxation_error(properties.t1, t2, seconds), [place])
        for (a, b), rate in calibration.zz.items():
            if a in kept and b in kept and {kept.index(a), kept.index(b)} <= set(still):
                turn(RZZGate(rate * seconds), [kept.index(a), kept.index(b)])
    if times:
        emit(times[-1])
    return noisy


def sliced_probabilities(circuit, size, shots=200_000, *, twirled=False):
    """Frequencies of the outcomes of a circuit, sampled by Aer from one noisy density matrix."""
    from qiskit_aer import AerSimulator

    calibration = FakeDevice(size).calibration
    kept = sorted({circuit.find_bit(q).index for i in circuit.data for q in i.qubits})
    noisy = sliced(circuit, calibration, kept, twirled=twirled)
    simulator = AerSimulator(method="density_matrix", noise_model=gate_noise(calibration, kept))
    counts = simulator.run(noisy, shots=shots, seed_simulator=7).result().get_counts()
    return {key.replace(" ", ""): count / shots for key, count in counts.items()}
