"""What a result says of its mitigation, as the service does.

Source: ``ibm_quantum_schemas.estimator.version_0_1``, the models named ``...metadata``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qiskit_rest_primitives.mitigation.base.layers import LayerNoise
from qiskit_rest_primitives.mitigation.base.options import Decoupling, Mitigation, Zne
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import write_layer_noise


def sampler_pub(
    options: Mitigation, randomizations: int, circuit: Mapping[str, Any]
) -> dict[str, Any]:
    """Metadata of a sampler PUB."""
    metadata: dict[str, Any] = {"circuit_metadata": dict(circuit)}
    if options.twirling.gates or options.twirling.measure:
        metadata["num_randomizations"] = randomizations
    return metadata


def estimator_pub(
    options: Mitigation,
    *,
    shots: int,
    randomizations: int,
    precision: float,
    circuit: Mapping[str, Any],
    extrapolators: np.ndarray | None,
    resilience: Mapping[str, Any],
    unreadable: Sequence[int],
) -> dict[str, Any]:
    """Metadata of an estimator PUB.

    Args:
        options: of the job.
        shots: of each point, basis and noise factor, all random circuits together.
        randomizations: random circuits.
        precision: that was asked for.
        circuit: the metadata of the circuit.
        extrapolators: names of the fits that were used, of the PUB's shape; None without ZNE.
        resilience: what is known of the noise of layers and of PEC.
        unreadable: qubits whose observables are NaN.
    """
    resilience = dict(resilience)
    if options.zne is not None and extrapolators is not None:
        resilience["zne"] = {
            "extrapolator": extrapolators.tolist(),
            "noise_factors": list(options.zne.noise_factors),
            "extrapolators": list(options.zne.extrapolators),
            "extrapolated_noise_factors": list(options.zne.extrapolated_noise_factors),
        }
    metadata: dict[str, Any] = {
        "shots": shots,
        "target_precision": precision,
        "circuit_metadata": dict(circuit),
        "resilience": resilience,
        "num_randomizations": randomizations,
    }
    if unreadable:
        metadata["unreadable_qubits"] = list(unreadable)
    return metadata


def sampler_result(options: Mitigation) -> dict[str, Any]:
    """Metadata of a sampler's result, without its execution spans."""
    return {"version": 2, **_common(options)}


def estimator_result(options: Mitigation, noise: Sequence[LayerNoise] = ()) -> dict[str, Any]:
    """Metadata of an estimator's result.

    Args:
        options: of the job.
        noise: of layers, as it was learned or given.
    """
    resilience: dict[str, Any] = {
        "measure_mitigation": options.measure_noise_learning is not None,
        "zne_mitigation": options.zne is not None,
        "pec_mitigation": options.pec is not None,
    }
    if options.zne is not None:
        resilience["zne"] = _zne(options.zne)
    if noise:
        resilience["layer_noise_model"] = write_layer_noise(noise)
    metadata = {"version": 2, **_common(options), "resilience": resilience}
    if options.overridden:
        metadata["overridden"] = list(options.overridden)
    return metadata


def _zne(zne: Zne) -> dict[str, Any]:
    return {
        "noise_factors": list(zne.noise_factors),
        "extrapolator": list(zne.extrapolators),
        "extrapolated_noise_factors": list(zne.extrapolated_noise_factors),
    }


def _common(options: Mitigation) -> dict[str, Any]:
    twirling = options.twirling
    decoupling = options.decoupling or Decoupling()
    return {
        "twirling": {
            "enable_gates": twirling.gates,
            "enable_measure": twirling.measure,
            "num_randomizations": twirling.randomizations.number or "auto",
            "shots_per_randomization": twirling.randomizations.shots_each or "auto",
            "strategy": twirling.strategy,
        },
        "dynamical_decoupling": {
            "enable": options.decoupling is not None,
            "sequence_type": decoupling.sequence_type,
            "extra_slack_distribution": decoupling.extra_slack_distribution,
            "scheduling_method": decoupling.scheduling_method,
        },
    }
