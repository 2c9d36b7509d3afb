"""QPY circuits of PUBs: read, or refused in bounded time and memory."""

from __future__ import annotations

import base64
import io
import re
import struct
import sys
import zlib

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.read import qpy_sandbox
from qiskit_rest_primitives.local.engine.read.load_circuit import (
    MAX_QPY_BYTES,
    OLDEST_QPY,
    load_circuit,
)
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.outcome import RefusedError, StoppedError
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import fail, run


@pytest.fixture(scope="module")
def sandbox():
    """The processes that load files first."""
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def qpy_of(*circuits: QuantumCircuit, version: int | None = None) -> bytes:
    """A QPY file."""
    file = io.BytesIO()
    qpy.dump(list(circuits), file, **({} if version is None else {"version": version}))
    return file.getvalue()


def envelope(data: bytes) -> dict[str, str]:
    """Its envelope in a PUB."""
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
def test_every_version_that_qiskit_writes_is_read(version, sandbox):
    """With parameters in the circuit's order."""
    circuit = rotations()
    loaded = load_circuit(qpy_of(circuit, version=version), 0, sandbox)
    assert loaded.circuit == circuit
    assert [p.name for p in loaded.parameters] == [f"p[{i}]" for i in range(11)]


def test_a_job_of_qpy_circuits_runs():
    """Values go by position, and metadata are kept."""
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
def test_a_damaged_or_hostile_file_is_refused_quickly(data, word, sandbox):
    """The reason has the PUB and the error."""
    with pytest.raises(RefusedError, match="PUB 3") as caught:
        load_circuit(data, 3, sandbox)
    assert word in caught.value.reason
    assert "\\x1b" not in caught.value.reason
    assert "\x1b" not in caught.value.reason
    assert "more than" not in caught.value.reason, "only the time limit ended it"


def nested(num_qubits: int, version: int) -> bytes:
    """A file whose innermost definition claims more qubits than are used."""
    inner = QuantumCircuit(77, 55)
    inner.h(0)
    outer = QuantumCircuit(77, 55)
    outer.append(inner.to_instruction(), range(77), range(55))
    data = qpy_of(outer, version=version)
    # The circuit, the definition's instruction, the definition, the call.
    places = [m.start() for m in re.finditer(re.escape(struct.pack("!II", 77, 55)), data)]
    return data[: places[2]] + struct.pack("!I", num_qubits) + data[places[2] + 4 :]


@pytest.mark.slow
@pytest.mark.parametrize("version", range(OLDEST_QPY, qpy.QPY_VERSION + 1))
@pytest.mark.parametrize("num_qubits", [20_000_000, 4_000_000_000])
def test_sizes_in_a_nested_definition_are_checked(num_qubits, version, sandbox):
    """Without a limit it would take minutes and gigabytes of this process."""
    assert load_circuit(nested(77, version), 0, sandbox).circuit.num_qubits == 77
    before = memory()
    with pytest.raises(RefusedError, match=r"PUB 2: .*(claims|memory)") as caught:
        load_circuit(nested(num_qubits, version), 2, sandbox)
    assert caught.value.code == 1603
    assert memory() - before < 100_000_000


def memory() -> int:
    """The peak memory of this process, in bytes."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def test_a_stack_overflow_crashes_only_the_sandbox(sandbox):
    """Deep nesting crashes the loader's process, never this one."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    for _ in range(90):
        outer = QuantumCircuit(1)
        outer.append(circuit.to_instruction(), [0])
        circuit = outer
    # Releases of Qiskit differ in their use of the stack: older ones load it.
    try:
        outcome = f"{load_circuit(qpy_of(circuit), 0, sandbox).circuit.num_qubits} qubit"
    except RefusedError as error:
        outcome = str(error)
    assert outcome == "1 qubit" or outcome.startswith("PUB 0: ")
    assert load_circuit(qpy_of(rotations()), 0, sandbox).circuit.num_qubits == 11


def test_loading_ends_with_its_job(sandbox):
    """A cancelled job stops the load."""

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        load_circuit(nested(20_000_000, 13), 0, sandbox, check=stop)
    assert load_circuit(qpy_of(rotations()), 0, sandbox).circuit.num_qubits == 11


def test_loading_has_a_time_limit(sandbox, monkeypatch):
    """A file that takes too long is refused, and the next file is loaded."""
    monkeypatch.setattr(qpy_sandbox, "SPARE_SECONDS", 0.0)
    monkeypatch.setattr(qpy_sandbox, "IDLE_BYTES", 1 << 40)
    # On faster machines the memory limit is reached first.
    with pytest.raises(RefusedError, match=r"PUB 1: .*more than (0 s|there is memory for)"):
        load_circuit(nested(20_000_000, 13), 1, sandbox)
    monkeypatch.undo()
    assert load_circuit(qpy_of(rotations()), 0, sandbox).circuit.num_qubits == 11


def test_a_file_too_large_is_refused(sandbox):
    """Before it is parsed."""
    data = qpy_of(rotations())
    with pytest.raises(RefusedError, match="PUB 0: a QPY file of"):
        load_circuit(data + bytes(MAX_QPY_BYTES), 0, sandbox)


def test_a_register_without_bits_is_accepted():
    """Its samples are empty bit strings."""
    from qiskit.circuit import ClassicalRegister

    circuit = QuantumCircuit(1, 1)
    circuit.add_register(ClassicalRegister(0, "none"))
    circuit.measure(0, 0)
    engine = Engine(LocalBackends())
    [got] = run(engine, "sampler", [[envelope(qpy_of(circuit)), None, 5]])
    engine.close()
    assert got.data.c.get_counts() == {"0": 5}
