"""POST /jobs with `Prefer: wait`: the reply of a quick job tells its end."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from qiskit_rest_primitives.local.api import prompt_reply
from qiskit_rest_primitives.local.job_states import Core
from qiskit_rest_primitives.wire.result.prompt_reply import preferred_seconds
from tests.local.conftest import ALICE, BELL, FINAL, Api, HeldExecutor

WAITS = {"Prefer": "wait=1"}


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes no quick job a slow one."""
    monkeypatch.setattr(prompt_reply, "LONGEST_SECONDS", 60.0)
    monkeypatch.setattr(prompt_reply, "preferred_seconds", lambda header: 60.0 * bool(header))


def post(api: Api, headers: dict[str, str] = WAITS, **members: Any) -> Any:
    """The reply to a job with a Bell state."""
    api.session.headers.update(headers)
    reply = api.post_job(**members)
    assert reply.status_code == 200, reply.text
    return reply


@pytest.mark.usefixtures("_patient")
def test_details_and_result_are_those_of_later_calls(api: Api) -> None:
    """The reply has both, and says that the preference was applied."""
    reply = post(api)
    assert reply.headers["Preference-Applied"] == "wait"
    created = reply.json()
    assert set(created) == {"id", "backend", "details", "result"}
    assert created["details"]["status"] == "Completed"
    assert created["details"] == api.json(f"/jobs/{created['id']}", exclude_params="true")
    result = api.get(f"/jobs/{created['id']}/results").text
    assert reply.text.endswith(f'"result":{result}}}')


@pytest.mark.usefixtures("_patient")
def test_the_details_have_the_form_of_the_requested_version(api: Api) -> None:
    """As GET /jobs/{id} has."""
    details = post(api, WAITS | {"IBM-API-Version": "2025-01-01"}).json()["details"]
    assert "quantum_seconds" in details["usage"]


def test_other_clients_get_the_usual_reply(api: Api) -> None:
    """Whatever else they prefer."""
    for headers in ({}, {"Prefer": "respond-async"}, {"Prefer": "wait=0"}):
        reply = post(api, headers)
        assert set(reply.json()) == {"id", "backend"}
        assert "Preference-Applied" not in reply.headers


@pytest.mark.usefixtures("_patient")
def test_a_private_result_can_still_be_read(api: Api) -> None:
    """The reply could be lost, and with it the only copy."""
    created = post(api, private=True).json()
    assert set(created) == {"id", "backend", "private"}
    api.wait(created["id"])
    assert api.get(f"/jobs/{created['id']}/results").status_code == 200


@pytest.mark.usefixtures("_patient")
def test_a_failed_job_has_a_reason_and_no_result(api: Api) -> None:
    """Its log is read as ever."""
    wrong = {"pubs": [["OPENQASM 3; nonsense;", None, 1]], "version": 2}
    created = post(api, params=wrong).json()
    assert set(created) == {"id", "backend", "details"}
    assert created["details"]["state"]["reason"]


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(("most", "comes"), [(200_000, True), (100_000, False)])
def test_a_larger_result_comes_up_to_a_limit(
    api: Api, monkeypatch: pytest.MonkeyPatch, most: int, comes: bool
) -> None:
    """One that is a file on disk, too; beyond the limit it is downloaded."""
    monkeypatch.setattr(prompt_reply, "MAX_PROMPT_BYTES", most)
    created = post(api, params={"pubs": [[BELL, None, 20_000]], "version": 2}).json()
    assert created["details"]["status"] == "Completed"
    result = api.json(f"/jobs/{created['id']}/results")
    assert len(result["results"][0]["data"]["c"]["samples"]) == 20_000
    assert created.get("result") == (result if comes else None)


def test_a_long_job_is_answered_before_its_end(
    held: tuple[Api, HeldExecutor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the usual reply, after the longest wait."""
    monkeypatch.setattr(prompt_reply, "LONGEST_SECONDS", 0.01)
    api, executor = held
    created = post(api).json()
    assert set(created) == {"id", "backend"}
    executor.release()
    assert api.wait(created["id"])["status"] == "Completed"


@pytest.mark.usefixtures("_patient")
def test_a_cancelled_job_ends_the_wait(held: tuple[Api, HeldExecutor]) -> None:
    """Whoever waits for a job that another request cancels is told so."""
    api, _ = held
    replies: list[Any] = []
    waiting = threading.Thread(target=lambda: replies.append(post(api)))
    waiting.start()
    other = Api(api.service, ALICE)
    while not (jobs := other.json("/jobs")["jobs"]):
        pass
    assert other.call("POST", f"/jobs/{jobs[0]['id']}/cancel").status_code == 204
    waiting.join(60)
    assert replies[0].json()["details"]["status"] == "Cancelled"
    other.session.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=1", 1),
        ("respond-async, wait=10", 10),
        ('wait="2"; x=y', 2),
        ("Wait = 3", 3),
        ("", 0),
        ("wait", 0),
        ("wait=-1", 0),
        ("await=5", 0),
        ("wait=99999999999", 0),
    ],
)
def test_preferences_are_read_as_in_rfc_7240(header: str, seconds: float) -> None:
    """Whole seconds; whatever else there is, is ignored."""
    assert preferred_seconds(header) == seconds


@pytest.mark.usefixtures("_patient")
def test_a_job_that_ended_before_the_wait_is_noticed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end would wake nobody any more."""
    submit = Core.submit

    def submit_and_run(core: Core, *arguments: Any) -> dict[str, Any]:
        created = submit(core, *arguments)
        while core.store.job(created["id"])["status"] not in FINAL:
            time.sleep(0.001)
        return created

    monkeypatch.setattr(Core, "submit", submit_and_run)
    assert post(api).json()["details"]["status"] == "Completed"
