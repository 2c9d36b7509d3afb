"""The noise of a layer from how Paulis decay when it is repeated. In: samples. Out: LayerNoise.

The model is the sparse Pauli-Lindblad model of van den Berg et al., arXiv:2201.09866: generators on
one qubit and on pairs of neighbours. A Pauli P and its image P' under the layer decay together, so
that only the product of their fidelities can be learned; both are taken to be its square root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from qiskit_rest_primitives.mitigation.base.layers import Layer, LayerNoise
from qiskit_rest_primitives.mitigation.learning.layer_circuits import images

if TYPE_CHECKING:
    from qiskit.primitives.containers import BitArray

Term: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""A Pauli: qubits of the layer by position, and their letters: 0, 1 and 2 for X, Y and Z."""

# Rates are fitted to the decay per pair of layers; e**-20 is nothing.
_FASTEST = 20.0
_FITTING_STEPS = 50


def terms_of(num_qubits: int, edges: Sequence[tuple[int, int]]) -> list[Term]:
    """The generators of the model: all Paulis on one qubit, and on two neighbours."""
    single: list[Term] = [((q,), (a,)) for q in range(num_qubits) for a in range(3)]
    double: list[Term] = [(edge, (a, b)) for edge in edges for a in range(3) for b in range(3)]
    return single + double


def learned_noise(
    layer: Layer,
    edges: Sequence[tuple[int, int]],
    bases: np.ndarray,
    depths: Sequence[int],
    samples: Sequence[BitArray],
    flips: Sequence[np.ndarray],
) -> LayerNoise:
    """Fits the rates of a layer.

    Args:
        layer: that was repeated.
        edges: pairs of neighbours, as positions in ``layer.qubits``.
        bases: uint8 ``(bases, qubits)`` in which it was measured.
        depths: pairs of layers of each circuit.
        samples: of each depth, of shape ``(bases * randomizations,)``.
        flips: of each depth, bool ``(bases, randomizations, qubits)``.
    """
    from qiskit.quantum_info import PauliLindbladMap

    terms = terms_of(len(layer.qubits), edges)
    values = [_values(terms, bases, s, f) for s, f in zip(samples, flips, strict=True)]
    shots = [s.num_shots * f.shape[1] for s, f in zip(samples, flips, strict=True)]
    decays = _decays(np.asarray(depths, dtype=float), np.stack(values, axis=-1), np.array(shots))
    # A fidelity is exp(-2 * the sum of the rates of all generators that anticommute). In a pair of
    # layers P decays by its own fidelity and by that of P'.
    bits = _bits(terms, len(layer.qubits))
    shared = _shared(decays, bits, images(layer, bits))
    rates = _not_negative(_anticommutators(bits), shared / 4)
    letters = "XYZ"
    return LayerNoise(
        layer,
        PauliLindbladMap.from_sparse_list(
            [
                ("".join(letters[a] for a in paulis), qubits, rate)
                for (qubits, paulis), rate in zip(terms, rates, strict=True)
                if rate > 0
            ],
            num_qubits=len(layer.qubits),
        ),
    )


def _values(
    terms: Sequence[Term], bases: np.ndarray, samples: BitArray, flips: np.ndarray
) -> np.ndarray:
    """The mean of each term over all shots of the bases in which it was measured."""
    # BitArray keeps the highest bit first.
    bits = np.unpackbits(samples.array, axis=-1)[..., ::-1][..., : samples.num_bits]
    bits = bits.reshape(*flips.shape[:2], samples.num_shots, -1) ^ flips[:, :, None, :]
    first, last = np.array([(qubits[0], qubits[-1]) for qubits, _ in terms]).T
    a, b = np.array([(paulis[0], paulis[-1]) for _, paulis in terms]).T
    totals, counts = np.zeros(len(terms)), np.zeros(len(terms))
    for basis, outcomes in zip(bases, bits, strict=True):
        signs = 1 - 2 * outcomes.reshape(-1, outcomes.shape[-1]).astype(np.float32)
        pairs = signs.T @ signs / len(signs)
        values = np.where(first == last, signs.mean(axis=0)[first], pairs[first, last])
        seen = (basis[first] == a) & (basis[last] == b)
        totals += np.where(seen, values, 0)
        counts += seen
    return totals / counts


def _decays(depths: np.ndarray, values: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Fits ``value = A * exp(-decay * depth)`` to each term by weighted least squares.

    Args:
        depths: float ``(depths,)``.
        values: float ``(terms, depths)``.
        shots: int ``(depths,)``.

    Returns:
        float ``(terms,)``, not negative.
    """
    weights = shots / np.clip(1 - values**2, 1e-3, 1)
    # Start from a line through the logarithms of the values that are well above zero.
    clear = np.where(values > 0.1, weights * values**2, 1e-9 * weights)
    logs = np.log(np.clip(values, 1e-3, None))
    total = clear.sum(axis=1, keepdims=True)
    depth = depths - (clear * depths).sum(axis=1, keepdims=True) / total
    slope = (clear * depth * logs).sum(axis=1) / (clear * depth**2).sum(axis=1)
    decay = np.clip(-slope, 0, _FASTEST)
    scale = np.ones_like(decay)
    for _ in range(_FITTING_STEPS):
        shape = np.exp(-decay[:, None] * depths)
        scale = (weights * shape * values).sum(axis=1) / (weights * shape**2).sum(axis=1)
        # One step of Gauss and Newton for the decay, with the best scale for each.
        tangent = -scale[:, None] * depths * shape
        tangent -= (
            shape
            * (
                ((weights * shape * tangent).sum(axis=1) / (weights * shape**2).sum(axis=1))[
                    :, None
                ]
            )
        )
        misfit = values - scale[:, None] * shape
        step = (weights * tangent * misfit).sum(axis=1) / (
            (weights * tangent**2).sum(axis=1) + 1e-12
        )
        decay = np.clip(decay + np.clip(step, -0.5, 0.5), 0, _FASTEST)
    return decay


def _bits(terms: Sequence[Term], num_qubits: int) -> np.ndarray:
    """Returns uint8 ``(terms, 2, qubits)``: the x and z bits of each Pauli."""
    bits = np.zeros((len(terms), 2, num_qubits), dtype=np.uint8)
    for index, (qubits, paulis) in enumerate(terms):
        for qubit, letter in zip(qubits, paulis, strict=True):
            bits[index, :, qubit] = letter != 2, letter != 0
    return bits


def _shared(decays: np.ndarray, bits: np.ndarray, images: np.ndarray) -> np.ndarray:
    """The mean decay of each term and its image, which decay together, if both were measured."""
    number = {term.tobytes(): index for index, term in enumerate(bits)}
    partner = [number.get(image.tobytes(), index) for index, image in enumerate(images)]
    return (decays + decays[partner]) / 2


def _anticommutators(bits: np.ndarray) -> np.ndarray:
    """Returns float32 ``(terms, terms)``: 1 where two Paulis anticommute, else 0."""
    x, z = bits.astype(np.float32).swapaxes(0, 1)
    return (x @ z.T + z @ x.T) % 2


def _not_negative(matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The x >= 0 for which ``matrix @ x`` is nearest to the values.

    Each term anticommutes with few others, of its own neighbourhood: with a sparse matrix this is
    ten times as fast as ``scipy.optimize.nnls`` on 127 qubits.
    """
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    sparse = csr_matrix(matrix, dtype=float)
    scale = max(float(np.abs(values).max()), 1e-12)

    def misfit(x: np.ndarray) -> tuple[float, np.ndarray]:
        rest = sparse @ x - values / scale
        return float(rest @ rest) / 2, sparse.T @ rest

    found = minimize(
        misfit,
        np.zeros(len(values)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(values),
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-7},
    )
    return found.x * scale
