"""QPY circuits of PUBs: read, or refused in bounded time and memory."""

from __future__ import annotations

import base64
import io
import struct
import time
import zlib

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives.local.backends import LocalBackends
from qiskit_rest_primitives.local.engine import Engine
from qiskit_rest_primitives.local.running.loading import OLDEST_QPY, load_circuit
from qiskit_rest_primitives.local.running.outcome import RefusedError
from tests.local.engine_jobs import fail, run


def qpy_of(*circuits: QuantumCircuit, version: int | None = None) -> bytes:
    """A QPY file."""
    file = io.BytesIO()
    qpy.dump(list(circuits), file, **({} if version is None else {"version": version}))
    return file.getvalue()


def envelope(data: bytes) -> dict[str, str]:
    """As it stands in a PUB."""
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(data)).decode(),
    }


def rotations() -> QuantumCircuit:
    """Eleven parameters of a vector, in the order of its elements."""
    circuit = QuantumCircuit(11, metadata={"kind": "test"})
    for qubit, parameter in enumerate(ParameterVector("p", 11)):
        circuit.ry(parameter, qubit)
    return circuit


@pytest.mark.parametrize("version", range(OLDEST_QPY, qpy.QPY_VERSION + 1))
def test_every_version_that_is_written_is_read(version):
    """With parameters in the circuit's order."""
    circuit = rotations()
    loaded = load_circuit(qpy_of(circuit, version=version), 0)
    assert loaded.circuit == circuit
    assert [p.name for p in loaded.parameters] == [f"p[{i}]" for i in range(11)]


def test_a_job_of_qpy_circuits_runs():
    """Values by position, metadata kept."""
    engine = Engine(LocalBackends())
    values = np.linspace(0, 3, 11)
    paulis = ["I" * (10 - i) + "Z" + "I" * i for i in range(11)]
    pub = [envelope(qpy_of(rotations())), paulis, values.tolist(), 0]
    [got] = run(engine, "estimator", [pub])
    assert np.allclose(got.data.evs, np.cos(values))
    assert got.metadata["circuit_metadata"] == {"kind": "test"}
    outcome = fail(engine, "estimator", [[envelope(b"QISKIT\xff" + b"\0" * 40), *pub[1:]]])
    assert "version 255" in outcome.reason
    assert outcome.reason_code == 1603
    assert "qpy.dump" in outcome.reason_solution
    engine.close()


def with_qubits(data: bytes, num_qubits: int) -> bytes:
    """The file with another number of qubits in its circuit's header."""
    place = struct.calcsize("!6sBBBBQc") + 1
    if data[6] >= 16:
        (place,) = struct.unpack_from("!Q", data, place)
    place += struct.calcsize("!H1cH")
    return data[:place] + struct.pack("!I", num_qubits) + data[place + 4 :]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"QISKIT", "version 0"),
        (qpy_of(rotations())[:12], "cut short"),
        (qpy_of(rotations())[:120], "error loading QPY"),
        (qpy_of(rotations(), rotations()), "2 circuits"),
        (with_qubits(qpy_of(rotations()), 4_000_000_000), "4000000000 qubits"),
        (with_qubits(qpy_of(rotations(), version=13), 2**31), "qubits"),
        (qpy_of(rotations())[:60] + b"\xff" * 500, "QPY"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused_quickly(data, word):
    """With the PUB and what is wrong."""
    begun = time.monotonic()
    with pytest.raises(RefusedError, match="PUB 3") as caught:
        load_circuit(data, 3)
    assert word in caught.value.reason
    assert time.monotonic() - begun < 5


def test_a_register_without_bits_is_no_trouble():
    """Its samples are empty strings of bits."""
    from qiskit.circuit import ClassicalRegister

    circuit = QuantumCircuit(1, 1)
    circuit.add_register(ClassicalRegister(0, "none"))
    circuit.measure(0, 0)
    engine = Engine(LocalBackends())
    [got] = run(engine, "sampler", [[envelope(qpy_of(circuit)), None, 5]])
    engine.close()
    assert got.data.c.get_counts() == {"0": 5}
