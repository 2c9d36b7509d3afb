"""A dynamic circuit without noise -> its `Setup` on `BranchSimulator`, exact or sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    all_instructions,
    branches_bound,
)
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    check_shots,
    statevector_limit,
)
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.choose.aer_limits import missing_in_aer
from qiskit_rest_primitives.local.simulators.choose.common_steps import (
    check_precision,
    measured_setup,
    reduced,
)
from qiskit_rest_primitives.local.simulators.methods.branch_simulator import BranchSimulator

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit


# The method that a PUB's metadata name where circuits run on `BranchSimulator`.
_BRANCHES = {"simulation": {"method": "branches", "noise": "none"}}


def prepare_exact(circuit: QuantumCircuit, pub_index: int, wanted: ExpectationsWanted) -> Setup:
    """Exact expectation values of a dynamic circuit without noise."""
    small, observables = reduced(circuit, wanted)
    if small.num_qubits > (limit := statevector_limit()):
        raise RefusedError(
            f"PUB {pub_index}: exact values of a dynamic circuit with {small.num_qubits} qubits in "
            f"use; this machine's memory holds {limit}",
            solution="Ask for a precision above 0 on aer_stabilizer or aer_matrix_product_state, "
            "or use fewer qubits.",
        )
    amplitudes = 2.0 ** min(branches_bound(small), 2 * small.num_qubits)
    seconds = sum(1 for _ in all_instructions(small)) * (1e-4 + 3e-8 * amplitudes)
    return Setup(BranchSimulator(pub_index), small, seconds, dict(_BRANCHES), observables)


def prepare_sampled(circuit: QuantumCircuit, pub_index: int, wanted: Wanted) -> Setup:
    """Samples of a dynamic circuit without noise, by which an estimator measures."""
    small, observables = reduced(circuit, wanted)
    if small.num_qubits > (limit := statevector_limit()):
        why = missing_in_aer(circuit)
        raise RefusedError(
            f"PUB {pub_index}: {small.num_qubits} qubits in use, and Aer "
            + (f"does not run {why}" if why else "is not installed beside this service")
            + f"; without it this machine's memory holds {limit} qubits",
            solution="Write the circuit in another way, or use fewer qubits.",
        )
    per_shot = sum(1 for _ in all_instructions(small)) * (1e-6 + 3e-8 * 2.0**small.num_qubits)
    if isinstance(wanted, SamplesWanted):
        shots = check_shots(wanted.shots, pub_index)
        return Setup(BranchSimulator(pub_index), small, per_shot * shots, dict(_BRANCHES))
    check_precision(wanted.precision, pub_index, "a circuit that is sampled")
    return measured_setup(
        BranchSimulator(pub_index), small, wanted, observables, per_shot, dict(_BRANCHES)
    )
