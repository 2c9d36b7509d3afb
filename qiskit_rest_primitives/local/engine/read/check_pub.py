"""Checks a PUB against the limits of its backend. In: a loaded PUB. Out: RefusedError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.circuits.isa import CURE, check_rzz_values
from qiskit_rest_primitives.circuits.result_names import check_register_names
from qiskit_rest_primitives.errors import EncodeError, ISAError
from qiskit_rest_primitives.local.outcome import NOT_ISA, RefusedError
from qiskit_rest_primitives.wire.shots import precision_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.primitives.containers.bindings_array import BindingsArray

    from qiskit_rest_primitives.local.simulators.backends import LocalBackend


def check_shots_of_backend(
    shots: int, pub_index: int, backend: LocalBackend, *, precision: float | None = None
) -> None:
    """Refuses more shots of a circuit than the backend's configuration allows.

    Args:
        shots: of each circuit.
        pub_index: position of the PUB in its job, for messages.
        backend: what the job runs on.
        precision: of an estimator's PUB, which needs the shots.

    Raises:
        RefusedError: too many; the reason has the limit.
    """
    most = backend.max_shots
    if shots <= most:
        return
    cure = f"Ask for at most {most:,} shots and use several PUBs, or run it on a simulator."
    asked = f"{shots:,} shots"
    if precision is not None:
        cure = (
            f"Ask for a precision of at least {precision_of(most):.3g}, or run it on a simulator."
        )
        asked = f"precision {precision:.3g} needs {shots:,} shots"
    raise RefusedError(
        f"PUB {pub_index}: {asked}; {backend.name} runs at most {most:,} of a circuit (max_shots)",
        solution=cure,
    )


def check_fields(circuit: QuantumCircuit, pub_index: int) -> None:
    """Refuses a sampler's circuit with register names that can't be fields of a result.

    Raises:
        RefusedError: the reason has the names.
    """
    try:
        check_register_names(circuit, pub_index=pub_index)
    except EncodeError as error:
        raise RefusedError(str(error), solution="Rename the classical register.") from error


def check_angles(
    circuit: QuantumCircuit, values: BindingsArray, pub_index: int, backend: LocalBackend
) -> None:
    """Refuses parameter values that give a gate of a device an angle that it does not have.

    Raises:
        RefusedError: the reason has the gate, the angle and the values.
    """
    if backend.is_simulator:
        return
    try:
        array = values.as_array(circuit.parameters)
        check_rzz_values(circuit, array, backend.target, pub_index=pub_index)
    except ISAError as error:
        raise RefusedError(str(error), code=NOT_ISA, solution=CURE) from error
