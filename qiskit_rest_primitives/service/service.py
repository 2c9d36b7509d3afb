"""QiskitRuntimeService: one account's backends, jobs and usage."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, ClassVar, Protocol, TypeVar

from qiskit_rest_primitives import account as accounts
from qiskit_rest_primitives.account.secret import Secret, hide
from qiskit_rest_primitives.account.validate import (
    check_instance,
    check_url,
    hide_misplaced_token,
    is_ibm,
    without_secrets,
)
from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.display.progress import Progress, require_bar
from qiskit_rest_primitives.errors import AccountError, NotFoundError
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.side_effects import delete
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.submission.recover_after_crash import find_lost
from qiskit_rest_primitives.jobs.tags import several_tags
from qiskit_rest_primitives.service.instance import Instance
from qiskit_rest_primitives.service.running import running_local_service
from qiskit_rest_primitives.settings import Settings, private_result
from qiskit_rest_primitives.wire.limits import MAX_PAGE

JobT = TypeVar("JobT", covariant=True)


class Runs(Protocol[JobT]):
    """A primitive: a sampler or an estimator."""

    def run(self, *args: Any, **kwargs: Any) -> JobT:
        """Submits PUBs and returns the job's handle."""
        ...


class QiskitRuntimeService:
    """A service that speaks the Qiskit Runtime REST API, seen from one account.

    Arguments that are not given are read from the environment (``QISKIT_IBM_TOKEN``,
    ``_INSTANCE``, ``_URL``, ``_CHANNEL``, ``_REGION``), then from the saved account. The
    constructor sends nothing.

    Args:
        channel: ``"ibm_quantum_platform"`` (default), ``"ibm_cloud"``, or ``"local"`` for the
            embedded service, which this process then starts, once, and stops at its exit.
        token: API key, or a bearer token, which is used as it is.
        url: root of the API, for services other than IBM's, such as
            ``http://127.0.0.1:8000/v1``.
        filename: file of saved accounts.
        name: name of a saved account.
        instance: CRN of the instance; its region picks the host.
        proxies: scheme to URL as in requests, or ``{"urls": {...}}``.
        verify: TLS verification: True, False or the path of a CA bundle.
        private_endpoint: use the service's private addresses.
        url_resolver: called with url, instance, private_endpoint and channel; gives the root of
            the API in place of the rule above.
        region: preferred region.
        plans_preference: ignored, as this client does not choose an instance; see ``Raises``.
        tags: ignored likewise.
        settings: how the client behaves: rate of submissions, journal, memory.

    Raises:
        AccountError: there is no account, a part of it is malformed, or an instance would have to
            be chosen by ``plans_preference`` or ``tags``.

    >>> service = QiskitRuntimeService(channel="local")
    >>> job = SamplerV2(service.backend("statevector")).run([bell], shots=100)
    >>> sorted(job.result()[0].data.meas.get_counts())
    ['00', '11']
    """

    save_account = staticmethod(accounts.save_account)
    delete_account = staticmethod(accounts.delete_account)
    global_service: ClassVar[QiskitRuntimeService | None] = None

    def __init__(
        self,
        channel: str | None = None,
        token: str | Secret[str] | None = None,
        url: str | None = None,
        filename: str | None = None,
        name: str | None = None,
        instance: str | None = None,
        proxies: Mapping[str, Any] | None = None,
        verify: bool | str | None = None,
        private_endpoint: bool | None = None,
        url_resolver: Callable[[str, str, bool | None, str], str] | None = None,
        region: str | None = None,
        plans_preference: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        *,
        settings: Settings | None = None,
    ):
        token, proxies, url = hide(token), hide(proxies), without_secrets(url)
        channel = hide_misplaced_token(channel)
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
            private_endpoint=bool(private_endpoint),
            name=name,
            filename=filename,
        )
        if (plans_preference or tags) and not resolved.instance:
            raise AccountError(
                "this client does not choose an instance by plans_preference or tags: pass "
                "instance=..., the CRN of one"
            )
        if url_resolver is not None:
            place = resolved.url, resolved.instance or "", resolved.private_endpoint
            resolved = replace(resolved, url=check_url(url_resolver(*place, resolved.channel)))
        if resolved.verify is False:
            warnings.warn(
                "verify=False: anyone on the network path to the service can read and change "
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

    def _repr_html_(self) -> str | None:
        from qiskit_rest_primitives.display.service_card import service_card

        client: ApiClient | None = getattr(self, "_client", None)
        return None if client is None else service_card(client.account, client.url, client.settings)

    def __getstate__(self) -> dict[str, Any]:
        return {"_client": self._client}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(state["_client"])

    def _begin(self, client: ApiClient) -> None:
        self._client = client
        # The account's own is the first.
        self._instances = {client.account.instance: Instance(client, self)}
        self._lock = Lock()

    @property
    def client(self) -> ApiClient:
        """The REST API beneath."""
        return self._client

    @property
    def channel(self) -> str:
        """The account's channel."""
        return self._client.account.channel

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded service, or one that was saved as such."""
        return self.channel == "local"

    def _instance(self, instance: str | None) -> Instance:
        """The account's own or another instance.

        Raises:
            AccountError: it is not a CRN.
        """
        account = self._client.account
        crn = account.instance
        if instance not in (None, crn):
            crn = check_instance(instance, ibm=is_ibm(account.url)) or ""
        with self._lock:
            if crn not in self._instances:
                client = ApiClient(replace(account, instance=crn), self._client.settings)
                self._instances[crn] = Instance(client, self)
            return self._instances[crn]

    # Backends

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        dynamic_circuits: bool | None = None,
        filters: Callable[[RestBackend], bool] | None = None,
        *,
        operational: bool | None = None,
        simulator: bool | None = None,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        include_mocks: bool = False,
        **fields: Any,
    ) -> list[RestBackend]:
        """The backends that meet all conditions.

        Args:
            name: exactly this one.
            min_num_qubits: fewest qubits; simulators of any width qualify.
            instance: CRN of another instance of the account; None for the service's own.
            dynamic_circuits: whose configuration does (or does not) list that feature.
            filters: keeps a backend.
            operational: True for backends that are online, False for those that are not.
            simulator: True for simulators, False for devices.
            use_fractional_gates: whether their targets have ``rx`` and ``rzz``.
            calibration_id: a calibration of theirs, for the target and the jobs.
            include_mocks: also backends that only check jobs.
            fields: wanted values of the configuration's or status's fields.

        >>> [found.name for found in service.backends(simulator=False, min_num_qubits=100)]
        ['fake_127q', 'fake_133q', 'fake_156q']
        """
        found = self._instance(instance).backends(
            use_fractional_gates,
            calibration_id,
            filters,
            dynamic_circuits,
            name=name,
            min_num_qubits=min_num_qubits,
            operational=operational,
            simulator=simulator,
            include_mocks=include_mocks,
            **fields,
        )
        return [backend for _, backend in found]

    def backend(
        self,
        name: str,
        instance: str | None = None,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
    ) -> RestBackend:
        """The backend of that name; its target is fetched when it is first needed.

        Args:
            name: as `backends` lists it.
            instance: CRN of another instance of the account; None for the service's own.
            use_fractional_gates: whether its target has ``rx`` and ``rzz``.
            calibration_id: a calibration of it, for the target and the jobs. The devices of the
                embedded service have one a day, such as ``2026-01-31``.

        Raises:
            BackendError: there is none, and the message names those there are; or it has no such
                calibration.

        >>> service.backend("fake_5q").num_qubits
        5
        """
        return self._instance(instance).backend(name, use_fractional_gates, calibration_id)

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        filters: Callable[[RestBackend], bool] | None = None,
        use_fractional_gates: bool | None = False,
        **conditions: Any,
    ) -> RestBackend:
        """The online backend with the shortest queue among those that meet all conditions.

        Args:
            min_num_qubits: at least so wide.
            instance: CRN of another instance of the account; None for the service's own.
            filters: keeps a backend.
            use_fractional_gates: whether its target has ``rx`` and ``rzz``.
            conditions: the other conditions of `backends`.

        Raises:
            BackendError: none meets them.

        >>> service.least_busy(min_num_qubits=127, simulator=False)
        <RestBackend('fake_127q')>
        """
        return self._instance(instance).least_busy(
            use_fractional_gates, min_num_qubits=min_num_qubits, filters=filters, **conditions
        )

    # Jobs

    def job(self, job_id: str) -> RestJob:
        """The job of that id, with its params; its result has the user's names again.

        Raises:
            NotFoundError: there is none in this instance, nor in others that were used.

        >>> job_id = SamplerV2(backend).run([bell], shots=100).job_id()
        >>> service.job(job_id).result()[0].data.meas.num_shots
        100
        """
        try:
            return self._handle(self._client, self._client.job(job_id, exclude_params=False))
        except NotFoundError:
            for other in list(self._instances.values())[1:]:
                with suppress(NotFoundError):
                    details = other.client.job(job_id, exclude_params=False)
                    return self._handle(other.client, details)
            raise

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        pending: bool | None = None,
        program_id: str | None = None,
        instance: str | None = None,
        job_tags: Sequence[str] | None = None,
        session_id: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        descending: bool = True,
        include_mocks: bool = False,
    ) -> list[RestJob]:
        """Jobs that meet all conditions, newest first; pages of the list are joined.

        Args:
            limit: largest number of jobs; None for all.
            skip: number of jobs to skip at the start.
            backend_name: only jobs on this backend.
            pending: True for queued and running jobs, False for final ones.
            program_id: ``sampler``, ``estimator`` or ``executor``.
            instance: CRN of another instance of the account; None for the service's own.
            job_tags: only jobs that have all of these tags.
            session_id: of this session or batch.
            created_after: a time; one without zone is local.
            created_before: a time; one without zone is local.
            descending: False for oldest first.
            include_mocks: also those of backends that only check jobs.

        >>> options = {"environment": {"job_tags": ["entangled"]}}
        >>> job = SamplerV2(backend, options=options).run([bell])
        >>> [found.job_id() for found in service.jobs(job_tags=["entangled"])] == [job.job_id()]
        True
        """
        client = self._instance(instance).client
        filters: dict[str, Any] = {
            "backend": backend_name,
            "pending": pending,
            "program": program_id,
            "tags": None if job_tags is None else several_tags(job_tags),
            "session_id": session_id,
            "created_after": _utc(created_after),
            "created_before": _utc(created_before),
            "sort": "DESC" if descending else "ASC",
            "include_mocks": include_mocks or None,
        }
        found: list[RestJob] = []
        while limit is None or len(found) < limit:
            size = MAX_PAGE if limit is None else min(MAX_PAGE, limit - len(found))
            page = client.jobs(limit=size, offset=skip + len(found), **filters)["jobs"]
            # A service may ignore the limit; one that means harm sends a million jobs.
            found += [self._handle(client, details) for details in page[:size]]
            if len(page) < size:
                break
        return found

    def _handle(self, client: ApiClient, details: Mapping[str, Any]) -> RestJob:
        name = str(details.get("backend") or "")
        backend = RestBackend(client, name, service=self) if name else None
        return RestJob(client, str(details["id"]), details=details, backend=backend)

    def delete_job(self, job_id: str) -> None:
        """Permanently deletes a final job and its result, and a private result's local copy."""
        delete(self._client, job_id)
        kept = private_result(self._client.settings, job_id)
        for copy in kept.parent.glob(f"{kept.stem}.*"):
            copy.unlink()

    def run_all(
        self,
        primitive: Runs[JobT],
        runs: Iterable[Iterable[Any]],
        *,
        progress: bool | None = None,
        shots: int | None = None,
        precision: float | None = None,
        dry_run: bool = False,
    ) -> Iterator[JobT]:
        """Submits any number of runs in order, below the service's rate, and yields their handles.

        The runs may come from a generator: each is made just before it is submitted.

        Args:
            primitive: SamplerV2 or EstimatorV2.
            runs: the PUBs of each job.
            progress: whether to show a bar of the submissions, as in `wait`.
            shots: as `SamplerV2.run` takes them.
            precision: as `EstimatorV2.run` takes it.
            dry_run: as both take it.

        >>> jobs = service.run_all(EstimatorV2(backend), [[(bell_state, "ZZ")]] * 3, precision=0)
        >>> [round(float(job.result()[0].data.evs), 9) for job in jobs]
        [1.0, 1.0, 1.0]
        """
        require_bar(progress)
        keywords = {"shots": shots, "precision": precision, "dry_run": dry_run or None}
        given = {name: value for name, value in keywords.items() if value is not None}
        return self._run_each(primitive, runs, progress, given)

    def _run_each(
        self,
        primitive: Runs[JobT],
        runs: Iterable[Iterable[Any]],
        progress: bool | None,
        run_options: Mapping[str, Any],
    ) -> Iterator[JobT]:
        show = self._client.settings.progress if progress is None else progress
        total = len(runs) if isinstance(runs, Sized) else None
        with Progress(show, total, lambda: "jobs submitted") as bar:
            for number, pubs in enumerate(runs, 1):
                bar.draw()
                job = primitive.run(list(pubs), **run_options)
                bar.draw(number)
                yield job

    def recover(self) -> list[RestJob]:
        """Finds jobs whose submission was interrupted, by a crash or an outage.

        Each submission in the journal without a job id is looked up by its tag. One that is still
        missing after ten minutes never reached the service and is removed from the journal.

        Returns:
            Handles of the jobs that were found, oldest first.

        >>> service.recover()  # no submission was interrupted
        []
        """
        return [self._handle(self._client, details) for details in find_lost(self._client)]

    def check_pending_jobs(self) -> None:
        """Kept for code written for the official client; nothing is limited here."""

    # The account

    @staticmethod
    def saved_accounts(
        default: bool | None = None,
        channel: str | None = None,
        filename: str | None = None,
        name: str | None = None,
    ) -> dict[str, dict[str, Any]]:
        """The saved accounts by name; ``["token"].reveal()`` returns a token, likewise proxies."""
        return accounts.saved_accounts(default, channel, filename, name)

    def active_account(self) -> dict[str, Any]:
        """The account in use; token and proxies are hidden, ``["token"].reveal()`` gives one."""
        return accounts.as_saved(self._client.account)

    def active_instance(self) -> str:
        """The CRN in use; empty where the service has none."""
        return self._client.account.instance or ""

    def instances(self) -> Sequence[Mapping[str, Any]]:
        """The instance in use, with what the service says of its plan."""
        reply = self._client.instance()
        return [{"crn": self.active_instance(), "plan": reply.get("plan_id"), **reply}]

    def usage(self) -> dict[str, Any]:
        """Seconds the instance has consumed and may consume, as the service gives them.

        ``usage_remaining_seconds`` is the difference, where there is a limit.
        """
        usage = self._client.usage()
        limit = usage.get("usage_limit_seconds") or usage.get("usage_allocation_seconds")
        if limit:
            left = max(limit - usage.get("usage_consumed_seconds", 0), 0)
            usage["usage_remaining_seconds"] = left
        return usage


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()


def service_of(client: ApiClient) -> QiskitRuntimeService:
    """What a client's account offers; it does not become the `global_service`."""
    service = QiskitRuntimeService.__new__(QiskitRuntimeService)
    service.__setstate__({"_client": client})
    return service
