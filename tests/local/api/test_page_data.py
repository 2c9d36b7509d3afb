"""What the page at / is made of: its files and headers, and what it asks for beside the API."""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from qiskit import QuantumCircuit, qpy

from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.api import page_circuits, page_data
from qiskit_rest_primitives.local.api.page_files import FILES, FOLDER
from qiskit_rest_primitives.local.qasm3 import reader
from qiskit_rest_primitives.wire.values.typed_values import envelope
from tests.display.markup import Card
from tests.local.conftest import ALICE, BELL, BOB, Api, HeldExecutor
from tests.tokens import secret
from tests.wire.executor.programs import circuit_item, program

ADMIN = User("operator", secret("operator"), admin=True)


def page(api: Api, path: str, **params: Any) -> requests.Response:
    """GET of something for the page."""
    url = f"{api.service.base_url}/page{path}"
    reply = api.session.get(url, params=params, timeout=30)
    assert reply.status_code == 200, reply.text
    return reply


def check_headers(reply: requests.Response) -> None:
    """Nothing may be loaded, run or framed but the page's own."""
    policy = reply.headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    own = {"script-src": "'self'", "style-src": "'self'", "connect-src": "'self'"}
    none = ("default-src", "form-action", "frame-ancestors", "base-uri")
    assert rules == own | dict.fromkeys(none, "'none'") | {"img-src": "'self' data:"}
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", FILES)
def test_files_have_a_strict_policy(local: LocalService, path: str) -> None:
    """They need no token, set no cookie, and are of the right type."""
    reply = requests.get(local.base_url + path, timeout=30)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith(FILES[path][1])
    assert "Set-Cookie" not in reply.headers
    check_headers(reply)


def test_no_script_or_style_stands_in_the_markup_and_nothing_is_foreign() -> None:
    """All files of the folder are served, and name no other origin."""
    markup = (FOLDER / "index.html").read_text()
    assert re.findall(r"<script[^>]*>", markup) == ['<script type="module" src="page/page.js">']
    assert not re.search(r"<style|\son\w+=|style=", markup)
    assert {path.name for path in FOLDER.iterdir()} == {name for name, _ in FILES.values()}
    for path in FOLDER.iterdir():
        assert not re.search(r"https?:|url\(|@import|innerHTML|eval\(", path.read_text()), path


def test_data_needs_a_token(local: LocalService) -> None:
    """Every path of the page's own."""
    for _, path, _ in page_data.PAGE_HANDLERS:
        url = local.base_url + path.format(job_id="x", name="x")
        assert requests.get(url, timeout=30).status_code == 401


def test_page_data_name_the_signed_in_user(api: Api) -> None:
    """Name, instances, and whether they are an administrator."""
    reply = page(api, "/me")
    check_headers(reply)
    assert reply.headers["Cache-Control"] == "no-store"
    expected = {"user": "alice", "instance": ALICE.instances[0], "admin": False}
    assert reply.json() == expected | {"instances": list(ALICE.instances)}


def test_jobs_have_the_times_of_their_states(api: Api) -> None:
    """The newest is first; a job alone is the same."""
    job_id = api.run(tags=["<b>"])
    listed = page(api, "/jobs").json()
    assert listed["count"] >= 1
    job = listed["jobs"][0]
    assert (job["id"], job["tags"]) == (job_id, ["<b>"])
    assert job["created"] <= job["running"] <= job["finished"] <= job["now"]
    assert page(api, f"/jobs/{job_id}").json()["finished"] == job["finished"]


def test_the_job_of_another_user_is_not_found(local: LocalService, api: Api) -> None:
    """Whatever the page asks of it."""
    job_id = api.run()
    bob = Api(local, BOB)
    for path in ("", "/circuit", "/result"):
        url = f"{local.base_url}/page/jobs/{job_id}{path}"
        assert bob.session.get(url, timeout=30).status_code == 404
    bob.session.close()


@pytest.fixture
def held() -> Iterator[tuple[Api, Api]]:
    """Alice, with a job that runs and one that waits for it; and an administrator."""
    executor = HeldExecutor()
    executor._max_workers = 1
    with LocalService(users=[ALICE, ADMIN], executor=executor) as service:
        alice, operator = Api(service, ALICE), Api(service, ADMIN)
        yield alice, operator
        executor.release()
        alice.session.close()
        operator.session.close()


def test_the_queue_shows_owners_to_administrators_only(held: tuple[Api, Api]) -> None:
    """Others see that there are jobs, and which are theirs."""
    alice, operator = held
    first = alice.submit()
    alice.wait(first, "Running")
    other, waiting = operator.submit(), operator.submit()
    operator.wait(other, "Running")
    seen = page(alice, "/queue").json()
    assert seen["count"] == 3
    assert [job["own"] for job in seen["jobs"]] == [True, False, False]
    assert seen["jobs"][0]["id"] == first
    assert seen["jobs"][0]["running"]
    assert "running" not in seen["jobs"][2]
    assert not {"id", "user", "program"} & seen["jobs"][1].keys()
    all_of_it = page(operator, "/queue").json()["jobs"]
    assert [(job["id"], job["user"]) for job in all_of_it] == [
        (first, "alice"),
        (other, "operator"),
        (waiting, "operator"),
    ]


def test_a_job_that_waits_has_its_place(held: tuple[Api, Api]) -> None:
    """From 1; it is gone once it runs."""
    alice, _ = held
    ids = [alice.submit() for _ in range(4)]
    alice.wait(ids[0], "Running")
    places = [job.get("place") for job in page(alice, "/jobs").json()["jobs"]]
    assert places[-1] is None
    assert places[0] == sum(place is not None for place in places)


def test_the_error_map_of_a_device(api: Api) -> None:
    """Its markup has no style of its own, which the policy would refuse."""
    reply = page(api, "/backends/fake_5q")
    check_headers(reply)
    card = Card(reply.text)
    card.check_readable()
    assert card.table("Backend fake_5q").facts["qubits"] == "5"
    assert "readout error" in card.table("What was measured").facts
    assert reply.text.count('class="qubit ') == 5
    assert "style" not in reply.text


def test_a_simulator_has_no_map(api: Api) -> None:
    """It says why."""
    card = Card(page(api, "/backends/statevector").text)
    assert "no errors of its own" in card.text
    assert card.table("Backend statevector").facts["kind"] == "simulator"


def test_the_histogram_of_a_result(api: Api) -> None:
    """Outcomes with their counts, as in a notebook."""
    reply = page(api, f"/jobs/{api.run()}/result")
    card = Card(reply.text)
    assert {row[0] for row in card.table("c: most frequent").rows[1:]} <= {"00", "11"}
    assert "<style" not in reply.text


def test_results_that_are_not_shown_say_why(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private, missing, too large, and damaged ones."""
    private = api.run(private=True)
    assert "private" in page(api, f"/jobs/{private}/result").text
    assert "private" in page(api, f"/jobs/{private}/circuit").json()["note"]
    bad = {"pubs": [["OPENQASM 3; nonsense;", None, 10]], "version": 2}
    failed = api.run(params=bad)
    assert "no result" in page(api, f"/jobs/{failed}/result").text
    assert "QASM" in page(api, f"/jobs/{failed}/circuit").json()["note"]
    job_id = api.run()
    monkeypatch.setattr(page_data, "MOST_RESULT_BYTES", 10)
    assert "too large" in page(api, f"/jobs/{job_id}/result").text


def test_an_array_that_is_too_large_is_not_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small result can hold a large array, as arrays are compressed."""
    pubs = [[BELL, None, 4000]]
    job_id = api.run(params={"pubs": pubs, "version": 2, "support_qiskit": True})
    monkeypatch.setattr(page_data, "MOST_ARRAY_BYTES", 1000)
    assert "claims 4000 bytes; at most 1000" in page(api, f"/jobs/{job_id}/result").text


def test_a_result_in_a_file_of_its_own_is_shown(api: Api) -> None:
    """Large results are files beside the database."""
    job_id = api.run(params={"pubs": [[BELL, None, 20_000]], "version": 2})
    card = Card(page(api, f"/jobs/{job_id}/result").text)
    assert card.table("Registers").rows[1] == ["c", "2", "()", "20000"]


def test_options_and_drawing_of_a_circuit(api: Api) -> None:
    """The PUB that is asked for, and how many there are."""
    params = {"pubs": [[BELL, None, 10], [BELL]], "version": 2, "options": {"default_shots": 7}}
    job_id = api.run(params=params)
    found = page(api, f"/jobs/{job_id}/circuit", pub=1).json()
    assert found["pubs"] == 2
    assert msgspec.json.decode(found["options"]) == {"default_shots": 7}
    assert "┤ H ├──■──" in found["drawing"]
    assert found["source"] == BELL
    assert "no PUB 2" in page(api, f"/jobs/{job_id}/circuit", pub=2).json()["note"]


def test_a_circuit_of_a_binary_file_is_drawn(api: Api) -> None:
    """It is loaded where a hostile file does no harm."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    file = io.BytesIO()
    qpy.dump(circuit, file)
    text = base64.b64encode(zlib.compress(file.getvalue())).decode()
    pub = [envelope("QuantumCircuit", text), "Z", None]
    job_id = api.run(program_id="estimator", params={"pubs": [pub], "version": 2})
    found = page(api, f"/jobs/{job_id}/circuit").json()
    assert "┤ X ├" in found["drawing"]
    assert "source" not in found


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MOST_PARAMS_BYTES", 10, "too large to show"),
        ("MOST_CIRCUIT_BYTES", 10, "too large to draw"),
        ("MOST_OPERATIONS", 1, "Too large to draw: 2 qubits in use and 4 operations"),
    ],
)
def test_what_is_too_much_is_not_drawn(
    api: Api, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, words: str
) -> None:
    """The note says why."""
    job_id = api.run()
    monkeypatch.setattr(page_circuits, limit, value)
    assert words in page(api, f"/jobs/{job_id}/circuit").json()["note"]


def test_long_options_are_cut(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut ends in dots."""
    monkeypatch.setattr(page_circuits, "MOST_TEXT", 10)
    params = {"pubs": [[BELL]], "version": 2, "options": {"default_shots": 7}}
    found = page(api, f"/jobs/{api.run(params=params)}/circuit").json()
    assert found["options"].endswith("...")
    assert len(found["source"]) == 10


def test_a_circuit_that_takes_long_to_read_is_not_drawn(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text is shown all the same."""
    job_id = api.run()
    reader.forget()  # a text that was read lately is not read again
    monkeypatch.setattr(page_circuits, "LONGEST_SECONDS", -1.0)
    found = page(api, f"/jobs/{job_id}/circuit").json()
    assert "takes too long" in found["note"]
    assert found["source"] == BELL


def test_a_quantum_program_is_not_drawn(api: Api) -> None:
    """Its circuits and results have forms of their own; its options are shown."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    sent = program([circuit], [circuit_item([])], shots=5)
    job_id = api.run(program_id="executor", params=sent)
    found = page(api, f"/jobs/{job_id}/circuit").json()
    assert "executor" in found["note"]
    assert found["pubs"] == 0
    assert "executor" in page(api, f"/jobs/{job_id}/result").text
