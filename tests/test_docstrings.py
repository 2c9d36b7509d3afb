"""The examples in docstrings: every public name has one, and all of them run.

An example may use, besides all public names of the package:

- ``local``, an embedded service with faults on demand, and ``service``, a client of it;
- ``backend``, its statevector simulator;
- ``bell``, a measured circuit of two qubits, and ``bell_state``, the same without measurements;
- ``long_pubs(n)``, PUBs that take half a second each; ``folder``, an empty folder;
- ``QuantumCircuit``, ``Parameter`` and ``transpile`` of Qiskit.
"""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter

import qiskit_rest_primitives
from qiskit_rest_primitives import QiskitRuntimeService, Settings, local, options, testing
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.retry_policies import Limit
from tests.jobs.long_jobs import long_pubs

PACKAGES = (qiskit_rest_primitives, options, local, testing)
METHODS = (
    "SamplerV2.run",
    "EstimatorV2.run",
    "SamplerV2.estimate",
    "EstimatorV2.estimate",
    "RestBackend.run",
    "RestJob.result",
    "RestJob.future",
    "RestJob.update_tags",
    "QiskitRuntimeService.backend",
    "QiskitRuntimeService.backends",
    "QiskitRuntimeService.job",
    "QiskitRuntimeService.jobs",
    "QiskitRuntimeService.least_busy",
    "QiskitRuntimeService.recover",
    "QiskitRuntimeService.run_all",
    "QiskitRuntimeService.save_account",
    "Faults.queue",
    "Faults.offline",
)
"""Methods that have an example of their own."""


def public() -> dict[str, Any]:
    """Every public class and function of the package, by name; aliases once."""
    found = {
        name: getattr(package, name)
        for package in PACKAGES
        for name in package.__all__
        if inspect.isclass(getattr(package, name)) or inspect.isfunction(getattr(package, name))
    }
    own = {
        name: thing for name, thing in found.items() if thing.__module__.startswith("qiskit_rest")
    }
    return {name: thing for name, thing in own.items() if thing.__name__ == name}


def documented() -> dict[str, Any]:
    """What must have an example: public names, and some of their methods."""
    names = public()
    for method in METHODS:
        kind, _, attribute = method.partition(".")
        names[method] = getattr(names[kind], attribute)
    return names


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names that examples may use."""
    folder = tmp_path_factory.mktemp("examples")
    bell_state = QuantumCircuit(2)
    bell_state.h(0)
    bell_state.cx(0, 1)
    settings = Settings(state_folder=folder, outage_seconds=0)
    with local.LocalService(faults=True) as running:
        service = QiskitRuntimeService(url=running.url, token=running.token, settings=settings)
        yield {
            **public(),
            "QuantumCircuit": QuantumCircuit,
            "Parameter": Parameter,
            "bell_state": bell_state,
            "transpile": transpile,
            "bell": bell_state.measure_all(inplace=False),
            "local": running,
            "service": service,
            "backend": service.backend("statevector"),
            "long_pubs": long_pubs,
            "folder": folder,
        }


@pytest.mark.parametrize("name", documented())
def test_each_public_name_has_an_example_that_runs(
    name: str, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """The docstring has an example, which prints what it says."""
    for row in ("READ_OUTAGE", "READ_BUSY", "READ_BRIEF"):
        monkeypatch.setattr(retry_policies, row, Limit())  # errors are shown without retries
    thing = documented()[name]
    examples = doctest.DocTestParser().get_doctest(
        inspect.getdoc(thing) or "", dict(names), name, inspect.getsourcefile(thing), 0
    )
    assert examples.examples, f"{name} has no example (>>>) in its docstring"
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=report.append)
    assert not runner.failures, "".join(report)
