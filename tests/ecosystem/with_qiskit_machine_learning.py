"""qiskit-machine-learning: a quantum kernel and a classifier, as with Qiskit's own primitives."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.circuit.library import real_amplitudes, zz_feature_map
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit_machine_learning.algorithms.classifiers import NeuralNetworkClassifier
from qiskit_machine_learning.kernels import FidelityQuantumKernel
from qiskit_machine_learning.neural_networks import EstimatorQNN
from qiskit_machine_learning.optimizers import COBYLA
from qiskit_machine_learning.state_fidelities import ComputeUncompute
from sklearn.svm import SVC

from qiskit_rest_primitives import EstimatorV2, SamplerV2
from tests.ecosystem.local_backend import local_backend

RANDOM = np.random.default_rng(5)
POINTS = RANDOM.uniform(-1, 1, (16, 2))
LABELS = np.where(POINTS.sum(axis=1) > 0, 1, -1)


def kernel(sampler: Any) -> np.ndarray:
    """The kernel matrix of the points."""
    fidelity = ComputeUncompute(sampler)
    made = FidelityQuantumKernel(feature_map=zz_feature_map(2), fidelity=fidelity)
    return made.evaluate(POINTS)


def score(estimator: Any) -> float:
    """How many points a trained network classifies right."""
    features, ansatz = zz_feature_map(2, reps=1), real_amplitudes(2, reps=1)
    network = EstimatorQNN(
        circuit=features.compose(ansatz),
        input_params=list(features.parameters),
        weight_params=list(ansatz.parameters),
        estimator=estimator,
    )
    start = [0.1, 0.2, 0.3, 0.4]
    classifier = NeuralNetworkClassifier(network, optimizer=COBYLA(30), initial_point=start)
    return float(classifier.fit(POINTS, LABELS).score(POINTS, LABELS))


def main() -> None:
    """Kernels agree within sampling errors and separate the points; so does a trained network."""
    backend = local_backend("statevector")
    ours = kernel(SamplerV2(backend))
    theirs = kernel(StatevectorSampler(default_shots=4096, seed=1))
    print("kernels differ by", np.abs(ours - theirs).max())
    assert np.abs(ours - theirs).max() < 0.06
    assert SVC(kernel="precomputed").fit(ours, LABELS).score(ours, LABELS) > 0.8
    scores = score(EstimatorV2(backend)), score(StatevectorEstimator(seed=1))
    print("scores", scores)
    assert abs(scores[0] - scores[1]) < 0.3
    assert min(scores) > 0.6


if __name__ == "__main__":
    main()
