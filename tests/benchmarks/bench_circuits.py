"""Speed and memory of circuits/, as ratios: ``python -m tests.benchmarks.bench_circuits``.

Each line: what, measured, target, ok or MISSED. Ratios are of best times within one process, the
two sides measured in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.circuits import encode_circuit
from tests.benchmarks.figures import report, size


def bound_isa_circuit(operations: int) -> QuantumCircuit:
    """A circuit of rz, sx and cz on the 115 qubits of a heavy-hex lattice, measured at the end."""
    coupling = CouplingMap.from_heavy_hex(7)
    width = coupling.size()
    edges = sorted({tuple(sorted(edge)) for edge in coupling.get_edges()})
    rng = np.random.default_rng(1)
    circuit = QuantumCircuit(width, width)
    while len(circuit.data) < operations - width:
        for qubit in range(width):
            circuit.rz(rng.uniform(-np.pi, np.pi), qubit)
            circuit.sx(qubit)
            circuit.rz(rng.uniform(-np.pi, np.pi), qubit)
        busy: set[int] = set()
        for index in rng.permutation(len(edges)):
            if busy.isdisjoint(edges[index]):
                busy.update(edges[index])
                circuit.cz(*edges[index])
    circuit.measure(range(width), range(width))
    return circuit


def circuit_of_expressions() -> QuantumCircuit:
    """120 angles that are expressions of 40 parameters."""
    theta = ParameterVector("θ", 40)
    circuit = QuantumCircuit(4)
    for index in range(120):
        angle = 2 * (theta[index % 40] * (index + 1) / 7 + theta[(index + 3) % 40].sin())
        circuit.rx(angle, index % 4)
    return circuit


def best_seconds(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Returns the best time of each call, taken in turn."""
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for index, call in enumerate(calls):
            gc.collect()
            start = time.perf_counter()
            call()
            best[index] = min(best[index], time.perf_counter() - start)
    return best


def peak_bytes(call: Callable[[], object]) -> int:
    """Returns the most memory that a call holds at once, what it returns included."""
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    """Measures everything."""
    isa = bound_isa_circuit(size(35_000, 1_000))
    rounds = size(3, 1)
    mine, dumps = best_seconds(rounds, lambda: encode_circuit(isa), lambda: qasm3.dumps(isa))
    name = f"writer, {len(isa.data)} operations on {isa.num_qubits} qubits"
    report(f"{name}: times faster than qasm3.dumps", dumps / mine, 15, at_least=True)

    try:
        from qiskit_ibm_runtime.json import RuntimeEncoder
    except ImportError:
        print(f"{name}: qiskit-ibm-runtime is not installed, not compared")
    else:
        mine, qpy = best_seconds(
            size(5, 1), lambda: encode_circuit(isa), lambda: json.dumps(isa, cls=RuntimeEncoder)
        )
        report(f"{name}: times RuntimeEncoder", mine / qpy, 1)

    long = bound_isa_circuit(size(100_000, 3_000))
    mine, longer = best_seconds(rounds, lambda: encode_circuit(isa), lambda: encode_circuit(long))
    growth = (longer / len(long.data)) / (mine / len(isa.data))
    report(f"writer, {len(long.data)} operations: time an operation", growth, 1.3)

    for entanglement in ("reverse_linear", "full"):
        ansatz = efficient_su2(20, reps=5, entanglement=entanglement)
        mine, dumps = best_seconds(
            size(9, 1), partial(encode_circuit, ansatz), partial(qasm3.dumps, ansatz)
        )
        name = f"EfficientSU2 ({entanglement}), {ansatz.num_parameters} parameters"
        report(f"{name}: times faster than qasm3.dumps", dumps / mine, 5, at_least=True)

    expressions = circuit_of_expressions()
    values = np.random.default_rng(0).uniform(-3, 3, (size(1000, 20), 40))
    bound = values[: len(values) // 10]
    encoded = encode_circuit(expressions)
    mine, binding = best_seconds(
        rounds,
        lambda: encoded.encode_values(values),
        lambda: [expressions.assign_parameters(row) for row in bound],
    )
    percent = 100 * mine / (10 * binding)
    report(f"120 expressions x {len(values)} bindings: % of the time of binding", percent, 2)

    text = len(encode_circuit(isa).qasm)
    peak = peak_bytes(lambda: encode_circuit(isa)) / text
    report("peak memory of the writer: times the text", peak, 4)


if __name__ == "__main__":
    main()
