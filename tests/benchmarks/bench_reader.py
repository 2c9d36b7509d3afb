"""Reading OpenQASM 3: speed against Qiskit's importer, and memory against the text."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc

from qiskit import QuantumCircuit, qasm3
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.local.qasm3 import reader
from qiskit_rest_primitives.local.qasm3.reader import read_circuit
from tests.benchmarks.figures import report, size

OPERATIONS = size(35_000, 2_000)


def isa_text(operations: int) -> str:
    """A bound circuit on 115 qubits of a heavy-hex lattice, a seventh of it two-qubit gates."""
    rng = random.Random(1)
    coupling = CouplingMap.from_heavy_hex(7)
    width = coupling.size()
    edges = [tuple(edge) for edge in coupling.get_edges()]
    circuit = QuantumCircuit(width, width)
    while len(circuit.data) < operations - width:
        chance = rng.random()
        if chance < 0.15:
            circuit.cz(*rng.choice(edges))
        elif chance < 0.55:
            circuit.rz(rng.uniform(-3, 3), rng.randrange(width))
        elif chance < 0.9:
            circuit.sx(rng.randrange(width))
        else:
            circuit.x(rng.randrange(width))
    circuit.measure(range(width), range(width))
    return qasm3.dumps(circuit, disable_constants=True)


def seconds(text: str, repeats: int) -> float:
    """The best processor time of reading the text: other processes may be running."""
    best = float("inf")
    for _ in range(repeats):
        reader.forget()
        gc.collect()
        started = time.process_time()
        read_circuit(text)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Prints the figures."""
    text = isa_text(OPERATIONS)
    ours = seconds(text, size(5, 1))
    print(f"reader: {ours * 1e6 / OPERATIONS:.2f} us an operation, {len(text)} characters")
    short = isa_text(OPERATIONS // 10)
    qasm3.loads(short)
    started = time.process_time()
    qasm3.loads(text)
    theirs = time.process_time() - started
    name = f"reader, times faster than qasm3.loads, {OPERATIONS:,} operations"
    report(name, theirs / ours, 50, at_least=True)
    long = seconds(isa_text(3 * OPERATIONS), size(3, 1))
    report("reader, time an operation of a text of three times the length", long / (3 * ours), 1.4)
    reader.forget()
    gc.collect()
    tracemalloc.start()
    read = read_circuit(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    report("reader, peak of Python's memory over the text", peak / len(text), 4)
    started = time.process_time()
    assert read_circuit(text) is read
    again = time.process_time() - started
    report("reader, times faster the second time", ours / again, 50, at_least=True)


if __name__ == "__main__":
    main()
