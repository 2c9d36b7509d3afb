"""The official client's fake devices behind the service, and that client in front of it.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.primitives import BackendSamplerV2
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime.fake_provider import FakeManilaV2, FakeSherbrooke

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.local import LocalService, User
from qiskit_rest_primitives.local.simulators.devices import official_fakes
from tests.tokens import secret

SEED = 5


@pytest.fixture
def bell() -> QuantumCircuit:
    """A measured Bell state."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


@pytest.mark.slow
def test_a_fake_device_as_a_mode_samples_as_by_itself(bell: QuantumCircuit) -> None:
    """Bit for bit what Qiskit's sampler gives on it, with its noise."""
    device = FakeManilaV2()
    isa = transpile(bell, device, seed_transpiler=1)
    options = {"simulator": {"seed_simulator": SEED}}
    found = SamplerV2(mode=device, options=options).run([isa], shots=100).result()
    own = BackendSamplerV2(backend=device, options={"seed_simulator": SEED})
    theirs = own.run([isa], shots=100).result()
    np.testing.assert_array_equal(found[0].data.meas.array, theirs[0].data.meas.array)


def test_a_wide_fake_device_as_a_mode_has_its_target() -> None:
    """127 qubits with their directed gates, errors and durations."""
    device = FakeSherbrooke()
    target = SamplerV2(mode=device).backend().target
    assert set(target.operation_names) == set(device.target.operation_names)
    assert set(target["ecr"]) == set(device.target["ecr"])
    for qubits, known in device.target["ecr"].items():
        assert target["ecr"][qubits].error == known.error
        assert target["ecr"][qubits].duration == pytest.approx(known.duration)


@pytest.mark.slow
def test_an_estimator_on_a_fake_device_gives_noisy_values(bell: QuantumCircuit) -> None:
    """<ZZ> of a Bell state is near 1, and below it."""
    device = FakeManilaV2()
    bare = transpile(bell.remove_final_measurements(inplace=False), device, seed_transpiler=1)
    observable = SparsePauliOp("ZZ").apply_layout(bare.layout)
    data = EstimatorV2(mode=device).run([(bare, observable)]).result()[0].data
    assert 0.8 < data.evs < 1


def test_aers_simulator_has_its_name_in_the_official_channel() -> None:
    """`aer_simulator` is one more name of the official client's channel "local"."""
    assert QiskitRuntimeService(channel="local").backend("aer_simulator").simulator


@pytest.mark.parametrize(("name", "qubits"), [("fake_nairobi", 7), ("fake_torino", 133)])
def test_the_embedded_service_finds_official_fake_backends_by_name(name: str, qubits: int) -> None:
    """As with the official client's channel "local"; they are not among those that are listed."""
    service = QiskitRuntimeService(channel="local")
    device = service.backend(name)
    assert (device.name, device.num_qubits, device.simulator) == (name, qubits, False)
    assert name not in [backend.name for backend in service.backends()]


def test_a_fake_device_that_there_is_not() -> None:
    """The names there are follow."""
    with pytest.raises(BackendError, match="no backend 'fake_manilla'; there are: statevector"):
        QiskitRuntimeService(channel="local").backend("fake_manilla")


def test_without_the_official_client_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake devices are data of that package."""
    find_spec = importlib.util.find_spec

    def absent(name: str) -> object:
        return None if name == "qiskit_ibm_runtime" else find_spec(name)

    monkeypatch.setattr(official_fakes.importlib.util, "find_spec", absent)
    with pytest.raises(BackendError, match="pip install qiskit-ibm-runtime beside this service"):
        QiskitRuntimeService(channel="local").backend("fake_jakarta")


SCRIPT = """
import json, warnings
warnings.simplefilter("ignore")
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
device = service.backend("generic_backend_4q")
circuit = QuantumCircuit(2)
circuit.x(0)
circuit.cx(0, 1)
measured = circuit.copy()
measured.measure_all()
isa = transpile(measured, device, seed_transpiler=1)
bare = transpile(circuit, device, seed_transpiler=1)
observable = SparsePauliOp("ZI").apply_layout(bare.layout)
with Session(backend=device) as session:
    job = SamplerV2(session).run([isa], shots=200)
    estimator = EstimatorV2(session)
    data = estimator.run([(bare, observable)], precision=0.05).result()[0].data
simulator = service.backend("aer_simulator")
print(json.dumps({
    "names": [backend.name for backend in service.backends()],
    "operations": sorted(device.target.operation_names),
    "edges": sorted(device.coupling_map.get_edges()),
    "t1": device.qubit_properties(2).t1,
    "simulators": [device.simulator, simulator.simulator],
    "counts": job.result()[0].data.meas.get_counts(),
    "evs": float(data.evs),
    "simulated": SamplerV2(simulator).run([measured], shots=50).result()[0].data.meas.get_counts(),
}))
"""


@pytest.mark.slow
def test_the_official_client_runs_on_backends_that_were_handed_in(tmp_path: Path) -> None:
    """It finds them, builds their targets, and runs both primitives on them in a session."""
    device = GenericBackendV2(4, seed=3)
    user = User("lab", secret("lab"))
    with LocalService(backends=[device, AerSimulator()], users=[user]) as local:
        environment = {name: value for name, value in os.environ.items() if "QISKIT" not in name}
        environment |= {
            "HOME": str(tmp_path),
            "IAM_URL": local.base_url,
            "QISKIT_IBM_URL": f"{local.base_url}/experimental",
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_TOKEN": user.token,
            "QISKIT_IBM_INSTANCE": user.instances[0],
            "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = json.loads(done.stdout)
    assert seen["names"][-2:] == ["aer_simulator", "generic_backend_4q"]
    assert set(seen["operations"]) >= {"cx", "id", "rz", "sx", "x", "measure", "reset", "delay"}
    assert {tuple(edge) for edge in seen["edges"]} == set(device.coupling_map.get_edges())
    assert seen["t1"] == pytest.approx(device.qubit_properties(2).t1)
    assert seen["simulators"] == [False, True]
    assert seen["counts"]["11"] > 150
    assert seen["evs"] == pytest.approx(-1, abs=0.25)
    assert seen["simulated"] == {"11": 50}
