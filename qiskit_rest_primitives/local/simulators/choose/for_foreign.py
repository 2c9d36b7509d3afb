"""A PUB's circuit and what is wanted of it -> its `Setup` on somebody's backend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qiskit_rest_primitives.circuits.isa import CURE, check_isa
from qiskit_rest_primitives.errors import ISAError
from qiskit_rest_primitives.local.outcome import NOT_ISA, RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import all_instructions
from qiskit_rest_primitives.local.simulators.base.gate_sets import CONTROL_FLOW, JUMPS
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import SamplesWanted, Wanted
from qiskit_rest_primitives.local.simulators.choose.common_steps import (
    check_precision,
    observables_of,
    ready,
)
from qiskit_rest_primitives.local.simulators.choose.translate import translated_circuit
from qiskit_rest_primitives.local.simulators.foreign.points import ForeignSimulation, circuits_of

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.foreign.backend import ForeignBackend
    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested

_NEVER_REWRITTEN = frozenset({"barrier", "measure", "reset", "store", *CONTROL_FLOW, *JUMPS})


def prepare_foreign(
    source: ForeignBackend,
    circuit: QuantumCircuit,
    pub_index: int,
    requested: Requested,
    wanted: Wanted,
) -> Setup:
    """Runs the circuit as it is; for a simulator, gates that it does not have are rewritten.

    Raises:
        RefusedError: not ISA, too wide, exact values, or gates that can't be rewritten.
    """
    if not source.is_simulator:
        try:
            check_isa(circuit, source.isa, pub_index=pub_index)
        except ISAError as error:
            raise RefusedError(str(error), code=NOT_ISA, solution=CURE) from error
    # Measurements stay where they are: the backend may have noise of its own.
    circuit, wanted = ready(circuit, pub_index, wanted, keep_measurements=True)
    if source.is_simulator:
        circuit = _rewritten(source, circuit, pub_index, requested)
    simulation = ForeignSimulation(source, requested.noise)
    # How long it takes is not known. With 0 seconds a PUB is not cut: one call of run() each.
    if isinstance(wanted, SamplesWanted):
        return Setup(simulation, circuit, 0.0)
    check_precision(wanted.precision, pub_index, f"{source.name}, which measures,")
    return Setup(
        simulation,
        circuit,
        0.0,
        observables=observables_of(wanted),
        num_circuits=circuits_of(wanted),
    )


def _rewritten(
    source: ForeignBackend, circuit: QuantumCircuit, pub_index: int, requested: Requested
) -> QuantumCircuit:
    if circuit.num_qubits > source.num_qubits and not source.takes_any_width:
        raise RefusedError(
            f"PUB {pub_index}: the circuit has {circuit.num_qubits} qubits, {source.name} has "
            f"{source.num_qubits}",
            solution="Choose a wider backend.",
        )
    names = {instruction.operation.name for instruction in all_instructions(circuit)}
    if names <= source.runs | _NEVER_REWRITTEN:
        return circuit
    own = replace(requested, basis_gates=source.described.operation_names, coupling=None)
    rewritten, _ = translated_circuit(circuit, [], pub_index, own, "automatic")
    return rewritten
