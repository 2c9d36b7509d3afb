"""A PUB's circuit and request -> its `Setup` on `statevector`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    branches_bound,
    is_dynamic,
    without_leading_resets,
)
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    check_width,
)
from qiskit_rest_primitives.local.simulators.base.setup import Setup
from qiskit_rest_primitives.local.simulators.base.simulator import (
    ExpectationsWanted,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.choose.aer_limits import missing_in_aer
from qiskit_rest_primitives.local.simulators.choose.as_branches import (
    prepare_exact,
    prepare_sampled,
)
from qiskit_rest_primitives.local.simulators.choose.common_steps import (
    aer_is_installed,
    ready,
    reduced,
)
from qiskit_rest_primitives.local.simulators.choose.for_aer import prepare_aer
from qiskit_rest_primitives.local.simulators.methods.statevector import ReferenceSimulator

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested

# With a precision, values of more amplitudes than 2**22 are found faster by sampling.
_EXACT_UP_TO = 22


def prepare_statevector(
    circuit: QuantumCircuit, pub_index: int, requested: Requested, wanted: Wanted
) -> Setup:
    """Runs unitary circuits like the reference primitives; dynamic ones on branches, or on Aer.

    Raises:
        RefusedError: too wide.
    """
    circuit, wanted = ready(circuit, pub_index, wanted)
    if is_dynamic(circuit):
        if isinstance(wanted, ExpectationsWanted) and (
            wanted.precision == 0 or branches_bound(circuit) <= _EXACT_UP_TO
        ):
            return prepare_exact(circuit, pub_index, wanted)
        if aer_is_installed() and not missing_in_aer(circuit):
            return prepare_aer("statevector", circuit, pub_index, requested, wanted)
        return prepare_sampled(circuit, pub_index, wanted)
    small, observables = reduced(circuit, wanted, keep_narrow=True)
    check_width(small.num_qubits, pub_index)
    small = without_leading_resets(small)
    terms = sum(map(len, observables))
    seconds = len(small.data) * (8e-5 + 3e-8 * 2**small.num_qubits)
    seconds += terms * (5e-5 + 8e-9 * 2**small.num_qubits)
    if isinstance(wanted, SamplesWanted):
        seconds += wanted.shots * 1e-7
    return Setup(ReferenceSimulator(), small, seconds, observables=observables)
