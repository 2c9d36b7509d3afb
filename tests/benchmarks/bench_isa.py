"""The ISA check, relative to encoding the same circuit: it should take no longer.

Run with ``python -m tests.benchmarks.bench_isa``.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from qiskit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import CouplingMap, Target

from qiskit_rest_primitives.circuits import encode_circuit
from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.wire.target.target import decode_target, encode_target
from tests.benchmarks.figures import report, size

TARGET_RATIO = 1.0


def device(fractional: bool) -> Target:
    """A line of 127 qubits as the service describes it; fractional: with bounds on rzz."""
    gates = ["ecr", "rz", "sx", "x", *(["rzz"] if fractional else [])]
    edges = CouplingMap.from_line(127).get_edges()
    target = GenericBackendV2(127, gates, coupling_map=edges, noise_info=False).target
    return decode_target(*encode_target(target, name="line"), use_fractional_gates=True)


def circuit(two_qubit_gates: int, *, name: str = "ecr") -> QuantumCircuit:
    """Five operations a two-qubit gate, 127 qubits, random places and angles."""
    rng = random.Random(7)
    made = QuantumCircuit(127, 127)
    for _ in range(two_qubit_gates):
        qubit = rng.randrange(126)
        made.rz(rng.random(), qubit)
        made.sx(qubit)
        made.rz(rng.random(), qubit + 1)
        made.x(qubit + 1)
        if name == "rzz":
            made.rzz(rng.random(), qubit, qubit + 1)
        else:
            made.ecr(qubit, qubit + 1)
    made.measure(range(127), range(127))
    return made


def median_seconds(call: Callable[[], object], repeats: int = size(7, 1)) -> float:
    """Median over a few runs."""
    seconds: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Prints one line a figure: name, measured ratio, target, ok or MISSED."""
    for label, made, target in (
        ("isa-check/encode 25k ops", circuit(size(5000, 200)), device(False)),
        ("isa-check/encode 25k ops, rzz", circuit(size(5000, 200), name="rzz"), device(True)),
        ("isa-check/encode 250 ops", circuit(50), device(False)),
    ):
        encoding = median_seconds(lambda made=made: encode_circuit(made))
        checking = median_seconds(
            lambda made=made, target=target: check_isa(made, target, pub_index=0)
        )
        report(label, checking / encoding, TARGET_RATIO)


if __name__ == "__main__":
    main()
