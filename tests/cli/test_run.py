"""`qiskit-rest run`: from a file of OpenQASM to counts and expectation values."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import qiskit_rest_primitives.local
from qiskit_rest_primitives import QiskitRuntimeService, load_result
from qiskit_rest_primitives.cli import figure
from qiskit_rest_primitives.service import running
from tests.cli.conftest import ANSATZ, BELL, call, document

pytestmark = pytest.mark.usefixtures("account")


def run(*words: object, stdin: str | None = None) -> Result:
    """Runs on the exact simulator of the shared service."""
    return call("run", *words, "--backend", "statevector", stdin=stdin)


class TestSample:
    def test_counts_are_a_table(self, bell: Path) -> None:
        """Sorted by outcome; the job's id is on stderr, in a form that can be fetched."""
        result = run(bell, "--shots", 100)
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == "c: 100 shots, 2 bits"
        assert lines[1].split() == ["outcome", "counts", "share"]
        counts = {row.split()[0]: int(row.split()[1]) for row in lines[3:]}
        assert list(counts) == ["00", "11"]
        assert sum(counts.values()) == 100
        _, job_id, _, backend = result.stderr.split()
        assert backend == "statevector"
        fetched = document(call("result", job_id, "--json"))
        assert fetched["pubs"][0]["registers"]["c"]["counts"] == [counts]

    def test_json_is_one_document(self, bell: Path) -> None:
        """Job, PUBs and metadata, with counts a point."""
        found = document(run(bell, "--shots", 50, "--json", "--tag", "cli-json"))
        assert (found["program"], found["status"], found["tags"]) == (
            "sampler",
            "DONE",
            ["cli-json"],
        )
        (pub,) = found["pubs"]
        register = pub["registers"]["c"]
        assert (pub["shape"], register["num_bits"], register["shots"]) == ([], 2, 50)
        assert sum(register["counts"][0].values()) == 50

    def test_a_pipe_is_read(self) -> None:
        """With "-" and without a name; OpenQASM without a version line is version 3."""
        text = "qubit q; bit[1] b; U(pi, 0, pi) q; b[0] = measure q;"
        for words in (("-",), ()):
            found = document(run(*words, "--json", "--shots", 7, stdin=text))
            assert found["pubs"][0]["registers"]["b"]["counts"] == [{"1": 7}]

    def test_bars_and_many_outcomes(self, tmp_path: Path) -> None:
        """The most frequent are shown, and how many others there are."""
        path = tmp_path / "many.qasm"
        path.write_text(BELL.replace("[2];", "[6];").replace("cx q[0],q[1]", "h q") + "\n")
        result = run(path, "--plot", "--shots", 3000)
        assert "█" in result.stdout
        assert len(result.stdout.splitlines()) == 3 + 16
        assert "more outcomes: --json prints all" in result.stderr

    def test_a_sweep_has_a_row_a_point(self, ansatz: Path) -> None:
        """Values by comma; a parameter with one value keeps it."""
        ansatz.write_text(ANSATZ + "bit[2] c; c = measure q;\n")
        words = (ansatz, "--param", "theta=0,pi", "--param", "phi=0.5", "--shots", 20)
        assert document(run(*words, "--json"))["pubs"][0]["registers"]["c"]["counts"] == [
            {"00": 20},
            {"11": 20},
        ]
        *_, first, second = run(*words).stdout.splitlines()
        assert first.split() == ["0", "00:", "20"]
        assert second.split() == ["pi", "11:", "20"]


class TestEstimate:
    def test_observables_make_an_estimator(self, ansatz: Path) -> None:
        """Rows for each observable and point; values like pi/2 and sums of Paulis."""
        words = (ansatz, "--param", "theta=0,pi/2", "--param", "phi=0", "--precision", 0)
        words += ("--observable", "ZZ", "--observable", "0.5*XX - ZI")
        found = document(run(*words, "--json"))
        assert found["program"] == "estimator"
        assert found["pubs"][0]["shape"] == [2, 2]
        np.testing.assert_allclose(
            found["pubs"][0]["values"]["evs"], [[1, 1], [-1, 0.5]], atol=1e-9
        )
        table = [line.split() for line in run(*words, "--plot").stdout.splitlines()]
        assert table[0] == ["observable", "theta", "value", "std.", "error"]
        assert [(row[0], row[1]) for row in table[2:4]] == [("ZZ", "0"), ("ZZ", "pi/2")]

    def test_measurements_at_the_end_are_left_out(self, bell: Path) -> None:
        """They would disturb what is observed; a message says so."""
        result = run(bell, "--observable", "XX", "--precision", 0, "--json")
        assert document(result)["pubs"][0]["values"]["evs"] == [pytest.approx(1.0)]
        assert "measurements at the circuit's end are left out" in result.stderr

    def test_shots_decide_the_error(self, bell: Path) -> None:
        """--shots is the option default_shots of an estimator."""
        found = document(run(bell, "--observable", "ZI", "--shots", 100, "--json"))
        assert found["pubs"][0]["values"]["stds"][0] == pytest.approx(0.1, rel=0.2)


class TestDevice:
    @pytest.mark.slow
    def test_a_circuit_is_transpiled(self, bell: Path) -> None:
        """Observables follow the layout; a message says what was done."""
        words = ("--backend", "fake_5q", "--set", "resilience_level=0", "--observable", "ZZ")
        result = call("run", bell, *words, "--json")
        assert document(result)["pubs"][0]["values"]["evs"][0] > 0.8
        assert "transpiled for fake_5q at optimization level 2" in result.stderr

    def test_no_transpile_refuses(self, bell: Path) -> None:
        """Exit code 2; nothing is sent."""
        result = call("run", bell, "--backend", "fake_5q", "--no-transpile")
        assert result.exit_code == 2
        assert result.stderr.endswith("; leave --no-transpile out\n")

    def test_a_circuit_that_is_too_wide_is_refused(self, tmp_path: Path) -> None:
        """With both widths."""
        path = tmp_path / "wide.qasm"
        path.write_text(BELL.replace("[2];", "[6];"))
        result = call("run", path, "--backend", "fake_5q")
        assert result.exit_code == 2
        assert "the circuit has 6 qubits, fake_5q has 5" in result.stderr

    def test_without_a_name_the_least_busy_backend_is_taken(self, bell: Path) -> None:
        """The message names it."""
        result = call("run", bell, "--shots", 5)
        assert result.exit_code == 0
        assert result.stderr.startswith("job ")


class TestFilesAndOptions:
    def test_options_come_from_a_file_and_from_words(
        self, bell: Path, tmp_path: Path, service: QiskitRuntimeService
    ) -> None:
        """--set wins over the file; true is a boolean, and a word needs no quotes."""
        file = tmp_path / "options.json"
        file.write_text(json.dumps({"simulator": {"seed_simulator": 1}, "default_shots": 9}))
        words = ("--options", file, "--set", "simulator.seed_simulator=7", "--no-wait")
        words += ("--set", "environment.log_level=DEBUG", "--set", "twirling.enable_measure=false")
        job_id = run(bell, *words).stdout.strip()
        job = service.job(job_id)
        assert job.inputs["options"]["simulator"]["seed_simulator"] == 7
        assert job.result(60)[0].data.c.num_shots == 9

    def test_a_result_is_saved_and_drawn(self, bell: Path, tmp_path: Path) -> None:
        """`load_result` reads the file; the figure is a picture."""
        saved, picture = tmp_path / "bell.zip", tmp_path / "bell.png"
        result = run(bell, "--save", saved, "--figure", picture, "--shots", 30)
        assert result.exit_code == 0, result.stderr
        assert load_result(saved)[0].data.c.num_shots == 30
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert str(saved) in result.stderr
        assert str(picture) in result.stderr

    @pytest.mark.parametrize("observables", [(), ("--observable", "ZZ", "--observable", "XX")])
    def test_a_sweep_is_drawn(
        self, ansatz: Path, tmp_path: Path, observables: tuple[str, ...]
    ) -> None:
        """Lines over the points."""
        if not observables:
            ansatz.write_text(ANSATZ + "bit[2] c; c = measure q;\n")
        picture = tmp_path / "sweep.svg"
        words = ("--param", "theta=0,1,2", "--param", "phi=0", "--figure", picture)
        result = run(ansatz, *words, *observables)
        assert result.exit_code == 0, result.stderr
        assert "<svg" in picture.read_text()

    def test_no_wait_prints_the_id(self, bell: Path, service: QiskitRuntimeService) -> None:
        """Nothing else on stdout, for `ID=$(qiskit-rest run ...)`; as JSON, too."""
        job_id = run(bell, "--no-wait").stdout
        assert service.job(job_id.strip()).primitive_id == "sampler"
        assert document(run(bell, "--no-wait", "--json"))["backend"] == "statevector"


WRONG = {
    "observable too short": (("--observable", "Z"), "Z is for 1 qubits, the circuit has 2"),
    "observable unreadable": (("--observable", "Z Q"), "write Pauli letters"),
    "parameter unknown": (("--param", "theta=1"), "has no parameter 'theta'; it has: none"),
    "parameter without value": (("--param", "theta"), "write NAME=VALUE"),
    "precision of a sampler": (("--precision", "0.1"), "--precision is for --observable"),
    "both": (("--precision", "0.1", "--shots", "9", "--observable", "ZZ"), "exclude each other"),
    "option unknown": (("--set", "twirling.enable_gate=1"), "did you mean enable_gates?"),
    "option without value": (("--set", "split"), "write NAME=VALUE"),
    "option in a value": (("--set", "a=1", "--set", "a.b=2"), "a has the value 1 already"),
    "backend unknown": (("--backend", "nowhere"), "no backend 'nowhere'; there are: statevector"),
    "folder missing": (("--save", "/nowhere/x.zip"), "nothing can be written into /nowhere"),
    "figure's format": (("--figure", "x.doc"), "end the name in .png, .svg, .pdf"),
    "several jobs, no wait": (("--no-wait", "--set", "split=true"), "leave --no-wait out"),
    "local and an account": (("--local", "--name", "lab"), "--local needs no account"),
    "local, no wait": (("--local", "--no-wait"), "ends with this command"),
    "channel local, no wait": (("--channel", "local", "--no-wait"), "ends with this command"),
}


class TestMistakes:
    @pytest.mark.parametrize("kind", WRONG)
    def test_a_mistake_is_a_message(self, kind: str, bell: Path) -> None:
        """Exit code 2, nothing on stdout, no traceback."""
        words, said = WRONG[kind]
        result = call("run", bell, *words)
        assert result.exit_code == 2, result.output
        assert said in result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ((), "pass --param phi=VALUE --param theta=VALUE"),
            (("theta=1", "theta=2", "phi=0"), "theta is given twice"),
            (("theta=0,1", "phi=0,1,2"), "must be of one length, not 3 of phi, 2 of theta"),
            (("theta=pie", "phi=0"), "'pie' is not a number"),
            (("theta=1/0", "phi=0"), "divides by zero"),
        ],
    )
    def test_wrong_values_of_parameters(
        self, ansatz: Path, params: tuple[str, ...], said: str
    ) -> None:
        """Each with the cure."""
        words = [word for param in params for word in ("--param", param)]
        result = run(ansatz, "--observable", "ZZ", *words)
        assert result.exit_code == 2
        assert said in result.stderr

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty: pass a file of OpenQASM 2 or 3"),
            ("OPENQASM 3; qubit q; hh q;", "line 1, column 22"),
            ("OPENQASM 2.0; qreg q[1]; hh q;", "hh"),
            ("qubit q; U(0, 0, 0) q;", "measures nothing"),
        ],
    )
    def test_a_file_that_can_not_be_run(self, tmp_path: Path, text: str, said: str) -> None:
        """The file and the place in it are named."""
        path = tmp_path / "wrong.qasm"
        path.write_text(text)
        result = run(path)
        assert result.exit_code == 2
        assert said in result.stderr
        assert str(path) in result.stderr

    def test_a_file_that_is_not_text(self, tmp_path: Path) -> None:
        """Such as QPY."""
        path = tmp_path / "bell.qpy"
        path.write_bytes(b"QISKIT\xff\xfe\x80")
        result = run(path)
        assert result.exit_code == 2
        assert f"{path} is not text" in result.stderr

    def test_a_file_of_options_is_checked(self, bell: Path, tmp_path: Path) -> None:
        """It must be a JSON object."""
        file = tmp_path / "options.json"
        for text, said in (("{", "is not JSON"), ("[1]", "must hold a JSON object")):
            file.write_text(text)
            result = run(bell, "--options", file)
            assert result.exit_code == 2
            assert said in result.stderr

    def test_what_is_not_installed_is_named(
        self, bell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the command that installs it, before a job is submitted."""
        monkeypatch.setattr(figure, "find_spec", lambda _: None)
        result = run(bell, "--figure", tmp_path / "x.png")
        assert result.exit_code == 2
        assert "pip install matplotlib" in result.stderr
        assert "job" not in result.stderr

    def test_an_embedded_service_needs_its_extra(
        self, bell: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the extra [cli] alone, `run --local` and `serve` name [local]."""
        monkeypatch.setattr(
            qiskit_rest_primitives.local.importlib.util, "find_spec", lambda _: None
        )
        monkeypatch.setattr(running, "_local_service", None)
        for words in (("run", bell, "--local"), ("serve", "--port", "0")):
            result = call(*words)
            assert result.exit_code == 2
            assert "pip install 'qiskit-rest-primitives[local]'" in result.stderr

    def test_tables_need_rich_and_json_does_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The extra [local] alone has no rich."""
        monkeypatch.setitem(sys.modules, "rich.console", None)
        assert "qiskit-rest-primitives[cli]" in call("backends").stderr
        assert document(call("backends", "--json"))


def test_local_needs_no_account(bell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedded service of the command runs the job, on the exact simulator."""
    for name in ("URL", "TOKEN", "INSTANCE"):
        monkeypatch.delenv(f"QISKIT_IBM_{name}")
    found = document(call("run", bell, "--local", "--json", "--shots", 11))
    assert found["backend"] == "statevector"
    assert sum(found["pubs"][0]["registers"]["c"]["counts"][0].values()) == 11
