"""Mocks of backends for dry runs: jobs are checked, their time is estimated, results are random."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.circuits.isa import CURE, check_isa
from qiskit_rest_primitives.errors import ISAError
from qiskit_rest_primitives.local.outcome import NOT_ISA, RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import refuse_inputs
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    Points,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.choose.common_steps import check_precision
from qiskit_rest_primitives.mitigation.base.bases import choose_bases

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested

_SECONDS_PER_BYTE = 1e-8


def mock_name(name: str) -> str:
    """The name of a backend's mock, as clients make it.

    >>> mock_name("fake_27q"), mock_name("statevector")
    ('mock_27q', 'mock')
    """
    return re.sub(r"^[^_]+", "mock", name)


class RandomResults:
    """Draws every bit and value, instead of simulating the circuit; a `Simulator`."""

    @property
    def holds_lock(self) -> bool:
        """NumPy releases it."""
        return False

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Draws bits; see `Simulator`."""
        drawn = {
            creg.name: np.zeros((len(points.rows), shots, -(-creg.size // 8)), dtype=np.uint8)
            for creg in points.circuit.cregs
        }
        for row in range(len(points.rows)):
            points.check()
            rng = points.seeds.for_point(points.start + row)
            for creg in points.circuit.cregs:
                bits = drawn[creg.name][row]
                bits[:] = rng.integers(0, 256, bits.shape, dtype=np.uint8)
                # The first byte has the register's highest bits, and may have fewer than eight.
                bits[:, :1] &= 255 >> (-creg.size % 8)
        return drawn

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Draws values from -1 to 1, with the precision as standard error; see `Simulator`."""
        points.check()
        evs = points.seeds.for_point(points.start).uniform(-1, 1, len(wanted.pairs))
        return {"evs": evs, "stds": np.full(len(evs), wanted.precision)}


def prepare_mock(
    target: Callable[[], Target] | None,
    circuit: QuantumCircuit,
    pub_index: int,
    _: Requested,
    wanted: Wanted,
) -> Setup:
    """Checks a circuit as its device does.

    Args:
        target: of a device; None for a simulator, which runs any circuit.
        circuit: of the PUB.
        pub_index: its number.
        wanted: samples or expectation values.

    Raises:
        RefusedError: not ISA, or exact values of a device.
    """
    if target is not None:
        try:
            check_isa(circuit, target(), pub_index=pub_index)
        except ISAError as error:
            raise RefusedError(str(error), code=NOT_ISA, solution=CURE) from error
    refuse_inputs(circuit, pub_index)
    if isinstance(wanted, SamplesWanted):
        seconds = wanted.shots * circuit.num_clbits * _SECONDS_PER_BYTE
        return Setup(RandomResults(), circuit, seconds)
    if target is not None:
        check_precision(wanted.precision, pub_index, "a device")
    bases = choose_bases(wanted.observables, wanted.pairs, wanted.num_rows)
    return Setup(
        RandomResults(),
        circuit,
        _SECONDS_PER_BYTE,
        observables=wanted.observables,
        num_circuits=bases.total,
    )
