"""Results through both encodings, against the official client and the documented bodies."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_rest_primitives.errors import EncodeError, ProtocolError
from qiskit_rest_primitives.wire.results import decode_result, encode_result, iter_encoded_result
from qiskit_rest_primitives.wire.spans import DataSlice, ExecutionSpan, ExecutionSpans
from tests.wire import made
from tests.wire.fuzz_results import run


@settings(max_examples=40, deadline=None)
@given(made.sampler_results())
def test_sampler_results_come_back_equal_in_both_forms(result: PrimitiveResult) -> None:
    """Every shape, width and register survives either encoding."""
    shots = [next(iter(pub.data.values())).num_shots for pub in result]
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="sampler", support_qiskit=support_qiskit)
        back = decode_result(
            body, program_id="sampler", pub_shapes=made.shapes_of(result), pub_shots=shots
        )
        made.assert_same(back, result)


@settings(max_examples=40, deadline=None)
@given(made.estimator_results())
def test_estimator_results_come_back_equal_in_both_forms(result: PrimitiveResult) -> None:
    """Values, companions and non-finite numbers survive either encoding."""
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="estimator", support_qiskit=support_qiskit)
        back = decode_result(body, program_id="estimator", pub_shapes=made.shapes_of(result))
        made.assert_same(back, result)


def test_the_plain_form_is_legal_json() -> None:
    """Strict parsers read it: no bare NaN among the values."""
    data = DataBin(shape=(2,), evs=np.array([np.nan, -np.inf]), stds=np.array([0.5, np.inf]))
    body = encode_result(
        PrimitiveResult([PubResult(data)]), program_id="estimator", support_qiskit=False
    )

    def refuse(word: str) -> None:
        raise AssertionError(word)

    data = json.loads(body, parse_constant=refuse)["results"][0]["data"]
    assert data == {"evs": ["NaN", "-Infinity"], "stds": [0.5, "Infinity"]}


def test_pieces_join_to_the_whole() -> None:
    """The iterator yields the same body, in small pieces."""
    result = PrimitiveResult([SamplerPubResult(DataBin(c=made.bits((), 50_000, 127)))])
    for support_qiskit in (True, False):
        pieces = list(
            iter_encoded_result(result, program_id="sampler", support_qiskit=support_qiskit)
        )
        assert max(map(len, pieces)) < 500_000
        body = b"".join(pieces)
        made.assert_same(decode_result(body, program_id="sampler"), result)


def test_documented_bodies() -> None:
    """The examples of the API's documents are read as printed there."""
    sampler = (
        b'{"results":[{"data":{"c":{"samples":["0x3","0x0"],"num_bits":2}}, "metadata":{}}],'
        b' "metadata":{}}'
    )
    result = decode_result(sampler, program_id="sampler")
    assert result[0].data.c.get_counts() == {"11": 1, "00": 1}
    estimator = (
        b'{"results":[{"data":{"evs":0.74,"stds":0.03,"ensemble_standard_error":0.033}, "metadata":'
        b'{"shots":10016,"target_precision":0.01,"circuit_metadata":{},"resilience":{},'
        b'"num_randomizations":32}}], "metadata":{}}'
    )
    result = decode_result(estimator, program_id="estimator", pub_shapes=[()])
    assert result[0].data.evs == 0.74
    assert result[0].data.ensemble_standard_error == 0.033
    assert result[0].data.shape == ()
    assert result[0].metadata["shots"] == 10016


class TestOfficialClient:
    """Both ways through qiskit-ibm-runtime's own codec."""

    @pytest.fixture(autouse=True)
    def _official(self) -> None:
        pytest.importorskip("qiskit_ibm_runtime")

    @settings(max_examples=15, deadline=None)
    @given(made.sampler_results())
    def test_it_reads_what_we_write(self, result: PrimitiveResult) -> None:
        """Sampler results reach the official client unchanged."""
        from qiskit_ibm_runtime import RuntimeDecoder

        body = encode_result(result, program_id="sampler", support_qiskit=True)
        made.assert_same(json.loads(body, cls=RuntimeDecoder), result)

    @settings(max_examples=15, deadline=None)
    @given(made.sampler_results(), made.estimator_results())
    def test_we_read_what_it_writes(
        self, samples: PrimitiveResult, values: PrimitiveResult
    ) -> None:
        """Results of its encoder are read as its decoder reads them."""
        from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder

        for program_id, result in (("sampler", samples), ("estimator", values)):
            body = json.dumps(result, cls=RuntimeEncoder).encode()
            back = decode_result(body, program_id=program_id)
            made.assert_same(back, json.loads(body, cls=RuntimeDecoder))

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
        """PauliList comes as itself, LayerError as a plain object, its circuit as a circuit."""
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
    """ibm-quantum-schemas accepts what the embedded service would answer."""
    sampler = pytest.importorskip("ibm_quantum_schemas.sampler.version_0_1.primitive_result")
    estimator = pytest.importorskip("ibm_quantum_schemas.estimator.version_0_1.primitive_result")
    moment = datetime(2026, 8, 21, tzinfo=timezone.utc)
    span = ExecutionSpan("DoubleSliceSpan", moment, moment, {0: DataSlice((5,), (0, 1), (0, 5))})
    metadata = {"version": 2, "execution": {"execution_spans": ExecutionSpans((span,))}}
    samples = SamplerPubResult(DataBin(c=made.bits((), 5, 3)), {"circuit_metadata": {}})
    body = encode_result(
        PrimitiveResult([samples], metadata), program_id="sampler", support_qiskit=True
    )
    sampler.PrimitiveResultWrapperModel.model_validate_json(body)
    values = PubResult(DataBin(evs=np.array(0.5), stds=np.array(0.1)), {"shots": 10})
    body = encode_result(
        PrimitiveResult([values], {"version": 2}), program_id="estimator", support_qiskit=True
    )
    estimator.PrimitiveResultWrapperModel.model_validate_json(body)


@pytest.mark.parametrize("spacing", [None, 1])
def test_measurements_that_were_not_classified(spacing: int | None) -> None:
    """Kerneled registers give complex arrays in both forms."""
    rng = np.random.default_rng(3)
    kerneled = rng.normal(size=(2, 5, 3)) + 1j * rng.normal(size=(2, 5, 3))
    result = PrimitiveResult([SamplerPubResult(DataBin(shape=(2,), c=kerneled))])
    for support_qiskit in (True, False):
        body = encode_result(result, program_id="sampler", support_qiskit=support_qiskit)
        body = json.dumps(json.loads(body), indent=spacing).encode()
        back = decode_result(body, program_id="sampler", pub_shapes=[(2,)], pub_shots=[5])
        made.assert_same(back, result)


def test_complex_envelopes_in_plain_json() -> None:
    """Complex numbers spelled as envelopes are read as well."""
    one = made.envelope("complex", [0.5, -1])
    data = decode_result(made.plain({"c": [[one, one]]}), program_id="sampler", pub_shapes=[()])
    np.testing.assert_array_equal(data[0].data.c, [[0.5 - 1j, 0.5 - 1j]])
    with pytest.raises(ProtocolError, match="PUB 0, register 'c': expected complex"):
        decode_result(made.plain({"c": [one, "x"]}), program_id="sampler")
    with pytest.raises(ProtocolError, match="do not form an array"):
        decode_result(made.plain({"c": [[one], [one, one]]}), program_id="sampler")
    with pytest.raises(ProtocolError, match="expected pairs"):
        decode_result(made.plain({"c": [1, 2, 3]}), program_id="sampler")


def test_a_register_as_an_envelope_in_plain_json() -> None:
    """A register of a plain body may be a BitArray envelope, not anything else."""
    body = json.loads(
        encode_result(
            PrimitiveResult([SamplerPubResult(DataBin(c=made.bits((), 4, 9)))]),
            program_id="sampler",
            support_qiskit=True,
        )
    )
    register = body["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]["c"]
    result = decode_result(made.plain({"c": register}), program_id="sampler")
    assert isinstance(result[0].data.c, BitArray)
    with pytest.raises(ProtocolError, match="expected samples"):
        decode_result(made.plain({"c": made.envelope("complex", [1, 2])}), program_id="sampler")


@pytest.mark.parametrize("program_id", ["noise-learner", "executor", ""])
def test_other_programs_have_no_decoder(program_id: str) -> None:
    """Only sampler and estimator results are read."""
    with pytest.raises(ProtocolError, match="no decoder"):
        decode_result(b"{}", program_id=program_id)


def test_objects_without_a_form_on_the_wire_are_refused() -> None:
    """Metadata that JSON and the envelopes can't carry name their place."""
    result = PrimitiveResult([], {"a": {"b": [object()]}})
    with pytest.raises(EncodeError, match=r"result metadata\.a\.b\[0\]: no way to write a object"):
        encode_result(result, program_id="sampler", support_qiskit=True)


def test_mutated_bodies_are_decoded_or_refused() -> None:
    """No other exception, no hang, no memory; `fuzz_results` runs any number of them."""
    figures = run(500)
    assert figures["decoded"] > 10
    assert figures["refused"] > 100
    assert figures["seconds"] < 5
    assert figures["memory"] < 1
