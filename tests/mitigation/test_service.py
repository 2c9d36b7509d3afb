"""Twirled gates through the service, and on the client."""

from __future__ import annotations

from qiskit_rest_primitives import QiskitRuntimeService
from tests.local.engine.jobs import run, text_of
from tests.local.engine.test_mitigation import DEVICE, device_bell
from tests.local.engine.test_mitigation import engine as engine
from tests.primitives.test_client_mitigation import compare_with_the_service


def test_twirled_samples_have_their_flips_undone(engine):
    """Qubit 4 is 1 in nearly every shot, and shots are as many as twirling's numbers give."""
    circuit = device_bell()
    circuit.measure_all()
    twirling = {"enable_gates": True, "enable_measure": True}
    twirling |= {"num_randomizations": 10, "shots_per_randomization": 30}
    result = run(engine, "sampler", [[text_of(circuit)]], DEVICE, options={"twirling": twirling})
    bits = result[0].data.meas
    assert bits.num_shots == 300
    assert result[0].metadata["shots"] == 300
    assert result[0].metadata["num_randomizations"] == 10
    assert bits.slice_bits([4]).get_counts()["1"] > 250
    pairs = bits.slice_bits([0, 1]).get_counts()
    assert pairs["00"] > 100
    assert pairs["11"] > 100
    assert "options_not_applied" not in result.metadata


def test_a_device_gives_what_the_service_gives_at_level_2(service: QiskitRuntimeService) -> None:
    """The same options give the same values within their errors, and the same metadata."""
    compare_with_the_service(service.backend("fake_5q"), 2)


def test_metadata_name_the_simulation_of_the_pub_not_of_what_was_learned(engine):
    """The circuits that learn noise are Clifford; the PUB's, with an angle of 0.3, is not."""
    few = {"num_randomizations": 8, "layer_pair_depths": [0, 1, 4]}
    resilience = {"pec_mitigation": True, "layer_noise_learning": few}
    pub = [text_of(device_bell(0.3)), ["IIIZZ"], None, 0.1]
    [got] = run(engine, "estimator", [pub], DEVICE, options={"resilience": resilience})
    assert got.metadata["simulation"] == {"method": "pauli_transfer", "noise": "full"}
    assert got.metadata["resilience"]["layer_noise"]["unique_mitigated_layers"] == 1
