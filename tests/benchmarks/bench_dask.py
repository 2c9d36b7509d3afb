"""A sweep on a Dask cluster against worker processes, and what a task costs beside its work."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from contextlib import ExitStack

import numpy as np
from qiskit import qasm3

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.engine.executors.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.benchmarks.bare_sweep import sweep_circuit
from tests.benchmarks.bench_engine import run
from tests.benchmarks.figures import report, seconds, size
from tests.local.engine.dask_processes import DaskProcesses

WORKERS = 2
TASK_SECONDS = 0.25
"""Work of a task of a large job: what the engine aims at."""


def main() -> None:
    """Prints one line per figure."""
    with ExitStack() as stack:
        pool = stack.enter_context(worker_processes(WORKERS))
        dask = stack.enter_context(DaskProcesses(WORKERS))
        cluster = stack.enter_context(DaskCluster(dask.address))
        for executor in (pool, cluster):
            # Every process has started before time is measured.
            for nap in [executor.submit(time.sleep, 1) for _ in range(2 * WORKERS)]:
                nap.result()
        sweep({"pool": pool, "dask": cluster})
        task(cluster, dask)


def sweep(executors: dict[str, Executor]) -> None:
    """A thousand points of twelve qubits on both."""
    values = np.random.default_rng(1).uniform(-3, 3, (size(1000, 20), 12))
    pub = [qasm3.dumps(sweep_circuit()), values.tolist(), 1024]
    taken: dict[str, list[float]] = {name: [] for name in executors}
    for round_number in range(size(2, 1) + 1):  # in turns, and the best of each: others may be busy
        for name, executor in executors.items():
            engine = Engine(LocalBackends(), executor)
            wall = seconds(lambda engine=engine: run(engine, [pub]))
            engine.close()
            if round_number:  # the first one imports
                taken[name].append(wall)
    dask, pool = min(taken["dask"]), min(taken["pool"])
    print(f"{len(values):,} points of 12 qubits: Dask {dask:.2f} s, two processes {pool:.2f} s")
    report("sweep, Dask against two processes, times as long", dask / pool, 1.2)


def task(cluster: DaskCluster, dask: DaskProcesses) -> None:
    """Processor time that a task takes of the service and of the scheduler, beside its work."""
    count = size(1000, 20)
    scheduler, own = dask.scheduler_seconds(), time.process_time()
    for future in [cluster.submit(abs, -1) for _ in range(count)]:
        future.result()
    of_service = (time.process_time() - own) / count
    of_scheduler = (dask.scheduler_seconds() - scheduler) / count
    print(
        f"a task on Dask, without its work: {1000 * of_service:.2f} ms of the service, "
        f"{1000 * of_scheduler:.2f} ms of the scheduler"
    )
    # Service and scheduler have one core each: workers beyond this wait for their next task.
    most = TASK_SECONDS / max(of_service, of_scheduler)
    print(f"tasks of {TASK_SECONDS} s keep {most:.0f} workers busy")


if __name__ == "__main__":
    main()
