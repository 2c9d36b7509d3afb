"""Encoding and decoding against qiskit-ibm-runtime's codec and the published schemas."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from qiskit.primitives import DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.wire.result.results import decode_result, encode_result
from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
)
from tests.wire import examples


class TestOfficialClient:
    """Encoding and decoding against qiskit-ibm-runtime's codec."""

    @pytest.fixture(autouse=True)
    def _official(self) -> None:
        pytest.importorskip("qiskit_ibm_runtime")

    @settings(max_examples=15, deadline=None)
    @given(examples.sampler_results())
    def test_the_official_client_decodes_our_results(self, result: PrimitiveResult) -> None:
        """Sampler results reach the official client unchanged."""
        from qiskit_ibm_runtime import RuntimeDecoder

        body = encode_result(result, program_id="sampler", support_qiskit=True)
        examples.assert_same(json.loads(body, cls=RuntimeDecoder), result)

    @settings(max_examples=15, deadline=None)
    @given(examples.sampler_results(), examples.estimator_results())
    def test_we_decode_its_results(self, samples: PrimitiveResult, values: PrimitiveResult) -> None:
        """Results of its encoder are read as its decoder reads them."""
        from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder

        for program_id, result in (("sampler", samples), ("estimator", values)):
            body = json.dumps(result, cls=RuntimeEncoder).encode()
            back = decode_result(body, program_id=program_id)
            examples.assert_same(back, json.loads(body, cls=RuntimeDecoder))

    def test_spans_are_the_same_on_both_sides(self) -> None:
        """Times, sizes and masks of every kind of span agree with the official classes'."""
        from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
        from qiskit_ibm_runtime.execution_span import (
            DoubleSliceSpan,
            SliceSpan,
            TwirledSliceSpan,
            TwirledSliceSpanV2,
        )
        from qiskit_ibm_runtime.execution_span import (
            ExecutionSpans as OfficialSpans,
        )

        times = [datetime(2026, 8, 21, 10, minute, tzinfo=timezone.utc) for minute in (0, 1, 2)]
        shape = (3, 2, 4, 10)
        official = OfficialSpans(
            [
                DoubleSliceSpan(times[0], times[1], {0: ((4, 10), slice(1, 3), slice(0, 5))}),
                SliceSpan(times[1], times[2], {0: ((4, 10), slice(5, 25)), 1: ((7,), slice(0, 7))}),
                TwirledSliceSpan(times[0], times[2], {1: (shape, True, slice(2, 9), slice(3, 8))}),
                TwirledSliceSpanV2(
                    times[0], times[2], {2: (shape, False, slice(2, 9), slice(3, 8), 37)}
                ),
            ]
        )
        metadata = {"execution": {"execution_spans": official}, "version": 2}
        body = json.dumps(PrimitiveResult([], metadata), cls=RuntimeEncoder).encode()
        result = decode_result(body, program_id="sampler")
        ours = result.metadata["execution"]["execution_spans"]
        assert (ours.start, ours.stop, ours.duration) == (times[0], times[2], 120.0)
        assert ours.pub_idxs == official.pub_idxs
        for mine, theirs in zip(ours, official, strict=True):
            assert (mine.start, mine.stop, mine.size) == (theirs.start, theirs.stop, theirs.size)
            assert mine.pub_idxs == theirs.pub_idxs
            for index in mine.pub_idxs:
                np.testing.assert_array_equal(mine.mask(index), theirs.mask(index))
        again = encode_result(result, program_id="sampler", support_qiskit=True)
        assert json.loads(again, cls=RuntimeDecoder).metadata == metadata

    def test_learned_noise_and_operators_of_the_metadata(self) -> None:
        """A PauliList is one again, a LayerError a plain object, its circuit a circuit."""
        from qiskit import QuantumCircuit
        from qiskit.quantum_info import PauliList, SparsePauliOp
        from qiskit_ibm_runtime import RuntimeEncoder
        from qiskit_ibm_runtime.results import LayerError, PauliLindbladError

        circuit = QuantumCircuit(2)
        circuit.cz(0, 1)
        paulis = PauliList(["XX", "ZI"])
        error = LayerError(circuit, [3, 4], PauliLindbladError(paulis, [0.1, 0.2]))
        operator = SparsePauliOp(["XY", "ZZ"], [0.5, 2])
        metadata = {"layers": [error], "operator": operator, "at": datetime(2026, 1, 2, 3, 4, 5)}
        body = json.dumps(PrimitiveResult([], metadata), cls=RuntimeEncoder).encode()
        found = decode_result(body, program_id="estimator").metadata
        layer = found["layers"][0]
        assert layer["__class__"] == "LayerError"
        assert layer["qubits"] == [3, 4]
        assert layer["circuit"] == circuit
        assert layer["error"]["generators"] == paulis
        np.testing.assert_array_equal(layer["error"]["rates"], [0.1, 0.2])
        assert found["operator"] == operator
        assert found["at"] == datetime(2026, 1, 2, 3, 4, 5)


def test_bodies_pass_the_published_schemas() -> None:
    """ibm-quantum-schemas accepts the embedded service's results."""
    sampler = pytest.importorskip("ibm_quantum_schemas.sampler.version_0_1.primitive_result")
    estimator = pytest.importorskip("ibm_quantum_schemas.estimator.version_0_1.primitive_result")
    moment = datetime(2026, 8, 21, tzinfo=timezone.utc)
    span = ExecutionSpan("DoubleSliceSpan", moment, moment, {0: DataSlice((5,), (0, 1), (0, 5))})
    metadata = {"version": 2, "execution": {"execution_spans": ExecutionSpans((span,))}}
    samples = SamplerPubResult(DataBin(c=examples.bits((), 5, 3)), {"circuit_metadata": {}})
    body = encode_result(
        PrimitiveResult([samples], metadata), program_id="sampler", support_qiskit=True
    )
    sampler.PrimitiveResultWrapperModel.model_validate_json(body)
    values = PubResult(DataBin(evs=np.array(0.5), stds=np.array(0.1)), {"shots": 10})
    body = encode_result(
        PrimitiveResult([values], {"version": 2}), program_id="estimator", support_qiskit=True
    )
    estimator.PrimitiveResultWrapperModel.model_validate_json(body)


def test_unusual_fields_that_the_official_client_accepts() -> None:
    """An ndarray that is an extrapolator's name, a list, a number; a bare number as a field."""
    fields = {
        "evs": examples.envelope("ndarray", [0.5, 1]),
        "stds": examples.envelope("ndarray", [1, 2]),
    }
    data = examples.envelope("DataBin", {"shape": 2, "fields": fields})
    zne = {"extrapolator": examples.envelope("ndarray", "exponential")}
    pub = examples.envelope("PubResult", {"data": data, "metadata": {"zne": zne}})
    data = examples.envelope("DataBin", {"shape": None, "fields": {"evs": 0.5, "stds": None}})
    point = examples.envelope("PubResult", {"data": data})
    body = json.dumps(examples.envelope("PrimitiveResult", {"pub_results": [pub, point]})).encode()
    result = decode_result(body, program_id="estimator")
    assert result[0].metadata == {"zne": {"extrapolator": "exponential"}}
    np.testing.assert_array_equal(result[0].data.evs, [0.5, 1.0])
    assert result[0].data.shape == (2,)
    assert result[1].data.evs == 0.5
    assert result[1].data.stds is None


def test_integer_keys_of_settings() -> None:
    """The official encoder's flag restores keys that were integers."""
    content = {"1": {"2": "a", "__int_keys__": True}, "b": 2, "__int_keys__": True}
    value = examples.envelope("_json", content, **{"__class__": "Learned", "__module__": "m"})
    found = decode_result(examples.plain(metadata={"x": value}), program_id="sampler").metadata["x"]
    assert found == {"__class__": "Learned", 1: {2: "a"}, "b": 2}
