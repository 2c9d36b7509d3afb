"""Dynamical decoupling: pulses in the idle time of a circuit's qubits. In and out: QuantumCircuit.

The result is that of Qiskit's ``ALAPScheduleAnalysis`` or ``ASAPScheduleAnalysis`` with
``PadDynamicalDecoupling``, which take 7 s for a template of 30,000 gates on 127 qubits. This takes
about a second, and leaves qubits without gates empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_rest_primitives.circuits.measured import IDLE
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.base.options import Decoupling
from qiskit_rest_primitives.mitigation.base.timing import (
    PICOSECOND,
    SWITCH,
    Clock,
    Durations,
    has_durations,
    schedule,
)
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered

if TYPE_CHECKING:
    from qiskit.circuit import Gate, QuantumCircuit, Qubit
    from qiskit.transpiler import Target


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
    if target is None or not has_durations(target):
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


def _in_delays(circuit: QuantumCircuit, options: Decoupling) -> QuantumCircuit:
    result = _Padded(circuit, options)
    for item in circuit.data:
        if item.name == "delay":
            unit = item.operation.unit
            clock = Clock(None, "dt") if unit == "dt" else Clock(PICOSECOND, "ns")
            result.idle(item.qubits[0], 0, clock.delay_ticks(item.operation), clock, pulse_ticks=0)
        else:
            result.add(item)
    return result.circuit


def _on_device(circuit: QuantumCircuit, target: Target, options: Decoupling) -> QuantumCircuit:
    tick = target.dt
    clock = Clock(PICOSECOND, "ns") if tick is None else Clock(tick, "dt", target.pulse_alignment)
    durations = Durations(circuit, target, clock)
    items = list(circuit.data)
    lengths = [durations.of(item) for item in items]
    starts, end = schedule(items, lengths, late=options.scheduling_method == "alap")
    used = {q: "" for item in items if item.name not in IDLE for q in item.qubits}
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


class _Padded:
    """A circuit as it grows, with sequences where its qubits are idle.

    Args:
        original: gives registers, parameters and global phase.
        options: which pulses.
    """

    def __init__(self, original: QuantumCircuit, options: Decoupling):
        self.circuit = original.copy_empty_like()
        # append() checks again what was checked before, and takes three times as long.
        self._append = self.circuit._append
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
        self, qubit: Qubit, start: int, end: int, clock: Clock, pulse_ticks: int | None
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
