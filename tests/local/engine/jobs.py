"""Helpers of the engine's tests: circuits as text, running jobs, decoding results."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from qiskit import qasm3

from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.wire.request.job_request import decode_params
from qiskit_rest_primitives.wire.result.results import decode_result


def text_of(circuit: Any) -> str:
    """The circuit as OpenQASM 3 by Qiskit's own exporter."""
    return qasm3.dumps(circuit, disable_constants=True)


class OneThread(Executor):
    """Runs every task in a thread, including those that the engine would run in a process."""

    def __init__(self):
        self._thread = ThreadPoolExecutor(1)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queues a call."""
        return self._thread.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the thread."""
        self._thread.shutdown(wait, cancel_futures=cancel_futures)


class Running:
    """One submitted job and its outcome."""

    def __init__(
        self,
        engine: Engine,
        program_id: Any,
        params: dict[str, Any],
        backend: str = "statevector",
        time_limit_seconds: float | None = None,
        job_id: str = "job",
        **more: Any,
    ):
        self.job_id = job_id
        self.program_id = program_id
        self.started = threading.Event()
        self.ended = threading.Event()
        self.outcomes: list[Outcome] = []
        if program_id != "executor":
            params = {"support_qiskit": True} | params
        decoded = decode_params(program_id, json.dumps(params).encode())
        engine.submit(
            job_id,
            backend,
            lambda *_: decoded,
            program_id=program_id,
            time_limit_seconds=time_limit_seconds,
            on_running=lambda _: self.started.set(),
            on_final=self._on_final,
            **more,
        )

    def _on_final(self, job_id: str, outcome: Outcome) -> None:
        assert job_id == self.job_id
        self.outcomes.append(outcome)
        self.ended.set()

    def outcome(self, timeout: float = 120) -> Outcome:
        """Waits for the end."""
        assert self.ended.wait(timeout), "the job never ended"
        return self.outcomes[0]

    def result(self, timeout: float = 120) -> Any:
        """Waits for the result."""
        outcome = self.outcome(timeout)
        assert outcome.status == "Completed", outcome.logs
        return decode_result(outcome.body, program_id=self.program_id)


def run(engine: Engine, program_id: str, pubs: list[Any], backend: str = "statevector", **params):
    """Runs a job and gives its result."""
    return _submitted(engine, program_id, {"pubs": pubs, **params}, backend).result()


def fail(engine: Engine, program_id: str, pubs: list[Any], backend: str = "statevector", **params):
    """Runs a job that has to fail and gives its outcome."""
    outcome = _submitted(engine, program_id, {"pubs": pubs, **params}, backend).outcome()
    assert outcome.status == "Failed", outcome
    return outcome


def _submitted(engine: Engine, program_id: str, params: dict[str, Any], backend: str) -> Running:
    """Submits a job with a new id: the engine may still hold the previous one."""
    return Running(engine, program_id, params, backend, job_id=uuid.uuid4().hex)
