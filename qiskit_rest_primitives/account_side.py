"""The account's side of a service: who is asking, what is saved, what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_rest_primitives import account as accounts
from qiskit_rest_primitives.errors import AccountError
from qiskit_rest_primitives.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient

_local_lock = Lock()
_local_service: Any = None


class AccountSide:
    """What `QiskitRuntimeService` says and does about its account."""

    _client: ApiClient

    save_account = staticmethod(accounts.save_account)
    delete_account = staticmethod(accounts.delete_account)

    @staticmethod
    def saved_accounts(
        default: bool | None = None,
        channel: str | None = None,
        filename: str | None = None,
        name: str | None = None,
    ) -> dict[str, dict[str, Any]]:
        """The saved accounts by name; ``["token"].reveal()`` gives one, proxies likewise."""
        return accounts.saved_accounts(default, channel, filename, name)

    def active_account(self) -> dict[str, Any]:
        """The account in use; token and proxies are hidden, ``["token"].reveal()`` gives one."""
        return self._client.account.as_saved()

    def _check_instance(self, instance: str | None) -> None:
        if instance is not None and instance != self._client.account.instance:
            raise AccountError(
                f"this service uses {self._client.account.instance!r}: make another one with "
                f"QiskitRuntimeService(instance={instance!r})"
            )

    def active_instance(self) -> str:
        """The CRN in use; empty where the service has none."""
        return self._client.account.instance or ""

    def instances(self) -> Sequence[Mapping[str, Any]]:
        """The instance in use, with what the service says of its plan."""
        said = self._client.instance()
        return [{"crn": self.active_instance(), "plan": said.get("plan_id"), **said}]

    def usage(self) -> dict[str, Any]:
        """Seconds the instance has consumed and may consume, as the service gives them."""
        return self._client.usage()


def running_local_service() -> Any:
    """The embedded service of this process, started by the first who asks."""
    global _local_service
    with _local_lock:
        if _local_service is None:
            from qiskit_rest_primitives.local import LocalService

            _local_service = LocalService().start()
        return _local_service
