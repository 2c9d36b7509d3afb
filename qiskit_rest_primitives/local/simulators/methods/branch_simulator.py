"""Dynamic circuits on branches: exact expectation values, and samples; see `Simulator`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import split_final_measurements
from qiskit_rest_primitives.local.simulators.base.cost_model import statevector_limit
from qiskit_rest_primitives.local.simulators.base.seeds import AER_SEED_STEP
from qiskit_rest_primitives.local.simulators.methods.branch_program import Walk
from qiskit_rest_primitives.local.simulators.methods.branches import Branches, TooManyBranchesError
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import (
    estimate_from_bits,
    registers_from_bits,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points
from qiskit_rest_primitives.mitigation.base.bases import Bases


@dataclass(frozen=True)
class BranchSimulator:
    """Runs circuits with measurements, resets, control flow and real-time variables.

    Attributes:
        pub_index: position of the PUB in its job, for messages.
        bases: how to measure the observables; None to compute exact expectation values.
    """

    pub_index: int
    bases: Bases | None = None

    @property
    def holds_lock(self) -> bool:
        """Small circuits spend most of their time in Python, between NumPy's calls."""
        return False

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        bits = np.stack(
            [
                self._bits(
                    points.bound(row),
                    shots,
                    points.seeds.for_point(points.start + row),
                    points.check,
                )
                for row in range(len(points.rows))
            ]
        )
        return registers_from_bits(points.circuit, bits)

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Estimates each pair, exactly or by measuring; see `Simulator`."""
        if self.bases is not None:

            def run(circuits: list[QuantumCircuit], shots: int, seed: int) -> np.ndarray:
                return np.stack(
                    [
                        self._bits(
                            measured,
                            shots,
                            np.random.default_rng(seed + number * AER_SEED_STEP),
                            points.check,
                        )
                        for number, measured in enumerate(circuits)
                    ]
                )

            return estimate_from_bits(run, self.bases, points, wanted)
        pairs = wanted.pairs
        evs = np.zeros(len(pairs))
        for row in np.unique(pairs[:, 0]):
            own = np.flatnonzero(pairs[:, 0] == row)
            observables = [wanted.observables[index] for index in pairs[own, 1]]
            evs[own] = self._exact(points.bound(row), observables, points.check)
        return {"evs": evs}

    def _exact(
        self,
        circuit: QuantumCircuit,
        observables: Sequence[dict[str, float]],
        check: Callable[[], None],
    ) -> list[float]:
        start = Branches.start(circuit.num_qubits, circuit.num_clbits, 2 ** statevector_limit())
        try:
            state = Walk(check).run(circuit, start)
        except (TooManyBranchesError, RefusedError) as error:
            raise self._refusal(circuit, error) from error
        values = state.expectations({pauli for terms in observables for pauli in terms})
        return [
            sum(coefficient * values[pauli] for pauli, coefficient in terms.items())
            for terms in observables
        ]

    def _bits(
        self,
        circuit: QuantumCircuit,
        shots: int,
        rng: np.random.Generator,
        check: Callable[[], None],
    ) -> np.ndarray:
        """Bits of every shot, bool ``(shots, clbits)``."""
        bare, measured = split_final_measurements(circuit)
        parts: list[np.ndarray] = []
        left = at_once = shots
        while left:
            count = min(left, at_once)
            start = Branches.start(
                circuit.num_qubits, circuit.num_clbits, 2 ** statevector_limit(), count
            )
            try:
                state = Walk(check, rng).run(bare, start)
            except TooManyBranchesError as error:
                # Fewer shots at once take fewer branches; a shot alone has one.
                at_once = count // 2
                if not at_once:
                    raise self._refusal(circuit, error) from error
                continue
            except RefusedError as error:
                raise self._refusal(circuit, error) from error
            left -= count
            parts += _drawn(state, measured, rng, check)
        bits = np.concatenate(parts)
        # The shots are sorted by branch: shuffle them.
        return rng.permutation(bits, axis=0)

    def _refusal(
        self, circuit: QuantumCircuit, error: TooManyBranchesError | RefusedError
    ) -> RefusedError:
        if isinstance(error, RefusedError):
            reason = f"PUB {self.pub_index}: {error.reason}"
            return RefusedError(reason, code=error.code, solution=error.solution)
        limit = 2 ** statevector_limit() // 2**circuit.num_qubits
        return RefusedError(
            f"PUB {self.pub_index}: {circuit.num_qubits} qubits in {error.count} branches of "
            f"measurements and resets; this machine's memory holds {limit} branches of that width",
            solution="Ask for a precision above 0 on aer, or use fewer qubits or measurements.",
        )


def _drawn(
    state: Branches,
    measured: Sequence[tuple[int, int]],
    rng: np.random.Generator,
    check: Callable[[], None],
) -> list[np.ndarray]:
    """Measures qubits at the end of every branch: bool ``(shots, clbits)`` each."""
    assert state.shots is not None
    qubits = sorted({qubit for qubit, _ in measured})
    parts: list[np.ndarray] = []
    for branch, shots in enumerate(state.shots):
        check()
        bits = np.repeat(state.memory.bits[:, branch][np.newaxis], shots, axis=0)
        if qubits:
            probabilities = state.probabilities(branch, qubits)
            outcomes = rng.choice(len(probabilities), p=probabilities, size=shots)
            for qubit, clbit in measured:
                bits[:, clbit] = (outcomes >> qubits.index(qubit)) & 1
        parts.append(bits)
    return parts
