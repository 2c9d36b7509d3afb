"""Filters backends by fields of their configuration or status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.errors import BackendError

if TYPE_CHECKING:
    from qiskit_rest_primitives.backend.backend import RestBackend


def filter_backends(
    backends: Sequence[RestBackend],
    filters: Callable[[RestBackend], bool] | None = None,
    **criteria: Any,
) -> list[RestBackend]:
    """The backends with these values of configuration or status fields, that pass the filter.

    Args:
        backends: their configuration is fetched, and their status for fields it lacks.
        filters: returns True for a backend to keep.
        **criteria: field and wanted value, such as ``simulator=False`` or ``local=False``.

    Raises:
        BackendError: neither configuration nor status of any backend has such a field.
    """
    unknown = set(criteria)
    kept: list[RestBackend] = []
    for backend in backends:
        configuration = backend.configuration()
        found = {key: getattr(configuration, key) for key in criteria if key in configuration}
        if found.keys() != criteria.keys():
            status = backend.status().to_dict()
            found |= {key: status[key] for key in criteria.keys() & status.keys()}
        unknown -= found.keys()
        if found == criteria and (filters is None or filters(backend)):
            kept.append(backend)
    if unknown and backends:
        raise BackendError(
            f"no backend has the field {', '.join(sorted(unknown))}; use a field of "
            "backend.configuration().to_dict() or backend.status()"
        )
    return kept
