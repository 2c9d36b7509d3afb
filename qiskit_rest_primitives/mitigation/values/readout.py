"""Readout errors of single qubits: how they are learned, and what they do to an observable (TREX).

Measurements are twirled, so that an error flips a bit with the same probability p whatever the
state; a Pauli string of these qubits is then measured as its value times the product of 1 - 2p.
Source: van den Berg, Minev, Temme, arXiv:2012.09738.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.mitigation.base.steps import Run, Samples
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered, unflipped
from qiskit_rest_primitives.mitigation.random_circuits.measuring import measured
from qiskit_rest_primitives.mitigation.values.variance import variance_of_mean

_REGISTER = "readout"
_SIGNIFICANT = 3.0  # standard errors


@dataclass(frozen=True)
class ReadoutLearning:
    """A run that measures |0...0> with random flips.

    Attributes:
        qubits: that are measured.
        lowered: the circuit.
        shots: of each random circuit.
    """

    qubits: list[int]
    lowered: Lowered
    shots: int

    @classmethod
    def of(
        cls,
        qubits: Sequence[int],
        num_qubits: int,
        randomizations: int,
        shots: int,
        rng: np.random.Generator,
    ) -> ReadoutLearning:
        """Makes the run for these qubits of a device with ``num_qubits``."""
        lowered = measured(
            QuantumCircuit(num_qubits),
            np.empty((1, 0)),
            qubits,
            np.ones((1, len(qubits)), dtype=int),
            register=_REGISTER,
            randomizations=randomizations,
            rng=rng,
        )
        return cls(list(qubits), lowered, shots)

    @property
    def run(self) -> Run:
        """What to sample."""
        return Run(self.lowered.circuit, self.lowered.values, self.shots, pub_index=0)

    def learned(self, samples: Samples) -> Readout:
        """Reads the samples of `run`."""
        wrong = unflipped(samples[_REGISTER], self.lowered.flips[_REGISTER])
        bits = np.unpackbits(wrong, axis=-1)[..., ::-1][..., : len(self.qubits)]
        # With one random circuit the spread is that of its shots.
        rates = bits.mean(axis=1) if len(bits) > 1 else bits[0].astype(float)
        return Readout({qubit: place for place, qubit in enumerate(self.qubits)}, rates)


@dataclass(frozen=True)
class Readout:
    """What is known of the readout errors.

    Attributes:
        places: qubit -> its column in ``rates``.
        rates: float64 ``(samples, qubits)``: independent estimates of the probabilities of an
            error; their mean is the best one.
    """

    places: dict[int, int]
    rates: np.ndarray

    def factor(self, qubits: Sequence[int]) -> float:
        """What a Pauli string of these qubits is measured as, per unit of its value.

        Returns:
            NaN if a qubit's bit says nothing of its state, as on a faulty qubit.
        """
        return float("nan") if self.unreadable(qubits) else float(self._contrasts(qubits).prod())

    def unreadable(self, qubits: Sequence[int]) -> list[int]:
        """The qubits whose bits say nothing of their state, as far as the samples tell."""
        errors = 2 * np.sqrt(variance_of_mean(self.rates[:, self._columns(qubits)].T))
        clear = self._contrasts(qubits) > _SIGNIFICANT * errors
        return [qubit for qubit, sure in zip(qubits, clear, strict=True) if not sure]

    def variance(self, terms: Sequence[tuple[Sequence[int], float]]) -> float:
        """Variance of a sum of corrected values, as far as it comes from ``factor``.

        Args:
            terms: the qubits and the corrected value of each Pauli string.
        """
        weights = np.zeros(self.rates.shape[1])
        for qubits, value in terms:
            # d(value / factor) / dp = 2 value / (factor (1 - 2p))
            weights[self._columns(qubits)] += 2 * value / self._contrasts(qubits)
        return float(variance_of_mean(self.rates @ weights))

    def _columns(self, qubits: Sequence[int]) -> list[int]:
        return [self.places[qubit] for qubit in qubits]

    def _contrasts(self, qubits: Sequence[int]) -> np.ndarray:
        return 1 - 2 * self.rates[:, self._columns(qubits)].mean(axis=0)
