"""Jobs with error mitigation end when they should: too large, too long, cancelled, refused."""

from __future__ import annotations

import time

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.executors import workers
from qiskit_rest_primitives.local.engine.planning import plan
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import Running, fail, run, text_of

DEVICE = "fake_5q"
TWIRLED = {"twirling": {"enable_measure": True}}


def measured_x() -> str:
    """One qubit of the device in state 1, measured."""
    circuit = QuantumCircuit(5)
    circuit.x(0)
    circuit.measure_all()
    return text_of(circuit)


@pytest.fixture(scope="module")
def engine():
    """An engine with worker processes of its own."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def sleep_long(*_: object):
    """A step that takes longer than any test."""
    time.sleep(600)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["cancelled", "too long"])
def test_a_step_that_takes_long_is_stopped(engine, monkeypatch, by):
    """Its worker process is killed, whether the user or the time limit ends the job."""
    monkeypatch.setattr(plan, "find_first_step", sleep_long)
    monkeypatch.setattr(workers, "_GRACE_SECONDS", 0.1)
    limit = 2.0 if by == "too long" else None
    job = Running(
        engine, "sampler", {"pubs": [[measured_x()]], "options": TWIRLED}, DEVICE, limit, by
    )
    if by == "cancelled":
        assert job.started.wait(60)
        engine.cancel(by)
    outcome = job.outcome(60)
    assert outcome.status == "Cancelled"
    assert outcome.reason_code == (1305 if by == "too long" else None)
    monkeypatch.undo()
    assert run(engine, "sampler", [[measured_x(), None, 10]], DEVICE)[0].data.meas.num_shots == 10


@pytest.mark.parametrize(
    ("resilience", "message"),
    [
        ({"measure_noise_learning": {"num_randomizations": 10_001}}, "10,001 is more than"),
        ({"zne_mitigation": True, "zne": {"noise_factors": [1, 1e9]}}, "repeated up to 1e"),
    ],
)
def test_options_that_make_too_much_are_refused(engine, resilience, message):
    """Before anything is made of them; the reason names the option or the limit."""
    circuit = QuantumCircuit(5)
    circuit.x(0)
    options = {"resilience": resilience}
    outcome = fail(engine, "estimator", [[text_of(circuit), "IIIIZ"]], DEVICE, options=options)
    assert message in outcome.reason


def test_more_shots_than_the_device_runs_are_refused(engine):
    """The product of twirling's numbers counts."""
    twirling = {"enable_measure": True, "num_randomizations": 2**20, "shots_per_randomization": 99}
    pub = [measured_x()]
    outcome = fail(engine, "sampler", [pub], DEVICE, options={"twirling": twirling})
    assert "max_shots" in outcome.reason


def test_options_that_exclude_each_other_are_refused_on_every_backend(engine):
    """As by the real service, whether or not they could act."""
    circuit = QuantumCircuit(1)
    options = {"resilience": {"zne_mitigation": True, "pec_mitigation": True}}
    outcome = fail(engine, "estimator", [[text_of(circuit), "Z"]], options=options)
    assert "exclude each other" in outcome.reason
