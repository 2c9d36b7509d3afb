"""Serves a recording again, without any network. In: a file and calls. Out: the recorded replies.

A submission is matched by what it runs: the same canonical circuits, values, observables, shots,
options and backend, whatever the circuits are called. The n-th of several equal ones gets the n-th
that was recorded. Other reads repeat their last reply.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from qiskit_rest_primitives.account import Account, resolve_account
from qiskit_rest_primitives.account.secret import hide
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.interception import Send, intercepting
from qiskit_rest_primitives.http.transport import Call, Reply
from qiskit_rest_primitives.jobs.status import FINAL, read_status
from qiskit_rest_primitives.service.service import QiskitRuntimeService, service_of
from qiskit_rest_primitives.testing.job_paths import DETAILS, RESULT, with_query
from qiskit_rest_primitives.testing.masking import mask
from qiskit_rest_primitives.testing.mismatch import describe_mismatch
from qiskit_rest_primitives.testing.recording_file import (
    RecordingError,
    StoredCall,
    StoredJob,
    StoredReply,
    read_recording,
)
from qiskit_rest_primitives.wire.limits import MAX_PAGE
from qiskit_rest_primitives.wire.request.fingerprint import fingerprint

# A name that no resolver knows (RFC 2606), and a token that opens nothing.
PLACEHOLDER_URL: Final = "http://replay.invalid/v1"
PLACEHOLDER_TOKEN: Final = "a-replay-needs-no-token"


@contextmanager
def replay(path: str | os.PathLike[str]) -> Generator[Replay]:
    """Answers all clients of this process from a recording until the block ends; sends nothing.

    Any account works, even with an invalid token; so does the ``service`` of the yielded `Replay`.

    Args:
        path: of a file that `record` wrote.

    Raises:
        RecordingError: there is no such file, or it is of another version. Inside the block, and
            once more at its end if the program went on: a call that was not recorded. For a job it
            names the PUB that differs, and how, from the nearest recorded one.

    >>> def samples(service):
    ...     sampler = SamplerV2(service.backend("statevector"))
    ...     return sampler.run([bell], shots=100).result()[0].data.meas
    >>> with record(folder / "x.jsonl"):
    ...     sent = samples(service)
    >>> with replay(folder / "x.jsonl") as recording:
    ...     samples(recording.service) == sent
    True
    """
    replies = RecordedReplies(Path(path))
    with intercepting(replies):
        yield Replay(replies)
    if replies.missed is not None:
        raise replies.missed


class Replay:
    """A recording that answers calls.

    Args:
        replies: of the recording.

    >>> with record(folder / "y.jsonl"):
    ...     result = SamplerV2(backend).run([bell]).result()
    >>> with replay(folder / "y.jsonl") as recording:
    ...     print(len(recording.unused))
    1
    """

    def __init__(self, replies: RecordedReplies):
        self._replies = replies

    def __repr__(self) -> str:
        return f"<Replay of {str(self._replies.path)!r}>"

    @property
    def service(self) -> QiskitRuntimeService:
        """A service that only a replay answers: its url leads nowhere, its token opens nothing."""
        account = resolve_account(
            channel="local", url=PLACEHOLDER_URL, token=hide(PLACEHOLDER_TOKEN)
        )
        return service_of(ApiClient(account))

    @property
    def unused(self) -> list[str]:
        """Ids of recorded jobs that were not submitted again so far, in their recorded order."""
        return self._replies.unused

    @property
    def missed(self) -> RecordingError | None:
        """The first call that was not recorded, as an error; None if there was none.

        Reads of jobs that it did not submit are left out: threads may still wait for earlier jobs.
        """
        return self._replies.missed


class RecordedReplies:
    """Answers the calls of all clients from a recording.

    Args:
        path: of its file.

    Attributes:
        path: the same.
        missed: as `Replay.missed`.
    """

    sends = False

    def __init__(self, path: Path):
        self.path = path
        records = read_recording(path)
        self._jobs = {job.id: job for job in records if isinstance(job, StoredJob) and job.id}
        self._submissions = [
            job for job in records if isinstance(job, StoredJob) and job.request is not UNSET
        ]
        self._unused: dict[str, list[StoredJob]] = {}
        for job in self._submissions:
            assert job.request is not UNSET
            self._unused.setdefault(fingerprint(bytes(job.request)), []).append(job)
        self._calls = {
            (call.method, call.path, call.body): list(call.replies)
            for call in records
            if isinstance(call, StoredCall)
        }
        self._tags: dict[str, list[str]] = {}
        self._lock = Lock()
        self.missed: RecordingError | None = None

    @property
    def unused(self) -> list[str]:
        """As `Replay.unused`."""
        return [job.id for jobs in self._unused.values() for job in jobs if job.id]

    def answer(self, account: Account, path: str, call: Call, send: Send) -> Reply:
        """Answers a call from the recording.

        Raises:
            RecordingError: it was not recorded.
        """
        with self._lock:
            try:
                reply = self._reply(path, call)
            except RecordingError as error:
                if not self._is_read_of_other_job(path, call):
                    self.missed = self.missed or error
                raise
        if call.into is None or reply.status_code != 200:
            return reply
        call.into.write(reply.body)
        return Reply(200, {}, b"")

    def _is_read_of_other_job(self, path: str, call: Call) -> bool:
        """Whether a call may be a thread's that still waits for a job of before the replay."""
        match = DETAILS.fullmatch(path) or RESULT.fullmatch(path)
        if match is None or call.method != "GET":
            return False
        job = self._jobs.get(match[1])
        return job is None or job.request is UNSET

    def _reply(self, path: str, call: Call) -> Reply:
        if (call.method, path) == ("POST", "/jobs"):
            return self._submit(call.body or b"")
        # A path with CRNs or ids of users was masked when it was recorded.
        query = mask(with_query(path, call.params).encode()).decode()
        body = mask(call.body or b"").decode("utf-8", "replace")
        replies = self._calls.get((call.method, query, body))
        if replies:
            last = len(replies) == 1
            return _as_reply(replies[0] if last and call.method == "GET" else replies.pop(0))
        if call.method == "GET":
            if path == "/jobs":
                return self._list(call.params or {})
            if (match := DETAILS.fullmatch(path)) and (job := self._jobs.get(match[1])):
                return self._details(job, call.params or {})
            if (match := RESULT.fullmatch(path)) and (job := self._jobs.get(match[1])):
                return self._result(job)
        raise self._error(f"{call.method} {query}{' again' if replies is not None else ''}")

    def _submit(self, body: bytes) -> Reply:
        asked = mask(body)
        key = fingerprint(asked)
        left = self._unused.get(key)
        if not left:
            bodies = {job.id: bytes(job.request) for job in self._submissions if job.request}
            times = 0 if left is None else self._times(key)
            raise self._error("this job", describe_mismatch(asked, bodies, times))
        job = left.pop(0)
        self._tags[job.id] = msgspec.json.decode(body).get("tags") or []
        assert job.reply is not UNSET
        return _as_reply(job.reply)

    def _times(self, key: str) -> int:
        bodies = [bytes(job.request) for job in self._submissions if job.request]
        return sum(fingerprint(body) == key for body in bodies)

    def _details(self, job: StoredJob, params: Mapping[str, Any]) -> Reply:
        details = self._current(job)
        if read_status(details) not in FINAL:
            raise self._error(f"the outcome of job {job.id}")
        if params.get("exclude_params") != "true" and job.request is not UNSET:
            details["params"] = msgspec.json.decode(job.request, type=dict[str, Raw])["params"]
        return Reply(200, {}, msgspec.json.encode(details))

    def _current(self, job: StoredJob) -> dict[str, Any]:
        """A job's last details, with the tags of its submission in this replay."""
        recorded = b"{}" if job.details is UNSET else bytes(job.details)
        details: dict[str, Any] = {"id": job.id, **msgspec.json.decode(recorded)}
        if job.id in self._tags:
            details["tags"] = self._tags[job.id]
        return details

    def _result(self, job: StoredJob) -> Reply:
        if job.result is UNSET:
            raise self._error(f"the result of job {job.id}")
        return _as_reply(job.result)

    def _list(self, params: Mapping[str, Any]) -> Reply:
        """A page of the jobs of this replay, which are all final."""
        found = [self._current(self._jobs[job_id]) for job_id in self._tags if job_id]
        if params.get("sort") != "ASC":
            found.reverse()
        if params.get("pending") == "true":
            found = []
        wanted = set(params.get("tags") or ())
        found = [job for job in found if wanted <= set(job["tags"])]
        skip, limit = int(params.get("offset") or 0), int(params.get("limit") or MAX_PAGE)
        page = {"jobs": found[skip : skip + limit], "count": len(found), "offset": skip}
        return Reply(200, {}, msgspec.json.encode({**page, "limit": limit}))

    def _error(self, what: str, why: str = "") -> RecordingError:
        return RecordingError(
            f"{what} is not in the recording {self.path}. If the program has changed on purpose, "
            f"record again: record({str(self.path)!r}), or pytest --record"
            + (f"; {why}" if why else "")
        )


def _as_reply(stored: StoredReply) -> Reply:
    return Reply(stored.status, {}, stored.body)
