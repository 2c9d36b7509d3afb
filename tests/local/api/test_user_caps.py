"""Limits of a user: what is refused, in which words, and that others are not affected."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.errors import RateLimitError
from qiskit_rest_primitives.local import Caps, Limits, LocalService, User
from qiskit_rest_primitives.local.limits import UNLIMITED
from qiskit_rest_primitives.service.running import running_local_service
from tests.local.conftest import ALICE, BOB, Api, HeldExecutor
from tests.tokens import secret


@contextlib.contextmanager
def capped(caps: Caps, **options: Any) -> Iterator[tuple[Api, Api]]:
    """Alice, whose limits these are, and Bob, who has the usual ones."""
    alice = User(ALICE.name, ALICE.token, caps=caps)
    with LocalService(users=[alice, BOB], **options) as service:
        calls = Api(service, alice), Api(service, BOB)
        yield calls
        for api in calls:
            api.session.close()


def refusal(api: Api) -> str:
    """The words in which a job is refused by a limit that no pause cures."""
    reply = api.post_job()
    assert reply.status_code == 429
    assert "Retry-After" not in reply.headers
    error = reply.json()["errors"][0]
    assert error["code"] == 1290
    return f"{error['message']} {error['solution']}"


def test_a_full_queue_takes_no_more_jobs_of_a_user():
    """Until one has left it; other users' jobs are taken, and start."""
    executor = HeldExecutor()
    with capped(Caps(queued_jobs=2), executor=executor) as (alice, bob):
        jobs = [alice.submit() for _ in range(6)]  # four run at once
        said = refusal(alice)
        assert "2 of your jobs are queued: the limit is 2." in said
        assert "cancel some" in said
        bob.wait(bob.submit(), "Running")
        alice.call("POST", f"/jobs/{jobs[-1]}/cancel")
        alice.submit()
        executor.release()


def test_stored_jobs_take_a_limited_space():
    """Jobs are taken again when others were deleted."""
    with capped(Caps(stored_bytes=200)) as (alice, bob):
        job = alice.run()
        said = refusal(alice)
        assert "The service keeps 0.0 MB of your jobs: the limit is 0.0 MB." in said
        assert "Delete jobs" in said
        bob.run()
        alice.call("DELETE", f"/jobs/{job}")
        alice.run()


def test_a_day_has_a_limited_usage():
    """Of all instances together."""
    with capped(Caps(seconds_per_day=1e-9)) as (alice, bob):
        alice.run()
        assert "Your jobs of the last 24 hours used 0.0 s: the limit is 1e-09 s." in refusal(alice)
        bob.run()


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        (Caps(qubits=1), "PUB 0: 2 qubits; your limit is 1 a circuit"),
        (
            Caps(shots=15),
            "PUB 1: with it the job has 20 shots, over all PUBs and points; your limit is 15 a job",
        ),
    ],
)
def test_too_large_a_job_fails_with_the_limit(caps: Caps, reason: str):
    """The same job of another user runs."""
    with capped(caps) as (alice, bob):
        pub = ["OPENQASM 3; qubit[2] q; bit[2] c; c = measure q;", None, 10]
        params = {"pubs": [pub, pub], "version": 2}
        state = alice.wait(alice.submit(params=params))["state"]
        assert state["status"] == "Failed"
        assert state["reason"] == reason
        assert "administrator" in state["reason_solution"]
        assert bob.wait(bob.submit(params=params))["state"]["status"] == "Completed"


def test_everybody_has_the_limits_of_the_service():
    """Unless they have some of their own, which replace all of them."""
    with LocalService(
        users=[ALICE, User("eve", secret("eve"), caps=UNLIMITED)],
        limits=Limits(caps=Caps(qubits=1)),
    ) as service:
        alice, eve = Api(service, ALICE), Api(service, service._users[1])
        assert alice.wait(alice.submit())["state"]["status"] == "Failed"
        assert eve.wait(eve.submit())["state"]["status"] == "Completed"
        alice.session.close()
        eve.session.close()


def test_the_service_of_ones_own_process_has_no_limits():
    """Of a program that queues any number of jobs for itself with ``channel="local"``."""
    QiskitRuntimeService(channel="local")
    assert running_local_service()._limits.caps == UNLIMITED
    assert set(asdict(UNLIMITED).values()) == {None}


def test_the_client_says_at_once_that_a_limit_is_reached():
    """It does not send again for minutes, as after a 429 that will pass."""
    with LocalService(limits=Limits(caps=Caps(seconds_per_day=0))) as local:
        service = QiskitRuntimeService(url=local.url, token=local.token)
        circuit = QuantumCircuit(1)
        circuit.measure_all()
        sampler = SamplerV2(service.backend("statevector"))
        with pytest.raises(RateLimitError, match="the limit is 0 s") as refused:
            sampler.run([circuit])
        assert refused.value.code == 1290


def test_open_sessions_are_limited():
    """Until one is closed; sessions count as submissions, too."""
    session = {"backend": "statevector", "mode": "batch"}
    with capped(Caps(open_sessions=2, submissions_per_minute=4)) as (alice, bob):
        opened = [alice.call("POST", "/sessions", json=session) for _ in range(3)]
        assert [reply.status_code for reply in opened] == [200, 200, 429]
        assert "2 of your sessions are open: the limit is 2." in opened[2].text
        assert bob.call("POST", "/sessions", json=session).status_code == 200
        alice.call("DELETE", f"/sessions/{opened[0].json()['id']}/close")
        assert alice.call("POST", "/sessions", json=session).status_code == 200
        refused = alice.call("POST", "/sessions", json=session)
        assert "Too many sessions requests" in refused.text
        assert "Retry-After" in refused.headers
