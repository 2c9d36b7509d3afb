"""A Target -> a backend's configuration and properties JSON, and back. No I/O.

``encode_target`` is the service's side, ``decode_target`` the client's. Field names, units and the
rules for reading them are those of the Qiskit Runtime REST API (``/backends/{id}/configuration``,
``/backends/{id}/properties``) and of ``qiskit_ibm_runtime.utils.backend_converter``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qiskit.circuit import Gate
from qiskit.transpiler import InstructionProperties, Target
from qiskit.utils import apply_prefix

NON_UNITARY = ("measure", "reset", "delay")
# break_loop, continue_loop and box are left out: the official client knows no class for them and
# warns about each one on every start.
CONTROL_FLOW = ("if_else", "while_loop", "for_loop", "switch_case")


def encode_target(
    target: Target,
    *,
    name: str,
    version: str = "1.0.0",
    simulator: bool = False,
    processor_type: Mapping[str, Any] | None = None,
    description: str = "",
    online_date: str = "2024-01-01T00:00:00+00:00",
    last_update_date: str | None = None,
    max_shots: int = 100_000,
    faulty_qubits: Iterable[int] = (),
    faulty_gates: Iterable[tuple[str, tuple[int, ...]]] = (),
    extra: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Describes a device as the service does.

    Args:
        target: what the device can do; durations in seconds. Instructions without qubits (any
            width) become gates without a coupling map.
        name: the backend's name.
        version: the backend's version, ``X.Y.Z``.
        simulator: whether it is one.
        processor_type: ``{"family", "revision", "segment"}`` or None.
        description: one line for people.
        online_date: ISO 8601 with offset.
        last_update_date: ISO 8601 with offset, of the properties; default ``online_date``.
        max_shots: most shots a PUB may ask for.
        faulty_qubits: qubits reported as not operational.
        faulty_gates: ``(name, qubits)`` reported as not operational.
        extra: further configuration fields; they win.

    Returns:
        ``(configuration, properties)``, both made of plain JSON types. ``dt`` is in ns,
        ``rep_delay_range`` in µs, as on the wire.
    """
    date = last_update_date or online_date
    control_flow = [op for op in CONTROL_FLOW if op in target.operation_names]
    non_unitary = [op for op in NON_UNITARY if op in target.operation_names]
    gates = [
        op
        for op in target.operation_names
        if isinstance(target.operation_from_name(op), Gate) and op not in non_unitary
    ]
    configuration: dict[str, Any] = {
        "backend_name": name,
        "backend_version": version,
        "n_qubits": target.num_qubits,
        "basis_gates": gates,
        "gates": [_encode_gate(target, gate) for gate in gates],
        "coupling_map": _encode_coupling(target),
        "supported_instructions": [*gates, *non_unitary, *control_flow],
        "supported_features": ["qasm3"],
        "local": False,
        "simulator": simulator,
        "conditional": bool(control_flow),
        "open_pulse": False,
        "memory": True,
        "max_shots": max_shots,
        "max_experiments": 300,
        "dynamic_reprate_enabled": not simulator,
        "online_date": online_date,
        "description": description,
        "processor_type": None if processor_type is None else dict(processor_type),
        "timing_constraints": {
            "acquire_alignment": target.acquire_alignment,
            "granularity": target.granularity,
            "min_length": target.min_length,
            "pulse_alignment": target.pulse_alignment,
        },
        "coords": [],
        "u_channel_lo": [],
        "meas_map": [] if target.num_qubits is None else [list(range(target.num_qubits))],
        "credits_required": False,
    }
    if not simulator:
        configuration["rep_delay_range"] = [0.0, 500.0]
        configuration["default_rep_delay"] = 250.0
    if target.dt is not None:
        configuration["dt"] = _nanoseconds(target.dt)
    configuration |= extra or {}
    properties: dict[str, Any] = {
        "backend_name": name,
        "backend_version": version,
        "last_update_date": date,
        "qubits": _encode_qubits(target, set(faulty_qubits), date),
        "gates": _encode_gate_properties(target, [*gates, "reset"], set(faulty_gates), date),
        "general": [],
    }
    return configuration, properties


def _encode_gate(target: Target, name: str) -> dict[str, Any]:
    operation = target.operation_from_name(name)
    gate: dict[str, Any] = {
        "name": name,
        "parameters": [
            getattr(parameter, "name", str(parameter)) for parameter in operation.params
        ],
        "qasm_def": "",
    }
    if qargs := _qargs(target, name):
        gate["coupling_map"] = [list(qubits) for qubits in qargs]
    return gate


def _qargs(target: Target, name: str) -> list[tuple[int, ...]]:
    """The qubits of an instruction in order; empty when it works on any qubits."""
    return sorted(qubits for qubits in target[name] or () if qubits is not None)


def _encode_coupling(target: Target) -> list[list[int]] | None:
    """Both directions of every pair, sorted, as the service lists them; None without pairs."""
    pairs = {
        pair
        for name in target.operation_names
        for qubits in _qargs(target, name)
        if len(qubits) == 2
        for pair in (qubits, qubits[::-1])
    }
    return [list(pair) for pair in sorted(pairs)] or None


def _encode_qubits(target: Target, faulty: set[int], date: str) -> list[list[dict[str, Any]]]:
    known = target.qubit_properties or []
    measure = target["measure"] if "measure" in target.operation_names else {}
    rows: list[list[dict[str, Any]]] = []
    for qubit in range(target.num_qubits or 0):
        row: list[dict[str, Any]] = []
        if qubit < len(known) and known[qubit] is not None:
            row += _nduv("T1", known[qubit].t1, "us", date)
            row += _nduv("T2", known[qubit].t2, "us", date)
            row += _nduv("frequency", known[qubit].frequency, "GHz", date)
        readout = measure.get((qubit,))
        if readout is not None:
            for field in ("readout_error", "prob_meas0_prep1", "prob_meas1_prep0"):
                row += _nduv(field, readout.error, "", date)
            row += _nduv("readout_length", readout.duration, "ns", date)
        if qubit in faulty or not row:
            # The official client fails on a qubit without any property.
            row += _nduv("operational", float(qubit not in faulty), "", date)
        rows.append(row)
    return rows


def _encode_gate_properties(
    target: Target, names: Sequence[str], faulty: set[tuple[str, tuple[int, ...]]], date: str
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in names:
        if name not in target.operation_names:
            continue
        for qubits in _qargs(target, name):
            known: InstructionProperties | None = target[name][qubits]
            parameters: list[dict[str, Any]] = []
            if known is not None:
                parameters += _nduv("gate_error", known.error, "", date)
                parameters += _nduv("gate_length", known.duration, "ns", date)
            if (name, qubits) in faulty:
                parameters += _nduv("operational", 0.0, "", date)
            rows.append(
                {
                    "gate": name,
                    "qubits": list(qubits),
                    "name": name + "_".join(map(str, qubits)),
                    "parameters": parameters,
                }
            )
    return rows


_SCALE = {"ns": 1e9, "us": 1e6, "GHz": 1e-9}


def _nduv(name: str, value: float | None, unit: str, date: str) -> list[dict[str, Any]]:
    """One name-date-unit-value entry, or none for an unknown value.

    Args:
        name: the property.
        value: in SI units.
        unit: what the service writes; the bare SI unit is used instead where rounding would
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
        unit = "Hz" if unit.endswith("Hz") else "s"
    return [{"date": date, "name": name, "unit": "" if unit == "Hz" else unit, "value": value}]


def _nanoseconds(seconds: float) -> float:
    """Seconds as ns such that ``ns * 1e-9`` gives the same float back where one exists."""
    value = seconds * 1e9
    candidates = (round(value, 9), value, math.nextafter(value, 0), math.nextafter(value, math.inf))
    return next((ns for ns in candidates if ns * 1e-9 == seconds), value)
