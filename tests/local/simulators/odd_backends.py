"""Backends that a vendor might write: slow, broken, or described in an odd way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from qiskit.circuit import Measure, QuantumCircuit
from qiskit.circuit.library import CXGate, HGate, XGate
from qiskit.providers import BackendV2, Options
from qiskit.result import Result
from qiskit.transpiler import Target

Answer = Callable[[list[QuantumCircuit], int], Any]
"""Circuits and shots -> what the job's ``result()`` gives; it may raise."""


def small_target(num_qubits: int | None = 2) -> Target:
    """Three gates on any qubits."""
    target = Target(num_qubits=num_qubits)
    for gate in (HGate(), XGate(), CXGate(), Measure()):
        target.add_instruction(gate)
    return target


class OddBackend(BackendV2):
    """A backend whose results a test makes up.

    Args:
        answer: what it gives.
        target: what it says that it can do.
        name: its name.
    """

    def __init__(self, answer: Answer, target: Any = None, name: str = "odd"):
        super().__init__(name=name)
        self.answer = answer
        self._own_target = small_target() if target is None else target
        self.seen: list[dict[str, Any]] = []

    @classmethod
    def _default_options(cls) -> Options:
        return Options(shots=1024)

    @property
    def target(self) -> Any:
        """As the test says."""
        return self._own_target

    @property
    def max_circuits(self) -> None:
        """Any number."""
        return None

    def run(self, run_input: list[QuantumCircuit], **options: Any) -> Any:
        """Gives a job of the answer."""
        self.seen.append(options)
        return OddJob(lambda: self.answer(run_input, options["shots"]))


class OddJob:
    """A job without a cancel()."""

    def __init__(self, result: Callable[[], Any]):
        self.result = result


class HangingBackend(OddBackend):
    """Its jobs give no result until the test lets go; it notes that a job was cancelled."""

    def __init__(self, name: str = "hanging"):
        super().__init__(lambda circuits, shots: None, name=name)
        self.started = threading.Event()
        self.cancelled = threading.Event()
        self.let_go = threading.Event()

    def run(self, run_input: list[QuantumCircuit], **options: Any) -> Any:
        """Gives a job that hangs."""
        backend = self

        class Job:
            def result(self) -> Any:
                """Waits for the test."""
                backend.started.set()
                backend.let_go.wait()

            def cancel(self) -> None:
                """Is noted, and changes nothing."""
                backend.cancelled.set()

        return Job()


def result_of(*data: dict[str, Any], shots: int = 10, success: bool = True) -> Result:
    """A result with this data of each circuit."""
    return Result.from_dict(
        {
            "success": success,
            "status": "COMPLETED" if success else "ERROR: out of helium",
            "job_id": "1",
            "results": [{"shots": shots, "success": success, "data": one} for one in data],
        }
    )
