"""How large a device's noise is: (name, size, day) -> errors, times, rates and angles of that day.

How the noise acts on a circuit: `local.simulators.noise`. The numbers are drawn with generators
that start from the name, or from the name and the day, so every process finds the same ones. Sizes
are those of IBM's Heron devices of 2025 (the snapshots of qiskit_ibm_runtime's FakeTorino and
FakeMarrakesh).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Floats = NDArray[np.float64]
Edge = tuple[int, int]

FAULTY_EDGE_FROM = 27
"""Size from which on a device has a faulty edge."""
FAULTY_QUBIT_FROM = 128
"""Size from which on it has a faulty qubit too. The others run circuits of their full width."""

_KILOHERTZ = 2e3 * math.pi  # rad/s
_OUTLIERS = 0.04
_OUTLIER_FACTOR = 10.0


@dataclass(frozen=True)
class DeviceNumbers:
    """The numbers of each qubit, or of each edge.

    Attributes:
        t1: seconds.
        t2: seconds.
        frequency: Hz.
        readout: probability of the wrong bit.
        sx: average infidelity of sx and x, relaxation aside.
        cz: the same of each edge's cz.
        sx_angle: rad, by which sx turns too far.
        x_angle: rad, by which x turns too far.
        cz_angle: rad, of each edge: by which cz turns too far.
        detuning: rad/s.
        zz: rad/s, of each edge.
    """

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


def drawn_numbers(name: str, qubits: int, edges: int, day: date) -> DeviceNumbers:
    """The numbers of a device with so many qubits and edges, on a day.

    What lasts is drawn from the name alone: a calibration changes it by a tenth.
    """
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
    return DeviceNumbers(
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


def faulty_parts(
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
