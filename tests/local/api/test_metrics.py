"""GET /metrics, read as Prometheus reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from qiskit_rest_primitives.local import LocalService, User
from tests.local.conftest import Api
from tests.tokens import secret

ADMIN = User("operator", secret("operator"), admin=True)
HOSTILE = User('eve"\n{', secret("eve"))


@pytest.fixture
def service() -> Iterator[LocalService]:
    """A service whose counts nobody else changes."""
    with LocalService(users=[ADMIN, HOSTILE]) as service:
        yield service


def scrape(service: LocalService, user: User = ADMIN) -> requests.Response:
    """One request of Prometheus."""
    headers = {"Authorization": f"Bearer {user.token}"}
    return requests.get(f"{service.base_url}/metrics", headers=headers, timeout=30)


def values(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Name of a sample -> labels and value."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_jobs_times_workers_and_bytes(service: LocalService) -> None:
    """All of them are there after a job, with whose it was and where it ran."""
    api = Api(service, HOSTILE)
    api.run()
    api.session.close()
    reply = scrape(service)
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    found = values(reply.text)
    labels = {"state": "completed", "user": HOSTILE.name, "backend": "statevector"}
    assert (labels, 1.0) in found["qiskit_rest_jobs"]
    for name in ("queue", "run", "task"):
        [(of, number)] = found[f"qiskit_rest_{name}_seconds_count"]
        assert (of, number) == ({"backend": "statevector"}, 1.0)
        buckets = found[f"qiskit_rest_{name}_seconds_bucket"]
        assert buckets[-1] == ({"backend": "statevector", "le": "+Inf"}, 1.0)
    assert found["qiskit_rest_workers"][0][1] >= 1
    assert found["qiskit_rest_tasks_at_workers"] == [({}, 0.0)]
    assert found["qiskit_rest_scheduler_up"] == [({}, 1.0)]
    [(of, size)] = found["qiskit_rest_stored_bytes"]
    assert of == {"user": HOSTILE.name}
    assert size > 100


def test_two_services_of_a_process_count_apart(service: LocalService) -> None:
    """Nothing is kept process-wide."""
    api = Api(service, ADMIN)
    api.run()
    api.session.close()
    with LocalService(users=[ADMIN]) as other:
        assert "qiskit_rest_jobs" not in values(scrape(other).text)


def test_a_missing_package_is_named(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it, instead of an internal error."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    reply = scrape(service)
    assert reply.status_code == 501
    assert "[local]" in reply.json()["errors"][0]["solution"]


def test_they_are_for_administrators(service: LocalService) -> None:
    """Others learn why not, and strangers nothing."""
    reply = scrape(service, HOSTILE)
    assert reply.status_code == 403
    assert "administrators" in reply.json()["errors"][0]["message"]
    assert requests.get(f"{service.base_url}/metrics", timeout=30).status_code == 401
