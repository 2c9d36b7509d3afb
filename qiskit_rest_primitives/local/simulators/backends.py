"""The backends of the embedded service, by name, and what they say about themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.local.simulators.cost_model import MAX_AER_SHOTS
from qiskit_rest_primitives.local.simulators.devices import (
    LISTED,
    device_name,
    device_size,
    device_target,
    simulator_target,
)
from qiskit_rest_primitives.local.simulators.prepare import aer_is_installed
from qiskit_rest_primitives.local.simulators.prepare_aer import prepare_aer
from qiskit_rest_primitives.local.simulators.prepare_device import prepare_device
from qiskit_rest_primitives.local.simulators.prepare_statevector import prepare_statevector
from qiskit_rest_primitives.wire.target.target import encode_target

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.simulators.job_options import Requested
    from qiskit_rest_primitives.local.simulators.setup import Setup
    from qiskit_rest_primitives.local.simulators.simulator import Wanted

AER_METHODS = ("statevector", "density_matrix", "stabilizer", "matrix_product_state")
SIMULATOR_QUBITS = 30
DEVICE_SHOTS = 100_000
_VERSION = "1.0.0"
_ONLINE_SINCE = "2026-01-01T00:00:00+00:00"


class LocalBackend:
    """One backend: what it is to the API, and how it runs a PUB.

    Attributes:
        name: as in GET /backends.
        num_qubits: width of the circuits it takes.
        max_shots: most shots of a circuit.
        is_simulator: whether any circuit goes, or only what a device can do.
        on_aer: whether it acts on options for the simulator other than the seed.
        prepare: decides how to run a PUB: circuit, number of the PUB, options, what is wanted ->
            Setup; raises RefusedError for what the backend can't run.
    """

    def __init__(
        self,
        name: str,
        num_qubits: int,
        target: Callable[[], Target],
        prepare: Callable[[QuantumCircuit, int, Requested, Wanted], Setup],
        *,
        max_shots: int,
        is_simulator: bool,
        on_aer: bool,
    ):
        self.name = name
        self.num_qubits = num_qubits
        self.max_shots = max_shots
        self.is_simulator = is_simulator
        self.on_aer = on_aer
        self._target = target
        self.prepare = prepare
        self._encoded: tuple[dict[str, Any], dict[str, Any]] | None = None

    @property
    def target(self) -> Target:
        """What it can do."""
        return self._target()

    def list_entry(self, queue_length: int) -> dict[str, Any]:
        """Its object in GET /backends."""
        return {
            "name": self.name,
            "status": {"name": "online", "reason": "available"},
            "queue_length": queue_length,
            "is_simulator": self.is_simulator,
            "qubits": self.num_qubits,
            "clops": None,
            "processor_type": self._processor_type(),
            "performance_metrics": None if self.is_simulator else self._performance(),
            "wait_time_seconds": None,
        }

    def status(self, queue_length: int) -> dict[str, Any]:
        """Body of GET /backends/{id}/status."""
        return {
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": queue_length,
            "backend_version": _VERSION,
        }

    def configuration(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/configuration."""
        return self._description()[0]

    def properties(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/properties."""
        return self._description()[1]

    def _description(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._encoded is None:
            target = self._target()
            self._encoded = encode_target(
                target,
                name=self.name,
                version=_VERSION,
                simulator=self.is_simulator,
                processor_type=self._processor_type(),
                description=target.description or "",
                online_date=_ONLINE_SINCE,
                max_shots=self.max_shots,
            )
        return self._encoded

    def _processor_type(self) -> dict[str, Any] | None:
        if self.is_simulator:
            return None
        return {"family": "Fake", "revision": 1.0, "segment": None}

    def _performance(self) -> dict[str, float]:
        target = self._target()
        two_qubit = [properties.error for properties in target["cz"].values()]
        readout = [properties.error for properties in target["measure"].values()]
        return {
            "two_q_error_best": float(min(two_qubit)),
            "two_q_error_layered": float(np.mean(two_qubit)),
            "two_q_error_median": float(np.median(two_qubit)),
            "readout_error_median": float(np.median(readout)),
        }


class LocalBackends:
    """All backends of one service: `statevector`, Aer's methods, and devices of any listed size."""

    def __init__(self) -> None:
        self._made: dict[str, LocalBackend] = {}

    def names(self) -> list[str]:
        """The names in GET /backends; `device` knows every ``fake_<n>q`` beside them."""
        aer = ["aer", *(f"aer_{method}" for method in AER_METHODS)] if aer_is_installed() else []
        return ["statevector", *aer, *(device_name(size) for size in LISTED)]

    def device(self, name: str) -> LocalBackend:
        """The backend of that name.

        Raises:
            KeyError: no such backend.
        """
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> LocalBackend:
        if (size := device_size(name)) is not None:
            return LocalBackend(
                name,
                size,
                lambda: device_target(size),
                partial(prepare_device, size),
                max_shots=DEVICE_SHOTS,
                is_simulator=False,
                on_aer=False,
            )
        if name not in self.names():
            raise KeyError(name)
        prepare = prepare_statevector
        if name != "statevector":
            method = name.removeprefix("aer").removeprefix("_") or "automatic"
            prepare = partial(prepare_aer, method)
        return LocalBackend(
            name,
            SIMULATOR_QUBITS,
            lambda: simulator_target(SIMULATOR_QUBITS),
            prepare,
            max_shots=MAX_AER_SHOTS,
            is_simulator=True,
            on_aer=name != "statevector",
        )
