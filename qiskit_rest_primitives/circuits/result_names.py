"""Checks that a result can have a field for each register. In: QuantumCircuit. Out: EncodeError.

A sampler's result is a `DataBin`: its fields are attributes, and so is its own ``shape``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from qiskit.primitives.containers import DataBin

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def check_register_names(circuit: QuantumCircuit, *, pub_index: int) -> None:
    """Refuses a circuit with a register whose name can't be a field of a result.

    Args:
        circuit: the circuit of a sampler's PUB.
        pub_index: position of the PUB, for the message.

    Raises:
        EncodeError: names the PUB, the registers and the cure.
    """
    reserved = [creg.name for creg in circuit.cregs if not can_be_field(creg.name)]
    if reserved:
        raise EncodeError(
            f"PUB {pub_index}: results already have attributes named "
            f"{', '.join(map(repr, reserved))}, so no classical register can have that name; "
            "rename the register, for example ClassicalRegister(2, 'meas')"
        )


@lru_cache(maxsize=1024)
def can_be_field(name: str) -> bool:
    """Returns whether `DataBin` accepts a field of that name; tried, because releases differ."""
    try:
        DataBin(shape=(), **{name: None})
    except (TypeError, ValueError, AttributeError):
        return False
    return True
