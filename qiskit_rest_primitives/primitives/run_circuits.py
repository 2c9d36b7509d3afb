"""`backend.run`: circuits and options -> a job of the sampler -> CircuitJob."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qiskit import QuantumCircuit

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.errors import EncodeError, OptionsError
from qiskit_rest_primitives.jobs.circuit_job import CircuitJob
from qiskit_rest_primitives.jobs.results.circuit_results import RunCircuit, prepare
from qiskit_rest_primitives.jobs.user_warnings import warn_user
from qiskit_rest_primitives.options import SamplerOptions
from qiskit_rest_primitives.primitives.mode import Mode
from qiskit_rest_primitives.primitives.sampler import SamplerV2
from qiskit_rest_primitives.service.session import current_session, membership_of

SAMPLER_OPTIONS: Final = {
    "seed_simulator": "simulator",
    "noise_model": "simulator",
    "init_qubits": "execution",
    "rep_delay": "execution",
    "job_tags": "environment",
}
"""Options of `run` that the sampler has under the same name, and the group they are in there."""

OF_RUN: Final = ("shots", "memory", "meas_level", "meas_return")


def run_circuits(backend: RestBackend, circuits: Any, options: Mapping[str, Any]) -> CircuitJob:
    """Submits circuits as one job (or several, if they are too many for one).

    Args:
        backend: where to run.
        circuits: one circuit or several.
        options: those of `RestBackend.run`; None is as if not given.

    Raises:
        EncodeError: something is not a circuit, has parameters without values, or can't be sent.
        OptionsError: an option's value, or outcomes that are not bits.

    Warns:
        UserWarning: names options that nothing acts on.
    """
    given = {name: value for name, value in options.items() if value is not None}
    check_classified(given)
    unknown = given.keys() - {*OF_RUN, *SAMPLER_OPTIONS}
    if unknown:
        warn_user(f"{backend.name} does not act on these options of run(): {_named(unknown)}")
    sampler_options = SamplerOptions(split=True)
    for name, group in SAMPLER_OPTIONS.items():
        if name in given:
            setattr(getattr(sampler_options, group), name, given[name])
    sampled, known = prepare_all(circuits)
    sampler = SamplerV2(mode_for(backend), options=sampler_options)
    job = sampler.run(sampled, shots=given["shots"])
    return CircuitJob(job, known, memory=bool(given.get("memory")))


def mode_for(backend: RestBackend) -> Mode:
    """The session or batch of the surrounding ``with``, if it is on this backend; or the backend.

    Packages are given a backend where the user may have opened a session around them.
    """
    session = current_session()
    held = None if session is None else membership_of(session).backend
    same = held is not None and (held.client, held.name) == (backend.client, backend.name)
    return session if session is not None and same else backend


def check_classified(given: Mapping[str, Any]) -> None:
    """Refuses outcomes other than bits.

    Raises:
        OptionsError: names the option.
    """
    if given.get("meas_level", 2) not in (2, "classified"):
        raise OptionsError(
            f"meas_level={given['meas_level']!r}: backend.run() returns bits (meas_level=2); for "
            "measured signals run SamplerV2 with options.execution.meas_type = 'kerneled'"
        )
    if given.get("meas_return", "single") not in ("single", "avg"):
        raise OptionsError(f"meas_return takes 'single' or 'avg', not {given['meas_return']!r}")


def prepare_all(circuits: Any) -> tuple[list[QuantumCircuit], list[RunCircuit]]:
    """The circuits to sample, and what the result needs to know of each.

    Raises:
        EncodeError: something is not a circuit, or has parameters without values.
    """
    if isinstance(circuits, QuantumCircuit) or not isinstance(circuits, Iterable):
        circuits = [circuits]
    sampled: list[QuantumCircuit] = []
    known: list[RunCircuit] = []
    done: dict[int, tuple[QuantumCircuit, RunCircuit]] = {}  # equal objects are sent once
    given: list[Any] = list(circuits)
    for index, circuit in enumerate(given):
        if id(circuit) not in done:
            check_circuit(circuit, index)
            done[id(circuit)] = prepare(circuit)
        sampled.append(done[id(circuit)][0])
        known.append(done[id(circuit)][1])
    return sampled, known


def check_circuit(circuit: object, index: int) -> None:
    """Refuses what can't be run.

    Raises:
        EncodeError: it is not a circuit, or has parameters without values.
    """
    if not isinstance(circuit, QuantumCircuit):
        raise EncodeError(
            f"circuit {index}: expected a QuantumCircuit, not {type(circuit).__name__}"
        )
    if circuit.parameters:
        names = ", ".join(parameter.name for parameter in circuit.parameters)
        raise EncodeError(
            f"circuit {index} ({circuit.name!r}): no values for {names}; pass "
            "circuit.assign_parameters(values), or run SamplerV2 with [(circuit, values)]"
        )


def _named(unknown: Iterable[str]) -> str:
    named: list[str] = []
    for name in sorted(unknown):
        near = difflib.get_close_matches(name, (*OF_RUN, *SAMPLER_OPTIONS), n=1)
        named.append(f"{name} (did you mean {near[0]}?)" if near else name)
    return ", ".join(named)
