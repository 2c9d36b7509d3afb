"""Quantum programs: the official sampler and estimator on them, and a sweep of a samplex.

Run with ``python -m tests.benchmarks.bench_executor``. Needs the extras [conformance] and
[executor].
"""

from __future__ import annotations

import json
import statistics
import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

import numpy as np
from qiskit import qasm3
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.request.job_request import decode_params
from tests.benchmarks.figures import report, size

warnings.simplefilter("ignore", DeprecationWarning)


def service_seconds(outcome: Outcome) -> float:
    """From the first line of a job's log to the last: what the service needed for it."""
    times = [datetime.fromisoformat(line.split(" ", 1)[0]) for line in outcome.logs.splitlines()]
    return (times[-1] - times[0]).total_seconds()


class Service:
    """An engine that runs one job after another.

    Args:
        executor: of its tasks; its own when left out.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self.backends = LocalBackends()
        self.engine = Engine(self.backends, executor)
        self._number = 0

    def run(self, program_id: Any, backend: str, params: dict[str, Any]) -> Outcome:
        """Runs a job to its end."""
        ended, outcomes = threading.Event(), list[Outcome]()

        def on_final(_: str, outcome: Outcome) -> None:
            outcomes.append(outcome)
            ended.set()

        self._number += 1
        decoded = decode_params(program_id, json.dumps(params).encode())
        self.engine.submit(
            f"job {self._number}",
            backend,
            lambda *_: decoded,
            program_id=program_id,
            on_running=lambda _: None,
            on_final=on_final,
        )
        ended.wait()
        assert outcomes[0].status == "Completed", outcomes[0].logs
        return outcomes[0]

    def medians(self, jobs: Sequence[tuple[Any, str, dict[str, Any]]], rounds: int) -> list[float]:
        """Median seconds of each job; they take turns, and the first round is for warming up."""
        times: list[list[float]] = [[] for _ in jobs]
        for number in range(rounds + 1):
            for own, job in zip(times, jobs, strict=True):
                seconds = service_seconds(self.run(*job))
                if number:
                    own.append(seconds)
        return [statistics.median(own) for own in times]


def encoded(program: Any, options: Any) -> dict[str, Any]:
    """A quantum program of the official client, as it sends it."""
    from qiskit_ibm_runtime.quantum_program.params_converters import (
        QUANTUM_PROGRAM_PARAMS_CONVERTERS,
    )

    return (
        QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder(program, options).model_dump(mode="json")
    )


def rotated(width: int, layers: int) -> QuantumCircuit:
    """Layers of rotations and CZ gates on neighbours; every qubit is measured."""
    angles = ParameterVector("a", width * layers)
    circuit = QuantumCircuit(width)
    for layer in range(layers):
        for qubit in range(width):
            circuit.rx(angles[layer * width + qubit], qubit)
        for qubit in range(layer % 2, width - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def sampler(service: Service) -> None:
    """Twenty PUBs of the official sampler, against the program of the same name."""
    from qiskit_ibm_runtime.executor_sampler.prepare import prepare
    from qiskit_ibm_runtime.options_models import SamplerOptions

    circuit = rotated(5, 4)
    rng = np.random.default_rng(1)
    pubs = [(circuit, rng.uniform(-3, 3, (10, 20))) for _ in range(size(20, 2))]
    program = encoded(*prepare(pubs, SamplerOptions(), size(1024, 16)))
    text = qasm3.dumps(circuit)
    plain = {
        "pubs": [
            [text, values.tolist(), program["quantum_program"]["shots"]] for _, values in pubs
        ],
        "support_qiskit": True,
    }
    jobs = [("executor", "aer", program), ("sampler", "aer", plain)]
    executor_seconds, sampler_seconds = service.medians(jobs, size(15, 1))
    print(f"20 PUBs: executor {executor_seconds:.3f} s, sampler {sampler_seconds:.3f} s")
    report("official sampler / program sampler", executor_seconds / sampler_seconds, 1.2)


def sweep() -> None:
    """A samplex of 50 qubits, 100 randomizations of 10 points: against Aer with bound circuits.

    Both simulate matrix product states, since the template's gates are no Clifford gates to Aer,
    and both have one processor.
    """
    from qiskit_aer import AerSimulator
    from qiskit_ibm_runtime import QuantumProgram
    from qiskit_ibm_runtime.options_models import ExecutorOptions
    from samplomatic import build
    from samplomatic.transpiler import generate_boxing_pass_manager

    width, points, randomizations = size(50, 4), size(10, 2), size(100, 2)
    shots, backend = size(16, 4), "aer_matrix_product_state"
    boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
    template, samplex = build(boxes.run(rotated(width, 2)))
    values = np.random.default_rng(2).uniform(-3, 3, (points, 2 * width))

    def program(of: int) -> dict[str, Any]:
        made = QuantumProgram(shots=shots)
        arguments = {"parameter_values": values}
        made.append_samplex_item(
            template, samplex=samplex, samplex_arguments=arguments, shape=(of, points)
        )
        return encoded(made, ExecutorOptions())

    with worker_processes(1) as executor:
        service = Service(executor)
        service.run("executor", backend, program(1))  # everything is imported
        ours = service_seconds(service.run("executor", backend, program(randomizations)))
        service.engine.close()
    found = [
        samplex.sample(
            samplex.inputs().bind(parameter_values=row), num_randomizations=randomizations
        )
        for row in values
    ]
    rows = np.concatenate([each["parameter_values"] for each in found])
    circuits = [template.assign_parameters(row) for row in rows]
    simulator = AerSimulator(method="matrix_product_state", max_parallel_threads=1)
    simulator.run(circuits[:1], shots=1).result()
    begun = time.perf_counter()
    simulator.run(circuits, shots=shots, memory=True).result()
    theirs = time.perf_counter() - begun
    print(f"{len(circuits)} circuits of {width} qubits: {ours:.1f} s, bare Aer {theirs:.1f} s")
    report("sweep of a samplex / bare Aer given its circuits", ours / theirs, 1.5)


def estimator(service: Service) -> None:
    """The official estimator at each level on 127 qubits, all of which it measures."""
    from qiskit_ibm_runtime.executor_estimator.prepare import prepare
    from qiskit_ibm_runtime.options_models import EstimatorOptions

    name = size("fake_127q", "fake_5q")
    target = service.backends.device(name).target
    circuit = generate_preset_pass_manager(1, target=target, seed_transpiler=1).run(
        rotated(4, 2).remove_final_measurements(inplace=False)
    )
    observable = SparsePauliOp("ZZZZ").apply_layout(circuit.layout)
    pub = (circuit, observable, np.full(8, 0.4))
    jobs: list[tuple[Any, str, dict[str, Any]]] = []
    for level in (0, 1, 2):
        options = EstimatorOptions()
        options.resilience_level = level
        jobs.append(("executor", name, encoded(*prepare([pub], options, size(1 / 64, 0.25)))))
    seconds = service.medians(jobs, size(3, 1))
    print(f"{name}, levels 0 to 2: " + ", ".join(f"{each:.2f} s" for each in seconds))
    report("official estimator on 127 qubits, level 2 / level 0", seconds[2] / seconds[0], 10)


def main() -> None:
    """Prints one line per figure."""
    service = Service()
    sampler(service)
    estimator(service)
    service.engine.close()
    sweep()


if __name__ == "__main__":
    main()
