"""Can a result have a field for each classical register? In: QuantumCircuit. Out: maybe an error.

A sampler's result is a `DataBin`, whose fields are attributes beside its own, such as ``shape``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from qiskit.primitives.containers import DataBin

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def check_register_names(circuit: QuantumCircuit, *, pub_index: int) -> None:
    """Refuses a circuit with a register that no result can have a field for.

    Args:
        circuit: of a sampler's PUB.
        pub_index: position of the PUB, for the message.

    Raises:
        EncodeError: names the PUB, the registers and the cure.
    """
    reserved = [creg.name for creg in circuit.cregs if not can_be_field(creg.name)]
    if reserved:
        raise EncodeError(
            f"PUB {pub_index}: results have attributes of their own called "
            f"{', '.join(map(repr, reserved))}, so no classical register can have that name; "
            "rename the register, for example ClassicalRegister(2, 'meas')"
        )


@lru_cache(maxsize=1024)
def can_be_field(name: str) -> bool:
    """Whether `DataBin` takes a field of that name: it is asked, because releases differ."""
    try:
        DataBin(shape=(), **{name: None})
    except (TypeError, ValueError, AttributeError):
        return False
    return True
