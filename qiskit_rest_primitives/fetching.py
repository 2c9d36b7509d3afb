"""A job's result is downloaded once, by a daemon thread, and kept as received."""

from __future__ import annotations

import logging
import math
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.background import in_thread
from qiskit_rest_primitives.copies import PrivateCopy, SpooledCopy
from qiskit_rest_primitives.errors import (
    AuthenticationError,
    NotFoundError,
    ProtocolError,
    RestPrimitivesError,
    TransportError,
)
from qiskit_rest_primitives.forks import Lock, renew_after_fork
from qiskit_rest_primitives.http.client import ApiClient
from qiskit_rest_primitives.http.outages import is_outage, retry_after, through_outages

logger = logging.getLogger(__name__)

AT_ONCE: Final = 6
"""Downloads of one client at the same time."""
LATE_SECONDS: Final = 20.0
"""How long a completed job's result may be missing: a service's parts agree after a while."""
DOWNLOADS: Final = 6
"""Times a body that can't be decoded is fetched before that is an error."""
LONGEST_PAUSE_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 6.0
"""A download that is silent for so long is begun again: its connection may be of an outage."""
LONGEST_SILENCE_SECONDS: Final = 300.0
"""The same where the service is well but slow, and for what can be had only once."""


class Silence:
    """How long a download may be silent before it is begun again.

    Not long, so that the end of an outage is seen soon; longer where the service is well but slow.

    Args:
        client: the service.
        job_id: a job that it knows.
        seconds: how long at first; None for `SILENCE_SECONDS`.
    """

    def __init__(self, client: ApiClient, job_id: str, seconds: float | None = None):
        self._client = client
        self._job_id = job_id
        self.seconds = SILENCE_SECONDS if seconds is None else seconds

    def broke(self, after_seconds: float) -> None:
        """Takes note of a try that ended without a reply."""
        if after_seconds >= self.seconds and self._client.answers(self._job_id, SILENCE_SECONDS):
            # Not an outage: it takes so long to get the reply ready.
            self.seconds = min(3 * self.seconds, LONGEST_SILENCE_SECONDS)


def fetch_with_params(client: ApiClient, job_id: str) -> dict[str, Any]:
    """A job's details with what was submitted, through any outage.

    Raises:
        ProtocolError: the service says for a while what can't be read.
        NotFoundError: likewise, that there is no such job.
        AuthenticationError: likewise, that the token is refused.
    """
    silence = Silence(client, job_id)

    def ask() -> dict[str, Any]:
        began = time.monotonic()
        try:
            return client.job(
                job_id, exclude_params=False, patient=False, timeout_seconds=silence.seconds
            )
        except TransportError:
            silence.broke(time.monotonic() - began)
            raise

    for attempt in range(1, DOWNLOADS):
        try:
            return through_outages(ask, lambda _: math.inf)
        except (NotFoundError, ProtocolError, AuthenticationError) as error:
            logger.info("asking again what job %s ran: %s", job_id, error)
        time.sleep(0.1 * attempt)
    return through_outages(ask, lambda _: math.inf)


class ResultBox:
    """The result of one completed job.

    Args:
        client: the service.
        job_id: a job whose status is Completed.
        decode: bytes to result; raises ProtocolError on what is no result.
        private_file: gives, for a private job, whose result can be read only once, the file that
            takes the bytes before they are decoded, and answers in later processes.
    """

    def __init__(
        self,
        client: ApiClient,
        job_id: str,
        decode: Callable[[bytes], PrimitiveResult[Any]],
        private_file: Callable[[], Path | None],
    ):
        self._client = client
        self._job_id = job_id
        self._decode = decode
        self._private_file = private_file
        self._result: Callable[[], PrimitiveResult[Any] | None] | None = None
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """A child downloads for itself: a file that both read has one position for both."""
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._running: Future[PrimitiveResult[Any]] | None = None

    def future(self) -> Future[PrimitiveResult[Any]]:
        """The decoded result, from memory, from disk or from the service; shared by all callers."""
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
            timeout: seconds to wait for them; None waits on.

        Raises:
            TimeoutError: they were not received in time.
            Exception: what `future` has met, if nothing was received.
        """
        with self._lock:
            running = self._running
        if running is None or (self._file is None and running.done()):
            running = self.future()
        problem = running.exception(timeout)
        if self._file is None:
            assert problem is not None
            raise problem
        return self._read()

    def _read(self) -> bytes:
        assert self._file is not None
        with self._lock:
            self._file.seek(0)
            return self._file.read()

    def _fetch(self) -> PrimitiveResult[Any]:
        for attempt in range(1, DOWNLOADS + 1):
            if self._file is None:
                self._download()
            body = self._read()
            try:
                result = self._decode(body)
            except ProtocolError as error:
                private = self._private_file()
                if private is not None:
                    error.message += f"; the only copy of what was received is {private}"
                if attempt == DOWNLOADS or private is not None:
                    raise
                logger.warning(
                    "the result of job %s can't be read: fetching it again", self._job_id
                )
                time.sleep(0.1 * attempt)
                self._file = None
            else:
                large = len(body) > self._client.settings.result_memory_bytes
                self._result = weakref.ref(result) if large else partial(_same, result)
                with self._lock:
                    self._running = None
                return result
        raise AssertionError("the last attempt returns or raises")

    def _download(self) -> None:
        path = self._private_file()
        if path is None:
            self._hold(self._receive(SpooledCopy(), Silence(self._client, self._job_id)))
            return
        # Two handles of one job in this process: the second finds the first one's file.
        with self._client.once(f"private result {self._job_id}", Lock):
            if not path.exists():
                silence = Silence(self._client, self._job_id, LONGEST_SILENCE_SECONDS)
                self._receive(PrivateCopy(path), silence).close()
            self._hold(path.open("rb"))

    def _receive(self, copy: SpooledCopy | PrivateCopy, silence: Silence) -> IO[bytes]:
        """Downloads until a whole body is there.

        Args:
            copy: takes the bytes.
            silence: after which the download is begun again.

        Raises:
            ProtocolError: the service says for a while that it has none.
            NotFoundError: likewise.
            AuthenticationError: the token is refused for good.
            APIError: the service refuses for another reason.
        """
        pause = 0.1
        missing_since: float | None = None
        while True:
            began = time.monotonic()
            asked: float | None = None
            try:
                return self._try(copy, silence.seconds)
            except RestPrimitivesError as error:
                if is_outage(error):
                    # What is missing right after an outage may be there soon.
                    missing_since = None
                    asked = retry_after(error)
                    logger.info("fetching the result of job %s again: %s", self._job_id, error)
                    silence.broke(time.monotonic() - began)
                else:
                    # A service's parts agree after a while; tokens may end in quick succession.
                    missing_since = missing_since or began
                    long = began - missing_since > LATE_SECONDS
                    if long or not self._may_pass(error):
                        error.message += copy.left()
                        raise
            elapsed = time.monotonic() - began
            time.sleep(asked or max(0.0, pause - elapsed))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _may_pass(self, error: RestPrimitivesError) -> bool:
        if isinstance(error, AuthenticationError):
            return self._client.renews_tokens
        return isinstance(error, NotFoundError | ProtocolError)

    def _try(self, copy: SpooledCopy | PrivateCopy, silence_seconds: float) -> IO[bytes]:
        gate = self._client.once("downloads", lambda: threading.BoundedSemaphore(AT_ONCE))
        file = copy.begin()
        whole = False
        try:
            with gate:
                reply = self._client.job_results(self._job_id, file, silence_seconds)
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
