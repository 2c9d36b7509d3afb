"""A circuit -> the same in gates that Aer runs, or in the gates and coupling of the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    all_instructions,
)
from qiskit_rest_primitives.local.simulators.base.gate_sets import (
    AER_GATES,
    CLIFFORD_GATES,
    CONTROL_FLOW,
    JUMPS,
)
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW as INSTRUCTIONS
from qiskit_rest_primitives.wire.target.operations import NON_UNITARY

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested

_NOT_GATES = ("barrier", "measure", "reset", *CONTROL_FLOW, *JUMPS)


def translated_circuit(
    circuit: QuantumCircuit,
    observables: list[dict[str, float]],
    pub_index: int,
    requested: Requested,
    method: str,
) -> tuple[QuantumCircuit, list[dict[str, float]]]:
    """The circuit in gates that Aer has, or in the job's own, and the observables on its qubits.

    Raises:
        RefusedError: the circuit can't be written in the gates or coupling of the job.
    """
    basis = requested.basis_gates or (list(CLIFFORD_GATES) if method == "stabilizer" else AER_GATES)
    names = {instruction.operation.name for instruction in all_instructions(circuit)}
    if names <= {*basis, *_NOT_GATES} and not requested.coupling:
        return circuit, observables
    from qiskit import transpile
    from qiskit.transpiler import CouplingMap, Target

    coupling = CouplingMap(requested.coupling) if requested.coupling else None
    # Qiskit takes a list of gates from its own library only, and synthesizes the others.
    gates = [*(set(basis) - {"pauli", "unitary"}), *(names & set(CONTROL_FLOW))]
    options: dict[str, Any] = {"basis_gates": gates, "coupling_map": coupling}
    try:
        if jumps := names & set(JUMPS):
            # They go into no list of gates.
            target = Target.from_configuration(
                list({*gates, *jumps, *NON_UNITARY}),
                num_qubits=None if coupling else circuit.num_qubits,
                coupling_map=coupling,
                custom_name_mapping=INSTRUCTIONS,
            )
            options = {"target": target}
        translated: Any = transpile(circuit, **options, optimization_level=0, seed_transpiler=0)
    except Exception as error:  # the passes raise errors of many kinds
        raise RefusedError(
            f"PUB {pub_index}: the circuit can't be run with these gates or this coupling: {error}"
        ) from error
    if coupling is None or translated.layout is None:
        return translated, observables
    layout = translated.layout.final_index_layout()
    return translated, [_moved(terms, layout, translated.num_qubits) for terms in observables]


def _moved(terms: dict[str, float], layout: list[int], width: int) -> dict[str, float]:
    moved: dict[str, float] = {}
    for pauli, coefficient in terms.items():
        letters = ["I"] * width
        for qubit, letter in enumerate(reversed(pauli)):
            letters[width - 1 - layout[qubit]] = letter
        moved["".join(letters)] = coefficient
    return moved
