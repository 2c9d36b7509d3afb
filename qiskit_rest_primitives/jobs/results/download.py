"""Downloads a job's result once, in a daemon thread, and keeps the bytes as received."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.concurrency.forks import Lock, renew_after_fork
from qiskit_rest_primitives.concurrency.threads import in_thread
from qiskit_rest_primitives.errors import (
    ProtocolError,
    RestPrimitivesError,
    with_more,
)
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.retry import Attempts, is_garbled, is_outage, waiting_limit
from qiskit_rest_primitives.http.retry_policies import Limit
from qiskit_rest_primitives.jobs.results.download_files import PrivateCopy, SpooledCopy
from qiskit_rest_primitives.jobs.results.kept_result import KeptResult

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_DOWNLOADS: Final = 6
"""Simultaneous downloads of one client."""


class DownloadTimeout:
    """Read timeout of a download; after a timeout the download starts again.

    Short, so that the end of an outage is noticed soon; longer if the service is up but slow.

    Args:
        client: the service.
        job_id: a job on it; requested to check whether the service is up.
        seconds: the first timeout; None for `retry_policies.DOWNLOAD_TIMEOUT_SECONDS`.
    """

    def __init__(self, client: ApiClient, job_id: str, seconds: float | None = None):
        self._client = client
        self._job_id = job_id
        self._seconds = retry_policies.DOWNLOAD_TIMEOUT_SECONDS if seconds is None else seconds

    def call(self, download: Callable[[float], T]) -> T:
        """Makes one attempt; if it times out and the service is up, the next gets more time.

        Args:
            download: takes its timeout in seconds.
        """
        began = time.monotonic()
        try:
            return download(self._seconds)
        except RestPrimitivesError as error:
            timed_out = is_outage(error) and time.monotonic() - began >= self._seconds
            check_seconds = retry_policies.DOWNLOAD_TIMEOUT_SECONDS
            if timed_out and self._client.answers(self._job_id, check_seconds):
                longest = retry_policies.LONGEST_DOWNLOAD_TIMEOUT_SECONDS
                self._seconds = min(3 * self._seconds, longest)
            raise


def fetch_with_params(client: ApiClient, job_id: str) -> dict[str, Any]:
    """Fetches a job's details and params; retries through any outage.

    Raises:
        ProtocolError: the reply is still unreadable after retries.
        NotFoundError: there is still no such job after retries.
        AuthenticationError: the service rejects the token.
    """
    timeout = DownloadTimeout(client, job_id)

    def download(seconds: float) -> dict[str, Any]:
        return client.job(job_id, exclude_params=False, retry=False, timeout_seconds=seconds)

    limit = waiting_limit(retry_policies.UNDECODABLE, renews_tokens=client.renews_tokens)
    return Attempts(limit, level=logging.INFO).call(lambda: timeout.call(download))


class ResultDownload:
    """The result of one completed job.

    Args:
        client: the service.
        job_id: a job whose status is Completed.
        decode: bytes to result; raises ProtocolError if they do not hold one.
        private_file: returns the file that keeps the bytes of a private job's result, which can be
            read only once; None for other jobs. Later processes read that file.
        kept: keeps the decoded result for later processes, which then download nothing; or None.
    """

    def __init__(
        self,
        client: ApiClient,
        job_id: str,
        decode: Callable[[bytes], PrimitiveResult[Any]],
        private_file: Callable[[], Path | None],
        kept: KeptResult | None = None,
    ):
        self._client = client
        self._job_id = job_id
        self._decode = decode
        self._private_file = private_file
        self._kept = kept
        self._result: Callable[[], PrimitiveResult[Any] | None] | None = None
        self._prompt: bytes | None = None
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """A forked child downloads again: an open file would share its position with the parent."""
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._running: Future[PrimitiveResult[Any]] | None = None

    def is_received(self, body: bytes) -> None:
        """Takes the bytes of the result, which came with the reply to the submission."""
        self._prompt = body

    def future(self) -> Future[PrimitiveResult[Any]]:
        """The decoded result, from memory, disk or the service; shared by all callers."""
        with self._lock:
            prompt, self._prompt = self._prompt, None
        if prompt is not None:
            self._hold(io.BytesIO(prompt))
            with contextlib.suppress(ProtocolError):  # then it is downloaded
                self._decoded()
        with self._lock:
            kept = self._result() if self._result is not None else None
            if kept is not None:
                done: Future[PrimitiveResult[Any]] = Future()
                done.set_result(kept)
                return done
            if self._running is None or self._running.done():
                self._running = in_thread(self._fetch, f"qiskit-rest-result-{self._job_id}")
            return self._running

    def raw(self, timeout: float | None) -> bytes:
        """The bytes as received, decodable or not.

        Args:
            timeout: seconds to wait for them; None waits without end.

        Raises:
            TimeoutError: they were not received in time.
            Exception: the error of `future`, if nothing was received.
        """
        with self._lock:
            running = self._running
        if running is None or (self._file is None and running.done()):
            running = self.future()
        problem = running.exception(timeout)
        if self._file is None:
            if problem is not None:
                raise problem
            # The result came from a file that keeps it decoded; the service has the bytes.
            in_thread(self._download, f"qiskit-rest-raw-{self._job_id}").result(timeout)
        return self._read()

    def _read(self) -> bytes:
        assert self._file is not None
        with self._lock:
            self._file.seek(0)
            return self._file.read()

    def _fetch(self) -> PrimitiveResult[Any]:
        def limit(error: RestPrimitivesError) -> Limit | None:
            retried = is_garbled(error) and self._private_file() is None
            return retry_policies.UNDECODABLE if retried else None

        if self._kept is not None and (known := self._kept.load()) is not None:
            return self._remember(known, self._kept.size())
        for attempt in Attempts(limit):
            if self._file is None:
                self._download()
            with attempt:
                return self._decoded()
            self._file = None
        raise AssertionError("attempts end by a return or an error")

    def _decoded(self) -> PrimitiveResult[Any]:
        body = self._read()
        try:
            result = self._decode(body)
        except ProtocolError as error:
            private = self._private_file()
            if private is None:
                raise
            kept = f"; the only copy of the received bytes is {private}"
            raise with_more(error, kept) from error
        if self._kept is not None:
            self._kept.save(result)
        return self._remember(result, len(body))

    def _remember(self, result: PrimitiveResult[Any], size: int) -> PrimitiveResult[Any]:
        large = size > self._client.settings.result_memory_bytes
        self._result = weakref.ref(result) if large else partial(_same, result)
        with self._lock:
            self._running = None
        return result

    def _download(self) -> None:
        path = self._private_file()
        if path is None:
            self._hold(self._receive(SpooledCopy(), DownloadTimeout(self._client, self._job_id)))
            return
        # Two handles of one job in this process: the second finds the first one's file.
        with self._client.shared(f"private result {self._job_id}", Lock):
            if not path.exists():
                longest = retry_policies.LONGEST_DOWNLOAD_TIMEOUT_SECONDS
                timeout = DownloadTimeout(self._client, self._job_id, longest)
                self._receive(PrivateCopy(path), timeout).close()
            self._hold(path.open("rb"))

    def _receive(self, copy: SpooledCopy | PrivateCopy, timeout: DownloadTimeout) -> IO[bytes]:
        """Downloads until the whole body has arrived.

        Args:
            copy: receives the bytes.
            timeout: after which the download starts again.

        Raises:
            ProtocolError: the service still has no result after retries.
            NotFoundError: likewise.
            AuthenticationError: the service rejects the token.
            APIError: the service refuses the request for another reason.
        """
        limit = waiting_limit(retry_policies.MISSING, renews_tokens=self._client.renews_tokens)
        try:
            return Attempts(limit, level=logging.INFO).call(
                lambda: timeout.call(lambda seconds: self._try(copy, seconds))
            )
        except RestPrimitivesError as error:
            left = copy.left()
            if not left:
                raise
            raise with_more(error, left) from error

    def _try(self, copy: SpooledCopy | PrivateCopy, timeout_seconds: float) -> IO[bytes]:
        slots = self._client.shared("downloads", lambda: threading.BoundedSemaphore(MOST_DOWNLOADS))
        file = copy.begin()
        whole = False
        try:
            with slots:
                reply = self._client.job_results(self._job_id, file, timeout_seconds)
            whole = reply.status_code != 204 and file.tell() > 0
            if not whole:
                raise ProtocolError(
                    f"job {self._job_id} is completed, but the service has no result for it (204); "
                    "a private job's result can be read only once"
                )
            return copy.keep(file)
        finally:
            if not whole:
                copy.discard(file)

    def _hold(self, file: IO[bytes]) -> None:
        weakref.finalize(self, file.close)
        self._file = file


def _same(result: PrimitiveResult[Any]) -> PrimitiveResult[Any]:
    return result
