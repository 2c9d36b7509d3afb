"""Runs Clifford sweeps with stim, with a known noise after each layer and known readout errors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import stim
from qiskit import QuantumCircuit
from qiskit.primitives.containers import BitArray
from qiskit.quantum_info import PauliLindbladMap

from qiskit_rest_primitives.mitigation.base.steps import Run

# Noise by the pairs of qubits of a layer; qubit k of the map is qubit k of the circuit.
Noise = Mapping[frozenset[tuple[int, int]], PauliLindbladMap]
QUARTERS = ("I", "S", "Z", "S_DAG")
NAMES = {
    "sx": "SQRT_X {a}",
    "x": "X {a}",
    "h": "H {a}",
    "s": "S {a}",
    "cz": "CZ {a} {b}",
    "cx": "CX {a} {b}",
    "swap": "SWAP {a} {b}",
    # Qiskit's definition of ecr, whose qubit b is the target.
    "ecr": "S {a}\nSQRT_X {b}\nCX {a} {b}\nX {a}",
}


def run_with_noise(run: Run, noise: Noise, *, readout: float, seed: int) -> dict[str, BitArray]:
    """Samples of a run, by creg.

    Args:
        run: of a circuit whose angles are multiples of π/2; gates between barriers are a layer.
        noise: of layers.
        readout: probability that a measured bit is inverted.
        seed: of the shots.
    """
    steps = list(_steps(run.circuit))
    columns = {parameter: column for column, parameter in enumerate(run.circuit.parameters)}
    bits = np.empty((len(run.values), run.shots, run.circuit.num_clbits), dtype=bool)
    for row, values in enumerate(run.values):
        program: list[str] = []
        layer: list[tuple[int, int]] = []
        measured: list[int] = []
        for name, qubits, clbits, angle in steps:
            if len(qubits) == 2 and name != "barrier":
                layer.append((min(qubits), max(qubits)))
            elif layer:
                program += _noise_lines(noise.get(frozenset(layer)))
                layer = []
            if name == "rz":
                known = isinstance(angle, float)
                radians = angle if known else values[columns[angle]]
                quarter = radians / (np.pi / 2)
                assert abs(quarter - round(quarter)) < 1e-6
                program.append(f"{QUARTERS[round(quarter) % 4]} {qubits[0]}")
            elif name == "measure":
                program.append(f"M({readout}) {qubits[0]}")
                measured.append(clbits[0])
            elif name not in ("barrier", "delay"):
                a, b = (*qubits, None)[:2]
                program.append(NAMES[name].format(a=a, b=b))
        sampler = stim.Circuit("\n".join(program)).compile_sampler(seed=hash((seed, row)) % 2**62)
        bits[row][:, measured] = sampler.sample(run.shots)
    return {
        register.name: BitArray.from_bool_array(
            bits[..., [run.circuit.find_bit(bit).index for bit in register]], order="little"
        )
        for register in run.circuit.cregs
    }


def _steps(circuit: QuantumCircuit):
    for item in circuit.data:
        angle = None
        if item.name == "rz":
            angle = item.operation.params[0]
            angle = angle if hasattr(angle, "parameters") else float(angle)
        yield (
            item.name,
            [circuit.find_bit(qubit).index for qubit in item.qubits],
            [circuit.find_bit(bit).index for bit in item.clbits],
            angle,
        )


def _noise_lines(noise: PauliLindbladMap | None) -> list[str]:
    return [
        f"E({(1 - np.exp(-2 * rate)) / 2}) "
        + " ".join(f"{letter}{qubit}" for letter, qubit in zip(letters, qubits, strict=True))
        for letters, qubits, rate in ([] if noise is None else noise.to_sparse_list())
    ]
