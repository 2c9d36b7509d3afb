"""Import lines of programs for the official client, with only the package's name changed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import qiskit_rest_primitives
from qiskit_rest_primitives.absent_names import ABSENT, ABSENT_IN_SUBMODULES

LINES = """\
from {} import QiskitRuntimeService, SamplerV2 as Sampler, EstimatorV2 as Estimator
from {} import Batch, EstimatorOptions, SamplerOptions, Session
from {} import IBMBackend, IBMQuantumComputeService, RuntimeJobV2
from {} import IBMInputValueError, IBMRuntimeError, RuntimeJobFailureError
from {}.accounts import Account, AccountNotFoundError, InvalidAccountError
from {}.base_primitive import BasePrimitiveV2
from {}.batch import Batch
from {}.circuit import MidCircuitMeasure
from {}.circuit.library import MidCircuitMeasure
from {}.debug_tools import Neat
from {}.estimator import EstimatorV2
from {}.exceptions import IBMNotAuthorizedError, RuntimeJobTimeoutError
from {}.execution_span import ExecutionSpan, ExecutionSpans
from {}.executor_estimator import Estimator
from {}.executor_sampler import Sampler
from {}.fake_provider import FakeManilaV2, FakeSherbrooke, FakeProviderForBackendV2
from {}.ibm_backend import IBMBackend
from {}.models import BackendProperties, BackendStatus, QasmBackendConfiguration
from {}.options import DynamicalDecouplingOptions, EstimatorOptions, TwirlingOptions
from {}.qiskit_runtime_service import QiskitRuntimeService
from {}.runtime_job_v2 import RuntimeJobV2
from {}.sampler import SamplerV2
from {}.session import Session
from {}.transpiler.passes import FoldRzzAngle
from {}.transpiler.passes.basis import ConvertIdToDelay
from {}.transpiler.passes.scheduling import ALAPScheduleAnalysis, PadDynamicalDecoupling
from {}.utils import validate_isa_circuits
import {}.transpiler.passes.scheduling
""".splitlines()


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in a fresh interpreter, with warnings of ours as errors."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("package", ["qiskit_ibm_runtime", "qiskit_rest_primitives"])
def test_programs_import_what_they_import_from_the_official_client(package: str) -> None:
    """All lines work with both packages, in a process of their own."""
    done = run("\n".join(LINES).replace("{}", package))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", LINES)
def test_each_line_works(line: str) -> None:
    """One by one, so that a failure names the line."""
    exec(line.replace("{}", "qiskit_rest_primitives"), {})


def test_classes_of_the_official_client_are_handed_on() -> None:
    """Its fake devices are its own: isinstance holds across both imports."""
    from qiskit_ibm_runtime.fake_provider import FakeManilaV2

    from qiskit_rest_primitives import fake_provider

    assert fake_provider.FakeManilaV2 is FakeManilaV2


@pytest.mark.parametrize("module", ["fake_provider", "transpiler.passes", "debug_tools"])
def test_without_the_official_client_they_say_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ImportError with the command."""
    for name in [name for name in sys.modules if name.startswith("qiskit_rest_primitives.")]:
        if name.split(".")[1] in ("fake_provider", "transpiler", "debug_tools"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", None)
    with pytest.raises(ImportError, match="pip install qiskit-ibm-runtime"):
        exec(f"import qiskit_rest_primitives.{module}", {})


@pytest.mark.parametrize("name", ABSENT)
def test_an_absent_name_says_what_to_use(name: str) -> None:
    """In each way of asking for it; hasattr() says that it is absent."""
    message = f"has no '{name}' of qiskit_ibm_runtime: "
    with pytest.raises(ImportError) as problem:
        exec(f"from qiskit_rest_primitives import {name}", {})
    assert str(problem.value).endswith(message + ABSENT[name])
    with pytest.raises(ImportError) as problem:
        exec(f"import qiskit_rest_primitives.{name}", {})
    assert str(problem.value).endswith(message + ABSENT[name])
    with pytest.raises(AttributeError) as missing:
        getattr(qiskit_rest_primitives, name)
    assert str(missing.value).endswith(message + ABSENT[name])
    assert not hasattr(qiskit_rest_primitives, name)


@pytest.mark.parametrize("name", ABSENT_IN_SUBMODULES)
def test_an_absent_name_of_a_submodule_says_what_to_use(name: str) -> None:
    """A program imports it by name; hasattr() says that it is absent."""
    module, _, attribute = name.partition(".")
    with pytest.raises(ImportError) as problem:
        exec(f"from qiskit_rest_primitives.{module} import {attribute}", {})
    message = f"has no '{name}' of qiskit_ibm_runtime: {ABSENT_IN_SUBMODULES[name]}"
    assert str(problem.value).endswith(message)
    assert not hasattr(importlib.import_module(f"qiskit_rest_primitives.{module}"), attribute)


def test_what_is_below_an_absent_module_is_refused_alike() -> None:
    """A program's line names a class of the module."""
    with pytest.raises(ImportError, match=r"errors are in qiskit_rest_primitives\.exceptions"):
        exec("from qiskit_rest_primitives.api.exceptions import RequestsApiError", {})


def test_any_other_name_is_refused_as_by_python() -> None:
    """A misspelt name, and a misspelt module."""
    with pytest.raises(ImportError, match="cannot import name 'SamplerV3'"):
        exec("from qiskit_rest_primitives import SamplerV3", {})
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        exec("import qiskit_rest_primitives.samplers", {})
    with pytest.raises(AttributeError, match="has no attribute 'SamplerV3'"):
        qiskit_rest_primitives.SamplerV3  # noqa: B018 - it raises


@pytest.mark.slow
def test_official_names_cost_no_import_time() -> None:
    """Neither the official client nor the modules that hand it on are loaded by the package."""
    done = run("import sys, qiskit_rest_primitives; print(*sys.modules)")
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name.startswith("qiskit_ibm_runtime")}
    ours = {name.partition(".")[2] for name in loaded if name.startswith("qiskit_rest_primitives.")}
    official = {line.split("{}.")[1].split(" ")[0] for line in LINES if "{}." in line}
    assert official & ours <= {"exceptions", "options"}


def test_files_of_official_names_stay_thin() -> None:
    """They hand on; what they hand on is written elsewhere."""
    folder = Path(qiskit_rest_primitives.__file__).parent
    names = {line.split("{}.")[1].split(" ")[0] for line in LINES if "{}." in line} - {"options"}
    for name in names:
        path = folder / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        text = file.read_text("utf-8")
        assert "def " not in text, file
        assert "class " not in text.replace("class.", ""), file


@pytest.mark.parametrize("module", ["utils.utils", "fake_provider.local_service"])
def test_a_module_of_a_forwarding_module_says_where_it_is(module: str) -> None:
    """Names are handed on, modules are not; the official client has them."""
    importlib.import_module(f"qiskit_ibm_runtime.{module}")
    with pytest.raises(ImportError, match=f"import from qiskit_ibm_runtime.{module}$"):
        importlib.import_module(f"qiskit_rest_primitives.{module}")


def test_tab_shows_names_that_are_imported_late() -> None:
    """dir() has all of ``__all__``, without importing it."""
    assert set(qiskit_rest_primitives.__all__) <= set(dir(qiskit_rest_primitives))
