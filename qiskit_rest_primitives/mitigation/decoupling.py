"""Dynamical decoupling: pulses in the idle time of a circuit's qubits. In and out: QuantumCircuit.

The result is that of Qiskit's ``ALAPScheduleAnalysis`` or ``ASAPScheduleAnalysis`` with
``PadDynamicalDecoupling``, which take 7 s for a template of 30,000 gates on 127 qubits. This takes
about a second, and leaves qubits without gates empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.lowered import Lowered
from qiskit_rest_primitives.mitigation.options import Decoupling

if TYPE_CHECKING:
    from qiskit.circuit import Gate, QuantumCircuit, Qubit
    from qiskit.transpiler import Target

SWITCH = "switch off dynamical_decoupling.enable"
# The unit of time where no device has one.
_PICOSECOND = 1e-12
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def decoupled(
    circuit: QuantumCircuit, target: Target | None, options: Decoupling
) -> QuantumCircuit:
    """Fills the idle time of the qubits in use with pulses that amount to the identity.

    Args:
        circuit: ISA on a device; may have parameters, but not in delays.
        target: of a device, with durations. Without durations gates take no time, and only the
            circuit's own delays are idle time.
        options: which pulses, and where.

    Returns:
        The same circuit with delays, and with x and rz gates in them. On a device it takes as long
        as the scheduled circuit.

    Raises:
        OptionsError: control flow, a delay of unknown length or an instruction without a duration.
    """
    for item in circuit.data:
        if item.is_control_flow():
            raise OptionsError(
                f"dynamical decoupling needs a circuit whose times are known in advance, not one "
                f"with {item.name}; {SWITCH}"
            )
    if target is None or not _has_durations(target):
        return _in_delays(circuit, options)
    return _on_device(circuit, target, options)


def decoupled_all(
    lowered: Sequence[Lowered], target: Target | None, options: Decoupling, pub_index: int
) -> list[Lowered]:
    """Pads the circuits of a PUB, each once: noise factors may share one.

    Raises:
        OptionsError: as `decoupled`, with the PUB.
    """
    padded: dict[int, QuantumCircuit] = {}
    for each in lowered:
        if id(each.circuit) not in padded:
            try:
                padded[id(each.circuit)] = decoupled(each.circuit, target, options)
            except OptionsError as error:
                raise OptionsError(f"PUB {pub_index}: {error}") from error
    return [replace(each, circuit=padded[id(each.circuit)]) for each in lowered]


def _has_durations(target: Target) -> bool:
    return any(
        properties is not None and properties.duration
        for name in target.operation_names
        for properties in (target[name] or {}).values()
    )


def _in_delays(circuit: QuantumCircuit, options: Decoupling) -> QuantumCircuit:
    result = _Padded(circuit, options)
    for item in circuit.data:
        if item.name == "delay":
            unit = item.operation.unit
            clock = _Clock(None, "dt") if unit == "dt" else _Clock(_PICOSECOND, "ns")
            result.idle(item.qubits[0], 0, clock.delay_ticks(item.operation), clock, pulse_ticks=0)
        else:
            result.add(item)
    return result.circuit


def _on_device(circuit: QuantumCircuit, target: Target, options: Decoupling) -> QuantumCircuit:
    tick = target.dt
    clock = (
        _Clock(_PICOSECOND, "ns") if tick is None else _Clock(tick, "dt", target.pulse_alignment)
    )
    durations = _Durations(circuit, target, clock)
    items = list(circuit.data)
    lengths = [durations.of(item) for item in items]
    starts, end = _schedule(items, lengths, late=options.scheduling_method == "alap")
    used = {q: "" for item in items if item.name not in ("barrier", "delay") for q in item.qubits}
    result = _Padded(circuit, options)
    free = dict.fromkeys(circuit.qubits, 0)
    for item, start, length in zip(items, starts, lengths, strict=True):
        for qubit in item.qubits:
            if qubit not in used:
                continue
            if item.name != "delay":  # idle time like any other
                result.idle(qubit, free[qubit], start, clock, durations.pulse(qubit))
                free[qubit] = start + length
            if item.name != "barrier":
                used[qubit] = item.name
        if item.name != "delay" or item.qubits[0] not in used:
            result.add(item)
    for qubit, last in used.items():
        if last != "measure":  # pulses after it would protect nothing
            result.idle(qubit, free[qubit], end, clock, durations.pulse(qubit))
    return result.circuit


def _schedule(items: Sequence[Any], lengths: Sequence[int], *, late: bool) -> tuple[list[int], int]:
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
class _Clock:
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


class _Durations:
    """How long a device's instructions take, in ticks."""

    def __init__(self, circuit: QuantumCircuit, target: Target, clock: _Clock):
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


class _Padded:
    """A circuit as it grows, with sequences where its qubits are idle.

    Args:
        original: gives registers, parameters and global phase.
        options: which pulses.
    """

    def __init__(self, original: QuantumCircuit, options: Decoupling):
        self.circuit = original.copy_empty_like()
        # append() checks again what was checked before, and takes three times as long.
        self._append = self.circuit._append  # pyright: ignore[reportPrivateUsage] - see above
        self.options = options
        self.gates, self.spacing, self.phase = _sequence(options.sequence_type)
        # Qubits in their ground state: not used since the start or a reset.
        self.fresh = set(original.qubits)

    def add(self, item: Any) -> None:
        """Adds an instruction of the original."""
        self._append(item)
        if item.name == "reset":
            self.fresh.update(item.qubits)
        elif item.name != "barrier":
            self.fresh.difference_update(item.qubits)

    def idle(
        self, qubit: Qubit, start: int, end: int, clock: _Clock, pulse_ticks: int | None
    ) -> None:
        """Adds a sequence from start to end (ticks), or a delay if it does not fit.

        Args:
            qubit: of the circuit.
            start: of the idle time.
            end: of the idle time.
            clock: what a tick is.
            pulse_ticks: length of an x gate; None for no pulses on this qubit.
        """
        if end <= start:
            return
        from qiskit.circuit import CircuitInstruction

        num_pulses = sum(gate.name == "x" for gate in self.gates)
        skipped = self.options.skip_reset_qubits and qubit in self.fresh
        waits = None
        if pulse_ticks is not None and not skipped:
            waits = self.waits(start, end, num_pulses * pulse_ticks, clock.alignment)
        if waits is None:
            self._append(CircuitInstruction(clock.delay(end - start), (qubit,)))
            return
        for wait, gate in zip(waits, (*self.gates, None), strict=True):
            if wait:
                self._append(CircuitInstruction(clock.delay(wait), (qubit,)))
            if gate is not None:
                self._append(CircuitInstruction(gate, (qubit,)))
        self.circuit.global_phase += self.phase

    def waits(self, start: int, end: int, busy: int, alignment: int) -> list[int] | None:
        """Ticks before each gate and after the last one; None if there is no time for them."""
        first = -start % alignment
        slack = end - start - first - busy
        if slack <= 0:
            return None
        waits = np.floor(slack * self.spacing / alignment).astype(int) * alignment
        extra = slack - int(waits.sum())
        middle = self.options.extra_slack_distribution == "middle"
        most = extra if middle else extra / 2
        moved = int(most // alignment) * alignment
        waits[(len(waits) - 1) // 2 if middle else 0] += moved
        waits[-1] += extra - moved
        waits[0] += first
        return waits.tolist()


@cache
def _sequence(name: str) -> tuple[tuple[Gate, ...], np.ndarray, float]:
    """Gates, the share of the time before each and after the last, and the phase that they add."""
    from qiskit.circuit.library import RZGate, XGate

    # A pulse about another axis of the equator is an x gate in a turned frame, which takes no time.
    frames = {"XX": (0.0, 0.0), "XpXm": (0.0, 1.0), "XY4": (0.0, 0.5, 1.0, -0.5)}[name]
    gates: list[Gate] = []
    spacing: list[float] = []
    for frame in frames:
        turned = frame * np.pi
        gates += [RZGate(turned), XGate(), RZGate(-turned)] if frame else [XGate()]
        spacing += [1.0, 0.0, 0.0] if frame else [1.0]
    spacing[0] = 0.5
    product = np.eye(2)
    for gate in gates:
        product = gate.to_matrix() @ product
    return tuple(gates), np.array([*spacing, 0.5]) / len(frames), -float(np.angle(product[0, 0]))
