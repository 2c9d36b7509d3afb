"""examples/deploy: what its files call exists, and they agree with each other and the command."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from tests.cli.parsing import parse
from tests.tokens import own_file, secret

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "examples" / "deploy"
NAME = "quantum.example.org"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each with its arguments on one line."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text)
    split = [line.partition(" ") for line in joined.splitlines() if line]
    return [(name, arguments.strip()) for name, _, arguments in split]


def of(name: str) -> list[str]:
    """The arguments of all instructions of that name."""
    return [arguments for found, arguments in instructions() if found == name]


def entrypoint() -> list[str]:
    """The words that a container runs."""
    (fixed,), (default,) = of("ENTRYPOINT"), of("CMD")
    return [*json.loads(fixed), *json.loads(default)]


def unit() -> configparser.SectionProxy:
    """The section [Service] of the unit."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / "qiskit-rest.service")
    return parser["Service"]


class TestDockerfile:
    def test_its_command_line_is_one_of_the_command(self) -> None:
        """Every option exists; data and users are where the image has them."""
        program, *words = entrypoint()
        assert program == "qiskit-rest"
        options = parse(words)
        assert options["data_dir"] in of("VOLUME")
        assert [str(options["port"])] == of("EXPOSE")
        assert "127.0.0.1" in options["hosts"]  # the health check's

    def test_the_user_of_the_service_is_made_and_owns_the_data(self) -> None:
        """It is not root."""
        (user,) = of("USER")
        made, folder = of("RUN")[-2:]
        assert shlex.split(made)[-1] == user
        assert f"--owner={user}" in folder
        assert shlex.split(folder)[-1] in of("VOLUME")
        names = [name for name, _ in instructions()]
        assert names.index("USER") < names.index("ENTRYPOINT")

    def test_the_extras_exist(self) -> None:
        """With an unknown extra, pip prints a warning that nobody reads."""
        (extras,) = re.findall(r'"/src\[(.+)\]"', " ".join(of("RUN")))
        known = metadata("qiskit-rest-primitives").get_all("Provides-Extra") or []
        assert set(extras.split(",")) <= set(known)

    @pytest.mark.slow
    @pytest.mark.usual_level
    def test_the_image_starts_is_healthy_and_stops(self, tmp_path: Path) -> None:
        """The words of ENTRYPOINT and CMD, the health check and STOPSIGNAL, for other places."""
        users = own_file(tmp_path / "users")
        users.write_text(f"alice {secret('deploy')}\n")
        users.chmod(0o600)
        places = {
            "/run/secrets/users": str(users),
            "/data": str(tmp_path / "data"),
            "8765": "0",
            "2": "1",
        }
        words = [places.get(word, word) for word in entrypoint()[1:]]
        process = subprocess.Popen(
            [sys.executable, "-m", "qiskit_rest_primitives", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            assert process.stdout is not None
            port = re.search(r":(\d+)/v1", process.stdout.readline())
            assert port is not None
            (check,) = of("HEALTHCHECK")
            _, _, code = json.loads(check.partition("CMD ")[2])
            subprocess.run(
                [sys.executable, "-c", code.replace("8765", port[1])], check=True, timeout=60
            )
            (stop,) = of("STOPSIGNAL")
            process.send_signal(signal.Signals[stop])
            _, log = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 0
        assert log == ""


class TestUnit:
    def test_its_command_line_is_one_of_the_command(self) -> None:
        """The folders come in variables; the credential has the name that is used."""
        service = unit()
        program, *words = shlex.split(service["ExecStart"])
        assert program == "/opt/qiskit-rest/bin/qiskit-rest"
        options = parse(words)
        credential, _, path = service["LoadCredential"].partition(":")
        assert options["token_file"] == f"${{CREDENTIALS_DIRECTORY}}/{credential}"
        assert path == "/etc/qiskit-rest/users"
        assert options["data_dir"] == "${STATE_DIRECTORY}"
        assert options["host"] == "127.0.0.1"  # the proxy is on the same machine
        assert options["hosts"] == (NAME,)

    @pytest.mark.parametrize("proxy", ["nginx.conf", "Caddyfile"])
    def test_the_proxy_forwards_to_the_service(self, proxy: str) -> None:
        """The same port and the same name."""
        port = parse(shlex.split(unit()["ExecStart"])[1:])["port"]
        text = (DEPLOY / proxy).read_text()
        assert f"127.0.0.1:{port}" in text
        assert NAME in text


def test_the_commands_of_the_readme_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the options after the image's name, which are those of serve; its files exist."""
    text = (DEPLOY / "README.md").read_text()
    code = "".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL)).replace("\\\n", "")
    lines = [shlex.split(line, comments=True) for line in code.splitlines()]
    (started,) = [line for line in lines if line[:2] == ["docker", "run"]]
    parse(["serve", *started[started.index("qiskit-rest", started.index("-v")) + 1 :]])
    for word in (word for line in lines for word in line):
        if word.startswith("examples/"):
            assert (ROOT / word).is_file()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.qasm").write_text("")
    ours = [words for program, *words in filter(None, lines) if program == "qiskit-rest"]
    assert len(ours) >= 3
    for words in ours:
        parse(words)
