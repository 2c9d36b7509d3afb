"""The noise of a device on one day: (name, day, strength) -> what it can do and how it errs.

Numbers are drawn with generators that start from the name, or from the name and the day, so every
process finds the same ones. Sizes are those of IBM's Heron devices of 2025 (the snapshots of
qiskit_ibm_runtime's FakeTorino and FakeMarrakesh).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from qiskit_rest_primitives.local.simulators.gate_sets import CONTROL_FLOW, DEVICE_GATES
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW as INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from qiskit.transpiler import QubitProperties, Target

Floats = NDArray[np.float64]
Edge = tuple[int, int]

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

FAULTY_EDGE_FROM = 27
"""Size from which on a device has a faulty edge."""
FAULTY_QUBIT_FROM = 128
"""Size from which on it has a faulty qubit too. The others run circuits of their full width."""

_KILOHERTZ = 2e3 * math.pi  # rad/s
# The most of a gate's error, relaxation aside, that is over-rotation.
_COHERENT_SHARE = 0.3
_OUTLIERS = 0.04
_OUTLIER_FACTOR = 10.0


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
    rotation: dict[tuple[str, tuple[int, ...]], float]


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

    drawn = _draw(name, num_qubits, len(edges), day)
    with np.errstate(divide="ignore"):
        t1, t2 = drawn.t1 / noise, drawn.t2 / noise
    relaxation = 1 / t1 + 2 / t2
    # The average infidelity of a short wait of one qubit: t (1 / T1 + 2 / T2) / 6.
    sx, cz = noise * drawn.sx, noise * drawn.cz
    of_sx = sx + DURATIONS["sx"] * relaxation / 6
    pairs = np.array(edges, dtype=int).reshape(-1, 2)
    # Of two qubits: t / 5 for each; d / (d + 1) of the sum of Pauli errors, with d = 4.
    of_cz = cz + DURATIONS["cz"] * relaxation[pairs].sum(axis=1) / 5
    of_sx, of_cz = np.minimum(of_sx, 0.5), np.minimum(of_cz, 0.75)
    readout = np.minimum(noise * drawn.readout, 0.5)
    # rx(e) has the infidelity e^2 / 6, rzz(e) the infidelity e^2 / 5, for small angles.
    sx_angle = _bounded(noise * drawn.sx_angle, sx, 6)
    x_angle = _bounded(noise * drawn.x_angle, sx, 6)
    cz_angle = _bounded(noise * drawn.cz_angle, cz, 5)
    both = [*edges, *((b, a) for a, b in edges)]
    rotation = {("cz", pair): float(e) for pair, e in zip(both, [*cz_angle] * 2, strict=True)}
    rotation |= {("rzz", pair): angle for (_, pair), angle in rotation.items()}
    for gate, angles in (("sx", sx_angle), ("x", x_angle), ("rx", sx_angle)):
        rotation |= {(gate, (qubit,)): float(angle) for qubit, angle in enumerate(angles)}
    errors: dict[str, dict[tuple[int, ...], float]] = {
        gate: {(qubit,): float(error) for qubit, error in enumerate(values)}
        for gate, values in {
            **dict.fromkeys(("sx", "x", "rx", "id"), of_sx),
            "rz": np.zeros(num_qubits),
            "measure": readout,
        }.items()
    }
    of_pairs = {pair: float(error) for pair, error in zip(both, [*of_cz] * 2, strict=True)}
    errors |= {"cz": of_pairs, "rzz": of_pairs}
    qubits = [
        QubitProperties(t1=float(values[0]), t2=float(values[1]), frequency=float(values[2]))
        for values in zip(t1, t2, drawn.frequency, strict=True)
    ]
    faulty_qubits, faulty_edges = _faulty(name, num_qubits, edges)
    faulty = {frozenset({qubit}) for qubit in faulty_qubits} | set(map(frozenset, faulty_edges))
    working = {
        gate: {place: error for place, error in of_gate.items() if not _is_faulty(place, faulty)}
        for gate, of_gate in errors.items()
    }
    reported = {
        gate: {place: error if place in working[gate] else 1.0 for place, error in of_gate.items()}
        for gate, of_gate in errors.items()
    }
    return DeviceCalibration(
        target=_target(qubits, working),
        described=_target(qubits, reported),
        faulty_qubits=faulty_qubits,
        faulty_edges=faulty_edges,
        detuning={qubit: float(noise * rate) for qubit, rate in enumerate(drawn.detuning)},
        zz={edge: float(noise * rate) for edge, rate in zip(edges, drawn.zz, strict=True)},
        rotation=rotation,
    )


@dataclass(frozen=True)
class _Drawn:
    """Numbers of a device at strength 1: of each qubit, and of each edge (cz, cz_angle, zz)."""

    t1: Floats
    t2: Floats
    frequency: Floats
    readout: Floats
    sx: Floats
    cz: Floats
    sx_angle: Floats
    x_angle: Floats
    cz_angle: Floats
    detuning: Floats
    zz: Floats


def _draw(name: str, qubits: int, edges: int, day: date) -> _Drawn:
    seed = crc32(name.encode())
    lasting, today = np.random.default_rng(seed), np.random.default_rng([seed, day.toordinal()])

    def spread(
        median: float, width: float, drift: float, count: int, outliers: bool = True
    ) -> Floats:
        values = median * np.exp(width * lasting.standard_normal(count))
        if outliers:
            worse = lasting.permutation(count)[: round(_OUTLIERS * count)]
            values[worse] *= _OUTLIER_FACTOR
        return values * np.exp(drift * today.standard_normal(count))

    rate = spread(1 / 190e-6, 0.25, 0.1, qubits)
    t1 = 1 / rate
    t2 = np.minimum(t1 * lasting.uniform(0.7, 1.3, qubits), 2 * t1)
    cz = spread(2.5e-3, 0.4, 0.1, edges)
    return _Drawn(
        t1=t1,
        t2=t2,
        frequency=4.6e9 + 0.1e9 * lasting.standard_normal(qubits),
        readout=spread(1e-2, 0.5, 0.1, qubits),
        sx=spread(1.7e-4, 0.4, 0.1, qubits),
        cz=cz,
        # Each calibration leaves other angles and frequencies behind.
        sx_angle=0.005 * today.standard_normal(qubits),
        x_angle=0.005 * today.standard_normal(qubits),
        cz_angle=0.02 * np.sqrt(cz / 2.5e-3) * today.standard_normal(edges),
        detuning=10 * _KILOHERTZ * today.standard_normal(qubits),
        zz=spread(8 * _KILOHERTZ, 0.7, 0.02, edges, outliers=False),
    )


def _bounded(angles: Floats, errors: Floats, divisor: float) -> Floats:
    most = np.sqrt(_COHERENT_SHARE * divisor * errors)
    return np.clip(angles, -most, most)


def _faulty(
    name: str, num_qubits: int, edges: Sequence[Edge]
) -> tuple[tuple[int, ...], tuple[Edge, ...]]:
    """The qubits and edges of a large device that do not work.

    The rest stays connected. They are in the upper half: programs that place qubits themselves
    begin at 0.
    """
    if num_qubits < FAULTY_EDGE_FROM:
        return (), ()
    rng = np.random.default_rng([crc32(name.encode()), 1])
    qubits: tuple[int, ...] = ()
    if num_qubits >= FAULTY_QUBIT_FROM:
        found = rng.permutation(np.arange(num_qubits // 2, num_qubits)).tolist()
        qubits = (
            next(q for q in found if _connected(num_qubits - 1, [e for e in edges if q not in e])),
        )
    left = [edge for edge in edges if not set(edge).intersection(qubits)]
    found = rng.permutation(np.array([edge for edge in left if min(edge) >= num_qubits // 2]))
    for a, b in found.tolist():
        if _connected(num_qubits - len(qubits), [edge for edge in left if edge != (a, b)]):
            return qubits, ((a, b),)
    return qubits, ()


def _connected(num_qubits: int, edges: Sequence[Edge]) -> bool:
    from qiskit.transpiler import CouplingMap

    return len(CouplingMap(edges).largest_connected_component()) == num_qubits


def _is_faulty(place: tuple[int, ...], faulty: set[frozenset[int]]) -> bool:
    return frozenset(place) in faulty or any(frozenset({qubit}) in faulty for qubit in place)


def _target(
    qubits: list[QubitProperties], errors: dict[str, dict[tuple[int, ...], float]]
) -> Target:
    """A target of the instructions in `errors`, and of those without any."""
    from qiskit.circuit import Delay, Measure, Parameter, Reset
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.transpiler import InstructionProperties, Target

    target = Target(
        description=f"Heavy-hex device of {len(qubits)} qubits",
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
