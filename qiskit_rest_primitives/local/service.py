"""The embedded service as a context manager: a thread of this process, a port of loopback."""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import socket
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn

from qiskit_rest_primitives.local.api.app import PREFIXES, create_app
from qiskit_rest_primitives.local.api.connection import service_protocol
from qiskit_rest_primitives.local.api.faults import Faults, state_of
from qiskit_rest_primitives.local.api.listener import Listener
from qiskit_rest_primitives.local.api.origins import check_origins
from qiskit_rest_primitives.local.api.received import Received
from qiskit_rest_primitives.local.auth import DEFAULT_LIFETIME_SECONDS, Tokens
from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.in_process import note_started, note_stopped
from qiskit_rest_primitives.local.job_states import Core
from qiskit_rest_primitives.local.limits import Limits
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.store import Store
from qiskit_rest_primitives.local.user_file import USER_FILE, read_user_file
from qiskit_rest_primitives.local.users import User, check_users, read_token_file
from qiskit_rest_primitives.local.watched_users import WatchedUsers

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qiskit_rest_primitives.local.simulators.backends import LocalBackend

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
START_SECONDS = 60.0
GRACE_SECONDS = 1
DRAIN_POLL_SECONDS = 0.1


class LocalService:
    """A service of the Qiskit Runtime REST API on this machine.

    ::

        with LocalService() as local:
            headers = {"Authorization": f"Bearer {local.token}"}
            requests.get(f"{local.url}/backends", headers=headers)

    Args:
        host: address to listen on.
        port: port to listen on; 0 for a free one.
        users: the users with access, besides those of ``token_file`` and those that
            `qiskit-rest user` put into the folder; without users and token file, one
            administrator with a random token.
        token_file: more users, one a line; read again when it changes.
        folder: where jobs are kept; a temporary folder when left out. Jobs that a
            stopped service left unfinished are run again.
        certfile: certificate chain for TLS, in PEM; read at the start.
        keyfile: private key of the certificate, in PEM; None if it is in ``certfile``.
        executor: runs the simulations; when left out, threads of this process run the small ones,
            and worker processes, which are started when first needed, all others.
        limits: sizes, times and rates.
        token_lifetime_seconds: how long a token of the identity endpoint is valid.
        faults: True to have :attr:`faults`, which makes chosen calls fail.
        keep_requests: True to have :attr:`received`, the requests that it received.
        hosts: more names accepted in the header ``Host``.
        origins: of the web pages that may call the service from a browser, such as
            ``http://localhost:3000``; ``*`` for all pages.
        noise: factors of the noise of the devices ``fake_<n>q``, by name: 0 is no noise, 2 is twice
            the errors, the rates of relaxation and the coherent terms.
        backends: backends of Qiskit or of any vendor (`BackendV2`), served beside the built-in
            ones with their own ``run``. Of two with one name the second is called ``name-2``.

    Attributes:
        faults: faults on demand, or None.
        received: the received requests, or None.

    Raises:
        BackendError: one of the backends can't be served; says why.
        ValueError: the noise of a backend can't be scaled so; or no origin; or a token is too
            short, or a name or token occurs twice.

    >>> with LocalService() as local:
    ...     service = QiskitRuntimeService(url=local.url, token=local.token)
    ...     print(service.backends(simulator=True)[0].name)
    statevector

    >>> from qiskit.providers.fake_provider import GenericBackendV2
    >>> with LocalService(backends=[GenericBackendV2(4, seed=1)]) as local:
    ...     service = QiskitRuntimeService(url=local.url, token=local.token)
    ...     device = service.backend("generic_backend_4q")
    ...     isa = transpile(bell, device, seed_transpiler=1)
    ...     SamplerV2(device).run([isa], shots=100).result()[0].data.meas.num_shots
    100
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        users: Sequence[User] | None = None,
        token_file: str | Path | None = None,
        folder: str | Path | None = None,
        executor: Executor | None = None,
        limits: Limits | None = None,
        token_lifetime_seconds: float = DEFAULT_LIFETIME_SECONDS,
        faults: bool = False,
        keep_requests: bool = False,
        hosts: Collection[str] = (),
        origins: Sequence[str] = (),
        noise: Mapping[str, float] | None = None,
        backends: Sequence[BackendV2] = (),
        certfile: str | Path | None = None,
        keyfile: str | Path | None = None,
    ):
        self._host = host
        self._port = port
        if users is None:
            made_up = User("local", secrets.token_urlsafe(32), admin=True)
            users = [made_up] if token_file is None else []
        check_users(users)
        self._users = list(users)
        self._token_file = token_file
        if keyfile is not None and certfile is None:
            raise ValueError("keyfile is the key of a certificate: name it as certfile")
        self._certfile, self._keyfile = certfile, keyfile
        self._folder = folder
        self._executor = executor
        self._limits = limits or Limits()
        self._lifetime_seconds = token_lifetime_seconds
        self._hosts = {*LOOPBACK_NAMES, host, *hosts} if is_loopback(host) else (set(hosts) or None)
        check_origins(origins)
        self._origins = tuple(origins)
        self.faults: Faults | None = Faults() if faults else None
        self.received: Received | None = Received(PREFIXES) if keep_requests else None
        self._store: Store | None = None
        self._tokens: Tokens | None = None
        self._engine: Engine | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._core: Core | None = None
        self._backends = LocalBackends(noise)
        # They are served as long as these are held.
        self._given = [self._backends.add(backend) for backend in backends]
        self._pid = 0

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``, below which the identity endpoint is; https with TLS."""
        scheme = "http" if self._certfile is None else "https"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self._port}"

    @property
    def url(self) -> str:
        """Root of the API with its version: ``http://127.0.0.1:PORT/v1``."""
        return f"{self.base_url}/v1"

    @property
    def token(self) -> str:
        """API key of the first user; accepted as a bearer token too.

        Raises:
            RuntimeError: the users are those of a file.
        """
        return self._first_user().token

    @property
    def instance(self) -> str:
        """CRN of the first user's first instance.

        Raises:
            RuntimeError: the users are those of a file.
        """
        return self._first_user().instances[0]

    def _first_user(self) -> User:
        if not self._users:
            raise RuntimeError(f"the users of {self!r} are those of a file, and their tokens too")
        return self._users[0]

    @property
    def folder(self) -> Path:
        """Where jobs are kept.

        Raises:
            RuntimeError: it is stopped.
        """
        if self._store is None:
            raise RuntimeError(f"{self!r} keeps nothing")
        return self._store.folder

    @property
    def running(self) -> bool:
        """Whether it answers calls."""
        return self._thread is not None

    def __repr__(self) -> str:
        return f"<LocalService {self.url if self.running else 'stopped'}>"

    def start(self) -> LocalService:
        """Starts listening; returns when calls are answered.

        Raises:
            OSError: the port is taken.
            RuntimeError: it is running already.
        """
        if self.running:
            raise RuntimeError(f"{self!r} is running already")
        if self.faults is not None:
            state_of(self.faults).stopping = False
        listener = Listener(self._host, self._port)
        try:
            self._port = listener.getsockname()[1]
            self._prepare(listener)
        except BaseException:
            listener.close()
            self.stop()
            raise
        self._pid = os.getpid()
        note_started(self.url)
        atexit.register(self._stop_at_exit)
        return self

    def _prepare(self, listener: Listener) -> None:
        if self._store is None:
            self._store = Store(self._folder)
        if self._tokens is None:
            self._tokens = Tokens(
                self._users,
                watched=self._watched(self._store.folder),
                lifetime_seconds=self._lifetime_seconds,
                secret=None if self._folder is None else self._store.secret(),
            )
        backends = self._backends
        self._engine = Engine(backends, self._executor, time_limit_seconds=self._limits.job_seconds)
        self._core = Core(self._store, self._tokens, backends, self._engine, self._limits)
        if self.faults is not None:
            self._core.held = state_of(self.faults).held
        self._core.resume()
        config = uvicorn.Config(
            create_app(
                self._core,
                hosts=self._hosts,
                origins=self._origins,
                faults=self.faults,
                received=self.received,
            ),
            http=service_protocol(self._limits, listener.has_begun),
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=int(self._limits.keep_alive_seconds),
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=self._limits.header_bytes,
            ssl_certfile=self._certfile,
            ssl_keyfile=None if self._keyfile is None else str(self._keyfile),
        )
        self._load(config)
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="qiskit-rest", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS) or not self._server.started:
            raise RuntimeError("the embedded service did not start; see the log")

    def _load(self, config: uvicorn.Config) -> None:
        """Loads the certificate here, where an error can be caught, not in the thread.

        Raises:
            ValueError: it can't be used; names the files.
        """
        try:
            config.load()
        except OSError as error:  # of TLS as well
            files = " and ".join(str(path) for path in (self._certfile, self._keyfile) if path)
            raise ValueError(
                f"TLS can't be served with {files}: {error.strerror or error}; a certificate chain"
                " and its private key are needed, both in PEM"
            ) from None

    def _watched(self, folder: Path) -> list[WatchedUsers]:
        """The files of users that may change while it runs."""
        watched = [WatchedUsers(folder / USER_FILE, read_user_file)]
        if self._token_file is not None:
            watched.append(WatchedUsers(Path(self._token_file), read_token_file))
        return watched

    def stop(self) -> None:
        """Stops listening and running; a temporary folder is deleted, another keeps its jobs."""
        self._halt()
        self._tokens = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def restart(self, down_seconds: float = 0.0) -> None:
        """Stops abruptly and starts again: same port, jobs, users and tokens."""
        self._halt()
        time.sleep(down_seconds)
        self.start()

    def expire_tokens(self) -> None:
        """Ends every token the identity endpoint issued so far."""
        if self._tokens is not None and self._store is not None:
            self._tokens.expire_all(self._store.secret(renew=True))

    def _stop_at_exit(self) -> None:
        # A forked child inherits the handler, but none of the threads.
        if os.getpid() == self._pid:
            self.stop()

    def _halt(self) -> None:
        if self._core is not None:
            # What is unfinished stays so in the store, for the next start to run it again.
            self._core.stopping = True
        if self.faults is not None:
            state_of(self.faults).stopping = True
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        if self._engine is not None:
            self._engine.close()
        if self._core is not None:
            self._core.close()
        atexit.unregister(self._stop_at_exit)
        note_stopped(self.url)
        self._core = self._server = self._thread = self._engine = None

    def __enter__(self) -> LocalService:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


# Functions, not methods: editors would offer those to users.


def add_backend(service: LocalService, backend: BackendV2) -> LocalBackend:
    """Serves one more backend, for as long as the caller holds what this returns.

    Args:
        service: that serves it.
        backend: of Qiskit or of any vendor; the same object again has the same name.

    Raises:
        BackendError: it can't be served; says why.
    """
    backends: LocalBackends = vars(service)["_backends"]
    return backends.add(backend)


def begin_again(service: LocalService, users: Sequence[User]) -> None:
    """For the next test: cancels all jobs, ends all faults, and admits other users only.

    Args:
        service: that a test used.
        users: who has access from now on. Jobs of former users are kept, but nobody sees them.

    Raises:
        ValueError: a token is too short, or a name or token occurs twice.
    """
    check_users(users)
    inside = vars(service)
    core: Core | None = inside["_core"]
    if core is not None:
        core.cancel_all()
    if service.faults is not None:
        service.faults.clear()
    if service.received is not None:
        service.received.requests.clear()
    inside["_users"] = list(users)
    tokens: Tokens | None = inside["_tokens"]
    if tokens is not None:
        tokens.replace(users)


def finish_jobs(service: LocalService, hurry: threading.Event) -> None:
    """Refuses new jobs, with 503 and ``Retry-After``; returns when all others have ended.

    Args:
        service: that runs them.
        hurry: returns at once when set. What is unfinished then is run again by the next start, if
            the folder was given.
    """
    core: Core | None = vars(service)["_core"]
    if core is not None:
        core.draining = True
        while core.has_pending() and not hurry.wait(DRAIN_POLL_SECONDS):
            pass


class _Server(uvicorn.Server):
    """Says when it is ready, instead of being asked."""

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts listening."""
        try:
            await super().startup(sockets=sockets)
        finally:
            self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops listening, and leaves no connection open: not one that came just now either."""
        await super().shutdown(sockets=sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # What is aborted is closed in the loop's next round.
        await asyncio.sleep(0)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name; it may lead anywhere
        return False
