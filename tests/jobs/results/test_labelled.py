"""to_xarray and to_pandas: the numbers of a result under the names of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector

from qiskit_rest_primitives import (
    EstimatorV2,
    InputError,
    QiskitRuntimeService,
    RestBackend,
    SamplerV2,
    SplitJob,
    to_pandas,
    to_xarray,
)
from qiskit_rest_primitives.jobs.results import labelled
from qiskit_rest_primitives.primitives import encoded_pubs

THETA, PHI = Parameter("theta"), Parameter("phi")


def turned() -> QuantumCircuit:
    """<Z> = cos(theta), <X> = sin(theta) cos(phi), <Y> = sin(theta) sin(phi)."""
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    circuit.rz(PHI, 0)
    return circuit


def grid(rows: int = 3, columns: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of theta along axis 0, of phi along axis 1, and both for a PUB."""
    theta, phi = np.linspace(0, 1, rows), np.linspace(0, 2, columns)
    phis, thetas = np.meshgrid(phi, theta)
    return theta, phi, np.stack([phis, thetas], axis=-1)  # in the order of their names


def exact(backend: RestBackend, *pub: Any) -> Any:
    """A job of exact values."""
    return EstimatorV2(backend).run([pub], precision=0)


def test_axes_have_the_names_of_their_parameters(backend: RestBackend) -> None:
    """A grid of two parameters, with an axis of observables before: selected by their values."""
    theta, phi, values = grid()
    job = exact(backend, turned(), [[["Z"]], [["X"]]], values)
    data = to_xarray(job)
    assert data.evs.dims == ("observable", "theta", "phi")
    assert data.theta.values.tolist() == theta.tolist()
    assert data.phi.values.tolist() == phi.tolist()
    np.testing.assert_array_equal(data.evs.values, job.result()[0].data.evs)
    expected = np.sin(theta[2]) * np.cos(phi[1])
    assert data.evs.sel(observable="X", theta=1.0).isel(phi=1).item() == pytest.approx(expected)
    assert data.evs.attrs["long_name"] == "expectation value"
    assert data.attrs["target_precision"] == 0


def test_parameters_that_vary_together_share_an_axis(backend: RestBackend) -> None:
    """Its name joins theirs; both are coordinates along it, as a pandas table has them."""
    values = {(THETA, PHI): np.array([[0.1, 1.0], [0.2, 2.0], [0.3, 3.0]])}
    job = exact(backend, turned(), "Y", values)
    data = to_xarray(job)
    assert data.evs.dims == ("phi_theta",)
    assert data.theta.dims == data.phi.dims == ("phi_theta",)
    table = to_pandas(job)
    assert list(table.columns) == ["phi", "theta", "observable", "evs", "stds"]
    np.testing.assert_allclose(table.evs, np.sin(table.theta) * np.sin(table.phi), atol=1e-9)
    assert set(table.observable) == {"Y"}


def test_a_run_of_several_jobs_has_its_parameters_too(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts have pieces of the sweep; the names come from the PUB as the user wrote it."""
    monkeypatch.setattr(encoded_pubs, "MAX_EXECUTIONS", 20)
    theta = np.linspace(0, 1, 4)
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    job = SamplerV2(backend, {"split": True}).run([(circuit.measure_all(False), theta)], shots=10)
    assert isinstance(job, SplitJob)
    assert to_xarray(job).theta.values.tolist() == theta.tolist()


def test_what_does_not_vary_is_a_coordinate_without_an_axis(backend: RestBackend) -> None:
    """Of a sweep of one parameter the other, of a single point both."""
    sweep = to_xarray(exact(backend, turned(), "Z", [[0.5, 0.1], [0.5, 0.2]]))
    assert sweep.evs.dims == ("theta",)
    assert sweep.phi.item() == 0.5
    assert sweep.observable.item() == "Z"
    point = to_xarray(exact(backend, turned(), "Z", [0.5, 0.1]))
    assert point.evs.dims == ()
    assert (point.phi.item(), point.theta.item()) == (0.5, 0.1)


def test_observables_may_vary_with_a_parameter(backend: RestBackend) -> None:
    """Zipped along one axis: it has the parameter's name, and the observable as a coordinate."""
    data = to_xarray(exact(backend, turned(), ["Z", {"X": 0.5, "Z": 2}], [[0, 0.1], [0, 0.2]]))
    assert data.evs.dims == ("theta",)
    assert data.observable.values.tolist() == ["Z", "0.5 X + 2 Z"]
    assert data.evs.values[1] == pytest.approx(0.5 * np.sin(0.2) + 2 * np.cos(0.2))


def test_a_sweep_of_one_point_keeps_its_name(backend: RestBackend) -> None:
    """An axis of length 1 has the name of the only parameter that may vary along it."""
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    data = to_xarray(exact(backend, circuit, "Z", [[0.3]]))
    assert data.evs.dims == ("theta",)
    assert data.theta.values.tolist() == [0.3]


def test_other_axes_are_numbered(backend: RestBackend) -> None:
    """Repeated points, and more than three parameters that vary together."""
    vector = ParameterVector("v", 4)
    circuit = QuantumCircuit(1)
    for parameter in vector:
        circuit.ry(parameter, 0)
    values = np.arange(24.0).reshape(2, 3, 4)
    values[1] = values[0]
    data = to_xarray(exact(backend, circuit, "Z", values))
    assert data.evs.dims == ("axis_0", "axis_1")
    assert data["v[2]"].dims == ("axis_1",)
    assert data["v[2]"].values.tolist() == [2, 6, 10]


def test_a_parameter_may_have_a_name_of_the_data(backend: RestBackend) -> None:
    """It gets a prefix; the data keep theirs."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("evs"), 0)
    data = to_xarray(exact(backend, circuit, "Z", [[0.0], [np.pi]]))
    assert data.evs.dims == ("parameter_evs",)
    np.testing.assert_allclose(data.evs.values, [1, -1], atol=1e-9)


def test_noise_factors_are_axes(service: QiskitRuntimeService) -> None:
    """ZNE's values at each factor, and those of each fit where it was read."""
    device = service.backend("fake_5q")
    circuit = QuantumCircuit(5)
    circuit.cz(0, 1)
    options = {"resilience": {"zne_mitigation": True}, "resilience_level": 0, "default_shots": 100}
    job = EstimatorV2(device, options=options).run([(circuit, ["IIIIZ", "IIIZZ"])])
    data = to_xarray(job)
    assert data.evs_noise_factors.dims == ("observable", "noise_factor")
    assert data.noise_factor.values.tolist() == [1, 3, 5]
    assert data.evs_extrapolated.dims == (
        "observable",
        "extrapolator",
        "extrapolated_noise_factor",
    )
    picked = data.evs_extrapolated.sel(extrapolator="linear", extrapolated_noise_factor=0)
    np.testing.assert_array_equal(picked, job.result()[0].data.evs_extrapolated[:, 1, 0])
    assert "evs_noise_factors" not in to_pandas(job)


def test_registers_are_variables_with_outcomes(backend: RestBackend) -> None:
    """Counts and probabilities of each register; outcomes that did not occur are 0."""
    circuit = QuantumCircuit(
        QuantumRegister(3, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
    )
    circuit.ry(THETA, 0)
    circuit.x(2)
    circuit.measure(range(3), range(3))
    job = SamplerV2(backend, seed=1).run([(circuit, [[0.0], [1.0], [np.pi]])], shots=200)
    data = to_xarray(job)
    assert data.a.dims == ("theta", "a_outcome")
    assert data.a.sel(a_outcome="1").values[[0, 2]].tolist() == [0, 200]
    assert data.b.sel(b_outcome="10").values.tolist() == [200] * 3
    assert data.b_outcome.values.tolist() == ["00", "01", "10", "11"]
    shares = to_xarray(job, values="probabilities")
    np.testing.assert_array_equal(shares.a, data.a / 200)
    assert data.attrs["shots"] == 200
    table = to_pandas(job)
    assert list(table.columns) == ["theta", "register", "outcome", "counts", "probability"]
    both = table[table.register == "a"].pivot(index="theta", columns="outcome", values="counts")
    np.testing.assert_array_equal(both.fillna(0).to_numpy(), data.a.values)


def test_wide_registers_have_the_outcomes_that_occurred(
    backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all 2**n; an array that would be too large is refused, with the cure."""
    circuit = QuantumCircuit(9)
    circuit.h(0)
    circuit.measure_all()
    job = SamplerV2(backend, seed=1).run([circuit], shots=50)
    data = to_xarray(job)
    assert data.meas.sizes == {"meas_outcome": 2}
    assert data.meas.sum() == 50
    monkeypatch.setattr(labelled, "MOST_NUMBERS", 1)
    with pytest.raises(InputError, match="to_pandas"):
        to_xarray(job)


def test_a_result_alone_needs_its_pub(backend: RestBackend, service: QiskitRuntimeService) -> None:
    """With it, results and jobs of other processes are labelled alike; a wrong one is refused."""
    pub = (turned(), "Z", [[0.5, 0.1], [0.5, 0.2]])
    job = exact(backend, *pub)
    expected = to_xarray(job)
    with pytest.raises(InputError, match=r"pub=\(circuit, values\)"):
        to_xarray(job.result())
    assert to_xarray(job.result(), pub=pub).identical(expected)
    assert to_xarray(job.result()[0], pub=pub).identical(expected)
    fetched = service.job(job.job_id())
    fetched.refresh(params=True)
    with pytest.raises(InputError, match="pass the job"):
        to_pandas(fetched)
    assert to_xarray(fetched, pub=pub).identical(expected)
    with pytest.raises(InputError, match="shape"):
        to_xarray(job, pub=(turned(), "Z", [0.5, 0.1]))
    with pytest.raises(InputError, match="not dict"):
        to_xarray({})


def test_one_of_several_pubs_is_named(backend: RestBackend) -> None:
    """None is chosen silently."""
    circuit = QuantumCircuit(1)
    job = EstimatorV2(backend).run([(circuit, "Z"), (circuit, "X")], precision=0)
    assert to_xarray(job, 1).observable.item() == "X"
    assert to_pandas(job, pub_index=-1).evs.to_list() == [0.0]
    with pytest.raises(InputError, match="from 0 to 1"):
        to_xarray(job)
    with pytest.raises(InputError, match="pub_index=2"):
        to_xarray(job, 2)


def test_an_empty_sweep_is_an_empty_table(backend: RestBackend) -> None:
    """No points, no rows; the columns are there."""
    circuit = QuantumCircuit(1)
    circuit.ry(THETA, 0)
    job = exact(backend, circuit, "Z", np.empty((0, 1)))
    assert len(to_pandas(job)) == 0
    assert to_xarray(job).evs.shape == (0,)


@pytest.mark.parametrize("function", [to_xarray, to_pandas])
def test_a_missing_package_is_named(
    function: Any, backend: RestBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    monkeypatch.setattr(labelled, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"qiskit-rest-primitives\[xarray\]"):
        function(exact(backend, QuantumCircuit(1), "Z"))
