"""Decoupling against Qiskit's passes and the unitary of the circuit."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Delay, Measure, Parameter, Reset
from qiskit.circuit.library import CZGate, RZGate, SXGate, XGate
from qiskit.quantum_info import Operator, Statevector
from qiskit.transpiler import InstructionProperties, PassManager, Target
from qiskit.transpiler.passes import (
    ALAPScheduleAnalysis,
    ASAPScheduleAnalysis,
    PadDelay,
    PadDynamicalDecoupling,
    TimeUnitConversion,
)

from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import Decoupling, Mitigation
from qiskit_rest_primitives.mitigation.base.pubs import SamplerSweep
from qiskit_rest_primitives.mitigation.base.steps import Run, Samples
from qiskit_rest_primitives.mitigation.random_circuits.decoupling import decoupled
from qiskit_rest_primitives.mitigation.sampler import sampler_step
from tests.mitigation.running import estimated, estimator_sweep, exact, finish, on_aer

NUM_QUBITS = 4
DT = 4e-9


def device(alignment: int = 1) -> Target:
    """A line of qubits; gates take 8 dt, cz 20 to 28, measurements 200."""
    target = Target(num_qubits=NUM_QUBITS, dt=DT, pulse_alignment=alignment)
    angle = Parameter("angle")
    for gate, ticks in ((SXGate(), 8), (XGate(), 8), (RZGate(angle), 0)):
        places = {(q,): InstructionProperties(ticks * DT) for q in range(NUM_QUBITS)}
        target.add_instruction(gate, places)
    pairs = {(q, q + 1): InstructionProperties((20 + 4 * q) * DT) for q in range(NUM_QUBITS - 1)}
    target.add_instruction(CZGate(), pairs)
    for thing, ticks in ((Measure(), 200), (Reset(), 100)):
        places = {(q,): InstructionProperties(ticks * DT) for q in range(NUM_QUBITS)}
        target.add_instruction(thing, places)
    target.add_instruction(Delay(Parameter("t")), {(q,): None for q in range(NUM_QUBITS)})
    return target


def random_circuit(seed: int, *, measured: bool = False, alignment: int = 1) -> QuantumCircuit:
    """All qubits of the device, with idle times of many lengths, a parameter and delays."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(NUM_QUBITS, NUM_QUBITS)
    circuit.rz(Parameter("θ"), 0)
    for qubit in range(NUM_QUBITS):
        circuit.sx(qubit)
    for _ in range(30):
        qubit = int(rng.integers(NUM_QUBITS - 1))
        match int(rng.integers(6)):
            case 0:
                circuit.delay(alignment * int(rng.integers(10, 75)), qubit)
            case 1:
                circuit.barrier()
            case 2:
                circuit.rz(rng.uniform(0, 3), qubit)
                circuit.sx(qubit)
            case _:
                circuit.cz(qubit, qubit + 1)
    circuit.sx(3)
    if measured:
        circuit.barrier()
        circuit.measure(range(NUM_QUBITS), range(NUM_QUBITS))
    return circuit


def by_qiskit(circuit: QuantumCircuit, target: Target, options: Decoupling) -> QuantumCircuit:
    """What the official client makes of it: executor/dynamical_decoupling.py."""
    plus, minus, pi = [XGate()], [RZGate(np.pi), XGate(), RZGate(-np.pi)], np.pi
    y_plus = [RZGate(pi / 2), XGate(), RZGate(-pi / 2)]
    y_minus = [RZGate(-pi / 2), XGate(), RZGate(pi / 2)]
    gates, spacing = {
        "XX": (plus + plus, [0.25, 0.5, 0.25]),
        "XpXm": (plus + minus, [0.25, 0.5, 0, 0, 0.25]),
        "XY4": (
            plus + y_plus + minus + y_minus,
            [0.125, 0.25, 0, 0, 0.25, 0, 0, 0.25, 0, 0, 0.125],
        ),
    }[options.sequence_type]
    late = options.scheduling_method == "alap"
    schedule = ALAPScheduleAnalysis if late else ASAPScheduleAnalysis
    passes = PassManager(
        [
            TimeUnitConversion(target=target),
            schedule(target=target),
            PadDynamicalDecoupling(
                dd_sequence=gates,
                spacing=spacing,
                skip_reset_qubits=options.skip_reset_qubits,
                extra_slack_distribution=options.extra_slack_distribution,
                target=target,
            ),
            PadDelay(target=target),
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # attributes of Qiskit's own passes
        return passes.run(circuit)


def on_qubit(circuit: QuantumCircuit, qubit: int) -> list[tuple[str, tuple[object, ...]]]:
    """The instructions of one qubit, in order."""
    wire = circuit.qubits[qubit]
    return [
        (item.name, tuple(item.operation.params)) for item in circuit.data if wire in item.qubits
    ]


OPTIONS = [
    Decoupling(sequence, slack, method, skip)
    for sequence, slack, method, skip in product(
        ("XX", "XpXm", "XY4"), ("middle", "edges"), ("alap", "asap"), (False, True)
    )
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("alignment", [1, 4])
def test_sequences_are_those_of_qiskits_passes(options: Decoupling, alignment: int):
    """Each qubit gets the same pulses and delays, to the tick, and the phase is the same."""
    target = device(alignment)
    circuit = random_circuit(1, alignment=alignment)
    expected = by_qiskit(circuit, target, options)
    ours = decoupled(circuit, target, options)
    for qubit in range(NUM_QUBITS):
        assert on_qubit(ours, qubit) == on_qubit(expected, qubit)
    turn = np.exp(1j * (ours.global_phase - expected.global_phase))
    assert turn == pytest.approx(1)


@pytest.mark.parametrize("options", OPTIONS)
def test_decoupling_keeps_the_unitary(options: Decoupling):
    """Pulses amount to the identity, global phase included."""
    circuit = random_circuit(7)
    ours = decoupled(circuit, device(), options)
    assert ours.count_ops()["x"] > 0
    check_isa(ours, device(), pub_index=0)
    assert list(ours.parameters) == list(circuit.parameters)
    values = [0.3]
    before, after = (Operator(c.assign_parameters(values)) for c in (circuit, ours))
    assert before == after


def test_qubits_get_no_pulses_after_their_measurement():
    """Without them a simulator samples all shots at once; before it all is as Qiskit has it."""
    options = Decoupling("XY4")
    circuit = random_circuit(3, measured=True)
    ours = decoupled(circuit, device(), options)
    expected = by_qiskit(circuit, device(), options)
    for qubit in range(NUM_QUBITS):
        assert on_qubit(ours, qubit) == on_qubit(expected, qubit)
    early = decoupled(circuit, device(), Decoupling("XY4", scheduling_method="asap"))
    assert all(on_qubit(early, qubit)[-1][0] == "measure" for qubit in range(NUM_QUBITS))


def test_idle_qubits_stay_empty():
    """A qubit without gates costs nothing, even if barriers cover it."""
    circuit = QuantumCircuit(NUM_QUBITS)
    circuit.sx(0)
    circuit.delay(400, 0)
    circuit.barrier()
    circuit.cz(0, 1)
    ours = decoupled(circuit, device(), Decoupling())
    assert {name for q in (2, 3) for name, _ in on_qubit(ours, q)} == {"barrier"}
    assert [name for name, _ in on_qubit(ours, 0)].count("x") == 2


def test_fresh_qubits_are_skipped_until_their_first_gate():
    """Barriers do not end the ground state of a qubit, resets begin it again."""
    circuit = QuantumCircuit(2)
    circuit.delay(200, 0)
    circuit.barrier()
    circuit.delay(200, 0)
    circuit.sx(0)
    circuit.delay(200, 0)
    circuit.reset(0)
    circuit.delay(200, 0)
    circuit.cz(0, 1)
    pulses = {
        skip: decoupled(circuit, device(), Decoupling(skip_reset_qubits=skip)).count_ops()["x"]
        for skip in (False, True)
    }
    # Skipped: two windows of qubit 0 before sx, one after reset, and all of qubit 1.
    assert pulses == {False: 2 * (4 + 2), True: 2}


def test_pulses_start_at_multiples_of_the_alignment():
    """Idle times that are not a multiple of it move the first pulse."""
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    circuit.delay(203, 0)
    circuit.sx(0)
    circuit.delay(203, 0)
    circuit.sx(0)
    time = 0
    starts: list[int] = []
    ours = decoupled(circuit, device(4), Decoupling("XX", scheduling_method="asap"))
    for item in ours.data:
        if item.name == "x":
            starts.append(time)
        time += item.operation.duration if item.name == "delay" else 8
    assert len(starts) == 4
    assert all(start % 4 == 0 for start in starts)
    assert time == 3 * 8 + 2 * 203


@pytest.mark.parametrize(("duration", "unit"), [(1000, "dt"), (1.5, "us")])
def test_on_a_simulator_sequences_go_into_delays(duration: float, unit: str):
    """Gates take no time there; the delay keeps its length and its meaning."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.delay(duration, 0, unit)
    circuit.cx(0, 1)
    ours = decoupled(circuit, None, Decoupling("XpXm"))
    assert [name for name, _ in on_qubit(ours, 0)] == (
        ["h", "delay", "x", "delay", "rz", "x", "rz", "delay", "cx"]
    )
    assert [name for name, _ in on_qubit(ours, 1)] == ["cx"]
    factor = {"dt": 1, "ns": 1e-3}
    total = sum(
        item.operation.duration * factor[item.operation.unit]
        for item in ours.data
        if item.name == "delay"
    )
    assert total == pytest.approx(duration)
    assert Operator(ours) == Operator(circuit)


def with_control_flow() -> QuantumCircuit:
    """A circuit whose duration depends on an outcome."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    return circuit


def with_unknown_delay() -> QuantumCircuit:
    """A delay whose length is a parameter."""
    circuit = QuantumCircuit(1)
    circuit.delay(Parameter("wait"), 0)
    return circuit


def with_foreign_gate() -> QuantumCircuit:
    """A gate that the device does not have."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (with_control_flow(), "not one with if_else"),
        (with_unknown_delay(), "not wait; give them numbers"),
        (with_foreign_gate(), r"how long h on qubits \(0,\) takes"),
    ],
)
def test_what_can_not_be_scheduled_is_refused(circuit: QuantumCircuit, message: str):
    """The error names the instruction and the option to switch off."""
    with pytest.raises(OptionsError, match=f"{message}.*dynamical_decoupling.enable"):
        decoupled(circuit, device(), Decoupling())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sequence", "more"),
    [
        ("XX", {"twirling": {"enable_gates": True}}),
        ("XpXm", {}),
        ("XY4", {"resilience": {"measure_mitigation": True}}),
    ],
)
def test_estimates_stay_right(sequence: str, more: dict[str, Any]):
    """A job on a device has pulses in every circuit that it measures observables with."""
    circuit = random_circuit(11)
    sweep = estimator_sweep(
        circuit, [{"ZZII": 1.0, "XIIX": 0.5}, {"IYYI": 1.0}], [[0.3], [1.1]], 1024
    )
    sample = on_aer()
    pulses: list[int] = []

    def watched(run: Run) -> Samples:
        if run.circuit.num_nonlocal_gates():
            check_isa(run.circuit, device(), pub_index=0)
            pulses.append(run.circuit.count_ops().get("x", 0))
        return sample(run)

    options = {"dynamical_decoupling": {"enable": True, "sequence_type": sequence}, **more}
    data = estimated([sweep], watched, target=device(), **options).pubs[0].data
    assert pulses
    assert all(pulses)
    assert (np.abs(data.evs - exact(sweep)) < 5 * data.stds).all()


@pytest.mark.parametrize("twirling", [{}, {"enable_gates": True, "enable_measure": True}])
def test_samples_stay_right(twirling: dict[str, Any]):
    """A sampler's circuits have pulses, and the frequencies of the exact distribution."""
    circuit = random_circuit(12, measured=True)
    sweep = SamplerSweep(circuit, np.array([[0.7]]), (), 20_000)
    dynamical_decoupling = {"enable": True, "sequence_type": "XpXm"}
    params = {"options": {"dynamical_decoupling": dynamical_decoupling, "twirling": twirling}}
    options = Mitigation.of_sampler(params)
    step = sampler_step([sweep], options, device(), np.random.SeedSequence(3))
    assert all(run.circuit.count_ops()["x"] for run in step.runs)
    counts = finish(step, on_aer()).pubs[0].data.c.get_int_counts()
    bare = circuit.assign_parameters([0.7]).remove_final_measurements(inplace=False)
    for number, true in enumerate(Statevector(bare).probabilities()):
        found = counts.get(number, 0) / 20_000
        assert abs(found - true) < 5 * np.sqrt(true * (1 - true) / 20_000) + 1e-9


def test_jobs_with_control_flow_are_refused_by_name():
    """The error names the PUB."""
    sweep = estimator_sweep(with_control_flow(), [{"Z": 1.0}])
    with pytest.raises(OptionsError, match=r"PUB 0: .*if_else"):
        estimated([sweep], on_aer(), target=device(), dynamical_decoupling={"enable": True})
