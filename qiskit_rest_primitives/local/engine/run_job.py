"""One job from start to end: plan, hand out tasks, join, encode; or stop on the way."""

from __future__ import annotations

import logging
import queue
import time
import traceback
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from qiskit.primitives.containers import PrimitiveResult

from qiskit_rest_primitives.local.engine.one_thread import OneThread
from qiskit_rest_primitives.local.engine.plan import JobPlan, plan_job
from qiskit_rest_primitives.local.engine.tasks import StopFlag, Task, TaskResult
from qiskit_rest_primitives.local.engine.workers import Workers
from qiskit_rest_primitives.local.outcome import Outcome, RefusedError
from qiskit_rest_primitives.wire.limits import RAN_TOO_LONG
from qiskit_rest_primitives.wire.result.results import encode_result

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.wire.request.job_request import EstimatorParams, SamplerParams

logger = logging.getLogger(__name__)
_TRACEBACK_FRAMES = 10


class _EndedError(Exception):
    """The job ends before its result: cancelled, or out of time."""

    def __init__(self, reason: str, code: int | None):
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(eq=False)
class Job:
    """The engine's state of a job.

    Attributes:
        messages: finished futures, and None to cancel; its conductor waits for these.
        steps: lines of its log.
    """

    job_id: str
    backend: LocalBackend
    params: SamplerParams | EstimatorParams
    program_id: str
    time_limit_seconds: float
    on_running: Callable[[str], None]
    on_final: Callable[[str, Outcome], None]
    stop: StopFlag
    messages: queue.SimpleQueue[Future[Any] | None] = field(default_factory=queue.SimpleQueue)
    steps: list[str] = field(default_factory=list)
    usage_seconds: float = 0.0

    def log(self, step: str) -> None:
        """Adds a line to the job's log."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self.steps.append(f"{now} {step}")
        logger.debug("job %s: %s", self.job_id, step)

    def outcome(self, status: Any, **details: Any) -> Outcome:
        """Its final state, with its log and usage."""
        return Outcome(
            status, logs="\n".join(self.steps) + "\n", usage_seconds=self.usage_seconds, **details
        )

    def cancelled(self, reason: str = "The job was cancelled.", code: int | None = None) -> Outcome:
        """Its final state after a cancellation or the end of its time."""
        self.log(reason)
        return self.outcome("Cancelled", reason=reason, reason_code=code)


def conduct(job: Job, workers: Workers | OneThread, planners: Executor) -> Outcome:
    """Runs a job and says how it ended; raises nothing."""
    deadline = time.monotonic() + job.time_limit_seconds
    tasks: dict[Future[TaskResult], Task] = {}
    try:
        job.log(f"{job.program_id} job with {len(job.params.pubs)} PUBs on {job.backend.name}")
        _submit(
            job,
            planners.submit(
                plan_job,
                job.params,
                job.backend,
                job.stop,
                workers.rehearsals,
                job.time_limit_seconds,
            ),
        )
        plan: JobPlan = _next(job, deadline).result()
        for pub in plan.pubs:
            for task in pub.tasks:
                future = workers.submit(task, small=pub.small)
                tasks[future] = task
                _submit(job, future)
        job.log(f"{len(tasks)} tasks handed out")
        while tasks:
            future = _next(job, deadline)
            task = tasks.pop(future)
            try:
                _add(job, plan, future.result())
            except BrokenExecutor:
                job.log(f"PUB {task.pub_index}: a worker process died; trying once more, alone")
                future = workers.submit_again(task)
                tasks[future] = task
                _submit(job, future)
        job.log("all tasks done")
        result = PrimitiveResult([pub.join.result() for pub in plan.pubs], metadata=plan.metadata)
        body = encode_result(
            result,
            program_id=job.program_id,
            support_qiskit=job.params.support_qiskit is True,
        )
        job.log(f"completed, {len(body)} bytes of result")
        return job.outcome("Completed", body=body)
    except _EndedError as end:
        job.stop.set()
        return job.cancelled(end.reason, end.code)
    except BaseException as error:  # Rust code inside Qiskit panics with a BaseException
        return failed(job, error)
    finally:
        if tasks:
            job.stop.set()
        workers.abandon(tasks)


def failed(job: Job, error: BaseException) -> Outcome:
    """The final state of a failed job, with a reason for the user and a traceback in its log."""
    if isinstance(error, RefusedError):
        job.log(f"failed: {error.reason}")
        return job.outcome(
            "Failed",
            reason=error.reason,
            reason_code=error.code,
            reason_solution=error.solution,
        )
    lines = traceback.format_exception(error, limit=-_TRACEBACK_FRAMES)
    job.log("failed:\n" + "".join(lines).rstrip())
    logger.warning("job %s failed: %s: %s", job.job_id, type(error).__name__, error)
    return job.outcome("Failed", reason=f"{type(error).__name__}: {error}")


def _submit(job: Job, future: Future[Any]) -> None:
    future.add_done_callback(job.messages.put)


def _next(job: Job, deadline: float) -> Future[Any]:
    try:
        message = job.messages.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise _EndedError(
            f"The job ran longer than its limit of {job.time_limit_seconds:g} s.", RAN_TOO_LONG
        ) from None
    if message is None:
        raise _EndedError("The job was cancelled.", None)
    return message


def _add(job: Job, plan: JobPlan, result: TaskResult) -> None:
    job.usage_seconds += result.seconds
    plan.pubs[result.pub_index].join.add(result)
