"""The program noise-learner: the layers of circuits and their noise, and jobs that are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import CXGate, RZZGate, UnitaryGate
from qiskit.quantum_info import PauliList
from qiskit_aer.noise import NoiseModel, PauliLindbladError

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.planning import noise_learner
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.mitigation.base.layers import Gates, LayerNoise
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import read_layer_noise
from qiskit_rest_primitives.wire.request.job_request import InvalidBody, decode_params
from tests.local.engine.jobs import text_of
from tests.local.engine.programs import outcome_of, reason_of

pytest.importorskip("samplomatic")  # it needs Qiskit 2.3

LINE = QuantumCircuit(3, 1)
LINE.cz(0, 1)
LINE.cz(1, 2)
LINE.cz(0, 1)
LINE.measure(0, 0)
SMALL = {"layer_pair_depths": [0, 2], "num_randomizations": 2, "shots_per_randomization": 16}


@pytest.fixture(scope="module")
def backends() -> LocalBackends:
    """The backends of the engine."""
    return LocalBackends()


@pytest.fixture(scope="module")
def engine(backends: LocalBackends) -> Iterator[Engine]:
    """An engine with threads and processes of its own."""
    engine = Engine(backends)
    yield engine
    engine.close()


def params(*circuits: QuantumCircuit, **options: Any) -> dict[str, Any]:
    """A job, with small experiments if nothing else is said."""
    return {"circuits": [text_of(each) for each in circuits], "options": SMALL | options}


def learned(
    engine: Engine, sent: dict[str, Any], backend: str
) -> tuple[dict[Gates, LayerNoise], dict[str, Any]]:
    """The noise of each layer, in order, and the metadata of a job that must succeed."""
    outcome = outcome_of(engine, sent, backend, "noise-learner")
    assert outcome.status == "Completed", outcome.logs
    result = json.loads(outcome.body)
    return read_layer_noise(result), result["metadata"]


def cz_noise() -> dict[str, Any]:
    """Aer's noise model of a cz with three errors."""
    noise = NoiseModel(["cz", "rz", "sx"])
    error = PauliLindbladError(PauliList(["ZZ", "IZ", "ZI"]), [0.03, 0.02, 0.04])
    noise.add_all_qubit_quantum_error(error.to_quantum_error(), "cz")
    return noise.to_dict(serializable=True)


def test_rates_of_a_noise_model(engine: Engine) -> None:
    """The noise of the job's own noise model is learned, of the most frequent layer first."""
    simulator = {"noise_model": cz_noise(), "seed_simulator": 5}
    sent = params(
        LINE,
        simulator=simulator,
        twirling_strategy="active",
        num_randomizations=4,
        shots_per_randomization=512,
    )
    found, metadata = learned(engine, sent, "aer")
    assert list(found) == [{("cz", (0, 1))}, {("cz", (1, 2))}]
    for layer in found.values():
        assert layer.noise.rates.sum() == pytest.approx(0.09, rel=0.2)
    assert metadata == {
        "backend": "aer",
        "input_options": {
            "max_layers_to_learn": 4,
            "shots_per_randomization": 512,
            "num_randomizations": 4,
            "layer_pair_depths": [0, 2],
            "twirling_strategy": "active",
        },
    }


def test_layers_of_a_device(engine: Engine) -> None:
    """Layers have all qubits that were used before; the job is charged the device's time."""
    outcome = outcome_of(engine, params(LINE), "fake_5q", "noise-learner")
    assert outcome.status == "Completed", outcome.logs
    result = json.loads(outcome.body)
    listed = [each["__value__"]["qubits"] for each in result["data"]]
    assert listed == [[0, 1], [0, 1, 2], [0, 1, 2]]
    # The same gates on fewer qubits are no other layer to those who use the noise.
    known = read_layer_noise(result)
    assert [each.layer.qubits for each in known.values()] == [(0, 1, 2)] * 2
    assert read_layer_noise(result["data"][::-1]).keys() == known.keys()
    narrow = read_layer_noise(result["data"][:1])[frozenset({("cz", (0, 1))})]
    wide = known[frozenset({("cz", (0, 1))})]
    assert wide.on((0, 1)).simplify() == narrow.noise.simplify()
    assert outcome.usage_seconds > 2


def test_the_most_frequent_layers_are_listed(engine: Engine) -> None:
    """Layers with the same gates and other qubits count apart."""
    outcome = outcome_of(engine, params(LINE, max_layers_to_learn=1), "fake_5q", "noise-learner")
    (layer,) = json.loads(outcome.body)["data"]
    assert layer["__value__"]["qubits"] == [0, 1]


def test_nothing_to_learn(engine: Engine) -> None:
    """Circuits without layers, and a job that is to learn none."""
    assert learned(engine, params(LINE, max_layers_to_learn=0), "fake_5q")[0] == {}
    alone = QuantumCircuit(1)
    alone.x(0)
    assert learned(engine, params(alone), "statevector")[0] == {}


def looped() -> QuantumCircuit:
    """A circuit with control flow."""
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(2)):
        circuit.x(0)
    return circuit


def gate(operation: Any) -> QuantumCircuit:
    """A circuit of one gate."""
    circuit = QuantumCircuit(operation.num_qubits)
    circuit.append(operation, range(operation.num_qubits))
    return circuit


@pytest.mark.parametrize(
    ("sent", "backend", "said"),
    [
        (params(LINE, looped()), "statevector", "circuit 1: instruction 0, for_loop .*control"),
        (params(gate(RZZGate(0.3))), "statevector", "rzz on qubits .*cz, cx or ecr"),
        (params(LINE, gate(CXGate())), "fake_5q", "circuit 1: .*cx"),
        (params(gate(UnitaryGate(np.eye(2)))), "statevector", "not a standard gate"),
        ({"circuits": [7]}, "statevector", "circuit 0: the circuit must be OpenQASM 3"),
        ({"circuits": ["OPENQASM 3; nonsense"]}, "statevector", "circuit 0: error loading QASM"),
        (params(LINE, simulator={"noise_model": cz_noise()}), "fake_5q", "takes no noise model"),
        (params(LINE, num_randomizations=10**6), "statevector", "num_randomizations: 1,000,000"),
        (params(LINE, layer_pair_depths=[0, 10**6]), "statevector", "circuit 0: its layers"),
    ],
)
def test_circuits_and_options_that_can_not_be_learned_are_refused(
    engine: Engine, sent: dict[str, Any], backend: str, said: str
) -> None:
    """What can't be learned fails with the number of the circuit, or the option."""
    assert re.search(said, reason_of(engine, sent, backend, "noise-learner"))


def test_seed_of_a_backend_without(
    engine: Engine, backends: LocalBackends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seed that could not act is refused."""
    monkeypatch.setattr(backends.device("statevector"), "takes_seed", False)
    sent = params(LINE, simulator={"seed_simulator": 1})
    assert "takes no seed" in reason_of(engine, sent, program_id="noise-learner")


def test_without_samplomatic(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what is missing."""
    monkeypatch.setattr(noise_learner, "extra_is_installed", lambda: False)
    assert "needs samplomatic" in reason_of(engine, params(LINE), program_id="noise-learner")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"circuits": []}, "params.circuits"),
        ({"circuits": [""], "version": 3}, "executor_noise_learner"),
        (params(LINE, layer_pair_depths=[4]), "two different depths"),
        (params(LINE, experimental={"a": 1}), "experimental option 'a'"),
        (params(LINE, support_qiskit=False), "support_qiskit"),
        (params(LINE, simulator={"coupling_map": [[0, 1]]}), "coupling_map"),
        (params(LINE, depths=[4]), "params.options.depths"),
    ],
)
def test_refused_before_it_is_kept(sent: dict[str, Any], said: str) -> None:
    """Members that are wrong are named when the job is posted."""
    with pytest.raises(InvalidBody, match=said):
        decode_params("noise-learner", json.dumps(sent).encode())
