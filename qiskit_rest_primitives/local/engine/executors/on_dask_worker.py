"""What a worker of Dask runs: a call in a process beside it, which can be killed.

In the worker itself, a simulation and Dask's own threads take Python's lock from each other, which
makes both slow. It would also run on after its job was cancelled, and take the worker with it when
it crashes.
"""

from __future__ import annotations

import pickle
from concurrent.futures import TimeoutError as NotYet
from functools import lru_cache
from typing import Any, Final

from qiskit_rest_primitives.local.engine.base.worker_processes import WorkerProcesses
from qiskit_rest_primitives.local.engine.executors.shared_circuits import read, with_circuit
from qiskit_rest_primitives.local.outcome import StoppedError

LOOK_SECONDS: Final = 0.2
"""Between two looks whether a call is still wanted."""


def run_in_process(call: bytes, key: str, circuit: bytes) -> bytes:
    """Runs a call of `run_pickled`, and kills its process when Dask no longer wants it.

    Args:
        call: function and arguments, pickled.
        key: of the large circuit that the call lacks; "" for none.
        circuit: pickled.

    Raises:
        StoppedError: the call was cancelled.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    task = worker.get_current_task()
    own = processes(worker.state.nthreads)
    future = own.submit(run_pickled, call, key, circuit)
    while True:
        try:
            return future.result(LOOK_SECONDS)
        except NotYet:
            known = worker.state.tasks.get(task)
            if known is None or known.state == "cancelled":
                own.kill(future)
                raise StoppedError from None


def run_pickled(call: bytes, key: str, circuit: bytes) -> bytes:
    """Runs a call in this process; its result is pickled, since Dask only passes it on."""
    function, arguments = pickle.loads(call)
    if key:
        (task,) = arguments
        arguments = (with_circuit(task, read(key, circuit)),)
    return pickle.dumps(function(*arguments), pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=1)
def processes(count: int) -> WorkerProcesses:
    """The processes of this worker: one for each of its threads that has work."""
    return WorkerProcesses(count)
