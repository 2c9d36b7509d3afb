"""``qiskit-rest serve``: the service in the foreground, for one user, a group or a CI farm."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_JOB_SECONDS

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.service import LocalService

DEFAULT_PORT = 8765
EXTRA_FIELDS = ("method", "path", "status", "milliseconds", "trace", "user")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of the command."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=DEFAULT_PORT, help="0 for a free one (default: %(default)s)")
    add("--token-file", metavar="FILE", help="users, one a line: NAME TOKEN [CRN ...]")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="more Host names to accept",
    )
    add("--rate-limit", type=_positive_int, metavar="N", help="job submissions a user and minute")
    add("--data-dir", metavar="DIR", help="keep jobs here over restarts (default: until it stops)")
    add(
        "--backend",
        action="append",
        default=[],
        metavar="MODULE:FUNCTION",
        help="serve the Qiskit backends that it returns, too; MODULE may be in this folder",
    )
    add(
        "--device",
        action="append",
        default=[],
        metavar="NAME=noise:FACTOR",
        help="scale the noise of a device, as fake_27q=noise:2.0; 0 is no noise",
    )
    add("--workers", type=_positive_int, metavar="N", help="processes that simulate")
    add("--dask", metavar="ADDRESS", help="scheduler of a Dask cluster that simulates")
    add("--faults", action="store_true", help="let tests make chosen calls fail: POST /faults")
    add(
        "--time-limit",
        type=_positive,
        default=MAX_JOB_SECONDS,
        metavar="S",
        help="longest job (seconds)",
    )
    add("--token-lifetime", type=_positive, default=3600.0, metavar="S", help="of issued tokens")
    add(
        "--max-body-mb",
        type=_positive,
        default=MAX_BODY_BYTES / 1e6,
        metavar="MB",
        help="largest request",
    )
    add("--log-level", default="info", choices=("debug", "info", "warning", "error"))


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"must be positive, not {text}")
    return value


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return value


def read_noise(text: str) -> tuple[str, float]:
    """Reads ``NAME=noise:FACTOR``.

    Raises:
        ValueError: another form, a factor out of range, or a backend whose noise can't be scaled.
    """
    from qiskit_rest_primitives.local.simulators.fake_devices import check_noise

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
    """One JSON object a record: time, level, logger, message, and the fields of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        content: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in EXTRA_FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                content[name] = value
        if record.exc_info:
            content["error"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(content)


def run(args: argparse.Namespace) -> int:
    """Serves until Ctrl-C or SIGTERM; logs go to stderr as JSON lines.

    Returns:
        Exit code: 0, or 2 if it can't start as asked.
    """
    from qiskit_rest_primitives.local.auth import read_token_file
    from qiskit_rest_primitives.local.limits import Limits
    from qiskit_rest_primitives.local.load_backends import load_backends
    from qiskit_rest_primitives.local.service import LocalService, is_loopback

    try:
        users = read_token_file(args.token_file) if args.token_file else None
        if users is None and not is_loopback(args.host):
            raise ValueError(
                f"{args.host} is open to other machines: name its users with --token-file"
            )
        if args.token_file and os.name == "posix" and os.stat(args.token_file).st_mode & 0o077:
            print(f"warning: others can read {args.token_file}: chmod 600", file=sys.stderr)
        if args.workers and args.dask:
            raise ValueError("--workers and --dask exclude each other")
        noise = dict(map(read_noise, args.device))
        backends = [backend for place in args.backend for backend in load_backends(place)]
    except (OSError, ValueError) as error:
        print(f"qiskit-rest serve: {error}", file=sys.stderr)
        return 2
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=args.log_level.upper(), handlers=[handler], force=True)
    limits = Limits(
        body_bytes=int(args.max_body_mb * 1e6),
        job_seconds=args.time_limit,
        submissions_per_minute=args.rate_limit,
    )
    with contextlib.ExitStack() as stack:
        try:
            executor = stack.enter_context(_executor(args.workers, args.dask))
            service = LocalService(
                host=args.host,
                port=args.port,
                users=users,
                folder=args.data_dir,
                executor=executor,
                limits=limits,
                token_lifetime_seconds=args.token_lifetime,
                faults=args.faults,
                hosts=args.allow_host,
                noise=noise,
                backends=backends,
            )
            stack.enter_context(service)
        except (OSError, ValueError, ImportError) as error:
            print(f"qiskit-rest serve: {error}", file=sys.stderr)
            return 2
        stopped = stack.enter_context(_until_signal())
        token_file = stack.enter_context(_token_file(service)) if users is None else None
        print(_how_to_call(service, token_file), flush=True)
        _wait(stopped)
        print("stopping", flush=True)
    return 0


@contextlib.contextmanager
def _executor(workers: int | None, dask: str | None) -> Generator[Executor | None]:
    """What simulates: processes of this machine, a Dask cluster, or None for the default."""
    if workers:
        from qiskit_rest_primitives.local.engine.workers import worker_processes

        with worker_processes(workers) as pool:
            yield pool
    elif dask:
        try:
            from distributed import Client
        except ImportError:
            raise ImportError(
                "--dask needs Dask: pip install 'qiskit-rest-primitives[dask]'"
            ) from None
        with Client(dask) as client:
            yield client.get_executor()
    else:
        yield None


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


def _how_to_call(service: LocalService, token_file: Path | None) -> str:
    """What a user needs to know to point a client here; never a token.

    Args:
        service: the running service.
        token_file: holds its token; None if users brought their own.
    """
    instance, token, python = "YOUR_CRN", "YOUR_TOKEN", '"YOUR_TOKEN"'
    if token_file is not None:
        instance = service.instance
        token = f"$(cat {shlex.quote(str(token_file))})"
        python = f'open("{token_file.as_posix()}").read()'
    return f"""Serving {service.url}

This package:
  QiskitRuntimeService(url="{service.url}", token={python},
                       instance="{instance}")

qiskit-ibm-runtime, unmodified:
  export IAM_URL={service.base_url} QISKIT_IBM_URL={service.base_url}/experimental
  export QISKIT_FUNCTIONS_EXPERIMENTAL=1 QISKIT_IBM_CHANNEL=ibm_quantum_platform
  export QISKIT_IBM_TOKEN="{token}"
  export QISKIT_IBM_INSTANCE={instance}

curl:
  curl -H "Authorization: Bearer {token}" {service.url}/backends

Ctrl-C stops it."""
