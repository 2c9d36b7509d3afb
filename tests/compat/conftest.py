"""The official client and ours, side by side on one embedded service."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService, User
from tests.tokens import secret

# The official client is no dependency; its tests run where the extra [conformance] is installed.
collect_ignore_glob = [] if importlib.util.find_spec("qiskit_ibm_runtime") else ["test_*.py"]

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/{}:{}::"
CAROL = User("carol", secret("carol"), (CRN.format("1", "one"), CRN.format("1", "two")))


@dataclass(frozen=True)
class Client:
    """A package, and a service of it.

    Attributes:
        package: ``qiskit_ibm_runtime`` or ``qiskit_rest_primitives``.
        service: its QiskitRuntimeService for the embedded service.
    """

    package: Any
    service: Any

    @property
    def official(self) -> bool:
        """Whether it is the official one."""
        return self.package.__name__ == "qiskit_ibm_runtime"

    def module(self, name: str) -> Any:
        """A submodule."""
        return importlib.import_module(f"{self.package.__name__}.{name}")


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalService]:
    """An embedded service whose user has two instances."""
    with LocalService(users=[CAROL]) as running:
        yield running


@pytest.fixture(params=["qiskit_ibm_runtime", "qiskit_rest_primitives"])
def client(
    request: pytest.FixtureRequest,
    shared: LocalService,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Client]:
    """Each of the two packages in turn; the same arguments, in the same order."""
    # The official client sends requests to IBM only, or to a url with this word.
    monkeypatch.setenv("IAM_URL", shared.base_url)
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        package = importlib.import_module(request.param)
        url = f"{shared.base_url}/experimental"
        account = "ibm_quantum_platform", CAROL.token, url, str(tmp_path / "accounts.json"), None
        yield Client(package, package.QiskitRuntimeService(*account, CAROL.instances[0]))
