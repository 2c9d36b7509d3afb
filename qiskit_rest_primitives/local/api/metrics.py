"""GET /metrics for Prometheus: jobs, times, workers and bytes, as they are at the request.

Nothing is counted twice or process-wide: each request writes what store and engine know, so that
several services of a process have metrics of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.problems import ProblemError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.durations import Durations
    from qiskit_rest_primitives.local.job_states import Core


async def metrics(core: Core, principal: Principal, request: Request) -> Response:
    """GET /metrics: it names users and how much they run, so it is for administrators."""
    if not principal.admin:
        raise ProblemError(
            403,
            "The metrics name all users, so they are for administrators.",
            solution="Send the token of a user who is an administrator.",
        )
    return await core.in_thread(_reply, core)


def _reply(core: Core) -> Response:
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    except ImportError:
        raise ProblemError(
            501,
            "The metrics need the package prometheus-client, which is missing here.",
            solution="pip install 'qiskit-rest-primitives[local]' where the service runs.",
        ) from None

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(core))
    headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_LATEST}
    return Response(generate_latest(registry), headers=headers)


class _Collector:
    """What `CollectorRegistry` asks for metrics."""

    def __init__(self, core: Core):
        self._core = core

    def collect(self) -> Iterator[Any]:
        """All metrics of the service."""
        yield self._jobs()
        yield from self._times()
        yield from self._workers()
        yield from self._bytes()

    def _jobs(self) -> Any:
        from prometheus_client.metrics_core import GaugeMetricFamily

        found = GaugeMetricFamily(
            "qiskit_rest_jobs",
            "Jobs that the service keeps, by state.",
            labels=("state", "user", "backend"),
        )
        for count in self._core.store.counts():
            found.add_metric((count.status.lower(), count.user, count.backend), count.jobs)
        return found

    def _times(self) -> Iterator[Any]:
        yield _histogram(
            "qiskit_rest_queue_seconds",
            "How long jobs waited for their turn; a job counts when it ends.",
            self._core.queue_times,
        )
        yield _histogram(
            "qiskit_rest_run_seconds",
            "How long jobs ran, from their start to their end.",
            self._core.run_times,
        )
        yield _histogram(
            "qiskit_rest_task_seconds",
            "How long tasks of jobs took at their workers.",
            self._core.engine.task_times,
        )

    def _workers(self) -> Iterator[Any]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        state = self._core.engine.worker_state()
        yield GaugeMetricFamily(
            "qiskit_rest_workers", "Tasks that the workers can run at once.", state.workers
        )
        yield GaugeMetricFamily(
            "qiskit_rest_tasks_at_workers",
            "Tasks that are at workers now.",
            self._core.engine.tasks_at_workers(),
        )
        yield GaugeMetricFamily(
            "qiskit_rest_scheduler_up",
            "Whether the workers' scheduler answers; 1 without a scheduler.",
            int(state.scheduler != "lost"),
        )

    def _bytes(self) -> Iterator[Any]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        store = self._core.store
        found = GaugeMetricFamily(
            "qiskit_rest_stored_bytes",
            "Bytes of the params and results that are kept.",
            labels=("user",),
        )
        for user in sorted({count.user for count in store.counts()}):
            found.add_metric((user,), store.bytes_of(user))
        yield found


def _histogram(name: str, text: str, times: Durations) -> Any:
    from prometheus_client.metrics_core import HistogramMetricFamily

    found = HistogramMetricFamily(name, text, labels=("backend",))
    bounds = [*map(str, times.bounds), "+Inf"]
    for backend, (counts, total) in sorted(times.read().items()):
        buckets = list(zip(bounds, counts, strict=True))
        found.add_metric((backend,), buckets, total)
    return found
