"""What notebooks show of a backend. In: what was fetched of it so far. Out: HTML. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit_rest_primitives.backend.entries import is_online
from qiskit_rest_primitives.backend.reports import BackendConfiguration, BackendProperties
from qiskit_rest_primitives.display.backend_card import Calibration, backend_card


def card_of_backend(
    name: str,
    entry: Mapping[str, Any] | None,
    configuration: BackendConfiguration | None,
    properties: BackendProperties | None,
    values: Mapping[str, object],
) -> str:
    """The card of a backend.

    Args:
        name: of the backend.
        entry: its entry in the list of backends, if it was listed.
        configuration: if it was fetched.
        properties: if they were fetched.
        values: more facts by name.
    """
    entry = entry or {}
    qubits = configuration.n_qubits if configuration is not None else entry.get("qubits")
    simulator = configuration.simulator if configuration is not None else entry.get("is_simulator")
    kind = {True: "simulator", False: "device"}.get(bool(simulator))
    shown = {
        "kind": kind if simulator is not None else None,
        "qubits": qubits or ("any number" if simulator else None),
        "gates": None if configuration is None else configuration.to_dict().get("basis_gates"),
        "state when listed": _state(entry),
        "measured": None if properties is None else properties.last_update_date,
        **values,
    }
    advice = "" if simulator else "No map of its errors: "
    if advice and properties is None and configuration is not None:
        advice += "its calibration was not fetched; call backend.properties(), then show it again."
    elif advice:
        advice += "nothing was fetched of it so far; call backend.target, then show it again."
    measured = None
    if properties is not None and configuration is not None:
        measured = _calibration(configuration, properties)
    return backend_card(name, shown, measured, advice)


def _state(entry: Mapping[str, Any]) -> str | None:
    if "status" not in entry:
        return None
    state = "online" if is_online(entry) else "takes no jobs"
    waiting = entry.get("queue_length")
    return state if waiting is None else f"{state}, {waiting} jobs waiting"


def _calibration(configuration: BackendConfiguration, properties: BackendProperties) -> Calibration:
    faulty = properties.faulty_qubits()
    qubits = range(configuration.n_qubits or 0)
    rows = [{} if qubit in faulty else properties.qubit_property(qubit) for qubit in qubits]

    def of_qubits(name: str) -> list[float | None]:
        return [row[name][0] if name in row else None for row in rows]

    known = configuration.to_dict()
    gates: dict[str, dict[tuple[int, int], float | None]] = {}
    for gate in known.get("basis_gates") or ():
        for place, row in properties.gate_property(gate).items():
            if len(place) == 2:
                error = row["gate_error"][0] if "gate_error" in row else None
                gates.setdefault(gate, {})[place] = error
    places = [(row, column) for column, row in known.get("coords") or ()]
    return Calibration(
        of_qubits("readout_error"),
        gates,
        of_qubits("T1"),
        of_qubits("T2"),
        places if len(places) == len(rows) else None,
        faulty,
    )
