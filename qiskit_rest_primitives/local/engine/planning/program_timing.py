"""``scheduler_timing`` of a quantum program: when a device would run the instructions of a circuit.

One line an instruction and qubit: branch, instruction, channel, start, duration, pulse, separated
by commas; times in units of the device's dt. Circuits are scheduled as late as possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.mitigation.base.timing import Clock, schedule

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

_PULSES = {"barrier": "barrier", "delay": "delay", "rz": "shift_phase", "measure": "capture"}


def scheduler_timing(circuit: QuantumCircuit, target: Target, number: int) -> dict[str, Any]:
    """Schedules a circuit.

    Args:
        circuit: ISA; its qubit k is the device's.
        target: of the device, with durations and dt.
        number: of the item, for messages.

    Returns:
        ``{"timing": text, "circuit_duration": dt}``.

    Raises:
        RefusedError: an instruction of no fixed length.
    """
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    qubits = [tuple(places[qubit] for qubit in item.qubits) for item in circuit.data]
    lengths = [
        _ticks(item, own, target, number) for item, own in zip(circuit.data, qubits, strict=True)
    ]
    starts, end = schedule(list(circuit.data), lengths, late=True)
    lines = [
        f"main,{_label(item.name, own)},Qubit {qubit},{start},{length},"
        f"{_PULSES.get(item.name, 'play')}"
        for item, own, start, length in zip(circuit.data, qubits, starts, lengths, strict=True)
        for qubit in own
    ]
    return {"timing": "\n".join(lines), "circuit_duration": end}


def _label(name: str, qubits: tuple[int, ...]) -> str:
    return name if name == "barrier" else "_".join([name, *map(str, qubits)])


def _ticks(item: Any, qubits: tuple[int, ...], target: Target, number: int) -> int:
    name, dt = item.name, target.dt
    assert dt is not None
    if name == "barrier":
        return 0
    if name == "delay" and isinstance(item.operation.duration, (int, float)):
        return Clock(dt, "dt").delay_ticks(item.operation)
    listed: Any = target[name] if name in target.operation_names else {}
    properties = (listed or {}).get(qubits) or (listed or {}).get(qubits[::-1])
    if item.is_control_flow() or properties is None or properties.duration is None:
        raise RefusedError(
            f"item {number}: options.scheduler_timing: {name} on qubits {list(qubits)} has no "
            "fixed duration",
            solution="Leave scheduler_timing out.",
        )
    return round(properties.duration / dt)
