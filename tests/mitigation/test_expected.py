"""What twirling, ZNE, PEC and PEA are expected to run, against what the service charges."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit import transpile
from qiskit.quantum_info import SparsePauliOp

from qiskit_rest_primitives import EstimatorV2, OptionsError, QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.mitigation import expected
from tests.primitives.test_estimate import DECOUPLED, NO_PAUSE, ansatz, compared, within_a_fifth

TWIRLED = {"twirling": {"enable_gates": True, "num_randomizations": 8}}
LEARNING = {"num_randomizations": 4, "shots_per_randomization": 16, "layer_pair_depths": [0, 4]}
PEC = {"resilience": {"pec_mitigation": True, "layer_noise_learning": LEARNING}}
# Few shots find more noise than there is, since rates are never negative.
WELL_LEARNED = {
    "resilience": {
        "pec_mitigation": True,
        "layer_noise_learning": {"num_randomizations": 16, "layer_pair_depths": [0, 4, 16]},
    }
}
PEA = {
    "resilience": {
        "zne_mitigation": True,
        "zne": {"amplifier": "pea", "noise_factors": (1, 2, 3)},
        "layer_noise_learning": LEARNING,
    }
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"resilience_level": 0, **TWIRLED},
        {"resilience_level": 2},
        {"resilience_level": 2, **DECOUPLED},
        PEC,
        PEA,
    ],
    ids=str,
)
def test_an_estimator_is_charged_what_was_estimated(
    service: QiskitRuntimeService, options: dict[str, Any]
) -> None:
    """Twirled gates, ZNE, PEC and PEA: with all the circuits that they add."""
    estimate = compared(service, options)
    assert estimate.shots == 2 * 2 * 256
    assert estimate.executions > estimate.randomizations > estimate.circuits >= 4


@pytest.mark.parametrize("name", ["fake_5q", "fake_27q"])
def test_a_sampler_is_charged_what_was_estimated(service: QiskitRuntimeService, name: str) -> None:
    """With twirled gates; each random version counts its shots."""
    device = service.backend(name)
    isa = transpile(ansatz().measure_all(inplace=False), device, seed_transpiler=1)
    sampler = SamplerV2(device, options={**NO_PAUSE, **TWIRLED})
    estimate = sampler.estimate([(isa, [[0.1], [0.2]])], shots=250)
    within_a_fifth(estimate, sampler.run([(isa, [[0.1], [0.2]])], shots=250))
    assert (estimate.randomizations, estimate.executions) == (16, 2 * 8 * 32)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"resilience_level": 2}, WELL_LEARNED], ids=str)
def test_a_wide_estimator_is_charged_what_was_estimated(
    service: QiskitRuntimeService, options: dict[str, Any]
) -> None:
    """On eight qubits, where PEC needs several times the circuits."""
    device = service.backend("fake_27q")
    isa = transpile(ansatz(8, 3).assign_parameters([0.0]), device, seed_transpiler=1)
    observable = SparsePauliOp("I" * 6 + "ZZ").apply_layout(isa.layout)
    options = {**NO_PAUSE, "default_shots": 256, "seed_estimator": 7, **options}
    estimator = EstimatorV2(device, options=options)
    estimate = estimator.estimate([(isa, observable)])
    within_a_fifth(estimate, estimator.run([(isa, observable)]))


def test_an_estimate_without_the_extra_says_what_is_missing(
    service: QiskitRuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What twirling adds is left out with a note; PEC can't be estimated, and the cure is named."""
    monkeypatch.setattr(expected, "extra_is_installed", lambda: False)
    device = service.backend("fake_5q")
    isa = transpile(ansatz(3).assign_parameters([0.1]), device, seed_transpiler=1)
    pubs = [(isa, SparsePauliOp("ZZI").apply_layout(isa.layout))]
    twirled = EstimatorV2(device, options={"resilience_level": 0, **TWIRLED}).estimate(pubs)
    assert twirled.randomizations == 8
    assert "pip install" in twirled.notes[0]
    with pytest.raises(OptionsError, match=r"pip install .*\[mitigation\]"):
        EstimatorV2(device, options=PEC).estimate(pubs)
