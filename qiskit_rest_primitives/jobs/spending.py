"""Seconds on devices that this user's runs of today were estimated to take, and their limit.

One JSON line for each run, written before it is sent: ``{"run", "at", "url", "instance",
"backend", "seconds"}``; ``{"run", "sent": false}`` if no job came of it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import msgspec

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.concurrency.file_lock import file_lock
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import RestPrimitivesError, SpendingError
from qiskit_rest_primitives.jobs.files.durable_files import make_state_folder, open_own, write_whole

COMPACT_BYTES: Final = 256_000


class Estimate(Protocol):
    """What has to be known of a run."""

    @property
    def seconds(self) -> float | None:
        """On the device; None if it can't be told."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Why, among other things."""
        ...


def needs_approval(backend: RestBackend) -> bool:
    """Whether the settings ask what a run on this backend takes; simulators take nothing."""
    settings = backend.client.settings
    asks = settings.max_seconds_per_day is not None or settings.confirm is not None
    return asks and not backend.simulator


class Approval:
    """Permission to send a run; `ask` is called just before its first job is sent.

    What the run takes counts from then on, so that two processes can't spend the same seconds; as a
    context manager it counts no more if the block fails before a job was sent.

    Args:
        backend: where the run goes.
        estimate: what it takes, called if the settings ask; None if the run needs no permission.
    """

    def __init__(self, backend: RestBackend, estimate: Callable[[], Estimate] | None):
        self._backend = backend
        self._estimate = estimate if estimate and needs_approval(backend) else None
        self._asked: Callable[[], Estimate] | None = None
        self._release: Callable[[], None] | None = None
        self._lock = Lock()

    def ask(self) -> None:
        """Checks the settings, on the first call only.

        Raises:
            SpendingError: the run would exceed ``Settings(max_seconds_per_day=...)``, what it takes
                is not known, or ``Settings(confirm=...)`` said no. Nothing was sent.
        """
        with self._lock:
            if self._estimate is None:
                return
            settings, found = self._backend.client.settings, self._estimate()
            ledger = Ledger(self._backend)
            ledger.check(found)
            if settings.confirm is not None and not settings.confirm(found):
                raise SpendingError(
                    f"Settings(confirm=...) declined a run on {self._backend.name} of "
                    f"{_about(found.seconds)}; nothing was sent"
                )
            if settings.max_seconds_per_day is not None:
                self._release = partial(ledger.release, ledger.reserve(found))
            self._asked, self._estimate = self._estimate, None

    def is_used(self) -> None:
        """Called when a job was sent: the run counts from now on, whatever happens."""
        self._release = None

    def __enter__(self) -> Approval:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failed = isinstance(error, RestPrimitivesError)
        if failed and self._release and not getattr(error, "may_have_acted", False):
            self._release()
            self._release = None
            self._estimate = self._asked  # what is sent instead needs permission of its own


class Ledger:
    """The file of estimated seconds, shared by the processes of one user.

    Args:
        backend: whose service and instance count, and whose settings have folder and limit.
    """

    def __init__(self, backend: RestBackend):
        client = backend.client
        self.path: Path = client.settings.state_folder / "spending.jsonl"
        self._limit = client.settings.max_seconds_per_day
        self._account = {"url": client.url, "instance": client.account.instance or ""}
        self._backend = backend.name

    def check(self, estimate: Estimate) -> float:
        """The seconds of a run, if it is within the limit now.

        Raises:
            SpendingError: it is not, or its seconds are not known.
        """
        if self._limit is None:
            return estimate.seconds or 0.0
        if estimate.seconds is None:
            raise SpendingError(
                f"Settings(max_seconds_per_day={self._limit:g}) needs to know how long a run "
                f"holds {self._backend}: {'; '.join(estimate.notes)}. Nothing was sent; set "
                "max_seconds_per_day=None to run it"
            )
        spent = self.spent_today()
        if spent + estimate.seconds > self._limit:
            raise SpendingError(
                f"this run would hold {self._backend} for {_about(estimate.seconds)}; with "
                f"{_about(spent)} of earlier runs today (UTC), that exceeds "
                f"Settings(max_seconds_per_day={self._limit:g}); nothing was sent. Use fewer shots "
                "or PUBs or less error mitigation, wait for tomorrow, or raise max_seconds_per_day"
            )
        return estimate.seconds

    def reserve(self, estimate: Estimate) -> str:
        """Counts a run, unless another process has used up the limit meanwhile.

        Returns:
            The run's name in the file.

        Raises:
            SpendingError: it would exceed the limit, or the file can't be written.
        """
        run, now = os.urandom(8).hex(), datetime.now(timezone.utc)
        with self._locked():
            entry = {"run": run, "at": now.isoformat(timespec="seconds"), **self._account}
            self._append({**entry, "backend": self._backend, "seconds": self.check(estimate)})
        return run

    def release(self, run: str) -> None:
        """Removes a run from the count."""
        with self._locked():
            self._append({"run": run, "sent": False})

    def spent_today(self) -> float:
        """Estimated seconds of the runs of today, in UTC, of this service and instance."""
        today = datetime.now(timezone.utc).date().isoformat()
        return sum(
            (
                line["seconds"]
                for line in self._lines()
                if line["at"].startswith(today)
                and {name: line[name] for name in self._account} == self._account
            ),
            0.0,
        )

    def _lines(self) -> list[dict[str, Any]]:
        """The lines of runs that were sent."""
        kept: dict[str, dict[str, Any]] = {}
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError):  # a line cut short by a crash
                entry = msgspec.json.decode(line, type=dict[str, Any])
                if entry.get("sent") is False:
                    kept.pop(entry["run"], None)
                else:
                    kept[entry["run"]] = entry
        return list(kept.values())

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        try:
            make_state_folder(self.path.parent)
            with file_lock(self.path.with_suffix(".lock"), exclusive=True):
                yield
        except OSError as error:
            raise self._unusable(error) from error

    def _append(self, entry: dict[str, Any]) -> None:
        if self.path.exists() and self.path.stat().st_size > COMPACT_BYTES:
            self._drop_old_lines()
        handle = open_own(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, msgspec.json.encode(entry) + b"\n")
        finally:
            os.close(handle)

    def _drop_old_lines(self) -> None:
        """Rewrites the file without the days before yesterday."""
        oldest = (datetime.now(timezone.utc) - timedelta(days=1)).date().isoformat()
        kept = [line for line in self._lines() if line["at"] >= oldest]
        write_whole(self.path, b"".join(msgspec.json.encode(line) + b"\n" for line in kept))

    def _unusable(self, error: OSError) -> SpendingError:
        return SpendingError(
            f"Settings(max_seconds_per_day=...) keeps what was spent in {self.path}, which can't "
            f"be used ({error.strerror}); nothing was sent. Set Settings(state_folder=...) to a "
            "folder that can be written"
        )


def _about(seconds: float | None) -> str:
    return "unknown duration" if seconds is None else f"about {seconds:.3g} s"
