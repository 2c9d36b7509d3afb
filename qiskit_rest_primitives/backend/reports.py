"""A backend's status, configuration and properties under the official client's names.

In: the service's JSON. Out: objects with values in SI units. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from qiskit_rest_primitives.backend.records import GateConfig, GateProperties, Nduv, read_date
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.wire.target.calibration import Calibration, Qubits

# A value in SI units, and when it was measured.
DatedValues: TypeAlias = dict[str, tuple[float, datetime | None]]

# Fields in ns, µs and GHz on the wire: qiskit_ibm_runtime.models.QasmBackendConfiguration.
_SECONDS = {
    "dt": 1e-9,
    "dtm": 1e-9,
    "default_rep_delay": 1e-6,
    "rep_delay_range": 1e-6,
    "rep_times": 1e-6,
    "qubit_lo_range": 1e9,
    "meas_lo_range": 1e9,
}


@dataclass(frozen=True)
class BackendStatus:
    """Whether a backend takes jobs, at the time it was asked.

    Attributes:
        backend_name: the backend.
        backend_version: its version, or "0.0.0".
        operational: whether it takes jobs.
        pending_jobs: jobs waiting.
        status_msg: the service's word for its state, such as "active" if it runs its jobs.

    >>> status = backend.status()
    >>> status.operational, status.status_msg
    (True, 'active')
    """

    backend_name: str
    backend_version: str
    operational: bool
    pending_jobs: int
    status_msg: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendStatus:
        """Reads what `to_dict` gives."""
        return cls(**data)

    @classmethod
    def decode(cls, name: str, reply: Mapping[str, Any]) -> BackendStatus:
        """Reads the reply of ``/backends/{id}/status``."""
        return cls(
            backend_name=name,
            backend_version=str(reply.get("backend_version") or "0.0.0"),
            operational=bool(reply.get("state", False)),
            pending_jobs=max(int(reply.get("length_queue") or 0), 0),
            status_msg=str(reply.get("status") or ""),
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


class ConfigurationFields:
    """Fields that a configuration and a backend have as attributes, for type checkers.

    They know these alone, so that a misspelt one is an error. Which ones there are depends on the
    service; one that is not here is in ``configuration().to_dict()``.
    """

    if TYPE_CHECKING:
        angle_bounds: dict[str, Any]
        backend_name: str
        clops: int | None
        conditional: bool
        coords: list[list[int]]
        credits_required: bool
        default_rep_delay: float
        discriminators: list[str]
        display_name: str
        dynamic_reprate_enabled: bool
        gates: list[GateConfig]
        local: bool
        max_experiments: int
        max_shots: int
        meas_kernels: list[str]
        meas_levels: list[int]
        memory: bool
        n_registers: int
        open_pulse: bool
        parametric_pulses: list[str]
        processor_type: dict[str, Any]
        quantum_volume: int | None
        rep_delay_range: list[float]
        rep_times: list[float]
        sample_name: str
        supported_features: list[str]
        supported_instructions: list[str]
        timing_constraints: dict[str, int]
        u_channel_lo: list[Any]


class BackendConfiguration(ConfigurationFields):
    """What a backend is: every field of the service's reply is an attribute.

    Times are in seconds and frequencies in Hz; ``online_date`` is a datetime; ``gates`` have
    ``name``, ``parameters`` and ``coupling_map``. ``to_dict`` gives the reply as received.

    >>> configuration = service.backend("fake_5q").configuration()
    >>> configuration.n_qubits, configuration.basis_gates
    (5, ['cz', 'id', 'rz', 'sx', 'x'])
    """

    def __init__(self, reply: Mapping[str, Any]):
        self._reply = dict(reply)

    if TYPE_CHECKING:
        backend_version: str
        basis_gates: list[str]
        coupling_map: list[list[int]] | None
        description: str | None
        dt: float
        dtm: float
        meas_map: list[list[int]]
        online_date: datetime | None
    else:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or name not in self._reply:
                raise AttributeError(f"the configuration has no field {name!r}")
            value = self._reply[name]
            if name == "gates":
                return [GateConfig(**gate) for gate in value or []]
            if name == "online_date":
                return read_date(value)
            return _scaled(value, _SECONDS[name]) if name in _SECONDS else value

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendConfiguration:
        """Reads a service's reply, as `to_dict` gives it."""
        return cls(data)

    def __contains__(self, name: str) -> bool:
        return name in self._reply

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._reply]

    def __repr__(self) -> str:
        return f"BackendConfiguration({self._reply.get('backend_name')!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BackendConfiguration) and self._reply == other._reply

    __hash__ = None  # pyright: ignore[reportAssignmentType] - compares a dict

    @property
    def n_qubits(self) -> int | None:
        """Number of qubits; None for a simulator of any width."""
        return self._reply.get("n_qubits", self._reply.get("num_qubits"))

    @property
    def num_qubits(self) -> int | None:
        """Number of qubits; None for a simulator of any width."""
        return self.n_qubits

    @property
    def simulator(self) -> bool:
        """Whether it is a simulator."""
        return bool(self._reply.get("simulator"))

    def to_dict(self) -> dict[str, Any]:
        """The service's reply, in its units."""
        return dict(self._reply)


class BackendProperties:
    """What was measured on a backend; times in seconds, frequencies in Hz.

    `backend_name`, `backend_version` and `last_update_date` say of what, and when; `general` holds
    values of the whole backend.
    Asking for a qubit, gate or value that the service did not report raises BackendError.

    >>> properties = service.backend("fake_5q").properties()
    >>> properties.gate_length("cz", (0, 1))
    6.8e-08
    >>> properties.t1(0) > 1e-5, properties.faulty_qubits()
    (True, [])
    """

    def __init__(self, reply: Mapping[str, Any]):
        self._reply = dict(reply)
        self._calibration = Calibration.decode(reply)

    def __repr__(self) -> str:
        return f"BackendProperties({self.backend_name!r}, {self._reply.get('last_update_date')})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BackendProperties) and self._reply == other._reply

    __hash__ = None  # pyright: ignore[reportAssignmentType] - compares a dict

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BackendProperties:
        """Reads a service's reply, as `to_dict` gives it."""
        return cls(data)

    @property
    def qubits(self) -> list[list[Nduv]]:
        """For each qubit its values, in the service's units."""
        return [[Nduv(**value) for value in values] for values in self._reply.get("qubits") or []]

    @property
    def gates(self) -> list[GateProperties]:
        """Gates with their qubits and values, in the service's units."""
        return [GateProperties(**gate) for gate in self._reply.get("gates") or []]

    @property
    def general(self) -> list[Nduv]:
        """Values of the backend as a whole, in the service's units."""
        return [Nduv(**value) for value in self._reply.get("general") or []]

    @property
    def backend_name(self) -> str:
        """The backend."""
        return str(self._reply.get("backend_name") or "")

    @property
    def backend_version(self) -> str:
        """The backend's version."""
        return str(self._reply.get("backend_version") or "")

    @property
    def last_update_date(self) -> datetime | None:
        """When a value last changed."""
        return read_date(self._reply.get("last_update_date"))

    def to_dict(self) -> dict[str, Any]:
        """The service's reply, in its units."""
        return dict(self._reply)

    @cached_property
    def _qubits(self) -> list[DatedValues]:
        rows = zip(self._calibration.qubits, self._reply.get("qubits") or [], strict=True)
        return [_dated(values, entries) for values, entries in rows]

    @cached_property
    def _gates(self) -> dict[str, dict[Qubits, DatedValues]]:
        values = {gate: dict(rows) for gate, rows in self._calibration.gates.items()}
        gates: dict[str, dict[Qubits, DatedValues]] = {gate: {} for gate in values}
        for row in self._reply.get("gates") or []:
            gate, place = row.get("gate", ""), tuple(row.get("qubits") or ())
            gates[gate][place] = _dated(values[gate][place], row.get("parameters"))
        return gates

    def qubit_property(self, qubit: int, name: str | None = None) -> Any:
        """All values of a qubit by name, or one of them: (value, time of its measurement)."""
        row = self._qubits[qubit] if 0 <= qubit < len(self._qubits) else {}
        if name is None:
            return dict(row)
        if name not in row:
            raise BackendError(
                f"{self.backend_name} reports no {name} of qubit {qubit}; "
                f"it reports {', '.join(row) or 'nothing'}"
            )
        return row[name]

    def gate_property(
        self, gate: str, qubits: int | Iterable[int] | None = None, name: str | None = None
    ) -> Any:
        """All values of a gate by qubits, those on some qubits by name, or one of them.

        A value is a pair: in SI units, and when it was measured.
        """
        rows = self._gates.get(gate, {})
        if qubits is None:
            return {place: dict(row) for place, row in rows.items()}
        place: Qubits = (qubits,) if isinstance(qubits, int) else tuple(qubits)
        row = rows.get(place, {})
        if name is None:
            return dict(row)
        if name not in row:
            raise BackendError(f"{self.backend_name} reports no {name} of {gate} on {place}")
        return row[name]

    def t1(self, qubit: int) -> float:
        """T1 in seconds."""
        return self.qubit_property(qubit, "T1")[0]

    def t2(self, qubit: int) -> float:
        """T2 in seconds."""
        return self.qubit_property(qubit, "T2")[0]

    def frequency(self, qubit: int) -> float:
        """Frequency in Hz."""
        return self.qubit_property(qubit, "frequency")[0]

    def readout_error(self, qubit: int) -> float:
        """Probability of a wrong bit."""
        return self.qubit_property(qubit, "readout_error")[0]

    def readout_length(self, qubit: int) -> float:
        """Length of a measurement in seconds."""
        return self.qubit_property(qubit, "readout_length")[0]

    def gate_error(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Error of a gate."""
        return self.gate_property(gate, qubits, "gate_error")[0]

    def gate_length(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Length of a gate in seconds."""
        return self.gate_property(gate, qubits, "gate_length")[0]

    def is_qubit_operational(self, qubit: int) -> bool:
        """Whether the qubit works; True if it is not reported."""
        return qubit not in self._calibration.faulty_qubits

    def is_gate_operational(self, gate: str, qubits: int | Iterable[int]) -> bool:
        """Whether the gate works on these qubits; True if it is not reported."""
        place: Qubits = (qubits,) if isinstance(qubits, int) else tuple(qubits)
        return all((gate, place) != (one.gate, tuple(one.qubits)) for one in self.faulty_gates())

    def faulty_qubits(self) -> list[int]:
        """Qubits marked as not operational."""
        return sorted(self._calibration.faulty_qubits)

    def faulty_gates(self) -> list[GateProperties]:
        """Gates marked as not operational."""
        faulty = {
            (gate, qubits)
            for gate, rows in self._calibration.gates.items()
            for qubits, row in rows
            if row.get("operational") == 0
        }
        return [one for one in self.gates if (one.gate, tuple(one.qubits)) in faulty]


def _dated(values: Mapping[str, float], entries: Any) -> DatedValues:
    """The values that could be read, each with the date of its entry."""
    dates = {entry["name"]: entry.get("date") for entry in entries or () if "name" in entry}
    return {name: (value, read_date(dates[name])) for name, value in values.items()}


def _scaled(value: Any, factor: float) -> Any:
    if isinstance(value, (list, tuple)):
        return [_scaled(item, factor) for item in value]
    return value * factor if isinstance(value, (int, float)) else value
