"""Mutated bodies: each is read, or refused with a message, in little time."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.executor.program import (
    CircuitItem,
    ExecutorParams,
    decode_qpy,
)
from qiskit_rest_primitives.wire.executor.result import (
    Chunk,
    ProgramResult,
    decode_program_result,
    encode_program_result,
)
from qiskit_rest_primitives.wire.executor.tensors import decode_tensor
from qiskit_rest_primitives.wire.request.job_request import InvalidBody, decode_params
from tests.wire import fuzz_programs
from tests.wire.executor.programs import circuit_item, program

MUTATIONS = 20_000
TOKENS = [b"null", b"[]", b"{}", b"-1", b"1e400", b'"', b"\\u0000", b"]", b"}", b"\xff", b"99999"]


def mutated(body: bytes, rng: random.Random) -> bytes:
    """A body with one to four places cut, repeated or replaced."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(body))
        end = min(len(body), start + rng.choice([0, 1, 1, 2, 8, 40]))
        middle = rng.choice([b"", body[start:end] * 2, rng.choice(TOKENS), rng.randbytes(1)])
        body = body[:start] + middle + body[end:] or b"0"
    return body


@pytest.mark.parametrize("version", ["v2.0", "v1.1"])
def test_mutated_params_are_read_or_refused(version: str) -> None:
    """Params, with the bytes within them."""
    circuit = QuantumCircuit(1, 1)
    items = [circuit_item(np.ones((2, 0)), version=version, shape=[2])]
    body = json.dumps(program([circuit], items, version=version, passthrough_data=[1])).encode()
    rng, refused = random.Random(version), 0
    for _ in range(MUTATIONS):
        try:
            params = decode_params("executor", mutated(body, rng))
            assert isinstance(params, ExecutorParams)
            if isinstance(params.quantum_program.circuits.b64_data, str):
                decode_qpy(
                    params.quantum_program.circuits, compressed=params.compressed, max_bytes=10**6
                )
            for item in params.quantum_program.items:
                assert isinstance(item, CircuitItem)
                decode_tensor(item.circuit_arguments, "x", compressed=params.compressed)
        except (InvalidBody, ProtocolError):
            refused += 1
    assert MUTATIONS / 2 < refused < MUTATIONS


def test_every_kind_of_program() -> None:
    """Bodies of jobs with QPY, OpenQASM 3 or samplexes, changed anywhere, with short messages."""
    figures = fuzz_programs.run(400, seed=1)
    assert figures["accepted"] > 20
    assert figures["refused"] > 100


def test_mutated_results_are_read_or_refused() -> None:
    """Results."""
    arrays = {"c": np.ones((2, 3, 1), bool), "v": np.arange(6.0)}
    chunks = [Chunk(0, (0,), range(2), 1.0, 2.0)]
    body = encode_program_result(ProgramResult([arrays], [{}], chunks), "v2.0")
    rng, refused = random.Random(1), 0
    for _ in range(MUTATIONS):
        try:
            decode_program_result(mutated(body, rng))
        except ProtocolError:
            refused += 1
    assert MUTATIONS / 2 < refused < MUTATIONS
