"""Each option of error mitigation alone, and with each other one, against exact values."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import CouplingMap, Target

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import Mitigation
from tests.mitigation.exact_rows import drawn
from tests.mitigation.running import estimated, estimator_sweep, exact

FEW = {"num_randomizations": 8, "shots_per_randomization": 64, "layer_pair_depths": [0, 1, 4]}
ZNE = {"zne_mitigation": True}
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "level": {f"level {level}": {"resilience_level": level} for level in (0, 1, 2)},
    "gates": {"gates": {"twirling": {"enable_gates": True}}},
    "measurements": {"measurements": {"twirling": {"enable_measure": True}}},
    "strategy": {
        name: {"twirling": {"enable_gates": True, "strategy": name}}
        for name in ("active", "active-circuit", "all")
    },
    "randomizations": {
        "16 randomizations": {"twirling": {"enable_measure": True, "num_randomizations": 16}},
        "50 shots each": {"twirling": {"enable_gates": True, "shots_per_randomization": 50}},
    },
    "decoupling": {
        name: {"dynamical_decoupling": {"enable": True, "sequence_type": name}}
        for name in ("XX", "XpXm", "XY4")
    },
    "slack": {
        "edges": {"dynamical_decoupling": {"enable": True, "extra_slack_distribution": "edges"}}
    },
    "scheduling": {"asap": {"dynamical_decoupling": {"enable": True, "scheduling_method": "asap"}}},
    "reset": {"reset": {"dynamical_decoupling": {"enable": True, "skip_reset_qubits": True}}},
    "TREX": {"TREX": {"resilience": {"measure_mitigation": True}}},
    "TREX learning": {
        "64 calibrations": {
            "resilience": {
                "measure_mitigation": True,
                "measure_noise_learning": {"num_randomizations": 64},
            }
        }
    },
    "amplifier": {
        name: {"resilience": {**ZNE, "zne": {"amplifier": name}, "layer_noise_learning": FEW}}
        for name in ("gate_folding", "gate_folding_front", "gate_folding_back", "pea")
    },
    "factors": {
        "four factors": {"resilience": {**ZNE, "zne": {"noise_factors": [1, 1.5, 2, 3]}}},
    },
    "fits": {
        name: {
            "resilience": {
                **ZNE,
                "zne": {"extrapolator": [name, "fallback"]},
                "layer_noise_learning": FEW,
            }
        }
        for name in ("linear", "exponential", "polynomial_degree_2")
    },
    "PEC": {
        "PEC": {"resilience": {"pec_mitigation": True, "layer_noise_learning": FEW}},
        "half of PEC": {
            "resilience": {
                "pec_mitigation": True,
                "pec": {"noise_gain": 0.5},
                "layer_noise_learning": FEW,
            }
        },
    },
}
OBSERVABLES = [{"ZZI": 1.0}, {"IXX": 0.5, "IYY": -0.5}]


def merged(*chosen: dict[str, Any]) -> dict[str, Any]:
    """All options of some groups of options."""
    found: dict[str, Any] = {}
    for options in chosen:
        for name, value in options.items():
            if isinstance(value, dict):
                found[name] = merged(found.get(name, {}), value)
            else:
                found[name] = value
    return found


def combinations() -> list[tuple[str, dict[str, Any]]]:
    """Each option alone, and each pair that does not set one option twice."""
    found = [(name, options) for variants in OPTIONS.values() for name, options in variants.items()]
    for first, second in itertools.combinations(OPTIONS.values(), 2):
        for (one, own), (other, others) in itertools.product(first.items(), second.items()):
            found.append((f"{one}, {other}", merged(own, others)))
    return found


def is_refused(options: dict[str, Any]) -> bool:
    """PEC with ZNE, which level 2 turns on as well."""
    resilience = options.get("resilience", {})
    if resilience.get("pec_mitigation"):
        return bool(resilience.get("zne_mitigation")) or options.get("resilience_level") == 2
    return False


@cache
def target() -> Target:
    """Three qubits in a line, with durations."""
    return GenericBackendV2(
        3,
        basis_gates=["rz", "sx", "x", "cz"],
        coupling_map=CouplingMap.from_line(3),
        control_flow=False,
        seed=1,
    ).target


def circuit() -> QuantumCircuit:
    """Three qubits, of which one waits."""
    made = QuantumCircuit(3)
    for qubit in range(3):
        made.sx(qubit)
        made.rz(0.4 + qubit, qubit)
        made.sx(qubit)
    made.cz(0, 1)
    made.delay(9000, 2, unit="dt")
    made.cz(1, 2)
    made.sx([0, 1, 2])
    made.rz(0.3, 1)
    made.cz(0, 1)
    return made


def run(options: dict[str, Any], *, noise: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, stds and exact values."""
    sweep = estimator_sweep(circuit(), OBSERVABLES, shots=2048)
    sample = drawn(
        np.random.default_rng(3),
        kept=0.97 if noise else 1.0,
        readout=(0.02, 0.06) if noise else (0.0, 0.0),
    )
    rest = {name: value for name, value in options.items() if name != "resilience_level"}
    level = options.get("resilience_level", 0)
    data = estimated([sweep], sample, level=level, target=target(), **rest).pubs[0].data
    return data.evs, data.stds, exact(sweep)


ALL = dict(combinations())
ALLOWED = [name for name, options in ALL.items() if not is_refused(options)]
REFUSED = sorted(ALL.keys() - set(ALLOWED))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALLOWED)
def test_values_are_exact_without_noise(name: str) -> None:
    """Within five standard errors."""
    evs, stds, right = run(ALL[name], noise=False)
    assert (np.abs(evs - right) <= 5 * stds + 1e-9).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in ALLOWED if "PEC" not in n and "pea" not in n])
def test_no_option_takes_values_away_from_the_exact_ones(name: str) -> None:
    """With errors of gates and readout, they are as near as those of level 0, or nearer."""
    raw, raw_stds, right = run({"resilience_level": 0}, noise=True)
    evs, stds, _ = run(ALL[name], noise=True)
    further = np.abs(evs - right) - np.abs(raw - right)
    assert (further <= 5 * np.hypot(stds, raw_stds)).all()


@pytest.mark.parametrize("name", REFUSED)
def test_what_excludes_each_other_is_refused(name: str) -> None:
    """By name."""
    rest = {key: value for key, value in ALL[name].items() if key != "resilience_level"}
    params = {"resilience_level": ALL[name].get("resilience_level", 0), "options": rest}
    with pytest.raises(OptionsError, match=r"pec_mitigation.*(zne_mitigation|ZNE)"):
        Mitigation.of_estimator(params)
