"""The REST API, one method an endpoint. In: plain values. Out: decoded JSON, text or bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any, Final
from weakref import WeakValueDictionary

import msgspec

from qiskit_rest_primitives.account import Account, resolve_account
from qiskit_rest_primitives.errors import ProtocolError, RestPrimitivesError
from qiskit_rest_primitives.http.base_client import Caller
from qiskit_rest_primitives.http.error_replies import read_json
from qiskit_rest_primitives.http.path_ids import has_id, segment
from qiskit_rest_primitives.http.transport import MOST_REPLY_BYTES, READ_TIMEOUT_SECONDS, Reply
from qiskit_rest_primitives.settings import Settings
from qiskit_rest_primitives.wire.result.prompt_reply import (
    APPLIED,
    PREFERENCE,
    PromptOutcome,
    decode_prompt,
)

SUBMIT_TIMEOUT_SECONDS: Final = 300.0
LONGEST_IDLE_SECONDS: Final = 2.0
_living: WeakValueDictionary[tuple[str, str], ApiClient] = WeakValueDictionary()


class ApiClient(Caller):
    """Speaks to one instance of one service; shared by all threads and objects that use it.

    It pickles as url, instance and the account's name, never with its token: unpickled, it is the
    client that this process has for them, or a new one from the environment or the saved account.
    """

    def __init__(self, account: Account, settings: Settings | None = None):
        super().__init__(account, settings or Settings())
        _living[self.url, account.instance or ""] = self

    def __repr__(self) -> str:
        return f"ApiClient({self.url!r}, instance={self.account.instance!r})"

    def __reduce__(self) -> Any:
        return client_at, (self.url, self.account.instance or "", self.account.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> ApiClient:
        return self

    def answers(self, job_id: str, seconds: float) -> bool:
        """Whether the service returns a job's details within so many seconds."""
        path = f"/jobs/{segment(job_id)}"
        try:
            self._call("GET", path, retry=False, timeout_seconds=seconds)
        except RestPrimitivesError:
            return False
        return True

    # Jobs

    def create_job(self, body: bytes, *, fresh: bool = False) -> dict[str, Any]:
        """POST /jobs: ``{id, backend, ...}``. Never retried here: see `jobs.submission.submit`.

        Args:
            body: JSON.
            fresh: use a new connection. One that was idle for a while is never used: if the
                service closed it just then, nobody would know whether the job was created.
        """
        return _with_id(read_json("POST /jobs", self._post_job(body, fresh=fresh).body))

    def create_prompt_job(self, body: bytes) -> tuple[dict[str, Any], PromptOutcome | None]:
        """POST /jobs as `create_job`, which prefers to wait a little for the end of the job.

        Returns:
            The usual reply, and how the job ended: None if it did not, or if the service does not
            know the preference.
        """
        reply = self._post_job(body, headers={"Prefer": PREFERENCE})
        if reply.headers.get("Preference-Applied") != APPLIED:
            return _with_id(read_json("POST /jobs", reply.body)), None
        created, outcome = decode_prompt(reply.body)
        return _with_id(created), outcome

    def _post_job(
        self, body: bytes, *, fresh: bool = False, headers: Mapping[str, str] | None = None
    ) -> Reply:
        if fresh or self._transport.idle_seconds() > LONGEST_IDLE_SECONDS:
            self.reconnect()
        return self._call(
            "POST", "/jobs", body=body, headers=headers, timeout_seconds=SUBMIT_TIMEOUT_SECONDS
        )

    def job(
        self,
        job_id: str,
        *,
        exclude_params: bool = True,
        retry: bool = True,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        """GET /jobs/{id}: the job's details, with its params on request."""
        path = f"/jobs/{segment(job_id)}"
        most = None if exclude_params else self._most_params_bytes
        return self._get(path, retry, timeout_seconds, most, exclude_params=_flag(exclude_params))

    @property
    def _most_params_bytes(self) -> int:
        return max(self.settings.max_reply_bytes // 10, MOST_REPLY_BYTES)

    def jobs(self, *, retry: bool = True, **filters: Any) -> dict[str, Any]:
        """GET /jobs: one page, ``{jobs, count, offset, limit}``; None filters are left out."""
        given: dict[str, Any] = {
            k: _flag(v) if isinstance(v, bool) else v for k, v in filters.items()
        }
        most = None if given.get("exclude_params") != "false" else self._most_params_bytes
        page = self._get("/jobs", retry, most_bytes=most, **given)
        listed = page.get("jobs")
        if not isinstance(listed, list) or not all(has_id(entry) for entry in listed):
            raise ProtocolError(f"GET /jobs was answered without a list of jobs: {page!r:.300}")
        return page

    def job_results(
        self,
        job_id: str,
        into: IO[bytes] | None = None,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
    ) -> Reply:
        """GET /jobs/{id}/results, not retried: the body as received, or written to ``into``."""
        path = f"/jobs/{segment(job_id)}/results"
        return self._call(
            "GET",
            path,
            into=into,
            most_bytes=self.settings.max_reply_bytes,
            retry=False,
            timeout_seconds=timeout_seconds,
        )

    def job_logs(self, job_id: str) -> str:
        """GET /jobs/{id}/logs: plain text."""
        path = f"/jobs/{segment(job_id)}/logs"
        reply = self._call("GET", path, most_bytes=self._most_params_bytes)
        return reply.body.decode("utf-8", "replace")

    def job_metrics(self, job_id: str) -> dict[str, Any]:
        """GET /jobs/{id}/metrics: timestamps and usage."""
        return self._get(f"/jobs/{segment(job_id)}/metrics")

    def cancel_job(self, job_id: str) -> None:
        """POST /jobs/{id}/cancel; 409 (already final) is an InvalidRequestError."""
        self._call("POST", f"/jobs/{segment(job_id)}/cancel")

    def delete_job(self, job_id: str) -> None:
        """DELETE /jobs/{id}, not retried: final jobs only."""
        self._call("DELETE", f"/jobs/{segment(job_id)}", retry=False)

    def update_job_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """PUT /jobs/{id}/tags: replaces all tags."""
        self._call(
            "PUT", f"/jobs/{segment(job_id)}/tags", body=msgspec.json.encode({"tags": list(tags)})
        )

    # Backends

    def backends(self) -> list[dict[str, Any]]:
        """GET /backends: the entries of ``devices``."""
        devices = self._get("/backends").get("devices")
        if not isinstance(devices, list):
            raise ProtocolError("GET /backends was answered without a list of devices")
        return devices

    def backend_configuration(self, name: str, calibration_id: str | None = None) -> dict[str, Any]:
        """GET /backends/{name}/configuration, of a calibration of that id if one is given."""
        path = f"/backends/{segment(name)}/configuration"
        return self._get(path, calibration_id=calibration_id)

    def backend_properties(
        self,
        name: str,
        calibration_id: str | None = None,
        updated_before: str | None = None,
    ) -> dict[str, Any] | None:
        """GET /backends/{name}/properties; None for a backend without calibration."""
        path = f"/backends/{segment(name)}/properties"
        params = {"calibration_id": calibration_id, "updated_before": updated_before}
        body = self._call("GET", path, params=params).body
        return None if body.strip() in (b"", b"null", b"{}") else read_json(f"GET {path}", body)

    def backend_status(self, name: str) -> dict[str, Any]:
        """GET /backends/{name}/status."""
        return self._get(f"/backends/{segment(name)}/status")

    # Sessions

    def create_session(
        self, *, backend: str, mode: str, max_ttl: int | None = None
    ) -> dict[str, Any]:
        """POST /sessions: really opens one. ``max_ttl`` in seconds."""
        fields = {"backend": backend, "mode": mode, "max_ttl": max_ttl}
        body = msgspec.json.encode({k: v for k, v in fields.items() if v is not None})
        return read_json("POST /sessions", self._call("POST", "/sessions", body=body).body)

    def session(self, session_id: str) -> dict[str, Any]:
        """GET /sessions/{id}."""
        return self._get(f"/sessions/{segment(session_id)}")

    def update_session(self, session_id: str, *, accepting_jobs: bool) -> None:
        """PATCH /sessions/{id}: false closes it gracefully, for good."""
        body = msgspec.json.encode({"accepting_jobs": accepting_jobs})
        self._call("PATCH", f"/sessions/{segment(session_id)}", body=body)

    def close_session(self, session_id: str) -> None:
        """DELETE /sessions/{id}/close: queued jobs will not run."""
        self._call("DELETE", f"/sessions/{segment(session_id)}/close")

    def workloads(self, **filters: Any) -> list[dict[str, Any]]:
        """GET /workloads: one page of jobs, sessions or batches; None filters are left out."""
        workloads = self._get("/workloads", **filters).get("workloads")
        if not isinstance(workloads, list):
            raise ProtocolError("GET /workloads was answered without a list of workloads")
        return workloads

    # Account

    def instance(self) -> dict[str, Any]:
        """GET /instance: plan and limits."""
        return self._get("/instance")

    def usage(self) -> dict[str, Any]:
        """GET /instances/usage: seconds consumed and allowed."""
        return self._get("/instances/usage")

    def versions(self) -> list[dict[str, Any]]:
        """GET /versions: the dated forms of the API and their state."""
        return self._get("/versions").get("versions", [])

    def job_tags(self, search: str) -> list[str]:
        """GET /tags: tags of jobs that contain the search text (3 to 100 characters)."""
        return self._get("/tags", type="job", search=search).get("tags", [])


def client_at(url: str, instance: str, name: str | None) -> ApiClient:
    """The living client of that url and instance, or a new one from what is configured here.

    Raises:
        AccountError: neither the environment nor a saved account has a token for it.
    """
    living = _living.get((url, instance))
    if living is not None:
        return living
    account = resolve_account(url=url or None, instance=instance or None, name=name)
    return ApiClient(account)


def _with_id(created: dict[str, Any]) -> dict[str, Any]:
    """The reply to POST /jobs.

    Raises:
        ProtocolError: it has no id.
    """
    if not has_id(created):
        raise ProtocolError(f"POST /jobs was answered without an id: {created!r:.300}")
    return created


def _flag(value: bool) -> str:
    return "true" if value else "false"
