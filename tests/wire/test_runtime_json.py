"""RuntimeEncoder and RuntimeDecoder: they and the official client's read what either wrote."""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Callable
from datetime import date, datetime, timezone
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Measure, Parameter, ParameterVector
from qiskit.circuit.library import CXGate, RZGate, efficient_su2
from qiskit.primitives import BackendSamplerV2, DataBin, PrimitiveResult, StatevectorEstimator
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import (
    Choi,
    DensityMatrix,
    Operator,
    Pauli,
    PauliLindbladMap,
    PauliList,
    SparsePauliOp,
    Statevector,
)
from qiskit.transpiler import CouplingMap
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error
from scipy.sparse import csr_matrix

from qiskit_rest_primitives import (
    EstimatorV2,
    ProtocolError,
    RestBackend,
    RuntimeDecoder,
    RuntimeEncoder,
    SamplerV2,
)
from tests.wire import examples

# Both decoders read noise models by the only way there is.
pytestmark = pytest.mark.filterwarnings("ignore:from_dict has been deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def official() -> ModuleType:
    """The official client."""
    pytest.importorskip("qiskit_ibm_runtime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import qiskit_ibm_runtime
    return qiskit_ibm_runtime


def both_ways(value: Any, official: ModuleType) -> list[Any]:
    """The value as each decoder reads what each encoder wrote, theirs by theirs first."""
    texts = [json.dumps(value, cls=each) for each in (official.RuntimeEncoder, RuntimeEncoder)]
    readers = (official.RuntimeDecoder, RuntimeDecoder)
    return [json.loads(text, cls=reader) for reader in readers for text in texts]


def measured() -> QuantumCircuit:
    """A circuit with parameters, control flow and metadata."""
    angles = ParameterVector("θ", 2)
    circuit = QuantumCircuit(2, 2, metadata={"run": 3})
    circuit.rx(angles[0] + 2 * angles[1], 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


ANGLE = Parameter("angle", uuid=uuid.UUID(int=7))
VALUES: dict[str, Any] = {
    "plain": {"a": [1, 2.5, None, True, "x"], "b": {"c": []}},
    "complex": [1 - 2j, np.complex128(3j)],
    "numpy integer": np.int64(5),
    "numpy float": np.float64(0.1),
    "set": {3, 1, 2},
    "set of parameters": {ANGLE},
    "datetime": datetime(2025, 1, 2, 3, 4, 5, 678900, tzinfo=timezone.utc),
    "date": date(2025, 1, 2),
    "circuit": measured(),
    "circuit in a list": [efficient_su2(3, reps=1), measured()],
    "parameter": ANGLE,
    "element of a vector": ParameterVector("v", 2)[1],
    "instruction": CXGate(),
    "parametric instruction": RZGate(ANGLE),
    "operator": Operator([[0, 1j], [-1j, 0]]),
    "channel": Choi(Operator([[0, 1], [1, 0]])),
    "pauli": Pauli("-iXYZ"),
    "pauli list": PauliList(["XX", "-YZ"]),
    "hamiltonian": SparsePauliOp(["XX", "ZI"], [0.5, 1 - 2j]),
    "coupling map": CouplingMap([[0, 1], [1, 2]]),
    "pauli lindblad map": PauliLindbladMap.from_list([("XY", 0.1), ("IZ", 0.2)]),
    "noise model": NoiseModel(["cx", "u"]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_read_alike(name: str, official: ModuleType) -> None:
    """Whoever wrote and whoever reads, the value is the one that the official pair gives."""
    theirs, *others = both_ways(VALUES[name], official)
    for value in others:
        assert type(value) is type(theirs)
        assert value == theirs


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.array(2.5),
        np.zeros((0, 3), np.uint8),
        np.array([1 + 2j, 3]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([True, False]),
        np.array(["a", "bc"]),
        np.array([1, 2.5, None], object),
    ],
    ids=str,
)
def test_arrays_are_read_alike(array: np.ndarray, official: ModuleType) -> None:
    """With shape and dtype; arrays of objects become what their items make."""
    theirs, *others = both_ways(array, official)
    for value in others:
        assert (value.dtype, value.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(value, theirs)


def test_states_become_states(official: ModuleType) -> None:
    """The official client writes them and leaves them as dicts when it reads them."""
    for state in (Statevector([1, 1j]) / 2**0.5, DensityMatrix([[1, 0], [0, 0]])):
        for encoder in (official.RuntimeEncoder, RuntimeEncoder):
            assert json.loads(json.dumps(state, cls=encoder), cls=RuntimeDecoder) == state


def test_matrices_of_scipy(official: ModuleType) -> None:
    """Sparse matrices keep their form and values."""
    matrix = csr_matrix([[0, 1.5], [0, 0]])
    for value in both_ways(matrix, official):
        assert type(value) is type(matrix)
        np.testing.assert_array_equal(value.toarray(), matrix.toarray())


def test_noise_models(official: ModuleType) -> None:
    """Errors of Aer's models survive, with their numbers."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["cx"])
    for value in both_ways(model, official):
        assert value == model


def test_measurements_are_instructions_too() -> None:
    """The official encoder fails on instructions with classical bits."""
    assert json.loads(json.dumps(Measure(), cls=RuntimeEncoder), cls=RuntimeDecoder) == Measure()


def test_metadata_of_circuits_hold_objects(official: ModuleType) -> None:
    """As in the official client, they come back as the JSON that they were written as."""
    circuit = QuantumCircuit(1, metadata={"when": datetime(2025, 1, 2), "values": {1}})
    theirs, *others = both_ways(circuit, official)
    assert theirs.metadata["values"] == {"__type__": "set", "__value__": [1]}
    for value in others:
        assert value.metadata == theirs.metadata


def test_pubs_and_their_parts(official: ModuleType) -> None:
    """PUBs become lists, with circuits, observables and values as the official client has them."""
    circuit = QuantumCircuit(1)
    circuit.rx(ANGLE, 0)
    pubs = [
        SamplerPub.coerce((circuit, [0.1, 0.2], 5)),
        EstimatorPub.coerce((circuit, ["Z", "X"], [0.1, 0.2], 0.5)),
    ]
    theirs, *others = both_ways(pubs, official)
    for value in others:
        for ours, expected in zip(value, theirs, strict=True):
            assert ours[0] == expected[0]
            np.testing.assert_equal(ours[1:], expected[1:])
    theirs, *others = both_ways(ObservablesArray([["ZZ"], ["XX"]]), official)
    for value in others:
        assert value.tolist() == theirs.tolist()
    theirs, *others = both_ways(
        BindingsArray({("a", "b"): np.ones((3, 2)), "c": np.ones(3)}), official
    )
    for value in others:
        assert value.shape == theirs.shape == (3,)
        np.testing.assert_equal(dict(value.data), dict(theirs.data))


@settings(max_examples=15, deadline=None)
@given(examples.sampler_results(), examples.estimator_results())
def test_results_are_read_alike(
    official: ModuleType, samples: PrimitiveResult, values: PrimitiveResult
) -> None:
    """Whole results, and their parts."""
    for result in (samples, values):
        theirs, *others = both_ways(result, official)
        for value in others:
            examples.assert_same(value, theirs)
            assert value.metadata == theirs.metadata
        for pub in result:
            _, ours, *_ = both_ways([pub, pub.data], official)
            assert (type(ours[0]).__name__, type(ours[1])) == (type(pub).__name__, DataBin)


@pytest.mark.parametrize("primitive", ["sampler", "estimator"])
def test_results_of_jobs(backend: RestBackend, official: ModuleType, primitive: str) -> None:
    """The result of a job, saved by us, is read by the official client, and back again."""
    circuit = efficient_su2(2, reps=1)
    angles = np.linspace(0, 1, 2 * circuit.num_parameters).reshape(2, -1)
    if primitive == "sampler":
        circuit.measure_all()
        result = SamplerV2(backend).run([(circuit, angles)], shots=50).result()
    else:
        result = EstimatorV2(backend).run([(circuit, "ZZ", angles)], precision=0.1).result()
    text = json.dumps(result, cls=RuntimeEncoder)
    theirs = json.loads(text, cls=official.RuntimeDecoder)
    ours = json.loads(json.dumps(theirs, cls=official.RuntimeEncoder), cls=RuntimeDecoder)
    if primitive == "sampler":
        spans = result.metadata["execution"]["execution_spans"]
        read = theirs.metadata["execution"].pop("execution_spans")
        assert windows(read) == windows(spans) != []
        theirs.metadata["execution"]["execution_spans"] = spans  # of our class: types are compared
    examples.assert_same(theirs, result)
    examples.assert_same(ours, result)
    assert json.loads(text, cls=RuntimeDecoder).metadata == ours.metadata == result.metadata


def windows(spans: Any) -> list[Any]:
    """Begin, end and covered data of each span, of either client's class."""
    return [(span.start, span.stop, span.mask(0).tolist()) for span in spans]


def test_results_of_qiskits_primitives(official: ModuleType) -> None:
    """Results of the reference primitives and of older backends, as users store them."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    result = StatevectorEstimator().run([(circuit, ["Z", "X"])]).result()
    for value in both_ways(result, official):
        np.testing.assert_array_equal(value[0].data.evs, result[0].data.evs)
    circuit.measure_all()
    made_by_aer = AerSimulator().run(circuit, shots=10, seed_simulator=1).result()
    for old in both_ways(made_by_aer, official):
        assert old.get_counts() == made_by_aer.get_counts()
    sampled = BackendSamplerV2(backend=AerSimulator()).run([circuit], shots=10).result()
    for value in both_ways(sampled, official):
        assert value[0].data.meas == sampled[0].data.meas


def test_learned_noise_becomes_a_dict(official: ModuleType) -> None:
    """Official results of noise learning are written as by their encoder; read, they are dicts."""
    from qiskit_ibm_runtime.results import noise_learner

    error = noise_learner.PauliLindbladError(PauliList(["X"]), [0.1])
    layer = noise_learner.LayerError(QuantumCircuit(1), [0], error)
    learned = noise_learner.NoiseLearnerResult([layer], {"backend": "b"})
    theirs = json.loads(json.dumps(learned, cls=RuntimeEncoder), cls=official.RuntimeDecoder)
    assert theirs.data[0].error.rates.tolist() == [0.1]
    assert theirs.data[0].circuit == QuantumCircuit(1)
    ours = json.loads(json.dumps(learned, cls=official.RuntimeEncoder), cls=RuntimeDecoder)
    assert ours["__class__"] == "NoiseLearnerResult"
    assert ours["data"][0]["error"]["generators"] == PauliList(["X"])


@pytest.mark.parametrize("value", [object(), lambda: 0, b"bytes", ANGLE + 1, {1: {2: open}}])
def test_what_has_no_form_is_refused_by_name(value: Any) -> None:
    """A TypeError, as of json.dumps, which has the type."""
    inner = open if isinstance(value, dict) else value
    with pytest.raises(TypeError, match=type(inner).__name__):
        json.dumps({"value": [value]}, cls=RuntimeEncoder)


MADE: list[str] = []
"""What an evil class of this module has made."""


class Evil:
    """A class that a file could name."""

    def __init__(self, **settings: Any):
        MADE.append(str(settings))


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [
        ("settings", __name__, "Evil"),
        ("settings", "qiskit.quantum_info.operators", "Evil"),
        ("settings", "os", "Pauli"),
        ("_json", __name__, "Evil"),
        ("Evil", __name__, "Evil"),
        ("pickle", "os", "system"),
    ],
)
def test_no_name_in_a_file_is_imported(kind: str, module: str, name: str) -> None:
    """Other types and classes are refused by name, or kept as a dict; none is made."""
    text = json.dumps({"__type__": kind, "__module__": module, "__class__": name, "__value__": {}})
    if kind == "_json":
        assert json.loads(text, cls=RuntimeDecoder) == {"__class__": name}
    else:
        with pytest.raises(ProtocolError, match=kind if kind != "settings" else name):
            json.loads(text, cls=RuntimeDecoder)
    assert MADE == []


def test_no_pickle_is_read() -> None:
    """An array of objects within numpy's own format is refused."""
    import base64
    import io
    import zlib

    stream = io.BytesIO()
    np.save(stream, np.array([Evil], object), allow_pickle=True)
    content = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    with pytest.raises(ProtocolError, match="the text"):
        json.loads(json.dumps({"__type__": "ndarray", "__value__": content}), cls=RuntimeDecoder)


def test_a_circuit_of_a_newer_qiskit(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which package to upgrade."""
    text = json.dumps(QuantumCircuit(1), cls=RuntimeEncoder)
    monkeypatch.setattr(qpy, "QPY_VERSION", 1)
    with pytest.raises(ProtocolError, match="newer Qiskit: pip install -U qiskit"):
        json.loads(text, cls=RuntimeDecoder)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("complex", [1]),
        ("Parameter", "AAAA"),
        ("Parameter", 5),
        ("BitArray", {"array": 1}),
        ("DataBin", {"fields": 3}),
        ("PrimitiveResult", {}),
        ("BindingsArray", {"data": {"x": 1}}),
        ("ObservablesArray", [[1]]),
        ("spmatrix", "AAAA"),
        ("QuantumCircuit", "AAAA"),
        ("Instruction", "AAAA"),
        ("Result", {}),
        ("PauliLindbladMap", {"paulis": 1, "num_qubits": 2}),
        ("NoiseModel", {"errors": 3}),
    ],
)
def test_damaged_content_names_its_place(kind: str, content: Any) -> None:
    """A known type with unfit content is one error of ours, with its place in the file."""
    text = json.dumps({"first": [{"__type__": kind, "__value__": content}]})
    with pytest.raises(ProtocolError, match=r"the text\.first\[0\]"):
        json.loads(text, cls=RuntimeDecoder)


@pytest.mark.parametrize("read", [json.loads, lambda text, **how: json.loads(text.encode(), **how)])
def test_plain_json_is_decoded_as_by_json_loads(read: Callable[..., Any]) -> None:
    """Numbers, NaN, long integers and duplicate keys, from text or bytes."""
    text = '{"a": 1, "b": [NaN, 1e400, 123456789012345678901234567890], "a": 2}'
    assert str(read(text, cls=RuntimeDecoder)) == str(json.loads(text))
    with pytest.raises(json.JSONDecodeError):
        read("{", cls=RuntimeDecoder)
