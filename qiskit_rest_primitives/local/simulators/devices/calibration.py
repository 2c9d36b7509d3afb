"""The noise of a device on one day: (name, day, strength) -> what it can do and how it errs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.local.simulators.base.gate_sets import CONTROL_FLOW, DEVICE_GATES
from qiskit_rest_primitives.local.simulators.devices.noise_magnitudes import (
    Edge,
    Floats,
    drawn_numbers,
    faulty_parts,
)
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW as INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from qiskit.transpiler import QubitProperties, Target

Qubits = tuple[int, ...]

DT = 4e-9
"""The resolution of times, in seconds."""
DURATIONS = {
    **dict.fromkeys(("sx", "x", "rx", "id"), 32e-9),
    "rz": 0.0,
    **dict.fromkeys(("cz", "rzz"), 68e-9),
    "measure": 1560e-9,
    "reset": 1600e-9,
}
"""How long an instruction takes on any qubits, in seconds."""

# The most of a gate's error, relaxation aside, that is over-rotation.
_COHERENT_SHARE = 0.3


@dataclass(frozen=True)
class DeviceCalibration:
    """A device as it is on one day.

    Errors are average gate infidelities, of relaxation, over-rotation and all else together; the
    error of ``measure`` is the probability of the wrong bit. What is not listed is 0.

    Attributes:
        target: the working instructions, with durations (s) and errors, and T1, T2 (s) of qubits.
        described: what the device reports: the faulty ones too, with the error 1.
        faulty_qubits: qubits without a working instruction.
        faulty_edges: neighbours (a < b) that work, but for their gates on both.
        detuning: qubit -> rad/s: an idle qubit turns by ``rz(detuning * seconds)``.
        zz: neighbours (a < b) -> rad/s: idle together they turn by ``rzz(zz * seconds)``.
        rotation: (gate, qubits) -> rad by which the gate turns too far: ``rx(angle)`` follows
            ``sx``, ``x`` and ``rx``, ``rzz(angle)`` follows ``cz`` and ``rzz``. Both orders of two
            qubits are listed, with the same angle.
    """

    target: Target
    described: Target
    faulty_qubits: tuple[int, ...]
    faulty_edges: tuple[Edge, ...]
    detuning: dict[int, float]
    zz: dict[Edge, float]
    rotation: dict[tuple[str, Qubits], float]


def drawn_calibration(
    name: str, num_qubits: int, edges: Sequence[Edge], day: date, noise: float
) -> DeviceCalibration:
    """The calibration of a device on a day.

    Args:
        name: of the device; another name has other numbers.
        num_qubits: its size.
        edges: its pairs of neighbours, a < b.
        day: the day.
        noise: factor of all errors, rates of relaxation and coherent terms; 0 is no noise.
    """
    from qiskit.transpiler import QubitProperties

    drawn = drawn_numbers(name, num_qubits, len(edges), day)
    with np.errstate(divide="ignore"):
        t1, t2 = drawn.t1 / noise, drawn.t2 / noise
    relaxation = 1 / t1 + 2 / t2
    sx, cz = noise * drawn.sx, noise * drawn.cz
    # The average infidelity of a short wait: t (1 / T1 + 2 / T2) / 6 of one qubit; of two, the sum
    # of t (1 / T1 + 2 / T2) / 5 of each. At most that of the depolarized state.
    of_sx = np.minimum(sx + DURATIONS["sx"] * relaxation / 6, 0.5)
    pairs = np.array(edges, dtype=int).reshape(-1, 2)
    of_cz = np.minimum(cz + DURATIONS["cz"] * relaxation[pairs].sum(axis=1) / 5, 0.75)
    errors = {gate: _by_qubit(of_sx) for gate in ("sx", "x", "rx", "id")}
    errors |= {"rz": _by_qubit(0 * of_sx)}
    errors |= {"measure": _by_qubit(np.minimum(noise * drawn.readout, 0.5))}
    errors |= {gate: _by_pair(of_cz, edges) for gate in ("cz", "rzz")}
    # rx(angle) has the infidelity angle^2 / 6, rzz(angle) angle^2 / 5, for small angles.
    sx_angle = _by_qubit(_bounded(noise * drawn.sx_angle, 6 * sx))
    x_angle = _by_qubit(_bounded(noise * drawn.x_angle, 6 * sx))
    cz_angle = _by_pair(_bounded(noise * drawn.cz_angle, 5 * cz), edges)
    angles = {"sx": sx_angle, "rx": sx_angle, "x": x_angle, "cz": cz_angle, "rzz": cz_angle}

    faulty_qubits, faulty_edges = faulty_parts(name, num_qubits, edges)
    working = {
        gate: {
            place: error
            for place, error in of_gate.items()
            if not {*place}.intersection(faulty_qubits) and _sorted(place) not in faulty_edges
        }
        for gate, of_gate in errors.items()
    }
    reported = {
        gate: {place: error if place in working[gate] else 1.0 for place, error in of_gate.items()}
        for gate, of_gate in errors.items()
    }
    qubits = [
        QubitProperties(t1=float(t1[q]), t2=float(t2[q]), frequency=float(drawn.frequency[q]))
        for q in range(num_qubits)
    ]
    return DeviceCalibration(
        target=_target(qubits, working),
        described=_target(qubits, reported),
        faulty_qubits=faulty_qubits,
        faulty_edges=faulty_edges,
        detuning={qubit: float(noise * rate) for qubit, rate in enumerate(drawn.detuning)},
        zz={edge: float(noise * rate) for edge, rate in zip(edges, drawn.zz, strict=True)},
        rotation={
            (gate, place): angle
            for gate, of_gate in angles.items()
            for place, angle in of_gate.items()
        },
    )


def _by_qubit(values: Floats) -> dict[Qubits, float]:
    return {(qubit,): float(value) for qubit, value in enumerate(values)}


def _by_pair(values: Floats, edges: Sequence[Edge]) -> dict[Qubits, float]:
    """The values of edges, for both orders of their qubits."""
    found = {edge: float(value) for edge, value in zip(edges, values, strict=True)}
    return found | {(b, a): value for (a, b), value in found.items()}


def _sorted(place: Qubits) -> Qubits:
    return tuple(sorted(place))


def _bounded(angles: Floats, squares: Floats) -> Floats:
    """Angles of which a share of an error is the most: `squares` are those of the whole error."""
    most = np.sqrt(_COHERENT_SHARE * squares)
    return np.clip(angles, -most, most)


def _target(qubits: list[QubitProperties], errors: dict[str, dict[Qubits, float]]) -> Target:
    """A target of the instructions in `errors`, and of those without any."""
    from qiskit.circuit import Delay, Measure, Parameter, Reset
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.transpiler import InstructionProperties, Target

    target = Target(
        description=f"Simulated device of {len(qubits)} qubits",
        num_qubits=len(qubits),
        dt=DT,
        qubit_properties=qubits,
    )
    standard = get_standard_gate_name_mapping()
    operations: dict[str, Any] = {gate: standard[gate] for gate in DEVICE_GATES}
    for name, operation in (operations | {"measure": Measure()}).items():
        properties = {
            places: InstructionProperties(DURATIONS[name], error)
            for places, error in errors[name].items()
        }
        bounds = [(0, math.pi / 2)] if name == "rzz" else None
        target.add_instruction(operation, properties, name=name, angle_bounds=bounds)
    working = list(errors["measure"])
    resets = InstructionProperties(DURATIONS["reset"])
    target.add_instruction(Reset(), dict.fromkeys(working, resets))
    target.add_instruction(Delay(Parameter("t")), dict.fromkeys(working))
    for name in CONTROL_FLOW:
        target.add_instruction(INSTRUCTIONS[name], name=name)
    return target
