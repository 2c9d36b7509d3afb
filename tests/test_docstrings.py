"""The examples in docstrings: every public name has one, and all that there are run.

An example may use, besides all public names of the package:

- ``local``, an embedded service with faults on demand, and ``service``, a client of it;
- ``backend``, its statevector simulator;
- ``bell``, a measured circuit of two qubits, and ``bell_state``, the same without measurements;
- ``long_pubs(n)``, PUBs that take half a second each; ``folder``, an empty folder;
- ``QuantumCircuit``, ``Parameter``, ``JobStatus`` and ``transpile`` of Qiskit.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.providers import JobStatus

import qiskit_rest_primitives
from qiskit_rest_primitives import QiskitRuntimeService, Settings, local, options, testing
from qiskit_rest_primitives.http import retry_policies
from qiskit_rest_primitives.http.retry_policies import Limit
from tests.jobs.long_jobs import long_pubs

ROOT: Final = Path(qiskit_rest_primitives.__path__[0])
MUST_HAVE_ONE: Final = (
    "SamplerV2.run",
    "EstimatorV2.run",
    "SamplerV2.estimate",
    "EstimatorV2.estimate",
    "Executor.run",
    "QuantumProgram.append_circuit_item",
    "RestBackend.properties",
    "RestBackend.run",
    "RestJob.cancel",
    "RestJob.future",
    "RestJob.result",
    "RestJob.status",
    "RestJob.update_tags",
    "Session.from_id",
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
"""Methods that users call most; others may have an example, too."""


def modules() -> list[ModuleType]:
    """The modules whose names users import: the package, its files, three of its folders."""
    names = [
        path.stem for path in sorted(ROOT.glob("*.py")) if "\n__all__ = " in path.read_text("utf-8")
    ]
    names.remove("__init__")
    files = [importlib.import_module(f"qiskit_rest_primitives.{name}") for name in names]
    return [qiskit_rest_primitives, options, local, testing, *files]


def exported() -> list[tuple[str, Any]]:
    """Every public class and function of the package, with each name it is imported by."""
    found: list[tuple[str, Any]] = []
    for module in modules():
        for name in module.__all__:
            try:
                thing = getattr(module, name)
            except ImportError:  # SamplexItem, where samplomatic is not installed
                continue
            is_code = inspect.isclass(thing) or inspect.isfunction(thing)
            if is_code and thing.__module__.startswith("qiskit_rest"):
                found.append((name, thing))
    return found


def public() -> dict[str, Any]:
    """Each public class and function once, by the name it has in its own module."""
    return {thing.__name__: thing for _, thing in exported()}


def documented() -> dict[str, Any]:
    """Public names, methods that must have an example, and all others that have one."""
    found = public()
    for name in MUST_HAVE_ONE:
        kind, _, attribute = name.partition(".")
        found[name] = getattr(found[kind], attribute)
    for kind, thing in public().items():
        for attribute in vars(thing) if inspect.isclass(thing) else ():
            method = getattr(thing, attribute)
            is_method = inspect.isroutine(method) or isinstance(method, property)
            if is_method and ">>>" in (method.__doc__ or ""):
                found[f"{kind}.{attribute}"] = method
    return found


@pytest.fixture(scope="module")
def shared_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names that examples may use, all but ``folder``."""
    folder = tmp_path_factory.mktemp("state")
    bell_state = QuantumCircuit(2)
    bell_state.h(0)
    bell_state.cx(0, 1)
    settings = Settings(state_folder=folder, outage_seconds=0)
    with local.LocalService(faults=True) as running:
        service = QiskitRuntimeService(url=running.url, token=running.token, settings=settings)
        yield {
            **dict(reversed(exported())),
            **public(),
            "JobStatus": JobStatus,
            "QuantumCircuit": QuantumCircuit,
            "Parameter": Parameter,
            "bell_state": bell_state,
            "transpile": transpile,
            "bell": bell_state.measure_all(inplace=False),
            "local": running,
            "service": service,
            "backend": service.backend("statevector"),
            "long_pubs": long_pubs,
        }


@pytest.fixture
def names(
    shared_names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The names that examples may use; errors are shown without retries."""
    for row in ("READ_OUTAGE", "READ_BUSY", "READ_BRIEF"):
        monkeypatch.setattr(retry_policies, row, Limit())
    return {**shared_names, "folder": tmp_path}


@pytest.mark.parametrize("name", documented())
def test_each_public_name_has_an_example_that_runs(name: str, names: dict[str, Any]):
    """The docstring has an example, which prints what it says."""
    thing = documented()[name]
    example = doctest.DocTestParser().get_doctest(
        inspect.getdoc(thing) or "", names, name, inspect.getsourcefile(thing), 0
    )
    assert example.examples, f"{name} has no example (>>>) in its docstring"
    assert not failures(example)


@pytest.mark.usual_level
@pytest.mark.parametrize(
    "path",
    [
        str(path.relative_to(ROOT.parent))
        for path in sorted(ROOT.rglob("*.py"))
        if ">>>" in path.read_text("utf-8")
    ],
)
def test_examples_of_other_names_run(path: str, names: dict[str, Any]):
    """What only the package itself uses needs no example, but some has one."""
    module_name = ".".join(Path(path).with_suffix("").parts)
    module = pytest.importorskip(module_name, exc_type=ImportError)  # for one of the extras
    for example in doctest.DocTestFinder().find(module, extraglobs=names):
        own_name = example.name.removeprefix(f"{module_name}.").partition(".")[0]
        assert own_name in public() or not failures(example)


def failures(example: doctest.DocTest) -> str:
    """Runs an example; says where it prints something else than it says."""
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    return "".join(report)
