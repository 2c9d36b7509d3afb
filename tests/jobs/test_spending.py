"""Settings(max_seconds_per_day, confirm): runs on devices are refused before they are sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import (
    EstimatorV2,
    InvalidRequestError,
    OptionsError,
    QiskitRuntimeService,
    RunEstimate,
    SamplerV2,
    Settings,
    SpendingError,
)
from qiskit_rest_primitives.jobs import spending
from qiskit_rest_primitives.local import LocalService


@pytest.fixture
def make(local: LocalService, tmp_path: Path) -> Any:
    """Makes a client with settings and a folder of its own."""

    def made(**settings: Any) -> QiskitRuntimeService:
        return QiskitRuntimeService(
            url=local.url,
            token=local.token,
            instance=local.instance,
            settings=Settings(state_folder=tmp_path / "own", **settings),
        )

    return made


def measured(device: Any) -> QuantumCircuit:
    """One qubit, for a device."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return transpile(circuit, device)


def count(service: QiskitRuntimeService) -> int:
    """Jobs of this test's devices so far."""
    return len(service.jobs(limit=None, descending=True))


def test_a_limit_stops_the_run_that_exceeds_it(make: Any) -> None:
    """Two runs of 2.3 s fit into 5 s, the third is refused with the numbers; nothing is sent."""
    service = make(max_seconds_per_day=5)
    device = service.backend("fake_5q")
    sampler, circuit = SamplerV2(device), measured(device)
    for _ in range(2):
        sampler.run([circuit], shots=1000).result()
    before = count(service)
    with pytest.raises(SpendingError, match=r"2\.25 s.*4\.51 s.*max_seconds_per_day=5.*raise"):
        sampler.run([circuit], shots=1000)
    assert count(service) == before


def test_simulators_and_other_days_do_not_count(
    make: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A simulator runs at a limit of 0; what was spent on another day or service is not counted."""
    nothing = make(max_seconds_per_day=0)
    backend = nothing.backend("statevector")
    assert SamplerV2(backend).run([measured(backend)], shots=5).result()[0].data.meas.num_shots == 5
    service = make(max_seconds_per_day=3)
    account = {"url": service.client.url, "instance": service.client.account.instance}
    lines = [
        {"run": "a", "at": "2020-01-01T00:00:00+00:00", **account, "seconds": 9.0},
        {"run": "b", "at": "2999-01-01T00:00:00+00:00", **account, "seconds": 9.0},
    ]
    (tmp_path / "own").mkdir(exist_ok=True)
    path = tmp_path / "own" / "spending.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines) + b'{"run"')
    monkeypatch.setattr(spending, "COMPACT_BYTES", 1)  # old days are dropped on the way
    device = service.backend("fake_5q")
    SamplerV2(device).run([measured(device)], shots=10).result()
    assert b"2020" not in path.read_bytes()
    with pytest.raises(SpendingError, match="with about 2"):
        SamplerV2(device).run([measured(device)], shots=10)


def test_a_question_has_the_estimate_and_may_be_answered_with_no(make: Any) -> None:
    """False raises an error and sends nothing; True runs; simulators are not asked about."""
    asked: list[RunEstimate] = []
    answers = [False, True]

    def confirm(estimate: RunEstimate) -> bool:
        asked.append(estimate)
        return answers.pop(0)

    service = make(confirm=confirm)
    device = service.backend("fake_5q")
    sampler, circuit = SamplerV2(device), measured(device)
    before = count(service)
    with pytest.raises(SpendingError, match="nothing was sent"):
        sampler.run([circuit], shots=1000)
    assert count(service) == before
    sampler.run([circuit], shots=1000).result()
    assert [estimate.executions for estimate in asked] == [1000, 1000]
    backend = service.backend("statevector")
    SamplerV2(backend).run([measured(backend)]).result()
    assert answers == []


def test_every_way_to_run_asks_once(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A split run, the client's mitigation in several jobs, and backend.run()."""
    monkeypatch.setattr("qiskit_rest_primitives.primitives.encoded_pubs.MAX_EXECUTIONS", 100)
    asked: list[RunEstimate] = []

    def confirm(estimate: RunEstimate) -> bool:
        asked.append(estimate)
        return True

    service = make(confirm=confirm, max_seconds_per_day=1000)
    device = service.backend("fake_5q")
    circuit = measured(device)
    SamplerV2(device, options={"split": True}).run([circuit], shots=150).result()
    device.run(circuit, shots=50).result()
    options = {"mitigation": "client", "default_shots": 64}
    bare = QuantumCircuit(device.num_qubits)
    bare.x(0)
    pub = (bare, SparsePauliOp("Z" * bare.num_qubits))
    EstimatorV2(device, options=options).run([pub]).result()
    assert [estimate.jobs for estimate in asked] == [2, 1, 1]


def test_a_refused_job_is_not_counted(failing: LocalService, tmp_path: Path) -> None:
    """The service answers 4xx: there is no job, so the seconds are free again."""
    service = QiskitRuntimeService(
        url=failing.url,
        token=failing.token,
        instance=failing.instance,
        settings=Settings(state_folder=tmp_path, max_seconds_per_day=3),
    )
    device = service.backend("fake_5q")
    circuit = measured(device)
    assert failing.faults is not None
    failing.faults.add("POST", "/jobs", count=1, status=400)
    with pytest.raises(InvalidRequestError):
        SamplerV2(device).run([circuit], shots=1000)
    SamplerV2(device).run([circuit], shots=1000).result()


PROGRAM = """
import sys
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings, SpendingError

url, token, instance, folder = sys.stdin.readline().split()
settings = Settings(state_folder=folder, max_seconds_per_day=7)
service = QiskitRuntimeService(url=url, token=token, instance=instance, settings=settings)
device = service.backend("fake_5q")
circuit = QuantumCircuit(1)
circuit.measure_all()
sent = 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(4):
    try:
        SamplerV2(device).run([circuit], shots=10)
        sent += 1
    except SpendingError:
        pass
print(sent)
"""


@pytest.mark.slow
def test_two_processes_share_the_limit(local: LocalService, tmp_path: Path) -> None:
    """Eight runs of two processes at once: three of 2 s fit into 7 s."""
    arguments = " ".join([local.url, local.token, local.instance, str(tmp_path)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(arguments + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
    outputs: list[str] = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        outputs.append(process.communicate(timeout=120)[0])
    assert sum(int(output) for output in outputs) == 3


def test_a_folder_that_can_t_be_written_stops_the_run(make: Any, tmp_path: Path) -> None:
    """A limit that can't be kept is an error, not a limit that is ignored."""
    (tmp_path / "own").write_text("a file where the folder should be")
    service = make(max_seconds_per_day=100, journal=False)
    device = service.backend("fake_5q")
    with pytest.raises(SpendingError, match="state_folder"):
        SamplerV2(device).run([measured(device)])


@pytest.mark.parametrize("settings", [{"max_seconds_per_day": -1}, {"confirm": True}])
def test_wrong_settings_are_refused(settings: Any) -> None:
    """At once, with the name."""
    with pytest.raises(OptionsError, match=next(iter(settings))):
        Settings(**settings)
