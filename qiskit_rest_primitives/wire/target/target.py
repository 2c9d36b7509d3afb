"""A Target -> a backend's configuration and properties JSON, and back. No I/O.

``encode_target`` is the service's side, ``decode_target`` the client's. Field names, units and the
rules for reading them are those of the Qiskit Runtime REST API (``/backends/{id}/configuration``,
``/backends/{id}/properties``) and of ``qiskit_ibm_runtime.utils.backend_converter``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from qiskit.circuit import Gate
from qiskit.transpiler import Target

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.target.calibration import (
    Calibration,
    Gates,
    encode_gates,
    encode_qubits,
)
from qiskit_rest_primitives.wire.target.operations import (
    CONTROL_FLOW_DESCRIBED,
    NON_UNITARY,
    decode_operations,
    gate_entries,
    without_fractional,
)


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
    """Writes a device's configuration and properties as the service does.

    Args:
        target: the device's instructions; durations in seconds. Instructions without qubits (any
            width) become gates without a coupling map.
        name: the backend's name.
        version: the backend's version, ``X.Y.Z``.
        simulator: whether the device is a simulator.
        processor_type: ``{"family", "revision", "segment"}`` or None.
        description: one line for users.
        online_date: ISO 8601 with offset.
        last_update_date: ISO 8601 with offset, of the properties; default ``online_date``.
        max_shots: most shots of a PUB.
        faulty_qubits: qubits reported as not operational.
        faulty_gates: ``(name, qubits)`` reported as not operational.
        extra: further configuration fields; they take precedence.

    Returns:
        ``(configuration, properties)``, both made of plain JSON types. ``dt`` is in ns,
        ``rep_delay_range`` in µs, as on the wire.
    """
    date = last_update_date or online_date
    control_flow = [op for op in CONTROL_FLOW_DESCRIBED if op in target.operation_names]
    non_unitary = [op for op in NON_UNITARY if op in target.operation_names]
    gates = [
        op for op in target.operation_names if isinstance(target.operation_from_name(op), Gate)
    ]
    configuration: dict[str, Any] = {
        "backend_name": name,
        "backend_version": version,
        "n_qubits": target.num_qubits,
        "basis_gates": gates,
        "gates": [_encode_gate(target, gate) for gate in gates],
        "coupling_map": _encode_coupling(target),
        "supported_instructions": [*gates, *non_unitary, *control_flow],
        "supported_features": ["qasm3", *(["dynamic_circuits"] if control_flow else [])],
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
    measured = [*gates, *(op for op in non_unitary if op == "reset")]
    properties: dict[str, Any] = {
        "backend_name": name,
        "backend_version": version,
        "last_update_date": date,
        "qubits": encode_qubits(target, set(faulty_qubits), date),
        "gates": encode_gates(target, measured, set(faulty_gates), date),
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


def without_fractional_gates(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A device's configuration without the gates that `decode_target` leaves out by default."""
    operations = {} if configuration.get("simulator") else decode_operations(configuration)
    removed = operations.keys() - without_fractional(operations).keys()
    kept = dict(configuration)
    for field in ("basis_gates", "supported_instructions"):
        if field in kept:
            kept[field] = [name for name in kept[field] or [] if name not in removed]
    if "gates" in kept:
        kept["gates"] = [gate for gate in kept["gates"] or [] if gate.get("name") not in removed]
    return kept


def decode_target(
    configuration: Mapping[str, Any],
    properties: Mapping[str, Any] | None,
    *,
    use_fractional_gates: bool = False,
) -> Target:
    """Builds the transpiler's target from a backend's description.

    Operations, qubits, durations and errors are those that the official client gives to the same
    description, with these differences: nothing is stripped from a simulator, nor from a device
    that would be unusable without; a qubit marked faulty loses all its instructions; what can't
    be read in a single property is left out rather than refused.

    Args:
        configuration: reply of ``/backends/{id}/configuration``.
        properties: reply of ``/backends/{id}/properties``; None or empty if it has none.
        use_fractional_gates: keep parametrised gates such as ``rx`` and ``rzz``. They can't run
            in one job with control flow on IBM's devices.

    Returns:
        A Target, durations in seconds; ``rzz`` is bounded to [0, π/2] on a device, unless it has
        the field ``angle_bounds`` without it. A simulator of any width has ``num_qubits`` None.

    Raises:
        ProtocolError: the configuration does not describe a backend.
    """
    name = configuration.get("backend_name", configuration.get("name"))
    simulator = bool(configuration.get("simulator"))
    num_qubits = _decode_num_qubits(configuration)
    operations = decode_operations(configuration)
    if not operations:
        raise ProtocolError(f"configuration of {name!r}: neither basis_gates nor gates has a gate")
    if not (simulator or use_fractional_gates):
        operations = without_fractional(operations)

    gates = gate_entries(configuration)
    # Not a field of IBM's: an embedded service says so of other vendors' devices.
    any_angle = "rzz" not in configuration.get("angle_bounds", {"rzz": None})
    calibration = Calibration.decode(properties)
    target = Target(
        description=str(name),
        num_qubits=num_qubits,
        dt=_seconds(configuration.get("dt")),
        qubit_properties=calibration.qubit_properties(num_qubits),
        **_decode_timing(configuration.get("timing_constraints")),
    )
    for operation_name, operation in operations.items():
        if isinstance(operation, type):
            target.add_instruction(operation, name=operation_name)
            continue
        coupling = gates.get(operation_name, {}).get("coupling_map")
        found: Gates | None = {tuple(qubits): None for qubits in coupling} if coupling else None
        if found is None and operation_name in NON_UNITARY and num_qubits is not None:
            found = {(qubit,): None for qubit in range(num_qubits)}
        # IBM's devices are calibrated in this range only: docs/guides/fractional-gates.
        bounded = operation_name == "rzz" and not simulator and not any_angle
        target.add_instruction(
            operation,
            calibration.of_gate(operation_name, found, num_qubits),
            name=operation_name,
            angle_bounds=[(0, math.pi / 2)] if bounded else None,
        )
    return target


def _decode_num_qubits(configuration: Mapping[str, Any]) -> int | None:
    num_qubits = configuration.get("n_qubits", configuration.get("num_qubits")) or None
    if num_qubits is not None and (not isinstance(num_qubits, int) or num_qubits < 0):
        raise ProtocolError(
            f"configuration of {configuration.get('backend_name')!r}: n_qubits is {num_qubits!r}, "
            "expected a number or null"
        )
    return num_qubits


def _decode_timing(constraints: Mapping[str, Any] | None) -> dict[str, Any]:
    known = ("acquire_alignment", "granularity", "min_length", "pulse_alignment")
    return {key: constraints[key] for key in known if constraints and constraints.get(key)}


def _nanoseconds(seconds: float) -> float:
    """Converts to ns, such that ``_seconds`` returns the same float if possible."""
    value = seconds * 1e9
    candidates = (round(value, 9), value, *(math.nextafter(value, end) for end in (0, math.inf)))
    return next((ns for ns in candidates if _seconds(ns) == seconds), value)


def _seconds(nanoseconds: Any) -> float | None:
    """The wire's ``dt``, an integer, a float or null, as seconds; None if not a number."""
    if isinstance(nanoseconds, (int, float)) and not isinstance(nanoseconds, bool):
        return nanoseconds * 1e-9
    return None
