"""Entries of a backend's reports under the official client's names. In: JSON. Out: attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class Record:
    """An entry of a service's reply: its fields are attributes, and ``to_dict`` gives it back."""

    def __init__(self, **fields: Any):
        vars(self).update(fields)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads an entry, as `to_dict` gives it."""
        return cls(**data)

    def __getattr__(self, name: str) -> Any:
        fields = ", ".join(vars(self))
        raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {fields}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType] - compares a dict

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"

    def to_dict(self) -> dict[str, Any]:
        """The entry as the service gave it."""
        return {name: _plain(value) for name, value in vars(self).items()}


class GateConfig(Record):
    """A gate of a configuration: ``name``, ``parameters``, ``qasm_def``, ``coupling_map``.

    >>> gate = service.backend("fake_5q").configuration().gates[0]
    >>> gate.name, gate.coupling_map[:2]
    ('cz', [[0, 1], [1, 0]])
    """


class Nduv(Record):
    """A measured value: ``name``, ``date`` (a datetime), ``unit``, ``value`` in that unit.

    >>> values = service.backend("fake_5q").properties().qubits[0]
    >>> [(value.name, value.unit) for value in values[:3]]
    [('T1', 'us'), ('T2', 'us'), ('frequency', 'GHz')]
    """

    def __init__(self, **fields: Any):
        super().__init__(**fields)
        self.date = read_date(fields.get("date")) or fields.get("date")


class GateProperties(Record):
    """What was measured of a gate: ``gate``, ``qubits`` and ``parameters``, a list of `Nduv`.

    >>> gate = service.backend("fake_5q").properties().gates[0]
    >>> gate.gate, gate.qubits, [value.name for value in gate.parameters]
    ('cz', [0, 1], ['gate_error', 'gate_length'])
    """

    def __init__(self, **fields: Any):
        super().__init__(**fields)
        values = fields.get("parameters") or []
        self.parameters = [value if isinstance(value, Nduv) else Nduv(**value) for value in values]


def _plain(value: Any) -> Any:
    """A value with its records as dicts."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.to_dict() if isinstance(value, Record) else value


def read_date(text: Any) -> datetime | None:
    """A time of the API; None if it is not one."""
    # datetime.fromisoformat takes a final Z from Python 3.11 on.
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
