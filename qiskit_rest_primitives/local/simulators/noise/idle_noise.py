"""A device's circuit -> its instructions in order of time, and the noise of idle qubits between.

Idle qubits relax, turn about Z by their static detuning, and by ZZ with idle neighbours. Phases add
up until their qubit meets a gate that does not commute with Z, and change sign at an X: what two X
gates cancel on the device, cancels here before anything is simulated.

A control-flow operation takes an unknown time: nothing idles across it, and nothing within it
except for explicit delays. Qubits have no idle noise before their first gate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from qiskit_rest_primitives.local.simulators.devices.device_part import DevicePart, delay_seconds
from qiskit_rest_primitives.local.simulators.noise.schedule import start_times

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

# Operations that commute with Z; measurements do, too.
_DIAGONAL = frozenset({"barrier", "cz", "delay", "id", "measure", "quantum_channel", "rz", "rzz"})
_NEGLIGIBLE_RADIANS = 1e-6


@dataclass(frozen=True)
class Operation:
    """An instruction of the circuit, other than a delay or barrier.

    Attributes:
        instruction: as in the circuit's data.
        qubits: their numbers.
    """

    instruction: Any
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class Relaxation:
    """A qubit relaxes for some seconds."""

    qubit: int
    seconds: float


@dataclass(frozen=True)
class Phase:
    """A coherent error: ``rz(radians)`` of one qubit or ``rzz(radians)`` of two."""

    qubits: tuple[int, ...]
    radians: float


Event: TypeAlias = Operation | Relaxation | Phase


def noisy_events(circuit: QuantumCircuit, part: DevicePart) -> Iterator[Event]:
    """Yields what happens to the qubits of a circuit, one after another.

    Over-rotations of gates about ZZ are in the phases; those about X are not.

    Args:
        circuit: in gates of the device, on the qubits of `part`.
        part: the device's numbers.
    """
    numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    data = list(circuit.data)
    places = [tuple(numbers[qubit] for qubit in i.qubits) for i in data]
    walk = _Walk(part, _count_turns(data, places, part))
    begin = 0
    for position in range(len(data) + 1):
        if position == len(data) or data[position].is_control_flow():
            yield from walk.segment(data[begin:position], places[begin:position])
            if position < len(data):
                yield from walk.flush_all()
                yield Operation(data[position], places[position])
                walk.start(places[position])
            begin = position + 1
    yield from walk.end()


def _count_turns(data: list[Any], places: list[tuple[int, ...]], part: DevicePart) -> list[int]:
    """For each qubit, the number of its operations that do not commute with Z."""
    turns = [0] * len(part.t1)
    for instruction, qubits in zip(data, places, strict=True):
        if instruction.operation.name not in _DIAGONAL:
            for qubit in qubits:
                turns[qubit] += 1
    return turns


class _Walk:
    """The state of the qubits while time passes; times in seconds, angles in rad."""

    def __init__(self, part: DevicePart, turns: list[int]):
        width = len(part.t1)
        self._part = part
        # Rotations about Z take no time and commute with the noise. They follow it, unless a
        # barrier or delay says that they belong to the gates before: so the gates of a dressing
        # stay together.
        self._turning: list[list[Event]] = [[] for _ in range(width)]
        # Operations to come that do not commute with Z.
        self._turns_left = turns
        # Whether a qubit has left the state 0, and whether no later gate can show its phase.
        self._started = [False] * width
        self._finished = [False] * width
        # When its last operation ended, None where it is unknown; and until when it has relaxed.
        self._free_since: list[float | None] = [None] * width
        self._relaxed_until = [0.0] * width
        self._delayed_until: dict[int, float] = {}
        self._relaxing = [0.0] * width
        self._phases = [0.0] * width
        # The angle of two qubits, a list of one number, is shared by both.
        self._pairs: list[dict[int, list[float]]] = [{} for _ in range(width)]
        self._paired_until: dict[tuple[int, int], float] = {}

    def start(self, qubits: tuple[int, ...]) -> None:
        """Marks qubits as no longer in the state 0, by control flow."""
        for qubit in qubits:
            self._started[qubit] = True
            self._turns_left[qubit] -= 1

    def segment(self, data: list[Any], places: list[tuple[int, ...]]) -> Iterator[Event]:
        """Yields the events of instructions without control flow."""
        part = self._part
        durations = [
            delay_seconds(i.operation, part.dt)
            if i.operation.name == "delay"
            else part.duration(i.operation.name, where)
            for i, where in zip(data, places, strict=True)
        ]
        begins = start_times(data, places, durations)
        self._free_since = [None] * len(self._free_since)
        self._delayed_until.clear()
        self._paired_until.clear()
        for position in sorted(range(len(data)), key=lambda p: (begins[p], p)):
            operation, qubits = data[position].operation, places[position]
            begin, end = begins[position], begins[position] + durations[position]
            if operation.name in ("barrier", "delay"):
                yield from self._turn(qubits)
            if operation.name == "delay":
                self._delay(qubits[0], begin, end)
            elif operation.name == "rz":
                self._turning[qubits[0]].append(Operation(data[position], qubits))
            elif operation.name != "barrier":
                for qubit in qubits:
                    self._wait(qubit, begin)
                if durations[position] or operation.name not in _DIAGONAL:
                    yield from self._relax(qubits)
                yield from self._meet(operation, qubits)
                yield from self._turn(qubits)
                yield Operation(data[position], qubits)
                self._after(operation.name, qubits, end if durations[position] else None)

    def end(self) -> Iterator[Event]:
        """Yields what is left when nothing follows: rotations about Z, for states to be exact."""
        yield from self._turn(tuple(range(len(self._turning))))

    def flush_all(self) -> Iterator[Event]:
        """Yields all relaxation and phases that have added up."""
        for qubit, end in self._delayed_until.items():
            self._wait(qubit, end)
        every = tuple(range(len(self._phases)))
        yield from self._relax(every)
        for qubit in every:
            yield from self._flush(qubit)
        yield from self._turn(every)

    def _turn(self, qubits: tuple[int, ...]) -> Iterator[Event]:
        for qubit in qubits:
            yield from self._turning[qubit]
            self._turning[qubit].clear()

    def _delay(self, qubit: int, begin: float, end: float) -> None:
        """A delay needs no noise of its own: its qubit is idle until the next operation begins."""
        if self._free_since[qubit] is None:
            self._free_since[qubit] = self._relaxed_until[qubit] = begin
        self._delayed_until[qubit] = end

    def _wait(self, qubit: int, now: float) -> None:
        """Lets a qubit be idle until now."""
        since = self._free_since[qubit]
        if since is None or not self._started[qubit]:
            return
        idle = now - self._relaxed_until[qubit]
        if idle <= 0:
            return
        self._relaxing[qubit] += idle
        self._relaxed_until[qubit] = now
        if self._finished[qubit]:
            return
        self._phases[qubit] += self._part.detuning[qubit] * idle
        for other, rate in self._part.zz[qubit].items():
            free = self._free_since[other]
            if free is None or not self._started[other] or self._finished[other]:
                continue
            pair = (qubit, other) if qubit < other else (other, qubit)
            both = now - max(since, free, self._paired_until.get(pair, -math.inf))
            if both > 0:
                self._turn_pair(qubit, other, rate * both)
                self._paired_until[pair] = now

    def _turn_pair(self, a: int, b: int, angle: float) -> None:
        if b not in self._pairs[a]:
            self._pairs[a][b] = self._pairs[b][a] = [0.0]
        self._pairs[a][b][0] += angle

    def _relax(self, qubits: tuple[int, ...]) -> Iterator[Event]:
        for qubit in qubits:
            # Less than the resolution is rounding.
            if self._relaxing[qubit] > self._part.dt / 2:
                yield Relaxation(qubit, self._relaxing[qubit])
                self._relaxing[qubit] = 0.0

    def _meet(self, operation: Any, qubits: tuple[int, ...]) -> Iterator[Event]:
        """Yields the phases that an operation does not commute with, or changes their signs."""
        name = operation.name
        if name in ("measure", "quantum_channel"):
            for qubit in qubits:
                if not self._turns_left[qubit]:
                    yield from self._finish(qubit)
        elif name not in _DIAGONAL:
            half_turns = 1 if name == "x" else _half_turns(operation) if name == "rx" else None
            for qubit in qubits:
                self._turns_left[qubit] -= 1
                if half_turns is None:
                    yield from self._flush(qubit)
                elif half_turns % 2:
                    self._phases[qubit] *= -1
                    for angle in self._pairs[qubit].values():
                        angle[0] *= -1

    def _finish(self, qubit: int) -> Iterator[Event]:
        """Before a last measurement: only others can show the phases with them."""
        for other, angle in self._pairs[qubit].items():
            if self._turns_left[other] and abs(angle[0]) > _NEGLIGIBLE_RADIANS:
                yield Phase((qubit, other), angle[0])
            angle[0] = 0.0
        self._finished[qubit] = True

    def _flush(self, qubit: int) -> Iterator[Event]:
        if abs(self._phases[qubit]) > _NEGLIGIBLE_RADIANS:
            yield Phase((qubit,), self._phases[qubit])
        self._phases[qubit] = 0.0
        for other, angle in self._pairs[qubit].items():
            if abs(angle[0]) > _NEGLIGIBLE_RADIANS:
                yield Phase((qubit, other), angle[0])
            angle[0] = 0.0

    def _after(self, name: str, qubits: tuple[int, ...], end: float | None) -> None:
        """Notes that an operation is over; `end` is None if it takes no time."""
        if len(qubits) == 2 and not self._finished[qubits[0]] and not self._finished[qubits[1]]:
            angle = self._part.rotation.get((name, qubits))
            if angle:
                self._turn_pair(*qubits, angle)
        for qubit in qubits:
            if name == "reset":
                self._started[qubit] = False
            else:
                self._started[qubit] = True
            if end is not None:
                self._free_since[qubit] = self._relaxed_until[qubit] = end


def _half_turns(gate: Any) -> int | None:
    """The angle of a rotation in units of pi; None if it is no multiple of it, or unknown."""
    angle = gate.params[0]
    if not isinstance(angle, (int, float)):
        return None
    turns = round(angle / math.pi)
    return turns if abs(angle - turns * math.pi) < 1e-9 else None
