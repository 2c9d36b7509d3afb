"""Records the traffic of real jobs. In: calls and replies of this process. Out: a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.account.secret import Secret
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.http.interception import Send, intercepting
from qiskit_rest_primitives.http.retry import is_outage_status
from qiskit_rest_primitives.http.transport import Call, Reply
from qiskit_rest_primitives.jobs.status import DONE, FINAL, RUNNING, Status, read_status
from qiskit_rest_primitives.jobs.tags import is_own_tag
from qiskit_rest_primitives.testing.job_paths import DETAILS, RESULT, is_own_list, with_query
from qiskit_rest_primitives.testing.masking import mask, secrets_of
from qiskit_rest_primitives.testing.recording_file import (
    Record,
    StoredCall,
    StoredJob,
    StoredReply,
    encode_records,
    write_recording,
)


@contextmanager
def record(path: str | os.PathLike[str]) -> Generator[None]:
    """Records what all clients of this process send and receive until the block ends.

    Stored are jobs with their circuits, options, details and results, and every other reply: of
    backends, sessions, logs, metrics. Not stored are tokens, API keys, the traffic of the identity
    service, headers, CRNs, ids of users, and passwords in URLs. Nothing is written if the block
    ends with an error; an earlier file is replaced only by a complete new one.

    Args:
        path: of the file, which `replay` reads; compressed if its name ends in ``.gz``.

    Raises:
        RestPrimitivesError: a recording or a replay is active already.

    >>> with record(folder / "bell.jsonl"):
    ...     counts = SamplerV2(backend).run([bell], shots=100).result()[0].data.meas.get_counts()
    >>> with replay(folder / "bell.jsonl"):  # sends nothing
    ...     again = SamplerV2(backend).run([bell], shots=100).result()[0].data.meas.get_counts()
    >>> again == counts
    True
    """
    recorder = _Recorder()
    with intercepting(recorder):
        yield
    write_recording(Path(path), encode_records(recorder.records()))
    if unfinished := recorder.unfinished():
        warnings.warn(
            f"{os.fspath(path)} has no outcome of {', '.join(unfinished)}: wait for result() of "
            "each job before the recording ends",
            stacklevel=3,
        )


@dataclass
class _Job:
    """A job as it is seen so far; bodies as received."""

    request: bytes | None = None
    reply: Reply | None = None
    details: bytes | None = None
    result: Reply | None = None

    @property
    def status(self) -> Status:
        """The status in its last details."""
        return RUNNING if self.details is None else read_status(msgspec.json.decode(self.details))

    def learn(self, details: bytes) -> None:
        """Keeps details; replies may overtake each other, and a final state stays final."""
        if self.status not in FINAL or read_status(msgspec.json.decode(details)) in FINAL:
            self.details = details

    def is_unfinished(self) -> bool:
        """Whether it was submitted, and a replay can't give its outcome."""
        status = self.status
        ended = status in FINAL and not (status == DONE and self.result is None)
        return self.request is not None and not ended


@dataclass(repr=False)
class _Recorder:
    """An interceptor that lets every call pass and keeps what was answered."""

    sends: bool = True
    _pid: int = field(default_factory=os.getpid)
    _lock: Lock = field(default_factory=Lock)
    _jobs: dict[str, _Job] = field(default_factory=dict[str, _Job])
    _refused: list[_Job] = field(default_factory=list[_Job])
    # Submissions without a reply, by the tag with which the client looks for their jobs.
    _lost: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _calls: dict[tuple[str, str, bytes], list[Reply]] = field(
        default_factory=dict[tuple[str, str, bytes], list[Reply]]
    )
    _secrets: set[Secret[str]] = field(default_factory=set[Secret[str]])

    def __repr__(self) -> str:
        return f"<recorder of {len(self._jobs)} jobs>"

    def answer(self, account: Account, path: str, call: Call, send: Send) -> Reply:
        """Sends a call and keeps the reply, unless the client will retry the call."""
        if os.getpid() != self._pid:
            raise RestPrimitivesError(
                "a forked process can't add to its parent's recording: record() there as well"
            )
        with self._lock:
            self._secrets |= secrets_of(account)
        submits = (call.method, path) == ("POST", "/jobs")
        if submits:
            self._lost[_tag(call.body or b"")] = call.body or b""
        # Into memory first: the body of a result is needed here, too.
        reply = send(replace(call, into=None))
        with self._lock:
            self._secrets |= {Secret(reply.sent_token)} if reply.sent_token else set()
            if not is_outage_status(reply.status_code) and reply.status_code != 401:
                self._keep(path, call, reply)
        if call.into is None or reply.status_code != 200:
            return reply
        call.into.write(reply.body)
        return replace(reply, body=b"")

    def _keep(self, path: str, call: Call, reply: Reply) -> None:
        reading = call.method == "GET"
        if (call.method, path) == ("POST", "/jobs"):
            self._submitted(call.body or b"", reply)
        elif reading and (match := RESULT.fullmatch(path)):
            if reply.status_code != 204:
                self._job(match[1]).result = reply
        elif reading and (match := DETAILS.fullmatch(path)) and reply.status_code == 200:
            self._job(match[1]).learn(reply.body)
        elif is_own_list(path, call):
            self._listed(reply)
        else:
            replies = self._calls.setdefault(
                (call.method, with_query(path, call.params), call.body or b""), []
            )
            # A read that was answered in the same way twice is stored once.
            if not (reading and replies and replies[-1].body == reply.body):
                replies.append(reply)

    def _job(self, job_id: str) -> _Job:
        return self._jobs.setdefault(job_id, _Job())

    def _submitted(self, body: bytes, reply: Reply) -> None:
        self._lost.pop(_tag(body), None)
        if reply.status_code >= 400:
            self._refused.append(_Job(body, reply))
            return
        job = self._job(msgspec.json.decode(reply.body)["id"])
        job.request, job.reply = body, reply

    def _listed(self, reply: Reply) -> None:
        """Keeps the details of listed jobs; finds those whose submission got no reply."""
        if reply.status_code != 200:
            return
        for details in msgspec.json.decode(reply.body).get("jobs", ()):
            job_id = str(details.get("id", ""))
            for tag in self._lost.keys() & {*(details.get("tags") or ())}:
                answered = {"id": job_id, "backend": details.get("backend")}
                request = self._lost.pop(tag)
                reply = Reply(200, {}, msgspec.json.encode(answered))
                self._jobs[job_id] = _Job(request, reply)
            if job_id in self._jobs:
                self._jobs[job_id].learn(msgspec.json.encode(details))

    def records(self) -> list[Record]:
        """What was recorded, masked, in the order of the file."""
        with self._lock:
            jobs = [self._stored(job_id, job) for job_id, job in self._jobs.items()]
            jobs += [self._stored("", job) for job in self._refused]
            calls = [
                StoredCall(
                    method,
                    self._masked(path.encode()).decode(),
                    self._masked(body).decode("utf-8", "replace"),
                    [self._stored_reply(reply) for reply in replies],
                )
                for (method, path, body), replies in self._calls.items()
            ]
        calls.sort(key=lambda call: (call.path, call.method, call.body))
        return [*jobs, *calls]

    def unfinished(self) -> list[str]:
        """Ids of submitted jobs that were not seen to end, or whose result was not fetched."""
        with self._lock:
            return [job_id for job_id, job in self._jobs.items() if job.is_unfinished()]

    def _stored(self, job_id: str, job: _Job) -> StoredJob:
        return StoredJob(
            job_id,
            UNSET if job.request is None else Raw(self._masked(_without_own_tag(job.request))),
            UNSET if job.reply is None else self._stored_reply(job.reply),
            UNSET if job.details is None else Raw(self._masked(_without_own_tag(job.details))),
            UNSET if job.result is None else self._stored_reply(job.result),
        )

    def _stored_reply(self, reply: Reply) -> StoredReply:
        return StoredReply.of(reply.status_code, self._masked(reply.body))

    def _masked(self, text: bytes) -> bytes:
        return mask(text, [secret.reveal() for secret in self._secrets])


def _tag(body: bytes) -> str:
    tags: list[str] = msgspec.json.decode(body).get("tags") or []
    return next(filter(is_own_tag, tags), "")


def _without_own_tag(body: bytes) -> bytes:
    """A request or details, on one line, without the random tag of the submission."""
    members: dict[str, Any] = msgspec.json.decode(body)
    if "tags" in members:
        members["tags"] = [tag for tag in members["tags"] or () if not is_own_tag(tag)]
    return msgspec.json.encode(members)
