"""A job describes itself: the comment line survives any name and reads back the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ClassicalRegister, Parameter

from qiskit_rest_primitives.circuits import CircuitDescription, encode_circuit

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(),
    parameters=st.lists(st.text(), unique=True, max_size=3),
    registers=st.lists(st.text(), unique=True, max_size=3),
    metadata=st.dictionaries(st.text(), JSON, max_size=3),
)
def test_any_names_and_metadata_survive(
    name: str, parameters: list[str], registers: list[str], metadata: dict[str, object]
) -> None:
    """Line separators, quotes, surrogates and control characters break no line."""
    circuit = QuantumCircuit(1, name=name, metadata=metadata)
    for register in registers:
        circuit.add_register(ClassicalRegister(1, register))
    for parameter in parameters:
        circuit.rx(Parameter(parameter), 0)
    text = encode_circuit(circuit).qasm
    assert text.isascii()
    assert len(text.splitlines()) == text.count("\n")
    assert text.startswith("OPENQASM 3.0;\n// ")
    description = CircuitDescription.from_qasm(text)
    assert description is not None
    assert description.name == name
    assert description.num_qubits == 1
    assert description.parameters == tuple(p.name for p in circuit.parameters)
    assert [source.name for source in description.registers] == registers
    assert description.metadata == metadata


def test_metadata_that_is_not_json_is_not_sent() -> None:
    """Objects, NaN and keys other than strings are left out; other entries are sent."""
    metadata = {"a": 1, "b": object(), "c": float("nan"), 4: "d", "e": np.float64(2), "f": [None]}
    circuit = QuantumCircuit(1, metadata=metadata)
    assert encode_circuit(circuit).description.metadata == {"a": 1, "e": 2.0, "f": [None]}


def test_importers_skip_the_description() -> None:
    """qiskit-qasm3-import reads the text as if the comment were not there."""
    circuit = QuantumCircuit(1, 1, name="*/ \n x q[0];")
    circuit.measure(0, 0)
    assert qasm3.loads(encode_circuit(circuit).qasm).count_ops() == {"measure": 1}


GOOD = {
    "version": 1,
    "name": "n",
    "num_qubits": 2,
    "parameters": [],
    "registers": [],
    "metadata": {},
}


def commented(fields: object) -> str:
    """A text whose description has these fields."""
    return f"OPENQASM 3.0;\n// qiskit-rest-primitives {json.dumps(fields)}\n"


def test_description_alone_is_enough() -> None:
    """The description can be read without the text that follows it."""
    assert CircuitDescription.from_qasm(commented(GOOD)) == CircuitDescription("n", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OPENQASM 3.0;\nqubit[1] q;\n",
        "OPENQASM 3.0;\n// qiskit-rest-primitives {\n",
        "OPENQASM 3.0;\n// qiskit-rest-primitives {nonsense}\n",
        "OPENQASM 3.0;\n" + "x q;\n" * 20 + commented(GOOD),
        commented({}),
        commented({**GOOD, "version": 2}),
        commented({**GOOD, "name": 3}),
        commented({**GOOD, "num_qubits": "2"}),
        commented({**GOOD, "parameters": [1]}),
        commented({**GOOD, "parameters": None}),
        commented({**GOOD, "registers": [["c", 1]]}),
        commented({**GOOD, "registers": [["c", -1, "c"]]}),
        commented({**GOOD, "registers": [["c", 2, [["c", 0]]]]}),
        commented({**GOOD, "metadata": []}),
    ],
)
def test_foreign_or_broken_descriptions_give_none(text: str) -> None:
    """Text of other software, or of a later version, gives None."""
    assert CircuitDescription.from_qasm(text) is None
