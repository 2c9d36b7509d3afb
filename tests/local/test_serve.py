"""The service in the foreground: its output, errors, exit and logs."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import qiskit_rest_primitives.local
from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local import Caps, Limits, LocalService, serve
from qiskit_rest_primitives.local.limits import Retention
from qiskit_rest_primitives.local.service import is_loopback
from qiskit_rest_primitives.local.store import StorageFullError
from qiskit_rest_primitives.local.user_file import UserFile
from tests.local.conftest import ALICE, BELL, BOB, Api, HeldExecutor
from tests.tokens import own_file

JOB = {"program_id": "sampler", "backend": "statevector", "params": {"pubs": [[BELL, None, 5]]}}


@pytest.fixture
def root_logger() -> Iterator[None]:
    """The command sets the root logger up; afterwards it is as before."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


@pytest.mark.usefixtures("root_logger")
class TestCommand:
    @pytest.mark.slow
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_serves_until_a_signal(self, tmp_path: Path, number: int) -> None:
        """It prints its URL and how to call it, logs requests at DEBUG, and stops cleanly."""
        tokens = own_file(tmp_path / "tokens")
        tokens.write_text(f"alice {ALICE.token} admin\n")
        tokens.chmod(0o600)
        command = [sys.executable, "-W", "error", "-m", "qiskit_rest_primitives", "serve"]
        command += ["--port", "0", "--token-file", str(tokens), "--data-dir", str(tmp_path / "d")]
        process = subprocess.Popen(
            [*command, "--faults", "--log-format", "json", "--log-level", "debug"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            assert process.stdout is not None
            out = ""
            while "Ctrl-C" not in out:
                line = process.stdout.readline()
                assert line, "it ended early"
                out += line
            url = re.search(r"^Serving (http://127\.0\.0\.1:\d+/v1)$", out, re.MULTILINE)
            assert url, out
            headers = {"Authorization": f"Bearer {ALICE.token}"}
            reply = requests.get(f"{url[1]}/jobs?tags=secret", headers=headers, timeout=30)
            assert reply.status_code == 200
            process.send_signal(number)
            rest, log = process.communicate(timeout=30)
        finally:
            process.kill()
        assert process.returncode == 0
        assert "QISKIT_IBM_URL=" in out
        assert "curl" in out
        assert "stopping" in rest
        lines = [json.loads(line) for line in log.splitlines()]
        (request,) = [line for line in lines if line.get("path") == "/v1/jobs"]
        assert (request["method"], request["status"], request["user"]) == ("GET", 200, "alice")
        assert request["milliseconds"] > 0
        assert ALICE.token not in log + out

    def test_runs_in_this_process(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """run() serves while it waits for a signal; the generated token is in a private file."""
        seen: list[int] = []
        files: list[Path] = []

        def wait(_: threading.Event) -> None:
            out = capsys.readouterr().out
            url = re.search(r"Serving (\S+)", out)
            place = re.search(r'token=open\("(.+)"\)\.read\(\)', out)
            assert url
            assert place
            files.append(Path(place[1]))
            token = files[0].read_text()
            assert files[0].stat().st_mode & 0o077 == 0
            assert token not in out
            headers = {"Authorization": f"Bearer {token}"}
            seen.append(requests.get(f"{url[1]}/backends", headers=headers, timeout=30).status_code)
            seen.append(gc.get_freeze_count())

        monkeypatch.setattr(serve, "_wait", wait)
        assert main(["serve", "--port", "0", "--workers", "1"]) == 0
        assert seen[0] == 200
        assert seen[1] > 10_000  # the garbage collector does not visit what was there at the start
        assert gc.get_freeze_count() == 0
        assert not files[0].exists()

    def test_a_signal_ends_the_wait(self) -> None:
        """The previous signal handlers are restored."""
        before = signal.getsignal(signal.SIGINT)
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        with serve._until_signal() as stopped:
            timer.start()
            serve._wait(stopped)
        timer.join()
        assert signal.getsignal(signal.SIGINT) is before

    def test_the_noise_of_devices_is_scaled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """--device may be given several times; the service gets the factors."""
        seen: list[object] = []

        def refuse(**options: object) -> None:
            seen.append(options["noise"])
            raise OSError("seen enough")

        monkeypatch.setattr(qiskit_rest_primitives.local.service, "LocalService", refuse)
        command = ["serve", "--device", "fake_27q=noise:2.0", "--device", "fake_6q=noise:0"]
        assert main(command) == 2
        assert seen == [{"fake_27q": 2.0, "fake_6q": 0.0}]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("fake_27q", "write NAME=noise:FACTOR, such as fake_27q=noise:2.0"),
            ("fake_27q=2.0", "write NAME=noise:FACTOR"),
            ("fake_27q=noise", "write NAME=noise:FACTOR"),
            ("fake_27q=noise:loud", "write NAME=noise:FACTOR"),
            ("fake_27q=noise:-1", "0 to 100, not by -1"),
            ("fake_torino=noise:2.0", "the noise of fake_torino can't be scaled"),
            ("statevector=noise:2.0", "the noise of statevector can't be scaled"),
        ],
    )
    def test_a_wrong_device_is_refused(
        self, capsys: pytest.CaptureFixture[str], text: str, words: str
    ) -> None:
        """Before the service starts, with the option and the form that is right."""
        assert main(["serve", "--device", text]) == 2
        error = capsys.readouterr().err
        assert f"--device {text}" in error
        assert words in error

    def test_limits_of_users_are_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """--cap may be given several times; the limits that it does not name stay."""
        seen: list[Limits] = []

        def refuse(**options: Any) -> None:
            seen.append(options["limits"])
            raise OSError("seen enough")

        monkeypatch.setattr(qiskit_rest_primitives.local.service, "LocalService", refuse)
        assert main(["serve", "--cap", "qubits=20", "--cap", "queued_jobs=none"]) == 2
        assert seen[0].caps == Caps(qubits=20, queued_jobs=None)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("qbits=20", "no such limit; choose one of queued_jobs, shots, qubits"),
            ("qubits", "write qubits=NUMBER, or qubits=none for no limit"),
            ("qubits=-3", "write qubits=NUMBER"),
        ],
    )
    def test_a_wrong_limit_is_refused(
        self, capsys: pytest.CaptureFixture[str], text: str, words: str
    ) -> None:
        """Before the service starts, with the option and the form that is right."""
        assert main(["serve", "--cap", text]) == 2
        error = capsys.readouterr().err
        assert f"--cap {text}" in error
        assert words in error

    def test_what_is_kept_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """--older-than and --keep-bytes reach the service."""
        seen: list[object] = []

        def refuse(**options: Any) -> None:
            seen.append(options["limits"].retention)
            raise OSError("seen enough")

        monkeypatch.setattr(qiskit_rest_primitives.local.service, "LocalService", refuse)
        assert main(["serve", "--older-than", "30d", "--keep-bytes", "10G"]) == 2
        assert seen == [Retention(older_than_seconds=30 * 86_400.0, keep_bytes=10**10)]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--older-than", "30"], "--older-than: write hours, days or weeks"),
            (["--keep-bytes", "much"], "--keep-bytes: write a number of bytes"),
        ],
    )
    def test_a_wrong_age_or_size_is_refused(
        self, capsys: pytest.CaptureFixture[str], words: list[str], message: str
    ) -> None:
        """With its option and how to write it."""
        assert main(["serve", *words]) == 2
        assert message in capsys.readouterr().err

    def test_a_second_one_on_a_folder_is_refused(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """In one line that names the folder."""
        with LocalService(folder=tmp_path):
            assert main(["serve", "--port", "0", "--data-dir", str(tmp_path)]) == 2
        assert f"serve: {tmp_path} is in use by another service" in capsys.readouterr().err

    def test_a_full_disk_is_an_error(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In one line that says so."""

        def full(**_: object) -> None:
            raise StorageFullError("disk I/O error")

        monkeypatch.setattr(qiskit_rest_primitives.local.service, "LocalService", full)
        assert main(["serve", "--port", "0"]) == 2
        assert "serve: The service can't store this: disk I/O error" in capsys.readouterr().err

    def test_other_addresses_need_tokens(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without named users only loopback is served."""
        assert main(["serve", "--host", "0.0.0.0"]) == 2
        error = capsys.readouterr().err
        assert "name its users with `qiskit-rest user add` and --data-dir, or with" in error

    def test_users_of_the_folder_are_named_users(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then other machines may be served, and no token is made up."""
        UserFile(tmp_path / "jobs").add("alice")
        statuses: list[int] = []

        def wait(_: threading.Event) -> None:
            port = re.search(r"Serving http://0\.0\.0\.0:(\d+)/", capsys.readouterr().out)
            assert port
            assert not (tmp_path / "jobs" / "token").exists()
            url = f"http://127.0.0.1:{port[1]}/v1/jobs"
            token = UserFile(tmp_path / "jobs").renew("alice")
            headers = {"Authorization": f"Bearer {token}"}
            statuses.append(requests.get(url, headers=headers, timeout=30).status_code)

        monkeypatch.setattr(serve, "_wait", wait)
        command = ["serve", "--host", "0.0.0.0", "--port", "0", "--data-dir"]
        assert main([*command, str(tmp_path / "jobs")]) == 0
        assert statuses == [200]

    def test_a_name_has_one_user(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A token file and a folder with a user of one name are refused."""
        UserFile(tmp_path).add("alice")
        tokens = own_file(tmp_path / "tokens")
        tokens.write_text(f"alice {ALICE.token}\n")
        tokens.chmod(0o600)
        command = ["serve", "--data-dir", str(tmp_path), "--token-file", str(tokens)]
        assert main(command) == 2
        assert "there are two users 'alice'" in capsys.readouterr().err

    def test_faults_without_an_administrator_are_warned_of(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nobody could set them."""
        UserFile(tmp_path).add("alice")
        command = [
            "serve",
            "--data-dir",
            str(tmp_path),
            "--faults",
            "--workers",
            "1",
            "--dask",
            "x",
        ]
        assert main(command) == 2
        assert "--faults is for administrators, and no user is one" in capsys.readouterr().err

    def test_workers_and_dask_exclude_each_other(self, capsys: pytest.CaptureFixture[str]) -> None:
        """There is one executor."""
        assert main(["serve", "--workers", "2", "--dask", "tcp://x:1"]) == 2
        assert "--dask" in capsys.readouterr().err

    def test_warns_of_a_token_file_that_others_can_read(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A warning with its cure."""
        tokens = own_file(tmp_path / "tokens")
        tokens.write_text(f"alice {ALICE.token}\n")
        tokens.chmod(0o644)
        command = ["serve", "--token-file", str(tokens), "--workers", "1", "--dask", "x"]
        assert main(command) == 2
        assert "chmod 600" in capsys.readouterr().err

    def test_a_missing_token_file_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The message names it; the exit code is 2."""
        assert main(["serve", "--token-file", "/nowhere/tokens"]) == 2
        assert "/nowhere/tokens" in capsys.readouterr().err

    def test_a_taken_port_is_an_error(
        self, local: LocalService, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A message instead of a traceback; the exit code is 2."""
        port = local.base_url.rpartition(":")[2]
        assert main(["serve", "--port", port]) == 2
        assert "in use" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "argv", [("--workers", "0"), ("--rate-limit", "x"), ("--time-limit", "-1")]
    )
    def test_numbers_have_a_range(
        self, argv: tuple[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The message names the option; the exit code is 2."""
        assert main(["serve", *argv]) == 2
        assert f"'{argv[0]}'" in capsys.readouterr().err


def logged(message: str, **fields: object) -> logging.LogRecord:
    """A record of the service's, with fields of a request or a job."""
    record = logging.LogRecord("qiskit_rest_primitives.local", 20, "f", 1, message, (), None)
    vars(record).update(fields)
    return record


class TestLogs:
    def test_each_job_is_one_line(
        self, local: LocalService, api: Api, caplog: pytest.LogCaptureFixture
    ) -> None:
        """User, job, program, backend, state and seconds; nothing for requests."""
        with caplog.at_level(logging.INFO, logger="qiskit_rest_primitives.local"):
            job_id = api.run()
        (record,) = [record for record in caplog.records if record.name.startswith("qiskit_rest")]
        line = rf"alice {job_id} sampler statevector Completed \d+\.\d\d s"
        assert re.fullmatch(line, record.getMessage())
        content = json.loads(serve.JsonLines().format(record))
        assert (content["job"], content["state"], content["user"]) == (job_id, "Completed", "alice")
        assert content["seconds"] >= 0

    def test_a_cancelled_job_is_one_line(
        self, held: tuple[Api, HeldExecutor], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Also when it was cancelled in the queue."""
        api, _ = held
        jobs = [api.submit() for _ in range(12)]
        with caplog.at_level(logging.INFO, logger="qiskit_rest_primitives.local"):
            assert api.call("POST", f"/jobs/{jobs[-1]}/cancel").status_code == 204
        (record,) = [record for record in caplog.records if record.levelno >= logging.INFO]
        assert f" {jobs[-1]} " in record.getMessage()
        assert re.search(r" Cancelled .* s: The job was cancelled by its owner\.$", caplog.text)

    def test_a_line_of_text_is_readable(self) -> None:
        """Time and message; the level if it is no news, and a traceback below."""
        format_ = serve.TextLines().format
        time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        assert re.fullmatch(f"{time} alice ended", format_(logged("alice ended")))
        try:
            raise ValueError("why")
        except ValueError:
            record = logging.LogRecord("n", logging.ERROR, "f", 1, "m %s", ("x",), sys.exc_info())
        first, *_, last = format_(record).splitlines()
        assert re.fullmatch(f"{time} error: m x", first)
        assert last == "  ValueError: why"

    def test_a_users_text_is_no_line_of_its_own(self) -> None:
        """Nor does a terminal obey it."""
        shown = serve.TextLines().format(logged("failed: \x1b[2J\r\x9b\n2026-01-01 mallory ended"))
        first, second = shown.splitlines()
        assert first.endswith(r" failed: \x1b[2J\r\x9b")
        assert second == "  2026-01-01 mallory ended"

    def test_an_error_is_one_line(self) -> None:
        """A traceback is a field of its record."""
        try:
            raise ValueError("why")
        except ValueError:
            record = logging.LogRecord("n", logging.ERROR, "f", 1, "m %s", ("x",), sys.exc_info())
        content = json.loads(serve.JsonLines().format(record))
        assert (content["level"], content["message"]) == ("error", "m x")
        assert "ValueError: why" in content["error"]

    def test_no_secret_is_logged(
        self, local: LocalService, caplog: pytest.LogCaptureFixture
    ) -> None:
        """At DEBUG, neither key nor issued token nor query appears."""
        with caplog.at_level(logging.DEBUG, logger="qiskit_rest_primitives.local"):
            form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": BOB.token}
            reply = requests.post(f"{local.base_url}/identity/token", data=form, timeout=30)
            issued = reply.json()["access_token"]
            headers = {"Authorization": f"Bearer {issued}"}
            requests.get(f"{local.url}/jobs?tags=hidden-tag", headers=headers, timeout=30)
        assert "GET /v1/jobs 200" in caplog.text
        ours = [record for record in caplog.records if record.name.startswith("qiskit_rest")]
        assert ours
        for secret in (BOB.token, issued, "hidden-tag"):
            assert not any(secret in f"{record.getMessage()} {vars(record)}" for record in ours)


class TestLocalService:
    @pytest.mark.slow
    def test_leaves_nothing_behind(self) -> None:
        """No thread, socket, folder or warning remains after it stopped, in a child process."""
        program = (
            "import logging, threading, time, requests\n"
            "from qiskit_rest_primitives.local import LocalService\n"
            # In development mode asyncio warns of a machine that is busy.
            "logging.getLogger('asyncio').setLevel('ERROR')\n"
            "with LocalService() as service:\n"
            "    folder = service.folder\n"
            "    headers = {'Authorization': f'Bearer {service.token}'}\n"
            f"    body = {JOB!r}\n"
            "    with requests.Session() as session:\n"
            "        session.headers.update(headers)\n"
            "        job = session.post(f'{service.url}/jobs', json=body).json()['id']\n"
            "        while session.get(f'{service.url}/jobs/{job}/results').status_code == 204:\n"
            "            time.sleep(0.05)\n"
            "    time.sleep(0.6)\n"
            "assert not folder.exists()\n"
            "deadline = time.monotonic() + 60\n"
            "while threading.active_count() > 1 and time.monotonic() < deadline:\n"
            "    time.sleep(0.05)\n"
            "print([thread.name for thread in threading.enumerate()])\n"
        )
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", program],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stderr == ""
        assert done.stdout == "['MainThread']\n"

    def test_can_start_again(self) -> None:
        """It can start after stop(), but not while it runs."""
        service = LocalService()
        assert "stopped" in repr(service)
        with pytest.raises(RuntimeError, match="keeps nothing"):
            _ = service.folder
        service.expire_tokens()
        service.stop()
        for _ in range(2):
            with service:
                assert service.running
                assert service.url in repr(service)
                with pytest.raises(RuntimeError, match="already"):
                    service.start()
        assert service.token not in repr(service)

    def test_expired_tokens_stay_invalid_after_a_restart(self, tmp_path: Path) -> None:
        """With a folder, other tokens stay valid."""
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": ALICE.token}
        service = LocalService(users=[ALICE], folder=tmp_path)

        def issued() -> dict[str, str]:
            reply = requests.post(f"{service.base_url}/identity/token", data=form, timeout=30)
            return {"Authorization": f"Bearer {reply.json()['access_token']}"}

        def status(headers: dict[str, str]) -> int:
            return requests.get(f"{service.url}/jobs", headers=headers, timeout=30).status_code

        with service:
            old = issued()
            assert status(old) == 200
            service.expire_tokens()
            assert status(old) == 401
            new = issued()
        with service:
            assert status(old) == 401
            assert status(new) == 200

    def test_a_taken_port_is_an_oserror(self, local: LocalService) -> None:
        """No thread or folder remains."""
        port = int(local.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            LocalService(port=port).start()

    def test_listens_on_ipv6(self) -> None:
        """::1 is loopback too."""
        with LocalService(host="::1") as service:
            assert service.base_url.startswith("http://[::1]:")
            assert requests.get(f"{service.base_url}/health", timeout=30).status_code == 200

    @pytest.mark.parametrize(
        ("host", "is_local"),
        [
            ("127.0.0.1", True),
            ("127.1.2.3", True),
            ("::1", True),
            ("localhost", True),
            ("0.0.0.0", False),
            ("127.evil.example", False),
            ("::", False),
        ],
    )
    def test_knows_loopback(self, host: str, is_local: bool) -> None:
        """Addresses that only this machine can reach."""
        assert is_loopback(host) == is_local


class TestImport:
    @pytest.mark.slow
    def test_the_package_does_not_need_the_extra(self) -> None:
        """Without starlette the import works, and using the service names the extra."""
        program = (
            "import sys; sys.modules['starlette'] = None; sys.modules['uvicorn'] = None\n"
            "import importlib.util as u; found = u.find_spec\n"
            "u.find_spec = lambda n, *a: None if n in ('starlette', 'uvicorn') else found(n, *a)\n"
            "import qiskit_rest_primitives.local as local\n"
            "try:\n    local.LocalService\n"
            "except ImportError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
        )
        assert "qiskit-rest-primitives[local]" in done.stdout

    def test_unknown_names_are_attribute_errors(self) -> None:
        """Like those of any module."""
        with pytest.raises(AttributeError, match="Nonsense"):
            _ = qiskit_rest_primitives.local.Nonsense
