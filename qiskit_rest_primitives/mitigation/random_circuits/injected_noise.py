"""Noise that is injected on purpose: with negative rates for PEC, with positive ones for PEA.

In: a boxed circuit and what is known of the noise of its layers. Out: random circuits. No I/O.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.mitigation.base.layers import Gates, Layer, LayerNoise
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.random_circuits.boxing import Boxed
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered
from qiskit_rest_primitives.mitigation.random_circuits.pec import PecPlan

if TYPE_CHECKING:
    from qiskit.quantum_info import PauliLindbladMap

BOXING = {"inject_noise_targets": "gates", "inject_noise_strategy": "uniform_modification"}
"""What a circuit is to be boxed with."""


@dataclass(frozen=True)
class Injected:
    """The random circuits of a PUB.

    Attributes:
        lowered: one for each noise factor; one for PEC.
        randomizations: rows of each circuit.
        metadata: ``resilience`` of the PUB.
    """

    lowered: list[Lowered]
    randomizations: int
    metadata: dict[str, Any]

    @classmethod
    def of(
        cls,
        boxed: Boxed,
        noise: CircuitNoise,
        values: np.ndarray,
        letters: np.ndarray,
        randomizations: int,
        options: Mitigation,
        pub_index: int,
        rng: np.random.Generator,
    ) -> Injected:
        """Draws them.

        Args:
            boxed: with `BOXING`.
            noise: of its layers.
            values: as in `Boxed.sampled`.
            letters: as in `Boxed.sampled`.
            randomizations: of each circuit, to be raised for PEC.
            options: of the job.
            pub_index: for messages.
            rng: the same draws give the same rows.

        Raises:
            OptionsError: PEC needs more circuits than are allowed.
        """
        metadata: dict[str, Any] = {"layer_noise": noise.metadata()}
        if options.pec is not None:
            plan = PecPlan.of(noise.log_gamma, options.pec, randomizations, pub_index)
            inputs = noise.inputs(plan.noise_scale)
            lowered = boxed.sampled(values, letters, plan.randomizations, rng, inputs)
            metadata["pec"] = plan.metadata()
            return cls([replace(lowered, scale=plan.gamma)], plan.randomizations, metadata)
        assert options.zne is not None
        # The circuit's own noise is that of factor 1.
        lowered = [
            boxed.sampled(values, letters, randomizations, rng, noise.inputs(factor - 1))
            for factor in options.zne.noise_factors
        ]
        return cls(lowered, randomizations, metadata)


@dataclass(frozen=True)
class CircuitNoise:
    """The noise of a circuit's layers.

    Attributes:
        refs: for each box with gates its reference in the samplex, in the order of the circuit.
        layers: by reference.
        noise: by reference; the identity where it is not known.
        unknown: references of layers of which nothing is known; they count as free of noise.
    """

    refs: list[str]
    layers: dict[str, Layer]
    noise: dict[str, PauliLindbladMap]
    unknown: list[str]

    @classmethod
    def of(
        cls, layers: Sequence[tuple[str, Layer]], known: Mapping[Gates, LayerNoise]
    ) -> CircuitNoise:
        """Looks up the noise of the layers of `noisy_layers`."""
        from qiskit.quantum_info import PauliLindbladMap

        distinct = dict(layers)
        noise = {
            ref: known[layer.gates].on(layer.qubits)
            if layer.gates in known
            else PauliLindbladMap.identity(len(layer.qubits))
            for ref, layer in distinct.items()
        }
        unknown = [ref for ref, layer in distinct.items() if layer.gates not in known]
        return cls([ref for ref, _ in layers], distinct, noise, unknown)

    @property
    def log_gamma(self) -> float:
        """The logarithm of gamma, by which values are multiplied if all noise is cancelled."""
        each = {ref: math.log(model.inverse().gamma()) for ref, model in self.noise.items()}
        return sum(each[ref] for ref in self.refs)

    def inputs(self, scale: float) -> dict[str, Any]:
        """What the samplex needs to inject the noise.

        Args:
            scale: factor of all rates: -1 cancels the noise, 1 doubles it.
        """
        given: dict[str, Any] = {}
        for ref, model in self.noise.items():
            given[f"pauli_lindblad_maps.{ref}"] = model
            given[f"noise_scales.{ref}"] = scale
        return given

    def metadata(self) -> dict[str, Any]:
        """``resilience.layer_noise`` of the PUB; overheads are gamma squared."""
        mitigated = [ref for ref in self.layers if ref not in self.unknown]
        found: dict[str, Any] = {
            "noise_overhead": _squared(self.log_gamma),
            "total_mitigated_layers": sum(ref not in self.unknown for ref in self.refs),
            "unique_mitigated_layers": len(mitigated),
            "unique_mitigated_layers_noise_overhead": [
                _squared(math.log(self.noise[ref].inverse().gamma())) for ref in mitigated
            ],
        }
        if self.unknown:
            found["layers_taken_as_noise_free"] = [
                ", ".join(f"{name}{pair}" for name, pair in sorted(self.layers[ref].gates))
                for ref in self.unknown
            ]
        return found


def _squared(log_gamma: float) -> float | str:
    # The word is the service's own: ibm-quantum-schemas, LayerNoiseMetadataModel.
    return math.exp(2 * log_gamma) if log_gamma < 300 else "infinity"
