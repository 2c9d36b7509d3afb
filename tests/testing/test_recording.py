"""Recordings: what is stored, what is not, and that a replay gives the same."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives import (
    EstimatorV2,
    JobStateError,
    NotFoundError,
    QiskitRuntimeService,
    RestPrimitivesError,
    SamplerV2,
    Session,
    Settings,
)
from qiskit_rest_primitives.account import resolve_account
from qiskit_rest_primitives.jobs.submission.rate_limit import rate_limit_of
from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.testing import RecordingError, record, replay
from qiskit_rest_primitives.testing import recording as recording_module
from qiskit_rest_primitives.testing.masking import mask, secrets_of
from qiskit_rest_primitives.testing.recording_file import (
    StoredReply,
    encode_records,
    read_recording,
)
from tests.tokens import secret

API_KEY = secret("key of ada", 44)
ACCOUNT, GUID = "0123456789abcdef0123456789abcdef", "7d0c63ce-5f6a-4a7e-8d43-0f6c8a0e53aa"
CRN = f"crn:v1:bluemix:public:quantum-computing:us-east:a/{ACCOUNT}:{GUID}::"


def turn(name: str = "turn") -> QuantumCircuit:
    """One qubit, turned by a parameter and measured."""
    circuit = QuantumCircuit(1, name=name)
    circuit.rx(Parameter("theta"), 0)
    circuit.measure_all()
    return circuit


@pytest.fixture(scope="module")
def of_ada() -> Iterator[LocalService]:
    """A service with an identity service, and a user whose secrets are known."""
    with LocalService(users=[User("ada-lovelace", API_KEY, (CRN,))]) as running:
        yield running


@pytest.fixture
def ada(
    of_ada: LocalService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> QiskitRuntimeService:
    """A client that exchanges an API key for a token, as with IBM's service."""
    monkeypatch.setenv("IAM_URL", of_ada.base_url)
    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        url=of_ada.url,
        token=API_KEY,
        instance=CRN,
        settings=Settings(state_folder=tmp_path / "state"),
    )


@pytest.fixture
def cut_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither names nor connections: every attempt is an error."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("something used the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def bodies(service: QiskitRuntimeService, number: int) -> list[Any]:
    """Runs jobs, some of them equal; the bytes of their results, and the results."""
    backend = service.backend("statevector")
    sampler, estimator = SamplerV2(backend), EstimatorV2(backend)
    bare = turn().remove_final_measurements(inplace=False)
    jobs: list[Any] = []
    for index in range(number // 2):
        jobs.append(sampler.run([(turn(f"run {index}"), [0.1 * (index // 2)])], shots=50))
        jobs.append(estimator.run([(bare, "Z", [0.1 * index])], precision=0.1))
    results = [job.result() for job in jobs]
    raw = [service.client.job_results(job.job_id()).body for job in jobs]
    samples = [bytes(result[0].data.meas.array) for result in results[::2]]
    values = [bytes(result[0].data.evs) for result in results[1::2]]
    return [[job.job_id() for job in jobs], raw, samples, values]


@pytest.mark.slow
def test_a_hundred_jobs_are_replayed_to_the_bit_with_the_network_cut(
    ada: QiskitRuntimeService, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Same ids, bytes and results, though equal jobs gave other samples; no secret is stored."""
    path = tmp_path / "jobs.jsonl"
    with record(path):
        sent = bodies(ada, 100)
    stored = path.read_bytes()
    auth = ada.client._transport.auth
    assert auth is not None
    token = auth.tokens.current()
    for hidden in (API_KEY, token, CRN, ACCOUNT, GUID, "ada-lovelace", "Bearer", "qrp-"):
        assert hidden.encode() not in stored, hidden
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    request.getfixturevalue("cut_network")
    with replay(path) as recording:
        assert len(recording.unused) == 100
        assert bodies(recording.service, 100) == sent
        assert recording.unused == []


def test_a_thread_that_waits_for_an_earlier_job_is_no_miss(
    service: QiskitRuntimeService, tmp_path: Path
) -> None:
    """Its read is an error in the replay, but the replay of this program is complete."""
    earlier = SamplerV2(service.backend("statevector")).run([(turn(), [0.3])])
    path = tmp_path / "jobs.jsonl"
    with record(path):
        bodies(service, 2)
    with replay(path) as recording:
        bodies(recording.service, 2)
        for read in (service.client.job, service.client.job_results):
            with pytest.raises(RecordingError, match=earlier.job_id()):
                read(earlier.job_id())
    assert recording.missed is None
    assert earlier.result()[0].data.meas.num_shots == 4096


def test_any_account_does_for_a_replay(
    ada: QiskitRuntimeService, tmp_path: Path, cut_network: None
) -> None:
    """A client of IBM's service needs no valid key, and no pause for the rate limit."""
    path = tmp_path / "jobs.jsonl"
    path.write_bytes(b"")
    with pytest.raises(RecordingError, match="empty"), replay(path):
        pass
    path.write_bytes(encode_records([]))
    with replay(path):
        ibm = QiskitRuntimeService(token=secret("no key", 44), instance=CRN)
        assert rate_limit_of(ibm.client).interval_seconds == 0
    assert rate_limit_of(ibm.client).interval_seconds == 12


def explore(service: QiskitRuntimeService) -> list[Any]:
    """All kinds of calls: a device, a session, a job read by id and in lists, an error."""
    device = service.backend("fake_5q")
    found: list[Any] = [service.least_busy(simulator=False).name, device.properties().to_dict()]
    with Session(service.backend("statevector")) as session:
        job = SamplerV2(mode=session).run([(turn(), [0.3])], shots=20)
        found += [job.result()[0].data.meas.get_counts(), session.details()["id"]]
    again = service.job(job.job_id())
    found += [again.result()[0].data.meas.get_counts(), again.metrics(), again.inputs["pubs"]]
    found += [[each.job_id() for each in service.jobs(limit=1)], again.tags]
    found += [service.usage()["usage_consumed_seconds"]]
    with pytest.raises(JobStateError) as refused:
        job.cancel()
    with pytest.raises(NotFoundError) as missing:
        service.job("nobody")
    return [*map(repr, found), str(refused.value), str(missing.value)]


def test_every_call_is_replayed(
    service: QiskitRuntimeService, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Backends, sessions, metrics, lists, jobs read by id, and the service's refusals."""
    with record(tmp_path / "all.jsonl.gz"):
        sent = explore(service)
    assert (tmp_path / "all.jsonl.gz").read_bytes().startswith(b"\x1f\x8b")
    request.getfixturevalue("cut_network")
    with replay(tmp_path / "all.jsonl.gz") as recording:
        assert explore(recording.service) == sent


def test_a_client_made_before_takes_part(service: QiskitRuntimeService, tmp_path: Path) -> None:
    """The backend may come from outside of the block, for recording and replay."""
    backend = service.backend("statevector")
    with record(tmp_path / "x.jsonl"):
        sent = SamplerV2(backend).run([(turn(), [1.0])], shots=30).result()
    with replay(tmp_path / "x.jsonl"):
        served = SamplerV2(backend).run([(turn("renamed"), [1.0])], shots=30).result()
    assert served[0].data.meas == sent[0].data.meas


@pytest.fixture
def recorded(service: QiskitRuntimeService, tmp_path: Path) -> Path:
    """A recording of two jobs."""
    path = tmp_path / "two.jsonl"
    bare = turn().remove_final_measurements(inplace=False)
    with record(path):
        backend = service.backend("statevector")
        SamplerV2(backend).run([(turn(), [0.5]), (turn(), [0.25])], shots=30).result()
        EstimatorV2(backend).run([(bare, {"Z": 2.0}, [0.5])], precision=0.5).result()
    return path


def miss(path: Path, submit: Any) -> str:
    """The message with which a replay refuses a submission."""
    with pytest.raises(RecordingError) as missed, replay(path) as recording:
        submit(recording.service.backend("statevector"))
    return str(missed.value)


def changed() -> QuantumCircuit:
    """`turn` with one gate more."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("theta"), 0)
    circuit.x(0)
    circuit.measure_all()
    return circuit


MISSES: dict[str, tuple[Any, list[str]]] = {
    "circuit": (
        lambda b: SamplerV2(b).run([(turn(), [0.5]), (changed(), [0.25])], shots=30),
        ["PUB 1, circuit:", "+x q[0];", "record again", "two.jsonl"],
    ),
    "values": (
        lambda b: SamplerV2(b).run([(turn(), [0.5]), (turn(), [0.75])], shots=30),
        ["PUB 1, parameter values: 0.75 at (0,), recorded 0.25; 1 differ"],
    ),
    "shape": (
        lambda b: SamplerV2(b).run([(turn(), [0.5]), (turn(), [[0.25]])], shots=30),
        ["PUB 1, parameter values: shape (1, 1), recorded (1,)"],
    ),
    "shots": (
        lambda b: SamplerV2(b).run([(turn(), [0.5]), (turn(), [0.25])], shots=31),
        ["PUB 0, shots: 31, recorded 30", "PUB 1, shots: 31, recorded 30"],
    ),
    "number": (
        lambda b: SamplerV2(b).run([(turn(), [0.5])], shots=30),
        ["1 PUBs, recorded 2"],
    ),
    "observables": (
        lambda b: EstimatorV2(b).run(
            [(turn().remove_final_measurements(inplace=False), {"X": 2.0}, [0.5])], precision=0.5
        ),
        ['PUB 0, observables: {"X":2.0}, recorded {"Z":2.0}'],
    ),
    "options": (
        lambda b: SamplerV2(b, options={"simulator": {"seed_simulator": 3}}).run(
            [(turn(), [0.5]), (turn(), [0.25])], shots=30
        ),
        ["params.options.simulator.seed_simulator: 3, recorded unset"],
    ),
    "twice": (
        lambda b: [
            SamplerV2(b).run([(turn(), [0.5]), (turn(), [0.25])], shots=30) for _ in range(2)
        ],
        ["recorded 1 times, and it is submitted once more"],
    ),
}


@pytest.mark.parametrize("change", MISSES)
def test_a_changed_job_is_a_clear_miss(recorded: Path, change: str, cut_network: None) -> None:
    """The error names the PUB and what differs from the nearest recorded job, and the cure."""
    submit, expected = MISSES[change]
    message = miss(recorded, submit)
    for text in expected:
        assert text in message, message


def test_a_miss_that_the_program_hides_is_raised_at_the_end(recorded: Path) -> None:
    """A test can't pass by swallowing it."""
    ending = replay(recorded)
    service = ending.__enter__().service
    with pytest.raises(RecordingError):
        service.client.backend_properties("fake_7q")
    with pytest.raises(RecordingError, match="GET /backends/fake_7q/properties is not in"):
        ending.__exit__(None, None, None)


def test_a_recording_without_jobs_says_so(tmp_path: Path, service: QiskitRuntimeService) -> None:
    """There is no nearest job to compare with."""
    with record(tmp_path / "none.jsonl"):
        service.backend("statevector")
    message = miss(tmp_path / "none.jsonl", lambda b: SamplerV2(b).run([(turn(), [0.5])]))
    assert "the recording has no jobs" in message


def test_a_job_whose_reply_was_lost_is_recorded(
    client_of_failing: QiskitRuntimeService, failing: LocalService, tmp_path: Path
) -> None:
    """The client found it by its tag; the replay submits it as any other."""
    assert failing.faults is not None
    failing.faults.add("POST", "/jobs", drop=True, after_work=True, count=1)
    failing.faults.add("GET", "/jobs/*", status=503, count=2)
    backend = client_of_failing.backend("statevector")
    with record(tmp_path / "lost.jsonl"):
        sent = SamplerV2(backend).run([(turn(), [0.5])], shots=30).result()
    assert len(failing.faults.hits) == 3
    with replay(tmp_path / "lost.jsonl"):
        served = SamplerV2(backend).run([(turn(), [0.5])], shots=30).result()
    assert served[0].data.meas == sent[0].data.meas


def test_a_refused_job_is_refused_again(service: QiskitRuntimeService, tmp_path: Path) -> None:
    """The recorded reply of the service is the error."""
    body = b'{"program_id":"sampler","backend":"nowhere","params":{"pubs":["x"]}}'

    def refused() -> str:
        with pytest.raises(RestPrimitivesError, match="nowhere") as error:
            service.client.create_job(body)
        return str(error.value)

    with record(tmp_path / "no.jsonl"):
        sent = refused()
    with replay(tmp_path / "no.jsonl"):
        assert refused() == sent


def test_a_job_without_an_outcome_is_a_warning(
    service: QiskitRuntimeService, tmp_path: Path
) -> None:
    """It names the job when recording, and the replay says that it has no outcome."""
    backend = service.backend("statevector")
    with pytest.warns(UserWarning, match="wait for result"), record(tmp_path / "open.jsonl"):
        job = SamplerV2(backend).run([(turn(), [0.5])])
    job.result()

    def again() -> None:
        with replay(tmp_path / "open.jsonl"):
            SamplerV2(backend).run([(turn(), [0.5])]).result()

    with pytest.raises(RecordingError, match=f"outcome of job {job.job_id()} is not in"):
        again()


def test_a_block_that_fails_writes_nothing(service: QiskitRuntimeService, recorded: Path) -> None:
    """An earlier recording stays as it is."""
    before = recorded.read_bytes()
    with pytest.raises(NotFoundError), record(recorded):
        service.job("nobody")
    assert recorded.read_bytes() == before
    assert [file.name for file in recorded.parent.glob("*.jsonl*")] == [recorded.name]


def test_one_recording_or_replay_at_a_time(recorded: Path) -> None:
    """They act on all clients of the process, so a second one is refused."""
    with replay(recorded):
        second = record(recorded)
        with pytest.raises(RestPrimitivesError, match="active already"):
            second.__enter__()


def test_a_forked_process_can_not_record(
    service: QiskitRuntimeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its part would be lost, so its first call is an error."""
    with record(tmp_path / "x.jsonl"):
        monkeypatch.setattr(recording_module.os, "getpid", lambda: 0)
        with pytest.raises(RestPrimitivesError, match="forked"):
            service.usage()
        monkeypatch.undo()


def test_reading_and_writing_gives_the_same_file(recorded: Path) -> None:
    """The order is fixed, so a recording that did not change has no diff."""
    assert encode_records(read_recording(recorded)) == recorded.read_bytes()


WRONG = {
    "not a recording": (b'{"type":"call","method":"GET","path":"/"}\n', "line 1"),
    "not JSON": (b"hello\n", "line 1"),
    "of a later release": (
        b'{"type":"recording","format":"qiskit-rest-primitives","version":2}\n',
        "version 2",
    ),
    "a cut archive": (b"\x1f\x8b\x08\x00", "can't be read"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, case: str) -> None:
    """The message names the file and what is wrong with it."""
    content, expected = WRONG[case]
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=expected), replay(path):
        pass
    with pytest.raises(RecordingError, match="there is no recording"), replay(tmp_path / "no"):
        pass


def test_secrets_are_hidden_in_every_spelling() -> None:
    """As they are, in JSON, in a url; short ones only as whole strings; ids by their names."""
    quoted = 'a "quoted" secret'
    text = (
        b'{"a":"a \\"quoted\\" secret","b":"a%20%22quoted%22%20secret","c":"pw","d":"pwd",'
        b'"user_id":"IBMid-123","e":"http://ada:pass@host/x","f":"eyJhbGciOiJ9.eyJzdWIiOiJ9.x-y"}'
    )
    assert mask(text, [quoted, "pw"]) == (
        b'{"a":"<hidden>","b":"<hidden>","c":"<hidden>","d":"pwd",'
        b'"user_id":"hidden","e":"http://host/x","f":"<hidden>"}'
    )


def test_a_path_that_can_not_be_written_leaves_no_file(
    service: QiskitRuntimeService, tmp_path: Path
) -> None:
    """The temporary file is removed again."""
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(OSError), record(tmp_path / "folder.jsonl"):  # noqa: PT011 - differs by system
        service.backend("statevector")
    assert os.listdir(tmp_path / "folder.jsonl") == []
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".folder")]


@pytest.mark.parametrize(
    "body", [b"", b'{"a":1.50}', b'{"a":\n1}', b' {"a":1}', b"a log\n", b"NaN", b"\xff\x00"]
)
def test_every_body_is_stored_to_the_byte(body: bytes) -> None:
    """JSON on one line as it is, other text as text, anything else as base64."""
    line = msgspec.json.encode(StoredReply.of(200, body))
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=StoredReply).body == body


def test_the_proxy_of_an_account_is_hidden() -> None:
    """Its user and password, in a url and elsewhere."""
    password = secret("proxy", 20)
    account = resolve_account(
        channel="local",
        url="http://127.0.0.1:1/v1",
        token=secret("account", 30),
        proxies={"https": f"http://proxy-user:{password}@proxy:8080"},
    )
    hidden = {each.reveal() for each in secrets_of(account)}
    assert {password, "proxy-user"} < hidden
    assert password.encode() not in mask(f'{{"reason":"{password} is wrong"}}'.encode(), hidden)
