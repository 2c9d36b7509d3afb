"""Steps that the other files of this folder share: a PUB's circuit -> its `Setup` on a backend."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    active_qubits,
    keep_after_measuring,
    keep_letters,
    keep_qubits,
    refuse_inputs,
    split_final_measurements,
    unfolded,
)
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    check_shots,
)
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
from qiskit_rest_primitives.local.simulators.methods.branch_simulator import BranchSimulator
from qiskit_rest_primitives.mitigation.base.bases import choose_bases
from qiskit_rest_primitives.wire.shots import shots_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


# Up to this width idle qubits cost nothing, and the reference's arithmetic is kept to the bit.
_KEEP_IDLE_UP_TO = 10


@cache
def aer_is_installed() -> bool:
    """Whether Aer can be imported, without importing it."""
    return importlib.util.find_spec("qiskit_aer") is not None


def ready(
    circuit: QuantumCircuit, pub_index: int, wanted: Wanted, *, keep_measurements: bool = False
) -> tuple[QuantumCircuit, Wanted]:
    """Unfolds boxes, and lets an estimator's final measurements act on its observables instead."""
    refuse_inputs(circuit, pub_index)
    circuit = unfolded(circuit)
    if isinstance(wanted, SamplesWanted) or keep_measurements:
        return circuit, wanted
    bare, measured = split_final_measurements(circuit)
    qubits = {qubit for qubit, _ in measured}
    observables = [keep_after_measuring(terms, qubits) for terms in wanted.observables]
    return bare, replace(wanted, observables=observables)


def measured_setup(
    simulation: AerSimulation | BranchSimulator,
    circuit: QuantumCircuit,
    wanted: ExpectationsWanted,
    observables: list[dict[str, float]],
    per_shot: float,
    metadata: dict[str, Any],
    *,
    limited: bool = False,
) -> Setup:
    """Measures the observables of an estimator's PUB, ``1 / precision**2`` shots a basis."""
    bases = choose_bases(observables, wanted.pairs, wanted.num_rows)
    circuits_per_row = bases.total / max(1, wanted.num_rows)
    return Setup(
        replace(simulation, bases=bases),
        circuit,
        circuits_per_row * (1e-2 + per_shot * shots_of(wanted.precision)),
        metadata,
        observables,
        bases.total,
        limited=limited,
    )


def observables_of(wanted: Wanted) -> list[dict[str, float]]:
    """The observables of an estimator PUB; none for a sampler PUB."""
    return wanted.observables if isinstance(wanted, ExpectationsWanted) else []


def kept_qubits(circuit: QuantumCircuit, wanted: Wanted, *, measured: bool) -> list[int]:
    """Qubits to simulate: those in use and, where they are measured, those that are observed."""
    kept = set(active_qubits(circuit))
    if measured:
        for terms in observables_of(wanted):
            for pauli in terms:
                kept.update(i for i, letter in enumerate(reversed(pauli)) if letter != "I")
    return sorted(kept) or [0]


def reduced(
    circuit: QuantumCircuit, wanted: Wanted, *, keep_narrow: bool = False
) -> tuple[QuantumCircuit, list[dict[str, float]]]:
    """Removes idle qubits from the circuit, and their letters from the observables."""
    observables = observables_of(wanted)
    if circuit.num_qubits == 0 or (keep_narrow and circuit.num_qubits <= _KEEP_IDLE_UP_TO):
        return circuit, observables
    kept = kept_qubits(circuit, wanted, measured=False)
    if len(kept) == circuit.num_qubits:
        return circuit, observables
    return keep_qubits(circuit, kept), [keep_letters(terms, kept) for terms in observables]


def check_precision(precision: float, pub_index: int, what: str) -> None:
    """Refuses exact values where there are only measured ones, and more shots than Aer can hold."""
    if precision == 0:
        raise RefusedError(
            f"PUB {pub_index}: precision 0 asks for exact values, which {what} does not give",
            solution="Ask for a precision above 0, such as 0.01.",
        )
    check_shots(precision**-2 if precision > 1e-100 else math.inf, pub_index)
