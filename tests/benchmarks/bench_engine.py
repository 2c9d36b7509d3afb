"""The engine's overhead for a small job, and a second process's speed-up of a large sweep."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ParameterVector
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.local.engine.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.request.job_request import decode_params
from tests.benchmarks.figures import report, size


def main() -> None:
    """Prints one line per figure."""
    small_job()
    sweep()


def run(engine: Engine, pubs: list[Any]) -> Outcome:
    """Runs a sampler job on `statevector`."""
    ended = threading.Event()
    outcomes: list[Outcome] = []

    def on_final(job_id: str, outcome: Outcome) -> None:
        outcomes.append(outcome)
        ended.set()

    params = decode_params("sampler", json.dumps({"pubs": pubs, "support_qiskit": True}).encode())
    engine.submit(
        "job",
        "statevector",
        lambda *_: params,
        program_id="sampler",
        time_limit_seconds=None,
        on_running=lambda job_id: None,
        on_final=on_final,
    )
    ended.wait()
    assert outcomes[0].status == "Completed", outcomes[0].logs
    return outcomes[0]


def seconds(call: Callable[[], Any]) -> float:
    """Time of one call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def small_job() -> None:
    """Two qubits and one shot: the engine against the reference primitive."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    text = qasm3.dumps(circuit)
    reference = StatevectorSampler()
    engine = Engine(LocalBackends())
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(size(120, 25)):
        times = (
            seconds(lambda: run(engine, [[text, [], 1]])),
            seconds(lambda: reference.run([circuit], shots=1).result()),
        )
        if number >= 20:
            ours.append(times[0])
            theirs.append(times[1])
    engine.close()
    extra = 1000 * (statistics.median(ours) - statistics.median(theirs))
    report("small job, more than the reference, median", extra, 5, unit=" ms")


def sweep() -> None:
    """A thousand points of twelve qubits: two processes against one."""
    angles = ParameterVector("angles", 12)
    circuit = QuantumCircuit(12)
    for _ in range(3):
        for qubit, angle in enumerate(angles):
            circuit.ry(angle, qubit)
        for qubit in range(11):
            circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    values = np.random.default_rng(1).uniform(-3, 3, (size(1000, 20), 12)).tolist()
    text = qasm3.dumps(circuit)
    taken: dict[int, float] = {}
    # In turns, best of two, because other programs may be running.
    for count in size((1, 2, 1, 2), (1, 2)):
        with worker_processes(count) as executor:
            engine = Engine(LocalBackends(), executor)
            # Every process has started and has read the circuit before time is measured.
            for nap in [executor.submit(time.sleep, 1) for _ in range(count)]:
                nap.result()
            run(engine, [[text, values[:100], 16]])
            wall = seconds(lambda engine=engine: run(engine, [[text, values, 1024]]))
            taken[count] = min(wall, taken.get(count, wall))
            engine.close()
    gain = taken[1] / taken[2]
    print(f"{len(values):,} points of 12 qubits: {taken[1]:.2f} s, on two processes {taken[2]:.2f}")
    report("two processes against one, times faster", gain, 1.6, at_least=True)


if __name__ == "__main__":
    main()
