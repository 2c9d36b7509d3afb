"""``except`` clauses of programs for the official client, run with both packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobError, QiskitBackendNotFoundError

from tests.compat.conftest import Client
from tests.compat.reasons import DIFFERENT

pytestmark = pytest.mark.slow


def measured(width: int = 1, angle: float = 0.1) -> QuantumCircuit:
    """Turned and measured qubits; more than 30 are too many for the simulator."""
    circuit = QuantumCircuit(width)
    circuit.rx(angle, range(width))
    circuit.measure_all()
    return circuit


def job_of(client: Client, backend: str = "statevector", **options: Any) -> Any:
    """A quick job."""
    mode = client.service.backend(backend)
    return client.package.SamplerV2(mode, options).run([measured()], shots=10)


def long_job(client: Client, **options: Any) -> Any:
    """A job of ten seconds."""
    circuit = measured(18)
    mode = client.service.backend("statevector")
    return client.package.SamplerV2(mode, options).run([(circuit, None, 10_000)] * 200)


def too_wide(client: Client) -> None:
    """Fails on the service."""
    mode = client.service.backend("statevector")
    client.package.SamplerV2(mode).run([measured(60)], shots=1).result()


def cancelled(client: Client) -> None:
    """Is cancelled, and then has no result."""
    job = long_job(client)
    job.cancel()
    job.result()


def cancel_final(client: Client) -> None:
    """Is done before it is cancelled."""
    job = job_of(client)
    job.result()
    job.cancel()


def not_isa(client: Client) -> None:
    """Has a gate that the device lacks."""
    client.package.SamplerV2(client.service.backend("fake_5q")).run([measured(1)])


def in_a_closed_session(client: Client) -> None:
    """Is submitted after the session was closed."""
    session = client.package.Session(client.service.backend("fake_5q"))
    session.close()
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    client.package.SamplerV2(session).run([circuit])


def too_slow(client: Client) -> None:
    """Is waited for too briefly, and cancelled afterwards."""
    job = long_job(client)
    try:
        job.result(timeout=0)
    finally:
        job.cancel()


Program = Callable[[Client], object]
PROGRAMS: dict[str, tuple[str | type[Exception], Program]] = {
    "a failed job": ("RuntimeJobFailureError", too_wide),
    "a failed job, Qiskit's name": (JobError, too_wide),
    "a cancelled job": ("RuntimeInvalidStateError", cancelled),
    "cancelling a final job": ("RuntimeInvalidStateError", cancel_final),
    "a job that runs too long": (
        "RuntimeJobMaxTimeoutError",
        lambda client: long_job(client, max_execution_time=1).result(),
    ),
    "a wait that is too short": ("RuntimeJobTimeoutError", too_slow),
    "an unknown job": ("RuntimeJobNotFound", lambda client: client.service.job("nothing")),
    "an unknown job, the root": ("IBMError", lambda client: client.service.job("nothing")),
    "an unknown job to delete": (
        "RuntimeJobNotFound",
        lambda client: client.service.delete_job("nothing"),
    ),
    "an unknown backend": (
        QiskitBackendNotFoundError,
        lambda client: client.service.backend("nowhere"),
    ),
    "an unknown calibration": (
        QiskitBackendNotFoundError,
        lambda client: client.service.backend("fake_5q", calibration_id="x"),
    ),
    "a circuit that is not ISA": ("IBMInputValueError", not_isa),
    "a closed session": ("IBMRuntimeError", in_a_closed_session),
    "an unknown session": (
        "IBMInputValueError",
        lambda client: client.package.Session.from_id("nothing", client.service),
    ),
    "a session's time that can't be read": (
        ValueError,
        lambda client: client.package.Session(client.service.backend("fake_5q"), "soon"),
    ),
    "no backend to run on": (ValueError, lambda client: client.package.SamplerV2()),
    "an option out of range": (
        ValueError,
        lambda client: client.package.SamplerOptions(twirling={"strategy": "all of them"}),
    ),
    "tags that are one text": (
        "IBMInputValueError",
        lambda client: job_of(client).update_tags("bell"),
    ),
    "tags to find that are one text": (
        "IBMInputValueError",
        lambda client: client.service.jobs(job_tags="bell"),
    ),
    "an account that is not saved": (
        "IBMAccountError",
        lambda client: client.package.QiskitRuntimeService(name="nobody"),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_except_clause_catches_the_same_mistake(client: Client, name: str) -> None:
    """An error has the official name, or is Qiskit's or Python's own, as with the official client.

    The statements are those of one program, and the first clause that fits is the same.
    """
    expected, program = PROGRAMS[name]
    kind = getattr(client.module("exceptions"), expected) if isinstance(expected, str) else expected
    with pytest.raises(kind):
        program(client)


@pytest.mark.parametrize("name", ["cancelled", "ran too long"])
def test_only_a_failure_is_a_failure(client: Client, name: str) -> None:
    """Programs tell a failed job from a cancelled one, and from one that ran too long."""
    program = cancelled if name == "cancelled" else PROGRAMS["a job that runs too long"][1]
    with pytest.raises(Exception, match=r".") as problem:
        program(client)
    assert not isinstance(problem.value, client.package.RuntimeJobFailureError)
    assert isinstance(problem.value, client.package.IBMRuntimeError)


def test_each_official_error_is_one_of_ours() -> None:
    """Every name of qiskit_ibm_runtime.exceptions is an error of our tree."""
    import qiskit_ibm_runtime.exceptions as official

    from qiskit_rest_primitives import RestPrimitivesError, exceptions

    names = [name for name in vars(official) if name.startswith(("IBM", "Runtime"))]
    assert len(names) >= 16
    for name in names:
        assert issubclass(getattr(exceptions, name), RestPrimitivesError), name


def test_an_official_base_is_a_base_here_too() -> None:
    """A clause for a base catches what it catches with the official client."""
    import qiskit_ibm_runtime.exceptions as official

    from qiskit_rest_primitives import exceptions

    names = [name for name in vars(official) if name.startswith(("IBM", "Runtime"))]
    for name in names:
        for base in getattr(official, name).__mro__[1:]:
            ours = getattr(exceptions, base.__name__, base)
            if f"exceptions.{name}" in DIFFERENT and base is official.IBMBackendError:
                continue
            assert issubclass(getattr(exceptions, name), ours), (name, base.__name__)
