"""A backend that raises, hangs or returns nonsense fails its own job, by name, and no other."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.random import random_circuit
from qiskit.result import Result

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, Settings
from qiskit_rest_primitives.errors import JobFailedError
from qiskit_rest_primitives.local import LocalService
from tests.local.simulators.odd_backends import HangingBackend, OddBackend, result_of

ODD = OddBackend(lambda circuits, shots: None)
HANGING = [HangingBackend(f"hanging_{number}") for number in range(4)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QiskitRuntimeService]:
    """A client of a service with the odd backends."""
    with LocalService(backends=[ODD, *HANGING]) as local:
        yield QiskitRuntimeService(
            url=local.url,
            token=local.token,
            settings=Settings(state_folder=tmp_path_factory.mktemp("state")),
        )
        for backend in HANGING:
            backend.let_go.set()


@pytest.fixture
def circuit() -> QuantumCircuit:
    """Two measured qubits."""
    circuit = QuantumCircuit(2)
    circuit.measure_all()
    return circuit


def raises(circuits: list[QuantumCircuit], shots: int) -> Result:
    """A vendor's own kind of error."""

    class LaserOffError(Exception):
        pass

    raise LaserOffError("ask Eve to turn the laser on")


def leaves(circuits: list[QuantumCircuit], shots: int) -> Result:
    """What a script that was never meant to be a library does."""
    raise SystemExit("goodbye")


ANSWERS: dict[str, tuple[Callable[[list[QuantumCircuit], int], Any], str]] = {
    "raises": (raises, "LaserOffError: ask Eve to turn the laser on"),
    "leaves": (leaves, "SystemExit: goodbye"),
    "none": (lambda circuits, shots: None, "odd: it gave None, not a Result"),
    "text": (lambda circuits, shots: "0110", "odd: it gave an object of type str, not a Result"),
    "failed": (
        lambda circuits, shots: result_of({}, success=False),
        "odd: its result says that it failed: .*out of helium",
    ),
    "circuits": (
        lambda circuits, shots: result_of({}, {}),
        "odd: expected results of 1 circuits, got 2",
    ),
    "shots": (
        lambda circuits, shots: result_of({"memory": ["0x0"] * 9}),
        "odd, circuit 0: expected 10 shots, got 9",
    ),
    "counts": (
        lambda circuits, shots: result_of({"counts": {"0x0": 11}}),
        "odd, circuit 0: expected 10 shots, got 11",
    ),
    "probabilities": (
        lambda circuits, shots: result_of({"counts": {"0x0": 0.25, "0x1": 9.75}}),
        "odd, circuit 0: it gave counts that are not numbers of shots",
    ),
    "nothing measured": (
        lambda circuits, shots: result_of({}),
        "odd, circuit 0: it gave neither memory nor counts",
    ),
    "too wide": (
        lambda circuits, shots: result_of({"memory": ["0x4"] * 10}),
        "odd, circuit 0: it gave the sample 0x4, the circuit has 2 bits",
    ),
    "bit strings": (
        lambda circuits, shots: result_of({"memory": ["01"] * 10}),
        "odd, circuit 0: it gave samples that are not strings such as '0x1f'",
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_wrong_is_the_reason_of_the_failure(
    kind: str, service: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    """The job fails with the exception's type and message, or with what the result lacks."""
    ODD.answer, reason = ANSWERS[kind]
    job = SamplerV2(service.backend("odd")).run([circuit], shots=10)
    with pytest.raises(JobFailedError, match=reason):
        job.result()


def test_what_the_backend_refuses_is_no_mistake_of_the_backend() -> None:
    """Aer says that a circuit does not fit into memory: the user has to change something."""
    aer = pytest.importorskip("qiskit_aer")
    wide = QuantumCircuit(60)
    wide.measure_all()
    job = SamplerV2(mode=aer.AerSimulator(method="statevector")).run([wide], shots=10)
    with pytest.raises(JobFailedError, match="Insufficient memory") as problem:
        job.result()
    assert "Change the circuit or the backend's options" in str(problem.value)
    assert "run() is not right" not in str(problem.value)


def test_a_run_that_gives_no_job_is_named(circuit: QuantumCircuit) -> None:
    """Some return the counts at once."""

    class Eager(OddBackend):
        def run(self, run_input: Any, **options: Any) -> Any:
            """Gives counts."""
            return {"00": 10}

    backend = Eager(lambda circuits, shots: None, name="eager")
    with pytest.raises(JobFailedError, match="eager: it gave an object of type dict, which is no"):
        SamplerV2(mode=backend).run([circuit], shots=10).result()


def test_after_a_failure_the_backend_runs_again(
    service: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    """One bad job is the end of that job only."""
    sampler = SamplerV2(service.backend("odd"))
    ODD.answer = raises
    with pytest.raises(JobFailedError, match="LaserOffError"):
        sampler.run([circuit], shots=10).result()
    ODD.answer = lambda circuits, shots: result_of({"memory": ["0x1"] * shots})
    counts = sampler.run([circuit], shots=10).result()[0].data.meas.get_counts()
    assert counts == {"01": 10}


def test_backends_that_hang_delay_no_other_and_are_cancelled(
    service: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    """With more of them than the service has threads, a simulator's jobs still run.

    A cancelled job reaches the cancel() of the backend's own job, which stays hanging.
    """
    hanging = [SamplerV2(service.backend(backend.name)).run([circuit]) for backend in HANGING]
    assert all(backend.started.wait(60) for backend in HANGING)
    for _ in range(3):
        other = SamplerV2(service.backend("statevector")).run([circuit], shots=10)
        assert other.result()[0].data.meas.get_counts() == {"00": 10}
    for job, backend in zip(hanging, HANGING, strict=True):
        assert job.status() == "RUNNING"
        job.cancel()
        job.wait_for_final_state(timeout=60)
        assert job.status() == "CANCELLED"
        assert backend.cancelled.wait(60)
        assert not backend.let_go.is_set()


def test_a_job_on_a_hanging_backend_ends_with_its_time(
    service: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    """Its reason is the limit, and the next job on the same backend is taken up.

    Jobs on one backend run one after another; one that waits is cancelled at once.
    """
    backend = HANGING[0]
    sampler = SamplerV2(service.backend(backend.name), options={"max_execution_time": 2})
    first = sampler.run([circuit])
    with pytest.raises(Exception, match="longer than its limit of 2 s"):
        first.result()
    backend.started.clear()
    second, third = sampler.run([circuit]), sampler.run([circuit])
    assert backend.started.wait(60)
    third.cancel()
    third.wait_for_final_state(timeout=60)
    assert (second.status(), third.status()) == ("RUNNING", "CANCELLED")
    second.cancel()


@pytest.mark.slow
def test_a_program_ends_while_a_backend_hangs(tmp_path: Path) -> None:
    """Neither the service nor the interpreter's exit waits for it."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from qiskit import QuantumCircuit
            from qiskit_rest_primitives import SamplerV2
            from tests.local.simulators.odd_backends import HangingBackend

            backend = HangingBackend()
            circuit = QuantumCircuit(1)
            circuit.measure_all()
            job = SamplerV2(mode=backend).run([circuit])
            backend.started.wait()
            print("leaving")
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path), "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (0, "leaving\n"), done.stderr


def test_a_long_simulation_on_aer_keeps_no_other_job_waiting(circuit: QuantumCircuit) -> None:
    """It keeps Python's lock, so it runs in a worker process, which ends with its job."""
    aer = pytest.importorskip("qiskit_aer")
    long = random_circuit(24, 150, max_operands=2, seed=1, measure=True)
    service = QiskitRuntimeService(channel="local")
    job = SamplerV2(mode=aer.AerSimulator(method="statevector")).run([long])
    quick = SamplerV2(service.backend("statevector")).run([circuit], shots=5)
    assert quick.result()[0].data.meas.get_counts() == {"00": 5}
    assert not job.in_final_state()
    job.cancel()
    job.wait_for_final_state(60)
    assert job.cancelled()
