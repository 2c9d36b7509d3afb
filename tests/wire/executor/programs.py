"""Quantum programs as JSON, for tests."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit, qpy

from qiskit_rest_primitives.wire.executor.program import encode_qpy
from qiskit_rest_primitives.wire.executor.tensors import encode_tensor


def qpy_file(*circuits: QuantumCircuit, version: int = min(17, qpy.QPY_VERSION)) -> bytes:
    """A QPY file of circuits; schema v1.1 knows versions up to 17."""
    file = io.BytesIO()
    qpy.dump(list(circuits), file, version=version)
    return file.getvalue()


def circuit_item(arguments: Any = (), **members: Any) -> dict[str, Any]:
    """An item with the values of its circuit's parameters."""
    version = members.pop("version", "v2.0")
    array = np.asarray(arguments, dtype=float)
    tensor = msgspec.to_builtins(encode_tensor(array, compressed=version != "v1.1"))
    return {"item_type": "circuit", "circuit_arguments": tensor, "shape": [], **members}


def program(
    circuits: list[QuantumCircuit],
    items: list[dict[str, Any]] | None = None,
    *,
    version: str = "v2.0",
    options: dict[str, Any] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """``params`` of a program; by default one circuit item without arguments a circuit."""
    qpy_data = encode_qpy(qpy_file(*circuits), compressed=version != "v1.1")
    if items is None:
        items = [circuit_item(version=version) for _ in circuits]
    body = {"shots": 100, "circuits": msgspec.to_builtins(qpy_data), "items": items, **members}
    return {"schema_version": version, "quantum_program": body, "options": options or {}}
