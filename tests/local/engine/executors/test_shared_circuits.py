"""Large circuits apart from their tasks."""

from __future__ import annotations

import gc
import pickle

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives.local.engine.base.tasks import StopFlag, Task, run_task
from qiskit_rest_primitives.local.engine.executors import shared_circuits
from qiskit_rest_primitives.local.engine.executors.on_dask_worker import run_pickled
from qiskit_rest_primitives.local.engine.executors.shared_circuits import SharedCircuits
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import Points, SamplesWanted
from qiskit_rest_primitives.local.simulators.methods.statevector import ReferenceSimulator


def tasks(circuit: QuantumCircuit, count: int = 3) -> list[Task]:
    """Tasks of one point each, of one PUB."""
    stop = StopFlag("/nowhere/stop")
    return [
        Task(
            0,
            start,
            ReferenceSimulator(),
            Points(circuit, np.zeros((1, 0)), start, Seeds(7), stop.check),
            SamplesWanted(50),
        )
        for start in range(count)
    ]


def deep(gates: int) -> QuantumCircuit:
    """Two qubits, as many rotations as given."""
    circuit = QuantumCircuit(2)
    for number in range(gates):
        circuit.rx(0.1, number % 2)
    circuit.measure_all()
    return circuit


def test_a_large_circuit_travels_once_for_all_its_tasks():
    """What is left of each task is small, and gives the same samples."""
    circuits, together = SharedCircuits(), tasks(deep(1200))
    parts = [circuits.apart(task) for task in together]
    assert len({id(shared) for _, shared in parts}) == 1
    for task, (rest, shared) in zip(together, parts, strict=True):
        call = pickle.dumps((run_task, (rest,)))
        assert len(call) < 5_000 < len(shared.data)
        found = pickle.loads(run_pickled(call, shared.key, shared.data))
        assert np.array_equal(found.arrays["meas"], task.run().arrays["meas"])


def test_a_small_circuit_stays_with_its_task():
    """So does everything that is no task."""
    [task] = tasks(deep(2), 1)
    assert SharedCircuits().apart(task) == (task, None)
    assert SharedCircuits().apart("work") == ("work", None)
    found = pickle.loads(run_pickled(pickle.dumps((run_task, (task,))), "", b""))
    assert np.array_equal(found.arrays["meas"], task.run().arrays["meas"])


def test_circuits_that_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    """At the sender with their jobs, at a worker as others come."""
    circuits = SharedCircuits()
    monkeypatch.setattr(shared_circuits, "_read_before", type(shared_circuits._read_before)())
    for _ in range(shared_circuits.KEPT + 2):
        _, shared = circuits.apart(tasks(deep(1000), 1)[0])
        shared_circuits.read(shared.key, shared.data)
        gc.collect()
    assert len(circuits._known) == 1
    assert len(shared_circuits._read_before) == shared_circuits.KEPT
