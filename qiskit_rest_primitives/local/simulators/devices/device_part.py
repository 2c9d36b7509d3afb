"""A device's calibration -> that of some of its qubits, by their numbers in a circuit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qiskit_rest_primitives.local.simulators.devices.fake_devices import FakeDevice

Gate = tuple[str, tuple[int, ...]]
"""A name and qubits."""


@dataclass(frozen=True)
class DevicePart:
    """The numbers of some qubits of a device; they are 0, 1, ... here.

    Attributes:
        dt: resolution of times, seconds.
        t1: seconds, of each qubit.
        t2: seconds, at most twice T1.
        readout: of each qubit, probability of the wrong bit.
        seconds: how long each instruction takes.
        errors: average infidelity of each gate without its over-rotation.
        rotation: over-rotation of each gate, rad; see `DeviceCalibration`.
        detuning: rad/s, of each qubit.
        zz: of each qubit, {neighbour: rad/s}.
    """

    dt: float
    t1: list[float]
    t2: list[float]
    readout: list[float]
    seconds: dict[Gate, float]
    errors: dict[Gate, float]
    rotation: dict[Gate, float]
    detuning: list[float]
    zz: list[dict[int, float]]

    def duration(self, name: str, qubits: tuple[int, ...]) -> float:
        """Seconds that an instruction takes; 0 for what the device has no time for."""
        # A measurement whose outcome is not used is simulated by a channel.
        return self.seconds.get(("measure" if name == "quantum_channel" else name, qubits), 0.0)

    def relaxation(self, qubit: int, seconds: float) -> tuple[float, float]:
        """What relaxation leaves of a qubit's X and Y, and of its Z."""
        return math.exp(-seconds / self.t2[qubit]), math.exp(-seconds / self.t1[qubit])

    def depolarization(self, name: str, qubits: tuple[int, ...]) -> float:
        """Strength of the depolarization that gives a gate its error beside relaxation.

        As in qiskit_aer.noise: the state becomes ``(1 - p) state + p mixed``.
        """
        error = self.errors.get((name, qubits), 0.0)
        seconds = self.seconds.get((name, qubits), 0.0)
        dimension = 2 ** len(qubits)
        process = 1.0
        for qubit in qubits:
            xy, z = self.relaxation(qubit, seconds)
            process *= (1 + 2 * xy + z) / 4
        fidelity = (dimension * process + 1) / (dimension + 1)
        if error <= 1 - fidelity:
            return 0.0
        error = min(error, dimension / (dimension + 1))
        return min(
            dimension * (error - 1 + fidelity) / (dimension * fidelity - 1),
            dimension**2 / (dimension**2 - 1),
        )


@lru_cache(maxsize=32)
def device_part(device: FakeDevice, qubits: tuple[int, ...]) -> DevicePart:
    """The part of a device that a circuit uses.

    Args:
        device: the whole of it.
        qubits: its qubits; they are 0, 1, ... in the circuit.
    """
    calibration = device.calibration
    target = calibration.target
    places = {qubit: place for place, qubit in enumerate(qubits)}
    seconds: dict[Gate, float] = {}
    errors: dict[Gate, float] = {}
    rotation: dict[Gate, float] = {}
    readout = [0.0] * len(qubits)
    for name in target.operation_names:
        listed: dict[tuple[int, ...] | None, Any] = target[name]
        for where, properties in listed.items():
            if where is None or properties is None or not places.keys() >= set(where):
                continue
            gate = (name, tuple(places[qubit] for qubit in where))
            seconds[gate] = properties.duration or 0.0
            if name == "measure":
                readout[places[where[0]]] = properties.error or 0.0
            if name in ("measure", "reset", "delay"):
                continue
            angle = calibration.rotation.get((name, where), 0.0)
            if angle:
                rotation[gate] = angle
            errors[gate] = max(0.0, (properties.error or 0.0) - _infidelity(angle, len(where)))
    zz: list[dict[int, float]] = [{} for _ in qubits]
    for (a, b), rate in calibration.zz.items():
        if a in places and b in places:
            zz[places[a]][places[b]] = zz[places[b]][places[a]] = rate
    relaxation = [target.qubit_properties[qubit] for qubit in qubits]
    t1 = [math.inf if r.t1 is None else r.t1 for r in relaxation]
    t2 = [math.inf if r.t2 is None else r.t2 for r in relaxation]
    return DevicePart(
        dt=target.dt or 1e-9,
        t1=t1,
        t2=[min(each, 2 * longest) for each, longest in zip(t2, t1, strict=True)],
        readout=readout,
        seconds=seconds,
        errors=errors,
        rotation=rotation,
        detuning=[calibration.detuning.get(qubit, 0.0) for qubit in qubits],
        zz=zz,
    )


def _infidelity(angle: float, num_qubits: int) -> float:
    """Average gate infidelity of a Pauli rotation by an angle."""
    dimension = 2**num_qubits
    return dimension / (dimension + 1) * math.sin(angle / 2) ** 2


def delay_seconds(operation: Any, dt: float) -> float:
    """Length of a delay; 0 if it has an unbound parameter."""
    from qiskit.utils import apply_prefix

    if not isinstance(operation.duration, (int, float)):
        return 0.0
    if operation.unit == "dt":
        return operation.duration * dt
    return float(apply_prefix(float(operation.duration), operation.unit))


def has_open_delay(instructions: Sequence[Any]) -> bool:
    """Whether the length of a delay is not known until its parameters are bound."""
    return any(
        i.operation.name == "delay" and not isinstance(i.operation.duration, (int, float))
        for i in instructions
    )
