"""Experiment: a folder of jobs and results; what was run in it before is not submitted again."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from types import TracebackType

from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import InputError
from qiskit_rest_primitives.jobs.experiments.recorder import Recorder, Summary
from qiskit_rest_primitives.jobs.experiments.recording import set_open_recorder
from qiskit_rest_primitives.jobs.files.durable_files import make_folder
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.settings import state_folder

logger = logging.getLogger(__name__)

_lock = Lock()
_current: Experiment | None = None


class Experiment:
    """Runs that are submitted and paid for once, however often the program is started.

    Inside its ``with`` block, `run` returns the handle of an earlier job of this experiment if
    that job has the same circuits (whatever their names), parameter values, observables, shots or
    precision, options, backend, service and instance. Tags, sessions, log level and
    ``max_execution_time`` may differ. A program that is killed at any moment and started again
    submits nothing twice and loses no result.

    - The same PUBs run several times are several jobs: the n-th run in a block is the n-th job.
    - Results are kept in the folder when they are received, and are read from there without the
      service. `load_result` reads the files ``results/<job id>.zip``.
    - The PUBs of a job that failed or was cancelled are run again, with a warning.
    - A warning names both dates if the backend was calibrated since, where that is known without
      another request: for devices, whose circuits are checked against their target.
    - The block applies to all threads of the process. Several processes may use one experiment
      at the same time; they share its jobs.
    - With ``options.mitigation = "client"``, the random circuits are the same when run again.
    - Results of private jobs are not copied to the folder; the client keeps them in
      ``Settings.state_folder`` as ever, and finds them there.
    - Jobs on a backend that is an object of this process (``AerSimulator()``) are not recorded,
      with a warning.

    Args:
        name: of the experiment; its folder has this name.
        folder: where jobs and results are kept; by default ``experiments/<name>`` in
            `Settings`' default ``state_folder``. It is readable by its owner only.
        fresh: submit all runs again; their jobs take the place of the earlier ones, whose results
            stay in the folder.

    Raises:
        InputError: the name can't be the name of a folder.

    >>> with Experiment("bell", folder=folder / "bell"):
    ...     job = SamplerV2(backend).run([bell], shots=100)
    ...     counts = job.result()[0].data.meas.get_counts()
    >>> with Experiment("bell", folder=folder / "bell") as experiment:
    ...     same = SamplerV2(backend).run([bell], shots=100)
    >>> same.job_id() == job.job_id()
    True
    >>> same.result()[0].data.meas.get_counts() == counts
    True
    >>> experiment
    Experiment('bell', 1 job reused, 0 submitted)
    """

    def __init__(
        self, name: str, *, folder: str | os.PathLike[str] | None = None, fresh: bool = False
    ):
        self._name = _checked(name)
        default = state_folder() / "experiments" / name
        self._folder = (default if folder is None else Path(folder)).expanduser().absolute()
        self._fresh = fresh
        self._summary = Summary()

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def folder(self) -> Path:
        """The folder with its jobs and results."""
        return self._folder

    @property
    def jobs(self) -> list[RestJob]:
        """The jobs of the runs in this block so far, in order, those of split runs one by one."""
        return [*self._summary.jobs]

    @property
    def reused(self) -> int:
        """How many of `jobs` were submitted before."""
        return self._summary.reused

    @property
    def submitted(self) -> int:
        """How many of `jobs` are new."""
        return len(self._summary.jobs) - self._summary.reused

    def __repr__(self) -> str:
        jobs = "job" if self.reused == 1 else "jobs"
        return (
            f"Experiment({self._name!r}, {self.reused} {jobs} reused, {self.submitted} submitted)"
        )

    def __enter__(self) -> Experiment:
        """Opens it.

        Raises:
            InputError: another one is open in this process, or the folder can't be written.
        """
        global _current
        with _lock:
            if _current is not None:
                raise InputError(
                    f"{_current!r} is open in this process: leave its with block before you open "
                    f"{self._name!r}"
                )
            try:
                make_folder(self._folder)
            except OSError as error:
                raise InputError(
                    f"experiment {self._name!r} can't be kept in {self._folder} "
                    f"({error.strerror}): pass another folder"
                ) from None
            self._summary = Summary()
            set_open_recorder(
                Recorder(self._folder, fresh=self._fresh, scope="", summary=self._summary)
            )
            _current = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        global _current
        with _lock:
            set_open_recorder(None)
            _current = None
        logger.info("%r", self)


def _checked(name: str) -> str:
    """Refuses a name that is no name of a folder."""
    if not name or name.startswith(".") or name != name.strip() or set(name) & set('/\\:\0"*?<>|'):
        raise InputError(
            f"an experiment's name is that of its folder, such as 'vqe-h2', not {name!r}"
        )
    return name
