"""Registers named like an attribute of a result are refused before submission."""

from __future__ import annotations

import warnings

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.primitives import StatevectorSampler
from qiskit.primitives.containers import DataBin

from qiskit_rest_primitives import EncodeError, EstimatorV2, RestBackend, SamplerV2
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import fail, run, text_of

OF_RESULTS = ("shape", "size", "ndim", "keys", "items", "values", "self", "_data", "_shape")


def named(name: str) -> QuantumCircuit:
    """One qubit that is measured into a register of that name."""
    register = ClassicalRegister(1, name)
    circuit = QuantumCircuit(QuantumRegister(1), register)
    circuit.x(0)
    circuit.measure(0, register[0])
    return circuit


@pytest.mark.parametrize("name", OF_RESULTS)
def test_such_a_name_is_refused_before_sending(backend: RestBackend, name: str) -> None:
    """The message has PUB, name and cure; the reference primitive fails too."""
    with pytest.raises((TypeError, ValueError)):
        StatevectorSampler().run([named(name)]).result()
    with pytest.raises(EncodeError, match=f"PUB 1: .*'{name}'.*rename the register"):
        SamplerV2(backend).run([named("meas"), named(name)])


def test_every_other_name_runs_as_on_the_reference(backend: RestBackend) -> None:
    """Names that the reference's results accept are accepted, for all attributes of DataBin."""
    taken: list[str] = []
    for name in [*dir(DataBin), "c", "class", "data", "a b", "π"]:
        try:
            StatevectorSampler().run([named(name)]).result()
        except (TypeError, ValueError, AttributeError):
            with pytest.raises(EncodeError, match="rename the register"):
                SamplerV2(backend).run([named(name)])
        else:
            taken.append(name)
    results = SamplerV2(backend).run([named(name) for name in taken], shots=3).result()
    for name, result in zip(taken, results, strict=True):
        assert result.data[name].get_counts() == {"1": 3}


def test_an_estimator_takes_every_name(backend: RestBackend) -> None:
    """Its results have no registers."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [result] = EstimatorV2(backend).run([(named("shape"), "Z")], precision=0).result()
    assert result.data.evs == -1


def test_the_service_fails_such_a_job_with_a_reason() -> None:
    """Jobs of other clients fail with the register's name, not with a traceback."""
    engine = Engine(LocalBackends())
    try:
        for name in ("shape", "self", "size"):
            outcome = fail(engine, "sampler", [[text_of(named(name))]])
            assert f"PUB 0: results already have attributes named '{name}'" in outcome.reason
            assert outcome.reason_code == 1002
            assert "Traceback" not in outcome.logs
        [result] = run(engine, "estimator", [[text_of(named("shape")), "Z", None, 0]])
        assert result.data.evs == -1
    finally:
        engine.close()
