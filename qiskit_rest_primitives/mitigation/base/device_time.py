"""How long circuits hold a device, from its target's durations. In: circuit, target. Out: seconds.

Seconds on the device = overhead of the job + executions x (``rep_delay`` + circuit). Source:
https://quantum.cloud.ibm.com/docs/guides/estimate-job-run-time. No I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.timing import PICOSECOND, Clock, has_durations, schedule

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.transpiler import Target

JOB_OVERHEAD_SECONDS: Final = 2.0
"""Time to prepare the device for a job: the 2 of the quick formula in the source above."""
REP_DELAY_SECONDS: Final = 250e-6
"""Pause before each execution where the device does not name its default."""

_NO_TIME: Final = frozenset({"barrier", "break_loop", "continue_loop", "store"})


@dataclass(frozen=True)
class DeviceTime:
    """A device's clock.

    Attributes:
        target: with durations.
        rep_delay_seconds: pause before each execution.
        resets_qubits: whether qubits are reset before each execution, which takes one reset.
        unknown: filled as circuits are read: what their time does not include.
    """

    target: Target
    rep_delay_seconds: float = REP_DELAY_SECONDS
    resets_qubits: bool = True
    unknown: dict[str, None] = field(default_factory=dict[str, None])

    @classmethod
    def of(
        cls,
        target: Target,
        default_rep_delay_seconds: float | None,
        rep_delay_seconds: float | None = None,
        init_qubits: bool | None = None,
    ) -> DeviceTime | None:
        """The clock for a job's options; None if instructions have no durations.

        Args:
            target: of the device.
            default_rep_delay_seconds: of the device; None if it names none.
            rep_delay_seconds: ``options.execution.rep_delay``; None for the device's default.
            init_qubits: ``options.execution.init_qubits``; None for the service's default, True.
        """
        if not has_durations(target):
            return None
        given = (rep_delay_seconds, default_rep_delay_seconds, REP_DELAY_SECONDS)
        pause = next(seconds for seconds in given if seconds is not None)
        return cls(target, pause, init_qubits is not False)

    def execution_seconds(self, circuit: QuantumCircuit) -> float:
        """Seconds of one execution of a circuit, with the pause and the reset before it."""
        before = self.rep_delay_seconds
        if self.resets_qubits:
            before += self._longest("reset")
        return before + self.circuit_seconds(circuit)

    def circuit_seconds(self, circuit: QuantumCircuit) -> float:
        """Seconds from the first to the last instruction: the longest path through the circuit.

        Of branches the longest one counts, and a ``for`` loop as often as it runs. A ``while`` loop
        counts once, since nobody knows how often it will run.

        Args:
            circuit: ISA; its qubit k is the device's.
        """
        return self._ticks(circuit, range(circuit.num_qubits)) * PICOSECOND

    def _ticks(self, circuit: Any, places: Sequence[int]) -> int:
        items = list(circuit.data)
        numbers = dict(zip(circuit.qubits, places, strict=True))
        known: dict[tuple[str, tuple[int, ...]], int] = {}
        lengths: list[int] = []
        for item in items:
            where = tuple(numbers[qubit] for qubit in item.qubits)
            if item.is_control_flow():
                lengths.append(self._control_flow(item.operation, where))
            elif item.name == "delay":
                lengths.append(self._delay(item.operation))
            else:
                if (item.name, where) not in known:
                    known[item.name, where] = self._instruction(item.name, where)
                lengths.append(known[item.name, where])
        return schedule(items, lengths, late=False)[1]

    def _control_flow(self, operation: Any, places: tuple[int, ...]) -> int:
        longest = max((self._ticks(block, places) for block in operation.blocks), default=0)
        if operation.name == "for_loop":
            return longest * len(operation.params[0])
        if operation.name == "while_loop":
            self.unknown["a while loop, counted as one turn"] = None
        return longest

    def _delay(self, delay: Any) -> int:
        dt = self.target.dt
        clock = Clock(PICOSECOND, "dt" if dt else "ns")
        try:
            ticks = clock.delay_ticks(delay)
        except OptionsError:
            self.unknown["a delay of unknown length, counted as none"] = None
            return 0
        return round(ticks * dt / PICOSECOND) if delay.unit == "dt" and dt else ticks

    def _instruction(self, name: str, places: tuple[int, ...]) -> int:
        if name in _NO_TIME:
            return 0
        listed: Any = self.target[name] if name in self.target.operation_names else {}
        properties = listed.get(places) or listed.get(places[::-1])
        if properties is None or properties.duration is None:
            self.unknown[f"{name}, whose duration the device does not give, counted as none"] = None
            return 0
        return round(properties.duration / PICOSECOND)

    def _longest(self, name: str) -> float:
        """Seconds of the slowest of the device's instructions of a name; 0 if it has none."""
        listed: Any = self.target[name] if name in self.target.operation_names else {}
        return max(
            (each.duration for each in listed.values() if each is not None and each.duration),
            default=0.0,
        )
