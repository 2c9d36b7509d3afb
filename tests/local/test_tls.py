"""TLS with a certificate of an authority that the test makes."""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
import trustme
from qiskit import QuantumCircuit

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local import LocalService, serve
from qiskit_rest_primitives.local.api import listener
from tests.local.conftest import ALICE


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Certificate, key, and the certificate of the authority that signed it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    paths = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"
    paths[0].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(paths[1])
    paths[1].chmod(0o600)
    authority.cert_pem.write_to_path(paths[2])
    return paths


def test_jobs_run_over_tls(files: tuple[Path, Path, Path]) -> None:
    """Submission, result and a result of almost a megabyte; the client checks the certificate."""
    certificate, key, authority = files
    circuit = QuantumCircuit(8)
    circuit.x(range(0, 8, 2))
    circuit.measure_all()
    with LocalService(users=[ALICE], certfile=certificate, keyfile=key) as local:
        assert local.url.startswith("https://127.0.0.1:")
        service = QiskitRuntimeService(
            url=local.url, token=ALICE.token, verify=str(authority), instance=local.instance
        )
        backend = service.backend("statevector")
        result = SamplerV2(backend).run([circuit], shots=100_000).result()
        assert result[0].data.meas.get_counts() == {"01" * 4: 100_000}
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{local.url}/versions", timeout=30)


def test_certificate_and_key_may_be_one_file(
    files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """As many tools write them."""
    both = tmp_path / "both.pem"
    both.write_bytes(files[1].read_bytes() + files[0].read_bytes())
    with LocalService(users=[ALICE], certfile=both) as local:
        reply = requests.get(f"{local.base_url}/health", verify=str(files[2]), timeout=30)
        assert reply.status_code == 200


def test_files_that_do_not_fit_are_named(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A missing file, one that is no certificate, the key of another; and a key alone."""
    certificate, key, authority = files
    nothing = tmp_path / "nothing.pem"
    for pair in ((nothing, key), (key, certificate), (authority, key)):
        service = LocalService(users=[ALICE], certfile=pair[0], keyfile=pair[1])
        with pytest.raises(ValueError, match=f"can't be served with {pair[0]} and {pair[1]}: "):
            service.start()
    with pytest.raises(ValueError, match="keyfile is the key of a certificate: name it"):
        LocalService(users=[ALICE], keyfile=key)


def test_the_command_serves_tls(
    files: tuple[Path, Path, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that it prints says https, and how a certificate of one's own is trusted."""
    printed: list[str] = []

    def wait(_: threading.Event) -> None:
        out = capsys.readouterr().out
        printed.append(out)
        port = re.search(r"^Serving https://127\.0\.0\.1:(\d+)/v1$", out, re.MULTILINE)
        assert port
        url = f"https://localhost:{port[1]}/health"
        assert requests.get(url, verify=str(files[2]), timeout=30).status_code == 200

    monkeypatch.setattr(serve, "_wait", wait)
    words = ["--port", "0", "--certfile", str(files[0]), "--keyfile", str(files[1])]
    assert main(["serve", *words]) == 0
    (out,) = printed
    assert "http://" not in out
    assert 'verify="ca.pem"' in out
    assert "export IAM_URL=https://" in out


def test_a_wrong_certificate_ends_the_command(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """With a message and exit code 2."""
    assert main(["serve", "--port", "0", "--certfile", str(files[2])]) == 2
    assert f"TLS can't be served with {files[2]}: " in capsys.readouterr().err


def test_a_key_that_others_can_read_is_warned_of(
    files: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning with its cure."""
    key = tmp_path / "key.pem"
    key.write_bytes(files[1].read_bytes())
    key.chmod(0o644)
    words = ["--certfile", str(files[0]), "--keyfile", str(key), "--workers", "1", "--dask", "x"]
    assert main(["serve", *words]) == 2
    assert f"others can read {key}: chmod 600" in capsys.readouterr().err


@pytest.mark.slow
def test_our_command_calls_over_tls(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """`account check` with --ca-bundle, as a user types it."""
    with LocalService(users=[ALICE], certfile=files[0], keyfile=files[1]) as local:
        words = ["account", "check", "--url", local.url]
        result = subprocess.run(
            [sys.executable, "-m", "qiskit_rest_primitives", *words, "--ca-bundle", str(files[2])],
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | {"HOME": str(tmp_path), "QISKIT_IBM_TOKEN": ALICE.token},
        )
    assert result.returncode == 0, result.stderr
    assert local.instance in result.stdout


def test_connections_without_a_handshake_block_nobody(
    files: tuple[Path, Path, Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than may wait: the oldest are closed, and the log has nothing of it."""
    monkeypatch.setattr(listener, "MOST_WAITING", 5)
    with LocalService(users=[ALICE], certfile=files[0], keyfile=files[1]) as local:
        port = int(local.base_url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(20)]
        for _ in range(3):
            reply = requests.get(f"{local.base_url}/health", verify=str(files[2]), timeout=30)
            assert reply.status_code == 200
        assert silent[0].recv(1) == b""
        silent[-1].settimeout(0.1)
        with pytest.raises(TimeoutError):
            silent[-1].recv(1)
        for connection in silent:
            connection.close()
        assert not [record for record in caplog.records if record.levelno > logging.INFO]
