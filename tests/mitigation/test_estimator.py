from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import CouplingMap
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError

from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from qiskit_rest_primitives.mitigation.estimator import estimator_step
from tests.mitigation.exact_rows import drawn
from tests.mitigation.running import estimated, estimator_sweep, exact, noisy, on_aer

OBSERVABLES = [
    {"ZZZZ": 1.0},
    {"IXXI": 0.5, "ZIIZ": -0.7, "YIIY": 0.25, "IIII": 2.0},
    {"IIII": 1.5},
    {"YYII": 1.0, "XXII": 1.0, "ZZII": 1.0},
]


def entangled(angles: Any = None) -> QuantumCircuit:
    """Four qubits; each angle of ``angles`` turns one."""
    circuit = QuantumCircuit(4)
    angles = ParameterVector("a", 4) if angles is None else angles
    for qubit in range(4):
        circuit.sx(qubit)
        circuit.rz(angles[qubit], qubit)
    circuit.cz(0, 1)
    circuit.cz(2, 3)
    for qubit in range(4):
        circuit.rx(0.3 + qubit, qubit)
    circuit.cz(1, 2)
    circuit.sx(1)
    circuit.rz(angles[3] * 2 + angles[0], 2)
    circuit.sx(2)
    return circuit


OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "gates": {"twirling": {"enable_gates": True}},
    "measurements": {"twirling": {"enable_measure": True}},
    "both": {"twirling": {"enable_gates": True, "enable_measure": True}},
    "active": {"twirling": {"enable_gates": True, "strategy": "active"}},
    "active-circuit": {"twirling": {"enable_gates": True, "strategy": "active-circuit"}},
    "all": {"twirling": {"enable_gates": True, "strategy": "all"}},
    "TREX": {"resilience": {"measure_mitigation": True}},
    "ZNE without twirling": {"resilience": {"zne_mitigation": True}},
    "ZNE": {
        "resilience": {
            "zne_mitigation": True,
            "zne": {
                "noise_factors": [1, 1.5, 2.4, 4],
                "extrapolator": ["linear", "polynomial_degree_2", "fallback"],
            },
        },
        "twirling": {"enable_gates": True},
    },
    "TREX and gates": {
        "resilience": {"measure_mitigation": True},
        "twirling": {"enable_gates": True, "num_randomizations": 16},
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_without_noise_every_option_gives_the_exact_values(name: str) -> None:
    """For a sweep of angles and observables in several bases, within five standard errors."""
    values = np.random.default_rng(5).normal(size=(3, 4))
    sweep = estimator_sweep(entangled(), OBSERVABLES, values, shots=2048)
    sample = drawn(np.random.default_rng(6))
    found = estimated([sweep], sample, **OPTIONS[name]).pubs[0]
    error = np.abs(found.data.evs - exact(sweep))
    assert (error <= 5 * found.data.stds + 1e-9).all()
    assert found.data.evs.shape == sweep.shape


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["active", "active-accum", "active-circuit", "all"])
def test_qubits_that_no_observable_has_are_twirled_too(strategy: str) -> None:
    """Observables of some of the four qubits have their exact values, whatever a layer covers."""
    sweep = estimator_sweep(
        entangled(np.arange(4) / 3), [{"IZZI": 1.0}, {"IXXI": 0.5}], shots=20000
    )
    twirling = {"enable_gates": True, "strategy": strategy}
    data = estimated([sweep], on_aer(), level=1, twirling=twirling).pubs[0].data
    assert (np.abs(data.evs - exact(sweep)) <= 5 * data.stds + 1e-9).all()


def test_readout_errors_are_mitigated() -> None:
    """TREX gives the exact values where the raw ones are off by ten standard errors."""
    circuit = entangled(np.arange(4) / 3)
    sweep = estimator_sweep(circuit, OBSERVABLES, shots=20_000)
    sample = on_aer(noisy(readout=(0.02, 0.08)))
    raw = estimated([sweep], sample).pubs[0].data
    better = estimated([sweep], sample, level=1).pubs[0].data
    assert (np.abs(raw.evs - exact(sweep)) > 10 * raw.stds).any()
    assert (np.abs(better.evs - exact(sweep)) <= 5 * better.stds + 1e-9).all()


@pytest.mark.slow
@pytest.mark.parametrize("amplifier", ["gate_folding", "gate_folding_front", "gate_folding_back"])
def test_gate_errors_are_extrapolated(amplifier: str) -> None:
    """Level 2 gives the exact values where raw ones are off by ten standard errors."""
    circuit = entangled(np.arange(4) / 3)
    sweep = estimator_sweep(circuit, OBSERVABLES, shots=20_000)
    sample = on_aer(noisy(gate=0.03, readout=(0.02, 0.08)))
    raw = estimated([sweep], sample).pubs[0].data
    better = (
        estimated([sweep], sample, level=2, resilience={"zne": {"amplifier": amplifier}})
        .pubs[0]
        .data
    )
    assert (np.abs(raw.evs - exact(sweep)) > 10 * raw.stds).any()
    assert (np.abs(better.evs - exact(sweep)) <= 5 * better.stds + 1e-9).all()
    assert better.evs_noise_factors.shape == (*sweep.shape, 3)
    assert better.evs_extrapolated.shape == (*sweep.shape, 2, 4)


def test_a_qubit_that_says_nothing_gives_no_value() -> None:
    """Its observables are NaN and the metadata names it; those of other qubits are mitigated."""
    circuit = QuantumCircuit(3)
    circuit.x(2)
    sweep = estimator_sweep(circuit, [{"IZI": 1.0}, {"ZZI": 1.0}, {"ZII": 1.0}], shots=1024)
    model = NoiseModel()
    model.add_readout_error(ReadoutError([[0.5, 0.5], [0.5, 0.5]]), [1])
    model.add_readout_error(ReadoutError([[0.98, 0.02], [0.1, 0.9]]), [2])
    result = estimated([sweep], on_aer(AerSimulator(noise_model=model)), level=1).pubs[0]
    assert np.isnan(result.data.evs[0, :2]).all()
    assert np.isnan(result.data.stds[0, :2]).all()
    assert abs(result.data.evs[0, 2] + 1) <= 5 * result.data.stds[0, 2]
    assert result.metadata["unreadable_qubits"] == [1]


def test_measurements_within_a_circuit_stay_where_they_are() -> None:
    """The observables are those of the state after them; X and Y after a final one are 0."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(1, 1)
    observables = [{"ZI": 1.0}, {"ZZ": 1.0}, {"IX": 1.0}, {"ZX": 1.0}, {"XX": 1.0}]
    sweep = estimator_sweep(circuit, observables, shots=1024)
    for level in (0, 1, 2):
        data = estimated([sweep], on_aer(), level=level).pubs[0].data
        # The measurement leaves |00> or |11>, then h makes |0+> or |1->.
        expected = np.array([0, 0, 0, 1, 0])
        assert (np.abs(data.evs[0] - expected) <= 5 * data.stds[0] + 1e-9).all()
        assert data.evs[0, 4] == data.stds[0, 4] == 0


def test_the_same_seed_gives_the_same_rows() -> None:
    """Another seed gives other ones; the seed that was handed in is not used up."""
    seed = np.random.SeedSequence(9)
    sweep = estimator_sweep(entangled(), OBSERVABLES, np.ones((2, 4)))
    options = Mitigation.of_estimator({"resilience_level": 2})

    def rows(seed: np.random.SeedSequence) -> list[np.ndarray]:
        return [run.values for run in estimator_step([sweep, sweep], options, None, seed).runs]

    first, again, other = rows(seed), rows(seed), rows(np.random.SeedSequence(10))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert not np.array_equal(first[0], first[3])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_circuits_are_of_the_device(level: int) -> None:
    """Every run of a transpiled circuit has instructions of the device on its own qubits."""
    backend = GenericBackendV2(
        9, basis_gates=["rz", "sx", "x", "cz"], coupling_map=CouplingMap.from_line(9), seed=1
    )
    circuit = transpile(entangled(), backend, initial_layout=[5, 4, 3, 2], seed_transpiler=1)
    observables = [
        dict(SparsePauliOp.from_list(list(terms.items())).apply_layout(circuit.layout).to_list())
        for terms in OBSERVABLES
    ]
    observables = [{p: c.real for p, c in terms.items()} for terms in observables]
    sweep = estimator_sweep(circuit, observables, np.ones((2, 4)))
    options = Mitigation.of_estimator({"resilience_level": level})
    step = estimator_step([sweep], options, backend.target, np.random.SeedSequence(1))
    for run in step.runs:
        check_isa(run.circuit, backend.target, pub_index=0)
        assert run.values.shape[1] == run.circuit.num_parameters


@pytest.mark.parametrize("level", [0, 1, 2])
def test_metadata_are_those_of_the_service(level: int) -> None:
    """As its published models have them; what was asked for and what was done."""
    schemas = "ibm_quantum_schemas.estimator.version_0_1"
    of_pub = pytest.importorskip(f"{schemas}.pub_result_resilience_metadata")
    of_result = pytest.importorskip(f"{schemas}.primitive_result_resilience_metadata")
    of_twirling = pytest.importorskip(f"{schemas}.twirling_metadata")
    sweep = estimator_sweep(entangled(), [{"ZZZZ": 1.0}], np.ones((1, 4)), shots=1000)
    found = estimated([sweep], drawn(np.random.default_rng(6)), level=level)
    metadata = found.pubs[0].metadata
    number = 16 if level else 1
    assert metadata["num_randomizations"] == number
    assert metadata["shots"] == (1024 if level else 1000)
    assert metadata["target_precision"] == pytest.approx(1000**-0.5)
    assert metadata["circuit_metadata"] == {"name": sweep.circuit.name}
    zne = metadata["resilience"].pop("zne", None)
    assert (zne is not None) == (level == 2)
    if zne is not None:
        assert zne["extrapolator"] in ([["exponential"]], [["linear"]])
        assert zne["noise_factors"] == [1, 3, 5]
    of_pub.PubResultResilienceMetadataModel.model_validate(metadata["resilience"], extra="forbid")
    resilience = of_result.PrimitiveResultResilienceMetadataModel.model_validate(
        found.metadata["resilience"], extra="forbid"
    )
    assert resilience.measure_mitigation == (level >= 1)
    assert resilience.zne_mitigation == (level == 2)
    twirling = of_twirling.TwirlingMetadataModel.model_validate(
        found.metadata["twirling"], extra="forbid"
    )
    assert (twirling.enable_gates, twirling.enable_measure) == (level == 2, level >= 1)
    assert found.metadata["version"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 1, 2])
def test_values_are_those_of_the_official_local_mode(level: int) -> None:
    """On the snapshot of a five-qubit device with its noise, within five standard errors."""
    runtime = pytest.importorskip("qiskit_ibm_runtime")
    executor = pytest.importorskip("qiskit_ibm_runtime.executor_estimator")
    backend = importlib.import_module("qiskit_ibm_runtime.fake_provider").FakeManilaV2()
    assert runtime.__version__
    circuit = transpile(entangled(np.arange(4) / 3), backend, seed_transpiler=1)
    operators = [
        SparsePauliOp.from_list(list(terms.items())).apply_layout(circuit.layout)
        for terms in (OBSERVABLES[0], OBSERVABLES[3])
    ]
    observables = [{p: c.real for p, c in terms.to_list()} for terms in operators]
    sweep = estimator_sweep(circuit, observables, shots=8192)
    noise = AerSimulator.from_backend(backend)
    ours = estimated([sweep], on_aer(noise), level=level, target=backend.target).pubs[0].data
    estimator = executor.EstimatorV2(mode=backend)
    estimator.options.resilience_level = level
    theirs = estimator.run([(circuit, operators)], precision=8192**-0.5).result()[0].data
    error = np.hypot(ours.stds[0], theirs.stds)
    assert (np.abs(ours.evs[0] - theirs.evs) <= 5 * error).all()
