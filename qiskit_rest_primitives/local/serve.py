"""``qiskit-rest serve``: the service in the foreground, for one user, a group or a CI farm."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.local.serve_workers import (
    check_gpu_option,
    chosen_executor,
    gpu_for_workers,
)

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.limits import Caps, Retention
    from qiskit_rest_primitives.local.service import LocalService
    from qiskit_rest_primitives.local.users import KnownUser

DEFAULT_PORT: Final = 8765
LOG_FORMATS: Final = ("text", "json")
TRUST: Final = """
If you have signed the certificate yourself, pass the certificate of your authority to clients:
verify="ca.pem" in QiskitRuntimeService, --ca-bundle of qiskit-rest, REQUESTS_CA_BUNDLE for
qiskit-ibm-runtime, --cacert of curl.
"""
REQUEST_FIELDS: Final = ("method", "path", "status", "milliseconds", "trace", "user")
JOB_FIELDS: Final = ("job", "program", "backend", "state", "seconds", "reason")


def read_noise(text: str) -> tuple[str, float]:
    """Reads ``NAME=noise:FACTOR``.

    Raises:
        ValueError: another form, a factor out of range, or a backend whose noise can't be scaled.
    """
    from qiskit_rest_primitives.local.simulators.devices.fake_devices import check_noise

    name, _, what = text.partition("=")
    kind, _, factor = what.partition(":")
    try:
        if kind != "noise":
            raise ValueError(kind)
        value = float(factor)
    except ValueError:
        raise ValueError(
            f"--device {text}: write NAME=noise:FACTOR, such as fake_27q=noise:2.0"
        ) from None
    try:
        check_noise(name, value)
    except ValueError as error:
        raise ValueError(f"--device {text}: {error}") from None
    return name, value


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, message, and a request's or job's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        content: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in (*REQUEST_FIELDS, *JOB_FIELDS):
            value = getattr(record, name, None)
            if value is not None:
                content[name] = value
        if record.exc_info:
            content["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(content)


class TextLines(logging.Formatter):
    """Time and message, with the level where it is not info."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, with a traceback below it."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {level}{record.getMessage()}"
        if record.exc_info:
            line += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        # Indented, so that no text of a user looks like a line of its own.
        return printable(line).replace("\n", "\n  ")


def _read_caps(texts: Sequence[str]) -> Caps:
    from qiskit_rest_primitives.local.limits import Caps, read_caps

    try:
        return Caps(**read_caps(texts))
    except ValueError as error:
        raise ValueError(f"--cap {error}") from None


def run(
    *,
    host: str,
    port: int,
    token_file: str | None,
    hosts: Sequence[str],
    origins: Sequence[str],
    caps: Sequence[str],
    data_dir: str | None,
    backends: Sequence[str],
    devices: Sequence[str],
    workers: int | None,
    dask: str | None,
    faults: bool,
    time_limit: float,
    token_lifetime: float,
    max_body_mb: float,
    log_level: str,
    log_format: str,
    older_than: str | None = None,
    keep_bytes: str | None = None,
    certfile: str | None = None,
    keyfile: str | None = None,
    drain: bool = False,
    slurm: str | None = None,
    gpu: bool = False,
) -> int:
    """Serves until Ctrl-C or SIGTERM; logs go to stderr.

    Args:
        host: address to listen on.
        port: 0 for a free one.
        token_file: users, one a line. Without it, and without users in ``data_dir``, there is one
            administrator with a token that is made up.
        hosts: more names accepted in the header ``Host``.
        origins: of the web pages that may call it.
        caps: limits of each user, as ``queued_jobs=100``.
        data_dir: keeps jobs over restarts; None for a temporary folder.
        backends: ``module:function``, each of which returns Qiskit backends to serve.
        devices: ``name=noise:factor``.
        workers: processes that simulate; with ``slurm`` at most.
        dask: address of a scheduler that simulates.
        faults: whether calls can be made to fail.
        time_limit: longest job, in seconds.
        token_lifetime: of issued tokens, in seconds.
        max_body_mb: largest request, in megabytes.
        log_level: ``debug`` to ``error``.
        log_format: one of `LOG_FORMATS`.
        older_than: age of finished jobs that are deleted, as ``30d``; None to keep them.
        keep_bytes: size of all jobs above which the oldest are deleted, as ``10G``.
        certfile: certificate chain for TLS.
        keyfile: private key of the certificate; None if it is in ``certfile``.
        drain: whether it finishes its jobs before it stops. Otherwise the next start runs them
            again.
        gpu: whether Aer is to use the GPU of workers.
        slurm: options of ``sbatch`` for the jobs that simulate; None without Slurm.

    Returns:
        Exit code: 0, or 2 if it can't start as asked.
    """
    try:
        from qiskit_rest_primitives.local import Limits, LocalService
        from qiskit_rest_primitives.local.engine.base.freed_memory import return_large_blocks
        from qiskit_rest_primitives.local.load_backends import load_backends
        from qiskit_rest_primitives.local.service import finish_jobs, is_loopback
        from qiskit_rest_primitives.local.store import StorageFullError

        named = named_users(token_file, data_dir)
        if not named and not is_loopback(host):
            raise ValueError(
                f"{host} is open to other machines: name its users with `qiskit-rest user add` and"
                " --data-dir, or with --token-file"
            )
        for path in filter(None, (token_file, keyfile)):
            if os.name == "posix" and os.stat(path).st_mode & 0o077:
                print(f"warning: others can read {path}: chmod 600", file=sys.stderr)
        if faults and named and not any(user.admin for user in named):
            print(
                "warning: --faults is for administrators, and no user is one, so nobody can set"
                " faults",
                file=sys.stderr,
            )
        if workers and dask:
            raise ValueError("--workers and --dask exclude each other")
        if drain and data_dir is None:
            raise ValueError("--drain needs --data-dir: without it, results end with the service")
        if slurm is not None and dask:
            raise ValueError("--slurm and --dask exclude each other")
        if gpu:
            check_gpu_option(dask, slurm)
        noise = dict(map(read_noise, devices))
        cap = _read_caps(caps)
        retention = read_retention(older_than, keep_bytes)
        served = [backend for place in backends for backend in load_backends(place)]
    except (OSError, ValueError, ImportError) as error:
        print(f"qiskit-rest serve: {error}", file=sys.stderr)
        return 2
    return_large_blocks()
    limits = Limits(
        body_bytes=int(max_body_mb * 1e6),
        job_seconds=time_limit,
        caps=cap,
        retention=retention,
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(_logs_on_stderr(log_level, log_format))
        if gpu:
            stack.enter_context(gpu_for_workers())
        try:
            executor = stack.enter_context(chosen_executor(workers, dask, slurm, data_dir))
            service = LocalService(
                host=host,
                port=port,
                users=() if named else None,
                token_file=token_file,
                folder=data_dir,
                executor=executor,
                limits=limits,
                token_lifetime_seconds=token_lifetime,
                faults=faults,
                hosts=hosts,
                origins=origins,
                noise=noise,
                backends=served,
                certfile=certfile,
                keyfile=keyfile,
            )
            stack.enter_context(service)
        except (OSError, ValueError, ImportError, StorageFullError) as error:
            print(f"qiskit-rest serve: {error}", file=sys.stderr)
            return 2
        stopped = stack.enter_context(_until_signal())
        token = stack.enter_context(_token_file(service)) if not named else None
        print(how_to_call(service, token), flush=True)
        with _short_collections():
            _wait(stopped)
            if drain:
                print("finishing jobs; a second signal stops at once", flush=True)
                stopped.clear()
                finish_jobs(service, stopped)
        print("stopping", flush=True)
    return 0


def named_users(token_file: str | None, data_dir: str | None) -> list[KnownUser]:
    """The users of a token file, and those that `qiskit-rest user` put into a data folder.

    Raises:
        OSError: a file can't be read.
        ValueError: a malformed file, or a name or token that occurs twice.
    """
    from qiskit_rest_primitives.local.user_file import USER_FILE, read_user_file
    from qiskit_rest_primitives.local.users import check_apart, read_token_file

    users = read_token_file(token_file) if token_file else []
    if data_dir is not None:
        users += read_user_file(Path(data_dir) / USER_FILE)
    check_apart(users)
    return users


def read_retention(older_than: str | None, keep_bytes: str | None) -> Retention:
    """What ``--older-than`` and ``--keep-bytes`` say.

    Raises:
        ValueError: another form.
    """
    from qiskit_rest_primitives.local.limits import Retention, read_age, read_size

    try:
        age = None if older_than is None else read_age(older_than)
    except ValueError as error:
        raise ValueError(f"--older-than: {error}") from None
    try:
        size = None if keep_bytes is None else read_size(keep_bytes)
    except ValueError as error:
        raise ValueError(f"--keep-bytes: {error}") from None
    return Retention(age, size)


@contextlib.contextmanager
def _logs_on_stderr(level: str, form: str) -> Generator[None]:
    """Writes the log to stderr; afterwards, another service of this process may do so."""
    root = logging.getLogger()
    before = root.level
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(_is_ours_or_a_problem)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def _is_ours_or_a_problem(record: logging.LogRecord) -> bool:
    """Without what Qiskit and uvicorn say of their daily work."""
    return record.name.startswith("qiskit_rest_primitives.") or record.levelno >= logging.WARNING


@contextlib.contextmanager
def _until_signal() -> Generator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, instead of ending the process."""
    stopped = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _short_collections() -> Generator[None]:
    """Keeps Python's garbage collector from visiting all of Qiskit again and again.

    It would stop every request for a tenth of a second each time.
    """
    from qiskit_rest_primitives.local.engine.executors.workers import warm_up

    warm_up()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def _token_file(service: LocalService) -> Generator[Path]:
    """The token that was made up, in a private file beside the jobs while the service runs.

    What is printed may end in a log. Commands that read the file can be copied just as well.
    """
    path = service.folder.resolve() / "token"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(service.token)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _wait(stopped: threading.Event) -> None:
    # A wait without a time-out can't be interrupted on Windows.
    while not stopped.wait(0.5):
        pass


def how_to_call(service: LocalService, token_file: Path | None) -> str:
    """What a user needs to know to point a client here; never a token.

    Args:
        service: the running service.
        token_file: holds its token; None if users brought their own.
    """
    base = service.base_url
    instance, token, python = "YOUR_CRN", "YOUR_TOKEN", '"YOUR_TOKEN"'
    file = "FILE_WITH_YOUR_TOKEN"
    if token_file is not None:
        instance = service.instance
        file = shlex.quote(str(token_file))
        token = f"$(cat {file})"
        python = f'open("{token_file.as_posix()}").read()'
    trust = TRUST if base.startswith("https:") else ""
    return f"""Serving {service.url}

This package:
  QiskitRuntimeService(url="{service.url}", token={python},
                       instance="{instance}")

The command, which shows the CRN of the instance, too:
  qiskit-rest account check --url {service.url} --token-file {file}

qiskit-ibm-runtime 0.49 or later, unmodified, with QiskitRuntimeService():
  export IAM_URL={base} QISKIT_IBM_URL={base}/experimental
  export GLOBAL_SEARCH_URL={base} GLOBAL_CATALOG_URL={base}/api/v1
  export QISKIT_IBM_TOKEN="{token}"
0.48 and earlier can't: they ask https://iam.cloud.ibm.com for tokens, and no setting changes that.
  pip install --upgrade qiskit-ibm-runtime

curl:
  curl -H "Authorization: Bearer {token}" {service.url}/backends
{trust}
Ctrl-C stops it."""
