"""The package stays thin: modules that it loads, distributions that it installs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

import qiskit_rest_primitives


def modules_after(statement: str) -> set[str]:
    """The modules loaded in a fresh interpreter after a statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {statement}; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.slow
def test_importing_loads_neither_the_service_nor_a_simulator() -> None:
    """Nothing of the embedded service, Aer, dask or the importer; no error mitigation, either."""
    loaded = modules_after("import qiskit_rest_primitives")
    heavy = ("starlette", "uvicorn", "qiskit_aer", "dask", "openqasm3", "qiskit_qasm3_import")
    assert not {name for name in loaded if name.split(".")[0] in heavy}
    ours = ("qiskit_rest_primitives.local", "qiskit_rest_primitives.mitigation")
    assert not {name for name in loaded if name.startswith(ours)}


@pytest.mark.slow
def test_importing_adds_few_modules_to_what_it_needs() -> None:
    """Besides qiskit.primitives and requests: msgspec, this package and few others."""
    base = modules_after("import qiskit.primitives, requests")
    added = modules_after("import qiskit_rest_primitives") - base
    foreign = {n for n in added if n.split(".")[0] not in ("qiskit_rest_primitives", "msgspec")}
    assert len(foreign) < 60, sorted(foreign)


def test_at_most_14_distributions_are_installed() -> None:
    """With this package, qiskit, requests and their dependencies."""
    found: set[str] = set()
    todo = ["qiskit-rest-primitives"]
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        found.add(name)
        for line in requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append(requirement.name)
    assert len(found) <= 14, sorted(found)


def test_public_names_exist() -> None:
    """Every name in __all__ is there."""
    for name in qiskit_rest_primitives.__all__:
        assert getattr(qiskit_rest_primitives, name) is not None
