"""Jobs and sessions for tests of the store."""

from __future__ import annotations

import random
from typing import Any

from qiskit_rest_primitives.local.store import FINAL, Store

USER, INSTANCE = "u", "i"


def job(job_id: str, **fields: Any) -> dict[str, Any]:
    """A row of a job."""
    row = {"id": job_id, "user": USER, "instance": INSTANCE, "program": "sampler", "backend": "b"}
    return row | {"status": "Queued", "created": 1.0, "cost": 1} | fields


def session(session_id: str, **fields: Any) -> dict[str, Any]:
    """A row of a session."""
    row = {"id": session_id, "user": USER, "instance": INSTANCE, "backend": "b", "mode": "batch"}
    row |= {"state": "open", "state_reason": "", "max_ttl": 1, "interactive_ttl": 1}
    return row | {"created": 1.0} | fields


def change_at_random(store: Store, seed: int, steps: int) -> None:
    """Adds, changes and deletes jobs and sessions of two owners."""
    chance = random.Random(seed)
    jobs: list[str] = []
    sessions: list[str] = []
    for step in range(steps):
        moment = 1e6 + step * 3000.0 + chance.choice([0, 0, 0, -50_000])  # a clock set back
        what = chance.random()
        if what < 0.1:
            sessions.append(f"session{step}")
            fields = {"mode": chance.choice(["batch", "dedicated"]), "created": moment}
            store.insert("sessions", session(sessions[-1], **fields))
        elif what < 0.55 or not jobs:
            jobs.append(f"{step:04x}")
            fields = {
                "instance": chance.choice(["i", "j"]),
                "program": chance.choice(["sampler", "estimator"]),
                "backend": chance.choice(["b", "c"]),
                "session_id": chance.choice([None, None, *sessions[-2:]]),
                "created": moment,
                "params_size": step,
            }
            store.insert("jobs", job(jobs[-1], **fields))
            store.set_tags(jobs[-1], chance.sample(["red", "green", f"qrp-{step:032x}"], 2))
        elif what < 0.9:
            fields = {"status": chance.choice(FINAL), "finished": moment, "running": moment - 1}
            fields |= {"usage_seconds": chance.random(), "result_size": 7}
            store.update("jobs", chance.choice(jobs), fields)
        elif what < 0.95:
            store.set_tags(chance.choice(jobs), ["blue"])
        elif sessions and what < 0.97:
            store.update("sessions", chance.choice(sessions), {"state": "closed"})
        else:
            store.delete_jobs([jobs.pop(chance.randrange(len(jobs)))])
