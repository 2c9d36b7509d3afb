from __future__ import annotations

from typing import Any

import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import (
    LayerNoiseLearning,
    MeasureNoiseLearning,
    Mitigation,
    Pec,
    Zne,
)
from qiskit_rest_primitives.mitigation.checks import check_circuit

PEA = {"zne_mitigation": True, "zne": {"amplifier": "pea"}}
PEC = {"pec_mitigation": True}


def of_estimator(level: int | None = None, **options: Any) -> Mitigation:
    """The options of an estimator's job."""
    return Mitigation.of_estimator({"resilience_level": level, "options": options})


@pytest.mark.parametrize("level", [None, 0, 1, 2])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"twirling": {"enable_gates": True}},
        {"twirling": {"enable_gates": False}},
        {"twirling": {"enable_measure": False}},
        {"twirling": {"enable_measure": True}},
        {"resilience": {"measure_mitigation": False}},
        {"resilience": {"measure_mitigation": True}},
        {"resilience": {"zne_mitigation": True}},
        {"resilience": {"zne_mitigation": False}},
        {"resilience": PEA, "twirling": {"enable_gates": False}},
        {"resilience": {**PEC, "zne_mitigation": False}},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:twirling.enable")
def test_levels_mean_what_they_mean_to_the_official_client(level: Any, given: Any) -> None:
    """What is twirled and mitigated is the same."""
    models = pytest.importorskip("qiskit_ibm_runtime.options_models.estimator")
    module = pytest.importorskip("qiskit_ibm_runtime.executor_estimator.finalize_options")
    options = models.EstimatorOptions(**given)
    if level is not None:
        options.resilience_level = level
    expected = module.finalize_estimator_options(options)
    found = of_estimator(level, **given)
    assert found.twirling.gates == expected.twirling.enable_gates
    assert found.twirling.measure == expected.twirling.enable_measure
    mitigates = found.measure_noise_learning is not None
    assert mitigates == expected.resilience.measure_mitigation
    assert (found.zne is not None) == expected.resilience.zne_mitigation
    assert (found.pec is not None) == bool(expected.resilience.pec_mitigation)


def test_defaults_are_the_services() -> None:
    """Of everything that has a number."""
    found = of_estimator(2)
    assert found.zne == Zne((1, 3, 5), ("exponential", "linear"), "gate_folding", (0, 1, 3, 5))
    assert found.measure_noise_learning == MeasureNoiseLearning(32, None)
    assert found.layer_noise_learning == LayerNoiseLearning(4, 128, 32, (0, 1, 2, 4, 16, 32))
    assert of_estimator(1, resilience=PEC).pec == Pec(100, None)
    assert of_estimator(2).twirling.divide(4096) == (32, 128)
    assert of_estimator(2).twirling.divide(1000) == (16, 64)
    assert of_estimator(1, resilience=PEC).twirling.divide(4096, pec=True) == (64, 64)
    assert of_estimator(0).twirling.divide(1000) == (1, 1000)


@pytest.mark.parametrize(
    ("level", "options", "active", "extra"),
    [
        (0, {}, False, False),
        (1, {}, True, False),
        (2, {}, True, True),
        (0, {"dynamical_decoupling": {"enable": True}}, True, False),
        (0, {"twirling": {"enable_measure": True}}, True, False),
        (0, {"resilience": {"zne_mitigation": True}}, True, False),
        (0, {"resilience": PEC}, True, True),
    ],
)
def test_what_is_active_and_what_needs_the_extra(
    level: int, options: Any, active: bool, extra: bool
) -> None:
    """Only twirled gates need it."""
    found = of_estimator(level, **options)
    assert (found.is_active, found.needs_extra) == (active, extra)


@pytest.mark.parametrize(
    ("level", "resilience", "message"),
    [
        (1, {"pec_mitigation": True, "zne_mitigation": True}, "exclude each other"),
        (2, PEC, "excludes ZNE, which resilience_level 2 turns on"),
        (2, {"zne": {"noise_factors": [1, 0.5]}}, "noise_factors: 0.5 is below 1"),
        (2, {"zne": {"extrapolator": "polynomial_degree_3"}}, "needs 4 noise factors or more"),
        (2, {"zne": {"noise_factors": [3, 3]}}, "needs 2 noise factors or more, but .* has 1"),
        (0, {"measure_noise_learning": {"num_randomizations": 8}}, "has no effect"),
        (1, {**PEC, "layer_noise_learning": {"max_layers_to_learn": 0}}, "max_layers_to_learn"),
        (1, {**PEA, "layer_noise_learning": {"max_layers_to_learn": 0}}, "amplifier 'pea' needs"),
    ],
)
def test_contradictions_are_refused_by_name(level: int, resilience: Any, message: str) -> None:
    """With both options and the cure."""
    with pytest.raises(OptionsError, match=message):
        of_estimator(level, resilience=resilience)


def test_options_that_give_way_are_named() -> None:
    """Measurement mitigation needs twirled measurements, whatever was set."""
    found = of_estimator(1, twirling={"enable_measure": False})
    assert found.twirling.measure
    assert found.overridden == (
        "measurement mitigation (resilience.measure_mitigation) needs twirling.enable_measure, "
        "so False is ignored",
    )


def refused() -> dict[str, tuple[QuantumCircuit, Any, str]]:
    """Circuits that can't be twirled, folded or decoupled."""
    rzz, ccx, dynamic, switched = (QuantumCircuit(3, 1) for _ in range(4))
    rzz.cz(0, 1)
    rzz.rzz(0.3, 1, 2)
    ccx.ccx(0, 1, 2)
    for circuit, gate in ((dynamic, "x"), (switched, "cz")):
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, gate)(*([1] if gate == "x" else [1, 2]))
    gates = {"twirling": {"enable_gates": True}}
    folding = {"resilience": {"zne_mitigation": True}}
    decoupling = {"dynamical_decoupling": {"enable": True}}
    return {
        "rzz": (rzz, gates, r"instruction 1, rzz on qubits \[1, 2\], .*enable_gates = False"),
        "ccx": (ccx, gates, r"instruction 0, ccx on .*transpile .*enable_gates = False"),
        "if": (dynamic, gates, r"instruction 1, if_else on .*control flow.*enable_gates = False"),
        "PEC": (rzz, {"resilience": PEC}, "pec_mitigation = False and twirling.enable_gates"),
        "PEA": (rzz, {"resilience": PEA}, "zne_mitigation = False and twirling.enable_gates"),
        "folded rzz": (rzz, folding, "can't be folded .*zne_mitigation = False"),
        "folded if": (switched, folding, "has cz in it, which can't be folded"),
        "decoupled": (dynamic, decoupling, "dynamical_decoupling.enable = False"),
    }


@pytest.mark.parametrize("name", refused())
def test_circuits_are_refused_by_instruction_and_option(name: str) -> None:
    """The message has the PUB, the instruction, its qubits and what to switch off."""
    circuit, options, message = refused()[name]
    with pytest.raises(OptionsError, match=rf"^PUB 4: {message}|^PUB 4: .*{message}"):
        check_circuit(circuit, of_estimator(0, **options), 4)


def test_circuits_that_fit_are_not_refused() -> None:
    """Clifford gates of all kinds, measurements, and control flow where nothing is twirled."""
    circuit = QuantumCircuit(3, 1)
    circuit.cx(0, 1)
    circuit.ecr(1, 2)
    circuit.u(0.1, 0.2, 0.3, 0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.delay(100, 0)
    circuit.barrier()
    check_circuit(circuit, of_estimator(2), 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    check_circuit(circuit, of_estimator(1), 0)
