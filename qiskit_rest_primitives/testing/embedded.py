"""The embedded service of a test run: started once, and empty for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.service import begin_again
from qiskit_rest_primitives.service.service import QiskitRuntimeService
from qiskit_rest_primitives.settings import Settings
from qiskit_rest_primitives.testing.request_journal import RequestJournal

USER = "test"
FIRST_PAUSE_SECONDS = 0.01
OUTAGE_SECONDS = 5.0


def run_service() -> Generator[LocalService]:
    """A running service with faults on demand and a journal of its requests."""
    with LocalService(faults=True, keep_requests=True) as local:
        yield local


@contextmanager
def fresh_user(local: LocalService) -> Generator[None]:
    """Admits a new user, who has no jobs; afterwards cancels the jobs and ends the faults."""
    begin_again(local, [User(USER, secrets.token_urlsafe(24), (_instance(),), admin=True)])
    try:
        yield
    finally:
        begin_again(local, [User(USER, secrets.token_urlsafe(24), admin=True)])


def client_of(local: LocalService, state_folder: Path) -> QiskitRuntimeService:
    """A client of the service, with short pauses between retries."""
    return QiskitRuntimeService(
        url=local.url,
        token=local.token,
        instance=local.instance,
        settings=Settings(
            state_folder=state_folder,
            first_pause_seconds=FIRST_PAUSE_SECONDS,
            outage_seconds=OUTAGE_SECONDS,
            lookup_seconds=OUTAGE_SECONDS,
        ),
    )


def journal_of(local: LocalService) -> RequestJournal:
    """The requests that the service received."""
    assert local.received is not None
    return RequestJournal(local.received.requests)


def _instance() -> str:
    account, instance = os.urandom(16).hex(), os.urandom(8).hex()
    return f"crn:v1:bluemix:public:quantum-computing:us-east:a/{account}:{instance}::"
