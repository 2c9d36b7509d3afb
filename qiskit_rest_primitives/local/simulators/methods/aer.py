"""Points of a PUB on Qiskit Aer, with random numbers that depend on the point's index only.

Aer gives circuit number i of a run the seed ``s + 2113 * i``; a task that starts at point k of its
PUB runs with ``s + 2113 * k`` and so gets what one run of all points would have given it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qiskit_rest_primitives.local.simulators.devices.device_part import has_open_delay
from qiskit_rest_primitives.local.simulators.methods.pauli_bases import (
    estimate_from_bits,
    registers_from_bits,
)
from qiskit_rest_primitives.local.simulators.noise.device_noise_in_aer import DeviceNoise
from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import GivenNoise
from qiskit_rest_primitives.mitigation.base.bases import Bases

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points

GPU_VARIABLE: Final = "QISKIT_REST_GPU"
"""Set in the environment of workers that are to simulate on their GPU."""
_ON_GPU: Final = frozenset({"statevector", "density_matrix", "tensor_network"})


def check_gpu() -> None:
    """Raises ValueError if Aer can't use a GPU on this machine, ImportError without Aer."""
    from qiskit_aer import AerSimulator

    devices = AerSimulator().available_devices() or ()
    if "GPU" not in devices:
        raise ValueError(
            f"Aer can use no GPU here, only {', '.join(devices)}: pip install qiskit-aer-gpu in "
            "place of qiskit-aer, on a machine with CUDA"
        )


@dataclass(frozen=True)
class AerSimulation:
    """Runs circuits on one Aer method.

    Attributes:
        method: as AerSimulator knows it.
        noise: the noise of the circuit, or None.
        bases: how to measure the observables; None to compute exact expectation values.
    """

    method: str
    noise: DeviceNoise | GivenNoise | None = None
    bases: Bases | None = None

    @property
    def holds_lock(self) -> bool:
        """Aer does not release it: measured with 0.17 and 0.18."""
        return True

    def sample(self, points: Points, shots: int) -> dict[str, np.ndarray]:
        """Samples a circuit at each row; see `Simulator`."""
        points.check()
        circuits, binds = self._bound(points.circuit, points.rows)
        bits = self._run_bits(circuits, binds, shots, points.seeds.for_circuit(points.start))
        return registers_from_bits(points.circuit, bits)

    def estimate(self, points: Points, wanted: ExpectationsWanted) -> dict[str, np.ndarray]:
        """Estimates each pair, exactly or by measuring; see `Simulator`."""
        points.check()
        if self.bases is None:
            return {"evs": self._exact(points, wanted)}
        return estimate_from_bits(self.run_measured, self.bases, points, wanted)

    def run_measured(self, circuits: list[QuantumCircuit], shots: int, seed: int) -> np.ndarray:
        """Runs bound circuits: uint8 bits ``(circuits, shots, clbits)``."""
        return self._run_bits([self._ready(circuit) for circuit in circuits], None, shots, seed)

    def _exact(self, points: Points, wanted: ExpectationsWanted) -> np.ndarray:
        from qiskit.quantum_info import Pauli
        from qiskit_aer.library import SaveExpectationValue

        observables, pairs = wanted.observables, wanted.pairs
        paulis = sorted({pauli for index in np.unique(pairs[:, 1]) for pauli in observables[index]})
        saving = points.circuit.copy()
        for number, pauli in enumerate(paulis):
            save = SaveExpectationValue(Pauli(pauli), label=str(number))
            saving.append(save, saving.qubits)
        circuits, binds = self._bound(saving, points.rows)
        result = self._run(circuits, parameter_binds=binds, shots=1)
        label = {pauli: str(number) for number, pauli in enumerate(paulis)}
        return np.array(
            [
                sum(
                    coefficient * float(np.real(result.data(int(row))[label[pauli]]))
                    for pauli, coefficient in observables[index].items()
                )
                for row, index in pairs
            ]
        )

    def _bound(
        self, circuit: QuantumCircuit, rows: np.ndarray
    ) -> tuple[list[QuantumCircuit], list[dict[Any, Any]] | None]:
        """The circuit with values for Aer to bind, or bound here where Aer can't."""
        if not rows.shape[1]:
            return [self._ready(circuit)] * len(rows), None
        if self.method == "stabilizer" or has_open_delay(circuit.data):
            return [self._ready(circuit.assign_parameters(values)) for values in rows], None
        # Aer crashes on empty arrays of values: a task always has a row.
        columns = dict(zip(circuit.parameters, rows.T.tolist(), strict=True))
        return [self._ready(circuit)], [columns]

    def _ready(self, circuit: QuantumCircuit) -> QuantumCircuit:
        if self.noise is not None:
            circuit = self.noise.ready(circuit)
        if self.method != "stabilizer":
            return circuit
        from qiskit_rest_primitives.local.simulators.base.clifford import as_clifford

        return as_clifford(circuit)

    def _run_bits(
        self,
        circuits: list[QuantumCircuit],
        binds: list[dict[Any, Any]] | None,
        shots: int,
        seed: int,
    ) -> np.ndarray:
        # Aer leaves out what can't change a measured bit, and with it the targets of jumps.
        whole = any(i.is_control_flow() for circuit in circuits for i in circuit.data)
        result = self._run(
            circuits,
            parameter_binds=binds,
            shots=shots,
            memory=True,
            seed_simulator=seed,
            enable_truncation=not whole,
        )
        num_clbits = circuits[0].num_clbits
        width = max(1, -(-num_clbits // 8))
        data = bytearray()
        for experiment in result.results:
            # Without a measurement Aer reports no memory.
            memory = getattr(experiment.data, "memory", None) or ["0x0"] * shots
            for sample in memory:
                data += int(sample, 16).to_bytes(width, "little")
        packed = np.frombuffer(data, dtype=np.uint8).reshape(len(result.results), shots, width)
        return np.unpackbits(packed, axis=-1, bitorder="little")[..., :num_clbits]

    def _run(self, circuits: list[QuantumCircuit], **options: Any) -> Any:
        if self.noise is not None:
            options["noise_model"] = self.noise.model(circuits)
        result = _simulator(self.method, self.noise is not None).run(circuits, **options).result()
        _check_success(result)
        return result


def density_matrix(circuit: QuantumCircuit, noise: DeviceNoise) -> np.ndarray:
    """The state after a circuit that `noise.ready` gave: complex ``(2**qubits, 2**qubits)``."""
    # Circuits have save_density_matrix() only after an import of Aer, which a worker may lack.
    from qiskit_aer.library import SaveDensityMatrix

    saving = circuit.copy()
    saving.append(SaveDensityMatrix(saving.num_qubits), saving.qubits)
    model = noise.model([circuit])
    result = _simulator("density_matrix", True).run(saving, noise_model=model, shots=1).result()
    _check_success(result)
    return np.asarray(result.data(0)["density_matrix"])


def _check_success(result: Any) -> None:
    if not result.success:
        messages = {str(experiment.status) for experiment in result.results}
        raise RuntimeError(f"Aer: {result.status}; " + "; ".join(sorted(messages)))


@lru_cache(maxsize=16)
def _simulator(method: str, noisy: bool) -> Any:
    from qiskit_aer import AerSimulator

    # One thread: with more, the shots' random numbers depend on the number of cores. With noise
    # each shot is a separate run, for which fusing gates pays off from six qubits on. Aer fuses
    # from 15 qubits on by default; with fusion, 14 qubits are ten times faster.
    options: dict[str, Any] = {"fusion_threshold": 6} if noisy else {}
    if os.environ.get(GPU_VARIABLE) and method in _ON_GPU:
        options["device"] = "GPU"  # an error of Aer where there is none
    return AerSimulator(method=method, max_parallel_threads=1, **options)
