"""`qiskit-rest run`: a file of OpenQASM -> a job -> its result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO, cast

import click
import numpy as np
from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.transpiler import generate_preset_pass_manager

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.circuits.isa import check_isa
from qiskit_rest_primitives.cli.circuits import observable, parameter_values, read
from qiskit_rest_primitives.cli.common import EXISTING, AccountChoice, account_options, json_option
from qiskit_rest_primitives.cli.documents import describe_job
from qiskit_rest_primitives.cli.failures import USAGE, Failure, WrongValue
from qiskit_rest_primitives.cli.output import line, message, print_json
from qiskit_rest_primitives.cli.results import Axes
from qiskit_rest_primitives.cli.show_result import result_options, show_result
from qiskit_rest_primitives.cli.waiting import result_of
from qiskit_rest_primitives.errors import ISAError, RestPrimitivesError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.primitives.estimator import EstimatorV2
from qiskit_rest_primitives.primitives.sampler import SamplerV2
from qiskit_rest_primitives.service.service import QiskitRuntimeService

EPILOG = """\b
Examples:
  qiskit-rest run bell.qasm --local --shots 1000 --plot
  qiskit-rest run ansatz.qasm --local --param theta=0,pi/4,pi/2 --observable ZZ --observable XX
  qiskit-rest run bell.qasm --backend ibm_fez --set twirling.enable_gates=true --no-wait
  cat bell.qasm | qiskit-rest run - --local --json
"""


@click.command(epilog=EPILOG)
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
@click.option("--shots", type=click.IntRange(1), metavar="N", help="Shots of each point.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a parameter, or NAME=VALUE,VALUE,... for a sweep; 3*pi/4 is a value, too.",
)
@click.option(
    "--observable",
    "observables",
    multiple=True,
    metavar="PAULIS",
    help="Estimate this, such as ZZ or 0.5*ZZ-XX, instead of sampling; the last letter is qubit 0.",
)
@click.option("--precision", type=click.FloatRange(0), metavar="E", help="Standard error to reach.")
@click.option(
    "--backend", "backend_name", help="Where to run; else the least busy one, or statevector."
)
@click.option("--local", is_flag=True, help="Run on an embedded service of this command.")
@click.option(
    "--options", "file_of_options", type=EXISTING, metavar="FILE", help="Options, as JSON."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="One option, such as twirling.enable_gates=true.",
)
@click.option("--tag", "tags", multiple=True, help="Tag to find the job by.")
@click.option(
    "--optimization-level",
    type=click.IntRange(0, 3),
    default=2,
    show_default=True,
    help="For a circuit that has to be transpiled for the device.",
)
@click.option("--no-transpile", is_flag=True, help="Refuse such a circuit instead.")
@click.option("--wait/--no-wait", default=True, help="Wait for the result, or print the job's id.")
@result_options
@account_options
@json_option
def run(
    account: AccountChoice,
    file: TextIO,
    shots: int | None,
    params: tuple[str, ...],
    observables: tuple[str, ...],
    precision: float | None,
    backend_name: str | None,
    local: bool,
    file_of_options: str | None,
    settings: tuple[str, ...],
    tags: tuple[str, ...],
    optimization_level: int,
    no_transpile: bool,
    wait: bool,
    timeout: float | None,
    save: Path | None,
    plot: bool,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Run a circuit of OpenQASM 2 or 3.

    If FILE is "-" or left out, the circuit is read from stdin. If the device can't run it as it
    is, it is transpiled first.
    """
    _check_usage(account, observables, precision, shots, local, wait)
    options = _options(file_of_options, settings, tags)
    if not wait and (options.get("split") or options.get("mitigation") == "client"):
        raise click.UsageError(
            "this command combines the results of several jobs: leave --no-wait out"
        )
    circuit = read(_text_of(file), file.name)
    values = parameter_values(circuit, params)
    coefficients = [observable(text, circuit.num_qubits) for text in observables]
    if observables:
        circuit = _without_final_measurements(circuit)
    elif not circuit.cregs:
        raise Failure(
            f"{file.name} measures nothing: measure into a register, or pass --observable", USAGE
        )
    service = QiskitRuntimeService(channel="local") if local else account.service()
    backend = _backend(service, backend_name, circuit, local)
    try:
        prepared = _for_device(circuit, backend, None if no_transpile else optimization_level)
        if observables:
            job = _estimate(prepared, coefficients, values, backend, options, shots, precision)
        else:
            job = SamplerV2(backend, options=options).run(
                [(prepared, _bindings(prepared, values))], shots=shots
            )
    except RestPrimitivesError:
        raise
    except (ValueError, TypeError, QiskitError) as error:
        raise Failure(str(getattr(error, "message", error)), USAGE) from error
    if not wait:
        if as_json:
            print_json({**describe_job(job), "status": job.status()})
        else:
            line(job.job_id())
        return
    found = result_of(job, timeout, None if local or account.is_embedded else account)
    axes = _axes(observables, params, values)
    show_result(job, found, axes, save=save, plot=plot, figure=figure, as_json=as_json)


def _text_of(file: TextIO) -> str:
    """What is in a file, or typed.

    Raises:
        WrongValue: it is not text.
    """
    if file.isatty():
        message("reading OpenQASM from the terminal; end it with Ctrl-D")
    try:
        return file.read()
    except UnicodeDecodeError:
        raise WrongValue(f"{file.name} is not text: pass a file of OpenQASM 2 or 3") from None


def _check_usage(
    account: AccountChoice,
    observables: tuple[str, ...],
    precision: float | None,
    shots: int | None,
    local: bool,
    wait: bool,
) -> None:
    """Refuses options that exclude each other.

    Raises:
        UsageError: they do; names them.
    """
    if local and any(vars(account).values()):
        raise click.UsageError("--local needs no account: leave out the options that name one")
    if (local or account.is_embedded) and not wait:
        raise click.UsageError("an embedded service ends with this command: leave --no-wait out")
    if precision is not None and not observables:
        raise click.UsageError("--precision is for --observable; a sampler takes --shots")
    if precision is not None and shots is not None:
        raise click.UsageError("--precision and --shots exclude each other")


def _backend(
    service: QiskitRuntimeService, name: str | None, circuit: QuantumCircuit, local: bool
) -> RestBackend:
    if name is None and local:
        name = "statevector"
    if name is not None:
        return service.backend(name)
    return service.least_busy(min_num_qubits=circuit.num_qubits)


def _options(file: str | None, settings: Iterable[str], tags: Iterable[str]) -> dict[str, Any]:
    """The options of a file, of --set, and the tags, as a nested dict.

    Raises:
        WrongValue: the file is not a JSON object, or a setting has no value.
    """
    options: dict[str, Any] = {}
    if file is not None:
        try:
            read_options: object = json.loads(Path(file).read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise WrongValue(f"{file} is not JSON: {error}") from None
        if not isinstance(read_options, dict):
            raise WrongValue(f"{file} must hold a JSON object of options")
        options = cast("dict[str, Any]", read_options)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise WrongValue(f"{setting!r}: write NAME=VALUE, such as split=true")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text  # a word needs no quotes
        _put(options, path.split("."), value)
    if tags:
        _put(options, ["environment", "job_tags"], list(tags))
    return options


def _put(options: dict[str, Any], path: list[str], value: Any) -> None:
    *groups, name = path
    for group in groups:
        inner = options.setdefault(group, {})
        if not isinstance(inner, dict):
            raise WrongValue(f"option {'.'.join(path)}: {group} has the value {inner!r} already")
        options = inner
    options[name] = value


def _without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """A copy without measurements at its end, which an estimator adds by itself."""
    bare = circuit.remove_final_measurements(inplace=False)
    if bare is None or bare.count_ops() == circuit.count_ops():
        return circuit
    message("the measurements at the circuit's end are left out: observables are measured instead")
    return bare


def _for_device(circuit: QuantumCircuit, backend: RestBackend, level: int | None) -> QuantumCircuit:
    """The circuit as the device can run it.

    Args:
        circuit: as it was read.
        backend: where it will run; simulators take any circuit.
        level: of optimization; None to refuse a circuit that has to be transpiled.

    Raises:
        ISAError: the circuit has to be transpiled, or is wider than the device.
    """
    if backend.simulator:
        return circuit
    try:
        check_isa(circuit, backend.target, pub_index=0)
    except ISAError:
        if level is None or circuit.num_qubits > (backend.num_qubits or 0):
            raise
        passes = generate_preset_pass_manager(level, backend=backend)
        message(f"transpiled for {backend.name} at optimization level {level}")
        return passes.run(circuit)
    return circuit


def _estimate(
    circuit: QuantumCircuit,
    coefficients: list[dict[str, float]],
    values: np.ndarray,
    backend: RestBackend,
    options: Mapping[str, Any],
    shots: int | None,
    precision: float | None,
) -> Job:
    """Submits an estimator's job, whose results have the shape ``(observables, *points)``."""
    observables = ObservablesArray(coefficients)
    if circuit.layout is not None:
        observables = observables.apply_layout(circuit.layout)
    if values.ndim == 2:
        observables = observables.reshape(len(coefficients), 1)
    if shots is not None:
        options = {**options, "default_shots": shots}
    estimator = EstimatorV2(backend, options=options)
    return estimator.run([(circuit, observables, _bindings(circuit, values))], precision=precision)


def _bindings(circuit: QuantumCircuit, values: np.ndarray) -> dict[tuple[str, ...], np.ndarray]:
    """The values by the names of the parameters, as a PUB takes them."""
    names = tuple(str(parameter.name) for parameter in circuit.parameters)
    return {names: values} if names else {}


def _axes(observables: tuple[str, ...], params: tuple[str, ...], values: np.ndarray) -> Axes:
    """What the axes of the result stand for."""
    names: list[str] = []
    labels: list[list[str]] = []
    if observables:
        names.append("observable")
        labels.append(list(observables))
    if values.ndim == 2:
        swept = [text.partition("=") for text in params if "," in text]
        lists = [listed.split(",") for _, _, listed in swept]
        names.append(", ".join(name for name, _, _ in swept))
        labels.append([", ".join(point) for point in zip(*lists, strict=True)])
    return Axes(names, labels)
