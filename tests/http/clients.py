"""Circuits and clients that several tests of submissions share."""

from __future__ import annotations

from pathlib import Path

from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, Settings
from tests.tokens import secret

DEVICES = {"devices": [{"name": "sim", "status": {"name": "online"}, "is_simulator": True}]}


def measured() -> QuantumCircuit:
    """One qubit, measured."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def mocked_service(folder: Path, **settings: float) -> QiskitRuntimeService:
    """A client of a service whose replies the test writes."""
    given = {"first_pause_seconds": 0.001, "lookup_seconds": 20, **settings}
    return QiskitRuntimeService(
        url="http://service.example/v1",
        token=secret("ready"),
        settings=Settings(state_folder=folder, **given),
    )


def raw_client(port: int, folder: Path, **settings: float) -> QiskitRuntimeService:
    """A client of a server that the test writes byte by byte."""
    given = {"first_pause_seconds": 0.01, "lookup_seconds": 10, **settings}
    return QiskitRuntimeService(
        url=f"http://127.0.0.1:{port}/v1",
        token=secret("ready"),
        settings=Settings(state_folder=folder, **given),
    )
