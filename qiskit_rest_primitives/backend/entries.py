"""Selects entries of the list of backends: by name, by width, least busy. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qiskit_rest_primitives.errors import BackendError


def select_backends(
    entries: Iterable[Mapping[str, Any]],
    name: str | None = None,
    *,
    min_num_qubits: int | None = None,
    operational: bool | None = None,
    simulator: bool | None = None,
    include_mocks: bool = False,
) -> list[Mapping[str, Any]]:
    """The entries that meet all conditions, in the order of the service.

    Args:
        entries: ``devices`` of ``GET /backends``.
        name: only this backend.
        min_num_qubits: at least so many; a simulator of any width has enough.
        operational: whether it takes jobs now.
        simulator: whether it is one.
        include_mocks: keep backends that only check jobs (class "mock").
    """
    return [
        entry
        for entry in entries
        if (name is None or entry.get("name") == name)
        and (min_num_qubits is None or _width(entry) >= min_num_qubits)
        and (operational is None or is_online(entry) == operational)
        and (simulator is None or bool(entry.get("is_simulator")) == simulator)
        and (include_mocks or entry.get("class") != "mock")
    ]


def least_busy_entry(entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The entry with the shortest queue among those that take jobs.

    Raises:
        BackendError: none takes jobs; the message says in what state each one is.
    """
    entries = list(entries)
    online = [entry for entry in entries if is_online(entry)]
    if not online:
        states = ", ".join(f"{entry.get('name')} is {state_name(entry)}" for entry in entries)
        raise BackendError(
            f"no operational backend matches{f' ({states})' if states else ''}; "
            "relax the conditions, or see service.backends()"
        )
    return min(online, key=lambda entry: entry.get("queue_length") or 0)


def is_online(entry: Mapping[str, Any]) -> bool:
    """Whether a backend of ``GET /backends`` takes jobs."""
    return state_name(entry) in ("online", "active")


def state_name(entry: Mapping[str, Any]) -> str:
    """The word for a backend's state in ``GET /backends``, such as online or paused."""
    status = entry.get("status")
    return str(status.get("name") if isinstance(status, Mapping) else status).lower()


def _width(entry: Mapping[str, Any]) -> float:
    qubits = entry.get("qubits", entry.get("n_qubits"))
    if qubits is None:
        return float("inf") if entry.get("is_simulator") else 0
    return qubits
