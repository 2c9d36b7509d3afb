"""Angles out of a device's range: the job fails as on the real service."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import fail, run, text_of


@pytest.fixture(scope="module")
def engine():
    """An engine on threads."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def turned(angle: Any) -> QuantumCircuit:
    """Two neighbours of the device turned together by an angle or a parameter, and measured."""
    circuit = QuantumCircuit(5, 2)
    circuit.x(0)
    circuit.rzz(angle, 0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize("angle", [-0.5, 2.5, pi, pi / 2 + 1e-6])
def test_an_angle_outside_the_range_fails_the_job(engine, angle):
    """With the code for circuits that are not ISA, the instruction and the angle."""
    outcome = fail(engine, "sampler", [[text_of(turned(angle))]], "fake_5q")
    assert outcome.reason_code == 1517
    assert "PUB 0" in outcome.reason
    assert "rzz on qubits (0, 1)" in outcome.reason
    assert "[0, π/2]" in outcome.reason


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_a_value_outside_the_range_fails_the_job(engine, program):
    """One point of a sweep is enough; the message names it."""
    circuit = turned(Parameter("p"))
    values = np.full((2, 3, 1), 0.5)
    values[1, 2] = -0.1
    observables = [] if program == "sampler" else ["IIIIZ"]
    good = [text_of(turned(0.3)), *observables]
    pub = [text_of(circuit), *observables, values.tolist()]
    outcome = fail(engine, program, [good, pub], "fake_5q")
    assert outcome.reason_code == 1517
    assert "PUB 1" in outcome.reason
    assert "angle -0.1" in outcome.reason
    assert "(1, 2)" in outcome.reason


def test_angles_inside_the_range_run(engine):
    """Both ends of the range, as a number and as a value; simulators take every angle."""
    for angle in (0, 0.3, pi / 2):
        [pub] = run(engine, "sampler", [[text_of(turned(angle)), None, 10]], "fake_5q")
        assert pub.data.c.num_shots == 10
    sweep = [text_of(turned(Parameter("p"))), [[0.0], [pi / 2]], 10]
    assert run(engine, "sampler", [sweep], "fake_5q")[0].data.shape == (2,)
    assert run(engine, "sampler", [[text_of(turned(2.5)), None, 10]])[0].data.c.num_shots == 10
