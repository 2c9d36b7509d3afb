"""One version, and a package that runs from its source tree as well as installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest
import responses

import qiskit_rest_primitives
from qiskit_rest_primitives import QiskitRuntimeService
from tests.tokens import secret

PACKAGE = Path(qiskit_rest_primitives.__file__).parent

NOT_INSTALLED = """
from importlib.metadata import PackageNotFoundError, version

try:
    version("qiskit-rest-primitives")
except PackageNotFoundError:
    pass
else:
    raise AssertionError("the distribution is visible")

from qiskit import QuantumCircuit
from qiskit_rest_primitives import QiskitRuntimeService, SamplerV2, __file__

circuit = QuantumCircuit(2)
circuit.x(1)
circuit.measure_all()
backend = QiskitRuntimeService(channel="local").backend("statevector")
print(__file__)
print(SamplerV2(backend).run([circuit], shots=7).result()[0].data.meas.get_counts())
"""


@pytest.mark.slow
def test_a_source_tree_that_is_not_installed_runs_a_job(tmp_path: Path) -> None:
    """A job runs without the metadata of an installation."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for name in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(name).iterdir():
            # The distribution's metadata, and the finder of an editable installation.
            if not entry.name.lstrip("_").startswith("qiskit_rest_primitives"):
                (libraries / entry.name).symlink_to(entry)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / PACKAGE.name).symlink_to(PACKAGE)
    path = os.pathsep.join([str(tree), str(libraries)])
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", NOT_INSTALLED],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tree / PACKAGE.name / "__init__.py"), "{'10': 7}"]


def test_the_version_is_the_distributions() -> None:
    """The package and pip report the same version."""
    assert qiskit_rest_primitives.__version__ == version("qiskit-rest-primitives")


@responses.activate
def test_requests_name_the_version() -> None:
    """The User-Agent contains the version."""
    responses.get("https://service.example/v1/versions", json={"versions": []})
    service = QiskitRuntimeService(url="https://service.example/v1", token=secret("ready"))
    service.client.versions()
    agent = responses.calls[0].request.headers["User-Agent"]
    assert agent == f"qiskit-rest-primitives/{version('qiskit-rest-primitives')}"
