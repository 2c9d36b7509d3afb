"""Measured properties of a device: Target properties -> ``/backends/{id}/properties``, and back.

No I/O. A value travels as a name-date-unit-value entry: ``{"name": "T1", "unit": "us", ...}``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from qiskit.transpiler import InstructionProperties, QubitProperties, Target
from qiskit.utils import apply_prefix

logger = logging.getLogger(__name__)

Qubits: TypeAlias = tuple[int, ...]
Gates: TypeAlias = "dict[Qubits, InstructionProperties | None]"

_SCALE = {"ns": 1e9, "us": 1e6, "GHz": 1e-9}


def encode_qubits(target: Target, faulty: set[int], date: str) -> list[list[dict[str, Any]]]:
    """One list of entries a qubit: T1, T2, frequency and the readout's error and length."""
    known = target.qubit_properties or []
    measure = target["measure"] if "measure" in target.operation_names else {}
    rows: list[list[dict[str, Any]]] = []
    for qubit in range(target.num_qubits or 0):
        row: list[dict[str, Any]] = []
        if qubit < len(known) and known[qubit] is not None:
            row += _entry("T1", known[qubit].t1, "us", date)
            row += _entry("T2", known[qubit].t2, "us", date)
            row += _entry("frequency", known[qubit].frequency, "GHz", date)
        readout = measure.get((qubit,))
        if readout is not None:
            for name in ("readout_error", "prob_meas0_prep1", "prob_meas1_prep0"):
                row += _entry(name, readout.error, "", date)
            row += _entry("readout_length", readout.duration, "ns", date)
        if qubit in faulty or not row:
            # The official client fails on a qubit without any entry.
            row += _entry("operational", float(qubit not in faulty), "", date)
        rows.append(row)
    return rows


def encode_gates(
    target: Target, names: Iterable[str], faulty: set[tuple[str, Qubits]], date: str
) -> list[dict[str, Any]]:
    """One item a gate and qubits, with gate_error and gate_length."""
    rows: list[dict[str, Any]] = []
    for name in names:
        for qubits in sorted(q for q in target[name] or () if q is not None):
            known: InstructionProperties | None = target[name][qubits]
            entries: list[dict[str, Any]] = []
            if known is not None:
                entries += _entry("gate_error", known.error, "", date)
                entries += _entry("gate_length", known.duration, "ns", date)
            if (name, qubits) in faulty:
                entries += _entry("operational", 0.0, "", date)
            rows.append(
                {
                    "gate": name,
                    "qubits": list(qubits),
                    "name": name + "_".join(map(str, qubits)),
                    "parameters": entries,
                }
            )
    return rows


def _entry(name: str, value: float | None, unit: str, date: str) -> list[dict[str, Any]]:
    """One entry, or none for an unknown value.

    Args:
        name: the property.
        value: in SI units.
        unit: the service's unit; the bare SI unit is used instead where rounding would
            change the value on the way back.
        date: ISO 8601.
    """
    if value is None or not math.isfinite(value):
        return []
    value = float(value)
    if unit:
        for scaled in (round(value * _SCALE[unit], 6), value * _SCALE[unit]):
            if apply_prefix(scaled, unit) == value:
                return [{"date": date, "name": name, "unit": unit, "value": scaled}]
        # The official client can't read a bare "Hz".
        unit = "" if unit.endswith("Hz") else "s"
    return [{"date": date, "name": name, "unit": unit, "value": value}]


def _decode_entries(entries: Any) -> dict[str, float]:
    """Name -> value in SI units; an entry with an invalid value or unit is left out."""
    values: dict[str, float] = {}
    for entry in entries or ():
        try:
            # apply_prefix mistakes the H of a bare "Hz" for an unknown prefix.
            unit = (entry.get("unit") or "").removesuffix("Hz") and entry["unit"]
            values[entry["name"]] = float(apply_prefix(entry["value"], unit))
        except (AttributeError, KeyError, TypeError, ValueError):
            logger.debug("property %r can't be read; left out", entry)
    return {name: value for name, value in values.items() if math.isfinite(value)}


@dataclass(frozen=True)
class Calibration:
    """A backend's decoded properties.

    Attributes:
        qubits: name -> SI value, one dict a qubit.
        gates: gate name -> [(qubits, name -> SI value)].
    """

    qubits: list[dict[str, float]]
    gates: dict[str, list[tuple[Qubits, dict[str, float]]]]

    @classmethod
    def decode(cls, properties: Mapping[str, Any] | None) -> Calibration:
        """Reads the reply of ``/backends/{id}/properties``; None or {} means no properties."""
        properties = properties or {}
        gates: dict[str, list[tuple[Qubits, dict[str, float]]]] = {}
        for row in properties.get("gates") or []:
            qubits = tuple(row.get("qubits") or ())
            values = _decode_entries(row.get("parameters"))
            gates.setdefault(row.get("gate", ""), []).append((qubits, values))
        return cls([_decode_entries(row) for row in properties.get("qubits") or []], gates)

    @property
    def faulty_qubits(self) -> set[int]:
        """Qubits marked as not operational."""
        return {qubit for qubit, row in enumerate(self.qubits) if row.get("operational") == 0}

    def qubit_properties(self, num_qubits: int | None) -> list[QubitProperties] | None:
        """One entry per qubit, as Target expects; None if nothing is known."""
        if num_qubits is None or not self.qubits:
            return None
        return [
            QubitProperties(t1=row.get("T1"), t2=row.get("T2"), frequency=row.get("frequency"))
            for row in [*self.qubits, *({} for _ in range(num_qubits))][:num_qubits]
        ]

    def of_gate(self, name: str, found: Gates | None, num_qubits: int | None) -> Gates | None:
        """Adds errors and durations to a gate's qubits and removes faulty qubits.

        Args:
            name: the gate.
            found: its qubits in the configuration; None means all.
            num_qubits: the device's width; None means any.
        """
        faulty = self.faulty_qubits
        if found is not None:
            found = {qubits: None for qubits in found if not faulty.intersection(qubits)}
        for qubits, row in self.gates.get(name, []):
            if faulty.intersection(qubits) or row.get("operational") == 0:
                if found:
                    found.pop(qubits, None)
            elif not qubits or (num_qubits is not None and max(qubits) >= num_qubits):
                logger.debug("%s on qubits %s is not on the device; left out", name, qubits)
            else:
                found = {} if found is None else found
                found[qubits] = InstructionProperties(row.get("gate_length"), row.get("gate_error"))
        if name == "measure" and found is not None:
            # Readout is a property of the qubit, not of a gate.
            for qubit, row in enumerate(self.qubits):
                if (qubit,) in found:
                    found[qubit,] = InstructionProperties(
                        row.get("readout_length"), row.get("readout_error")
                    )
        return found
