"""Reading OpenQASM 3: speed against Qiskit's importer, and memory against the text."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc

from qiskit import QuantumCircuit, qasm3
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives.local import reader
from qiskit_rest_primitives.local.reader import read_circuit


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
    """The best time of reading the text anew, of the processor: others may be at work too."""
    best = float("inf")
    for _ in range(repeats):
        reader.forget()
        gc.collect()
        started = time.process_time()
        read_circuit(text)
        best = min(best, time.process_time() - started)
    return best


def report(name: str, measured: float, target: float, *, at_least: bool) -> None:
    """One line a figure."""
    ok = measured >= target if at_least else measured <= target
    sign = ">=" if at_least else "<="
    print(f"{name}: {measured:.3g} (target {sign} {target:g}) {'ok' if ok else 'MISSED'}")


def main() -> None:
    """Prints the figures."""
    text = isa_text(35_000)
    ours = seconds(text, 5)
    print(f"reader: {ours * 1e6 / 35_000:.2f} us an operation, {len(text)} characters")
    short = isa_text(3_500)
    qasm3.loads(short)
    started = time.process_time()
    qasm3.loads(text)
    theirs = time.process_time() - started
    report(
        "reader, times faster than qasm3.loads, 35k operations", theirs / ours, 50, at_least=True
    )
    long = seconds(isa_text(105_000), 3)
    report(
        "reader, 105k operations against three times 35k", long / (3 * ours), 1.4, at_least=False
    )
    reader.forget()
    gc.collect()
    tracemalloc.start()
    read = read_circuit(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    report("reader, peak of Python's memory over the text", peak / len(text), 4, at_least=False)
    started = time.process_time()
    assert read_circuit(text) is read
    again = time.process_time() - started
    report("reader, times faster the second time", ours / again, 50, at_least=True)


if __name__ == "__main__":
    main()
