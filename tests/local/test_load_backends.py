"""``qiskit-rest serve --backend module:function``: what it finds, and its words if it does not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from qiskit import QuantumCircuit, transpile

from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2
from qiskit_rest_primitives.cli import main
from qiskit_rest_primitives.local.load_backends import load_backends

LAB = """
from qiskit.providers.fake_provider import GenericBackendV2

class Shelf:
    @staticmethod
    def both():
        return [GenericBackendV2(3, seed=1), GenericBackendV2(4, seed=1)]

def device():
    return GenericBackendV2(3, seed=1)

def nothing():
    return []

def number():
    return [5]

def broken():
    raise OSError("the cryostat is warm")

constant = 7
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current folder, of a name that no other test has imported."""
    name = re.sub(r"\W", "_", f"lab_{tmp_path.parent.name}_{tmp_path.name}")
    (tmp_path / f"{name}.py").write_text(LAB)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    return name


@pytest.mark.parametrize(
    ("function", "widths"), [("device", [3]), ("Shelf.both", [3, 4]), ("GenericBackendV2", None)]
)
def test_a_function_of_a_module_in_this_folder_is_called(
    lab: str, function: str, widths: list[int] | None
) -> None:
    """It returns one backend or a list; one that needs arguments is a clear error."""
    if widths is None:
        with pytest.raises(ValueError, match=r"it raised TypeError: .*num_qubits"):
            load_backends(f"{lab}:{function}")
    else:
        found = load_backends(f"{lab}:{function}")
        assert [backend.num_qubits for backend in found] == widths


def test_a_class_of_an_installed_package_is_called() -> None:
    """Aer's simulator needs no function around it."""
    (found,) = load_backends("qiskit_aer:AerSimulator")
    assert found.name == "aer_simulator"


WRONG = {
    "no colon": ("{lab}", "write MODULE:FUNCTION"),
    "no module": ("no_such_lab:device", "there is no module 'no_such_lab', neither in .* nor"),
    "no submodule": ("{lab}.inner:device", "there is no module"),
    "no function": ("{lab}:devise", "has no 'devise'"),
    "no call": ("{lab}:constant", "an object of type int, and not a function"),
    "empty": ("{lab}:nothing", "returned no backend"),
    "wrong type": ("{lab}:number", "int is not a BackendV2 of Qiskit"),
    "raises": ("{lab}:broken", "it raised OSError: the cryostat is warm"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_served_ends_the_command(
    kind: str, lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and one line that says which --backend and why."""
    place, reason = WRONG[kind]
    place = place.format(lab=lab)
    assert main(["serve", "--port", "0", "--backend", place]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"qiskit-rest serve: --backend {place}: ")
    assert re.search(reason, error)
    assert error.count("\n") == 1


def test_what_a_module_lacks_is_named(lab: str, tmp_path: Path) -> None:
    """A missing import within the module is not taken for a missing module."""
    (tmp_path / f"{lab}_2.py").write_text("import no_such_vendor\n")
    with pytest.raises(ValueError, match=f"{lab}_2 needs a module: .*no_such_vendor"):
        load_backends(f"{lab}_2:device")


def test_a_backend_without_qubits_ends_the_command(
    lab: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a service refuses, the command refuses."""
    (tmp_path / f"{lab}_3.py").write_text(
        "from tests.local.simulators.odd_backends import OddBackend\n"
        "from qiskit.transpiler import Target\n"
        "def none():\n    return OddBackend(None, Target(num_qubits=0))\n"
    )
    assert main(["serve", "--port", "0", "--backend", f"{lab}_3:none"]) == 2
    assert "backend 'odd' has 0 qubits" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_serves_loaded_backends(lab: str, tmp_path: Path) -> None:
    """Two --backend, one a list, beside the built-in ones; a job runs on one of them."""
    command = [sys.executable, "-m", "qiskit_rest_primitives", "serve", "--port", "0"]
    command += ["--backend", f"{lab}:Shelf.both", "--backend", "qiskit_aer:AerSimulator"]
    process = subprocess.Popen(
        [*command, "--data-dir", str(tmp_path / "jobs"), "--log-level", "error"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        out = ""
        while "Ctrl-C" not in out:
            line = process.stdout.readline()
            assert line, "it ended early"
            out += line
        url = re.search(r"^Serving (\S+)$", out, re.MULTILINE)
        assert url is not None
        service = QiskitRuntimeService(url=url[1], token=(tmp_path / "jobs" / "token").read_text())
        names = [backend.name for backend in service.backends()]
        assert names[-3:] == ["aer_simulator", "generic_backend_3q", "generic_backend_4q"]
        device = service.backend("generic_backend_4q")
        circuit = QuantumCircuit(1)
        circuit.x(0)
        circuit.measure_all()
        isa = transpile(circuit, device, seed_transpiler=1)
        counts = SamplerV2(device).run([isa], shots=100).result()[0].data.meas.get_counts()
        assert counts["1"] > 80
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()
