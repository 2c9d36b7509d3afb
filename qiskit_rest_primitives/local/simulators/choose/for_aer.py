"""A PUB's circuit and request -> its `Setup` on a method of Aer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.circuit_analysis import (
    active_qubits,
    is_dynamic,
)
from qiskit_rest_primitives.local.simulators.base.cost_model import (
    check_shots,
    check_width,
    seconds_per_shot,
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
    check_precision,
    measured_setup,
    observables_of,
    ready,
    reduced,
)
from qiskit_rest_primitives.local.simulators.choose.translate import translated_circuit
from qiskit_rest_primitives.local.simulators.methods.aer import AerSimulation
from qiskit_rest_primitives.local.simulators.methods.aer_groups import AerGroups, groups_for_aer

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested


def prepare_aer(
    method: str, circuit: QuantumCircuit, pub_index: int, requested: Requested, wanted: Wanted
) -> Setup:
    """Runs on a method of Aer, with the noise model, gates and coupling of the job's options.

    Raises:
        RefusedError: too wide, too many shots, or something that Aer does not run.
    """
    noise = requested.noise
    # With a noise model a measurement may have noise of its own: then it stays where it is.
    bare, wanted = ready(circuit, pub_index, wanted, keep_measurements=noise is not None)
    dynamic = is_dynamic(bare)
    if (
        noise is None
        and dynamic
        and isinstance(wanted, ExpectationsWanted)
        and wanted.precision == 0
    ):
        return prepare_exact(bare, pub_index, wanted)
    if missing := missing_in_aer(bare):
        if noise is not None:
            raise RefusedError(
                f"PUB {pub_index}: Aer does not run {missing}, and this service adds no noise "
                "without Aer",
                solution="Leave the noise model out, or write the condition in another way.",
            )
        return prepare_sampled(bare, pub_index, wanted)
    if isinstance(wanted, SamplesWanted):
        check_shots(wanted.shots, pub_index)
    if noise is None and not requested.coupling:
        bare, observables = reduced(bare, wanted)
    else:
        observables = observables_of(wanted)
    bare, observables = translated_circuit(bare, observables, pub_index, requested, method)
    groups = None
    if method not in ("stabilizer", "matrix_product_state"):
        width, squared = len(active_qubits(bare)), method == "density_matrix"
        if isinstance(wanted, SamplesWanted) and not (noise or dynamic):
            groups = groups_for_aer(bare, squared=squared)
            width = width if groups is None else max(map(len, groups))
        check_width(width, pub_index, squared=squared)
    applied = "given" if noise else "none"
    if noise and method == "stabilizer":
        noise, approximated = noise.for_stabilizer()
        applied = "pauli-twirled" if approximated else applied
    metadata = {"simulation": {"method": method, "noise": applied}}
    # The cost is unknown until Aer chooses a method.
    limited = noise is not None and method != "automatic"
    per_shot = seconds_per_shot(bare, method, noisy=noise is not None or dynamic)
    simulation = AerSimulation(method, noise)
    if isinstance(wanted, SamplesWanted):
        seconds = 1e-3 + per_shot * wanted.shots
        if groups is not None:
            apart = AerGroups(simulation, groups)
            return Setup(apart, bare, len(groups) * seconds, metadata)
        return Setup(simulation, bare, seconds, metadata, limited=limited)
    if not dynamic and noise is None:
        return Setup(simulation, bare, 1e-3 + per_shot, metadata, observables, wanted.num_rows)
    check_precision(wanted.precision, pub_index, "a circuit with a noise model")
    return measured_setup(
        simulation, bare, wanted, observables, per_shot, metadata, limited=limited
    )
