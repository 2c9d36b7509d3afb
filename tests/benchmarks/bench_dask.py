"""A sweep on a Dask cluster against worker processes, and what a task costs beside its work."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import Executor
from contextlib import ExitStack

import numpy as np
from distributed import LocalCluster
from qiskit import qasm3

from qiskit_rest_primitives.local.engine.dask_cluster import DaskCluster
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.workers import worker_processes
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.benchmarks.bare_sweep import sweep_circuit
from tests.benchmarks.bench_engine import run
from tests.benchmarks.figures import report, seconds, size

WORKERS = 2


def main() -> None:
    """Prints one line per figure."""
    with ExitStack() as stack:
        pool = stack.enter_context(worker_processes(WORKERS))
        jobs = stack.enter_context(
            LocalCluster(
                n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
            )
        )
        cluster = stack.enter_context(DaskCluster(jobs.scheduler_address))
        executors = {"pool": pool, "dask": cluster}
        for executor in executors.values():
            # Every process has started before time is measured.
            for nap in [executor.submit(time.sleep, 1) for _ in range(WORKERS)]:
                nap.result()
        sweep(executors)
        overhead(executors)


def sweep(executors: dict[str, Executor]) -> None:
    """A thousand points of twelve qubits on both."""
    values = np.random.default_rng(1).uniform(-3, 3, (size(1000, 20), 12))
    pub = [qasm3.dumps(sweep_circuit()), values.tolist(), 1024]
    taken: dict[str, list[float]] = {name: [] for name in executors}
    for round_number in range(size(2, 1) + 1):
        for name, executor in executors.items():
            engine = Engine(LocalBackends(), executor)
            wall = seconds(lambda engine=engine: run(engine, [pub]))
            engine.close()
            if round_number:  # the first one reads the circuit and imports
                taken[name].append(wall)
    dask, pool = min(taken["dask"]), min(taken["pool"])
    print(f"sweep: Dask {dask:.2f} s, two processes {pool:.2f} s")
    report("Dask against processes, times as long", dask / pool, 1.2)


def overhead(executors: dict[str, Executor]) -> None:
    """A task without work: both sides' time for it while workers are kept busy."""
    for name, executor in executors.items():
        count = size(1000, 20)
        rounds: list[float] = []
        for _ in range(3):
            begun, used = time.perf_counter(), time.process_time()
            for future in [executor.submit(abs, -1) for _ in range(count)]:
                future.result()
            rounds.append((time.process_time() - used) / count)
            wall = (time.perf_counter() - begun) / count
        print(
            f"a task without work, {name}: {1000 * statistics.median(rounds):.2f} ms of this "
            f"process, {1000 * wall:.2f} ms apart"
        )


if __name__ == "__main__":
    main()
