"""One instance of an account: its client, and its backends, each made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qiskit_rest_primitives.backend import (
    RestBackend,
    filter_backends,
    least_busy_entry,
    note_entry,
    select_backends,
)
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import BackendError, NotFoundError
from qiskit_rest_primitives.http.client import ApiClient

ENTRY_CONDITIONS = ("name", "min_num_qubits", "operational", "simulator", "include_mocks")
"""What the list of backends tells; other conditions need each backend's configuration."""


class Instance:
    """The backends of one instance.

    Args:
        client: speaks to the service, for this instance.
        service: the `QiskitRuntimeService`, which backends refer to.
    """

    def __init__(self, client: ApiClient, service: Any):
        self.client = client
        self._service = service
        self._made: dict[tuple[str, bool | None, str | None], RestBackend] = {}
        self._lock = Lock()

    def backends(
        self,
        fractional: bool | None,
        calibration_id: str | None = None,
        filters: Callable[[RestBackend], bool] | None = None,
        dynamic_circuits: bool | None = None,
        **conditions: Any,
    ) -> list[tuple[Mapping[str, Any], RestBackend]]:
        """The backends that meet all conditions with their entries, in the service's order.

        Args:
            fractional: whether their targets have ``rx`` and ``rzz``.
            calibration_id: a calibration of theirs.
            filters: keeps a backend.
            dynamic_circuits: whose configuration does (or does not) list that feature.
            conditions: `ENTRY_CONDITIONS`, and fields of the configuration or status.
        """
        of_entries = {key: conditions.pop(key) for key in ENTRY_CONDITIONS if key in conditions}
        entries = select_backends(self.client.backends(), **of_entries)
        found = [self._backend(entry, fractional, calibration_id) for entry in entries]
        kept = found
        if dynamic_circuits is not None:
            kept = [each for each in kept if _runs_dynamic(each) == dynamic_circuits]
        if filters or conditions:
            kept = filter_backends(kept, filters, **conditions)
        return [pair for pair in zip(entries, found, strict=True) if pair[1] in kept]

    def backend(
        self, name: str, fractional: bool | None, calibration_id: str | None
    ) -> RestBackend:
        """The backend of that name.

        Raises:
            BackendError: there is none, or it has no such calibration.
        """
        entries = self.client.backends()
        entry = next((entry for entry in entries if entry.get("name") == name), None)
        if entry is None:
            try:
                # A service may serve more backends than it lists.
                self.client.backend_configuration(name)
            except NotFoundError as error:
                names = ", ".join(str(entry.get("name")) for entry in entries) or "none"
                cure = f". {error.solution}" if "pip install" in error.solution else ""
                raise BackendError(f"no backend {name!r}; there are: {names}{cure}") from None
        found = self._backend(entry or {"name": name}, fractional, calibration_id)
        if calibration_id is not None:
            try:
                found.configuration()
            except NotFoundError as error:
                raise BackendError(
                    f"{name} has no calibration {calibration_id!r}: {error}"
                ) from None
        return found

    def least_busy(self, fractional: bool | None, **conditions: Any) -> RestBackend:
        """The online backend with the shortest queue of those that meet the conditions.

        Raises:
            BackendError: none meets them.
        """
        found = self.backends(fractional, **conditions)
        entry = least_busy_entry(entry for entry, _ in found)
        return next(backend for listed, backend in found if listed is entry)

    def _backend(
        self, entry: Mapping[str, Any], fractional: bool | None, calibration_id: str | None
    ) -> RestBackend:
        name = str(entry["name"])
        key = name, fractional, calibration_id
        with self._lock:
            if key not in self._made:
                self._made[key] = RestBackend(
                    self.client,
                    name,
                    use_fractional_gates=fractional,
                    list_entry=entry,
                    calibration_id=calibration_id,
                    service=self._service,
                )
            note_entry(self._made[key], entry)
            return self._made[key]


def _runs_dynamic(backend: RestBackend) -> bool:
    """Whether the backend's configuration lists dynamic circuits among its features."""
    return "dynamic_circuits" in getattr(backend.configuration(), "supported_features", ())
