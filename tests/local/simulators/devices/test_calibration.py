"""The calibrations of the devices: sizes, days, coherent terms, and the factor of the noise."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RXGate, RZZGate
from qiskit.quantum_info import SuperOp, average_gate_fidelity
from qiskit_aer.noise import thermal_relaxation_error

from qiskit_rest_primitives.local.simulators.devices.calibration import DT, DURATIONS
from qiskit_rest_primitives.local.simulators.devices.calibration_days import FIRST_DAY
from qiskit_rest_primitives.local.simulators.devices.fake_devices import (
    LISTED,
    FakeDevice,
    check_noise,
)

LARGE = [size for size in LISTED if size >= 65]
NEXT_DAY = FIRST_DAY + timedelta(days=1)


def errors_of(device, name):
    """The errors of an instruction on all of its qubits."""
    return np.array([known.error for known in device.calibration.target[name].values()])


def relaxation_of(device, qubit, seconds):
    """The channel of a wait, by Aer."""
    known = device.calibration.target.qubit_properties[qubit]
    return SuperOp(thermal_relaxation_error(known.t1, known.t2, seconds))


@pytest.mark.parametrize("size", LARGE)
def test_medians_are_those_of_devices_of_today(size):
    """Readout 1 %, CZ 3e-3, sx 2.5e-4; T1 and T2 from 100 to 300 us for most qubits."""
    device = FakeDevice(size)
    assert np.median(errors_of(device, "measure")) == pytest.approx(0.01, rel=0.3)
    assert np.median(errors_of(device, "cz")) == pytest.approx(3e-3, rel=0.3)
    assert np.median(errors_of(device, "sx")) == pytest.approx(2.5e-4, rel=0.3)
    properties = device.calibration.target.qubit_properties
    for times in ([known.t1 for known in properties], [known.t2 for known in properties]):
        assert 0.8 < np.mean([100e-6 <= time <= 300e-6 for time in times]) < 1


@pytest.mark.parametrize("size", LARGE)
@pytest.mark.parametrize("name", ["measure", "cz", "sx"])
def test_some_qubits_and_edges_are_ten_times_worse(size, name):
    """A few per cent of them, not more."""
    errors = errors_of(FakeDevice(size), name)
    assert 0 < np.mean(errors > 4 * np.median(errors)) < 0.1


@pytest.mark.parametrize("noise", [1.0, 2.0])
@pytest.mark.parametrize("size", [5, 16])
def test_stated_errors_have_room_for_relaxation_and_rotation(size, noise):
    """Average infidelities of both, by Qiskit and Aer, are less than the error of the gate."""
    device = FakeDevice(size, noise=noise)
    calibration = device.calibration
    for name in ("sx", "x", "rx", "cz", "rzz"):
        for place, known in calibration.target[name].items():
            channel = relaxation_of(device, place[0], known.duration)
            turn = RXGate(calibration.rotation[name, place])
            if len(place) == 2:
                channel = relaxation_of(device, place[1], known.duration).tensor(channel)
                turn = RZZGate(calibration.rotation[name, place])
            lost = 2 - average_gate_fidelity(channel) - average_gate_fidelity(SuperOp(turn))
            assert 0 < lost < known.error


@pytest.mark.parametrize("size", LARGE)
def test_coherent_terms_are_large_enough_to_be_seen(size):
    """Detuning 10 kHz, ZZ from 5 to 50 kHz, CZ off by 0.02 rad, sx by 0.005 rad: rms or median."""
    calibration = FakeDevice(size).calibration
    kilohertz = 2e3 * np.pi
    detuning, zz = (np.array(list(of.values())) for of in (calibration.detuning, calibration.zz))
    assert len(detuning) == size
    assert np.sqrt(np.mean(detuning**2)) == pytest.approx(10 * kilohertz, rel=0.3)
    assert np.median(zz) == pytest.approx(8 * kilohertz, rel=0.3)
    assert 30 * kilohertz < max(zz) < 100 * kilohertz
    for name, angle in (("cz", 0.02), ("sx", 0.005)):
        found = [of for (gate, _), of in calibration.rotation.items() if gate == name]
        assert np.sqrt(np.mean(np.square(found))) == pytest.approx(angle, rel=0.5)


@pytest.mark.slow
def test_a_calibration_is_the_same_in_every_process():
    """Another Python process draws the same numbers."""
    device = FakeDevice(27, date(2026, 3, 1), 1.5)
    code = (
        "from datetime import date\n"
        "from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice\n"
        "found = FakeDevice(27, date(2026, 3, 1), 1.5).calibration\n"
        "print(repr((found.detuning, found.zz, found.rotation)))\n"
        "print([known.error for known in found.target['cz'].values()])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = device.calibration
    expected = f"{(own.detuning, own.zz, own.rotation)!r}\n"
    expected += f"{[known.error for known in own.target['cz'].values()]}\n"
    assert found.stdout == expected


def test_days_differ_a_little():
    """Errors and times drift by about a tenth; the worst qubits remain the worst."""
    first, second = FakeDevice(127), FakeDevice(127, NEXT_DAY)
    for name in ("measure", "cz", "sx"):
        change = np.log(errors_of(second, name) / errors_of(first, name))
        assert 0.03 < np.std(change) < 0.25
        assert np.corrcoef(errors_of(first, name), errors_of(second, name))[0, 1] > 0.9
    assert first.calibration.detuning != second.calibration.detuning
    assert first.calibration.rotation != second.calibration.rotation
    assert first.calibration.faulty_edges == second.calibration.faulty_edges


def test_devices_of_other_sizes_have_other_numbers():
    """A device of another size has numbers of its own."""
    assert errors_of(FakeDevice(5), "measure")[0] != errors_of(FakeDevice(6), "measure")[0]


def test_noise_is_scaled():
    """Errors, rates of relaxation, detuning and ZZ are twice as large."""
    one, two = FakeDevice(27), FakeDevice(27, noise=2.0)
    for name in ("measure", "cz", "sx"):
        np.testing.assert_allclose(errors_of(two, name), 2 * errors_of(one, name))
    for known, other in zip(
        one.calibration.target.qubit_properties,
        two.calibration.target.qubit_properties,
        strict=True,
    ):
        assert (known.t1, known.t2) == pytest.approx((2 * other.t1, 2 * other.t2))
    for edge, rate in one.calibration.zz.items():
        assert two.calibration.zz[edge] == pytest.approx(2 * rate)
    for qubit, rate in one.calibration.detuning.items():
        assert two.calibration.detuning[qubit] == pytest.approx(2 * rate)


def test_no_noise_is_no_error():
    """Factor 0: all errors and coherent terms are 0, T1 and T2 are infinite."""
    calibration = FakeDevice(7, noise=0.0).calibration
    assert not any(errors_of(FakeDevice(7, noise=0.0), name).any() for name in ("measure", "cz"))
    assert {known.t1 for known in calibration.target.qubit_properties} == {np.inf}
    assert not any(calibration.detuning.values())
    assert not any(calibration.zz.values())
    assert not any(calibration.rotation.values())


def test_extreme_noise_has_errors_that_exist():
    """A readout error is at most 1/2; a gate's is at most that of the depolarized state."""
    device = FakeDevice(127, noise=100.0)
    assert errors_of(device, "measure").max() == 0.5
    assert errors_of(device, "cz").max() == 0.75
    assert errors_of(device, "sx").max() <= 0.5


@pytest.mark.parametrize(
    ("name", "factor", "words"),
    [
        ("fake_torino", 2.0, "noise of fake_torino can't be scaled: only the devices fake_5q to"),
        ("fake_157q", 2.0, "fake_157q can't be scaled"),
        ("fake_5q", -1.0, "by 0 to 100, not by -1"),
        ("fake_5q", float("nan"), "not by nan"),
    ],
)
def test_other_noise_is_refused(name, factor, words):
    """The message says which backend or factor."""
    with pytest.raises(ValueError, match=words):
        check_noise(name, factor)


@pytest.mark.parametrize(
    ("size", "qubits", "edges"), [(16, 0, 0), (27, 0, 1), (127, 0, 1), (156, 1, 1)]
)
def test_large_devices_have_faulty_parts(size, qubits, edges):
    """They are not in the target, and the rest is connected; small devices have none."""
    calibration = FakeDevice(size).calibration
    target = calibration.target
    assert (len(calibration.faulty_qubits), len(calibration.faulty_edges)) == (qubits, edges)
    assert len(target["measure"]) == size - qubits
    for a, b in calibration.faulty_edges:
        assert not {(a, b), (b, a)}.intersection([*target["cz"], *target["rzz"]])
    assert len(target.build_coupling_map().largest_connected_component()) == size - qubits


@pytest.mark.parametrize("level", [1, 2])
def test_transpile_avoids_what_is_faulty(level):
    """A circuit of most of the qubits is compiled to those that work."""
    calibration = FakeDevice(133).calibration
    circuit = QuantumCircuit(100)
    circuit.h(0)
    for qubit in range(99):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    physical = transpile(
        circuit, target=calibration.target, optimization_level=level, seed_transpiler=1
    )
    used = {
        tuple(sorted(physical.find_bit(qubit).index for qubit in instruction.qubits))
        for instruction in physical.data
        if instruction.operation.name != "barrier"
    }
    assert not used.intersection(calibration.faulty_edges)
    assert not {qubit for place in used for qubit in place}.intersection(calibration.faulty_qubits)


def test_durations_are_whole_steps_of_time():
    """Schedules count in dt."""
    for duration in DURATIONS.values():
        assert duration / DT == pytest.approx(round(duration / DT))
