"""When the instructions of a circuit start, as early or as late as possible. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from qiskit_rest_primitives.errors import OptionsError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit, Qubit
    from qiskit.transpiler import Target

SWITCH = "switch off dynamical_decoupling.enable"
"""The cure where times are not known."""
PICOSECOND = 1e-12
"""The unit of time, in seconds, where no device has one."""
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def has_durations(target: Target) -> bool:
    """Whether instructions of the backend take time; on simulators none do."""
    return any(
        properties is not None and properties.duration
        for name in target.operation_names
        for properties in (target[name] or {}).values()
    )


def schedule(items: Sequence[Any], lengths: Sequence[int], *, late: bool) -> tuple[list[int], int]:
    """The start of each instruction, as early or as late as possible, and the end of all.

    A late schedule is the early one of the reversed circuit. A measurement occupies its bit too.
    """
    free: dict[Any, int] = {}
    starts: list[int] = []
    order = range(len(items))
    for index in reversed(order) if late else order:
        bits = (*items[index].qubits, *items[index].clbits)
        start = max([free.get(bit, 0) for bit in bits], default=0)
        free.update(dict.fromkeys(bits, start + lengths[index]))
        starts.append(start)
    end = max(free.values(), default=0)
    if late:
        starts = [
            end - start - lengths[i] for start, i in zip(starts, reversed(order), strict=True)
        ]
        starts.reverse()
    return starts, end


@dataclass(frozen=True)
class Clock:
    """Times as whole numbers of ticks.

    Attributes:
        tick: seconds; None if only dt is known, of unknown length.
        unit: of the delays to write.
        alignment: pulses start at a multiple of this many ticks.
    """

    tick: float | None
    unit: Literal["dt", "ns"]
    alignment: int = 1

    def ticks(self, seconds: float) -> int:
        """The nearest number of ticks."""
        assert self.tick is not None
        return round(seconds / self.tick)

    def delay_ticks(self, delay: Any) -> int:
        """The length of a delay.

        Raises:
            OptionsError: it is a parameter or an expression, or in dt where dt has no length.
        """
        if not isinstance(delay.duration, (int, float)):
            raise OptionsError(
                f"dynamical decoupling needs delays of known length, not {delay.duration}; give "
                f"them numbers, or {SWITCH}"
            )
        if delay.unit in _SECONDS:
            return self.ticks(delay.duration * _SECONDS[delay.unit])
        if self.unit != "dt":
            raise OptionsError(
                f"dynamical decoupling: a delay is in dt, whose length is unknown here; give it in "
                f"seconds, or {SWITCH}"
            )
        return int(delay.duration)

    def delay(self, ticks: int) -> Any:
        """The delay of that many ticks."""
        from qiskit.circuit import Delay

        return Delay(ticks, "dt") if self.unit == "dt" else Delay(ticks / 1000, "ns")


class Durations:
    """How long a device's instructions take, in ticks.

    Args:
        circuit: whose qubit k is the device's.
        target: of the device.
        clock: what a tick is.
    """

    def __init__(self, circuit: QuantumCircuit, target: Target, clock: Clock):
        self.target = target
        self.clock = clock
        self.numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
        self.known: dict[Any, int] = {}
        self.pulses: dict[Qubit, int | None] = {}

    def of(self, item: Any) -> int:
        """The length of an instruction.

        Raises:
            OptionsError: the device does not know it.
        """
        if item.name == "barrier":
            return 0
        if item.name == "delay":
            return self.clock.delay_ticks(item.operation)
        key = (item.name, item.qubits)
        if key not in self.known:
            places = tuple(self.numbers[qubit] for qubit in item.qubits)
            ticks = self._look_up(item.name, places)
            if ticks is None:
                raise OptionsError(
                    f"dynamical decoupling: the backend does not know how long {item.name} on "
                    f"qubits {places} takes; {SWITCH}"
                )
            self.known[key] = ticks
        return self.known[key]

    def pulse(self, qubit: Qubit) -> int | None:
        """The length of a qubit's x gate; None where the device can't run the sequences."""
        if qubit not in self.pulses:
            place = (self.numbers[qubit],)
            able = all(self.target.instruction_supported(n, place) for n in ("x", "rz", "delay"))
            self.pulses[qubit] = self._look_up("x", place) if able else None
        return self.pulses[qubit]

    def _look_up(self, name: str, places: tuple[int, ...]) -> int | None:
        known = self.target[name] if name in self.target.operation_names else None
        properties = (known or {}).get(places)
        if properties is None or properties.duration is None:
            return None
        return self.clock.ticks(properties.duration)
