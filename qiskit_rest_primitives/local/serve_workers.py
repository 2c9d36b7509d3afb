"""What simulates for `qiskit-rest serve`: --workers, --dask, --slurm and --gpu."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from concurrent.futures import Executor


@contextlib.contextmanager
def chosen_executor(
    workers: int | None, dask: str | None, slurm: str | None = None, folder: str | None = None
) -> Generator[Executor | None]:
    """What simulates: processes of this machine, a cluster, or None for the default."""
    if workers and slurm is None:
        from qiskit_rest_primitives.local.engine.executors.workers import worker_processes

        with worker_processes(workers) as pool:
            yield pool
    elif slurm is not None:
        from qiskit_rest_primitives.local.engine.executors.slurm import slurm_workers

        with slurm_workers(slurm, workers, folder or os.getcwd()) as cluster:
            yield cluster
    elif dask:
        from qiskit_rest_primitives.local.engine.executors.dask_cluster import DaskCluster

        with DaskCluster(dask) as cluster:
            yield cluster
    else:
        yield None


def check_gpu_option(dask: str | None, slurm: str | None) -> None:
    """Raises ValueError or ImportError, with the cure, if ``--gpu`` can't be acted on."""
    from qiskit_rest_primitives.local.simulators.methods.aer import GPU_VARIABLE, check_gpu

    if dask:
        raise ValueError(
            "--gpu is for workers that the service starts: start those of Dask with "
            f"{GPU_VARIABLE}=1 in their environment"
        )
    if slurm is None:
        try:
            check_gpu()
        except ImportError:
            raise ImportError(
                "--gpu needs Aer: pip install 'qiskit-rest-primitives[aer]'"
            ) from None
        except ValueError as error:
            raise ValueError(f"--gpu: {error}") from None


@contextlib.contextmanager
def gpu_for_workers() -> Generator[None]:
    """Workers have the environment of this process; those of Slurm, too."""
    from qiskit_rest_primitives.local.simulators.methods.aer import GPU_VARIABLE

    os.environ[GPU_VARIABLE] = "1"
    try:
        yield
    finally:
        del os.environ[GPU_VARIABLE]
