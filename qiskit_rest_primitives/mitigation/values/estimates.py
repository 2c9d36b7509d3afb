"""Samples of a PUB's random circuits -> expectation values with honest errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qiskit_rest_primitives.mitigation.base.bases import Bases
from qiskit_rest_primitives.mitigation.base.options import Zne
from qiskit_rest_primitives.mitigation.base.steps import Samples
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered, packed, unflipped
from qiskit_rest_primitives.mitigation.values.extrapolation import extrapolate
from qiskit_rest_primitives.mitigation.values.readout import Readout
from qiskit_rest_primitives.mitigation.values.variance import variance_of_mean

# The parity of a byte's bits, as a sign.
_SIGN = np.array([1 - 2 * (byte.bit_count() % 2) for byte in range(256)], dtype=np.int8)


@dataclass(frozen=True)
class Measured:
    """Where a PUB's Pauli strings are in its samples.

    Attributes:
        bases: the circuits of each point.
        qubits: that are measured; bit i of the register is the i-th.
        register: name of the classical register.
        randomizations: rows of each circuit.
    """

    bases: Bases
    qubits: list[int]
    register: str
    randomizations: int

    def bits(self, lowered: Lowered, samples: Samples) -> np.ndarray:
        """Reads samples: uint8 ``(circuits, randomizations, shots, bytes)``."""
        array = unflipped(samples[self.register], lowered.flips.get(self.register))
        return array.reshape(-1, self.randomizations, *array.shape[1:])

    def signs(self, lowered: Lowered, bits: np.ndarray, circuit: int, pauli: str) -> np.ndarray:
        """The values of a Pauli string: int8 ``(randomizations, shots)``, +1 or -1."""
        support = np.array([pauli[-1 - qubit] != "I" for qubit in self.qubits])
        mask = packed(support)
        used = np.flatnonzero(mask)
        parity = np.bitwise_xor.reduce(bits[circuit][..., used] & mask[used], axis=-1)
        signs = _SIGN[parity]
        if lowered.signs is None:
            return signs
        rows = slice(circuit * self.randomizations, (circuit + 1) * self.randomizations)
        return signs * lowered.signs[rows, np.newaxis]


@dataclass(frozen=True)
class Estimate:
    """One expectation value; arrays are float64.

    Attributes:
        value: the best one.
        error: its standard error, from the spread of the random circuits.
        ensemble_error: its standard error as if all shots were independent.
        at_factors: ``(3, factors)``: values, errors and ensemble errors at the noise factors.
        extrapolated: ``(2, fits, points)``: values and errors of the fits.
        extrapolator: the fit that was used, ``"multiple"`` if Pauli strings differ.
    """

    value: float
    error: float
    ensemble_error: float
    at_factors: np.ndarray
    extrapolated: np.ndarray
    extrapolator: str = ""


@dataclass(frozen=True)
class Terms:
    """The Pauli strings of one observable at one point, as they were measured.

    Attributes:
        constant: the coefficient of the identity.
        coefficients: ``(terms,)``, times the scale of the random circuits.
        qubits: of each term.
        circuits: ``(terms,)``: the circuit that measured it.
        signs: int8 ``(terms, factors, randomizations, shots)``, +1 or -1.
        readout: what is known of the readout errors, or None.
    """

    constant: float
    coefficients: np.ndarray
    qubits: list[list[int]]
    circuits: np.ndarray
    signs: np.ndarray
    readout: Readout | None

    @classmethod
    def of(
        cls,
        measured: Measured,
        lowered: Sequence[Lowered],
        bits: Sequence[np.ndarray],
        pair: tuple[int, int],
        readout: Readout | None,
    ) -> Terms:
        """Collects the terms of a pair of a point and an observable.

        Args:
            measured: how the PUB was measured.
            lowered: one for each noise factor.
            bits: of each of them.
            pair: point and number of the observable.
            readout: what is known of the readout errors, or None.
        """
        point, observable = pair
        bases = measured.bases
        constant = 0.0
        found: list[tuple[int, str, float]] = []
        for basis, pauli, coefficient in bases.sets[bases.of_row[point]][1][observable]:
            if basis < 0:
                constant += coefficient
            elif coefficient:
                scaled = coefficient * lowered[0].scale
                found.append((bases.first[point] + basis, pauli, scaled))
        signs = [
            [measured.signs(low, b, circuit, pauli) for low, b in zip(lowered, bits, strict=True)]
            for circuit, pauli, _ in found
        ]
        return cls(
            constant,
            np.array([coefficient for _, _, coefficient in found]),
            [[q for q in measured.qubits if pauli[-1 - q] != "I"] for _, pauli, _ in found],
            np.array([circuit for circuit, _, _ in found], dtype=int),
            np.array(signs, dtype=np.int8),
            readout,
        )

    def estimate(self, zne: Zne | None) -> Estimate:
        """Adds the terms up."""
        count = len(self.coefficients)
        factors = 1 if zne is None else len(zne.noise_factors)
        if not count:
            zeros = np.zeros((3, factors))
            zeros[0] = self.constant
            shape = (2, 0, 0) if zne is None else (2, *_fits_shape(zne))
            extrapolated = np.zeros(shape)
            extrapolated[0] = self.constant
            name = "" if zne is None else zne.extrapolators[0]
            return Estimate(self.constant, 0.0, 0.0, zeros, extrapolated, name)
        samples = self._samples()
        means = samples.mean(axis=-1)
        shots = self.signs.reshape(count, factors, -1)
        every = np.ones((count, 1))
        at_factors = np.empty((3, factors))
        for position in range(factors):
            here = slice(position, position + 1)
            found = self._sum(means[:, position], every, samples[:, here])
            ensemble = self._sum(means[:, position], every, shots[:, here])
            at_factors[:, position] = *found, ensemble[1]
        if zne is None:
            value, error, ensemble = at_factors[:, 0]
            return Estimate(value, error, ensemble, at_factors, np.empty((2, 0, 0)))
        # A Pauli string is +1 or -1 in each shot.
        errors = np.sqrt(np.clip(1 - means**2, 0, None) / shots.shape[-1])
        fits = [
            extrapolate(
                zne.noise_factors, mean, error, zne.extrapolators, zne.extrapolated_noise_factors
            )
            for mean, error in zip(means, errors, strict=True)
        ]
        value, error = self._sum(
            np.array([fit.value for fit in fits]),
            np.array([fit.weights for fit in fits]),
            samples,
        )
        extrapolated = np.empty((2, *_fits_shape(zne)))
        for place in np.ndindex(extrapolated.shape[1:]):
            extrapolated[(slice(None), *place)] = self._sum(
                np.array([fit.values[place] for fit in fits]),
                np.array([fit.all_weights[place] for fit in fits]),
                samples,
            )
        names = {zne.extrapolators[fit.chosen] for fit in fits}
        name = names.pop() if len(names) == 1 else "multiple"
        return Estimate(value, error, math.nan, at_factors, extrapolated, name)

    def _samples(self) -> np.ndarray:
        """Independent samples: means of the random circuits, or shots of the only one."""
        if self.signs.shape[2] == 1:
            return self.signs[:, :, 0]
        return self.signs.mean(axis=-1)

    def _sum(
        self, values: np.ndarray, weights: np.ndarray, samples: np.ndarray
    ) -> tuple[float, float]:
        """The observable's value and standard error.

        Args:
            values: ``(terms,)``: of the Pauli strings, readout errors included.
            weights: ``(terms, factors)``: derivatives of ``values`` by the means of ``samples``.
            samples: ``(terms, factors, n)``; terms that one circuit measured are correlated.
        """
        scales = self.coefficients
        variance = 0.0
        if self.readout is not None:
            scales = scales / [self.readout.factor(qubits) for qubits in self.qubits]
            corrected = (scales * values).tolist()
            variance = self.readout.variance(list(zip(self.qubits, corrected, strict=True)))
        for circuit in np.unique(self.circuits):
            here = self.circuits == circuit
            combined = np.einsum(
                "tf,tfn->fn", scales[here, np.newaxis] * weights[here], samples[here]
            )
            variance += float(variance_of_mean(combined).sum())
        return self.constant + float(scales @ values), math.sqrt(variance)


def _fits_shape(zne: Zne) -> tuple[int, int]:
    return len(zne.extrapolators), len(zne.extrapolated_noise_factors)
