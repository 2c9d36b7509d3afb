"""The spelling of a standard gate on the wire, and its definitions that stdgates.inc lacks.

In: a standard gate of Qiskit. Out: identifier and definition blocks, taken from ``qasm3.dumps``, so
that they match the installed Qiskit.
"""

from __future__ import annotations

import re
from typing import Any

_DEFINITION = re.compile(r"^gate .*?^}\n", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)[^\n]* q\[", re.MULTILINE)

Spelling = tuple[str, tuple[str, ...]]
_spellings: dict[str, Spelling] = {}


def spelling(gate: Any) -> Spelling:
    """Returns a standard gate's identifier and the definitions to write before its first use.

    Args:
        gate: a standard gate without open controls. Definitions do not depend on its angles.
    """
    known = _spellings.get(gate.name)
    if known is None:
        known = _spellings[gate.name] = _exported(gate)
    return known


def _exported(gate: Any) -> Spelling:
    from qiskit import QuantumCircuit, QuantumRegister, qasm3

    circuit = QuantumCircuit(QuantumRegister(gate.num_qubits, "q"))
    angles = [0.5] * len(gate.params)
    circuit.append(gate.base_class(*angles), circuit.qubits)
    text = qasm3.dumps(circuit, disable_constants=True)
    definitions = tuple(_DEFINITION.findall(text))
    call = _CALL.search(text, text.index("qubit["))
    assert call is not None
    return call.group(1), definitions
