"""The pytest plugin in runs of its own, with the strictest settings."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_qiskit_rest
from qiskit_rest_primitives.local import LocalService

pytest_plugins = ["pytester"]

STRICT = "[pytest]\nfilterwarnings = error\naddopts = --strict-markers --strict-config\n"

RECORDED = """
import pytest
from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2

@pytest.mark.rest_recording("data/{name}.jsonl")
def test_counts(rest_backend, tmp_path):
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    result = SamplerV2(rest_backend).run([circuit], shots=500).result()
    print("samples:", result[0].data.meas.get_bitstrings())
    assert QiskitRuntimeService().backend(rest_backend.name).name == "statevector"
    {more}
"""


@pytest.fixture(autouse=True)
def _this_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs use this version, whichever is installed, and no plugin that they don't need."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest_qiskit_rest.__file__).parent))


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """A run of pytest in a process of its own, with this version of the plugin."""
    return pytester.runpytest_subprocess("-p", "pytest_qiskit_rest", *arguments, timeout=120)


def test_a_suite_that_does_not_use_it_imports_nothing(pytester: pytest.Pytester) -> None:
    """Neither Qiskit nor this package nor requests is loaded."""
    pytester.makeini(STRICT)
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"qiskit", "qiskit_rest_primitives", "requests", "numpy"}
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_markers_are_explained(pytestconfig: pytest.Config) -> None:
    """The command pytest --markers shows them with their arguments."""
    lines: list[str] = pytestconfig.getini("markers")
    assert sum(line.startswith("rest_") for line in lines) == 3
    assert any("rest_faults(method, path, ..., queue, offline" in line for line in lines)


@pytest.mark.slow
def test_a_recording_is_made_once_and_then_replayed(
    pytester: pytest.Pytester, local: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--record uses the account of the environment; a replay needs none and gives the same.

    A failed test does not replace its recording, two tests do not share one, and a missing file is
    an error with the cure.
    """
    pytester.makeini(STRICT)
    pytester.makepyfile(
        test_a=RECORDED.format(name="{test}", more=""),
        test_b=RECORDED.format(name="b", more="assert False"),
        test_c=RECORDED.format(name="test_counts", more=""),
    )
    with monkeypatch.context() as patch:
        patch.setenv("QISKIT_IBM_URL", local.url)
        patch.setenv("QISKIT_IBM_TOKEN", local.token)
        recorded = run(pytester, "--record", "-s")
    recorded.assert_outcomes(passed=1, failed=1, errors=1)
    recorded.stdout.fnmatch_lines(["*two tests record *test_counts.jsonl: write {test} into*"])
    assert [file.name for file in (pytester.path / "data").iterdir()] == ["test_counts.jsonl"]
    replayed = run(pytester, "-s", "--no-real-service")
    replayed.assert_outcomes(passed=2, errors=1)
    replayed.stdout.fnmatch_lines(["*there is no recording *data/b.jsonl: make it with*"])
    assert samples(replayed) == samples(recorded)[:1] * 2


def samples(done: pytest.RunResult) -> list[str]:
    """What the tests of a run printed of their results, in order."""
    return [line.partition("samples:")[2] for line in done.outlines if "samples:" in line]


@pytest.mark.slow
def test_requests_to_real_services_fail_the_test(pytester: pytest.Pytester) -> None:
    """By this client or by any use of requests, in any thread, hidden or not; loopback passes."""
    pytester.makeini(STRICT + "qiskit_rest_no_real_service = true\n")
    pytester.makepyfile(
        """
        import threading
        from contextlib import suppress

        import pytest
        import requests
        from qiskit_rest_primitives import QiskitRuntimeService

        CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/%s:%s::" % ("0" * 32, "1" * 8)

        def test_client():
            QiskitRuntimeService(token="a-key-of-somebody-else", instance=CRN).backends()

        def test_hidden_in_a_thread():
            def get():
                with suppress(Exception):
                    requests.get("https://ada:secret@service.example/v1/jobs?token=secret")
            thread = threading.Thread(target=get)
            thread.start()
            thread.join()

        @pytest.fixture
        def hides():
            with suppress(BaseException):
                requests.get("http://10.0.0.1/")

        def test_hidden_in_a_fixture(hides):
            pass

        def test_embedded(rest_service):
            assert rest_service.backends("statevector")
        """
    )
    done = run(pytester)
    done.assert_outcomes(passed=1, failed=2, errors=1)
    done.stdout.fnmatch_lines(
        [
            "*test_hidden_in_a_fixture (setup) would reach a real service: GET http://10.0.0.1/*",
            "*test_client (call) would reach a real service: POST https://iam.cloud.ibm.com/*",
            "*in_a_thread (call) would reach a real service: GET https://service.example/v1/jobs.*",
        ]
    )
    assert "secret" not in done.stdout.str().replace('"https://ada:secret@', "").replace(
        "?token=secret", ""
    )


@pytest.mark.slow
def test_wrong_uses_are_explained(pytester: pytest.Pytester) -> None:
    """What can't work is an error with the cure, not a test that passes for a wrong reason."""
    pytester.makeini(STRICT)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.rest_faults(queues=3)
        def test_unknown_fault():
            pass

        @pytest.mark.rest_recording
        def test_no_file():
            pass

        @pytest.mark.rest_recording("x.jsonl")
        def test_both(rest_journal):
            pass

        @pytest.mark.rest_backend("fake_5q", "fake_7q")
        def test_two_backends(rest_backend):
            pass
        """
    )
    (pytester.path / "x.jsonl").write_text(
        '{"type":"recording","format":"qiskit-rest-primitives","version":1}\n', encoding="utf-8"
    )
    done = run(pytester)
    done.assert_outcomes(errors=4)
    done.stdout.fnmatch_lines_random(
        [
            "*rest_faults takes queue, offline, usage_limit, lost_replies, expired_token*",
            "*mark the test with rest_recording('FILE'), one name*",
            "*rest_journal and rest_faults are of the embedded service*",
            "*rest_backend takes one name*",
        ]
    )
    both = run(pytester, "--record", "--no-real-service")
    assert both.ret == pytest.ExitCode.USAGE_ERROR
    both.stderr.fnmatch_lines(["*--record can't be combined with --no-real-service*"])


@pytest.mark.slow
def test_every_worker_of_xdist_has_a_service(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """Two processes run the tests, which don't see each other's jobs."""
    pytester.makeini(STRICT + "qiskit_rest_backend = fake_5q\n")
    pytester.makepyfile(
        """
        import pytest
        from qiskit import QuantumCircuit
        from qiskit_rest_primitives import SamplerV2

        @pytest.mark.rest_faults(queue=1000)  # nobody waits for a result
        @pytest.mark.parametrize("index", range(6))
        def test_one_job(index, rest_service, rest_backend, rest_journal):
            circuit = QuantumCircuit(5, 1)
            circuit.x(0)
            circuit.measure(0, 0)
            job = SamplerV2(rest_backend).run([circuit], shots=10)
            assert rest_journal.submitted("sampler", backend="fake_5q", circuit=circuit)
            assert [each.job_id() for each in rest_service.jobs()] == [job.job_id()]
        """
    )
    run(pytester, "-p", "xdist", "-n", "2").assert_outcomes(passed=6)
