"""What runs the circuits of `RestBackend.run`: the sampler, which stands above backends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from qiskit.providers import BackendV2, JobV1
from qiskit.result import Result

from qiskit_rest_primitives.backend.primitive_run import PrimitiveRun


class CircuitRun(JobV1):
    """What a `CircuitJob`, which stands above backends, has beside the members of Qiskit's jobs."""

    @property
    @abstractmethod
    def sampler_job(self) -> PrimitiveRun[Any]:
        """The job on the service: its tags, usage, logs, future and `PrimitiveResult`."""

    @abstractmethod
    def backend(self) -> BackendV2:
        """The backend it runs on."""

    @abstractmethod
    def error_message(self) -> str | None:
        """Why it failed, in the service's words; None if it did not fail."""

    @abstractmethod
    def cancel(self) -> bool:
        """Asks the service to cancel it.

        Returns:
            True if the service took the request, False if the job was final already.
        """

    @abstractmethod
    def result(self, timeout: float | None = None, *, progress: bool | None = None) -> Result:
        """Counts, and each shot's outcome if `run` was called with ``memory=True``.

        Args:
            timeout: seconds for everything, kept whatever the service does; None waits on.
            progress: whether to show a bar, as in `RestJob.result`.
        """


CircuitRunner = Callable[[Any, Any, Mapping[str, Any]], CircuitRun]
"""Submits circuits: takes the backend, one circuit or several, and the options of `run`."""

# A backend can't import the sampler, which imports it; the package's face hands this over.
_runners: list[CircuitRunner] = []


def use_circuit_runner(runner: CircuitRunner) -> None:
    """From now on, this function runs circuits."""
    _runners[:] = [runner]


def circuit_runner() -> CircuitRunner:
    """The function that runs circuits."""
    return _runners[-1]
