"""The backends of the embedded service, by name, and how each of them runs a PUB."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.statevector import ReferenceSimulator
from qiskit_rest_primitives.local.tasks import Simulator

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


@dataclass(frozen=True)
class Setup:
    """How a backend runs one PUB.

    Attributes:
        simulator: what runs its points.
        circuit: what it runs; parameters as in the PUB's circuit.
        observables: {pauli: coefficient} each, on the qubits of `circuit`; empty for a sampler.
        metadata: what the user should know, for the PUB's metadata.
    """

    simulator: Simulator
    circuit: QuantumCircuit
    observables: list[dict[str, float]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalBackend:
    """One backend: what it is to the API, and how it runs a PUB."""

    name: str

    def prepare_sampler(self, circuit: QuantumCircuit, pub_index: int, options: Any) -> Setup:
        """Decides how to sample a circuit."""
        return Setup(ReferenceSimulator(), circuit)

    def prepare_estimator(
        self,
        circuit: QuantumCircuit,
        pub_index: int,
        options: Any,
        observables: list[dict[str, float]],
        precision: float,
    ) -> Setup:
        """Decides how to estimate observables."""
        return Setup(ReferenceSimulator(), circuit, observables)

    def list_entry(self, queue_length: int) -> dict[str, Any]:
        """Its object in GET /backends."""
        return {
            "name": self.name,
            "status": {"name": "online", "reason": "available"},
            "queue_length": queue_length,
            "is_simulator": True,
            "qubits": 30,
            "clops": None,
            "processor_type": None,
            "performance_metrics": None,
            "wait_time_seconds": None,
        }

    def status(self, queue_length: int) -> dict[str, Any]:
        """Body of GET /backends/{id}/status."""
        return {
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": queue_length,
            "backend_version": "1.0.0",
        }

    def configuration(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/configuration."""
        return {
            "backend_name": self.name,
            "backend_version": "1.0.0",
            "n_qubits": 30,
            "basis_gates": ["cz", "id", "rx", "rz", "rzz", "sx", "x"],
            "gates": [],
            "coupling_map": None,
            "local": True,
            "simulator": True,
            "conditional": False,
            "memory": True,
            "coords": None,
            "online_date": "2026-01-01T00:00:00Z",
            "u_channel_lo": [],
        }

    def properties(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/properties."""
        return {
            "backend_name": self.name,
            "backend_version": "1.0.0",
            "last_update_date": "2026-01-01T00:00:00Z",
            "gates": [],
            "qubits": [],
            "general": [],
        }


class LocalBackends:
    """All backends of one service."""

    def __init__(self) -> None:
        self._devices = {"statevector": LocalBackend("statevector")}

    def names(self) -> list[str]:
        """The names in GET /backends; `device` may know more."""
        return list(self._devices)

    def device(self, name: str) -> LocalBackend:
        """The backend of that name.

        Raises:
            KeyError: no such backend.
        """
        return self._devices[name]
