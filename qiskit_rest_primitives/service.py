"""QiskitRuntimeService: one account's backends, jobs and usage."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from qiskit_rest_primitives import account as accounts
from qiskit_rest_primitives.account.checks import not_a_token, without_secrets
from qiskit_rest_primitives.account.secret import Secret, hide
from qiskit_rest_primitives.account_side import running_local_service
from qiskit_rest_primitives.backend import (
    RestBackend,
    filter_backends,
    least_busy_entry,
    select_backends,
)
from qiskit_rest_primitives.errors import BackendError, NotFoundError
from qiskit_rest_primitives.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.job_side import JobSide
from qiskit_rest_primitives.settings import Settings


class QiskitRuntimeService(JobSide):
    """A service that speaks the Qiskit Runtime REST API, seen from one account.

    What is not given comes from the environment (``QISKIT_IBM_TOKEN``, ``_INSTANCE``, ``_URL``,
    ``_CHANNEL``, ``_REGION``), then from the saved account. Nothing is sent before something is
    asked for.

    Args:
        channel: ``"ibm_quantum_platform"`` (default), ``"ibm_cloud"``, or ``"local"`` for the
            embedded service, which this process then starts, once, and stops at its exit.
        token: API key, or a bearer token, which is used as it is.
        instance: CRN of the instance; its region picks the host.
        url: root of the API, for services other than IBM's, such as
            ``http://127.0.0.1:8000/v1``.
        region: preferred region.
        verify: TLS verification: True, False or the path of a CA bundle.
        proxies: scheme to URL as in requests, or ``{"urls": {...}}``.
        private_endpoint: use the service's private addresses.
        name: name of a saved account.
        filename: file of saved accounts.
        settings: how the client behaves: rate of submissions, journal, memory.

    Raises:
        AccountError: there is no account, or a part of it is malformed.
    """

    global_service: ClassVar[QiskitRuntimeService | None] = None

    def __init__(
        self,
        channel: str | None = None,
        token: str | Secret[str] | None = None,
        instance: str | None = None,
        url: str | None = None,
        region: str | None = None,
        verify: bool | str | None = None,
        proxies: Mapping[str, Any] | None = None,
        private_endpoint: bool = False,
        name: str | None = None,
        filename: str | None = None,
        *,
        settings: Settings | None = None,
    ):
        token, proxies, url = hide(token), hide(proxies), without_secrets(url)
        channel = not_a_token(channel)
        if channel == "local" and url is None and name is None:
            local = running_local_service()
            url, token = local.url, token or hide(local.token)
            instance = instance or local.instance
        resolved = accounts.resolve_account(
            channel=channel,
            token=token,
            instance=instance,
            url=url,
            region=region,
            verify=verify,
            proxies=proxies,
            private_endpoint=private_endpoint,
            name=name,
            filename=filename,
        )
        if resolved.verify is False:
            warnings.warn(
                "verify=False: whoever sits between here and the service can read and change "
                "everything, the token included; pass the path of a CA bundle instead",
                stacklevel=2,
            )
        self._begin(ApiClient(resolved, settings))
        type(self).global_service = self

    def __repr__(self) -> str:
        client: ApiClient | None = getattr(self, "_client", None)
        if client is None:
            return "<QiskitRuntimeService without an account>"
        return f"<QiskitRuntimeService({client.account.channel!r}, {client.url!r})>"

    def __getstate__(self) -> dict[str, Any]:
        return {"_client": self._client}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(state["_client"])

    def _begin(self, client: ApiClient) -> None:
        self._client = client
        self._known: dict[tuple[str, bool | None], RestBackend] = {}
        self._lock = Lock()

    @property
    def client(self) -> ApiClient:
        """The REST API beneath."""
        return self._client

    @property
    def channel(self) -> str:
        """The account's channel."""
        return self._client.account.channel

    # Backends

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        operational: bool | None = None,
        simulator: bool | None = None,
        filters: Callable[[RestBackend], bool] | None = None,
        *,
        use_fractional_gates: bool | None = False,
        **fields: Any,
    ) -> list[RestBackend]:
        """The backends that meet all conditions.

        Args:
            name: exactly this one.
            min_num_qubits: at least so wide; simulators without a width are wide enough.
            operational: that are (or are not) online.
            simulator: that are (or are not) simulators.
            filters: keeps a backend.
            use_fractional_gates: whether their targets have ``rx`` and ``rzz``.
            fields: wanted values of the configuration's or status's fields.
        """
        entries = select_backends(
            self._client.backends(),
            name,
            min_num_qubits=min_num_qubits,
            operational=operational,
            simulator=simulator,
        )
        found = [self._backend(entry, use_fractional_gates) for entry in entries]
        return filter_backends(found, filters, **fields) if filters or fields else found

    def backend(
        self, name: str, instance: str | None = None, use_fractional_gates: bool | None = False
    ) -> RestBackend:
        """The backend of that name; its target is fetched when it is first needed.

        Args:
            name: as `backends` lists it.
            instance: only the account's own.
            use_fractional_gates: whether its target has ``rx`` and ``rzz``.

        Raises:
            BackendError: there is none; the message names those there are.
        """
        self._check_instance(instance)
        entries = self._client.backends()
        for entry in entries:
            if entry.get("name") == name:
                return self._backend(entry, use_fractional_gates)
        try:
            # A service may serve more backends than it lists.
            self._client.backend_configuration(name)
        except NotFoundError:
            names = ", ".join(str(entry.get("name")) for entry in entries) or "none"
            raise BackendError(f"no backend {name!r}; there are: {names}") from None
        return self._backend({"name": name}, use_fractional_gates)

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        filters: Callable[[RestBackend], bool] | None = None,
        **conditions: Any,
    ) -> RestBackend:
        """The online backend with the shortest queue among those that meet all conditions.

        Args:
            min_num_qubits: at least so wide.
            instance: only the account's own.
            filters: keeps a backend.
            conditions: the other conditions of `backends`.

        Raises:
            BackendError: none meets them.
        """
        self._check_instance(instance)
        fractional = conditions.pop("use_fractional_gates", False)
        known = ("name", "operational", "simulator")
        asked = {key: conditions.pop(key) for key in known if key in conditions}
        entries = select_backends(self._client.backends(), min_num_qubits=min_num_qubits, **asked)
        if filters or conditions:
            backends = [self._backend(entry, fractional) for entry in entries]
            kept = filter_backends(backends, filters, **conditions)
            names = {backend.name for backend in kept}
            entries = [entry for entry in entries if entry["name"] in names]
        return self._backend(least_busy_entry(entries), fractional)

    def _backend(self, entry: Mapping[str, Any], fractional: bool | None) -> RestBackend:
        key = str(entry["name"]), fractional
        with self._lock:
            if key not in self._known:
                self._known[key] = RestBackend(
                    self._client, key[0], use_fractional_gates=fractional, list_entry=entry
                )
            self._known[key].note_entry(entry)
            return self._known[key]
