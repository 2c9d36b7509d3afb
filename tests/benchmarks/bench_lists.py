"""How lists and usage of the embedded service grow with the jobs in its store.

Two services, one with a thousand finished jobs and one with a million, answer the same calls in
turns; a figure is the ratio of the two fastest. The jobs are written by SQL. Run with
``python -m tests.benchmarks.bench_lists``.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.store import Store
from qiskit_rest_primitives.local.store.rebuild import rebuild
from qiskit_rest_primitives.local.store.schema import TRIGGERS, run_statements
from tests.benchmarks.figures import report, size
from tests.tokens import secret

FEW, MANY = size(1_000, 300), size(1_000_000, 30_000)
ROUNDS = size(25, 3)
TARGET, TARGET_START_SECONDS = 2.0, 5.0
DAYS = 56
USER = User("alice", secret("benchmark"), admin=True)
BELL = 'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; c[0] = measure q[0];'

# One job in ten is in a session of fifty; half of the jobs have one tag, one in 500 another, and
# each the tag of its submission.
JOBS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :jobs)
INSERT INTO jobs (id, owner, number, user, instance, program, backend, session_id, status, created,
    running, finished, usage_seconds, tags, cost, params_size, result_size)
SELECT printf('%08x%012x', (i * 2654435761) & 4294967295, i), 1, i + i / 500 + 1, :user, :instance,
    CASE i % 3 WHEN 0 THEN 'estimator' ELSE 'sampler' END, 'fake_' || (5 + i % 7) || 'q',
    CASE WHEN i % 10 = 0 THEN printf('session-%d', i / 500) END,
    CASE i % 12 WHEN 0 THEN 'Failed' WHEN 7 THEN 'Cancelled' ELSE 'Completed' END,
    :start + i * :step, :start + i * :step + 1, :start + i * :step + 2, 0.5,
    '["' || CASE i % 2 WHEN 0 THEN 'common","' ELSE '' END
        || CASE i % 500 WHEN 0 THEN 'rare","' ELSE '' END || printf('qrp-%032x"]', i),
    100, 300, 300
FROM n
"""
SESSIONS = """
INSERT INTO sessions (id, owner, number, user, instance, backend, mode, state, state_reason,
    accepting_jobs, max_ttl, interactive_ttl, created, closed)
SELECT session_id, 1, MIN(number) - 1, :user, :instance, 'fake_5q', 'batch', 'closed', '',
    0, 100, 100, MIN(created) - 0.001, MAX(finished)
FROM jobs WHERE session_id IS NOT NULL GROUP BY session_id
"""
BODIES = "INSERT INTO bodies SELECT id, :kind, zeroblob(300) FROM jobs ORDER BY seq"


def fill(folder: Path, jobs: int) -> None:
    """Makes a store with finished jobs of one user."""
    with Store(folder) as store:
        database: Any = store._database
        for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.change(f"DROP TRIGGER {name}")
        crn = USER.instances[0]
        step = DAYS * 86_400 / jobs
        values = {"jobs": jobs, "user": USER.name, "instance": crn, "step": step}
        values["start"] = time.time() - DAYS * 86_400
        with store.transaction():
            store.change("INSERT INTO owners VALUES (1, ?, ?, 0, 0)", (USER.name, crn))
            for statement in (JOBS, SESSIONS):
                database.execute(statement, values)
            for kind in ("params", "result"):
                database.execute(BODIES, {"kind": kind})
            rebuild(database)
            run_statements(database, TRIGGERS)


class Calls:
    """Calls of one service.

    Args:
        service: with jobs of `fill`.
        jobs: how many.
    """

    def __init__(self, service: LocalService, jobs: int):
        self.service, self.jobs = service, jobs
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {USER.token}"
        self.session.headers["Service-CRN"] = USER.instances[0]

    def seconds(self, path: str, query: dict[str, Any]) -> float:
        """How long a call takes."""
        began = time.perf_counter()
        reply = self.session.get(self.service.url + path, params=query, timeout=600)
        seconds = time.perf_counter() - began
        assert reply.status_code == 200, reply.text
        return seconds

    def post_seconds(self) -> float:
        """How long the submission of a small job takes."""
        body = {"program_id": "sampler", "backend": "statevector"}
        began = time.perf_counter()
        reply = self.session.post(
            f"{self.service.url}/jobs",
            json=body | {"params": {"pubs": [[BELL, None, 1]], "version": 2}},
            timeout=600,
        )
        seconds = time.perf_counter() - began
        assert reply.status_code == 200, reply.text
        url = f"{self.service.url}/jobs/{reply.json()['id']}"
        while self.session.get(url, timeout=600).json()["status"] in ("Queued", "Running"):
            time.sleep(0.002)
        return seconds

    def after_half(self) -> str:
        """The cursor of a page of workloads in the middle."""
        middle = self.moment(0.5)
        query = {"limit": 50, "created_after": middle}
        link = self.session.get(f"{self.service.url}/workloads", params=query, timeout=600).json()
        return parse_qs(urlsplit(link["next"]["href"]).query)["next"][0]

    def moment(self, part: float) -> str:
        """A time within those of the jobs; 0 is the oldest."""
        seconds = time.time() - DAYS * 86_400 * (1 - part)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

    def all(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Name of a call -> its path and query."""
        half = self.jobs // 2
        common, rare, own = "common", "rare", f"qrp-{half:032x}"
        pages: dict[str, dict[str, Any]] = {
            "first page": {},
            "middle page": {"offset": half},
            "last page": {"offset": self.jobs - 200},
            "middle page, 10": {"offset": half, "limit": 10},
            "oldest first": {"sort": "ASC", "limit": 10},
            "pending": {"pending": "true"},
            "final": {"pending": "false", "offset": half},
            "program": {"program": "estimator", "limit": 10},
            "backend, middle page": {"backend": "fake_5q", "offset": self.jobs // 14, "limit": 10},
            "unknown backend": {"backend": "none"},
            "session": {"session_id": "session-0", "limit": 10},
            "tag on half the jobs": {"tags": common, "offset": half // 2, "limit": 10},
            "rare tag": {"tags": rare, "limit": 1},
            "tag of one job": {"tags": own},
            "two tags": {"tags": [common, rare], "limit": 1},
            "created after": {"created_after": self.moment(0.5), "limit": 10},
            "created before, last page": {
                "created_before": self.moment(0.5),
                "offset": max(half - 20, 0),
                "limit": 10,
            },
            "all filters": {
                "program": "sampler",
                "backend": "fake_6q",
                "tags": common,
                "created_after": self.moment(0.2),
                "pending": "false",
                "limit": 2,
            },
        }
        calls = {f"/jobs, {name}": ("/jobs", query) for name, query in pages.items()}
        workloads: dict[str, dict[str, Any]] = {
            "oldest first": {"sort": "createdAt"},
            "newest first": {"sort": "-createdAt"},
            "middle page": {"next": self.after_half()},
            "search in tags": {"search": "COMMO"},
            "search of an id": {"search": f"{(half * 2654435761) & 4294967295:08x}"},
            "failed": {"status": "failed"},
            "batches": {"mode": "batch", "limit": 1},
            "jobs on a backend": {"mode": "job", "backend": "fake_6q"},
        }
        calls |= {f"/workloads, {name}": ("/workloads", one) for name, one in workloads.items()}
        week = {"interval_start": self.moment(0.3), "interval_end": self.moment(0.7)}
        return calls | {
            "/tags": ("/tags", {"type": "job", "search": "omm"}),
            "/instances/usage": ("/instances/usage", {}),
            "/analytics/usage": ("/analytics/usage", {}),
            "/analytics/usage of a time": ("/analytics/usage", week),
            "/analytics by backend": ("/analytics/usage_grouped", {"group_by": "backend"}),
            "/analytics by day": ("/analytics/usage_grouped_by_date", {"group_by": "instance"}),
        }


@contextlib.contextmanager
def services() -> Iterator[list[Calls]]:
    """The two services."""
    with contextlib.ExitStack() as stack:
        calls: list[Calls] = []
        for jobs in (FEW, MANY):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            began = time.perf_counter()
            fill(folder, jobs)
            filled = time.perf_counter()
            service = stack.enter_context(LocalService(users=[USER], folder=folder))
            started = time.perf_counter() - filled
            megabytes = sum(each.stat().st_size for each in folder.rglob("*")) / 1e6
            print(f"{jobs} jobs: {megabytes:.0f} MB, made in {filled - began:.0f} s", flush=True)
            calls.append(Calls(service, jobs))
            stack.enter_context(calls[-1].session)
        report(f"start with {MANY} finished jobs", started, TARGET_START_SECONDS, unit=" s")
        yield calls


def main() -> None:
    """Prints every figure."""
    with services() as (few, many):
        asked = few.all(), many.all()
        for name in asked[0]:
            times: list[list[float]] = [[], []]
            for _ in range(ROUNDS + 2):
                for place, calls in enumerate((few, many)):
                    times[place].append(calls.seconds(*asked[place][name]))
            fastest = [min(each) * 1e3 for each in times]
            print(f"{fastest[0]:.1f} -> {fastest[1]:.1f} ms; ", end="")
            report(name, fastest[1] / fastest[0], TARGET)
        for calls in (few, many):
            limit = {"instance_limit": 1_000_000_000}
            url = f"{calls.service.url}/instances/configuration"
            assert calls.session.put(url, json=limit, timeout=600).ok
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS + 2):
            for place, calls in enumerate((few, many)):
                times[place].append(calls.post_seconds())
        fastest = [min(each) * 1e3 for each in times]
        print(f"{fastest[0]:.1f} -> {fastest[1]:.1f} ms; ", end="")
        report("POST /jobs with a limit of usage", fastest[1] / fastest[0], TARGET)


if __name__ == "__main__":
    sys.exit(main())
