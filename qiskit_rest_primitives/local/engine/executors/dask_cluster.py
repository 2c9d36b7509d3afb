"""A Dask cluster as an executor that outlives its scheduler: calls wait until it is back.

Dask's own client drops its calls when the connection ends. Tasks give the same result however often
they run, so all calls that have no result yet are sent again once there is a connection.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from qiskit_rest_primitives.local.engine.executors.on_dask_worker import run_in_process
from qiskit_rest_primitives.local.engine.executors.shared_circuits import (
    SharedCircuit,
    SharedCircuits,
    same,
)
from qiskit_rest_primitives.local.outcome import RefusedError

logger = logging.getLogger(__name__)
START_SECONDS: Final = 30.0
"""For reaching the scheduler at first."""
CONNECT_SECONDS: Final = 5.0
"""For one attempt to reach it after it was lost."""
PAUSE_SECONDS: Final = 0.5
"""Between two looks at the connection, and between two attempts."""


@dataclass(eq=False)
class _Call:
    """A call without result.

    Attributes:
        pickled: function and arguments.
        circuit: a large one that its argument lacks.
        sent: Dask's future while it is at the cluster.
    """

    pickled: bytes
    circuit: SharedCircuit | None = None
    sent: Any = None


class DaskCluster(Executor):
    """Runs picklable calls on the workers of a Dask cluster.

    Args:
        address: of its scheduler.
        security: Dask's certificates for the connection; none for plain TCP.

    Attributes:
        on_demand: whether workers are started when there are tasks.
        wanted: tells how many tasks could run at once, if there were workers.

    Raises:
        ImportError: Dask is not installed.
        OSError: no scheduler answers there.
    """

    def __init__(self, address: str, security: Any = None):
        self._address = address
        self._security = security
        self.on_demand = False
        self.wanted: Callable[[], int] = lambda: len(self._calls)
        self._loop = _Loop()
        # `Workers` and `state_of` ask the client how many workers there are.
        try:
            self._client = self._new_client(START_SECONDS)
        except OSError:
            self._loop.end()
            raise
        self._lock = threading.Lock()
        self._circuits = SharedCircuits()
        self._calls: dict[Future[Any], _Call] = {}
        self._lost_seconds = 0.0
        self._lost_since: float | None = None
        self._dropped = threading.Event()  # the client dropped a call
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._stay_connected, name="dask-connection", daemon=True
        )
        self._thread.start()

    @property
    def _max_workers(self) -> int:
        """Calls to send at once, under the name that the standard library's executors use.

        Two a thread, so that no thread waits for its next call to be sent. At least 1: a cluster
        may start its first worker when a call comes.
        """
        known = self._client._scheduler_identity
        of_workers = sum(worker["nthreads"] for worker in known.get("workers", {}).values())
        # Newer versions list no workers here.
        return max(1, 2 * known.get("total_threads", of_workers))

    @property
    def lost_seconds(self) -> float:
        """For how long, in total, there was no scheduler."""
        with self._lock:
            since = self._lost_since
            return self._lost_seconds + (0.0 if since is None else time.monotonic() - since)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Sends a call; without a scheduler it waits for one."""
        if kwargs:
            raise TypeError("pass arguments by position")
        future: Future[Any] = Future()
        circuit = None
        if len(args) == 1:
            task, circuit = self._circuits.apart(args[0])
            args = (task,)
        with self._lock:  # one at a time, see `make_shareable`
            pickled = pickle.dumps((fn, args), pickle.HIGHEST_PROTOCOL)
        call = _Call(pickled, circuit)
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._send(future, call)
            self._calls[future] = call
        future.add_done_callback(self._forget)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drops calls without result and leaves the cluster, which goes on running."""
        with self._lock:
            self._closed.set()
            futures = list(self._calls)
        self._dropped.set()
        self._thread.join()
        for future in futures:
            future.cancel()
        self._client.close(timeout=CONNECT_SECONDS)
        self._loop.end()

    def _new_client(self, retry_seconds: float = 0.0) -> Any:
        from distributed import Client

        deadline = time.monotonic() + retry_seconds
        while True:
            try:
                # Its own attempts to come back take as long as this time-out.
                return Client(
                    self._address,
                    loop=self._loop.loop,
                    timeout=CONNECT_SECONDS,
                    security=self._security,
                    set_as_default=False,
                )
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def _send(self, future: Future[Any], call: _Call) -> None:
        """Sends a call if there is a connection; the lock is held."""
        if self._lost_since is not None or self._client.status != "running":
            return
        # Without ``pure=False`` Dask would hash the arguments, and take equal calls for one.
        submit = partial(self._client.submit, pure=False)
        key, data = "", b""
        if (circuit := call.circuit) is not None:
            if circuit.sent is None:
                circuit.sent = submit(same, circuit.data)
            key, data = circuit.key, circuit.sent
        call.sent = submit(run_in_process, call.pickled, key, data)
        self._loop.loop.add_callback(self._follow, future, call.sent)

    async def _follow(self, future: Future[Any], sent: Any) -> None:
        """Hands on the outcome of a call, unless it was sent again meanwhile."""
        result: Any = None
        error: BaseException | None = None
        try:
            result = await sent
        except BaseException as raised:
            error = raised
        with self._lock:
            call = self._calls.get(future)
            if call is None or call.sent is not sent:
                return
            if error is not None and sent.status != "error":  # the connection ended
                self._dropped.set()
                return
        if future.set_running_or_notify_cancel():
            if error is None:
                future.set_result(pickle.loads(result))
            else:
                future.set_exception(_explained(error))

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            call = self._calls.pop(future, None)
            if call is not None and call.sent is not None and future.cancelled():
                self._loop.loop.add_callback(call.sent.cancel)

    def _stay_connected(self) -> None:
        """Waits for the end of a connection, makes a new one, and sends all calls again."""
        while not self._closed.is_set():
            dropped = self._dropped.wait(PAUSE_SECONDS)
            if self._closed.is_set() or not (dropped or self._client.status != "running"):
                continue
            with self._lock:
                self._lost_since = time.monotonic()
                for call in self._calls.values():
                    call.sent = None
                    if call.circuit is not None:
                        call.circuit.sent = None
                self._dropped.clear()
            logger.warning("the Dask scheduler %s is lost: jobs wait for it", self._address)
            if not self._reconnect():
                return
            seconds = self.lost_seconds
            with self._lock:
                self._lost_seconds, self._lost_since = seconds, None
                for future, call in self._calls.items():
                    self._send(future, call)
                count = len(self._calls)
            logger.warning("the Dask scheduler is back: %s tasks are sent again", count)

    def _reconnect(self) -> bool:
        """Waits for a scheduler; False if the executor is closed before."""
        while self._client.status != "running":
            if self._closed.wait(PAUSE_SECONDS):
                return False
            # The client itself tries for a while; closed in the midst of that, it logs errors.
            if self._client.status == "closed":
                try:
                    self._client = self._new_client()
                except OSError as error:
                    logger.debug("no Dask scheduler at %s: %s", self._address, error)
        return True


class _Loop:
    """One event loop in a thread, for all clients: each would leave its own thread behind.

    Attributes:
        loop: tornado's.

    Raises:
        ImportError: Dask is not installed.
    """

    loop: Any
    _stop: asyncio.Event

    def __init__(self):
        try:
            importlib.import_module("distributed")
            from tornado.ioloop import IOLoop
        except ImportError:
            raise ImportError(
                "--dask needs Dask: pip install 'qiskit-rest-primitives[dask]'"
            ) from None
        started: Future[None] = Future()

        async def run() -> None:
            self.loop = IOLoop.current()
            self._stop = asyncio.Event()
            started.set_result(None)
            await self._stop.wait()

        self._thread = threading.Thread(target=asyncio.run, args=(run(),), name="dask", daemon=True)
        self._thread.start()
        started.result()

    def end(self) -> None:
        """Ends the loop, and what still runs in it."""
        self.loop.add_callback(self._stop.set)
        self._thread.join()


def _explained(error: BaseException) -> BaseException:
    """An error of the cluster in words for the job's user; any other as it is."""
    from distributed.scheduler import KilledWorker

    if not isinstance(error, KilledWorker):
        return error
    return RefusedError(
        f"A task of the job was tried {error.allowed_failures + 1} times, and each time the "
        "cluster worker that ran it died, perhaps because it ran out of memory.",
        code=None,
        solution="Try another backend, or a smaller circuit.",
    )
