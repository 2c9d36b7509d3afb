"""The engine's overhead for a small job, and its speed-up of a large sweep."""

from __future__ import annotations

import json
import statistics
import threading
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.request.job_request import decode_params
from tests.benchmarks.bare_sweep import bare_seconds, sweep_circuit
from tests.benchmarks.figures import report, seconds, size


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
    """A thousand points of twelve qubits: the engine's default against one bare process."""
    text = qasm3.dumps(sweep_circuit())
    values = np.random.default_rng(1).uniform(-3, 3, (size(1000, 20), 12))
    pub = [text, values.tolist(), 1024]
    bare: list[float] = []
    ours: list[float] = []
    engine = Engine(LocalBackends())
    # The bare process is started as ours are, so a busy machine treats them alike.
    with worker_processes(1) as process:
        # Every process has started before time is measured.
        process.submit(bare_seconds, values[:2]).result()
        run(engine, [[text, values.tolist(), 1]])
        for _ in range(size(2, 1)):  # in turns, and the best of each: others may be busy
            bare.append(process.submit(bare_seconds, values).result())
            ours.append(seconds(lambda: run(engine, [pub])))
    engine.close()
    print(f"{len(values):,} points of 12 qubits: bare {min(bare):.2f} s, default {min(ours):.2f} s")
    gain = min(bare) / min(ours)
    report("sweep, the default against one bare process, times faster", gain, 1.8, at_least=True)


if __name__ == "__main__":
    main()
