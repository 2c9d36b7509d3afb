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

    from qiskit.transpiler import Target

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

_KILOHERTZ = 2e3 * math.pi  # rad/s
# Most of a gate's error that is coherent.
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
        detuning: qubit -> rad/s: an idle qubit turns by ``rz(detuning * seconds)``.
        zz: neighbours (a < b) -> rad/s: idle together they turn by ``rzz(zz * seconds)``.
        rotation: (gate, qubits) -> rad by which the gate turns too far: ``rx(angle)`` follows
            ``sx``, ``x`` and ``rx``, ``rzz(angle)`` follows ``cz`` and ``rzz``. Both orders of two
            qubits are listed, with the same angle.
    """

    target: Target
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
    drawn = _draw(name, num_qubits, len(edges), day)
    with np.errstate(divide="ignore"):
        t1, t2 = drawn.t1 / noise, drawn.t2 / noise
    relaxation = 1 / t1 + 2 / t2
    # The average infidelity of a short wait of one qubit: t (1 / T1 + 2 / T2) / 6.
    of_sx = noise * drawn.sx + DURATIONS["sx"] * relaxation / 6
    pairs = np.array(edges, dtype=int).reshape(-1, 2)
    # Of two qubits: t / 5 for each; d / (d + 1) of the sum of Pauli errors, with d = 4.
    of_cz = noise * drawn.cz + DURATIONS["cz"] * relaxation[pairs].sum(axis=1) / 5
    of_sx, of_cz = np.minimum(of_sx, 0.5), np.minimum(of_cz, 0.75)
    readout = np.minimum(noise * drawn.readout, 0.5)
    # rx(e) has the infidelity e^2 / 6, rzz(e) the infidelity e^2 / 5, for small angles.
    sx_angle = _bounded(noise * drawn.sx_angle, of_sx, 6)
    x_angle = _bounded(noise * drawn.x_angle, of_sx, 6)
    cz_angle = _bounded(noise * drawn.cz_angle, of_cz, 5)
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
    return DeviceCalibration(
        target=_target(num_qubits, errors, t1, t2, drawn.frequency),
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
    t2 = np.minimum(t1 * lasting.uniform(0.6, 1.4, qubits), 2 * t1)
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


def _target(
    num_qubits: int,
    errors: dict[str, dict[tuple[int, ...], float]],
    t1: Floats,
    t2: Floats,
    frequency: Floats,
) -> Target:
    from qiskit.circuit import Delay, Measure, Parameter, Reset
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.transpiler import InstructionProperties, QubitProperties, Target

    target = Target(
        description=f"Heavy-hex device of {num_qubits} qubits",
        num_qubits=num_qubits,
        dt=DT,
        qubit_properties=[
            QubitProperties(t1=float(t1[q]), t2=float(t2[q]), frequency=float(frequency[q]))
            for q in range(num_qubits)
        ],
    )
    standard = get_standard_gate_name_mapping()
    operations: dict[str, Any] = {gate: standard[gate] for gate in DEVICE_GATES}
    for name, operation in (operations | {"measure": Measure()}).items():
        properties = {
            qubits: InstructionProperties(DURATIONS[name], error)
            for qubits, error in errors[name].items()
        }
        bounds = [(0, math.pi / 2)] if name == "rzz" else None
        target.add_instruction(operation, properties, name=name, angle_bounds=bounds)
    resets = InstructionProperties(DURATIONS["reset"])
    every = [(qubit,) for qubit in range(num_qubits)]
    target.add_instruction(Reset(), dict.fromkeys(every, resets))
    target.add_instruction(Delay(Parameter("t")), dict.fromkeys(every))
    for name in CONTROL_FLOW:
        target.add_instruction(INSTRUCTIONS[name], name=name)
    return target
