"""The flow of IBM's REST guide for an estimator with error mitigation, by plain requests.

Source: https://quantum.cloud.ibm.com/docs/guides/primitives-rest-api
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp, StabilizerState
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.local.simulators.devices.fake_devices import device_target
from tests.local.conftest import Api

DEVICE = "fake_127q"
ALL_OPTIONS = {
    "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"},
    "twirling": {"enable_gates": True, "enable_measure": True},
    "resilience": {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "zne": {"noise_factors": [1, 2, 3], "extrapolator": ["exponential", "linear"]},
    },
    "seed_estimator": 7,
}


def ladder(rungs: int) -> QuantumCircuit:
    """Four qubits in a row: a GHZ state, entangled and disentangled again and again."""
    circuit = QuantumCircuit(4)
    circuit.h(0)
    for _ in range(rungs):
        for first in (0, 1, 2):
            circuit.cx(first, first + 1)
        circuit.barrier()
    return circuit


def values(api: Api, program: str, observables: list[str], **params: Any) -> tuple[Any, Any]:
    """Submits, polls and reads as the guide does: results of the one PUB, and their metadata."""
    body = {"pubs": [[program, observables]], "precision": 0.03, "version": 2, **params}
    job_id = api.submit(program_id="estimator", backend=DEVICE, params=body)
    api.wait(job_id)
    text = api.json(f"/jobs/{job_id}/results")
    return text["results"][0], text["metadata"]


@pytest.mark.slow
def test_all_options_together_come_nearer_to_the_exact_values(api: Api) -> None:
    """The error is less than half of that without options, and the metadata say what was done."""
    target = device_target(127)
    passes = generate_preset_pass_manager(1, target=target, seed_transpiler=1)
    circuit = ladder(9)
    isa = passes.run(circuit)
    paulis = ["ZZII", "IZZI", "IIZZ", "XXXX"]
    exact = np.array([StabilizerState(circuit).expectation_value(SparsePauliOp(p)) for p in paulis])
    placed = [SparsePauliOp(p).apply_layout(isa.layout).paulis[0].to_label() for p in paulis]
    program = qasm3.dumps(isa)
    raw, _ = values(api, program, placed, resilience_level=0)
    found, metadata = values(api, program, placed, options=ALL_OPTIONS)
    error, raw_error = (np.abs(np.array(r["data"]["evs"]) - exact).sum() for r in (found, raw))
    assert error < raw_error / 2
    data = found["data"]
    assert np.shape(data["evs_noise_factors"]) == (4, 3)
    assert np.shape(data["evs_extrapolated"]) == (4, 2, 4)
    assert "options_not_applied" not in metadata
    assert metadata["dynamical_decoupling"] == metadata["dynamical_decoupling"] | {
        "enable": True,
        "sequence_type": "XY4",
    }
    assert metadata["twirling"]["enable_gates"] is True
    assert metadata["resilience"]["measure_mitigation"] is True
    assert metadata["resilience"]["zne"]["noise_factors"] == [1, 2, 3]
    assert found["metadata"]["num_randomizations"] == 18  # of 64 shots
    assert found["metadata"]["resilience"]["zne"]["extrapolator"][0] in ("exponential", "linear")
