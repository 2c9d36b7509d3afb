"""One job from start to end: plan, hand out tasks, join, encode; or stop on the way."""

from __future__ import annotations

import logging
import queue
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from qiskit.primitives.containers import BitArray, PrimitiveResult, SamplerPubResult

from qiskit_rest_primitives.local.engine.base.allowances import JobCaps, Memory
from qiskit_rest_primitives.local.engine.base.tasks import (
    StepFound,
    StepTask,
    StopFlag,
    TaskResult,
    Work,
)
from qiskit_rest_primitives.local.engine.base.worker_processes import WorkerDiedError
from qiskit_rest_primitives.local.engine.planning.gather import SamplerJoin
from qiskit_rest_primitives.local.engine.planning.plan import (
    JobPlan,
    MitigationPlan,
    PubPlan,
    plan_job,
)
from qiskit_rest_primitives.local.engine.planning.windows import Windows
from qiskit_rest_primitives.local.engine.result_memory import ResultMemory, Room
from qiskit_rest_primitives.local.engine.turns.task_turns import JobTasks
from qiskit_rest_primitives.local.outcome import Outcome, RefusedError
from qiskit_rest_primitives.mitigation.base.device_time import JOB_OVERHEAD_SECONDS
from qiskit_rest_primitives.mitigation.base.steps import Finished, Step
from qiskit_rest_primitives.wire.limits import RAN_TOO_LONG
from qiskit_rest_primitives.wire.result.results import iter_encoded_result

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.engine.planning.noise_learner import NoiseLearnerPlan
    from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.wire.executor.program import ExecutorParams
    from qiskit_rest_primitives.wire.request.job_request import (
        EstimatorParams,
        JobParams,
        SamplerParams,
    )
    from qiskit_rest_primitives.wire.request.noise_learner import NoiseLearnerParams

logger = logging.getLogger(__name__)

MOST_RETRIES = 2
"""Of a task whose worker process died."""
CANCELLED = "The job was cancelled."
_TRACEBACK_FRAMES = 10
P = ParamSpec("P")
T = TypeVar("T")


class _EndedError(Exception):
    """The job ends before its result: cancelled, or out of time."""

    def __init__(self, reason: str = CANCELLED, code: int | None = None):
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(eq=False, slots=True)
class QueuedJob:
    """A job that was submitted: small, since many may wait. See `Engine.submit`."""

    job_id: str
    user: str
    backend: LocalBackend
    load: Callable[[str, str], JobParams]
    program_id: str
    session_id: str | None
    caps: JobCaps
    time_limit_seconds: float
    on_running: Callable[[str], None]
    on_final: Callable[[str, Outcome], None]
    on_estimated: Callable[[str, float], None] | None


@dataclass(eq=False)
class Job:
    """A job that runs.

    Attributes:
        asked: as it was submitted.
        stop: asks its tasks to stop.
        messages: finished futures, and None to cancel; its conductor waits for these.
        steps: lines of its log.
        usage_seconds: charged so far, see `Outcome`.
        room: for its result, once its size is known; the engine gives it back.
    """

    asked: QueuedJob
    stop: StopFlag
    messages: queue.SimpleQueue[Future[Any] | None] = field(default_factory=queue.SimpleQueue)
    steps: list[str] = field(default_factory=list)
    usage_seconds: float = 0.0
    room: Room | None = None

    def params(self) -> JobParams:
        """Its params, read and decoded now: they can be large."""
        return self.asked.load(self.asked.job_id, self.asked.program_id)

    def log(self, step: str) -> None:
        """Adds a line to the job's log."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self.steps.append(f"{now} {step}")
        logger.debug("job %s: %s", self.asked.job_id, step)

    def outcome(self, status: Any, **details: Any) -> Outcome:
        """Its final state, with its log and usage."""
        usage = 0.0 if self.asked.backend.is_mock else self.usage_seconds
        logs = "\n".join(self.steps) + "\n"
        return Outcome(status, logs=logs, usage_seconds=usage, **details)

    def cancelled(self, reason: str = CANCELLED, code: int | None = None) -> Outcome:
        """Its final state after a cancellation or the end of its time."""
        self.log(reason)
        return self.outcome("Cancelled", reason=reason, reason_code=code)


def conduct(job: Job, workers: JobTasks, planners: Executor, results: ResultMemory) -> Outcome:
    """Runs a job and says how it ended; raises nothing."""
    course = _Course(job, workers, planners, results)
    try:
        if job.asked.program_id == "executor":
            body = course.run_program()
        elif job.asked.program_id == "noise-learner":
            body = course.run_noise_learner()
        else:
            body = course.run_pubs()
        job.log(f"completed, {len(body)} bytes of result")
        return job.outcome("Completed", body=body)
    except _EndedError as end:
        job.stop.set()
        return job.cancelled(end.reason, end.code)
    except BaseException as error:  # Rust code inside Qiskit panics with a BaseException
        return failed(job, error)
    finally:
        course.end()


@dataclass(frozen=True)
class _Attempt:
    """A task at the workers.

    Attributes:
        task: what is to be done.
        pub_index: the number of the user's PUB; None for a step of error mitigation.
        retries: how often its worker process has died.
    """

    task: Work[Any]
    pub_index: int | None
    retries: int = 0


class _Course:
    """Hands out what a job needs and waits for it, until the job is cancelled or out of time.

    Attributes:
        windows: when the PUBs' own circuits ran.
    """

    def __init__(self, job: Job, workers: JobTasks, planners: Executor, results: ResultMemory):
        self._job = job
        self._workers = workers
        self._planners = planners
        self._results = results
        self._deadline = time.monotonic() + job.asked.time_limit_seconds
        self._tasks: dict[Future[Any], _Attempt] = {}
        self.windows = Windows()

    def plan(self, function: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """Calls a function of this process that takes a while."""
        future = self._planners.submit(function, *arguments, **keywords)
        future.add_done_callback(self._job.messages.put)
        return self._next().result()

    def run_pubs(self) -> bytes:
        """Runs a job with PUBs and encodes its result."""
        job = self._job
        plan, support_qiskit = self.plan(_load_and_plan, job, self._workers.sandbox)
        if plan.clock is not None:
            job.usage_seconds = JOB_OVERHEAD_SECONDS
        if plan.mitigated is None:
            if plan.clock is not None:
                self.estimated(sum(pub.device_seconds or 0.0 for pub in plan.pubs))
            self._find_room(plan.memory)
            self.run(plan.pubs)
            pubs, metadata = [pub.join.result() for pub in plan.pubs], {"version": 2}
        else:
            finished = self.mitigate(plan.mitigated)
            pubs, metadata = finished.pubs, finished.metadata
        if job.asked.program_id == "sampler" and support_qiskit:
            # Plain JSON has no form for them.
            spans = self.windows.spans(pubs)
            metadata = {**metadata, "execution": {"execution_spans": spans}}
        result = PrimitiveResult(pubs, metadata={**metadata, **plan.metadata})
        pieces = iter_encoded_result(
            result, program_id=job.asked.program_id, support_qiskit=support_qiskit
        )
        encoded: list[bytes] = []
        for piece in pieces:
            self._check_ended()
            encoded.append(piece)
        return b"".join(encoded)

    def run_program(self) -> bytes:
        """Runs a quantum program and encodes its result."""
        from qiskit_rest_primitives.local.engine.planning.quantum_program import (
            named_items,
            read_program,
        )

        job = self._job
        params = cast("ExecutorParams", self.plan(job.params))
        job.log(f"program of {len(params.quantum_program.items)} items on {job.asked.backend.name}")
        with named_items():
            read = self.plan(
                read_program,
                params,
                job.asked.backend,
                job.stop,
                self._workers.sandbox,
                job.asked.time_limit_seconds,
                job.asked.caps,
            )
            sampled = self.plan(read.sample)
            if read.context.clock is None:
                job.usage_seconds += sampled.seconds
            program = self.plan(read.plan, sampled.items)
            if program.context.clock is not None:
                job.usage_seconds = JOB_OVERHEAD_SECONDS
                self.estimated(sum(plan.device_seconds or 0.0 for plan in program.plans))
            self._find_room(program.context.memory)
            self.run(program.plans)
            return program.encoded_result(params, self._check_ended)

    def run_noise_learner(self) -> bytes:
        """Learns the noise of layers and encodes the result."""
        from qiskit_rest_primitives.local.engine.planning.noise_learner import plan_noise_learner
        from qiskit_rest_primitives.local.engine.planning.quantum_program import named_items

        job = self._job
        params = cast("NoiseLearnerParams", self.plan(job.params))
        job.log(f"noise learner of {len(params.circuits)} circuits on {job.asked.backend.name}")
        plan = self.plan(
            plan_noise_learner,
            params,
            job.asked.backend,
            job.stop,
            self._workers.sandbox,
            job.asked.time_limit_seconds,
            job.asked.caps,
        )
        if plan.context.clock is not None:
            job.usage_seconds = JOB_OVERHEAD_SECONDS
        with named_items("circuit"):
            return plan.encoded_result(self.mitigate(plan))

    def run(self, pubs: Sequence[PubPlan], indices: Sequence[int] | None = None) -> None:
        """Runs the tasks of PUBs, which join their results.

        Args:
            pubs: what to run.
            indices: of each the number of the user's PUB; by default they are those PUBs.
        """
        self._check_device_time(pubs)
        for pub in pubs:
            for task in pub.tasks:
                number = task.pub_index if indices is None else indices[task.pub_index]
                future = self._workers.submit(task, small=pub.small)
                self._submit(_Attempt(task, number), future)
        self._job.log(f"{len(self._tasks)} tasks handed out")
        while self._tasks:
            result: TaskResult = self._result()
            pub = pubs[result.pub_index]
            if pub.device_seconds is None:
                self._job.usage_seconds += result.seconds
            else:
                self._job.usage_seconds += pub.device_seconds * result.count / pub.size
            self.windows.note(
                result.pub_index if indices is None else indices[result.pub_index],
                begun_at=result.begun_at,
                seconds=result.seconds,
            )
            pub.join.add(result)
        self._job.log("all tasks done")

    def estimated(self, seconds: float) -> None:
        """Says how long the job's circuits will hold the device."""
        if self._job.asked.on_estimated is not None:
            self._job.asked.on_estimated(self._job.asked.job_id, JOB_OVERHEAD_SECONDS + seconds)

    def _find_room(self, memory: Memory) -> None:
        """Waits until there is memory for the job's result; what later steps add does not wait."""
        job = self._job
        if job.room is not None:
            job.room.size = memory.taken
            return
        job.room = self._results.take(job.asked.user, memory.taken)
        if not job.room.granted.done():
            job.log(f"waits until there is memory for {memory.taken / 1e6:,.0f} MB of results")
            began = time.monotonic()
            job.room.granted.add_done_callback(job.messages.put)
            if job.messages.get() is None:
                raise _EndedError
            self._deadline += time.monotonic() - began

    def _check_device_time(self, pubs: Sequence[PubPlan]) -> None:
        """Ends a job at its limit before what holds the device for longer is simulated."""
        limit = self._job.asked.time_limit_seconds
        total = self._job.usage_seconds + sum(pub.device_seconds or 0.0 for pub in pubs)
        if pubs and pubs[0].device_seconds is not None and total > limit + JOB_OVERHEAD_SECONDS:
            self._job.usage_seconds = limit + JOB_OVERHEAD_SECONDS
            raise _EndedError(
                f"The job would hold the device for {total - JOB_OVERHEAD_SECONDS:.3g} s, longer "
                f"than its limit of {limit:g} s.",
                RAN_TOO_LONG,
            )

    def mitigate(self, plan: MitigationPlan | NoiseLearnerPlan) -> Finished:
        """Runs a job with error mitigation, step by step."""
        charged = plan.context.clock is None  # a device is not held while a step is found
        step = self._find(plan.first_step(), charged=charged)
        simulations: dict[int, dict[str, Any]] = {}
        number = 0
        while not isinstance(step, Finished):
            # Earlier steps learn; the last one has the PUBs' own circuits.
            simulations.clear()
            self.windows.clear()
            runs = self.plan(plan.plan_runs, step.runs, number)
            if number == 0 and plan.context.clock is not None:
                self.estimated(self.plan(plan.expected_seconds, step, runs) or 0.0)
            self._find_room(plan.context.memory)
            self.run(runs, [run.pub_index for run in step.runs])
            samples: list[dict[str, BitArray]] = []
            for run, planned in zip(step.runs, runs, strict=True):
                assert isinstance(planned.join, SamplerJoin)
                samples.append(planned.join.samples())
                simulations.setdefault(run.pub_index, planned.simulation)
            number += 1
            self._job.log(f"step {number} of error mitigation done")
            step = self._find(StepTask(step.advance, (samples,), self._job.stop), charged=charged)
        for index, pub in enumerate(step.pubs):
            pub.metadata.update(simulations.get(index, {}))
            bits = next(iter(pub.data.values()), None)
            if isinstance(pub, SamplerPubResult) and bits is not None:
                pub.metadata["shots"] = bits.num_shots
        return step

    def end(self) -> None:
        """Stops what still runs."""
        if self._tasks:
            self._job.stop.set()
        self._workers.abandon(self._tasks)

    def _find(self, task: StepTask, *, charged: bool) -> Step | Finished:
        self._submit(_Attempt(task, None), self._workers.submit(task, small=False))
        found: StepFound = self._result()
        if charged:
            self._job.usage_seconds += found.seconds
        return found.step

    def _submit(self, attempt: _Attempt, future: Future[Any]) -> None:
        self._tasks[future] = attempt
        future.add_done_callback(self._job.messages.put)

    def _result(self) -> Any:
        """The result of the next task that ends."""
        while True:
            future = self._next()
            attempt = self._tasks.pop(future)
            try:
                return future.result()
            except BrokenExecutor as death:
                self._retry(attempt, death)

    def _retry(self, attempt: _Attempt, death: BrokenExecutor) -> None:
        """Runs a task again whose worker process died, unless that has been done often enough.

        Raises:
            RefusedError: it has; names the PUB, and says how the process ended.
        """
        place = "Error mitigation" if attempt.pub_index is None else f"PUB {attempt.pub_index}"
        how = str(death) if isinstance(death, WorkerDiedError) else "died"
        if attempt.retries == MOST_RETRIES:
            raise RefusedError(
                f"{place}: {MOST_RETRIES + 1} worker processes died while running it; "
                f"the last one {how}.",
                code=None,
                solution="Try fewer shots, a smaller circuit or another backend.",
            )
        self._job.log(f"{place}: its worker process {how}; running its task again")
        again = replace(attempt, retries=attempt.retries + 1)
        self._submit(again, self._workers.submit_again(attempt.task))

    def _next(self) -> Future[Any]:
        """The next future that is done."""
        while True:
            left = self._seconds_left()
            try:
                message = self._job.messages.get(timeout=max(0.0, left))
                break
            except queue.Empty:
                if left <= 0:
                    raise self._out_of_time() from None
        if message is None:
            raise _EndedError
        return message

    def _check_ended(self) -> None:
        """Raises if the job was cancelled while its result is encoded, or is out of time."""
        if not self._job.messages.empty():  # no task is left that could be there
            raise _EndedError
        if self._seconds_left() <= 0:
            raise self._out_of_time()

    def _seconds_left(self) -> float:
        # The time for which others had their turns is not the job's.
        return self._deadline + self._workers.held_up_seconds() - time.monotonic()

    def _out_of_time(self) -> _EndedError:
        limit = self._job.asked.time_limit_seconds
        return _EndedError(f"The job ran longer than its limit of {limit:g} s.", RAN_TOO_LONG)


def _load_and_plan(job: Job, sandbox: Sandbox) -> tuple[JobPlan, bool]:
    """Plans a job with PUBs; says whether its result is in the Qiskit encoding, too.

    Its params, which can be large, are let go after this.
    """
    params = cast("SamplerParams | EstimatorParams", job.params())
    job.log(f"{job.asked.program_id} job with {len(params.pubs)} PUBs on {job.asked.backend.name}")
    plan = plan_job(
        params,
        job.asked.backend,
        job.stop,
        sandbox,
        job.asked.time_limit_seconds,
        job.asked.caps,
    )
    return plan, params.support_qiskit is True


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
    logger.warning("job %s failed: %s: %s", job.asked.job_id, type(error).__name__, error)
    return job.outcome("Failed", reason=f"{type(error).__name__}: {error}")
