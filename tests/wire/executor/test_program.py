"""Params and results of the program executor, against the official models and damaged."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter
from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.executor.program import (
    CircuitItem,
    ExecutorParams,
    decode_qpy,
    encode_executor_params,
)
from qiskit_rest_primitives.wire.executor.result import (
    Chunk,
    ProgramResult,
    decode_program_result,
    encode_program_result,
)
from qiskit_rest_primitives.wire.executor.tensors import decode_tensor
from qiskit_rest_primitives.wire.request.job_request import InvalidBody, decode_params
from tests.wire.executor.programs import circuit_item, program

CIRCUIT = QuantumCircuit(1, 1)
CIRCUIT.rx(Parameter("a"), 0)
CIRCUIT.measure(0, 0)
VALUES = np.arange(6.0).reshape(2, 3, 1)
VERSIONS = ["v2.0", "v1.1"]


def read(params: Any) -> ExecutorParams:
    """Decodes params."""
    decoded = decode_params("executor", json.dumps(params).encode())
    assert isinstance(decoded, ExecutorParams)
    return decoded


def official(version: str) -> Any:
    """The module of official models."""
    schemas = pytest.importorskip("ibm_quantum_schemas")
    del schemas
    from ibm_quantum_schemas.executor import version_1_1, version_2_0

    return version_2_0 if version == "v2.0" else version_1_1


@pytest.mark.parametrize("version", VERSIONS)
class TestOfficialModels:
    """Both ways against ibm-quantum-schemas."""

    def test_the_official_model_reads_our_params(self, version: str) -> None:
        """The official model reads our params: circuits, arguments and what passes through."""
        items = [circuit_item(VALUES, version=version, shape=[2, 3])]
        sent = program([CIRCUIT], items, version=version, passthrough_data={"a": [1, "b"]})
        body = encode_executor_params(read(sent))
        model = official(version).ParamsModel.model_validate_json(body)
        assert model.quantum_program.circuits.to_python() == [CIRCUIT]
        item = model.quantum_program.items[0]
        assert np.array_equal(item.circuit_arguments.to_numpy(), VALUES)
        assert model.quantum_program.passthrough_data == {"a": [1, "b"]}
        assert model.options.init_qubits is True

    def test_params_of_the_official_model_are_read(self, version: str) -> None:
        """We read the official model's params."""
        items = [circuit_item(VALUES, version=version, shape=[2, 3], chunk_size=2)]
        sent = program([CIRCUIT], items, version=version, options={"rep_delay": 1e-4})
        model = official(version).ParamsModel.model_validate(sent)
        params = read(model.model_dump(mode="json"))
        assert params.schema_version == version
        item = params.quantum_program.items[0]
        assert isinstance(item, CircuitItem)
        arguments = decode_tensor(item.circuit_arguments, "x", compressed=params.compressed)
        assert np.array_equal(arguments, VALUES)
        data = decode_qpy(
            params.quantum_program.circuits, compressed=params.compressed, max_bytes=10**6
        )
        assert qpy.load(io.BytesIO(data)) == [CIRCUIT]
        assert params.options.rep_delay == 1e-4
        assert params.quantum_program.has_chunk_sizes

    def test_the_official_model_reads_our_results(self, version: str) -> None:
        """The official model reads our results, and we read them back from it."""
        bools = np.random.default_rng(0).random((2, 3, 11, 5)) < 0.5
        signs = np.array([[True], [False]])
        bits = BitArray.from_bool_array(bools, order="little")
        result = ProgramResult(
            [{"c": bits, "pauli_signs": signs}],
            [{}],
            [Chunk(0, (0, 1), range(2, 5), 1_000_000.25, 1_000_001.5)],
            msgspec.Raw(b'{"x": [null, 1.5]}'),
            "sampler-v2",
        )
        body = encode_program_result(result, version)
        model = official(version).QuantumProgramResultModel.model_validate_json(body)
        assert np.array_equal(model.data[0].results["c"].to_numpy(), bools)
        assert model.passthrough_data == {"x": [None, 1.5]}
        assert model.semantic_role == "sampler-v2"
        assert model.metadata.chunk_timing[0].start.timestamp() == 1_000_000.25
        back = decode_program_result(model.model_dump_json().encode())
        assert np.array_equal(back.items[0]["c"], bools)
        assert np.array_equal(back.items[0]["pauli_signs"], signs)
        assert back.chunks == result.chunks
        assert msgspec.json.decode(back.passthrough_data) == {"x": [None, 1.5]}


def changed(**members: Any) -> dict[str, Any]:
    """Params of two items with other members in the program."""
    params = program([CIRCUIT, CIRCUIT], [circuit_item([1.0]), circuit_item([1.0])])
    params["quantum_program"] |= members
    return params


class TestRefused:
    """Wrong params are refused by the member's name."""

    @pytest.mark.parametrize("version", ["v0.1", "v0.2", "v1.0", "v3.0", "2"])
    def test_versions(self, version: str) -> None:
        """Another version is refused with those that are read, whatever else the params have."""
        with pytest.raises(InvalidBody, match=r"send v2\.0 or v1\.1") as caught:
            read({"schema_version": version, "anything": 1})
        assert caught.value.path == "params.schema_version"

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"shots": 0}, r"shots: Expected `int` >= 1"),
            ({"items": [circuit_item([1.0])]}, r"quantum_program: 2 circuits for 1 items"),
            (
                {"items": [circuit_item([1.0]), circuit_item([1.0], chunk_size=3)]},
                "item 1 has chunk_size 3, item 0 has 'auto'",
            ),
            (
                {"items": [circuit_item([1.0]), circuit_item([1.0], chunk_size=0)]},
                r"items\[1\].*chunk_size",
            ),
            ({"items": [circuit_item([1.0]), {"item_type": "x"}]}, r"items\[1\].item_type"),
            ({"items": [circuit_item([1.0]), circuit_item([1.0], shape=[-1])]}, r"\[1\].shape"),
            ({"meas_level": "raw"}, "meas_level"),
            ({"circuits": {"data": ["x"], "qpy_version": 13}}, "circuits are either"),
            ({"circuits": {"qpy_version": 13}}, "circuits are either"),
            ({"seed": 3}, "seed"),
        ],
    )
    def test_members(self, members: dict[str, Any], said: str) -> None:
        """Each message has the path and the number of the item."""
        with pytest.raises(InvalidBody, match=said):
            read(changed(**members))

    def test_text_in_v1_1(self) -> None:
        """Schema v1.1 has circuits as QPY only."""
        sent = changed(circuits={"data": ["", ""]}) | {"schema_version": "v1.1"}
        with pytest.raises(InvalidBody, match=r"v1\.1 has no OpenQASM 3"):
            read(sent)

    def test_deep_passthrough(self) -> None:
        """Passthrough data that are nested ten thousand deep are refused, not recursed into."""
        body = json.dumps(changed(passthrough_data="HERE")).replace(
            '"HERE"', "[" * 10_000 + "]" * 10_000
        )
        with pytest.raises(InvalidBody, match="too deeply"):
            decode_params("executor", body.encode())


class TestQpyFile:
    """The file of circuits."""

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"qpy_version": 12}, "qpy_version is 12"),
            ({"num_programs": 2}, "num_programs is 2, but 1 in the QPY file"),
            ({"b64_data": base64.b64encode(zlib.compress(b"none")).decode()}, "not a QPY file"),
            ({"b64_data": "AAAA"}, "zlib"),
            ({"b64_data": base64.b64encode(zlib.compress(bytes(10**7))).decode()}, "more than"),
        ],
    )
    def test_a_wrong_qpy_file_is_refused(self, members: dict[str, Any], said: str) -> None:
        """A file that is not what the members say, or that expands without end."""
        params = program([CIRCUIT])
        params["quantum_program"]["circuits"] |= members
        circuits = msgspec.convert(
            params["quantum_program"]["circuits"],
            type(read(program([CIRCUIT])).quantum_program.circuits),
        )
        with pytest.raises(ProtocolError, match=said):
            decode_qpy(circuits, compressed=True, max_bytes=10**6)


class TestBadResults:
    """Results that can't be read."""

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"[]", "not the result"),
            (b"[" * 100_000, "not the result"),
            (b'{"schema_version": "v9", "data": [], "metadata": {"chunk_timing": []}}', "v9"),
            (
                b'{"schema_version": "v2.0", "data": [{"results": {"c": {"data": "", "shape": [1],'
                b' "dtype": "bool"}}, "metadata": {}}], "metadata": {"chunk_timing": []}}',
                "item 0: c",
            ),
            (
                b'{"schema_version": "v2.0", "data": [], "metadata": {"chunk_timing": [{"start":'
                b' "2026-01-01T00:00:00Z", "stop": "2026-01-01T00:00:00Z", "parts":'
                b' [{"idx_item": 0, "size": 1, "permutation": [], "element_range": [0, 1, 1]}]}]}}',
                r"chunk_timing\[0\]",
            ),
        ],
    )
    def test_the_error_names_item_and_place(self, body: bytes, said: str) -> None:
        """The message has the item and the place."""
        with pytest.raises(ProtocolError, match=said):
            decode_program_result(body)
