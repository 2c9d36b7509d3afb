"""A PUB's circuit and what is wanted of it -> its `Setup` on a kind of backend."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.aer import AerSimulation
from qiskit_rest_primitives.local.simulators.aer_limits import missing_in_aer
from qiskit_rest_primitives.local.simulators.branch_simulator import BranchSimulator
from qiskit_rest_primitives.local.simulators.circuit_analysis import (
    active_qubits,
    all_instructions,
    branches_bound,
    is_dynamic,
    keep_after_measuring,
    keep_letters,
    keep_qubits,
    refuse_inputs,
    split_final_measurements,
    unfolded,
    without_leading_resets,
)
from qiskit_rest_primitives.local.simulators.clifford import CLIFFORD_GATES
from qiskit_rest_primitives.local.simulators.cost_model import (
    check_shots,
    check_width,
    seconds_per_shot,
    statevector_limit,
)
from qiskit_rest_primitives.local.simulators.devices import CONTROL_FLOW
from qiskit_rest_primitives.local.simulators.pauli_bases import choose_bases
from qiskit_rest_primitives.local.simulators.setup import Setup
from qiskit_rest_primitives.local.simulators.simulator import (
    ExpectationsWanted,
    SamplesWanted,
    Wanted,
)
from qiskit_rest_primitives.local.simulators.statevector import ReferenceSimulator
from qiskit_rest_primitives.wire.shots import shots_of
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW as INSTRUCTIONS
from qiskit_rest_primitives.wire.target.operations import NON_UNITARY

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.job_options import Requested

# fmt: off - one name a line would fill a page
_AER_GATES = (
    "ccx",
    "cp",
    "cx",
    "cy",
    "cz",
    "delay",
    "ecr",
    "h",
    "id",
    "p",
    "r",
    "rx",
    "rxx",
    "ry",
    "ryy",
    "rz",
    "rzx",
    "rzz",
    "s",
    "sdg",
    "swap",
    "sx",
    "sxdg",
    "t",
    "tdg",
    "u",
    "u1",
    "u2",
    "u3",
    "unitary",
    "x",
    "y",
    "z",
)
_NOT_GATES = (
    "barrier",
    "measure",
    "reset",
    "if_else",
    "while_loop",
    "for_loop",
    "switch_case",
    "break_loop",
    "continue_loop",
)
# fmt: on
# The method that a PUB's metadata name where circuits run on `BranchSimulator`.
_BRANCHES = {"simulation": {"method": "branches", "noise": "none"}}
# With a precision, values of more amplitudes than 2**22 are found sooner by sampling.
_EXACT_UP_TO = 22
# Up to this width idle qubits cost nothing, and the reference's arithmetic is kept to the bit.
_KEEP_IDLE_UP_TO = 10


Prepare = Callable[["QuantumCircuit", int, "Requested", Wanted], Setup]


def prepare_statevector(
    circuit: QuantumCircuit, pub_index: int, requested: Requested, wanted: Wanted
) -> Setup:
    """Runs unitary circuits like the reference primitives; dynamic ones on branches, or on Aer.

    Raises:
        RefusedError: too wide.
    """
    circuit, wanted = _ready(circuit, pub_index, wanted)
    if is_dynamic(circuit):
        if isinstance(wanted, ExpectationsWanted) and (
            wanted.precision == 0 or branches_bound(circuit) <= _EXACT_UP_TO
        ):
            return _prepare_exact(circuit, pub_index, wanted)
        if aer_is_installed() and not missing_in_aer(circuit):
            return prepare_aer("statevector")(circuit, pub_index, requested, wanted)
        return _prepare_sampled(circuit, pub_index, wanted)
    small, observables = _reduced(circuit, wanted, keep_narrow=True)
    check_width(small.num_qubits, pub_index)
    small = without_leading_resets(small)
    terms = sum(map(len, observables))
    seconds = len(small.data) * (8e-5 + 3e-8 * 2**small.num_qubits)
    seconds += terms * (5e-5 + 8e-9 * 2**small.num_qubits)
    if isinstance(wanted, SamplesWanted):
        seconds += wanted.shots * 1e-7
    return Setup(ReferenceSimulator(), small, seconds, observables=observables)


def prepare_aer(method: str) -> Prepare:
    """Runs on a method of Aer, with the noise model, gates and coupling that the job asks for."""

    def prepare(
        circuit: QuantumCircuit, pub_index: int, requested: Requested, wanted: Wanted
    ) -> Setup:
        noise = requested.noise
        # With a noise model a measurement may have noise of its own: then it stays where it is.
        bare, wanted = _ready(circuit, pub_index, wanted, keep_measurements=noise is not None)
        dynamic = is_dynamic(bare)
        if noise is None and dynamic and _is_exact(wanted):
            return _prepare_exact(bare, pub_index, wanted)
        if missing := missing_in_aer(bare):
            if noise is not None:
                raise RefusedError(
                    f"PUB {pub_index}: Aer does not run {missing}, and this service adds no noise "
                    "without Aer",
                    solution="Leave the noise model out, or write the condition in another way.",
                )
            return _prepare_sampled(bare, pub_index, wanted)
        if isinstance(wanted, SamplesWanted):
            check_shots(wanted.shots, pub_index)
        if noise is None and not requested.coupling:
            bare, observables = _reduced(bare, wanted)
        else:
            observables = _observables_of(wanted)
        bare, observables = _translated(bare, observables, pub_index, requested, method)
        if method not in ("stabilizer", "matrix_product_state"):
            check_width(len(active_qubits(bare)), pub_index, squared=method == "density_matrix")
        clifford = method == "stabilizer"
        applied = "given" if noise else "none"
        if noise and method == "stabilizer":
            noise, approximated = noise.for_stabilizer()
            applied = "pauli-twirled" if approximated else applied
        metadata = {"simulation": {"method": method, "noise": applied}}
        # What Aer's choice of a method costs is not known before it is made.
        limited = noise is not None and method != "automatic"
        per_shot = seconds_per_shot(bare, method, noisy=noise is not None or dynamic)
        if isinstance(wanted, SamplesWanted):
            seconds = 1e-3 + per_shot * wanted.shots
            simulation = AerSimulation(method, noise, None, clifford)
            return Setup(simulation, bare, seconds, metadata, limited=limited)
        if not dynamic and noise is None:
            return Setup(
                AerSimulation(method, None, None, clifford),
                bare,
                1e-3 + per_shot,
                metadata,
                observables,
                wanted.num_rows,
            )
        check_precision(wanted, pub_index, "a circuit with a noise model")
        return measured_setup(
            AerSimulation(method, noise, None, clifford),
            bare,
            wanted,
            observables,
            per_shot,
            metadata,
            limited=limited,
        )

    return prepare


@cache
def aer_is_installed() -> bool:
    """Whether Aer can be imported; looks, and does not import it."""
    return importlib.util.find_spec("qiskit_aer") is not None


def _ready(
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


def _is_exact(wanted: Wanted) -> TypeGuard[ExpectationsWanted]:
    return isinstance(wanted, ExpectationsWanted) and wanted.precision == 0


def _prepare_exact(circuit: QuantumCircuit, pub_index: int, wanted: ExpectationsWanted) -> Setup:
    """Exact expectation values of a dynamic circuit without noise."""
    small, observables = _reduced(circuit, wanted)
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


def _prepare_sampled(circuit: QuantumCircuit, pub_index: int, wanted: Wanted) -> Setup:
    """Samples of a dynamic circuit without noise, by which an estimator measures."""
    small, observables = _reduced(circuit, wanted)
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
    check_precision(wanted, pub_index, "a circuit that is sampled")
    return measured_setup(
        BranchSimulator(pub_index), small, wanted, observables, per_shot, dict(_BRANCHES)
    )


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


def _observables_of(wanted: Wanted) -> list[dict[str, float]]:
    return wanted.observables if isinstance(wanted, ExpectationsWanted) else []


def kept_qubits(circuit: QuantumCircuit, wanted: Wanted, *, measured: bool) -> list[int]:
    """Qubits to simulate: those in use and, where they are measured, those that are observed."""
    kept = set(active_qubits(circuit))
    if measured:
        for terms in _observables_of(wanted):
            for pauli in terms:
                kept.update(i for i, letter in enumerate(reversed(pauli)) if letter != "I")
    return sorted(kept) or [0]


def _reduced(
    circuit: QuantumCircuit, wanted: Wanted, *, keep_narrow: bool = False
) -> tuple[QuantumCircuit, list[dict[str, float]]]:
    observables = _observables_of(wanted)
    if circuit.num_qubits == 0 or (keep_narrow and circuit.num_qubits <= _KEEP_IDLE_UP_TO):
        return circuit, observables
    kept = kept_qubits(circuit, wanted, measured=False)
    if len(kept) == circuit.num_qubits:
        return circuit, observables
    return keep_qubits(circuit, kept), [keep_letters(terms, kept) for terms in observables]


def _translated(
    circuit: QuantumCircuit,
    observables: list[dict[str, float]],
    pub_index: int,
    requested: Requested,
    method: str,
) -> tuple[QuantumCircuit, list[dict[str, float]]]:
    """The circuit in gates that Aer has, or in those of the job's own gates and coupling."""
    basis = requested.basis_gates or (
        list(CLIFFORD_GATES) if method == "stabilizer" else _AER_GATES
    )
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
        if jumps := names & {"break_loop", "continue_loop"}:
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


def check_precision(wanted: ExpectationsWanted, pub_index: int, what: str) -> None:
    """Refuses exact values where there are only measured ones, and more shots than Aer can hold."""
    if wanted.precision == 0:
        raise RefusedError(
            f"PUB {pub_index}: precision 0 asks for exact values, which {what} does not give",
            solution="Ask for a precision above 0, such as 0.01.",
        )
    check_shots(wanted.precision**-2 if wanted.precision > 1e-100 else math.inf, pub_index)
