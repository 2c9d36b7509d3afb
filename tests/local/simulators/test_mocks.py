"""Mocks of backends: what they check, and their random results."""

from __future__ import annotations

import gc
from datetime import date

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.base.simulator import ExpectationsWanted, Points
from qiskit_rest_primitives.local.simulators.devices import calibration_days
from qiskit_rest_primitives.local.simulators.mocks import RandomResults
from qiskit_rest_primitives.wire.executor.result import decode_program_result
from tests.local.engine.jobs import fail, run, text_of
from tests.local.engine.programs import outcome_of, reason_of
from tests.wire.executor.programs import circuit_item, program


class TestNames:
    """Which backends have mocks."""

    def test_devices_and_simulators(self) -> None:
        """Each device has one, and the simulators together."""
        backends = LocalBackends()
        mock = backends.device("mock_27q")
        assert (mock.num_qubits, mock.is_mock, mock.is_simulator) == (27, True, False)
        assert backends.device("mock").is_simulator
        assert backends.device("mock").list_entry(0)["class"] == "mock"
        assert "class" not in backends.device("fake_27q").list_entry(0)
        assert {"mock", "mock_5q", "mock_127q"} <= {each.name for each in backends.mocks()}
        assert not any(name.startswith("mock") for name in backends.names())

    def test_days(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A mock has the calibrations of its device."""
        monkeypatch.setattr(calibration_days, "today", lambda: date(2026, 1, 9))
        backends = LocalBackends()
        days = [backends.device("mock_5q", day).target for day in ("2026-01-05", "2026-01-06")]
        errors = [target["cz"][(0, 1)].error for target in days]
        assert errors[0] != errors[1]

    def test_added_backends(self) -> None:
        """A backend that was handed in has one, and is not kept by it."""
        backends = LocalBackends()
        added = backends.add(GenericBackendV2(3, seed=1))
        assert backends.device("mock_backend_3q").num_qubits == 3
        del added
        gc.collect()
        with pytest.raises(KeyError):
            backends.device("mock_backend_3q")

    def test_one_name_for_two(self) -> None:
        """A name that two devices would share is not served."""
        backends = LocalBackends()
        first, second = GenericBackendV2(3, seed=1), GenericBackendV2(4, seed=1)
        first.name, second.name = "a_device", "b_device"
        added = [backends.add(first), backends.add(second)]
        assert len(added) == 2
        with pytest.raises(KeyError):
            backends.device("mock_device")


class TestRandomResults:
    """What the random results look like."""

    def points(self, circuit: QuantumCircuit) -> Points:
        """Two points without a seed."""
        return Points(circuit, np.zeros((2, 0)), 0, Seeds(None), lambda: None)

    def test_samples(self) -> None:
        """Bits of each register, 0 and 1 alike, none beyond the register's width."""
        circuit = QuantumCircuit(11, 11)
        drawn = RandomResults().sample(self.points(circuit), 4000)["c"]
        assert drawn.shape == (2, 4000, 2)
        bits = np.unpackbits(drawn, axis=-1)
        assert not bits[..., :5].any()
        assert np.abs(bits[..., 5:].mean(axis=(0, 1)) - 0.5).max() < 5 * 0.5 / np.sqrt(8000)

    def test_values(self) -> None:
        """Values from -1 to 1, with the precision as their standard error."""
        wanted = ExpectationsWanted([{"Z": 1.0}], np.zeros((50, 2), dtype=int), 1, 0.1)
        found = RandomResults().estimate(self.points(QuantumCircuit(1)), wanted)
        assert np.abs(found["evs"]).max() <= 1
        assert len(set(found["evs"])) == 50
        assert set(found["stds"]) == {0.1}


class TestJobs:
    """Jobs on mocks."""

    def test_a_program(self, engine: Engine) -> None:
        """Random data of the right shape; an estimate of the device's time, none of it charged."""
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        params = program([circuit], [circuit_item(np.zeros((4, 0)))], shots=1000)
        outcome = outcome_of(engine, params, "mock_5q")
        assert outcome.status == "Completed", outcome.logs
        assert outcome.usage_seconds == 0
        bits = decode_program_result(outcome.body).items[0]["c"]
        assert bits.shape == (4, 1000, 1)
        assert abs(bits.mean() - 0.5) < 5 * 0.5 / np.sqrt(4000)

    def test_values(self, engine: Engine) -> None:
        """Values for every observable, on devices and simulators."""
        circuit = QuantumCircuit(1)
        circuit.sx(0)
        pub = [text_of(circuit), ["Z", "X"]]
        for backend in ("mock_5q", "mock"):
            result = run(engine, "estimator", [pub], backend, resilience_level=0)
            assert np.abs(result[0].data.evs).max() <= 1
            assert result[0].data.stds.shape == (2,)

    def test_mocks_refuse_wrong_jobs(self, engine: Engine) -> None:
        """What the device can't run fails on its mock."""
        circuit = QuantumCircuit(1, 1)
        circuit.h(0)
        params = program([circuit], [circuit_item([])])
        assert "h" in reason_of(engine, params, "mock_5q")
        exact = [text_of(QuantumCircuit(1)), ["Z"], None, 0]
        outcome = fail(engine, "estimator", [exact], "mock_5q", resilience_level=0)
        assert "precision 0" in outcome.reason
