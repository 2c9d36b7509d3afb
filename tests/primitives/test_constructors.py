"""Constructors: the arguments of Qiskit's reference primitives and of the official client."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import (
    BackendSamplerV2,
    PrimitiveResult,
    StatevectorEstimator,
    StatevectorSampler,
)

from qiskit_rest_primitives import EstimatorV2, RestBackend, SamplerV2
from qiskit_rest_primitives.errors import BackendError, OptionsError
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions, Unset

PRIMITIVES = (SamplerV2, EstimatorV2)


def sweep(measured: bool) -> QuantumCircuit:
    """Two qubits and an angle."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("angle"), 0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def sampled(sampler: Any) -> list[np.ndarray]:
    """The samples of two runs."""
    pubs = [(sweep(measured=True), [0.3, 1.2, 2.0])]
    return [sampler.run(pubs).result()[0].data.meas.array for _ in range(2)]


def estimated(estimator: Any) -> list[np.ndarray]:
    """The values of two runs."""
    pubs = [(sweep(measured=False), ["ZZ", "XI", "ZI"], [0.3])]
    results: list[PrimitiveResult[Any]] = [estimator.run(pubs).result() for _ in range(2)]
    return [result[0].data.evs for result in results]


def test_a_statevector_sampler_changes_its_name(backend: RestBackend) -> None:
    """The same keywords give the same samples, in each run."""
    keywords: Any = {"default_shots": 100, "seed": 7}
    ours = sampled(SamplerV2(backend, **keywords))
    theirs = sampled(StatevectorSampler(**keywords))
    assert ours[0].shape == (3, 100, 1)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("precision", [0.0, 0.1])
def test_a_statevector_estimator_changes_its_name(backend: RestBackend, precision: float) -> None:
    """The same keywords give the same values, exact ones and sampled ones, in each run."""
    keywords: Any = {"default_precision": precision, "seed": 7}
    ours = estimated(EstimatorV2(backend, **keywords))
    np.testing.assert_allclose(ours, estimated(StatevectorEstimator(**keywords)), atol=1e-9)


def test_a_seed_generator_continues_between_runs(backend: RestBackend) -> None:
    """With a generator each run is another, as in the reference, and a new one repeats them."""
    first = sampled(SamplerV2(backend, default_shots=100, seed=np.random.default_rng(3)))
    again = sampled(SamplerV2(backend, default_shots=100, seed=np.random.default_rng(3)))
    reference = sampled(StatevectorSampler(default_shots=100, seed=np.random.default_rng(3)))
    np.testing.assert_array_equal(first, again)
    for two_runs in (first, reference):
        assert not np.array_equal(*two_runs)


def test_keywords_are_options(backend: RestBackend) -> None:
    """They read as the options that they set, and leave the user's object unchanged."""
    mine = SamplerOptions(simulator={"basis_gates": ["cx"]})
    sampler = SamplerV2(backend, mine, default_shots=3, seed=4)
    assert sampler.options.default_shots == sampler.default_shots == 3
    assert sampler.options.simulator.seed_simulator == 4
    assert sampler.options.simulator.basis_gates == ["cx"]
    assert mine == SamplerOptions(simulator={"basis_gates": ["cx"]})
    estimator = EstimatorV2(backend, EstimatorOptions(), default_precision=0.5, seed=4)
    assert estimator.options == EstimatorOptions(default_precision=0.5, seed_estimator=4)


@pytest.mark.parametrize(
    ("primitive", "keywords", "options", "named"),
    [
        (SamplerV2, {"default_shots": 3}, {"default_shots": 4}, "options.default_shots=4"),
        (SamplerV2, {"seed": 3}, {"simulator": {"seed_simulator": 4}}, "seed_simulator=4"),
        (EstimatorV2, {"seed": 3}, {"seed_estimator": 4}, "options.seed_estimator=4"),
        (EstimatorV2, {"default_precision": 1}, {"default_precision": 0.5}, "precision=0.5"),
    ],
)
def test_a_keyword_and_an_option_that_differ(
    backend: RestBackend,
    primitive: Any,
    keywords: dict[str, Any],
    options: dict[str, Any],
    named: str,
) -> None:
    """Neither wins: both are named. Equal ones, and one of None, are accepted."""
    with pytest.raises(OptionsError, match=f"{named}: pass one of them"):
        primitive(backend, options, **keywords)
    primitive(backend, dict.fromkeys(options, Unset), **keywords)
    primitive(backend, primitive(backend, **keywords).options, **keywords)


@pytest.mark.parametrize(
    ("primitive", "keywords", "named"),
    [
        (SamplerV2, {"default_shots": -1}, "option default_shots takes"),
        (SamplerV2, {"seed": "x"}, "option simulator.seed_simulator takes"),
        (EstimatorV2, {"default_precision": -1}, "option default_precision takes"),
        (EstimatorV2, {"seed": 1.5}, "option seed_estimator takes"),
    ],
)
def test_wrong_keywords_are_refused(
    backend: RestBackend, primitive: Any, keywords: dict[str, Any], named: str
) -> None:
    """They are checked as the options are."""
    with pytest.raises(OptionsError, match=named):
        primitive(backend, **keywords)


def test_a_backend_sampler_changes_its_name(backend: RestBackend) -> None:
    """BackendSamplerV2's keyword backend= is accepted, and its default_shots as an option."""
    assert "backend" in inspect.signature(BackendSamplerV2).parameters
    for primitive in PRIMITIVES:
        assert primitive(backend=backend, options={"default_shots": 5}).backend() is backend
        with pytest.raises(TypeError, match="two names of one argument: pass mode only"):
            primitive(backend, backend=backend)


@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_arguments_stand_in_the_official_order(primitive: Any) -> None:
    """What the official constructor takes by position, ours takes at the same position."""
    pytest.importorskip("qiskit_ibm_runtime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import qiskit_ibm_runtime
    official = getattr(qiskit_ibm_runtime, primitive.__name__)
    expected = list(inspect.signature(official).parameters)
    assert list(inspect.signature(primitive).parameters)[: len(expected)] == expected


def test_without_a_backend_the_message_says_what_to_pass() -> None:
    """StatevectorSampler() needs none; ours says where to get one without an account."""
    with pytest.raises(BackendError, match=r"channel='local'"):
        SamplerV2(default_shots=100, seed=7)
