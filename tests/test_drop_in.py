"""Code written for Qiskit's reference primitives, or for the official client, runs unchanged."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import dill
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import (
    PauliEvolutionGate,
    QAOAAnsatz,
    QFTGate,
    grover_operator,
    real_amplitudes,
)
from qiskit.primitives import BasePrimitiveJob, StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import Clifford, SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_algorithms import (
    QAOA,
    VQE,
    AmplificationProblem,
    AmplitudeEstimation,
    EstimationProblem,
    FasterAmplitudeEstimation,
    Grover,
    IterativeAmplitudeEstimation,
    SamplingVQE,
)
from qiskit_algorithms.gradients import ParamShiftEstimatorGradient, ParamShiftSamplerGradient
from qiskit_algorithms.optimizers import COBYLA, SLSQP
from qiskit_algorithms.state_fidelities import ComputeUncompute

from qiskit_rest_primitives import (
    EstimatorV2,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
)
from qiskit_rest_primitives.local import LocalService

# qiskit-algorithms still uses the circuit classes that Qiskit 2.1 deprecates, and warns
# about its approximations.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
]

ISING = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5)])


class Exact(EstimatorV2):
    """An estimator that is exact by default, like the reference estimator."""

    @property
    def default_precision(self) -> float:
        """Like `StatevectorEstimator.default_precision`."""
        return 0.0

    def run(self, pubs, *, precision=None):
        """Submits with precision 0 unless another one is given."""
        return super().run(pubs, precision=0 if precision is None else precision)


def seeded(backend: RestBackend, shots: int = 1000) -> SamplerV2:
    """A sampler like ``StatevectorSampler(seed=1)``."""
    options = {"default_shots": shots, "simulator": {"seed_simulator": 1}}
    return SamplerV2(backend, options=options)


def reference(shots: int = 1000) -> StatevectorSampler:
    """The reference sampler, in this process."""
    return StatevectorSampler(default_shots=shots, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer", [SLSQP(maxiter=40), COBYLA(maxiter=60)], ids=["slsqp", "cobyla"]
)
def test_vqe_agrees_with_the_reference(backend: RestBackend, optimizer) -> None:
    """Energy and number of evaluations are the same."""
    ansatz = real_amplitudes(2, reps=1)

    def energy(estimator) -> float:
        vqe = VQE(estimator, ansatz, optimizer, initial_point=np.full(4, 0.2))
        return vqe.compute_minimum_eigenvalue(ISING).eigenvalue.real

    assert energy(Exact(backend)) == pytest.approx(energy(StatevectorEstimator()), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", [QAOA, SamplingVQE])
def test_sampling_algorithms_agree(backend: RestBackend, algorithm) -> None:
    """QAOA and SamplingVQE: equal samples give equal steps of the optimizer."""
    cost = SparsePauliOp(["ZZI", "IZZ", "ZII"], [1.0, 1.0, 0.5])

    def solve(sampler) -> tuple[str, float]:
        if algorithm is QAOA:
            solver = QAOA(sampler, COBYLA(maxiter=15), reps=1, initial_point=[0.1, 0.2])
        else:
            ansatz = real_amplitudes(3, reps=1)
            solver = SamplingVQE(sampler, ansatz, COBYLA(maxiter=15), initial_point=np.full(6, 0.3))
        found = solver.compute_minimum_eigenvalue(cost)
        return found.best_measurement["bitstring"], found.eigenvalue.real

    ours, theirs = solve(seeded(backend)), solve(reference())
    assert ours[0] == theirs[0]
    assert ours[1] == pytest.approx(theirs[1], abs=1e-9)


def bernoulli() -> EstimationProblem:
    """Amplitude estimation of a probability of 0.2."""
    angle = 2 * np.arcsin(np.sqrt(0.2))
    preparation, rotation = QuantumCircuit(1), QuantumCircuit(1)
    preparation.ry(angle, 0)
    rotation.ry(2 * angle, 0)
    return EstimationProblem(preparation, objective_qubits=[0], grover_operator=rotation)


@pytest.mark.parametrize(
    "make",
    [
        lambda sampler: AmplitudeEstimation(3, sampler=sampler),
        lambda sampler: IterativeAmplitudeEstimation(0.05, 0.1, sampler=sampler),
        lambda sampler: FasterAmplitudeEstimation(0.1, 3, sampler=sampler),
    ],
    ids=["canonical", "iterative", "faster"],
)
def test_amplitude_estimation_agrees(backend: RestBackend, make) -> None:
    """These algorithms read the shots from each PUB's metadata."""
    ours = make(seeded(backend)).estimate(bernoulli())
    theirs = make(reference()).estimate(bernoulli())
    assert ours.estimation == pytest.approx(theirs.estimation, abs=1e-9)


def test_grover_agrees(backend: RestBackend) -> None:
    """The marked state is found."""
    oracle = QuantumCircuit(3)
    oracle.ccz(0, 1, 2)
    problem = AmplificationProblem(oracle, is_good_state=["111"])
    ours = Grover(iterations=2, sampler=seeded(backend)).amplify(problem)
    theirs = Grover(iterations=2, sampler=reference()).amplify(problem)
    assert ours.top_measurement == theirs.top_measurement == "111"
    assert ours.circuit_results == theirs.circuit_results


def test_gradients_agree(backend: RestBackend) -> None:
    """Parameter shifts of expectation values and of probabilities."""
    ansatz = real_amplitudes(2, reps=1)
    values = [0.1, 0.2, 0.3, 0.4]

    def of_estimator(estimator) -> np.ndarray:
        gradient = ParamShiftEstimatorGradient(estimator)
        return gradient.run([ansatz], [ISING], [values]).result().gradients[0]

    np.testing.assert_allclose(
        of_estimator(Exact(backend)), of_estimator(StatevectorEstimator()), atol=1e-9
    )
    measured = ansatz.copy()
    measured.measure_all()

    def of_sampler(sampler) -> list[dict[int, float]]:
        return ParamShiftSamplerGradient(sampler).run([measured], [values]).result().gradients[0]

    assert of_sampler(seeded(backend)) == of_sampler(reference())


def test_fidelities_agree(backend: RestBackend) -> None:
    """ComputeUncompute of two parametrised states."""
    ansatz = real_amplitudes(2, reps=1)

    def fidelity(sampler) -> float:
        job = ComputeUncompute(sampler).run(ansatz, ansatz, [0.1] * 4, [0.4] * 4)
        return job.result().fidelities[0]

    assert fidelity(seeded(backend)) == fidelity(reference())


def test_numpy_scalars_are_shots_and_precision(backend: RestBackend) -> None:
    """NumPy numbers are accepted, since arithmetic returns them."""
    circuit = QuantumCircuit(1)
    measured = circuit.measure_all(inplace=False)
    result = SamplerV2(backend).run([(measured, None, np.int32(7))], shots=np.int64(9)).result()
    assert result[0].data.meas.num_shots == 7
    pub = (circuit, "Z", None, np.float32(0.25))
    assert EstimatorV2(backend).run([pub]).result()[0].metadata["target_precision"] == 0.25


def test_generators_are_seeds(backend: RestBackend) -> None:
    """Equal generators give equal jobs; one generator gives a new seed each time."""
    circuit = QuantumCircuit(8)
    circuit.h(range(8))
    circuit.measure_all()

    def sampler() -> SamplerV2:
        rng = np.random.default_rng(3)
        return SamplerV2(backend, options={"simulator": {"seed_simulator": rng}})

    one, two = sampler(), sampler()
    first, second = one.run([circuit], shots=50), two.run([circuit], shots=50)
    assert first.result()[0].data.meas == second.result()[0].data.meas
    assert one.run([circuit], shots=50).result()[0].data.meas != first.result()[0].data.meas


@pytest.mark.parametrize(
    "make",
    [
        lambda: real_amplitudes(3, reps=1).assign_parameters([0.3] * 6).to_instruction(),
        lambda: QFTGate(3),
        lambda: Clifford(QuantumCircuit(3)).to_instruction(),
        lambda: QuantumCircuit(3, name="nothing").to_gate(),
        lambda: grover_operator(QuantumCircuit(3)).to_gate(),
    ],
    ids=["ansatz", "qft", "clifford", "nothing", "grover"],
)
def test_any_instruction_runs_without_decomposing(backend: RestBackend, make) -> None:
    """Library gates, unitaries and custom gates run as they are."""
    instruction = make()
    circuit = QuantumCircuit(3)
    circuit.h([0, 2])
    circuit.append(instruction, [0, 1, 2])
    evs = Exact(backend).run([(circuit, ["ZZZ", "XIX"])]).result()[0].data.evs
    state = Statevector(circuit)
    expected = [state.expectation_value(SparsePauliOp(p)).real for p in ("ZZZ", "XIX")]
    np.testing.assert_allclose(evs, expected, atol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: QAOAAnsatz(SparsePauliOp(["ZZI", "IZZ"]), reps=3),
        lambda: real_amplitudes(4, reps=3),
        lambda: real_amplitudes(3, reps=4, entanglement="full", parameter_prefix="p q"),
    ],
    ids=["qaoa", "real_amplitudes", "odd names"],
)
def test_parametrised_circuits_keep_the_order_of_values(backend: RestBackend, make) -> None:
    """More than ten parameters, expressions in gates, and any names."""
    circuit = make()
    values = np.random.default_rng(4).uniform(-3, 3, (3, circuit.num_parameters))
    observable = "Z" * circuit.num_qubits
    ours = Exact(backend).run([(circuit, observable, values)]).result()[0].data.evs
    expected = StatevectorEstimator().run([(circuit, observable, values)]).result()[0].data.evs
    np.testing.assert_allclose(ours, expected, atol=1e-9)


def test_pauli_evolution_runs_by_its_definition(backend: RestBackend) -> None:
    """The values are those of its Trotter circuit."""
    time = Parameter("t")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["ZZ", "XX"]), time=2 * time), [0, 1])
    pub = (circuit, ["ZI", "XX"], [0.3])
    trotter = (circuit.decompose(reps=2), ["ZI", "XX"], [0.3])
    ours = Exact(backend).run([pub]).result()[0].data.evs
    expected = StatevectorEstimator().run([trotter]).result()[0].data.evs
    np.testing.assert_allclose(ours, expected, atol=1e-9)


def test_few_active_qubits_of_many(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """A circuit transpiled to 127 qubits, with an observable across idle ones."""
    device = service.backend("fake_127q")
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    isa = generate_preset_pass_manager(1, backend=device).run(circuit)
    observable = SparsePauliOp(["IZZ", "IXX", "ZII"]).apply_layout(isa.layout)
    assert observable.num_qubits == 127
    result = Exact(backend).run([(isa, observable)]).result()
    assert result[0].data.evs == pytest.approx(3, abs=1e-9)
    noisy = EstimatorV2(device).run([(isa, observable)]).result()[0].data.evs
    assert 1.5 < noisy < 3.2


def test_run_can_be_replaced_and_primitives_pickle(backend: RestBackend) -> None:
    """A model that holds a primitive can be pickled."""
    sampler = seeded(backend, shots=5)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    calls = []
    real = sampler.run
    sampler.run = lambda pubs, **more: calls.append(1) or real(pubs, **more)
    assert sampler.run([circuit]).result()[0].data.meas.num_shots == 5
    assert calls == [1]
    model = {"sampler": seeded(backend, shots=5), "estimator": Exact(backend)}
    for library in (pickle, dill):
        again = library.loads(library.dumps(model))
        assert again["sampler"].run([circuit]).result()[0].data.meas.num_shots == 5
        assert again["estimator"].run([(QuantumCircuit(1), "Z")]).result()[0].data.evs == 1


def test_the_handle_is_a_primitive_job(backend: RestBackend) -> None:
    """It has all methods of Qiskit's BasePrimitiveJob."""
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = SamplerV2(backend).run([circuit], shots=1)
    assert isinstance(job, BasePrimitiveJob)
    assert isinstance(job.job_id(), str)
    job.result()
    assert (job.done(), job.in_final_state(), job.cancelled()) == (True, True, False)


SCRIPT = Path(__file__).with_name("tutorial_script.py")


@pytest.mark.slow
def test_only_the_import_line_changes(tmp_path: Path) -> None:
    """A script of the official tutorials' kind, with either import line, agrees statistically."""
    pytest.importorskip("qiskit_ibm_runtime", reason="of the extra [conformance]")
    text = SCRIPT.read_text()
    assert text.count("qiskit_rest_primitives") == 1
    results = {}
    with LocalService() as local:
        environment = {k: v for k, v in os.environ.items() if "QISKIT" not in k} | {
            "HOME": str(tmp_path),
            "IAM_URL": local.base_url,
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_TOKEN": local.token,
            "QISKIT_IBM_INSTANCE": local.instance,
            "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
            "PYTHONWARNINGS": "ignore",
        }
        for package, url in (
            ("qiskit_rest_primitives", local.url),
            ("qiskit_ibm_runtime", f"{local.base_url}/experimental"),
        ):
            script = tmp_path / f"with_{package}.py"
            script.write_text(text.replace("qiskit_rest_primitives", package))
            done = subprocess.run(
                [sys.executable, str(script)],
                env={**environment, "QISKIT_IBM_URL": url},
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            results[package] = [float(word) for word in done.stdout.split()]
    ours, theirs = results.values()
    assert len(ours) == len(theirs) == 7
    np.testing.assert_allclose(ours, theirs, atol=0.15)
