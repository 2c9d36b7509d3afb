"""The devices `fake_<n>q` and the targets of the backends; nothing here simulates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.simulators.base.gate_sets import CONTROL_FLOW, SIMULATOR_GATES
from qiskit_rest_primitives.local.simulators.devices.calibration import (
    DeviceCalibration,
    drawn_calibration,
)
from qiskit_rest_primitives.local.simulators.devices.calibration_days import FIRST_DAY
from qiskit_rest_primitives.local.simulators.devices.lattices import edges_of, places_of
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW as INSTRUCTIONS

if TYPE_CHECKING:
    from qiskit.transpiler import Target

FEWEST_QUBITS = 5
MOST_QUBITS = 156
MOST_NOISE = 100.0
LISTED = (5, 7, 16, 27, 65, 127, 133, 156)
_NAME = re.compile(r"fake_([1-9][0-9]{0,2})q")


def device_name(num_qubits: int) -> str:
    """The name of the device with that many qubits."""
    return f"fake_{num_qubits}q"


def device_size(name: str) -> int | None:
    """Number of qubits of the device of that name; None if there is none of that name."""
    found = _NAME.fullmatch(name)
    size = int(found[1]) if found else 0
    return size if FEWEST_QUBITS <= size <= MOST_QUBITS else None


@dataclass(frozen=True)
class FakeDevice:
    """A device on one day: small, hashable, and the same in every process.

    Attributes:
        num_qubits: its size.
        day: the day of its calibration.
        noise: factor of its noise; 0 is none.

    >>> FakeDevice(5).calibration.target.num_qubits
    5
    """

    num_qubits: int
    day: date = FIRST_DAY
    noise: float = 1.0

    @property
    def name(self) -> str:
        """As in GET /backends."""
        return device_name(self.num_qubits)

    @property
    def calibration(self) -> DeviceCalibration:
        """What it can do on that day, and its noise; made once."""
        return _calibration(self)

    def description(self) -> dict[str, Any]:
        """What it says about itself beside its name: arguments of `encode_target`."""
        calibration = self.calibration
        edges = [*calibration.faulty_edges, *((b, a) for a, b in calibration.faulty_edges)]
        return {
            "target": calibration.described,
            "last_update_date": f"{self.day.isoformat()}T00:00:00+00:00",
            "faulty_qubits": calibration.faulty_qubits,
            "faulty_gates": [(gate, edge) for gate in ("cz", "rzz") for edge in edges],
            # IBM counts columns and rows from 1.
            "extra": {"coords": [[x + 1, y + 1] for y, x in places_of(self.num_qubits)]},
        }


@lru_cache(maxsize=32)
def _calibration(device: FakeDevice) -> DeviceCalibration:
    size = device.num_qubits
    return drawn_calibration(device.name, size, edges_of(size), device.day, device.noise)


def check_noise(name: str, factor: float) -> None:
    """Refuses a factor of noise, or a backend whose noise has none.

    Raises:
        ValueError: says which, and what is allowed.
    """
    if device_size(name) is None:
        raise ValueError(
            f"the noise of {name} can't be scaled: only the devices fake_{FEWEST_QUBITS}q to "
            f"fake_{MOST_QUBITS}q can"
        )
    if not 0 <= factor <= MOST_NOISE:
        raise ValueError(
            f"the noise of {name} can be scaled by 0 to {MOST_NOISE:g}, not by {factor:g}"
        )


def device_target(num_qubits: int) -> Target:
    """The target of a device on its first day."""
    return FakeDevice(num_qubits).calibration.target


@lru_cache(maxsize=2)
def simulator_target(num_qubits: int) -> Target:
    """Qiskit's standard gates on any qubits, without calibration."""
    from qiskit.circuit import Delay, Measure, Parameter, Reset
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.transpiler import Target

    target = Target(description="Simulator without noise", num_qubits=num_qubits)
    standard = get_standard_gate_name_mapping()
    for name in SIMULATOR_GATES:
        target.add_instruction(standard[name], name=name)
    target.add_instruction(Measure())
    target.add_instruction(Reset())
    target.add_instruction(Delay(Parameter("t")))
    for name in CONTROL_FLOW:
        target.add_instruction(INSTRUCTIONS[name], name=name)
    return target
