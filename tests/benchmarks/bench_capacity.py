"""What more workers would carry, by simulation: the table of docs/cluster.md.

Tasks go from the service to Dask's scheduler to a worker, and back the same way. Service and
scheduler do one thing at a time, for as long as `bench_dask` and `bench_crowd` measured; a worker
takes one task at a time and has the next one beside it. There is always a job that waits.
"""

from __future__ import annotations

import heapq
import random

from tests.benchmarks.figures import size

JOB_SECONDS = 0.0042
"""Of the service's processor, for a job whose result goes with the reply to its submission."""
SERVICE_SECONDS = 0.0010
"""Of the service's processor, for a task."""
SCHEDULER_SECONDS = 0.0022
"""Of the scheduler's processor, for a task."""


class Server:
    """What does one thing at a time.

    Attributes:
        free: when it can begin with the next thing.
        busy: seconds that it has worked.
    """

    def __init__(self) -> None:
        self.free = self.busy = 0.0

    def serve(self, begin: float, seconds: float) -> float:
        """Does something from `begin` on, or when it is free; returns when it is done."""
        self.free = max(self.free, begin) + seconds
        self.busy += seconds
        return self.free


def simulate(workers: int, task_seconds: float, tasks_a_job: int, tasks: int) -> tuple[float, ...]:
    """Runs tasks on workers; returns tasks a second and the shares of time that each is busy.

    Args:
        workers: how many.
        task_seconds: of a worker, on average; from half to one and a half of it.
        tasks_a_job: how many tasks a job has.
        tasks: how many are run.

    Returns:
        Tasks a second; busy shares of the service, of the scheduler, and of a worker.
    """
    chance = random.Random(1)
    service, scheduler = Server(), Server()
    crew = [Server() for _ in range(workers)]
    # Places for tasks, by when they are free: one at work and one beside it for each worker.
    places = [(0.0, number) for number in range(workers)] * 2
    end = 0.0
    for task in range(tasks):
        asked, number = heapq.heappop(places)
        accepted = JOB_SECONDS if task % tasks_a_job == 0 else 0.0
        sent = scheduler.serve(service.serve(asked, accepted + SERVICE_SECONDS), SCHEDULER_SECONDS)
        done = crew[number].serve(sent, task_seconds * chance.uniform(0.5, 1.5))
        heapq.heappush(places, (done, number))
        end = max(end, done)
    worked = sum(worker.busy for worker in crew) / workers
    return tasks / end, service.busy / end, scheduler.busy / end, worked / end


def main() -> None:
    """Prints one line for each row of the table."""
    for workers, seconds, tasks_a_job in (
        (10, 0.25, 100),
        (100, 0.25, 100),
        (1000, 0.25, 100),
        (1000, 2.5, 100),
        (1000, 0.002, 1),
    ):
        rate, service, scheduler, worker = simulate(
            workers, seconds, tasks_a_job, workers * size(100, 5)
        )
        print(
            f"{workers:,} workers, tasks of {seconds} s, {tasks_a_job} a job: {rate:.0f} tasks/s; "
            f"busy: service {service:.0%}, scheduler {scheduler:.0%}, workers {worker:.0%}"
        )


if __name__ == "__main__":
    main()
