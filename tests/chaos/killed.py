"""The program that is killed: ``python -m tests.chaos.killed URL INSTANCE FOLDER JOBS``.

The token is in ``QISKIT_IBM_TOKEN``. It runs numbered jobs in an experiment, several at a time, and
prints a line for each result.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qiskit_rest_primitives import Experiment, QiskitRuntimeService, SamplerV2, Settings
from tests.chaos.numbered import numbered

AT_A_TIME = 4


def main(url: str, instance: str, folder: Path, jobs: int) -> None:
    """Runs them all."""
    settings = Settings(state_folder=folder / "state", first_pause_seconds=0.05)
    service = QiskitRuntimeService(url=url, instance=instance, settings=settings)
    backend = service.backend("statevector")
    with Experiment("killed", folder=folder / "experiment") as experiment:
        print("open", flush=True)
        for first in range(0, jobs, AT_A_TIME):
            numbers = range(first, min(first + AT_A_TIME, jobs))
            handles = []
            for number in numbers:
                options = {"environment": {"job_tags": [f"chaos-{number}"]}}
                handles.append(SamplerV2(backend, options=options).run([numbered(number)], shots=1))
            for number, handle in zip(numbers, handles, strict=True):
                (outcome,) = handle.result()[0].data.meas.get_int_counts()
                print("result", number, outcome, handle.job_id(), flush=True)
    print("end", experiment, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
